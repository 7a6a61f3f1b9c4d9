/* The table of functions, and calls through it. SPDX-License-Identifier: Apache-2.0
 *
 * Without it: a misspelt function, or one with too few arguments, is found by the server only, and
 * what PySpark calls otherwise than Spark has to be known by heart. tests/contract/sparkconnect
 * compares each row, with every number of arguments, with what PySpark sends. */
#include <sparkconnect/functions.h>
#include <stdlib.h>

#include "sparkconnect/lists.h"

typedef struct entry {
  const char *name, *spark;
  uint8_t least, most;
  bool distinct, takes_seed;
} entry;

enum { MANY = 255, ARGUMENTS_FEW = 8 };

#define F(name, least, most) {name, name, least, most, false, false}
#define AS(name, least, most, spark) {name, spark, least, most, false, false}
#define DISTINCT(name, least, most, spark) {name, spark, least, most, true, false}
#define SEEDED(name, least, most) {name, name, least, most, false, true}

/* A name may have several rows, for different numbers of arguments. One row a line would be 480
 * lines. */
/* clang-format off */
static const entry table[] = {
    F("abs", 1, 1), F("acos", 1, 1), F("acosh", 1, 1), F("add_months", 2, 2),
    F("aes_decrypt", 2, 5), F("aes_encrypt", 2, 6), F("aggregate", 3, 4), F("any_value", 1, 2),
    F("approx_count_distinct", 1, 2), F("approx_percentile", 2, 3), F("array", 0, MANY),
    F("array_agg", 1, 1), F("array_append", 2, 2), F("array_compact", 1, 1),
    F("array_contains", 2, 2), F("array_distinct", 1, 1), F("array_except", 2, 2),
    F("array_insert", 3, 3), F("array_intersect", 2, 2), F("array_join", 2, 3),
    F("array_max", 1, 1), F("array_min", 1, 1), F("array_position", 2, 2), F("array_prepend", 2, 2),
    F("array_remove", 2, 2), F("array_repeat", 2, 2), F("array_size", 1, 1), F("array_sort", 1, 1),
    F("array_union", 2, 2), F("arrays_overlap", 2, 2), F("arrays_zip", 0, MANY), F("ascii", 1, 1),
    F("asin", 1, 1), F("asinh", 1, 1), F("assert_true", 1, 2), F("atan", 1, 1), F("atan2", 2, 2),
    F("atanh", 1, 1), F("avg", 1, 1), F("base64", 1, 1), F("bin", 1, 1), F("bit_and", 1, 1),
    F("bit_count", 1, 1), F("bit_get", 2, 2), F("bit_length", 1, 1), F("bit_or", 1, 1),
    F("bit_xor", 1, 1), F("bitmap_and_agg", 1, 1), F("bitmap_bit_position", 1, 1),
    F("bitmap_bucket_number", 1, 1), F("bitmap_construct_agg", 1, 1), F("bitmap_count", 1, 1),
    F("bitmap_or_agg", 1, 1), AS("bitwise_not", 1, 1, "~"), F("bool_and", 1, 1), F("bool_or", 1, 1),
    F("bround", 1, 2), F("btrim", 1, 2), F("bucket", 2, 2), F("cardinality", 1, 1), F("cbrt", 1, 1),
    F("ceil", 1, 2), F("ceiling", 1, 2), F("char", 1, 1), F("char_length", 1, 1),
    F("character_length", 1, 1), F("coalesce", 0, MANY), F("collate", 2, 2), F("collation", 1, 1),
    F("collect_list", 1, 1), F("collect_set", 1, 1), F("concat", 0, MANY), F("concat_ws", 1, MANY),
    F("contains", 2, 2), F("conv", 3, 3), F("convert_timezone", 3, 3), F("corr", 2, 2),
    F("cos", 1, 1), F("cosh", 1, 1), F("cot", 1, 1), F("count", 1, 1),
    DISTINCT("count_distinct", 1, MANY, "count"), F("count_if", 1, 1), F("count_min_sketch", 3, 4),
    F("covar_pop", 2, 2), F("covar_samp", 2, 2), F("crc32", 1, 1), AS("create_map", 0, MANY, "map"),
    F("csc", 1, 1), F("cume_dist", 0, 0), F("curdate", 0, 0), F("current_catalog", 0, 0),
    F("current_database", 0, 0), F("current_date", 0, 0), F("current_schema", 0, 0),
    F("current_time", 0, 1), F("current_timestamp", 0, 0), F("current_timezone", 0, 0),
    F("current_user", 0, 0), F("date_add", 2, 2), F("date_diff", 2, 2), F("date_format", 2, 2),
    F("date_from_unix_date", 1, 1), F("date_part", 2, 2), F("date_sub", 2, 2),
    F("date_trunc", 2, 2), F("dateadd", 2, 2), F("datediff", 2, 2), F("datepart", 2, 2),
    F("day", 1, 1), F("dayname", 1, 1), F("dayofmonth", 1, 1), F("dayofweek", 1, 1),
    F("dayofyear", 1, 1), F("days", 1, 1), F("decode", 2, 2), F("degrees", 1, 1),
    F("dense_rank", 0, 0), F("e", 0, 0), F("element_at", 2, 2), F("elt", 0, MANY),
    F("encode", 2, 2), F("endswith", 2, 2), F("equal_null", 2, 2), F("every", 1, 1),
    F("exists", 2, 2), F("exp", 1, 1), F("explode", 1, 1), F("explode_outer", 1, 1),
    F("expm1", 1, 1), F("extract", 2, 2), F("factorial", 1, 1), F("filter", 2, 2),
    F("find_in_set", 2, 2), F("first", 1, 2), F("first_value", 1, 2), F("flatten", 1, 1),
    F("floor", 1, 2), F("forall", 2, 2), F("format_number", 2, 2), F("format_string", 1, MANY),
    F("from_csv", 2, 2), F("from_json", 2, 2), F("from_unixtime", 1, 2),
    F("from_utc_timestamp", 2, 2), F("from_xml", 2, 2), F("get", 2, 2), F("get_json_object", 2, 2),
    F("getbit", 2, 2), F("greatest", 2, MANY), F("grouping", 1, 1), F("grouping_id", 0, MANY),
    F("hash", 0, MANY), F("hex", 1, 1), F("histogram_numeric", 2, 2), F("hll_sketch_agg", 1, 2),
    F("hll_sketch_estimate", 1, 1), F("hll_union", 2, 3), F("hll_union_agg", 1, 2), F("hour", 1, 1),
    F("hours", 1, 1), F("hypot", 2, 2), F("ifnull", 2, 2), F("ilike", 2, 3), F("initcap", 1, 1),
    F("inline", 1, 1), F("inline_outer", 1, 1), F("input_file_block_length", 0, 0),
    F("input_file_block_start", 0, 0), F("input_file_name", 0, 0), F("instr", 2, 2),
    F("is_valid_utf8", 1, 1), F("is_variant_null", 1, 1), F("isnan", 1, 1), F("isnotnull", 1, 1),
    F("isnull", 1, 1), F("java_method", 0, MANY), F("json_array_length", 1, 1),
    F("json_object_keys", 1, 1), F("json_tuple", 2, MANY), F("kll_sketch_agg_bigint", 1, 2),
    F("kll_sketch_agg_double", 1, 2), F("kll_sketch_agg_float", 1, 2),
    F("kll_sketch_get_n_bigint", 1, 1), F("kll_sketch_get_n_double", 1, 1),
    F("kll_sketch_get_n_float", 1, 1), F("kll_sketch_get_quantile_bigint", 2, 2),
    F("kll_sketch_get_quantile_double", 2, 2), F("kll_sketch_get_quantile_float", 2, 2),
    F("kll_sketch_get_rank_bigint", 2, 2), F("kll_sketch_get_rank_double", 2, 2),
    F("kll_sketch_get_rank_float", 2, 2), F("kll_sketch_merge_bigint", 2, 2),
    F("kll_sketch_merge_double", 2, 2), F("kll_sketch_merge_float", 2, 2),
    F("kll_sketch_to_string_bigint", 1, 1), F("kll_sketch_to_string_double", 1, 1),
    F("kll_sketch_to_string_float", 1, 1), F("kurtosis", 1, 1), F("lag", 1, 3), F("last", 1, 2),
    F("last_day", 1, 1), F("last_value", 1, 2), F("lcase", 1, 1), F("lead", 1, 3),
    F("least", 2, MANY), F("left", 2, 2), F("length", 1, 1), F("levenshtein", 2, 3),
    F("like", 2, 3), F("listagg", 1, 2), DISTINCT("listagg_distinct", 1, 2, "listagg"),
    F("ln", 1, 1), F("localtimestamp", 0, 0), F("locate", 2, 3), AS("log", 1, 1, "ln"),
    F("log", 2, 2), F("log10", 1, 1), F("log1p", 1, 1), F("log2", 1, 1), F("lower", 1, 1),
    F("lpad", 3, 3), F("ltrim", 1, 1), F("make_date", 3, 3), F("make_dt_interval", 0, 4),
    F("make_interval", 0, 7), F("make_time", 3, 3), F("make_timestamp", 6, 7),
    F("make_timestamp_ltz", 6, 7), F("make_timestamp_ntz", 6, 6), F("make_valid_utf8", 1, 1),
    F("make_ym_interval", 0, 2), F("map_concat", 0, MANY), F("map_contains_key", 2, 2),
    F("map_entries", 1, 1), F("map_filter", 2, 2), F("map_from_arrays", 2, 2),
    F("map_from_entries", 1, 1), F("map_keys", 1, 1), F("map_values", 1, 1),
    F("map_zip_with", 3, 3), F("mask", 1, 5), F("max", 1, 1), F("max_by", 2, 2), F("md5", 1, 1),
    AS("mean", 1, 1, "avg"), F("median", 1, 1), F("min", 1, 1), F("min_by", 2, 2),
    F("minute", 1, 1), F("mode", 1, 2), F("monotonically_increasing_id", 0, 0), F("month", 1, 1),
    F("monthname", 1, 1), F("months", 1, 1), F("months_between", 2, 3), F("named_struct", 0, MANY),
    F("nanvl", 2, 2), AS("negate", 1, 1, "negative"), F("negative", 1, 1), F("next_day", 2, 2),
    F("now", 0, 0), F("nth_value", 2, 3), F("ntile", 1, 1), F("nullif", 2, 2),
    F("nullifzero", 1, 1), F("nvl", 2, 2), F("nvl2", 3, 3), F("octet_length", 1, 1),
    F("overlay", 3, 4), F("parse_json", 1, 1), F("parse_url", 2, 3), F("percent_rank", 0, 0),
    F("percentile", 2, 3), F("percentile_approx", 2, 3), F("pi", 0, 0), F("pmod", 2, 2),
    F("posexplode", 1, 1), F("posexplode_outer", 1, 1), F("position", 2, 3), F("positive", 1, 1),
    AS("pow", 2, 2, "power"), F("power", 2, 2), F("printf", 1, MANY), F("product", 1, 1),
    F("quarter", 1, 1), F("quote", 1, 1), F("radians", 1, 1), F("raise_error", 1, 1),
    SEEDED("rand", 0, 1), SEEDED("randn", 0, 1), SEEDED("randstr", 1, 2), F("rank", 0, 0),
    F("reduce", 3, 4), F("reflect", 0, MANY), F("regexp", 2, 2), F("regexp_count", 2, 2),
    F("regexp_extract", 3, 3), F("regexp_extract_all", 2, 3), F("regexp_instr", 2, 3),
    F("regexp_like", 2, 2), F("regexp_replace", 3, 3), F("regexp_substr", 2, 2),
    F("regr_avgx", 2, 2), F("regr_avgy", 2, 2), F("regr_count", 2, 2), F("regr_intercept", 2, 2),
    F("regr_r2", 2, 2), F("regr_slope", 2, 2), F("regr_sxx", 2, 2), F("regr_sxy", 2, 2),
    F("regr_syy", 2, 2), F("repeat", 2, 2), F("replace", 2, 3), F("reverse", 1, 1),
    F("right", 2, 2), F("rint", 1, 1), F("rlike", 2, 2), F("round", 1, 2), F("row_number", 0, 0),
    F("rpad", 3, 3), F("rtrim", 1, 1), F("schema_of_csv", 1, 1), F("schema_of_json", 1, 1),
    F("schema_of_variant", 1, 1), F("schema_of_variant_agg", 1, 1), F("schema_of_xml", 1, 1),
    F("sec", 1, 1), F("second", 1, 1), F("sentences", 1, 3), F("sequence", 2, 3),
    F("session_user", 0, 0), F("session_window", 2, 2), F("sha", 1, 1), F("sha1", 1, 1),
    F("sha2", 2, 2), F("shiftleft", 2, 2), F("shiftright", 2, 2), F("shiftrightunsigned", 2, 2),
    SEEDED("shuffle", 1, 2), F("sign", 1, 1), F("signum", 1, 1), F("sin", 1, 1), F("sinh", 1, 1),
    F("size", 1, 1), F("skewness", 1, 1), F("slice", 3, 3), F("some", 1, 1), F("sort_array", 1, 2),
    F("soundex", 1, 1), F("spark_partition_id", 0, 0), F("split", 2, 3), F("split_part", 3, 3),
    F("sqrt", 1, 1), F("st_asbinary", 1, 1), F("st_geogfromwkb", 1, 1), F("st_geomfromwkb", 1, 1),
    F("st_setsrid", 2, 2), F("st_srid", 1, 1), F("stack", 0, MANY), F("startswith", 2, 2),
    F("std", 1, 1), F("stddev", 1, 1), F("stddev_pop", 1, 1), F("stddev_samp", 1, 1),
    F("str_to_map", 1, 3), F("string_agg", 1, 2),
    DISTINCT("string_agg_distinct", 1, 2, "string_agg"), F("struct", 0, MANY), F("substr", 2, 3),
    F("substring", 3, 3), F("substring_index", 3, 3), F("sum", 1, 1),
    DISTINCT("sum_distinct", 1, 1, "sum"), F("tan", 1, 1), F("tanh", 1, 1),
    F("theta_difference", 2, 2), F("theta_intersection", 2, 2), F("theta_intersection_agg", 1, 1),
    F("theta_sketch_agg", 1, 2), F("theta_sketch_estimate", 1, 1), F("theta_union", 2, 3),
    F("theta_union_agg", 1, 2), F("time_diff", 3, 3), F("time_trunc", 2, 2),
    AS("timestamp_add", 3, 3, "timestampadd"), AS("timestamp_diff", 3, 3, "timestampdiff"),
    F("timestamp_micros", 1, 1), F("timestamp_millis", 1, 1), F("timestamp_seconds", 1, 1),
    F("to_binary", 1, 2), F("to_char", 2, 2), F("to_csv", 1, 1), F("to_date", 1, 2),
    F("to_json", 1, 1), F("to_number", 2, 2), F("to_time", 1, 2), F("to_timestamp", 1, 2),
    F("to_timestamp_ltz", 1, 2), F("to_timestamp_ntz", 1, 2), F("to_unix_timestamp", 1, 2),
    F("to_utc_timestamp", 2, 2), F("to_varchar", 2, 2), F("to_variant_object", 1, 1),
    F("to_xml", 1, 1), F("transform", 2, 2), F("transform_keys", 2, 2), F("transform_values", 2, 2),
    F("translate", 3, 3), F("trim", 1, 1), F("trunc", 2, 2), F("try_add", 2, 2),
    F("try_aes_decrypt", 2, 5), F("try_avg", 1, 1), F("try_divide", 2, 2),
    F("try_element_at", 2, 2), F("try_make_interval", 0, 7), F("try_make_timestamp", 6, 7),
    F("try_make_timestamp_ltz", 6, 7), F("try_make_timestamp_ntz", 6, 6), F("try_mod", 2, 2),
    F("try_multiply", 2, 2), F("try_parse_json", 1, 1), F("try_parse_url", 2, 3),
    F("try_reflect", 0, MANY), F("try_subtract", 2, 2), F("try_sum", 1, 1),
    F("try_to_binary", 1, 2), F("try_to_date", 1, 2), F("try_to_number", 2, 2),
    F("try_to_time", 1, 2), F("try_to_timestamp", 1, 2), F("try_url_decode", 1, 1),
    F("try_validate_utf8", 1, 1), F("try_variant_get", 3, 3), F("typeof", 1, 1), F("ucase", 1, 1),
    F("unbase64", 1, 1), F("unhex", 1, 1), SEEDED("uniform", 2, 3), F("unix_date", 1, 1),
    F("unix_micros", 1, 1), F("unix_millis", 1, 1), F("unix_seconds", 1, 1),
    F("unix_timestamp", 0, 2), F("unwrap_udt", 1, 1), F("upper", 1, 1), F("url_decode", 1, 1),
    F("url_encode", 1, 1), F("user", 0, 0), F("validate_utf8", 1, 1), F("var_pop", 1, 1),
    F("var_samp", 1, 1), F("variance", 1, 1), F("variant_get", 3, 3), F("version", 0, 0),
    F("weekday", 1, 1), F("weekofyear", 1, 1), F("when", 2, 2), F("width_bucket", 4, 4),
    F("window", 2, 4), F("window_time", 1, 1), F("xpath", 2, 2), F("xpath_boolean", 2, 2),
    F("xpath_double", 2, 2), F("xpath_float", 2, 2), F("xpath_int", 2, 2), F("xpath_long", 2, 2),
    F("xpath_number", 2, 2), F("xpath_short", 2, 2), F("xpath_string", 2, 2),
    F("xxhash64", 0, MANY), F("year", 1, 1), F("years", 1, 1), F("zeroifnull", 1, 1),
    F("zip_with", 3, 3),
};
/* clang-format on */

