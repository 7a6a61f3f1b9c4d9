/* Types of the server as text. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_SPARKCONNECT_TYPE_TEXT_H
#define GNOMON_SRC_SPARKCONNECT_TYPE_TEXT_H

#include "sparkconnect/client.h"

/* A DataType as Spark's simple string: "struct<id:bigint,tags:array<string>>". Bounded in depth. */
int sparkp_type_text(gn_str data_type, gn_buf *out, sparkc_error *err);

#endif
