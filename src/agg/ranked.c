/* The k best of many, for TOP_K, BOTTOM_K, LAST_K and FIRST_K: a heap with the worst on top.
 *
 * Every item carries the turn in which it came, so that no two are equal. Of items with one rank
 * the later replaces the earlier when there is no room for both, and the earlier is listed first.
 * That is a total order, so folding in parts gives what folding in one piece gives, ties included.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

/* Below zero when `a` ranks better. */
static int rank_order(const gnp_scalar *scalar, const gnp_item *a, const gnp_item *b)
{
  int by_time = (a->time_ms > b->time_ms) - (a->time_ms < b->time_ms);
  if (scalar->operation == GNI_FIRST_K) return by_time;
  if (scalar->operation == GNI_LAST_K) return -by_time;
  int by_value = gni_value_compare(scalar->input, &a->box.value, &b->box.value);
  return scalar->operation == GNI_TOP_K ? -by_value : by_value;
}

typedef bool (*item_above)(const gnp_scalar *scalar, const gnp_item *a, const gnp_item *b);

/* The order of the heap: `a` goes before `b` goes. */
static bool goes_before(const gnp_scalar *scalar, const gnp_item *a, const gnp_item *b)
{
  int order = rank_order(scalar, a, b);
  return order > 0 || (order == 0 && a->turn < b->turn);
}

/* The two orders of lists, as the largest of a heap that is emptied from its end. */
static bool listed_last(const gnp_scalar *scalar, const gnp_item *a, const gnp_item *b)
{
  int order = rank_order(scalar, a, b);
  return order > 0 || (order == 0 && a->turn > b->turn);
}

static bool saved_last(const gnp_scalar *scalar, const gnp_item *a, const gnp_item *b)
{
  int order = rank_order(scalar, a, b);
  return order < 0 || (order == 0 && a->turn > b->turn);
}

static void sift_down(const gnp_scalar *scalar, gnp_item **heap, size_t count, size_t at,
                      item_above above)
{
  gnp_item *sinking = heap[at];
  for (size_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && above(scalar, heap[child + 1], heap[child])) child++;
    if (!above(scalar, heap[child], sinking)) break;
    heap[at] = heap[child];
  }
  heap[at] = sinking;
}

static void sift_up(const gnp_scalar *scalar, gnp_item **heap, size_t at)
{
  gnp_item *rising = heap[at];
  for (size_t parent; at > 0; at = parent) {
    parent = (at - 1) / 2;
    if (!goes_before(scalar, rising, heap[parent])) break;
    heap[at] = heap[parent];
  }
  heap[at] = rising;
}

/* Room for one more item; the heap grows by doubling, never past k. */
static int reserve(const gnp_scalar *scalar, gnp_ranked *ranked, gn_arena *arena)
{
  if (ranked->count < ranked->capacity) return GN_OK;
  uint32_t wanted = ranked->capacity ? 2 * ranked->capacity : 4;
  if (wanted > (uint32_t)scalar->k) wanted = (uint32_t)scalar->k;
  size_t old_size = ranked->capacity * sizeof(gnp_item *), size = wanted * sizeof(gnp_item *);
  gnp_item **heap = gni_arena_grow(arena, ranked->heap, old_size, size);
  if (!heap) return gni_fail_arena(NULL, arena, size);
  ranked->heap = heap;
  ranked->capacity = wanted;
  return GN_OK;
}

static int append(const gnp_scalar *scalar, gnp_ranked *ranked, const gnp_item *newcomer,
                  gn_arena *arena)
{
  int rc = reserve(scalar, ranked, arena);
  if (rc != GN_OK) return rc;
  gnp_item *item = GN_TAKE_ZERO(arena, gnp_item, 1);
  if (!item) return gni_fail_arena(NULL, arena, sizeof *item);
  if ((rc = gnp_box_set(&item->box, scalar->input, &newcomer->box.value, arena)) != GN_OK)
    return rc;
  item->time_ms = newcomer->time_ms;
  item->turn = newcomer->turn;
  ranked->heap[ranked->count] = item;
  sift_up(scalar, ranked->heap, ranked->count++);
  return GN_OK;
}

/* `newcomer` is borrowed; its box has no buffer. */
static int insert(const gnp_scalar *scalar, gnp_ranked *ranked, const gnp_item *newcomer,
                  gn_arena *arena)
{
  if (ranked->count < (uint32_t)scalar->k) return append(scalar, ranked, newcomer, arena);
  gnp_item *worst = ranked->heap[0];
  if (goes_before(scalar, newcomer, worst)) return GN_OK;
  int rc = gnp_box_set(&worst->box, scalar->input, &newcomer->box.value, arena);
  if (rc != GN_OK) return rc;
  worst->time_ms = newcomer->time_ms;
  worst->turn = newcomer->turn;
  sift_down(scalar, ranked->heap, ranked->count, 0, goes_before);
  return GN_OK;
}

int gnp_ranked_add(const gnp_scalar *scalar, gnp_ranked *ranked, const gni_value *value,
                   int64_t time_ms, gn_arena *arena)
{
  gnp_item newcomer = {.box.value = *value, .time_ms = time_ms, .turn = ranked->turns};
  int rc = insert(scalar, ranked, &newcomer, arena);
  if (rc == GN_OK) ranked->turns++;
  return rc;
}

/* Also copies: into a state that saw nothing. */
int gnp_ranked_merge(const gnp_scalar *scalar, void *state, const void *other, gn_arena *arena)
{
  gnp_ranked *ranked = state;
  const gnp_ranked *from = other;
  for (uint32_t i = 0; i < from->count; i++) {
    gnp_item newcomer = *from->heap[i];
    newcomer.turn += ranked->turns;
    int rc = insert(scalar, ranked, &newcomer, arena);
    if (rc != GN_OK) return rc;
  }
  ranked->turns += from->turns;
  return GN_OK;
}

gnp_item **gnp_ranked_sorted(const gnp_scalar *scalar, const gnp_ranked *ranked, bool best_first,
                             gn_arena *arena)
{
  size_t count = ranked->count;
  item_above last = best_first ? listed_last : saved_last;
  gnp_item **items = gni_arena_copy(arena, ranked->heap, count * sizeof *items);
  if (!items) return NULL;
  for (size_t i = count / 2; i-- > 0;) sift_down(scalar, items, count, i, last);
  for (size_t end = count; end > 1;) {
    gnp_item *latest = items[0];
    items[0] = items[--end];
    items[end] = latest;
    sift_down(scalar, items, end, 0, last);
  }
  return items;
}

int gnp_ranked_finish(const gnp_scalar *scalar, const void *state, gni_value *out, gn_arena *arena)
{
  const gnp_ranked *ranked = state;
  gni_value *values = gnp_items_take(arena, ranked->count, out);
  gnp_item **items = values ? gnp_ranked_sorted(scalar, ranked, true, arena) : NULL;
  if (!items) return gni_fail_arena(NULL, arena, ranked->count * sizeof *values);
  for (uint32_t i = 0; i < ranked->count; i++) {
    int rc = gni_value_copy(scalar->input, &items[i]->box.value, arena, &values[i]);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}
