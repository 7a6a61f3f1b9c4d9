/* Levels, positions and differences come back from their bits, as Parquet's specification reads
 * them. SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"
#include "table/parquet/encode.h"

enum { COUNT_MAX = 3000, ROUNDS = 300 };

static gn_buf out;
static uint8_t levels[COUNT_MAX + 8];
static uint32_t positions[COUNT_MAX];
static int64_t wide[COUNT_MAX];
static int32_t narrow[COUNT_MAX];

/* ---- reading --------------------------------------------------------------------------------- */

struct bits {
  const uint8_t *at, *end;
  int used; /* of the byte at hand */
};

static void begin(struct bits *from)
{
  *from = (struct bits){(const uint8_t *)out.ptr, (const uint8_t *)out.ptr + out.len, 0};
}

static uint64_t take_bits(struct bits *from, int count)
{
  uint64_t value = 0;
  for (int i = 0; i < count; i++) {
    CHECK(from->at < from->end);
    value |= (uint64_t)(*from->at >> from->used & 1) << i;
    if (++from->used == 8) {
      from->used = 0;
      from->at++;
    }
  }
  return value;
}

static uint64_t take_varint(struct bits *from)
{
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    uint64_t byte = take_bits(from, 8);
    value |= (byte & 127) << shift;
    if (byte < 128) return value;
  }
}

static int64_t take_zigzag(struct bits *from)
{
  uint64_t value = take_varint(from);
  return (int64_t)(value >> 1 ^ (~(value & 1) + 1));
}

/* Runs of one value, and packed groups of eight; what is past the end does not matter. */
static void take_runs(struct bits *from, int bits, uint32_t *values, uint32_t count)
{
  for (uint32_t at = 0; at < count;) {
    uint64_t header = take_varint(from);
    bool packed = header & 1;
    uint64_t length = packed ? (header >> 1) * 8 : header >> 1;
    uint32_t run = packed ? 0 : (uint32_t)take_bits(from, 8);
    CHECK(length > 0);
    CHECK(packed || at + length <= count);
    for (uint64_t i = 0; i < length; i++, at++) {
      uint32_t value = packed ? (uint32_t)take_bits(from, bits) : run;
      if (at < count) values[at] = value;
    }
  }
}

static int64_t wrap(int64_t value, size_t width)
{
  return width == sizeof value ? value : (int32_t)(uint32_t)(uint64_t)value;
}

static void check_differences(size_t width, uint32_t count)
{
  struct bits from;
  int widths[4];
  begin(&from);
  CHECK_INT(take_varint(&from), 128);
  CHECK_INT(take_varint(&from), 4);
  CHECK_INT(take_varint(&from), count);
  int64_t value = take_zigzag(&from);
  if (count) CHECK_INT(value, width == 8 ? wide[0] : narrow[0]);
  for (uint32_t at = 1; at < count;) {
    int64_t least = take_zigzag(&from);
    for (int i = 0; i < 4; i++) widths[i] = (int)take_bits(&from, 8);
    for (uint32_t i = 0; i < 4 && at < count; i++)
      for (int k = 0; k < 32; k++) {
        uint64_t step = take_bits(&from, widths[i]) + (uint64_t)least;
        if (at == count) continue;
        value = wrap((int64_t)((uint64_t)value + step), width);
        CHECK_INT(value, width == 8 ? wide[at] : narrow[at]);
        at++;
      }
  }
  CHECK(from.at == from.end);
}

/* ---- cases ----------------------------------------------------------------------------------- */

static void deinit(void *what)
{
  (void)what;
  gni_buf_deinit(&out);
}

static void prepare(void)
{
  gni_buf_init(&out, test_alloc(), 1 << 20);
  test_later(deinit, NULL);
}

