/* The evaluator, value by value. SPDX-License-Identifier: Apache-2.0 */
#include "expr_kit.h"

struct example {
  const char *text, *expected;
};

static void check_all(const struct example *examples, size_t count, bool ansi)
{
  for (size_t i = 0; i < count; i++) {
    const char *actual = expr_result(examples[i].text, ansi);
    if (strcmp(actual, examples[i].expected) != 0)
      test_fail(__FILE__, __LINE__, "%s\n  gave     %s\n  expected %s", examples[i].text, actual,
                examples[i].expected);
  }
}
#define CHECK_EXAMPLES(examples, ansi)                                                             \
  check_all((examples), sizeof(examples) / sizeof *(examples), (ansi))

static void literals_have_sparks_types(void)
{
  static const struct example examples[] = {
      {"1", "1: int"},
      {"2147483648", "2147483648: bigint"},
      {"-2147483648", "-2147483648: int"},
      {"9223372036854775808", "9223372036854775808: decimal(19,0)"},
      {"7L", "7: bigint"},
      {"7S", "7: smallint"},
      {"7Y", "7: tinyint"},
      {"1.50", "1.50: decimal(3,2)"},
      {".01", "0.01: decimal(2,2)"},
      {"1.5D", "1.5: double"},
      {"1.5F", "1.5: float"},
      {"1e3", "1000.0: double"},
      {"1.5BD", "1.5: decimal(2,1)"},
      {"'it''s' ' two'", "it's two: string"},
      {"'a\\tb\\u00e9\\%'", "a\tb\xc3\xa9\\%: string"},
      {"r'a\\n'", "a\\n: string"},
      {"DATE '2024-2-9'", "2024-02-09: date"},
      {"TIMESTAMP '2024-02-09 01:02:03.5+01:00'", "2024-02-09 00:02:03.5: timestamp"},
      {"X'abc'", "0abc: binary"},
      {"true", "true: boolean"},
      {"NULL", "null: void"},
  };
  CHECK_EXAMPLES(examples, false);
}

static void integers_wrap_without_ansi(void)
{
  static const struct example examples[] = {
      {"i + 1", "-2147483648: int"},
      {"b + 1Y", "-128: tinyint"},
      {"l - 1", "9223372036854775807: bigint"},
      {"-l", "-9223372036854775808: bigint"},
      {"i * 2", "-2: int"},
      {"l div -1", "-9223372036854775808: bigint"},
      {"l % -1", "0: bigint"},
      {"-7 % 3", "-1: int"},
      {"-7 div 2", "-3: bigint"},
      {"7 / 2", "3.5: double"},
      {"7 / 0", "null: double"},
      {"7 % 0", "null: int"},
      {"7 div 0", "null: bigint"},
      {"1.0D / 0.0D", "null: double"},
      {"'3' + 4", "7.0: double"},
      {"n + 1", "null: int"},
  };
  CHECK_EXAMPLES(examples, false);
}

static void overflow_is_an_error_under_ansi(void)
{
  static const struct example examples[] = {
      {"i + 1", "error: [ARITHMETIC_OVERFLOW] the result of '+' does not fit"},
      {"7 / 0", "error: column 1: [DIVIDE_BY_ZERO] division by zero"},
      {"n / 0", "null: double"},
      {"i + 1L", "2147483648: bigint"},
      {"CAST('x' AS INT)", "error: column 1: [CAST_INVALID_INPUT] 'x' cannot be cast"},
      {"TRY_CAST('x' AS INT)", "null: int"},
      {"list[9]", "error: [INVALID_ARRAY_INDEX] index 9 is outside of 3 elements"},
      {"CAST(300 AS TINYINT)",
       "error: column 1: [CAST_OVERFLOW] the value does not fit the type it is cast to"},
      {"i > 0 OR 1 / 0 > 1", "error: column 1: [DIVIDE_BY_ZERO] division by zero"},
  };
  CHECK_EXAMPLES(examples, true);
}

