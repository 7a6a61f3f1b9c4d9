/* diff: two tables, cell by cell, or two definitions, member by member.
 * SPDX-License-Identifier: Apache-2.0 */
#include "flow/inspect.h"

#include <inttypes.h>
#include <math.h>

enum { EXAMPLES_DEFAULT = 3, SQL_BYTES_MAX = 16 << 20, CLOSE_KEYS = 1 << 20 };

struct column {
  gn_str name;
  const gni_type *left, *right; /* NULL: that side has none */
  bool key, compared;
  int64_t equal, different, left_nulls, right_nulls;
};

struct diffing {
  gnp_job *job;
  const gn_diff_args *args;
  gni_table left, right;
  struct column *columns;
  size_t column_count, key_count;
  gn_buf sql;
  gn_diff_report *report;
  gn_error *err;
};

/* ---- the columns ---- */

static struct column *find_column(const struct diffing *at, gn_str name)
{
  for (size_t i = 0; i < at->column_count; i++)
    if (gni_str_equal(at->columns[i].name, name)) return &at->columns[i];
  return NULL;
}

static bool is_real(const gni_type *type)
{
  return type->kind == GNI_FLOAT || type->kind == GNI_DOUBLE;
}

static bool comparable(const struct column *column)
{
  return column->left && column->right &&
         (gni_type_equal(column->left, column->right) ||
          (gnp_is_number(column->left) && gnp_is_number(column->right)));
}

/* The left table's columns in their order, then those that only the right one has. */
static int match_columns(struct diffing *at)
{
  const gni_type *left, *right;
  gn_arena *arena = &at->job->arena;
  int rc = gni_table_type(at->job->warehouse, &at->left, arena, &left, at->err);
  if (rc == GN_OK) rc = gni_table_type(at->job->warehouse, &at->right, arena, &right, at->err);
  if (rc != GN_OK) return rc;
  at->columns = GN_TAKE_ZERO(arena, struct column, left->field_count + right->field_count);
  if (!at->columns) return gni_fail_arena(at->err, arena, left->field_count);
  for (size_t i = 0; i < left->field_count; i++)
    at->columns[at->column_count++] =
        (struct column){.name = left->fields[i].name, .left = left->fields[i].type};
  for (size_t i = 0; i < right->field_count; i++) {
    struct column *column = find_column(at, right->fields[i].name);
    if (!column) {
      column = &at->columns[at->column_count++];
      column->name = right->fields[i].name;
    }
    column->right = right->fields[i].type;
  }
  for (size_t i = 0; i < at->column_count; i++)
    at->columns[i].compared = comparable(&at->columns[i]);
  return GN_OK;
}

static int add_key(struct diffing *at, gn_str name)
{
  struct column *column = find_column(at, name);
  if (!column || !column->compared)
    return gni_fail_as(at->err, "GT006", GN_E_ARG, "key '%.*s' is no column of both tables",
                       GN_STR_ARGS(name));
  at->key_count += !column->key;
  column->key = true;
  return GN_OK;
}

static int choose_keys(struct diffing *at, const gni_def *def)
{
  gn_str given = gni_str(at->args->keys), part;
  int rc = GN_OK;
  while (rc == GN_OK && gni_str_split(&given, ',', &part)) rc = add_key(at, gni_str_trim(part));
  if (at->args->keys || rc != GN_OK) return rc;
  if (!def || !def->group_by) {
    gni_fail_as(at->err, "GC003", GN_E_ARG, "which columns tell the rows apart is not known");
    gni_error_hint(at->err, "name them: --keys a,b");
    return GN_E_ARG;
  }
  const gni_texts *keys = &def->group_by->key_columns;
  for (size_t i = 0; rc == GN_OK && i < keys->count; i++) rc = add_key(at, keys->items[i]);
  if (rc == GN_OK && at->left.partitioned) rc = add_key(at, at->left.partition_column);
  return rc;
}

/* ---- pairing the rows ---- */

