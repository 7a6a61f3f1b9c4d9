/* Both back ends give the same answer to expressions people write. SPDX-License-Identifier:
 * Apache-2.0 */
#include "both.h"

#include <math.h>
#include <stdio.h>

static gn_arena arena;

static void close_arena(void *what)
{
  gni_arena_deinit(what);
}

static gni_value list_of(const gni_value *items, size_t count, size_t pairs)
{
  return (gni_value){
      .list = {gni_arena_copy(&arena, items, count * sizeof *items), pairs ? pairs : count}};
}

static gni_value decimal_of(int64_t unscaled)
{
  gni_value value = {0};
  value.decimal.low = (uint64_t)unscaled;
  value.decimal.high = unscaled < 0 ? -1 : 0;
  return value;
}

static const gni_type *make_schema(void)
{
  const gni_field inner[] = {{GN_STR("a"), &gni_type_int}, {GN_STR("b c"), &gni_type_string}};
  const gni_field fields[] = {
      {GN_STR("b"), &gni_type_byte},
      {GN_STR("s"), &gni_type_short},
      {GN_STR("i"), &gni_type_int},
      {GN_STR("l"), &gni_type_long},
      {GN_STR("f"), &gni_type_float},
      {GN_STR("d"), &gni_type_double},
      {GN_STR("t"), &gni_type_string},
      {GN_STR("x"), &gni_type_binary},
      {GN_STR("o"), &gni_type_boolean},
      {GN_STR("day"), &gni_type_date},
      {GN_STR("ts"), &gni_type_timestamp},
      {GN_STR("dec"), gni_type_decimal(&arena, 10, 2)},
      {GN_STR("wide"), gni_type_decimal(&arena, 38, 10)},
      {GN_STR("list"), gni_type_list(&arena, &gni_type_int)},
      {GN_STR("words"), gni_type_list(&arena, &gni_type_string)},
      {GN_STR("m"), gni_type_map(&arena, &gni_type_string, &gni_type_int)},
      {GN_STR("st"), gni_type_struct(&arena, GN_STR(""), inner, 2)},
      {GN_STR("the \"odd\" name"), &gni_type_int},
  };
  return gni_type_struct(&arena, GN_STR("row"), fields, sizeof fields / sizeof *fields);
}

#define COLUMNS 18

/* Row r takes the rth edge of each type; the last row is all null. */
#define ROWS 8

static const gni_value *make_row(size_t r)
{
  static const int64_t bytes[] = {0, 1, -1, 127, -128, 7, 100, 3};
  static const int64_t shorts[] = {0, 1, -1, 32767, -32768, 7, 1000, -3};
  static const int64_t ints[] = {0, 1, -1, INT32_MAX, INT32_MIN, 7, 100000, 2};
  static const int64_t longs[] = {0, 1, -1, INT64_MAX, INT64_MIN, 7, INT64_C(1709210096789), -5};
  static const double reals[] = {0.0, -0.0, 1.5, NAN, INFINITY, -INFINITY, 2.675, 1e20};
  static const char *const texts[] = {"",    "12",  " -7 ",       "abc",
                                      "1e3", "NaN", "2024-02-29", "\xf0\x9f\x90\xa6x"};
  static const int64_t days[] = {0, 19782, -1, -719162, 2932896, 11016, 20000, 1};
  static const int64_t times[] = {0,
                                  INT64_C(1709210096789012),
                                  -1,
                                  INT64_C(-62135596800000000),
                                  INT64_C(253402300799999999),
                                  1,
                                  999999,
                                  86400000000};
  static const int64_t decimals[] = {0, 1, -1, 999999999, -999999999, 12345, 250, -250};
  gni_value *row = GN_TAKE(&arena, gni_value, COLUMNS);
  const gni_value ints_list[] = {gni_value_integer((int64_t)r), GNI_NULL_VALUE,
                                 gni_value_integer(-3)};
  const gni_value words[] = {gni_value_text(gni_str(texts[r])), gni_value_text(GN_STR("b"))};
  const gni_value map[] = {gni_value_text(GN_STR("k")), gni_value_integer((int64_t)r),
                           gni_value_text(GN_STR("z")), GNI_NULL_VALUE};
  const gni_value st[] = {gni_value_integer(ints[r]), gni_value_text(gni_str(texts[r]))};
  const gni_value cells[COLUMNS] = {
      gni_value_integer(bytes[r]),
      gni_value_integer(shorts[r]),
      gni_value_integer(ints[r]),
      gni_value_integer(longs[r]),
      gni_value_real((double)(float)reals[r]),
      gni_value_real(reals[r]),
      gni_value_text(gni_str(texts[r])),
      gni_value_text(gni_str(texts[r])),
      gni_value_boolean(r & 1),
      gni_value_integer(days[r]),
      gni_value_integer(times[r]),
      decimal_of(decimals[r]),
      decimal_of(longs[r]),
      list_of(ints_list, r % 4, 0),
      list_of(words, r % 3, 0),
      list_of(map, 4, 2),
      list_of(st, 2, 0),
      gni_value_integer((int64_t)r),
  };
  memcpy(row, cells, sizeof cells);
  return row;
}

