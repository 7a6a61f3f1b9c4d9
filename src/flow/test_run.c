/* Running a test: the days it expects are folded, the keys it asks for are fetched.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>

#include "flow/answer.h"
#include "flow/produce.h"
#include "flow/test_case.h"

enum { DAYS_MAX = 4000 }; /* from the first to the last day that a test expects */

/* One row: keys, then features. */
struct row {
  const gni_json *node; /* NULL: it was computed */
  int32_t day;
  gni_value *cells;
  bool *named; /* features that are expected; NULL: all */
  bool met;
};

struct running {
  const gnp_test *test;
  gnp_test_world *world;
  const gni_group *group;
  gnp_outcome *outcome;
  struct row *rows; /* computed, of the days expected */
  size_t count, capacity;
  const struct row *expected;
  size_t expected_count;
  bool sound;
  gn_error *err;
};

static gn_arena *arena_of(struct running *at)
{
  return &at->world->job.arena;
}

/* ---- differences ---- */

static bool is_near(const gni_type *type, const gni_value *a, const gni_value *b, double tolerance);

static bool all_near(const gni_type *type, const gni_value *a, const gni_value *b, double tolerance)
{
  for (size_t i = 0; i < a->list.count; i++) {
    const gni_type *cell = type->fields[type->kind == GNI_STRUCT ? i : 0].type;
    if (!is_near(cell, &a->list.items[i], &b->list.items[i], tolerance)) return false;
  }
  return true;
}

static bool map_near(const gni_type *type, const gni_value *a, const gni_value *b, double tolerance)
{
  const gni_type *key = type->fields[0].type, *value = type->fields[1].type;
  for (size_t i = 0; i < a->list.count; i++) {
    bool found = false;
    for (size_t j = 0; !found && j < b->list.count; j++)
      found = gni_value_equal(key, &a->list.items[2 * i], &b->list.items[2 * j]) &&
              is_near(value, &a->list.items[2 * i + 1], &b->list.items[2 * j + 1], tolerance);
    if (!found) return false;
  }
  return true;
}

static bool is_near(const gni_type *type, const gni_value *a, const gni_value *b, double tolerance)
{
  if (a->is_null || b->is_null) return a->is_null && b->is_null;
  if (type->kind == GNI_LIST || type->kind == GNI_STRUCT)
    return a->list.count == b->list.count && all_near(type, a, b, tolerance);
  if (type->kind == GNI_MAP)
    return a->list.count == b->list.count && map_near(type, a, b, tolerance);
  if (type->kind != GNI_FLOAT && type->kind != GNI_DOUBLE) return gni_value_equal(type, a, b);
  if (isnan(a->real) || isnan(b->real)) return isnan(a->real) && isnan(b->real);
  if (a->real == b->real) return true;
  return fabs(a->real - b->real) <= tolerance * fmax(fabs(a->real), fabs(b->real));
}

static gn_str value_text(struct running *at, const gni_type *type, const gni_value *value)
{
  gn_buf text;
  gni_buf_init(&text, arena_of(at)->alloc, GN_VALUE_BYTES_MAX);
  gni_value_to_json(type, value, &text);
  gn_str kept = gni_str_take(at->outcome->arena, gni_buf_view(&text));
  gni_buf_deinit(&text);
  return kept;
}

/* {"ds": …, "user_id": …}: what tells a row from the others. */
static gn_str row_text(struct running *at, const char *name, gn_str when, const gni_value *keys)
{
  gn_buf text;
  gni_buf_init(&text, arena_of(at)->alloc, GN_VALUE_BYTES_MAX);
  gni_buf_add_format(&text, "{\"%s\":\"%.*s\",", name, GN_STR_ARGS(when));
  size_t begin = text.len;
  gni_struct_to_json(at->group->keys, keys, &text);
  if (text.rc == GN_OK) memmove(text.ptr + begin, text.ptr + begin + 1, text.len-- - begin);
  gn_str kept = gni_str_take(at->outcome->arena, gni_buf_view(&text));
  gni_buf_deinit(&text);
  return kept;
}

static int add_difference(struct running *at, const gnp_difference *difference)
{
  gnp_outcome *out = at->outcome;
  if (!difference->row.ptr) return gni_fail_nomem(at->err, 1);
  if (out->count == out->capacity) {
    size_t old = out->capacity * sizeof *out->differences;
    size_t size = old ? old * 2 : 8 * sizeof *out->differences;
    out->differences = gni_arena_grow(out->arena, out->differences, old, size);
    if (!out->differences) return gni_fail_nomem(at->err, size);
    out->capacity = size / sizeof *out->differences;
  }
  out->differences[out->count++] = *difference;
  return GN_OK;
}

