/* A thread that follows new uploads, a little behind the requests: they see an upload at once, and
 * what it replaced is closed here, where nobody waits. SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "serve/serve_private.h"

enum { EVERY_MS = 50, AT_ONCE_MAX = 16 /* GroupBys, so that many of them cost no more */ };

/* The nth GroupBy that is served, to be released; NULL past the last. */
static gnp_served *served_at(gn_server *server, size_t n)
{
  pthread_mutex_lock(&server->lock);
  gnp_served *served = server->served;
  for (; served && n > 0; n--) served = served->next;
  if (served) served->references++;
  pthread_mutex_unlock(&server->lock);
  return served;
}

/* Whoever asks for a GroupBy is told what is wrong with it. */
static void keep_up(gn_server *server, size_t *next)
{
  for (int i = 0; i < AT_ONCE_MAX; i++) {
    gnp_served *served = served_at(server, (*next)++);
    if (!served) {
      *next = 0;
      return;
    }
    gni_fetcher_keep_up(served->fetcher, NULL);
    gnp_served_release(served);
  }
}

/* False when the server stops. */
static bool wait_a_moment(gn_server *server)
{
  struct timespec end;
  int rc = 0;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_nsec += EVERY_MS * 1000000L;
  end.tv_sec += end.tv_nsec / 1000000000L;
  end.tv_nsec %= 1000000000L;
  pthread_mutex_lock(&server->lock);
  while (!server->stops && rc == 0) rc = pthread_cond_timedwait(&server->wake, &server->lock, &end);
  bool stops = server->stops;
  pthread_mutex_unlock(&server->lock);
  return !stops;
}

static void *follow(void *user)
{
  gn_server *server = user;
  size_t next = 0;
  while (wait_a_moment(server)) keep_up(server, &next);
  return NULL;
}

/* Where the system has no thread to give, requests close what they leave. */
void gnp_follow_start(gn_server *server)
{
  server->follows = pthread_create(&server->follower, NULL, follow, server) == 0;
}

void gnp_follow_stop(gn_server *server)
{
  if (!server->follows) return;
  pthread_mutex_lock(&server->lock);
  server->stops = true;
  pthread_cond_signal(&server->wake);
  pthread_mutex_unlock(&server->lock);
  pthread_join(server->follower, NULL);
}
