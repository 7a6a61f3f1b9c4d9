/* Rows of this process on their way to the server. SPDX-License-Identifier: Apache-2.0
 *
 * Few rows go with every query over them. More go once, into the session's cache under the hash of
 * their bytes, so that rows that are there already are not sent: in chunks to servers that know
 * those (4.1), as one message to older ones. Where the line is and how large a chunk, the server's
 * settings say; they are asked only when there is enough to think about. */
#include <errno.h>
#include <sparkconnect/artifact.h>
#include <sparkconnect/protocol.h>

#include "data/ipc.h"
#include "sparkconnect/answer.h"
#include "sparkconnect/upload.h"

enum {
  ASK_FROM_BYTES = 64 << 10,
  STEP_ROWS = 1024,          /* as PySpark looks at them */
  HELD_BYTES_MAX = 64 << 20, /* of chunks that wait for their upload together */
  HELD_MAX = 256,
  HEAD_BYTES = 16, /* room before the rows for the head of a message around them */
  SCHEMA_BYTES_MAX = 16 << 20
};
static const size_t chunk_bytes_max = 2000u << 20; /* of Spark */

/* ---- what the server wants ------------------------------------------------------------------- */

struct limits {
  bool asked, chunked;
  int64_t threshold_bytes, chunk_rows, chunk_bytes, held_bytes;
};

static int ask_limits(sparkc_session *session, struct limits *out, sparkc_error *err)
{
  static const char *const keys[] = {"spark.sql.session.localRelationCacheThreshold",
                                     "spark.sql.session.localRelationChunkSizeRows",
                                     "spark.sql.session.localRelationChunkSizeBytes",
                                     "spark.sql.session.localRelationBatchOfChunksSizeBytes"};
  gni_grpc_message *answer;
  int64_t values[4];
  int rc = sparkp_config_ask(session, keys, 4, &answer, err);
  if (rc != SPARKC_OK) return rc;
  for (size_t i = 0; i < 4; i++) values[i] = sparkp_setting_number(answer, keys[i]);
  gni_grpc_message_unref(answer);
  *out = (struct limits){.asked = true,
                         .chunked = values[1] > 0 && values[2] > 0,
                         .threshold_bytes = values[0] >= 0 ? values[0] : INT64_MAX,
                         .held_bytes = HELD_BYTES_MAX};
  out->chunk_rows = out->chunked ? values[1] : INT64_MAX;
  out->chunk_bytes = out->chunked ? values[2] : INT64_MAX;
  if (values[3] > 0 && values[3] < out->held_bytes) out->held_bytes = values[3];
  return SPARKC_OK;
}

/* ---- the caller's rows, chunk by chunk ------------------------------------------------------- */

struct cutter {
  sparkc_session *session;
  struct ArrowArrayStream *rows;
  struct ArrowSchema schema;
  struct ArrowArray batch; /* released: another is to be asked for */
  int64_t at;              /* rows of it that were given */
  bool ended, cached;
  struct limits limits;
  gn_buf *out;         /* of this chunk */
  int64_t rows_so_far; /* in it */
  size_t step_from;    /* bytes before the last step */
  sparkc_error failure;
};

static int foreign_failure(struct cutter *c, int native)
{
  const char *text = c->rows->get_last_error(c->rows);
  sparkp_fail(&c->failure, native == ENOMEM ? SPARKC_E_NOMEM : SPARKC_E_PLAN, "%.300s",
              text ? text : "the stream of rows failed");
  c->failure.native = native;
  return native;
}

/* 0 with a batch that has rows left, or with `ended`. */
static int look_ahead(struct cutter *c)
{
  while (!c->ended && (!c->batch.release || c->at == c->batch.length)) {
    gni_array_close(&c->batch);
    c->at = 0;
    int native = c->rows->get_next(c->rows, &c->batch);
    if (native != 0) return foreign_failure(c, native);
    c->ended = c->batch.release == NULL;
  }
  return 0;
}

/* Whether the chunk is as large as it is to be. */
static int is_full(struct cutter *c, bool *full)
{
  int64_t bytes = (int64_t)c->out->len, step = bytes - (int64_t)c->step_from;
  *full = false;
  if (bytes > ASK_FROM_BYTES && !c->limits.asked &&
      ask_limits(c->session, &c->limits, &c->failure) != SPARKC_OK)
    return EIO;
  if (!c->limits.asked) return 0;
  c->cached = c->cached || bytes > c->limits.threshold_bytes;
  *full = c->cached && c->rows_so_far > 0 &&
          (c->rows_so_far >= c->limits.chunk_rows || bytes + step > c->limits.chunk_bytes);
  return 0;
}

