/* SPDX-License-Identifier: Apache-2.0 */
#include "expr_kit.h"

static gn_arena arena;
static gn_buf answer;
static bool is_open;

static void close_all(void *what)
{
  (void)what;
  is_open = false;
  gni_arena_deinit(&arena);
  gni_buf_deinit(&answer);
}

/* Once a case; each answer lives until the next. */
static void open_all(void)
{
  if (is_open) {
    gni_arena_reset(&arena);
    gni_buf_reset(&answer);
    return;
  }
  is_open = true;
  gni_arena_init(&arena, test_alloc(), 64u << 20);
  gni_buf_init(&answer, test_alloc(), 1u << 20);
  test_later(close_all, NULL);
}

const gni_type *expr_schema(gn_arena *a)
{
  const gni_field inner[] = {{GN_STR("a"), &gni_type_int}, {GN_STR("b"), &gni_type_string}};
  const gni_field fields[] = {
      {GN_STR("b"), &gni_type_byte},
      {GN_STR("s"), &gni_type_short},
      {GN_STR("i"), &gni_type_int},
      {GN_STR("l"), &gni_type_long},
      {GN_STR("f"), &gni_type_float},
      {GN_STR("d"), &gni_type_double},
      {GN_STR("t"), &gni_type_string},
      {GN_STR("x"), &gni_type_binary},
      {GN_STR("o"), &gni_type_boolean},
      {GN_STR("day"), &gni_type_date},
      {GN_STR("ts"), &gni_type_timestamp},
      {GN_STR("dec"), gni_type_decimal(a, 10, 2)},
      {GN_STR("list"), gni_type_list(a, &gni_type_int)},
      {GN_STR("words"), gni_type_list(a, &gni_type_string)},
      {GN_STR("m"), gni_type_map(a, &gni_type_string, &gni_type_int)},
      {GN_STR("st"), gni_type_struct(a, GN_STR(""), inner, 2)},
      {GN_STR("empty"), &gni_type_string},
      {GN_STR("n"), &gni_type_int},
  };
  return gni_type_struct(a, GN_STR("row"), fields, sizeof fields / sizeof *fields);
}

static gni_value list_of(gn_arena *a, const gni_value *items, size_t count, size_t pairs)
{
  gni_value *copy = gni_arena_copy(a, items, count * sizeof *items);
  return (gni_value){.list = {copy, pairs ? pairs : count}};
}

const gni_value *expr_row(gn_arena *a)
{
  const gni_value ints[] = {gni_value_integer(1), GNI_NULL_VALUE, gni_value_integer(3)};
  const gni_value words[] = {gni_value_text(GN_STR("a")), gni_value_text(GN_STR("bb"))};
  const gni_value map[] = {gni_value_text(GN_STR("k")), gni_value_integer(7),
                           gni_value_text(GN_STR("z")), GNI_NULL_VALUE};
  const gni_value st[] = {gni_value_integer(5), gni_value_text(GN_STR("five"))};
  const gni_value row[] = {
      gni_value_integer(127),
      gni_value_integer(-32768),
      gni_value_integer(2147483647),
      gni_value_integer(INT64_MIN),
      gni_value_real(1.5),
      gni_value_real(2.675),
      gni_value_text(GN_STR(" 12 ")),
      gni_value_text(GN_STR("\x01\xff")),
      gni_value_boolean(true),
      gni_value_integer(19782), /* 2024-02-29 */
      gni_value_integer(INT64_C(1709210096789012)),
      (gni_value){.decimal = {.low = 12345, .high = 0}},
      list_of(a, ints, 3, 0),
      list_of(a, words, 2, 0),
      list_of(a, map, 4, 2),
      list_of(a, st, 2, 0),
      GNI_NULL_VALUE,
      GNI_NULL_VALUE,
  };
  return gni_arena_copy(a, row, sizeof row);
}

static const char *say_error(const gn_error *err)
{
  gni_buf_add_format(&answer, "error: %s%s%s", err->where, *err->where ? ": " : "", err->message);
  if (*err->hint) gni_buf_add_format(&answer, " (%s)", err->hint);
  return answer.ptr;
}

static int bind(const char *text, bool ansi, const gni_bound **bound, gn_error *err)
{
  const gni_expr *tree;
  gni_expr_options options = {.ansi = ansi, .now_us = INT64_C(1709210096789012)};
  int rc = gni_expr_parse(gni_str(text), &arena, &tree, NULL, err);
  if (rc != GN_OK) return rc;
  return gni_expr_bind(tree, expr_schema(&arena), &options, &arena, bound, NULL, err);
}

static gn_str as_text(const gni_bound *bound, const gni_value *value)
{
  /* The cast to string of the value itself, through the public door. */
  const gni_field field = {GN_STR("v"), gni_bound_type(bound)};
  const gni_type *schema = gni_type_struct(&arena, GN_STR(""), &field, 1);
  const gni_expr *tree;
  const gni_bound *cast;
  gni_value text;
  gn_error err = {0};
  CHECK_OK(gni_expr_parse(GN_STR("CAST(v AS STRING)"), &arena, &tree, NULL, &err), &err);
  CHECK_OK(gni_expr_bind(tree, schema, NULL, &arena, &cast, NULL, &err), &err);
  CHECK_OK(gni_bound_eval(cast, value, &arena, &text, &err), &err);
  return text.text;
}

const char *expr_result(const char *text, bool ansi)
{
  const gni_bound *bound = NULL;
  gni_value value;
  gn_error err = {0};
  open_all();
  if (bind(text, ansi, &bound, &err) != GN_OK) return say_error(&err);
  if (gni_bound_eval(bound, expr_row(&arena), &arena, &value, &err) != GN_OK)
    return say_error(&err);
  if (value.is_null)
    gni_buf_add_text(&answer, "null");
  else if (gni_bound_type(bound)->kind == GNI_BINARY)
    for (size_t i = 0; i < value.text.len; i++)
      gni_buf_add_format(&answer, "%02x", (unsigned)(unsigned char)value.text.ptr[i]);
  else
    gni_buf_add_str(&answer, as_text(bound, &value));
  gni_buf_add_text(&answer, ": ");
  gni_type_format(gni_bound_type(bound), &answer);
  return answer.ptr;
}

const char *expr_sql(const char *text, bool ansi)
{
  const gni_bound *bound = NULL;
  gn_error err = {0};
  gni_expr_functions functions = {.arena = &arena};
  open_all();
  if (bind(text, ansi, &bound, &err) != GN_OK) return say_error(&err);
  if (gni_bound_to_duckdb(bound, &functions, &answer, &err) != GN_OK) return say_error(&err);
  return answer.ptr;
}
