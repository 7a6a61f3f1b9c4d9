/* Functions that take a lambda. SPDX-License-Identifier: Apache-2.0 */
#include "expr/bound.h"
#include "expr/map.h"

int gnp_call_lambda(const gni_bound *lambda, gnp_frame *frame, const gni_value *first,
                    const gni_value *second, const gni_value *third, gni_value *out)
{
  const gni_value *values[] = {first, second, third};
  for (uint32_t i = 0; i < lambda->parameter_count; i++)
    frame->variables[lambda->index + i] = *values[i];
  return lambda->args[0]->eval(lambda->args[0], frame, out);
}

/* The list or map that the function runs over; false (with `*rc` the result) when it is null. */
static bool subject(const gni_bound *node, gnp_frame *frame, gni_value *value, gni_value *out,
                    int *rc)
{
  *rc = node->args[0]->eval(node->args[0], frame, value);
  *out = GNI_NULL_VALUE;
  return *rc == GN_OK && !value->is_null;
}

/* ---- one list -------------------------------------------------------------------------------- */

static int eval_filter(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value list, keep;
  size_t count = 0;
  int rc;
  if (!subject(node, frame, &list, out, &rc)) return rc;
  gni_value *items = GN_TAKE(frame->arena, gni_value, list.list.count);
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < list.list.count; i++) {
    const gni_value *item = &list.list.items[i], at = gni_value_integer((int64_t)i);
    if ((rc = gnp_call_lambda(node->args[1], frame, item, &at, NULL, &keep)) != GN_OK) return rc;
    if (!keep.is_null && keep.boolean) items[count++] = *item;
  }
  return gnp_give_items(out, items, count);
}

static int eval_transform(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value list;
  int rc;
  if (!subject(node, frame, &list, out, &rc)) return rc;
  gni_value *items = GN_TAKE(frame->arena, gni_value, list.list.count);
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < list.list.count; i++) {
    const gni_value at = gni_value_integer((int64_t)i);
    rc = gnp_call_lambda(node->args[1], frame, &list.list.items[i], &at, NULL, &items[i]);
    if (rc != GN_OK) return rc;
  }
  return gnp_give_items(out, items, list.list.count);
}

/* exists is OR over the list, forall is AND: null where an answer is unknown and none decides. */
static int eval_any(const gni_bound *node, gnp_frame *frame, bool decisive, gni_value *out)
{
  gni_value list, answer;
  bool unknown = false;
  int rc;
  if (!subject(node, frame, &list, out, &rc)) return rc;
  for (size_t i = 0; i < list.list.count; i++) {
    rc = gnp_call_lambda(node->args[1], frame, &list.list.items[i], NULL, NULL, &answer);
    if (rc != GN_OK) return rc;
    unknown |= answer.is_null;
    if (!answer.is_null && answer.boolean == decisive) return gnp_give_boolean(out, decisive);
  }
  return unknown ? gnp_give_null(out) : gnp_give_boolean(out, !decisive);
}

static int eval_exists(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  return eval_any(node, frame, true, out);
}

static int eval_forall(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  return eval_any(node, frame, false, out);
}

static int eval_aggregate(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value list, sum, next;
  int rc;
  if (!subject(node, frame, &list, out, &rc)) return rc;
  if ((rc = node->args[1]->eval(node->args[1], frame, &sum)) != GN_OK) return rc;
  for (size_t i = 0; i < list.list.count; i++) {
    rc = gnp_call_lambda(node->args[2], frame, &sum, &list.list.items[i], NULL, &next);
    if (rc != GN_OK) return rc;
    sum = next;
  }
  if (node->arg_count > 3) return gnp_call_lambda(node->args[3], frame, &sum, NULL, NULL, out);
  *out = sum;
  return GN_OK;
}

/* ---- array_sort ------------------------------------------------------------------------------ */