static void add_keys(struct diffing *at, const char *alias)
{
  bool first = true;
  for (size_t i = 0; i < at->column_count; i++) {
    if (!at->columns[i].key) continue;
    gni_buf_add_text(&at->sql, first ? "" : ", ");
    gnp_add_column(&at->sql, alias, at->columns[i].name);
    first = false;
  }
}

/* Rows of one key are numbered in the order of all columns, so that equal ones meet. */
static int add_side(struct diffing *at, const gni_table *table)
{
  gn_buf *sql = &at->sql;
  gni_scan all = GNI_SCAN_ALL;
  gni_buf_add_text(sql, "(SELECT t.*, true AS __gn_there, row_number() OVER (PARTITION BY ");
  add_keys(at, "t");
  gni_buf_add_text(sql, " ORDER BY ");
  bool first = true;
  for (size_t i = 0; i < at->column_count; i++) {
    if (!at->columns[i].compared) continue;
    gni_buf_add_text(sql, first ? "" : ", ");
    gnp_add_column(sql, "t", at->columns[i].name);
    first = false;
  }
  gni_buf_add_text(sql, ") AS __gn_twin FROM ");
  int rc = gni_table_scan(at->job->warehouse, table, &all, sql, at->err);
  gni_buf_add_text(sql, " t");
  if (at->args->sample > 0) {
    gni_buf_add_text(sql, " WHERE hash(");
    add_keys(at, "t");
    gni_buf_add_format(sql, ") %% %d < %d", CLOSE_KEYS,
                       (int)ceil(at->args->sample * (double)CLOSE_KEYS));
  }
  gni_buf_add_char(sql, ')');
  return rc;
}

static int pair_rows(struct diffing *at)
{
  gn_buf *sql = &at->sql;
  gni_buf_reset(sql);
  gni_buf_add_text(sql, "CREATE OR REPLACE TABLE __gn_pairs AS SELECT "
                        "a.__gn_there AS in_left, b.__gn_there AS in_right");
  for (size_t i = 0; i < at->column_count; i++) {
    if (!at->columns[i].compared) continue;
    gni_buf_add_text(sql, ", ");
    gnp_add_column(sql, "a", at->columns[i].name);
    gni_buf_add_format(sql, " AS l%zu, ", i);
    gnp_add_column(sql, "b", at->columns[i].name);
    gni_buf_add_format(sql, " AS r%zu", i);
  }
  gni_buf_add_text(sql, " FROM ");
  int rc = add_side(at, &at->left);
  gni_buf_add_text(sql, " a FULL JOIN ");
  if (rc == GN_OK) rc = add_side(at, &at->right);
  gni_buf_add_text(sql, " b ON a.__gn_twin = b.__gn_twin");
  for (size_t i = 0; i < at->column_count; i++) {
    if (!at->columns[i].key) continue;
    gni_buf_add_text(sql, " AND ");
    gnp_add_column(sql, "a", at->columns[i].name);
    gni_buf_add_text(sql, " IS NOT DISTINCT FROM ");
    gnp_add_column(sql, "b", at->columns[i].name);
  }
  if (rc != GN_OK) return rc;
  if (sql->rc != GN_OK) return gni_fail(at->err, sql->rc, "the comparison has too many columns");
  return gni_engine_exec(at->job->engine, gni_buf_view(sql), at->err);
}

/* ---- counting ---- */

/* True when the two cells of a column are not equal. */
static void add_differs(struct diffing *at, size_t i)
{
  const struct column *column = &at->columns[i];
  bool close = at->args->tolerance > 0 && (is_real(column->left) || is_real(column->right));
  gni_buf_add_format(&at->sql, "(l%zu IS DISTINCT FROM r%zu", i, i);
  if (close)
    gni_buf_add_format(&at->sql,
                       " AND NOT coalesce(abs(l%zu - r%zu) <= %.17g * greatest(abs(l%zu), "
                       "abs(r%zu)), false)",
                       i, i, at->args->tolerance, i, i);
  gni_buf_add_char(&at->sql, ')');
}

