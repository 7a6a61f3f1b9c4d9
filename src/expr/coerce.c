/* Spark's rules for implicit types: what two operands become, what an argument may become. The two
 * sets of rules, with ANSI and without, differ where strings or narrowing are concerned.
 * SPDX-License-Identifier: Apache-2.0 */
#include "expr/bound.h"
#include "expr/decimal.h"

bool gnp_is_orderable(const gni_type *t)
{
  if (t->kind == GNI_MAP) return false;
  if (t->kind != GNI_LIST && t->kind != GNI_STRUCT) return true;
  for (uint32_t i = 0; i < t->field_count; i++)
    if (!gnp_is_orderable(t->fields[i].type)) return false;
  return true;
}

const gni_type *gnp_decimal_bounded(gnp_binder *b, int precision, int scale)
{
  if (precision > GNP_DIGITS_MAX) {
    int whole = precision - scale, least = scale < 6 ? scale : 6;
    scale = GNP_DIGITS_MAX - whole > least ? GNP_DIGITS_MAX - whole : least;
    precision = GNP_DIGITS_MAX;
  }
  return gni_type_decimal(b->arena, precision, scale);
}

const gni_type *gnp_decimal_for(gnp_binder *b, const gni_type *integral)
{
  static const uint8_t digits[] = {
      [GNI_BYTE] = 3, [GNI_SHORT] = 5, [GNI_INT] = 10, [GNI_LONG] = 20};
  return gni_type_decimal(b->arena, digits[integral->kind], 0);
}

static const gni_type *wider_decimal(gnp_binder *b, const gni_type *x, const gni_type *y)
{
  int scale = x->scale > y->scale ? x->scale : y->scale;
  int whole_x = x->precision - x->scale, whole_y = y->precision - y->scale;
  int precision = (whole_x > whole_y ? whole_x : whole_y) + scale;
  /* Here Spark cuts without keeping six digits of scale. */
  return gni_type_decimal(b->arena, precision > GNP_DIGITS_MAX ? GNP_DIGITS_MAX : precision,
                          scale > GNP_DIGITS_MAX ? GNP_DIGITS_MAX : scale);
}

typedef const gni_type *(*find_two)(gnp_binder *b, const gni_type *x, const gni_type *y,
                                    bool strings);

static const gni_type *nested_type(gnp_binder *b, const gni_type *x, const gni_type *y,
                                   find_two find, bool strings)
{
  if (x->kind != y->kind || x->field_count != y->field_count) return NULL;
  if (x->kind != GNI_LIST && x->kind != GNI_MAP && x->kind != GNI_STRUCT) return NULL;
  gni_field *fields = GN_TAKE(b->arena, gni_field, x->field_count);
  if (!fields) return NULL;
  for (uint32_t i = 0; i < x->field_count; i++) {
    if (x->kind == GNI_STRUCT && !gnp_same_word(x->fields[i].name, y->fields[i].name)) return NULL;
    fields[i] = x->fields[i];
    fields[i].type = find(b, x->fields[i].type, y->fields[i].type, strings);
    if (!fields[i].type) return NULL;
  }
  if (x->kind == GNI_LIST) return gni_type_list(b->arena, fields[0].type);
  if (x->kind == GNI_MAP) return gni_type_map(b->arena, fields[0].type, fields[1].type);
  return gni_type_struct(b->arena, x->name, fields, x->field_count);
}

static bool decimal_holds(gnp_binder *b, const gni_type *decimal, const gni_type *integral)
{
  const gni_type *needed = gnp_decimal_for(b, integral);
  return needed && decimal->precision - decimal->scale >= needed->precision;
}

static const gni_type *tightest(gnp_binder *b, const gni_type *x, const gni_type *y, bool strings)
{
  (void)strings;
  return gnp_type_tightest(b, x, y);
}

/* One of each, in either order. */
static bool are_kinds(const gni_type *x, const gni_type *y, uint8_t a, uint8_t b)
{
  return (x->kind == a && y->kind == b) || (x->kind == b && y->kind == a);
}

