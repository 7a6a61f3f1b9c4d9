/* Records as Avro's binary and back. SPDX-License-Identifier: Apache-2.0 */
#include "wire/avro_private.h"

enum { VARINT_BYTES_MAX = 10 };

/* ---- encoding -------------------------------------------------------------------------------- */

static void put_long(gn_buf *out, int64_t value)
{
  uint8_t bytes[VARINT_BYTES_MAX];
  size_t len = 0;
  uint64_t rest = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
  for (; rest > 0x7F; rest >>= 7) bytes[len++] = (uint8_t)(rest | 0x80);
  bytes[len++] = (uint8_t)rest;
  gni_buf_add(out, bytes, len);
}

static void put_bits(gn_buf *out, uint64_t bits, size_t size)
{
  uint8_t bytes[8];
  for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(bits >> (8 * i));
  gni_buf_add(out, bytes, size);
}

static void put_float(gn_buf *out, double value)
{
  float single = (float)value;
  uint32_t bits;
  memcpy(&bits, &single, sizeof bits);
  put_bits(out, bits, sizeof bits);
}

static void put_double(gn_buf *out, double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  put_bits(out, bits, sizeof bits);
}

static void put_text(gn_buf *out, gn_str text)
{
  put_long(out, (int64_t)text.len);
  gni_buf_add_str(out, text);
}

static int encode(const gnp_avro_node *node, const gni_value *value, gn_buf *out, gn_error *err);

static int encode_list(const gnp_avro_node *node, const gni_value *value, gn_buf *out,
                       gn_error *err)
{
  if (value->list.count) put_long(out, (int64_t)value->list.count);
  for (size_t i = 0; i < value->list.count; i++) {
    int rc = encode(node->children, &value->list.items[i], out, err);
    if (rc == GN_OK) continue;
    gni_error_where(err, "[%zu]", i);
    return rc;
  }
  put_long(out, 0);
  return GN_OK;
}

static int encode_map(const gnp_avro_node *node, const gni_value *value, gn_buf *out, gn_error *err)
{
  if (value->list.count) put_long(out, (int64_t)value->list.count);
  for (size_t i = 0; i < value->list.count; i++) {
    const gni_value *key = &value->list.items[2 * i];
    if (key->is_null) return gni_fail(err, GN_E_TYPE, "null as the key of a map has no Avro form");
    put_text(out, key->text);
    int rc = encode(node->children, key + 1, out, err);
    if (rc == GN_OK) continue;
    gni_error_where(err, "%.*s", GN_STR_ARGS(key->text));
    return rc;
  }
  put_long(out, 0);
  return GN_OK;
}

static int encode_record(const gnp_avro_node *node, const gni_value *value, gn_buf *out,
                         gn_error *err)
{
  for (uint32_t i = 0; i < node->child_count; i++) {
    int rc = encode(&node->children[i], &value->list.items[i], out, err);
    if (rc == GN_OK) continue;
    gni_error_where(err, "%.*s", GN_STR_ARGS(node->type->fields[i].name));
    return rc;
  }
  return GN_OK;
}

static int encode_null(const gnp_avro_node *node, gn_buf *out, gn_error *err)
{
  if (node->null_at == NEVER_NULL)
    return gni_fail(err, GN_E_TYPE,
                    "null has no Avro form here: elements of lists and values of "
                    "maps must be there");
  put_long(out, node->null_at);
  return GN_OK;
}

static int encode(const gnp_avro_node *node, const gni_value *value, gn_buf *out, gn_error *err)
{
  if (value->is_null) return encode_null(node, out, err);
  if (node->null_at != NEVER_NULL) put_long(out, 1 - node->null_at);
  switch (node->type->kind) {
  case GNI_BOOLEAN:
    gni_buf_add_char(out, value->boolean);
    break;
  case GNI_FLOAT:
    put_float(out, value->real);
    break;
  case GNI_DOUBLE:
    put_double(out, value->real);
    break;
  case GNI_STRING:
  case GNI_BINARY:
    put_text(out, value->text);
    break;
  case GNI_LIST:
    return encode_list(node, value, out, err);
  case GNI_MAP:
    return encode_map(node, value, out, err);
  case GNI_STRUCT:
    return encode_record(node, value, out, err);
  default:
    put_long(out, value->integer);
    break;
  }
  return GN_OK;
}

