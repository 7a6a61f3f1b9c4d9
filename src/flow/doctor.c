/* doctor: what would stand in the way of a repository's runs. SPDX-License-Identifier: Apache-2.0
 */
#include "flow/doctor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "flow/fetcher.h"
#include "flow/range.h"

enum { KEYS_READ = 100000, STALE_DAYS = 2, FUTURE_DAYS = 1 };

/* ---- telling ---- */

static const char *const check_names[GNP_CHECK_COUNT] = {
    [GNP_CHECK_TABLES] = "tables",      [GNP_CHECK_SOURCES] = "source",
    [GNP_CHECK_OUTPUTS] = "output",     [GNP_CHECK_ONLINE] = "online",
    [GNP_CHECK_CLOCK] = "clock",        [GNP_CHECK_RUNS] = "runs",
    [GNP_CHECK_LEFTOVERS] = "leftovers"};

void gnp_examine_tell(gnp_examination *at, int check, int verdict, gn_str subject, const char *mend,
                      const char *format, ...)
{
  char found[768];
  va_list args;
  va_start(args, format);
  vsnprintf(found, sizeof found, format, args);
  va_end(args);
  gn_str name = gni_str_take(&at->arena, subject);
  gn_finding finding = {.verdict = verdict,
                        .check = check_names[check],
                        .subject = name.ptr ? name.ptr : "?",
                        .found = found,
                        .mend = mend};
  at->troubles[check]++;
  at->tell(at->user, &finding);
}

/* A failure is a finding, unless it is of this very examination. */
static int tell_failure(gnp_examination *at, int check, gn_str subject, const gn_error *failure,
                        const char *mend)
{
  if (failure->code == GN_E_NOMEM || failure->code == GN_E_CANCELLED) {
    if (at->err) *at->err = *failure;
    return failure->code;
  }
  gnp_examine_tell(at, check, GN_VERDICT_FAULT, subject, failure->hint[0] ? failure->hint : mend,
                   "%s%s%s", failure->where, failure->where[0] ? ": " : "", failure->message);
  return GN_OK;
}

static void tell_sound(gnp_examination *at)
{
  char found[64];
  for (int check = 0; check < GNP_CHECK_COUNT; check++) {
    if (at->troubles[check]) continue;
    snprintf(found, sizeof found, "%" PRId64 " looked at", at->looked[check]);
    at->tell(at->user, &(gn_finding){.check = check_names[check], .found = found});
  }
}

/* ---- tables by configuration ---- */

static void examine_configured(gnp_examination *at)
{
  const gnp_config *config = &at->session->config;
  for (size_t i = 0; i < config->table_count; i++) {
    const gni_table_entry *entry = &config->tables[i];
    at->looked[GNP_CHECK_TABLES]++;
    if (!entry->path) continue;
    gn_str path = entry->path[0] == '/'
                      ? gni_str(entry->path)
                      : gni_str_format(&at->arena, "%.*s/%s", GN_STR_ARGS(config->warehouse_root),
                                       entry->path);
    if (!path.ptr || gni_file_exists(path.ptr) || gni_folder_exists(path.ptr)) continue;
    gnp_examine_tell(at, GNP_CHECK_TABLES, GN_VERDICT_FAULT, gni_str(entry->name),
                     "correct its path in gnomon.toml or --table", "'%.*s' does not exist",
                     GN_STR_ARGS(path));
  }
}

/* ---- sources ---- */

/* Days between the first and the last that are not there. */
static void examine_days(gnp_examination *at, gn_str table, const gni_days *days)
{
  int32_t first = 0;
  int64_t missing = 0;
  for (size_t i = 1; i < days->count; i++) {
    if (days->days[i] == days->days[i - 1] + 1) continue;
    if (!missing) first = days->days[i - 1] + 1;
    missing += days->days[i] - days->days[i - 1] - 1;
  }
  if (missing)
    gnp_examine_tell(at, GNP_CHECK_SOURCES, GN_VERDICT_WARNING, table,
                     "load the missing days, unless there truly was nothing on them",
                     "%" PRId64
                     " days are missing between its first and its last, the first is %.*s",
                     missing, GN_STR_ARGS(gnp_day_text(&at->arena, first)));
  int32_t today = gni_day_of_ms(at->now_ms);
  at->looked[GNP_CHECK_CLOCK]++;
  if (days->count && days->days[days->count - 1] > today + FUTURE_DAYS)
    gnp_examine_tell(at, GNP_CHECK_CLOCK, GN_VERDICT_FAULT, table,
                     "set this machine's clock (or --clock), or remove what is dated wrongly",
                     "the day %.*s is after today, %.*s",
                     GN_STR_ARGS(gnp_day_text(&at->arena, days->days[days->count - 1])),
                     GN_STR_ARGS(gnp_day_text(&at->arena, today)));
}