/* The place of a feature in the file: its own, or that of its row. */
static uint32_t line_of(const gni_json *row, gn_str feature)
{
  for (size_t i = 0; i < row->list.count; i++)
    if (gni_str_equal(row->list.keys[i].text, feature)) return row->list.keys[i].line;
  return row->line;
}

static int compare_features(struct running *at, const struct row *expected, const gni_value *actual,
                            const gni_json *node, gnp_difference *difference)
{
  const gni_type *features = at->group->features;
  const gni_value *wanted = expected->cells + at->group->keys->field_count;
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < features->field_count; i++) {
    const gni_field *field = &features->fields[i];
    if (!expected->named[i] || is_near(field->type, &wanted[i], &actual[i], at->test->tolerance))
      continue;
    difference->line = line_of(node, field->name);
    difference->feature = gni_str_take(at->outcome->arena, field->name);
    difference->expected = value_text(at, field->type, &wanted[i]);
    difference->actual = value_text(at, field->type, &actual[i]);
    rc = add_difference(at, difference);
  }
  return rc;
}

/* ---- what is expected ---- */

static bool read_cells(struct running *at, const gni_json *node, const gni_type *type,
                       const char *what, bool may_lack, gni_value *cells, bool *named)
{
  const gnp_test_file *file = at->test->file;
  bool sound = true;
  for (size_t i = 0; i < type->field_count; i++) {
    const gni_field *field = &type->fields[i];
    const gni_json *cell = NULL;
    for (size_t j = 0; j < node->list.count; j++)
      if (gni_str_equal(node->list.keys[j].text, field->name)) cell = &node->list.items[j];
    if (named) named[i] = cell != NULL;
    cells[i] = GNI_NULL_VALUE;
    if (cell && !gnp_test_value(file, cell, field->type, arena_of(at), &cells[i])) sound = false;
    if (cell || may_lack) continue;
    gnp_test_problem(file, "GC017", node, named ? "or say of the test: partial: true" : NULL,
                     "%s lacks '%.*s'", what, GN_STR_ARGS(field->name));
    sound = false;
  }
  return sound;
}

/* Members that are neither of the two types nor `other`. */
static bool knows_all(struct running *at, const gni_json *node, const char *what,
                      const gni_type *first, const gni_type *second, gn_str other)
{
  size_t count = 0;
  size_t most = first->field_count + (second ? second->field_count : 0) + 1;
  gn_str *names = GN_TAKE(arena_of(at), gn_str, most);
  bool sound = names != NULL;
  for (size_t i = 0; names && i < first->field_count; i++) names[count++] = first->fields[i].name;
  for (size_t i = 0; names && second && i < second->field_count; i++)
    names[count++] = second->fields[i].name;
  if (names && other.len) names[count++] = other;
  for (size_t i = 0; names && i < node->list.count; i++) {
    bool known = false;
    for (size_t j = 0; !known && j < count; j++)
      known = gni_str_equal(names[j], node->list.keys[i].text);
    if (!known) gnp_test_unknown(at->test->file, &node->list.keys[i], what, names, count);
    sound = sound && known;
  }
  return sound;
}

static bool take_row(struct running *at, struct row *row)
{
  size_t keys = at->group->keys->field_count, features = at->group->features->field_count;
  row->cells = GN_TAKE(arena_of(at), gni_value, keys + features);
  row->named = GN_TAKE_ZERO(arena_of(at), bool, features + 1);
  return row->cells && row->named;
}

static int read_expected(struct running *at, const gni_json *node, struct row *row)
{
  const gni_group *group = at->group;
  gn_str partition = at->world->session->config.partition_column;
  const gni_json *day = gni_json_member(node, partition.ptr);
  *row = (struct row){.node = node};
  if (!take_row(at, row)) return gni_fail_nomem(at->err, 1);
  bool sound = knows_all(at, node, "a row of 'batch'", group->keys, group->features, partition);
  if (!day) {
    gnp_test_problem(at->test->file, "GC017", node, NULL, "a row of 'batch' lacks '%.*s'",
                     GN_STR_ARGS(partition));
    sound = false;
  } else if (!gnp_test_day(at->test->file, day, &row->day)) {
    sound = false;
  }
  if (!read_cells(at, node, group->keys, "a row of 'batch'", false, row->cells, NULL) ||
      !read_cells(at, node, group->features, "a row of 'batch'", at->test->partial,
                  row->cells + group->keys->field_count, row->named))
    sound = false;
  at->sound = at->sound && sound;
  return GN_OK;
}

