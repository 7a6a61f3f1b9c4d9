/* The table of functions that a driver manager asks for. SPDX-License-Identifier: Apache-2.0 */
#include "adbc/driver.h"

#define EXPORTED __attribute__((visibility("default")))

static AdbcStatusCode release(struct AdbcDriver *driver, struct AdbcError *error)
{
  (void)error;
  driver->private_data = NULL;
  driver->release = NULL;
  return ADBC_STATUS_OK;
}

static const struct AdbcDriver functions = {
    .release = release,
    .DatabaseInit = AdbcDatabaseInit,
    .DatabaseNew = AdbcDatabaseNew,
    .DatabaseSetOption = AdbcDatabaseSetOption,
    .DatabaseRelease = AdbcDatabaseRelease,
    .ConnectionCommit = AdbcConnectionCommit,
    .ConnectionGetInfo = AdbcConnectionGetInfo,
    .ConnectionGetObjects = AdbcConnectionGetObjects,
    .ConnectionGetTableSchema = AdbcConnectionGetTableSchema,
    .ConnectionGetTableTypes = AdbcConnectionGetTableTypes,
    .ConnectionInit = AdbcConnectionInit,
    .ConnectionNew = AdbcConnectionNew,
    .ConnectionSetOption = AdbcConnectionSetOption,
    .ConnectionReadPartition = AdbcConnectionReadPartition,
    .ConnectionRelease = AdbcConnectionRelease,
    .ConnectionRollback = AdbcConnectionRollback,
    .StatementBind = AdbcStatementBind,
    .StatementBindStream = AdbcStatementBindStream,
    .StatementExecuteQuery = AdbcStatementExecuteQuery,
    .StatementExecutePartitions = AdbcStatementExecutePartitions,
    .StatementGetParameterSchema = AdbcStatementGetParameterSchema,
    .StatementNew = AdbcStatementNew,
    .StatementPrepare = AdbcStatementPrepare,
    .StatementRelease = AdbcStatementRelease,
    .StatementSetOption = AdbcStatementSetOption,
    .StatementSetSqlQuery = AdbcStatementSetSqlQuery,
    .StatementSetSubstraitPlan = AdbcStatementSetSubstraitPlan,
    .ErrorGetDetailCount = AdbcErrorGetDetailCount,
    .ErrorGetDetail = AdbcErrorGetDetail,
    .ErrorFromArrayStream = AdbcErrorFromArrayStream,
    .DatabaseGetOption = AdbcDatabaseGetOption,
    .DatabaseGetOptionBytes = AdbcDatabaseGetOptionBytes,
    .DatabaseGetOptionDouble = AdbcDatabaseGetOptionDouble,
    .DatabaseGetOptionInt = AdbcDatabaseGetOptionInt,
    .DatabaseSetOptionBytes = AdbcDatabaseSetOptionBytes,
    .DatabaseSetOptionDouble = AdbcDatabaseSetOptionDouble,
    .DatabaseSetOptionInt = AdbcDatabaseSetOptionInt,
    .ConnectionCancel = AdbcConnectionCancel,
    .ConnectionGetOption = AdbcConnectionGetOption,
    .ConnectionGetOptionBytes = AdbcConnectionGetOptionBytes,
    .ConnectionGetOptionDouble = AdbcConnectionGetOptionDouble,
    .ConnectionGetOptionInt = AdbcConnectionGetOptionInt,
    .ConnectionGetStatistics = AdbcConnectionGetStatistics,
    .ConnectionGetStatisticNames = AdbcConnectionGetStatisticNames,
    .ConnectionSetOptionBytes = AdbcConnectionSetOptionBytes,
    .ConnectionSetOptionDouble = AdbcConnectionSetOptionDouble,
    .ConnectionSetOptionInt = AdbcConnectionSetOptionInt,
    .StatementCancel = AdbcStatementCancel,
    .StatementExecuteSchema = AdbcStatementExecuteSchema,
    .StatementGetOption = AdbcStatementGetOption,
    .StatementGetOptionBytes = AdbcStatementGetOptionBytes,
    .StatementGetOptionDouble = AdbcStatementGetOptionDouble,
    .StatementGetOptionInt = AdbcStatementGetOptionInt,
    .StatementSetOptionBytes = AdbcStatementSetOptionBytes,
    .StatementSetOptionDouble = AdbcStatementSetOptionDouble,
    .StatementSetOptionInt = AdbcStatementSetOptionInt,
};

