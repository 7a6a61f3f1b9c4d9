/* Statements: one SQL text, plan or ingest at a time. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "adbc/driver.h"

static const char tags_option[] = "gnomon.spark.tags";
static const char operation_id_option[] = "gnomon.spark.operation_id";
static const char batch_rows_option[] = "gnomon.spark.arrow_rows_per_batch";
static const char batch_rows_setting[] = "spark.sql.execution.arrow.maxRecordsPerBatch";

/* ---- options --------------------------------------------------------------------------------- */

#define AT(member) offsetof(sparkc_execute_args, member)
/* Numbers that an execution is told. */
static const struct {
  const char *key;
  size_t offset;
} numbers[] = {
    {"gnomon.spark.timeout_ms", AT(timeout_ms)},
    {"gnomon.spark.chunk_size", AT(chunk_bytes)},
    {"gnomon.spark.rows_max", AT(rows_max)},
    {"gnomon.spark.bytes_max", AT(bytes_max)},
};
#undef AT
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static size_t find_number(const char *key)
{
  size_t i = 0;
  while (i < NUMBERS && strcmp(numbers[i].key, key) != 0) i++;
  return i;
}

static bool is_one_of(const char *key, const char *const *keys, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (strcmp(keys[i], key) == 0) return true;
  return false;
}

static bool is_text(const char *key)
{
  static const char *const keys[] = {ADBC_INGEST_OPTION_TARGET_TABLE,
                                     ADBC_INGEST_OPTION_TARGET_CATALOG,
                                     ADBC_INGEST_OPTION_TARGET_DB_SCHEMA,
                                     ADBC_INGEST_OPTION_MODE,
                                     tags_option,
                                     operation_id_option};
  return is_one_of(key, keys, sizeof keys / sizeof *keys);
}

static bool is_truth(const char *key)
{
  static const char *const keys[] = {ADBC_INGEST_OPTION_TEMPORARY, ADBCP_BIND_BY_NAME,
                                     ADBC_STATEMENT_OPTION_INCREMENTAL};
  return is_one_of(key, keys, sizeof keys / sizeof *keys);
}

static bool is_mode(const char *value)
{
  static const char *const modes[] = {
      ADBC_INGEST_OPTION_MODE_CREATE, ADBC_INGEST_OPTION_MODE_APPEND,
      ADBC_INGEST_OPTION_MODE_REPLACE, ADBC_INGEST_OPTION_MODE_CREATE_APPEND};
  return is_one_of(value, modes, sizeof modes / sizeof *modes);
}

static int check_truth(const char *key, const char *value, sparkc_error *err)
{
  bool truth;
  int rc = adbcp_read_bool(key, value, &truth, err);
  if (rc == SPARKC_OK && truth && strcmp(key, ADBC_STATEMENT_OPTION_INCREMENTAL) == 0)
    return adbcp_say(err, SPARKC_E_UNSUPPORTED, "results are streams: there are no partitions");
  return rc;
}

/* A new text to run: what the statement was before is forgotten. */
static void forget_query(adbcp_statement *s)
{
  gni_free(&s->alloc, s->sql, s->sql ? strlen(s->sql) + 1 : 0);
  gni_free(&s->alloc, s->plan, s->plan_size);
  s->sql = NULL;
  s->plan = NULL;
  s->plan_size = 0;
  s->prepared = false;
}

static void forget_bound(adbcp_statement *s)
{
  if (s->bound.release) s->bound.release(&s->bound);
  s->bound.release = NULL;
}