/* ---- batch ---- */

static bool is_expected_day(const struct running *at, int32_t day)
{
  for (size_t i = 0; i < at->expected_count; i++)
    if (at->expected[i].day == day) return true;
  return false;
}

/* A row that was computed, copied. */
static int keep_row(struct running *at, const gnp_answer *answer, int32_t day, gn_error *err)
{
  const gni_group *group = at->group;
  gn_arena *arena = arena_of(at);
  size_t key_count = group->keys->field_count;
  gni_value ds = gni_value_text(gnp_day_text(arena, day)), ts = GNI_NULL_VALUE;
  struct row row = {.day = day};
  if (!is_expected_day(at, day)) return GN_OK;
  if (at->count == at->capacity) {
    size_t old = at->capacity * sizeof row, size = old ? old * 2 : 16 * sizeof row;
    at->rows = gni_arena_grow(arena, at->rows, old, size);
    if (!at->rows) return gni_fail_arena(err, arena, size);
    at->capacity = size / sizeof row;
  }
  row.cells = GN_TAKE(arena, gni_value, key_count + group->features->field_count);
  gni_value *derived = GN_TAKE(arena, gni_value, group->features->field_count);
  if (!row.cells || !derived) return gni_fail_arena(err, arena, 1);
  int rc = gni_group_derive(group, answer->keys, answer->values, &ds, &ts, arena, derived, err);
  for (size_t i = 0; rc == GN_OK && i < key_count; i++)
    rc = gni_value_copy(group->keys->fields[i].type, &answer->keys[i], arena, &row.cells[i]);
  for (size_t i = 0; rc == GN_OK && i < group->features->field_count; i++)
    rc = gni_value_copy(group->features->fields[i].type, &derived[i], arena,
                        &row.cells[key_count + i]);
  if (rc == GN_OK) at->rows[at->count++] = row;
  return rc == GN_OK ? GN_OK : gni_fail(err, rc, "a row does not fit in memory");
}

static int keep_rows(void *user, const gnp_answer *answers, size_t count, int32_t day,
                     gn_error *err)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < count; i++) rc = keep_row(user, &answers[i], day, err);
  return rc;
}

static struct row *partner(struct running *at, const struct row *expected)
{
  const gni_type *keys = at->group->keys;
  for (size_t i = 0; i < at->count; i++) {
    bool same = !at->rows[i].met && at->rows[i].day == expected->day;
    for (size_t k = 0; same && k < keys->field_count; k++)
      same = gni_value_equal(keys->fields[k].type, &expected->cells[k], &at->rows[i].cells[k]);
    if (same) return &at->rows[i];
  }
  return NULL;
}

static gn_str features_text(struct running *at, const gni_value *cells)
{
  gni_value row = {
      .list = {cells + at->group->keys->field_count, at->group->features->field_count}};
  return value_text(at, at->group->features, &row);
}

static int compare_batch(struct running *at)
{
  gn_str partition = at->world->session->config.partition_column;
  size_t keys = at->group->keys->field_count;
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < at->expected_count; i++) {
    const struct row *row = &at->expected[i];
    struct row *found = partner(at, row);
    gnp_difference difference = {
        .line = row->node->line,
        .row = row_text(at, partition.ptr, gnp_day_text(arena_of(at), row->day), row->cells)};
    if (found) {
      found->met = true;
      rc = compare_features(at, row, found->cells + keys, row->node, &difference);
    } else {
      difference.expected = features_text(at, row->cells);
      rc = add_difference(at, &difference);
    }
  }
  for (size_t i = 0; rc == GN_OK && i < at->count; i++) {
    const struct row *row = &at->rows[i];
    if (row->met) continue;
    gnp_difference difference = {
        .row = row_text(at, partition.ptr, gnp_day_text(arena_of(at), row->day), row->cells),
        .actual = features_text(at, row->cells)};
    rc = add_difference(at, &difference);
  }
  return rc;
}

