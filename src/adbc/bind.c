/* Parameters: rows that a statement is run for, one after the other.
 * SPDX-License-Identifier: Apache-2.0 */
#include "adbc/columns.h"
#include "data/ipc.h"
#include "wire/wire.h"

/* ---- values as literals ---------------------------------------------------------------------- */

static sparkc_column *literal(const char *kind, sparkc_value value)
{
  const sparkc_field field = {kind, value};
  return sparkc_expression("literal", &field, 1);
}

/* A null keeps the type of its column, so that a result has the same type for every row; one of a
 * list, map or struct does not: the server forgets it. */
static sparkc_column *typed_null(const gni_type *type, const struct ArrowSchema *schema)
{
  static const char *const names[] = {
      [GNI_BOOLEAN] = "boolean",     [GNI_BYTE] = "byte",       [GNI_SHORT] = "short",
      [GNI_INT] = "integer",         [GNI_LONG] = "long",       [GNI_FLOAT] = "float",
      [GNI_DOUBLE] = "double",       [GNI_STRING] = "string",   [GNI_BINARY] = "binary",
      [GNI_DATE] = "date",           [GNI_DECIMAL] = "decimal", [GNI_NULL] = NULL,
      [GNI_TIMESTAMP] = "timestamp",
  };
  const char *name = names[type->kind];
  if (!name) return sparkc_lit_null();
  if (type->kind == GNI_TIMESTAMP && schema && strlen(schema->format) <= 4) name = "timestamp_ntz";
  const sparkc_field digits[] = {{"scale", SPARKC_INT(type->scale)},
                                 {"precision", SPARKC_INT(type->precision)}};
  const sparkc_field kind = {name, SPARKC_MESSAGE(digits, type->kind == GNI_DECIMAL ? 2 : 0)};
  const sparkc_value of = SPARKC_MESSAGE(&kind, 1);
  return literal("null", of);
}

static sparkc_column *decimal(const gni_type *type, const gni_value *value, gn_arena *arena)
{
  gn_buf text; /* between quotes, as JSON has it */
  sparkc_column *column = NULL;
  gni_buf_init(&text, arena->alloc, 128);
  if (gni_value_to_json(type, value, &text) == GN_OK && text.len > 2) {
    text.ptr[text.len - 1] = '\0';
    column = sparkc_lit_decimal(text.ptr + 1, type->precision, type->scale);
  }
  gni_buf_deinit(&text);
  return column;
}

/* Only a timestamp with a zone is a moment; `schema` is its column's, or NULL inside of others. */
static sparkc_column *timestamp(const struct ArrowSchema *schema, int64_t us)
{
  bool has_zone = !schema || strlen(schema->format) > 4;
  return has_zone ? sparkc_lit_timestamp(us) : sparkc_lit_timestamp_ntz(us);
}

static sparkc_column *simple(const gni_type *type, const gni_value *value)
{
  const sparkc_value integer = SPARKC_INT(value->integer);
  const sparkc_value real = SPARKC_REAL(value->real);
  const sparkc_value text = {SPARKC_VALUE_TEXT, value->text.len, {.bytes = value->text.ptr}};
  switch (type->kind) {
  case GNI_BOOLEAN:
    return sparkc_lit_bool(value->boolean);
  case GNI_BYTE:
    return literal("byte", integer);
  case GNI_SHORT:
    return literal("short", integer);
  case GNI_INT:
    return literal("integer", integer);
  case GNI_LONG:
    return sparkc_lit_long(value->integer);
  case GNI_FLOAT:
    return literal("float", real);
  case GNI_DOUBLE:
    return sparkc_lit_double(value->real);
  case GNI_STRING:
    return literal("string", text);
  case GNI_BINARY:
    return sparkc_lit_bytes(value->text.ptr, value->text.len);
  case GNI_DATE:
    return sparkc_lit_date((int32_t)value->integer);
  default:
    return sparkc_lit_null();
  }
}

static sparkc_column *column_of(const gni_type *type, const struct ArrowSchema *schema,
                                const gni_value *value, gn_arena *arena);

