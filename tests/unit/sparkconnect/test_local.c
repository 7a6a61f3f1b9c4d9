/* Rows of ours against a script: what goes with a query, what goes into the cache, what does not
 * go. SPDX-License-Identifier: Apache-2.0 */
#include <sparkconnect/protocol.h>
#include <stdio.h>

#include "data/data.h"
#include "kit/kit.h"
#include "script.h"
#include "wire/proto.h"

static script play;
static sparkc_session *session;

static void close_session(void *unused)
{
  (void)unused;
  sparkc_session_close(session);
  session = NULL;
}

static void open_with(const script_answer *answers, size_t count, const gn_alloc *memory)
{
  sparkc_error err = {0};
  play = (script){.answers = answers, .count = count, .alloc = memory};
  const sparkc_alloc alloc = {memory->resize, memory->user};
  CHECK_INT(sparkp_session_open_over(SPARKC_SESSION_ARGS(.url = SCRIPT_URL, .alloc = &alloc),
                                     &script_transport, &play, &session, &err),
            SPARKC_OK);
  test_later(close_session, NULL);
}

#define PLAY(...)                                                                                  \
  const script_answer answers[] = {__VA_ARGS__};                                                   \
  open_with(answers, sizeof answers / sizeof *answers, test_alloc())

#define THRESHOLD "spark.sql.session.localRelationCacheThreshold"
#define ROWS "spark.sql.session.localRelationChunkSizeRows"
#define BYTES "spark.sql.session.localRelationChunkSizeBytes"
#define TOGETHER "spark.sql.session.localRelationBatchOfChunksSizeBytes"
#define SETTINGS(...) script_settings((const char *const[]){__VA_ARGS__, NULL})
#define CONFIG(...)                                                                                \
  {                                                                                                \
    .method = "Config", .messages = {SETTINGS(__VA_ARGS__)}                                        \
  }
#define NOTHING_IS_THERE                                                                           \
  {                                                                                                \
    .method = "ArtifactStatus", .messages = {script_statuses((const char *const[]){NULL})}         \
  }
#define ADDED                                                                                      \
  {                                                                                                \
    .method = "AddArtifacts",                                                                      \
    .messages = {script_arrivals((const script_arrival[]){{NULL, false}})}                         \
  }

/* ---- rows: bigints in batches ---------------------------------------------------------------- */

struct numbers {
  int64_t next, end, batch;
};
static bool repeated; /* every batch holds the same */

static int next_numbers(void *user, struct ArrowArray *out, gn_error *err)
{
  struct numbers *own = user;
  const gni_field field = {GN_STR("id"), &gni_type_long};
  const gni_type type = {.kind = GNI_STRUCT, .field_count = 1, .fields = &field};
  gni_builder *builder;
  *out = (struct ArrowArray){.release = NULL};
  if (own->next == own->end) return GN_OK;
  int rc = gni_builder_new(&type, &gni_libc_alloc, &builder, err);
  if (rc != GN_OK) return rc;
  for (int64_t i = 0; i < own->batch && own->next < own->end && rc == GN_OK; i++) {
    gni_value value = gni_value_integer(repeated ? i : own->next);
    own->next++;
    rc = gni_builder_add(builder, &value, err);
  }
  if (rc == GN_OK) rc = gni_builder_finish(builder, out, err);
  gni_builder_free(builder);
  return rc;
}

static int create(sparkc_session *s, int64_t rows, int64_t batch, const char *schema,
                  sparkc_dataframe **out, sparkc_error *err)
{
  const gni_field field = {GN_STR("id"), &gni_type_long};
  const gni_type type = {.kind = GNI_STRUCT, .field_count = 1, .fields = &field};
  struct numbers own = {0, rows, batch};
  struct ArrowArrayStream stream;
  gn_error why = {0};
  CHECK_OK(gni_stream_new(&type, next_numbers, NULL, &own, &gni_libc_alloc, &stream, &why), &why);
  int rc = sparkc_create(s, &stream, schema, out, err);
  stream.release(&stream);
  return rc;
}