static int set(adbcp_statement *s, const char *key, const char *value, sparkc_error *err)
{
  int64_t number;
  if (value && find_number(key) < NUMBERS)
    adbcp_read_int(key, value, 0, INT64_MAX, &number, err);
  else if (value && is_truth(key))
    check_truth(key, value, err);
  else if (strcmp(key, ADBC_INGEST_OPTION_MODE) == 0 && value && !is_mode(value))
    adbcp_say(err, SPARKC_E_PLAN, "there is no ingest mode '%.100s'", value);
  else if (value && strcmp(key, batch_rows_option) == 0 &&
           adbcp_read_int(key, value, 0, INT32_MAX, &number, err) == SPARKC_OK)
    sparkc_config_set(s->link->session, batch_rows_setting, value, err);
  if (err->code == SPARKC_OK && strcmp(key, ADBC_INGEST_OPTION_TARGET_TABLE) == 0) forget_query(s);
  return err->code == SPARKC_OK ? adbcp_options_set(&s->options, key, value, err) : err->code;
}

/* The arguments of an execution; the operation's id is for the first alone. */
static int read_args(const adbcp_statement *s, sparkc_execute_args *out, sparkc_error *err)
{
  *out = (sparkc_execute_args){.struct_size = sizeof *out};
  out->operation_id = adbcp_options_get(&s->options, operation_id_option);
  for (size_t i = 0; i < NUMBERS; i++) {
    const char *value = adbcp_options_get(&s->options, numbers[i].key);
    int64_t number = 0;
    if (value && adbcp_read_int(numbers[i].key, value, 0, INT64_MAX, &number, err) != SPARKC_OK)
      return err->code;
    memcpy((char *)out + numbers[i].offset, &number, sizeof number);
  }
  return SPARKC_OK;
}

static bool is_ingest(const adbcp_statement *s)
{
  return adbcp_options_get(&s->options, ADBC_INGEST_OPTION_TARGET_TABLE) != NULL;
}

/* ---- running --------------------------------------------------------------------------------- */

static AdbcStatusCode open_statement(const struct AdbcStatement *statement, adbcp_statement **out,
                                     struct AdbcError *error)
{
  *out = statement->private_data;
  if (!*out) return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the statement is not made yet");
  if ((*out)->link->session) return ADBC_STATUS_OK;
  return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the statement's connection was released");
}

/* The statement's next operation, which Cancel finds. */
static int new_operation(adbcp_statement *s, adbcp_operation **out, sparkc_error *err)
{
  int rc = adbcp_operation_new(s->link, out, err);
  if (rc != SPARKC_OK) return rc;
  pthread_mutex_lock(&s->lock);
  adbcp_operation *old = s->operation;
  s->operation = *out;
  pthread_mutex_unlock(&s->lock);
  adbcp_operation_unref(old);
  adbcp_operation_ref(*out);
  return SPARKC_OK;
}

/* Adds or removes the statement's tags: "a,b". */
static int each_tag(const adbcp_statement *s, bool on, sparkc_error *err)
{
  const char *tags = adbcp_options_get(&s->options, tags_option);
  gn_str rest = gni_str(tags), tag;
  char text[256];
  int rc = SPARKC_OK;
  while (rc == SPARKC_OK && gni_str_split(&rest, ',', &tag)) {
    if (tag.len == 0) continue;
    snprintf(text, sizeof text, "%.*s", GN_STR_ARGS(tag));
    if (on)
      rc = sparkc_tag_add(s->link->session, text, err);
    else
      sparkc_tag_remove(s->link->session, text);
  }
  return rc;
}

static int make_frame(adbcp_statement *s, adbcp_operation *op, const sparkc_execute_args *args,
                      sparkc_dataframe **out, sparkc_error *err)
{
  const sparkc_field text = {"query", SPARKC_TEXT(s->sql)};
  sparkc_dataframe *query;
  *out = NULL;
  if (s->plan) return adbcp_plan_frame(op, s->plan, s->plan_size, args, out, err);
  int rc = sparkc_relation(s->link->session, "sql", &text, 1, &query, err);
  if (rc != SPARKC_OK) return rc;
  rc = adbcp_operation_sql(op, query, args, out, err);
  sparkc_dataframe_free(query);
  return rc;
}