/* array(…), map(key, value, …), named_struct(name, value, …) */
static sparkc_column *nested(const gni_type *type, const gni_value *value, gn_arena *arena)
{
  const size_t each = type->kind == GNI_LIST ? 1 : 2;
  const size_t count = value->list.count * each;
  sparkc_column **items = GN_TAKE(arena, sparkc_column *, count ? count : 1);
  if (!items) return NULL;
  for (size_t i = 0; i < count; i++) {
    if (type->kind == GNI_STRUCT && i % 2 == 0) {
      const gn_str name = type->fields[i / 2].name;
      const sparkc_value text = {SPARKC_VALUE_TEXT, name.len, {.bytes = name.ptr}};
      items[i] = literal("string", text);
      continue;
    }
    const size_t at = type->kind == GNI_STRUCT ? i / 2 : i;
    const gni_type *of = type->kind == GNI_LIST     ? type->fields[0].type
                         : type->kind == GNI_STRUCT ? type->fields[at].type
                                                    : type->fields[i % 2].type;
    items[i] = column_of(of, NULL, &value->list.items[at], arena);
  }
  const char *function = type->kind == GNI_LIST  ? "array"
                         : type->kind == GNI_MAP ? "map"
                                                 : "named_struct";
  return sparkc_call(function, items, count);
}

static sparkc_column *column_of(const gni_type *type, const struct ArrowSchema *schema,
                                const gni_value *value, gn_arena *arena)
{
  if (value->is_null) return typed_null(type, schema);
  switch (type->kind) {
  case GNI_DECIMAL:
    return decimal(type, value, arena);
  case GNI_TIMESTAMP:
    return timestamp(schema, value->integer);
  case GNI_LIST:
  case GNI_MAP:
  case GNI_STRUCT:
    return nested(type, value, arena);
  default:
    return simple(type, value);
  }
}

/* ---- rows, one after the other --------------------------------------------------------------- */

typedef struct binding {
  gn_alloc alloc;
  adbcp_operation *operation;
  char *sql;
  size_t sql_size;
  sparkc_execute_args args;
  struct ArrowArrayStream rows;
  struct ArrowSchema schema;
  struct ArrowArray batch;
  int64_t row;
  gn_arena whole, per_batch, per_row;
  const gni_type *type;
  gni_column *columns;
  adbcp_markers markers;
  struct ArrowSchema answer; /* of the first execution, which holds for all */
  int *column_of;            /* the column of each argument */
  size_t count;
  bool has_rows; /* they are read */
} binding;

static void free_binding(void *user)
{
  binding *b = user;
  const gn_alloc alloc = b->alloc;
  gni_array_close(&b->batch);
  gni_schema_close(&b->schema);
  gni_schema_close(&b->answer);
  gni_stream_close(&b->rows);
  gni_arena_deinit(&b->whole);
  gni_arena_deinit(&b->per_batch);
  gni_arena_deinit(&b->per_row);
  gni_free(&alloc, b->sql, b->sql_size);
  gni_free(&alloc, b, sizeof *b);
}

/* Which column is which argument: by place where the text has `?`, else by name. */
static int match_columns(binding *b, bool by_name, sparkc_error *err)
{
  const adbcp_markers *m = &b->markers;
  bool named = m->name_count && !m->positions;
  b->count = named ? m->name_count : m->positions;
  b->column_of = GN_TAKE(&b->whole, int, b->count ? b->count : 1);
  if (!b->column_of) return adbcp_nomem(err);
  if (by_name && !named)
    return adbcp_say(err, SPARKC_E_PLAN, "columns are bound by name, but the text names none");
  if (!named && b->count != b->type->field_count)
    return adbcp_say(err, SPARKC_E_PLAN, "the text has %zu parameters, and %u are bound", b->count,
                     b->type->field_count);
  for (size_t i = 0; i < b->count; i++) {
    b->column_of[i] = named ? gni_type_find(b->type, m->names[i]) : (int)i;
    if (b->column_of[i] < 0)
      return adbcp_say(err, SPARKC_E_PLAN, "no column is bound for the parameter ':%.*s'",
                       GN_STR_ARGS(m->names[i]));
  }
  return SPARKC_OK;
}

/* To the next row that there is; GN_ABSENT at the end. */
static int next_row(binding *b, sparkc_error *err)
{
  gn_error why = {0};
  b->row++;
  while (!b->batch.release || b->row >= b->batch.length) {
    gni_array_close(&b->batch);
    gni_arena_reset(&b->per_batch);
    int rc = gni_stream_next(&b->rows, &b->batch, &why);
    if (rc == GN_OK && !b->batch.release) return GN_ABSENT;
    if (rc == GN_OK)
      rc = gni_batch_view(b->type, &b->schema, &b->batch, &b->per_batch, &b->columns, &why);
    if (rc != GN_OK) return adbcp_say_from(err, &why);
    b->row = 0;
  }
  return SPARKC_OK;
}

