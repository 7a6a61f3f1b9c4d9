/* Steps, commands and arguments, and what a real Spark 4.1.1 makes of them; with_server.py starts
 * it. SPDX-License-Identifier: Apache-2.0 */
#include <sparkconnect/experimental.h>
#include <sparkconnect/sparkconnect.h>
#include <stdio.h>
#include <stdlib.h>

#include "kit/kit.h"
#include "sparkconnect/plan.h"

static sparkc_session *spark;
static sparkc_dataframe *made;
static sparkc_error err;

static void close_session(void *unused)
{
  (void)unused;
  sparkc_session_close(spark);
}

static void begin(void)
{
  const sparkc_alloc alloc = {test_alloc()->resize, test_alloc()->user};
  sparkc_error_clear(&err);
  CHECK_INT(sparkc_session_open(SPARKC_SESSION_ARGS(.url = getenv("GNOMON_SPARK"), .alloc = &alloc),
                                &spark, &err),
            SPARKC_OK);
  test_later(close_session, NULL);
}

/* Unwraps a call that must succeed, and lets go of what it was made from. */
static sparkc_dataframe *step(int rc, sparkc_dataframe *input)
{
  CHECK_TEXT(sparkc_error_message(&err), "");
  CHECK_INT(rc, SPARKC_OK);
  sparkc_dataframe_free(input);
  return made;
}

#define INTO &made, &err

/* Compares the rows as Spark shows them, and takes the data frame over. */
static void check_shown(sparkc_dataframe *df, const char *expected)
{
  char *text;
  int rc = sparkc_show(df, 20, 0, 0, &text, &err);
  CHECK_TEXT(sparkc_error_message(&err), "");
  CHECK_INT(rc, SPARKC_OK);
  CHECK_TEXT(text, expected);
  sparkc_text_free(spark, text);
  sparkc_dataframe_free(df);
}

static sparkc_dataframe *orders(void)
{
  return step(sparkc_sql(spark,
                         "SELECT * FROM VALUES (1, 'PL', 10.5D), (2, 'PL', 4.5D), (3, 'DE', 7D), "
                         "(4, 'DE', NULL) AS t(id, country, amount)",
                         INTO),
              NULL);
}

static void filters_and_columns(void)
{
  begin();
  sparkc_dataframe *df = orders();
  df = step(sparkc_filter(df, sparkc_gt(sparkc_col("amount"), sparkc_lit_double(5)), INTO), df);
  df = step(sparkc_with_column(df, "twice",
                               sparkc_multiply(sparkc_col("amount"), sparkc_lit_int(2)), INTO),
            df);
  df = step(sparkc_order_by(df, SPARKC_COLUMNS(sparkc_desc(sparkc_col("id"), 0)), INTO), df);
  check_shown(df, "+---+-------+------+-----+\n"
                  "|id |country|amount|twice|\n"
                  "+---+-------+------+-----+\n"
                  "|3  |DE     |7.0   |14.0 |\n"
                  "|1  |PL     |10.5  |21.0 |\n"
                  "+---+-------+------+-----+\n");
}

static void groups_and_windows(void)
{
  begin();
  sparkc_dataframe *df = orders();
  sparkc_column *amounts[] = {sparkc_col("amount")}, *again[] = {sparkc_col("amount")};
  df = step(sparkc_group_by(df, SPARKC_COLUMNS(sparkc_col("country")),
                            SPARKC_COLUMNS(sparkc_alias(sparkc_call("sum", amounts, 1), "total"),
                                           sparkc_alias(sparkc_call("count", again, 1), "n")),
                            INTO),
            df);
  sparkc_column *by_total[] = {sparkc_desc(sparkc_col("total"), SPARKC_NULLS_USUAL)};
  const sparkc_window window = {NULL, 0, by_total, 1, 0, 0, 0};
  sparkc_column *rank = sparkc_over(sparkc_call("rank", NULL, 0), &window);
  df = step(sparkc_with_column(df, "rank", rank, INTO), df);
  check_shown(df, "+-------+-----+---+----+\n"
                  "|country|total|n  |rank|\n"
                  "+-------+-----+---+----+\n"
                  "|PL     |15.0 |2  |1   |\n"
                  "|DE     |7.0  |1  |2   |\n"
                  "+-------+-----+---+----+\n");
}