/* The member of the relation's oneof, in bytes of `room`. */
static gn_str relation_member(const sparkc_dataframe *df, uint32_t number, char *room, size_t size)
{
  sparkc_error err = {0};
  gni_proto_field field;
  size_t len;
  CHECK_INT(sparkc_relation_encode(df, room, size, &len, &err), SPARKC_OK);
  bool there = gni_proto_find((gn_str){room, len}, number, &field) == GN_OK;
  return there ? gni_proto_bytes(&field) : (gn_str){NULL, 0};
}

static size_t count_of(gn_str message, uint32_t number)
{
  gni_proto_field field;
  size_t count = 0;
  while (gni_proto_next(&message, &field) == GN_OK) count += field.number == number;
  return count;
}

enum { LOCAL = 11, CACHED = 36, CHUNKED = 45, ROOM = 1 << 20 };
static char room[ROOM];

/* ---- where they go --------------------------------------------------------------------------- */

static void few_rows_go_with_the_query_and_nobody_is_asked(void)
{
  sparkc_dataframe *df;
  sparkc_error err = {0};
  PLAY({.method = "none"});
  CHECK_INT(create(session, 1000, 1000, "id BIGINT", &df, &err), SPARKC_OK);
  gn_str local = relation_member(df, LOCAL, room, ROOM);
  CHECK(local.len > 8000 && local.len < 9000);
  CHECK_INT(count_of(local, 2), 1);
  CHECK_TEXT(play.log, "");
  sparkc_dataframe_free(df);
}

static void up_to_the_servers_threshold_they_go_with_the_query(void)
{
  sparkc_dataframe *df;
  sparkc_error err = {0};
  PLAY(CONFIG(THRESHOLD, "1048576", ROWS, "10000", BYTES, "16777216"));
  CHECK_INT(create(session, 20000, 5000, NULL, &df, &err), SPARKC_OK);
  CHECK(relation_member(df, LOCAL, room, ROOM).len > 160000);
  CHECK_TEXT(play.log, "Config");
  sparkc_dataframe_free(df);
}

static void more_rows_go_into_the_cache_in_chunks(void)
{
  sparkc_dataframe *df;
  sparkc_error err = {0};
  PLAY(CONFIG(THRESHOLD, "100000", ROWS, "10000", BYTES, "16777216", TOGETHER, "1000000000"),
       NOTHING_IS_THERE, ADDED, NOTHING_IS_THERE, ADDED);
  CHECK_INT(create(session, 50000, 3000, "id BIGINT", &df, &err), SPARKC_OK);
  gn_str chunked = relation_member(df, CHUNKED, room, ROOM);
  /* The first chunk ends where the threshold was passed. */
  CHECK_INT(count_of(chunked, 1), 5);
  CHECK_INT(count_of(chunked, 2), 1);
  CHECK(strstr(play.log, "Config ArtifactStatus AddArtifacts small:cache/") == play.log);
  CHECK(play.sent_bytes > 400000 && play.sent_bytes < 500000);
  sparkc_dataframe_free(df);
}

static void chunks_have_as_many_bytes_as_the_server_says(void)
{
  sparkc_dataframe *df;
  sparkc_error err = {0};
  PLAY(CONFIG(THRESHOLD, "0", ROWS, "1000000", BYTES, "100000"), NOTHING_IS_THERE, ADDED);
  CHECK_INT(create(session, 125000, 125000, NULL, &df, &err), SPARKC_OK);
  gn_str chunked = relation_member(df, CHUNKED, room, ROOM);
  CHECK(count_of(chunked, 1) >= 10 && count_of(chunked, 1) <= 12);
  CHECK_INT(count_of(chunked, 2), 0);
  sparkc_dataframe_free(df);
}

/* What the first upload put there, as the second one's answer. */
static const char *uploaded_names(const char *log, const char *names[], size_t most)
{
  static char texts[4096];
  size_t count = 0;
  snprintf(texts, sizeof texts, "%s", log);
  for (char *at = texts; (at = strstr(at, "cache/")) != NULL && count + 1 < most; at += 70) {
    names[count++] = at;
    if (at[70]) at[70] = '\0', at++;
  }
  names[count] = NULL;
  return count ? names[0] : "";
}