static int take_counts(void *user, const gni_value *row, size_t count)
{
  struct diffing *at = user;
  size_t next = 3;
  at->report->left_rows = row[0].integer;
  at->report->right_rows = row[1].integer;
  at->report->paired_rows = row[2].integer;
  at->report->differences += row[0].integer + row[1].integer - 2 * row[2].integer;
  for (size_t i = 0; i < at->column_count && next + 2 < count; i++) {
    struct column *column = &at->columns[i];
    if (!column->compared || column->key) continue;
    column->different = row[next].integer;
    column->equal = row[2].integer - column->different;
    column->left_nulls = row[next + 1].integer;
    column->right_nulls = row[next + 2].integer;
    at->report->differences += column->different;
    next += 3;
  }
  return GN_OK;
}

static int count_differences(struct diffing *at)
{
  gn_buf *sql = &at->sql;
  gni_buf_reset(sql);
  gni_buf_add_text(sql, "SELECT count(in_left), count(in_right), "
                        "count(*) FILTER (in_left AND in_right)");
  for (size_t i = 0; i < at->column_count; i++) {
    if (!at->columns[i].compared || at->columns[i].key) continue;
    gni_buf_add_text(sql, ", count(*) FILTER (in_left AND in_right AND ");
    add_differs(at, i);
    gni_buf_add_format(sql,
                       "), count(*) FILTER (in_left AND l%zu IS NULL), "
                       "count(*) FILTER (in_right AND r%zu IS NULL)",
                       i, i);
  }
  gni_buf_add_text(sql, " FROM __gn_pairs");
  for (size_t i = 0; i < at->column_count; i++) at->report->differences += !at->columns[i].compared;
  return gni_engine_each_row(at->job->engine, gni_buf_view(sql), take_counts, at, at->err);
}

/* ---- the answer as JSON ---- */

static void add_type(gn_buf *out, const char *member, const gni_type *type)
{
  gni_buf_add_format(out, ",\"%s\":", member);
  gnp_add_type_json(out, type);
}

struct examples {
  struct diffing *at;
  gn_buf *out;
  size_t column;
  bool text; /* for people */
  bool any;
};

static const gni_type *shown_type(const struct column *column, bool left)
{
  return left ? column->left : column->right;
}

static int add_example(void *user, const gni_value *row, size_t count)
{
  struct examples *examples = user;
  struct diffing *at = examples->at;
  gn_buf *out = examples->out;
  size_t next = 0;
  (void)count;
  gni_buf_add_text(out, examples->text  ? "      {"
                        : examples->any ? ",{\"keys\":{"
                                        : "{\"keys\":{");
  for (size_t i = 0; i < at->column_count; i++) {
    if (!at->columns[i].key) continue;
    if (next) gni_buf_add_char(out, ',');
    gni_json_add_text(out, at->columns[i].name, false);
    gni_buf_add_char(out, ':');
    gni_value_to_json(at->columns[i].left, &row[next++], out);
  }
  const struct column *column = &at->columns[examples->column];
  gni_buf_add_text(out, examples->text ? "}  " : "},\"left\":");
  gni_value_to_json(shown_type(column, true), &row[next], out);
  gni_buf_add_text(out, examples->text ? " | " : ",\"right\":");
  gni_value_to_json(shown_type(column, false), &row[next + 1], out);
  gni_buf_add_char(out, examples->text ? '\n' : '}');
  examples->any = true;
  return out->rc;
}

static int add_examples(struct diffing *at, size_t i, bool text, gn_buf *out)
{
  struct examples examples = {.at = at, .out = out, .column = i, .text = text};
  int32_t wanted = at->args->examples ? at->args->examples : EXAMPLES_DEFAULT;
  if (wanted < 0 || !at->columns[i].different) return GN_OK;
  gni_buf_reset(&at->sql);
  gni_buf_add_text(&at->sql, "SELECT ");
  for (size_t k = 0; k < at->column_count; k++)
    if (at->columns[k].key) gni_buf_add_format(&at->sql, "l%zu, ", k);
  gni_buf_add_format(&at->sql, "l%zu, r%zu FROM __gn_pairs WHERE in_left AND in_right AND ", i, i);
  add_differs(at, i);
  gni_buf_add_text(&at->sql, " ORDER BY ALL LIMIT ");
  gni_buf_add_format(&at->sql, "%" PRId32, wanted);
  return gni_engine_each_row(at->job->engine, gni_buf_view(&at->sql), add_example, &examples,
                             at->err);
}

