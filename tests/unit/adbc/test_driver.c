/* The table of functions, options and errors, without a server. SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "adbc/columns.h"
#include "kit/kit.h"

#define ERROR_INIT ADBC_ERROR_INIT

static void release(struct AdbcError *error)
{
  if (error->release) error->release(error);
}

/* ---- versions -------------------------------------------------------------------------------- */

static void a_manager_of_1_0_0_gets_no_more_than_it_has_room_for(void)
{
  struct {
    struct AdbcDriver driver;
  } room;
  struct AdbcError error = ERROR_INIT;
  memset(&room, 0x5a, sizeof room);
  CHECK_INT(AdbcDriverInit(ADBC_VERSION_1_0_0, &room.driver, &error), ADBC_STATUS_OK);
  CHECK(room.driver.StatementSetSubstraitPlan == AdbcStatementSetSubstraitPlan);
  const unsigned char *bytes = (const unsigned char *)&room;
  for (size_t i = ADBC_DRIVER_1_0_0_SIZE; i < sizeof room; i++) CHECK_INT(bytes[i], 0x5a);
}

static void a_manager_of_1_1_0_gets_every_function(void)
{
  struct AdbcDriver driver;
  struct AdbcError error = ERROR_INIT;
  const char *at = (const char *)&driver;
  void *member;
  memset(&driver, 0, sizeof driver);
  CHECK_INT(AdbcDriverGnomonSparkInit(ADBC_VERSION_1_1_0, &driver, &error), ADBC_STATUS_OK);
  for (size_t i = offsetof(struct AdbcDriver, release); i < sizeof driver; i += sizeof member) {
    memcpy(&member, at + i, sizeof member);
    CHECK(member != NULL);
  }
  CHECK_INT(driver.release(&driver, &error), ADBC_STATUS_OK);
}

static void another_version_is_refused(void)
{
  struct AdbcDriver driver;
  struct AdbcError error = ERROR_INIT;
  CHECK_INT(AdbcDriverInit(2000000, &driver, &error), ADBC_STATUS_NOT_IMPLEMENTED);
  CHECK_TEXT(error.message, "ADBC 1.0.0 and 1.1.0 are offered, not version 2000000");
  release(&error);
  CHECK(error.message == NULL && error.release == NULL);
}

/* ---- errors ---------------------------------------------------------------------------------- */

static sparkc_error refused(void)
{
  sparkc_error err = {.code = SPARKC_E_REMOTE, .status = 13, .retryable = 1};
  snprintf(err.sqlstate, sizeof err.sqlstate, "42P01");
  snprintf(err.error_class, sizeof err.error_class, "TABLE_OR_VIEW_NOT_FOUND");
  snprintf(err.message, sizeof err.message, "no such table");
  return err;
}

static void an_error_of_1_0_0_is_not_written_past(void)
{
  struct AdbcError error;
  sparkc_error err = refused();
  memset(&error, 0x5a, sizeof error);
  memset(&error, 0, ADBC_ERROR_1_0_0_SIZE);
  CHECK_INT(adbcp_give(&error, &err), ADBC_STATUS_NOT_FOUND);
  CHECK_TEXT(error.message, "no such table");
  CHECK(memcmp(error.sqlstate, "42P01", 5) == 0);
  CHECK_INT(error.vendor_code, 13);
  CHECK_INT(AdbcErrorGetDetailCount(&error), 0);
  const unsigned char *bytes = (const unsigned char *)&error;
  for (size_t i = ADBC_ERROR_1_0_0_SIZE; i < sizeof error; i++) CHECK_INT(bytes[i], 0x5a);
  release(&error);
  for (size_t i = ADBC_ERROR_1_0_0_SIZE; i < sizeof error; i++) CHECK_INT(bytes[i], 0x5a);
}

