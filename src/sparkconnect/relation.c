/* Data frames of every day, each a line in the protocol's words. SPDX-License-Identifier:
 * Apache-2.0
 */
#include "sparkconnect/lists.h"

/* ---- making ---------------------------------------------------------------------------------- */

typedef sparkp_lists lists;

static int end(lists *own, sparkc_session *session, const char *type, const sparkc_field *fields,
               size_t count, sparkc_dataframe **out, sparkc_error *err)
{
  *out = NULL;
  int rc = own->whole ? sparkc_relation(session, type, fields, count, out, err) : sparkp_nomem(err);
  sparkp_lists_end(own);
  return rc;
}

#define INPUT(df) {"input", SPARKC_DATAFRAME(df)}
#define MAKE(session, type, ...)                                                                   \
  sparkc_relation((session), (type), SPARKP_FIELDS(__VA_ARGS__), out, err)
#define END(session, type, ...) end(&own, (session), (type), SPARKP_FIELDS(__VA_ARGS__), out, err)

/* ---- reading --------------------------------------------------------------------------------- */

int sparkc_range(sparkc_session *session, int64_t start, int64_t end_before, int64_t step,
                 int32_t partitions, sparkc_dataframe **out, sparkc_error *err)
{
  *out = NULL;
  if (step == 0) return sparkp_fail(err, SPARKC_E_PLAN, "a range has a step other than 0");
  if (partitions < 0) return sparkp_fail(err, SPARKC_E_PLAN, "a range has no negative partitions");
  const sparkc_value number = {
      partitions ? SPARKC_VALUE_INT : SPARKC_VALUE_NONE, 0, {.integer = partitions}};
  return MAKE(session, "range", {"start", SPARKC_INT(start)}, {"end", SPARKC_INT(end_before)},
              {"step", SPARKC_INT(step)}, {"num_partitions", number});
}

int sparkc_read(sparkc_session *session, const sparkc_read_args *given, sparkc_dataframe **out,
                sparkc_error *err)
{
  sparkc_read_args args = {0};
  lists own;
  memcpy(&args, given, given->struct_size < sizeof args ? given->struct_size : sizeof args);
  sparkp_lists_begin(&own, session);
  /* A source without a schema says so by an empty one. */
  const sparkc_field source[] = {
      {"format", SPARKC_TEXT(args.format)},
      {"schema", SPARKC_TEXT(args.schema ? args.schema : "")},
      {"options", sparkp_map_options(&own, args.options, args.option_count)},
      {"paths", sparkp_list_texts(&own, args.paths, args.path_count)},
  };
  return END(session, "read", {"data_source", SPARKC_MESSAGE(source, 4)},
             {"is_streaming", SPARKC_INT(args.streaming)});
}

int sparkc_table(sparkc_session *session, const char *name, sparkc_dataframe **out,
                 sparkc_error *err)
{
  const sparkc_field table = {"unparsed_identifier", SPARKC_TEXT(name)};
  return MAKE(session, "read", {"named_table", SPARKC_MESSAGE(&table, 1)});
}

int sparkc_table_function(sparkc_session *session, const char *name,
                          sparkc_column *const *arguments, size_t count, sparkc_dataframe **out,
                          sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, session);
  int rc = END(session, "unresolved_table_valued_function", {"function_name", SPARKC_TEXT(name)},
               {"arguments", sparkp_list_columns(&own, arguments, count)});
  sparkp_columns_free(arguments, count);
  return rc;
}

/* ---- columns --------------------------------------------------------------------------------- */

int sparkc_select(const sparkc_dataframe *df, sparkc_column *const *columns, size_t count,
                  sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  int rc = END(df->session, "project", INPUT(df),
               {"expressions", sparkp_list_columns(&own, columns, count)});
  sparkp_columns_free(columns, count);
  return rc;
}

static int select_made(const sparkc_dataframe *df, const char *const *texts, size_t count,
                       sparkc_column *(*make)(const char *), sparkc_dataframe **out,
                       sparkc_error *err)
{
  size_t size = gni_size_mul(count, sizeof(sparkc_column *));
  sparkc_column **columns = gni_alloc(&df->session->alloc, size);
  *out = NULL;
  if (count && !columns) return sparkp_nomem(err);
  for (size_t i = 0; i < count; i++) columns[i] = make(texts[i]);
  int rc = sparkc_select(df, columns, count, out, err);
  gni_free(&df->session->alloc, columns, size);
  return rc;
}