static void joins_and_subqueries(void)
{
  begin();
  sparkc_dataframe *left = orders(), *right = orders();
  sparkc_dataframe *top =
      step(sparkc_group_by(left, NULL, 0,
                           SPARKC_COLUMNS(sparkc_call("max", SPARKC_COLUMNS(sparkc_col("amount")))),
                           INTO),
           NULL);
  sparkc_column *same = sparkc_eq(sparkc_col_of(left, "id"),
                                  sparkc_add(sparkc_col_of(right, "id"), sparkc_lit_int(1)));
  sparkc_column *ids[] = {sparkc_alias(sparkc_col_of(left, "id"), "id"),
                          sparkc_alias(sparkc_col_of(right, "country"), "before")};
  sparkc_dataframe *df = step(sparkc_join(left, right, "inner", same, INTO), NULL);
  df = step(sparkc_filter(df, sparkc_lt(sparkc_col_of(right, "amount"), sparkc_scalar(top)), INTO),
            df);
  df = step(sparkc_select(df, ids, 2, INTO), df);
  df = step(sparkc_order_by(df, SPARKC_COLUMNS(sparkc_col("id")), INTO), df);
  check_shown(df, "+---+------+\n"
                  "|id |before|\n"
                  "+---+------+\n"
                  "|3  |PL    |\n"
                  "|4  |DE    |\n"
                  "+---+------+\n");
  sparkc_dataframe_free(left);
  sparkc_dataframe_free(right);
  sparkc_dataframe_free(top);
}

static void arguments_of_sql_are_values(void)
{
  begin();
  const sparkc_argument named[] = {{"name", sparkc_lit_text("x' OR '1'='1")},
                                   {"n", sparkc_lit_int(3)}};
  check_shown(
      step(sparkc_sql_with(spark, "SELECT :n + 1 AS n, :name AS name", named, 2, INTO), NULL),
      "+---+------------+\n"
      "|n  |name        |\n"
      "+---+------------+\n"
      "|4  |x' OR '1'='1|\n"
      "+---+------------+\n");
  const sparkc_argument placed[] = {{NULL, sparkc_lit_int(7)},
                                    {NULL, sparkc_lit_decimal("1.50", 5, 2)}};
  check_shown(step(sparkc_sql_with(spark, "SELECT ? AS a, ? AS b", placed, 2, INTO), NULL),
              "+---+----+\n"
              "|a  |b   |\n"
              "+---+----+\n"
              "|7  |1.50|\n"
              "+---+----+\n");
  const sparkc_argument mixed[] = {{"n", sparkc_lit_int(1)}, {NULL, sparkc_lit_int(2)}};
  CHECK_INT(sparkc_sql_with(spark, "SELECT 1", mixed, 2, INTO), SPARKC_E_PLAN);
}

static int64_t count_of(sparkc_dataframe *df)
{
  int64_t rows = -1;
  int rc = sparkc_count(df, &rows, &err);
  CHECK_TEXT(sparkc_error_message(&err), "");
  CHECK_INT(rc, SPARKC_OK);
  sparkc_dataframe_free(df);
  return rows;
}

static void check_ok(int rc)
{
  CHECK_TEXT(sparkc_error_message(&err), "");
  CHECK_INT(rc, SPARKC_OK);
}