/* Every file opens: counting rows reads their footers. */
static int examine_files(gnp_examination *at, int check, const gni_table *table, const char *mend)
{
  gn_buf sql;
  gn_error failure = {0};
  gni_scan all = GNI_SCAN_ALL;
  int64_t rows;
  gni_buf_init(&sql, at->session->alloc, GN_SQL_BYTES_MAX);
  gni_buf_add_text(&sql, "SELECT count(*) FROM ");
  int rc = gni_table_scan(at->job.warehouse, table, &all, &sql, &failure);
  gni_buf_add_text(&sql, " AS rows");
  if (rc == GN_OK) rc = gni_engine_query_int64(at->job.engine, gni_buf_view(&sql), &rows, &failure);
  gni_buf_deinit(&sql);
  if (rc == GN_OK || rc == GN_ABSENT) return GN_OK;
  return tell_failure(at, check, table->name, &failure, mend);
}

/* Several definitions may read one table. */
static int note_source(gnp_examination *at, gn_str name, bool *known)
{
  size_t count = at->examined_count;
  *known = false;
  for (size_t i = 0; i < count && !*known; i++) *known = gni_str_equal(at->examined[i], name);
  if (*known) return GN_OK;
  gn_str *more = GN_TAKE(&at->arena, gn_str, count + 1);
  if (!more) return gni_fail_arena(at->err, &at->arena, (count + 1) * sizeof *more);
  if (count) memcpy(more, at->examined, count * sizeof *more);
  more[count] = name;
  at->examined = more;
  at->examined_count++;
  return GN_OK;
}

static int examine_source(gnp_examination *at, gn_str name)
{
  gni_table table;
  gni_days days = {NULL, 0};
  gn_error failure = {0};
  bool known;
  int noted = note_source(at, name, &known);
  if (noted != GN_OK || known) return noted;
  at->looked[GNP_CHECK_SOURCES]++;
  int rc = gni_table_need(at->job.warehouse, name, &at->arena, &table, &failure);
  if (rc == GN_OK && table.partitioned)
    rc = gni_table_partitions(at->job.warehouse, &table, NULL, 0, &at->arena, &days, &failure);
  /* A table that is named in the settings is the nearest to itself. */
  gn_str itself = gni_str_format(&at->arena, "%.*s'?", GN_STR_ARGS(name));
  if (itself.ptr && strstr(failure.hint, itself.ptr)) failure.hint[0] = '\0';
  if (rc != GN_OK)
    return tell_failure(at, GNP_CHECK_SOURCES, name, &failure,
                        "load the table, or name it in gnomon.toml");
  examine_days(at, name, &days);
  return examine_files(at, GNP_CHECK_SOURCES, &table,
                       "replace the file that is named, from where it came");
}

/* ---- the output ---- */

static void examine_columns(gnp_examination *at, const gni_group *group, const gni_type *type)
{
  const gni_type *parts[] = {group->keys, group->features};
  for (size_t p = 0; p < 2; p++) {
    for (size_t i = 0; i < parts[p]->field_count; i++) {
      const gni_field *field = &parts[p]->fields[i];
      int found = gni_type_find(type, field->name);
      if (found >= 0 && gni_type_equal(type->fields[found].type, field->type)) continue;
      gnp_examine_tell(at, GNP_CHECK_OUTPUTS, GN_VERDICT_FAULT, group->output_table,
                       "give the definition a new variable (v2), or remove the table and backfill",
                       found < 0 ? "it lacks the column '%.*s' of its definition"
                                 : "its column '%.*s' has another type than the definition gives",
                       GN_STR_ARGS(field->name));
      return;
    }
  }
}