int sparkc_select_names(const sparkc_dataframe *df, const char *const *names, size_t count,
                        sparkc_dataframe **out, sparkc_error *err)
{
  return select_made(df, names, count, sparkc_col, out, err);
}

int sparkc_select_expr(const sparkc_dataframe *df, const char *const *sql, size_t count,
                       sparkc_dataframe **out, sparkc_error *err)
{
  return select_made(df, sql, count, sparkc_expr, out, err);
}

int sparkc_with_columns(const sparkc_dataframe *df, const char *const *names,
                        sparkc_column *const *columns, size_t count, sparkc_dataframe **out,
                        sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  sparkc_value *aliases = sparkp_list_room(&own, count);
  sparkc_column **made = GN_TAKE(&own.arena, sparkc_column *, count);
  own.whole &= made != NULL;
  for (size_t i = 0; own.whole && i < count; i++) {
    made[i] = sparkc_alias(sparkc_column_keep(columns[i]), names[i]);
    aliases[i] = (sparkc_value)SPARKC_COLUMN(made[i]);
  }
  /* `made` is of the arena that ends with the relation: the columns are let go before. */
  *out = NULL;
  int rc = own.whole ? MAKE(df->session, "with_columns", INPUT(df),
                            {"aliases", SPARKC_LIST(aliases, count)})
                     : sparkp_nomem(err);
  if (own.whole) sparkp_columns_free(made, count);
  sparkp_lists_end(&own);
  sparkp_columns_free(columns, count);
  return rc;
}

int sparkc_with_column(const sparkc_dataframe *df, const char *name, sparkc_column *column,
                       sparkc_dataframe **out, sparkc_error *err)
{
  return sparkc_with_columns(df, &name, &column, 1, out, err);
}

int sparkc_drop(const sparkc_dataframe *df, const char *const *names, size_t count,
                sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  return END(df->session, "drop", INPUT(df),
             {"column_names", sparkp_list_texts(&own, names, count)});
}

int sparkc_rename(const sparkc_dataframe *df, const char *const *from, const char *const *to,
                  size_t count, sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  sparkc_value *renames = sparkp_list_room(&own, count);
  sparkc_field(*pairs)[2] = gni_arena_take(&own.arena, gni_size_mul(count, sizeof *pairs));
  own.whole &= pairs != NULL;
  for (size_t i = 0; own.whole && i < count; i++) {
    pairs[i][0] = (sparkc_field){"col_name", SPARKC_TEXT(from[i])};
    pairs[i][1] = (sparkc_field){"new_col_name", SPARKC_TEXT(to[i])};
    renames[i] = (sparkc_value)SPARKC_MESSAGE(pairs[i], 2);
  }
  return END(df->session, "with_columns_renamed", INPUT(df),
             {"renames", SPARKC_LIST(renames, count)});
}

int sparkc_to_df(const sparkc_dataframe *df, const char *const *names, size_t count,
                 sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  return END(df->session, "to_df", INPUT(df),
             {"column_names", sparkp_list_texts(&own, names, count)});
}

int sparkc_as(const sparkc_dataframe *df, const char *name, sparkc_dataframe **out,
              sparkc_error *err)
{
  return MAKE(df->session, "subquery_alias", INPUT(df), {"alias", SPARKC_TEXT(name)});
}

/* ---- rows ------------------------------------------------------------------------------------ */

int sparkc_filter(const sparkc_dataframe *df, sparkc_column *condition, sparkc_dataframe **out,
                  sparkc_error *err)
{
  int rc = MAKE(df->session, "filter", INPUT(df), {"condition", SPARKC_COLUMN(condition)});
  sparkc_column_free(condition);
  return rc;
}

static int some_rows(const sparkc_dataframe *df, const char *type, int32_t rows,
                     sparkc_dataframe **out, sparkc_error *err)
{
  *out = NULL;
  if (rows < 0) return sparkp_fail(err, SPARKC_E_PLAN, "%s is not negative", type);
  return MAKE(df->session, type, INPUT(df),
              {strcmp(type, "tail") == 0 ? "limit" : type, SPARKC_INT(rows)});
}

