/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire.h"

#include "kit/random_values.h"

static void close_buf(void *buf)
{
  gni_buf_deinit(buf);
}

static gn_buf *open_buf(void)
{
  gn_buf *buf = gni_arena_take(test_arena(), sizeof *buf);
  CHECK(buf != NULL);
  gni_buf_init(buf, &gni_libc_alloc, 1 << 24);
  test_later(close_buf, buf);
  return buf;
}

static const gni_avro_schema *parse(gn_str text)
{
  gn_error err = {0};
  const gni_avro_schema *schema;
  CHECK_OK(gni_avro_schema_parse(text, test_arena(), &schema, &err), &err);
  return schema;
}

static const gni_avro_schema *plan(const char *type_text, const char *name)
{
  gn_error err = {0};
  gn_arena *arena = test_arena();
  const gni_type *type;
  const gni_avro_schema *schema;
  CHECK_OK(gni_type_parse(gni_str(type_text), arena, &type, &err), &err);
  type = gni_type_struct(arena, gni_str(name), type->fields, type->field_count);
  CHECK_OK(gni_avro_schema_from_type(type, arena, &schema, &err), &err);
  return schema;
}

static void check_text(const gni_avro_schema *schema, gn_str expected)
{
  gn_buf *out = open_buf();
  bool pretty = expected.len && memchr(expected.ptr, '\n', expected.len);
  CHECK_INT(gni_avro_schema_to_json(schema, pretty, out), GN_OK);
  CHECK_STR(gni_buf_view(out), gni_str_take(test_arena(), expected).ptr);
}

/* ---- against upstream ---- */

static int hex_digit(char c)
{
  return c >= 'a' ? c - 'a' + 10 : c - '0';
}

static gn_str from_hex(gn_str hex)
{
  char *bytes = gni_arena_take(test_arena(), hex.len / 2);
  CHECK(bytes != NULL);
  for (size_t i = 0; i + 1 < hex.len; i += 2)
    bytes[i / 2] = (char)(hex_digit(hex.ptr[i]) * 16 + hex_digit(hex.ptr[i + 1]));
  return (gn_str){bytes, hex.len / 2};
}

static gn_str read_golden(const char *name, const char *ending)
{
  gn_error err = {0};
  gn_buf *content = open_buf();
  const char *file = gni_str_format(test_arena(), "avro/%s.%s", name, ending).ptr;
  CHECK_OK(gni_file_read(test_golden(file), content, &err), &err);
  return gni_buf_view(content);
}

static const char *const samples[] = {"state_numbers", "state_others", "state_buckets",
                                      "maps",          "lists",        "text_bool",
                                      "uniques",       "key_of_two",   "input_lists"};
enum { SAMPLES = sizeof samples / sizeof *samples };

static void schema_texts_are_upstreams_read_and_planned_anew(void)
{
  for (size_t i = 0; i < SAMPLES; i++) {
    gn_error err = {0};
    gn_str text = read_golden(samples[i], "avsc");
    const gni_avro_schema *schema = parse(text), *planned;
    check_text(schema, text);
    CHECK_OK(gni_avro_schema_from_type(gni_avro_schema_type(schema), test_arena(), &planned, &err),
             &err);
    check_text(planned, text);
  }
}

static void bytes_are_upstreams_when_written_again(void)
{
  int records = 0;
  for (size_t i = 0; i < SAMPLES; i++) {
    const gni_avro_schema *schema = parse(read_golden(samples[i], "avsc"));
    gn_str rest = read_golden(samples[i], "hex"), line;
    while (gni_str_split(&rest, '\n', &line)) {
      gn_error err = {0};
      gni_value value;
      gn_buf *out = open_buf();
      if (line.len == 0) continue;
      gn_str bytes = from_hex(line);
      CHECK_OK(gni_avro_decode(schema, bytes, test_arena(), &value, &err), &err);
      CHECK_OK(gni_avro_encode(schema, &value, out, &err), &err);
      CHECK(gni_str_equal(gni_buf_view(out), bytes));
      records++;
    }
  }
  CHECK_INT(records, 20);
}