static int fold_days(struct running *at)
{
  gni_day_range range = {INT32_MAX, INT32_MIN};
  gnp_fold *fold = NULL;
  for (size_t i = 0; i < at->expected_count; i++) {
    int32_t day = at->expected[i].day;
    if (day < range.first) range.first = day;
    if (day > range.last) range.last = day;
  }
  if (range.last - range.first > DAYS_MAX)
    return gni_fail(at->err, GN_E_LIMIT, "the days of 'batch' are more than %d apart", DAYS_MAX);
  int rc = gnp_fold_open(&at->world->job, range, &fold, at->err);
  while (rc == GN_OK) rc = gnp_fold_step(fold, keep_rows, at, at->err);
  gnp_fold_close(fold);
  return rc == GN_ABSENT ? GN_OK : rc;
}

static int run_batch(struct running *at)
{
  const gni_json *list = at->test->batch;
  struct row *expected = GN_TAKE(arena_of(at), struct row, list->list.count);
  if (!expected) return gni_fail_nomem(at->err, list->list.count * sizeof *expected);
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < list->list.count; i++)
    rc = read_expected(at, &list->list.items[i], &expected[i]);
  at->expected = expected;
  at->expected_count = list->list.count;
  if (rc != GN_OK || !at->sound) return rc;
  rc = fold_days(at);
  return rc == GN_OK ? compare_batch(at) : rc;
}

/* ---- online ---- */

struct question {
  const gni_json *node, *keys, *values;
  int64_t at_ms;
  int32_t day; /* uploaded */
  struct row expected;
};

static int read_question(struct running *at, const gni_json *node, struct question *out)
{
  const gni_group *group = at->group;
  const gnp_test_file *file = at->test->file;
  const gni_json *upload = gni_json_member(node, "upload");
  *out = (struct question){.node = node,
                           .keys = gni_json_member(node, "keys"),
                           .values = gni_json_member(node, "values")};
  if (!take_row(at, &out->expected)) return gni_fail_nomem(at->err, 1);
  bool sound = gnp_test_instant(file, gni_json_member(node, "at"), &out->at_ms);
  out->day = gni_day_of_ms(out->at_ms) - 1;
  if (upload && !gnp_test_day(file, upload, &out->day)) sound = false;
  if (!knows_all(at, out->keys, "'keys'", group->keys, NULL, GN_STR("")) ||
      !knows_all(at, out->values, "'values'", group->features, NULL, GN_STR("")))
    sound = false;
  if (!read_cells(at, out->keys, group->keys, "'keys'", false, out->expected.cells, NULL) ||
      !read_cells(at, out->values, group->features, "'values'", at->test->partial,
                  out->expected.cells + group->keys->field_count, out->expected.named))
    sound = false;
  at->sound = at->sound && sound;
  return GN_OK;
}

static int add_event(struct running *at, const gni_value *keys, const gni_row *row, gn_buf *out)
{
  gni_buf_add_format(out, "{\"ts\":%" PRId64 ",\"row\":", row->time_ms);
  gni_struct_to_json(at->group->keys, keys, out);
  if (out->rc != GN_OK) return out->rc;
  size_t begin = out->len; /* of the inputs, whose brace becomes a comma */
  out->ptr[begin - 1] = ',';
  gni_struct_to_json(at->group->inputs, row->values, out);
  if (out->rc != GN_OK) return out->rc;
  memmove(out->ptr + begin, out->ptr + begin + 1, out->len-- - begin);
  if (out->ptr[begin] == '}') out->ptr[begin - 1] = ' ';
  return gni_buf_add_text(out, "}\n");
}

/* Events after the upload come as a stream would bring them: all of them, since a fetch takes those
 * of its own time. */
static int put_events(struct running *at, int32_t first, int32_t last)
{
  gnp_job *job = &at->world->job;
  gnp_feed *feed = NULL;
  gn_buf events;
  int64_t put;
  int64_t from_ms = (int64_t)(first + 1) * GN_DAY_MS;
  gni_rows_request request = {
      .range = {first, last}, .before_ms = INT64_MAX, .order = GNI_ORDER_KEY_TIME};
  gni_buf_init(&events, job->session->alloc, GN_TEXT_FILE_BYTES_MAX);
  int rc = gnp_feed_open(job, &request, &feed, at->err);
  while (rc == GN_OK) {
    bool new_key;
    gni_row row;
    rc = gnp_feed_next(feed, &new_key, &row, at->err);
    if (rc == GN_OK && row.time_ms >= from_ms)
      rc = add_event(at, gnp_feed_keys(feed), &row, &events);
  }
  gnp_feed_close(feed);
  if (rc == GN_ABSENT) rc = events.rc;
  if (rc == GN_OK && events.len)
    rc = gn_put_events(job->session, at->test->conf.ptr, events.ptr, events.len, &put, at->err);
  gni_buf_deinit(&events);
  return rc;
}