static int compare_items(const gni_bound *node, gnp_frame *frame, const gni_value *a,
                         const gni_value *b, int *order)
{
  gni_value answer;
  if (node->arg_count < 2) {
    *order = a->is_null || b->is_null ? (int)a->is_null - (int)b->is_null
                                      : gnp_compare(node->type->fields[0].type, a, b);
    return GN_OK;
  }
  int rc = gnp_call_lambda(node->args[1], frame, a, b, NULL, &answer);
  if (rc != GN_OK) return rc;
  if (answer.is_null)
    return gnp_fail_here(frame, "COMPARATOR_RETURNS_NULL", "the comparison gave null");
  *order = (answer.integer > 0) - (answer.integer < 0);
  return GN_OK;
}

static int merge_runs(const gni_bound *node, gnp_frame *frame, const gni_value *from, size_t begin,
                      size_t middle, size_t end, gni_value *to)
{
  size_t left = begin, right = middle;
  for (size_t i = begin; i < end; i++) {
    int order = -1;
    if (left < middle && right < end) {
      int rc = compare_items(node, frame, &from[left], &from[right], &order);
      if (rc != GN_OK) return rc;
    } else if (left == middle) {
      order = 1;
    }
    to[i] = order <= 0 ? from[left++] : from[right++];
  }
  return GN_OK;
}

/* How Java sorts up to 31 elements: the run that the list begins with, turned round when it falls,
 * then each next put in its place by halving. People's comparisons are often not consistent, and
 * then the way matters, not only the answer. */
static int insert_sorted(const gni_bound *node, gnp_frame *frame, gni_value *items, size_t count)
{
  size_t run = count < 2 ? count : 2;
  int order = 0, rc = GN_OK;
  if (count > 1) rc = compare_items(node, frame, &items[1], &items[0], &order);
  bool falls = order < 0;
  for (; rc == GN_OK && run < count; run++) {
    rc = compare_items(node, frame, &items[run], &items[run - 1], &order);
    if ((order < 0) != falls) break;
  }
  for (size_t i = 0; falls && i < run / 2; i++) {
    gni_value swap = items[i];
    items[i] = items[run - 1 - i];
    items[run - 1 - i] = swap;
  }
  for (; rc == GN_OK && run < count; run++) {
    gni_value pivot = items[run];
    size_t left = 0, right = run;
    while (rc == GN_OK && left < right) {
      size_t middle = (left + right) / 2;
      rc = compare_items(node, frame, &pivot, &items[middle], &order);
      if (order < 0)
        right = middle;
      else
        left = middle + 1;
    }
    memmove(items + left + 1, items + left, (run - left) * sizeof *items);
    items[left] = pivot;
  }
  return rc;
}

static int eval_array_sort(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value list;
  int rc;
  if (!subject(node, frame, &list, out, &rc)) return rc;
  size_t count = list.list.count;
  gni_value *from = gni_arena_copy(frame->arena, list.list.items, count * sizeof *from);
  gni_value *to = GN_TAKE(frame->arena, gni_value, count);
  if (!from || !to) return gnp_frame_nomem(frame);
  if (count < 32) {
    rc = insert_sorted(node, frame, from, count);
    return rc == GN_OK ? gnp_give_items(out, from, count) : rc;
  }
  for (size_t width = 1; width < count; width *= 2) {
    for (size_t begin = 0; begin < count; begin += 2 * width) {
      size_t middle = begin + width < count ? begin + width : count;
      size_t end = begin + 2 * width < count ? begin + 2 * width : count;
      if ((rc = merge_runs(node, frame, from, begin, middle, end, to)) != GN_OK) return rc;
    }
    gni_value *swap = from;
    from = to;
    to = swap;
  }
  return gnp_give_items(out, from, count);
}

/* ---- two lists ------------------------------------------------------------------------------- */

static int eval_zip_with(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  const gni_value none = GNI_NULL_VALUE;
  gni_value a, b;
  int rc;
  if (!subject(node, frame, &a, out, &rc)) return rc;
  if ((rc = node->args[1]->eval(node->args[1], frame, &b)) != GN_OK || b.is_null) return rc;
  size_t count = a.list.count > b.list.count ? a.list.count : b.list.count;
  gni_value *items = GN_TAKE(frame->arena, gni_value, count);
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < count; i++) {
    rc = gnp_call_lambda(node->args[2], frame, i < a.list.count ? &a.list.items[i] : &none,
                         i < b.list.count ? &b.list.items[i] : &none, NULL, &items[i]);
    if (rc != GN_OK) return rc;
  }
  return gnp_give_items(out, items, count);
}