int sparkc_limit(const sparkc_dataframe *df, int32_t rows, sparkc_dataframe **out,
                 sparkc_error *err)
{
  return some_rows(df, "limit", rows, out, err);
}

int sparkc_offset(const sparkc_dataframe *df, int32_t rows, sparkc_dataframe **out,
                  sparkc_error *err)
{
  return some_rows(df, "offset", rows, out, err);
}

int sparkc_tail(const sparkc_dataframe *df, int32_t rows, sparkc_dataframe **out, sparkc_error *err)
{
  return some_rows(df, "tail", rows, out, err);
}

int sparkc_sample(const sparkc_dataframe *df, double fraction, int32_t replacement, int64_t seed,
                  sparkc_dataframe **out, sparkc_error *err)
{
  *out = NULL;
  if (!(fraction >= 0) || (!replacement && fraction > 1))
    return sparkp_fail(err, SPARKC_E_PLAN, "a fraction is from 0 to 1");
  return MAKE(df->session, "sample", INPUT(df), {"upper_bound", SPARKC_REAL(fraction)},
              {"with_replacement", SPARKC_INT(replacement != 0)}, {"seed", SPARKC_INT(seed)});
}

static int sort(const sparkc_dataframe *df, sparkc_column *const *orders, size_t count, bool global,
                sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  sparkc_column **sorted = GN_TAKE(&own.arena, sparkc_column *, count);
  own.whole &= sorted != NULL;
  for (size_t i = 0; sorted && i < count; i++)
    sorted[i] = sparkp_column_order(sparkc_column_keep(orders[i]));
  const sparkc_value list = sparkp_list_columns(&own, sorted, sorted ? count : 0);
  *out = NULL;
  int rc = own.whole ? MAKE(df->session, "sort", INPUT(df), {"order", list},
                            {"is_global", SPARKC_INT(global)})
                     : sparkp_nomem(err);
  if (sorted) sparkp_columns_free(sorted, count);
  sparkp_lists_end(&own);
  sparkp_columns_free(orders, count);
  return rc;
}

int sparkc_order_by(const sparkc_dataframe *df, sparkc_column *const *orders, size_t count,
                    sparkc_dataframe **out, sparkc_error *err)
{
  return sort(df, orders, count, true, out, err);
}

int sparkc_sort_within_partitions(const sparkc_dataframe *df, sparkc_column *const *orders,
                                  size_t count, sparkc_dataframe **out, sparkc_error *err)
{
  return sort(df, orders, count, false, out, err);
}

int sparkc_distinct(const sparkc_dataframe *df, const char *const *names, size_t count,
                    sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  return END(df->session, "deduplicate", INPUT(df),
             {"column_names", sparkp_list_texts(&own, names, count)},
             {"all_columns_as_keys", SPARKC_INT(count == 0)}, {"within_watermark", SPARKC_INT(0)});
}

int sparkc_drop_na(const sparkc_dataframe *df, const char *const *names, size_t count,
                   int32_t threshold, sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  const sparkc_value least = {
      threshold >= 0 ? SPARKC_VALUE_INT : SPARKC_VALUE_NONE, 0, {.integer = threshold}};
  return END(df->session, "drop_na", INPUT(df), {"cols", sparkp_list_texts(&own, names, count)},
             {"min_non_nulls", least});
}

int sparkc_fill_na(const sparkc_dataframe *df, const char *const *names, size_t count,
                   sparkc_column *value, sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  const sparkc_value values = SPARKC_COLUMN(value);
  int rc = END(df->session, "fill_na", INPUT(df), {"cols", sparkp_list_texts(&own, names, count)},
               {"values", SPARKC_LIST(&values, 1)});
  sparkc_column_free(value);
  return rc;
}

/* ---- two data frames ------------------------------------------------------------------------- */

