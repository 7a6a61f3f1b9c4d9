/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/random_values.h"

enum { ROWS = 40 };

/* A batch of random rows, and the rows it was made of. */
struct sample {
  gn_arena arena;
  const gni_type *type;
  struct ArrowSchema schema;
  struct ArrowArray batch;
  gni_value rows[ROWS]; /* structs */
};

static void close_sample(void *what)
{
  struct sample *sample = what;
  gni_array_close(&sample->batch);
  gni_schema_close(&sample->schema);
  gni_arena_deinit(&sample->arena);
}

static void make_sample(struct sample *sample, test_random *random)
{
  gn_error err = {0};
  gni_builder *builder;
  gni_arena_init(&sample->arena, &gni_libc_alloc, 1 << 24);
  sample->type = test_random_row_type(random, &sample->arena, 3, 4, TEST_KINDS_ALL);
  CHECK_OK(gni_type_to_arrow(sample->type, GN_STR("r"), &sample->schema, &err), &err);
  CHECK_OK(gni_builder_new(sample->type, test_alloc(), &builder, &err), &err);
  for (int i = 0; i < ROWS; i++) {
    do sample->rows[i] = test_random_value(random, &sample->arena, sample->type, 0.2);
    while (sample->rows[i].is_null);
    CHECK_OK(gni_builder_add(builder, sample->rows[i].list.items, &err), &err);
  }
  CHECK_INT(gni_builder_rows(builder), ROWS);
  CHECK_OK(gni_builder_finish(builder, &sample->batch, &err), &err);
  CHECK_INT(gni_builder_rows(builder), 0);
  gni_builder_free(builder);
}

/* The rows from `first` on are what the batch holds. */
static void check_rows(struct sample *sample, int first)
{
  gn_error err = {0};
  gni_column *columns;
  CHECK_OK(
      gni_batch_view(sample->type, &sample->schema, &sample->batch, &sample->arena, &columns, &err),
      &err);
  for (int i = first; i < ROWS; i++)
    for (uint32_t c = 0; c < sample->type->field_count; c++) {
      gni_value cell;
      CHECK_INT(columns[c].length, ROWS - first);
      CHECK_INT(gni_column_get(&columns[c], i - first, &sample->arena, &cell), GN_OK);
      CHECK(gni_value_equal(columns[c].type, &cell, &sample->rows[i].list.items[c]));
    }
}

static bool both_null(const struct sample *sample, int row)
{
  return sample->rows[row].list.items[0].is_null && sample->rows[row + 1].list.items[0].is_null;
}

/* Cells as they are stored are the cells. */
static void check_words(const struct sample *sample, const gni_column *column, uint32_t c)
{
  const char *words = gni_column_words(column);
  for (int i = 0; words && i < ROWS; i++) {
    const gni_value *cell = &sample->rows[i].list.items[c];
    CHECK(!cell->is_null);
    CHECK(memcmp(words + 8 * i, &cell->integer, 8) == 0);
  }
  for (int first = 0; first < ROWS; first++) {
    const gni_value *cell = &sample->rows[first].list.items[c];
    int last = first;
    if (gni_column_is_constant(column, first, 2) && first + 1 < ROWS) last++;
    CHECK(gni_value_equal(column->type, cell, &sample->rows[last].list.items[c]));
  }
}

static void plain_numbers_are_seen_as_they_are_stored(void)
{
  static const char *const types[] = {"struct<x:bigint>", "struct<x:double>", "struct<x:timestamp>",
                                      "struct<x:int>",    "struct<x:string>", "struct<x:boolean>"};
  test_random random = test_random_new(43);
  for (int turn = 0; turn < 24; turn++) {
    struct sample sample = {0};
    gn_error err = {0};
    gni_column *columns;
    gni_builder *builder;
    double nulls = turn < 12 ? 0 : 0.9;
    gni_arena_init(&sample.arena, test_alloc(), 1 << 20);
    CHECK_OK(gni_type_parse(gni_str(types[turn % 6]), &sample.arena, &sample.type, &err), &err);
    CHECK_OK(gni_type_to_arrow(sample.type, GN_STR("r"), &sample.schema, &err), &err);
    CHECK_OK(gni_builder_new(sample.type, test_alloc(), &builder, &err), &err);
    for (int i = 0; i < ROWS; i++) {
      gni_value *cell = GN_TAKE(&sample.arena, gni_value, 1);
      *cell = i % 5 < 3 && i && nulls == 0
                  ? sample.rows[i - 1].list.items[0]
                  : test_random_value(&random, &sample.arena, sample.type->fields[0].type, nulls);
      sample.rows[i] = (gni_value){.list = {cell, 1}};
      CHECK_OK(gni_builder_add(builder, cell, &err), &err);
    }
    CHECK_OK(gni_builder_finish(builder, &sample.batch, &err), &err);
    gni_builder_free(builder);
    CHECK_OK(
        gni_batch_view(sample.type, &sample.schema, &sample.batch, &sample.arena, &columns, &err),
        &err);
    CHECK_INT(gni_column_words(columns) != NULL, turn % 6 < 3 && nulls == 0);
    check_words(&sample, columns, 0);
    CHECK_INT(gni_column_is_constant(columns, 1, 2),
              turn % 6 != 1 && turn % 6 < 4 && (nulls == 0 || both_null(&sample, 1)));
    close_sample(&sample);
  }
}

