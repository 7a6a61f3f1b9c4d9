/* stats: what the columns of a table hold. SPDX-License-Identifier: Apache-2.0 */
#include "flow/inspect.h"

#include <inttypes.h>
#include <math.h>

enum {
  SQL_BYTES_MAX = 16 << 20,
  BINS = 20,
  FREQUENT = 10,
  QUANTILES = 5,
  EXACT_DISTINCT_ROWS = 10000
};
static const double quantile_at[QUANTILES] = {0.01, 0.25, 0.5, 0.75, 0.99};

struct frequent {
  gn_str text;
  int64_t count;
};

struct column_stats {
  gn_str name;
  const gni_type *type;
  bool number, text;
  int64_t nulls, distinct;
  bool has_range; /* numbers: some value is there */
  double least, greatest, mean, deviation, quantiles[QUANTILES];
  int64_t bins[BINS];
  struct frequent frequent[FREQUENT];
  size_t frequent_count;
};

struct stating {
  gnp_job *job;
  gni_table table;
  gn_str from; /* what follows FROM */
  struct column_stats *columns;
  size_t column_count, current;
  int64_t rows;
  gn_buf sql;
  gn_error *err;
};

/* ---- what is asked of the engine ---- */

static int open_columns(struct stating *at)
{
  const gni_type *type;
  gn_arena *arena = &at->job->arena;
  int rc = gni_table_type(at->job->warehouse, &at->table, arena, &type, at->err);
  if (rc != GN_OK) return rc;
  at->column_count = type->field_count;
  at->columns = GN_TAKE_ZERO(arena, struct column_stats, type->field_count);
  if (!at->columns) return gni_fail_arena(at->err, arena, type->field_count);
  for (size_t i = 0; i < type->field_count; i++)
    at->columns[i] = (struct column_stats){.name = type->fields[i].name,
                                           .type = type->fields[i].type,
                                           .number = gnp_is_number(type->fields[i].type),
                                           .text = type->fields[i].type->kind == GNI_STRING};
  return GN_OK;
}

/* A column as a double; NaN and infinities have no place among quantiles. */
static void add_number(gn_buf *sql, gn_str name)
{
  gni_buf_add_text(sql, "(CASE WHEN isfinite(");
  gnp_add_column(sql, "t", name);
  gni_buf_add_text(sql, "::DOUBLE) THEN ");
  gnp_add_column(sql, "t", name);
  gni_buf_add_text(sql, "::DOUBLE END)");
}

static int take_summary(void *user, const gni_value *row, size_t count)
{
  struct stating *at = user;
  size_t next = 1;
  (void)count;
  at->rows = row[0].integer;
  for (size_t i = 0; i < at->column_count; i++) {
    struct column_stats *column = &at->columns[i];
    column->nulls = at->rows - row[next++].integer;
    column->distinct = row[next++].integer;
    if (!column->number) continue;
    column->has_range = !row[next].is_null;
    double *const numbers[] = {&column->least, &column->greatest, &column->mean,
                               &column->deviation};
    for (size_t k = 0; k < 4; k++, next++) *numbers[k] = row[next].is_null ? NAN : row[next].real;
    for (size_t k = 0; k < QUANTILES; k++, next++)
      column->quantiles[k] = row[next].is_null ? NAN : row[next].real;
  }
  return GN_OK;
}

static int summarize(struct stating *at)
{
  gn_buf *sql = &at->sql;
  gni_buf_reset(sql);
  gni_buf_add_text(sql, "SELECT count(*)");
  for (size_t i = 0; i < at->column_count; i++) {
    const struct column_stats *column = &at->columns[i];
    gni_buf_add_text(sql, ", count(");
    gnp_add_column(sql, "t", column->name);
    gni_buf_add_format(sql, "), CASE WHEN count(*) <= %d THEN count(DISTINCT ",
                       EXACT_DISTINCT_ROWS);
    gnp_add_column(sql, "t", column->name);
    gni_buf_add_text(sql, ") ELSE approx_count_distinct(");
    gnp_add_column(sql, "t", column->name);
    gni_buf_add_text(sql, ") END");
    if (!column->number) continue;
    static const char *const whole[] = {"min", "max", "avg", "stddev_samp"};
    for (size_t k = 0; k < 4; k++) {
      gni_buf_add_format(sql, ", %s(", whole[k]);
      add_number(sql, column->name);
      gni_buf_add_char(sql, ')');
    }
    for (size_t k = 0; k < QUANTILES; k++) {
      gni_buf_add_text(sql, ", quantile_cont(");
      add_number(sql, column->name);
      gni_buf_add_format(sql, ", %.2f)", quantile_at[k]);
    }
  }
  gni_buf_add_text(sql, " FROM ");
  gni_buf_add_str(sql, at->from);
  gni_buf_add_text(sql, " t");
  if (sql->rc != GN_OK) return gni_fail(at->err, sql->rc, "the table has too many columns");
  return gni_engine_each_row(at->job->engine, gni_buf_view(sql), take_summary, at, at->err);
}

