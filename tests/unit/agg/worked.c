/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/agg/worked.h"

#include "wire/wire.h"

static gn_arena *case_arena;

static void forget_arena(void *arena)
{
  (void)arena;
  case_arena = NULL;
}

gn_arena *worked_arena(void)
{
  if (!case_arena) {
    case_arena = test_arena();
    test_later(forget_arena, case_arena);
  }
  return case_arena;
}

/* ---- text ---- */

const gni_type *parse_type(const char *text)
{
  const gni_type *type;
  gn_error err = {0};
  CHECK_OK(gni_type_parse(gni_str(text), worked_arena(), &type, &err), &err);
  return type;
}

gni_value parse_value(const gni_type *type, const char *json)
{
  gn_arena *arena = worked_arena();
  const gni_json *node;
  gni_value value;
  gn_error err = {0};
  CHECK_OK(gni_json_parse(gni_str(json), 32, arena, &node, &err), &err);
  CHECK_OK(gni_json_to_value(node, type, arena, &value, &err), &err);
  return value;
}

static const char *keep_text(gn_buf *buf)
{
  CHECK_INT(buf->rc, GN_OK);
  gn_str kept = gni_str_take(worked_arena(), gni_buf_view(buf));
  gni_buf_deinit(buf);
  return kept.ptr;
}

const char *print_value(const gni_type *type, const gni_value *value)
{
  gn_buf buf;
  gni_buf_init(&buf, &gni_libc_alloc, 1 << 20);
  gni_value_to_json(type, value, &buf);
  return keep_text(&buf);
}

const char *print_type(const gni_type *type)
{
  gn_buf buf;
  gni_buf_init(&buf, &gni_libc_alloc, 1 << 20);
  gni_type_format(type, &buf);
  return keep_text(&buf);
}

/* ---- aggregators ---- */

const gni_aggregator *try_aggregator(const worked *one, gn_error *err)
{
  static const gn_str names[] = {{"k", 1}};
  gn_str values[] = {one->k ? gni_str(one->k) : GN_STR("")};
  const gni_aggregation aggregation = {
      .input_column = GN_STR("x"),
      .operation = gni_operation_find(gni_str(one->operation)),
      .element_wise = one->element_wise,
      .argument_names = names,
      .argument_values = values,
      .argument_count = one->k != NULL,
  };
  const gni_aggregator *made;
  int rc = gni_aggregator_take(worked_arena(), &aggregation, parse_type(one->type),
                               one->buckets != NULL, &made, err);
  CHECK_INT(rc, err->code);
  CHECK((rc == GN_OK) == (made != NULL));
  return made;
}

const gni_aggregator *make_aggregator(const worked *one)
{
  gn_error err = {0};
  const gni_aggregator *made = try_aggregator(one, &err);
  CHECK_OK(err.code, &err);
  return made;
}

void *make_state(const gni_aggregator *aggregator)
{
  void *state = gni_arena_take(worked_arena(), gni_aggregator_state_size(aggregator));
  CHECK(state != NULL);
  gni_state_init(aggregator, state);
  return state;
}

/* ---- cases ---- */

typedef struct inputs {
  const gni_aggregator *aggregator;
  gni_value rows, buckets, times, dropped; /* lists, or null */
  gn_arena *arena;
} inputs;

static inputs read_inputs(const worked *one)
{
  gn_arena *arena = worked_arena();
  const gni_type *rows = gni_type_list(arena, parse_type(one->type));
  const gni_type *texts = parse_type("array<string>"), *longs = parse_type("array<bigint>");
  return (inputs){
      .aggregator = make_aggregator(one),
      .rows = parse_value(rows, one->rows),
      .buckets = one->buckets ? parse_value(texts, one->buckets) : GNI_NULL_VALUE,
      .times = one->times ? parse_value(longs, one->times) : GNI_NULL_VALUE,
      .dropped = one->dropped ? parse_value(rows, one->dropped) : GNI_NULL_VALUE,
      .arena = arena,
  };
}

static void fold(const inputs *in, void *state, size_t from, size_t to)
{
  for (size_t i = from; i < to; i++) {
    const gni_value *bucket = in->buckets.is_null ? NULL : &in->buckets.list.items[i];
    int64_t time_ms = in->times.is_null ? (int64_t)i + 1 : in->times.list.items[i].integer;
    CHECK_INT(gni_state_update(in->aggregator, state, &in->rows.list.items[i], bucket, time_ms,
                               in->arena),
              GN_OK);
  }
}

static void take_back(const inputs *in, void *state)
{
  for (size_t i = 0; !in->dropped.is_null && i < in->dropped.list.count; i++)
    CHECK_INT(gni_state_drop(in->aggregator, state, &in->dropped.list.items[i],
                             in->buckets.is_null ? NULL : &in->buckets.list.items[i], 0, in->arena),
              GN_OK);
}

static void check_answer(const worked *one, const inputs *in, const void *state, const char *how)
{
  gni_value answer;
  CHECK_INT(gni_state_finish(in->aggregator, state, &answer, in->arena), GN_OK);
  const char *text = print_value(gni_aggregator_output(in->aggregator), &answer);
  if (strcmp(text, one->answer) != 0)
    test_fail(__FILE__, __LINE__, "%s of %s %s, %s, is %s and not %s", one->operation, one->type,
              one->rows, how, text, one->answer);
}

void check_worked(const worked *cases, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    inputs in = read_inputs(&cases[i]);
    size_t half = in.rows.list.count / 2;
    void *whole = make_state(in.aggregator), *left = make_state(in.aggregator);
    void *right = make_state(in.aggregator), *loaded = make_state(in.aggregator);
    gni_value saved;
    gn_error err = {0};

    fold(&in, whole, 0, in.rows.list.count);
    take_back(&in, whole);
    check_answer(&cases[i], &in, whole, "in one piece");

    fold(&in, left, 0, half);
    fold(&in, right, half, in.rows.list.count);
    CHECK_INT(gni_state_merge(in.aggregator, left, right, in.arena), GN_OK);
    take_back(&in, left);
    check_answer(&cases[i], &in, left, "in two halves");

    CHECK_INT(gni_state_save(in.aggregator, left, &saved, in.arena), GN_OK);
    CHECK_OK(gni_state_load(in.aggregator, loaded, &saved, in.arena, &err), &err);
    check_answer(&cases[i], &in, loaded, "saved and loaded");
  }
}