static int upload(struct running *at, int32_t day)
{
  gn_upload_report report;
  gn_str ds = gnp_day_text(arena_of(at), day);
  return gn_upload(at->world->session, GN_UPLOAD_ARGS(.conf = at->test->conf.ptr, .ds = ds.ptr),
                   &report, at->err);
}

static int ask(struct running *at, const struct question *question)
{
  gn_fetcher *fetcher;
  gni_answering answering;
  gni_answer answer;
  int rc = gn_fetcher_open(at->world->session, at->test->conf.ptr, &fetcher, at->err);
  if (rc != GN_OK) return rc;
  rc = gni_answering_begin(fetcher, &answering, at->err);
  if (rc == GN_OK) {
    rc = gni_answer_object(&answering, question->keys, question->at_ms, &answer, at->err);
    gni_value instant = gni_value_integer(question->at_ms * 1000);
    gn_str when = value_text(at, &gni_type_timestamp, &instant);
    if (when.len > 2) when = (gn_str){when.ptr + 1, when.len - 2};
    gnp_difference difference = {.online = true,
                                 .row = row_text(at, "at", when, question->expected.cells)};
    if (rc == GN_OK)
      rc = compare_features(at, &question->expected, answer.values, question->values, &difference);
    gni_answering_end(&answering);
  }
  gn_fetcher_close(fetcher);
  return rc;
}

/* Uploads follow one another as days do, whatever the order in the file. */
static int ask_all(struct running *at, const struct question *questions, size_t count)
{
  int32_t first = questions[0].day, last = INT32_MIN, done = INT32_MIN;
  int rc = GN_OK;
  for (size_t i = 0; i < count; i++) {
    int32_t day = gni_day_of_ms(questions[i].at_ms);
    if (questions[i].day < first) first = questions[i].day;
    if (day > last) last = day;
  }
  for (int32_t next = first; rc == GN_OK; next = done) {
    rc = upload(at, next);
    bool live = at->group->temporal && at->group->layout && !at->group->entities;
    if (rc == GN_OK && next == first && live && last > first) rc = put_events(at, first, last);
    for (size_t i = 0; rc == GN_OK && i < count; i++)
      if (questions[i].day == next) rc = ask(at, &questions[i]);
    done = INT32_MAX;
    for (size_t i = 0; i < count; i++)
      if (questions[i].day > next && questions[i].day < done) done = questions[i].day;
    if (done == INT32_MAX) break;
  }
  return rc;
}

static int run_online(struct running *at)
{
  const gni_json *list = at->test->online;
  size_t count = list->list.count;
  struct question *questions = GN_TAKE(arena_of(at), struct question, count);
  if (!questions) return gni_fail_nomem(at->err, count * sizeof *questions);
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < count; i++)
    rc = read_question(at, &list->list.items[i], &questions[i]);
  return rc == GN_OK && at->sound && count ? ask_all(at, questions, count) : rc;
}

/* ---- a test ---- */

/* Whether the test has failed, rather than the machine it runs on. */
static bool is_of_the_test(int rc)
{
  return rc != GN_E_NOMEM && rc != GN_E_CANCELLED && rc != GN_E_IO && rc != GN_E_AUTH;
}

int gnp_test_run(gn_session *outer, const gnp_test *test, gnp_outcome *out, gn_error *err)
{
  gnp_test_world world;
  gn_error failure = {0};
  struct running at = {
      .test = test, .world = &world, .outcome = out, .sound = true, .err = &failure};
  int rc = gnp_test_world_open(outer, test, &world, &failure);
  if (rc == GN_OK) {
    at.group = world.job.group;
    if (test->batch) rc = run_batch(&at);
    if (rc == GN_OK && test->online) rc = run_online(&at);
  }
  gnp_test_world_close(&world);
  if (rc == GN_ABSENT || (rc == GN_OK && !at.sound)) return GN_ABSENT;
  if (rc == GN_OK) return GN_OK;
  if (is_of_the_test(rc))
    out->failure = failure;
  else if (err)
    *err = failure;
  return is_of_the_test(rc) ? GN_OK : rc;
}
