/* Feast's feature server: POST /get-online-features takes columns of entities and answers columns
 * of features, entities first. A feature is "view:feature"; the view is the GroupBy.
 * SPDX-License-Identifier: Apache-2.0 */
#include "serve/serve_private.h"

#include <inttypes.h>

#define NO_INSTANT "\"1970-01-01T00:00:00Z\""

/* The rows of one view: everything about them that the columns of its features say. */
struct view {
  struct view *next;
  gn_str name;
  gnp_served *served;
  gni_answering answering;
  gni_answer *answers; /* one a row */
  gn_str instant;      /* of the upload, in JSON */
  bool begun;
};

struct column {
  struct view *view;
  size_t feature;
  gn_str name; /* as asked for, after the colon */
};

struct asking {
  gnp_request *request;
  const gni_json *entities;
  size_t rows, column_count;
  struct view *views;
  struct column *columns;
  bool full_names;
  gn_error *err;
};

/* ---- the request ---- */

static int count_rows(struct asking *at)
{
  const gni_json *entities = at->entities;
  if (!entities || entities->kind != GNI_JSON_OBJECT || entities->list.count == 0)
    return gni_fail_as(at->err, "GO010", GN_E_PARSE, "the request has no \"entities\" object");
  for (size_t i = 0; i < entities->list.count; i++) {
    const gni_json *column = &entities->list.items[i];
    gn_str name = entities->list.keys[i].text;
    if (column->kind != GNI_JSON_LIST)
      return gni_fail_as(at->err, "GO010", GN_E_PARSE, "entity '%.*s' is no list",
                         GN_STR_ARGS(name));
    if (i > 0 && column->list.count != at->rows)
      return gni_fail_as(at->err, "GO010", GN_E_PARSE,
                         "entity '%.*s' has %zu values, the first has %zu", GN_STR_ARGS(name),
                         column->list.count, at->rows);
    at->rows = column->list.count;
  }
  if (at->rows > GN_FETCH_KEYS_MAX)
    return gni_fail_as(at->err, "GO015", GN_E_LIMIT, "more than %d rows in one request",
                       GN_FETCH_KEYS_MAX);
  return GN_OK;
}

/* ---- the views ---- */

static const gni_json *entity_column(const struct asking *at, gn_str name)
{
  for (size_t i = 0; i < at->entities->list.count; i++)
    if (gni_str_equal(at->entities->list.keys[i].text, name)) return &at->entities->list.items[i];
  return NULL;
}

static int answer_view(struct asking *at, struct view *view)
{
  gn_arena *arena = at->request->arena;
  const gni_type *keys = view->answering.keys;
  const gni_json **columns = GN_TAKE(arena, const gni_json *, keys->field_count);
  const gni_json **cells = GN_TAKE(arena, const gni_json *, keys->field_count);
  view->answers = GN_TAKE(arena, gni_answer, at->rows);
  if (!columns || !cells || !view->answers) return gni_fail_arena(at->err, arena, at->rows);
  for (size_t i = 0; i < keys->field_count; i++) {
    columns[i] = entity_column(at, keys->fields[i].name);
    if (!columns[i])
      return gni_fail(at->err, GN_E_ARG,
                      "'%.*s' is keyed by '%.*s', which is no entity of the request",
                      GN_STR_ARGS(view->name), GN_STR_ARGS(keys->fields[i].name));
  }
  for (size_t row = 0; row < at->rows; row++) {
    for (size_t i = 0; i < keys->field_count; i++) cells[i] = &columns[i]->list.items[row];
    int rc = gni_answer_cells(&view->answering, cells, 0, &view->answers[row], at->err);
    if (rc != GN_OK) return rc;
    gnp_served_count(view->served, &view->answers[row]);
  }
  return GN_OK;
}

/* In JSON. The reply, which is empty while views are found, is where it is written. */
static gn_str instant_text(struct asking *at, int64_t ms)
{
  gn_buf *out = &at->request->reply->body;
  gni_value instant = gni_value_integer(ms * 1000);
  gni_value_to_json(&gni_type_timestamp, &instant, out);
  gn_str text = gni_str_take(at->request->arena, gni_buf_view(out));
  gni_buf_reset(out);
  return text;
}

static int find_view(struct asking *at, gn_str name, struct view **out)
{
  for (struct view *view = at->views; view; view = view->next) {
    *out = view;
    if (gni_str_equal(view->name, name)) return GN_OK;
  }
  struct view *view = GN_TAKE_ZERO(at->request->arena, struct view, 1);
  if (!view) return gni_fail_arena(at->err, at->request->arena, sizeof *view);
  view->name = name;
  view->next = at->views;
  at->views = *out = view;
  int rc = gnp_served_begin(at->request->server, name, &view->served, &view->answering, at->err);
  view->begun = rc == GN_OK;
  if (rc != GN_OK) return rc;
  view->instant = instant_text(at, view->answering.batch_end_ms);
  return answer_view(at, view);
}

static int find_column(struct asking *at, gn_str reference, struct column *out)
{
  gn_str rest = reference, view_name;
  if (!gni_str_split(&rest, ':', &view_name) || !rest.len)
    return gni_fail(at->err, GN_E_ARG, "'%.*s' is no view:feature", GN_STR_ARGS(reference));
  int rc = find_view(at, view_name, &out->view);
  if (rc != GN_OK) return rc;
  int feature = gni_type_find(out->view->answering.features, rest);
  if (feature < 0)
    return gni_fail(at->err, GN_E_NOTFOUND, "'%.*s' has no feature '%.*s'", GN_STR_ARGS(view_name),
                    GN_STR_ARGS(rest));
  out->feature = (size_t)feature;
  out->name = rest;
  return GN_OK;
}

