/* define: finding, checking, listing and describing definitions. SPDX-License-Identifier:
 * Apache-2.0 */
#include "flow/job.h"

/* Texts of all problems live with the confs they are of. */
struct validation {
  gn_session *session;
  int level;
  gni_problems *problems;
};

/* ---- validate ---- */

/* A failure while binding to tables becomes a problem of the definition's file. */
static const char *code_of(int rc)
{
  switch (rc) {
  case GN_E_NOTFOUND:
    return "GT001";
  case GN_E_TYPE:
    return "GT002";
  case GN_E_PARSE:
    return "GX001";
  case GN_E_UNSUPPORTED:
    return "GX002";
  default:
    return "GT003";
  }
}

static void add_failure(gni_problems *problems, gn_str path, int rc, const gn_error *failure)
{
  gn_str message = gni_str_format(problems->arena, "%s%s%s", failure->where,
                                  failure->where[0] ? ": " : "", failure->message);
  gni_problem problem = {.code = code_of(rc),
                         .severity = GNI_ERROR,
                         .file = path,
                         .message = message,
                         .hint = gni_str(failure->hint)};
  gni_problems_add(problems, &problem);
}

static void warn(gni_problems *problems, gn_str path, const char *code, gn_str message,
                 const char *hint)
{
  gni_problem problem = {.code = code,
                         .severity = GNI_WARNING,
                         .file = path,
                         .message = message,
                         .hint = gni_str(hint)};
  gni_problems_add(problems, &problem);
}

/* Times outside 1971..2099 are seconds, microseconds, or nonsense. */
static int check_times(gnp_job *job, const gni_group_source *source, gni_problems *problems,
                       gn_str path, gn_error *err)
{
  gn_buf sql;
  int64_t wrong = 0;
  if (!source->time) return GN_OK;
  gni_buf_init(&sql, job->session->alloc, 1 << 24);
  gni_buf_add_text(&sql, "SELECT count(*) FROM (SELECT ");
  int rc = gni_bound_to_duckdb(source->time, NULL, &sql, err);
  gni_buf_add_text(&sql, " AS ts FROM ");
  if (rc == GN_OK)
    rc = job->tables.scan(job->tables.user, source->table, GNI_DAY_OPEN_START, GNI_DAY_OPEN_END,
                          &sql, err);
  gni_buf_add_text(&sql, " AS source LIMIT 1000) AS sample WHERE ts IS NULL OR ts < 31536000000 OR "
                         "ts > 4102473599999");
  if (rc == GN_OK) rc = gni_engine_query_int64(job->engine, gni_buf_view(&sql), &wrong, err);
  gni_buf_deinit(&sql);
  if (rc == GN_OK && wrong > 0)
    warn(problems, path, "GT004",
         gni_str_format(problems->arena,
                        "%lld of the first 1000 rows of '%.*s' have no time between 1971 and 2100",
                        (long long)wrong, GN_STR_ARGS(source->table)),
         "a time column is in milliseconds; filter rows without one in wheres");
  return rc == GN_ABSENT ? GN_OK : rc;
}

/* Does the table go back far enough for the longest window of the first day that is asked for? */
static int check_coverage(gnp_job *job, const gni_group_source *source, gni_problems *problems,
                          gn_str path, gn_error *err)
{
  const gni_group_by *def = job->def->group_by;
  gni_window longest = gni_group_by_max_window(def);
  int32_t start;
  gni_table table;
  gni_days days;
  if (!source->partitioned || source->entities || !def->backfill_start_date.len ||
      longest.length_ms == INT64_MAX)
    return GN_OK;
  int rc = gnp_day_argument(gni_str_take(&job->arena, def->backfill_start_date).ptr,
                            "backfillStartDate", 0, &start, err);
  if (rc == GN_OK) rc = gni_table_need(job->warehouse, source->table, &job->arena, &table, err);
  if (rc == GN_OK)
    rc = gni_table_partitions(job->warehouse, &table, NULL, 0, &job->arena, &days, err);
  if (rc != GN_OK) return rc;
  int32_t needed = start - (int32_t)(longest.length_ms / GN_DAY_MS);
  if (needed < source->start_day) needed = source->start_day;
  if (days.count == 0)
    warn(problems, path, "GT005",
         gni_str_format(problems->arena, "'%.*s' has no partitions", GN_STR_ARGS(source->table)),
         "");
  else if (days.days[0] > needed)
    warn(problems, path, "GT005",
         gni_str_format(
             problems->arena, "'%.*s' begins on %.*s, the longest window of %.*s needs %.*s",
             GN_STR_ARGS(source->table), GN_STR_ARGS(gnp_day_text(&job->arena, days.days[0])),
             GN_STR_ARGS(def->backfill_start_date), GN_STR_ARGS(gnp_day_text(&job->arena, needed))),
         "the first windows will hold less than they say");
  return GN_OK;
}