static int examine_output(gnp_examination *at, const gni_group *group)
{
  gnp_job *job = &at->job;
  gni_table table;
  const gni_type *type;
  gn_error failure = {0};
  gnp_ranges ranges;
  int rc = gni_table_find(job->warehouse, group->output_table, &at->arena, &table, &failure);
  if (rc == GN_ABSENT) return GN_OK;
  at->looked[GNP_CHECK_OUTPUTS]++;
  if (rc == GN_OK) rc = gni_table_type(job->warehouse, &table, &at->arena, &type, &failure);
  if (rc == GN_OK) examine_columns(at, group, type);
  if (rc == GN_OK) rc = gnp_ranges_find(job, GN_BACKFILL_ARGS(.conf = NULL), &ranges, &failure);
  if (rc != GN_OK)
    return tell_failure(at, GNP_CHECK_OUTPUTS, group->output_table, &failure,
                        "remove the table and backfill it again");
  rc = examine_files(at, GNP_CHECK_OUTPUTS, &table,
                     "remove the partition that is named, and backfill it again");
  if (rc != GN_OK) return rc;
  int64_t days = 0;
  for (size_t i = 0; i < ranges.answer.step_count; i++)
    days += ranges.answer.steps[i].last - ranges.answer.steps[i].first + 1;
  gn_str mend = gni_str_format(&at->arena, "gnomon backfill %.*s", GN_STR_ARGS(group->name));
  if (days)
    gnp_examine_tell(at, GNP_CHECK_OUTPUTS, GN_VERDICT_WARNING, group->output_table, mend.ptr,
                     "%" PRId64 " days whose sources are there are not computed", days);
  return GN_OK;
}

/* ---- online ---- */

static bool same_fields(const gni_type *a, const gni_type *b)
{
  return a->field_count == b->field_count && gni_type_equal(a, b);
}

static int count_key(void *user, gn_str key, gn_str value)
{
  int64_t *left = user;
  (void)key;
  (void)value;
  return --*left > 0 ? GN_OK : GN_ABSENT;
}

/* Every page of the upload that its keys lie on. */
static int read_keys(gn_session *session, gn_str dataset, gn_error *failure)
{
  gni_store *store;
  gni_store_reader *reader = NULL;
  int64_t left = KEYS_READ;
  int rc = gnp_session_store(session, &store, failure);
  if (rc == GN_OK) rc = gni_store_reader_open(store, &reader, failure);
  if (rc == GN_OK) rc = gni_store_begin(reader, failure);
  if (rc == GN_OK) {
    rc = gni_store_keys(reader, dataset, count_key, &left, failure);
    gni_store_end(reader);
  }
  gni_store_reader_close(reader);
  return rc == GN_ABSENT ? GN_OK : rc;
}

static void examine_serving(gnp_examination *at, const gni_group *group, const gnp_serving *serving)
{
  int64_t end_ms = serving->generation.batch_end_ms;
  gn_str mend = gni_str_format(&at->arena, "gnomon upload %.*s", GN_STR_ARGS(group->name));
  gn_str end = gnp_instant_text(&at->arena, end_ms);
  if (!same_fields(group->keys, serving->group->keys))
    gnp_examine_tell(at, GNP_CHECK_ONLINE, GN_VERDICT_FAULT, group->name, mend.ptr,
                     "its keys have other types now than when it was uploaded");
  else if (!same_fields(group->features, serving->group->features))
    gnp_examine_tell(at, GNP_CHECK_ONLINE, GN_VERDICT_FAULT, group->name, mend.ptr,
                     "its features are others now than when it was uploaded");
  if (end_ms > at->now_ms + FUTURE_DAYS * GN_DAY_MS)
    gnp_examine_tell(at, GNP_CHECK_CLOCK, GN_VERDICT_FAULT, group->name,
                     "set this machine's clock (or --clock), or upload an earlier day",
                     "its upload holds everything before %.*s, which is still to come",
                     GN_STR_ARGS(end));
  else if (end_ms < at->now_ms - STALE_DAYS * GN_DAY_MS)
    gnp_examine_tell(at, GNP_CHECK_ONLINE, GN_VERDICT_WARNING, group->name, mend.ptr,
                     "its upload is old: it holds everything before %.*s", GN_STR_ARGS(end));
}