static int write_json(struct diffing *at, gn_buf *out)
{
  const gn_diff_report *report = at->report;
  gni_buf_add_text(out, "{\"left\":");
  gni_json_add_text(out, at->left.name, false);
  gni_buf_add_text(out, ",\"right\":");
  gni_json_add_text(out, at->right.name, false);
  gni_buf_add_format(
      out,
      ",\"left_rows\":%" PRId64 ",\"right_rows\":%" PRId64 ",\"paired_rows\":%" PRId64
      ",\"only_left\":%" PRId64 ",\"only_right\":%" PRId64 ",\"columns\":[",
      report->left_rows, report->right_rows, report->paired_rows,
      report->left_rows - report->paired_rows, report->right_rows - report->paired_rows);
  for (size_t i = 0; i < at->column_count; i++) {
    const struct column *column = &at->columns[i];
    gni_buf_add_text(out, i ? ",{\"name\":" : "{\"name\":");
    gni_json_add_text(out, column->name, false);
    add_type(out, "left_type", column->left);
    add_type(out, "right_type", column->right);
    gni_buf_add_format(out, ",\"key\":%s", column->key ? "true" : "false");
    if (column->compared && !column->key) {
      gni_buf_add_format(out,
                         ",\"equal\":%" PRId64 ",\"different\":%" PRId64 ",\"left_nulls\":%" PRId64
                         ",\"right_nulls\":%" PRId64 ",\"examples\":[",
                         column->equal, column->different, column->left_nulls, column->right_nulls);
      int rc = add_examples(at, i, false, out);
      if (rc != GN_OK) return rc;
      gni_buf_add_char(out, ']');
    }
    gni_buf_add_char(out, '}');
  }
  gni_buf_add_format(out, "],\"differences\":%" PRId64 "}", report->differences);
  return GN_OK;
}

/* ---- the answer for people ---- */

static double share(int64_t part, int64_t whole)
{
  return whole ? 100.0 * (double)part / (double)whole : 100.0;
}

static void add_schema_note(gn_buf *out, const struct column *column)
{
  gni_buf_add_format(out, "  %.*s: ", GN_STR_ARGS(column->name));
  if (column->left) gni_type_format(column->left, out);
  gni_buf_add_text(out, !column->left    ? "only on the right, "
                        : !column->right ? ", only on the left"
                                         : " on the left, ");
  if (column->right) gni_type_format(column->right, out);
  gni_buf_add_text(out, column->left && column->right ? " on the right\n" : "\n");
}

static int write_text(struct diffing *at, gn_buf *out)
{
  gnp_grid grid;
  const gn_diff_report *report = at->report;
  gni_buf_add_format(out, "left   %.*s  %" PRId64 " rows\nright  %.*s  %" PRId64 " rows\n",
                     GN_STR_ARGS(at->left.name), report->left_rows, GN_STR_ARGS(at->right.name),
                     report->right_rows);
  gni_buf_add_format(out,
                     "%" PRId64 " rows in both, %" PRId64 " only left, %" PRId64 " only right\n",
                     report->paired_rows, report->left_rows - report->paired_rows,
                     report->right_rows - report->paired_rows);
  for (size_t i = 0; i < at->column_count; i++)
    if (!at->columns[i].compared) add_schema_note(out, &at->columns[i]);
  gnp_grid_begin(&grid, &at->job->arena, 5);
  static const char *const head[] = {"column", "match", "different", "null left", "null right"};
  for (size_t i = 0; i < 5; i++) gnp_grid_add(&grid, "%s", head[i]);
  for (size_t i = 0; i < at->column_count; i++) {
    const struct column *column = &at->columns[i];
    if (!column->compared || column->key) continue;
    gnp_grid_add(&grid, "%.*s", GN_STR_ARGS(column->name));
    gnp_grid_add(&grid, "%.2f %%", share(column->equal, report->paired_rows));
    gnp_grid_add(&grid, "%" PRId64, column->different);
    gnp_grid_add(&grid, "%" PRId64, column->left_nulls);
    gnp_grid_add(&grid, "%" PRId64, column->right_nulls);
  }
  int rc = gnp_grid_write(&grid, out);
  if (rc != GN_OK) return gni_fail(at->err, rc, "the answer does not fit in memory");
  for (size_t i = 0; rc == GN_OK && i < at->column_count; i++) {
    if (!at->columns[i].different) continue;
    gni_buf_add_format(out, "    %.*s: left | right\n", GN_STR_ARGS(at->columns[i].name));
    rc = add_examples(at, i, true, out);
  }
  return rc;
}