static int take_bin(void *user, const gni_value *row, size_t count)
{
  struct stating *at = user;
  (void)count;
  if (!row[0].is_null && row[0].integer >= 0 && row[0].integer < BINS)
    at->columns[at->current].bins[row[0].integer] = row[1].integer;
  return GN_OK;
}

static int take_frequent(void *user, const gni_value *row, size_t count)
{
  struct stating *at = user;
  struct column_stats *column = &at->columns[at->current];
  (void)count;
  gn_str text = gni_str_take(&at->job->arena, row[0].text);
  if (!text.ptr) return gni_fail_nomem(at->err, row[0].text.len);
  column->frequent[column->frequent_count++] = (struct frequent){text, row[1].integer};
  return GN_OK;
}

/* The distribution of one column: bins of a number, the most frequent of texts. */
static int distribute(struct stating *at, size_t i)
{
  struct column_stats *column = &at->columns[i];
  gn_buf *sql = &at->sql;
  bool bins = column->number && column->has_range && isfinite(column->greatest - column->least);
  at->current = i;
  if (!bins && !column->text) return GN_OK;
  gni_buf_reset(sql);
  if (bins) {
    double width = (column->greatest - column->least) / BINS;
    gni_buf_add_text(sql, "SELECT least(floor((");
    add_number(sql, column->name);
    gni_buf_add_format(sql, " - %.17g) / %.17g), %d)::BIGINT, count(*) FROM ", column->least,
                       width > 0 ? width : 1.0, BINS - 1);
    gni_buf_add_str(sql, at->from);
    gni_buf_add_text(sql, " t WHERE ");
    add_number(sql, column->name);
    gni_buf_add_text(sql, " IS NOT NULL GROUP BY 1");
  } else {
    gni_buf_add_text(sql, "SELECT ");
    gnp_add_column(sql, "t", column->name);
    gni_buf_add_text(sql, ", count(*) FROM ");
    gni_buf_add_str(sql, at->from);
    gni_buf_add_text(sql, " t WHERE ");
    gnp_add_column(sql, "t", column->name);
    gni_buf_add_format(sql, " IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %d", FREQUENT);
  }
  return gni_engine_each_row(at->job->engine, gni_buf_view(sql), bins ? take_bin : take_frequent,
                             at, at->err);
}

/* ---- as JSON ---- */

static void add_real(gn_buf *out, const char *name, double value)
{
  char text[GN_DOUBLE_TEXT_BYTES];
  size_t len = gni_format_double(value, text);
  gni_buf_add_format(out, ",\"%s\":", name);
  if (isfinite(value))
    gni_buf_add(out, text, len);
  else
    gni_buf_add_text(out, "null");
}

static void add_number_json(gn_buf *out, const struct column_stats *column)
{
  add_real(out, "min", column->least);
  add_real(out, "max", column->greatest);
  add_real(out, "mean", column->mean);
  add_real(out, "stddev", column->deviation);
  static const char *const names[QUANTILES] = {"p1", "p25", "p50", "p75", "p99"};
  for (size_t k = 0; k < QUANTILES; k++) add_real(out, names[k], column->quantiles[k]);
  gni_buf_add_text(out, ",\"histogram\":[");
  for (size_t k = 0; k < BINS; k++)
    gni_buf_add_format(out, k ? ",%" PRId64 : "%" PRId64, column->bins[k]);
  gni_buf_add_char(out, ']');
}

static void write_json(const struct stating *at, gn_buf *out)
{
  gni_buf_add_text(out, "{\"table\":");
  gni_json_add_text(out, at->table.name, false);
  gni_buf_add_format(out, ",\"rows\":%" PRId64 ",\"columns\":[", at->rows);
  for (size_t i = 0; i < at->column_count; i++) {
    const struct column_stats *column = &at->columns[i];
    gni_buf_add_text(out, i ? ",{\"name\":" : "{\"name\":");
    gni_json_add_text(out, column->name, false);
    gni_buf_add_text(out, ",\"type\":");
    gnp_add_type_json(out, column->type);
    gni_buf_add_format(out, ",\"nulls\":%" PRId64 ",\"distinct\":%" PRId64, column->nulls,
                       column->distinct);
    if (column->number) add_number_json(out, column);
    if (column->text) {
      gni_buf_add_text(out, ",\"frequent\":[");
      for (size_t k = 0; k < column->frequent_count; k++) {
        gni_buf_add_text(out, k ? ",{\"value\":" : "{\"value\":");
        gni_json_add_text(out, column->frequent[k].text, false);
        gni_buf_add_format(out, ",\"count\":%" PRId64 "}", column->frequent[k].count);
      }
      gni_buf_add_char(out, ']');
    }
    gni_buf_add_char(out, '}');
  }
  gni_buf_add_text(out, "]}");
}

