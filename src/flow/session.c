/* What everything hangs on: a repository, its settings, the store. SPDX-License-Identifier:
 * Apache-2.0 */
#include "flow/session.h"
#include "flow/serving.h"

#include <unistd.h>

#include "flow/flow_private.h"

enum { SESSION_ARENA_BYTES = 16 << 20 };

int gn_session_open(const gn_session_args *args, gn_session **out, gn_error *err)
{
  const gn_alloc *alloc = args->alloc ? args->alloc : &gni_libc_alloc;
  const char *repo = args->repo ? args->repo : ".";
  *out = NULL;
  if (!gni_folder_exists(repo)) {
    gni_fail_as(err, "GC008", GN_E_NOTFOUND, "the repository '%s' is not a folder", repo);
    gni_error_hint(err, "make one with: gnomon init %s", repo);
    return GN_E_NOTFOUND;
  }
  gn_session *session = gni_alloc_zero(alloc, sizeof *session);
  if (!session) return gni_fail_nomem(err, sizeof *session);
  session->alloc = alloc;
  session->log = args->log;
  session->log_user = args->log_user;
  session->progress = args->progress;
  session->progress_user = args->progress_user;
  session->clock = (gni_clock){args->clock_ms, args->clock_ms != 0};
  gni_arena_init(&session->arena, alloc, SESSION_ARENA_BYTES);
  pthread_mutex_init(&session->lock, NULL);
  session->repo = gni_strdup(alloc, repo, strlen(repo));
  int rc = session->repo ? gnp_config_read(args, repo, &session->arena, &session->config, err)
                         : gni_fail_nomem(err, strlen(repo));
  if (rc != GN_OK) {
    gn_session_close(session);
    return rc;
  }
  session->store_env = (gni_store_env){alloc, session->repo, args->log, args->log_user};
  *out = session;
  return GN_OK;
}

void gn_session_close(gn_session *session)
{
  if (!session) return;
  const gn_alloc *alloc = session->alloc;
  gni_store_close(session->store);
  pthread_mutex_destroy(&session->lock);
  gni_arena_deinit(&session->arena);
  if (session->repo) gni_free(alloc, session->repo, strlen(session->repo) + 1);
  gni_free(alloc, session, sizeof *session);
}

void gn_session_cancel(gn_session *session)
{
  gni_cancel_ask(&session->cancel);
}

void gn_session_resume(gn_session *session)
{
  session->cancel.asked = 0;
}

int gnp_session_store(gn_session *session, gni_store **out, gn_error *err)
{
  int rc = GN_OK;
  pthread_mutex_lock(&session->lock);
  if (!session->store)
    rc = gni_store_open(session->config.store_url.ptr, &session->store_env, &session->store, err);
  *out = session->store;
  pthread_mutex_unlock(&session->lock);
  return rc;
}

int32_t gnp_threads(int32_t wanted)
{
  long cores = wanted > 0 ? wanted : sysconf(_SC_NPROCESSORS_ONLN);
  return cores > 0 ? (int32_t)cores : 1;
}

void gni_session_describe(const gn_session *session, gni_session_facts *out)
{
  *out = (gni_session_facts){
      .alloc = session->alloc,
      .threads = gnp_threads(session->config.threads),
      .store_url = session->config.store_url,
      .boundary = session->config.boundary == GNI_BOUNDARY_EXACT ? "exact" : "chronon"};
}

int gni_session_try_store(gn_session *session, gn_error *err)
{
  gni_store *store;
  gni_store_reader *reader;
  int rc = gnp_session_store(session, &store, err);
  if (rc == GN_OK) rc = gni_store_reader_open(store, &reader, err);
  if (rc != GN_OK) return rc;
  rc = gni_store_begin(reader, err);
  if (rc == GN_OK) {
    gni_generation_info info;
    rc = gni_store_generation(reader, GN_STR(GNP_METADATA_DATASET), &info, err);
    gni_store_end(reader);
  }
  gni_store_reader_close(reader);
  return rc == GN_ABSENT ? GN_OK : rc;
}

int32_t gnp_session_yesterday(const gn_session *session)
{
  return gni_day_of_ms(gni_clock_now_ms(&session->clock)) - 1;
}

void gnp_session_log(gn_session *session, int level, const char *component, const char *event,
                     const char *key, const char *text)
{
  const gn_log_field field = {key, text};
  if (session->log) session->log(session->log_user, level, component, event, &field, key ? 1 : 0);
}

void gnp_session_warn(gn_session *session, const char *diagnostic, const char *component,
                      const char *event, const char *key, const char *text)
{
  const gn_log_field fields[] = {{"diagnostic", diagnostic}, {key, text}};
  if (session->log)
    session->log(session->log_user, GN_LOG_WARN, component, event, fields, text ? 2 : 1);
}

int gnp_text_from(gn_buf *buf, gn_text *out, gn_error *err)
{
  *out = (gn_text){0};
  if (buf->rc == GN_OK && !buf->ptr) gni_buf_add_text(buf, "");
  if (buf->rc != GN_OK) return gni_fail(err, buf->rc, "the answer does not fit in memory");
  *out = (gn_text){gni_resize(buf->alloc, buf->ptr, buf->capacity, buf->len + 1), buf->len,
                   buf->alloc};
  if (!out->ptr) return gni_fail_nomem(err, buf->len + 1);
  buf->ptr = NULL;
  buf->len = buf->capacity = 0;
  return GN_OK;
}

void gn_text_free(gn_text *text)
{
  if (text && text->ptr) gni_free(text->alloc, text->ptr, text->len + 1);
  if (text) *text = (gn_text){0};
}
