/* Rows that are turned into such as Spark reads. SPDX-License-Identifier: Apache-2.0 */
#include "adbc/columns.h"
#include "kit/kit.h"

static void keep_schema(struct ArrowSchema *schema)
{
  schema->release = NULL;
}

static void keep_array(struct ArrowArray *array)
{
  array->release = NULL;
}

/* Three rows, of which the first is cut off: an unsigned byte, text by a dictionary, a long. */
static const uint8_t bytes[] = {9, 200, 0}, valid[] = {0x3};
static const int8_t indices[] = {0, 1, 0};
static const int32_t offsets[] = {0, 1, 3};
static const char texts[] = "abc";
static const int64_t longs[] = {7, 8, 9};

static const void *byte_buffers[] = {valid, bytes}, *index_buffers[] = {NULL, indices};
static const void *text_buffers[] = {NULL, offsets, texts}, *long_buffers[] = {NULL, longs};
static const void *no_buffers[] = {NULL};

static struct ArrowSchema text_schema, schemas[3], *schema_list[3];
static struct ArrowArray text_array, arrays[3], *array_list[3];
static bool given;

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
  static const char *const formats[] = {"C", "c", "l"}, *const names[] = {"u", "t", "n"};
  (void)stream;
  text_schema = (struct ArrowSchema){.format = "u", .name = "", .release = keep_schema};
  for (size_t i = 0; i < 3; i++) {
    schemas[i] = (struct ArrowSchema){
        .format = formats[i], .name = names[i], .flags = 2, .release = keep_schema};
    schema_list[i] = &schemas[i];
  }
  schemas[1].dictionary = &text_schema;
  *out = (struct ArrowSchema){
      .format = "+s", .name = "", .n_children = 3, .children = schema_list, .release = keep_schema};
  return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  static const void **const buffers[] = {byte_buffers, index_buffers, long_buffers};
  (void)stream;
  *out = (struct ArrowArray){.release = NULL};
  if (given) return 0;
  given = true;
  text_array = (struct ArrowArray){
      .length = 2, .n_buffers = 3, .buffers = text_buffers, .release = keep_array};
  for (size_t i = 0; i < 3; i++) {
    arrays[i] = (struct ArrowArray){.length = 3,
                                    .null_count = i == 0,
                                    .n_buffers = 2,
                                    .buffers = buffers[i],
                                    .release = keep_array};
    array_list[i] = &arrays[i];
  }
  arrays[1].dictionary = &text_array;
  *out = (struct ArrowArray){.length = 2,
                             .offset = 1,
                             .n_buffers = 1,
                             .buffers = no_buffers,
                             .n_children = 3,
                             .children = array_list,
                             .release = keep_array};
  return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
  (void)stream;
  return NULL;
}

static void release_stream(struct ArrowArrayStream *stream)
{
  stream->release = NULL;
}

static void check_rows(const struct ArrowArray *rows)
{
  const struct ArrowArray *u = rows->children[0], *t = rows->children[1], *n = rows->children[2];
  CHECK_INT(rows->length, 2);
  CHECK_INT(((const int16_t *)u->buffers[1])[u->offset], 200);
  CHECK_INT(((const uint8_t *)u->buffers[0])[0] & 3, 1);
  CHECK(memcmp(t->buffers[2], "bca", 3) == 0);
  CHECK_INT(((const int64_t *)n->buffers[1])[n->offset], 8);
  CHECK(n->buffers[1] == longs); /* as it was */
}

static void convert(const gn_alloc *alloc)
{
  struct ArrowArrayStream from = {get_schema, get_next, get_last_error, release_stream, NULL}, to;
  struct ArrowSchema schema;
  struct ArrowArray rows, end;
  adbcp_converter converter;
  given = false;
  adbcp_converter_init(&converter, alloc, &from, &to);
  int rc = to.get_schema(&to, &schema);
  if (rc == 0) {
    CHECK_TEXT(schema.children[0]->format, "s");
    CHECK_TEXT(schema.children[1]->format, "u");
    CHECK_TEXT(schema.children[1]->name, "t");
    CHECK_TEXT(schema.children[2]->format, "l");
    schema.release(&schema);
    rc = to.get_next(&to, &rows);
  }
  if (rc == 0) {
    check_rows(&rows);
    rows.release(&rows);
    CHECK_INT(to.get_next(&to, &end), 0);
    CHECK(end.release == NULL);
    CHECK_INT(converter.rows, 2);
  } else {
    CHECK_INT(converter.err.code, SPARKC_E_NOMEM);
    CHECK(strstr(to.get_last_error(&to), "memory") != NULL);
  }
  to.release(&to);
  adbcp_converter_deinit(&converter);
}

static void what_spark_does_not_read_is_converted(void)
{
  convert(test_alloc());
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK(test_each_oom(convert) > 3);
}

int main(void)
{
  static const test_case cases[] = {
      {"what Spark does not read is converted, the rest passes",
       what_spark_does_not_read_is_converted},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
