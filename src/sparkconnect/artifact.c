/* Artifacts by name: what callers add, and the session's cache. SPDX-License-Identifier: Apache-2.0
 */
#include <sparkconnect/artifact.h>

#include "sparkconnect/answer.h"
#include "sparkconnect/upload.h"

enum { NAMES_BYTES_MAX = 16 << 20, NAME_BYTES_MAX = 4096, NAMES_MAX = 1 << 20 };

/* ---- names ----------------------------------------------------------------------------------- */

static const struct {
  int kind;
  const char *prefix;
  const char *endings; /* each with a space before it; NULL: any */
} kinds[] = {{SPARKC_ARTIFACT_FILE, "files/", NULL},
             {SPARKC_ARTIFACT_JAR, "jars/", " .jar"},
             {SPARKC_ARTIFACT_PYFILE, "pyfiles/", " .py .zip .egg .jar"},
             {SPARKC_ARTIFACT_ARCHIVE, "archives/", " .zip .jar .tar.gz .tgz .tar"},
             {SPARKC_ARTIFACT_CLASS, "classes/", " .class"}};

static gn_str last_part(gn_str path)
{
  gn_str part = path;
  while (gni_str_split(&path, '/', &part)) continue;
  return part;
}

static bool has_ending(gn_str name, const char *endings)
{
  gn_str rest = gni_str(endings), one;
  while (gni_str_split(&rest, ' ', &one))
    if (one.len && name.len > one.len &&
        memcmp(name.ptr + name.len - one.len, one.ptr, one.len) == 0)
      return true;
  return endings == NULL;
}

/* The server joins the name to a folder of the session: it must stay in there. */
static bool stays_inside(gn_str name)
{
  gn_str part;
  if (name.len == 0 || name.len > NAME_BYTES_MAX || name.ptr[0] == '/') return false;
  while (gni_str_split(&name, '/', &part))
    if (gni_str_is(part, "..") || gni_str_is(part, ".") || part.len == 0) return false;
  return true;
}

/* "deps.tar.gz#env": the file, and what it is to be called once unpacked. */
static void cut_alias(int kind, gn_str path, gn_str *file)
{
  *file = path;
  if (kind == SPARKC_ARTIFACT_ARCHIVE) gni_str_split(&path, '#', file);
}

static int name_one(const sparkc_artifact *given, gn_arena *arena, sparkp_artifact *out,
                    sparkc_error *err)
{
  size_t kind = 0, count = sizeof kinds / sizeof *kinds;
  gn_str name = given->name ? gni_str(given->name) : last_part(gni_str(given->path)), plain, file;
  while (kind < count && kinds[kind].kind != given->kind) kind++;
  if (kind == count)
    return sparkp_fail(err, SPARKC_E_PLAN, "%d is no kind of artifact", given->kind);
  if (!given->path && given->size && !given->bytes)
    return sparkp_fail(err, SPARKC_E_PLAN, "an artifact has neither a path nor bytes");
  if (!stays_inside(name))
    return sparkp_fail(err, SPARKC_E_PLAN, "'%.*s' is no name for an artifact",
                       (int)(name.len < 200 ? name.len : 200), name.ptr);
  cut_alias(given->kind, name, &plain);
  if (!has_ending(plain, kinds[kind].endings)) {
    sparkp_hint(err, "endings are%s", kinds[kind].endings);
    return sparkp_fail(err, SPARKC_E_PLAN, "'%.*s' has not the ending of what it is to be",
                       (int)(plain.len < 200 ? plain.len : 200), plain.ptr);
  }
  *out = (sparkp_artifact){
      .name = gni_str_format(arena, "%s%.*s", kinds[kind].prefix, GN_STR_ARGS(name)).ptr};
  if (given->path) {
    cut_alias(given->kind, gni_str(given->path), &file);
    out->path = gni_str_take(arena, file).ptr;
  } else {
    out->bytes = (gn_str){given->bytes, given->size};
  }
  return out->name && (out->path || !given->path) ? SPARKC_OK : sparkp_nomem(err);
}

int sparkc_artifacts_add(sparkc_session *session, const sparkc_artifact *artifacts, size_t count,
                         sparkc_error *err)
{
  gn_arena arena;
  int rc = SPARKC_OK;
  if (count == 0) return rc;
  gni_arena_init(&arena, &session->alloc, NAMES_BYTES_MAX);
  sparkp_artifact *named = GN_TAKE_ZERO(&arena, sparkp_artifact, count);
  if (!named) rc = sparkp_nomem(err);
  for (size_t i = 0; i < count && rc == SPARKC_OK; i++)
    rc = name_one(&artifacts[i], &arena, &named[i], err);
  if (rc == SPARKC_OK) rc = sparkp_upload(session, named, count, err);
  gni_arena_deinit(&arena);
  return rc;
}

int sparkc_artifact_add(sparkc_session *session, int kind, const char *path, sparkc_error *err)
{
  const sparkc_artifact one = {.kind = kind, .path = path};
  return sparkc_artifacts_add(session, &one, 1, err);
}

