/* The scripted transport, and the messages it plays. SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include <stdio.h>
#include <stdlib.h>

#include "data/ipc.h"
#include "kit/kit.h"
#include "wire/proto.h"

/* ---- building messages: memory lives until the case ends --------------------------------------
 */

static gn_buf *new_bytes(void)
{
  gn_buf *buf = malloc(sizeof *buf);
  gni_buf_init(buf, &gni_libc_alloc, 64 << 20);
  return buf;
}

static void free_bytes(void *buf)
{
  gni_buf_deinit(buf);
  free(buf);
}

static void add_varint(gn_buf *out, uint64_t value)
{
  for (; value > 0x7F; value >>= 7) gni_buf_add_char(out, (char)((value & 0x7F) | 0x80));
  gni_buf_add_char(out, (char)value);
}

static void add_number(gn_buf *out, uint32_t field, uint64_t value)
{
  add_varint(out, field << 3);
  add_varint(out, value);
}

static void add_bytes(gn_buf *out, uint32_t field, gn_str bytes)
{
  add_varint(out, field << 3 | 2);
  add_varint(out, bytes.len);
  gni_buf_add_str(out, bytes);
}

static gn_str kept(gn_buf *buf)
{
  test_later(free_bytes, buf);
  return gni_buf_view(buf);
}

static gn_buf *new_response(const char *response_id)
{
  gn_buf *out = new_bytes();
  add_bytes(out, 1, GN_STR(SCRIPT_SESSION));
  add_bytes(out, 15, GN_STR("server-1"));
  add_bytes(out, 13, gni_str(response_id));
  return out;
}

gn_str script_member(const char *response_id, uint32_t field, gn_str bytes)
{
  gn_buf *out = new_response(response_id);
  add_bytes(out, field, bytes);
  return kept(out);
}

gn_str script_complete(const char *response_id)
{
  return script_member(response_id, 14, GN_STR(""));
}

gn_str script_small(uint32_t field, const char *server_session)
{
  gn_buf *out = new_bytes();
  add_bytes(out, 1, GN_STR(SCRIPT_SESSION));
  add_bytes(out, field, gni_str(server_session));
  return kept(out);
}

struct one_batch {
  int64_t start, rows;
  bool given;
};

static int next_batch(void *user, struct ArrowArray *out, gn_error *err)
{
  struct one_batch *own = user;
  const gni_field field = {GN_STR("id"), &gni_type_long};
  const gni_type type = {.kind = GNI_STRUCT, .field_count = 1, .fields = &field};
  gni_builder *builder;
  *out = (struct ArrowArray){.release = NULL};
  if (own->given) return GN_OK;
  own->given = true;
  CHECK_OK(gni_builder_new(&type, &gni_libc_alloc, &builder, err), err);
  for (int64_t i = 0; i < own->rows; i++) {
    gni_value value = gni_value_integer(own->start + i);
    CHECK_OK(gni_builder_add(builder, &value, err), err);
  }
  CHECK_OK(gni_builder_finish(builder, out, err), err);
  gni_builder_free(builder);
  return GN_OK;
}

static gn_str arrow_of(int64_t start, int64_t rows)
{
  const gni_field field = {GN_STR("id"), &gni_type_long};
  const gni_type type = {.kind = GNI_STRUCT, .field_count = 1, .fields = &field};
  struct one_batch own = {.start = start, .rows = rows};
  struct ArrowArrayStream stream;
  gn_error err = {0};
  gn_buf *out = new_bytes();
  CHECK_OK(gni_stream_new(&type, next_batch, NULL, &own, &gni_libc_alloc, &stream, &err), &err);
  CHECK_OK(gni_ipc_write(&stream, out, &err), &err);
  gni_stream_close(&stream);
  return kept(out);
}

gn_str script_batch(const char *response_id, int64_t start, int64_t rows, bool with_offset)
{
  gn_buf *batch = new_bytes();
  add_number(batch, 1, (uint64_t)rows);
  add_bytes(batch, 2, arrow_of(start, rows));
  if (with_offset) add_number(batch, 3, (uint64_t)start);
  return script_member(response_id, 2, kept(batch));
}

gn_str script_chunk(const char *response_id, int64_t rows, int64_t index, int64_t count)
{
  gn_str whole = arrow_of(0, rows);
  size_t size = whole.len / (size_t)count, from = size * (size_t)index;
  gn_str part = {whole.ptr + from, index + 1 == count ? whole.len - from : size};
  gn_buf *batch = new_bytes();
  add_number(batch, 1, (uint64_t)rows);
  add_bytes(batch, 2, part);
  add_number(batch, 4, (uint64_t)index);
  add_number(batch, 5, (uint64_t)count);
  return script_member(response_id, 2, kept(batch));
}