/* The members of 1.1.0 stand behind those of 1.0.0: an older manager's table ends before them. */
EXPORTED AdbcStatusCode AdbcDriverInit(int version, void *raw_driver, struct AdbcError *error)
{
  struct AdbcDriver *driver = raw_driver;
  size_t size = version == ADBC_VERSION_1_1_0 ? ADBC_DRIVER_1_1_0_SIZE : ADBC_DRIVER_1_0_0_SIZE;
  if (version != ADBC_VERSION_1_0_0 && version != ADBC_VERSION_1_1_0)
    return adbcp_fail(error, ADBC_STATUS_NOT_IMPLEMENTED,
                      "ADBC 1.0.0 and 1.1.0 are offered, not version %d", version);
  memcpy(driver, &functions, size);
  return ADBC_STATUS_OK;
}

/* As managers derive it from libadbc_driver_gnomon_spark.so. */
EXPORTED AdbcStatusCode AdbcDriverGnomonSparkInit(int version, void *driver,
                                                  struct AdbcError *error)
{
  return AdbcDriverInit(version, driver, error);
}

/* ---- what there is not ----------------------------------------------------------------------- */

static AdbcStatusCode none(struct AdbcError *error, const char *what)
{
  return adbcp_fail(error, ADBC_STATUS_NOT_IMPLEMENTED, "%s", what);
}

/* No option is of these types, on any of the three objects. */
#define NO_OPTIONS(Object)                                                                         \
  AdbcStatusCode Adbc##Object##GetOptionBytes(struct Adbc##Object *object, const char *key,        \
                                              uint8_t *value, size_t *length,                      \
                                              struct AdbcError *error)                             \
  {                                                                                                \
    (void)object;                                                                                  \
    (void)value;                                                                                   \
    (void)length;                                                                                  \
    return adbcp_unknown_option(error, key);                                                       \
  }                                                                                                \
  AdbcStatusCode Adbc##Object##SetOptionBytes(struct Adbc##Object *object, const char *key,        \
                                              const uint8_t *value, size_t length,                 \
                                              struct AdbcError *error)                             \
  {                                                                                                \
    (void)object;                                                                                  \
    (void)key;                                                                                     \
    (void)value;                                                                                   \
    (void)length;                                                                                  \
    return none(error, "no option has bytes as its value");                                        \
  }                                                                                                \
  AdbcStatusCode Adbc##Object##SetOptionDouble(struct Adbc##Object *object, const char *key,       \
                                               double value, struct AdbcError *error)              \
  {                                                                                                \
    (void)object;                                                                                  \
    (void)key;                                                                                     \
    (void)value;                                                                                   \
    return none(error, "no option that can be set is a real number");                              \
  }

NO_OPTIONS(Database)
NO_OPTIONS(Connection)
NO_OPTIONS(Statement)

AdbcStatusCode AdbcDatabaseGetOptionDouble(struct AdbcDatabase *database, const char *key,
                                           double *value, struct AdbcError *error)
{
  (void)database;
  (void)value;
  return adbcp_unknown_option(error, key);
}

AdbcStatusCode AdbcConnectionGetOptionDouble(struct AdbcConnection *connection, const char *key,
                                             double *value, struct AdbcError *error)
{
  (void)connection;
  (void)value;
  return adbcp_unknown_option(error, key);
}

AdbcStatusCode AdbcConnectionGetOptionInt(struct AdbcConnection *connection, const char *key,
                                          int64_t *value, struct AdbcError *error)
{
  (void)connection;
  (void)value;
  return adbcp_unknown_option(error, key);
}

AdbcStatusCode AdbcConnectionGetStatistics(struct AdbcConnection *connection, const char *catalog,
                                           const char *db_schema, const char *table_name,
                                           char approximate, struct ArrowArrayStream *out,
                                           struct AdbcError *error)
{
  (void)connection;
  (void)catalog;
  (void)db_schema;
  (void)table_name;
  (void)approximate;
  (void)out;
  return none(error, "Spark Connect does not give out the statistics of tables");
}

AdbcStatusCode AdbcConnectionGetStatisticNames(struct AdbcConnection *connection,
                                               struct ArrowArrayStream *out,
                                               struct AdbcError *error)
{
  (void)connection;
  (void)out;
  return none(error, "Spark Connect does not give out the statistics of tables");
}

AdbcStatusCode AdbcConnectionReadPartition(struct AdbcConnection *connection,
                                           const uint8_t *serialized_partition,
                                           size_t serialized_length, struct ArrowArrayStream *out,
                                           struct AdbcError *error)
{
  (void)connection;
  (void)serialized_partition;
  (void)serialized_length;
  (void)out;
  return none(error, "results are streams: there are no partitions");
}

AdbcStatusCode AdbcStatementExecutePartitions(struct AdbcStatement *statement,
                                              struct ArrowSchema *schema,
                                              struct AdbcPartitions *partitions,
                                              int64_t *rows_affected, struct AdbcError *error)
{
  (void)statement;
  (void)schema;
  (void)partitions;
  (void)rows_affected;
  return none(error, "results are streams: there are no partitions");
}