/* Runs the text or the plan: its rows are then the operation's result. */
static int start(adbcp_statement *s, adbcp_operation *op, sparkc_error *err)
{
  sparkc_dataframe *df = NULL;
  sparkc_execute_args args;
  int rc = read_args(s, &args, err);
  if (rc == SPARKC_OK) rc = each_tag(s, true, err);
  if (rc == SPARKC_OK) rc = make_frame(s, op, &args, &df, err);
  if (rc == SPARKC_OK) rc = adbcp_operation_start(op, df, &args, err);
  each_tag(s, false, NULL);
  sparkc_dataframe_free(df);
  return rc;
}

static int execute_once(adbcp_statement *s, adbcp_operation *op, struct ArrowArrayStream *out,
                        int64_t *rows, sparkc_error *err)
{
  int rc = start(s, op, err);
  if (rc == SPARKC_OK && out) return adbcp_stream_new(&(adbcp_source){.operation = op}, out, err);
  if (rc == SPARKC_OK) rc = adbcp_operation_drain(op, rows, err);
  adbcp_operation_unref(op);
  return rc;
}

static int execute_bound(adbcp_statement *s, adbcp_operation *op, struct ArrowArrayStream *out,
                         int64_t *rows, sparkc_error *err)
{
  sparkc_execute_args args;
  int rc = read_args(s, &args, err);
  if (rc == SPARKC_OK && s->plan)
    rc = adbcp_say(err, SPARKC_E_UNSUPPORTED, "a plan takes no parameters");
  if (rc == SPARKC_OK) rc = each_tag(s, true, err);
  if (rc == SPARKC_OK)
    rc = adbcp_execute_bound(s, op, &args, out, rows, err);
  else
    adbcp_operation_unref(op);
  each_tag(s, false, NULL);
  return rc;
}

static int ingest(adbcp_statement *s, adbcp_operation *op, int64_t *rows, sparkc_error *err)
{
  sparkc_execute_args args;
  int rc = read_args(s, &args, err);
  if (rc == SPARKC_OK) rc = each_tag(s, true, err);
  if (rc == SPARKC_OK) rc = adbcp_ingest(s, op, &args, rows, err);
  each_tag(s, false, NULL);
  adbcp_operation_unref(op);
  return rc;
}

static int execute(adbcp_statement *s, struct ArrowArrayStream *out, int64_t *rows,
                   sparkc_error *err)
{
  adbcp_operation *op;
  int rc = new_operation(s, &op, err);
  if (rc != SPARKC_OK) return rc;
  if (is_ingest(s))
    rc = ingest(s, op, rows, err);
  else if (s->bound.release)
    rc = execute_bound(s, op, out, rows, err);
  else
    rc = execute_once(s, op, out, rows, err);
  if (rc != SPARKC_OK && adbcp_operation_check(s->operation, NULL) != SPARKC_OK)
    err->code = SPARKC_E_CANCELLED; /* whatever the server says of it */
  return rc;
}

/* ---- public: life and options ---------------------------------------------------------------- */

AdbcStatusCode AdbcStatementNew(struct AdbcConnection *connection, struct AdbcStatement *statement,
                                struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_link *link;
  AdbcStatusCode status = adbcp_session_of(connection, &link, error);
  if (status != ADBC_STATUS_OK) return status;
  adbcp_statement *s = gni_alloc_zero(&link->alloc, sizeof *s);
  if (!s) {
    adbcp_nomem(&err);
    return adbcp_give(error, &err);
  }
  s->alloc = s->options.alloc = link->alloc;
  s->link = link;
  atomic_fetch_add_explicit(&link->references, 1, memory_order_relaxed);
  pthread_mutex_init(&s->lock, NULL);
  statement->private_data = s;
  return ADBC_STATUS_OK;
}

AdbcStatusCode AdbcStatementRelease(struct AdbcStatement *statement, struct AdbcError *error)
{
  adbcp_statement *s = statement->private_data;
  if (!s) return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the statement is not made yet");
  const gn_alloc alloc = s->alloc;
  forget_query(s);
  forget_bound(s);
  adbcp_operation_unref(s->operation);
  adbcp_options_deinit(&s->options);
  pthread_mutex_destroy(&s->lock);
  adbcp_link_unref(s->link);
  gni_free(&alloc, s, sizeof *s);
  statement->private_data = NULL;
  return ADBC_STATUS_OK;
}

