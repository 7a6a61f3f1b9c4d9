/* Types of the server, read in place. SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/type_text.h"

#include <inttypes.h>

#include "wire/proto.h"

enum { DEPTH_MAX = 100 };

/* Members of DataType's oneof. */
enum {
  DECIMAL = 10,
  STRING = 11,
  CHAR = 12,
  VARCHAR = 13,
  YEAR_MONTH = 18,
  DAY_TIME = 19,
  ARRAY = 20,
  STRUCT = 21,
  MAP = 22,
  UDT = 23,
  UNPARSED = 24,
  GEOMETRY = 26,
  GEOGRAPHY = 27,
  TIME = 28
};

static const char *plain_name(uint32_t member)
{
  static const char *const names[] = {[1] = "void",      [2] = "binary",     [3] = "boolean",
                                      [4] = "tinyint",   [5] = "smallint",   [6] = "int",
                                      [7] = "bigint",    [8] = "float",      [9] = "double",
                                      [14] = "date",     [15] = "timestamp", [16] = "timestamp_ntz",
                                      [17] = "interval", [25] = "variant"};
  return member < sizeof names / sizeof *names ? names[member] : NULL;
}

static int64_t number_of(gn_str message, uint32_t field, int64_t otherwise)
{
  gni_proto_field found;
  return gni_proto_find(message, field, &found) == GN_OK ? (int64_t)found.value : otherwise;
}

static gn_str text_of(gn_str message, uint32_t field)
{
  gni_proto_field found;
  gn_str text =
      gni_proto_find(message, field, &found) == GN_OK ? gni_proto_bytes(&found) : (gn_str){NULL, 0};
  return text.ptr ? text : GN_STR("");
}

static void write_interval(gn_str message, const char *const *units, int64_t count, gn_buf *out)
{
  int64_t from = number_of(message, 1, 0), to = number_of(message, 2, count - 1);
  if (from < 0 || from >= count || to < 0 || to >= count) from = to = 0;
  gni_buf_add_format(out, "interval %s", units[from]);
  if (from != to) gni_buf_add_format(out, " to %s", units[to]);
}

static int write_type(gn_str type, int depth, gn_buf *out, sparkc_error *err);

static int damaged(sparkc_error *err)
{
  return sparkp_fail(err, SPARKC_E_TRANSPORT, "the server's answer is damaged: a type");
}

/* StructField: name 1, data_type 2 */
static int write_struct(gn_str message, int depth, gn_buf *out, sparkc_error *err)
{
  gni_proto_field field;
  int rc = SPARKC_OK;
  bool first = true;
  gni_buf_add_text(out, "struct<");
  while (rc == SPARKC_OK && gni_proto_next(&message, &field) == GN_OK) {
    if (field.number != 1) continue;
    if (!first) gni_buf_add_char(out, ',');
    first = false;
    gni_buf_add_str(out, text_of(gni_proto_bytes(&field), 1));
    gni_buf_add_char(out, ':');
    rc = write_type(text_of(gni_proto_bytes(&field), 2), depth + 1, out, err);
  }
  gni_buf_add_char(out, '>');
  return rc;
}

static int write_nested(uint32_t member, gn_str body, int depth, gn_buf *out, sparkc_error *err)
{
  if (member == STRUCT) return write_struct(body, depth, out, err);
  gni_buf_add_text(out, member == ARRAY ? "array<" : "map<");
  int rc = write_type(text_of(body, 1), depth + 1, out, err);
  if (rc == SPARKC_OK && member == MAP) {
    gni_buf_add_char(out, ',');
    rc = write_type(text_of(body, 2), depth + 1, out, err);
  }
  gni_buf_add_char(out, '>');
  return rc;
}

static int write_sized(uint32_t member, gn_str body, gn_buf *out, sparkc_error *err)
{
  static const char *const months[] = {"year", "month"};
  static const char *const days[] = {"day", "hour", "minute", "second"};
  switch (member) {
  case DECIMAL:
    gni_buf_add_format(out, "decimal(%" PRId64 ",%" PRId64 ")", number_of(body, 2, 10),
                       number_of(body, 1, 0));
    return SPARKC_OK;
  case STRING: {
    gn_str collation = text_of(body, 2);
    gni_buf_add_text(out, "string");
    if (collation.len && !gni_str_is(collation, "UTF8_BINARY"))
      gni_buf_add_format(out, " collate %.*s", GN_STR_ARGS(collation));
    return SPARKC_OK;
  }
  case CHAR:
  case VARCHAR:
    gni_buf_add_format(out, "%s(%" PRId64 ")", member == CHAR ? "char" : "varchar",
                       number_of(body, 1, 0));
    return SPARKC_OK;
  case YEAR_MONTH:
    write_interval(body, months, 2, out);
    return SPARKC_OK;
  case DAY_TIME:
    write_interval(body, days, 4, out);
    return SPARKC_OK;
  case TIME:
    gni_buf_add_format(out, "time(%" PRId64 ")", number_of(body, 1, 6));
    return SPARKC_OK;
  case GEOMETRY:
  case GEOGRAPHY:
    gni_buf_add_format(out, "%s(%" PRId64 ")", member == GEOMETRY ? "geometry" : "geography",
                       number_of(body, 1, 0));
    return SPARKC_OK;
  case UNPARSED:
    if (text_of(body, 1).len == 0) return damaged(err);
    gni_buf_add_str(out, text_of(body, 1));
    return SPARKC_OK;
  default:
    return sparkp_fail(err, SPARKC_E_UNSUPPORTED, "a type of a newer Spark (member %" PRIu32 ")",
                       member);
  }
}

static int write_type(gn_str type, int depth, gn_buf *out, sparkc_error *err)
{
  gni_proto_field field;
  if (depth > DEPTH_MAX)
    return sparkp_fail(err, SPARKC_E_LIMIT, "a type has more than %d levels", DEPTH_MAX);
  if (gni_proto_next(&type, &field) != GN_OK) return damaged(err);
  const char *name = plain_name(field.number);
  gn_str body = gni_proto_bytes(&field);
  if (name) {
    gni_buf_add_text(out, name);
    return SPARKC_OK;
  }
  if (field.number == ARRAY || field.number == STRUCT || field.number == MAP)
    return write_nested(field.number, body, depth, out, err);
  if (field.number == UDT) return write_type(text_of(body, 5), depth + 1, out, err);
  return write_sized(field.number, body, out, err);
}

int sparkp_type_text(gn_str data_type, gn_buf *out, sparkc_error *err)
{
  int rc = write_type(data_type, 0, out, err);
  if (rc == SPARKC_OK && out->rc != GN_OK) return sparkp_nomem(err);
  return rc;
}
