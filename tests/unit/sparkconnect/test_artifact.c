/* Artifacts against a script: how they are cut, what is sent again, what is refused.
 * SPDX-License-Identifier: Apache-2.0 */
#include <sparkconnect/artifact.h>
#include <stdio.h>

#include "kit/kit.h"
#include "script.h"

static script play;
static sparkc_session *session;
static int64_t told_bytes, told_whole;

static void count_uploads(void *user, const sparkc_event *event)
{
  (void)user;
  if (event->kind != SPARKC_EVENT_UPLOAD) return;
  told_bytes = event->bytes;
  told_whole += event->finished;
}

static void close_session(void *unused)
{
  (void)unused;
  sparkc_session_close(session);
  session = NULL;
}

static void open_over(const script_answer *answers, size_t count)
{
  sparkc_error err = {0};
  play = (script){.answers = answers, .count = count, .alloc = test_alloc()};
  const sparkc_alloc alloc = {play.alloc->resize, play.alloc->user};
  told_bytes = told_whole = 0;
  CHECK_INT(sparkp_session_open_over(
                SPARKC_SESSION_ARGS(.url = SCRIPT_URL, .alloc = &alloc, .on_event = count_uploads),
                &script_transport, &play, &session, &err),
            SPARKC_OK);
  test_later(close_session, NULL);
}

#define PLAY(...)                                                                                  \
  const script_answer answers[] = {__VA_ARGS__};                                                   \
  open_over(answers, sizeof answers / sizeof *answers)

#define ARRIVALS(...) script_arrivals((const script_arrival[]){__VA_ARGS__, {NULL, false}})

static char *many_bytes(size_t size)
{
  char *bytes = gni_alloc(test_alloc(), size);
  for (size_t i = 0; i < size; i++) bytes[i] = (char)(i * 7);
  return bytes;
}

/* ---- how they go ----------------------------------------------------------------------------- */

static void small_ones_go_together_and_large_ones_in_pieces(void)
{
  size_t size = (2 << 20) + 5;
  char *bytes = many_bytes(size);
  sparkc_error err = {0};
  const sparkc_artifact artifacts[] = {
      {.kind = SPARKC_ARTIFACT_FILE, .name = "a.txt", .bytes = "one", .size = 3},
      {.kind = SPARKC_ARTIFACT_PYFILE, .name = "b.py", .bytes = "", .size = 0},
      {.kind = SPARKC_ARTIFACT_JAR, .name = "c.jar", .bytes = bytes, .size = size},
      {.kind = SPARKC_ARTIFACT_FILE, .name = "in/d", .bytes = "four", .size = 4}};
  PLAY({.method = "AddArtifacts",
        .messages = {ARRIVALS({"files/a.txt", true}, {"pyfiles/b.py", true}, {"jars/c.jar", true},
                              {"files/in/d", true})}});
  CHECK_INT(sparkc_artifacts_add(session, artifacts, 4, &err), SPARKC_OK);
  CHECK_TEXT(play.log, "AddArtifacts small:files/a.txt small:pyfiles/b.py begin:jars/c.jar more "
                       "more small:files/in/d end");
  CHECK_INT(told_whole, 4);
  CHECK_INT(told_bytes, 4);
  gni_free(test_alloc(), bytes, size);
}

static void a_file_is_read_from_the_disk_under_its_own_name(void)
{
  sparkc_error err = {0};
  const char *path = test_path("deps.tar.gz");
  char with_alias[600];
  test_write_file(path, "not really an archive");
  snprintf(with_alias, sizeof with_alias, "%s#env", path);
  PLAY({.method = "AddArtifacts", .messages = {ARRIVALS({"archives/deps.tar.gz#env", true})}},
       {.method = "AddArtifacts", .messages = {ARRIVALS({"forward_to_fs/srv/x", true})}});
  CHECK_INT(sparkc_artifact_add(session, SPARKC_ARTIFACT_ARCHIVE, with_alias, &err), SPARKC_OK);
  CHECK_INT(told_bytes, 21);
  CHECK_INT(sparkc_copy_to_server(session, path, "/srv/x", &err), SPARKC_OK);
  CHECK_TEXT(play.log, "AddArtifacts small:archives/deps.tar.gz#env end "
                       "AddArtifacts small:forward_to_fs/srv/x end");
}

