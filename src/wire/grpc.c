/* Frames of gRPC and the texts around them. SPDX-License-Identifier: Apache-2.0 */
#include "wire/grpc.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "wire/wire.h"

enum {
  PAYLOAD_ALIGN = 64,
  /* A shorter message lies in memory that was used before; of a longer one, which has not come yet,
   * only this much is believed. Between them are Spark's batches. */
  POPULATE_BYTES_MIN = 128 << 10,
  POPULATE_BYTES_MAX = 8 << 20
};

/* ---- codes and texts ------------------------------------------------------------------------- */

const char *gni_grpc_code_name(int code)
{
  static const char *const names[] = {"OK",
                                      "CANCELLED",
                                      "UNKNOWN",
                                      "INVALID_ARGUMENT",
                                      "DEADLINE_EXCEEDED",
                                      "NOT_FOUND",
                                      "ALREADY_EXISTS",
                                      "PERMISSION_DENIED",
                                      "RESOURCE_EXHAUSTED",
                                      "FAILED_PRECONDITION",
                                      "ABORTED",
                                      "OUT_OF_RANGE",
                                      "UNIMPLEMENTED",
                                      "INTERNAL",
                                      "UNAVAILABLE",
                                      "DATA_LOSS",
                                      "UNAUTHENTICATED"};
  bool known = code >= 0 && code < (int)(sizeof names / sizeof *names);
  return known ? names[code] : "UNKNOWN";
}

int gni_grpc_code_of_http(int http_status)
{
  switch (http_status) {
  case 400:
    return GNI_GRPC_INTERNAL;
  case 401:
    return GNI_GRPC_UNAUTHENTICATED;
  case 403:
    return GNI_GRPC_PERMISSION_DENIED;
  case 404:
    return GNI_GRPC_UNIMPLEMENTED;
  case 429:
  case 502:
  case 503:
  case 504:
    return GNI_GRPC_UNAVAILABLE;
  default:
    return GNI_GRPC_UNKNOWN;
  }
}

int gni_grpc_code_of_h2(uint32_t h2_error)
{
  switch (h2_error) {
  case 0x0: /* NO_ERROR: the stream ended without its trailers */
  case 0x7: /* REFUSED_STREAM */
    return GNI_GRPC_UNAVAILABLE;
  case 0x8: /* CANCEL */
    return GNI_GRPC_CANCELLED;
  case 0xb: /* ENHANCE_YOUR_CALM */
    return GNI_GRPC_RESOURCE_EXHAUSTED;
  case 0xc: /* INADEQUATE_SECURITY */
    return GNI_GRPC_PERMISSION_DENIED;
  default:
    return GNI_GRPC_INTERNAL;
  }
}

void gni_grpc_timeout(int64_t timeout_us, char out[GNI_GRPC_TIMEOUT_BYTES])
{
  static const struct {
    char unit;
    int64_t us;
  } units[] = {{'u', 1}, {'m', 1000}, {'S', 1000000}, {'M', 60000000}, {'H', INT64_C(3600000000)}};
  size_t i = 0;
  if (timeout_us < 1) timeout_us = 1;
  while (i + 1 < sizeof units / sizeof *units && timeout_us / units[i].us > 99999998) i++;
  int64_t count = timeout_us / units[i].us + (timeout_us % units[i].us != 0);
  if (count > 99999999) count = 99999999;
  snprintf(out, GNI_GRPC_TIMEOUT_BYTES, "%" PRId64 "%c", count, units[i].unit);
}