/* ---- for people ---- */

/* Whole numbers are shown whole. */
static int digits_of(const struct column_stats *column)
{
  return column->type->kind >= GNI_BYTE && column->type->kind <= GNI_LONG ? 19 : 6;
}

/* A bar of eighths for each bin: ▁▂▃▄▅▆▇█. */
static gn_str sparkline(gn_arena *arena, const int64_t bins[BINS])
{
  static const char eighths[] = "\xe2\x96\x81";
  int64_t most = 1;
  char *text = gni_arena_take(arena, (size_t)BINS * 3);
  if (!text) return GN_STR("");
  for (size_t i = 0; i < BINS; i++) most = bins[i] > most ? bins[i] : most;
  size_t len = 0;
  for (size_t i = 0; i < BINS; i++) {
    if (bins[i] == 0) {
      text[len++] = ' ';
      continue;
    }
    for (size_t k = 0; k < 3; k++) text[len + k] = eighths[k];
    text[len + 2] = (char)(text[len + 2] + (int)(7.0 * (double)bins[i] / (double)most + 0.5));
    len += 3;
  }
  return (gn_str){text, len};
}

static int write_text(struct stating *at, gn_buf *out)
{
  gnp_grid grid;
  gni_buf_add_format(out, "%.*s: %" PRId64 " rows\n", GN_STR_ARGS(at->table.name), at->rows);
  gnp_grid_begin(&grid, &at->job->arena, 8);
  static const char *const head[] = {"column", "nulls", "distinct", "min",
                                     "median", "max",   "mean",     "values"};
  for (size_t i = 0; i < 8; i++) gnp_grid_add(&grid, "%s", head[i]);
  for (size_t i = 0; i < at->column_count; i++) {
    const struct column_stats *column = &at->columns[i];
    const double shown[] = {column->least, column->quantiles[2], column->greatest, column->mean};
    gnp_grid_add(&grid, "%.*s", GN_STR_ARGS(column->name));
    gnp_grid_add(&grid, "%.1f %%",
                 at->rows ? 100.0 * (double)column->nulls / (double)at->rows : 0.0);
    gnp_grid_add(&grid, "%" PRId64, column->distinct);
    for (size_t k = 0; k < 4; k++)
      if (column->number && column->has_range)
        gnp_grid_add(&grid, "%.*g", k == 3 ? 6 : digits_of(column), shown[k]);
      else
        gnp_grid_add(&grid, "%s", "");
    if (column->number)
      gnp_grid_add(&grid, "%.*s", GN_STR_ARGS(sparkline(&at->job->arena, column->bins)));
    else if (column->frequent_count)
      gnp_grid_add(&grid, "%.*s (%" PRId64 ")%s", GN_STR_ARGS(column->frequent[0].text),
                   column->frequent[0].count, column->frequent_count > 1 ? ", ..." : "");
    else
      gnp_grid_add(&grid, "%s", "");
  }
  int rc = gnp_grid_write(&grid, out);
  return rc == GN_OK ? GN_OK : gni_fail(at->err, rc, "the answer does not fit in memory");
}

/* ---- as a picture ---- */

enum { ROW_HEIGHT = 64, NAME_WIDTH = 230, BAR_WIDTH = 16, BAR_HEIGHT = 44, PICTURE_WIDTH = 960 };

static void add_bars(gn_buf *out, const struct column_stats *column, size_t top)
{
  int64_t most = 1;
  size_t bars = column->number ? BINS : column->frequent_count;
  for (size_t k = 0; k < bars; k++) {
    int64_t count = column->number ? column->bins[k] : column->frequent[k].count;
    most = count > most ? count : most;
  }
  for (size_t k = 0; k < bars; k++) {
    int64_t count = column->number ? column->bins[k] : column->frequent[k].count;
    double height = (double)BAR_HEIGHT * (double)count / (double)most;
    gni_buf_add_format(out,
                       "<rect x=\"%zu\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"><title>%" PRId64
                       "</title></rect>\n",
                       NAME_WIDTH + k * BAR_WIDTH, (double)(top + 8 + BAR_HEIGHT) - height,
                       BAR_WIDTH - 2, height, count);
  }
}