static int give_part(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  struct cutter *c = stream->private_data;
  gn_error why = {0};
  bool full = false;
  *out = (struct ArrowArray){.release = NULL};
  int native = look_ahead(c);
  if (native == 0 && !c->ended) native = is_full(c, &full);
  if (native != 0 || c->ended || full) return native;
  int64_t count = c->batch.length - c->at;
  if (count > STEP_ROWS) count = STEP_ROWS;
  if (c->cached && count > c->limits.chunk_rows - c->rows_so_far)
    count = c->limits.chunk_rows - c->rows_so_far;
  c->step_from = c->out->len;
  if (gni_array_slice(&c->schema, &c->batch, c->at, count, out, &why) != GN_OK) {
    sparkp_fail_from(&c->failure, &why);
    return why.code == GN_E_NOMEM ? ENOMEM : EINVAL;
  }
  c->at += count;
  c->rows_so_far += count;
  return 0;
}

static int give_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
  const struct cutter *c = stream->private_data;
  return gni_schema_copy(&c->schema, out, NULL) == GN_OK ? 0 : ENOMEM;
}

static const char *give_error(struct ArrowArrayStream *stream)
{
  const struct cutter *c = stream->private_data;
  return c->failure.message;
}

static void end_part(struct ArrowArrayStream *stream)
{
  stream->release = NULL;
}

/* The next chunk behind HEAD_BYTES of `out`, an Arrow stream of its own. */
static int next_chunk(struct cutter *c, gn_buf *out, sparkc_error *err)
{
  struct ArrowArrayStream part = {.get_schema = give_schema,
                                  .get_next = give_part,
                                  .get_last_error = give_error,
                                  .release = end_part,
                                  .private_data = c};
  gn_error why = {0};
  if (!gni_buf_extend(out, HEAD_BYTES)) return sparkp_nomem(err);
  c->out = out;
  c->rows_so_far = 0;
  c->step_from = out->len;
  int rc = gni_ipc_write(&part, out, &why);
  if (c->failure.code != SPARKC_OK) return sparkp_error_move(&c->failure, err);
  return rc == GN_OK ? SPARKC_OK : sparkp_fail_from(err, &why);
}

static int cutter_open(struct cutter *c, sparkc_session *session, struct ArrowArrayStream *rows,
                       sparkc_error *err)
{
  *c = (struct cutter){.session = session, .rows = rows};
  int native = rows->get_schema(rows, &c->schema);
  if (native == 0) return SPARKC_OK;
  foreign_failure(c, native);
  return sparkp_error_move(&c->failure, err);
}

static void cutter_close(struct cutter *c)
{
  gni_array_close(&c->batch);
  gni_schema_close(&c->schema);
  sparkc_error_clear(&c->failure);
}

/* ---- chunks in the cache --------------------------------------------------------------------- */

typedef struct held {
  gn_buf bytes;
  char name[SPARKP_CACHE_NAME_BYTES];
} held;

struct cached {
  sparkc_session *session;
  gn_arena arena; /* of hashes */
  sparkc_value *hashes;
  size_t count, room;
  held *held; /* HELD_MAX */
  size_t held_count, held_bytes;
};

static int remember(struct cached *c, const char *name, sparkc_error *err)
{
  if (c->count == c->room) {
    size_t room = c->room ? c->room * 2 : 64;
    sparkc_value *grown = gni_arena_grow(&c->arena, c->hashes, c->count * sizeof *c->hashes,
                                         room * sizeof *c->hashes);
    if (!grown) return sparkp_nomem(err);
    c->hashes = grown;
    c->room = room;
  }
  const char *hash = gni_str_take(&c->arena, gni_str(name + 6)).ptr;
  if (!hash) return sparkp_nomem(err);
  c->hashes[c->count++] = (sparkc_value)SPARKC_TEXT(hash);
  return SPARKC_OK;
}

static void let_go(struct cached *c)
{
  for (size_t i = 0; i < c->held_count; i++) gni_buf_deinit(&c->held[i].bytes);
  c->held_count = c->held_bytes = 0;
}

