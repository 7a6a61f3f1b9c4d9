/* What driver and server are, and batches made here. SPDX-License-Identifier: Apache-2.0 */
#include "adbc/columns.h"
#include "data/data.h"

/* ---- rows of GetInfo ------------------------------------------------------------------------- */

enum { TEXT = 0, TRUTH = 1, INTEGER = 2, MEMBERS = 6 }; /* type codes of the union, by ADBC */

static const gni_field text_items[] = {{{"item", 4}, &gni_type_string}};
static const gni_type text_list = {.kind = GNI_LIST, .field_count = 1, .fields = text_items};
static const gni_field int_items[] = {{{"item", 4}, &gni_type_int}};
static const gni_type int_list = {.kind = GNI_LIST, .field_count = 1, .fields = int_items};
static const gni_field entries[] = {{{"key", 3}, &gni_type_int}, {{"value", 5}, &int_list}};
static const gni_type int_lists = {.kind = GNI_MAP, .field_count = 2, .fields = entries};

/* The code, then a column for every member of the union. */
static const gni_field info_fields[] = {{{"info_name", 9}, &gni_type_int},
                                        {{"string_value", 12}, &gni_type_string},
                                        {{"bool_value", 10}, &gni_type_boolean},
                                        {{"int64_value", 11}, &gni_type_long},
                                        {{"int32_bitmask", 13}, &gni_type_int},
                                        {{"string_list", 11}, &text_list},
                                        {{"int32_to_int32_list_map", 23}, &int_lists}};
static const gni_type info_type = {
    .kind = GNI_STRUCT, .field_count = 1 + MEMBERS, .fields = info_fields};

/* Which code has which value; the server's version is asked for. */
static const struct fact {
  uint32_t code;
  int8_t member;
  const char *text;
  int64_t number;
} facts[] = {
    {ADBC_INFO_VENDOR_NAME, TEXT, "Apache Spark", 0},
    {ADBC_INFO_VENDOR_VERSION, TEXT, NULL, 0},
    {ADBC_INFO_VENDOR_SQL, TRUTH, NULL, 1},
    {ADBC_INFO_VENDOR_SUBSTRAIT, TRUTH, NULL, 0},
    {ADBC_INFO_DRIVER_NAME, TEXT, "gnomon Spark Connect driver", 0},
    {ADBC_INFO_DRIVER_VERSION, TEXT, GN_VERSION, 0},
    {ADBC_INFO_DRIVER_ARROW_VERSION, TEXT, "1.5", 0},
    {ADBC_INFO_DRIVER_ADBC_VERSION, INTEGER, NULL, ADBC_VERSION_1_1_0},
};
enum { FACTS = sizeof facts / sizeof *facts };

static int add_fact(gni_builder *builder, const struct fact *fact, const char *version,
                    gn_error *why)
{
  gni_value row[1 + MEMBERS];
  for (size_t i = 0; i <= MEMBERS; i++) row[i] = GNI_NULL_VALUE;
  row[0] = gni_value_integer(fact->code);
  if (fact->member == TEXT)
    row[1 + TEXT] = gni_value_text(gni_str(fact->text ? fact->text : version));
  else if (fact->member == TRUTH)
    row[1 + TRUTH] = gni_value_boolean(fact->number != 0);
  else
    row[1 + INTEGER] = gni_value_integer(fact->number);
  return gni_builder_add(builder, row, why);
}

static const struct fact *find_fact(uint32_t code)
{
  for (size_t i = 0; i < FACTS; i++)
    if (facts[i].code == code) return &facts[i];
  return NULL;
}

/* The union lies over whole columns: row i of a member is at its place i. */
static int make_union(const gn_alloc *alloc, const int8_t *members, struct ArrowSchema *schema,
                      struct ArrowArray *array, sparkc_error *err)
{
  struct ArrowSchema fields[2] = {{.release = NULL}, {.release = NULL}};
  struct ArrowArray columns[2] = {{.release = NULL}, {.release = NULL}};
  struct ArrowSchema code = {.format = "I", .name = "info_name"};
  const int64_t rows = array->length;
  const size_t size = ((size_t)rows + 1) * (1 + sizeof(int32_t));
  int32_t *offsets = gni_alloc(alloc, size);
  int rc = offsets ? SPARKC_OK : adbcp_nomem(err);
  if (rc == SPARKC_OK) rc = adbcp_schema_wrap(alloc, &code, NULL, 0, &fields[0], err);
  code = (struct ArrowSchema){.format = "+ud:0,1,2,3,4,5", .name = "info_value"};
  if (rc == SPARKC_OK)
    rc = adbcp_schema_wrap(alloc, &code, schema->children + 1, MEMBERS, &fields[1], err);
  if (rc == SPARKC_OK) {
    int8_t *ids = (int8_t *)(offsets + rows);
    for (int64_t i = 0; i < rows; i++) {
      offsets[i] = (int32_t)i;
      ids[i] = members[i];
    }
    const void *buffers[2] = {ids, offsets};
    columns[0] = *array->children[0];
    array->children[0]->release = NULL;
    rc = adbcp_array_wrap(alloc, rows, buffers, 2, array->children + 1, MEMBERS,
                          &(adbcp_block){offsets, size}, &columns[1], err);
    if (rc == SPARKC_OK) offsets = NULL;
  }
  gni_free(alloc, offsets, size);
  gni_schema_close(schema);
  gni_array_close(array);
  struct ArrowSchema *field_list[2] = {&fields[0], &fields[1]};
  struct ArrowArray *column_list[2] = {&columns[0], &columns[1]};
  const struct ArrowSchema top = {.format = "+s", .name = ""};
  const void *no_buffers[1] = {NULL};
  if (rc == SPARKC_OK) rc = adbcp_schema_wrap(alloc, &top, field_list, 2, schema, err);
  if (rc == SPARKC_OK)
    rc = adbcp_array_wrap(alloc, rows, no_buffers, 1, column_list, 2, NULL, array, err);
  for (size_t i = 0; i < 2; i++) {
    gni_schema_close(&fields[i]);
    gni_array_close(&columns[i]);
  }
  return rc;
}

