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
/* Settings that may not exist, in one call; the answer is the caller's to unref. */
int sparkp_config_ask(sparkc_session *session, const char *const *keys, size_t count,
                      gni_grpc_message **answer, sparkc_error *err);
/* One of them: {NULL, 0} and -1 where the server does not have it. */
gn_str sparkp_setting(const gni_grpc_message *answer, const char *key);
int64_t sparkp_setting_number(const gni_grpc_message *answer, const char *key);
/* Another session like this one. */
int sparkp_session_twin(const sparkc_session *session, const char *session_id, sparkc_session **out,
                        sparkc_error *err);

#endif
