/* Arrays as sets, in order, and sequences. SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

#include "expr/array.h"
#include "expr/datetime.h"

/* ---- sets ------------------------------------------------------------------------------------ */

/* Which elements were seen: a small open table of positions. Equality is the JVM's of a set of
 * Spark's: NaN equals NaN, and zeros are one. */
typedef struct seen {
  const gni_type *type;
  const gni_value **slots;
  size_t mask;
  bool null;
} seen;

static int seen_init(seen *s, const gni_type *type, size_t count, gnp_frame *frame)
{
  size_t size = 8;
  while (size < 2 * count) size *= 2;
  *s = (seen){.type = type, .mask = size - 1};
  s->slots = GN_TAKE_ZERO(frame->arena, const gni_value *, size);
  return s->slots ? GN_OK : gnp_frame_nomem(frame);
}

static uint64_t hash_of(const gni_type *type, const gni_value *item)
{
  const gni_value zero = gni_value_real(0);
  bool real = type->kind == GNI_DOUBLE || type->kind == GNI_FLOAT;
  return gni_value_hash(type, real && item->real == 0 ? &zero : item);
}

/* True when the item was not there before. */
static bool seen_add(seen *s, const gni_value *item)
{
  if (item->is_null) {
    bool fresh = !s->null;
    s->null = true;
    return fresh;
  }
  for (size_t i = hash_of(s->type, item) & s->mask;; i = (i + 1) & s->mask) {
    if (!s->slots[i]) {
      s->slots[i] = item;
      return true;
    }
    if (gnp_compare(s->type, s->slots[i], item) == 0) return false;
  }
}

static bool seen_has(const seen *s, const gni_value *item)
{
  if (item->is_null) return s->null;
  for (size_t i = hash_of(s->type, item) & s->mask; s->slots[i]; i = (i + 1) & s->mask)
    if (gnp_compare(s->type, s->slots[i], item) == 0) return true;
  return false;
}

enum set_operation { SET_UNION, SET_INTERSECT, SET_EXCEPT };

static int combine(const gni_bound *node, gnp_frame *frame, const gni_value *args,
                   enum set_operation operation, gni_value *out)
{
  const gni_type *type = node->type->fields[0].type;
  bool two = node->arg_count > 1;
  size_t total = args[0].list.count + (two ? args[1].list.count : 0), count = 0;
  seen mine = {0}, other = {0};
  gni_value *items = GN_TAKE(frame->arena, gni_value, total);
  int rc = items ? seen_init(&mine, type, total, frame) : gnp_frame_nomem(frame);
  if (rc == GN_OK) rc = seen_init(&other, type, total, frame);
  if (rc != GN_OK) return rc;
  for (size_t i = 0; two && i < args[1].list.count; i++) seen_add(&other, &args[1].list.items[i]);
  size_t last = operation == SET_UNION && two ? 2 : 1;
  for (size_t k = 0; k < last; k++) {
    for (size_t i = 0; i < args[k].list.count; i++) {
      const gni_value *item = &args[k].list.items[i];
      if (operation == SET_INTERSECT && !seen_has(&other, item)) continue;
      if (operation == SET_EXCEPT && seen_has(&other, item)) continue;
      if (seen_add(&mine, item)) items[count++] = *item;
    }
  }
  return gnp_give_items(out, items, count);
}

GNP_APPLY(array_union)
{
  return combine(node, frame, args, SET_UNION, out);
}

GNP_APPLY(array_intersect)
{
  return combine(node, frame, args, SET_INTERSECT, out);
}

GNP_APPLY(array_except)
{
  return combine(node, frame, args, SET_EXCEPT, out);
}

/* ---- order ----------------------------------------------------------------------------------- */

typedef struct sort_rule {
  const gni_type *type;
  int sign; /* 1 ascending with nulls first, -1 descending with nulls last */
} sort_rule;

static int compare(const sort_rule *rule, const gni_value *a, const gni_value *b)
{
  if (a->is_null || b->is_null) return rule->sign * ((int)b->is_null - (int)a->is_null);
  return rule->sign * gnp_compare(rule->type, a, b);
}

