/* Types: how they are made, compared, written and read. SPDX-License-Identifier: Apache-2.0 */
#include "data/data_private.h"

const gni_type gni_type_boolean = {.kind = GNI_BOOLEAN}, gni_type_byte = {.kind = GNI_BYTE},
               gni_type_short = {.kind = GNI_SHORT}, gni_type_int = {.kind = GNI_INT},
               gni_type_long = {.kind = GNI_LONG}, gni_type_float = {.kind = GNI_FLOAT},
               gni_type_double = {.kind = GNI_DOUBLE}, gni_type_string = {.kind = GNI_STRING},
               gni_type_binary = {.kind = GNI_BINARY}, gni_type_date = {.kind = GNI_DATE},
               gni_type_timestamp = {.kind = GNI_TIMESTAMP}, gni_type_null = {.kind = GNI_NULL};

/* ---- making ---------------------------------------------------------------------------------- */

size_t gnp_type_bytes(size_t field_count)
{
  return gni_size_add(sizeof(gni_type), gni_size_mul(field_count, sizeof(gni_field)));
}

static const gni_type *make_nested(gn_arena *arena, int kind, gn_str name, const gni_field *fields,
                                   size_t count)
{
  gni_type *type = count > UINT32_MAX ? NULL : gni_arena_take(arena, gnp_type_bytes(count));
  if (!type) return NULL;
  gni_field *copy = (gni_field *)(type + 1);
  if (count) memcpy(copy, fields, count * sizeof *copy);
  *type = (gni_type){
      .kind = (uint8_t)kind, .field_count = (uint32_t)count, .fields = copy, .name = name};
  return type;
}

const gni_type *gni_type_list(gn_arena *arena, const gni_type *element)
{
  const gni_field field = {GN_STR("element"), element};
  return make_nested(arena, GNI_LIST, GN_STR(""), &field, 1);
}

const gni_type *gni_type_map(gn_arena *arena, const gni_type *key, const gni_type *value)
{
  const gni_field fields[] = {{GN_STR("key"), key}, {GN_STR("value"), value}};
  return make_nested(arena, GNI_MAP, GN_STR(""), fields, 2);
}

const gni_type *gni_type_struct(gn_arena *arena, gn_str name, const gni_field *fields, size_t count)
{
  return make_nested(arena, GNI_STRUCT, name, fields, count);
}

const gni_type *gni_type_decimal(gn_arena *arena, int precision, int scale)
{
  gni_type *type = GN_TAKE(arena, gni_type, 1);
  if (!type) return NULL;
  *type = (gni_type){.kind = GNI_DECIMAL, .precision = (uint8_t)precision, .scale = (uint8_t)scale};
  return type;
}

/* ---- comparing ------------------------------------------------------------------------------- */

bool gni_type_equal(const gni_type *a, const gni_type *b)
{
  if (a == b) return true;
  if (a->kind != b->kind || a->precision != b->precision || a->scale != b->scale ||
      a->field_count != b->field_count)
    return false;
  for (uint32_t i = 0; i < a->field_count; i++) {
    if (a->kind == GNI_STRUCT && !gni_str_equal(a->fields[i].name, b->fields[i].name)) return false;
    if (!gni_type_equal(a->fields[i].type, b->fields[i].type)) return false;
  }
  return true;
}

int gni_type_find(const gni_type *structure, gn_str name)
{
  for (uint32_t i = 0; i < structure->field_count; i++)
    if (gni_str_equal(structure->fields[i].name, name)) return (int)i;
  return -1;
}

/* ---- writing --------------------------------------------------------------------------------- */

static const char *const scalar_names[] = {
    [GNI_BOOLEAN] = "boolean", [GNI_BYTE] = "tinyint",        [GNI_SHORT] = "smallint",
    [GNI_INT] = "int",         [GNI_LONG] = "bigint",         [GNI_FLOAT] = "float",
    [GNI_DOUBLE] = "double",   [GNI_STRING] = "string",       [GNI_BINARY] = "binary",
    [GNI_DATE] = "date",       [GNI_TIMESTAMP] = "timestamp", [GNI_NULL] = "void",
};

