/* Rules of aggregations: inputs, arguments, windows, and what they are called.
 * SPDX-License-Identifier: Apache-2.0 */
#include "def/check.h"

#include <inttypes.h>

/* ---- inputs ---------------------------------------------------------------------------------- */

static void check_input(gnp_check *c, const gni_aggregation_spec *aggregation,
                        const gni_texts *columns)
{
  gn_str input = aggregation->input_column;
  if (!input.len) {
    gnp_error(c, "GD031", GNP_STRUCT(aggregation), gnp_column_hint(c, input, columns),
              "an aggregation needs an inputColumn");
    return;
  }
  if (!columns->items || gnp_texts_have(columns, input) || gni_str_is(input, "ts")) return;
  gni_def_problem problem = {.code = "GD107",
                             .spot = GNP_MEMBER(aggregation, "inputColumn"),
                             .message =
                                 GN_STR("aggregation reads a column the source does not select")};
  problem.label = gni_str_format(c->arena, "not in: %.*s",
                                 GN_STR_ARGS(gnp_listed(c->arena, columns->items, columns->count)));
  problem.hint = gnp_did_you_mean(c->arena, input, columns->items, columns->count);
  gni_def_report(c->def, c->problems, &problem);
}

static void check_buckets(gnp_check *c, const gni_aggregation_spec *aggregation,
                          const gni_texts *columns)
{
  for (size_t i = 0; columns->items && i < aggregation->buckets.count; i++) {
    gn_str bucket = aggregation->buckets.items[i];
    if (gnp_texts_have(columns, bucket)) continue;
    gnp_error(c, "GD122", GNP_ELEMENT(aggregation, "buckets", i),
              gnp_column_hint(c, bucket, columns), "bucket '%.*s' is not selected by the source",
              GN_STR_ARGS(bucket));
  }
  if (aggregation->element_wise && aggregation->buckets.count)
    gnp_error(c, "GD123", GNP_MEMBER(aggregation, "elementWise"), GN_STR("use one of the two"),
              "elementWise and buckets exclude each other");
}

static void check_time(gnp_check *c, const gni_group_by *group_by,
                       const gni_aggregation_spec *aggregation)
{
  if (!gni_operation_is_timed(aggregation->operation)) return;
  for (size_t i = 0; i < group_by->sources.count; i++) {
    const gni_query *query = gni_source_query(&group_by->sources.items[i]);
    if (!query || query->time_column.len) continue;
    gnp_error(c, "GD124", GNP_MEMBER(aggregation, "operation"),
              GN_STR("add time_column, an expression in milliseconds, to the query"),
              "%s needs the time of rows, and the query has no timeColumn",
              gni_operation_name(aggregation->operation));
    return;
  }
}

/* ---- arguments ------------------------------------------------------------------------------- */

enum k_use { K_NONE, K_OPTIONAL, K_REQUIRED };

static enum k_use use_of_k(int32_t operation)
{
  switch (operation) {
  case GNI_LAST_K:
  case GNI_FIRST_K:
  case GNI_TOP_K:
  case GNI_BOTTOM_K:
    return K_REQUIRED;
  case GNI_HISTOGRAM:
  case GNI_APPROX_HISTOGRAM_K:
  case GNI_APPROX_UNIQUE_COUNT:
  case GNI_APPROX_PERCENTILE:
  case GNI_BOUNDED_UNIQUE_COUNT:
    return K_OPTIONAL;
  default:
    return K_NONE;
  }
}

/* What k may be where it is the size of a sketch. */
static bool is_sketch_size(int32_t operation, int64_t *least, int64_t *most)
{
  *least = operation == GNI_APPROX_UNIQUE_COUNT ? 4 : operation == GNI_APPROX_PERCENTILE ? 8 : 1;
  *most = operation == GNI_APPROX_UNIQUE_COUNT ? 26
          : operation == GNI_APPROX_PERCENTILE ? 65535
                                               : 1 << 24;
  return operation == GNI_APPROX_UNIQUE_COUNT || operation == GNI_APPROX_PERCENTILE ||
         operation == GNI_APPROX_HISTOGRAM_K;
}

