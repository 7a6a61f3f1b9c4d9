/* Live rows: from the store's bytes to what the windows take. SPDX-License-Identifier: Apache-2.0
 */
#include "flow/live.h"

void gnp_live_deinit(gnp_live *live, const gn_alloc *alloc)
{
  gni_free(alloc, live->rows, live->row_capacity * sizeof *live->rows);
  gni_free(alloc, live->mutations, live->mutation_capacity * sizeof *live->mutations);
  *live = (gnp_live){0};
}

struct reading {
  gnp_live *live;
  const gnp_serving *serving;
  gn_arena *arena;
  gn_error *err;
  gni_value *values; /* room for some records more */
  size_t room;
};

/* Room for one more of `size` bytes behind the items at `*items`. */
static int make_room(const struct reading *reading, void **items, size_t *capacity, size_t size)
{
  if (reading->live->count < *capacity) return GN_OK;
  size_t wanted = *capacity ? *capacity * 2 : 64;
  void *grown =
      gni_resize(reading->serving->alloc, *items, *capacity * size, gni_size_mul(wanted, size));
  if (!grown) return gni_fail_nomem(reading->err, gni_size_mul(wanted, size));
  *items = grown;
  *capacity = wanted;
  return GN_OK;
}

/* A record's fields, in room that is taken for many at once. */
static int decode(struct reading *reading, gn_str bytes, const gni_value **fields)
{
  enum { AT_ONCE = 32 };
  const gni_avro_schema *schema = reading->serving->records.live;
  size_t count = gni_avro_schema_type(schema)->field_count;
  if (reading->room < count) {
    reading->room = AT_ONCE * count;
    reading->values = GN_TAKE(reading->arena, gni_value, reading->room);
    if (!reading->values)
      return gni_fail_arena(reading->err, reading->arena, reading->room * sizeof(gni_value));
  }
  gni_value *values = reading->values;
  reading->values += count;
  reading->room -= count;
  *fields = values;
  return gni_avro_decode_fields(schema, bytes, reading->arena, values, reading->err);
}

static int add_row(void *user, gn_str bytes, int64_t time_ms)
{
  struct reading *reading = user;
  gnp_live *live = reading->live;
  const gni_value *fields;
  void *items = live->rows;
  int rc = make_room(reading, &items, &live->row_capacity, sizeof *live->rows);
  live->rows = items;
  if (rc == GN_OK) rc = decode(reading, bytes, &fields);
  if (rc == GN_OK) live->rows[live->count++] = (gni_row){fields, time_ms};
  return rc;
}

/* The record ends with the row's own time and whether it is the image before. */
static int add_mutation(void *user, gn_str bytes, int64_t time_ms)
{
  struct reading *reading = user;
  gnp_live *live = reading->live;
  size_t inputs = reading->serving->group->inputs->field_count;
  const gni_value *values;
  void *items = live->mutations;
  int rc = make_room(reading, &items, &live->mutation_capacity, sizeof *live->mutations);
  live->mutations = items;
  if (rc == GN_OK) rc = decode(reading, bytes, &values);
  if (rc != GN_OK) return rc;
  const gni_value *ts = &values[inputs], *is_before = &values[inputs + 1];
  if (ts->is_null) return GN_OK;
  live->mutations[live->count++] =
      (gni_mutation){.row = {values, ts->integer},
                     .at_ms = time_ms,
                     .is_before = !is_before->is_null && is_before->boolean};
  return GN_OK;
}

int gnp_live_read(gnp_live *live, const gnp_serving *serving, gni_store_reader *reader,
                  gn_str stream, gn_str key, int64_t from_ms, gn_arena *arena, gn_error *err)
{
  struct reading reading = {.live = live, .serving = serving, .arena = arena, .err = err};
  live->count = 0;
  return gni_store_scan(reader, stream, key, from_ms,
                        gnp_is_mutated(serving->group) ? add_mutation : add_row, &reading, err);
}

int gnp_live_answer(const gnp_live *live, const gnp_serving *serving, const gni_value *saved,
                    const gni_value *tile, int64_t at_ms, int boundary, gn_arena *arena,
                    gni_value *values, gn_error *err)
{
  const gni_layout *layout = serving->group->layout;
  int64_t batch_end_ms = serving->generation.batch_end_ms;
  if (gnp_is_mutated(serving->group))
    return gni_batch_answer_mutated(layout, saved, batch_end_ms, live->mutations, live->count,
                                    at_ms, boundary, arena, values, err);
  return gni_batch_answer_tiled(layout, saved, batch_end_ms, tile, live->rows, live->count, at_ms,
                                boundary, arena, values, err);
}
