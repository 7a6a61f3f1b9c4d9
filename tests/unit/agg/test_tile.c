/* The law of tiles: a fetch that starts from a tile gives what a fetch of the single rows gives,
 * bit for bit, however often the tile was gone on with, and after it was written and read.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "unit/agg/random_group.h"
#include "unit/agg/small_group.h"
#include "wire/wire.h"

enum { ARENA_BYTES = 256 << 20 };

typedef struct serving {
  gn_arena arena; /* of one key */
  const random_group *group;
  const gni_avro_schema *schema; /* NULL: its states cannot be written */
  gni_value saved;
  int64_t batch_end_ms;
} serving;

static void close_serving(void *what)
{
  serving *s = what;
  gni_arena_deinit(&s->arena);
}

static void begin(serving *s, int64_t batch_end_ms, int boundary)
{
  const random_group *group = s->group;
  gn_error err = {0};
  gni_arena_reset(&s->arena);
  s->batch_end_ms = batch_end_ms;
  const gni_type *type = gni_tile_type(group->layout, GN_STR("Tile"), &s->arena);
  CHECK(type != NULL);
  if (gni_avro_schema_from_type(type, &s->arena, &s->schema, NULL) != GN_OK) s->schema = NULL;
  CHECK_OK(gni_batch_fold(group->layout, group->rows, group->row_count, batch_end_ms, boundary,
                          &s->arena, &s->saved, &err),
           &err);
}

/* What the store would give back. */
static gni_value written_and_read(serving *s, const gni_value *tile)
{
  gn_buf bytes;
  gni_value read = *tile;
  gn_error err = {0};
  gni_buf_init(&bytes, test_alloc(), ARENA_BYTES);
  if (s->schema && gni_avro_encode(s->schema, tile, &bytes, NULL) == GN_OK) {
    gn_str kept = gni_str_take(&s->arena, gni_buf_view(&bytes));
    CHECK_OK(gni_avro_decode(s->schema, kept, &s->arena, &read, &err), &err);
  }
  gni_buf_deinit(&bytes);
  return read;
}

/* The first rows of the day in up to four goes. */
static gni_value make_tile(serving *s, test_random *random, int64_t at_ms, bool *any)
{
  const random_group *group = s->group;
  gni_value tile = GNI_NULL_VALUE;
  int64_t until_ms = s->batch_end_ms;
  gn_error err = {0};
  *any = false;
  for (int64_t go = test_random_in(random, 1, 4); go > 0; go--) {
    gni_value next;
    until_ms = test_random_in(random, until_ms, at_ms);
    CHECK_OK(gni_tile_fold(group->layout, *any ? &tile : NULL, group->rows, group->row_count,
                           until_ms, &s->arena, &next, &err),
             &err);
    tile = written_and_read(s, &next);
    *any = true;
  }
  return tile;
}

static void a_tile_answers_what_its_rows_do(void)
{
  enum { LAYOUTS = 240, KEYS = 3, ROWS = 60, QUERIES = 30, DAYS = 2 };
  static serving s;
  int64_t compared = 0, tiled = 0;
  random_group *group = random_group_new(4);
  test_random random = test_random_new(5);
  group->wild = true;
  s = (serving){.group = group};
  gni_arena_init(&s.arena, test_alloc(), ARENA_BYTES);
  test_later(close_serving, &s);
  for (int i = 0; i < LAYOUTS * test_effort(); i++) {
    int boundary = i % 2 ? GNI_BOUNDARY_EXACT : GNI_BOUNDARY_CHRONON;
    random_layout(group);
    for (int key = 0; key < KEYS; key++) {
      random_rows(group, ROWS, DAYS);
      random_queries(group, QUERIES, DAYS);
      s.batch_end_ms = INT64_MIN;
      for (size_t q = 0; q < group->query_count; q++) {
        int64_t at_ms = group->queries[q], midnight_ms = at_ms / GN_DAY_MS * GN_DAY_MS;
        gn_error err = {0};
        bool any;
        begin(&s, midnight_ms, boundary);
        gni_value tile = make_tile(&s, &random, at_ms, &any);
        size_t columns = group->layout->column_count;
        gni_value *plain = GN_TAKE(&s.arena, gni_value, columns);
        gni_value *ours = GN_TAKE(&s.arena, gni_value, columns);
        CHECK(plain && ours);
        CHECK_OK(gni_batch_answer(group->layout, &s.saved, midnight_ms, group->rows,
                                  group->row_count, at_ms, boundary, &s.arena, plain, &err),
                 &err);
        CHECK_OK(gni_batch_answer_tiled(group->layout, &s.saved, midnight_ms, &tile, group->rows,
                                        group->row_count, at_ms, boundary, &s.arena, ours, &err),
                 &err);
        for (size_t c = 0; c < columns; c++, compared++)
          if (!gni_value_equal(group->layout->output->fields[c].type, &plain[c], &ours[c]))
            test_fail(__FILE__, __LINE__, "%.*s at %" PRId64 " differs, layout %d",
                      GN_STR_ARGS(group->layout->columns[c].name), at_ms, i);
        tiled += tile.list.items[1].list.items[0].list.count > 0;
      }
    }
  }
  CHECK(tiled > 1000);
  printf("# %" PRId64 " values compared\n", compared);
}

/* ---- by hand ---- */