static void check_k(gnp_check *c, const gni_aggregation_spec *aggregation)
{
  gn_str k = gni_map_get(&aggregation->arg_map, "k");
  const char *name = gni_operation_name(aggregation->operation);
  int64_t value;
  if (!k.ptr) {
    if (use_of_k(aggregation->operation) == K_REQUIRED)
      gnp_error(c, "GD114", GNP_MEMBER(aggregation, "operation"),
                gni_str_format(c->arena, "write Operation.%s(10)", name), "%s needs a k", name);
    return;
  }
  bool is_whole = gni_parse_int64(k, &value) == GN_OK && value <= INT32_MAX;
  int64_t least, most;
  if (!is_whole || value < (aggregation->operation == GNI_HISTOGRAM ? 0 : 1))
    gnp_error(c, "GD114", GNP_ENTRY(aggregation, "argMap", GN_STR("k")), (gn_str){NULL, 0},
              "k of %s is a whole number above 0, not '%.*s'", name, GN_STR_ARGS(k));
  else if (is_sketch_size(aggregation->operation, &least, &most) && (value < least || value > most))
    gnp_error(c, "GD114", GNP_ENTRY(aggregation, "argMap", GN_STR("k")), (gn_str){NULL, 0},
              "k of %s is from %" PRId64 " to %" PRId64 ", not '%.*s'", name, least, most,
              GN_STR_ARGS(k));
}

static bool are_percentiles(gnp_check *c, gn_str text)
{
  const gni_json *json = NULL;
  if (gni_json_parse(text, 2, c->arena, &json, NULL) != GN_OK || json->kind != GNI_JSON_LIST)
    return false;
  for (size_t i = 0; i < json->list.count; i++) {
    double value = gni_json_number(&json->list.items[i]);
    if (!(value >= 0 && value <= 1)) return false;
  }
  return true;
}

static void check_percentiles(gnp_check *c, const gni_aggregation_spec *aggregation)
{
  gn_str text = gni_map_get(&aggregation->arg_map, "percentiles");
  gn_str hint = GN_STR("write Operation.APPROX_PERCENTILE([0.5, 0.9])");
  if (aggregation->operation != GNI_APPROX_PERCENTILE) return;
  if (!text.ptr)
    gnp_error(c, "GD032", GNP_MEMBER(aggregation, "operation"), hint,
              "APPROX_PERCENTILE needs percentiles");
  else if (!are_percentiles(c, text))
    gnp_error(c, "GD032", GNP_ENTRY(aggregation, "argMap", GN_STR("percentiles")), hint,
              "percentiles must be a list of numbers from 0 to 1, not %.*s", GN_STR_ARGS(text));
}

static void check_arguments(gnp_check *c, const gni_aggregation_spec *aggregation)
{
  static const gn_str known[] = {{"k", 1}, {"percentiles", 11}};
  bool takes_k = use_of_k(aggregation->operation) != K_NONE;
  bool takes_percentiles = aggregation->operation == GNI_APPROX_PERCENTILE;
  for (size_t i = 0; i < aggregation->arg_map.count; i++) {
    gn_str name = aggregation->arg_map.keys[i];
    if ((takes_k && gni_str_is(name, "k")) ||
        (takes_percentiles && gni_str_is(name, "percentiles")))
      continue;
    gnp_warn(c, "GD115", GNP_ENTRY(aggregation, "argMap", name),
             gnp_did_you_mean(c->arena, name, known, takes_percentiles ? 2 : takes_k),
             "%s has no argument '%.*s'; it is ignored", gni_operation_name(aggregation->operation),
             GN_STR_ARGS(name));
  }
  check_k(c, aggregation);
  check_percentiles(c, aggregation);
}

/* ---- windows --------------------------------------------------------------------------------- */

enum { DAILY_HOPS_FROM_HOURS = 12 * 24 };

