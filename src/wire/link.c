/* TCP and unix sockets with deadlines. SPDX-License-Identifier: Apache-2.0 */
#include "wire/link.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct gni_link {
  const gn_alloc *alloc;
  int socket;
  gnp_tls *tls; /* NULL: in the clear */
};

int gnp_wait_ready(int socket, short events, int64_t deadline_us)
{
  for (;;) {
    struct pollfd one = {.fd = socket, .events = events};
    int64_t left_us = deadline_us - gni_monotonic_us();
    if (left_us <= 0) return GN_E_TIMEOUT;
    int64_t left_ms = left_us / 1000 + 1;
    int ready = poll(&one, 1, left_ms > 60000 ? 60000 : (int)left_ms);
    if (ready > 0) return GN_OK;
    if (ready < 0 && errno != EINTR) return GN_E_IO;
  }
}

static int connect_one(const struct sockaddr *address, socklen_t size, int64_t deadline_us,
                       int *out, gn_error *err)
{
  int on = 1, native = 0;
  socklen_t native_size = sizeof native;
  int s = socket(address->sa_family, SOCK_STREAM, 0);
  if (s < 0) return gni_fail_native(err, GN_E_IO, errno, "no socket: %s", strerror(errno));
  fcntl(s, F_SETFD, FD_CLOEXEC);
  fcntl(s, F_SETFL, O_NONBLOCK);
  if (address->sa_family != AF_UNIX) setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int rc = connect(s, address, size) == 0 ? GN_OK : errno == EINPROGRESS ? GN_E_BUSY : GN_E_IO;
  native = rc == GN_E_IO ? errno : 0;
  if (rc == GN_E_BUSY) {
    rc = gnp_wait_ready(s, POLLOUT, deadline_us);
    if (rc == GN_OK && getsockopt(s, SOL_SOCKET, SO_ERROR, &native, &native_size) != 0)
      native = errno;
    if (native) rc = GN_E_IO;
  }
  if (rc == GN_OK) {
    *out = s;
    return GN_OK;
  }
  close(s);
  if (rc == GN_E_TIMEOUT) return gni_fail(err, rc, "connecting took too long");
  return gni_fail_native(err, rc, native, "%s", strerror(native));
}

static int connect_host(const gni_link_target *target, int64_t deadline_us, int *out, gn_error *err)
{
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
  struct addrinfo *found = NULL;
  char port[8];
  int rc = GN_E_IO;
  snprintf(port, sizeof port, "%u", (unsigned)target->port);
  int native = getaddrinfo(target->host, port, &hints, &found);
  if (native != 0)
    return gni_fail_native(err, GN_E_IO, native, "the name is not known: %s", gai_strerror(native));
  for (const struct addrinfo *at = found; at && rc != GN_OK; at = at->ai_next) {
    gn_error why = {0};
    rc = connect_one(at->ai_addr, at->ai_addrlen, deadline_us, out, &why);
    if (rc != GN_OK && !at->ai_next) gni_fail_native(err, rc, why.native, "%s", why.message);
  }
  freeaddrinfo(found);
  return rc;
}

static int connect_unix(const char *path, int64_t deadline_us, int *out, gn_error *err)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t len = strlen(path);
  if (len >= sizeof address.sun_path)
    return gni_fail(err, GN_E_ARG, "a socket's path has at most %zu bytes",
                    sizeof address.sun_path - 1);
  memcpy(address.sun_path, path, len + 1);
  return connect_one((const struct sockaddr *)&address, sizeof address, deadline_us, out, err);
}

int gni_link_open(const gni_link_target *target, const gn_alloc *alloc, int64_t deadline_us,
                  gni_link **out, gn_error *err)
{
  int rc;
  *out = NULL;
  gni_link *link = gni_alloc(alloc, sizeof *link);
  if (!link) return gni_fail_nomem(err, sizeof *link);
  *link = (gni_link){.alloc = alloc, .socket = -1};
  rc = target->unix_path ? connect_unix(target->unix_path, deadline_us, &link->socket, err)
                         : connect_host(target, deadline_us, &link->socket, err);
  if (rc == GN_OK && target->tls)
    rc = gnp_tls_open(target, link->socket, alloc, deadline_us, &link->tls, err);
  if (rc == GN_OK) {
    *out = link;
    return GN_OK;
  }
  if (target->unix_path)
    gni_error_where(err, "'%s'", target->unix_path);
  else
    gni_error_where(err, "'%s:%u'", target->host, (unsigned)target->port);
  gni_link_close(link);
  return rc;
}

void gni_link_close(gni_link *link)
{
  if (!link) return;
  gnp_tls_close(link->tls);
  if (link->socket >= 0) close(link->socket);
  gni_free(link->alloc, link, sizeof *link);
}

int gni_link_read(gni_link *link, void *bytes, size_t size, size_t *got, gn_error *err)
{
  *got = 0;
  if (link->tls) return gnp_tls_read(link->tls, bytes, size, got, err);
  ssize_t n;
  do n = recv(link->socket, bytes, size, 0);
  while (n < 0 && errno == EINTR);
  if (n > 0) *got = (size_t)n;
  if (n > 0) return GN_OK;
  if (n == 0) return GN_ABSENT;
  if (errno == EAGAIN || errno == EWOULDBLOCK) return GN_E_BUSY;
  return gni_fail_native(err, GN_E_IO, errno, "%s", strerror(errno));
}

int gni_link_write(gni_link *link, const void *bytes, size_t size, size_t *put, gn_error *err)
{
  *put = 0;
  if (link->tls) return gnp_tls_write(link->tls, bytes, size, put, err);
  ssize_t n;
  do n = send(link->socket, bytes, size, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n >= 0) *put = (size_t)n;
  if (n >= 0) return GN_OK;
  if (errno == EAGAIN || errno == EWOULDBLOCK) return GN_E_BUSY;
  return gni_fail_native(err, GN_E_IO, errno, "%s", strerror(errno));
}

int gni_link_fd(const gni_link *link)
{
  return link->socket;
}

bool gni_link_has_bytes(const gni_link *link)
{
  return link->tls && gnp_tls_has_bytes(link->tls);
}
