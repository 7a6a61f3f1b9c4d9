/* Small calls and their answers, read by field number. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_SPARKCONNECT_ANSWER_H
#define GNOMON_SRC_SPARKCONNECT_ANSWER_H

#include "sparkconnect/client.h"
#include "wire/proto.h"

/* A call whose answer has the session's id in field 1 and the server's own in `server_field`; both
 * are checked. The answer is the caller's to unref, NULL on failure. */
int sparkp_ask(sparkc_session *session, const char *method, const ProtobufCMessage *request,
               uint32_t server_field, gni_grpc_message **answer, sparkc_error *err);
/* The text in a field of an answer (the last one), empty when absent. */
gn_str sparkp_answer_text(const gni_grpc_message *answer, uint32_t field);
/* Settings that are numbers, in one call; -1 for those that this server does not have. */
int sparkp_config_numbers(sparkc_session *session, const char *const *keys, size_t count,
                          int64_t *out, sparkc_error *err);
/* Another session like this one. */
int sparkp_session_twin(const sparkc_session *session, const char *session_id, sparkc_session **out,
                        sparkc_error *err);

#endif
