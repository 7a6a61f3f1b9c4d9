/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"
#include "table/table_private.h"

static void a_name_is_split_at_its_last_dot(void)
{
  static const struct {
    const char *name, *ns, *base;
  } cases[] = {{"t", "default", "t"}, {"ns.t", "ns", "t"}, {"cat.ns.t", "cat.ns", "t"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_str ns, base;
    CHECK_INT(gni_table_name_split(gni_str(cases[i].name), &ns, &base, NULL), GN_OK);
    CHECK_STR(ns, cases[i].ns);
    CHECK_STR(base, cases[i].base);
  }
}

static void patterns_match_as_show_tables_does(void)
{
  static const struct {
    const char *text, *pattern;
    bool matches;
  } cases[] = {
      {"a.trips", "", true},        {"a.trips", "a.trips", true},   {"a.trips", "A.TRIPS", true},
      {"a.trips", "trips", false},  {"a.trips", "*trips", true},    {"a.trips", "%TRIPS", true},
      {"a.trips", "a_trips", true}, {"a.trips", "x|*ips", true},    {"a.trips", "x|y", false},
      {"a.trips", "*", true},       {"a.trips", "a*r*s", true},     {"a.trips", "a*rr*s", false},
      {"aaaaab", "a*a*a*b", true},  {"aaaaaa", "a*a*a*b", false},   {"a.trips", "a.trips*", true},
      {"a.trips", "a.tri", false},  {"a.trips", "a.tripss", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    CHECK(gnp_like(gni_str(cases[i].text), gni_str(cases[i].pattern)) == cases[i].matches);
}

static void filters_are_read_as_they_are_written(void)
{
  gn_arena arena;
  gni_partition_filter *filters;
  size_t count;
  gn_error err = {0};
  gni_arena_init(&arena, test_alloc(), 1 << 16);
  CHECK_OK(gni_partition_filters_parse(GN_STR("region=eu/kind='a b', x = \"1\"//y="), &arena,
                                       &filters, &count, &err),
           &err);
  CHECK_INT(count, 4);
  CHECK_STR(filters[0].column, "region");
  CHECK_STR(filters[0].value, "eu");
  CHECK_STR(filters[1].value, "a b");
  CHECK_STR(filters[2].column, "x");
  CHECK_STR(filters[2].value, "1");
  CHECK_STR(filters[3].value, "");
  CHECK_OK(gni_partition_filters_parse(GN_STR(""), &arena, &filters, &count, &err), &err);
  CHECK_INT(count, 0);
  CHECK_INT(gni_partition_filters_parse(GN_STR("region"), &arena, &filters, &count, &err),
            GN_E_PARSE);
  CHECK_TEXT(err.message, "'region' is not column=value");
  gni_arena_deinit(&arena);
}

static const char *range_of(const gnp_partition_column *column, int32_t first, int32_t last)
{
  static char text[512];
  gn_buf sql;
  gni_buf_init(&sql, test_alloc(), sizeof text - 1);
  CHECK_INT(gnp_add_partition_range(&sql, column, first, last), GN_OK);
  memcpy(text, sql.ptr, sql.len + 1);
  gni_buf_deinit(&sql);
  return text;
}

static void ranges_compare_what_is_stored_where_it_sorts(void)
{
  gn_str iso = GN_STR("yyyy-MM-dd");
  gnp_partition_column column = {GN_STR("ds"), GNI_STRING, iso, iso};
  CHECK_TEXT(range_of(&column, 19723, 19724), "\"ds\" >= '2024-01-01' AND \"ds\" <= '2024-01-02'");
  CHECK_TEXT(range_of(&column, INT32_MIN, 19724), "\"ds\" <= '2024-01-02'");
  CHECK_TEXT(range_of(&column, INT32_MIN, INT32_MAX), "true");
  column.kind = GNI_DATE;
  CHECK_TEXT(range_of(&column, 19723, INT32_MAX), "\"ds\" >= DATE '1970-01-01' + 19723");
  column.kind = GNI_STRING;
  column.format = GN_STR("dd.MM.yyyy");
  CHECK_TEXT(range_of(&column, 19723, INT32_MAX),
             "CAST(CAST(try_strptime(\"ds\", '%d.%m.%Y') AS DATE) - DATE '1970-01-01' AS INTEGER) "
             ">= 19723");
}

static void days_are_sorted_and_each_is_there_once(void)
{
  int32_t days[] = {3, -1, 3, 7, -1, 0};
  CHECK_INT(gnp_sort_days(days, 6), 4);
  CHECK(days[0] == -1 && days[1] == 0 && days[2] == 3 && days[3] == 7);
  CHECK_INT(gnp_sort_days(days, 0), 0);
}

int main(void)
{
  static const test_case cases[] = {
      {"a name is split at its last dot", a_name_is_split_at_its_last_dot},
      {"patterns match as SHOW TABLES does", patterns_match_as_show_tables_does},
      {"filters are read as they are written", filters_are_read_as_they_are_written},
      {"ranges compare what is stored where it sorts",
       ranges_compare_what_is_stored_where_it_sorts},
      {"days are sorted and each is there once", days_are_sorted_and_each_is_there_once},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