/* Would the name be read back as it stands, or does it need back quotes? */
static bool is_plain_name(gn_str name)
{
  if (name.len == 0 || gni_str_trim(name).len != name.len) return false;
  for (size_t i = 0; i < name.len; i++)
    if (strchr(":,<>`", name.ptr[i])) return false; /* strchr finds NUL too: it is quoted as well */
  return true;
}

static void add_name(gn_buf *out, gn_str name)
{
  if (is_plain_name(name)) {
    gni_buf_add_str(out, name);
    return;
  }
  gni_buf_add_char(out, '`');
  for (size_t i = 0; i < name.len; i++) {
    if (name.ptr[i] == '`') gni_buf_add_char(out, '`');
    gni_buf_add_char(out, name.ptr[i]);
  }
  gni_buf_add_char(out, '`');
}

static void add_nested(gn_buf *out, const gni_type *type)
{
  gni_buf_add_text(out, type->kind == GNI_LIST  ? "array<"
                        : type->kind == GNI_MAP ? "map<"
                                                : "struct<");
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (i) gni_buf_add_char(out, ',');
    if (type->kind == GNI_STRUCT) {
      add_name(out, type->fields[i].name);
      gni_buf_add_char(out, ':');
    }
    gni_type_format(type->fields[i].type, out);
  }
  gni_buf_add_char(out, '>');
}

