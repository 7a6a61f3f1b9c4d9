/* The one place that knows OpenSSL. SPDX-License-Identifier: Apache-2.0
 *
 * Its memory is its own: OpenSSL's allocator can be set once for a process only, which is not a
 * library's to do. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include "wire/link.h"

struct gnp_tls {
  const gn_alloc *alloc;
  SSL_CTX *context;
  SSL *ssl;
  BIO_METHOD *method;
  int socket;
};

/* ---- a BIO that raises no SIGPIPE ------------------------------------------------------------ */

static int bio_write(BIO *bio, const char *bytes, int size)
{
  const gnp_tls *tls = BIO_get_data(bio);
  ssize_t n = send(tls->socket, bytes, (size_t)size, MSG_NOSIGNAL);
  BIO_clear_retry_flags(bio);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    BIO_set_retry_write(bio);
  return (int)n;
}

static int bio_read(BIO *bio, char *bytes, int size)
{
  const gnp_tls *tls = BIO_get_data(bio);
  ssize_t n = recv(tls->socket, bytes, (size_t)size, 0);
  BIO_clear_retry_flags(bio);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) BIO_set_retry_read(bio);
  return (int)n;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
  (void)bio;
  (void)number;
  (void)pointer;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO *bio_of(gnp_tls *tls)
{
  tls->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gnomon socket");
  if (!tls->method) return NULL;
  BIO_meth_set_write(tls->method, bio_write);
  BIO_meth_set_read(tls->method, bio_read);
  BIO_meth_set_ctrl(tls->method, bio_control);
  BIO *bio = BIO_new(tls->method);
  if (!bio) return NULL;
  BIO_set_data(bio, tls);
  BIO_set_init(bio, 1);
  return bio;
}

/* ---- setting up ------------------------------------------------------------------------------ */

static int tls_fail(gn_error *err, int code, const char *doing)
{
  unsigned long native = ERR_get_error();
  const char *why = native ? ERR_reason_error_string(native) : NULL;
  ERR_clear_error();
  return gni_fail_native(err, code, (int)ERR_GET_REASON(native), "%s: %s", doing,
                         why ? why : "no reason given");
}

static int load_files(gnp_tls *tls, const gni_link_target *target, gn_error *err)
{
  int loaded = target->ca_file ? SSL_CTX_load_verify_file(tls->context, target->ca_file)
                               : SSL_CTX_set_default_verify_paths(tls->context);
  if (loaded != 1) {
    gni_error_where(err, "'%s'", target->ca_file ? target->ca_file : "the system's certificates");
    return tls_fail(err, GN_E_AUTH, "the trusted certificates cannot be read");
  }
  if (!target->cert_file) return GN_OK;
  const char *key = target->key_file ? target->key_file : target->cert_file;
  if (SSL_CTX_use_certificate_chain_file(tls->context, target->cert_file) != 1 ||
      SSL_CTX_use_PrivateKey_file(tls->context, key, SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(tls->context) != 1)
    return tls_fail(err, GN_E_AUTH, "our certificate or its key cannot be used");
  return GN_OK;
}

static bool is_address(const char *name)
{
  unsigned char bytes[16];
  return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

static int name_server(gnp_tls *tls, const gni_link_target *target, gn_error *err)
{
  const char *name = target->server_name ? target->server_name : target->host;
  if (!name) return GN_OK;
  int named = is_address(name) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), name)
                               : SSL_set1_host(tls->ssl, name);
  union {
    const char *in;
    void *out;
  } text = {name}; /* what SSL_set_tlsext_host_name does, which casts const away */
  if (named == 1 && !is_address(name))
    named =
        (int)SSL_ctrl(tls->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, text.out);
  return named == 1 ? GN_OK : tls_fail(err, GN_E_ARG, "the server's name cannot be used");
}