const gni_type *gnp_type_tightest(gnp_binder *b, const gni_type *x, const gni_type *y)
{
  if (gni_type_equal(x, y)) return x;
  if (x->kind == GNI_NULL) return y;
  if (y->kind == GNI_NULL) return x;
  if (gnp_is_integral(x) && y->kind == GNI_DECIMAL) return decimal_holds(b, y, x) ? y : NULL;
  if (gnp_is_integral(y) && x->kind == GNI_DECIMAL) return decimal_holds(b, x, y) ? x : NULL;
  if (gnp_is_numeric(x) && gnp_is_numeric(y) && x->kind != GNI_DECIMAL && y->kind != GNI_DECIMAL) {
    const gni_type *wider = x->kind > y->kind ? x : y;
    /* ANSI does not lose digits of an integer in a float. */
    return b->options.ansi && wider->kind == GNI_FLOAT ? &gni_type_double : wider;
  }
  if (are_kinds(x, y, GNI_DATE, GNI_TIMESTAMP)) return &gni_type_timestamp;
  if (are_kinds(x, y, GNP_DAYS, GNP_MICROS)) return &gnp_type_micros;
  return nested_type(b, x, y, tightest, false);
}

static const gni_type *wider_for_decimal(gnp_binder *b, const gni_type *x, const gni_type *y)
{
  if (x->kind != GNI_DECIMAL && y->kind != GNI_DECIMAL) return NULL;
  if (gnp_is_real(x) || gnp_is_real(y)) return &gni_type_double;
  if (gnp_is_integral(x)) x = gnp_decimal_for(b, x);
  if (gnp_is_integral(y)) y = gnp_decimal_for(b, y);
  if (!x || !y || x->kind != GNI_DECIMAL || y->kind != GNI_DECIMAL) return NULL;
  return wider_decimal(b, x, y);
}

static bool is_atomic(const gni_type *t)
{
  return t->kind != GNI_NULL && t->kind != GNI_LIST && t->kind != GNI_MAP && t->kind != GNI_STRUCT;
}

/* What a string becomes beside another type under ANSI. */
static const gni_type *ansi_beside_string(const gni_type *other)
{
  if (gnp_is_integral(other)) return &gni_type_long;
  if (gnp_is_real(other) || other->kind == GNI_DECIMAL) return &gni_type_double;
  return is_atomic(other) && !gnp_is_interval(other) ? other : NULL;
}

static const gni_type *wider_for_string(gnp_binder *b, const gni_type *x, const gni_type *y)
{
  const gni_type *other = x->kind == GNI_STRING ? y : x;
  if (x->kind != GNI_STRING && y->kind != GNI_STRING) return NULL;
  if (b->options.ansi) return ansi_beside_string(other);
  if (!is_atomic(other) || other->kind == GNI_BINARY || other->kind == GNI_BOOLEAN) return NULL;
  return &gni_type_string;
}

const gni_type *gnp_type_wider(gnp_binder *b, const gni_type *x, const gni_type *y, bool strings)
{
  const gni_type *found = gnp_type_tightest(b, x, y);
  if (!found) found = wider_for_decimal(b, x, y);
  if (!found && strings) found = wider_for_string(b, x, y);
  return found ? found : nested_type(b, x, y, gnp_type_wider, strings);
}

static bool has_string(const gni_type *t)
{
  while (t->kind == GNI_LIST) t = t->fields[0].type;
  return t->kind == GNI_STRING;
}

/* Strings first: with one among them the answer must not depend on the order. */
const gni_type *gnp_type_common(gnp_binder *b, const gni_bound *const *args, size_t count,
                                bool strings)
{
  const gni_type *common = &gni_type_null;
  for (int pass = strings ? 0 : 1; pass < 2; pass++) {
    for (size_t i = 0; i < count && common; i++) {
      if (strings && has_string(args[i]->type) != (pass == 0)) continue;
      common = gnp_type_wider(b, common, args[i]->type, strings);
    }
  }
  return common;
}

