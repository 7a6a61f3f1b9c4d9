/* Chronon's fetcher service: POST a list of key maps, get a list of results.
 * SPDX-License-Identifier: Apache-2.0 */
#include "serve/serve_private.h"

static int hex(char c)
{
  if (c >= '0' && c <= '9') return c - '0';
  char letter = (char)(c | 0x20);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* "team%2Ffile.var" -> "team/file.var". */
static gn_str unescape(gn_arena *arena, gn_str text)
{
  char *out = gni_arena_take(arena, text.len + 1);
  size_t len = 0;
  for (size_t i = 0; out && i < text.len; i++) {
    bool escape = text.ptr[i] == '%' && i + 2 < text.len && hex(text.ptr[i + 1]) >= 0 &&
                  hex(text.ptr[i + 2]) >= 0;
    out[len++] = escape ? (char)(hex(text.ptr[i + 1]) * 16 + hex(text.ptr[i + 2])) : text.ptr[i];
    if (escape) i += 2;
  }
  if (out) out[len] = 0;
  return (gn_str){out, len};
}

static void add_result(gnp_request *request, gnp_served *served, gni_answering *answering,
                       const gni_json *keys)
{
  gn_buf *out = &request->reply->body;
  gn_error failure = {0};
  gni_answer answer;
  int rc = keys->kind == GNI_JSON_OBJECT
               ? gni_answer_object(answering, keys, 0, &answer, &failure)
               : gni_fail_as(&failure, "GO010", GN_E_ARG, "the keys are no JSON object");
  gni_buf_add_text(out, rc == GN_OK ? "{\"status\":\"Success\",\"entityKeys\":"
                                    : "{\"status\":\"Failure\",\"entityKeys\":");
  gni_json_write(keys, out);
  if (rc == GN_OK) {
    gnp_served_count(served, &answer);
    gni_buf_add_text(out, ",\"features\":");
    gni_struct_to_json(answering->features, answer.values, out);
  } else {
    gni_buf_add_text(out, ",\"error\":");
    gni_json_add_text(out, gni_str(failure.message), false);
  }
  gni_buf_add_char(out, '}');
  gni_answering_forget(answering);
}

/* All keys of a request are answered from one sight of the store. */
void gnp_chronon_fetch(gnp_request *request, gn_str name)
{
  const gni_json *list;
  gn_buf *out = &request->reply->body;
  gnp_served *served = NULL;
  gni_answering answering;
  gn_error failure = {0};
  if (!gnp_request_json(request, GNI_JSON_LIST, "a list of key maps", &list)) return;
  gn_str wanted = unescape(request->arena, name);
  int rc = wanted.ptr ? GN_OK : gni_fail_nomem(&failure, name.len);
  if (rc == GN_OK && list->list.count > GN_FETCH_KEYS_MAX)
    rc = gni_fail(&failure, GN_E_LIMIT, "more than %d keys in one request", GN_FETCH_KEYS_MAX);
  if (rc == GN_OK) rc = gnp_served_begin(request->server, wanted, &served, &answering, &failure);
  if (rc != GN_OK) {
    gnp_reply_error(request, gnp_status_of(rc), &failure);
    return;
  }
  gni_buf_add_text(out, "{\"results\":[");
  for (size_t i = 0; i < list->list.count; i++) {
    if (i) gni_buf_add_char(out, ',');
    add_result(request, served, &answering, &list->list.items[i]);
  }
  gni_buf_add_text(out, "]}");
  gni_answering_end(&answering);
  gnp_served_release(served);
}
