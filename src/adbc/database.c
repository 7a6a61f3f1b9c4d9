/* Databases: options that become the arguments of sessions. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "adbc/driver.h"

static const char header_prefix[] = "header.";

enum kind { TEXT, TRUTH, NUMBER };

#define AT(member) offsetof(sparkc_session_args, member)
/* What a database can be told, and where it goes. */
static const struct known {
  const char *key;
  size_t offset;
  enum kind kind;
  bool wide; /* a number of 64 bits */
} known[] = {
    {ADBC_OPTION_URI, AT(url), TEXT, false},
    {ADBC_OPTION_USERNAME, AT(user_id), TEXT, false},
    {ADBC_OPTION_PASSWORD, AT(token), TEXT, false},
    {"token", AT(token), TEXT, false},
    {"tls.ca_file", AT(ca_file), TEXT, false},
    {"tls.cert_file", AT(cert_file), TEXT, false},
    {"tls.key_file", AT(key_file), TEXT, false},
    {"tls.server_name", AT(server_name), TEXT, false},
    {"gnomon.spark.user_agent", AT(user_agent), TEXT, false},
    {"gnomon.spark.session_id", AT(session_id), TEXT, false},
    {"gnomon.spark.allow_plaintext_token", AT(allow_plaintext_token), TRUTH, false},
    {"gnomon.spark.stack_trace", AT(want_stack), TRUTH, false},
    {"gnomon.spark.keep_session", AT(keep_session), TRUTH, false},
    {"gnomon.spark.retries_max", AT(retries_max), NUMBER, false},
    {"gnomon.spark.connect_timeout_ms", AT(connect_timeout_ms), NUMBER, true},
    {"gnomon.spark.call_timeout_ms", AT(call_timeout_ms), NUMBER, true},
    {"gnomon.spark.keepalive_ms", AT(keepalive_ms), NUMBER, true},
    {"gnomon.spark.window_bytes", AT(window_bytes), NUMBER, true},
};
#undef AT

static const struct known *find_known(const char *key)
{
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].key, key) == 0) return &known[i];
  return NULL;
}

static bool is_header(const char *key)
{
  return gni_str_starts(gni_str(key), header_prefix) && key[sizeof header_prefix - 1];
}

/* Reads one option into the arguments. */
static int apply(sparkc_session_args *args, const char *key, const char *value, sparkc_error *err)
{
  const struct known *k = find_known(key);
  int64_t number = 0;
  bool truth = false;
  int rc = SPARKC_OK;
  if (!k) return rc; /* a header */
  char *at = (char *)args + k->offset;
  if (k->kind == TEXT) {
    memcpy(at, &value, sizeof value);
    return rc;
  }
  if (k->kind == TRUTH) {
    rc = adbcp_read_bool(key, value, &truth, err);
    number = truth;
  } else {
    rc =
        adbcp_read_int(key, value, k->wide ? 0 : -1, k->wide ? INT64_MAX : INT32_MAX, &number, err);
  }
  const int32_t narrow = (int32_t)number;
  if (k->wide)
    memcpy(at, &number, sizeof number);
  else
    memcpy(at, &narrow, sizeof narrow);
  return rc;
}

static int collect_headers(adbcp_database *db, sparkc_error *err)
{
  size_t count = 0;
  for (size_t i = 0; i < db->options.count; i++) count += is_header(db->options.items[i].key);
  db->headers = count ? gni_alloc(&db->alloc, count * sizeof *db->headers) : NULL;
  if (count && !db->headers) return adbcp_nomem(err);
  db->header_count = count;
  count = 0;
  for (size_t i = 0; i < db->options.count; i++) {
    const adbcp_option *option = &db->options.items[i];
    if (is_header(option->key))
      db->headers[count++] = (sparkc_header){option->key + sizeof header_prefix - 1, option->value};
  }
  db->args.headers = db->headers;
  db->args.header_count = count;
  return SPARKC_OK;
}

