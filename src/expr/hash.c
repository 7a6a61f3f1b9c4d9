/* Digests as text, and Spark's own hashes of values. SPDX-License-Identifier: Apache-2.0 */
#include "expr/bound.h"
#include "expr/decimal.h"
#include "expr/digest.h"

/* ---- digests --------------------------------------------------------------------------------- */

static int give_hex(const uint8_t *bytes, size_t size, gnp_frame *frame, gni_value *out)
{
  char *text = gni_arena_take(frame->arena, 2 * size);
  if (!text) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < size; i++) {
    text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
    text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
  }
  return gnp_give_text(out, (gn_str){text, 2 * size});
}

GNP_APPLY(md5)
{
  uint8_t digest[16];
  gni_md5(args[0].text.ptr, args[0].text.len, digest);
  return give_hex(digest, sizeof digest, frame, out);
}

GNP_APPLY(sha1)
{
  uint8_t digest[20];
  gnp_sha1(args[0].text, digest);
  return give_hex(digest, sizeof digest, frame, out);
}

GNP_APPLY(sha2)
{
  uint8_t digest[64];
  switch (args[1].integer) {
  case 224:
    gnp_sha224(args[0].text, digest);
    break;
  case 0:
  case 256:
    gni_sha256(args[0].text.ptr, args[0].text.len, digest);
    break;
  case 384:
    gnp_sha384(args[0].text, digest);
    break;
  case 512:
    gnp_sha512(args[0].text, digest);
    break;
  default:
    return gnp_give_null(out);
  }
  return give_hex(digest, args[1].integer ? (size_t)args[1].integer / 8 : 32, frame, out);
}

GNP_APPLY(crc32)
{
  return gnp_give_integer(out, gnp_crc32(args[0].text));
}

/* ---- hash: Murmur3 of 32 bits, seed 42, over the bytes that Spark's rows have ------------------
 */

static uint32_t rotate32(uint32_t x, int n)
{
  return x << n | x >> (32 - n);
}

static uint32_t mix(uint32_t hash, uint32_t word)
{
  word = rotate32(word * 0xcc9e2d51u, 15) * 0x1b873593u;
  return rotate32(hash ^ word, 13) * 5 + 0xe6546b64u;
}

static uint32_t finish(uint32_t hash, uint32_t length)
{
  hash ^= length;
  hash = (hash ^ hash >> 16) * 0x85ebca6bu;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
  return hash ^ hash >> 16;
}

/* Spark mixes the bytes behind the last whole word one by one, each as a word with its sign. */
static uint64_t murmur(gn_str bytes, uint64_t seed)
{
  uint32_t hash = (uint32_t)seed;
  size_t i = 0;
  for (; i + 4 <= bytes.len; i += 4) {
    uint32_t word;
    memcpy(&word, bytes.ptr + i, sizeof word);
    hash = mix(hash, word);
  }
  for (; i < bytes.len; i++) hash = mix(hash, (uint32_t)(int32_t)(signed char)bytes.ptr[i]);
  return finish(hash, (uint32_t)bytes.len);
}

typedef uint64_t (*hash_bytes)(gn_str bytes, uint64_t seed);

static uint64_t hash_int(hash_bytes hash, int32_t value, uint64_t seed)
{
  return hash((gn_str){(const char *)&value, sizeof value}, seed);
}

static uint64_t hash_long(hash_bytes hash, int64_t value, uint64_t seed)
{
  return hash((gn_str){(const char *)&value, sizeof value}, seed);
}

static uint64_t hash_real(hash_bytes hash, bool is_float, double value, uint64_t seed)
{
  int32_t bits32;
  int64_t bits64;
  float narrow = (float)value;
  if (value == 0) narrow = 0, value = 0; /* there is one zero */
  if (value != value)
    bits32 = 0x7fc00000, bits64 = INT64_C(0x7ff8000000000000);
  else
    memcpy(&bits32, &narrow, sizeof bits32), memcpy(&bits64, &value, sizeof bits64);
  return is_float ? hash_int(hash, bits32, seed) : hash_long(hash, bits64, seed);
}

