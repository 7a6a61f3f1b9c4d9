/* What gn_validate looks at beside the definition itself. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_VALIDATE_H
#define GNOMON_SRC_FLOW_VALIDATE_H

#include "flow/job.h"

/* Tables, columns, types, times and days of a GroupBy; what is wrong goes to `problems`. */
int gnp_check_data(gn_session *session, gn_str path, gni_problems *problems, gn_error *err);
/* Problems of compiled files whose Python source is as it was compiled point at that source. */
int gnp_problems_trace(gn_session *session, gni_problems *problems, gn_error *err);
/* Puts the place in Python before what `where` says of the compiled file, when it is known. */
void gnp_error_trace(gn_session *session, gn_str compiled, gn_error *err);

#endif
