/* Parts of batches, and their way through IPC. SPDX-License-Identifier: Apache-2.0 */
#include "data/ipc.h"
#include "kit/random_values.h"

enum { ROWS = 60 };

struct sample {
  gn_arena arena;
  const gni_type *type;
  struct ArrowSchema schema;
  struct ArrowArray batch, part;
  gni_value rows[ROWS]; /* structs */
};

static void close_sample(void *what)
{
  struct sample *sample = what;
  gni_array_close(&sample->part);
  gni_array_close(&sample->batch);
  gni_schema_close(&sample->schema);
  gni_arena_deinit(&sample->arena);
}

static void make_sample(struct sample *sample, test_random *random)
{
  gn_error err = {0};
  gni_builder *builder;
  *sample = (struct sample){.type = NULL};
  gni_arena_init(&sample->arena, &gni_libc_alloc, 1 << 24);
  sample->type = test_random_row_type(random, &sample->arena, 3, 4, TEST_KINDS_ALL);
  CHECK_OK(gni_type_to_arrow(sample->type, GN_STR("r"), &sample->schema, &err), &err);
  CHECK_OK(gni_builder_new(sample->type, test_alloc(), &builder, &err), &err);
  for (int i = 0; i < ROWS; i++) {
    do sample->rows[i] = test_random_value(random, &sample->arena, sample->type, 0.2);
    while (sample->rows[i].is_null);
    CHECK_OK(gni_builder_add(builder, sample->rows[i].list.items, &err), &err);
  }
  CHECK_OK(gni_builder_finish(builder, &sample->batch, &err), &err);
  gni_builder_free(builder);
}

static void check_rows(struct sample *sample, const struct ArrowArray *batch, int64_t first)
{
  gn_error err = {0};
  gni_column *columns;
  CHECK_OK(gni_batch_view(sample->type, &sample->schema, batch, &sample->arena, &columns, &err),
           &err);
  for (int64_t i = 0; i < batch->length; i++)
    for (uint32_t c = 0; c < sample->type->field_count; c++) {
      gni_value cell;
      CHECK_INT(gni_column_get(&columns[c], i, &sample->arena, &cell), GN_OK);
      CHECK(gni_value_equal(columns[c].type, &cell, &sample->rows[first + i].list.items[c]));
    }
}

static bool has_offsets(const struct ArrowArray *array)
{
  for (int64_t i = 0; i < array->n_children; i++)
    if (has_offsets(array->children[i])) return true;
  return array->offset != 0;
}

static void a_part_has_its_rows_and_no_offsets(void)
{
  test_random random = test_random_new(11);
  for (int i = 0; i < 150 * test_effort(); i++) {
    static struct sample sample;
    struct ArrowArray again;
    gn_error err = {0};
    make_sample(&sample, &random);
    int64_t from = test_random_in(&random, 0, ROWS);
    int64_t count = test_random_in(&random, 0, ROWS - from);
    CHECK_OK(gni_array_slice(&sample.schema, &sample.batch, from, count, &sample.part, &err), &err);
    CHECK_INT(sample.part.length, count);
    check_rows(&sample, &sample.part, from);
    /* A part of a part whose offset is said as Arrow says it. */
    sample.batch.offset = from;
    sample.batch.length = ROWS - from;
    int64_t more = test_random_in(&random, 0, ROWS - from);
    CHECK_OK(gni_array_slice(&sample.schema, &sample.batch, more, ROWS - from - more, &again, &err),
             &err);
    CHECK(!has_offsets(&again));
    check_rows(&sample, &again, from + more);
    gni_array_close(&again);
    close_sample(&sample);
  }
}

struct once {
  struct ArrowArray *array;
};

static int give_once(void *user, struct ArrowArray *out, gn_error *err)
{
  struct once *own = user;
  (void)err;
  *out = own->array ? *own->array : (struct ArrowArray){.release = NULL};
  if (own->array) own->array->release = NULL;
  own->array = NULL;
  return GN_OK;
}

static void keep_bytes(void *owner)
{
  (void)owner;
}

static void a_part_comes_out_of_ipc_as_it_went_in(void)
{
  test_random random = test_random_new(12);
  for (int i = 0; i < 100 * test_effort(); i++) {
    static struct sample sample;
    struct ArrowArrayStream stream;
    struct ArrowArray back;
    gni_ipc_reader *reader;
    gn_error err = {0};
    gn_buf bytes;
    make_sample(&sample, &random);
    int64_t from = test_random_in(&random, 0, ROWS - 1);
    struct once own = {&sample.part};
    CHECK_OK(gni_array_slice(&sample.schema, &sample.batch, from, ROWS - from, &sample.part, &err),
             &err);
    gni_buf_init(&bytes, &gni_libc_alloc, 1 << 24);
    CHECK_OK(gni_stream_new(sample.type, give_once, NULL, &own, &gni_libc_alloc, &stream, &err),
             &err);
    CHECK_OK(gni_ipc_write(&stream, &bytes, &err), &err);
    gni_stream_close(&stream);
    const gni_ipc_bytes whole = {gni_buf_view(&bytes), keep_bytes, NULL};
    CHECK_OK(gni_ipc_reader_new(&gni_libc_alloc, &reader, &err), &err);
    CHECK_OK(gni_ipc_read(reader, &whole, &back, &err), &err);
    CHECK_INT(back.length, ROWS - from);
    check_rows(&sample, &back, from);
    gni_array_close(&back);
    gni_ipc_reader_free(reader);
    gni_buf_deinit(&bytes);
    close_sample(&sample);
  }
}

int main(void)
{
  static const test_case cases[] = {
      {"a part has its rows, and no offsets", a_part_has_its_rows_and_no_offsets},
      {"a part comes out of IPC as it went in", a_part_comes_out_of_ipc_as_it_went_in},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