static const gni_type *compared_with_string(const gni_type *other)
{
  if (other->kind == GNI_NULL) return &gni_type_string;
  if (other->kind == GNI_DECIMAL) return &gni_type_double;
  return is_atomic(other) ? other : NULL;
}

const gni_type *gnp_type_compared(gnp_binder *b, const gni_type *x, const gni_type *y)
{
  if (gni_type_equal(x, y)) return x;
  if (x->kind == GNI_STRING || y->kind == GNI_STRING) {
    const gni_type *other = x->kind == GNI_STRING ? y : x;
    if (other->kind == GNI_NULL) return &gni_type_string;
    return b->options.ansi ? ansi_beside_string(other) : compared_with_string(other);
  }
  const gni_type *found = gnp_type_tightest(b, x, y);
  return found ? found : wider_for_decimal(b, x, y);
}

/* ---- one argument ---------------------------------------------------------------------------- */

enum class_kind {
  CLASS_ANY = 100,
  CLASS_NUMERIC,
  CLASS_INTEGRAL,
  CLASS_ATOMIC,
  CLASS_INTERVAL,
  CLASS_DAY,
  CLASS_INT
};

/* The classes of `takes`: a kind of gni_kind, or one of the above. */
static const struct class_row {
  const char *name;
  int kind;
  const gni_type *type; /* what a null or a string becomes; NULL for nested ones */
} classes[] = {
    {"any", CLASS_ANY, &gni_type_null},
    {"numeric", CLASS_NUMERIC, &gni_type_double},
    {"integral", CLASS_INTEGRAL, &gni_type_int},
    {"atomic", CLASS_ATOMIC, &gni_type_string},
    {"interval", CLASS_INTERVAL, &gnp_type_micros},
    {"day", CLASS_DAY, &gni_type_date},     /* a date, also of a timestamp under ANSI */
    {"only int", CLASS_INT, &gni_type_int}, /* no other number becomes one */
    {"boolean", GNI_BOOLEAN, &gni_type_boolean},
    {"tinyint", GNI_BYTE, &gni_type_byte},
    {"smallint", GNI_SHORT, &gni_type_short},
    {"int", GNI_INT, &gni_type_int},
    {"bigint", GNI_LONG, &gni_type_long},
    {"float", GNI_FLOAT, &gni_type_float},
    {"double", GNI_DOUBLE, &gni_type_double},
    {"string", GNI_STRING, &gni_type_string},
    {"binary", GNI_BINARY, &gni_type_binary},
    {"date", GNI_DATE, &gni_type_date},
    {"timestamp", GNI_TIMESTAMP, &gni_type_timestamp},
    {"decimal", GNI_DECIMAL, NULL},
    {"array", GNI_LIST, NULL},
    {"map", GNI_MAP, NULL},
    {"struct", GNI_STRUCT, NULL},
    {"null", GNI_NULL, &gni_type_null},
};

static const struct class_row *find_class(gn_str name)
{
  for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
    if (gni_str_is(name, classes[i].name)) return &classes[i];
  return NULL;
}

static bool class_accepts(const struct class_row *row, const gni_type *t)
{
  switch (row->kind) {
  case CLASS_ANY:
    return true;
  case CLASS_NUMERIC:
    return gnp_is_numeric(t);
  case CLASS_INTEGRAL:
    return gnp_is_integral(t);
  case CLASS_ATOMIC:
    return is_atomic(t);
  case CLASS_INTERVAL:
    return gnp_is_interval(t);
  case CLASS_DAY:
    return t->kind == GNI_DATE;
  case CLASS_INT:
    return t->kind == GNI_INT;
  default:
    return t->kind == row->kind;
  }
}

