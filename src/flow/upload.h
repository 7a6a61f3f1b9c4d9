/* Between the files of upload: from records to a generation of the store.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_UPLOAD_H
#define GNOMON_SRC_FLOW_UPLOAD_H

#include <gnomon/upload.h>

#include "flow/job.h"
#include "flow/upload_sort.h"

/* Loads sorted records, and makes them what readers see. */
int gnp_upload_load(gnp_job *job, const gnp_sorter *records, gn_upload_report *report,
                    gn_error *err);
/* The same from the day's partition of the `_upload` table, whatever its order. */
int gnp_upload_load_table(gnp_job *job, int32_t day, gn_upload_report *report, gn_error *err);
/* The same from a partition that an earlier upload wrote, if one did. */
int gnp_upload_load_again(gnp_job *job, int32_t day, gn_upload_report *report, gn_error *err);

#endif
