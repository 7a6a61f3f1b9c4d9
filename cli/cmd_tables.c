/* plan, backfill, sql, show: what works on tables. SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds_since(const struct timespec *start)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static gn_backfill_args backfill_args(const cli_args *args)
{
  return (gn_backfill_args){.struct_size = sizeof(gn_backfill_args),
                            .conf = args->word_count ? args->words[0] : NULL,
                            .start_ds = args->start_ds ? args->start_ds : args->ds,
                            .end_ds = args->end_ds ? args->end_ds : args->ds,
                            .step_days = (int32_t)args->step_days,
                            .run_first_hole = args->run_first_hole,
                            .parallelism = (int32_t)args->parallelism};
}

/* ---- plan ---- */

/* One line a member, indented: readable without a second tool. */
static void print_pretty(const char *json)
{
  int depth = 0;
  bool in_text = false;
  for (const char *p = json; *p; p++) {
    if (*p == '"' && (p == json || p[-1] != '\\')) in_text = !in_text;
    if (!in_text && (*p == '}' || *p == ']') && p[-1] != '[' && p[-1] != '{')
      printf("\n%*s", 2 * (depth - 1), "");
    if (!in_text && (*p == '}' || *p == ']')) depth--;
    putchar(*p);
    bool opens = !in_text && (*p == '{' || *p == '[');
    if (opens) depth++;
    if ((opens && p[1] != '}' && p[1] != ']') || (!in_text && *p == ','))
      printf("\n%*s", 2 * depth, "");
    if (!in_text && *p == ':') putchar(' ');
  }
  putchar('\n');
}

static int write_plan_file(const char *path, const gn_text *plan)
{
  FILE *file = fopen(path, "wb");
  bool good = file && fwrite(plan->ptr, 1, plan->len, file) == plan->len;
  if (file && fclose(file) != 0) good = false;
  if (good) return 0;
  return cli_file_failed("write", path);
}

static int show_plan(const cli_args *args, gn_session *session)
{
  gn_backfill_args wanted = backfill_args(args);
  gn_text plan, told = {0};
  gn_error err = {0};
  int64_t partitions = 0;
  if (gn_plan(session, &wanted, &plan, &err) != GN_OK) return cli_fail(&err);
  int rc = args->out_file ? write_plan_file(args->out_file, &plan) : 0;
  if (rc == 0 && gn_plan_tell(plan.ptr, plan.len, &told, &partitions, &err) != GN_OK)
    rc = cli_fail(&err);
  if (rc == 0 && args->json)
    printf("%s\n", plan.ptr);
  else if (rc == 0)
    cli_print(told.ptr, told.len);
  if (rc == 0 && args->out_file)
    cli_note(args, "wrote '%s'; do exactly this: gnomon backfill --plan %s", args->out_file,
             args->out_file);
  gn_text_free(&told);
  gn_text_free(&plan);
  return rc ? rc : args->detailed_exitcode && partitions ? 2 : 0;
}

int cmd_plan(const cli_args *args)
{
  gn_session *session;
  int rc = cli_open(args, &session);
  if (rc) return rc;
  cli_note_skipped(args);
  rc = show_plan(args, session);
  gn_session_close(session);
  return rc;
}

/* ---- backfill ---- */

static void tell_backfill(const cli_args *args, const gn_backfill_report *report, double seconds)
{
  if (args->json) {
    printf("{\"partitions\":%" PRId64 ",\"rows\":%" PRId64 ",\"bytes\":%" PRId64
           ",\"skipped\":%" PRId64 ",\"seconds\":%.3f}\n",
           report->partitions, report->rows, report->bytes, report->skipped, seconds);
    return;
  }
  if (!report->partitions) {
    cli_note(args, "note[GP006]: nothing to do (%" PRId64 " partitions were there already)",
             report->skipped);
    return;
  }
  cli_note(args,
           "backfilled %" PRId64 " partition%s, %" PRId64 " rows, in %.2f s (%" PRId64
           " were there already)",
           report->partitions, report->partitions == 1 ? "" : "s", report->rows, seconds,
           report->skipped);
}

