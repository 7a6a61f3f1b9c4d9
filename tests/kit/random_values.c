/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/random_values.h"

#include <math.h>

/* ---- types ---- */

static const gni_type *scalar_type(test_random *random, gn_arena *arena, int kind)
{
  static const gni_type *const scalars[] = {
      [GNI_BOOLEAN] = &gni_type_boolean,     [GNI_BYTE] = &gni_type_byte,
      [GNI_SHORT] = &gni_type_short,         [GNI_INT] = &gni_type_int,
      [GNI_LONG] = &gni_type_long,           [GNI_FLOAT] = &gni_type_float,
      [GNI_DOUBLE] = &gni_type_double,       [GNI_STRING] = &gni_type_string,
      [GNI_BINARY] = &gni_type_binary,       [GNI_DATE] = &gni_type_date,
      [GNI_TIMESTAMP] = &gni_type_timestamp, [GNI_NULL] = &gni_type_null,
  };
  if (kind != GNI_DECIMAL) return scalars[kind];
  int precision = (int)test_random_in(random, 1, 38);
  return gni_type_decimal(arena, precision, (int)test_random_in(random, 0, precision));
}

static int pick_kind(test_random *random, unsigned kinds)
{
  int kind;
  do kind = (int)test_random_in(random, GNI_BOOLEAN, GNI_NULL);
  while (!(kinds >> kind & 1));
  return kind;
}

const gni_type *test_random_row_type(test_random *random, gn_arena *arena, size_t count, int depth,
                                     unsigned kinds)
{
  gni_field *fields = GN_TAKE(arena, gni_field, count);
  CHECK(fields != NULL);
  for (size_t i = 0; i < count; i++)
    fields[i] = (gni_field){gni_str_format(arena, "c%zu", i),
                            test_random_type(random, arena, depth, kinds)};
  return gni_type_struct(arena, GN_STR("Row"), fields, count);
}

const gni_type *test_random_type(test_random *random, gn_arena *arena, int depth, unsigned kinds)
{
  int kind = pick_kind(random, depth > 1 ? kinds : kinds & ~TEST_KINDS_NESTED);
  if (kind == GNI_LIST)
    return gni_type_list(arena, test_random_type(random, arena, depth - 1, kinds));
  if (kind == GNI_MAP) {
    bool text = kinds & TEST_KEYS_TEXT || test_random_chance(random, 0.5);
    return gni_type_map(arena, text ? &gni_type_string : &gni_type_long,
                        test_random_type(random, arena, depth - 1, kinds));
  }
  if (kind == GNI_STRUCT)
    return test_random_row_type(random, arena, (size_t)test_random_in(random, 1, 4), depth - 1,
                                kinds);
  return scalar_type(random, arena, kind);
}

/* ---- values ---- */

static int64_t random_integer(test_random *random, int bits)
{
  int64_t high = (int64_t)(UINT64_MAX >> (65 - bits)), low = -high - 1;
  switch (test_random_in(random, 0, 3)) {
  case 0:
    return test_random_in(random, -3, 3);
  case 1:
    return test_random_chance(random, 0.5) ? low : high;
  default:
    return test_random_in(random, low, high);
  }
}

static double random_real(test_random *random, bool single)
{
  static const double extremes[] = {0.0, -0.0, NAN, INFINITY, -INFINITY, 1.0};
  if (test_random_chance(random, 0.2)) return extremes[test_random_in(random, 0, 5)];
  double real = (test_random_unit(random) - 0.5) * ldexp(1.0, (int)test_random_in(random, -60, 60));
  return single ? (double)(float)real : real;
}

static gni_value random_text(test_random *random, gn_arena *arena)
{
  static const char *const parts[] = {"a",
                                      "B",
                                      "7",
                                      " ",
                                      "\"",
                                      "\\",
                                      "\n",
                                      "\x01",
                                      "\x7F",
                                      "\xC3\xBC",
                                      "\xE2\x82\xAC",
                                      "\xEF\xBF\xBD",
                                      "\xF0\x9F\x98\x80",
                                      "z"};
  char *end = gni_arena_take(arena, 64);
  gn_str text = {end, 0};
  CHECK(end != NULL);
  for (int64_t left = test_random_in(random, 0, 12); left > 0; left--) {
    gn_str part = gni_str(parts[test_random_in(random, 0, 13)]);
    memcpy(end, part.ptr, part.len);
    end += part.len;
    text.len += part.len;
  }
  return gni_value_text(text);
}

