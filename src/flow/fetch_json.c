/* Requests and answers as JSON lines. SPDX-License-Identifier: Apache-2.0 */
#include "flow/answer.h"
#include "flow/flow_private.h"

#include <inttypes.h>

/* A GroupBy that this call asks for. All of its answers come from one sight of the store: an upload
 * in between does not mix in. */
struct opened {
  struct opened *next;
  gn_str name;
  gn_fetcher *fetcher;
  gni_answering answering;
};

struct answering {
  gn_session *session;
  const char *name; /* for requests without one */
  int mode;
  gn_arena arena; /* one request */
  gn_arena names;
  struct opened *opened;
  gn_buf *out;
  gn_error *err;
};

static int open_group(struct answering *at, gn_str name, gni_answering **out)
{
  struct opened *open = GN_TAKE_ZERO(&at->names, struct opened, 1);
  if (!open) return gni_fail_nomem(at->err, sizeof *open);
  open->name = gni_str_take(&at->names, name);
  if (!open->name.ptr) return gni_fail_nomem(at->err, name.len);
  int rc = gn_fetcher_open(at->session, open->name.ptr, &open->fetcher, at->err);
  if (rc != GN_OK) return rc;
  rc = gni_answering_begin(open->fetcher, &open->answering, at->err);
  if (rc != GN_OK) {
    gn_fetcher_close(open->fetcher);
    return rc;
  }
  open->answering.no_null_keys = at->mode == GN_ANSWER_CHRONON;
  open->next = at->opened;
  at->opened = open;
  *out = &open->answering;
  return GN_OK;
}

static int find_group(struct answering *at, gn_str name, gni_answering **out)
{
  for (struct opened *open = at->opened; open; open = open->next) {
    if (!gni_str_equal(open->name, name)) continue;
    gni_answering_forget(&open->answering);
    *out = &open->answering;
    return GN_OK;
  }
  return open_group(at, name, out);
}

static void close_groups(struct answering *at)
{
  for (struct opened *open = at->opened; open; open = open->next) {
    gni_answering_end(&open->answering);
    gn_fetcher_close(open->fetcher);
  }
}

static void add_failure(struct answering *at, const gn_error *failure)
{
  gni_buf_add_text(at->out, ",\"error\":");
  gni_json_add_text(at->out, gni_str(failure->message), false);
  gni_buf_add_text(at->out, ",\"code\":");
  gni_json_add_text(at->out, gni_str(failure->diagnostic), false);
  gni_buf_add_text(at->out, ",\"result\":");
  gni_json_add_text(at->out, gni_str(gn_code_name(failure->code)), false);
  if (failure->where[0]) {
    gni_buf_add_text(at->out, ",\"where\":");
    gni_json_add_text(at->out, gni_str(failure->where), false);
  }
  if (!failure->hint[0]) return;
  gni_buf_add_text(at->out, ",\"hint\":");
  gni_json_add_text(at->out, gni_str(failure->hint), false);
}

static void answer_found(struct answering *at, gni_answering *answering, const gni_json *keys,
                         int64_t at_ms)
{
  gni_answer found;
  gn_error failure = {0};
  bool chronon = at->mode == GN_ANSWER_CHRONON;
  int rc = gni_answer_object(answering, keys, at_ms, &found, &failure);
  if (rc != GN_OK) {
    add_failure(at, &failure);
  } else if (chronon && found.null_key) {
    gni_buf_add_text(at->out, ",\"no_response\":true");
  } else {
    /* Upstream gives no map at all for an unknown key, unless derivations make one of nothing. */
    gni_buf_add_text(at->out, ",\"values\":");
    if (chronon && found.found == GN_ABSENT && !answering->derives)
      gni_buf_add_text(at->out, "null");
    else
      gni_struct_to_json(answering->features, found.values, at->out);
  }
}

static int answer(struct answering *at, const gni_json *request)
{
  const gni_json *name = gni_json_member(request, "name"), *keys = gni_json_member(request, "keys");
  const gni_json *time = gni_json_member(request, "at_ms");
  gni_answering *answering;
  gn_str wanted = name && name->kind == GNI_JSON_TEXT ? name->text : gni_str(at->name);
  if (!wanted.len) return gni_fail_as(at->err, "GO010", GN_E_ARG, "the request names no GroupBy");
  if (!keys || keys->kind != GNI_JSON_OBJECT)
    return gni_fail_as(at->err, "GO010", GN_E_PARSE, "the request has no \"keys\" object");
  if (time && time->kind != GNI_JSON_INTEGER)
    return gni_fail_as(at->err, "GO010", GN_E_PARSE, "\"at_ms\" is not a whole number");
  int rc = find_group(at, wanted, &answering);
  if (rc != GN_OK) return rc;
  gni_buf_add_text(at->out, "{\"name\":");
  gni_json_add_text(at->out, wanted, false);
  gni_buf_add_text(at->out, ",\"keys\":");
  gni_json_write(keys, at->out);
  answer_found(at, answering, keys, time ? time->integer : 0);
  gni_buf_add_text(at->out, "}\n");
  return at->out->rc == GN_OK ? GN_OK
                              : gni_fail(at->err, at->out->rc, "the answers do not fit in memory");
}

static int answer_lines(struct answering *at, gn_str requests)
{
  gn_str line;
  for (size_t number = 1; gni_str_split(&requests, '\n', &line); number++) {
    const gni_json *request;
    line = gni_str_trim(line);
    if (!line.len) continue;
    gni_arena_reset(&at->arena);
    int rc = gni_json_parse(line, GN_DEF_DEPTH_MAX, &at->arena, &request, at->err);
    if (rc != GN_OK) gni_error_diagnostic(at->err, "GO010");
    if (rc == GN_OK) rc = answer(at, request);
    if (rc != GN_OK) {
      gni_error_where(at->err, "request %zu", number);
      return rc;
    }
  }
  return GN_OK;
}

int gn_fetch_json(gn_session *session, const char *name, const char *requests, size_t requests_size,
                  int mode, gn_text *out, gn_error *err)
{
  gn_buf text;
  struct answering at = {.session = session, .name = name, .mode = mode, .out = &text, .err = err};
  *out = (gn_text){0};
  gni_buf_init(&text, session->alloc, (size_t)1 << 32);
  gni_arena_init(&at.arena, session->alloc, GN_REQUEST_BYTES_MAX);
  gni_arena_init(&at.names, session->alloc, GN_REQUEST_BYTES_MAX);
  int rc = answer_lines(&at, (gn_str){requests, requests_size});
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  close_groups(&at);
  gni_arena_deinit(&at.arena);
  gni_arena_deinit(&at.names);
  gni_buf_deinit(&text);
  return rc;
}
