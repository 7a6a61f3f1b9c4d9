/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"
#include "table/table_private.h"

static const gni_type *type_of(gn_arena *arena, const char *text)
{
  const gni_type *type;
  gn_error err = {0};
  CHECK_OK(gni_type_parse(gni_str(text), arena, &type, &err), &err);
  return type;
}

static void a_record_is_read_back(void)
{
  gn_arena arena;
  gn_error err = {0};
  gnp_record read;
  gni_property properties[] = {{GN_STR("a \"b\"\n"), GN_STR("\xc3\xa9")}, {GN_STR(""), GN_STR("")}};
  gni_arena_init(&arena, test_alloc(), 1 << 20);
  gnp_record record = {
      .columns = type_of(&arena, "struct<it's \"x\":map<string,array<double>>,b:decimal(20,3)>"),
      .partition_column = GN_STR("d s"),
      .properties = properties,
      .property_count = 2,
  };
  CHECK_INT(gnp_record_read(test_alloc(), test_folder(), &arena, &read, &err), GN_ABSENT);
  CHECK_OK(gnp_record_write(test_alloc(), test_folder(), &record, &err), &err);
  CHECK_OK(gnp_record_read(test_alloc(), test_folder(), &arena, &read, &err), &err);
  CHECK(gni_type_equal(read.columns, record.columns));
  CHECK_STR(read.partition_column, "d s");
  CHECK_INT(read.property_count, 2);
  CHECK_STR(read.properties[0].name, "a \"b\"\n");
  CHECK_STR(read.properties[0].value, "\xc3\xa9");
  CHECK_STR(read.properties[1].name, "");
  gni_arena_deinit(&arena);
}

static void write_and_read(const gn_alloc *alloc)
{
  static const gni_field field = {{"a", 1}, &gni_type_int};
  static const gni_type columns = {.kind = GNI_STRUCT, .field_count = 1, .fields = &field};
  gnp_record record = {.columns = &columns, .partition_column = GN_STR("ds")}, read;
  gn_arena arena;
  gn_error err = {0};
  gni_arena_init(&arena, alloc, 1 << 20);
  int rc = gnp_record_write(alloc, test_folder(), &record, &err);
  if (rc == GN_OK) rc = gnp_record_read(alloc, test_folder(), &arena, &read, &err);
  if (rc == GN_OK)
    CHECK_STR(read.columns->fields[0].name, "a");
  else
    CHECK_INT(rc, GN_E_NOMEM);
  gni_arena_deinit(&arena);
}

static void no_memory_is_an_answer(void)
{
  CHECK(test_each_oom(write_and_read) > 3);
}

int main(void)
{
  static const test_case cases[] = {
      {"a record is read back", a_record_is_read_back},
      {"no memory is an answer", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