static int examine_online(gnp_examination *at, const gni_group *group)
{
  gn_fetcher *fetcher;
  gn_error failure = {0};
  gn_str name = gni_str_take(&at->arena, group->name);
  gn_str mend = gni_str_format(&at->arena, "gnomon upload %.*s", GN_STR_ARGS(group->name));
  if (!name.ptr || !mend.ptr) return gni_fail_arena(at->err, &at->arena, 1);
  at->looked[GNP_CHECK_ONLINE]++;
  int rc = gn_fetcher_open(at->session, name.ptr, &fetcher, &failure);
  if (rc == GN_E_NOTFOUND) {
    gnp_examine_tell(at, GNP_CHECK_ONLINE, GN_VERDICT_WARNING, group->name, mend.ptr,
                     "it is online in its definition, and there is no upload of it");
    return GN_OK;
  }
  if (rc == GN_OK) {
    examine_serving(at, group, fetcher->first);
    gn_fetcher_close(fetcher);
    rc = read_keys(at->session, group->batch_dataset, &failure);
  }
  return rc == GN_OK ? GN_OK : tell_failure(at, GNP_CHECK_ONLINE, group->name, &failure, mend.ptr);
}

/* ---- definitions ---- */

static int examine_definition(void *user, gn_str path, gn_error *err)
{
  gnp_examination *at = user;
  gnp_job *job = &at->job;
  gni_problems problems;
  gn_error failure = {0};
  (void)err;
  if (gni_cancelled(&at->session->cancel)) return gni_fail(at->err, GN_E_CANCELLED, "cancelled");
  gni_problems_init(&problems, &at->arena);
  /* What the definition itself has wrong is told by validate. */
  if (gnp_conf_read(at->session, path, &at->arena, &job->def, &problems, NULL) != GN_OK ||
      !job->def->group_by)
    return GN_OK;
  const gni_group_by *def = job->def->group_by;
  int64_t before = at->troubles[GNP_CHECK_SOURCES];
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < def->sources.count; i++) {
    gn_str table = gni_source_table(&def->sources.items[i], &at->arena);
    if (table.len) rc = examine_source(at, table);
  }
  if (rc != GN_OK) return rc;
  rc = gni_group_bind(def, &job->tables, &at->arena, &job->group, &failure);
  /* For a reason that was told, perhaps of another definition that reads the same table. */
  if (rc == GN_E_NOTFOUND && strcmp(failure.diagnostic, "GT001") == 0) return GN_OK;
  if (rc != GN_OK && at->troubles[GNP_CHECK_SOURCES] > before) return GN_OK;
  if (rc != GN_OK)
    return tell_failure(at, GNP_CHECK_SOURCES, job->def->metadata->name, &failure,
                        "see: gnomon validate");
  rc = examine_output(at, job->group);
  if (rc == GN_OK && job->def->metadata->online) rc = examine_online(at, job->group);
  return rc;
}

int gn_examine(gn_session *session, gn_finding_fn tell, void *user, gn_error *err)
{
  gnp_examination at = {.session = session,
                        .tell = tell,
                        .user = user,
                        .now_ms = gni_clock_now_ms(&session->clock),
                        .err = err};
  gn_error none = {0};
  gni_arena_init(&at.arena, session->alloc, GN_DEF_ARENA_BYTES_MAX);
  int rc = gnp_inspect_open(session, &at.job, err);
  if (rc == GN_OK) examine_configured(&at);
  if (rc == GN_OK) rc = gnp_conf_each(session, &at.arena, examine_definition, &at, &none);
  if (rc == GN_E_NOTFOUND) rc = GN_OK; /* nothing is compiled: gn_validate says so */
  if (rc != GN_OK && err && err->code == GN_OK) *err = none;
  if (rc == GN_OK) rc = gnp_examine_leftovers(&at);
  if (rc == GN_OK) tell_sound(&at);
  gnp_job_close(&at.job);
  gni_arena_deinit(&at.arena);
  return rc;
}
