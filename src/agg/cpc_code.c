/* The compressed parts of a CPC sketch: the window, eight columns by a Huffman code of its bytes,
 * and the surprises outside of it: before the window coupons that did not come, after it those that
 * did. Bits fill 32-bit words from the lowest on. SPDX-License-Identifier: Apache-2.0 */
#include "agg/cpc.h"

enum { CODE_BITS_MAX = 12, SYMBOLS_MAX = 256, WORD_BYTES = 4 };

static uint64_t rows_of(const gnp_cpc *cpc)
{
  return UINT64_C(1) << cpc->lg_k;
}

/* ---- codes ----------------------------------------------------------------------------------- */

/* A canonical Huffman code: ascending by length, then by symbol. */
typedef struct huffman {
  uint16_t code[SYMBOLS_MAX]; /* its first bit lowest */
  uint8_t length[SYMBOLS_MAX];
  uint16_t first[CODE_BITS_MAX + 2]; /* the first code of a length, its first bit highest */
  uint16_t start[CODE_BITS_MAX + 2]; /* how many symbols have a shorter one */
  uint8_t symbol[SYMBOLS_MAX];       /* by code */
} huffman;

static uint16_t reversed(uint32_t code, int length)
{
  uint32_t out = 0;
  for (int i = 0; i < length; i++) out |= (code >> i & 1) << (length - 1 - i);
  return (uint16_t)out;
}

static void make_code(huffman *made, const char *lengths, size_t symbol_count)
{
  uint16_t counts[CODE_BITS_MAX + 1] = {0}, used[CODE_BITS_MAX + 1] = {0};
  for (size_t s = 0; s < symbol_count; s++) {
    made->length[s] = (uint8_t)(lengths[s] <= '9' ? lengths[s] - '0' : lengths[s] - 'a' + 10);
    counts[made->length[s]]++;
  }
  made->first[1] = made->start[1] = 0;
  for (int length = 1; length <= CODE_BITS_MAX; length++) {
    made->first[length + 1] = (uint16_t)((made->first[length] + counts[length]) << 1);
    made->start[length + 1] = (uint16_t)(made->start[length] + counts[length]);
  }
  for (size_t s = 0; s < symbol_count; s++) {
    int length = made->length[s];
    uint16_t rank = used[length]++;
    made->symbol[made->start[length] + rank] = (uint8_t)s;
    made->code[s] = reversed((uint32_t)made->first[length] + rank, length);
  }
}

/* ---- bits ------------------------------------------------------------------------------------ */

typedef struct bit_writer {
  char *start, *at;
  uint64_t bits;
  unsigned held; /* fewer than 32 between puts */
} bit_writer;

static void put_bits(bit_writer *w, uint32_t value, unsigned count)
{
  w->bits |= (uint64_t)value << w->held;
  w->held += count;
  if (w->held < 32) return;
  w->at = gnp_put_integer(w->at, (uint32_t)w->bits, WORD_BYTES);
  w->bits >>= 32;
  w->held -= 32;
}

static void put_unary(bit_writer *w, uint64_t value)
{
  for (; value >= 16; value -= 16) put_bits(w, 0, 16);
  put_bits(w, UINT32_C(1) << value, (unsigned)value + 1);
}

/* Readers may look a few bits ahead, so some zeros follow. */
static size_t end_bits(bit_writer *w, unsigned padding)
{
  put_bits(w, 0, padding);
  if (w->held > 0) put_bits(w, 0, 32 - w->held);
  return (size_t)(w->at - w->start) / WORD_BYTES;
}

typedef struct bit_reader {
  gnp_bytes words;
  uint64_t bits;
  unsigned held;
} bit_reader;

static uint32_t take_bits(bit_reader *r, unsigned count)
{
  if (r->held < count) {
    r->bits |= gnp_take_integer(&r->words, WORD_BYTES) << r->held;
    r->held += 32;
  }
  uint32_t value = (uint32_t)(r->bits & ((UINT64_C(1) << count) - 1));
  r->bits >>= count;
  r->held -= count;
  return value;
}

static uint64_t take_unary(bit_reader *r)
{
  uint64_t value = 0;
  while (!r->words.short_of && !take_bits(r, 1)) value++;
  return value;
}

/* Every code is complete, so twelve bits always tell a symbol. */
static uint8_t take_symbol(bit_reader *r, const huffman *code)
{
  uint32_t bits = 0;
  for (int length = 1;; length++) {
    bits = bits << 1 | take_bits(r, 1);
    uint32_t symbols = (uint32_t)code->start[length + 1] - code->start[length];
    if (length == CODE_BITS_MAX || bits - code->first[length] < symbols)
      return code->symbol[code->start[length] + (bits - code->first[length])];
  }
}

