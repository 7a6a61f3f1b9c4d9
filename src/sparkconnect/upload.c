/* Artifacts as a stream of messages: small ones together, large ones in pieces, checksums on all.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sparkconnect/answer.h"

typedef Spark__Connect__AddArtifactsRequest add_request;
typedef Spark__Connect__AddArtifactsRequest__ArtifactChunk artifact_chunk;
typedef Spark__Connect__AddArtifactsRequest__SingleChunkArtifact small_artifact;

enum {
  PIECE_BYTES = 1 << 20,
  TOGETHER_MAX = 64, /* small artifacts of a message */
  ROUNDS_MAX = 3,    /* how often what arrives damaged is sent */
  BYTES_PER_SECOND_MIN = 100000
};

struct upload {
  sparkc_session *session;
  const sparkp_artifact *artifacts;
  size_t count;
  bool *wanted; /* still to be sent */
  uint32_t crc_of[256];
  /* of one attempt */
  const sparkp_transport *transport;
  void *call;
  sparkp_who who;
  gn_buf frame;
  char *piece; /* PIECE_BYTES */
  size_t piece_len;
  small_artifact small[TOGETHER_MAX];
  artifact_chunk chunks[TOGETHER_MAX];
  small_artifact *together[TOGETHER_MAX];
  size_t together_count;
};

/* ---- checksums: CRC-32 as zlib's ------------------------------------------------------------- */

static void fill_crc(uint32_t crc_of[256])
{
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    crc_of[i] = crc;
  }
}

static uint32_t crc_of(const struct upload *u, const char *bytes, size_t size)
{
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i < size; i++) crc = crc >> 8 ^ u->crc_of[(crc ^ (uint8_t)bytes[i]) & 0xFF];
  return crc ^ 0xFFFFFFFF;
}

/* ---- where the bytes come from --------------------------------------------------------------- */

struct reader {
  const sparkp_artifact *of;
  int file; /* -1: none */
  size_t size, at;
};

static int cannot_read(const char *path, int native, sparkc_error *err)
{
  int rc = sparkp_fail(err, SPARKC_E_PLAN, "cannot read '%.300s': %s", path, strerror(native));
  if (err) err->native = native;
  return rc;
}

static int open_reader(const sparkp_artifact *artifact, struct reader *out, sparkc_error *err)
{
  struct stat about;
  *out = (struct reader){.of = artifact, .file = -1};
  if (!artifact->path) {
    out->size = artifact->bytes.len;
    return SPARKC_OK;
  }
  out->file = open(artifact->path, O_RDONLY | O_CLOEXEC);
  if (out->file < 0) return cannot_read(artifact->path, errno, err);
  bool plain = fstat(out->file, &about) == 0 && S_ISREG(about.st_mode);
  out->size = plain ? (size_t)about.st_size : 0;
  if (plain) return SPARKC_OK;
  close(out->file);
  return cannot_read(artifact->path, EISDIR, err);
}

static void close_reader(struct reader *reader)
{
  if (reader->file >= 0) close(reader->file);
}