static int upload_held(struct cached *c, sparkc_error *err)
{
  size_t count = c->held_count, size = count * sizeof(sparkp_artifact);
  if (count == 0) return SPARKC_OK;
  sparkp_artifact *artifacts = gni_alloc_zero(&c->session->alloc, size);
  if (!artifacts) return sparkp_nomem(err);
  for (size_t i = 0; i < count; i++) {
    gn_str bytes = gni_buf_view(&c->held[i].bytes);
    artifacts[i].name = c->held[i].name;
    artifacts[i].bytes = (gn_str){bytes.ptr + HEAD_BYTES, bytes.len - HEAD_BYTES};
  }
  int rc = sparkp_cache(c->session, artifacts, count, err);
  gni_free(&c->session->alloc, artifacts, size);
  let_go(c);
  return rc;
}

/* Takes over the chunk. */
static int hold(struct cached *c, gn_buf *chunk, const struct limits *limits, sparkc_error *err)
{
  held *one = &c->held[c->held_count++];
  one->bytes = *chunk;
  *chunk = (gn_buf){.alloc = chunk->alloc};
  sparkp_cache_name((gn_str){one->bytes.ptr + HEAD_BYTES, one->bytes.len - HEAD_BYTES}, one->name);
  c->held_bytes += one->bytes.len;
  int rc = remember(c, one->name, err);
  bool enough = c->held_count == HELD_MAX || (int64_t)c->held_bytes >= limits->held_bytes;
  return rc == SPARKC_OK && enough ? upload_held(c, err) : rc;
}

static int cached_open(struct cached *c, sparkc_session *session, sparkc_error *err)
{
  *c = (struct cached){.session = session};
  gni_arena_init(&c->arena, &session->alloc, SPARKP_TEXT_BYTES_MAX);
  c->held = GN_TAKE_ZERO(&c->arena, held, HELD_MAX);
  return c->held ? SPARKC_OK : sparkp_nomem(err);
}

static void cached_close(struct cached *c)
{
  let_go(c);
  gni_arena_deinit(&c->arena);
}

/* ---- relations ------------------------------------------------------------------------------- */

static int make_inline(sparkc_session *session, gn_str data, const char *schema,
                       sparkc_dataframe **out, sparkc_error *err)
{
  if (data.len > session->address.message_bytes_max)
    return sparkp_fail(err, SPARKC_E_LIMIT, "the rows have %zu bytes, a message at most %zu",
                       data.len, session->address.message_bytes_max);
  const sparkc_field fields[] = {{"data", SPARKC_BYTES(data.ptr, data.len)},
                                 {"schema", SPARKC_TEXT(schema)}};
  size_t skip = data.len == 0;
  return sparkc_relation(session, "local_relation", fields + skip, 2 - skip, out, err);
}

/* The schema is an artifact like the rows. */
static int cache_schema(sparkc_session *session, const char *schema, char hash[SPARKP_HASH_BYTES],
                        sparkc_error *err)
{
  return sparkc_cache_bytes(session, schema, strlen(schema), hash, err);
}

static int make_chunked(sparkc_session *session, const sparkc_value *hashes, size_t count,
                        const char *schema, sparkc_dataframe **out, sparkc_error *err)
{
  char hash[SPARKP_HASH_BYTES];
  if (schema) {
    int rc = cache_schema(session, schema, hash, err);
    if (rc != SPARKC_OK) return rc;
  }
  const sparkc_field fields[] = {{"dataHashes", SPARKC_LIST(hashes, count)},
                                 {"schemaHash", SPARKC_TEXT(schema ? hash : NULL)}};
  return sparkc_relation(session, "chunked_cached_local_relation", fields, 2, out, err);
}

static size_t write_varint(uint64_t value, char *out)
{
  size_t len = 0;
  for (; value > 0x7F; value >>= 7) out[len++] = (char)((value & 0x7F) | 0x80);
  out[len++] = (char)value;
  return len;
}

/* Before 4.1 the cache holds a whole LocalRelation {data 1, schema 2}, whose head is put before the
 * rows and whose schema behind them. */