static void rows_that_are_there_are_not_sent_again(void)
{
  const char *names[20];
  sparkc_dataframe *df;
  sparkc_error err = {0};
  PLAY(CONFIG(THRESHOLD, "0", ROWS, "10000", BYTES, "100000"), NOTHING_IS_THERE, ADDED);
  CHECK_INT(create(session, 40000, 7000, NULL, &df, &err), SPARKC_OK);
  sparkc_dataframe_free(df);
  CHECK(play.sent_bytes > 300000);
  CHECK(strncmp(uploaded_names(play.log, names, 20), "cache/", 6) == 0);
  close_session(NULL);
  const script_answer again[] = {
      CONFIG(THRESHOLD, "0", ROWS, "10000", BYTES, "100000"),
      {.method = "ArtifactStatus", .messages = {script_statuses(names)}}};
  open_with(again, 2, test_alloc());
  CHECK_INT(create(session, 40000, 7000, NULL, &df, &err), SPARKC_OK);
  sparkc_dataframe_free(df);
  CHECK_INT(play.sent_bytes, 0);
  CHECK_TEXT(play.log, "Config ArtifactStatus");
}

static void chunks_that_are_alike_are_sent_once(void)
{
  sparkc_dataframe *df;
  sparkc_error err = {0};
  PLAY(CONFIG(THRESHOLD, "0", ROWS, "1024", BYTES, "1000000"), NOTHING_IS_THERE, ADDED);
  repeated = true;
  int rc = create(session, 20480, 1024, NULL, &df, &err);
  repeated = false;
  CHECK_INT(rc, SPARKC_OK);
  size_t sent = 0;
  for (const char *at = play.log; (at = strstr(at, "small:")) != NULL; at++) sent++;
  /* The first chunk is longer: it passes what need not be asked for. */
  CHECK(count_of(relation_member(df, CHUNKED, room, ROOM), 1) > 10);
  CHECK_INT(sent, 2);
  sparkc_dataframe_free(df);
}

static void an_older_server_gets_one_message(void)
{
  sparkc_dataframe *df;
  sparkc_error err = {0};
  PLAY(CONFIG(THRESHOLD, "100000"), NOTHING_IS_THERE, ADDED);
  CHECK_INT(create(session, 50000, 50000, "id BIGINT", &df, &err), SPARKC_OK);
  CHECK_INT(count_of(relation_member(df, CACHED, room, ROOM), 3), 1);
  CHECK(play.sent_bytes > 400000);
  sparkc_dataframe_free(df);
}

static void bytes_of_arrow_go_the_same_ways(void)
{
  static char ipc[200000]; /* what is in them only the server looks at */
  sparkc_dataframe *df;
  sparkc_error err = {0};
  PLAY(CONFIG(THRESHOLD, "1000000"), CONFIG(THRESHOLD, "1000", ROWS, "10", BYTES, "10"),
       NOTHING_IS_THERE, ADDED, CONFIG(THRESHOLD, "1000"), NOTHING_IS_THERE, ADDED);
  CHECK_INT(sparkc_local(session, ipc, 60000, NULL, &df, &err), SPARKC_OK);
  CHECK_INT(relation_member(df, LOCAL, room, ROOM).len, 60004);
  sparkc_dataframe_free(df);
  CHECK_INT(sparkc_local(session, ipc, sizeof ipc, NULL, &df, &err), SPARKC_OK);
  CHECK_INT(relation_member(df, LOCAL, room, ROOM).len, 200004);
  sparkc_dataframe_free(df);
  CHECK_INT(sparkc_local(session, ipc, sizeof ipc, NULL, &df, &err), SPARKC_OK);
  CHECK_INT(count_of(relation_member(df, CHUNKED, room, ROOM), 1), 1);
  sparkc_dataframe_free(df);
  CHECK_INT(sparkc_local(session, ipc, sizeof ipc, "a INT", &df, &err), SPARKC_OK);
  CHECK_INT(count_of(relation_member(df, CACHED, room, ROOM), 3), 1);
  sparkc_dataframe_free(df);
}

