/* Settings of a session, and interrupting what it runs. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "sparkconnect/answer.h"

typedef Spark__Connect__ConfigRequest__Operation operation;

enum { CONFIG_SERVER_SESSION = 4, INTERRUPT_SERVER_SESSION = 3, KEY_BYTES_MAX = 1024 };

/* ---- settings -------------------------------------------------------------------------------- */

/* Warnings 3 */
static void tell_warnings(sparkc_session *session, const gni_grpc_message *answer)
{
  gn_str rest = {answer->ptr, answer->len};
  gni_proto_field field;
  char text[512];
  while (gni_proto_next(&rest, &field) == GN_OK) {
    if (field.number != 3) continue;
    snprintf(text, sizeof text, "%.*s", GN_STR_ARGS(gni_proto_bytes(&field)));
    sparkp_tell(session, &(sparkc_event){.kind = SPARKC_EVENT_WARNING, .text = text});
  }
}

static int configure(sparkc_session *session, operation *wanted, gni_grpc_message **answer,
                     sparkc_error *err)
{
  Spark__Connect__ConfigRequest request = SPARK__CONNECT__CONFIG_REQUEST__INIT;
  sparkp_who who;
  SPARKP_SIGN(&request, session, &who);
  request.operation = wanted;
  int rc = sparkp_ask(session, "Config", &request.base, CONFIG_SERVER_SESSION, answer, err);
  if (rc == SPARKC_OK) tell_warnings(session, *answer);
  return rc;
}

/* The value of the first pair (2) of an answer; false where it has none. */
static bool first_value(const gni_grpc_message *answer, gn_str *out)
{
  gni_proto_field pair, value;
  if (gni_proto_find((gn_str){answer->ptr, answer->len}, 2, &pair) != GN_OK) return false;
  if (gni_proto_find(gni_proto_bytes(&pair), 2, &value) != GN_OK) return false;
  *out = gni_proto_bytes(&value);
  return true;
}

static int ask_value(sparkc_session *session, operation *wanted, char **out, sparkc_error *err)
{
  gni_grpc_message *answer;
  gn_str value;
  *out = NULL;
  int rc = configure(session, wanted, &answer, err);
  if (rc != SPARKC_OK) return rc;
  if (first_value(answer, &value)) rc = sparkp_text_out(session, value, out, err);
  gni_grpc_message_unref(answer);
  return rc;
}

static int tell_only(sparkc_session *session, operation *wanted, sparkc_error *err)
{
  gni_grpc_message *answer;
  int rc = configure(session, wanted, &answer, err);
  gni_grpc_message_unref(answer);
  return rc;
}

int sparkc_config_get(sparkc_session *session, const char *key, char **out, sparkc_error *err)
{
  operation wanted = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__INIT;
  Spark__Connect__ConfigRequest__Get own = SPARK__CONNECT__CONFIG_REQUEST__GET__INIT;
  char *keys[1] = {sparkp_member(key)};
  own.keys = keys;
  own.n_keys = 1;
  wanted.op_type_case = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_GET;
  wanted.get = &own;
  return ask_value(session, &wanted, out, err);
}

int sparkc_config_find(sparkc_session *session, const char *key, char **out, sparkc_error *err)
{
  operation wanted = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__INIT;
  Spark__Connect__ConfigRequest__GetOption own = SPARK__CONNECT__CONFIG_REQUEST__GET_OPTION__INIT;
  char *keys[1] = {sparkp_member(key)};
  own.keys = keys;
  own.n_keys = 1;
  wanted.op_type_case = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_GET_OPTION;
  wanted.get_option = &own;
  return ask_value(session, &wanted, out, err);
}