static int set_up(gnp_tls *tls, const gni_link_target *target, gn_error *err)
{
  static const unsigned char h2[] = {2, 'h', '2'};
  tls->context = SSL_CTX_new(TLS_client_method());
  if (!tls->context) return tls_fail(err, GN_E_NOMEM, "TLS cannot start");
  SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
  SSL_CTX_set_mode(tls->context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(tls->context, target->tls_unchecked ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
  int rc = load_files(tls, target, err);
  if (rc != GN_OK) return rc;
  tls->ssl = SSL_new(tls->context);
  BIO *bio = tls->ssl ? bio_of(tls) : NULL;
  if (!bio) return tls_fail(err, GN_E_NOMEM, "TLS cannot start");
  SSL_set_bio(tls->ssl, bio, bio);
  if (SSL_set_alpn_protos(tls->ssl, h2, sizeof h2) != 0)
    return tls_fail(err, GN_E_NOMEM, "TLS cannot start");
  return name_server(tls, target, err);
}

static int check_protocol(const gnp_tls *tls, gn_error *err)
{
  const unsigned char *chosen = NULL;
  unsigned len = 0;
  SSL_get0_alpn_selected(tls->ssl, &chosen, &len);
  if (len == 2 && memcmp(chosen, "h2", 2) == 0) return GN_OK;
  gni_error_hint(err, "is it a Spark Connect server, or a proxy that speaks gRPC?");
  return gni_fail(err, GN_E_UNSUPPORTED, "the server does not offer HTTP/2 ('h2' in ALPN)");
}

static int handshake_fail(const gnp_tls *tls, gn_error *err)
{
  long verdict = SSL_get_verify_result(tls->ssl);
  if (verdict == X509_V_OK) return tls_fail(err, GN_E_IO, "the TLS handshake failed");
  ERR_clear_error();
  gni_error_hint(err, "give the certificate of who signed it with tls_ca_file");
  return gni_fail_native(err, GN_E_AUTH, (int)verdict, "the server's certificate is refused: %s",
                         X509_verify_cert_error_string(verdict));
}

static int shake_hands(gnp_tls *tls, int64_t deadline_us, gn_error *err)
{
  for (;;) {
    ERR_clear_error();
    int done = SSL_connect(tls->ssl);
    if (done == 1) return check_protocol(tls, err);
    int why = SSL_get_error(tls->ssl, done);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return handshake_fail(tls, err);
    int rc =
        gnp_wait_ready(tls->socket, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline_us);
    if (rc != GN_OK) return gni_fail(err, rc, "the TLS handshake took too long");
  }
}

int gnp_tls_open(const gni_link_target *target, int socket, const gn_alloc *alloc,
                 int64_t deadline_us, gnp_tls **out, gn_error *err)
{
  gnp_tls *tls = gni_alloc(alloc, sizeof *tls);
  if (!tls) return gni_fail_nomem(err, sizeof *tls);
  *tls = (gnp_tls){.alloc = alloc, .socket = socket};
  int rc = set_up(tls, target, err);
  if (rc == GN_OK) rc = shake_hands(tls, deadline_us, err);
  if (rc == GN_OK)
    *out = tls;
  else
    gnp_tls_close(tls);
  return rc;
}

void gnp_tls_close(gnp_tls *tls)
{
  if (!tls) return;
  if (tls->ssl && SSL_is_init_finished(tls->ssl)) SSL_shutdown(tls->ssl);
  ERR_clear_error();
  SSL_free(tls->ssl);
  SSL_CTX_free(tls->context);
  BIO_meth_free(tls->method);
  gni_free(tls->alloc, tls, sizeof *tls);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static int moved(gnp_tls *tls, int done, const char *doing, gn_error *err)
{
  if (done == 1) return GN_OK;
  int native = errno;
  switch (SSL_get_error(tls->ssl, 0)) {
  case SSL_ERROR_WANT_READ:
  case SSL_ERROR_WANT_WRITE:
    return GN_E_BUSY;
  case SSL_ERROR_ZERO_RETURN:
    return GN_ABSENT;
  case SSL_ERROR_SYSCALL:
    if (ERR_peek_error() == 0)
      return gni_fail_native(err, GN_E_IO, native, "%s: the connection was cut", doing);
    return tls_fail(err, GN_E_IO, doing);
  default:
    return tls_fail(err, GN_E_IO, doing);
  }
}

int gnp_tls_read(gnp_tls *tls, void *bytes, size_t size, size_t *got, gn_error *err)
{
  ERR_clear_error();
  return moved(tls, SSL_read_ex(tls->ssl, bytes, size, got), "reading", err);
}

int gnp_tls_write(gnp_tls *tls, const void *bytes, size_t size, size_t *put, gn_error *err)
{
  ERR_clear_error();
  return moved(tls, SSL_write_ex(tls->ssl, bytes, size, put), "writing", err);
}

bool gnp_tls_has_bytes(const gnp_tls *tls)
{
  return SSL_has_pending(tls->ssl);
}
