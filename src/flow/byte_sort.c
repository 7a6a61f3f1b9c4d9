/* A radix sort by the eight bytes after what all keys begin with; the few keys that those do not
 * tell apart are compared. SPDX-License-Identifier: Apache-2.0 */
#include "flow/byte_sort.h"

#include <stdlib.h>

enum { HEAD_BYTES = 8 };

static size_t common_prefix(const gnp_bytes *items, size_t count)
{
  size_t common = count ? items[0].len : 0;
  for (size_t i = 1; i < count && common; i++) {
    size_t same = 0, limit = items[i].len < common ? items[i].len : common;
    if (memcmp(items[i].ptr, items[0].ptr, limit) == 0)
      same = limit;
    else
      while (items[i].ptr[same] == items[0].ptr[same]) same++;
    common = same;
  }
  return common;
}

static uint64_t head_from(const gnp_bytes *item, size_t from)
{
  uint64_t head = 0;
  for (size_t i = from; i < from + HEAD_BYTES; i++)
    head = head << 8 | (i < item->len ? (uint8_t)item->ptr[i] : 0);
  return head;
}

static int by_bytes(const void *a, const void *b)
{
  const gnp_bytes *x = a, *y = b;
  int order = memcmp(x->ptr, y->ptr, x->len < y->len ? x->len : y->len);
  if (order == 0) order = (x->len > y->len) - (x->len < y->len);
  return order ? order : (x->id > y->id) - (x->id < y->id);
}

/* How often each byte is at each place of the heads. */
struct counts {
  size_t of[HEAD_BYTES][256];
};

static void count_bytes(const gnp_bytes *items, size_t count, struct counts *counts)
{
  for (size_t i = 0; i < count; i++)
    for (int place = 0; place < HEAD_BYTES; place++)
      counts->of[place][items[i].head >> 8 * place & 0xFF]++;
}

/* One stable pass by one byte of the heads. */
static void sort_byte(const gnp_bytes *from, gnp_bytes *to, size_t count, const size_t *of,
                      int place)
{
  size_t ends[256], before = 0;
  for (int d = 0; d < 256; d++) {
    ends[d] = before;
    before += of[d];
  }
  for (size_t i = 0; i < count; i++) to[ends[from[i].head >> 8 * place & 0xFF]++] = from[i];
}

gnp_bytes *gnp_bytes_sort(gnp_bytes *items, gnp_bytes *spare, size_t count)
{
  struct counts counts = {0};
  size_t common = common_prefix(items, count);
  for (size_t i = 0; i < count; i++) items[i].head = head_from(&items[i], common);
  count_bytes(items, count, &counts);
  for (int place = 0; count && place < HEAD_BYTES; place++) {
    const size_t *of = counts.of[place];
    if (of[items[0].head >> 8 * place & 0xFF] == count) continue; /* all have the same */
    sort_byte(items, spare, count, of, place);
    gnp_bytes *sorted = spare;
    spare = items;
    items = sorted;
  }
  for (size_t from = 0, to; from < count; from = to) {
    for (to = from + 1; to < count && items[to].head == items[from].head; to++) {
    }
    if (to - from > 1) qsort(&items[from], to - from, sizeof *items, by_bytes);
  }
  return items;
}