static void a_record_cut_anywhere_is_damage(void)
{
  for (size_t i = 0; i < SAMPLES; i++) {
    const gni_avro_schema *schema = parse(read_golden(samples[i], "avsc"));
    gn_str rest = read_golden(samples[i], "hex"), line;
    if (!gni_str_split(&rest, '\n', &line) || line.len == 0) continue;
    gn_str bytes = from_hex(line);
    for (size_t len = 0; len < bytes.len; len++) {
      gn_arena arena;
      gn_error err = {0};
      gni_value value;
      gni_arena_init(&arena, &gni_libc_alloc, 1 << 24);
      char *exact = gni_arena_copy(&arena, bytes.ptr, len);
      CHECK_INT(gni_avro_decode(schema, (gn_str){exact, len}, &arena, &value, &err), GN_E_CORRUPT);
      CHECK_INT(err.code, GN_E_CORRUPT);
      gni_arena_deinit(&arena);
    }
  }
}

/* ---- schemas ---- */

static void a_name_used_before_is_told_apart(void)
{
  check_text(
      plan("struct<a:int,A b:struct<a:int,Top:int>,c\xC3\xBC:int,c_:int>", "Top"),
      GN_STR(
          "{\"type\":\"record\",\"name\":\"Top\",\"namespace\":\"ai.chronon.data\",\"doc\":\"\","
          "\"fields\":[{\"name\":\"a\",\"type\":[\"null\",\"int\"],\"doc\":\"\"},"
          "{\"name\":\"A_b\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"A_bStruct\","
          "\"doc\":\"\","
          "\"fields\":[{\"name\":\"a_REPEATED_NAME_0\",\"type\":[\"null\",\"int\"],\"doc\":\"\"},"
          "{\"name\":\"Top_REPEATED_NAME_0\",\"type\":[\"null\",\"int\"],\"doc\":\"\"}]}],\"doc\":"
          "\"\"},"
          "{\"name\":\"c_\",\"type\":[\"null\",\"int\"],\"doc\":\"\"},"
          "{\"name\":\"c__REPEATED_NAME_0\",\"type\":[\"null\",\"int\"],\"doc\":\"\"}]}"));
}

static void structs_without_a_name_are_named_by_their_place(void)
{
  check_text(
      plan("struct<items:array<struct<by:map<string,struct<>>>>>", "Value"),
      GN_STR(
          "{\"type\":\"record\",\"name\":\"Value\",\"namespace\":\"ai.chronon.data\",\"doc\":\"\","
          "\"fields\":[{\"name\":\"items\",\"type\":[\"null\",{\"type\":\"array\",\"items\":"
          "{\"type\":\"record\",\"name\":\"ItemsElementStruct\",\"doc\":\"\",\"fields\":["
          "{\"name\":\"by\",\"type\":[\"null\",{\"type\":\"map\",\"values\":{\"type\":\"record\","
          "\"name\":\"ByValueStruct\",\"doc\":\"\",\"fields\":[]}}],\"doc\":\"\"}]}}],\"doc\":\"\"}"
          "]}"));
}

static void small_integers_are_ints_with_a_logical_type(void)
{
  gn_str text = GN_STR("{\n  \"type\" : \"record\",\n  \"name\" : \"R\",\n"
                       "  \"namespace\" : \"ai.chronon.data\",\n  \"doc\" : \"\",\n"
                       "  \"fields\" : [ {\n    \"name\" : \"b\",\n    \"type\" : [ \"null\", {\n"
                       "      \"type\" : \"int\",\n      \"logicalType\" : \"byte\"\n    } ],\n"
                       "    \"doc\" : \"\"\n  } ]\n}");
  check_text(plan("struct<b:tinyint>", "R"), text);
  CHECK_INT(gni_avro_schema_type(parse(text))->fields[0].type->kind, GNI_BYTE);
}

