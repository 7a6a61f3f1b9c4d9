/* put: live rows into the store. All of them are read and checked before the first is written.
 * SPDX-License-Identifier: Apache-2.0 */
#include "flow/tiling.h"

struct puts {
  gn_fetcher *fetcher;
  const gnp_serving *serving;
  gn_arena arena; /* what is put */
  gn_arena line;  /* the event at hand */
  gn_buf encoded;
  gn_str *keys, *values;
  int64_t *times;
  size_t count, capacity;
  gn_error *err;
};

static bool grow(struct puts *puts)
{
  if (puts->count < puts->capacity) return true;
  size_t capacity = puts->capacity ? puts->capacity * 2 : 1024, old = puts->capacity;
  puts->keys = gni_arena_grow(&puts->arena, puts->keys, old * sizeof *puts->keys,
                              capacity * sizeof *puts->keys);
  puts->values = gni_arena_grow(&puts->arena, puts->values, old * sizeof *puts->values,
                                capacity * sizeof *puts->values);
  puts->times = gni_arena_grow(&puts->arena, puts->times, old * sizeof *puts->times,
                               capacity * sizeof *puts->times);
  puts->capacity = capacity;
  return puts->keys && puts->values && puts->times;
}

/* The cells of `row` that are fields of `type`; null where it has none. */
static int read_cells(struct puts *puts, const gni_json *row, const gni_type *type,
                      gni_value *cells, bool *all_null)
{
  *all_null = true;
  for (size_t i = 0; i < type->field_count; i++) {
    const gni_field *field = &type->fields[i];
    const gni_json *cell = gni_json_member(row, field->name.ptr);
    cells[i] = GNI_NULL_VALUE;
    int rc = cell ? gni_json_to_value(cell, field->type, &puts->line, &cells[i], puts->err) : GN_OK;
    if (rc != GN_OK) {
      gni_error_where(puts->err, "column '%.*s'", GN_STR_ARGS(field->name));
      return rc;
    }
    *all_null = *all_null && cells[i].is_null;
  }
  return GN_OK;
}

static int encode(struct puts *puts, const gni_avro_schema *schema, const gni_value *cells,
                  size_t count, gn_str *bytes)
{
  gni_value record = {.list = {cells, count}};
  gni_buf_reset(&puts->encoded);
  int rc = gni_avro_encode(schema, &record, &puts->encoded, puts->err);
  if (rc != GN_OK) return rc;
  *bytes = gni_str_take(&puts->arena, gni_buf_view(&puts->encoded));
  return bytes->ptr ? GN_OK : gni_fail_nomem(puts->err, puts->encoded.len);
}

/* ---- one row --------------------------------------------------------------------------------- */

/* An image of a row, and when it counts. */
struct image {
  const gni_json *row;
  const gni_json *ts;
  int64_t at_ms; /* its place in the stream */
  bool is_before;
};

static int read_ms(struct puts *puts, const gni_json *cell, const char *name, int64_t *out)
{
  if (cell->kind != GNI_JSON_INTEGER)
    return gni_fail_as(puts->err, "GO014", GN_E_PARSE,
                       "\"%s\" is not a whole number of milliseconds", name);
  *out = cell->integer;
  return GN_OK;
}

static bool is_given(const gni_json *cell)
{
  return cell && cell->kind != GNI_JSON_NULL;
}

static int add_image(struct puts *puts, const struct image *image)
{
  const gni_group *group = puts->serving->group;
  const gnp_records *records = &puts->serving->records;
  size_t keys = group->keys->field_count, inputs = group->inputs->field_count;
  gni_value *cells = GN_TAKE(&puts->line, gni_value, keys + inputs + 2);
  bool no_key, no_value;
  int64_t ts_ms = 0;
  if (!cells) return gni_fail_nomem(puts->err, (keys + inputs + 2) * sizeof *cells);
  if (!grow(puts)) return gni_fail_nomem(puts->err, puts->capacity * sizeof *puts->keys);
  int rc = read_ms(puts, image->ts, "ts", &ts_ms);
  if (rc == GN_OK) rc = read_cells(puts, image->row, group->keys, cells, &no_key);
  if (rc != GN_OK || no_key) return rc;
  rc = encode(puts, records->key, cells, keys, &puts->keys[puts->count]);
  cells += keys;
  if (rc == GN_OK) rc = read_cells(puts, image->row, group->inputs, cells, &no_value);
  cells[inputs] = gni_value_integer(ts_ms);
  cells[inputs + 1] = gni_value_boolean(image->is_before);
  if (rc == GN_OK)
    rc = encode(puts, records->live, cells, inputs + (gnp_is_mutated(group) ? 2 : 0),
                &puts->values[puts->count]);
  if (rc == GN_OK) puts->times[puts->count++] = image->at_ms;
  return rc;
}