int sparkp_config_ask(sparkc_session *session, const char *const *keys, size_t count,
                      gni_grpc_message **answer, sparkc_error *err)
{
  operation wanted = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__INIT;
  Spark__Connect__ConfigRequest__GetOption own = SPARK__CONNECT__CONFIG_REQUEST__GET_OPTION__INIT;
  union {
    const char *const *in;
    char **out;
  } same = {keys};
  own.keys = same.out;
  own.n_keys = count;
  wanted.op_type_case = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_GET_OPTION;
  wanted.get_option = &own;
  return configure(session, &wanted, answer, err);
}

/* Pairs 2 {key 1, value 2} */
gn_str sparkp_setting(const gni_grpc_message *answer, const char *key)
{
  gni_proto_field pair, name, value;
  for (gn_str rest = {answer->ptr, answer->len}; gni_proto_next(&rest, &pair) == GN_OK;) {
    gn_str bytes = gni_proto_bytes(&pair);
    if (pair.number == 2 && gni_proto_find(bytes, 1, &name) == GN_OK &&
        gni_str_is(gni_proto_bytes(&name), key) && gni_proto_find(bytes, 2, &value) == GN_OK)
      return gni_proto_bytes(&value);
  }
  return (gn_str){NULL, 0};
}

int64_t sparkp_setting_number(const gni_grpc_message *answer, const char *key)
{
  int64_t number;
  return gni_parse_int64(sparkp_setting(answer, key), &number) == GN_OK ? number : -1;
}

/* Spark's own LZ4 is so slow that a large result never ends: 20 minutes for a million rows. */
static int refuse_traps(const char *key, const char *value, sparkc_error *err)
{
  if (strcmp(key, "spark.sql.execution.arrow.compression.codec") != 0 || strcmp(value, "lz4") != 0)
    return SPARKC_OK;
  sparkp_hint(err, "use zstd");
  return sparkp_fail(err, SPARKC_E_UNSUPPORTED,
                     "a server that compresses Arrow with lz4 takes minutes for what zstd does in "
                     "milliseconds");
}

int sparkc_config_set(sparkc_session *session, const char *key, const char *value,
                      sparkc_error *err)
{
  operation wanted = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__INIT;
  Spark__Connect__ConfigRequest__Set own = SPARK__CONNECT__CONFIG_REQUEST__SET__INIT;
  Spark__Connect__KeyValue pair = SPARK__CONNECT__KEY_VALUE__INIT;
  Spark__Connect__KeyValue *pairs[1] = {&pair};
  int rc = refuse_traps(key, value, err);
  if (rc != SPARKC_OK) return rc;
  pair.key = sparkp_member(key);
  pair.value = sparkp_member(value);
  own.pairs = pairs;
  own.n_pairs = 1;
  wanted.op_type_case = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_SET;
  wanted.set = &own;
  return tell_only(session, &wanted, err);
}

int sparkc_config_unset(sparkc_session *session, const char *key, sparkc_error *err)
{
  operation wanted = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__INIT;
  Spark__Connect__ConfigRequest__Unset own = SPARK__CONNECT__CONFIG_REQUEST__UNSET__INIT;
  char *keys[1] = {sparkp_member(key)};
  own.keys = keys;
  own.n_keys = 1;
  wanted.op_type_case = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_UNSET;
  wanted.unset = &own;
  return tell_only(session, &wanted, err);
}

int sparkc_config_is_modifiable(sparkc_session *session, const char *key, int32_t *modifiable,
                                sparkc_error *err)
{
  operation wanted = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__INIT;
  Spark__Connect__ConfigRequest__IsModifiable own =
      SPARK__CONNECT__CONFIG_REQUEST__IS_MODIFIABLE__INIT;
  char *keys[1] = {sparkp_member(key)}, *text;
  own.keys = keys;
  own.n_keys = 1;
  wanted.op_type_case = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_IS_MODIFIABLE;
  wanted.is_modifiable = &own;
  *modifiable = 0;
  int rc = ask_value(session, &wanted, &text, err);
  if (rc != SPARKC_OK) return rc;
  *modifiable = text && strcmp(text, "true") == 0;
  sparkc_text_free(session, text);
  return SPARKC_OK;
}