/* ---- phases ---------------------------------------------------------------------------------- */

/* Which code: by how full the window is while it stands, by the phase of its motion afterwards. */
static int phase_of(int lg_k, uint64_t count)
{
  uint64_t rows = UINT64_C(1) << lg_k;
  if (1000 * count >= 2375 * rows) return (int)(count >> (lg_k - 4) & 15);
  if (4 * count < 3 * rows) return 16;
  if (10 * count < 11 * rows) return 17;
  if (100 * count < 132 * rows) return 18;
  if (3 * count < 5 * rows) return 19;
  if (1000 * count < 1965 * rows) return 20;
  return 1000 * count < 2275 * rows ? 21 : 6;
}

/* Where the columns outside of the window go, counted from its end. */
static void order_columns(const gnp_cpc *cpc, int window, uint8_t place[GNP_CPC_OUTER_COLUMNS])
{
  enum { LAST = 4, ORDERED = GNP_CPC_OUTER_COLUMNS - LAST };
  uint64_t taken = 0;
  uint8_t next = 0;
  const uint8_t *last = gnp_cpc_last_columns[phase_of(cpc->lg_k, cpc->count) % GNP_CPC_PHASES];
  for (int i = 0; i < LAST && window > 0; i++) {
    place[ORDERED + i] = last[i];
    taken |= UINT64_C(1) << last[i];
  }
  for (int i = 0; i < (window > 0 ? ORDERED : GNP_CPC_OUTER_COLUMNS); i++) {
    while (taken >> next & 1) next++;
    place[i] = next++;
  }
}

static uint64_t rotate_right(uint64_t x, int count)
{
  return x >> (count & 63) | x << (-count & 63);
}

/* The row that would surprise nobody. */
static uint64_t expected_row(int window)
{
  return (UINT64_C(1) << window) - 1;
}

