/* A connected socket, in the clear or under TLS, that never blocks. OpenSSL is included in
 * wire/tls.c only. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_WIRE_LINK_H
#define GNOMON_SRC_WIRE_LINK_H

#include "base/base.h"

/* Where to and how. Texts are borrowed during gni_link_open; NULL where there is none. */
typedef struct gni_link_target {
  const char *host; /* name or address; without brackets */
  uint16_t port;
  const char *unix_path; /* instead of host and port */
  bool tls;
  bool tls_unchecked;    /* accept any certificate */
  const char *ca_file;   /* PEM; NULL: the system's */
  const char *cert_file; /* PEM chain of ours, for mutual TLS */
  const char *key_file;
  const char *server_name; /* in SNI and the certificate's check; NULL: host */
} gni_link_target;

typedef struct gni_link gni_link;

/* Connects (every address of the name in turn) and, for TLS, shakes hands until `deadline_us` of
 * gni_monotonic_us. TLS must agree on "h2". Looking a name up may take as long as the resolver
 * wants. GN_E_IO, GN_E_TIMEOUT; GN_E_AUTH for a certificate that is refused. */
int gni_link_open(const gni_link_target *target, const gn_alloc *alloc, int64_t deadline_us,
                  gni_link **out, gn_error *err);
void gni_link_close(gni_link *link); /* NULL does nothing */

/* GN_OK with *got > 0; GN_ABSENT at the end of the stream; GN_E_BUSY when nothing is there yet. */
int gni_link_read(gni_link *link, void *bytes, size_t size, size_t *got, gn_error *err);
/* GN_OK with *put > 0; GN_E_BUSY when nothing fits. */
int gni_link_write(gni_link *link, const void *bytes, size_t size, size_t *put, gn_error *err);
int gni_link_fd(const gni_link *link);
/* Bytes are already here that poll does not know of. */
bool gni_link_has_bytes(const gni_link *link);

/* ---- inside the folder ----------------------------------------------------------------------- */

typedef struct gnp_tls gnp_tls;
/* Shakes hands over a connected, non-blocking socket. */
int gnp_tls_open(const gni_link_target *target, int socket, const gn_alloc *alloc,
                 int64_t deadline_us, gnp_tls **out, gn_error *err);
void gnp_tls_close(gnp_tls *tls);
int gnp_tls_read(gnp_tls *tls, void *bytes, size_t size, size_t *got, gn_error *err);
int gnp_tls_write(gnp_tls *tls, const void *bytes, size_t size, size_t *put, gn_error *err);
bool gnp_tls_has_bytes(const gnp_tls *tls);
/* GN_OK when the socket is ready for `events` of poll; GN_E_TIMEOUT at the deadline. */
int gnp_wait_ready(int socket, short events, int64_t deadline_us);

#endif