static int diff_tables(struct diffing *at, int form, gn_buf *out)
{
  const gni_def *def = NULL, *ignored = NULL;
  int rc = gnp_inspect_table(at->job, at->args->left, &at->left, &def, at->err);
  if (rc == GN_OK) rc = gnp_inspect_table(at->job, at->args->right, &at->right, &ignored, at->err);
  if (rc == GN_OK) rc = match_columns(at);
  if (rc == GN_OK) rc = choose_keys(at, def ? def : ignored);
  if (rc == GN_OK) rc = pair_rows(at);
  if (rc == GN_OK) rc = count_differences(at);
  if (rc != GN_OK) return rc;
  return form == GN_FORM_JSON ? write_json(at, out) : write_text(at, out);
}

/* ---- two definitions ---- */

struct members {
  gn_buf *out;
  gn_arena *arena;
  int form;
  int64_t differences;
};

static void add_change(struct members *at, gn_str path, const gni_json *left, const gni_json *right)
{
  gn_buf *out = at->out;
  if (at->form == GN_FORM_JSON) {
    gni_buf_add_text(out, at->differences ? ",{\"path\":" : "{\"path\":");
    gni_json_add_text(out, path, false);
    gni_buf_add_text(out, ",\"left\":");
    gni_buf_add_text(out, left ? "" : "null");
    if (left) gni_json_write(left, out);
    gni_buf_add_text(out, ",\"right\":");
    gni_buf_add_text(out, right ? "" : "null");
    if (right) gni_json_write(right, out);
    gni_buf_add_char(out, '}');
  } else {
    gni_buf_add_format(out, "%s %.*s: ", !left ? "+" : !right ? "-" : "~", GN_STR_ARGS(path));
    if (left) gni_json_write(left, out);
    if (left && right) gni_buf_add_text(out, " -> ");
    if (right) gni_json_write(right, out);
    gni_buf_add_char(out, '\n');
  }
  at->differences++;
}

static bool same_scalar(const gni_json *a, const gni_json *b)
{
  if (a->kind != b->kind) return false;
  switch (a->kind) {
  case GNI_JSON_NULL:
    return true;
  case GNI_JSON_BOOLEAN:
    return a->boolean == b->boolean;
  case GNI_JSON_INTEGER:
    return a->integer == b->integer;
  case GNI_JSON_REAL:
    return a->real == b->real;
  default:
    return gni_str_equal(a->text, b->text);
  }
}

static void compare_nodes(struct members *at, gn_str path, const gni_json *left,
                          const gni_json *right);

static void compare_lists(struct members *at, gn_str path, const gni_json *left,
                          const gni_json *right)
{
  size_t longer = left->list.count > right->list.count ? left->list.count : right->list.count;
  for (size_t i = 0; i < longer; i++)
    compare_nodes(at, gni_str_format(at->arena, "%.*s[%zu]", GN_STR_ARGS(path), i),
                  i < left->list.count ? &left->list.items[i] : NULL,
                  i < right->list.count ? &right->list.items[i] : NULL);
}