/* PySpark's words for a join, without case and underscores. */
static const struct {
  const char *word, *type;
} joins[] = {
    {"inner", "JOIN_TYPE_INNER"},
    {"cross", "JOIN_TYPE_CROSS"},
    {"outer", "JOIN_TYPE_FULL_OUTER"},
    {"full", "JOIN_TYPE_FULL_OUTER"},
    {"fullouter", "JOIN_TYPE_FULL_OUTER"},
    {"left", "JOIN_TYPE_LEFT_OUTER"},
    {"leftouter", "JOIN_TYPE_LEFT_OUTER"},
    {"right", "JOIN_TYPE_RIGHT_OUTER"},
    {"rightouter", "JOIN_TYPE_RIGHT_OUTER"},
    {"semi", "JOIN_TYPE_LEFT_SEMI"},
    {"leftsemi", "JOIN_TYPE_LEFT_SEMI"},
    {"anti", "JOIN_TYPE_LEFT_ANTI"},
    {"leftanti", "JOIN_TYPE_LEFT_ANTI"},
};

static const char *join_type(const char *how, sparkc_error *err)
{
  char word[16] = "";
  size_t len = 0;
  for (const char *c = how; *c && len + 1 < sizeof word; c++)
    if (*c != '_') word[len++] = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
  for (size_t i = 0; i < sizeof joins / sizeof *joins; i++)
    if (strcmp(joins[i].word, word) == 0) return joins[i].type;
  sparkp_hint(err, "there are inner, cross, outer, left, right, semi and anti");
  sparkp_fail(err, SPARKC_E_PLAN, "there is no join called %.32s", how);
  return NULL;
}

static int two(const sparkc_dataframe *left, const sparkc_dataframe *right, sparkc_dataframe **out,
               sparkc_error *err)
{
  *out = NULL;
  if (left->session == right->session) return SPARKC_OK;
  return sparkp_fail(err, SPARKC_E_PLAN, "the data frames are of two sessions");
}

int sparkc_join(const sparkc_dataframe *left, const sparkc_dataframe *right, const char *how,
                sparkc_column *on, sparkc_dataframe **out, sparkc_error *err)
{
  const char *type = join_type(how, err);
  int rc = type ? two(left, right, out, err) : SPARKC_E_PLAN;
  if (rc == SPARKC_OK)
    rc = MAKE(left->session, "join", {"left", SPARKC_DATAFRAME(left)},
              {"right", SPARKC_DATAFRAME(right)}, {"join_condition", SPARKC_COLUMN(on)},
              {"join_type", SPARKC_TEXT(type)});
  sparkc_column_free(on);
  return rc;
}

int sparkc_join_using(const sparkc_dataframe *left, const sparkc_dataframe *right, const char *how,
                      const char *const *names, size_t count, sparkc_dataframe **out,
                      sparkc_error *err)
{
  lists own;
  const char *type = join_type(how, err);
  int rc = type ? two(left, right, out, err) : SPARKC_E_PLAN;
  if (rc != SPARKC_OK) return rc;
  sparkp_lists_begin(&own, left->session);
  return END(
      left->session, "join", {"left", SPARKC_DATAFRAME(left)}, {"right", SPARKC_DATAFRAME(right)},
      {"using_columns", sparkp_list_texts(&own, names, count)}, {"join_type", SPARKC_TEXT(type)});
}

int sparkc_lateral_join(const sparkc_dataframe *left, const sparkc_dataframe *right,
                        const char *how, sparkc_column *on, sparkc_dataframe **out,
                        sparkc_error *err)
{
  const char *type = join_type(how, err);
  int rc = type ? two(left, right, out, err) : SPARKC_E_PLAN;
  if (rc == SPARKC_OK)
    rc = MAKE(left->session, "lateral_join", {"left", SPARKC_DATAFRAME(left)},
              {"right", SPARKC_DATAFRAME(right)}, {"join_condition", SPARKC_COLUMN(on)},
              {"join_type", SPARKC_TEXT(type)});
  sparkc_column_free(on);
  return rc;
}