/* Up to 18 digits as a long, else the shortest two's complement, the highest byte first. */
static uint64_t hash_decimal(hash_bytes hash, const gni_type *type, const gni_value *value,
                             uint64_t seed)
{
  gnp_wide x = gnp_wide_of(value);
  if (type->precision <= 18) return hash_long(hash, (int64_t)x, seed);
  char bytes[16];
  size_t size = 16;
  for (size_t i = 0; i < 16; i++) bytes[i] = (char)(uint8_t)((gnp_wide_bits)x >> (8 * (15 - i)));
  while (size > 1) {
    char first = bytes[16 - size], second = bytes[16 - size + 1];
    if (!((first == 0 && second >= 0) || (first == -1 && second < 0))) break;
    size--;
  }
  return hash((gn_str){bytes + 16 - size, size}, seed);
}

static uint64_t hash_value(hash_bytes hash, const gni_type *type, const gni_value *value,
                           uint64_t seed)
{
  if (value->is_null) return seed;
  switch (type->kind) {
  case GNI_NULL:
    return seed;
  case GNI_BOOLEAN:
    return hash_int(hash, value->boolean, seed);
  case GNI_BYTE:
  case GNI_SHORT:
  case GNI_INT:
  case GNI_DATE:
    return hash_int(hash, (int32_t)value->integer, seed);
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return hash_real(hash, type->kind == GNI_FLOAT, value->real, seed);
  case GNI_STRING:
  case GNI_BINARY:
    return hash(value->text, seed);
  case GNI_DECIMAL:
    return hash_decimal(hash, type, value, seed);
  case GNI_LIST:
  case GNI_STRUCT:
    for (size_t i = 0; i < value->list.count; i++)
      seed = hash_value(hash, type->fields[type->kind == GNI_LIST ? 0 : i].type,
                        &value->list.items[i], seed);
    return seed;
  default:
    return hash_long(hash, value->integer, seed);
  }
}

static uint64_t hash_all(hash_bytes hash, const gni_bound *node, const gni_value *args)
{
  uint64_t seed = 42;
  for (size_t i = 0; i < node->arg_count; i++)
    seed = hash_value(hash, node->args[i]->type, &args[i], seed);
  return seed;
}

GNP_APPLY(murmur_hash)
{
  return gnp_give_integer(out, (int32_t)(uint32_t)hash_all(murmur, node, args));
}

GNP_APPLY(xxhash64)
{
  return gnp_give_integer(out, (int64_t)hash_all(gnp_xxhash64, node, args));
}

/* Maps have no order, so Spark does not hash them. */
static int bind_hash(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_signature(b, call);
  for (size_t i = 0; rc == GN_OK && i < call->count; i++)
    if (!gnp_is_orderable(call->args[i]->type)) rc = gnp_bind_mismatch(b, call);
  return rc;
}

static const gnp_function functions[] = {
    {.name = "crc32", .takes = "binary", .gives = "bigint", .apply = crc32},
    {.name = "hash",
     .takes = "any, any*",
     .gives = "int",
     .bind = bind_hash,
     .apply = murmur_hash,
     .flags = GNP_SEES_NULLS | GNP_NEVER_NULL},
    {.name = "md5", .takes = "binary", .gives = "string", .apply = md5, .sql = "md5($1)"},
    {.name = "sha", .same_as = "sha1"},
    {.name = "sha1", .takes = "binary", .gives = "string", .apply = sha1},
    {.name = "sha2",
     .takes = "binary, int",
     .gives = "string",
     .apply = sha2,
     .flags = GNP_MAY_BE_NULL},
    {.name = "xxhash64",
     .takes = "any, any*",
     .gives = "bigint",
     .bind = bind_hash,
     .apply = xxhash64,
     .flags = GNP_SEES_NULLS | GNP_NEVER_NULL},
};

const gnp_family gnp_family_hash = {"hash", functions, sizeof functions / sizeof *functions};
