/* Large plans as zstd frames, where the server takes them (4.1). SPDX-License-Identifier:
 * Apache-2.0
 *
 * zstd is included here only; its own memory is libc's. */
#include <zstd.h>

#include "sparkconnect/answer.h"
#include "sparkconnect/compress.h"

enum { ASK_FROM_BYTES = 64 << 10, LEVEL = 3 };

static const char *const settings[] = {"spark.connect.session.planCompression.threshold",
                                       "spark.connect.session.planCompression.defaultAlgorithm"};

/* Asked once in a session's life, by the first plan that is large enough to care. A server that
 * cannot say does not compress. */
static int64_t threshold_of(sparkc_session *session)
{
  gni_grpc_message *answer;
  pthread_mutex_lock(&session->lock);
  int64_t threshold = session->compress_from;
  pthread_mutex_unlock(&session->lock);
  if (threshold != SPARKP_COMPRESS_UNKNOWN) return threshold;
  threshold = SPARKP_COMPRESS_NEVER;
  if (sparkp_config_ask(session, settings, 2, &answer, NULL) == SPARKC_OK) {
    if (gni_str_is(sparkp_setting(answer, settings[1]), "ZSTD"))
      threshold = sparkp_setting_number(answer, settings[0]);
    gni_grpc_message_unref(answer);
  }
  pthread_mutex_lock(&session->lock);
  session->compress_from = threshold;
  pthread_mutex_unlock(&session->lock);
  return threshold;
}

void sparkp_compress_never(sparkc_session *session)
{
  pthread_mutex_lock(&session->lock);
  session->compress_from = SPARKP_COMPRESS_NEVER;
  pthread_mutex_unlock(&session->lock);
}

static int compress(const ProtobufCMessage *message, size_t size, gn_buf *out)
{
  gn_buf plain;
  gni_buf_init(&plain, out->alloc, out->ceiling_bytes);
  uint8_t *bytes = gni_buf_extend(&plain, size);
  char *room = bytes ? gni_buf_extend(out, size) : NULL; /* more would not pay */
  int rc = room ? GN_OK : GN_E_NOMEM;
  if (room) {
    protobuf_c_message_pack(message, bytes);
    size_t len = ZSTD_compress(room, size, bytes, size, LEVEL);
    out->len = ZSTD_isError(len) ? 0 : len;
  }
  gni_buf_deinit(&plain);
  return rc;
}

int sparkp_compress(sparkc_session *session, const Spark__Connect__Plan *plan, sparkp_squeezed *out,
                    sparkc_error *err)
{
  bool is_command = plan->op_type_case == SPARK__CONNECT__PLAN__OP_TYPE_COMMAND;
  const ProtobufCMessage *message = is_command ? &plan->command->base : &plan->root->base;
  size_t size = protobuf_c_message_get_packed_size(message);
  out->plan = *plan;
  gni_buf_init(&out->bytes, &session->alloc, (size_t)1 << 30);
  if (size <= ASK_FROM_BYTES) return SPARKC_OK;
  int64_t from = threshold_of(session);
  if (from < 0 || (int64_t)size <= from) return SPARKC_OK;
  if (compress(message, size, &out->bytes) != GN_OK) return sparkp_nomem(err);
  if (out->bytes.len == 0 || out->bytes.len >= size) return SPARKC_OK;
  union {
    char *in;
    uint8_t *out;
  } same = {out->bytes.ptr};
  spark__connect__plan__compressed_operation__init(&out->operation);
  out->operation.data.data = same.out;
  out->operation.data.len = out->bytes.len;
  out->operation.has_data = out->operation.has_op_type = true;
  out->operation.has_compression_codec = true;
  out->operation.op_type =
      is_command ? SPARK__CONNECT__PLAN__COMPRESSED_OPERATION__OP_TYPE__OP_TYPE_COMMAND
                 : SPARK__CONNECT__PLAN__COMPRESSED_OPERATION__OP_TYPE__OP_TYPE_RELATION;
  out->operation.compression_codec = SPARK__CONNECT__COMPRESSION_CODEC__COMPRESSION_CODEC_ZSTD;
  out->plan.op_type_case = SPARK__CONNECT__PLAN__OP_TYPE_COMPRESSED_OPERATION;
  out->plan.compressed_operation = &out->operation;
  return SPARKC_OK;
}

void sparkp_squeezed_close(sparkp_squeezed *squeezed)
{
  gni_buf_deinit(&squeezed->bytes);
}