/* Merges of runs that double, from one array into the other and back. */
static const gni_value *merge_sort(const sort_rule *rule, gni_value *from, gni_value *to,
                                   size_t count)
{
  for (size_t width = 1; width < count; width *= 2) {
    for (size_t begin = 0; begin < count; begin += 2 * width) {
      size_t middle = begin + width < count ? begin + width : count;
      size_t end = begin + 2 * width < count ? begin + 2 * width : count;
      for (size_t i = begin, l = begin, r = middle; i < end; i++) {
        bool left = l < middle && (r == end || compare(rule, &from[l], &from[r]) <= 0);
        to[i] = left ? from[l++] : from[r++];
      }
    }
    gni_value *swap = from;
    from = to;
    to = swap;
  }
  return from;
}

GNP_APPLY(sort_array)
{
  size_t count = args[0].list.count;
  bool ascending = node->arg_count < 2 || args[1].boolean;
  const sort_rule rule = {node->type->fields[0].type, ascending ? 1 : -1};
  gni_value *from = gni_arena_copy(frame->arena, args[0].list.items, count * sizeof *from);
  gni_value *to = GN_TAKE(frame->arena, gni_value, count);
  if (!from || !to) return gnp_frame_nomem(frame);
  return gnp_give_items(out, merge_sort(&rule, from, to, count), count);
}

static int bind_sort(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_signature(b, call);
  if (rc != GN_OK) return rc;
  if (call->count > 1 && call->args[1]->kind != GNP_CONSTANT)
    return gnp_bind_fail(b, GN_E_TYPE, call->args[1], "the direction must be a constant");
  return gnp_is_orderable(call->node->type) ? GN_OK : gnp_bind_mismatch(b, call);
}

GNP_APPLY(reverse_list)
{
  size_t count = args[0].list.count;
  gni_value *items = GN_TAKE(frame->arena, gni_value, count);
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < count; i++) items[i] = args[0].list.items[count - 1 - i];
  return gnp_give_items(out, items, count);
}

/* By characters, not bytes. */
GNP_APPLY(reverse_text)
{
  gn_str in = args[0].text;
  char *text = gni_arena_take(frame->arena, in.len);
  if (!text) return gnp_frame_nomem(frame);
  for (size_t at = 0, end = in.len; at < in.len;) {
    size_t size = 1;
    while (at + size < in.len && ((unsigned char)in.ptr[at + size] & 0xC0) == 0x80) size++;
    end -= size;
    memcpy(text + end, in.ptr + at, size);
    at += size;
  }
  return gnp_give_text(out, (gn_str){text, in.len});
}

static int bind_reverse(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_signature(b, call);
  call->node->apply =
      rc == GN_OK && call->node->type->kind == GNI_LIST ? reverse_list : reverse_text;
  return rc;
}

/* ---- sequence -------------------------------------------------------------------------------- */

#define SEQUENCE_MAX 10000000 /* elements; a list that long is a mistake */

static int bad_sequence(gnp_frame *frame)
{
  return gnp_fail_here(frame, "INVALID_SEQUENCE", "the steps do not lead from start to stop");
}

static int steps(int64_t start, int64_t stop, int64_t step, gnp_frame *frame, gni_value *out)
{
  if (step == 0 && start != stop) return bad_sequence(frame);
  if ((step > 0 && start > stop) || (step < 0 && start < stop)) return bad_sequence(frame);
  uint64_t distance =
      start <= stop ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
  uint64_t width = step < 0 ? 0 - (uint64_t)step : (uint64_t)step;
  uint64_t count = step == 0 ? 1 : distance / width + 1;
  if (count > SEQUENCE_MAX)
    return gnp_fail_here(frame, "COLLECTION_SIZE_LIMIT_EXCEEDED", "the sequence is too long");
  gni_value *items = GN_TAKE(frame->arena, gni_value, count);
  if (!items) return gnp_frame_nomem(frame);
  for (uint64_t i = 0; i < count; i++)
    items[i] = gni_value_integer((int64_t)((uint64_t)start + i * (uint64_t)step));
  return gnp_give_items(out, items, count);
}

GNP_APPLY(sequence_numbers)
{
  int64_t start = args[0].integer, stop = args[1].integer;
  return steps(start, stop,
               node->arg_count > 2 ? args[2].integer
               : start <= stop     ? 1
                                   : -1,
               frame, out);
}