static void what_avro_cannot_carry_is_refused_with_its_path(void)
{
  static const struct {
    const char *type, *where, *message;
  } cases[] = {
      {"struct<d:date>", "d", "dates have no Avro form here"},
      {"struct<l:array<timestamp>>", "l: []", "timestamps have no Avro form here"},
      {"struct<m:map<string,decimal(3,1)>>", "m: {}", "decimals have no Avro form here"},
      {"struct<s:struct<m:map<int,int>>>", "s: m", "Avro's maps have strings for keys only"},
      {"struct<v:void>", "v", "a column of nulls has no Avro form"},
      {"struct<l:array<struct<>>>", "l", "a list of structs without fields has no Avro form"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_error err = {0};
    const gni_type *type;
    const gni_avro_schema *schema;
    CHECK_OK(gni_type_parse(gni_str(cases[i].type), test_arena(), &type, &err), &err);
    CHECK_INT(gni_avro_schema_from_type(type, test_arena(), &schema, &err), GN_E_UNSUPPORTED);
    CHECK_TEXT(err.message, cases[i].message);
    CHECK_TEXT(err.where, cases[i].where);
  }
}

static void foreign_schemas_are_read(void)
{
  gn_str text = GN_STR("{\"type\":\"record\",\"name\":\"x\",\"fields\":["
                       "{\"name\":\"a\",\"type\":\"long\",\"default\":1},"
                       "{\"name\":\"b\",\"type\":[\"string\",\"null\"]},"
                       "{\"name\":\"c_REPEATED_NAME_12\",\"type\":{\"type\":\"bytes\"}},"
                       "{\"name\":\"_REPEATED_NAME_\",\"type\":\"float\"}]}");
  const gni_avro_schema *schema = parse(text);
  gn_buf *type = open_buf(), *out = open_buf();
  gn_error err = {0};
  gni_value value;
  gni_type_format(gni_avro_schema_type(schema), type);
  CHECK_TEXT(type->ptr, "struct<a:bigint,b:string,c:binary,_REPEATED_NAME_:float>");
  gn_str bytes = {"\x03\x00\x02x\x02\xFF\x00\x00\x80\x3F", 10};
  CHECK_OK(gni_avro_decode(schema, bytes, test_arena(), &value, &err), &err);
  CHECK_INT(value.list.items[0].integer, -2);
  CHECK_STR(value.list.items[1].text, "x");
  CHECK_DOUBLE(value.list.items[3].real, 1.0, 0);
  CHECK_OK(gni_avro_encode(schema, &value, out, &err), &err);
  CHECK(gni_str_equal(gni_buf_view(out), bytes));
}

static void schemas_that_are_wrong_or_not_offered_are_refused_with_their_place(void)
{
  static const struct {
    const char *text, *message;
    int code;
  } cases[] = {
      {"\"int\"", "Avro schema, line 1, column 1: the outermost type is no record",
       GN_E_UNSUPPORTED},
      {"{\"type\":\"record\",\"name\":\"x\"}",
       "Avro schema, line 1, column 1: a record has a name and a list of fields", GN_E_PARSE},
      {"{\"type\":\"record\",\"name\":\"x\",\"fields\":[{\"name\":\"a\"}]}",
       "Avro schema, line 1, column 39: a field has a name and a type", GN_E_PARSE},
      {"{\"type\":\"record\",\"name\":\"x\",\"fields\":[{\"name\":\"a\",\"type\":\"fixed\"}]}",
       "Avro schema, line 1, column 58: this type is not offered", GN_E_UNSUPPORTED},
      {"{\"type\":\"record\",\"name\":\"x\",\"fields\":[{\"name\":\"a\",\"type\":[\"int\",\"long\"]"
       "}]}",
       "Avro schema, line 1, column 58: a union of other than null and one type", GN_E_UNSUPPORTED},
      {"{\"type\":\"record\",\"name\":\"x\",\"fields\":[{\"name\":\"a:b\",\"type\":\"int\"}]}",
       "Avro schema, line 1, column 39: a field has a name and a type", GN_E_PARSE},
      {"{\"type\":\"array\"}",
       "Avro schema, line 1, column 1: an array has items, a map has values", GN_E_PARSE},
      {"{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"x\",\"fields\":[]}}",
       "Avro schema, line 1, column 1: elements that take no bytes", GN_E_UNSUPPORTED},
      {"7", "Avro schema, line 1, column 1: a type expected", GN_E_PARSE},
      {"{", "line 1, column 2: unexpected end of data", GN_E_PARSE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_error err = {0};
    const gni_avro_schema *schema;
    CHECK_INT(gni_avro_schema_parse(gni_str(cases[i].text), test_arena(), &schema, &err),
              cases[i].code);
    CHECK_TEXT(err.message, cases[i].message);
    CHECK(schema == NULL);
  }
}

/* ---- records ---- */

/* Random values without nulls where Avro has none. */
static void fill_gaps(const gni_type *type, gni_value *value, bool may_be_null, gn_arena *arena)
{
  test_random random = test_random_new(0);
  if (value->is_null && !may_be_null) *value = test_random_value(&random, arena, type, 0);
  if (value->is_null || type->field_count == 0) return;
  size_t step = type->kind == GNI_MAP ? 2 : 1, count = value->list.count * step;
  gni_value *items = gni_arena_copy(arena, value->list.items, count * sizeof *items);
  CHECK(items != NULL);
  for (size_t i = step - 1; i < count; i += step) {
    size_t field = type->kind == GNI_STRUCT ? i : step - 1;
    fill_gaps(type->fields[field].type, &items[i], type->kind == GNI_STRUCT, arena);
  }
  value->list.items = items;
}

static void any_record_is_read_back_as_written_and_cut_it_is_damage(void)
{
  test_random random = test_random_new(20);
  for (int i = 0; i < 500 * test_effort(); i++) {
    gn_arena arena;
    gn_buf out;
    gn_error err = {0};
    const gni_avro_schema *schema, *again;
    gni_value back;
    gni_arena_init(&arena, &gni_libc_alloc, 1 << 24);
    gni_buf_init(&out, &gni_libc_alloc, 1 << 24);
    const gni_type *type = test_random_row_type(&random, &arena, 3, 4, TEST_KINDS_AVRO);
    gni_value value = test_random_value(&random, &arena, type, 0.2);
    fill_gaps(type, &value, false, &arena);
    CHECK_OK(gni_avro_schema_from_type(type, &arena, &schema, &err), &err);
    CHECK_OK(gni_avro_encode(schema, &value, &out, &err), &err);
    gn_str bytes = gni_buf_view(&out);
    CHECK_OK(gni_avro_decode(schema, bytes, &arena, &back, &err), &err);
    CHECK(gni_value_equal(type, &value, &back));
    gn_str cut = {bytes.ptr, bytes.len - (size_t)test_random_in(&random, 1, (int64_t)bytes.len)};
    CHECK_INT(gni_avro_decode(schema, cut, &arena, &back, &err), GN_E_CORRUPT);
    gn_buf text;
    gni_buf_init(&text, &gni_libc_alloc, 1 << 24);
    gni_avro_schema_to_json(schema, i % 2, &text);
    err = (gn_error){.code = GN_OK};
    CHECK_OK(gni_avro_schema_parse(gni_buf_view(&text), &arena, &again, &err), &err);
    CHECK_OK(gni_avro_decode(again, bytes, &arena, &back, &err), &err);
    gni_buf_deinit(&text);
    gni_buf_deinit(&out);
    gni_arena_deinit(&arena);
  }
}

static void null_in_a_bare_place_is_refused_with_its_path(void)
{
  const gni_value null_items[] = {gni_value_text(GN_STR("k")), GNI_NULL_VALUE};
  const gni_value list = {.list = {null_items, 2}}, map = {.list = {null_items, 1}};
  const gni_value in_list[] = {list, GNI_NULL_VALUE}, in_map[] = {GNI_NULL_VALUE, map};
  const gni_avro_schema *schema = plan("struct<l:array<string>,m:map<string,string>>", "R");
  gn_buf *out = open_buf();
  gn_error err = {0};
  gni_buf_add_text(out, "before");
  CHECK_INT(gni_avro_encode(schema, &(gni_value){.list = {in_list, 2}}, out, &err), GN_E_TYPE);
  CHECK_TEXT(err.where, "l: [1]");
  CHECK_STR(gni_buf_view(out), "before");
  err = (gn_error){.code = GN_OK};
  CHECK_INT(gni_avro_encode(schema, &(gni_value){.list = {in_map, 2}}, out, &err), GN_E_TYPE);
  CHECK_TEXT(err.where, "m: k");
  CHECK_INT(gni_avro_encode(schema, &GNI_NULL_VALUE, out, NULL), GN_E_TYPE);
}

static void damage_is_named_with_its_byte(void)
{
  static const struct {
    const char *type, *bytes;
    size_t len;
    const char *message;
  } cases[] = {
      {"struct<a:int>", "\x04", 1, "Avro record, byte 1 of 1: a union has no such branch"},
      {"struct<a:int>", "\x02\x80\x80\x80\x80\x10", 6,
       "Avro record, byte 6 of 6: a number outside of its type"},
      {"struct<a:tinyint>", "\x02\x80\x02", 3,
       "Avro record, byte 3 of 3: a number outside of its type"},
      {"struct<a:bigint>", "\x02\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 11,
       "Avro record, byte 11 of 11: a number of more than 64 bits"},
      {"struct<a:boolean>", "\x02\x02", 2,
       "Avro record, byte 1 of 2: a boolean is neither 0 nor 1"},
      {"struct<a:string>", "\x02\x04x", 3, "Avro record, byte 2 of 3: a text is cut off"},
      {"struct<a:string>", "\x02\x01", 2, "Avro record, byte 2 of 2: a text is cut off"},
      {"struct<a:string>", "\x02\x02\xFF", 3, "Avro record, byte 2 of 3: a text is no UTF-8"},
      {"struct<a:array<int>>", "\x02\x06\x00\x00", 4,
       "Avro record, byte 2 of 4: a block of more items than bytes"},
      {"struct<a:array<int>>", "\x02\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x00", 12,
       "Avro record, byte 12 of 12: a block of more items than bytes"},
      {"struct<a:array<int>>", "\x02\x01\x7F", 3, "Avro record, byte 3 of 3: a block is cut off"},
      {"struct<a:int>", "\x00\x00", 2,
       "Avro record, byte 1 of 2: the record ends before its bytes"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_error err = {0};
    gni_value value;
    gn_str bytes = {cases[i].bytes, cases[i].len};
    CHECK_INT(gni_avro_decode(plan(cases[i].type, "R"), bytes, test_arena(), &value, &err),
              GN_E_CORRUPT);
    CHECK_TEXT(err.message, cases[i].message);
  }
}

static void several_blocks_and_blocks_with_their_size_are_read(void)
{
  gn_error err = {0};
  gni_value value;
  gn_str bytes = {"\x02\x02\x0A\x03\x04\x14\x1E\x00", 8}; /* [5], then [10, 15] in 2 bytes */
  const gni_avro_schema *schema = plan("struct<a:array<int>>", "R");
  CHECK_OK(gni_avro_decode(schema, bytes, test_arena(), &value, &err), &err);
  const gni_value *list = &value.list.items[0];
  CHECK_INT(list->list.count, 3);
  for (size_t i = 0; i < 3; i++) CHECK_INT(list->list.items[i].integer, 5 * ((int64_t)i + 1));
}

static void write_and_read(const gn_alloc *alloc)
{
  gn_arena arena;
  gn_buf out;
  gn_error err = {0};
  const gni_avro_schema *schema;
  gni_value back;
  test_random random = test_random_new(21);
  gni_arena_init(&arena, alloc, 1 << 24);
  gni_buf_init(&out, alloc, 1 << 24);
  const gni_type *type = test_random_row_type(&random, test_arena(), 40, 3, TEST_KINDS_AVRO);
  gni_value value = test_random_value(&random, test_arena(), type, 0);
  int rc = gni_avro_schema_from_type(type, &arena, &schema, &err);
  if (rc == GN_OK) rc = gni_avro_schema_to_json(schema, true, &out);
  if (rc == GN_OK) rc = gni_avro_schema_parse(gni_buf_view(&out), &arena, &schema, &err);
  gni_buf_reset(&out);
  if (rc == GN_OK) rc = gni_avro_encode(schema, &value, &out, &err);
  if (rc == GN_OK) rc = gni_avro_decode(schema, gni_buf_view(&out), &arena, &back, &err);
  CHECK(rc == GN_OK ? gni_value_equal(type, &value, &back) : rc == GN_E_NOMEM);
  gni_buf_deinit(&out);
  gni_arena_deinit(&arena);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK(test_each_oom(write_and_read) >= 8);
  gn_buf small;
  gn_error err = {0};
  const gni_value field = gni_value_text(GN_STR("twelve bytes"));
  gni_buf_init(&small, &gni_libc_alloc, 10);
  CHECK_INT(gni_avro_encode(plan("struct<a:string>", "R"), &(gni_value){.list = {&field, 1}},
                            &small, &err),
            GN_E_LIMIT);
  CHECK_INT(err.code, GN_E_LIMIT);
  CHECK_INT(small.len, 0);
  gni_buf_deinit(&small);
}

int main(void)
{
  static const test_case cases[] = {
      {"schema texts are upstream's, read and planned anew",
       schema_texts_are_upstreams_read_and_planned_anew},
      {"bytes are upstream's when written again", bytes_are_upstreams_when_written_again},
      {"a record cut anywhere is damage", a_record_cut_anywhere_is_damage},
      {"a name used before is told apart", a_name_used_before_is_told_apart},
      {"structs without a name are named by their place",
       structs_without_a_name_are_named_by_their_place},
      {"small integers are ints with a logical type", small_integers_are_ints_with_a_logical_type},
      {"what Avro cannot carry is refused with its path",
       what_avro_cannot_carry_is_refused_with_its_path},
      {"foreign schemas are read", foreign_schemas_are_read},
      {"schemas that are wrong or not offered are refused with their place",
       schemas_that_are_wrong_or_not_offered_are_refused_with_their_place},
      {"any record is read back as written, and cut it is damage",
       any_record_is_read_back_as_written_and_cut_it_is_damage},
      {"null in a bare place is refused with its path",
       null_in_a_bare_place_is_refused_with_its_path},
      {"damage is named with its byte", damage_is_named_with_its_byte},
      {"several blocks, and blocks with their size, are read",
       several_blocks_and_blocks_with_their_size_are_read},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
