/* Rows of the caller into a table or a temporary view. SPDX-License-Identifier: Apache-2.0 */
#include "adbc/columns.h"

/* What happens to a table that is there, and to one that is not. */
static const struct mode {
  const char *name, *save_mode;
  bool must_exist, replaces;
} modes[] = {
    {ADBC_INGEST_OPTION_MODE_CREATE, "SAVE_MODE_ERROR_IF_EXISTS", false, false},
    {ADBC_INGEST_OPTION_MODE_APPEND, "SAVE_MODE_APPEND", true, false},
    {ADBC_INGEST_OPTION_MODE_REPLACE, "SAVE_MODE_OVERWRITE", false, true},
    {ADBC_INGEST_OPTION_MODE_CREATE_APPEND, "SAVE_MODE_APPEND", false, false},
};

static const struct mode *find_mode(const char *name)
{
  for (size_t i = 0; name && i < sizeof modes / sizeof *modes; i++)
    if (strcmp(modes[i].name, name) == 0) return &modes[i];
  return &modes[0];
}

/* Fails with Spark's own "not found". */
static int check_exists(const adbcp_statement *s, const char *table, sparkc_error *err)
{
  struct ArrowSchema schema = {.release = NULL};
  gn_buf sql;
  gni_buf_init(&sql, &s->alloc, ADBCP_TEXT_BYTES_MAX);
  gni_buf_add_format(&sql, "SELECT * FROM %s", table);
  int rc = sql.rc == GN_OK ? adbcp_query_schema(s->link, sql.ptr, &schema, err) : adbcp_nomem(err);
  gni_schema_close(&schema);
  gni_buf_deinit(&sql);
  return rc;
}

/* What is written, and how. */
struct ingest {
  const adbcp_statement *statement;
  adbcp_operation *operation;
  const sparkc_execute_args *args;
  const struct mode *mode;
};

static int write_table(const struct ingest *ingest, const sparkc_dataframe *rows, sparkc_error *err)
{
  const adbcp_statement *s = ingest->statement;
  gn_buf name;
  gni_buf_init(&name, &s->alloc, ADBCP_TEXT_BYTES_MAX);
  adbcp_add_table(&name, adbcp_options_get(&s->options, ADBC_INGEST_OPTION_TARGET_CATALOG),
                  adbcp_options_get(&s->options, ADBC_INGEST_OPTION_TARGET_DB_SCHEMA),
                  adbcp_options_get(&s->options, ADBC_INGEST_OPTION_TARGET_TABLE));
  int rc = name.rc == GN_OK ? SPARKC_OK : adbcp_nomem(err);
  if (rc == SPARKC_OK && ingest->mode->must_exist) rc = check_exists(s, name.ptr, err);
  const sparkc_field target[] = {
      {"table_name", SPARKC_TEXT(name.ptr)},
      {"save_method", SPARKC_TEXT("TABLE_SAVE_METHOD_SAVE_AS_TABLE")},
  };
  const sparkc_field write[] = {
      {"input", SPARKC_DATAFRAME(rows)},
      {"table", SPARKC_MESSAGE(target, 2)},
      {"mode", SPARKC_TEXT(ingest->mode->save_mode)},
  };
  if (rc == SPARKC_OK)
    rc = adbcp_operation_command(ingest->operation, "write_operation", write, 3, ingest->args, err);
  gni_buf_deinit(&name);
  return rc;
}

/* What a view shows so far, and the new rows after it: columns by their names. */
static int append_to_view(const adbcp_statement *s, const char *view, const sparkc_dataframe *rows,
                          sparkc_dataframe **out, sparkc_error *err)
{
  sparkc_dataframe *before;
  gn_buf sql;
  *out = NULL;
  gni_buf_init(&sql, &s->alloc, ADBCP_TEXT_BYTES_MAX);
  gni_buf_add_text(&sql, "SELECT * FROM ");
  adbcp_add_quoted(&sql, gni_str(view));
  int rc = sql.rc == GN_OK ? sparkc_sql(s->link->session, sql.ptr, &before, err) : adbcp_nomem(err);
  gni_buf_deinit(&sql);
  if (rc != SPARKC_OK) return rc;
  const sparkc_field both[] = {
      {"left_input", SPARKC_DATAFRAME(before)},
      {"right_input", SPARKC_DATAFRAME(rows)},
      {"set_op_type", SPARKC_TEXT("SET_OP_TYPE_UNION")},
      {"is_all", SPARKC_INT(1)},
      {"by_name", SPARKC_INT(1)},
  };
  rc = sparkc_relation(s->link->session, "set_op", both, 5, out, err);
  sparkc_dataframe_free(before);
  return rc;
}

static int write_view(const struct ingest *ingest, const sparkc_dataframe *rows, sparkc_error *err)
{
  const adbcp_statement *s = ingest->statement;
  const struct mode *mode = ingest->mode;
  const char *name = adbcp_options_get(&s->options, ADBC_INGEST_OPTION_TARGET_TABLE);
  bool appends = strcmp(mode->save_mode, "SAVE_MODE_APPEND") == 0;
  sparkc_dataframe *all = NULL;
  int rc = appends ? append_to_view(s, name, rows, &all, err) : SPARKC_OK;
  bool is_new = rc != SPARKC_OK && !mode->must_exist && adbcp_status(err) == ADBC_STATUS_NOT_FOUND;
  if (is_new) {
    sparkc_error_clear(err);
    rc = SPARKC_OK;
  }
  const sparkc_field view[] = {
      {"input", SPARKC_DATAFRAME(all ? all : rows)},
      {"name", SPARKC_TEXT(name)},
      {"replace", SPARKC_INT(appends || mode->replaces)},
  };
  if (rc == SPARKC_OK)
    rc = adbcp_operation_command(ingest->operation, "create_dataframe_view", view, 3, ingest->args,
                                 err);
  sparkc_dataframe_free(all);
  return rc;
}

int adbcp_ingest(adbcp_statement *s, adbcp_operation *op, const sparkc_execute_args *args,
                 int64_t *rows, sparkc_error *err)
{
  const char *temporary = adbcp_options_get(&s->options, ADBC_INGEST_OPTION_TEMPORARY);
  const struct ingest ingest = {s, op, args,
                                find_mode(adbcp_options_get(&s->options, ADBC_INGEST_OPTION_MODE))};
  bool is_view = temporary && strcmp(temporary, ADBC_OPTION_VALUE_ENABLED) == 0;
  sparkc_dataframe *df = NULL;
  struct ArrowArrayStream stream;
  adbcp_converter converter;
  if (is_view && (adbcp_options_get(&s->options, ADBC_INGEST_OPTION_TARGET_CATALOG) ||
                  adbcp_options_get(&s->options, ADBC_INGEST_OPTION_TARGET_DB_SCHEMA)))
    return adbcp_say(err, SPARKC_E_PLAN, "a temporary view is in no catalog and no schema");
  adbcp_converter_init(&converter, &s->alloc, &s->bound, &stream);
  int rc = sparkc_create(s->link->session, &stream, NULL, &df, err);
  if (rc == SPARKC_OK) rc = is_view ? write_view(&ingest, df, err) : write_table(&ingest, df, err);
  sparkc_dataframe_free(df);
  adbcp_converter_deinit(&converter);
  if (rc == SPARKC_OK) *rows = converter.rows;
  s->bound.release(&s->bound);
  s->bound.release = NULL;
  return rc;
}