AdbcStatusCode AdbcStatementSetOption(struct AdbcStatement *statement, const char *key,
                                      const char *value, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_statement *s;
  AdbcStatusCode status = open_statement(statement, &s, error);
  if (status != ADBC_STATUS_OK) return status;
  if (find_number(key) == NUMBERS && !is_text(key) && !is_truth(key) &&
      strcmp(key, batch_rows_option) != 0)
    return adbcp_fail(error, ADBC_STATUS_NOT_IMPLEMENTED, "a statement has no option '%.200s'",
                      key);
  set(s, key, value, &err);
  return adbcp_give(error, &err);
}

AdbcStatusCode AdbcStatementSetOptionInt(struct AdbcStatement *statement, const char *key,
                                         int64_t value, struct AdbcError *error)
{
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)value);
  return AdbcStatementSetOption(statement, key, text, error);
}

AdbcStatusCode AdbcStatementGetOption(struct AdbcStatement *statement, const char *key, char *value,
                                      size_t *length, struct AdbcError *error)
{
  adbcp_statement *s;
  char id[SPARKC_UUID_BYTES] = "";
  AdbcStatusCode status = open_statement(statement, &s, error);
  if (status != ADBC_STATUS_OK) return status;
  if (strcmp(key, operation_id_option) == 0) {
    pthread_mutex_lock(&s->lock);
    if (s->operation) adbcp_operation_id(s->operation, id);
    pthread_mutex_unlock(&s->lock);
    if (id[0]) return adbcp_text_out(id, value, length);
  }
  const char *text = adbcp_options_get(&s->options, key);
  return text ? adbcp_text_out(text, value, length) : adbcp_unknown_option(error, key);
}

AdbcStatusCode AdbcStatementGetOptionInt(struct AdbcStatement *statement, const char *key,
                                         int64_t *value, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_statement *s;
  AdbcStatusCode status = open_statement(statement, &s, error);
  if (status != ADBC_STATUS_OK) return status;
  const char *text = adbcp_options_get(&s->options, key);
  if (!text) return adbcp_unknown_option(error, key);
  adbcp_read_int(key, text, INT64_MIN, INT64_MAX, value, &err);
  return adbcp_give(error, &err);
}

AdbcStatusCode AdbcStatementGetOptionDouble(struct AdbcStatement *statement, const char *key,
                                            double *value, struct AdbcError *error)
{
  adbcp_statement *s;
  double done = 0, total = 0;
  AdbcStatusCode status = open_statement(statement, &s, error);
  if (status != ADBC_STATUS_OK) return status;
  pthread_mutex_lock(&s->lock);
  if (s->operation) adbcp_operation_progress(s->operation, &done, &total);
  pthread_mutex_unlock(&s->lock);
  bool is_max = strcmp(key, ADBC_STATEMENT_OPTION_MAX_PROGRESS) == 0;
  if (!is_max && strcmp(key, ADBC_STATEMENT_OPTION_PROGRESS) != 0)
    return adbcp_unknown_option(error, key);
  *value = is_max ? total : done;
  return ADBC_STATUS_OK;
}

/* ---- public: what to run --------------------------------------------------------------------- */

AdbcStatusCode AdbcStatementSetSqlQuery(struct AdbcStatement *statement, const char *query,
                                        struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_statement *s;
  AdbcStatusCode status = open_statement(statement, &s, error);
  if (status != ADBC_STATUS_OK) return status;
  char *copy = gni_strdup(&s->alloc, query, strlen(query));
  if (!copy) {
    adbcp_nomem(&err);
    return adbcp_give(error, &err);
  }
  forget_query(s);
  adbcp_options_set(&s->options, ADBC_INGEST_OPTION_TARGET_TABLE, NULL, &err);
  s->sql = copy;
  return adbcp_give(error, &err);
}