int sparkc_copy_to_server(sparkc_session *session, const char *path, const char *destination,
                          sparkc_error *err)
{
  gn_arena arena;
  if (destination[0] != '/' || !stays_inside(gni_str(destination + 1)))
    return sparkp_fail(err, SPARKC_E_PLAN, "'%.200s' is no absolute path", destination);
  gni_arena_init(&arena, &session->alloc, NAMES_BYTES_MAX);
  const sparkp_artifact one = {.name = gni_str_format(&arena, "forward_to_fs%s", destination).ptr,
                               .path = path};
  int rc = one.name ? sparkp_upload(session, &one, 1, err) : sparkp_nomem(err);
  gni_arena_deinit(&arena);
  return rc;
}

/* ---- what is there --------------------------------------------------------------------------- */

/* ArtifactStatusesResponse: statuses 1 {key 1, value 2 {exists 1}} */
static void read_status(gn_str entry, const char *const *names, size_t count, int32_t *exists)
{
  gni_proto_field name, value, flag;
  if (gni_proto_find(entry, 1, &name) != GN_OK || gni_proto_find(entry, 2, &value) != GN_OK) return;
  bool there = gni_proto_find(gni_proto_bytes(&value), 1, &flag) == GN_OK && flag.value != 0;
  for (size_t i = 0; i < count; i++)
    if (gni_str_is(gni_proto_bytes(&name), names[i])) exists[i] = there;
}

int sparkc_artifacts_exist(sparkc_session *session, const char *const *names, size_t count,
                           int32_t *exists, sparkc_error *err)
{
  Spark__Connect__ArtifactStatusesRequest request = SPARK__CONNECT__ARTIFACT_STATUSES_REQUEST__INIT;
  gni_grpc_message *answer;
  gni_proto_field field;
  sparkp_who who;
  if (count == 0) return SPARKC_OK;
  memset(exists, 0, count * sizeof *exists);
  if (count > NAMES_MAX) return sparkp_fail(err, SPARKC_E_LIMIT, "at most %d names", NAMES_MAX);
  SPARKP_SIGN(&request, session, &who);
  union {
    const char *const *in;
    char **out;
  } same = {names};
  request.names = same.out;
  request.n_names = count;
  int rc = sparkp_call(session, "ArtifactStatus", &request.base, INT64_MAX, &answer, err);
  if (rc != SPARKC_OK) return rc;
  rc = sparkp_check_session(session, sparkp_answer_text(answer, 2), sparkp_answer_text(answer, 3),
                            err);
  gn_str rest = {answer->ptr, answer->len};
  while (rc == SPARKC_OK && gni_proto_next(&rest, &field) == GN_OK)
    if (field.number == 1) read_status(gni_proto_bytes(&field), names, count, exists);
  gni_grpc_message_unref(answer);
  return rc;
}

/* ---- the cache ------------------------------------------------------------------------------- */

void sparkp_cache_name(gn_str bytes, char out[SPARKP_CACHE_NAME_BYTES])
{
  static const char digits[] = "0123456789abcdef";
  uint8_t hash[32];
  gni_sha256(bytes.ptr, bytes.len, hash);
  memcpy(out, "cache/", 6);
  for (size_t i = 0; i < sizeof hash; i++) {
    out[6 + 2 * i] = digits[hash[i] >> 4];
    out[7 + 2 * i] = digits[hash[i] & 15];
  }
  out[SPARKP_CACHE_NAME_BYTES - 1] = '\0';
}

static bool is_repeated(const sparkp_artifact *artifacts, size_t i)
{
  for (size_t k = 0; k < i; k++)
    if (strcmp(artifacts[k].name, artifacts[i].name) == 0) return true;
  return false;
}

int sparkp_cache(sparkc_session *session, const sparkp_artifact *artifacts, size_t count,
                 sparkc_error *err)
{
  gn_arena arena;
  size_t missing = 0;
  gni_arena_init(&arena, &session->alloc, NAMES_BYTES_MAX);
  const char **names = GN_TAKE(&arena, const char *, count);
  int32_t *exists = GN_TAKE(&arena, int32_t, count);
  sparkp_artifact *wanted = GN_TAKE(&arena, sparkp_artifact, count);
  int rc = names && exists && wanted ? SPARKC_OK : sparkp_nomem(err);
  for (size_t i = 0; i < count && rc == SPARKC_OK; i++) names[i] = artifacts[i].name;
  if (rc == SPARKC_OK) rc = sparkc_artifacts_exist(session, names, count, exists, err);
  for (size_t i = 0; i < count && rc == SPARKC_OK; i++)
    if (!exists[i] && !is_repeated(artifacts, i)) wanted[missing++] = artifacts[i];
  if (rc == SPARKC_OK && missing) rc = sparkp_upload(session, wanted, missing, err);
  gni_arena_deinit(&arena);
  return rc;
}

int sparkc_cache_bytes(sparkc_session *session, const void *bytes, size_t size,
                       char hash[SPARKP_HASH_BYTES], sparkc_error *err)
{
  char name[SPARKP_CACHE_NAME_BYTES];
  const sparkp_artifact one = {.name = name, .bytes = {bytes, size}};
  sparkp_cache_name(one.bytes, name);
  memcpy(hash, name + 6, SPARKP_HASH_BYTES);
  return sparkp_cache(session, &one, 1, err);
}