static void a_server_that_does_not_answer_is_said(void)
{
  sparkc_dataframe *df;
  sparkc_error err = {0};
  PLAY({.method = "Config", .code = GNI_GRPC_PERMISSION_DENIED, .text = "not you"});
  CHECK_INT(create(session, 50000, 50000, NULL, &df, &err), SPARKC_E_TRANSPORT);
  CHECK_TEXT(err.message, "not you");
}

/* ---- memory ---------------------------------------------------------------------------------- */

struct meter {
  size_t now, most;
};

static void *metered(void *user, void *block, size_t old_size, size_t size)
{
  struct meter *meter = user;
  meter->now = meter->now - old_size + size;
  if (meter->now > meter->most) meter->most = meter->now;
  return gni_libc_alloc.resize(gni_libc_alloc.user, block, old_size, size);
}

static void memory_does_not_grow_with_the_rows(void)
{
  script_answer many[40] = {
      CONFIG(THRESHOLD, "0", ROWS, "100000", BYTES, "500000", TOGETHER, "2000000")};
  struct meter meter = {0, 0};
  const gn_alloc memory = {metered, &meter};
  sparkc_dataframe *df;
  sparkc_error err = {0};
  for (size_t i = 1; i < 40; i += 2) {
    many[i] = (script_answer)NOTHING_IS_THERE;
    if (i + 1 < 40) many[i + 1] = (script_answer)ADDED;
  }
  open_with(many, 40, &memory);
  CHECK_INT(create(session, 3000000, 100000, NULL, &df, &err), SPARKC_OK);
  sparkc_dataframe_free(df);
  CHECK(play.sent_bytes > 24000000);
  CHECK(meter.most < 7000000);
  close_session(NULL);
}

static const script_answer *oom_answers;

static void one_creation_with(const gn_alloc *alloc)
{
  script own = {.answers = oom_answers, .count = 3, .alloc = alloc};
  const sparkc_alloc hooks = {alloc->resize, alloc->user};
  sparkc_session *s;
  sparkc_dataframe *df;
  sparkc_error err = {0};
  if (sparkp_session_open_over(
          SPARKC_SESSION_ARGS(.url = SCRIPT_URL, .alloc = &hooks, .retries_max = -1),
          &script_transport, &own, &s, &err) == SPARKC_OK) {
    if (create(s, 30000, 10000, NULL, &df, &err) == SPARKC_OK) sparkc_dataframe_free(df);
    sparkc_session_close(s);
  }
  sparkc_error_clear(&err);
}

static void every_failed_allocation_is_survived(void)
{
  const script_answer answers[] = {CONFIG(THRESHOLD, "0", ROWS, "10000", BYTES, "100000"),
                                   NOTHING_IS_THERE, ADDED};
  oom_answers = answers;
  CHECK(test_each_oom(one_creation_with) > 20);
}

int main(void)
{
  static const test_case cases[] = {
      {"few rows go with the query, and nobody is asked",
       few_rows_go_with_the_query_and_nobody_is_asked},
      {"up to the server's threshold they go with the query",
       up_to_the_servers_threshold_they_go_with_the_query},
      {"more rows go into the cache in chunks", more_rows_go_into_the_cache_in_chunks},
      {"chunks have as many bytes as the server says",
       chunks_have_as_many_bytes_as_the_server_says},
      {"rows that are there are not sent again", rows_that_are_there_are_not_sent_again},
      {"chunks that are alike are sent once", chunks_that_are_alike_are_sent_once},
      {"an older server gets one message", an_older_server_gets_one_message},
      {"bytes of Arrow go the same ways", bytes_of_arrow_go_the_same_ways},
      {"a server that does not answer is said", a_server_that_does_not_answer_is_said},
      {"memory does not grow with the rows", memory_does_not_grow_with_the_rows},
      {"every failed allocation is survived", every_failed_allocation_is_survived},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