static int backfill(const cli_args *args, const gn_text *plan)
{
  struct timespec start;
  gn_session *session;
  gn_backfill_report report;
  gn_error err = {0};
  int rc = cli_open(args, &session);
  if (rc) return rc;
  cli_note_skipped(args);
  clock_gettime(CLOCK_MONOTONIC, &start);
  gn_backfill_args wanted = backfill_args(args);
  wanted.plan = plan->ptr;
  rc = gn_backfill(session, &wanted, &report, &err) == GN_OK ? 0 : cli_fail(&err);
  cli_progress_end();
  if (rc == 0)
    tell_backfill(args, &report, seconds_since(&start));
  else if (report.partitions)
    cli_note(args, "%" PRId64 " finished partitions stay; run it again for the rest",
             report.partitions);
  gn_session_close(session);
  return rc;
}

int cmd_backfill(const cli_args *args)
{
  gn_text plan = {0};
  if (!args->plan_file == !args->word_count)
    return cli_usage(args->plan_file ? "GC005" : "GC003", "see: gnomon backfill --help",
                     "'backfill' wants either CONF or --plan FILE");
  if (args->plan_file && args->dry_run)
    return cli_usage("GC005", NULL, "--dry-run would write the plan that --plan has");
  if (args->dry_run) return cmd_plan(args);
  int rc = args->plan_file ? cli_read_file(args->plan_file, &plan) : 0;
  if (rc == 0) rc = backfill(args, &plan);
  free(plan.ptr);
  return rc;
}

/* ---- rows on the screen ---- */

static int form_of(const cli_args *args, int *form)
{
  static const struct {
    const char *name;
    int form;
  } forms[] = {{"table", GN_RENDER_TABLE},
               {"json", GN_RENDER_JSON},
               {"jsonl", GN_RENDER_JSONL},
               {"csv", GN_RENDER_CSV},
               {"md", GN_RENDER_MARKDOWN}};
  *form = args->json ? GN_RENDER_JSON : GN_RENDER_TABLE;
  if (!args->output) return 0;
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    if (strcmp(forms[i].name, args->output) != 0) continue;
    *form = forms[i].form;
    return 0;
  }
  return 0;
}

static int print_rows(const cli_args *args, gn_session *session, const char *sql)
{
  struct ArrowArrayStream rows;
  gn_text text;
  gn_error err = {0};
  int form, rc = form_of(args, &form);
  if (rc) return rc;
  if (gn_sql(session, sql, &rows, &err) != GN_OK) return cli_fail(&err);
  if (gn_render(&rows, form, args->rows, &text, &err) != GN_OK) return cli_fail(&err);
  cli_print(text.ptr, text.len);
  gn_text_free(&text);
  return 0;
}

int cmd_sql(const cli_args *args)
{
  gn_session *session;
  const char *sql = args->command ? args->command : args->word_count ? args->words[0] : NULL;
  if (!sql) return cli_usage("GC003", "gnomon sql \"SHOW TABLES\"", "'sql' wants a statement");
  int rc = cli_open(args, &session);
  if (rc) return rc;
  rc = print_rows(args, session, sql);
  gn_session_close(session);
  return rc;
}

static int show(const cli_args *args, gn_session *session)
{
  char table[512], sql[700];
  gn_text text;
  gn_error err = {0};
  if (gn_describe(session, args->words[0], &text, &err) != GN_OK) return cli_fail(&err);
  bool has_table = cli_json_text(text.ptr, "output_table", table, sizeof table);
  if (args->rows <= 0) {
    if (args->json)
      printf("%s\n", text.ptr);
    else
      print_pretty(text.ptr);
  }
  gn_text_free(&text);
  if (args->rows <= 0) return 0;
  if (!has_table)
    return cli_refuse("GP011", GN_E_UNSUPPORTED, "this version computes the tables of GroupBys",
                      "'%s' has no output table", args->words[0]);
  snprintf(sql, sizeof sql, "SELECT * FROM %s LIMIT %" PRId64, table, args->rows);
  return print_rows(args, session, sql);
}

int cmd_show(const cli_args *args)
{
  gn_session *session;
  int rc = cli_open(args, &session);
  if (rc) return rc;
  rc = show(args, session);
  gn_session_close(session);
  return rc;
}
