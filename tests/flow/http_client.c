/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, REQUEST_BYTES_MAX = 1 << 24 };

bool http_open(http_client *client, int32_t port)
{
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons((uint16_t)port)};
  client->used = client->passed = 0;
  client->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (client->socket < 0) return false;
  if (connect(client->socket, (struct sockaddr *)&address, sizeof address) == 0) return true;
  http_close(client);
  return false;
}

void http_close(http_client *client)
{
  if (client->socket >= 0) close(client->socket);
  client->socket = -1;
}

void http_write(gn_buf *out, const char *method, const char *path, const char *body)
{
  gni_buf_add_format(out, "%s %s HTTP/1.1\r\nHost: test\r\n", method, path);
  if (body) gni_buf_add_format(out, "Content-Length: %zu\r\n", strlen(body));
  gni_buf_add_text(out, "\r\n");
  if (body) gni_buf_add_text(out, body);
}

bool http_send(http_client *client, gn_str text)
{
  while (text.len > 0) {
    ssize_t sent = send(client->socket, text.ptr, text.len, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    text.ptr += sent;
    text.len -= (size_t)sent;
  }
  return true;
}

/* Bytes read; 0 at the end of the connection, below zero when nothing came in time. */
static ssize_t receive(http_client *client, int timeout_ms)
{
  struct pollfd wanted = {.fd = client->socket, .events = POLLIN};
  if (client->passed > 0) {
    client->used -= client->passed;
    memmove(client->room, client->room + client->passed, client->used);
    client->passed = 0;
  }
  if (poll(&wanted, 1, timeout_ms) <= 0) return -1;
  ssize_t got =
      recv(client->socket, client->room + client->used, sizeof client->room - 1 - client->used, 0);
  if (got > 0) client->used += (size_t)got;
  return got < 0 ? 0 : got;
}

/* Bytes of the reply at hand, 0 while they are not all there. */
static size_t whole_reply(http_client *client, http_reply *reply)
{
  static const char length_name[] = "\r\nContent-Length: ";
  char *head = client->room + client->passed;
  gn_str digits;
  int64_t status = 0, length = 0;
  client->room[client->used] = 0;
  const char *end = strstr(head, "\r\n\r\n"), *found = strstr(head, length_name);
  if (!end || !found || found > end) return 0;
  digits.ptr = found + sizeof length_name - 1;
  digits.len = (size_t)(strchr(digits.ptr, '\r') - digits.ptr);
  if (gni_parse_int64(digits, &length) != GN_OK) return 0;
  if (gni_parse_int64((gn_str){head + strlen("HTTP/1.1 "), 3}, &status) != GN_OK) return 0;
  reply->status = (int)status;
  reply->body = (gn_str){end + 4, (size_t)length};
  size_t whole = (size_t)(reply->body.ptr - head) + reply->body.len;
  return whole <= client->used - client->passed ? whole : 0;
}

bool http_read(http_client *client, int timeout_ms, http_reply *reply)
{
  size_t size;
  while ((size = whole_reply(client, reply)) == 0)
    if (receive(client, timeout_ms) <= 0) return false;
  client->passed += size;
  return true;
}

bool http_continues(http_client *client, int timeout_ms)
{
  static const char expected[] = "HTTP/1.1 100 Continue\r\n\r\n";
  const size_t size = sizeof expected - 1;
  while (client->used - client->passed < size)
    if (receive(client, timeout_ms) <= 0) return false;
  bool same = memcmp(client->room + client->passed, expected, size) == 0;
  client->passed += size;
  return same;
}

bool http_ends(http_client *client, int timeout_ms)
{
  ssize_t got;
  do {
    client->used = client->passed = 0;
    got = receive(client, timeout_ms);
  } while (got > 0);
  return got == 0;
}

bool http_ask(http_client *client, const char *method, const char *path, const char *body,
              http_reply *reply)
{
  gn_buf text;
  gni_buf_init(&text, &gni_libc_alloc, REQUEST_BYTES_MAX);
  http_write(&text, method, path, body);
  bool sent = http_send(client, gni_buf_view(&text));
  gni_buf_deinit(&text);
  return sent && http_read(client, PATIENCE_MS, reply);
}