/* A row's surprises as bits, in the order in which they are written. */
static uint64_t surprises(uint64_t row, int window, const uint8_t place[GNP_CPC_OUTER_COLUMNS])
{
  uint64_t ordered = 0, outside = (row ^ expected_row(window)) & ~(UINT64_C(0xFF) << window);
  for (outside = rotate_right(outside, window + 8); outside; outside &= outside - 1)
    ordered |= UINT64_C(1) << place[__builtin_ctzll(outside)];
  return ordered;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

/* A row's distance from the one before is written in two parts, the lower of this many bits. */
static unsigned low_bits(int lg_k, uint32_t count)
{
  uint64_t rows_a_pair = (UINT64_C(1) << lg_k) / count;
  return rows_a_pair ? 63 - (unsigned)__builtin_clzll(rows_a_pair) : 0;
}

size_t gnp_cpc_pairs_room(int lg_k, uint32_t count)
{
  if (count == 0) return 0;
  unsigned low = low_bits(lg_k, count);
  uint64_t bits = (uint64_t)count * (CODE_BITS_MAX + 1 + low) + (UINT64_C(1) << lg_k >> low);
  return (size_t)(bits / 32 + 2) * WORD_BYTES;
}

/* Where the next pair is expected. */
typedef struct pair_coder {
  huffman gaps;
  unsigned low;
  uint32_t row, column;
} pair_coder;

static void start_pairs(pair_coder *coder, int lg_k, uint32_t count)
{
  make_code(&coder->gaps, gnp_cpc_gap_lengths, GNP_CPC_GAPS);
  coder->low = low_bits(lg_k, count);
  coder->row = coder->column = 0;
}

static void put_pair(bit_writer *w, pair_coder *coder, uint32_t row, uint32_t column)
{
  if (row != coder->row) coder->column = 0;
  uint32_t gap = column - coder->column, rows = row - coder->row;
  put_bits(w, coder->gaps.code[gap], coder->gaps.length[gap]);
  put_unary(w, rows >> coder->low);
  put_bits(w, rows & ((UINT32_C(1) << coder->low) - 1), coder->low);
  coder->row = row;
  coder->column = column + 1;
}

/* False: past the last row or column, or the end. */
static bool take_pair(bit_reader *r, pair_coder *coder, uint64_t row_limit, uint32_t column_limit)
{
  uint32_t gap = take_symbol(r, &coder->gaps);
  uint64_t rows = take_unary(r) << coder->low;
  rows |= take_bits(r, coder->low);
  if (rows > 0) coder->column = 0;
  if (r->words.short_of || rows >= row_limit - coder->row || gap >= column_limit - coder->column)
    return false;
  coder->row += (uint32_t)rows;
  coder->column += gap;
  return true;
}

size_t gnp_cpc_encode_pairs(const gnp_cpc *cpc, gnp_cpc_pairs pairs, char *out)
{
  int window = gnp_cpc_window(cpc->lg_k, cpc->count);
  bit_writer w = {.start = out, .at = out};
  pair_coder coder;
  start_pairs(&coder, cpc->lg_k, pairs.count);
  if (pairs.items) {
    for (uint32_t i = 0; i < pairs.count; i++)
      put_pair(&w, &coder, pairs.items[i] >> 6, pairs.items[i] & 63);
  } else {
    uint8_t place[GNP_CPC_OUTER_COLUMNS];
    order_columns(cpc, window, place);
    for (uint64_t row = 0; row < rows_of(cpc); row++)
      for (uint64_t left = surprises(cpc->matrix[row], window, place); left; left &= left - 1)
        put_pair(&w, &coder, (uint32_t)row, (uint32_t)__builtin_ctzll(left));
  }
  return end_bits(&w, coder.low < 10 ? 10 - coder.low : 0);
}

uint32_t gnp_cpc_count_surprises(const gnp_cpc *cpc)
{
  int window = gnp_cpc_window(cpc->lg_k, cpc->count);
  uint32_t count = 0;
  for (uint64_t row = 0; row < rows_of(cpc); row++)
    count += (uint32_t)__builtin_popcountll((cpc->matrix[row] ^ expected_row(window)) &
                                            ~(UINT64_C(0xFF) << window));
  return count;
}

bool gnp_cpc_decode_surprises(gnp_cpc *cpc, uint32_t count, gn_str words)
{
  int window = gnp_cpc_window(cpc->lg_k, cpc->count);
  bit_reader r = {.words = {.rest = words}};
  pair_coder coder;
  uint8_t place[GNP_CPC_OUTER_COLUMNS], column_at[GNP_CPC_OUTER_COLUMNS];
  order_columns(cpc, window, place);
  for (int i = 0; i < GNP_CPC_OUTER_COLUMNS; i++) column_at[place[i]] = (uint8_t)i;
  start_pairs(&coder, cpc->lg_k, count);
  for (uint32_t i = 0; i < count; i++) {
    if (!take_pair(&r, &coder, rows_of(cpc), GNP_CPC_OUTER_COLUMNS)) return false;
    int column = (column_at[coder.column++] + window + 8) & 63;
    cpc->matrix[coder.row] ^= UINT64_C(1) << column;
  }
  return true;
}

bool gnp_cpc_decode_coupons(gnp_cpc *cpc, uint32_t count, gn_str words)
{
  bit_reader r = {.words = {.rest = words}};
  pair_coder coder;
  start_pairs(&coder, cpc->lg_k, count);
  for (uint32_t i = 0; i < count; i++) {
    if (!take_pair(&r, &coder, rows_of(cpc), 64)) return false;
    uint32_t coupon = coder.row << 6 | coder.column++;
    if (coupon == UINT32_MAX) return false; /* no value has it: the table's sign for none */
    gnp_cpc_put(cpc, coupon);
  }
  return true;
}

/* ---- the window ------------------------------------------------------------------------------ */

size_t gnp_cpc_window_room(int lg_k)
{
  return (((size_t)CODE_BITS_MAX << lg_k) / 32 + 2) * WORD_BYTES;
}

size_t gnp_cpc_encode_window(const gnp_cpc *cpc, char *out)
{
  int window = gnp_cpc_window(cpc->lg_k, cpc->count);
  bit_writer w = {.start = out, .at = out};
  huffman code;
  make_code(&code, gnp_cpc_window_lengths[phase_of(cpc->lg_k, cpc->count)], SYMBOLS_MAX);
  for (uint64_t row = 0; row < rows_of(cpc); row++) {
    uint8_t byte = (uint8_t)(cpc->matrix[row] >> window);
    put_bits(&w, code.code[byte], code.length[byte]);
  }
  return end_bits(&w, CODE_BITS_MAX - 1);
}

bool gnp_cpc_decode_window(gnp_cpc *cpc, gn_str words)
{
  int window = gnp_cpc_window(cpc->lg_k, cpc->count);
  bit_reader r = {.words = {.rest = words}};
  huffman code;
  make_code(&code, gnp_cpc_window_lengths[phase_of(cpc->lg_k, cpc->count)], SYMBOLS_MAX);
  for (uint64_t row = 0; row < rows_of(cpc); row++)
    cpc->matrix[row] = (uint64_t)take_symbol(&r, &code) << window | expected_row(window);
  return !r.words.short_of;
}