static void decimals_keep_their_digits(void)
{
  static const struct example examples[] = {
      {"1.1 + 2.25", "3.35: decimal(4,2)"},
      {"i * 1.5", "3221225470.5: decimal(13,1)"},
      {"dec / 100.0", "1.2345000: decimal(16,7)"},
      {"1 / 3.0", "0.333333: decimal(8,6)"},
      {"dec % 10", "3.45: decimal(4,2)"},
      {"dec * d", "330.22875: double"},
      {"CAST(2.345 AS DECIMAL(3,2))", "2.35: decimal(3,2)"},
      {"CAST(12345 AS DECIMAL(3,1))", "null: decimal(3,1)"},
      {"CAST(0.00000001 AS STRING)", "1E-8: string"},
      {"round(dec, 1)", "123.5: decimal(10,1)"},
      {"99999999999999999999999999999999999999 + 1.5", "null: decimal(38,1)"},
  };
  CHECK_EXAMPLES(examples, false);
}

static void casts_do_as_java_does(void)
{
  static const struct example examples[] = {
      {"CAST(1e7 AS STRING)", "1.0E7: string"},
      {"CAST(123456.75D AS STRING)", "123456.75: string"},
      {"CAST(0.001D AS STRING)", "0.001: string"},
      {"CAST(0.0001D AS STRING)", "1.0E-4: string"},
      {"CAST(-0.0D AS STRING)", "-0.0: string"},
      {"CAST(1.1F AS STRING)", "1.1: string"},
      {"CAST(t AS INT)", "12: int"},
      {"t::int + 1", "13: int"},
      {"CAST('12.9' AS INT)", "12: int"},
      {"CAST('1e3' AS INT)", "null: int"},
      {"CAST('1e3' AS DOUBLE)", "1000.0: double"},
      {"CAST('1.5d' AS DOUBLE)", "1.5: double"},
      {"CAST(' -Infinity ' AS DOUBLE)", "-Infinity: double"},
      {"CAST(300 AS TINYINT)", "44: tinyint"},
      {"CAST(1e20 AS INT)", "2147483647: int"},
      {"CAST('NaN' AS DOUBLE)::int", "0: int"},
      {"CAST('yes' AS BOOLEAN)", "true: boolean"},
      {"CAST(ts AS DATE)", "2024-02-29: date"},
      {"CAST(ts AS BIGINT)", "1709210096: bigint"},
      {"CAST(ts AS STRING)", "2024-02-29 12:34:56.789012: string"},
      {"CAST('2024-02-30' AS DATE)", "null: date"},
      {"CAST('2024-02' AS DATE)", "2024-02-01: date"},
      {"CAST(1.5 AS TIMESTAMP)", "1970-01-01 00:00:01.5: timestamp"},
      {"CAST(list AS STRING)", "[1, null, 3]: string"},
      {"CAST(m AS STRING)", "{k -> 7, z -> null}: string"},
      {"CAST(st AS STRING)", "{5, five}: string"},
      {"CAST(list AS array<string>)", "[1, null, 3]: array<string>"},
      {"CAST(258 AS BINARY)", "00000102: binary"},
  };
  CHECK_EXAMPLES(examples, false);
}

static void nulls_and_nan_compare_as_in_spark(void)
{
  static const struct example examples[] = {
      {"CAST('NaN' AS DOUBLE) = CAST('NaN' AS DOUBLE)", "true: boolean"},
      {"CAST('NaN' AS DOUBLE) > 1e308", "true: boolean"},
      {"0.0D = -0.0D", "true: boolean"},
      {"n = 1", "null: boolean"},
      {"n <=> NULL", "true: boolean"},
      {"i IN (1, NULL)", "null: boolean"},
      {"i NOT IN (1, 2)", "true: boolean"},
      {"'10' > 9", "true: boolean"},
      {"day = '2024-02-29'", "true: boolean"},
      {"day BETWEEN '2024-01-01' AND '2024-12-31'", "true: boolean"},
      {"list = list", "true: boolean"},
      {"n IS NULL AND NOT i IS NULL", "true: boolean"},
      {"n > 1 OR o", "true: boolean"},
      {"n > 1 AND o", "null: boolean"},
      {"o = 1", "true: boolean"},
      {"n IS DISTINCT FROM 1", "true: boolean"},
      {"(n > 1) IS UNKNOWN", "true: boolean"},
  };
  CHECK_EXAMPLES(examples, false);
}

static void choices_take_one_type(void)
{
  static const struct example examples[] = {
      {"IF(i > 1, 1, 2.5)", "1.0: decimal(11,1)"},
      {"CASE WHEN n > 0 THEN 'a' WHEN i > 0 THEN 'b' END", "b: string"},
      {"CASE i WHEN 1 THEN 'one' ELSE 'many' END", "many: string"},
      {"COALESCE(n, l, 3)", "-9223372036854775808: bigint"},
      {"COALESCE(n, 'x')", "x: string"},
      {"nvl(empty, t)", " 12 : string"},
      {"nullif(i, 2147483647)", "null: int"},
      {"nvl2(n, 1, 2)", "2: int"},
  };
  CHECK_EXAMPLES(examples, false);
}