int sparkc_join_as_of(const sparkc_dataframe *left, const sparkc_dataframe *right,
                      const sparkc_as_of_args *args, sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, left->session);
  int rc = two(left, right, out, err);
  const sparkc_value names = sparkp_list_texts(&own, args->names, args->name_count);
  const sparkc_field fields[] = {
      {"left", SPARKC_DATAFRAME(left)},
      {"right", SPARKC_DATAFRAME(right)},
      {"left_as_of", SPARKC_COLUMN(args->left_as_of)},
      {"right_as_of", SPARKC_COLUMN(args->right_as_of)},
      {"join_expr", SPARKC_COLUMN(args->on)},
      {"using_columns", names},
      {"join_type", SPARKC_TEXT(args->how ? args->how : "inner")},
      {"tolerance", SPARKC_COLUMN(args->tolerance)},
      {"allow_exact_matches", SPARKC_INT(!args->forbid_exact)},
      {"direction", SPARKC_TEXT(args->direction ? args->direction : "backward")},
  };
  own.whole &= rc == SPARKC_OK;
  rc = end(&own, left->session, "as_of_join", fields, sizeof fields / sizeof *fields, out, err);
  sparkp_columns_free(
      (sparkc_column *const[]){args->left_as_of, args->right_as_of, args->on, args->tolerance}, 4);
  return rc;
}

int sparkc_set_operation(const sparkc_dataframe *left, const sparkc_dataframe *right, int kind,
                         int32_t all, sparkc_dataframe **out, sparkc_error *err)
{
  int rc = two(left, right, out, err);
  if (rc != SPARKC_OK) return rc;
  bool by_name = kind >= SPARKC_SET_UNION_BY_NAME;
  return MAKE(
      left->session, "set_op", {"left_input", SPARKC_DATAFRAME(left)},
      {"right_input", SPARKC_DATAFRAME(right)},
      {"set_op_type", SPARKC_INT(by_name ? SPARKC_SET_UNION : kind)},
      {"is_all", SPARKC_INT(all != 0)}, {"by_name", SPARKC_INT(by_name)},
      {"allow_missing_columns", SPARKC_INT(kind == SPARKC_SET_UNION_BY_NAME_ALLOW_MISSING)});
}

/* ---- groups ---------------------------------------------------------------------------------- */

static int group(const sparkc_dataframe *df, const char *type, sparkc_column *const *by,
                 size_t by_count, sparkc_value pivot, sparkc_column *const *aggregates,
                 size_t aggregate_count, sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  int rc = END(df->session, "aggregate", INPUT(df), {"group_type", SPARKC_TEXT(type)},
               {"grouping_expressions", sparkp_list_columns(&own, by, by_count)},
               {"aggregate_expressions", sparkp_list_columns(&own, aggregates, aggregate_count)},
               {"pivot", pivot});
  sparkp_columns_free(by, by_count);
  sparkp_columns_free(aggregates, aggregate_count);
  return rc;
}

static const sparkc_value no_pivot = {0};

int sparkc_group_by(const sparkc_dataframe *df, sparkc_column *const *by, size_t by_count,
                    sparkc_column *const *aggregates, size_t aggregate_count,
                    sparkc_dataframe **out, sparkc_error *err)
{
  return group(df, "GROUP_TYPE_GROUPBY", by, by_count, no_pivot, aggregates, aggregate_count, out,
               err);
}

int sparkc_rollup(const sparkc_dataframe *df, sparkc_column *const *by, size_t by_count,
                  sparkc_column *const *aggregates, size_t aggregate_count, sparkc_dataframe **out,
                  sparkc_error *err)
{
  return group(df, "GROUP_TYPE_ROLLUP", by, by_count, no_pivot, aggregates, aggregate_count, out,
               err);
}

int sparkc_cube(const sparkc_dataframe *df, sparkc_column *const *by, size_t by_count,
                sparkc_column *const *aggregates, size_t aggregate_count, sparkc_dataframe **out,
                sparkc_error *err)
{
  return group(df, "GROUP_TYPE_CUBE", by, by_count, no_pivot, aggregates, aggregate_count, out,
               err);
}

int sparkc_pivot(const sparkc_dataframe *df, sparkc_column *const *by, size_t by_count,
                 sparkc_column *pivot, sparkc_column *const *values, size_t value_count,
                 sparkc_column *const *aggregates, size_t aggregate_count, sparkc_dataframe **out,
                 sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  const sparkc_field fields[] = {{"col", SPARKC_COLUMN(pivot)},
                                 {"values", sparkp_list_columns(&own, values, value_count)}};
  *out = NULL;
  int rc = own.whole ? group(df, "GROUP_TYPE_PIVOT", by, by_count,
                             (sparkc_value)SPARKC_MESSAGE(fields, 2), aggregates, aggregate_count,
                             out, err)
                     : sparkp_nomem(err);
  if (!own.whole) {
    sparkp_columns_free(by, by_count);
    sparkp_columns_free(aggregates, aggregate_count);
  }
  sparkp_lists_end(&own);
  sparkc_column_free(pivot);
  sparkp_columns_free(values, value_count);
  return rc;
}