static void an_error_of_1_1_0_has_details(void)
{
  struct AdbcError error = ERROR_INIT;
  sparkc_error err = refused();
  CHECK_INT(adbcp_give(&error, &err), ADBC_STATUS_NOT_FOUND);
  CHECK_INT(error.vendor_code, ADBC_ERROR_VENDOR_CODE_PRIVATE_DATA);
  CHECK_INT(AdbcErrorGetDetailCount(&error), 3);
  const struct AdbcErrorDetail detail = AdbcErrorGetDetail(&error, 0);
  CHECK_TEXT(detail.key, "spark.error_class");
  CHECK_INT(detail.value_length, 23);
  CHECK(memcmp(detail.value, "TABLE_OR_VIEW_NOT_FOUND", 23) == 0);
  CHECK(AdbcErrorGetDetail(&error, 3).key == NULL && AdbcErrorGetDetail(&error, -1).key == NULL);
  err = refused(); /* one more into the same record frees the first */
  CHECK_INT(adbcp_give(&error, &err), ADBC_STATUS_NOT_FOUND);
  release(&error);
  err = refused();
  CHECK_INT(adbcp_give(NULL, &err), ADBC_STATUS_NOT_FOUND);
}

static void sqlstates_are_statuses(void)
{
  static const struct {
    const char *sqlstate;
    int status;
  } cases[] = {
      {"42703", ADBC_STATUS_INVALID_ARGUMENT}, {"42P07", ADBC_STATUS_ALREADY_EXISTS},
      {"42501", ADBC_STATUS_UNAUTHORIZED},     {"22012", ADBC_STATUS_INVALID_DATA},
      {"23505", ADBC_STATUS_INTEGRITY},        {"0A000", ADBC_STATUS_NOT_IMPLEMENTED},
      {"HY008", ADBC_STATUS_CANCELLED},        {"XX000", ADBC_STATUS_INTERNAL},
      {"28000", ADBC_STATUS_UNAUTHENTICATED},  {"", ADBC_STATUS_UNKNOWN},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sparkc_error err = {.code = SPARKC_E_REMOTE};
    snprintf(err.sqlstate, sizeof err.sqlstate, "%s", cases[i].sqlstate);
    CHECK_INT(adbcp_status(&err), cases[i].status);
  }
  CHECK_INT(adbcp_status(&(sparkc_error){.code = SPARKC_E_TRANSPORT}), ADBC_STATUS_IO);
  CHECK_INT(adbcp_status(&(sparkc_error){.code = SPARKC_E_TRANSPORT, .status = 16}),
            ADBC_STATUS_UNAUTHENTICATED);
  CHECK_INT(adbcp_status(&(sparkc_error){.code = SPARKC_E_TIMEOUT}), ADBC_STATUS_TIMEOUT);
}

/* ---- options --------------------------------------------------------------------------------- */

static void check_option(struct AdbcDatabase *database, const char *key, const char *value,
                         int status, const char *message)
{
  struct AdbcError error = ERROR_INIT;
  CHECK_INT(AdbcDatabaseSetOption(database, key, value, &error), status);
  if (status != ADBC_STATUS_OK) CHECK_TEXT(error.message, message);
  release(&error);
}

static void databases_check_their_options(void)
{
  struct AdbcDatabase database = {0};
  struct AdbcError error = ERROR_INIT;
  char text[16] = "";
  size_t length = 2;
  int64_t number;
  CHECK_INT(AdbcDatabaseNew(&database, &error), ADBC_STATUS_OK);
  check_option(&database, "uri", "sc://localhost", ADBC_STATUS_OK, NULL);
  check_option(&database, "header.x-team", "risk", ADBC_STATUS_OK, NULL);
  check_option(&database, "header.", "risk", ADBC_STATUS_NOT_IMPLEMENTED,
               "a database has no option 'header.'");
  check_option(&database, "gnomon.spark.stack_trace", "yes", ADBC_STATUS_INVALID_ARGUMENT,
               "option 'gnomon.spark.stack_trace' is 'true' or 'false', not 'yes'");
  check_option(&database, "gnomon.spark.keepalive_ms", "-1", ADBC_STATUS_INVALID_ARGUMENT,
               "option 'gnomon.spark.keepalive_ms' is a number from 0 to 9223372036854775807, "
               "not '-1'");
  CHECK_INT(AdbcDatabaseGetOption(&database, "header.x-team", text, &length, &error),
            ADBC_STATUS_OK);
  CHECK_INT(length, 5);
  CHECK_TEXT(text, ""); /* there was no room for it */
  length = sizeof text;
  AdbcDatabaseGetOption(&database, "header.x-team", text, &length, &error);
  CHECK_TEXT(text, "risk");
  CHECK_INT(AdbcDatabaseSetOptionInt(&database, "gnomon.spark.retries_max", 3, &error), 0);
  CHECK_INT(AdbcDatabaseGetOptionInt(&database, "gnomon.spark.retries_max", &number, &error), 0);
  CHECK_INT(number, 3);
  CHECK_INT(AdbcDatabaseInit(&database, &error), ADBC_STATUS_OK);
  check_option(&database, "uri", "sc://other", ADBC_STATUS_INVALID_STATE,
               "option 'uri' comes too late: the database is initialised");
  const adbcp_database *db = database.private_data;
  CHECK_TEXT(db->args.url, "sc://localhost");
  CHECK_INT(db->args.retries_max, 3);
  CHECK_INT(db->args.header_count, 1);
  CHECK_TEXT(db->args.headers[0].name, "x-team");
  CHECK_INT(AdbcDatabaseRelease(&database, &error), ADBC_STATUS_OK);
  CHECK_INT(AdbcDatabaseRelease(&database, &error), ADBC_STATUS_INVALID_STATE);
  release(&error);
}