static void compare_objects(struct members *at, gn_str path, const gni_json *left,
                            const gni_json *right)
{
  const char *dot = path.len ? "." : "";
  for (size_t i = 0; i < left->list.count; i++) {
    gn_str key = gni_str_take(at->arena, left->list.keys[i].text);
    if (!key.ptr) continue;
    compare_nodes(at,
                  gni_str_format(at->arena, "%.*s%s%.*s", GN_STR_ARGS(path), dot, GN_STR_ARGS(key)),
                  &left->list.items[i], gni_json_member(right, key.ptr));
  }
  for (size_t i = 0; i < right->list.count; i++) {
    gn_str key = gni_str_take(at->arena, right->list.keys[i].text);
    if (!key.ptr || gni_json_member(left, key.ptr)) continue;
    compare_nodes(at,
                  gni_str_format(at->arena, "%.*s%s%.*s", GN_STR_ARGS(path), dot, GN_STR_ARGS(key)),
                  NULL, &right->list.items[i]);
  }
}

static void compare_nodes(struct members *at, gn_str path, const gni_json *left,
                          const gni_json *right)
{
  bool both = left && right && left->kind == right->kind;
  if (both && left->kind == GNI_JSON_LIST)
    compare_lists(at, path, left, right);
  else if (both && left->kind == GNI_JSON_OBJECT)
    compare_objects(at, path, left, right);
  else if (!both || !same_scalar(left, right))
    add_change(at, path, left, right);
}

static int diff_definitions(struct diffing *at, const gni_def *left, const gni_def *right, int form,
                            gn_buf *out)
{
  const gni_json *a, *b;
  struct members members = {.out = out, .arena = &at->job->arena, .form = form};
  int rc = gni_json_parse(left->text, GN_DEF_DEPTH_MAX, &at->job->arena, &a, at->err);
  if (rc == GN_OK) rc = gni_json_parse(right->text, GN_DEF_DEPTH_MAX, &at->job->arena, &b, at->err);
  if (rc != GN_OK) return rc;
  if (form == GN_FORM_JSON) {
    gni_buf_add_text(out, "{\"left\":");
    gni_json_add_text(out, left->metadata->name, false);
    gni_buf_add_text(out, ",\"right\":");
    gni_json_add_text(out, right->metadata->name, false);
    gni_buf_add_text(out, ",\"changes\":[");
  }
  compare_nodes(&members, GN_STR(""), a, b);
  if (form == GN_FORM_JSON)
    gni_buf_add_format(out, "],\"differences\":%" PRId64 "}", members.differences);
  else if (!members.differences)
    gni_buf_add_text(out, "the definitions are the same\n");
  at->report->differences = members.differences;
  return GN_OK;
}

/* ---- the verb ---- */

int gn_diff(gn_session *session, const gn_diff_args *args, int form, gn_text *out,
            gn_diff_report *report, gn_error *err)
{
  gnp_job job;
  gn_buf text;
  const gni_def *left, *right;
  struct diffing at = {.job = &job, .args = args, .report = report, .err = err};
  *out = (gn_text){0};
  *report = (gn_diff_report){0};
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_buf_init(&at.sql, session->alloc, SQL_BYTES_MAX);
  int rc = gnp_inspect_open(session, &job, err);
  if (rc == GN_OK) rc = gnp_inspect_def(&job, args->left, &left, err);
  int other = rc == GN_OK ? gnp_inspect_def(&job, args->right, &right, err) : GN_ABSENT;
  bool read = (rc == GN_OK || rc == GN_ABSENT) && (other == GN_OK || other == GN_ABSENT);
  if (read && rc == GN_OK && other == GN_OK && !args->keys)
    rc = diff_definitions(&at, left, right, form, &text);
  else if (read)
    rc = diff_tables(&at, form, &text);
  else if (rc == GN_OK)
    rc = other;
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  gnp_job_close(&job);
  gni_buf_deinit(&at.sql);
  gni_buf_deinit(&text);
  return rc;
}