int sparkc_unpivot(const sparkc_dataframe *df, sparkc_column *const *ids, size_t id_count,
                   sparkc_column *const *values, size_t value_count, const char *variable_name,
                   const char *value_name, sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  const sparkc_field list = {"values", sparkp_list_columns(&own, values, value_count)};
  sparkc_value wanted = {0};
  if (value_count) wanted = (sparkc_value)SPARKC_MESSAGE(&list, 1);
  int rc = END(df->session, "unpivot", INPUT(df), {"ids", sparkp_list_columns(&own, ids, id_count)},
               {"values", wanted}, {"variable_column_name", SPARKC_TEXT(variable_name)},
               {"value_column_name", SPARKC_TEXT(value_name)});
  sparkp_columns_free(ids, id_count);
  sparkp_columns_free(values, value_count);
  return rc;
}

int sparkc_describe(const sparkc_dataframe *df, const char *const *columns, size_t count,
                    sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  return END(df->session, "describe", INPUT(df), {"cols", sparkp_list_texts(&own, columns, count)});
}

int sparkc_summary(const sparkc_dataframe *df, const char *const *figures, size_t count,
                   sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  return END(df->session, "summary", INPUT(df),
             {"statistics", sparkp_list_texts(&own, figures, count)});
}

/* ---- how it is run --------------------------------------------------------------------------- */

int sparkc_repartition(const sparkc_dataframe *df, int32_t partitions, int32_t shuffle,
                       sparkc_dataframe **out, sparkc_error *err)
{
  *out = NULL;
  if (partitions < 1) return sparkp_fail(err, SPARKC_E_PLAN, "there is at least one partition");
  return MAKE(df->session, "repartition", INPUT(df), {"num_partitions", SPARKC_INT(partitions)},
              {"shuffle", SPARKC_INT(shuffle != 0)});
}

int sparkc_repartition_by(const sparkc_dataframe *df, int32_t partitions,
                          sparkc_column *const *columns, size_t count, sparkc_dataframe **out,
                          sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  const sparkc_value number = {
      partitions ? SPARKC_VALUE_INT : SPARKC_VALUE_NONE, 0, {.integer = partitions}};
  int rc = END(df->session, "repartition_by_expression", INPUT(df),
               {"partition_exprs", sparkp_list_columns(&own, columns, count)},
               {"num_partitions", number});
  sparkp_columns_free(columns, count);
  return rc;
}

int sparkc_hint(const sparkc_dataframe *df, const char *name, sparkc_column *const *parameters,
                size_t count, sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  int rc = END(df->session, "hint", INPUT(df), {"name", SPARKC_TEXT(name)},
               {"parameters", sparkp_list_columns(&own, parameters, count)});
  sparkp_columns_free(parameters, count);
  return rc;
}

int sparkc_to_schema(const sparkc_dataframe *df, const char *ddl, sparkc_dataframe **out,
                     sparkc_error *err)
{
  const sparkc_field text = {"data_type_string", SPARKC_TEXT(ddl)};
  const sparkc_field unparsed = {"unparsed", SPARKC_MESSAGE(&text, 1)};
  return MAKE(df->session, "to_schema", INPUT(df), {"schema", SPARKC_MESSAGE(&unparsed, 1)});
}

int sparkc_observe(const sparkc_dataframe *df, const char *name, sparkc_column *const *metrics,
                   size_t count, sparkc_dataframe **out, sparkc_error *err)
{
  lists own;
  sparkp_lists_begin(&own, df->session);
  int rc = END(df->session, "collect_metrics", INPUT(df), {"name", SPARKC_TEXT(name)},
               {"metrics", sparkp_list_columns(&own, metrics, count)});
  sparkp_columns_free(metrics, count);
  return rc;
}