void adbcp_database_use(struct AdbcDatabase *database, const gn_alloc *alloc)
{
  adbcp_database *db = database->private_data;
  adbcp_database own = *db;
  gni_free(&gni_libc_alloc, db, sizeof *db);
  database->private_data = db = gni_alloc(alloc, sizeof *db);
  if (!db) return;
  *db = own;
  db->alloc = db->options.alloc = *alloc;
}

/* ---- public ---------------------------------------------------------------------------------- */

AdbcStatusCode AdbcDatabaseNew(struct AdbcDatabase *database, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_database *db = gni_alloc_zero(&gni_libc_alloc, sizeof *db);
  if (!db) {
    adbcp_nomem(&err);
    return adbcp_give(error, &err);
  }
  db->alloc = db->options.alloc = gni_libc_alloc;
  database->private_data = db;
  return ADBC_STATUS_OK;
}

AdbcStatusCode AdbcDatabaseSetOption(struct AdbcDatabase *database, const char *key,
                                     const char *value, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_database *db = database->private_data;
  if (!db) return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the database is not made yet");
  if (db->ready)
    return adbcp_fail(error, ADBC_STATUS_INVALID_STATE,
                      "option '%.200s' comes too late: the database is initialised", key);
  if (!find_known(key) && !is_header(key))
    return adbcp_fail(error, ADBC_STATUS_NOT_IMPLEMENTED, "a database has no option '%.200s'", key);
  sparkc_session_args unused = {0};
  if (value) apply(&unused, key, value, &err);
  if (err.code == SPARKC_OK) adbcp_options_set(&db->options, key, value, &err);
  return adbcp_give(error, &err);
}

AdbcStatusCode AdbcDatabaseSetOptionInt(struct AdbcDatabase *database, const char *key,
                                        int64_t value, struct AdbcError *error)
{
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)value);
  return AdbcDatabaseSetOption(database, key, text, error);
}

AdbcStatusCode AdbcDatabaseGetOption(struct AdbcDatabase *database, const char *key, char *value,
                                     size_t *length, struct AdbcError *error)
{
  const adbcp_database *db = database->private_data;
  if (!db) return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the database is not made yet");
  const char *text = adbcp_options_get(&db->options, key);
  return text ? adbcp_text_out(text, value, length) : adbcp_unknown_option(error, key);
}

AdbcStatusCode AdbcDatabaseGetOptionInt(struct AdbcDatabase *database, const char *key,
                                        int64_t *value, struct AdbcError *error)
{
  sparkc_error err = {0};
  const adbcp_database *db = database->private_data;
  if (!db) return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the database is not made yet");
  const char *text = adbcp_options_get(&db->options, key);
  if (!text) return adbcp_unknown_option(error, key);
  adbcp_read_int(key, text, INT64_MIN, INT64_MAX, value, &err);
  return adbcp_give(error, &err);
}

AdbcStatusCode AdbcDatabaseInit(struct AdbcDatabase *database, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_database *db = database->private_data;
  if (!db) return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the database is not made yet");
  if (db->ready)
    return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the database is initialised already");
  db->args = (sparkc_session_args){.struct_size = sizeof db->args};
  for (size_t i = 0; i < db->options.count && err.code == SPARKC_OK; i++)
    apply(&db->args, db->options.items[i].key, db->options.items[i].value, &err);
  if (err.code == SPARKC_OK) collect_headers(db, &err);
  db->ready = err.code == SPARKC_OK;
  return adbcp_give(error, &err);
}

AdbcStatusCode AdbcDatabaseRelease(struct AdbcDatabase *database, struct AdbcError *error)
{
  adbcp_database *db = database->private_data;
  if (!db) return adbcp_fail(error, ADBC_STATUS_INVALID_STATE, "the database is not made yet");
  const gn_alloc alloc = db->alloc;
  gni_free(&alloc, db->headers, db->header_count * sizeof *db->headers);
  adbcp_options_deinit(&db->options);
  gni_free(&alloc, db, sizeof *db);
  database->private_data = NULL;
  return ADBC_STATUS_OK;
}