/* ---- maps ------------------------------------------------------------------------------------ */

static int eval_map_filter(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value map, keep;
  size_t count = 0;
  int rc;
  if (!subject(node, frame, &map, out, &rc)) return rc;
  gni_value *items = GN_TAKE(frame->arena, gni_value, 2 * map.list.count);
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < map.list.count; i++) {
    const gni_value *pair = &map.list.items[2 * i];
    if ((rc = gnp_call_lambda(node->args[1], frame, pair, pair + 1, NULL, &keep)) != GN_OK)
      return rc;
    if (keep.is_null || !keep.boolean) continue;
    memcpy(&items[2 * count++], pair, 2 * sizeof *pair);
  }
  return gnp_give_items(out, items, count);
}

static int eval_transform_values(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value map;
  int rc;
  if (!subject(node, frame, &map, out, &rc)) return rc;
  gni_value *items = GN_TAKE(frame->arena, gni_value, 2 * map.list.count);
  if (!items) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < map.list.count; i++) {
    const gni_value *pair = &map.list.items[2 * i];
    items[2 * i] = pair[0];
    rc = gnp_call_lambda(node->args[1], frame, pair, pair + 1, NULL, &items[2 * i + 1]);
    if (rc != GN_OK) return rc;
  }
  return gnp_give_items(out, items, map.list.count);
}

static int eval_transform_keys(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value map, key;
  gnp_map_maker maker;
  int rc;
  if (!subject(node, frame, &map, out, &rc)) return rc;
  if ((rc = gnp_map_start(&maker, node->type, map.list.count, frame)) != GN_OK) return rc;
  for (size_t i = 0; i < map.list.count; i++) {
    const gni_value *pair = &map.list.items[2 * i];
    rc = gnp_call_lambda(node->args[1], frame, pair, pair + 1, NULL, &key);
    if (rc == GN_OK) rc = gnp_map_put(&maker, &key, &pair[1], frame);
    if (rc != GN_OK) return rc;
  }
  return gnp_map_finish(&maker, out);
}

/* Two maps zipped into pairs: those of `map` matched with `other`, or (`rest`) those that `other`
 * lacks. */
static int zip_keys(const gni_bound *node, gnp_frame *frame, const gni_value *map,
                    const gni_value *other, bool rest, gni_value *items, size_t *count)
{
  const gni_value none = GNI_NULL_VALUE;
  for (size_t i = 0; i < map->list.count; i++) {
    const gni_value *pair = &map->list.items[2 * i];
    const gni_value *match = gnp_map_find(node->type->fields[0].type, other, pair);
    if (rest && match) continue;
    const gni_value *left = rest ? &none : &pair[1];
    const gni_value *right = rest ? &pair[1] : match ? match : &none;
    items[2 * *count] = *pair;
    int rc = gnp_call_lambda(node->args[2], frame, pair, left, right, &items[2 * *count + 1]);
    if (rc != GN_OK) return rc;
    (*count)++;
  }
  return GN_OK;
}

/* All keys of the first map, then those that only the second has. */
static int eval_map_zip_with(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value a, b;
  size_t count = 0;
  int rc;
  if (!subject(node, frame, &a, out, &rc)) return rc;
  if ((rc = node->args[1]->eval(node->args[1], frame, &b)) != GN_OK || b.is_null) return rc;
  gni_value *items = GN_TAKE(frame->arena, gni_value, 2 * (a.list.count + b.list.count));
  if (!items) return gnp_frame_nomem(frame);
  rc = zip_keys(node, frame, &a, &b, false, items, &count);
  if (rc == GN_OK) rc = zip_keys(node, frame, &b, &a, true, items, &count);
  return rc == GN_OK ? gnp_give_items(out, items, count) : rc;
}

/* ---- binding --------------------------------------------------------------------------------- */

static int want_kind(gnp_binder *b, gnp_call *call, size_t at, int kind)
{
  return call->args[at] && call->args[at]->type->kind == kind ? GN_OK : gnp_bind_mismatch(b, call);
}