static int check_data(gn_session *session, gn_str path, gni_problems *problems, gn_error *err)
{
  gnp_job job;
  gn_error failure = {0};
  int rc = gnp_job_open(session, path.ptr, "backfill", &job, &failure);
  if (rc == GN_OK) rc = gnp_job_bind(&job, &failure);
  for (size_t i = 0; rc == GN_OK && i < job.group->source_count; i++) {
    rc = check_times(&job, &job.group->sources[i], problems, path, &failure);
    if (rc == GN_OK) rc = check_coverage(&job, &job.group->sources[i], problems, path, &failure);
  }
  gnp_job_close(&job);
  if (rc == GN_OK) return GN_OK;
  if (rc == GN_E_NOMEM || rc == GN_E_CANCELLED) {
    if (err) *err = failure;
    return rc;
  }
  add_failure(problems, path, rc, &failure);
  return GN_OK;
}

static int check_one(void *user, gn_str path, gn_error *err)
{
  const struct validation *validation = user;
  gn_session *session = validation->session;
  gni_problems *problems = validation->problems;
  const gni_def *def;
  gn_error ignored = {0};
  size_t before = problems->errors;
  int rc = gnp_conf_read(session, path, problems->arena, &def, problems, &ignored);
  if (rc == GN_E_NOMEM || (rc != GN_OK && problems->errors == before)) {
    if (err) *err = ignored;
    return rc;
  }
  if (rc == GN_OK)
    rc = gni_def_check(def, problems);
  else
    return GN_OK; /* its problems are in the list */
  if (rc != GN_OK) return gni_fail_nomem(err, 1);
  bool sound = problems->errors == before;
  return validation->level == GN_LEVEL_DATA && def->group_by && sound
             ? check_data(session, path, problems, err)
             : GN_OK;
}

static int write_problems(gni_problems *problems, int form, gn_session *session, gn_text *out,
                          gn_error *err)
{
  gn_buf text;
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_problems_sort(problems);
  if (form == GN_FORM_JSON)
    gni_problems_write_json(problems, &text);
  else
    gni_problems_write(problems, form == GN_FORM_COLOR, &text);
  int rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  return rc;
}

int gn_validate(gn_session *session, const char *const *confs, size_t conf_count, int level,
                int form, gn_text *problems_text, gn_error *err)
{
  gn_arena arena;
  gni_problems problems;
  *problems_text = (gn_text){0};
  gni_arena_init(&arena, session->alloc, (size_t)1 << 30);
  gni_problems_init(&problems, &arena);
  struct validation validation = {session, level, &problems};
  int rc = gnp_conf_gather(session, confs, conf_count, &arena, check_one, &validation, err);
  if (rc == GN_OK) rc = write_problems(&problems, form, session, problems_text, err);
  if (rc == GN_OK) rc = gni_problems_result(&problems, err);
  gni_arena_deinit(&arena);
  return rc;
}

/* ---- list ---- */

struct listing {
  gn_session *session;
  gn_arena *arena;
  gn_buf *out;
};

static void add_member(gn_buf *out, const char *name, gn_str text)
{
  gni_buf_add_format(out, ",\"%s\":", name);
  if (text.ptr)
    gni_json_add_text(out, text, false);
  else
    gni_buf_add_text(out, "null");
}

static int list_one(void *user, gn_str path, gn_error *err)
{
  struct listing *listing = user;
  const gni_def *def;
  gni_problems problems;
  gn_error failure = {0};
  gni_problems_init(&problems, listing->arena);
  int rc = gnp_conf_read(listing->session, path, listing->arena, &def, &problems, &failure);
  if (rc == GN_E_NOMEM) return gni_fail_nomem(err, 1);
  gni_buf_add_text(listing->out, "{\"file\":");
  gni_json_add_text(listing->out, path, false);
  if (rc == GN_OK) {
    const gni_metadata *metadata = def->metadata;
    add_member(listing->out, "kind", gni_str(gni_def_kind_word(def->kind)));
    add_member(listing->out, "name", metadata->name);
    add_member(listing->out, "team", metadata->team);
    gni_buf_add_format(listing->out, ",\"online\":%s", metadata->online ? "true" : "false");
    add_member(listing->out, "description", metadata->description);
  } else {
    add_member(listing->out, "error", gni_str(failure.message));
  }
  gni_buf_add_text(listing->out, "}\n");
  return GN_OK;
}

int gn_list(gn_session *session, gn_text *out, gn_error *err)
{
  gn_arena arena;
  gn_buf text;
  *out = (gn_text){0};
  gni_arena_init(&arena, session->alloc, (size_t)1 << 30);
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  struct listing listing = {session, &arena, &text};
  int rc = gnp_conf_each(session, &arena, list_one, &listing, err);
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  gni_arena_deinit(&arena);
  return rc;
}

/* ---- describe ---- */

static void add_texts(gn_buf *out, const char *name, const gni_texts *texts)
{
  gni_buf_add_format(out, ",\"%s\":[", name);
  for (size_t i = 0; i < texts->count; i++) {
    if (i) gni_buf_add_char(out, ',');
    gni_json_add_text(out, texts->items[i], false);
  }
  gni_buf_add_char(out, ']');
}

