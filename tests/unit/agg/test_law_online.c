/* The law that training and serving cannot differ: a batch at midnight plus the rows of the day,
 * answered at any time of that day, is what the offline fold says for that time, bit for bit.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "unit/agg/random_group.h"
#include "unit/agg/reference.h"

enum { ARENA_BYTES = 256 << 20 };

static int64_t compared;

/* What the batch of the day at hand answers. */
typedef struct online {
  const random_group *group;
  gn_arena batch, request;
  gni_value saved;
  int64_t batch_end_ms;
  bool folded;
} online;

static void close_online(void *what)
{
  online *o = what;
  gni_arena_deinit(&o->request);
  gni_arena_deinit(&o->batch);
}

static void open_online(online *o, const random_group *group)
{
  *o = (online){.group = group};
  gni_arena_init(&o->batch, test_alloc(), ARENA_BYTES);
  gni_arena_init(&o->request, test_alloc(), ARENA_BYTES);
  test_later(close_online, o);
}

static void fold_batch(online *o, int64_t batch_end_ms, int boundary)
{
  const random_group *group = o->group;
  gn_error err = {0};
  gni_arena_reset(&o->batch);
  o->batch_end_ms = batch_end_ms;
  CHECK_OK(gni_batch_fold(group->layout, group->rows, group->row_count, batch_end_ms, boundary,
                          &o->batch, &o->saved, &err),
           &err);
}

/* All rows are offered as live ones: those before the batch end must be skipped. */
static const gni_value *ask(online *o, int64_t at_ms, int boundary)
{
  const random_group *group = o->group;
  gn_error err = {0};
  gni_arena_reset(&o->request);
  gni_value *outputs = GN_TAKE(&o->request, gni_value, group->layout->column_count);
  CHECK(outputs != NULL);
  CHECK_OK(gni_batch_answer(group->layout, &o->saved, o->batch_end_ms, group->rows,
                            group->row_count, at_ms, boundary, &o->request, outputs, &err),
           &err);
  return outputs;
}

static void show(const gni_type *type, const gni_value *value, gn_buf *out)
{
  bool nested = type->kind == GNI_LIST || type->kind == GNI_MAP || type->kind == GNI_STRUCT;
  if (value->is_null)
    gni_buf_add_text(out, "null");
  else if (type->kind == GNI_FLOAT || type->kind == GNI_DOUBLE)
    gni_buf_add_format(out, "%a", value->real);
  else if (type->kind == GNI_STRING || type->kind == GNI_BINARY)
    gni_buf_add_str(out, value->text);
  else if (type->kind == GNI_BOOLEAN)
    gni_buf_add_text(out, value->boolean ? "true" : "false");
  else if (!nested)
    gni_buf_add_format(out, "%" PRId64, value->integer);
  if (value->is_null || !nested) return;
  size_t count = value->list.count * (type->kind == GNI_MAP ? 2 : 1);
  gni_buf_add_text(out, "[");
  for (size_t i = 0; i < count; i++) {
    size_t field = type->kind == GNI_MAP ? i % 2 : type->kind == GNI_STRUCT ? i : 0;
    show(type->fields[field].type, &value->list.items[i], out);
    gni_buf_add_text(out, i + 1 < count ? ", " : "");
  }
  gni_buf_add_text(out, "]");
}

static void fail_differs(const random_group *group, size_t column, int64_t at_ms,
                         const gni_value *online_value, const gni_value *offline_value)
{
  const gni_type *type = group->layout->output->fields[column].type;
  char text[1024];
  gn_buf values;
  gni_buf_init(&values, &gni_libc_alloc, 1 << 20);
  show(type, online_value, &values);
  gni_buf_add_text(&values, ", expected ");
  show(type, offline_value, &values);
  snprintf(text, sizeof text, "%.*s at %" PRId64 " is %s",
           GN_STR_ARGS(group->layout->columns[column].name), at_ms, values.ptr);
  gni_buf_deinit(&values);
  test_fail(__FILE__, __LINE__, "%s", text);
}

/* `tolerance` below zero: bit for bit. */
static void compare(const random_group *group, int64_t at_ms, const gni_value *online_values,
                    const gni_value *offline_values, double tolerance)
{
  for (size_t c = 0; c < group->layout->column_count; c++) {
    const gni_type *type = group->layout->output->fields[c].type;
    const gni_value *a = &online_values[c], *b = &offline_values[c];
    bool same = tolerance < 0 ? gni_value_equal(type, a, b) : values_agree(type, a, b, tolerance);
    if (!same) fail_differs(group, c, at_ms, a, b);
    compared++;
  }
}

static gni_value *answer_offline(const random_group *group, gn_arena *arena)
{
  size_t column_count = group->layout->column_count;
  gn_error err = {0};
  gni_arena_reset(arena);
  gni_value *outputs = GN_TAKE(arena, gni_value, group->query_count * column_count);
  CHECK(outputs != NULL);
  CHECK_OK(gni_temporal_fold(group->layout, group->rows, group->row_count, group->queries,
                             group->query_count, arena, outputs, &err),
           &err);
  return outputs;
}

