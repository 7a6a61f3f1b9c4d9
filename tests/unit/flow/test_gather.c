/* Rows brought together by key, against a plain sort. SPDX-License-Identifier: Apache-2.0 */
#include "flow/gather.h"
#include "kit/kit.h"

enum { ROWS = 400, KEY_COLUMNS = 2, INPUTS = 4, COLUMNS = KEY_COLUMNS + INPUTS + 4 };
enum { TS = KEY_COLUMNS + INPUTS, DAY, SRC, ORD };

static const gni_field fields[COLUMNS] = {
    {{"k0", 2}, &gni_type_long},   {{"k1", 2}, &gni_type_string}, {{"v0", 2}, &gni_type_int},
    {{"v1", 2}, &gni_type_double}, {{"v2", 2}, &gni_type_string}, {{"v3", 2}, &gni_type_boolean},
    {{"ts", 2}, &gni_type_long},   {{"day", 3}, &gni_type_int},   {{"src", 3}, &gni_type_int},
    {{"ord", 3}, &gni_type_long},
};
static const gni_type all = {.kind = GNI_STRUCT, .field_count = COLUMNS, .fields = fields};
static const gni_type keys = {.kind = GNI_STRUCT, .field_count = KEY_COLUMNS, .fields = fields};
static const gni_type inputs = {
    .kind = GNI_STRUCT, .field_count = INPUTS, .fields = fields + KEY_COLUMNS};
static const gni_group group = {.keys = &keys, .inputs = &inputs};

struct rows {
  gni_value cells[ROWS][COLUMNS];
  int count;
};

/* Some with a zero byte inside, some with another as their beginning. */
static gni_value some_text(test_random *random)
{
  static const gn_str texts[] = {{"", 0}, {"a", 1}, {"a\0", 2}, {"a\0b", 3}, {"ab", 2}, {"b", 1}};
  return gni_value_text(texts[test_random_in(random, 0, 5)]);
}

static void fill(test_random *random, struct rows *rows, int count)
{
  rows->count = count;
  for (int i = 0; i < count; i++) {
    gni_value *row = rows->cells[i];
    row[0] = gni_value_integer(test_random_in(random, -2, 2) * INT64_C(5000000000));
    row[1] = some_text(random);
    row[2] = gni_value_integer(test_random_in(random, -9, 9));
    row[3] = gni_value_real(test_random_unit(random));
    row[4] = some_text(random);
    row[5] = gni_value_boolean(test_random_chance(random, 0.5));
    for (int c = 0; c < TS; c++)
      if (test_random_chance(random, 0.1)) row[c] = GNI_NULL_VALUE;
    row[TS] = gni_value_integer(test_random_in(random, -50, 50));
    row[DAY] = i < count / 3 ? GNI_NULL_VALUE : gni_value_integer(7);
    row[SRC] = gni_value_integer(i * 2 / count);
    row[ORD] = gni_value_integer(i);
  }
}

/* Nulls last; then by time, then as they came. */
static bool goes_before(const gni_value *a, const gni_value *b)
{
  for (int c = 0; c < KEY_COLUMNS; c++) {
    int order = gni_value_compare(fields[c].type, &a[c], &b[c]);
    if (order) return order < 0;
  }
  if (a[TS].integer != b[TS].integer) return a[TS].integer < b[TS].integer;
  return a[ORD].integer < b[ORD].integer;
}

static void sort_plainly(const struct rows *rows, const gni_value **out)
{
  for (int i = 0; i < rows->count; i++) {
    int at = i;
    for (; at > 0 && goes_before(rows->cells[i], out[at - 1]); at--) out[at] = out[at - 1];
    out[at] = rows->cells[i];
  }
}