enum { ENTRIES = sizeof table / sizeof *table };

static int compare_names(const void *key, const void *item)
{
  return strcmp(key, ((const entry *)item)->name);
}

/* The row for so many arguments, else another of that name, else NULL. */
static const entry *find(const char *name, size_t count)
{
  const entry *row = bsearch(name, table, ENTRIES, sizeof *table, compare_names);
  if (row && row > table && strcmp(row[-1].name, name) == 0) row--;
  bool more = row && row + 1 < table + ENTRIES && strcmp(row[1].name, name) == 0;
  return more && count > row->most ? row + 1 : row;
}

static gn_str nearest(const char *name)
{
  gn_str names[ENTRIES];
  for (size_t i = 0; i < ENTRIES; i++) names[i] = gni_str(table[i].name);
  return gni_nearest(gni_str(name), names, ENTRIES);
}

static sparkc_column *unknown(const char *name)
{
  sparkc_error why = {0};
  gn_str near = nearest(name);
  if (near.len) sparkp_hint(&why, "did you mean %.*s?", GN_STR_ARGS(near));
  sparkp_fail(&why, SPARKC_E_PLAN, "PySpark %s has no function %.64s", SPARKP_BASELINE, name);
  return sparkp_column_fail(NULL, &why);
}

static sparkc_column *miscounted(const entry *function, size_t count)
{
  sparkc_error why = {0};
  if (function->most == MANY)
    sparkp_hint(&why, "it takes at least %d", function->least);
  else if (function->least == function->most)
    sparkp_hint(&why, "it takes %d", function->least);
  else
    sparkp_hint(&why, "it takes %d to %d", function->least, function->most);
  sparkp_fail(&why, SPARKC_E_PLAN, "%s does not take %zu arguments", function->name, count);
  return sparkp_column_fail(NULL, &why);
}

