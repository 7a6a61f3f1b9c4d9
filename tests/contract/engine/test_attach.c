/* Streams that SQL reads. SPDX-License-Identifier: Apache-2.0 */
#include "contract/engine/rows.h"

/* Gives `batches` batches of `rows` rows: k = 0, 1, 2, …, s = "v<k>" or null, l = [k, null]. */
struct source {
  const gni_type *type;
  int64_t batches, rows, given;
  int fail_with; /* instead of the batch after the last */
  int closed;
};

static int source_next(void *user, struct ArrowArray *out, gn_error *err)
{
  struct source *source = user;
  gni_builder *builder;
  if (source->given == source->batches * source->rows)
    return source->fail_with ? gni_fail(err, source->fail_with, "the source failed") : GN_OK;
  int rc = gni_builder_new(source->type, test_alloc(), &builder, err);
  for (int64_t i = 0; rc == GN_OK && i < source->rows; i++, source->given++) {
    char text[24];
    gn_buf name = {.alloc = test_alloc(), .ceiling_bytes = 64};
    gni_buf_add_format(&name, "v%lld", (long long)source->given);
    memcpy(text, name.ptr, name.len);
    gni_value items[2] = {gni_value_integer(source->given), GNI_NULL_VALUE};
    gni_value row[3] = {gni_value_integer(source->given),
                        source->given % 3 ? gni_value_text((gn_str){text, name.len})
                                          : GNI_NULL_VALUE,
                        {.list = {items, 2}}};
    rc = gni_builder_add(builder, row, err);
    gni_buf_deinit(&name);
  }
  if (rc == GN_OK) rc = gni_builder_finish(builder, out, err);
  gni_builder_free(builder);
  return rc;
}

static void source_close(void *user)
{
  struct source *source = user;
  source->closed++;
}

/* Of the types of a case. */
static gn_arena types;

static void types_deinit(void *what)
{
  (void)what;
  gni_arena_deinit(&types);
  types.alloc = NULL;
}

static struct source the_source;

static struct ArrowArrayStream source_open(int64_t batches, int64_t rows, int fail_with)
{
  struct source *source = &the_source;
  struct ArrowArrayStream stream;
  gn_error err = {0};
  *source = (struct source){.batches = batches, .rows = rows, .fail_with = fail_with};
  if (!types.alloc) {
    gni_arena_init(&types, test_alloc(), 1 << 16);
    test_later(types_deinit, NULL);
  }
  CHECK_OK(gni_type_parse(GN_STR("struct<k:bigint,s:string,l:array<bigint>>"), &types,
                          &source->type, &err),
           &err);
  CHECK_OK(
      gni_stream_new(source->type, source_next, source_close, source, test_alloc(), &stream, &err),
      &err);
  return stream;
}

static void attach(gni_engine *engine, const char *name, struct ArrowArrayStream stream)
{
  gn_error err = {0};
  CHECK_OK(gni_engine_attach(engine, gni_str(name), &stream, &err), &err);
  CHECK(stream.release == NULL);
}

static void a_stream_is_read_as_a_table(void)
{
  gni_engine *engine = test_engine();
  attach(engine, "it's \"one\"", source_open(2, 2, 0));
  CHECK_TEXT(test_rows(engine, "SELECT * FROM \"it's \"\"one\"\"\""),
             "0,null,[0,null]\n1,\"v1\",[1,null]\n2,\"v2\",[2,null]\n3,null,[3,null]");
}

static void batches_of_any_size_keep_their_order(void)
{
  static const int64_t sizes[] = {1, 7, 2047, 2048, 2049, 10000};
  gni_engine *engine = test_engine();
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    attach(engine, "t", source_open(3, sizes[i], 0));
    CHECK_TEXT(test_rows(engine,
                         "SELECT count(*) = %lld, "
                         "bool_and(k = n AND l[1] = k AND len(l) = 2 AND "
                         "s IS NOT DISTINCT FROM CASE WHEN k %% 3 <> 0 THEN 'v' || k END) "
                         "FROM (SELECT *, row_number() OVER () - 1 AS n FROM t)",
                         (long long)(3 * sizes[i])),
               "true,true");
    CHECK_INT(gni_engine_detach(engine, GN_STR("t"), NULL), GN_OK);
  }
}

static void only_the_columns_asked_for_are_read(void)
{
  gni_engine *engine = test_engine();
  attach(engine, "t", source_open(5, 1000, 0));
  CHECK_TEXT(test_rows(engine, "SELECT max(s) FROM t WHERE k < 10"), "\"v8\"");
  CHECK_INT(gni_engine_detach(engine, GN_STR("t"), NULL), GN_OK);
  attach(engine, "t", source_open(5, 1000, 0));
  CHECK_TEXT(test_rows(engine, "SELECT count(*) FROM t"), "5000");
}

