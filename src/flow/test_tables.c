/* The rows that a test gives, as tables of a session that is the test's own.
 * SPDX-License-Identifier: Apache-2.0 */
#include "flow/test_case.h"

struct column {
  gn_str name;
  const gni_type *type;
  bool time; /* a source's time column: instants may be written as texts */
};

struct making {
  const gnp_test *test;
  gnp_job *job;
  const gnp_test_table *table;
  struct column *columns; /* without the partition column */
  size_t count;
  const gni_type *type; /* the columns, then the partition */
  gni_builder *builder;
  bool sound;
};

/* ---- which columns ---- */

static gn_str without_default(gn_str table)
{
  size_t len = strlen("default.");
  return gni_str_starts(table, "default.") ? (gn_str){table.ptr + len, table.len - len} : table;
}

static bool same_table(gn_str a, gn_str b)
{
  return a.len && gni_str_equal(without_default(a), without_default(b));
}

static bool source_reads(gnp_job *job, const gni_source *source, gn_str table)
{
  return same_table(gni_source_table(source, &job->arena), table) ||
         (source->entities && same_table(source->entities->mutation_table, table));
}

static bool is_time(const struct making *at, gn_str column)
{
  const gni_group_by *def = at->job->def->group_by;
  for (size_t i = 0; i < def->sources.count; i++) {
    const gni_source *source = &def->sources.items[i];
    const gni_query *query = gni_source_query(source);
    if (query && source_reads(at->job, source, at->table->name->text) &&
        (gni_str_equal(gni_str_trim(query->time_column), column) ||
         gni_str_equal(gni_str_trim(query->mutation_time_column), column)))
      return true;
  }
  return false;
}

static bool is_partition(const struct making *at, gn_str column)
{
  return gni_str_equal(column, at->job->session->config.partition_column);
}

/* What a value looks like; NULL: it is null, or cannot be told. */
static const gni_type *type_of_value(const gni_json *node, gn_arena *arena)
{
  const gni_type *element = NULL;
  switch ((enum gni_json_kind)node->kind) {
  case GNI_JSON_BOOLEAN:
    return &gni_type_boolean;
  case GNI_JSON_INTEGER:
    return &gni_type_long;
  case GNI_JSON_REAL:
    return &gni_type_double;
  case GNI_JSON_TEXT:
    return &gni_type_string;
  case GNI_JSON_LIST:
    for (size_t i = 0; !element && i < node->list.count; i++)
      element = type_of_value(&node->list.items[i], arena);
    return element ? gni_type_list(arena, element) : NULL;
  case GNI_JSON_NULL:
  case GNI_JSON_OBJECT:
    break;
  }
  return NULL;
}

/* Whole numbers among reals are reals; the first of other kinds counts. */
static void see_type(struct making *at, struct column *column, const gni_json *value)
{
  const gni_type *type = type_of_value(value, &at->job->arena);
  if (!type) return;
  if (!column->type || (column->type == &gni_type_long && type == &gni_type_double))
    column->type = type;
}

static struct column *find_column(struct making *at, gn_str name)
{
  for (size_t i = 0; i < at->count; i++)
    if (gni_str_equal(at->columns[i].name, name)) return &at->columns[i];
  return NULL;
}

static int count_columns(const gnp_test_table *table, size_t *count)
{
  *count = table->types ? table->types->list.count : 0;
  for (size_t i = 0; i < table->rows->list.count; i++)
    *count += table->rows->list.items[i].list.count;
  return *count <= GN_COLUMNS_MAX * (table->rows->list.count + 1) ? GN_OK : GN_E_LIMIT;
}

static void see_row(struct making *at, const gni_json *row)
{
  for (size_t i = 0; i < row->list.count; i++) {
    gn_str name = row->list.keys[i].text;
    if (is_partition(at, name)) continue;
    struct column *column = find_column(at, name);
    if (!column) {
      column = &at->columns[at->count++];
      *column = (struct column){.name = name, .time = is_time(at, name)};
    }
    if (!column->time) see_type(at, column, &row->list.items[i]);
  }
}

static int read_types(struct making *at, gn_error *err)
{
  const gni_json *types = at->table->types;
  for (size_t i = 0; types && i < types->list.count; i++) {
    const gni_json *name = &types->list.keys[i], *text = &types->list.items[i];
    gn_error wrong = {0};
    const gni_type *type = NULL;
    struct column *column = find_column(at, name->text);
    if (!column) {
      column = &at->columns[at->count++];
      *column = (struct column){.name = name->text};
    }
    int rc = text->kind == GNI_JSON_TEXT
                 ? gni_type_parse(text->text, &at->job->arena, &type, &wrong)
                 : gni_fail(&wrong, GN_E_PARSE, "a type is a text such as \"array<string>\"");
    if (rc == GN_E_NOMEM) return gni_fail_nomem(err, 1);
    if (rc != GN_OK) {
      gnp_test_problem(at->test->file, "GC019", text, NULL, "%s", wrong.message);
      at->sound = false;
    }
    column->type = type;
    column->time = column->time && type == &gni_type_long;
  }
  return GN_OK;
}