static sparkc_column *random_seed(void)
{
  char id[SPARKC_UUID_BYTES];
  sparkc_error why = {0};
  uint64_t seed = 0;
  if (sparkc_uuid(id, &why) != SPARKC_OK) return sparkp_column_fail(NULL, &why);
  seed = gni_xxh64(id, sizeof id - 1, 0);
  return sparkc_lit_long((int64_t)(seed >> 1));
}

sparkc_column *sparkc_function(const char *name, sparkc_column *const *arguments, size_t count)
{
  sparkc_column *all[ARGUMENTS_FEW];
  const entry *function = find(name, count);
  sparkc_column *failed = NULL;
  if (!function)
    failed = unknown(name);
  else if (count < function->least || (count > function->most && function->most != MANY))
    failed = miscounted(function, count);
  if (failed) {
    sparkp_columns_free(arguments, count);
    return failed;
  }
  if (function->takes_seed && count < function->most) {
    for (size_t i = 0; i < count; i++) all[i] = arguments[i];
    all[count] = random_seed();
    return sparkc_call(name, all, count + 1);
  }
  return function->distinct ? sparkc_call_distinct(function->spark, arguments, count)

                            : sparkc_call(function->spark, arguments, count);
}

int sparkc_function_at(size_t i, sparkc_function_info *out)
{
  if (i >= ENTRIES) return 0;
  *out =
      (sparkc_function_info){.name = table[i].name,
                             .spark = table[i].spark,
                             .least = table[i].least,
                             .most = table[i].most == MANY ? SPARKC_ARGUMENTS_MANY : table[i].most,
                             .distinct = table[i].distinct,
                             .takes_seed = table[i].takes_seed};
  return 1;
}