static int describe_group_by(const gni_group_by *def, gn_arena *arena, gn_buf *out, gn_error *err)
{
  gni_output_column *columns;
  size_t count;
  int rc = gni_group_by_columns(def, arena, &columns, &count);
  gn_str *names = rc == GN_OK ? GN_TAKE(arena, gn_str, count) : NULL;
  gni_texts features;
  if (!names) return gni_fail_nomem(err, 1);
  for (size_t i = 0; i < count; i++) names[i] = columns[i].name;
  rc = gni_derived_columns(def->derivations.items, def->derivations.count, names, count, arena,
                           &features);
  if (rc != GN_OK) return gni_fail_nomem(err, 1);
  add_member(out, "accuracy",
             gni_str(gni_group_by_accuracy(def) == GNI_TEMPORAL ? "TEMPORAL" : "SNAPSHOT"));
  add_member(out, "output_table", gni_output_table(arena, def->metadata));
  add_member(out, "upload_table", gni_upload_table(arena, def->metadata));
  add_member(out, "batch_dataset", gni_batch_dataset(arena, def->metadata));
  add_member(out, "stream_dataset", gni_stream_dataset(arena, def->metadata));
  add_member(out, "backfill_start_date", def->backfill_start_date);
  add_texts(out, "keys", &def->key_columns);
  add_texts(out, "features", &features);
  gni_buf_add_text(out, ",\"sources\":[");
  for (size_t i = 0; i < def->sources.count; i++) {
    if (i) gni_buf_add_char(out, ',');
    gni_json_add_text(out, gni_source_table(&def->sources.items[i], arena), false);
  }
  gni_buf_add_char(out, ']');
  return GN_OK;
}

int gn_describe(gn_session *session, const char *conf, gn_text *out, gn_error *err)
{
  gn_arena arena;
  gn_buf text;
  gni_problems problems;
  const gni_def *def = NULL;
  gn_str path;
  *out = (gn_text){0};
  gni_arena_init(&arena, session->alloc, GN_DEF_ARENA_BYTES_MAX);
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_problems_init(&problems, &arena);
  int rc = gnp_conf_find(session, conf, &arena, &path, err);
  if (rc == GN_OK) rc = gnp_conf_read(session, path, &arena, &def, &problems, err);
  if (rc == GN_OK) {
    gni_buf_add_text(&text, "{\"name\":");
    gni_json_add_text(&text, def->metadata->name, false);
    add_member(&text, "kind", gni_str(gni_def_kind_word(def->kind)));
    add_member(&text, "file", path);
    add_member(&text, "team", def->metadata->team);
    add_member(&text, "description", def->metadata->description);
    gni_buf_add_format(&text, ",\"online\":%s", def->metadata->online ? "true" : "false");
    if (def->group_by) rc = describe_group_by(def->group_by, &arena, &text, err);
    gni_buf_add_char(&text, '}');
  }
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  gni_arena_deinit(&arena);
  return rc;
}

/* ---- schema, explain ---- */

int gn_schema(const char *kind, gn_text *out, gn_error *err)
{
  gn_buf text;
  int found = gni_def_kind_find(gni_str(kind));
  *out = (gn_text){0};
  if (found < 0) {
    gni_fail_as(err, "GC014", GN_E_NOTFOUND, "no kind of definition is called '%s'", kind);
    gni_error_hint(err, "use group_by, join, staging_query or model");
    return GN_E_NOTFOUND;
  }
  gni_buf_init(&text, &gni_libc_alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_def_schema(found, &text);
  int rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  return rc;
}

int gn_error_write(const gn_error *failure, int form, gn_text *out)
{
  gn_buf text;
  *out = (gn_text){0};
  gni_buf_init(&text, &gni_libc_alloc, GN_TEXT_FILE_BYTES_MAX);
  if (form == GN_FORM_JSON)
    gni_error_write_json(failure, &text);
  else
    gni_error_write(failure, form == GN_FORM_COLOR, &text);
  int rc = gnp_text_from(&text, out, NULL);
  gni_buf_deinit(&text);
  return rc;
}

int gn_explain_code(const char *code, gn_text *out, gn_error *err)
{
  gn_buf text;
  bool all = strcmp(code, "all") == 0;
  const gni_diagnostic *diagnostic = all ? NULL : gni_diagnostic_find(gni_str(code));
  *out = (gn_text){0};
  if (!all && !diagnostic) {
    gni_fail_as(err, "GC013", GN_E_NOTFOUND, "no diagnostic has the code '%s'", code);
    gni_error_hint(err, "codes look like GD031; 'gnomon explain all' prints every page");
    return GN_E_NOTFOUND;
  }
  gni_buf_init(&text, &gni_libc_alloc, GN_TEXT_FILE_BYTES_MAX);
  if (all)
    gni_diagnostic_pages(&text);
  else
    gni_diagnostic_page(diagnostic, &text);
  int rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  return rc;
}
