/* Sessions: opening, closing, names. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "sparkconnect/answer.h"

enum {
  TEXTS_BYTES_MAX = 1 << 20,
  CALL_TIMEOUT_US = 900000000, /* room for all the waits of the policy */
  RETRIES = 15,
  RELEASE_TIMEOUT_US = 5000000,
  TAG_BYTES_MAX = 1000
};

/* ---- small things ---------------------------------------------------------------------------- */

static int random_bytes(void *out, size_t size)
{
  FILE *source = fopen("/dev/urandom", "rb");
  if (!source) return GN_E_IO;
  size_t got = fread(out, 1, size, source);
  fclose(source);
  return got == size ? GN_OK : GN_E_IO;
}

int sparkc_uuid(char out[SPARKC_UUID_BYTES], sparkc_error *err)
{
  uint8_t b[16];
  if (random_bytes(b, sizeof b) != GN_OK)
    return sparkp_fail(err, SPARKC_E_TRANSPORT, "/dev/urandom gives nothing");
  b[6] = (uint8_t)((b[6] & 0x0F) | 0x40);
  b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
  snprintf(out, SPARKC_UUID_BYTES,
           "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
           b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
  return SPARKC_OK;
}

bool sparkp_is_uuid(gn_str text)
{
  if (text.len != SPARKC_UUID_BYTES - 1) return false;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

uint64_t sparkp_random_below(sparkc_session *session, uint64_t bound)
{
  pthread_mutex_lock(&session->lock);
  uint64_t x = session->random += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */
  pthread_mutex_unlock(&session->lock);
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  return (x ^ (x >> 31)) % bound;
}

int64_t sparkp_now_us(const sparkc_session *session)
{
  return session->transport->now_us(session->channel);
}

void sparkp_tell(const sparkc_session *session, const sparkc_event *event)
{
  if (session->on_event) session->on_event(session->event_user, event);
}

int sparkp_text_out(sparkc_session *session, gn_str text, char **out, sparkc_error *err)
{
  const char *zero = text.len ? memchr(text.ptr, 0, text.len) : NULL;
  *out = gni_strdup(&session->alloc, text.ptr, zero ? (size_t)(zero - text.ptr) : text.len);
  return *out ? SPARKC_OK : sparkp_nomem(err);
}

void sparkc_text_free(sparkc_session *session, char *text)
{
  if (text) gni_free(&session->alloc, text, strlen(text) + 1);
}

/* ---- opening --------------------------------------------------------------------------------- */

static const char *environment(const char *name)
{
  return getenv(name);
}

/* Callers of an older header hand over less of the struct. */
static sparkc_session_args args_of(const sparkc_session_args *given)
{
  sparkc_session_args args = {.struct_size = sizeof args};
  size_t size = given ? given->struct_size : 0;
  if (size > sizeof args) size = sizeof args;
  if (size) memcpy(&args, given, size);
  return args;
}

static int read_address(sparkc_session *session, const sparkc_session_args *args, sparkc_error *err)
{
  const char *url = args->url ? args->url : getenv("SPARK_REMOTE");
  if (!url) {
    sparkp_hint(err, "give one, or set SPARK_REMOTE=sc://host:15002");
    return sparkp_fail(err, SPARKC_E_PLAN, "there is no URL of a server");
  }
  int rc = sparkp_uri_parse(url, &session->texts, &session->address, err);
  if (rc == SPARKC_OK)
    rc = sparkp_address_complete(args, environment, &session->texts, &session->address, err);
  return rc;
}

static void session_free(sparkc_session *session)
{
  const gn_alloc alloc = session->alloc;
  if (session->channel) session->transport->close(session->channel);
  for (size_t i = 0; i < session->tag_count; i++) sparkc_text_free(session, session->tags[i]);
  sparkc_text_free(session, session->version);
  sparkp_extensions_free(session);
  gni_arena_deinit(&session->texts);
  pthread_mutex_destroy(&session->lock);
  gni_free(&alloc, session, sizeof *session);
}

static sparkc_session *session_new(const sparkc_session_args *args)
{
  const gn_alloc alloc =
      args->alloc ? (gn_alloc){args->alloc->resize, args->alloc->user} : gni_libc_alloc;
  sparkc_session *session = gni_alloc_zero(&alloc, sizeof *session);
  if (!session) return NULL;
  session->alloc = alloc;
  atomic_store_explicit(&session->references, 1, memory_order_relaxed);
  gni_arena_init(&session->texts, &session->alloc, TEXTS_BYTES_MAX);
  pthread_mutex_init(&session->lock, NULL);
  session->call_timeout_us =
      args->call_timeout_ms > 0 ? args->call_timeout_ms * 1000 : CALL_TIMEOUT_US;
  session->retries_max = args->retries_max < 0 ? 0
                         : args->retries_max   ? args->retries_max
                                               : RETRIES;
  session->want_stack = args->want_stack != 0;
  session->on_event = args->on_event;
  session->event_user = args->event_user;
  session->compress_from = SPARKP_COMPRESS_UNKNOWN;
  return session;
}

static int open_session(const sparkc_session_args *given, const sparkp_transport *transport,
                        void *channel, sparkc_session **out, sparkc_error *err)
{
  const sparkc_session_args args = args_of(given);
  gn_error why = {0};
  *out = NULL;
  sparkc_session *session = session_new(&args);
  if (!session) return sparkp_nomem(err);
  int rc = read_address(session, &args, err);
  session->transport = transport;
  session->channel = channel;
  session->keep = args.keep_session || session->address.has_session_id;
  if (rc == SPARKC_OK && random_bytes(&session->random, sizeof session->random) != GN_OK)
    rc = sparkp_fail(err, SPARKC_E_TRANSPORT, "/dev/urandom gives nothing");
  if (rc == SPARKC_OK && !channel &&
      sparkp_http2_channel_new(&session->address, &session->alloc, &session->channel, &why) !=
          GN_OK)
    rc = sparkp_fail_from(err, &why);
  if (rc == SPARKC_OK)
    *out = session;
  else
    session_free(session);
  return rc;
}

int sparkc_session_open(const sparkc_session_args *args, sparkc_session **out, sparkc_error *err)
{
  return open_session(args, &sparkp_transport_http2, NULL, out, err);
}

int sparkp_session_open_over(const sparkc_session_args *args, const sparkp_transport *transport,
                             void *channel, sparkc_session **out, sparkc_error *err)
{
  return open_session(args, transport, channel, out, err);
}

void sparkp_session_ref(sparkc_session *session)
{
  atomic_fetch_add_explicit(&session->references, 1, memory_order_relaxed);
}

void sparkp_session_unref(sparkc_session *session)
{
  if (atomic_fetch_sub_explicit(&session->references, 1, memory_order_acq_rel) == 1)
    session_free(session);
}

const char *sparkc_session_id(const sparkc_session *session)
{
  return session->address.session_id;
}

/* ---- ending ---------------------------------------------------------------------------------- */

static int release(sparkc_session *session, int64_t deadline_us, sparkc_error *err)
{
  Spark__Connect__ReleaseSessionRequest request = SPARK__CONNECT__RELEASE_SESSION_REQUEST__INIT;
  gni_grpc_message *answer;
  sparkp_who who;
  sparkp_who_fill(session, &who);
  request.session_id = sparkp_member(session->address.session_id);
  request.user_context = &who.user;
  request.client_type = sparkp_member(session->address.client_type);
  int rc = sparkp_call(session, "ReleaseSession", &request.base, deadline_us, &answer, err);
  gni_grpc_message_unref(answer);
  if (rc != SPARKC_OK) return rc;
  pthread_mutex_lock(&session->lock);
  session->closed = true;
  pthread_mutex_unlock(&session->lock);
  return SPARKC_OK;
}

int sparkc_session_release(sparkc_session *session, sparkc_error *err)
{
  return release(session, INT64_MAX, err);
}

void sparkc_session_close(sparkc_session *session)
{
  if (!session) return;
  int64_t deadline_us = sparkp_now_us(session) + RELEASE_TIMEOUT_US;
  pthread_mutex_lock(&session->lock);
  bool end = session->used && !session->closed && !session->keep;
  pthread_mutex_unlock(&session->lock);
  if (end) {
    session->retries_max = 0; /* nobody waits for a dead server at the end */
    release(session, deadline_us, NULL);
  }
  sparkp_lingering_end(session, deadline_us);
  sparkp_session_unref(session);
}

int sparkc_session_clone(sparkc_session *session, const char *session_id, sparkc_session **out,
                         sparkc_error *err)
{
  Spark__Connect__CloneSessionRequest request = SPARK__CONNECT__CLONE_SESSION_REQUEST__INIT;
  char made[SPARKC_UUID_BYTES];
  gni_grpc_message *answer = NULL;
  sparkp_who who;
  int rc = session_id ? SPARKC_OK : sparkc_uuid(made, err);
  *out = NULL;
  if (rc != SPARKC_OK) return rc;
  SPARKP_SIGN(&request, session, &who);
  request.new_session_id = sparkp_member(session_id ? session_id : made);
  rc = sparkp_ask(session, "CloneSession", &request.base, 2, &answer, err);
  if (rc == SPARKC_OK) rc = sparkp_session_twin(session, request.new_session_id, out, err);
  /* What the server calls the new session lets us notice when it is started anew. */
  if (rc == SPARKC_OK)
    rc = sparkp_check_session(*out, (gn_str){NULL, 0}, sparkp_answer_text(answer, 4), err);
  gni_grpc_message_unref(answer);
  return rc;
}

int sparkp_session_twin(const sparkc_session *session, const char *session_id, sparkc_session **out,
                        sparkc_error *err)
{
  const sparkp_address *a = &session->address;
  const sparkc_alloc alloc = {session->alloc.resize, session->alloc.user};
  const sparkc_session_args args = {.struct_size = sizeof args,
                                    .url = a->url,
                                    .user_id = a->user_id,
                                    .user_agent = a->user_agent,
                                    .session_id = session_id,
                                    .token = a->token,
                                    .ca_file = a->ca_file,
                                    .cert_file = a->cert_file,
                                    .key_file = a->key_file,
                                    .server_name = a->server_name,
                                    .headers = a->headers + a->url_header_count,
                                    .header_count = a->header_count - a->url_header_count,
                                    .allow_plaintext_token = a->allow_plaintext_token,
                                    .want_stack = session->want_stack,
                                    .connect_timeout_ms = a->connect_timeout_us / 1000,
                                    .call_timeout_ms = session->call_timeout_us / 1000,
                                    .retries_max = session->retries_max ? session->retries_max : -1,
                                    .message_bytes_max = a->message_bytes_max,
                                    .window_bytes = a->window_bytes,
                                    .keepalive_ms = a->keepalive_us / 1000,
                                    .keepalive_timeout_ms = a->keepalive_timeout_us / 1000,
                                    .alloc = &alloc,
                                    .on_event = session->on_event,
                                    .event_user = session->event_user};
  int rc = sparkc_session_open(&args, out, err);
  if (rc == SPARKC_OK) (*out)->keep = session->keep;
  return rc;
}

/* ---- tags ------------------------------------------------------------------------------------ */

int sparkc_tag_add(sparkc_session *session, const char *tag, sparkc_error *err)
{
  int rc = SPARKC_OK;
  size_t len = strlen(tag);
  if (len == 0 || len > TAG_BYTES_MAX || strchr(tag, ','))
    return sparkp_fail(err, SPARKC_E_PLAN, "the tag '%.100s' is empty, too long or holds a comma",
                       tag);
  char *copy = gni_strdup(&session->alloc, tag, len);
  if (!copy) return sparkp_nomem(err);
  pthread_mutex_lock(&session->lock);
  bool known = false;
  for (size_t i = 0; i < session->tag_count; i++)
    known = known || strcmp(session->tags[i], tag) == 0;
  if (!known && session->tag_count == SPARKP_TAGS_MAX) {
    rc = sparkp_fail(err, SPARKC_E_LIMIT, "a session has at most %d tags", SPARKP_TAGS_MAX);
    known = true;
  }
  if (!known) session->tags[session->tag_count++] = copy;
  pthread_mutex_unlock(&session->lock);
  if (known) sparkc_text_free(session, copy);
  return rc;
}

void sparkc_tag_remove(sparkc_session *session, const char *tag)
{
  pthread_mutex_lock(&session->lock);
  size_t kept = 0;
  for (size_t i = 0; i < session->tag_count; i++) {
    if (tag && strcmp(session->tags[i], tag) != 0)
      session->tags[kept++] = session->tags[i];
    else
      sparkc_text_free(session, session->tags[i]);
  }
  session->tag_count = kept;
  pthread_mutex_unlock(&session->lock);
}