int gni_type_format(const gni_type *type, gn_buf *out)
{
  if (type->kind == GNI_DECIMAL)
    gni_buf_add_format(out, "decimal(%d,%d)", type->precision, type->scale);
  else if (type->kind == GNI_LIST || type->kind == GNI_MAP || type->kind == GNI_STRUCT)
    add_nested(out, type);
  else
    gni_buf_add_text(out, scalar_names[type->kind]);
  return out->rc;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct type_reader {
  gn_str text;
  size_t at;
  int depth;
  gn_arena *arena;
  gn_error *err;
};

static int read_type(struct type_reader *r, const gni_type **out);

static void skip_space(struct type_reader *r)
{
  while (r->at < r->text.len && strchr(" \t\r\n", r->text.ptr[r->at]) && r->text.ptr[r->at])
    r->at++;
}

static bool accept(struct type_reader *r, char c)
{
  skip_space(r);
  if (r->at >= r->text.len || r->text.ptr[r->at] != c) return false;
  r->at++;
  return true;
}

static int expect(struct type_reader *r, char c)
{
  if (accept(r, c)) return GN_OK;
  return gni_fail(r->err, GN_E_PARSE, "type '%.*s': '%c' expected at position %zu",
                  GN_STR_ARGS(r->text), c, r->at + 1);
}

static bool is_word_char(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static gn_str read_word(struct type_reader *r)
{
  skip_space(r);
  size_t start = r->at;
  while (r->at < r->text.len && is_word_char(r->text.ptr[r->at])) r->at++;
  return (gn_str){r->text.ptr + start, r->at - start};
}

static bool word_is(gn_str word, const char *lower)
{
  if (word.len != strlen(lower)) return false;
  for (size_t i = 0; i < word.len; i++) {
    char c = word.ptr[i];
    if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != lower[i]) return false;
  }
  return true;
}

static const gni_type *find_scalar(gn_str word)
{
  static const struct {
    const char *name;
    const gni_type *type;
  } names[] = {
      {"boolean", &gni_type_boolean},
      {"bool", &gni_type_boolean},
      {"tinyint", &gni_type_byte},
      {"byte", &gni_type_byte},
      {"smallint", &gni_type_short},
      {"short", &gni_type_short},
      {"int", &gni_type_int},
      {"integer", &gni_type_int},
      {"bigint", &gni_type_long},
      {"long", &gni_type_long},
      {"float", &gni_type_float},
      {"real", &gni_type_float},
      {"double", &gni_type_double},
      {"string", &gni_type_string},
      {"binary", &gni_type_binary},
      {"date", &gni_type_date},
      {"timestamp", &gni_type_timestamp},
      {"timestamp_ntz", &gni_type_timestamp},
      {"timestamp_ltz", &gni_type_timestamp},
      {"void", &gni_type_null},
      {"null", &gni_type_null},
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (word_is(word, names[i].name)) return names[i].type;
  return NULL;
}

/* A small number without sign. */
static int read_count(struct type_reader *r, int *out)
{
  gn_str word = read_word(r);
  int64_t value;
  if (word.len > 9 || gni_parse_int64(word, &value) != GN_OK)
    return gni_fail(r->err, GN_E_PARSE, "type '%.*s': a number expected at position %zu",
                    GN_STR_ARGS(r->text), r->at + 1);
  *out = (int)value;
  return GN_OK;
}

/* What follows "decimal": nothing, "(p)" or "(p,s)". */
static int read_decimal(struct type_reader *r, const gni_type **out)
{
  int precision = 10, scale = 0, rc;
  if (accept(r, '(')) {
    if ((rc = read_count(r, &precision)) != GN_OK) return rc;
    if (accept(r, ',') && (rc = read_count(r, &scale)) != GN_OK) return rc;
    if ((rc = expect(r, ')')) != GN_OK) return rc;
  }
  if (precision < 1 || precision > 38 || scale > precision)
    return gni_fail(r->err, GN_E_PARSE, "decimal(%d,%d) is outside of 1..38 digits", precision,
                    scale);
  *out = gni_type_decimal(r->arena, precision, scale);
  return *out ? GN_OK : gni_fail_arena(r->err, r->arena, sizeof(gni_type));
}

/* What follows "varchar" or "char": a length that nobody here looks at. */
static int read_sized_text(struct type_reader *r, const gni_type **out)
{
  int length, rc;
  *out = &gni_type_string;
  if (!accept(r, '(')) return GN_OK;
  if ((rc = read_count(r, &length)) != GN_OK) return rc;
  return expect(r, ')');
}

static int read_list(struct type_reader *r, const gni_type **out)
{
  const gni_type *element;
  int rc;
  if ((rc = expect(r, '<')) != GN_OK) return rc;
  if ((rc = read_type(r, &element)) != GN_OK) return rc;
  if ((rc = expect(r, '>')) != GN_OK) return rc;
  *out = gni_type_list(r->arena, element);
  return *out ? GN_OK : gni_fail_arena(r->err, r->arena, gnp_type_bytes(1));
}

static int read_map(struct type_reader *r, const gni_type **out)
{
  const gni_type *key, *value;
  int rc;
  if ((rc = expect(r, '<')) != GN_OK) return rc;
  if ((rc = read_type(r, &key)) != GN_OK) return rc;
  if ((rc = expect(r, ',')) != GN_OK) return rc;
  if ((rc = read_type(r, &value)) != GN_OK) return rc;
  if ((rc = expect(r, '>')) != GN_OK) return rc;
  *out = gni_type_map(r->arena, key, value);
  return *out ? GN_OK : gni_fail_arena(r->err, r->arena, gnp_type_bytes(2));
}

/* The position after a name that starts at `at`: its colon, or its closing back quote. */
static size_t name_end(gn_str text, size_t at, bool quoted)
{
  while (at < text.len) {
    char c = text.ptr[at];
    if (!quoted && strchr(":,<>`", c)) break;
    if (quoted && c == '`') {
      if (at + 1 == text.len || text.ptr[at + 1] != '`') break;
      at++; /* a doubled quote stands for one */
    }
    at++;
  }
  return at;
}

/* A name up to its colon, or in back quotes with doubled ones inside. */
static int read_name(struct type_reader *r, gn_str *out)
{
  bool quoted = accept(r, '`');
  size_t start = r->at, end = name_end(r->text, start, quoted), len = 0;
  gn_str name = {r->text.ptr + start, end - start};
  r->at = end;
  if (!quoted) name = gni_str_trim(name);
  if (quoted ? !accept(r, '`') : name.len == 0)
    return gni_fail(r->err, GN_E_PARSE, "type '%.*s': a name expected at position %zu",
                    GN_STR_ARGS(r->text), start + 1);
  char *copy = gni_arena_copy(r->arena, name.ptr, name.len);
  if (!copy) return gni_fail_arena(r->err, r->arena, name.len);
  for (size_t i = 0; i < name.len; i++) {
    if (quoted && name.ptr[i] == '`') i++;
    copy[len++] = name.ptr[i];
  }
  *out = (gn_str){copy, len};
  return GN_OK;
}

static int read_struct(struct type_reader *r, const gni_type **out)
{
  gni_field *fields = NULL;
  size_t count = 0, room = 0;
  int rc;
  if ((rc = expect(r, '<')) != GN_OK) return rc;
  bool more = !accept(r, '>');
  while (more) {
    if (count == GN_COLUMNS_MAX)
      return gni_fail(r->err, GN_E_LIMIT, "a struct of more than %d fields", GN_COLUMNS_MAX);
    if (count == room) {
      size_t wanted = room ? room * 2 : 8;
      fields = gni_arena_grow(r->arena, fields, room * sizeof *fields, wanted * sizeof *fields);
      if (!fields) return gni_fail_arena(r->err, r->arena, wanted * sizeof *fields);
      room = wanted;
    }
    if ((rc = read_name(r, &fields[count].name)) != GN_OK) return rc;
    if ((rc = expect(r, ':')) != GN_OK) return rc;
    if ((rc = read_type(r, &fields[count].type)) != GN_OK) return rc;
    count++;
    more = accept(r, ',');
    if (!more && (rc = expect(r, '>')) != GN_OK) return rc;
  }
  *out = gni_type_struct(r->arena, GN_STR(""), fields, count);
  return *out ? GN_OK : gni_fail_arena(r->err, r->arena, gnp_type_bytes(count));
}

static int read_type_inside(struct type_reader *r, const gni_type **out)
{
  gn_str word = read_word(r);
  *out = find_scalar(word);
  if (*out) return GN_OK;
  if (word_is(word, "array") || word_is(word, "list")) return read_list(r, out);
  if (word_is(word, "map")) return read_map(r, out);
  if (word_is(word, "struct")) return read_struct(r, out);
  if (word_is(word, "decimal") || word_is(word, "dec") || word_is(word, "numeric"))
    return read_decimal(r, out);
  if (word_is(word, "varchar") || word_is(word, "char")) return read_sized_text(r, out);
  if (word.len == 0)
    return gni_fail(r->err, GN_E_PARSE, "type '%.*s': a type expected at position %zu",
                    GN_STR_ARGS(r->text), r->at + 1);
  return gni_fail(r->err, GN_E_PARSE, "no type is called '%.*s'", GN_STR_ARGS(word));
}

static int read_type(struct type_reader *r, const gni_type **out)
{
  *out = NULL;
  if (r->depth == GN_TYPE_DEPTH_MAX)
    return gni_fail(r->err, GN_E_LIMIT, "a type of more than %d levels", GN_TYPE_DEPTH_MAX);
  r->depth++;
  int rc = read_type_inside(r, out);
  r->depth--;
  return rc;
}

int gni_type_parse(gn_str text, gn_arena *arena, const gni_type **out, gn_error *err)
{
  struct type_reader r = {.text = text, .arena = arena, .err = err};
  *out = NULL;
  int rc = read_type(&r, out);
  if (rc != GN_OK) return rc;
  skip_space(&r);
  if (r.at == text.len) return GN_OK;
  *out = NULL;
  return gni_fail(err, GN_E_PARSE, "type '%.*s': nothing expected after position %zu",
                  GN_STR_ARGS(text), r.at);
}
