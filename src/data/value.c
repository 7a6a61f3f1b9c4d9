/* Single cells: copied, compared and hashed by their type. SPDX-License-Identifier: Apache-2.0 */
#include "data/data_private.h"

#include <math.h>

/* How many items a nested value holds: a map's pairs count twice. */
static size_t item_count(const gni_type *type, const gni_value *value)
{
  return type->kind == GNI_MAP ? 2 * value->list.count : value->list.count;
}

static const gni_type *item_type(const gni_type *type, size_t index)
{
  switch (type->kind) {
  case GNI_LIST:
    return type->fields[0].type;
  case GNI_MAP:
    return type->fields[index & 1].type;
  default:
    return type->fields[index].type;
  }
}

/* ---- copying --------------------------------------------------------------------------------- */

static int copy_items(const gni_type *type, const gni_value *value, gn_arena *arena, gni_value *out)
{
  size_t count = item_count(type, value);
  gni_value *items = GN_TAKE(arena, gni_value, count);
  if (!items) return gni_fail_arena(NULL, arena, gni_size_mul(count, sizeof *items));
  for (size_t i = 0; i < count; i++) {
    int rc = gni_value_copy(item_type(type, i), &value->list.items[i], arena, &items[i]);
    if (rc != GN_OK) return rc;
  }
  *out = (gni_value){.list = {items, value->list.count}};
  return GN_OK;
}

int gni_value_copy(const gni_type *type, const gni_value *value, gn_arena *arena, gni_value *out)
{
  bool is_text = type->kind == GNI_STRING || type->kind == GNI_BINARY;
  if (value->is_null) {
    *out = GNI_NULL_VALUE;
  } else if (is_text) {
    gn_str copy = gni_str_take(arena, value->text);
    if (!copy.ptr) return gni_fail_arena(NULL, arena, gni_size_add(value->text.len, 1));
    *out = gni_value_text(copy);
  } else if (gnp_type_is_nested(type)) {
    return copy_items(type, value, arena, out);
  } else {
    *out = *value;
  }
  return GN_OK;
}

/* ---- equality -------------------------------------------------------------------------------- */