/* Adds the rows in batches of `batch`. */
static int add(gnp_gather *gather, const struct rows *rows, int batch, const gn_alloc *alloc,
               gn_error *err)
{
  struct ArrowSchema schema = {0};
  gni_builder *builder = NULL;
  gn_arena arena;
  gni_arena_init(&arena, alloc, 1 << 20);
  int rc = gni_type_to_arrow(&all, GN_STR(""), &schema, err);
  if (rc == GN_OK) rc = gni_builder_new(&all, alloc, &builder, err);
  for (int from = 0; rc == GN_OK && from < rows->count; from += batch) {
    struct ArrowArray array = {0};
    gni_column *columns;
    for (int i = from; rc == GN_OK && i < from + batch && i < rows->count; i++)
      rc = gni_builder_add(builder, rows->cells[i], err);
    if (rc == GN_OK) rc = gni_builder_finish(builder, &array, err);
    if (rc == GN_OK) rc = gni_batch_view(&all, &schema, &array, &arena, &columns, err);
    if (rc == GN_OK) rc = gnp_gather_add(gather, columns, array.length, err);
    gni_array_close(&array);
  }
  gni_builder_free(builder);
  gni_schema_close(&schema);
  gni_arena_deinit(&arena);
  return rc;
}

static void close_gather(void *gather)
{
  gnp_gather_free(gather);
}

static gnp_gather *new_gather(size_t ceiling_bytes)
{
  gnp_gather *gather = NULL;
  gn_error err = {0};
  CHECK_OK(gnp_gather_new(&group, test_alloc(), ceiling_bytes, &gather, &err), &err);
  test_later(close_gather, gather);
  return gather;
}

/* Rows are given several at a time; here they are wanted one by one. */
struct given {
  const gni_row *rows;
  size_t count, used;
};

static int next_row(gnp_gather *gather, struct given *given, bool *new_key, gni_row *row,
                    gn_error *err)
{
  *new_key = false;
  if (given->used == given->count) {
    int rc = gnp_gather_next(gather, new_key, &given->rows, &given->count, err);
    given->used = 0;
    if (rc != GN_OK) given->count = 0;
    if (rc != GN_OK) return rc;
    CHECK(given->count > 0);
  }
  *row = given->rows[given->used++];
  return GN_OK;
}

static bool same_cells(const gni_type *type, const gni_value *actual, const gni_value *expected)
{
  for (uint32_t c = 0; c < type->field_count; c++)
    if (!gni_value_equal(type->fields[c].type, &actual[c], &expected[c])) return false;
  return true;
}

static void check_rows(gnp_gather *gather, const struct rows *rows)
{
  static const gni_value *expected[ROWS];
  gn_error err = {0};
  gni_row row;
  bool new_key;
  struct given given = {0};
  sort_plainly(rows, expected);
  for (int i = 0; i < rows->count; i++) {
    CHECK_OK(next_row(gather, &given, &new_key, &row, &err), &err);
    bool differs = i == 0 || !same_cells(&keys, expected[i], expected[i - 1]);
    CHECK_INT(new_key, differs);
    CHECK_INT(row.time_ms, expected[i][TS].integer);
    CHECK(same_cells(&keys, gnp_gather_keys(gather), expected[i]));
    CHECK(same_cells(&inputs, row.values, expected[i] + KEY_COLUMNS));
  }
  CHECK_INT(next_row(gather, &given, &new_key, &row, &err), GN_ABSENT);
}

static void rows_come_by_key_time_and_source(void)
{
  static struct rows rows;
  test_random random = test_random_new(81);
  for (int turn = 0; turn < 30 * test_effort(); turn++) {
    gn_error err = {0};
    gnp_gather *gather = new_gather(64 << 20);
    fill(&random, &rows, (int)test_random_in(&random, 0, ROWS));
    CHECK_OK(add(gather, &rows, 37, test_alloc(), &err), &err);
    CHECK_OK(gnp_gather_finish(gather, &err), &err);
    check_rows(gather, &rows);
  }
}