/* Exactly `size` bytes. */
static int read_bytes(struct reader *reader, char *out, size_t size, sparkc_error *err)
{
  if (reader->file < 0) {
    if (size) memcpy(out, reader->of->bytes.ptr + reader->at, size);
    reader->at += size;
    return SPARKC_OK;
  }
  while (size) {
    ssize_t got = read(reader->file, out, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return cannot_read(reader->of->path, got < 0 ? errno : ENODATA, err);
    out += got;
    size -= (size_t)got;
  }
  return SPARKC_OK;
}

/* ---- messages: SPARKC_OK, GN_ABSENT once the call is over, or a failure of ours ---------------
 */

static int send_request(struct upload *u, add_request *request, sparkc_error *err)
{
  SPARKP_SIGN(request, u->session, &u->who);
  gni_buf_reset(&u->frame);
  int rc = sparkp_frame(&request->base, u->frame.ceiling_bytes, &u->frame, err);
  return rc == SPARKC_OK ? u->transport->send(u->call, gni_buf_view(&u->frame), false) : rc;
}

static void tell(const struct upload *u, const char *name, size_t sent, size_t size)
{
  sparkp_tell(u->session, &(sparkc_event){.kind = SPARKC_EVENT_UPLOAD,
                                          .name = name,
                                          .bytes = (int64_t)sent,
                                          .bytes_total = (int64_t)size,
                                          .finished = sent == size});
}

static void fill_chunk(const struct upload *u, char *bytes, size_t size, artifact_chunk *out)
{
  union {
    char *in;
    uint8_t *out;
  } same = {bytes};
  spark__connect__add_artifacts_request__artifact_chunk__init(out);
  out->has_data = size > 0;
  out->data.data = same.out;
  out->data.len = size;
  out->has_crc = true;
  out->crc = crc_of(u, bytes, size);
}

static int send_together(struct upload *u, sparkc_error *err)
{
  add_request request = SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__INIT;
  Spark__Connect__AddArtifactsRequest__Batch batch =
      SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__BATCH__INIT;
  size_t count = u->together_count;
  if (count == 0) return SPARKC_OK;
  batch.artifacts = u->together;
  batch.n_artifacts = count;
  request.payload_case = SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_BATCH;
  request.batch = &batch;
  u->together_count = u->piece_len = 0;
  int rc = send_request(u, &request, err);
  for (size_t i = 0; i < count && rc == SPARKC_OK; i++)
    tell(u, u->small[i].name, u->chunks[i].data.len, u->chunks[i].data.len);
  return rc;
}

static int add_small(struct upload *u, struct reader *reader, sparkc_error *err)
{
  int rc = SPARKC_OK;
  if (u->together_count == TOGETHER_MAX || u->piece_len + reader->size > PIECE_BYTES)
    rc = send_together(u, err);
  if (rc == SPARKC_OK) rc = read_bytes(reader, u->piece + u->piece_len, reader->size, err);
  if (rc != SPARKC_OK) return rc;
  size_t i = u->together_count++;
  fill_chunk(u, u->piece + u->piece_len, reader->size, &u->chunks[i]);
  spark__connect__add_artifacts_request__single_chunk_artifact__init(&u->small[i]);
  u->small[i].name = sparkp_member(reader->of->name);
  u->small[i].data = &u->chunks[i];
  u->together[i] = &u->small[i];
  u->piece_len += reader->size;
  return SPARKC_OK;
}

static int send_piece(struct upload *u, const struct reader *reader, size_t at, size_t size,
                      sparkc_error *err)
{
  add_request request = SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__INIT;
  Spark__Connect__AddArtifactsRequest__BeginChunkedArtifact begin =
      SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__BEGIN_CHUNKED_ARTIFACT__INIT;
  artifact_chunk chunk;
  fill_chunk(u, u->piece, size, &chunk);
  request.payload_case = at ? SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_CHUNK
                            : SPARK__CONNECT__ADD_ARTIFACTS_REQUEST__PAYLOAD_BEGIN_CHUNK;
  if (at) {
    request.chunk = &chunk;
  } else {
    begin.name = sparkp_member(reader->of->name);
    begin.has_total_bytes = begin.has_num_chunks = true;
    begin.total_bytes = (int64_t)reader->size;
    begin.num_chunks = (int64_t)((reader->size + PIECE_BYTES - 1) / PIECE_BYTES);
    begin.initial_chunk = &chunk;
    request.begin_chunk = &begin;
  }
  int rc = send_request(u, &request, err);
  if (rc == SPARKC_OK) tell(u, reader->of->name, at + size, reader->size);
  return rc;
}

static int send_large(struct upload *u, struct reader *reader, sparkc_error *err)
{
  int rc = send_together(u, err);
  for (size_t at = 0; at < reader->size && rc == SPARKC_OK; at += PIECE_BYTES) {
    size_t left = reader->size - at, size = left < PIECE_BYTES ? left : PIECE_BYTES;
    rc = read_bytes(reader, u->piece, size, err);
    if (rc == SPARKC_OK) rc = send_piece(u, reader, at, size, err);
  }
  return rc;
}

static int send_all(void *user, const sparkp_transport *transport, void *call, sparkc_error *err)
{
  struct upload *u = user;
  int rc = SPARKC_OK;
  u->transport = transport;
  u->call = call;
  u->together_count = u->piece_len = 0;
  for (size_t i = 0; i < u->count && rc == SPARKC_OK; i++) {
    struct reader reader;
    if (!u->wanted[i]) continue;
    rc = open_reader(&u->artifacts[i], &reader, err);
    if (rc != SPARKC_OK) break;
    rc = reader.size <= PIECE_BYTES ? add_small(u, &reader, err) : send_large(u, &reader, err);
    close_reader(&reader);
  }
  if (rc == SPARKC_OK) rc = send_together(u, err);
  if (rc == SPARKC_OK) rc = transport->send(call, GN_STR(""), true);
  return rc == GN_ABSENT ? SPARKC_OK : rc; /* the server's own word is asked for next */
}

/* ---- what the server says of them: artifacts 1 {name 1, is_crc_successful 2} ------------------
 */

static size_t read_summaries(const struct upload *u, gn_str answer)
{
  gni_proto_field field, name, good;
  size_t damaged = 0;
  memset(u->wanted, 0, u->count * sizeof *u->wanted);
  while (gni_proto_next(&answer, &field) == GN_OK) {
    gn_str summary = gni_proto_bytes(&field);
    if (field.number != 1 || gni_proto_find(summary, 1, &name) != GN_OK) continue;
    if (gni_proto_find(summary, 2, &good) == GN_OK && good.value) continue;
    for (size_t i = 0; i < u->count; i++)
      if (gni_str_is(gni_proto_bytes(&name), u->artifacts[i].name)) {
        u->wanted[i] = true;
        damaged++;
      }
  }
  return damaged;
}

static int one_round(struct upload *u, int64_t bytes, size_t *damaged, sparkc_error *err)
{
  const sparkp_feed feed = {send_all, u};
  gni_grpc_message *answer;
  int64_t deadline_us = sparkp_now_us(u->session) + u->session->call_timeout_us +
                        bytes / BYTES_PER_SECOND_MIN * 1000000;
  int rc = sparkp_call_fed(u->session, "AddArtifacts", &feed, deadline_us, &answer, err);
  if (rc != SPARKC_OK) return rc;
  rc = sparkp_check_session(u->session, sparkp_answer_text(answer, 2),
                            sparkp_answer_text(answer, 3), err);
  *damaged = read_summaries(u, (gn_str){answer->ptr, answer->len});
  gni_grpc_message_unref(answer);
  return rc;
}

static int still_damaged(const struct upload *u, sparkc_error *err)
{
  size_t i = 0;
  while (i + 1 < u->count && !u->wanted[i]) i++;
  int rc = sparkp_fail(err, SPARKC_E_TRANSPORT, "artifact '%.200s' arrived damaged %d times",
                       u->artifacts[i].name, ROUNDS_MAX);
  if (err) err->retryable = 1;
  return rc;
}

/* The files are looked at before anything is sent: one that is missing costs no upload. */
static int sum_sizes(const sparkp_artifact *artifacts, size_t count, int64_t *out,
                     sparkc_error *err)
{
  *out = 0;
  for (size_t i = 0; i < count; i++) {
    struct reader reader;
    int rc = open_reader(&artifacts[i], &reader, err);
    if (rc != SPARKC_OK) return rc;
    *out += (int64_t)reader.size;
    close_reader(&reader);
  }
  return SPARKC_OK;
}

int sparkp_upload(sparkc_session *session, const sparkp_artifact *artifacts, size_t count,
                  sparkc_error *err)
{
  const gn_alloc *alloc = &session->alloc;
  size_t damaged = 0;
  int64_t bytes;
  int rc = sum_sizes(artifacts, count, &bytes, err);
  if (rc != SPARKC_OK) return rc;
  struct upload *u = gni_alloc_zero(alloc, sizeof *u);
  if (!u) return sparkp_nomem(err);
  u->session = session;
  u->artifacts = artifacts;
  u->count = count;
  u->wanted = gni_alloc(alloc, count * sizeof *u->wanted);
  u->piece = gni_alloc(alloc, PIECE_BYTES);
  gni_buf_init(&u->frame, alloc, session->address.message_bytes_max);
  fill_crc(u->crc_of);
  if (u->wanted && u->piece) {
    memset(u->wanted, true, count * sizeof *u->wanted);
    rc = one_round(u, bytes, &damaged, err);
    for (int round = 1; rc == SPARKC_OK && damaged; round++)
      rc = round < ROUNDS_MAX ? one_round(u, bytes, &damaged, err) : still_damaged(u, err);
  } else {
    rc = sparkp_nomem(err);
  }
  gni_buf_deinit(&u->frame);
  gni_free(alloc, u->piece, PIECE_BYTES);
  gni_free(alloc, u->wanted, count * sizeof *u->wanted);
  gni_free(alloc, u, sizeof *u);
  return rc;
}