static int find_columns(struct making *at, gn_error *err)
{
  gn_arena *arena = &at->job->arena;
  size_t most;
  int rc = count_columns(at->table, &most);
  if (rc != GN_OK) return gni_fail(err, rc, "a table of a test has too many columns");
  at->columns = GN_TAKE_ZERO(arena, struct column, most);
  if (!at->columns) return gni_fail_arena(err, arena, most * sizeof *at->columns);
  for (size_t i = 0; i < at->table->rows->list.count; i++)
    see_row(at, &at->table->rows->list.items[i]);
  if ((rc = read_types(at, err)) != GN_OK) return rc;
  gni_field *fields = GN_TAKE(arena, gni_field, at->count + 1);
  if (!fields) return gni_fail_arena(err, arena, (at->count + 1) * sizeof *fields);
  for (size_t i = 0; i < at->count; i++) {
    struct column *column = &at->columns[i];
    if (!column->type) column->type = column->time ? &gni_type_long : &gni_type_string;
    fields[i] = (gni_field){column->name, column->type};
  }
  fields[at->count] = (gni_field){at->job->session->config.partition_column, &gni_type_string};
  at->type = gni_type_struct(arena, GN_STR(""), fields, at->count + 1);
  return at->type ? GN_OK : gni_fail_arena(err, arena, 1);
}

/* ---- rows ---- */

static bool read_cell(struct making *at, const struct column *column, const gni_json *node,
                      gni_value *out)
{
  int64_t ms;
  if (!column->time || node->kind != GNI_JSON_TEXT)
    return gnp_test_value(at->test->file, node, column->type, &at->job->arena, out);
  if (!gnp_test_instant(at->test->file, node, &ms)) return false;
  *out = gni_value_integer(ms);
  return true;
}

/* The partition as it is written, or the day of the row's time. */
static bool read_partition(struct making *at, const gni_json *row, const gni_value *cells,
                           gni_value *out)
{
  const gnp_config *config = &at->job->session->config;
  const gni_json *node = gni_json_member(row, config->partition_column.ptr);
  char text[64];
  int32_t day = INT32_MIN;
  if (node && !gnp_test_day(at->test->file, node, &day)) return false;
  for (size_t i = 0; !node && i < at->count; i++)
    if (at->columns[i].time && !cells[i].is_null) day = gni_day_of_ms(cells[i].integer);
  if (day == INT32_MIN) {
    gnp_test_problem(at->test->file, "GC017", row, NULL, "a row lacks '%.*s', its partition",
                     GN_STR_ARGS(config->partition_column));
    return false;
  }
  if (gni_day_format(day, config->partition_format, text, sizeof text, NULL) != GN_OK) return false;
  *out = gni_value_text(gni_str_take(&at->job->arena, gni_str(text)));
  return out->text.ptr != NULL;
}

static int add_row(struct making *at, const gni_json *row, gni_value *cells, gn_error *err)
{
  bool sound = true;
  for (size_t i = 0; i < at->count; i++) {
    const gni_json *node = gni_json_member(row, at->columns[i].name.ptr);
    cells[i] = GNI_NULL_VALUE;
    if (node && !read_cell(at, &at->columns[i], node, &cells[i])) sound = false;
  }
  sound = sound && read_partition(at, row, cells, &cells[at->count]);
  at->sound = at->sound && sound;
  return sound ? gni_builder_add(at->builder, cells, err) : GN_OK;
}

static int next_batch(void *user, struct ArrowArray *out, gn_error *err)
{
  struct making *at = user;
  out->release = NULL;
  return gni_builder_rows(at->builder) ? gni_builder_finish(at->builder, out, err) : GN_OK;
}

static int write_rows(struct making *at, gn_error *err)
{
  gnp_job *job = at->job;
  struct ArrowArrayStream stream = {0};
  gni_table_writer *writer = NULL;
  gni_table_written written;
  gni_table_spec spec = {.name = at->table->name->text,
                         .columns =
                             gni_type_struct(&job->arena, GN_STR(""), at->type->fields, at->count)};
  if (!spec.columns) return gni_fail_nomem(err, 1);
  int rc = gni_table_writer_open(job->warehouse, &spec, &writer, err);
  if (rc == GN_OK)
    rc = gni_stream_new(at->type, next_batch, NULL, at, job->session->alloc, &stream, err);
  if (rc == GN_OK) rc = gni_table_write(writer, &stream, &job->arena, &written, err);
  gni_table_writer_close(writer);
  return rc;
}