/* Binds the lambda that stands at `at`, with parameters of these types. */
static int want_lambda(gnp_binder *b, gnp_call *call, size_t at, const gni_type *first,
                       const gni_type *second, const gni_type *third)
{
  const gni_type *types[] = {first, second, third};
  if (call->args[at]) return gnp_bind_mismatch(b, call);
  return gnp_bind_lambda(b, call->expr->args[at], types,
                         third    ? 3
                         : second ? 2
                                  : 1,
                         &call->args[at]);
}

static int want_condition(gnp_binder *b, gnp_call *call, size_t at)
{
  const gni_bound *lambda = call->args[at];
  if (lambda->type->kind == GNI_BOOLEAN || lambda->type->kind == GNI_NULL) return GN_OK;
  return gnp_bind_fail(b, GN_E_TYPE, lambda, "the lambda must give a boolean, this gives %.*s",
                       GN_STR_ARGS(gnp_type_text(b, lambda->type)));
}

static int bind_filter(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc == GN_OK) rc = want_kind(b, call, 0, GNI_LIST);
  if (rc != GN_OK) return rc;
  const gni_type *item = call->args[0]->type->fields[0].type;
  bool indexed = call->node->function->eval == eval_filter;
  rc = want_lambda(b, call, 1, item, indexed ? &gni_type_int : NULL, NULL);
  if (rc == GN_OK) rc = want_condition(b, call, 1);
  if (rc != GN_OK) return rc;
  call->node->type = indexed ? call->args[0]->type : &gni_type_boolean;
  call->node->nullable = call->args[0]->nullable;
  /* DuckDB counts from 1, and may compute what can fail for a list that is empty. */
  if (call->args[1]->parameter_count > 1 || call->args[1]->can_fail) call->node->sql = NULL;
  return GN_OK;
}

static int bind_transform(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc == GN_OK) rc = want_kind(b, call, 0, GNI_LIST);
  if (rc != GN_OK) return rc;
  rc = want_lambda(b, call, 1, call->args[0]->type->fields[0].type, &gni_type_int, NULL);
  if (rc != GN_OK) return rc;
  call->node->type = gni_type_list(b->arena, call->args[1]->type);
  call->node->nullable = call->args[0]->nullable;
  if (call->args[1]->parameter_count > 1 || call->args[1]->can_fail) call->node->sql = NULL;
  return GN_OK;
}

static int bind_aggregate(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 3, 4);
  if (rc == GN_OK) rc = want_kind(b, call, 0, GNI_LIST);
  if (rc == GN_OK && !call->args[1]) rc = gnp_bind_mismatch(b, call);
  if (rc != GN_OK) return rc;
  const gni_type *sum = call->args[1]->type;
  rc = want_lambda(b, call, 2, sum, call->args[0]->type->fields[0].type, NULL);
  if (rc != GN_OK) return rc;
  if (!gni_type_equal(call->args[2]->type, sum))
    return gnp_bind_fail(b, GN_E_TYPE, call->args[2], "the lambda gives %.*s, the start is %.*s",
                         GN_STR_ARGS(gnp_type_text(b, call->args[2]->type)),
                         GN_STR_ARGS(gnp_type_text(b, sum)));
  call->node->type = sum;
  call->node->nullable = true;
  if (call->count == 3) return GN_OK;
  rc = want_lambda(b, call, 3, sum, NULL, NULL);
  if (rc == GN_OK) call->node->type = call->args[3]->type;
  return rc;
}

static int bind_array_sort(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 1, 2);
  if (rc == GN_OK) rc = want_kind(b, call, 0, GNI_LIST);
  if (rc != GN_OK) return rc;
  const gni_type *item = call->args[0]->type->fields[0].type;
  if (!gnp_is_orderable(item)) return gnp_bind_mismatch(b, call);
  call->node->type = call->args[0]->type;
  call->node->nullable = call->args[0]->nullable;
  if (call->count == 1) return GN_OK;
  call->node->can_fail = true;
  rc = want_lambda(b, call, 1, item, item, NULL);
  if (rc != GN_OK) return rc;
  if (call->args[1]->type->kind != GNI_INT)
    return gnp_bind_fail(b, GN_E_TYPE, call->args[1], "the comparison must give an int");
  return GN_OK;
}

