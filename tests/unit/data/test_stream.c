/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/random_values.h"

#include <errno.h>

/* Three batches of one row, or a failure at batch `fail_at`. */
struct source {
  gni_builder *builder;
  int given, fail_at, closed;
};

static int next_batch(void *user, struct ArrowArray *out, gn_error *err)
{
  struct source *source = user;
  gni_value row = gni_value_integer(source->given);
  if (source->given == source->fail_at) {
    int rc = gni_fail(err, GN_E_TIMEOUT, "the third batch never came");
    gni_error_hint(err, "wait longer");
    return rc;
  }
  if (source->given == 3) return GN_OK;
  source->given++;
  int rc = gni_builder_add(source->builder, &row, err);
  return rc == GN_OK ? gni_builder_finish(source->builder, out, err) : rc;
}

static void close_source(void *user)
{
  struct source *source = user;
  gni_builder_free(source->builder);
  source->closed++;
}

static const gni_type *row_type(void)
{
  const gni_field field = {GN_STR("n"), &gni_type_int};
  return gni_type_struct(test_arena(), GN_STR(""), &field, 1);
}

static void open_stream(struct source *source, struct ArrowArrayStream *stream)
{
  gn_error err = {0};
  const gni_type *type = row_type();
  CHECK_OK(gni_builder_new(type, test_alloc(), &source->builder, &err), &err);
  CHECK_OK(gni_stream_new(type, next_batch, close_source, source, test_alloc(), stream, &err),
           &err);
}

static void a_callback_is_a_stream_of_its_batches(void)
{
  gn_error err = {0};
  struct source source = {.fail_at = -1};
  struct ArrowArrayStream stream;
  struct ArrowSchema schema;
  struct ArrowArray batch;
  const gni_type *type;
  gni_column *columns;
  gni_value cell;
  open_stream(&source, &stream);
  CHECK_OK(gni_stream_type(&stream, test_arena(), &schema, &type, &err), &err);
  CHECK(gni_type_equal(type, row_type()));
  for (int i = 0; i < 3; i++) {
    CHECK_OK(gni_stream_next(&stream, &batch, &err), &err);
    CHECK_OK(gni_batch_view(type, &schema, &batch, test_arena(), &columns, &err), &err);
    CHECK_INT(gni_column_get(columns, 0, test_arena(), &cell), GN_OK);
    CHECK_INT(cell.integer, i);
    gni_array_close(&batch);
  }
  CHECK_OK(gni_stream_next(&stream, &batch, &err), &err);
  CHECK(batch.release == NULL);
  gni_schema_close(&schema);
  gni_stream_close(&stream);
  CHECK_INT(source.closed, 1);
  gni_stream_close(&stream);
  CHECK_INT(source.closed, 1);
}

static void a_failure_arrives_whole(void)
{
  gn_error err = {0};
  struct source source = {.fail_at = 1};
  struct ArrowArrayStream stream;
  struct ArrowArray batch;
  open_stream(&source, &stream);
  CHECK_OK(gni_stream_next(&stream, &batch, &err), &err);
  gni_array_close(&batch);
  CHECK_INT(gni_stream_next(&stream, &batch, &err), GN_E_TIMEOUT);
  CHECK_INT(err.code, GN_E_TIMEOUT);
  CHECK_TEXT(err.message, "the third batch never came");
  CHECK_TEXT(err.hint, "wait longer");
  CHECK_TEXT(stream.get_last_error(&stream), "the third batch never came");
  gni_stream_close(&stream);
}

static int refuse(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  (void)stream;
  (void)out;
  return ENOMEM;
}

static const char *say(struct ArrowArrayStream *stream)
{
  return stream->private_data;
}

static void the_failure_of_a_foreign_stream_keeps_its_text(void)
{
  gn_error err = {0};
  char text[] = "their words";
  struct ArrowArrayStream stream = {
      .get_next = refuse, .get_last_error = say, .private_data = text};
  struct ArrowArray batch;
  CHECK_INT(gni_stream_next(&stream, &batch, &err), GN_E_NOMEM);
  CHECK_INT(err.native, ENOMEM);
  CHECK_TEXT(err.message, "their words");
}

static void make(const gn_alloc *alloc)
{
  gn_error err = {0};
  struct source source = {.fail_at = -1};
  struct ArrowArrayStream stream;
  int rc = gni_stream_new(row_type(), next_batch, close_source, &source, alloc, &stream, &err);
  CHECK(rc == GN_OK ? stream.release != NULL : rc == GN_E_NOMEM && stream.release == NULL);
  gni_stream_close(&stream);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK_INT(test_each_oom(make), 1);
}

int main(void)
{
  static const test_case cases[] = {
      {"a callback is a stream of its batches", a_callback_is_a_stream_of_its_batches},
      {"a failure arrives whole", a_failure_arrives_whole},
      {"the failure of a foreign stream keeps its text",
       the_failure_of_a_foreign_stream_keeps_its_text},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