/* One pair, with the prefix that the server cut off. */
static void give_pair(gn_str pair, const char *prefix,
                      void (*each)(void *user, const char *key, const char *value), void *user,
                      gn_arena *arena)
{
  gni_proto_field key, value;
  if (gni_proto_find(pair, 1, &key) != GN_OK) return;
  gn_str name =
      gni_str_format(arena, "%s%.*s", prefix ? prefix : "", GN_STR_ARGS(gni_proto_bytes(&key)));
  bool there = gni_proto_find(pair, 2, &value) == GN_OK;
  gn_str text = there ? gni_str_take(arena, gni_proto_bytes(&value)) : (gn_str){NULL, 0};
  if (name.ptr) each(user, name.ptr, text.ptr);
}

int sparkc_config_list(sparkc_session *session, const char *prefix,
                       void (*each)(void *user, const char *key, const char *value), void *user,
                       sparkc_error *err)
{
  operation wanted = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__INIT;
  Spark__Connect__ConfigRequest__GetAll own = SPARK__CONNECT__CONFIG_REQUEST__GET_ALL__INIT;
  gni_grpc_message *answer;
  gni_proto_field pair;
  gn_arena arena;
  if (prefix) own.prefix = sparkp_member(prefix);
  wanted.op_type_case = SPARK__CONNECT__CONFIG_REQUEST__OPERATION__OP_TYPE_GET_ALL;
  wanted.get_all = &own;
  int rc = configure(session, &wanted, &answer, err);
  if (rc != SPARKC_OK) return rc;
  gni_arena_init(&arena, &session->alloc, SPARKP_TEXT_BYTES_MAX);
  for (gn_str rest = {answer->ptr, answer->len}; gni_proto_next(&rest, &pair) == GN_OK;) {
    if (pair.number != 2) continue;
    gni_arena_reset(&arena);
    give_pair(gni_proto_bytes(&pair), prefix, each, user, &arena);
  }
  gni_arena_deinit(&arena);
  gni_grpc_message_unref(answer);
  return SPARKC_OK;
}

/* ---- interrupts ------------------------------------------------------------------------------ */

int sparkc_session_interrupt(sparkc_session *session, int what, const char *name, size_t *count,
                             sparkc_error *err)
{
  Spark__Connect__InterruptRequest request = SPARK__CONNECT__INTERRUPT_REQUEST__INIT;
  gni_grpc_message *answer;
  gni_proto_field field;
  sparkp_who who;
  size_t interrupted = 0;
  if (what < SPARKC_INTERRUPT_ALL || what > SPARKC_INTERRUPT_OPERATION ||
      (what != SPARKC_INTERRUPT_ALL && !name))
    return sparkp_fail(err, SPARKC_E_PLAN, "what is to be interrupted has no name");
  SPARKP_SIGN(&request, session, &who);
  request.has_interrupt_type = true;
  request.interrupt_type = (Spark__Connect__InterruptRequest__InterruptType)what;
  if (what == SPARKC_INTERRUPT_TAG) {
    request.interrupt_case = SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_OPERATION_TAG;
    request.operation_tag = sparkp_member(name);
  } else if (what == SPARKC_INTERRUPT_OPERATION) {
    request.interrupt_case = SPARK__CONNECT__INTERRUPT_REQUEST__INTERRUPT_OPERATION_ID;
    request.operation_id = sparkp_member(name);
  }
  int rc = sparkp_ask(session, "Interrupt", &request.base, INTERRUPT_SERVER_SESSION, &answer, err);
  if (rc != SPARKC_OK) return rc;
  for (gn_str rest = {answer->ptr, answer->len}; gni_proto_next(&rest, &field) == GN_OK;)
    interrupted += field.number == 2;
  if (count) *count = interrupted;
  gni_grpc_message_unref(answer);
  return SPARKC_OK;
}