/* The text with the row's values as its arguments. */
static int make_query(binding *b, sparkc_dataframe **out, sparkc_error *err)
{
  gni_arena_reset(&b->per_row);
  const size_t count = b->count, named = b->markers.name_count ? count : 0;
  sparkc_column **columns = GN_TAKE_ZERO(&b->per_row, sparkc_column *, count + 1);
  sparkc_value *values = GN_TAKE_ZERO(&b->per_row, sparkc_value, count + 1);
  sparkc_field *fields = GN_TAKE_ZERO(&b->per_row, sparkc_field, count + 1);
  int rc = columns && values && fields ? SPARKC_OK : adbcp_nomem(err);
  for (size_t i = 0; rc == SPARKC_OK && i < count; i++) {
    gni_value value;
    const int c = b->column_of[i];
    if (named) fields[i].name = gni_str_take(&b->per_row, b->markers.names[i]).ptr;
    if (gni_column_get(&b->columns[c], b->row, &b->per_row, &value) == GN_OK)
      columns[i] = column_of(b->type->fields[c].type, b->schema.children[c], &value, &b->per_row);
    if (!columns[i] || (named && !fields[i].name)) rc = adbcp_nomem(err);
    fields[i].value = values[i] = (sparkc_value)SPARKC_COLUMN(columns[i]);
  }
  const sparkc_field sql[] = {{"query", SPARKC_TEXT(b->sql)},
                              {"named_arguments", SPARKC_MESSAGE(fields, named)},
                              {"pos_arguments", SPARKC_LIST(values, count - named)}};
  if (rc == SPARKC_OK) rc = sparkc_relation(b->operation->link->session, "sql", sql, 3, out, err);
  for (size_t i = 0; columns && i < count; i++) sparkc_column_free(columns[i]);
  return rc;
}

static bool same_shape(const struct ArrowSchema *a, const struct ArrowSchema *b)
{
  if (strcmp(a->format, b->format) != 0 || a->n_children != b->n_children) return false;
  for (int64_t i = 0; i < a->n_children; i++)
    if (!same_shape(a->children[i], b->children[i])) return false;
  return true;
}

/* A stream has one schema, so every row's answer must have it. */
static int check_answer(binding *b, sparkc_error *err)
{
  struct ArrowSchema schema;
  int rc = sparkc_result_schema(b->operation->result, &schema, err);
  if (rc != SPARKC_OK) return rc;
  if (!b->answer.release) {
    b->answer = schema;
    return SPARKC_OK;
  }
  if (!same_shape(&b->answer, &schema))
    rc = adbcp_say(err, SPARKC_E_PLAN, "the answer has other types than that to the row before");
  gni_schema_close(&schema);
  return rc;
}

/* Runs the text for the next row. */
static int run_next(void *user, sparkc_error *err)
{
  binding *b = user;
  sparkc_dataframe *query = NULL, *df = NULL;
  int rc = next_row(b, err);
  if (rc != SPARKC_OK) return rc;
  rc = make_query(b, &query, err);
  if (rc == SPARKC_OK) rc = adbcp_operation_sql(b->operation, query, &b->args, &df, err);
  if (rc == SPARKC_OK) rc = adbcp_operation_start(b->operation, df, &b->args, err);
  if (rc == SPARKC_OK && b->has_rows) rc = check_answer(b, err);
  b->args.operation_id = NULL; /* there is one each */
  sparkc_dataframe_free(query);
  sparkc_dataframe_free(df);
  return rc;
}

static int new_binding(adbcp_statement *s, adbcp_operation *op, const sparkc_execute_args *args,
                       binding **out, sparkc_error *err)
{
  gn_error why = {0};
  const char *by_name = adbcp_options_get(&s->options, ADBCP_BIND_BY_NAME);
  binding *b = *out = gni_alloc_zero(&s->alloc, sizeof *b);
  if (!b) return adbcp_nomem(err);
  b->alloc = s->alloc;
  b->operation = op;
  b->args = *args;
  b->rows = s->bound;
  s->bound.release = NULL;
  gni_arena_init(&b->whole, &b->alloc, ADBCP_ARENA_BYTES_MAX);
  gni_arena_init(&b->per_batch, &b->alloc, ADBCP_ARENA_BYTES_MAX);
  gni_arena_init(&b->per_row, &b->alloc, ADBCP_ARENA_BYTES_MAX);
  b->sql_size = strlen(s->sql) + 1;
  b->sql = gni_strdup(&s->alloc, s->sql, b->sql_size - 1);
  if (!b->sql) return adbcp_nomem(err);
  int rc = adbcp_markers_find((gn_str){b->sql, b->sql_size - 1}, &b->whole, &b->markers, err);
  if (rc != SPARKC_OK) return rc;
  if (gni_stream_type(&b->rows, &b->whole, &b->schema, &b->type, &why) != GN_OK)
    return adbcp_say_from(err, &why);
  return match_columns(b, by_name && strcmp(by_name, ADBC_OPTION_VALUE_ENABLED) == 0, err);
}