static void close_arena(void *what)
{
  gni_arena_deinit(what);
}

static void online_is_offline(void)
{
  enum { VALUES = 10000000, KEYS = 3, ROWS = 20, MANY_ROWS = 60, QUERIES = 165, DAYS = 2 };
  const int64_t wanted = (int64_t)VALUES * test_effort();
  int layouts = 0;
  static online served;
  static gn_arena offline;
  random_group *group = random_group_new(1);
  group->wild = true;
  open_online(&served, group);
  gni_arena_init(&offline, test_alloc(), ARENA_BYTES);
  test_later(close_arena, &offline);
  for (; compared < wanted; layouts++) {
    random_layout(group);
    for (int key = 0; key < KEYS; key++) {
      random_rows(group, layouts % 8 == key ? MANY_ROWS : ROWS, DAYS);
      random_queries(group, QUERIES, DAYS);
      const gni_value *expected = answer_offline(group, &offline);
      served.batch_end_ms = INT64_MIN;
      for (size_t q = 0; q < group->query_count; q++) {
        int64_t at_ms = group->queries[q], midnight_ms = at_ms / GN_DAY_MS * GN_DAY_MS;
        if (served.batch_end_ms != midnight_ms)
          fold_batch(&served, midnight_ms, GNI_BOUNDARY_EXACT);
        compare(group, at_ms, ask(&served, at_ms, GNI_BOUNDARY_EXACT),
                expected + q * group->layout->column_count, -1);
      }
    }
  }
  printf("# %d layouts, %" PRId64 " values compared\n", layouts, compared);
  random_group_report(group);
}

/* The batch of the day before, or of two days before, must do as well; only sums of reals may round
 * otherwise, for they are added in another order. */
static void a_late_batch_answers_alike(void)
{
  enum { LAYOUTS = 300, KEYS = 3, ROWS = 40, QUERIES = 40, DAYS = 2 };
  static online served;
  static gn_arena offline;
  random_group *group = random_group_new(2);
  int64_t before = compared;
  open_online(&served, group);
  gni_arena_init(&offline, test_alloc(), ARENA_BYTES);
  test_later(close_arena, &offline);
  for (int i = 0; i < LAYOUTS * test_effort(); i++) {
    random_layout(group);
    for (int key = 0; key < KEYS; key++) {
      random_rows(group, ROWS, DAYS);
      random_queries(group, QUERIES, DAYS);
      group->queries[group->query_count - 1] = TEST_EPOCH_MS + GNI_TAIL_BUFFER_MS; /* the latest */
      const gni_value *expected = answer_offline(group, &offline);
      fold_batch(&served, TEST_EPOCH_MS, GNI_BOUNDARY_EXACT);
      for (size_t q = 0; q < group->query_count; q++)
        compare(group, group->queries[q], ask(&served, group->queries[q], GNI_BOUNDARY_EXACT),
                expected + q * group->layout->column_count, 1e-9);
    }
  }
  printf("# %" PRId64 " values compared\n", compared - before);
}

static void offline_is_the_plain_rule(void)
{
  enum { LAYOUTS = 400, KEYS = 3, ROWS = 40, QUERIES = 30, DAYS = 3 };
  static online plain;
  static gn_arena offline;
  random_group *group = random_group_new(3);
  int64_t before = compared;
  open_online(&plain, group);
  gni_arena_init(&offline, test_alloc(), ARENA_BYTES);
  test_later(close_arena, &offline);
  for (int i = 0; i < LAYOUTS * test_effort(); i++) {
    random_layout(group);
    for (int key = 0; key < KEYS; key++) {
      random_rows(group, ROWS, DAYS);
      random_queries(group, QUERIES, DAYS);
      const gni_value *folded = answer_offline(group, &offline);
      for (size_t q = 0; q < group->query_count; q++) {
        gni_arena_reset(&plain.request);
        gni_value *expected = GN_TAKE(&plain.request, gni_value, group->layout->column_count);
        CHECK(expected != NULL);
        CHECK_INT(reference_answer(group->layout, group->rows, group->row_count, group->queries[q],
                                   GNI_FIVE_MINUTE, &plain.request, expected),
                  GN_OK);
        compare(group, group->queries[q], folded + q * group->layout->column_count, expected, 1e-9);
      }
    }
  }
  printf("# %" PRId64 " values compared\n", compared - before);
}

int main(void)
{
  static const test_case cases[] = {
      {"a fetch at any time of the day is the offline value, bit for bit", online_is_offline},
      {"a batch that is up to two days late answers alike", a_late_batch_answers_alike},
      {"the offline value is the plain rule: start <= ts < query", offline_is_the_plain_rule},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
