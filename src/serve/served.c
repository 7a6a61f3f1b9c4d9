/* What is served, opened when it is first asked for. SPDX-License-Identifier: Apache-2.0 */
#include "serve/serve_private.h"

enum { NAME_BYTES_MAX = 1024 };

static void served_free(gnp_served *served)
{
  gn_fetcher_close(served->fetcher);
  gni_free(served->alloc, served->nulls, served->feature_count * sizeof *served->nulls);
  gni_free(served->alloc, served->name, served->name_len + 1);
  gni_free(served->alloc, served, sizeof *served);
}

void gnp_served_release(gnp_served *served)
{
  if (served && --served->references == 0) served_free(served);
}

static int served_open(gn_server *server, gn_str name, gnp_served **out, gn_error *err)
{
  gnp_served *served = gni_alloc_zero(server->alloc, sizeof *served);
  if (!served) return gni_fail_nomem(err, sizeof *served);
  served->alloc = server->alloc;
  served->references = 1;
  served->name_len = name.len;
  served->name = gni_strdup(server->alloc, name.ptr, name.len);
  int rc = served->name ? gn_fetcher_open(server->session, served->name, &served->fetcher, err)
                        : gni_fail_nomem(err, name.len);
  if (rc == GN_OK) {
    served->feature_count = gn_fetcher_feature(served->fetcher, SIZE_MAX, NULL);
    served->nulls = gni_alloc_zero(server->alloc, served->feature_count * sizeof *served->nulls);
    if (!served->nulls && served->feature_count) rc = gni_fail_nomem(err, served->feature_count);
  }
  if (rc != GN_OK)
    served_free(served);
  else
    *out = served;
  return rc;
}

static gnp_served *known(const gn_server *server, gn_str name)
{
  gnp_served *served = server->served;
  while (served && !gni_str_equal((gn_str){served->name, served->name_len}, name))
    served = served->next;
  return served;
}

int gnp_served_find(gn_server *server, gn_str name, gnp_served **out, gn_error *err)
{
  int rc = GN_OK;
  if (name.len == 0 || name.len > NAME_BYTES_MAX || memchr(name.ptr, 0, name.len))
    return gni_fail_as(err, "GO010", GN_E_ARG, "the request names no GroupBy");
  pthread_mutex_lock(&server->lock);
  gnp_served *served = known(server, name);
  if (!served) {
    rc = served_open(server, name, &served, err);
    if (rc == GN_OK) {
      served->next = server->served;
      server->served = served;
    }
  }
  if (rc == GN_OK) served->references++;
  pthread_mutex_unlock(&server->lock);
  *out = rc == GN_OK ? served : NULL;
  return rc;
}

/* Takes out of the list what was uploaded anew with other features; its requests under way end with
 * what they have. */
static void forget(gn_server *server, gnp_served *stale)
{
  pthread_mutex_lock(&server->lock);
  gnp_served **link = &server->served;
  while (*link && *link != stale) link = &(*link)->next;
  bool there = *link == stale;
  if (there) *link = stale->next;
  pthread_mutex_unlock(&server->lock);
  if (there) gnp_served_release(stale);
}

int gnp_served_begin(gn_server *server, gn_str name, gnp_served **served, gni_answering *answering,
                     gn_error *err)
{
  enum { ATTEMPTS = 3 };
  gn_error changed;
  int rc = GN_OK;
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    changed = (gn_error){0};
    rc = gnp_served_find(server, name, served, err);
    if (rc != GN_OK) return rc;
    rc = gni_answering_begin((*served)->fetcher, answering, &changed);
    if (rc == GN_OK) return GN_OK;
    if (rc == GN_E_CONFLICT) forget(server, *served);
    gnp_served_release(*served);
    if (rc != GN_E_CONFLICT) break;
  }
  *served = NULL;
  if (err) *err = changed;
  return rc;
}

void gnp_served_count(gnp_served *served, const gni_answer *answer)
{
  atomic_fetch_add_explicit(&served->keys, 1, memory_order_relaxed);
  if (answer->found == GN_ABSENT)
    atomic_fetch_add_explicit(&served->absent, 1, memory_order_relaxed);
  for (size_t i = 0; i < served->feature_count; i++)
    if (answer->values[i].is_null)
      atomic_fetch_add_explicit(&served->nulls[i], 1, memory_order_relaxed);
}
