/* Opening a definition with its engine and tables. SPDX-License-Identifier: Apache-2.0 */
#include "flow/job.h"

#include <stdio.h>
#include <unistd.h>

/* ---- days ---- */

gn_str gnp_day_text(gn_arena *arena, int32_t day)
{
  char text[16];
  if (gni_day_format(day, GN_STR("yyyy-MM-dd"), text, sizeof text, NULL) != GN_OK)
    return GN_STR("?");
  return gni_str_take(arena, gni_str(text));
}

int gnp_day_argument(const char *text, const char *name, int32_t fallback, int32_t *out,
                     gn_error *err)
{
  *out = fallback;
  if (!text) return GN_OK;
  gn_str pattern = strchr(text, '-') ? GN_STR("yyyy-MM-dd") : GN_STR("yyyyMMdd");
  if (gni_day_parse(gni_str(text), pattern, out, NULL) == GN_OK) return GN_OK;
  gni_fail_as(err, "GP001", GN_E_ARG, "%s '%s' is not a day", name, text);
  gni_error_hint(err, "write it as 2023-12-01");
  return GN_E_ARG;
}

/* ---- tables ---- */

static int table_type(void *user, gn_str name, gn_arena *arena, const gni_type **out,
                      bool *partitioned, gn_error *err)
{
  gnp_job *job = user;
  gni_table table;
  int rc = gni_table_need(job->warehouse, name, arena, &table, err);
  if (rc != GN_OK) return rc;
  *partitioned = table.partitioned;
  return gni_table_type(job->warehouse, &table, arena, out, err);
}

static int table_scan(void *user, gn_str name, int32_t first_day, int32_t last_day, gn_buf *sql,
                      gn_error *err)
{
  gnp_job *job = user;
  gni_table table;
  gni_scan scan = {.first_day = first_day, .last_day = last_day};
  int rc = gni_table_need(job->warehouse, name, &job->arena, &table, err);
  return rc == GN_OK ? gni_table_scan(job->warehouse, &table, &scan, sql, err) : rc;
}

static int table_newest(void *user, gn_str name, int32_t *day, gn_error *err)
{
  gnp_job *job = user;
  gni_table table;
  gni_days days;
  int rc = gni_table_need(job->warehouse, name, &job->arena, &table, err);
  if (rc == GN_OK)
    rc = gni_table_partitions(job->warehouse, &table, NULL, 0, &job->arena, &days, err);
  if (rc != GN_OK) return rc;
  if (!days.count) return GN_ABSENT;
  *day = days.days[days.count - 1];
  return GN_OK;
}

/* ---- what teams.json says of a mode ---- */

/* "2G", "1500M", "512m" as Spark writes memory. */
static bool spark_memory(gn_str text, int64_t *bytes)
{
  int64_t count, scale = 1;
  if (!text.len) return false;
  char unit = (char)(text.ptr[text.len - 1] | 0x20);
  if (unit == 'k') scale = INT64_C(1) << 10;
  if (unit == 'm') scale = INT64_C(1) << 20;
  if (unit == 'g') scale = INT64_C(1) << 30;
  if (unit == 't') scale = INT64_C(1) << 40;
  if (scale > 1) text.len--;
  return gni_parse_int64(text, &count) == GN_OK && count > 0 &&
         !__builtin_mul_overflow(count, scale, bytes);
}

static void apply_environment(gnp_job *job, const gni_variable *variables, size_t count)
{
  const gni_variable *cores = gni_environment_find(variables, count, "EXECUTOR_CORES");
  const gni_variable *parallelism = gni_environment_find(variables, count, "PARALLELISM");
  const gni_variable *memory = gni_environment_find(variables, count, "EXECUTOR_MEMORY");
  const gni_variable *driver = gni_environment_find(variables, count, "DRIVER_MEMORY");
  int64_t number, more;
  if (!cores) cores = parallelism; /* one machine: tasks beyond its cores bring nothing */
  if (cores && job->threads == 0 && gni_parse_int64(cores->value, &number) == GN_OK &&
      number >= 1 && number <= 1024) {
    job->threads = (int32_t)number;
    job->threads_origin = cores->origin;
  }
  if (memory && job->memory_bytes == 0 && spark_memory(memory->value, &number)) {
    /* The driver's and one executor's share are one process here. */
    job->memory_bytes = driver && spark_memory(driver->value, &more) ? number + more : number;
    job->memory_origin = memory->origin;
  }
}

