/* explain: which rows and windows a value comes from. SPDX-License-Identifier: Apache-2.0 */
#include "flow/explain.h"

#include "flow/key.h"

enum { ROWS_SHOWN = 100 };

/* ---- the key and its rows ---- */

static int read_key(gnp_account *at, const char *text)
{
  const gni_type *keys = at->group->keys;
  gn_arena *arena = &at->job.arena;
  at->keys = GN_TAKE(arena, gni_value, keys->field_count);
  if (!at->keys) return gni_fail_nomem(at->err, keys->field_count * sizeof *at->keys);
  int rc = gni_json_parse(gni_str(text), GN_DEF_DEPTH_MAX, arena, &at->key_json, at->err);
  if (rc == GN_OK) return gnp_key_read(keys, at->key_json, arena, at->keys, at->err);
  gni_error_where(at->err, "the key");
  return rc;
}

/* TEMPORAL looks at the instant itself, SNAPSHOT at the last midnight up to it. */
static void choose_times(gnp_account *at)
{
  if (at->at_ms == 0) at->at_ms = gni_clock_now_ms(&at->job.session->clock);
  at->day = gni_day_of_ms(at->at_ms) - 1;
  at->end_ms = at->group->temporal ? at->at_ms : (int64_t)(at->day + 1) * GN_DAY_MS;
}

static int read_rows(gnp_account *at)
{
  const gni_group *group = at->group;
  bool events = !group->entities;
  int32_t last = events && group->temporal ? gni_day_of_ms(at->end_ms) : at->day;
  gni_rows_request request = {.range = {at->day, last},
                              .before_ms = events && group->has_time ? at->end_ms : INT64_MAX,
                              .order = events ? GNI_ORDER_KEY_TIME : GNI_ORDER_DAY_KEY,
                              .only_key = at->keys};
  gnp_feed *feed;
  gni_row row;
  bool new_key;
  gnp_rows_init(&at->rows, at->job.session->alloc, gnp_key_ceiling(&at->job));
  int rc = gnp_feed_open(&at->job, &request, &feed, at->err);
  if (rc != GN_OK) return rc;
  while ((rc = gnp_feed_next(feed, &new_key, &row, at->err)) == GN_OK) {
    if (group->entities && gnp_feed_day(feed) != at->day) continue;
    rc = gnp_rows_add(&at->rows, group->inputs, &row, at->err);
    if (rc != GN_OK) break;
  }
  gnp_feed_close(feed);
  return rc == GN_ABSENT ? GN_OK : rc;
}

/* ---- the windows ---- */

static int account_hops(gnp_account *at, gnp_window_account *window, int resolution)
{
  int64_t hop_ms = gni_hop_ms(window->column->window, resolution);
  gnp_hop *hops = GN_TAKE(&at->job.arena, gnp_hop, at->rows.count);
  if (!hops) return gni_fail_arena(at->err, &at->job.arena, at->rows.count * sizeof *hops);
  for (size_t i = 0; i < at->rows.count; i++) {
    int64_t time_ms = at->rows.items[i].time_ms, start_ms = gni_round_down(time_ms, hop_ms);
    if (time_ms < window->start_ms || time_ms >= window->end_ms) continue;
    window->row_count++;
    if (!window->hop_count || hops[window->hop_count - 1].start_ms != start_ms)
      hops[window->hop_count++] = (gnp_hop){start_ms, hop_ms, 0};
    hops[window->hop_count - 1].rows++;
  }
  window->hops = hops;
  if (window->column->window.length_ms == INT64_MAX) window->hop_count = 0;
  return GN_OK;
}