static void files_are_written_and_read(void)
{
  begin();
  const char *path = test_path("orders");
  const char *by[] = {"country"}, *paths[] = {path};
  const sparkc_option header[] = {{"header", "true"}, {"sep", ";"}};
  sparkc_dataframe *df = orders();
  const sparkc_write_args *args =
      SPARKC_WRITE_ARGS(.path = path, .format = "csv", .mode = "error", .partition_by = by,
                        .partition_count = 1, .options = header, .option_count = 2);
  check_ok(sparkc_write(df, args, &err));
  CHECK_INT(sparkc_write(df, args, &err), SPARKC_E_REMOTE);
  CHECK_TEXT(err.error_class, "PATH_ALREADY_EXISTS");
  sparkc_error_clear(&err);
  CHECK_INT(sparkc_write(df, SPARKC_WRITE_ARGS(.path = path, .mode = "overwrit"), &err),
            SPARKC_E_PLAN);
  CHECK_TEXT(err.hint, "did you mean overwrite?");
  sparkc_error_clear(&err);
  sparkc_dataframe_free(df);
  df = step(sparkc_read(spark,
                        SPARKC_READ_ARGS(.format = "csv",
                                         .schema = "id INT, amount DOUBLE, country STRING",
                                         .options = header, .option_count = 2, .paths = paths,
                                         .path_count = 1),
                        INTO),
            NULL);
  df = step(sparkc_order_by(df, SPARKC_COLUMNS(sparkc_col("id")), INTO), df);
  check_shown(df, "+---+------+-------+\n"
                  "|id |amount|country|\n"
                  "+---+------+-------+\n"
                  "|1  |10.5  |PL     |\n"
                  "|2  |4.5   |PL     |\n"
                  "|3  |7.0   |DE     |\n"
                  "|4  |NULL  |DE     |\n"
                  "+---+------+-------+\n");
}

static void tables_and_views_are_made(void)
{
  begin();
  sparkc_dataframe *df = orders();
  check_ok(sparkc_create_view(df, "bought", 1, 0, &err));
  CHECK_INT(sparkc_create_view(df, "bought", 0, 0, &err), SPARKC_E_REMOTE);
  CHECK_TEXT(err.error_class, "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS");
  sparkc_error_clear(&err);
  CHECK_INT(count_of(step(sparkc_table(spark, "bought", INTO), NULL)), 4);
  const char *name = "steps_orders";
  check_ok(sparkc_write(
      df, SPARKC_WRITE_ARGS(.table = name, .format = "parquet", .mode = "overwrite"), &err));
  check_ok(sparkc_write(df, SPARKC_WRITE_ARGS(.table = name, .insert = 1), &err));
  CHECK_INT(count_of(step(sparkc_table(spark, name, INTO), NULL)), 8);
  const sparkc_merge_action matched = {.action = "update_star"};
  CHECK_INT(sparkc_merge(df, name,
                         SPARKC_MERGE_ARGS(.on = sparkc_expr("true"), .matched = &matched,
                                           .matched_count = 1),
                         &err),
            SPARKC_E_REMOTE); /* a parquet table cannot */
  CHECK_TEXT(err.error_class, "UNSUPPORTED_FEATURE.TABLE_OPERATION");
  sparkc_error_clear(&err);
  CHECK_INT(sparkc_write_table(df, name, SPARKC_WRITE_TABLE_ARGS(.mode = "make"), &err),
            SPARKC_E_PLAN);
  CHECK_TEXT(err.message, "there is no mode called make");
  sparkc_error_clear(&err);
  sparkc_dataframe_free(df);
  sparkc_dataframe_free(step(sparkc_sql(spark, "DROP TABLE steps_orders", INTO), NULL));
}

static void checkpoints_are_kept_and_forgotten(void)
{
  begin();
  sparkc_dataframe *df = orders(), *kept;
  char id[64];
  check_ok(sparkc_checkpoint(df, 1, 1, &kept, &err));
  snprintf(id, sizeof id, "%s",
           kept->relation->message.relation.cached_remote_relation->relation_id);
  sparkc_dataframe *next = step(sparkc_limit(kept, 3, INTO), kept);
  CHECK_INT(count_of(next), 3);
  sparkc_dataframe_free(df);
  /* With the last data frame over it, it is gone on the server; the command is on its way. */
  const sparkc_field relation = {"relation_id", SPARKC_TEXT(id)};
  int rc = SPARKC_OK;
  for (int i = 0; i < 50 && rc == SPARKC_OK; i++) {
    int64_t rows;
    df = step(sparkc_relation(spark, "cached_remote_relation", &relation, 1, INTO), NULL);
    rc = sparkc_count(df, &rows, &err);
    sparkc_dataframe_free(df);
  }
  CHECK_INT(rc, SPARKC_E_REMOTE);
  sparkc_error_clear(&err);
}