static void rows_of_every_type_come_back_as_they_went_in(void)
{
  test_random random = test_random_new(3);
  for (int i = 0; i < 200 * test_effort(); i++) {
    static struct sample sample;
    const gni_type *back;
    gn_error err = {0};
    make_sample(&sample, &random);
    CHECK_OK(gni_type_from_arrow(&sample.schema, &sample.arena, &back, &err), &err);
    CHECK(gni_type_equal(back, sample.type));
    check_rows(&sample, 0);
    close_sample(&sample);
  }
}

static void a_slice_of_a_batch_reads_from_its_offset(void)
{
  test_random random = test_random_new(4);
  for (int i = 0; i < 100 * test_effort(); i++) {
    static struct sample sample;
    make_sample(&sample, &random);
    int first = (int)test_random_in(&random, 0, ROWS);
    sample.batch.offset = first;
    sample.batch.length = ROWS - first;
    check_rows(&sample, first);
    close_sample(&sample);
  }
}

static void slices_of_single_columns_read_from_their_offsets(void)
{
  test_random random = test_random_new(5);
  for (int i = 0; i < 100 * test_effort(); i++) {
    static struct sample sample;
    make_sample(&sample, &random);
    int first = (int)test_random_in(&random, 0, ROWS);
    sample.batch.length = ROWS - first;
    for (int64_t c = 0; c < sample.batch.n_children; c++) {
      sample.batch.children[c]->offset = first;
      sample.batch.children[c]->length = ROWS - first;
      sample.batch.children[c]->null_count = -1;
    }
    check_rows(&sample, first);
    close_sample(&sample);
  }
}

/* ---- columns that others make ---- */

static void release_nothing(struct ArrowSchema *schema)
{
  schema->release = NULL;
}

/* A batch of one column, of which the caller says all. */
struct foreign {
  struct ArrowSchema schema, child_schema, *child_schemas[1];
  struct ArrowArray batch, child, *children[1];
  const void *no_validity[1], *buffers[4];
};

static const gni_column *view(struct foreign *f, const char *format, int64_t length,
                              int64_t buffer_count)
{
  gn_error err = {0};
  gni_column *columns;
  const gni_type *type;
  f->child_schema.format = format;
  f->child_schema.name = "x";
  f->child_schemas[0] = &f->child_schema;
  f->child_schema.release = f->schema.release = release_nothing;
  f->schema.format = "+s";
  f->schema.n_children = f->batch.n_children = 1;
  f->schema.children = f->child_schemas;
  f->child.buffers = f->buffers;
  f->child.n_buffers = buffer_count;
  f->child.length = length;
  f->child.null_count = f->buffers[0] ? -1 : 0;
  f->children[0] = &f->child;
  f->batch.n_buffers = 1;
  f->batch.buffers = f->no_validity;
  f->batch.children = f->children;
  f->batch.length = length;
  CHECK_OK(gni_type_from_arrow(&f->schema, test_arena(), &type, &err), &err);
  CHECK_OK(gni_batch_view(type, &f->schema, &f->batch, test_arena(), &columns, &err), &err);
  return columns;
}

static gni_value get(const gni_column *column, int64_t row)
{
  gni_value cell;
  CHECK_INT(gni_column_get(column, row, test_arena(), &cell), GN_OK);
  return cell;
}

static void unsigned_numbers_become_the_next_wider_type(void)
{
  static const uint64_t largest = UINT64_MAX;
  static const struct {
    const char *format;
    int kind;
    int64_t value;
  } cases[] = {
      {"C", GNI_SHORT, UINT8_MAX}, {"S", GNI_INT, UINT16_MAX}, {"I", GNI_LONG, UINT32_MAX}};
  for (size_t i = 0; i < 3; i++) {
    struct foreign f = {.buffers = {NULL, &largest}};
    const gni_column *column = view(&f, cases[i].format, 1, 2);
    CHECK_INT(column->type->kind, cases[i].kind);
    CHECK_INT(get(column, 0).integer, cases[i].value);
  }
  struct foreign f = {.buffers = {NULL, &largest}};
  const gni_column *column = view(&f, "L", 1, 2);
  CHECK_INT(column->type->kind, GNI_DECIMAL);
  CHECK_INT(column->type->precision, 20);
  CHECK(get(column, 0).decimal.low == UINT64_MAX && get(column, 0).decimal.high == 0);
}