/* Row i of many: every other one has key 7, those of key 5 come latest first. */
static void fill_many(struct rows *rows, int from)
{
  rows->count = ROWS;
  for (int i = 0; i < ROWS; i++) {
    gni_value *row = rows->cells[i];
    int64_t number = from + i, key = number % 2 ? 7 : number % 89 - 40;
    for (int c = 0; c < COLUMNS; c++) row[c] = GNI_NULL_VALUE;
    row[0] = gni_value_integer(key);
    row[1] = gni_value_text(GN_STR("key"));
    row[2] = gni_value_integer(number);
    row[TS] = gni_value_integer(key == 5 ? -number : number);
    row[SRC] = gni_value_integer(0);
    row[ORD] = gni_value_integer(number);
  }
}

/* More rows than one bucket has. */
static void many_rows_come_by_key_and_time(void)
{
  enum { TIMES = 100 };
  static struct rows rows;
  static bool came[TIMES * ROWS];
  gni_row row;
  bool new_key;
  struct given given = {0};
  int64_t before_key = INT64_MIN, before_ms = 0;
  gn_error err = {0};
  gnp_gather *gather = new_gather(64 << 20);
  for (int i = 0; i < TIMES; i++) {
    fill_many(&rows, i * ROWS);
    CHECK_OK(add(gather, &rows, ROWS, test_alloc(), &err), &err);
  }
  CHECK_OK(gnp_gather_finish(gather, &err), &err);
  for (int i = 0; i < TIMES * ROWS; i++) {
    CHECK_OK(next_row(gather, &given, &new_key, &row, &err), &err);
    int64_t key = gnp_gather_keys(gather)[0].integer, number = row.values[0].integer;
    CHECK_INT(key, number % 2 ? 7 : number % 89 - 40);
    CHECK_INT(row.time_ms, key == 5 ? -number : number);
    CHECK(!came[number]);
    came[number] = true;
    CHECK_INT(new_key, key != before_key);
    CHECK(new_key ? key > before_key : row.time_ms > before_ms);
    before_key = key;
    before_ms = row.time_ms;
  }
  CHECK_INT(next_row(gather, &given, &new_key, &row, &err), GN_ABSENT);
}

/* ---- one number as the key, and columns without a null ---- */

enum { PLAIN_ROWS = 3000, MANY_ROWS = 150000, PLAIN_KEYS = 60 };
static const gni_field plain_fields[] = {
    {{"k0", 2}, &gni_type_long},  {{"v0", 2}, &gni_type_double}, {{"v1", 2}, &gni_type_string},
    {{"ts", 2}, &gni_type_long},  {{"day", 3}, &gni_type_int},   {{"src", 3}, &gni_type_int},
    {{"ord", 3}, &gni_type_long},
};
static const gni_type plain_all = {.kind = GNI_STRUCT, .field_count = 7, .fields = plain_fields};
static const gni_type plain_keys = {.kind = GNI_STRUCT, .field_count = 1, .fields = plain_fields};
static const gni_type plain_inputs = {
    .kind = GNI_STRUCT, .field_count = 2, .fields = plain_fields + 1};
static const gni_group plain_group = {.keys = &plain_keys, .inputs = &plain_inputs};

/* Row i: a key far below or above zero, a time that is its number, less for each ninth row. */
static int64_t plain_key(int i)
{
  return (int64_t)(i * 37 % PLAIN_KEYS - PLAIN_KEYS / 2) * INT64_C(100000000000000000);
}

static int64_t plain_time(int i)
{
  return i % 9 ? i : i - 500;
}