static int find_columns(struct asking *at, const gni_json *features)
{
  if (!features || features->kind != GNI_JSON_LIST || !features->list.count)
    return gni_fail(at->err, GN_E_PARSE,
                    "the request has no \"features\" list (feature services are not served)");
  at->column_count = features->list.count;
  at->columns = GN_TAKE_ZERO(at->request->arena, struct column, at->column_count);
  if (!at->columns) return gni_fail_arena(at->err, at->request->arena, at->column_count);
  for (size_t i = 0; i < at->column_count; i++) {
    const gni_json *item = &features->list.items[i];
    int rc = item->kind == GNI_JSON_TEXT
                 ? find_column(at, item->text, &at->columns[i])
                 : gni_fail(at->err, GN_E_PARSE, "\"features\" are texts \"view:feature\"");
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

/* ---- the reply ---- */

static void add_entity(const struct asking *at, const gni_json *values)
{
  gn_buf *out = &at->request->reply->body;
  gni_buf_add_text(out, "{\"values\":");
  gni_json_write(values, out);
  gni_buf_add_text(out, ",\"statuses\":[");
  for (size_t row = 0; row < at->rows; row++)
    gni_buf_add_text(out, row ? ",\"PRESENT\"" : "\"PRESENT\"");
  gni_buf_add_text(out, "],\"event_timestamps\":[");
  for (size_t row = 0; row < at->rows; row++)
    gni_buf_add_text(out, row ? "," NO_INSTANT : NO_INSTANT);
  gni_buf_add_text(out, "]}");
}

static const char *status_of(const gni_answer *answer, size_t feature)
{
  if (answer->found == GN_ABSENT) return "\"NOT_FOUND\"";
  return answer->values[feature].is_null ? "\"NULL_VALUE\"" : "\"PRESENT\"";
}

static void add_column(const struct asking *at, const struct column *column)
{
  gn_buf *out = &at->request->reply->body;
  const struct view *view = column->view;
  const gni_type *type = view->answering.features->fields[column->feature].type;
  gni_buf_add_text(out, "{\"values\":[");
  for (size_t row = 0; row < at->rows; row++) {
    if (row) gni_buf_add_char(out, ',');
    gni_value_to_json(type, &view->answers[row].values[column->feature], out);
  }
  gni_buf_add_text(out, "],\"statuses\":[");
  for (size_t row = 0; row < at->rows; row++) {
    if (row) gni_buf_add_char(out, ',');
    gni_buf_add_text(out, status_of(&view->answers[row], column->feature));
  }
  gni_buf_add_text(out, "],\"event_timestamps\":[");
  for (size_t row = 0; row < at->rows; row++) {
    bool found = view->answers[row].found == GN_OK;
    if (row) gni_buf_add_char(out, ',');
    gni_buf_add_str(out, found ? view->instant : GN_STR(NO_INSTANT));
  }
  gni_buf_add_text(out, "]}");
}

static void add_names(const struct asking *at)
{
  gn_buf *out = &at->request->reply->body;
  gni_buf_add_text(out, "{\"metadata\":{\"feature_names\":[");
  for (size_t i = 0; i < at->entities->list.count; i++) {
    if (i) gni_buf_add_char(out, ',');
    gni_json_add_text(out, at->entities->list.keys[i].text, false);
  }
  for (size_t i = 0; i < at->column_count; i++) {
    gn_str name = at->columns[i].name;
    if (at->full_names)
      name = gni_str_format(at->request->arena, "%.*s__%.*s",
                            GN_STR_ARGS(at->columns[i].view->name), GN_STR_ARGS(name));
    gni_buf_add_char(out, ',');
    gni_json_add_text(out, name, false);
  }
  gni_buf_add_text(out, "]},\"results\":[");
}

static void add_answer(const struct asking *at)
{
  gn_buf *out = &at->request->reply->body;
  add_names(at);
  for (size_t i = 0; i < at->entities->list.count; i++) {
    if (i) gni_buf_add_char(out, ',');
    add_entity(at, &at->entities->list.items[i]);
  }
  for (size_t i = 0; i < at->column_count; i++) {
    gni_buf_add_char(out, ',');
    add_column(at, &at->columns[i]);
  }
  gni_buf_add_text(out, "]}");
}

void gnp_feast_get(gnp_request *request)
{
  gn_error failure = {0};
  const gni_json *body;
  struct asking at = {.request = request, .err = &failure};
  if (!gnp_request_json(request, GNI_JSON_OBJECT, "an object", &body)) return;
  const gni_json *full = gni_json_member(body, "full_feature_names");
  at.full_names = full && full->kind == GNI_JSON_BOOLEAN && full->boolean;
  at.entities = gni_json_member(body, "entities");
  int rc = count_rows(&at);
  if (rc == GN_OK) rc = find_columns(&at, gni_json_member(body, "features"));
  if (rc == GN_OK)
    add_answer(&at);
  else
    gnp_reply_error(request, gnp_status_of(rc), &failure);
  for (struct view *view = at.views; view; view = view->next) {
    if (view->begun) gni_answering_end(&view->answering);
    gnp_served_release(view->served);
  }
}
