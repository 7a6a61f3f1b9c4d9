/* metadata-upload: definitions into the store, where a fetcher of Chronon's looks for them.
 * SPDX-License-Identifier: Apache-2.0 */
#include "flow/job.h"
#include "flow/serving.h"

struct putting {
  gn_session *session;
  gni_store *store;
  gn_arena *arena;
  gn_str team; /* "group_bys/team" of the definitions in `keys` */
  gn_buf keys; /* base64 of each key, comma-joined */
  int64_t count;
};

/* The list of a team's definitions, once all of them were seen. */
static int end_team(struct putting *putting, gn_error *err)
{
  if (!putting->team.len) return GN_OK;
  int rc = gni_store_set(putting->store, GN_STR(GNP_TEAM_DATASET), putting->team,
                         gni_buf_view(&putting->keys), err);
  gni_buf_reset(&putting->keys);
  return rc;
}

static int follow_team(struct putting *putting, gn_str key, gn_error *err)
{
  const char *last = NULL;
  for (size_t i = 0; i < key.len; i++)
    if (key.ptr[i] == '/') last = key.ptr + i;
  gn_str team = {key.ptr, last ? (size_t)(last - key.ptr) : key.len};
  if (gni_str_equal(team, putting->team)) {
    gni_buf_add_char(&putting->keys, ',');
    return GN_OK;
  }
  int rc = end_team(putting, err);
  putting->team = team;
  return rc;
}

static int put_conf(void *user, gn_str path, gn_error *err)
{
  struct putting *putting = user;
  const gni_def *def;
  gni_problems problems;
  gn_buf json;
  gni_problems_init(&problems, putting->arena);
  int rc = gnp_conf_read(putting->session, path, putting->arena, &def, &problems, err);
  if (rc != GN_OK) return rc;
  gn_str key = gni_def_path(putting->arena, def->kind, def->metadata->name);
  if (!key.ptr) return gni_fail_nomem(err, 1);
  gni_buf_init(&json, putting->session->alloc, GN_VALUE_BYTES_MAX);
  rc = gni_node_write_compact(def->node, &json);
  if (rc != GN_OK)
    gni_fail(err, rc, "'%.*s' does not fit in memory", GN_STR_ARGS(path));
  else
    rc = gni_store_set(putting->store, GN_STR(GNP_METADATA_DATASET), key, gni_buf_view(&json), err);
  gni_buf_deinit(&json);
  if (rc == GN_OK) rc = follow_team(putting, key, err);
  if (rc == GN_OK && gni_base64_encode(key, &putting->keys) != GN_OK)
    rc = gni_fail_nomem(err, key.len);
  putting->count += rc == GN_OK;
  return rc;
}

int gn_metadata_upload(gn_session *session, const char *const *confs, size_t conf_count,
                       int64_t *count, gn_error *err)
{
  gn_arena arena;
  struct putting putting = {.session = session, .arena = &arena};
  *count = 0;
  gni_arena_init(&arena, session->alloc, (size_t)1 << 30);
  gni_buf_init(&putting.keys, session->alloc, GN_VALUE_BYTES_MAX);
  int rc = gnp_session_store(session, &putting.store, err);
  if (rc == GN_OK)
    rc = gnp_conf_gather(session, confs, conf_count, &arena, put_conf, &putting, err);
  if (rc == GN_OK) rc = end_team(&putting, err);
  *count = putting.count;
  gni_buf_deinit(&putting.keys);
  gni_arena_deinit(&arena);
  return rc;
}