/* {"mutation_ts": ms, "before": {row with ts}, "after": {…}}: what was goes before what is. */
static int read_change(struct puts *puts, const gni_json *event)
{
  static const char *const names[] = {"before", "after"};
  const gni_json *changed = gni_json_member(event, "mutation_ts");
  for (size_t i = 0; i < 2; i++) {
    struct image image = {.row = gni_json_member(event, names[i]), .is_before = i == 0};
    if (!is_given(image.row)) continue;
    if (image.row->kind != GNI_JSON_OBJECT)
      return gni_fail_as(puts->err, "GO014", GN_E_PARSE, "\"%s\" is no object", names[i]);
    image.ts = gni_json_member(image.row, "ts");
    if (!is_given(image.ts)) continue;
    int rc = is_given(changed) ? read_ms(puts, changed, "mutation_ts", &image.at_ms)
                               : read_ms(puts, image.ts, "ts", &image.at_ms);
    if (rc == GN_OK) rc = add_image(puts, &image);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

/* {"ts": ms, "row": {…}} or {"ts": ms, …}; of entities also with mutation_ts and is_before. */
static int read_row(struct puts *puts, const gni_json *event)
{
  bool mutated = gnp_is_mutated(puts->serving->group);
  const gni_json *row = gni_json_member(event, "row");
  const gni_json *before = mutated ? gni_json_member(event, "is_before") : NULL;
  const gni_json *changed = mutated ? gni_json_member(event, "mutation_ts") : NULL;
  struct image image = {.row = row ? row : event, .ts = gni_json_member(event, "ts")};
  if (!is_given(image.ts)) return GN_OK; /* as a stream of Chronon's skips it */
  if (is_given(before) && before->kind != GNI_JSON_BOOLEAN)
    return gni_fail_as(puts->err, "GO014", GN_E_PARSE, "\"is_before\" is not true or false");
  image.is_before = is_given(before) && before->boolean;
  int rc = is_given(changed) ? read_ms(puts, changed, "mutation_ts", &image.at_ms)
                             : read_ms(puts, image.ts, "ts", &image.at_ms);
  return rc == GN_OK ? add_image(puts, &image) : rc;
}

static int read_event(struct puts *puts, const gni_json *event)
{
  if (event->kind != GNI_JSON_OBJECT)
    return gni_fail_as(puts->err, "GO014", GN_E_PARSE, "an event is an object");
  bool change = gnp_is_mutated(puts->serving->group) &&
                (gni_json_member(event, "before") || gni_json_member(event, "after"));
  return change ? read_change(puts, event) : read_row(puts, event);
}

static int read_events(struct puts *puts, gn_str events)
{
  gn_str line;
  for (size_t number = 1; gni_str_split(&events, '\n', &line); number++) {
    const gni_json *event;
    line = gni_str_trim(line);
    if (!line.len) continue;
    gni_arena_reset(&puts->line);
    int rc = gni_json_parse(line, GN_DEF_DEPTH_MAX, &puts->line, &event, puts->err);
    if (rc == GN_OK) rc = read_event(puts, event);
    if (rc != GN_OK) {
      gni_error_diagnostic(puts->err, "GO014");
      gni_error_where(puts->err, "event %zu", number);
      return rc;
    }
  }
  return GN_OK;
}

static int write_rows(struct puts *puts)
{
  gn_fetcher *fetcher = puts->fetcher;
  const gnp_put_rows rows = {puts->keys, puts->values, puts->times, puts->count};
  if (puts->serving->records.tile) return gnp_put_with_tiles(fetcher, &rows, puts->err);
  return gni_store_append(fetcher->store, fetcher->stream, puts->keys, puts->values, puts->times,
                          puts->count, puts->err);
}

int gn_put_events(gn_session *session, const char *name, const char *events, size_t events_size,
                  int64_t *rows, gn_error *err)
{
  struct puts puts = {.err = err};
  *rows = 0;
  int rc = gn_fetcher_open(session, name, &puts.fetcher, err);
  if (rc != GN_OK) return rc;
  gni_arena_init(&puts.arena, session->alloc, GN_PUT_BYTES_MAX);
  gni_arena_init(&puts.line, session->alloc, GN_REQUEST_BYTES_MAX);
  gni_buf_init(&puts.encoded, session->alloc, GN_VALUE_BYTES_MAX);
  puts.serving = puts.fetcher->first;
  if (!puts.serving->group->temporal || !puts.serving->group->layout) {
    rc = gni_fail_as(err, "GO013", GN_E_UNSUPPORTED,
                     "'%s' is not TEMPORAL with aggregations, so live rows change nothing", name);
    gni_error_hint(err, "give its source a topic, or accuracy=Accuracy.TEMPORAL, and upload again");
  }
  if (rc == GN_OK) rc = read_events(&puts, (gn_str){events, events_size});
  if (rc == GN_OK && puts.count) rc = write_rows(&puts);
  if (rc == GN_OK) *rows = (int64_t)puts.count;
  gni_buf_deinit(&puts.encoded);
  gni_arena_deinit(&puts.line);
  gni_arena_deinit(&puts.arena);
  gn_fetcher_close(puts.fetcher);
  return rc;
}