static uint64_t real_bits(double value)
{
  uint64_t bits;
  if (isnan(value)) value = NAN; /* every NaN is the same one */
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static bool pairs_equal(const gni_type *map, const gni_value *a, const gni_value *b)
{
  return gni_value_equal(map->fields[0].type, &a[0], &b[0]) &&
         gni_value_equal(map->fields[1].type, &a[1], &b[1]);
}

static size_t count_pair(const gni_type *map, const gni_value *in, const gni_value *pair)
{
  size_t found = 0;
  for (size_t i = 0; i < in->list.count; i++)
    found += pairs_equal(map, &in->list.items[2 * i], pair);
  return found;
}

/* Maps mostly come in one order; only those of equal hash are compared pair against pair. */
static bool maps_equal(const gni_type *map, const gni_value *a, const gni_value *b)
{
  size_t same = 0;
  if (a->list.count != b->list.count) return false;
  while (same < a->list.count &&
         pairs_equal(map, &a->list.items[2 * same], &b->list.items[2 * same]))
    same++;
  if (same == a->list.count) return true;
  if (gni_value_hash(map, a) != gni_value_hash(map, b)) return false;
  for (size_t i = same; i < a->list.count; i++) {
    const gni_value *pair = &a->list.items[2 * i];
    if (count_pair(map, a, pair) != count_pair(map, b, pair)) return false;
  }
  return true;
}

static bool items_equal(const gni_type *type, const gni_value *a, const gni_value *b)
{
  if (a->list.count != b->list.count) return false;
  for (size_t i = 0; i < a->list.count; i++)
    if (!gni_value_equal(item_type(type, i), &a->list.items[i], &b->list.items[i])) return false;
  return true;
}

bool gni_value_equal(const gni_type *type, const gni_value *a, const gni_value *b)
{
  if (a->is_null || b->is_null) return a->is_null && b->is_null;
  switch (type->kind) {
  case GNI_BOOLEAN:
    return a->boolean == b->boolean;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return real_bits(a->real) == real_bits(b->real);
  case GNI_STRING:
  case GNI_BINARY:
    return gni_str_equal(a->text, b->text);
  case GNI_MAP:
    return maps_equal(type, a, b);
  case GNI_LIST:
  case GNI_STRUCT:
    return items_equal(type, a, b);
  case GNI_DECIMAL:
    return a->decimal.low == b->decimal.low && a->decimal.high == b->decimal.high;
  case GNI_NULL:
    return true;
  default:
    return a->integer == b->integer;
  }
}

/* ---- order ----------------------------------------------------------------------------------- */

/* Java's Double.compare: -0.0 below 0.0, NaN above infinity. */
static int compare_reals(double a, double b)
{
  if (a < b) return -1;
  if (a > b) return 1;
  if (a == b) return (signbit(b) != 0) - (signbit(a) != 0);
  return (isnan(a) != 0) - (isnan(b) != 0);
}

/* UTF-8 sorts by code point. UTF-16 differs only where a character outside of the basic plane,
 * which it writes with surrogates (D800..DFFF), meets one of E000..FFFF. */
static int compare_utf16(gn_str a, gn_str b)
{
  size_t shared = a.len < b.len ? a.len : b.len, i = 0;
  while (i < shared && a.ptr[i] == b.ptr[i]) i++;
  if (i == shared) return (a.len > b.len) - (a.len < b.len);
  unsigned char x = (unsigned char)a.ptr[i], y = (unsigned char)b.ptr[i];
  bool x_astral = x >= 0xF0, y_astral = y >= 0xF0;
  if (x_astral != y_astral && x >= 0xEE && y >= 0xEE) return x_astral ? -1 : 1;
  return x < y ? -1 : 1;
}

static int compare_items(const gni_type *type, const gni_value *a, const gni_value *b)
{
  size_t shared = a->list.count < b->list.count ? a->list.count : b->list.count;
  for (size_t i = 0; i < shared; i++) {
    int order = gni_value_compare(item_type(type, i), &a->list.items[i], &b->list.items[i]);
    if (order) return order;
  }
  return (a->list.count > b->list.count) - (a->list.count < b->list.count);
}

/* Maps have no order of their own; any one that holds still and agrees with equality will do. */
static int compare_maps(const gni_type *map, const gni_value *a, const gni_value *b)
{
  if (maps_equal(map, a, b)) return 0;
  if (a->list.count != b->list.count) return a->list.count < b->list.count ? -1 : 1;
  return gni_value_hash(map, a) < gni_value_hash(map, b) ? -1 : 1;
}

static int compare_decimals(const gni_value *a, const gni_value *b)
{
  if (a->decimal.high != b->decimal.high) return a->decimal.high < b->decimal.high ? -1 : 1;
  return (a->decimal.low > b->decimal.low) - (a->decimal.low < b->decimal.low);
}

int gni_value_compare(const gni_type *type, const gni_value *a, const gni_value *b)
{
  if (a->is_null || b->is_null) return (int)a->is_null - (int)b->is_null;
  switch (type->kind) {
  case GNI_BOOLEAN:
    return (int)a->boolean - (int)b->boolean;
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return compare_reals(a->real, b->real);
  case GNI_STRING:
    return compare_utf16(a->text, b->text);
  case GNI_BINARY:
    return gni_str_compare(a->text, b->text);
  case GNI_MAP:
    return compare_maps(type, a, b);
  case GNI_LIST:
  case GNI_STRUCT:
    return compare_items(type, a, b);
  case GNI_DECIMAL:
    return compare_decimals(a, b);
  case GNI_NULL:
    return 0;
  default:
    return (a->integer > b->integer) - (a->integer < b->integer);
  }
}

/* ---- hashing --------------------------------------------------------------------------------- */

/* The finaliser of splitmix64: every bit of the input moves every bit of the output. */
static uint64_t mix(uint64_t x)
{
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  return x ^ (x >> 31);
}

static uint64_t chain(uint64_t hash, uint64_t next)
{
  return mix(hash * UINT64_C(0x9E3779B97F4A7C15) + next + 1);
}

static uint64_t hash_items(const gni_type *type, const gni_value *value)
{
  uint64_t hash = value->list.count;
  for (size_t i = 0; i < value->list.count; i++)
    hash = chain(hash, gni_value_hash(item_type(type, i), &value->list.items[i]));
  return hash;
}

/* A sum, so that the order of the pairs does not show. */
static uint64_t hash_map(const gni_type *map, const gni_value *value)
{
  uint64_t hash = value->list.count;
  for (size_t i = 0; i < value->list.count; i++) {
    const gni_value *pair = &value->list.items[2 * i];
    hash += chain(gni_value_hash(map->fields[0].type, &pair[0]),
                  gni_value_hash(map->fields[1].type, &pair[1]));
  }
  return mix(hash);
}

uint64_t gni_value_hash(const gni_type *type, const gni_value *value)
{
  if (value->is_null) return UINT64_C(0x6E756C6C);
  switch (type->kind) {
  case GNI_BOOLEAN:
    return mix(value->boolean ? 2 : 1);
  case GNI_FLOAT:
  case GNI_DOUBLE:
    return mix(real_bits(value->real));
  case GNI_STRING:
  case GNI_BINARY:
    return gni_xxh64(value->text.ptr, value->text.len, 0);
  case GNI_MAP:
    return hash_map(type, value);
  case GNI_LIST:
  case GNI_STRUCT:
    return hash_items(type, value);
  case GNI_DECIMAL:
    return chain(mix(value->decimal.low), (uint64_t)value->decimal.high);
  default:
    return mix((uint64_t)value->integer);
  }
}