static void write_svg(const struct stating *at, gn_buf *out)
{
  size_t height = 40 + at->column_count * ROW_HEIGHT;
  gni_buf_add_format(out,
                     "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" "
                     "font-family=\"sans-serif\" font-size=\"13\">\n"
                     "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
                     "<text x=\"12\" y=\"24\" font-size=\"15\" font-weight=\"bold\">",
                     PICTURE_WIDTH, height);
  gnp_add_xml(out, at->table.name);
  gni_buf_add_format(out, ": %" PRId64 " rows</text>\n<g fill=\"#3b6ea5\">\n", at->rows);
  for (size_t i = 0; i < at->column_count; i++) add_bars(out, &at->columns[i], 40 + i * ROW_HEIGHT);
  gni_buf_add_text(out, "</g>\n<g fill=\"#222\">\n");
  for (size_t i = 0; i < at->column_count; i++) {
    const struct column_stats *column = &at->columns[i];
    size_t top = 40 + i * ROW_HEIGHT, right = NAME_WIDTH + BINS * BAR_WIDTH + 16;
    gni_buf_add_format(out, "<text x=\"12\" y=\"%zu\">", top + 24);
    gnp_add_xml(out, column->name);
    gni_buf_add_format(out, "</text>\n<text x=\"12\" y=\"%zu\" fill=\"#777\">%.1f %% null</text>\n",
                       top + 42, at->rows ? 100.0 * (double)column->nulls / (double)at->rows : 0.0);
    gni_buf_add_format(out, "<text x=\"%zu\" y=\"%zu\">%" PRId64 " distinct</text>\n", right,
                       top + 24, column->distinct);
    if (column->number && column->has_range)
      gni_buf_add_format(out,
                         "<text x=\"%zu\" y=\"%zu\" fill=\"#777\">%.*g to %.*g, median "
                         "%.6g</text>\n",
                         right, top + 42, digits_of(column), column->least, digits_of(column),
                         column->greatest, column->quantiles[2]);
    else if (column->frequent_count) {
      gni_buf_add_format(out, "<text x=\"%zu\" y=\"%zu\" fill=\"#777\">most often ", right,
                         top + 42);
      gnp_add_xml(out, column->frequent[0].text);
      gni_buf_add_text(out, "</text>\n");
    }
  }
  gni_buf_add_text(out, "</g>\n</svg>\n");
}

/* ---- the verb ---- */

static int open_rows(struct stating *at, const gn_stats_args *args, gn_buf *from)
{
  const gni_def *def;
  gni_scan scan = GNI_SCAN_ALL;
  int rc = gnp_inspect_table(at->job, args->table, &at->table, &def, at->err);
  if (rc == GN_OK)
    rc = gnp_day_argument(args->start_ds, "start-ds", scan.first_day, &scan.first_day, at->err);
  if (rc == GN_OK)
    rc = gnp_day_argument(args->end_ds, "end-ds", scan.last_day, &scan.last_day, at->err);
  if (rc == GN_OK) rc = gni_table_scan(at->job->warehouse, &at->table, &scan, from, at->err);
  at->from = gni_buf_view(from);
  return rc == GN_OK ? open_columns(at) : rc;
}

int gn_stats(gn_session *session, const gn_stats_args *args, int form, gn_text *out, gn_error *err)
{
  gnp_job job;
  gn_buf text, from;
  struct stating at = {.job = &job, .err = err};
  *out = (gn_text){0};
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_buf_init(&from, session->alloc, GN_SQL_BYTES_MAX);
  gni_buf_init(&at.sql, session->alloc, SQL_BYTES_MAX);
  int rc = gnp_inspect_open(session, &job, err);
  if (rc == GN_OK) rc = open_rows(&at, args, &from);
  if (rc == GN_OK) rc = summarize(&at);
  for (size_t i = 0; rc == GN_OK && i < at.column_count; i++) rc = distribute(&at, i);
  if (rc == GN_OK && form == GN_FORM_SVG)
    write_svg(&at, &text);
  else if (rc == GN_OK && form == GN_FORM_JSON)
    write_json(&at, &text);
  else if (rc == GN_OK)
    rc = write_text(&at, &text);
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  gnp_job_close(&job);
  gni_buf_deinit(&at.sql);
  gni_buf_deinit(&from);
  gni_buf_deinit(&text);
  return rc;
}