/* Days by a number of days; timestamps by microseconds. Without a step one day, towards the stop.
 */
static int64_t time_step(const gni_bound *node, const gni_value *args)
{
  bool dates = node->args[0]->type->kind == GNI_DATE;
  int64_t day = dates ? 1 : GNP_DAY_US;
  if (node->arg_count < 3) return args[0].integer <= args[1].integer ? day : -day;
  return dates ? args[2].integer / GNP_DAY_US : args[2].integer;
}

GNP_APPLY(sequence_times)
{
  if (node->arg_count > 2 && node->args[0]->type->kind == GNI_DATE && args[2].integer % GNP_DAY_US)
    return bad_sequence(frame);
  return steps(args[0].integer, args[1].integer, time_step(node, args), frame, out);
}

/* By months: each from the start, so that the 31st is not lost on the way. */
GNP_APPLY(sequence_months)
{
  bool dates = node->args[0]->type->kind == GNI_DATE;
  int64_t months = args[2].integer, start = args[0].integer, stop = args[1].integer;
  int64_t unit = dates ? 1 : GNP_DAY_US;
  int64_t day = gnp_floor_div(start, unit), within = gnp_floor_mod(start, unit);
  if (months == 0 ? start != stop : months > 0 ? start > stop : start < stop)
    return bad_sequence(frame);
  int64_t days = gnp_floor_div(stop, unit) - day; /* months and days have the same sign here */
  size_t most = months == 0 ? 1 : (size_t)(days / (28 * months)) + 2;
  gni_value *items = GN_TAKE(frame->arena, gni_value, most);
  size_t count = 0;
  if (!items) return gnp_frame_nomem(frame);
  for (int64_t i = 0; count < most; i++) {
    gni_value moved;
    int rc = gnp_add_months(day, i * months, frame, &moved);
    if (rc != GN_OK) return rc;
    int64_t at = moved.integer * unit + within;
    if (months > 0 ? at > stop : at < stop) break;
    items[count++] = gni_value_integer(at);
  }
  return gnp_give_items(out, items, count);
}

static int bind_sequence(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 3);
  for (size_t i = 0; rc == GN_OK && i < call->count; i++)
    if (!call->args[i]) rc = gnp_bind_mismatch(b, call);
  if (rc != GN_OK) return rc;
  bool interval = call->count > 2 && gnp_is_interval(call->args[2]->type);
  const gni_type *type = gnp_type_common(b, call->args, interval ? 2 : call->count, true);
  if (!type) return gnp_bind_mismatch(b, call);
  bool time = type->kind == GNI_DATE || type->kind == GNI_TIMESTAMP;
  if (!time && !gnp_is_integral(type)) return gnp_bind_mismatch(b, call);
  if (time && call->count > 2 && !interval) return gnp_bind_mismatch(b, call);
  if (!time && interval) return gnp_bind_mismatch(b, call);
  for (size_t i = 0; rc == GN_OK && i < call->count - interval; i++)
    rc = gnp_cast(b, call->args[i], type, &call->args[i]);
  bool months = interval && call->args[2]->type->kind == GNP_MONTHS;
  call->node->apply = !time ? sequence_numbers : months ? sequence_months : sequence_times;
  call->node->type = gni_type_list(b->arena, type);
  return rc;
}

static const gnp_function functions[] = {
    {.name = "array_distinct", .takes = "array", .gives = "1st", .apply = array_union},
    {.name = "array_except", .bind = gnp_bind_two_lists, .gives = "1st", .apply = array_except},
    {.name = "array_intersect",
     .bind = gnp_bind_two_lists,
     .gives = "1st",
     .apply = array_intersect},
    {.name = "array_union", .bind = gnp_bind_two_lists, .gives = "1st", .apply = array_union},
    {.name = "reverse", .takes = "array|string", .gives = "1st", .bind = bind_reverse},
    {.name = "sequence", .bind = bind_sequence, .flags = GNP_CAN_FAIL},
    {.name = "sort_array",
     .takes = "array, [boolean]",
     .gives = "1st",
     .bind = bind_sort,
     .apply = sort_array},
};

const gnp_family gnp_family_array_set = {"array", functions, sizeof functions / sizeof *functions};