static int make_table(const gnp_test *test, gnp_job *job, const gnp_test_table *table, bool *sound,
                      gn_error *err)
{
  struct making at = {.test = test, .job = job, .table = table, .sound = true};
  if (!table->rows->list.count) {
    gnp_test_problem(test->file, "GC017", table->name, NULL, "table '%.*s' has no row",
                     GN_STR_ARGS(table->name->text));
    *sound = false;
    return GN_OK;
  }
  int rc = find_columns(&at, err);
  gni_value *cells = rc == GN_OK ? GN_TAKE(&job->arena, gni_value, at.count + 1) : NULL;
  if (rc == GN_OK && !cells) rc = gni_fail_nomem(err, (at.count + 1) * sizeof *cells);
  if (rc == GN_OK) rc = gni_builder_new(at.type, job->session->alloc, &at.builder, err);
  for (size_t i = 0; rc == GN_OK && i < table->rows->list.count; i++)
    rc = add_row(&at, &table->rows->list.items[i], cells, err);
  if (rc == GN_OK && at.sound) rc = write_rows(&at, err);
  gni_builder_free(at.builder);
  *sound = *sound && at.sound;
  return rc;
}

/* ---- the world ---- */

/* A table that is not given would be looked for where the real ones are named. */
static bool all_are_given(const gnp_test *test, gnp_job *job)
{
  const gni_group_by *def = job->def->group_by;
  bool all = true;
  for (size_t i = 0; i < def->sources.count; i++) {
    gn_str table = gni_source_table(&def->sources.items[i], &job->arena);
    bool given = !table.len;
    for (size_t j = 0; !given && j < test->table_count; j++)
      given = same_table(test->tables[j].name->text, table);
    if (given) continue;
    gnp_test_problem(test->file, "GC017", test->node, "write it under given:",
                     "'%.*s' reads the table '%.*s', which the test does not give",
                     GN_STR_ARGS(test->conf), GN_STR_ARGS(table));
    all = false;
  }
  return all;
}

static int open_session(gn_session *outer, gnp_test_world *out, gn_error *err)
{
  gn_arena *arena = &outer->arena;
  const gnp_config *config = &outer->config;
  gn_str parent = gni_str_format(arena, "%s/.gnomon/test", outer->repo);
  if (!parent.ptr) return gni_fail_nomem(err, strlen(outer->repo));
  int rc = gni_run_folder_sweep(outer->alloc, parent.ptr, "run-", err);
  if (rc == GN_OK) rc = gni_run_folder_open(outer->alloc, parent.ptr, "run-", &out->folder, err);
  if (rc != GN_OK) return rc;
  gn_session_args args = {.struct_size = sizeof args,
                          .repo = outer->repo,
                          .warehouse = out->folder.path,
                          .store = "memory:",
                          .threads = config->threads,
                          .memory_bytes = config->memory_bytes,
                          .clock_ms = outer->clock.fixed ? outer->clock.fixed_ms : 0,
                          .boundary = config->boundary == GNI_BOUNDARY_EXACT ? "exact" : "chronon",
                          .alloc = outer->alloc};
  rc = gn_session_open(&args, &out->session, err);
  if (rc == GN_OK)
    out->session->config.table_count = 0; /* those of gnomon.toml are the real ones */
  return rc;
}

int gnp_test_world_open(gn_session *outer, const gnp_test *test, gnp_test_world *out, gn_error *err)
{
  gnp_job *job = &out->job;
  bool sound = true;
  *out = (gnp_test_world){.folder.lock = -1};
  int rc = open_session(outer, out, err);
  if (rc == GN_OK) rc = gnp_job_open(out->session, test->conf.ptr, "backfill", job, err);
  if (rc == GN_OK) rc = gnp_job_open_engine(job, err);
  if (rc != GN_OK) return rc;
  sound = all_are_given(test, job);
  for (size_t i = 0; rc == GN_OK && i < test->table_count; i++)
    rc = make_table(test, job, &test->tables[i], &sound, err);
  if (rc != GN_OK || !sound) return rc == GN_OK ? GN_ABSENT : rc;
  return gni_group_bind(job->def->group_by, &job->tables, &job->arena, &job->group, err);
}

void gnp_test_world_close(gnp_test_world *world)
{
  if (world->job.session) gnp_job_close(&world->job);
  gn_session_close(world->session);
  if (world->folder.path) gni_run_folder_close(&world->folder);
}