static void what_arrived_damaged_is_sent_again_alone(void)
{
  sparkc_error err = {0};
  const sparkc_artifact artifacts[] = {
      {.kind = SPARKC_ARTIFACT_FILE, .name = "a", .bytes = "one", .size = 3},
      {.kind = SPARKC_ARTIFACT_FILE, .name = "b", .bytes = "two", .size = 3}};
  PLAY({.method = "AddArtifacts", .messages = {ARRIVALS({"files/a", true}, {"files/b", false})}},
       {.method = "AddArtifacts", .messages = {ARRIVALS({"files/b", true})}});
  CHECK_INT(sparkc_artifacts_add(session, artifacts, 2, &err), SPARKC_OK);
  CHECK_TEXT(play.log,
             "AddArtifacts small:files/a small:files/b end AddArtifacts small:files/b end");
}

static void what_is_always_damaged_is_a_failure(void)
{
  sparkc_error err = {0};
  const script_answer bad = {.method = "AddArtifacts", .messages = {ARRIVALS({"files/a", false})}};
  const sparkc_artifact one = {
      .kind = SPARKC_ARTIFACT_FILE, .name = "a", .bytes = "one", .size = 3};
  PLAY(bad, bad, bad);
  CHECK_INT(sparkc_artifacts_add(session, &one, 1, &err), SPARKC_E_TRANSPORT);
  CHECK_TEXT(err.message, "artifact 'files/a' arrived damaged 3 times");
  CHECK_INT(err.retryable, 1);
}

static void an_upload_that_breaks_begins_anew(void)
{
  sparkc_error err = {0};
  const sparkc_artifact one = {
      .kind = SPARKC_ARTIFACT_FILE, .name = "a", .bytes = "one", .size = 3};
  PLAY({.method = "AddArtifacts", .code = GNI_GRPC_UNAVAILABLE, .text = "gone"},
       {.method = "AddArtifacts", .messages = {ARRIVALS({"files/a", true})}});
  CHECK_INT(sparkc_artifacts_add(session, &one, 1, &err), SPARKC_OK);
  CHECK_TEXT(play.log, "AddArtifacts small:files/a end AddArtifacts small:files/a end");
  CHECK_INT(play.waits_us[0], 50000);
}