int gni_avro_encode(const gni_avro_schema *schema, const gni_value *record, gn_buf *out,
                    gn_error *err)
{
  size_t start = out->len;
  int rc = encode(&schema->root, record, out, err);
  if (rc == GN_OK && out->rc == GN_OK) return GN_OK;
  if (rc == GN_OK) {
    rc = out->rc == GN_E_NOMEM
             ? gni_fail_nomem(err, out->len)
             : gni_fail(err, out->rc, "the record needs more than %zu bytes", out->ceiling_bytes);
  }
  out->len = start; /* nothing of a record that failed */
  if (out->ptr) out->ptr[start] = '\0';
  return rc;
}

/* ---- decoding -------------------------------------------------------------------------------- */

struct reader {
  gn_str bytes;
  size_t at;
  gn_arena *arena;
  gn_error *err;
};

static int corrupt(struct reader *r, const char *what)
{
  return gni_fail(r->err, GN_E_CORRUPT, "Avro record, byte %zu of %zu: %s", r->at, r->bytes.len,
                  what);
}

static size_t left(const struct reader *r)
{
  return r->bytes.len - r->at;
}

static int get_long_of_many(struct reader *r, int64_t *out)
{
  uint64_t bits = 0;
  for (int i = 0; i < VARINT_BYTES_MAX; i++) {
    if (left(r) == 0) return corrupt(r, "a number is cut off");
    uint8_t byte = (uint8_t)r->bytes.ptr[r->at++];
    if (i == VARINT_BYTES_MAX - 1 && byte > 1) break;
    bits |= (uint64_t)(byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      *out = (int64_t)(bits >> 1 ^ (bits & 1 ? UINT64_MAX : 0));
      return GN_OK;
    }
  }
  return corrupt(r, "a number of more than 64 bits");
}

/* Branches, lengths and small numbers take one byte. */
static inline int get_long(struct reader *r, int64_t *out)
{
  uint8_t byte = r->at < r->bytes.len ? (uint8_t)r->bytes.ptr[r->at] : 0x80;
  if (byte >= 0x80) return get_long_of_many(r, out);
  r->at++;
  *out = (byte >> 1) ^ -(byte & 1);
  return GN_OK;
}

static int get_integer(struct reader *r, int64_t low, int64_t high, gni_value *out)
{
  int rc = get_long(r, &out->integer);
  if (rc != GN_OK) return rc;
  return out->integer < low || out->integer > high ? corrupt(r, "a number outside of its type")
                                                   : GN_OK;
}

static int get_boolean(struct reader *r, gni_value *out)
{
  if (left(r) == 0) return corrupt(r, "a boolean is cut off");
  uint8_t byte = (uint8_t)r->bytes.ptr[r->at];
  if (byte > 1) return corrupt(r, "a boolean is neither 0 nor 1");
  r->at++;
  out->boolean = byte;
  return GN_OK;
}

/* Avro's reals are little endian, as is every machine we build for. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "reals are copied as they are");

static inline int get_double(struct reader *r, gni_value *out)
{
  if (left(r) < sizeof out->real) return corrupt(r, "a number is cut off");
  memcpy(&out->real, r->bytes.ptr + r->at, sizeof out->real);
  r->at += sizeof out->real;
  return GN_OK;
}

static int get_float(struct reader *r, gni_value *out)
{
  float single;
  if (left(r) < sizeof single) return corrupt(r, "a number is cut off");
  memcpy(&single, r->bytes.ptr + r->at, sizeof single);
  r->at += sizeof single;
  out->real = (double)single;
  return GN_OK;
}

static int get_text(struct reader *r, bool is_string, gni_value *out)
{
  int64_t len = 0;
  int rc = get_long(r, &len);
  if (rc != GN_OK) return rc;
  if (len < 0 || (uint64_t)len > left(r)) return corrupt(r, "a text is cut off");
  out->text = (gn_str){r->bytes.ptr + r->at, (size_t)len};
  if (is_string && !gni_utf8_valid(out->text)) return corrupt(r, "a text is no UTF-8");
  r->at += (size_t)len;
  return GN_OK;
}

static inline int decode(struct reader *r, const gnp_avro_node *node, gni_value *out);

/* The count of the next block, 0 at the end. Every item takes a byte at least, so that a count
 * beyond the bytes that are left is damage. */
