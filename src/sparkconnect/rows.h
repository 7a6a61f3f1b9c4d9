/* Responses put together to rows. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_SPARKCONNECT_ROWS_H
#define GNOMON_SRC_SPARKCONNECT_ROWS_H

#include "sparkconnect/execute.h"

/* Starts a plan; what comes back is read as it is asked for. */
int sparkp_result_open(sparkc_session *session, const Spark__Connect__Plan *plan,
                       const sparkc_execute_args *args, sparkc_result **out, sparkc_error *err);
/* Reads to the end without rows being wanted. `relation` becomes the bytes of the relation that a
 * command gave, empty when it gave none; `answers`, which may be NULL, an ExecutePlanResponse with
 * what else the server said of a command. */
int sparkp_result_drain(sparkc_result *result, gn_buf *relation, gn_buf *answers,
                        sparkc_error *err);

#endif