static void an_answer_in_the_middle_ends_the_upload(void)
{
  size_t size = 5 << 20;
  char *bytes = many_bytes(size);
  sparkc_error err = {0};
  const char *const metadata[] = {"errorClass", "ARTIFACT_ALREADY_EXISTS", "sqlState", "42713",
                                  NULL};
  const sparkc_artifact one = {
      .kind = SPARKC_ARTIFACT_JAR, .name = "a.jar", .bytes = bytes, .size = size};
  PLAY({.method = "AddArtifacts",
        .code = GNI_GRPC_INTERNAL,
        .text = "[ARTIFACT_ALREADY_EXISTS] it is there",
        .details = script_error_info(metadata)});
  play.closes_after = 2;
  CHECK_INT(sparkc_artifacts_add(session, &one, 1, &err), SPARKC_E_REMOTE);
  CHECK_TEXT(err.error_class, "ARTIFACT_ALREADY_EXISTS");
  CHECK_TEXT(play.log, "AddArtifacts begin:jars/a.jar more");
  sparkc_error_clear(&err);
  gni_free(test_alloc(), bytes, size);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void names_that_make_no_sense_are_refused_before_anything_is_sent(void)
{
  static const struct {
    int kind;
    const char *name, *message;
  } cases[] = {{SPARKC_ARTIFACT_FILE, "../x", "'../x' is no name for an artifact"},
               {SPARKC_ARTIFACT_FILE, "/x", "'/x' is no name for an artifact"},
               {SPARKC_ARTIFACT_FILE, "a//b", "'a//b' is no name for an artifact"},
               {SPARKC_ARTIFACT_FILE, "", "'' is no name for an artifact"},
               {SPARKC_ARTIFACT_JAR, "x.zip", "'x.zip' has not the ending of what it is to be"},
               {SPARKC_ARTIFACT_PYFILE, ".py", "'.py' has not the ending of what it is to be"},
               {SPARKC_ARTIFACT_ARCHIVE, "a.gz#b", "'a.gz' has not the ending of what it is to be"},
               {9, "x", "9 is no kind of artifact"}};
  open_over(NULL, 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sparkc_error err = {0};
    const sparkc_artifact one = {
        .kind = cases[i].kind, .name = cases[i].name, .bytes = "x", .size = 1};
    CHECK_INT(sparkc_artifacts_add(session, &one, 1, &err), SPARKC_E_PLAN);
    CHECK_TEXT(err.message, cases[i].message);
  }
  sparkc_error err = {0};
  CHECK_INT(sparkc_artifact_add(session, SPARKC_ARTIFACT_FILE, "/no/such/file", &err),
            SPARKC_E_PLAN);
  CHECK_TEXT(err.message, "cannot read '/no/such/file': No such file or directory");
  err = (sparkc_error){0};
  CHECK_INT(sparkc_artifact_add(session, SPARKC_ARTIFACT_FILE, test_folder(), &err), SPARKC_E_PLAN);
  err = (sparkc_error){0};
  CHECK_INT(sparkc_copy_to_server(session, "/etc/hostname", "here", &err), SPARKC_E_PLAN);
  CHECK_TEXT(err.message, "'here' is no absolute path");
  CHECK_TEXT(play.log, "");
}

/* ---- the cache ------------------------------------------------------------------------------- */

#define ABC_HASH "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void bytes_that_the_server_has_are_not_sent(void)
{
  char hash[65];
  sparkc_error err = {0};
  const char *const there[] = {"cache/" ABC_HASH, NULL}, *const nothing[] = {NULL};
  PLAY({.method = "ArtifactStatus", .messages = {script_statuses(nothing)}},
       {.method = "AddArtifacts", .messages = {ARRIVALS({"cache/" ABC_HASH, true})}},
       {.method = "ArtifactStatus", .messages = {script_statuses(there)}});
  CHECK_INT(sparkc_cache_bytes(session, "abc", 3, hash, &err), SPARKC_OK);
  CHECK_TEXT(hash, ABC_HASH);
  size_t sent = play.sent_bytes;
  CHECK(sent > 0);
  CHECK_INT(sparkc_cache_bytes(session, "abc", 3, hash, &err), SPARKC_OK);
  CHECK_INT(play.sent_bytes, sent);
  CHECK_TEXT(play.log, "ArtifactStatus AddArtifacts small:cache/" ABC_HASH " end ArtifactStatus");
}

static void what_exists_is_told_name_by_name(void)
{
  int32_t exists[3] = {7, 7, 7};
  sparkc_error err = {0};
  const char *const there[] = {"files/b", NULL};
  const char *const names[] = {"files/a", "files/b", "files/c"};
  PLAY({.method = "ArtifactStatus", .messages = {script_statuses(there)}});
  CHECK_INT(sparkc_artifacts_exist(session, names, 3, exists, &err), SPARKC_OK);
  CHECK_INT(exists[0], 0);
  CHECK_INT(exists[1], 1);
  CHECK_INT(exists[2], 0);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static const script_answer *oom_answers;

static void one_upload_with(const gn_alloc *alloc)
{
  script own = {.answers = oom_answers, .count = 2, .alloc = alloc};
  const sparkc_alloc hooks = {alloc->resize, alloc->user};
  char hash[65];
  sparkc_session *s;
  sparkc_error err = {0};
  if (sparkp_session_open_over(
          SPARKC_SESSION_ARGS(.url = SCRIPT_URL, .alloc = &hooks, .retries_max = -1),
          &script_transport, &own, &s, &err) == SPARKC_OK) {
    sparkc_cache_bytes(s, "abc", 3, hash, &err);
    sparkc_session_close(s);
  }
  sparkc_error_clear(&err);
}

static void every_failed_allocation_is_survived(void)
{
  const char *const nothing[] = {NULL};
  const script_answer answers[] = {
      {.method = "ArtifactStatus", .messages = {script_statuses(nothing)}},
      {.method = "AddArtifacts", .messages = {ARRIVALS({"cache/" ABC_HASH, true})}}};
  oom_answers = answers;
  CHECK(test_each_oom(one_upload_with) > 10);
}

int main(void)
{
  static const test_case cases[] = {
      {"small ones go together, and large ones in pieces",
       small_ones_go_together_and_large_ones_in_pieces},
      {"a file is read from the disk under its own name",
       a_file_is_read_from_the_disk_under_its_own_name},
      {"what arrived damaged is sent again, alone", what_arrived_damaged_is_sent_again_alone},
      {"what is always damaged is a failure", what_is_always_damaged_is_a_failure},
      {"an upload that breaks begins anew", an_upload_that_breaks_begins_anew},
      {"an answer in the middle ends the upload", an_answer_in_the_middle_ends_the_upload},
      {"names that make no sense are refused before anything is sent",
       names_that_make_no_sense_are_refused_before_anything_is_sent},
      {"bytes that the server has are not sent", bytes_that_the_server_has_are_not_sent},
      {"what exists is told name by name", what_exists_is_told_name_by_name},
      {"every failed allocation is survived", every_failed_allocation_is_survived},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