static int fill_info(const gn_alloc *alloc, const uint32_t *codes, size_t count,
                     const char *version, struct ArrowArrayStream *out, sparkc_error *err)
{
  struct ArrowSchema schema = {.release = NULL};
  struct ArrowArray array = {.release = NULL};
  int8_t members[FACTS];
  gni_builder *builder = NULL;
  gn_error why = {0};
  size_t rows = 0;
  int rc = gni_builder_new(&info_type, alloc, &builder, &why);
  for (size_t i = 0; rc == GN_OK && i < count && rows < FACTS; i++) {
    const struct fact *fact = find_fact(codes[i]);
    if (!fact) continue;
    members[rows++] = fact->member;
    rc = add_fact(builder, fact, version, &why);
  }
  if (rc == GN_OK) rc = gni_type_to_arrow(&info_type, GN_STR(""), &schema, &why);
  if (rc == GN_OK) rc = gni_builder_finish(builder, &array, &why);
  gni_builder_free(builder);
  rc = rc == GN_OK ? make_union(alloc, members, &schema, &array, err) : adbcp_say_from(err, &why);
  if (rc == SPARKC_OK) rc = adbcp_stream_of(alloc, &schema, &array, out, err);
  gni_schema_close(&schema);
  gni_array_close(&array);
  return rc;
}

/* ---- table types ----------------------------------------------------------------------------- */

static const gni_field type_fields[] = {{{"table_type", 10}, &gni_type_string}};
static const gni_type types_type = {.kind = GNI_STRUCT, .field_count = 1, .fields = type_fields};

/* What ADBC says is always there. */
static void never_null(struct ArrowSchema *schema)
{
  static const char *const names[] = {"table_name",      "table_type", "column_name",
                                      "constraint_type", "fk_table",   "constraint_column_names",
                                      "fk_column_name"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (schema->name && strcmp(schema->name, names[i]) == 0) schema->flags &= ~ARROW_FLAG_NULLABLE;
  for (int64_t i = 0; i < schema->n_children; i++) never_null(schema->children[i]);
}

int adbcp_batch_stream(const gni_type *type, gni_builder *builder, const gn_alloc *alloc,
                       struct ArrowArrayStream *out, sparkc_error *err)
{
  struct ArrowSchema schema = {.release = NULL};
  struct ArrowArray array = {.release = NULL};
  gn_error why = {0};
  int rc = gni_type_to_arrow(type, GN_STR(""), &schema, &why);
  if (rc == GN_OK) never_null(&schema);
  if (rc == GN_OK) rc = gni_builder_finish(builder, &array, &why);
  rc = rc == GN_OK ? adbcp_stream_of(alloc, &schema, &array, out, err) : adbcp_say_from(err, &why);
  gni_schema_close(&schema);
  gni_array_close(&array);
  return rc;
}

static int fill_types(const gn_alloc *alloc, struct ArrowArrayStream *out, sparkc_error *err)
{
  static const char *const names[] = {ADBCP_TABLE, ADBCP_VIEW, ADBCP_TEMPORARY};
  gni_builder *builder = NULL;
  gn_error why = {0};
  int rc = gni_builder_new(&types_type, alloc, &builder, &why);
  for (size_t i = 0; rc == GN_OK && i < sizeof names / sizeof *names; i++) {
    const gni_value row[1] = {gni_value_text(gni_str(names[i]))};
    rc = gni_builder_add(builder, row, &why);
  }
  rc = rc == GN_OK ? adbcp_batch_stream(&types_type, builder, alloc, out, err)
                   : adbcp_say_from(err, &why);
  gni_builder_free(builder);
  return rc;
}

/* ---- public ---------------------------------------------------------------------------------- */

AdbcStatusCode AdbcConnectionGetInfo(struct AdbcConnection *connection, const uint32_t *info_codes,
                                     size_t info_codes_length, struct ArrowArrayStream *out,
                                     struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_link *link;
  uint32_t all[FACTS];
  char *version = NULL;
  bool wanted = false;
  *out = (struct ArrowArrayStream){.release = NULL};
  AdbcStatusCode status = adbcp_session_of(connection, &link, error);
  if (status != ADBC_STATUS_OK) return status;
  for (size_t i = 0; i < FACTS; i++) all[i] = facts[i].code;
  const uint32_t *codes = info_codes ? info_codes : all;
  size_t count = info_codes ? info_codes_length : FACTS;
  for (size_t i = 0; i < count; i++) wanted |= codes[i] == ADBC_INFO_VENDOR_VERSION;
  int rc = wanted ? sparkc_session_version(link->session, &version, &err) : SPARKC_OK;
  if (rc == SPARKC_OK) fill_info(&link->alloc, codes, count, version, out, &err);
  sparkc_text_free(link->session, version);
  return adbcp_give(error, &err);
}

AdbcStatusCode AdbcConnectionGetTableTypes(struct AdbcConnection *connection,
                                           struct ArrowArrayStream *out, struct AdbcError *error)
{
  sparkc_error err = {0};
  adbcp_link *link;
  *out = (struct ArrowArrayStream){.release = NULL};
  AdbcStatusCode status = adbcp_session_of(connection, &link, error);
  if (status != ADBC_STATUS_OK) return status;
  fill_types(&link->alloc, out, &err);
  return adbcp_give(error, &err);
}