static void every_unit_of_time_becomes_microseconds_or_days(void)
{
  static const int64_t stored[] = {-1, 86400000, 1};
  static const struct {
    const char *format;
    int64_t first, second;
  } cases[] = {{"tss:UTC", -1000000, 86400000000000},
               {"tsm:", -1000, 86400000000},
               {"tsu:Europe/Oslo", -1, 86400000},
               {"tsn:", -1, 86400},
               {"tdm", -1, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct foreign f = {.buffers = {NULL, stored}};
    const gni_column *column = view(&f, cases[i].format, 3, 2);
    CHECK_INT(get(column, 0).integer, cases[i].first);
    CHECK_INT(get(column, 1).integer, cases[i].second);
  }
  static const int64_t too_far = INT64_MAX;
  struct foreign f = {.buffers = {NULL, &too_far}};
  gni_value cell;
  CHECK_INT(gni_column_get(view(&f, "tss:", 1, 2), 0, test_arena(), &cell), GN_E_LIMIT);
}

static void large_texts_and_text_views_are_read(void)
{
  static const int64_t offsets[] = {0, 2, 2, 5};
  struct foreign wide = {.buffers = {NULL, offsets, "abcde"}};
  const gni_column *column = view(&wide, "U", 3, 3);
  CHECK_STR(get(column, 0).text, "ab");
  CHECK_STR(get(column, 1).text, "");
  CHECK_STR(get(column, 2).text, "cde");

  char views[32] = {3, 0, 0, 0, 'x', 'y', 'z'};
  const int32_t distant[] = {14, 0, 0, 2};
  memcpy(views + 16, distant, sizeof distant);
  struct foreign in_view = {.buffers = {NULL, views, "__fourteen bytes", "sizes"}};
  column = view(&in_view, "vu", 2, 4);
  CHECK_STR(get(column, 0).text, "xyz");
  CHECK_STR(get(column, 1).text, "fourteen bytes");

  struct foreign fixed = {.buffers = {NULL, "aabbcc"}};
  fixed.child.offset = 1;
  column = view(&fixed, "w:2", 2, 2);
  CHECK_STR(get(column, 0).text, "bb");
  CHECK_STR(get(column, 1).text, "cc");
}

static void lists_of_fixed_size_are_read_from_their_offset(void)
{
  static const int32_t numbers[] = {9, 1, 2, 3, 4, 5, 6};
  const void *buffers[] = {NULL, numbers};
  struct ArrowSchema item_schema = {.format = "i", .name = "item"},
                     *item_schemas[] = {&item_schema};
  struct ArrowArray item = {.length = 6, .offset = 1, .n_buffers = 2, .buffers = buffers};
  struct ArrowArray *items[] = {&item};
  struct foreign f = {.buffers = {NULL}};
  item_schema.release = release_nothing;
  f.child_schema.n_children = f.child.n_children = 1;
  f.child_schema.children = item_schemas;
  f.child.children = items;
  f.child.offset = 1;
  gni_value list = get(view(&f, "+w:2", 2, 1), 1);
  CHECK_INT(list.list.count, 2);
  CHECK_INT(list.list.items[0].integer, 5);
  CHECK_INT(list.list.items[1].integer, 6);
}

static void types_without_counterpart_are_refused_by_name(void)
{
  static const struct {
    const char *format, *message;
  } cases[] = {
      {"tDu", "column 'x': Arrow type 'tDu' has no counterpart"},
      {"ttu", "column 'x': Arrow type 'ttu' has no counterpart"},
      {"e", "column 'x': Arrow type 'e' has no counterpart"},
      {"d:50,2,256", "column 'x': Arrow type 'd:50,2,256' has no counterpart"},
      {"d:5,-2", "column 'x': Arrow type 'd:5,-2' has no counterpart"},
      {"nonsense", "column 'x': Arrow type 'nonsense' has no counterpart"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct ArrowSchema schema = {.format = cases[i].format, .name = "x"};
    const gni_type *type;
    gn_error err = {0};
    schema.release = release_nothing;
    CHECK_INT(gni_type_from_arrow(&schema, test_arena(), &type, &err), GN_E_UNSUPPORTED);
    CHECK_TEXT(err.message, cases[i].message);
  }
  struct ArrowSchema values = {.format = "u"}, schema = {.format = "i", .name = "x"};
  const gni_type *type;
  gn_error err = {0};
  schema.dictionary = &values;
  CHECK_INT(gni_type_from_arrow(&schema, test_arena(), &type, &err), GN_E_UNSUPPORTED);
  CHECK_TEXT(err.message, "column 'x' is dictionary-encoded");
  CHECK_TEXT(err.hint, "decode the dictionary first");
}

static void a_batch_that_is_not_what_its_schema_says_is_refused(void)
{
  gn_error err = {0};
  gni_column *columns;
  static struct sample sample;
  test_random random = test_random_new(6);
  make_sample(&sample, &random);
  test_later(close_sample, &sample);
  int64_t count = sample.batch.n_children;
  sample.batch.n_children = count - 1;
  int rc = gni_batch_view(sample.type, &sample.schema, &sample.batch, test_arena(), &columns, &err);
  sample.batch.n_children = count;
  CHECK_INT(rc, GN_E_CORRUPT);
}

/* ---- building ---- */

static void a_value_that_does_not_fit_is_refused_with_its_column(void)
{
  gn_error err = {0};
  gni_builder *builder;
  const gni_field fields[] = {{GN_STR("small"), &gni_type_byte}};
  const gni_type *type = gni_type_struct(test_arena(), GN_STR(""), fields, 1);
  const gni_value good = gni_value_integer(-128), bad = gni_value_integer(128);
  CHECK_OK(gni_builder_new(type, test_alloc(), &builder, &err), &err);
  CHECK_OK(gni_builder_add(builder, &good, &err), &err);
  CHECK(gni_builder_bytes(builder) >= 1);
  CHECK_INT(gni_builder_add(builder, &bad, &err), GN_E_TYPE);
  CHECK_TEXT(err.where, "column 'small'");
  CHECK_INT(gni_builder_add(builder, &good, NULL), GN_E_TYPE);
  gni_builder_free(builder);
}

static void an_empty_batch_has_all_its_columns(void)
{
  gn_error err = {0};
  gni_builder *builder;
  struct ArrowArray batch;
  test_random random = test_random_new(7);
  const gni_type *type = test_random_row_type(&random, test_arena(), 5, 3, TEST_KINDS_ALL);
  CHECK_OK(gni_builder_new(type, test_alloc(), &builder, &err), &err);
  CHECK_OK(gni_builder_finish(builder, &batch, &err), &err);
  CHECK_INT(batch.length, 0);
  CHECK_INT(batch.n_children, 5);
  gni_array_close(&batch);
  gni_builder_free(builder);
}

static void build(const gn_alloc *alloc)
{
  gn_error err = {0};
  gn_arena arena;
  gni_builder *builder = NULL;
  struct ArrowArray batch = {.release = NULL};
  test_random random = test_random_new(8);
  gni_arena_init(&arena, &gni_libc_alloc, 1 << 20);
  const gni_type *type = test_random_row_type(&random, &arena, 6, 3, TEST_KINDS_ALL);
  int rc = gni_builder_new(type, alloc, &builder, &err);
  for (int i = 0; i < 50 && rc == GN_OK; i++) {
    gni_value row = test_random_value(&random, &arena, type, 0);
    rc = gni_builder_add(builder, row.list.items, &err);
  }
  if (rc == GN_OK) rc = gni_builder_finish(builder, &batch, &err);
  CHECK(rc == GN_OK ? batch.length == 50 : rc == GN_E_NOMEM && err.code == rc);
  gni_array_close(&batch);
  gni_builder_free(builder);
  gni_arena_deinit(&arena);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK(test_each_oom(build) > 20);
}

int main(void)
{
  static const test_case cases[] = {
      {"rows of every type come back as they went in",
       rows_of_every_type_come_back_as_they_went_in},
      {"plain numbers are seen as they are stored", plain_numbers_are_seen_as_they_are_stored},
      {"a slice of a batch reads from its offset", a_slice_of_a_batch_reads_from_its_offset},
      {"slices of single columns read from their offsets",
       slices_of_single_columns_read_from_their_offsets},
      {"unsigned numbers become the next wider type", unsigned_numbers_become_the_next_wider_type},
      {"every unit of time becomes microseconds or days",
       every_unit_of_time_becomes_microseconds_or_days},
      {"large texts and text views are read", large_texts_and_text_views_are_read},
      {"lists of fixed size are read from their offset",
       lists_of_fixed_size_are_read_from_their_offset},
      {"types without counterpart are refused by name",
       types_without_counterpart_are_refused_by_name},
      {"a batch that is not what its schema says is refused",
       a_batch_that_is_not_what_its_schema_says_is_refused},
      {"a value that does not fit is refused with its column",
       a_value_that_does_not_fit_is_refused_with_its_column},
      {"an empty batch has all its columns", an_empty_batch_has_all_its_columns},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
