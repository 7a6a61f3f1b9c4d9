/* Connections: one session each. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "adbc/driver.h"

static const char conf_prefix[] = "spark.conf.";
static const char session_id_option[] = "gnomon.spark.session_id";

AdbcStatusCode adbcp_session_of(struct AdbcConnection *connection, adbcp_link **out,
                                struct AdbcError *error)
{
  const adbcp_connection *c = connection->private_data;
  *out = c ? c->link : NULL;
  if (*out && (*out)->session) return ADBC_STATUS_OK;
  return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the connection is not initialised");
}

/* ---- options --------------------------------------------------------------------------------- */

static bool is_conf(const char *key)
{
  return gni_str_starts(gni_str(key), conf_prefix) && key[sizeof conf_prefix - 1];
}

/* Runs a statement whose one argument is a name. */
static int run_with_name(adbcp_link *link, const char *statement, const char *name,
                         sparkc_error *err)
{
  sparkc_dataframe *df = NULL;
  gn_buf sql;
  gni_buf_init(&sql, &link->alloc, ADBCP_TEXT_BYTES_MAX);
  gni_buf_add_text(&sql, statement);
  adbcp_add_quoted(&sql, gni_str(name));
  int rc = sql.rc == GN_OK ? sparkc_sql(link->session, sql.ptr, &df, err) : adbcp_nomem(err);
  sparkc_dataframe_free(df);
  gni_buf_deinit(&sql);
  return rc;
}

static int set_conf(adbcp_link *link, const char *key, const char *value, sparkc_error *err)
{
  const char *name = key + sizeof conf_prefix - 1;
  return value ? sparkc_config_set(link->session, name, value, err)
               : sparkc_config_unset(link->session, name, err);
}

/* An option of a session that is open. */
static int apply(adbcp_link *link, const char *key, const char *value, sparkc_error *err)
{
  bool truth;
  if (is_conf(key)) return set_conf(link, key, value, err);
  if (strcmp(key, ADBC_CONNECTION_OPTION_CURRENT_CATALOG) == 0)
    return run_with_name(link, "SET CATALOG ", value ? value : "", err);
  if (strcmp(key, ADBC_CONNECTION_OPTION_CURRENT_DB_SCHEMA) == 0)
    return run_with_name(link, "USE SCHEMA ", value ? value : "", err);
  int rc = adbcp_read_bool(key, value, &truth, err);
  if (rc != SPARKC_OK) return rc;
  if (strcmp(key, ADBC_CONNECTION_OPTION_AUTOCOMMIT) == 0)
    return truth ? SPARKC_OK
                 : adbcp_say(err, SPARKC_E_UNSUPPORTED,
                             "Spark has no transactions: autocommit stays on");
  return truth ? adbcp_say(err, SPARKC_E_UNSUPPORTED, "a session of Spark cannot be read-only")
               : SPARKC_OK;
}

static bool is_known(const char *key)
{
  return is_conf(key) || strcmp(key, ADBC_CONNECTION_OPTION_CURRENT_CATALOG) == 0 ||
         strcmp(key, ADBC_CONNECTION_OPTION_CURRENT_DB_SCHEMA) == 0 ||
         strcmp(key, ADBC_CONNECTION_OPTION_AUTOCOMMIT) == 0 ||
         strcmp(key, ADBC_CONNECTION_OPTION_READ_ONLY) == 0;
}

/* The one cell of a question, as an option's value. */
static int one_cell(adbcp_link *link, const char *sql, char *value, size_t *length,
                    sparkc_error *err)
{
  adbcp_rows rows;
  gn_arena arena;
  gni_arena_init(&arena, &link->alloc, ADBCP_ARENA_BYTES_MAX);
  int rc = adbcp_query(link, sql, &arena, &rows, err);
  if (rc == SPARKC_OK && (rows.rows != 1 || !adbcp_cell(&rows, 0, 0).ptr))
    rc = adbcp_say(err, SPARKC_E_REMOTE, "the server does not answer '%s'", sql);
  if (rc == SPARKC_OK) adbcp_text_out(adbcp_cell(&rows, 0, 0).ptr, value, length);
  gni_arena_deinit(&arena);
  return rc;
}

static AdbcStatusCode give_conf(adbcp_link *link, const char *key, char *value, size_t *length,
                                struct AdbcError *error)
{
  sparkc_error err = {0};
  char *text = NULL;
  int rc = sparkc_config_find(link->session, key + sizeof conf_prefix - 1, &text, &err);
  if (rc != SPARKC_OK) return adbcp_give(error, &err);
  if (!text) return adbcp_unknown_option(error, key);
  adbcp_text_out(text, value, length);
  sparkc_text_free(link->session, text);
  return ADBC_STATUS_OK;
}

/* ---- public ---------------------------------------------------------------------------------- */

AdbcStatusCode AdbcConnectionNew(struct AdbcConnection *connection, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_connection *c = gni_alloc_zero(&gni_libc_alloc, sizeof *c);
  if (!c) {
    adbcp_nomem(&err);
    return adbcp_give(error, &err);
  }
  c->alloc = c->before.alloc = gni_libc_alloc;
  connection->private_data = c;
  return ADBC_STATUS_OK;
}