static void a_tile_keeps_only_hops_that_are_asked_for(void)
{
  gn_arena *arena = small_arena();
  const gni_window windows[] = {DAYS(1), {GN_HOUR_MS, 1, true}};
  const int64_t times_ms[] = {MARCH_MS(10, 0, 0, 1), MARCH_MS(10, 8, 1, 0), MARCH_MS(10, 9, 59, 0)};
  gni_row rows[3];
  gni_value first, second;
  gn_error err = {0};
  const gni_layout *layout = small_layout(arena, GNI_SUM, windows, 2);
  small_rows(arena, times_ms, 3, rows);
  CHECK_OK(gni_tile_fold(layout, NULL, rows, 2, MARCH_MS(10, 8, 30, 0), arena, &first, &err), &err);
  CHECK_OK(gni_tile_fold(layout, &first, rows, 3, MARCH_MS(10, 10, 0, 0), arena, &second, &err),
           &err);
  const gni_value *lists = second.list.items[1].list.items;
  CHECK_INT(lists[0].list.count, 0);                          /* nothing hops by a day */
  CHECK_INT(lists[1].list.count, 3);                          /* hours of a day */
  CHECK_INT(lists[2].list.count, 1);                          /* 5 minutes of an hour */
  CHECK_INT(lists[2].list.items[0].list.items[0].integer, 4); /* the third row is 2^2 */
  CHECK_INT(lists[2].list.items[0].list.items[1].integer, MARCH_MS(10, 9, 55, 0));
}

static void a_record_that_is_no_tile_is_told(void)
{
  gn_arena *arena = small_arena();
  const gni_window window = DAYS(1);
  const int64_t time_ms = MARCH_MS(10, 0, 0, 1);
  gni_row row;
  gni_value tile, out, fields[2], *hops;
  gn_error err = {0};
  const gni_layout *layout = small_layout(arena, GNI_SUM, &window, 1);
  small_rows(arena, &time_ms, 1, &row);
  CHECK_OK(gni_tile_fold(layout, NULL, &row, 1, MARCH_MS(10, 1, 0, 0), arena, &tile, &err), &err);
  memcpy(fields, tile.list.items, sizeof fields);
  const gni_value damaged = {.list = {fields, 2}};
  fields[0] = GNI_NULL_VALUE;
  CHECK_INT(gni_batch_answer_tiled(layout, NULL, MARCH_10_MS, &damaged, NULL, 0,
                                   MARCH_MS(10, 2, 0, 0), GNI_BOUNDARY_EXACT, arena, &out, &err),
            GN_E_CORRUPT);
  CHECK_TEXT(err.message, "tile: it does not say until when");
  fields[0] = tile.list.items[0];
  hops = GN_TAKE(arena, gni_value, 3);
  memcpy(hops, tile.list.items[1].list.items, 3 * sizeof *hops);
  gni_value twice[2] = {hops[1].list.items[0], hops[1].list.items[0]};
  hops[1] = (gni_value){.list = {twice, 2}};
  fields[1] = (gni_value){.list = {hops, 3}};
  CHECK_INT(gni_batch_answer_tiled(layout, NULL, MARCH_10_MS, &damaged, NULL, 0,
                                   MARCH_MS(10, 2, 0, 0), GNI_BOUNDARY_EXACT, arena, &out, &err),
            GN_E_CORRUPT);
  err = (gn_error){0};
  CHECK_INT(gni_tile_fold(layout, &damaged, &row, 1, MARCH_MS(10, 2, 0, 0), arena, &out, &err),
            GN_E_CORRUPT);
  CHECK_TEXT(err.message, "tile: its hops are not in order");
}

/* ---- the failing heap ---- */

static const gni_layout *oom_layout;
static gni_row oom_rows[3];

static void use_tile(const gn_alloc *alloc)
{
  gn_arena arena;
  gni_value tile, more, out;
  gn_error err = {0};
  gni_arena_init(&arena, alloc, 1 << 20);
  int rc =
      gni_tile_fold(oom_layout, NULL, oom_rows, 2, MARCH_MS(10, 8, 30, 0), &arena, &tile, &err);
  if (rc == GN_OK)
    rc = gni_tile_fold(oom_layout, &tile, oom_rows, 3, MARCH_MS(10, 10, 0, 0), &arena, &more, &err);
  if (rc == GN_OK)
    rc = gni_batch_answer_tiled(oom_layout, NULL, MARCH_10_MS, &more, oom_rows, 3,
                                MARCH_MS(10, 11, 0, 0), GNI_BOUNDARY_EXACT, &arena, &out, &err);
  CHECK(rc == GN_OK ? out.integer == 7 : rc == GN_E_NOMEM);
  gni_arena_deinit(&arena);
}

static void running_out_of_memory_is_an_answer(void)
{
  gn_arena *arena = small_arena();
  const gni_window window = DAYS(1);
  const int64_t times_ms[] = {MARCH_MS(10, 0, 0, 1), MARCH_MS(10, 8, 1, 0), MARCH_MS(10, 9, 59, 0)};
  oom_layout = small_layout(arena, GNI_SUM, &window, 1);
  small_rows(arena, times_ms, 3, oom_rows);
  CHECK(test_each_oom(use_tile) > 0);
}

int main(void)
{
  static const test_case cases[] = {
      {"a tile answers what its rows do, bit for bit", a_tile_answers_what_its_rows_do},
      {"a tile keeps only hops that are asked for", a_tile_keeps_only_hops_that_are_asked_for},
      {"a record that is no tile is told", a_record_that_is_no_tile_is_told},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