static void answers_of_commands_are_json(void)
{
  begin();
  sparkc_dataframe *df = orders();
  const sparkc_field view[] = {
      {"input", SPARKC_DATAFRAME(df)}, {"name", SPARKC_TEXT("seen")}, {"replace", SPARKC_INT(1)}};
  char *answer;
  check_ok(sparkc_command(spark, "create_dataframe_view", view, 3, &answer, &err));
  CHECK_TEXT(answer, "{}");
  sparkc_text_free(spark, answer);
  const sparkc_field checkpoint[] = {
      {"relation", SPARKC_DATAFRAME(df)}, {"local", SPARKC_INT(1)}, {"eager", SPARKC_INT(1)}};
  const char *head = "{\"checkpoint_command_result\":{\"relation\":{\"relation_id\":\"";
  check_ok(sparkc_command(spark, "checkpoint_command", checkpoint, 3, &answer, &err));
  CHECK(gni_str_starts(gni_str(answer), head));
  sparkc_text_free(spark, answer);
  sparkc_dataframe_free(df);
}

static void check_asked(const char *question, const sparkc_field *field, size_t count,
                        const char *expected)
{
  char *text;
  check_ok(sparkc_catalog_ask(spark, question, field, count, &text, &err));
  CHECK_TEXT(text ? text : "(none)", expected);
  sparkc_text_free(spark, text);
}

static void the_catalog_is_asked_and_changed(void)
{
  begin();
  sparkc_dataframe *df = orders();
  check_ok(sparkc_create_view(df, "listed", 1, 0, &err));
  sparkc_dataframe_free(df);
  const sparkc_field table = {"table_name", SPARKC_TEXT("listed")};
  const sparkc_field view = {"view_name", SPARKC_TEXT("listed")};
  check_asked("current_catalog", NULL, 0, "spark_catalog");
  check_asked("current_database", NULL, 0, "default");
  check_asked("table_exists", &table, 1, "true");
  check_asked("cache_table", &table, 1, "(none)");
  check_asked("is_cached", &table, 1, "true");
  check_asked("drop_temp_view", &view, 1, "true");
  check_asked("table_exists", &table, 1, "false");
  CHECK_INT(sparkc_catalog(spark, "list_table", NULL, 0, INTO), SPARKC_E_PLAN);
  CHECK_TEXT(err.hint, "did you mean list_tables?");
  sparkc_error_clear(&err);
  df = step(sparkc_catalog(spark, "list_databases", NULL, 0, INTO), NULL);
  df = step(sparkc_select_names(df, (const char *const[]){"name", "catalog"}, 2, INTO), df);
  check_shown(df, "+-------+-------------+\n"
                  "|name   |catalog      |\n"
                  "+-------+-------------+\n"
                  "|default|spark_catalog|\n"
                  "+-------+-------------+\n");
}

static void streams_run_are_asked_and_stopped(void)
{
  begin();
  const char *path = test_path("streamed"), *paths[] = {path};
  sparkc_dataframe *df = orders();
  check_ok(sparkc_write(df, SPARKC_WRITE_ARGS(.path = path, .format = "parquet"), &err));
  sparkc_dataframe_free(df);
  df = step(sparkc_read(spark,
                        SPARKC_READ_ARGS(.format = "parquet",
                                         .schema = "id INT, country STRING, amount DOUBLE",
                                         .paths = paths, .path_count = 1, .streaming = 1),
                        INTO),
            NULL);
  sparkc_stream_query once, queries[4];
  int32_t ended;
  size_t count;
  char *answer;
  check_ok(sparkc_stream_start(df,
                               SPARKC_STREAM_ARGS(.format = "memory", .name = "seen_orders",
                                                  .output_mode = "append", .available_now = 1),
                               &once, &err));
  CHECK_TEXT(once.name, "seen_orders");
  CHECK_INT(strlen(once.id), 36);
  check_ok(sparkc_stream_await(spark, &once, 60000, &ended, &err));
  CHECK_INT(ended, 1);
  CHECK_INT(count_of(step(sparkc_table(spark, "seen_orders", INTO), NULL)), 4);
  sparkc_stream_query running;
  check_ok(sparkc_stream_start(
      df, SPARKC_STREAM_ARGS(.format = "memory", .name = "running", .every = "1 second"), &running,
      &err));
  check_ok(sparkc_stream_list(spark, queries, 4, &count, &err));
  CHECK_INT(count, 1);
  CHECK_TEXT(queries[0].id, running.id);
  check_ok(sparkc_stream_tell(spark, &running, "process_all_available", NULL, &err));
  check_ok(sparkc_stream_tell(spark, &running, "status", &answer, &err));
  CHECK(strstr(answer, "\"is_active\":true") != NULL);
  sparkc_text_free(spark, answer);
  check_ok(sparkc_stream_tell(spark, &running, "stop", NULL, &err));
  check_ok(sparkc_stream_list(spark, queries, 4, &count, &err));
  CHECK_INT(count, 0);
  CHECK_INT(
      sparkc_stream_start(
          df, SPARKC_STREAM_ARGS(.format = "memory", .every = "1 second", .once = 1), &once, &err),
      SPARKC_E_PLAN);
  sparkc_error_clear(&err);
  sparkc_dataframe_free(df);
}

