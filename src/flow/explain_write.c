/* The account as text and as JSON. SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "flow/explain.h"
#include "flow/inspect.h"

enum { CELL_CHARACTERS = 40 };

/* ---- JSON ---- */

static void add_bound_ms(gn_buf *out, const char *name, int64_t ms)
{
  if (ms == INT64_MIN || ms == INT64_MAX)
    gni_buf_add_format(out, ",\"%s\":null", name);
  else
    gni_buf_add_format(out, ",\"%s\":%" PRId64, name, ms);
}

static void add_window_json(gnp_account *at, size_t i, gn_buf *out)
{
  const gnp_window_account *window = &at->windows[i];
  const gni_type *online_type = NULL;
  const gni_value *online = gnp_account_online(at, window->name, &online_type);
  gni_buf_add_text(out, i ? ",{\"name\":" : "{\"name\":");
  gni_json_add_text(out, window->name, false);
  add_bound_ms(out, "start_ms", window->start_ms);
  add_bound_ms(out, "end_ms", window->end_ms);
  gni_buf_add_format(out, ",\"rows\":%zu,\"hops\":[", window->row_count);
  for (size_t h = 0; h < window->hop_count; h++)
    gni_buf_add_format(out, "%s{\"start_ms\":%" PRId64 ",\"length_ms\":%" PRId64 ",\"rows\":%zu}",
                       h ? "," : "", window->hops[h].start_ms, window->hops[h].length_ms,
                       window->hops[h].rows);
  gni_buf_add_text(out, "],\"value\":");
  gni_value_to_json(at->group->values->fields[i].type, &at->values[i], out);
  if (online) {
    gni_buf_add_text(out, ",\"online\":");
    gni_value_to_json(online_type, online, out);
  }
  gni_buf_add_char(out, '}');
}

/* The newest rows, oldest of them first. */
static size_t first_shown(const gnp_account *at)
{
  size_t most = (size_t)at->rows_max;
  return at->rows.count > most ? at->rows.count - most : 0;
}

void gnp_account_write_json(gnp_account *at, gn_buf *out)
{
  gni_buf_add_text(out, "{\"name\":");
  gni_json_add_text(out, at->group->name, false);
  gni_buf_add_text(out, ",\"keys\":");
  gni_struct_to_json(at->group->keys, at->keys, out);
  gni_buf_add_format(
      out, ",\"accuracy\":\"%s\",\"at_ms\":%" PRId64 ",\"end_ms\":%" PRId64 ",\"row_count\":%zu",
      at->group->temporal ? "TEMPORAL" : "SNAPSHOT", at->at_ms, at->end_ms, at->rows.count);
  add_bound_ms(out, "batch_end_ms", at->online ? at->batch_end_ms : INT64_MIN);
  gni_buf_add_text(out, ",\"windows\":[");
  for (size_t i = 0; i < at->group->layout->column_count; i++) add_window_json(at, i, out);
  gni_buf_add_text(out, "],\"features\":");
  gni_struct_to_json(at->group->features, at->features, out);
  gni_buf_add_text(out, ",\"rows\":[");
  for (size_t i = first_shown(at); i < at->rows.count; i++) {
    gni_buf_add_format(out, "%s{\"ts\":%" PRId64 ",\"row\":", i > first_shown(at) ? "," : "",
                       at->rows.items[i].time_ms);
    gni_struct_to_json(at->group->inputs, at->rows.items[i].values, out);
    gni_buf_add_char(out, '}');
  }
  gni_buf_add_text(out, "]}");
}

/* ---- text ---- */

/* A value in few characters. */
static gn_str cell(gn_arena *arena, const gni_type *type, const gni_value *value)
{
  gn_buf text;
  gni_buf_init(&text, arena->alloc, GN_VALUE_BYTES_MAX);
  gni_value_to_json(type, value, &text);
  gn_str whole = gni_buf_view(&text);
  gn_str kept = whole.len <= CELL_CHARACTERS
                    ? gni_str_take(arena, whole)
                    : gni_str_format(arena, "%.*s...", CELL_CHARACTERS - 3, whole.ptr);
  gni_buf_deinit(&text);
  return kept.ptr ? kept : GN_STR("?");
}

static gn_str instant(gn_arena *arena, int64_t ms)
{
  return ms == INT64_MIN || ms == INT64_MAX ? GN_STR("always") : gnp_instant_text(arena, ms);
}