AdbcStatusCode AdbcStatementSetSubstraitPlan(struct AdbcStatement *statement, const uint8_t *plan,
                                             size_t length, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_statement *s;
  AdbcStatusCode status = open_statement(statement, &s, error);
  if (status != ADBC_STATUS_OK) return status;
  if (length == 0) return adbcp_fail(error, ADBC_STATUS_INVALID_ARGUMENT, "the plan is empty");
  void *copy = gni_alloc(&s->alloc, length);
  if (!copy) {
    adbcp_nomem(&err);
    return adbcp_give(error, &err);
  }
  memcpy(copy, plan, length);
  forget_query(s);
  adbcp_options_set(&s->options, ADBC_INGEST_OPTION_TARGET_TABLE, NULL, &err);
  s->plan = copy;
  s->plan_size = length;
  return adbcp_give(error, &err);
}

/* A text is analysed with its parameters, which are not there yet: only that there is one can be
 * said beforehand, and the round trip is saved. */
AdbcStatusCode AdbcStatementPrepare(struct AdbcStatement *statement, struct AdbcError *error)
{
  adbcp_statement *s;
  AdbcStatusCode status = open_statement(statement, &s, error);
  if (status != ADBC_STATUS_OK) return status;
  if (!s->sql && !s->plan)
    return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "there is no query to prepare");
  s->prepared = true;
  return ADBC_STATUS_OK;
}

/* ---- public: running ------------------------------------------------------------------------- */

AdbcStatusCode AdbcStatementExecuteQuery(struct AdbcStatement *statement,
                                         struct ArrowArrayStream *out, int64_t *rows_affected,
                                         struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_statement *s;
  int64_t rows = -1;
  if (out) *out = (struct ArrowArrayStream){.release = NULL};
  AdbcStatusCode status = open_statement(statement, &s, error);
  if (status != ADBC_STATUS_OK) return status;
  if (!s->sql && !s->plan && !is_ingest(s))
    return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "there is no query to run");
  if (is_ingest(s) && !s->bound.release)
    return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "there are no rows to write");
  execute(s, out, &rows, &err);
  if (rows_affected) *rows_affected = rows;
  return adbcp_give(error, &err);
}

AdbcStatusCode AdbcStatementExecuteSchema(struct AdbcStatement *statement,
                                          struct ArrowSchema *schema, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_statement *s;
  gn_buf sql;
  *schema = (struct ArrowSchema){.release = NULL};
  AdbcStatusCode status = open_statement(statement, &s, error);
  if (status != ADBC_STATUS_OK) return status;
  if (!s->sql)
    return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "there is no SQL text to ask about");
  gn_str text = gni_str_trim(gni_str(s->sql));
  while (gni_str_ends(text, ";")) text = gni_str_trim((gn_str){text.ptr, text.len - 1});
  gni_buf_init(&sql, &s->alloc, ADBCP_TEXT_BYTES_MAX);
  /* As a subquery, a statement with side effects is refused instead of run. */
  gni_buf_add_text(&sql, "SELECT * FROM (\n");
  gni_buf_add_str(&sql, text);
  gni_buf_add_text(&sql, "\n)");
  if (sql.rc == GN_OK)
    adbcp_query_schema(s->link, sql.ptr, schema, &err);
  else
    adbcp_nomem(&err);
  gni_buf_deinit(&sql);
  return adbcp_give(error, &err);
}

AdbcStatusCode AdbcStatementCancel(struct AdbcStatement *statement, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_statement *s;
  AdbcStatusCode status = open_statement(statement, &s, error);
  if (status != ADBC_STATUS_OK) return status;
  pthread_mutex_lock(&s->lock);
  adbcp_operation *op = s->operation;
  if (op) adbcp_operation_ref(op);
  pthread_mutex_unlock(&s->lock);
  if (!op) return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "nothing runs that could be ended");
  adbcp_operation_cancel(op, &err);
  adbcp_operation_unref(op);
  return adbcp_give(error, &err);
}