static void models_and_pipelines_are_told(void)
{
  begin();
  char *answer;
  check_ok(sparkc_ml(spark, "get_cache_info", NULL, 0, &answer, &err));
  CHECK(gni_str_starts(gni_str(answer), "{\"ml_command_result\":"));
  sparkc_text_free(spark, answer);
  const sparkc_field graph[] = {{"default_catalog", SPARKC_TEXT("spark_catalog")},
                                {"default_database", SPARKC_TEXT("default")}};
  check_ok(sparkc_pipeline(spark, "create_dataflow_graph", graph, 2, &answer, &err));
  CHECK(gni_str_starts(gni_str(answer),
                       "{\"pipeline_command_result\":{\"create_dataflow_graph_result\":"
                       "{\"dataflow_graph_id\":\""));
  sparkc_text_free(spark, answer);
}

static void wrong_names_are_errors_before_anything_is_sent(void)
{
  begin();
  sparkc_dataframe *df = orders();
  const sparkc_field wrong[] = {{"input", SPARKC_DATAFRAME(df)}, {"limits", SPARKC_INT(1)}};
  CHECK_INT(sparkc_relation(spark, "limit", wrong, 2, INTO), SPARKC_E_PLAN);
  CHECK_TEXT(err.message, "Spark Connect 4.1.1 knows no Limit.limits");
  CHECK_TEXT(err.hint, "did you mean limit?");
  sparkc_error_clear(&err);
  CHECK_INT(sparkc_relation(spark, "limits", wrong, 1, INTO), SPARKC_E_PLAN);
  CHECK_TEXT(err.message, "Spark Connect 4.1.1 knows no Relation.limits");
  sparkc_error_clear(&err);
  const sparkc_field text[] = {{"input", SPARKC_DATAFRAME(df)}, {"limit", SPARKC_TEXT("1")}};
  CHECK_INT(sparkc_relation(spark, "limit", text, 2, INTO), SPARKC_E_PLAN);
  CHECK_TEXT(err.message, "Limit.limit does not take a text");
  sparkc_error_clear(&err);
  sparkc_column *bad = sparkc_lit_decimal("12.345", 4, 2);
  CHECK_INT(sparkc_filter(df, sparkc_eq(sparkc_col("id"), bad), INTO), SPARKC_E_PLAN);
  CHECK_TEXT(err.message, "a decimal is digits that its precision and scale have room for");
  sparkc_error_clear(&err);
  CHECK_INT(sparkc_join(df, df, "sideways", NULL, INTO), SPARKC_E_PLAN);
  CHECK_TEXT(err.message, "there is no join called sideways");
  sparkc_error_clear(&err);
  sparkc_dataframe_free(df);
}

int main(void)
{
  static const test_case cases[] = {
      {"filters and columns", filters_and_columns},
      {"groups and windows", groups_and_windows},
      {"joins and subqueries", joins_and_subqueries},
      {"arguments of SQL are values", arguments_of_sql_are_values},
      {"files are written and read", files_are_written_and_read},
      {"tables and views are made", tables_and_views_are_made},
      {"checkpoints are kept and forgotten", checkpoints_are_kept_and_forgotten},
      {"answers of commands are JSON", answers_of_commands_are_json},
      {"the catalog is asked and changed", the_catalog_is_asked_and_changed},
      {"streams run, are asked and stopped", streams_run_are_asked_and_stopped},
      {"models and pipelines are told", models_and_pipelines_are_told},
      {"wrong names are errors before anything is sent",
       wrong_names_are_errors_before_anything_is_sent},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