/* Rows of no execution at all. */
static int no_rows(const gn_alloc *alloc, struct ArrowArrayStream *out, sparkc_error *err)
{
  struct ArrowSchema schema;
  struct ArrowArray none = {.release = NULL};
  gn_error why = {0};
  if (gni_schema_empty(&schema, &why) != GN_OK) return adbcp_say_from(err, &why);
  int rc = adbcp_stream_of(alloc, &schema, &none, out, err);
  gni_schema_close(&schema);
  return rc;
}

static int run_all(binding *b, int64_t *rows, sparkc_error *err)
{
  int64_t some, sum = -1;
  int rc;
  while ((rc = run_next(b, err)) == SPARKC_OK) {
    rc = adbcp_operation_drain(b->operation, &some, err);
    if (rc != SPARKC_OK) break;
    if (some >= 0) sum = sum < 0 ? some : sum + some;
  }
  *rows = sum;
  return rc == GN_ABSENT ? SPARKC_OK : rc;
}

int adbcp_execute_bound(adbcp_statement *s, adbcp_operation *op, const sparkc_execute_args *args,
                        struct ArrowArrayStream *out, int64_t *rows, sparkc_error *err)
{
  binding *b;
  int rc = new_binding(s, op, args, &b, err);
  if (b) b->has_rows = out != NULL;
  if (rc == SPARKC_OK && !out) rc = run_all(b, rows, err);
  if (rc == SPARKC_OK && out) rc = run_next(b, err);
  if (rc == SPARKC_OK && out) {
    const adbcp_source source = {
        .operation = op, .next = run_next, .close = free_binding, .user = b};
    return adbcp_stream_new(&source, out, err);
  }
  if (b) free_binding(b);
  if (rc == GN_ABSENT) rc = no_rows(&s->alloc, out, err);
  adbcp_operation_unref(op);
  return rc;
}

/* The parameters as columns: of no type, since Spark takes any. */
static int markers_schema(const adbcp_markers *markers, gn_arena *arena, struct ArrowSchema *out,
                          sparkc_error *err)
{
  size_t count = markers->positions ? markers->positions : markers->name_count;
  gni_field *fields = GN_TAKE(arena, gni_field, count ? count : 1);
  gn_error why = {0};
  if (!fields) return adbcp_nomem(err);
  for (size_t i = 0; i < count; i++) {
    fields[i] = (gni_field){
        markers->positions ? gni_str_format(arena, "%zu", i) : markers->names[i], &gni_type_null};
    if (!fields[i].name.ptr) return adbcp_nomem(err);
  }
  const gni_type type = {.kind = GNI_STRUCT, .field_count = (uint32_t)count, .fields = fields};
  int rc = gni_type_to_arrow(&type, GN_STR(""), out, &why);
  return rc == GN_OK ? SPARKC_OK : adbcp_say_from(err, &why);
}

/* ---- public ---------------------------------------------------------------------------------- */

AdbcStatusCode AdbcStatementBindStream(struct AdbcStatement *statement,
                                       struct ArrowArrayStream *stream, struct AdbcError *error)
{
  adbcp_statement *s = statement->private_data;
  if (!s) return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the statement is not made yet");
  if (s->bound.release) s->bound.release(&s->bound);
  s->bound = *stream;
  stream->release = NULL;
  return ADBC_STATUS_OK;
}

AdbcStatusCode AdbcStatementBind(struct AdbcStatement *statement, struct ArrowArray *values,
                                 struct ArrowSchema *schema, struct AdbcError *error)
{
  sparkc_error err = {0};
  struct ArrowArrayStream stream;
  const adbcp_statement *s = statement->private_data;
  if (!s) return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the statement is not made yet");
  if (adbcp_stream_of(&s->alloc, schema, values, &stream, &err) != SPARKC_OK)
    return adbcp_give(error, &err);
  return AdbcStatementBindStream(statement, &stream, error);
}

AdbcStatusCode AdbcStatementGetParameterSchema(struct AdbcStatement *statement,
                                               struct ArrowSchema *schema, struct AdbcError *error)
{
  sparkc_error err = {0};
  const adbcp_statement *s = statement->private_data;
  adbcp_markers markers;
  gn_arena arena;
  *schema = (struct ArrowSchema){.release = NULL};
  if (!s || !s->prepared || !s->sql)
    return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "there is no prepared SQL text");
  gni_arena_init(&arena, &s->alloc, ADBCP_ARENA_BYTES_MAX);
  if (adbcp_markers_find(gni_str(s->sql), &arena, &markers, &err) == SPARKC_OK)
    markers_schema(&markers, &arena, schema, &err);
  gni_arena_deinit(&arena);
  return adbcp_give(error, &err);
}