static int make_cached(sparkc_session *session, gn_buf *rows, const char *schema,
                       sparkc_dataframe **out, sparkc_error *err)
{
  char head[HEAD_BYTES] = {1 << 3 | 2}, hash[SPARKP_HASH_BYTES];
  size_t len = 1 + write_varint(rows->len - HEAD_BYTES, head + 1), from = HEAD_BYTES - len;
  memcpy(rows->ptr + from, head, len);
  if (schema) {
    len = write_varint(strlen(schema), head + 1);
    gni_buf_add_char(rows, 2 << 3 | 2);
    gni_buf_add(rows, head + 1, len);
    if (gni_buf_add_text(rows, schema) != GN_OK) return sparkp_nomem(err);
  }
  int rc = sparkc_cache_bytes(session, rows->ptr + from, rows->len - from, hash, err);
  if (rc != SPARKC_OK) return rc;
  const sparkc_field fields[] = {{"hash", SPARKC_TEXT(hash)}};
  return sparkc_relation(session, "cached_local_relation", fields, 1, out, err);
}

/* ---- rows of a stream ------------------------------------------------------------------------ */

/* The first chunk is in `chunk`, and there are more than go with a query. */
static int send_chunks(struct cutter *c, gn_buf *chunk, const char *schema, sparkc_dataframe **out,
                       sparkc_error *err)
{
  struct cached cached;
  int rc = cached_open(&cached, c->session, err);
  if (rc == SPARKC_OK) rc = hold(&cached, chunk, &c->limits, err);
  while (rc == SPARKC_OK && !c->ended) {
    gni_buf_init(chunk, &c->session->alloc, chunk_bytes_max);
    rc = next_chunk(c, chunk, err);
    if (rc == SPARKC_OK) rc = hold(&cached, chunk, &c->limits, err);
  }
  if (rc == SPARKC_OK) rc = upload_held(&cached, err);
  if (rc == SPARKC_OK) rc = make_chunked(c->session, cached.hashes, cached.count, schema, out, err);
  cached_close(&cached);
  return rc;
}

int sparkc_create(sparkc_session *session, struct ArrowArrayStream *rows, const char *schema,
                  sparkc_dataframe **out, sparkc_error *err)
{
  struct cutter c;
  gn_buf chunk;
  *out = NULL;
  int rc = cutter_open(&c, session, rows, err);
  if (rc != SPARKC_OK) return rc;
  gni_buf_init(&chunk, &session->alloc, chunk_bytes_max);
  rc = next_chunk(&c, &chunk, err);
  if (rc == SPARKC_OK && !c.cached)
    rc = make_inline(session, (gn_str){chunk.ptr + HEAD_BYTES, chunk.len - HEAD_BYTES}, schema, out,
                     err);
  else if (rc == SPARKC_OK && c.limits.chunked)
    rc = send_chunks(&c, &chunk, schema, out, err);
  else if (rc == SPARKC_OK)
    rc = make_cached(session, &chunk, schema, out, err);
  gni_buf_deinit(&chunk);
  cutter_close(&c);
  return rc;
}

/* ---- rows as bytes --------------------------------------------------------------------------- */

static int cache_local(sparkc_session *session, gn_str data, bool chunked, const char *schema,
                       sparkc_dataframe **out, sparkc_error *err)
{
  char hash[SPARKP_HASH_BYTES];
  gn_buf copy;
  if (data.len > chunk_bytes_max)
    return sparkp_fail(err, SPARKC_E_LIMIT, "the rows have %zu bytes, a chunk at most %zu",
                       data.len, chunk_bytes_max);
  if (chunked) {
    int rc = sparkc_cache_bytes(session, data.ptr, data.len, hash, err);
    const sparkc_value one = SPARKC_TEXT(hash);
    return rc == SPARKC_OK ? make_chunked(session, &one, 1, schema, out, err) : rc;
  }
  gni_buf_init(&copy, &session->alloc, chunk_bytes_max + SCHEMA_BYTES_MAX);
  int rc = gni_buf_extend(&copy, HEAD_BYTES) && gni_buf_add_str(&copy, data) == GN_OK
               ? make_cached(session, &copy, schema, out, err)
               : sparkp_nomem(err);
  gni_buf_deinit(&copy);
  return rc;
}

int sparkc_local(sparkc_session *session, const void *arrow_ipc, size_t size, const char *schema,
                 sparkc_dataframe **out, sparkc_error *err)
{
  struct limits limits = {.threshold_bytes = INT64_MAX};
  gn_str data = {arrow_ipc, size};
  *out = NULL;
  if (size > ASK_FROM_BYTES) {
    int rc = ask_limits(session, &limits, err);
    if (rc != SPARKC_OK) return rc;
  }
  if ((int64_t)size <= limits.threshold_bytes) return make_inline(session, data, schema, out, err);
  return cache_local(session, data, limits.chunked, schema, out, err);
}