static int bind_zip_with(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 3, 3);
  if (rc == GN_OK) rc = want_kind(b, call, 0, GNI_LIST);
  if (rc == GN_OK) rc = want_kind(b, call, 1, GNI_LIST);
  if (rc != GN_OK) return rc;
  rc = want_lambda(b, call, 2, call->args[0]->type->fields[0].type,
                   call->args[1]->type->fields[0].type, NULL);
  if (rc != GN_OK) return rc;
  call->node->type = gni_type_list(b->arena, call->args[2]->type);
  call->node->nullable = true;
  return GN_OK;
}

static int bind_map_lambda(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc == GN_OK) rc = want_kind(b, call, 0, GNI_MAP);
  if (rc != GN_OK) return rc;
  const gni_type *map = call->args[0]->type;
  const gni_type *key = map->fields[0].type, *value = map->fields[1].type;
  if ((rc = want_lambda(b, call, 1, key, value, NULL)) != GN_OK) return rc;
  const gni_type *made = call->args[1]->type;
  gnp_eval eval = call->node->function->eval;
  call->node->nullable = call->args[0]->nullable;
  call->node->type = eval == eval_map_filter       ? map
                     : eval == eval_transform_keys ? gni_type_map(b->arena, made, value)
                                                   : gni_type_map(b->arena, key, made);
  return eval == eval_map_filter ? want_condition(b, call, 1) : GN_OK;
}

static int bind_map_zip_with(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 3, 3);
  if (rc == GN_OK) rc = want_kind(b, call, 0, GNI_MAP);
  if (rc == GN_OK) rc = want_kind(b, call, 1, GNI_MAP);
  if (rc != GN_OK) return rc;
  const gni_type *x = call->args[0]->type, *y = call->args[1]->type;
  const gni_type *key = gnp_type_wider(b, x->fields[0].type, y->fields[0].type, false);
  if (!key || !gnp_is_orderable(key)) return gnp_bind_mismatch(b, call);
  rc = gnp_cast(b, call->args[0], gni_type_map(b->arena, key, x->fields[1].type), &call->args[0]);
  if (rc == GN_OK)
    rc = gnp_cast(b, call->args[1], gni_type_map(b->arena, key, y->fields[1].type), &call->args[1]);
  if (rc == GN_OK) rc = want_lambda(b, call, 2, key, x->fields[1].type, y->fields[1].type);
  if (rc != GN_OK) return rc;
  call->node->type = gni_type_map(b->arena, key, call->args[2]->type);
  call->node->nullable = true;
  return GN_OK;
}

static const gnp_function functions[] = {
    {.name = "filter", .bind = bind_filter, .eval = eval_filter, .sql = "list_filter($1, $2)"},
    {.name = "transform",
     .bind = bind_transform,
     .eval = eval_transform,
     .sql = "list_transform($1, $2)"},
    {.name = "exists", .bind = bind_filter, .eval = eval_exists, .flags = GNP_MAY_BE_NULL},
    {.name = "forall", .bind = bind_filter, .eval = eval_forall, .flags = GNP_MAY_BE_NULL},
    {.name = "aggregate", .bind = bind_aggregate, .eval = eval_aggregate},
    {.name = "reduce", .same_as = "aggregate"},
    {.name = "array_sort", .bind = bind_array_sort, .eval = eval_array_sort},
    {.name = "zip_with", .bind = bind_zip_with, .eval = eval_zip_with},
    {.name = "map_filter", .bind = bind_map_lambda, .eval = eval_map_filter},
    {.name = "transform_keys",
     .bind = bind_map_lambda,
     .eval = eval_transform_keys,
     .flags = GNP_CAN_FAIL},
    {.name = "transform_values", .bind = bind_map_lambda, .eval = eval_transform_values},
    {.name = "map_zip_with", .bind = bind_map_zip_with, .eval = eval_map_zip_with},
};

const gnp_family gnp_family_lambda = {"lambda", functions, sizeof functions / sizeof *functions};