static void levels_come_back(void)
{
  test_random random = test_random_new(1);
  static uint32_t back[COUNT_MAX];
  struct bits from;
  prepare();
  for (int round = 0; round < ROUNDS; round++) {
    int bits = (int)test_random_in(&random, 1, 3);
    uint32_t count = (uint32_t)test_random_in(&random, 1, COUNT_MAX);
    double stays = test_random_chance(&random, 0.5) ? 0.99 : test_random_unit(&random);
    for (uint32_t i = 0; i < count; i++) {
      bool again = i > 0 && test_random_chance(&random, stays);
      levels[i] = again ? levels[i - 1] : (uint8_t)test_random_in(&random, 0, (1 << bits) - 1);
    }
    for (uint32_t i = count; i % 8; i++) levels[i] = levels[count - 1];
    gni_buf_reset(&out);
    gnp_pack_levels(&out, levels, count, bits);
    CHECK_INT(out.rc, GN_OK);
    begin(&from);
    CHECK_INT(take_bits(&from, 32), out.len - 4);
    take_runs(&from, bits, back, count);
    CHECK(from.at == from.end);
    for (uint32_t i = 0; i < count; i++) CHECK_INT(back[i], levels[i]);
    CHECK(out.len <= 4 + (count / 8 + 1) * ((size_t)bits + 1));
  }
}

static void equal_levels_are_one_run(void)
{
  prepare();
  memset(levels, 1, sizeof levels);
  gnp_pack_levels(&out, levels, COUNT_MAX - 3, 1);
  CHECK_INT(out.len, 4 + 2 + 1);
}

static void positions_come_back(void)
{
  test_random random = test_random_new(2);
  static uint32_t back[COUNT_MAX];
  struct bits from;
  prepare();
  for (int round = 0; round < ROUNDS; round++) {
    int bits = (int)test_random_in(&random, 1, 32);
    uint32_t count = (uint32_t)test_random_in(&random, 1, COUNT_MAX);
    for (uint32_t i = 0; i < count; i++)
      positions[i] = (uint32_t)(test_random_bits(&random) >> (64 - bits));
    gni_buf_reset(&out);
    gnp_pack_positions(&out, positions, count, bits);
    begin(&from);
    CHECK_INT(take_bits(&from, 8), bits);
    take_runs(&from, bits, back, count);
    CHECK(from.at == from.end);
    for (uint32_t i = 0; i < count; i++) CHECK_INT(back[i], positions[i]);
  }
}

static void integers_come_back_from_their_differences(void)
{
  test_random random = test_random_new(3);
  prepare();
  for (int round = 0; round < ROUNDS; round++) {
    uint32_t count =
        (uint32_t)test_random_in(&random, 0, test_random_chance(&random, 0.3) ? 5 : 900);
    int bits = (int)test_random_in(&random, 0, 64);
    int64_t base = (int64_t)test_random_bits(&random);
    for (uint32_t i = 0; i < count; i++) {
      uint64_t step = bits ? test_random_bits(&random) >> (64 - bits) : 0;
      wide[i] = (int64_t)((uint64_t)base + step);
      narrow[i] = (int32_t)(uint32_t)(uint64_t)wide[i];
    }
    if (count > 3) {
      wide[1] = INT64_MIN, wide[2] = INT64_MAX;
      narrow[1] = INT32_MAX, narrow[2] = INT32_MIN;
    }
    gni_buf_reset(&out);
    gnp_pack_differences(&out, (const char *)wide, count, sizeof *wide);
    check_differences(sizeof *wide, count);
    gni_buf_reset(&out);
    gnp_pack_differences(&out, (const char *)narrow, count, sizeof *narrow);
    check_differences(sizeof *narrow, count);
  }
}

static void what_ascends_by_one_takes_no_bits(void)
{
  prepare();
  for (int i = 0; i < 1000; i++) wide[i] = 1700000000000 + i;
  gnp_pack_differences(&out, (const char *)wide, 1000, sizeof *wide);
  CHECK(out.len < 60);
}

int main(void)
{
  static const test_case cases[] = {
      {"levels come back", levels_come_back},
      {"equal levels are one run", equal_levels_are_one_run},
      {"positions come back", positions_come_back},
      {"integers come back from their differences", integers_come_back_from_their_differences},
      {"what ascends by one takes no bits", what_ascends_by_one_takes_no_bits},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