/* Rows of one batch; `backwards` is the row whose order is less than that of the one before. */
static int add_plain(gnp_gather *gather, int rows, int backwards, gn_error *err)
{
  struct ArrowSchema schema;
  struct ArrowArray array;
  gni_builder *builder;
  gni_column *columns;
  gn_arena arena;
  gni_arena_init(&arena, test_alloc(), 1 << 20);
  CHECK_OK(gni_type_to_arrow(&plain_all, GN_STR(""), &schema, err), err);
  CHECK_OK(gni_builder_new(&plain_all, test_alloc(), &builder, err), err);
  for (int i = 0; i < rows; i++) {
    gni_value row[7] = {gni_value_integer(plain_key(i)),
                        gni_value_real(i / 8.0),
                        gni_value_text(i % 2 ? GN_STR("odd") : GN_STR("even, and long enough")),
                        gni_value_integer(plain_time(i)),
                        GNI_NULL_VALUE,
                        gni_value_integer(0),
                        gni_value_integer(i == backwards ? i - 2 : i)};
    CHECK_OK(gni_builder_add(builder, row, err), err);
  }
  CHECK_OK(gni_builder_finish(builder, &array, err), err);
  CHECK_OK(gni_batch_view(&plain_all, &schema, &array, &arena, &columns, err), err);
  int rc = gnp_gather_add(gather, columns, array.length, err);
  gni_array_close(&array);
  gni_builder_free(builder);
  gni_schema_close(&schema);
  gni_arena_deinit(&arena);
  return rc;
}

static void plain_numbers_come_by_key_and_time(void)
{
  gnp_gather *gather = NULL;
  gn_error err = {0};
  gni_row row;
  bool new_key;
  struct given given = {0};
  int64_t key = INT64_MIN, before_ms = 0;
  static bool came[PLAIN_ROWS];
  CHECK_OK(gnp_gather_new(&plain_group, test_alloc(), 1 << 24, &gather, &err), &err);
  test_later(close_gather, gather);
  CHECK_OK(add_plain(gather, PLAIN_ROWS, -1, &err), &err);
  CHECK_OK(gnp_gather_finish(gather, &err), &err);
  for (int i = 0; i < PLAIN_ROWS; i++) {
    CHECK_OK(next_row(gather, &given, &new_key, &row, &err), &err);
    int number = (int)(row.values[0].real * 8);
    int64_t now = gnp_gather_keys(gather)[0].integer;
    CHECK_INT(now, plain_key(number));
    CHECK_INT(row.time_ms, plain_time(number));
    CHECK_STR(row.values[1].text, number % 2 ? "odd" : "even, and long enough");
    CHECK(!came[number]);
    came[number] = true;
    CHECK(new_key ? now > key : now == key && row.time_ms >= before_ms);
    key = now;
    before_ms = row.time_ms;
  }
  CHECK_INT(next_row(gather, &given, &new_key, &row, &err), GN_ABSENT);
}

/* From the last part to the first: each has keys before those of the part behind it. */
static void parts_have_all_keys_in_order(void)
{
  enum { PARTS = 3 };
  gnp_gather *gather = NULL;
  gn_error err = {0};
  static bool came[MANY_ROWS];
  int64_t least = INT64_MAX;
  int rows = 0, parts = 0;
  CHECK_OK(gnp_gather_new(&plain_group, test_alloc(), 1 << 26, &gather, &err), &err);
  test_later(close_gather, gather);
  CHECK_OK(add_plain(gather, MANY_ROWS, -1, &err), &err);
  CHECK_OK(gnp_gather_finish(gather, &err), &err);
  CHECK_INT(gnp_gather_rows(gather), MANY_ROWS);
  for (size_t part = PARTS; part-- > 0;) {
    gnp_reader *reader;
    gnp_rows_of_key some;
    int64_t first = INT64_MAX, before = INT64_MIN;
    int rows_before = rows;
    CHECK_OK(gnp_reader_new(gather, part, PARTS, &reader, &err), &err);
    while (gnp_reader_next(reader, &some, &err) == GN_OK) {
      int64_t key = gnp_reader_keys(reader)[0].integer;
      CHECK(some.is_first ? key > before : key == before);
      before = key;
      if (first == INT64_MAX) first = key;
      for (size_t i = 0; i < some.count; i++, rows++) {
        int number = (int)(some.rows[i].values[0].real * 8);
        CHECK_INT(key, plain_key(number));
        CHECK_INT(some.rows[i].time_ms, plain_time(number));
        CHECK(!came[number]);
        came[number] = true;
      }
    }
    CHECK(before < least);
    least = first;
    parts += rows > rows_before;
    gnp_reader_free(reader);
  }
  CHECK_INT(rows, MANY_ROWS);
  CHECK_INT(parts, PARTS);
}