gn_str script_settings(const char *const *pairs)
{
  gn_buf *out = new_bytes();
  add_bytes(out, 1, GN_STR(SCRIPT_SESSION));
  add_bytes(out, 4, GN_STR("server-1"));
  for (; *pairs; pairs += 2) {
    gn_buf *pair = new_bytes();
    add_bytes(pair, 1, gni_str(pairs[0]));
    add_bytes(pair, 2, gni_str(pairs[1]));
    add_bytes(out, 2, kept(pair));
  }
  return kept(out);
}

static gn_buf *new_artifact_answer(void)
{
  gn_buf *out = new_bytes();
  add_bytes(out, 2, GN_STR(SCRIPT_SESSION));
  add_bytes(out, 3, GN_STR("server-1"));
  return out;
}

gn_str script_arrivals(const script_arrival *arrivals)
{
  gn_buf *out = new_artifact_answer();
  for (; arrivals->name; arrivals++) {
    gn_buf *summary = new_bytes();
    add_bytes(summary, 1, gni_str(arrivals->name));
    if (arrivals->good) add_number(summary, 2, 1);
    add_bytes(out, 1, kept(summary));
  }
  return kept(out);
}

gn_str script_statuses(const char *const *names)
{
  gn_buf *out = new_artifact_answer();
  for (; *names; names++) {
    gn_buf *entry = new_bytes();
    add_bytes(entry, 1, gni_str(*names));
    add_bytes(entry, 2, GN_STR("\x08\x01"));
    add_bytes(out, 1, kept(entry));
  }
  return kept(out);
}

static gn_str status_with(const char *type, gn_str detail)
{
  gn_buf *any = new_bytes(), *status = new_bytes();
  add_bytes(any, 1, gni_str(type));
  add_bytes(any, 2, detail);
  add_number(status, 1, 13);
  add_bytes(status, 3, kept(any));
  return kept(status);
}

gn_str script_error_info(const char *const *metadata)
{
  gn_buf *info = new_bytes();
  add_bytes(info, 1, GN_STR("org.apache.spark.sql.AnalysisException"));
  for (size_t i = 0; metadata[i]; i += 2) {
    gn_buf *entry = new_bytes();
    add_bytes(entry, 1, gni_str(metadata[i]));
    add_bytes(entry, 2, gni_str(metadata[i + 1]));
    add_bytes(info, 3, kept(entry));
  }
  return status_with("type.googleapis.com/google.rpc.ErrorInfo", kept(info));
}

gn_str script_retry_info(int64_t seconds)
{
  gn_buf *delay = new_bytes(), *info = new_bytes();
  add_number(delay, 1, (uint64_t)seconds);
  add_bytes(info, 1, kept(delay));
  return status_with("type.googleapis.com/google.rpc.RetryInfo", kept(info));
}

/* ---- playing them ---------------------------------------------------------------------------- */

struct played {
  script *script;
  const script_answer *answer; /* NULL: of a release */
  size_t message;
  int64_t frames; /* of a body that goes on */
  bool cancelled, lost;
};

static void write_down(script *s, const char *text, gn_str more)
{
  size_t len = strlen(s->log);
  snprintf(s->log + len, sizeof s->log - len, "%s%s%.*s", len ? " " : "", text, GN_STR_ARGS(more));
}

/* ReleaseExecuteRequest: release_all 5, release_until 6 {response_id 1} */
static void write_release(script *s, gn_str body)
{
  gni_proto_field until, id;
  body = (gn_str){body.ptr + 5, body.len - 5};
  if (gni_proto_find(body, 6, &until) == GN_OK &&
      gni_proto_find(gni_proto_bytes(&until), 1, &id) == GN_OK)
    write_down(s, "until:", gni_proto_bytes(&id));
  else
    write_down(s, "all", (gn_str){NULL, 0});
}

/* ReattachExecuteRequest: last_response_id 5 */
static void write_reattach(script *s, gn_str body)
{
  gni_proto_field id;
  bool from = gni_proto_find((gn_str){body.ptr + 5, body.len - 5}, 5, &id) == GN_OK;
  write_down(s, "ReattachExecute@", from ? gni_proto_bytes(&id) : (gn_str){NULL, 0});
}