static both_table *make_table(void)
{
  const gni_value **rows;
  gni_arena_init(&arena, &gni_libc_alloc, 16 << 20);
  test_later(close_arena, &arena);
  rows = GN_TAKE(&arena, const gni_value *, ROWS + 1);
  for (size_t r = 0; r < ROWS; r++) rows[r] = make_row(r);
  gni_value *nulls = GN_TAKE(&arena, gni_value, COLUMNS);
  for (size_t i = 0; i < COLUMNS; i++) nulls[i] = GNI_NULL_VALUE;
  rows[ROWS] = nulls;
  return both_open(make_schema(), rows, ROWS + 1);
}

static const char *const expressions[] = {
    "b + 1Y",
    "s - 1S",
    "i + 1",
    "i * i",
    "l + 1",
    "l * 3",
    "l - i",
    "-b",
    "-i",
    "-l",
    "-d",
    "-dec",
    "i % 3",
    "l % -1",
    "-7 % i",
    "i div 2",
    "l div -1",
    "l div i",
    "i / 2",
    "l / i",
    "d / 0",
    "d + 1",
    "d * f",
    "f + 1F",
    "f / f",
    "d % 3",
    "f % 2F",
    "dec + 1",
    "dec * 2",
    "dec * 1.5",
    "dec / 3",
    "dec - wide",
    "wide * wide",
    "wide / dec",
    "dec % 7",
    "dec div 3",
    "i * 1.5",
    "i + dec",
    "l * dec",
    "'3' + i",
    "t + 1",
    "NULL + i",
    "i = 1",
    "i <> l",
    "d = d",
    "d > 1",
    "d < f",
    "t = 'abc'",
    "t < 'b'",
    "x = x",
    "o = false",
    "day = '2024-02-29'",
    "ts > day",
    "dec = 2.5",
    "dec > i",
    "i <=> NULL",
    "d <=> d",
    "list = list",
    "list < array_none OR true",
    "st = st",
    "i IN (1, 7, NULL)",
    "t IN ('12', 'abc')",
    "d IN (1.5, 2)",
    "i BETWEEN -1 AND 7",
    "t LIKE '%2%'",
    "t LIKE '_b%'",
    "t LIKE 'a/%' ESCAPE '/'",
    "t NOT LIKE t",
    "o AND i > 0",
    "o OR i > 0",
    "NOT o",
    "o IS TRUE",
    "o IS NOT FALSE",
    "i IS NULL",
    "i IS NOT NULL",
    "i IS DISTINCT FROM 1",
    "IF(i > 0, i, l)",
    "IF(o, 1, 2.5)",
    "CASE WHEN i > 0 THEN 'a' WHEN i < 0 THEN t END",
    "CASE i WHEN 1 THEN d ELSE 0 END",
    "COALESCE(i, l, 3)",
    "COALESCE(NULL, t, 'none')",
    "nvl(t, i)",
    "nullif(i, 1)",
    "nvl2(i, t, 'none')",
    "CAST(i AS TINYINT)",
    "CAST(l AS INT)",
    "CAST(d AS INT)",
    "CAST(d AS BIGINT)",
    "CAST(f AS SMALLINT)",
    "CAST(d AS TINYINT)",
    "CAST(t AS INT)",
    "CAST(t AS DOUBLE)",
    "CAST(t AS DATE)",
    "CAST(t AS TIMESTAMP)",
    "CAST(t AS BOOLEAN)",
    "CAST(t AS DECIMAL(10,2))",
    "CAST(i AS STRING)",
    "CAST(d AS STRING)",
    "CAST(f AS STRING)",
    "CAST(o AS STRING)",
    "CAST(day AS STRING)",
    "CAST(ts AS STRING)",
    "CAST(dec AS STRING)",
    "CAST(wide AS STRING)",
    "CAST(list AS STRING)",
    "CAST(m AS STRING)",
    "CAST(st AS STRING)",
    "CAST(i AS DECIMAL(5,2))",
    "CAST(dec AS DECIMAL(5,1))",
    "CAST(d AS DECIMAL(10,2))",
    "CAST(dec AS INT)",
    "CAST(dec AS DOUBLE)",
    "CAST(wide AS DOUBLE)",
    "CAST(i AS DOUBLE)",
    "CAST(l AS FLOAT)",
    "CAST(l AS DOUBLE)",
    "CAST(d AS FLOAT)",
    "CAST(f AS DOUBLE)",
    "CAST(o AS INT)",
    "CAST(i AS BOOLEAN)",
    "CAST(d AS BOOLEAN)",
    "CAST(day AS TIMESTAMP)",
    "CAST(ts AS DATE)",
    "CAST(ts AS BIGINT)",
    "CAST(ts AS DOUBLE)",
    "CAST(l AS TIMESTAMP)",
    "CAST(i AS TIMESTAMP)",
    "CAST(t AS BINARY)",
    "CAST(i AS BINARY)",
    "CAST(list AS ARRAY<STRING>)",
    "TRY_CAST(t AS INT)",
    "TRY_CAST(i AS TINYINT)",
    "list[0]",
    "list[i]",
    "m['k']",
    "m['none']",
    "m[t]",
    "st.a",
    "st.`b c`",
    "`the \"odd\" name` + 1",
    "FILTER(list, x -> x IS NOT NULL)",
    "FILTER(list, x -> x > i)",
    "FILTER(list, (x, k) -> k > 0)",
    "FILTER(words, w -> round(i) > 0 AND w LIKE '%b%')",
    "CONCAT(t, '-', i)",
    "t || o || d",
    "concat(list, list)",
    "round(d, 2)",
    "round(f, 1)",
    "round(dec, 1)",
    "round(i, -2)",
    "round(wide)",
    "unix_timestamp(t, 'yyyy-MM-dd')",
    "unix_timestamp(ts)",
    "unix_timestamp(day)",
    "day + 1",
    "day - 1",
    "day + INTERVAL 1 MONTH",
    "ts + INTERVAL 1 DAY",
    "ts - INTERVAL '1:30' HOUR TO MINUTE",
    "1",
    "'it''s'",
    "X'00ff'",
    "DATE '2024-02-29'",
    "TIMESTAMP '2024-02-29 01:02:03.5'",
    "1.50",
    "1e300",
    "NULL",
    "FILTER(words, w -> w = t)",
    "CAST('NaN' AS DOUBLE)",
};

static void check_all(bool ansi)
{
  both_table *table = make_table();
  int64_t cells = 0, native = 0, refused = 0, wrong = 0;
  size_t count = sizeof expressions / sizeof *expressions;
  for (size_t i = 0; i < count; i++) {
    both_answer answer = both_compare(table, expressions[i], ansi);
    cells += answer.cells;
    native += answer.native;
    refused += answer.refused;
    if (answer.refused || !answer.differs[0]) continue;
    wrong++;
    fprintf(stderr, "# %s\n#   %s\n", expressions[i], answer.differs);
  }
  fprintf(stderr, "# %zu expressions, %lld cells, %lld without functions of ours, %lld refused\n",
          count, (long long)cells, (long long)native, (long long)refused);
  CHECK_INT(wrong, 0);
}

static void without_ansi(void)
{
  check_all(false);
}

static void with_ansi(void)
{
  check_all(true);
}

int main(void)
{
  static const test_case cases[] = {
      {"the evaluator and DuckDB agree without ANSI", without_ansi},
      {"the evaluator and DuckDB agree under ANSI", with_ansi},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