static int hex_digit(char c)
{
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

int gni_grpc_unescape(gn_str text, gn_buf *out)
{
  for (size_t i = 0; i < text.len; i++) {
    bool escape = text.ptr[i] == '%' && i + 2 < text.len && hex_digit(text.ptr[i + 1]) >= 0 &&
                  hex_digit(text.ptr[i + 2]) >= 0;
    if (!escape) {
      gni_buf_add_char(out, text.ptr[i]);
      continue;
    }
    gni_buf_add_char(out, (char)(hex_digit(text.ptr[i + 1]) << 4 | hex_digit(text.ptr[i + 2])));
    i += 2;
  }
  return out->rc;
}

int gni_grpc_unbase64(gn_str text, gn_buf *out)
{
  gn_buf padded;
  gni_buf_init(&padded, out->alloc, out->ceiling_bytes);
  gni_buf_add_str(&padded, text);
  while (padded.rc == GN_OK && padded.len % 4 != 0) gni_buf_add_char(&padded, '=');
  int rc = padded.rc == GN_OK ? gni_base64_decode(gni_buf_view(&padded), out) : padded.rc;
  gni_buf_deinit(&padded);
  return rc;
}

void gni_grpc_prefix(size_t message_len, uint8_t out[5])
{
  out[0] = 0;
  for (int i = 0; i < 4; i++) out[1 + i] = (uint8_t)(message_len >> (24 - 8 * i));
}

/* ---- messages -------------------------------------------------------------------------------- */

static gni_grpc_message *message_alloc(const gn_alloc *alloc, size_t len, size_t payload)
{
  size_t block_size = gni_size_add(len, sizeof(gni_grpc_message) + PAYLOAD_ALIGN);
  gni_grpc_message *message = gni_alloc(alloc, block_size);
  if (!message) return NULL;
  if (len >= POPULATE_BYTES_MIN)
    gni_populate(message, block_size < POPULATE_BYTES_MAX ? block_size : POPULATE_BYTES_MAX);
  *message = (gni_grpc_message){.alloc = *alloc, .block_size = block_size, .len = len};
  atomic_store_explicit(&message->references, 1, memory_order_relaxed);
  char *start = (char *)(message + 1);
  size_t off = ((uintptr_t)start + payload) % PAYLOAD_ALIGN;
  message->ptr = start + (off ? PAYLOAD_ALIGN - off : 0);
  return message;
}

gni_grpc_message *gni_grpc_message_new(const gn_alloc *alloc, gn_str bytes,
                                       size_t (*payload_at)(gn_str head))
{
  gn_str head = {bytes.ptr, bytes.len < GNI_GRPC_HEAD_BYTES ? bytes.len : GNI_GRPC_HEAD_BYTES};
  gni_grpc_message *message = message_alloc(alloc, bytes.len, payload_at ? payload_at(head) : 0);
  if (message && bytes.len) memcpy(message->ptr, bytes.ptr, bytes.len);
  return message;
}

void gni_grpc_message_ref(gni_grpc_message *message)
{
  atomic_fetch_add_explicit(&message->references, 1, memory_order_relaxed);
}

void gni_grpc_message_unref(gni_grpc_message *message)
{
  if (!message) return;
  if (atomic_fetch_sub_explicit(&message->references, 1, memory_order_acq_rel) > 1) return;
  const gn_alloc alloc = message->alloc;
  gni_free(&alloc, message, message->block_size);
}

/* ---- assembling ------------------------------------------------------------------------------ */

void gni_grpc_assembler_init(gni_grpc_assembler *assembler, const gn_alloc *alloc,
                             size_t message_bytes_max, gni_grpc_payload_fn payload_at)
{
  *assembler = (gni_grpc_assembler){
      .alloc = alloc, .message_bytes_max = message_bytes_max, .payload_at = payload_at};
}

void gni_grpc_assembler_deinit(gni_grpc_assembler *assembler)
{
  gni_grpc_message *message;
  while ((message = gni_grpc_take(assembler)) != NULL) gni_grpc_message_unref(message);
  gni_grpc_message_unref(assembler->message);
  assembler->message = NULL;
}

static int read_prefix(gni_grpc_assembler *at, gn_error *err)
{
  size_t len = 0;
  for (int i = 1; i < 5; i++) len = len << 8 | at->prefix[i];
  if (at->prefix[0] != 0)
    return gni_fail(err, GN_E_UNSUPPORTED, "a compressed message came, which was not asked for");
  if (len > at->message_bytes_max) {
    gni_error_hint(err, "raise grpc_max_message_size");
    return gni_fail(err, GN_E_LIMIT, "a message of %zu bytes is above the limit of %zu", len,
                    at->message_bytes_max);
  }
  at->message_len = len;
  at->filled = 0;
  return GN_OK;
}

/* Takes what it can of the head, and makes the message once the head is known. */
static int read_head(gni_grpc_assembler *at, gn_str *rest, gn_error *err)
{
  size_t wanted = at->message_len < sizeof at->head ? at->message_len : sizeof at->head;
  size_t more = wanted - at->filled < rest->len ? wanted - at->filled : rest->len;
  if (more) memcpy(at->head + at->filled, rest->ptr, more);
  at->filled += more;
  *rest = (gn_str){rest->ptr + more, rest->len - more};
  if (at->filled < wanted) return GN_OK;
  size_t payload = at->payload_at ? at->payload_at((gn_str){at->head, wanted}) : 0;
  at->message = message_alloc(at->alloc, at->message_len, payload);
  if (!at->message) return gni_fail_nomem(err, at->message_len);
  if (wanted) memcpy(at->message->ptr, at->head, wanted);
  return GN_OK;
}

static void read_body(gni_grpc_assembler *at, gn_str *rest)
{
  size_t left = at->message_len - at->filled;
  size_t more = left < rest->len ? left : rest->len;
  if (more) memcpy(at->message->ptr + at->filled, rest->ptr, more);
  at->filled += more;
  *rest = (gn_str){rest->ptr + more, rest->len - more};
  if (at->filled < at->message_len) return;
  if (at->last) at->last->next = at->message;
  if (!at->first) at->first = at->message;
  at->last = at->message;
  at->message = NULL;
  at->prefix_len = 0;
}

int gni_grpc_feed(gni_grpc_assembler *assembler, const void *bytes, size_t len, gn_error *err)
{
  gn_str rest = {bytes, len};
  while (rest.len || (assembler->prefix_len == 5 && assembler->message_len == 0)) {
    int rc = GN_OK;
    if (assembler->prefix_len < 5) {
      assembler->prefix[assembler->prefix_len++] = (uint8_t)*rest.ptr;
      rest = (gn_str){rest.ptr + 1, rest.len - 1};
      if (assembler->prefix_len == 5) rc = read_prefix(assembler, err);
    } else if (!assembler->message) {
      rc = read_head(assembler, &rest, err);
    }
    if (rc != GN_OK) return rc;
    if (assembler->message) read_body(assembler, &rest);
  }
  return GN_OK;
}

gni_grpc_message *gni_grpc_take(gni_grpc_assembler *assembler)
{
  gni_grpc_message *message = assembler->first;
  if (!message) return NULL;
  assembler->first = message->next;
  if (!assembler->first) assembler->last = NULL;
  message->next = NULL;
  return message;
}

bool gni_grpc_is_cut(const gni_grpc_assembler *assembler)
{
  return assembler->prefix_len > 0;
}
