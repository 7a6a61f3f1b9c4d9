/* gRPC's part on top of HTTP/2: messages out of bytes, statuses, and the texts of its headers.
 * Pure: no sockets in here. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_WIRE_GRPC_H
#define GNOMON_SRC_WIRE_GRPC_H

#include "base/base.h"

enum gni_grpc_code {
  GNI_GRPC_OK = 0,
  GNI_GRPC_CANCELLED = 1,
  GNI_GRPC_UNKNOWN = 2,
  GNI_GRPC_INVALID_ARGUMENT = 3,
  GNI_GRPC_DEADLINE_EXCEEDED = 4,
  GNI_GRPC_NOT_FOUND = 5,
  GNI_GRPC_ALREADY_EXISTS = 6,
  GNI_GRPC_PERMISSION_DENIED = 7,
  GNI_GRPC_RESOURCE_EXHAUSTED = 8,
  GNI_GRPC_FAILED_PRECONDITION = 9,
  GNI_GRPC_ABORTED = 10,
  GNI_GRPC_OUT_OF_RANGE = 11,
  GNI_GRPC_UNIMPLEMENTED = 12,
  GNI_GRPC_INTERNAL = 13,
  GNI_GRPC_UNAVAILABLE = 14,
  GNI_GRPC_DATA_LOSS = 15,
  GNI_GRPC_UNAUTHENTICATED = 16
};

/* "UNAVAILABLE"; "UNKNOWN" for what is no code. */
const char *gni_grpc_code_name(int code);
/* What a proxy's HTTP status means when it answered instead of the server. */
int gni_grpc_code_of_http(int http_status);
/* What the error code of RST_STREAM or GOAWAY means. */
int gni_grpc_code_of_h2(uint32_t h2_error);
enum { GNI_GRPC_TIMEOUT_BYTES = 24 };
/* "1500m", "30S": the shortest unit that keeps at most eight digits, rounded up. */
void gni_grpc_timeout(int64_t timeout_us, char out[GNI_GRPC_TIMEOUT_BYTES]);
/* Undoes the percent-encoding of grpc-message; what is no escape stays as it is. */
int gni_grpc_unescape(gn_str text, gn_buf *out);
/* grpc-status-details-bin: base64 with or without its padding. */
int gni_grpc_unbase64(gn_str text, gn_buf *out);
/* Puts the five bytes before a message: not compressed, its length. */
void gni_grpc_prefix(size_t message_len, uint8_t out[5]);

/* ---- messages -------------------------------------------------------------------------------- */

/* One message in memory of its own, reference-counted by whoever borrows parts of it. */
typedef struct gni_grpc_message {
  gn_alloc alloc; /* by value: what borrows from here may outlive the call and its channel */
  struct gni_grpc_message *next; /* in a queue */
  size_t block_size;             /* of this block */
  _Atomic int references;
  char *ptr;
  size_t len;
} gni_grpc_message;

void gni_grpc_message_ref(gni_grpc_message *message);
void gni_grpc_message_unref(gni_grpc_message *message); /* NULL does nothing; any thread */
/* A copy of bytes as a message, aligned as `payload_at` asks; NULL without memory. */
gni_grpc_message *gni_grpc_message_new(const gn_alloc *alloc, gn_str bytes,
                                       size_t (*payload_at)(gn_str head));

/* Where, in a message that begins with `head` (at most GNI_GRPC_HEAD_BYTES of it), begins what
 * wants to be aligned to 64 bytes. 0 when nothing does. */
enum { GNI_GRPC_HEAD_BYTES = 256 };
typedef size_t (*gni_grpc_payload_fn)(gn_str head);

/* Cuts a stream of bytes, in pieces of any size, into messages. */
typedef struct gni_grpc_assembler {
  const gn_alloc *alloc;
  size_t message_bytes_max;
  gni_grpc_payload_fn payload_at; /* may be NULL */
  uint8_t prefix[5];
  char head[GNI_GRPC_HEAD_BYTES];
  size_t prefix_len, message_len, filled; /* `filled` counts bytes of the message seen */
  gni_grpc_message *message;              /* NULL until its head is known */
  gni_grpc_message *first, *last;         /* whole ones, to be taken */
} gni_grpc_assembler;

void gni_grpc_assembler_init(gni_grpc_assembler *assembler, const gn_alloc *alloc,
                             size_t message_bytes_max, gni_grpc_payload_fn payload_at);
void gni_grpc_assembler_deinit(gni_grpc_assembler *assembler);
/* GN_E_LIMIT for a longer message, GN_E_UNSUPPORTED for a compressed one. */
int gni_grpc_feed(gni_grpc_assembler *assembler, const void *bytes, size_t len, gn_error *err);
/* The oldest whole message, now the caller's; NULL when there is none. */
gni_grpc_message *gni_grpc_take(gni_grpc_assembler *assembler);
/* Whether the bytes so far end in the middle of a message. */
bool gni_grpc_is_cut(const gni_grpc_assembler *assembler);

#endif