static void an_empty_stream_has_columns(void)
{
  gni_engine *engine = test_engine();
  attach(engine, "t", source_open(0, 0, 0));
  CHECK_TEXT(test_rows(engine, "SELECT * FROM t"), "");
  CHECK_TEXT(test_type(engine, "SELECT * FROM t"), "struct<k:bigint,s:string,l:array<bigint>>");
}

static void an_answer_of_the_engine_is_attached(void)
{
  gni_engine *engine = test_engine();
  struct ArrowArrayStream stream;
  gn_error err = {0};
  CHECK_OK(
      gni_engine_query(engine,
                       GN_STR("SELECT i AS k, 1.5::DECIMAL(20, 3) AS d, MAP {i: {'x': i}} AS m, "
                              "TIMESTAMP '2024-01-01' AS t, i::UTINYINT AS u "
                              "FROM range(200) r(i) WHERE i > 197"),
                       &stream, &err),
      &err);
  attach(engine, "t", stream);
  CHECK_TEXT(test_rows(engine, "SELECT * FROM t"),
             "198,\"1.500\",{\"198\":{\"x\":198}},\"2024-01-01T00:00:00Z\",198\n"
             "199,\"1.500\",{\"199\":{\"x\":199}},\"2024-01-01T00:00:00Z\",199");
}

static void a_stream_is_read_once(void)
{
  gni_engine *engine = test_engine();
  gn_error err = {0};
  int64_t value;
  attach(engine, "t", source_open(1, 10, 0));
  CHECK_TEXT(test_rows(engine, "SELECT count(*) FROM t"), "10");
  CHECK(gni_engine_query_int64(engine, GN_STR("SELECT count(*) FROM t"), &value, &err) < 0);
  CHECK(strstr(err.message, "a second time") != NULL);
}

static void two_streams_of_one_name_are_refused(void)
{
  gni_engine *engine = test_engine();
  struct ArrowArrayStream second;
  gn_error err = {0};
  attach(engine, "t", source_open(1, 10, 0));
  CHECK_OK(gni_engine_query(engine, GN_STR("SELECT 1 AS x"), &second, &err), &err);
  CHECK_INT(gni_engine_attach(engine, GN_STR("t"), &second, &err), GN_E_EXISTS);
  CHECK(second.release == NULL);
}

static void what_fails_in_the_stream_is_what_is_reported(void)
{
  static const int codes[] = {GN_E_NOMEM, GN_E_CANCELLED, GN_E_IO};
  gni_engine *engine = test_engine();
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    gn_error err = {0};
    int64_t value;
    attach(engine, "t", source_open(2, 3000, codes[i]));
    CHECK_INT(gni_engine_query_int64(engine, GN_STR("SELECT sum(k) FROM t"), &value, &err),
              codes[i]);
    CHECK_TEXT(err.message, "the source failed");
    CHECK_INT(gni_engine_detach(engine, GN_STR("t"), &(gn_error){0}), GN_OK);
  }
}

static void a_detached_stream_is_closed_and_gone(void)
{
  gni_engine *engine = test_engine();
  gn_error err = {0};
  int64_t value;
  attach(engine, "t", source_open(1, 10, 0));
  CHECK_INT(gni_engine_detach(engine, GN_STR("t"), &err), GN_OK);
  CHECK_INT(the_source.closed, 1);
  CHECK_INT(gni_engine_query_int64(engine, GN_STR("SELECT count(*) FROM t"), &value, &err),
            GN_E_NOTFOUND);
  CHECK_INT(gni_engine_detach(engine, GN_STR("t"), &err), GN_OK);
}

static void a_stream_may_read_from_the_engine_it_feeds(void)
{
  gni_engine *engine = test_engine_with((gni_engine_config){.threads = 1});
  struct ArrowArrayStream stream;
  gn_error err = {0};
  CHECK_OK(gni_engine_query(engine,
                            GN_STR("SELECT i AS k FROM range(500000) t(i) ORDER BY hash(i)"),
                            &stream, &err),
           &err);
  attach(engine, "t", stream);
  CHECK_TEXT(test_rows(engine, "SELECT count(*), sum(k)::BIGINT FROM t"), "500000,124999750000");
}

int main(void)
{
  static const test_case cases[] = {
      {"a stream is read as a table", a_stream_is_read_as_a_table},
      {"batches of any size keep their order", batches_of_any_size_keep_their_order},
      {"only the columns asked for are read", only_the_columns_asked_for_are_read},
      {"an empty stream has columns", an_empty_stream_has_columns},
      {"an answer of the engine is attached", an_answer_of_the_engine_is_attached},
      {"a stream is read once", a_stream_is_read_once},
      {"two streams of one name are refused", two_streams_of_one_name_are_refused},
      {"what fails in the stream is what is reported",
       what_fails_in_the_stream_is_what_is_reported},
      {"a detached stream is closed and gone", a_detached_stream_is_closed_and_gone},
      {"a stream may read from the engine it feeds", a_stream_may_read_from_the_engine_it_feeds},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