static int script_start(void *channel, const sparkp_request *request, void **call, gn_error *err)
{
  script *s = channel;
  bool release = strcmp(request->method, "ReleaseExecute") == 0;
  *call = NULL;
  struct played *played = gni_alloc_zero(s->alloc, sizeof *played);
  if (!played) return gni_fail_nomem(err, sizeof *played);
  if (release)
    write_release(s, request->body);
  else if (strcmp(request->method, "ReattachExecute") == 0)
    write_reattach(s, request->body);
  else
    write_down(s, request->method, (gn_str){NULL, 0});
  played->script = s;
  if (!release && request->body.len > 5) {
    size_t len = request->body.len - 5;
    s->request_len = len < sizeof s->request ? len : sizeof s->request;
    memcpy(s->request, request->body.ptr + 5, s->request_len);
  }
  played->lost = release && s->releases_lost-- > 0;
  if (!release && s->at < s->count) played->answer = &s->answers[s->at++];
  bool gone = !release && (!played->answer || played->answer->unreachable ||
                           strcmp(played->answer->method, request->method) != 0);
  if (gone) {
    gni_free(s->alloc, played, sizeof *played);
    return gni_fail(err, GN_E_IO, "connection refused");
  }
  *call = played;
  return GN_OK;
}

/* AddArtifactsRequest: batch 3 {artifacts 1 {name 1}}, begin_chunk 4 {name 1}, chunk 5 */
static void write_upload(script *s, gn_str body)
{
  gni_proto_field field, name;
  body = (gn_str){body.ptr + 5, body.len - 5};
  if (gni_proto_find(body, 4, &field) == GN_OK &&
      gni_proto_find(gni_proto_bytes(&field), 1, &name) == GN_OK)
    write_down(s, "begin:", gni_proto_bytes(&name));
  if (gni_proto_find(body, 5, &field) == GN_OK) write_down(s, "more", (gn_str){NULL, 0});
  if (gni_proto_find(body, 3, &field) != GN_OK) return;
  for (gn_str rest = gni_proto_bytes(&field); gni_proto_next(&rest, &field) == GN_OK;)
    if (gni_proto_find(gni_proto_bytes(&field), 1, &name) == GN_OK)
      write_down(s, "small:", gni_proto_bytes(&name));
}

static int script_send(void *call, gn_str piece, bool last)
{
  struct played *p = call;
  script *s = p->script;
  if (piece.len) write_upload(s, piece);
  s->sent_bytes += piece.len;
  p->frames++;
  if (s->closes_after && p->frames >= s->closes_after) return GN_ABSENT;
  if (last) write_down(s, "end", (gn_str){NULL, 0});
  return GN_OK;
}

static int script_next(void *call, gni_grpc_message **out)
{
  struct played *p = call;
  *out = NULL;
  if (!p->answer || p->cancelled) return GN_ABSENT;
  gn_str message =
      p->message < SCRIPT_MESSAGES_MAX ? p->answer->messages[p->message] : (gn_str){NULL, 0};
  if (!message.ptr) return GN_ABSENT;
  *out = gni_grpc_message_new(p->script->alloc, message, NULL);
  if (!*out) {
    p->cancelled = true; /* as if the connection had died of it */
    return GN_ABSENT;
  }
  p->message++;
  return GN_OK;
}

static gni_h2_status script_status(void *call)
{
  const struct played *p = call;
  if (p->cancelled) return (gni_h2_status){GNI_GRPC_CANCELLED, GN_STR("cancelled"), {0}, false};
  if (p->lost) return (gni_h2_status){GNI_GRPC_UNAVAILABLE, GN_STR("lost"), {0}, false};
  if (!p->answer) return (gni_h2_status){.code = GNI_GRPC_OK};
  return (gni_h2_status){.code = p->answer->code,
                         .message = gni_str(p->answer->text),
                         .details = p->answer->details,
                         .from_server = true};
}

static void script_cancel(void *call)
{
  ((struct played *)call)->cancelled = true;
}

static void script_finish(void *call)
{
  struct played *p = call;
  gni_free(p->script->alloc, p, sizeof *p);
}

static uint64_t script_bytes(void *call)
{
  (void)call;
  return 0;
}

static void script_close(void *channel)
{
  (void)channel;
}

static int64_t script_now(void *channel)
{
  return ((script *)channel)->now_us;
}

static void script_wait(void *channel, int64_t duration_us)
{
  script *s = channel;
  s->now_us += duration_us;
  if (s->wait_count < sizeof s->waits_us / sizeof *s->waits_us)
    s->waits_us[s->wait_count++] = duration_us;
}

const sparkp_transport script_transport = {.name = "script",
                                           .start = script_start,
                                           .send = script_send,
                                           .next = script_next,
                                           .status = script_status,
                                           .cancel = script_cancel,
                                           .finish = script_finish,
                                           .bytes = script_bytes,
                                           .close = script_close,
                                           .now_us = script_now,
                                           .wait_us = script_wait};