static int read_teams(gnp_job *job, const char *mode, gn_error *err)
{
  gn_session *session = job->session;
  gn_buf text;
  gni_problems problems;
  const gni_teams *teams = NULL;
  gni_variable *variables;
  size_t count;
  gn_str path = gni_str_format(&job->arena, "%s/teams.json", session->repo);
  if (!path.ptr) return gni_fail_nomem(err, 1);
  if (!gni_file_exists(path.ptr)) return GN_OK;
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_problems_init(&problems, &job->arena);
  int rc = gni_file_read(path.ptr, &text, err);
  if (rc == GN_OK) {
    gni_teams_read(gni_buf_view(&text), path.ptr, &job->arena, &teams, &problems);
    rc = gni_problems_result(&problems, err);
  }
  gni_buf_deinit(&text);
  if (rc != GN_OK || !teams) return rc;
  gni_environment_request request = {
      job->def->metadata, {NULL, 0}, GN_STR("production"), gni_str(mode)};
  if (!gni_teams_has(teams, job->def->metadata->team)) return GN_OK;
  rc = gni_environment(teams, &request, &job->arena, &variables, &count, err);
  if (rc == GN_OK) apply_environment(job, variables, count);
  return rc;
}

/* ---- the job ---- */

int gnp_job_open(gn_session *session, const char *conf, const char *mode, gnp_job *job,
                 gn_error *err)
{
  gni_problems problems;
  *job = (gnp_job){.session = session,
                   .threads = session->config.threads,
                   .memory_bytes = session->config.memory_bytes,
                   .threads_origin = session->config.threads_origin,
                   .memory_origin = session->config.memory_origin};
  gni_arena_init(&job->arena, session->alloc, GN_DEF_ARENA_BYTES_MAX);
  gni_problems_init(&problems, &job->arena);
  if (!conf) return gni_fail_as(err, "GC003", GN_E_ARG, "no definition is named");
  int rc = gnp_conf_find(session, conf, &job->arena, &job->conf_path, err);
  if (rc == GN_OK)
    rc = gnp_conf_read(session, job->conf_path, &job->arena, &job->def, &problems, err);
  if (rc == GN_OK && !job->def->group_by) {
    rc = gni_fail_as(err, "GP011", GN_E_UNSUPPORTED, "'%s' is a %s; this version runs GroupBys",
                     conf, gni_def_kind_name(job->def->kind));
  }
  return rc == GN_OK ? read_teams(job, mode, err) : rc;
}

int gnp_job_open_engine(gnp_job *job, gn_error *err)
{
  gn_session *session = job->session;
  const gnp_config *config = &session->config;
  snprintf(job->temp_folder, sizeof job->temp_folder, "%.*s/.gnomon-tmp",
           GN_STR_ARGS(config->warehouse_root));
  gni_engine_config engine = {.alloc = session->alloc,
                              .threads = job->threads,
                              .memory_bytes = job->memory_bytes,
                              .temp_folder = job->temp_folder,
                              .cancel = &session->cancel};
  int rc = gni_engine_open("duckdb", &engine, &job->engine, err);
  if (rc == GN_OK) rc = gni_engine_exec(job->engine, gni_str(gni_expr_duckdb_setup()), err);
  gni_warehouse_config warehouse = {.alloc = session->alloc,
                                    .root = config->warehouse_root.ptr,
                                    .partition_column = config->partition_column.ptr,
                                    .partition_format = config->partition_format.ptr,
                                    .tables = config->tables,
                                    .table_count = config->table_count,
                                    .engine = job->engine,
                                    .cancel = &session->cancel};
  if (rc == GN_OK) rc = gni_warehouse_open(&warehouse, &job->warehouse, err);
  job->tables = (gni_table_access){.type = table_type,
                                   .scan = table_scan,
                                   .newest = table_newest,
                                   .user = job,
                                   .day_column = GNI_SCAN_DAY,
                                   .order_column = GNI_SCAN_ORDER,
                                   .partition_column = config->partition_column};
  return rc;
}

int gnp_job_bind(gnp_job *job, gn_error *err)
{
  int rc = gnp_job_open_engine(job, err);
  if (rc == GN_OK)
    rc = gni_group_bind(job->def->group_by, &job->tables, &job->arena, &job->group, err);
  return rc;
}

void gnp_job_close(gnp_job *job)
{
  gni_warehouse_close(job->warehouse);
  gni_engine_close(job->engine);
  if (job->temp_folder[0]) rmdir(job->temp_folder); /* when nobody else's is in it */
  if (job->arena.alloc) gni_arena_deinit(&job->arena);
}

int gnp_first_cause(int rc, const gn_error *inner, const gn_error *outer, gn_error *err)
{
  if (rc == GN_OK) return GN_OK;
  const gn_error *cause = inner->code != GN_OK ? inner : outer;
  if (err && err->code == GN_OK) *err = *cause;
  return cause->code != GN_OK ? cause->code : rc;
}