/* Any number becomes any other, also under ANSI. */
static bool number_converts(const gni_type *from, const struct class_row *to)
{
  return gnp_is_numeric(from) && to->kind >= GNI_BYTE && to->kind <= GNI_DOUBLE;
}

static const gni_type *implicit_decimal(gnp_binder *b, const gni_type *from)
{
  if (gnp_is_integral(from)) return gnp_decimal_for(b, from);
  if (from->kind == GNI_FLOAT) return gni_type_decimal(b->arena, 14, 7);
  if (from->kind == GNI_DOUBLE) return gni_type_decimal(b->arena, 30, 15);
  return from->kind == GNI_STRING ? gni_type_decimal(b->arena, 38, 18) : NULL;
}

static const gni_type *implicit_from_string(const gnp_binder *b, const struct class_row *to)
{
  if (to->kind >= CLASS_ANY || !to->type || !is_atomic(to->type)) return NULL;
  return to->kind == GNI_BOOLEAN && !b->options.ansi ? NULL : to->type;
}

static const gni_type *implicit_type(gnp_binder *b, const gni_type *from,
                                     const struct class_row *to)
{
  bool is_string = from->kind == GNI_STRING;
  if (from->kind == GNI_NULL) return to->type;
  if (to->kind == GNI_DECIMAL) return implicit_decimal(b, from);
  if (to->kind == CLASS_NUMERIC) return is_string ? &gni_type_double : NULL;
  if (number_converts(from, to)) return to->type;
  if (to->kind == CLASS_DAY) return from->kind == GNI_TIMESTAMP || is_string ? to->type : NULL;
  if (from->kind == GNI_DATE && to->kind == GNI_TIMESTAMP) return to->type;
  if (from->kind == GNI_TIMESTAMP && to->kind == GNI_DATE && !b->options.ansi) return to->type;
  if (is_string) return implicit_from_string(b, to);
  if (to->kind == GNI_STRING && is_atomic(from) && !gnp_is_interval(from)) return to->type;
  return NULL;
}

int gnp_implicit(gnp_binder *b, const gni_bound *value, gn_str wanted, const gni_bound **out,
                 bool *found)
{
  gn_str rest = wanted, name;
  *found = true;
  *out = value;
  while (gni_str_split(&rest, '|', &name)) {
    const struct class_row *row = find_class(name);
    if (row && class_accepts(row, value->type)) return GN_OK;
  }
  rest = wanted;
  while (gni_str_split(&rest, '|', &name)) {
    const struct class_row *row = find_class(name);
    const gni_type *type = row ? implicit_type(b, value->type, row) : NULL;
    if (type) return gnp_cast(b, value, type, out);
  }
  *found = value->type->kind == GNI_NULL;
  return GN_OK;
}

/* ---- signatures ------------------------------------------------------------------------------ */

static const gni_type *result_type(gnp_binder *b, const char *gives, const gnp_call *call)
{
  static const struct {
    const char *prefix;
    int what; /* 0 as it is, 1 a list of it, 2 its element */
  } forms[] = {{"list of ", 1}, {"element of ", 2}, {"", 0}};
  gn_str name = gni_str(gives);
  int what = 0;
  for (size_t i = 0; i < 2; i++) {
    if (!gni_str_starts(name, forms[i].prefix)) continue;
    size_t len = strlen(forms[i].prefix);
    name = (gn_str){name.ptr + len, name.len - len};
    what = forms[i].what;
  }
  const gni_type *type;
  if (gni_str_is(name, "1st"))
    type = call->args[0]->type;
  else if (gni_str_is(name, "2nd"))
    type = call->args[1]->type;
  else if (gni_str_is(name, "3rd"))
    type = call->args[2]->type;
  else if (gni_type_parse(name, b->arena, &type, NULL) != GN_OK)
    return NULL;
  if (what == 1) return gni_type_list(b->arena, type);
  return what == 2 && type->field_count ? type->fields[0].type : type;
}