static int account_windows(gnp_account *at)
{
  const gni_layout *layout = at->group->layout;
  int resolution = at->group->temporal ? GNI_FIVE_MINUTE : GNI_DAILY;
  at->windows = GN_TAKE_ZERO(&at->job.arena, gnp_window_account, layout->column_count);
  if (!at->windows) return gni_fail_arena(at->err, &at->job.arena, layout->column_count);
  for (size_t i = 0; i < layout->column_count; i++) {
    gnp_window_account *window = &at->windows[i];
    *window = (gnp_window_account){
        .name = layout->columns[i].name,
        .column = &layout->columns[i],
        .start_ms = gni_window_start(layout->columns[i].window, at->end_ms, resolution),
        .end_ms = at->end_ms};
    /* Without any window, the rows of an entity have no time that counts. */
    if (at->group->entities && !layout->any_windowed) window->end_ms = INT64_MAX;
    int rc = account_hops(at, window, resolution);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}

/* ---- the values ---- */

struct kept {
  gnp_account *at;
  bool any;
};

static int keep_outputs(void *user, size_t day_index, const gni_value *outputs, gn_error *err)
{
  struct kept *kept = user;
  const gni_type *values = kept->at->group->values;
  (void)day_index;
  for (size_t i = 0; i < values->field_count; i++)
    if (gni_value_copy(values->fields[i].type, &outputs[i], &kept->at->job.arena,
                       &kept->at->values[i]) != GN_OK)
      return gni_fail_nomem(err, sizeof *outputs);
  kept->any = true;
  return GN_OK;
}

static int snapshot_values(gnp_account *at)
{
  struct kept kept = {.at = at};
  gni_snapshot *snapshot;
  int rc = gni_snapshot_new(at->group->layout, &at->day, 1, at->job.session->alloc,
                            gnp_key_ceiling(&at->job), &snapshot, at->err);
  for (size_t i = 0; rc == GN_OK && i < at->rows.count; i++)
    rc = gni_snapshot_add(snapshot, &at->rows.items[i], at->err);
  if (rc == GN_OK) rc = gni_snapshot_end_key(snapshot, keep_outputs, &kept, at->err);
  gni_snapshot_free(snapshot);
  return rc;
}

static int compute(gnp_account *at)
{
  const gni_group *group = at->group;
  gn_arena *arena = &at->job.arena;
  size_t count = group->values->field_count;
  at->values = GN_TAKE(arena, gni_value, count);
  at->features = GN_TAKE(arena, gni_value, group->features->field_count);
  if (!at->values || !at->features) return gni_fail_arena(at->err, arena, count);
  for (size_t i = 0; i < count; i++) at->values[i] = GNI_NULL_VALUE;
  int rc = GN_OK;
  if (group->entities)
    rc = gni_entity_fold(group->layout, at->day, at->rows.items, at->rows.count, arena, at->values,
                         at->err);
  else if (group->temporal)
    rc = gni_temporal_fold(group->layout, at->rows.items, at->rows.count, &at->at_ms, 1, arena,
                           at->values, at->err);
  else
    rc = snapshot_values(at);
  gni_value ds = gni_value_text(gnp_day_text(arena, at->day)), ts = GNI_NULL_VALUE;
  if (group->temporal) {
    ds = gni_value_text(gnp_day_text(arena, gni_day_of_ms(at->at_ms)));
    ts = gni_value_integer(at->at_ms);
  }
  return rc == GN_OK
             ? gni_group_derive(group, at->keys, at->values, &ds, &ts, arena, at->features, at->err)
             : rc;
}

/* What a fetch would say. Nothing uploaded is no failure of the account. */
static gn_fetcher *ask_store(gnp_account *at, const char *conf)
{
  gn_error ignored = {0};
  gn_fetcher *fetcher = NULL;
  if (gn_fetcher_open(at->job.session, conf, &fetcher, &ignored) != GN_OK) return NULL;
  if (gni_answering_begin(fetcher, &at->answering, &ignored) != GN_OK) {
    gn_fetcher_close(fetcher);
    return NULL;
  }
  at->batch_end_ms = at->answering.batch_end_ms;
  at->online =
      gni_answer_object(&at->answering, at->key_json, at->at_ms, &at->answer, &ignored) == GN_OK;
  if (!at->online) gni_answering_end(&at->answering);
  return fetcher;
}

const gni_value *gnp_account_online(const gnp_account *account, gn_str feature,
                                    const gni_type **type)
{
  int index = account->online ? gni_type_find(account->answering.features, feature) : -1;
  if (index < 0) return NULL;
  *type = account->answering.features->fields[index].type;
  return &account->answer.values[index];
}

/* ---- the verb ---- */

static int account(gnp_account *at, const gn_explain_args *args)
{
  int rc = gnp_job_bind(&at->job, at->err);
  if (rc != GN_OK) return rc;
  at->group = at->job.group;
  if (!at->group->layout) {
    gni_fail_as(at->err, "GP011", GN_E_UNSUPPORTED,
                "'%s' has no aggregations: its features are its rows", args->conf);
    gni_error_hint(at->err, "look at them with: gnomon show %s --rows 10", args->conf);
    return GN_E_UNSUPPORTED;
  }
  choose_times(at);
  rc = read_key(at, args->key);
  if (rc == GN_OK) rc = read_rows(at);
  if (rc == GN_OK) rc = account_windows(at);
  return rc == GN_OK ? compute(at) : rc;
}

static int write_account(gnp_account *at, int form, gn_buf *text)
{
  if (form == GN_FORM_JSON) {
    gnp_account_write_json(at, text);
    return GN_OK;
  }
  if (form == GN_FORM_SVG) {
    gnp_account_write_svg(at, text);
    return GN_OK;
  }
  return gnp_account_write_text(at, text);
}

int gn_explain(gn_session *session, const gn_explain_args *args, int form, gn_text *out,
               gn_error *err)
{
  gnp_account at = {.at_ms = args->at_ms,
                    .rows_max = args->rows_max > 0 ? args->rows_max : ROWS_SHOWN,
                    .err = err};
  gn_buf text;
  gn_fetcher *fetcher = NULL;
  *out = (gn_text){0};
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  int rc = gnp_job_open(session, args->conf, "backfill", &at.job, err);
  if (rc == GN_OK) rc = account(&at, args);
  if (rc == GN_OK) {
    fetcher = ask_store(&at, at.group->name.ptr);
    rc = write_account(&at, form, &text);
  }
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  if (at.online) gni_answering_end(&at.answering);
  gn_fetcher_close(fetcher);
  gnp_rows_deinit(&at.rows);
  gnp_job_close(&at.job);
  gni_buf_deinit(&text);
  return rc;
}