static int add_windows(gnp_account *at, gn_buf *out)
{
  gnp_grid grid;
  gn_arena *arena = &at->job.arena;
  const gni_type *values = at->group->values, *type = NULL;
  gnp_grid_begin(&grid, arena, 6);
  static const char *const head[] = {"window column", "from",  "to, not included",
                                     "rows",          "value", "store"};
  for (size_t i = 0; i < 6; i++) gnp_grid_add(&grid, "%s", head[i]);
  for (size_t i = 0; i < values->field_count; i++) {
    const gnp_window_account *window = &at->windows[i];
    const gni_value *online = gnp_account_online(at, window->name, &type);
    gnp_grid_add(&grid, "%.*s", GN_STR_ARGS(window->name));
    gnp_grid_add(&grid, "%.*s", GN_STR_ARGS(instant(arena, window->start_ms)));
    gnp_grid_add(&grid, "%.*s", GN_STR_ARGS(instant(arena, window->end_ms)));
    gnp_grid_add(&grid, "%zu", window->row_count);
    gnp_grid_add(&grid, "%.*s", GN_STR_ARGS(cell(arena, values->fields[i].type, &at->values[i])));
    if (!online)
      gnp_grid_add(&grid, "%s", "");
    else if (gni_type_equal(type, values->fields[i].type) &&
             gni_value_equal(type, online, &at->values[i]))
      gnp_grid_add(&grid, "%s", "the same");
    else
      gnp_grid_add(&grid, "%.*s", GN_STR_ARGS(cell(arena, type, online)));
  }
  return gnp_grid_write(&grid, out);
}

static int add_rows(gnp_account *at, gn_buf *out)
{
  gnp_grid grid;
  gn_arena *arena = &at->job.arena;
  const gni_type *inputs = at->group->inputs;
  size_t from = first_shown(at);
  gni_buf_add_format(out, "%zu rows of the sources", at->rows.count);
  gni_buf_add_text(out, from ? ", the newest:\n" : at->rows.count ? ":\n" : "\n");
  if (!at->rows.count) return GN_OK;
  gnp_grid_begin(&grid, arena, inputs->field_count + 1);
  gnp_grid_add(&grid, "%s", "ts");
  for (size_t i = 0; i < inputs->field_count; i++)
    gnp_grid_add(&grid, "%.*s", GN_STR_ARGS(inputs->fields[i].name));
  for (size_t row = from; row < at->rows.count; row++) {
    gnp_grid_add(&grid, "%.*s", GN_STR_ARGS(instant(arena, at->rows.items[row].time_ms)));
    for (size_t i = 0; i < inputs->field_count; i++)
      gnp_grid_add(
          &grid, "%.*s",
          GN_STR_ARGS(cell(arena, inputs->fields[i].type, &at->rows.items[row].values[i])));
  }
  return gnp_grid_write(&grid, out);
}

int gnp_account_write_text(gnp_account *at, gn_buf *out)
{
  gn_arena *arena = &at->job.arena;
  gni_buf_add_format(out, "%.*s of ", GN_STR_ARGS(at->group->name));
  gni_struct_to_json(at->group->keys, at->keys, out);
  gni_buf_add_format(out, "\nasked at %.*s: %s, so rows before %.*s count\n",
                     GN_STR_ARGS(instant(arena, at->at_ms)),
                     at->group->temporal ? "TEMPORAL" : "SNAPSHOT",
                     GN_STR_ARGS(instant(arena, at->end_ms)));
  if (at->online)
    gni_buf_add_format(out, "the store's upload holds rows before %.*s\n",
                       GN_STR_ARGS(instant(arena, at->batch_end_ms)));
  else
    gni_buf_add_text(out, "the store has no upload of it\n");
  gni_buf_add_char(out, '\n');
  int rc = add_windows(at, out);
  for (size_t i = 0; at->group->projections && i < at->group->features->field_count; i++) {
    const gni_field *feature = &at->group->features->fields[i];
    gni_buf_add_text(out, i ? "" : "\nderived\n");
    gni_buf_add_format(out, "  %.*s = %.*s\n", GN_STR_ARGS(feature->name),
                       GN_STR_ARGS(cell(arena, feature->type, &at->features[i])));
  }
  gni_buf_add_char(out, '\n');
  if (rc == GN_OK) rc = add_rows(at, out);
  return rc == GN_OK ? GN_OK : gni_fail(at->err, rc, "the account does not fit in memory");
}