static gni_value random_bytes(test_random *random, gn_arena *arena)
{
  size_t len = (size_t)test_random_in(random, 0, 20);
  char *bytes = gni_arena_take(arena, len);
  CHECK(bytes != NULL);
  for (size_t i = 0; i < len; i++) bytes[i] = (char)test_random_bits(random);
  return gni_value_text((gn_str){bytes, len});
}

/* Digit by digit, so that it stays within the precision. */
static gni_value random_decimal(test_random *random, int precision)
{
  gni_value value = {.is_null = false};
  uint64_t low = 0, high = 0;
  for (int64_t digits = test_random_in(random, 0, precision); digits > 0; digits--) {
    uint64_t low_low = (low & UINT32_MAX) * 10 + (uint64_t)test_random_in(random, 0, 9);
    uint64_t low_high = (low >> 32) * 10 + (low_low >> 32);
    low = low_high << 32 | (low_low & UINT32_MAX);
    high = high * 10 + (low_high >> 32);
  }
  if (test_random_chance(random, 0.5)) {
    low = ~low + 1;
    high = ~high + (low == 0);
  }
  value.decimal.low = low;
  value.decimal.high = (int64_t)high;
  return value;
}

static gni_value random_items(test_random *random, gn_arena *arena, const gni_type *type,
                              double null_chance)
{
  size_t count =
      type->kind == GNI_STRUCT ? type->field_count : (size_t)test_random_in(random, 0, 4);
  gni_value *items = GN_TAKE(arena, gni_value, count);
  CHECK(items != NULL);
  for (size_t i = 0; i < count; i++)
    items[i] = test_random_value(random, arena, type->fields[type->kind == GNI_STRUCT ? i : 0].type,
                                 null_chance);
  return (gni_value){.list = {items, count}};
}

static bool has_key(const gni_type *map, const gni_value *items, size_t count, const gni_value *key)
{
  for (size_t i = 0; i < count; i++)
    if (gni_value_equal(map->fields[0].type, &items[2 * i], key)) return true;
  return false;
}

static gni_value random_map(test_random *random, gn_arena *arena, const gni_type *map,
                            double null_chance)
{
  size_t wanted = (size_t)test_random_in(random, 0, 4), count = 0;
  gni_value *items = GN_TAKE(arena, gni_value, 2 * wanted);
  CHECK(items != NULL);
  for (size_t i = 0; i < wanted; i++) {
    gni_value key = test_random_value(random, arena, map->fields[0].type, 0);
    if (has_key(map, items, count, &key)) continue;
    items[2 * count] = key;
    items[2 * count + 1] = test_random_value(random, arena, map->fields[1].type, null_chance);
    count++;
  }
  return (gni_value){.list = {items, count}};
}

gni_value test_random_value(test_random *random, gn_arena *arena, const gni_type *type,
                            double null_chance)
{
  if (test_random_chance(random, null_chance)) return GNI_NULL_VALUE;
  switch (type->kind) {
  case GNI_BOOLEAN:
    return gni_value_boolean(test_random_chance(random, 0.5));
  case GNI_BYTE:
    return gni_value_integer(random_integer(random, 8));
  case GNI_SHORT:
    return gni_value_integer(random_integer(random, 16));
  case GNI_INT:
    return gni_value_integer(random_integer(random, 32));
  case GNI_LONG:
    return gni_value_integer(random_integer(random, 64));
  case GNI_FLOAT:
    return gni_value_real(random_real(random, true));
  case GNI_DOUBLE:
    return gni_value_real(random_real(random, false));
  case GNI_STRING:
    return random_text(random, arena);
  case GNI_BINARY:
    return random_bytes(random, arena);
  case GNI_DATE:
    return gni_value_integer(test_random_in(random, -719162, 2932896));
  case GNI_TIMESTAMP:
    return gni_value_integer(test_random_in(random, -62135596800000000, 253402300799999999));
  case GNI_DECIMAL:
    return random_decimal(random, type->precision);
  case GNI_MAP:
    return random_map(random, arena, type, null_chance);
  case GNI_NULL:
    return GNI_NULL_VALUE;
  default:
    return random_items(random, arena, type, null_chance);
  }
}

/* ---- an arena ---- */

static void close_arena(void *arena)
{
  gni_arena_deinit(arena);
  gni_free(&gni_libc_alloc, arena, sizeof(gn_arena));
}

gn_arena *test_arena(void)
{
  gn_arena *arena = gni_alloc(&gni_libc_alloc, sizeof *arena);
  CHECK(arena != NULL);
  gni_arena_init(arena, &gni_libc_alloc, (size_t)1 << 30);
  test_later(close_arena, arena);
  return arena;
}