static int get_block(struct reader *r, size_t *count)
{
  int64_t stored = 0, size = 0;
  int rc = get_long(r, &stored);
  if (rc != GN_OK) return rc;
  if (stored < 0) { /* with its size in bytes, for those who skip */
    if ((rc = get_long(r, &size)) != GN_OK) return rc;
    if (size < 0 || (uint64_t)size > left(r)) return corrupt(r, "a block is cut off");
  }
  uint64_t items = stored < 0 ? -(uint64_t)stored : (uint64_t)stored;
  if (items > left(r)) return corrupt(r, "a block of more items than bytes");
  *count = (size_t)items;
  return GN_OK;
}

/* The items of a list, or the keys and values of a map, block after block. */
static int decode_items(struct reader *r, const gnp_avro_node *node, gni_value *out)
{
  bool is_map = node->type->kind == GNI_MAP;
  size_t step = is_map ? 2 : 1, total = 0, count = 0;
  gni_value *items = NULL;
  for (;;) {
    int rc = get_block(r, &count);
    if (rc != GN_OK) return rc;
    if (count == 0) break;
    size_t old_size = total * sizeof *items, size = old_size + count * step * sizeof *items;
    items = gni_arena_grow(r->arena, items, old_size, size);
    if (!items) return gni_fail_arena(r->err, r->arena, size);
    for (size_t end = total + count * step; total < end; total += step) {
      if (is_map && (rc = get_text(r, true, &items[total])) != GN_OK) return rc;
      items[total].is_null = false;
      if ((rc = decode(r, node->children, &items[total + step - 1])) != GN_OK) return rc;
    }
  }
  *out = (gni_value){.list = {items, total / step}};
  return GN_OK;
}

static inline int decode_fields(struct reader *r, const gnp_avro_node *node, gni_value *fields)
{
  for (uint32_t i = 0; i < node->child_count; i++) {
    int rc = decode(r, &node->children[i], &fields[i]);
    if (rc == GN_OK) continue;
    gni_error_where(r->err, "%.*s", GN_STR_ARGS(node->type->fields[i].name));
    return rc;
  }
  return GN_OK;
}

static int decode_record(struct reader *r, const gnp_avro_node *node, gni_value *out)
{
  gni_value *items = GN_TAKE(r->arena, gni_value, node->child_count);
  if (!items) return gni_fail_arena(r->err, r->arena, node->child_count * sizeof *items);
  int rc = decode_fields(r, node, items);
  *out = (gni_value){.list = {items, node->child_count}};
  return rc;
}

static int decode_kind(struct reader *r, const gnp_avro_node *node, gni_value *out)
{
  switch (node->type->kind) {
  case GNI_BOOLEAN:
    return get_boolean(r, out);
  case GNI_BYTE:
    return get_integer(r, INT8_MIN, INT8_MAX, out);
  case GNI_SHORT:
    return get_integer(r, INT16_MIN, INT16_MAX, out);
  case GNI_INT:
    return get_integer(r, INT32_MIN, INT32_MAX, out);
  case GNI_FLOAT:
    return get_float(r, out);
  case GNI_STRING:
    return get_text(r, true, out);
  case GNI_BINARY:
    return get_text(r, false, out);
  case GNI_LIST:
  case GNI_MAP:
    return decode_items(r, node, out);
  case GNI_STRUCT:
    return decode_record(r, node, out);
  default:
    return get_long(r, &out->integer);
  }
}

/* Doubles are most of what is read. */
static inline int decode(struct reader *r, const gnp_avro_node *node, gni_value *out)
{
  *out = GNI_NULL_VALUE;
  if (node->null_at != NEVER_NULL) {
    int64_t branch = 0;
    int rc = get_long(r, &branch);
    if (rc != GN_OK) return rc;
    if (branch != 0 && branch != 1) return corrupt(r, "a union has no such branch");
    if (branch == node->null_at) return GN_OK;
  }
  out->is_null = false;
  return node->type->kind == GNI_DOUBLE ? get_double(r, out) : decode_kind(r, node, out);
}

static int check_end(struct reader *r, int rc)
{
  return rc == GN_OK && left(r) > 0 ? corrupt(r, "the record ends before its bytes") : rc;
}

int gni_avro_decode(const gni_avro_schema *schema, gn_str bytes, gn_arena *arena, gni_value *out,
                    gn_error *err)
{
  struct reader r = {.bytes = bytes, .arena = arena, .err = err};
  return check_end(&r, decode(&r, &schema->root, out));
}

int gni_avro_decode_fields(const gni_avro_schema *schema, gn_str bytes, gn_arena *arena,
                           gni_value *fields, gn_error *err)
{
  struct reader r = {.bytes = bytes, .arena = arena, .err = err};
  return check_end(&r, decode_fields(&r, &schema->root, fields));
}