/* Wherever it is: chunks end, and inside them the order is looked at as a whole. */
static void one_row_out_of_order_is_found(void)
{
  static const int places[] = {2, 700, 1023, 1024, 1025, 2047, 2048, PLAIN_ROWS - 1};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    gnp_gather *gather = NULL;
    gn_error err = {0};
    CHECK_OK(gnp_gather_new(&plain_group, test_alloc(), 1 << 24, &gather, &err), &err);
    test_later(close_gather, gather);
    CHECK_INT(add_plain(gather, PLAIN_ROWS, places[i], &err), GN_ABSENT);
    CHECK_INT(err.code, GN_OK);
  }
}

static void rows_out_of_source_order_are_left_to_the_engine(void)
{
  static struct rows rows;
  test_random random = test_random_new(82);
  gn_error err = {0};
  fill(&random, &rows, 10);
  rows.cells[9][ORD] = gni_value_integer(3);
  CHECK_INT(add(new_gather(64 << 20), &rows, 10, test_alloc(), &err), GN_ABSENT);
  CHECK_INT(err.code, GN_OK);
}

static void rows_past_the_ceiling_are_left_to_the_engine(void)
{
  static struct rows rows;
  test_random random = test_random_new(83);
  gn_error err = {0};
  fill(&random, &rows, 10);
  CHECK_INT(add(new_gather(1 << 15), &rows, 10, test_alloc(), &err), GN_ABSENT);
  CHECK_INT(err.code, GN_OK);
}

static void lists_and_real_keys_are_left_to_the_engine(void)
{
  static const gni_field element = {{"element", 7}, &gni_type_long};
  static const gni_type list = {.kind = GNI_LIST, .field_count = 1, .fields = &element};
  static const gni_field of_list = {{"l", 1}, &list}, of_real = {{"r", 1}, &gni_type_double};
  static const gni_type lists = {.kind = GNI_STRUCT, .field_count = 1, .fields = &of_list};
  static const gni_type reals = {.kind = GNI_STRUCT, .field_count = 1, .fields = &of_real};
  CHECK(gnp_gather_can(&group));
  CHECK(gnp_gather_can(&(gni_group){.keys = &keys, .inputs = &reals}));
  CHECK(!gnp_gather_can(&(gni_group){.keys = &keys, .inputs = &lists}));
  CHECK(!gnp_gather_can(&(gni_group){.keys = &reals, .inputs = &inputs}));
}

static void gather_few(const gn_alloc *alloc)
{
  static struct rows rows;
  gnp_gather *gather = NULL;
  gn_error err = {0};
  gni_row row;
  bool new_key;
  struct given given = {0};
  test_random random = test_random_new(84);
  fill(&random, &rows, 20);
  int rc = gnp_gather_new(&group, alloc, 64 << 20, &gather, &err);
  if (rc == GN_OK) rc = add(gather, &rows, 20, alloc, &err);
  if (rc == GN_OK) rc = gnp_gather_finish(gather, &err);
  while (rc == GN_OK) rc = next_row(gather, &given, &new_key, &row, &err);
  CHECK(rc == GN_ABSENT || rc == GN_E_NOMEM);
  gnp_gather_free(gather);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK(test_each_oom(gather_few) > 5);
}

int main(void)
{
  static const test_case cases[] = {
      {"rows come by key, time and source order", rows_come_by_key_time_and_source},
      {"many rows come by key and time", many_rows_come_by_key_and_time},
      {"plain numbers come by key and time", plain_numbers_come_by_key_and_time},
      {"parts have all keys in order", parts_have_all_keys_in_order},
      {"one row out of order is found", one_row_out_of_order_is_found},
      {"rows out of source order are left to the engine",
       rows_out_of_source_order_are_left_to_the_engine},
      {"rows past the ceiling are left to the engine",
       rows_past_the_ceiling_are_left_to_the_engine},
      {"lists and real keys are left to the engine", lists_and_real_keys_are_left_to_the_engine},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