static void names_fields_and_elements_are_found(void)
{
  static const struct example examples[] = {
      {"I", "2147483647: int"},
      {"`st`.A", "5: int"},
      {"st['b']", "five: string"},
      {"list[0]", "1: int"},
      {"list[-1]", "null: int"},
      {"m['k']", "7: int"},
      {"m.k", "7: int"},
      {"m['none']", "null: int"},
      {"FILTER(list, x -> x IS NOT NULL)", "[1, 3]: array<int>"},
      {"FILTER(list, (x, k) -> x > k)", "[1, 3]: array<int>"},
      {"FILTER(words, w -> w LIKE 'b%')", "[bb]: array<string>"},
      {"filter(words, i -> i = 'a')", "[a]: array<string>"},
  };
  CHECK_EXAMPLES(examples, false);
}

static void texts_are_joined_and_matched(void)
{
  static const struct example examples[] = {
      {"CONCAT('a', i, o)", "a2147483647true: string"},
      {"'a' || n", "null: string"},
      {"concat()", ": string"},
      {"concat(list, array_none)", "error: column 14: no column is called 'array_none'"},
      {"'a%c' LIKE 'a\\%c'", "true: boolean"},
      {"'abc' LIKE '_b%'", "true: boolean"},
      {"'aXbXc' LIKE '%X%c'", "true: boolean"},
      {"'abc' LIKE 'a/%' ESCAPE '/'", "false: boolean"},
      {"'a' LIKE ANY ('b', 'a')", "true: boolean"},
      {"'a' NOT LIKE 'a'", "false: boolean"},
  };
  CHECK_EXAMPLES(examples, false);
}

static void rounding_is_half_up_on_the_decimal_text(void)
{
  static const struct example examples[] = {
      {"round(d, 2)", "2.68: double"},
      {"round(-2.5D)", "-3.0: double"},
      {"round(1234.5D, -2)", "1200.0: double"},
      {"round(1.5F)", "2.0: float"},
      {"round(15, -1)", "20: int"},
      {"round(2.5)", "3: decimal(2,0)"},
      {"round(1e300, 2)", "1.0E300: double"},
      {"round(-0.2D)", "0.0: double"},
  };
  CHECK_EXAMPLES(examples, false);
}

static void times_are_utc(void)
{
  static const struct example examples[] = {
      {"unix_timestamp('2024-02-29', 'yyyy-MM-dd')", "1709164800: bigint"},
      {"(unix_timestamp('2024-02-29', 'yyyy-MM-dd') + 86400) * 1000 - 1", "1709251199999: bigint"},
      {"unix_timestamp('x', 'yyyy-MM-dd')", "null: bigint"},
      {"unix_timestamp('2024-02-30', 'yyyy-MM-dd')", "null: bigint"},
      {"unix_timestamp(ts)", "1709210096: bigint"},
      {"day + 1", "2024-03-01: date"},
      {"day + INTERVAL 1 YEAR", "2025-02-28: date"},
      {"ts - INTERVAL '1 2:03:04' DAY TO SECOND", "2024-02-28 10:31:52.789012: timestamp"},
      {"ts + INTERVAL 1 DAY 2 HOURS", "2024-03-01 14:34:56.789012: timestamp"},
  };
  CHECK_EXAMPLES(examples, false);
}

int main(void)
{
  static const test_case cases[] = {
      {"literals have Spark's types", literals_have_sparks_types},
      {"integers wrap without ANSI", integers_wrap_without_ansi},
      {"overflow is an error under ANSI", overflow_is_an_error_under_ansi},
      {"decimals keep their digits", decimals_keep_their_digits},
      {"casts do as Java does", casts_do_as_java_does},
      {"nulls and NaN compare as in Spark", nulls_and_nan_compare_as_in_spark},
      {"choices take one type", choices_take_one_type},
      {"names, fields and elements are found", names_fields_and_elements_are_found},
      {"texts are joined and matched", texts_are_joined_and_matched},
      {"rounding is half up on the decimal text", rounding_is_half_up_on_the_decimal_text},
      {"times are UTC", times_are_utc},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