/* A connection opens without a server: nothing is sent before it is used. */
static void open_connection(const gn_alloc *alloc, struct AdbcDatabase *database,
                            struct AdbcConnection *connection, int *status)
{
  struct AdbcError error = ERROR_INIT;
  *database = (struct AdbcDatabase){0};
  *connection = (struct AdbcConnection){0};
  CHECK_INT(AdbcDatabaseNew(database, &error), ADBC_STATUS_OK);
  adbcp_database_use(database, alloc);
  *status = database->private_data ? 0 : ADBC_STATUS_INTERNAL;
  if (!*status) *status = AdbcDatabaseSetOption(database, "uri", "sc://localhost", &error);
  if (!*status) *status = AdbcDatabaseSetOption(database, "header.a", "b", &error);
  if (!*status) *status = AdbcDatabaseInit(database, &error);
  if (!*status) *status = AdbcConnectionNew(connection, &error);
  if (!*status) *status = AdbcConnectionInit(connection, database, &error);
  release(&error);
}

static void close_all(struct AdbcDatabase *database, struct AdbcConnection *connection)
{
  if (connection->private_data) CHECK_INT(AdbcConnectionRelease(connection, NULL), 0);
  if (database->private_data) CHECK_INT(AdbcDatabaseRelease(database, NULL), 0);
}

/* ---- what needs no server -------------------------------------------------------------------- */

static void the_driver_describes_itself(void)
{
  const uint32_t codes[] = {ADBC_INFO_VENDOR_NAME, 77, ADBC_INFO_DRIVER_ADBC_VERSION};
  struct AdbcDatabase database;
  struct AdbcConnection connection;
  struct ArrowArrayStream stream;
  struct ArrowSchema schema;
  struct ArrowArray rows;
  int status;
  open_connection(test_alloc(), &database, &connection, &status);
  CHECK_INT(AdbcConnectionGetInfo(&connection, codes, 3, &stream, NULL), ADBC_STATUS_OK);
  CHECK_INT(stream.get_schema(&stream, &schema), 0);
  CHECK_TEXT(schema.children[0]->format, "I");
  CHECK_TEXT(schema.children[1]->format, "+ud:0,1,2,3,4,5");
  schema.release(&schema);
  CHECK_INT(stream.get_next(&stream, &rows), 0);
  CHECK_INT(rows.length, 2); /* what nobody knows is left out */
  const struct ArrowArray *values = rows.children[1];
  CHECK_INT(((const uint32_t *)rows.children[0]->buffers[1])[1], 103);
  CHECK_INT(((const int8_t *)values->buffers[0])[0], 0);
  CHECK_INT(((const int8_t *)values->buffers[0])[1], 2);
  CHECK_INT(((const int32_t *)values->buffers[1])[1], 1);
  CHECK_INT(((const int64_t *)values->children[2]->buffers[1])[1], ADBC_VERSION_1_1_0);
  rows.release(&rows);
  stream.release(&stream);
  close_all(&database, &connection);
}

static void what_is_not_open_says_so(void)
{
  struct AdbcConnection connection = {0};
  struct AdbcStatement statement = {0};
  struct AdbcError error = ERROR_INIT;
  CHECK_INT(AdbcConnectionNew(&connection, &error), ADBC_STATUS_OK);
  CHECK_INT(AdbcStatementNew(&connection, &statement, &error), ADBC_STATUS_INVALID_STATE);
  CHECK_TEXT(error.message, "the connection is not initialised");
  CHECK_INT(AdbcConnectionCancel(&connection, &error), ADBC_STATUS_INVALID_STATE);
  CHECK_INT(AdbcConnectionRelease(&connection, &error), ADBC_STATUS_OK);
  CHECK_INT(AdbcStatementRelease(&statement, &error), ADBC_STATUS_INVALID_STATE);
  release(&error);
}