/* One argument's wanted classes: "[int]" is optional, "any*" repeats. */
static gn_str next_wanted(gn_str *rest, bool *optional, bool *repeats)
{
  gn_str part = {NULL, 0};
  *optional = *repeats = false;
  if (!rest->len || !gni_str_split(rest, ',', &part)) return part;
  part = gni_str_trim(part);
  if (part.len && part.ptr[0] == '[') {
    *optional = true;
    part = (gn_str){part.ptr + 1, part.len - 2};
  }
  if (part.len && part.ptr[part.len - 1] == '*') {
    *optional = *repeats = true;
    part.len--;
  }
  return part;
}

static void count_wanted(const char *takes, size_t *least, size_t *most)
{
  gn_str rest = gni_str(takes);
  bool optional, repeats;
  *least = *most = 0;
  while (next_wanted(&rest, &optional, &repeats).ptr) {
    *least += !optional;
    *most = repeats ? SIZE_MAX : *most + 1;
  }
}

int gnp_bind_signature(gnp_binder *b, gnp_call *call)
{
  const gnp_function *f = call->node->function;
  gn_str rest = gni_str(f->takes), wanted = {NULL, 0};
  bool optional, repeats = false, found;
  size_t least, most;
  count_wanted(f->takes, &least, &most);
  int rc = gnp_bind_count(b, call, least, most);
  if (rc != GN_OK) return rc;
  for (size_t i = 0; i < call->count; i++) {
    if (!repeats) wanted = next_wanted(&rest, &optional, &repeats);
    if (!call->args[i]) return gnp_bind_mismatch(b, call);
    rc = gnp_implicit(b, call->args[i], wanted, &call->args[i], &found);
    if (rc != GN_OK) return rc;
    if (!found) return gnp_bind_mismatch(b, call);
  }
  return gnp_bind_gives(b, call);
}

int gnp_bind_gives(gnp_binder *b, gnp_call *call)
{
  call->node->type = result_type(b, call->node->function->gives, call);
  return call->node->type ? GN_OK : gnp_bind_nomem(b);
}

int gnp_bind_want(gnp_binder *b, gnp_call *call, size_t at, const char *wanted)
{
  bool found;
  if (!call->args[at]) return gnp_bind_mismatch(b, call);
  int rc = gnp_implicit(b, call->args[at], gni_str(wanted), &call->args[at], &found);
  return rc != GN_OK || found ? rc : gnp_bind_mismatch(b, call);
}

int gnp_bind_list_and_item(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc != GN_OK) return rc;
  if (!call->args[0] || !call->args[1] || call->args[0]->type->kind != GNI_LIST)
    return gnp_bind_mismatch(b, call);
  bool adds = call->node->function->flags & GNP_SEES_NULLS;
  if (call->args[1]->type->kind == GNI_NULL && !adds) return gnp_bind_mismatch(b, call);
  const gni_type *item =
      gnp_type_wider(b, call->args[0]->type->fields[0].type, call->args[1]->type, false);
  if (!item) return gnp_bind_mismatch(b, call);
  rc = gnp_cast(b, call->args[0], gni_type_list(b->arena, item), &call->args[0]);
  if (rc == GN_OK) rc = gnp_cast(b, call->args[1], item, &call->args[1]);
  return rc == GN_OK ? gnp_bind_gives(b, call) : rc;
}

int gnp_bind_two_lists(gnp_binder *b, gnp_call *call)
{
  int rc = gnp_bind_count(b, call, 2, 2);
  if (rc != GN_OK) return rc;
  if (!call->args[0] || !call->args[1] || call->args[0]->type->kind != GNI_LIST ||
      call->args[1]->type->kind != GNI_LIST)
    return gnp_bind_mismatch(b, call);
  const gni_type *type = gnp_type_wider(b, call->args[0]->type, call->args[1]->type, false);
  if (!type) return gnp_bind_mismatch(b, call);
  rc = gnp_cast_all(b, call, 0, type);
  return rc == GN_OK ? gnp_bind_gives(b, call) : rc;
}