AdbcStatusCode AdbcConnectionSetOption(struct AdbcConnection *connection, const char *key,
                                       const char *value, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_connection *c = connection->private_data;
  if (!c) return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the connection is not made yet");
  if (!is_known(key))
    return adbcp_fail(error, ADBC_STATUS_NOT_IMPLEMENTED, "a connection has no option '%.200s'",
                      key);
  if (c->link)
    apply(c->link, key, value, &err);
  else
    adbcp_options_set(&c->before, key, value, &err);
  return adbcp_give(error, &err);
}

AdbcStatusCode AdbcConnectionSetOptionInt(struct AdbcConnection *connection, const char *key,
                                          int64_t value, struct AdbcError *error)
{
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)value);
  return AdbcConnectionSetOption(connection, key, text, error);
}

AdbcStatusCode AdbcConnectionGetOption(struct AdbcConnection *connection, const char *key,
                                       char *value, size_t *length, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_link *link;
  AdbcStatusCode status = adbcp_session_of(connection, &link, error);
  if (status != ADBC_STATUS_OK) return status;
  if (is_conf(key)) return give_conf(link, key, value, length, error);
  if (strcmp(key, session_id_option) == 0)
    return adbcp_text_out(sparkc_session_id(link->session), value, length);
  if (strcmp(key, ADBC_CONNECTION_OPTION_AUTOCOMMIT) == 0)
    return adbcp_text_out(ADBC_OPTION_VALUE_ENABLED, value, length);
  if (strcmp(key, ADBC_CONNECTION_OPTION_READ_ONLY) == 0)
    return adbcp_text_out(ADBC_OPTION_VALUE_DISABLED, value, length);
  if (strcmp(key, ADBC_CONNECTION_OPTION_CURRENT_CATALOG) == 0)
    one_cell(link, "SELECT current_catalog()", value, length, &err);
  else if (strcmp(key, ADBC_CONNECTION_OPTION_CURRENT_DB_SCHEMA) == 0)
    one_cell(link, "SELECT current_schema()", value, length, &err);
  else
    return adbcp_unknown_option(error, key);
  return adbcp_give(error, &err);
}

AdbcStatusCode AdbcConnectionInit(struct AdbcConnection *connection, struct AdbcDatabase *database,
                                  struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_connection *c = connection->private_data;
  const adbcp_database *db = database->private_data;
  if (!c || c->link)
    return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the connection is %s",
                      c ? "initialised already" : "not made yet");
  if (!db || !db->ready)
    return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the database is not initialised");
  adbcp_link *link = adbcp_link_new(&db->alloc);
  if (!link) {
    adbcp_nomem(&err);
    return adbcp_give(error, &err);
  }
  const sparkc_alloc alloc = {db->alloc.resize, db->alloc.user};
  sparkc_session_args args = db->args;
  args.alloc = &alloc;
  args.on_event = adbcp_on_event;
  args.event_user = link;
  int rc = sparkc_session_open(&args, &link->session, &err);
  for (size_t i = 0; i < c->before.count && rc == SPARKC_OK; i++)
    rc = apply(link, c->before.items[i].key, c->before.items[i].value, &err);
  if (rc == SPARKC_OK) {
    c->link = link;
    return ADBC_STATUS_OK;
  }
  sparkc_session_close(link->session);
  adbcp_link_unref(link);
  return adbcp_give(error, &err);
}

AdbcStatusCode AdbcConnectionRelease(struct AdbcConnection *connection, struct AdbcError *error)
{
  adbcp_connection *c = connection->private_data;
  if (!c) return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the connection is not made yet");
  const gn_alloc alloc = c->alloc;
  if (c->link) {
    sparkc_session_close(c->link->session);
    c->link->session = NULL;
    adbcp_link_unref(c->link);
  }
  adbcp_options_deinit(&c->before);
  gni_free(&alloc, c, sizeof *c);
  connection->private_data = NULL;
  return ADBC_STATUS_OK;
}

AdbcStatusCode AdbcConnectionCancel(struct AdbcConnection *connection, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_link *link;
  AdbcStatusCode status = adbcp_session_of(connection, &link, error);
  if (status != ADBC_STATUS_OK) return status;
  sparkc_session_interrupt(link->session, SPARKC_INTERRUPT_ALL, NULL, NULL, &err);
  return adbcp_give(error, &err);
}

static AdbcStatusCode no_transaction(struct AdbcConnection *connection, struct AdbcError *error)
{
  adbcp_link *link;
  AdbcStatusCode status = adbcp_session_of(connection, &link, error);
  if (status != ADBC_STATUS_OK) return status;
  return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "autocommit is on: there is no transaction");
}

AdbcStatusCode AdbcConnectionCommit(struct AdbcConnection *connection, struct AdbcError *error)
{
  return no_transaction(connection, error);
}

AdbcStatusCode AdbcConnectionRollback(struct AdbcConnection *connection, struct AdbcError *error)
{
  return no_transaction(connection, error);
}