static void check_hours(gnp_check *c, const gni_group_by *group_by, const gni_window_spec *window,
                        gn_str input)
{
  bool snapshot = group_by->has_accuracy && group_by->accuracy == GNI_SNAPSHOT;
  if (snapshot || group_by->backfill_start_date.len) {
    const char *cause = snapshot ? "accuracy SNAPSHOT" : "backfillStartDate";
    gnp_error(c, "GD033", GNP_STRUCT(window),
              gni_str_format(c->arena, "use a window in days, or remove %s", cause),
              "a window of %d hours of '%.*s' is finer than the days that %s gives", window->length,
              GN_STR_ARGS(input), cause);
  } else if (window->length >= DAILY_HOPS_FROM_HOURS && window->length % 24 != 0) {
    gnp_warn(c, "GD118", GNP_STRUCT(window),
             gni_str_format(c->arena, "write %d days", (window->length + 12) / 24),
             "a window of %d hours moves in steps of a day, and its tail is cut differently online "
             "and offline",
             window->length);
  }
}

static void check_windows(gnp_check *c, const gni_group_by *group_by,
                          const gni_aggregation_spec *aggregation)
{
  for (size_t i = 0; i < aggregation->windows.count; i++) {
    const gni_window_spec *window = &aggregation->windows.items[i];
    if (!window->has_length || !window->has_time_unit)
      gnp_error(c, "GD106", GNP_STRUCT(window), GN_STR("write Window(7, TimeUnit.DAYS)"),
                "a window needs a length and a timeUnit");
    else if (window->length < 1)
      gnp_error(c, "GD113", GNP_MEMBER(window, "length"), (gn_str){NULL, 0},
                "a window of %d %s holds nothing", window->length,
                window->time_unit == GNI_HOURS ? "hours" : "days");
    else if (window->time_unit == GNI_HOURS)
      check_hours(c, group_by, window, aggregation->input_column);
  }
}

void gnp_check_aggregation(gnp_check *c, const gni_group_by *group_by,
                           const gni_aggregation_spec *aggregation, const gni_texts *columns)
{
  check_input(c, aggregation, columns);
  check_buckets(c, aggregation, columns);
  check_windows(c, group_by, aggregation);
  if (!aggregation->has_operation) {
    gnp_error(c, "GD106", GNP_STRUCT(aggregation), (gn_str){NULL, 0},
              "an aggregation needs an operation");
    return;
  }
  check_arguments(c, aggregation);
  check_time(c, group_by, aggregation);
}

/* ---- names of outputs ------------------------------------------------------------------------ */

static void report_same_output(gnp_check *c, const gni_output_column *column)
{
  bool hides_k = column->aggregation->operation == GNI_HISTOGRAM ||
                 column->aggregation->operation == GNI_APPROX_HISTOGRAM_K ||
                 column->aggregation->operation == GNI_BOUNDED_UNIQUE_COUNT ||
                 column->aggregation->operation == GNI_APPROX_PERCENTILE ||
                 column->aggregation->operation == GNI_APPROX_UNIQUE_COUNT;
  gnp_error(c, "GD117",
            column->window ? GNP_STRUCT(column->window) : GNP_STRUCT(column->aggregation),
            hides_k ? GN_STR("this operation's k is not part of the name; select the column twice "
                             "under two names")
                    : GN_STR("remove one of the two"),
            "two outputs have the name '%.*s'", GN_STR_ARGS(column->name));
}

void gnp_check_outputs(gnp_check *c, const gni_group_by *group_by)
{
  gni_output_column *columns;
  size_t count;
  if (!group_by->aggregations.items) return;
  for (size_t i = 0; i < group_by->aggregations.count; i++) /* names need both */
    if (!group_by->aggregations.items[i].has_operation ||
        !group_by->aggregations.items[i].input_column.len)
      return;
  if (gni_group_by_columns(group_by, c->arena, &columns, &count) != GN_OK) {
    c->problems->rc = GN_E_NOMEM;
    return;
  }
  if (count > GN_COLUMNS_MAX) {
    gnp_error(c, "GD109", GNP_MEMBER(group_by, "aggregations"), (gn_str){NULL, 0},
              "the aggregations make %zu columns, more than %d", count, GN_COLUMNS_MAX);
    return;
  }
  for (size_t i = 1; i < count; i++)
    for (size_t j = 0; j < i; j++) {
      if (!gni_str_equal(columns[i].name, columns[j].name)) continue;
      report_same_output(c, &columns[i]);
      break;
    }
}