static void statements_check_their_options(void)
{
  struct AdbcDatabase database;
  struct AdbcConnection connection;
  struct AdbcStatement statement = {0};
  struct AdbcError error = ERROR_INIT;
  int status;
  open_connection(test_alloc(), &database, &connection, &status);
  CHECK_INT(AdbcStatementNew(&connection, &statement, &error), ADBC_STATUS_OK);
  CHECK_INT(AdbcStatementSetOption(&statement, ADBC_INGEST_OPTION_MODE, "merge", &error),
            ADBC_STATUS_INVALID_ARGUMENT);
  CHECK_TEXT(error.message, "there is no ingest mode 'merge'");
  CHECK_INT(AdbcStatementSetOption(&statement, ADBC_STATEMENT_OPTION_INCREMENTAL, "true", &error),
            ADBC_STATUS_NOT_IMPLEMENTED);
  CHECK_INT(AdbcStatementSetOption(&statement, ADBC_INGEST_OPTION_TARGET_TABLE, "t", &error), 0);
  CHECK_INT(AdbcStatementExecuteQuery(&statement, NULL, NULL, &error), ADBC_STATUS_INVALID_STATE);
  CHECK_TEXT(error.message, "there are no rows to write");
  CHECK_INT(AdbcConnectionRelease(&connection, &error), ADBC_STATUS_OK);
  CHECK_INT(AdbcStatementPrepare(&statement, &error), ADBC_STATUS_INVALID_STATE);
  CHECK_TEXT(error.message, "the statement's connection was released");
  CHECK_INT(AdbcStatementRelease(&statement, &error), ADBC_STATUS_OK);
  release(&error);
  close_all(&database, &connection);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void use_without_memory(const gn_alloc *alloc)
{
  struct AdbcDatabase database;
  struct AdbcConnection connection;
  struct AdbcStatement statement = {0};
  struct ArrowArrayStream stream = {.release = NULL};
  struct ArrowSchema schema = {.release = NULL};
  int status;
  open_connection(alloc, &database, &connection, &status);
  if (!status) status = AdbcConnectionGetTableTypes(&connection, &stream, NULL);
  if (stream.release) stream.release(&stream);
  const uint32_t code = ADBC_INFO_DRIVER_NAME;
  if (!status) status = AdbcConnectionGetInfo(&connection, &code, 1, &stream, NULL);
  if (stream.release) stream.release(&stream);
  if (!status) status = AdbcStatementNew(&connection, &statement, NULL);
  if (!status) status = AdbcStatementSetOption(&statement, "gnomon.spark.tags", "a,b", NULL);
  if (!status) status = AdbcStatementSetSqlQuery(&statement, "SELECT :a, :b", NULL);
  if (!status) status = AdbcStatementPrepare(&statement, NULL);
  if (!status) status = AdbcStatementGetParameterSchema(&statement, &schema, NULL);
  if (!status) CHECK_INT(schema.n_children, 2);
  if (schema.release) schema.release(&schema);
  if (statement.private_data) AdbcStatementRelease(&statement, NULL);
  close_all(&database, &connection);
  CHECK(status == ADBC_STATUS_OK || status == ADBC_STATUS_INTERNAL);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK(test_each_oom(use_without_memory) > 10);
}

int main(void)
{
  static const test_case cases[] = {
      {"a manager of 1.0.0 gets no more than it has room for",
       a_manager_of_1_0_0_gets_no_more_than_it_has_room_for},
      {"a manager of 1.1.0 gets every function", a_manager_of_1_1_0_gets_every_function},
      {"another version is refused", another_version_is_refused},
      {"an error of 1.0.0 is not written past", an_error_of_1_0_0_is_not_written_past},
      {"an error of 1.1.0 has details", an_error_of_1_1_0_has_details},
      {"SQLSTATEs are statuses", sqlstates_are_statuses},
      {"databases check their options", databases_check_their_options},
      {"the driver describes itself", the_driver_describes_itself},
      {"what is not open says so", what_is_not_open_says_so},
      {"statements check their options", statements_check_their_options},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
