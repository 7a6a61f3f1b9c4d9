/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/flow_kit.h"

#include <stdio.h>

enum { PATH_BYTES = 4096 };

const char flow_sums[] = "[{\"inputColumn\":\"amount\",\"operation\":7,\"argMap\":{},\"windows\":["
                         "{\"length\":1,\"timeUnit\":1},{\"length\":2,\"timeUnit\":1}]},"
                         "{\"inputColumn\":\"amount\",\"operation\":6,\"argMap\":{}},"
                         "{\"inputColumn\":\"amount\",\"operation\":13,\"argMap\":{\"k\":\"3\"}}]";

static const char events_source[] =
    "[{\"events\":{\"table\":\"ns.events\",\"query\":{\"selects\":{\"user\":\"user\","
    "\"amount\":\"amount\"},\"timeColumn\":\"ts\",\"setups\":[]}}}]";

const char *flow_repo(void)
{
  const char *repo = test_path("repo");
  gn_error err = {0};
  CHECK_OK(gni_folder_make(repo, &err), &err);
  return repo;
}

const char *flow_path(const char *format, ...)
{
  char below[PATH_BYTES], folder[PATH_BYTES];
  va_list args;
  gn_error err = {0};
  va_start(args, format);
  vsnprintf(below, sizeof below, format, args);
  va_end(args);
  const char *path = test_path("repo/%s", below);
  snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
  CHECK_OK(gni_folder_make(folder, &err), &err);
  return path;
}

void flow_write(const char *path, const char *content)
{
  test_write_file(flow_path("%s", path), content);
}

static const char *or_else(const char *text, const char *fallback)
{
  return text ? text : fallback;
}

void flow_define(const flow_group *group)
{
  gn_buf text;
  gn_str rest = gni_str(group->name), team;
  const char *aggregations = or_else(group->aggregations, flow_sums);
  gni_str_split(&rest, '.', &team);
  gni_buf_init(&text, test_alloc(), 1 << 20);
  gni_buf_add_format(&text,
                     "{\"metaData\":{\"name\":\"%s\",\"team\":\"%.*s\",\"online\":1,"
                     "\"outputNamespace\":\"ns\"%s},\"sources\":%s,\"keyColumns\":%s%s%s%s}",
                     group->name, GN_STR_ARGS(team), or_else(group->metadata, ""),
                     or_else(group->sources, events_source), or_else(group->keys, "[\"user\"]"),
                     *aggregations ? ",\"aggregations\":" : "", aggregations,
                     or_else(group->more, ""));
  const char *path =
      flow_path("production/group_bys/%.*s/%.*s", GN_STR_ARGS(team), GN_STR_ARGS(rest));
  test_write_file(path, text.ptr);
  gni_buf_deinit(&text);
}

/* ---- sessions ---- */

static void close_session(void *session)
{
  gn_session_close(session);
}

gn_session *flow_session(const gn_session_args *args)
{
  gn_session_args open = *args;
  gn_session *session;
  gn_error err = {0};
  if (!open.repo) open.repo = flow_repo();
  if (!open.threads) open.threads = 1;
  if (!open.memory_bytes) open.memory_bytes = INT64_C(400) << 20;
  CHECK_OK(gn_session_open(&open, &session, &err), &err);
  test_later(close_session, session);
  return session;
}

/* ---- answers ---- */

enum { ANSWERS_MAX = 64 };
static gn_text answers[ANSWERS_MAX];
static size_t answer_count;

static void free_answers(void *what)
{
  (void)what;
  for (size_t i = 0; i < ANSWERS_MAX; i++) gn_text_free(&answers[i]);
  answer_count = 0;
}

/* The oldest of many goes when a case asks on and on. */
static const char *keep(gn_text text)
{
  if (answer_count == 0) test_later(free_answers, NULL);
  gn_text *place = &answers[answer_count++ % ANSWERS_MAX];
  gn_text_free(place);
  *place = text;
  return place->ptr;
}

const char *flow_rows(gn_session *session, const char *sql)
{
  struct ArrowArrayStream rows;
  gn_text text;
  gn_error err = {0};
  CHECK_OK(gn_sql(session, sql, &rows, &err), &err);
  CHECK_OK(gn_render(&rows, GN_RENDER_CSV, 0, &text, &err), &err);
  const char *line = strchr(keep(text), '\n');
  return line ? line + 1 : "";
}

const char *flow_fetch(gn_session *session, const char *name, const char *requests)
{
  gn_text text;
  gn_error err = {0};
  CHECK_OK(
      gn_fetch_json(session, name, requests, strlen(requests), GN_ANSWER_EXPLICIT, &text, &err),
      &err);
  return keep(text);
}

/* ---- what is in a folder ---- */

struct naming {
  const char *folder, *part;
  int count;
};

static int see_name(void *user, const char *name, bool is_folder)
{
  struct naming *naming = user;
  char path[PATH_BYTES];
  naming->count += strstr(name, naming->part) != NULL;
  snprintf(path, sizeof path, "%s/%s", naming->folder, name);
  if (is_folder) naming->count += flow_named(path, naming->part);
  return GN_OK;
}

int flow_named(const char *folder, const char *part)
{
  struct naming naming = {folder, part, 0};
  if (gni_folder_exists(folder))
    CHECK_INT(gni_folder_list(&gni_libc_alloc, folder, see_name, &naming, NULL), GN_OK);
  return naming.count;
}

struct digesting {
  const char *folder;
  uint64_t sum;
};

static int digest_entry(void *user, const char *name, bool is_folder)
{
  struct digesting *digesting = user;
  char path[PATH_BYTES];
  gn_buf content;
  if (name[0] == '.') return GN_OK;
  snprintf(path, sizeof path, "%s/%s", digesting->folder, name);
  if (is_folder) {
    digesting->sum = gni_xxh64(name, strlen(name), digesting->sum) ^ flow_digest(path);
    return GN_OK;
  }
  gni_buf_init(&content, &gni_libc_alloc, GN_TEXT_FILE_BYTES_MAX);
  CHECK_INT(gni_file_read(path, &content, NULL), GN_OK);
  digesting->sum = gni_xxh64(content.ptr, content.len, digesting->sum + 1);
  gni_buf_deinit(&content);
  return GN_OK;
}

uint64_t flow_digest(const char *folder)
{
  struct digesting digesting = {folder, 0};
  if (gni_folder_exists(folder))
    CHECK_INT(gni_folder_list(&gni_libc_alloc, folder, digest_entry, &digesting, NULL), GN_OK);
  return digesting.sum;
}
