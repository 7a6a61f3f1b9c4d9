/* What warehouse.c shows to writer.c. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_TABLE_WAREHOUSE_PRIVATE_H
#define GNOMON_SRC_TABLE_WAREHOUSE_PRIVATE_H

#include "table/table.h"

const gni_table_driver *gnp_warehouse_driver(const gni_warehouse *warehouse, void **state);
/* Drops what is remembered of a table. */
void gnp_warehouse_forget(gni_warehouse *warehouse, gn_str name);

#endif
