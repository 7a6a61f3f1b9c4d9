/* Rows of the caller as Spark reads them. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "adbc/columns.h"
#include "data/ipc.h"

/* ---- which columns pass ---------------------------------------------------------------------- */

/* Whether Spark's reader knows the format, and those inside. */
static bool is_native(const struct ArrowSchema *schema)
{
  static const char *const formats[] = {"n", "b", "c",   "s",   "i",   "l",   "f",  "g",  "u", "U",
                                        "z", "Z", "tdD", "ttn", "tDu", "tiM", "+l", "+s", "+m"};
  const gn_str format = gni_str(schema->format);
  bool known = gni_str_starts(format, "d:") || gni_str_starts(format, "tsu:");
  for (size_t i = 0; !known && i < sizeof formats / sizeof *formats; i++)
    known = gni_str_is(format, formats[i]);
  if (!known || schema->dictionary) return false;
  for (int64_t i = 0; i < schema->n_children; i++)
    if (!is_native(schema->children[i])) return false;
  return true;
}

static bool has_zone(const struct ArrowSchema *schema)
{
  return gni_str_starts(gni_str(schema->format), "ts") && strlen(schema->format) > 4;
}

/* ---- one column ------------------------------------------------------------------------------ */

static void keep_schema(struct ArrowSchema *schema)
{
  schema->release = NULL;
}

static void keep_array(struct ArrowArray *array)
{
  array->release = NULL;
}

/* A column alone as rows of one, without owning it. */
typedef struct lone_column {
  struct ArrowSchema column_schema, *schema_list[1], schema;
  struct ArrowArray column, *list[1], array;
  const void *buffers[1];
  const gni_type *type; /* a struct of one field */
  gni_column *view;
} lone_column;

static int view_column(gn_arena *arena, const struct ArrowSchema *schema,
                       const struct ArrowArray *array, int64_t offset, int64_t length,
                       lone_column *out, sparkc_error *err)
{
  gn_error why = {0};
  *out = (lone_column){.column_schema = *schema};
  out->column_schema.dictionary = NULL;
  out->column_schema.release = keep_schema;
  out->schema_list[0] = &out->column_schema;
  out->schema = (struct ArrowSchema){.format = "+s",
                                     .name = "",
                                     .n_children = 1,
                                     .children = out->schema_list,
                                     .release = keep_schema};
  int rc = gni_type_from_arrow(&out->schema, arena, &out->type, &why);
  if (rc != GN_OK || !array) return rc == GN_OK ? SPARKC_OK : adbcp_say_from(err, &why);
  out->column = *array;
  out->column.dictionary = NULL;
  out->column.release = keep_array;
  out->column.offset += offset;
  out->column.length = length;
  out->list[0] = &out->column;
  out->array = (struct ArrowArray){.length = length,
                                   .n_buffers = 1,
                                   .n_children = 1,
                                   .buffers = out->buffers,
                                   .children = out->list,
                                   .release = keep_array};
  rc = gni_batch_view(out->type, &out->schema, &out->array, arena, &out->view, &why);
  return rc == GN_OK ? SPARKC_OK : adbcp_say_from(err, &why);
}

/* The values of a column, through its dictionary where it has one. */
typedef struct values {
  lone_column column, dictionary;
  bool has_dictionary;
} values;

static int view_values(gn_arena *arena, const struct ArrowSchema *schema,
                       const struct ArrowArray *array, int64_t offset, int64_t length, values *out,
                       sparkc_error *err)
{
  out->has_dictionary = schema->dictionary != NULL;
  int rc = view_column(arena, schema, array, offset, length, &out->column, err);
  if (rc != SPARKC_OK || !out->has_dictionary) return rc;
  const struct ArrowArray *texts = array ? array->dictionary : NULL;
  return view_column(arena, schema->dictionary, texts, 0, texts ? texts->length : 0,
                     &out->dictionary, err);
}

static const gni_type *type_of(const values *v)
{
  return v->has_dictionary ? v->dictionary.type : v->column.type;
}

static int value_at(const values *v, int64_t row, gn_arena *arena, gni_value *out,
                    sparkc_error *err)
{
  int rc = gni_column_get(v->column.view, row, arena, out);
  if (rc == GN_OK && v->has_dictionary && !out->is_null) {
    if (out->integer < 0 || out->integer >= v->dictionary.view->length)
      return adbcp_say(err, SPARKC_E_PLAN, "a dictionary has no value %lld",
                       (long long)out->integer);
    rc = gni_column_get(v->dictionary.view, out->integer, arena, out);
  }
  return rc == GN_OK ? SPARKC_OK : adbcp_nomem(err);
}

/* The column anew, in Spark's own type. */
static int rebuild(adbcp_converter *c, const struct ArrowSchema *schema,
                   const struct ArrowArray *array, int64_t offset, int64_t length,
                   struct ArrowArray *out, sparkc_error *err)
{
  struct ArrowArray rows = {.release = NULL};
  gni_builder *builder = NULL;
  gn_error why = {0};
  gni_value value;
  gn_arena row;
  values v;
  int rc = view_values(&c->arena, schema, array, offset, length, &v, err);
  if (rc != SPARKC_OK) return rc;
  gni_arena_init(&row, &c->alloc, ADBCP_ARENA_BYTES_MAX);
  if (gni_builder_new(type_of(&v), &c->alloc, &builder, &why) != GN_OK)
    rc = adbcp_say_from(err, &why);
  for (int64_t i = 0; rc == SPARKC_OK && i < length; i++) {
    gni_arena_reset(&row);
    rc = value_at(&v, i, &row, &value, err);
    if (rc == SPARKC_OK && gni_builder_add(builder, &value, &why) != GN_OK)
      rc = adbcp_say_from(err, &why);
  }
  if (rc == SPARKC_OK && gni_builder_finish(builder, &rows, &why) != GN_OK)
    rc = adbcp_say_from(err, &why);
  if (rc == SPARKC_OK) {
    *out = *rows.children[0];
    rows.children[0]->release = NULL;
  }
  gni_array_close(&rows);
  gni_builder_free(builder);
  gni_arena_deinit(&row);
  return rc;
}

/* ---- whole rows ------------------------------------------------------------------------------ */

/* The schema of a column as it will be sent. */
static int sent_schema(adbcp_converter *c, const struct ArrowSchema *schema,
                       struct ArrowSchema *out, sparkc_error *err)
{
  gn_error why = {0};
  values v;
  if (is_native(schema))
    return gni_schema_copy(schema, out, &why) == GN_OK ? SPARKC_OK : adbcp_say_from(err, &why);
  int rc = view_values(&c->arena, schema, NULL, 0, 0, &v, err);
  if (rc != SPARKC_OK) return rc;
  const struct ArrowSchema moment = {
      .format = "tsu:UTC", .name = schema->name, .flags = ARROW_FLAG_NULLABLE};
  if (has_zone(schema->dictionary ? schema->dictionary : schema))
    return adbcp_schema_wrap(&c->alloc, &moment, NULL, 0, out, err);
  rc = gni_type_to_arrow(type_of(&v)->fields[0].type, gni_str(schema->name), out, &why);
  return rc == GN_OK ? SPARKC_OK : adbcp_say_from(err, &why);
}

static int make_schema(adbcp_converter *c, struct ArrowSchema *out, sparkc_error *err)
{
  const size_t count = (size_t)c->schema.n_children;
  const struct ArrowSchema top = {.format = "+s", .name = ""};
  struct ArrowSchema *fields = GN_TAKE_ZERO(&c->arena, struct ArrowSchema, count ? count : 1);
  struct ArrowSchema **list = GN_TAKE(&c->arena, struct ArrowSchema *, count ? count : 1);
  int rc = fields && list ? SPARKC_OK : adbcp_nomem(err);
  for (size_t i = 0; rc == SPARKC_OK && i < count; i++) {
    list[i] = &fields[i];
    rc = sent_schema(c, c->schema.children[i], &fields[i], err);
  }
  if (rc == SPARKC_OK) rc = adbcp_schema_wrap(&c->alloc, &top, list, count, out, err);
  for (size_t i = 0; fields && i < count; i++) gni_schema_close(&fields[i]);
  return rc;
}

/* Takes the batch over. */
static int make_batch(adbcp_converter *c, struct ArrowArray *batch, struct ArrowArray *out,
                      sparkc_error *err)
{
  const size_t count = (size_t)c->schema.n_children;
  const void *no_buffers[1] = {NULL};
  struct ArrowArray *columns = GN_TAKE_ZERO(&c->arena, struct ArrowArray, count ? count : 1);
  struct ArrowArray **list = GN_TAKE(&c->arena, struct ArrowArray *, count ? count : 1);
  int rc = columns && list ? SPARKC_OK : adbcp_nomem(err);
  for (size_t i = 0; rc == SPARKC_OK && i < count; i++) {
    list[i] = &columns[i];
    if (is_native(c->schema.children[i])) {
      columns[i] = *batch->children[i];
      columns[i].offset += batch->offset;
      columns[i].length = batch->length;
      columns[i].null_count = -1;
      batch->children[i]->release = NULL;
    } else {
      rc = rebuild(c, c->schema.children[i], batch->children[i], batch->offset, batch->length,
                   &columns[i], err);
    }
  }
  if (rc == SPARKC_OK)
    rc = adbcp_array_wrap(&c->alloc, batch->length, no_buffers, 1, list, count, NULL, out, err);
  for (size_t i = 0; columns && i < count; i++) gni_array_close(&columns[i]);
  gni_array_close(batch);
  return rc;
}

/* ---- as a stream ----------------------------------------------------------------------------- */

static int read_schema(adbcp_converter *c)
{
  return c->schema.release ? 0 : c->from->get_schema(c->from, &c->schema);
}

static int errno_of(const sparkc_error *err)
{
  return err->code == SPARKC_OK ? 0 : err->code == SPARKC_E_NOMEM ? ENOMEM : EINVAL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
  adbcp_converter *c = stream->private_data;
  *out = (struct ArrowSchema){.release = NULL};
  int rc = read_schema(c);
  if (rc != 0) return rc;
  gni_arena_reset(&c->arena);
  make_schema(c, out, &c->err);
  return errno_of(&c->err);
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  adbcp_converter *c = stream->private_data;
  struct ArrowArray batch;
  *out = (struct ArrowArray){.release = NULL};
  int rc = read_schema(c);
  if (rc == 0) rc = c->from->get_next(c->from, &batch);
  if (rc != 0 || !batch.release) return rc;
  c->rows += batch.length;
  gni_arena_reset(&c->arena);
  if (is_native(&c->schema))
    *out = batch;
  else
    make_batch(c, &batch, out, &c->err);
  return errno_of(&c->err);
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
  adbcp_converter *c = stream->private_data;
  if (c->err.code != SPARKC_OK) return c->err.message;
  return c->from->get_last_error(c->from);
}

static void release(struct ArrowArrayStream *stream)
{
  stream->release = NULL;
}

void adbcp_converter_init(adbcp_converter *converter, const gn_alloc *alloc,
                          struct ArrowArrayStream *from, struct ArrowArrayStream *out)
{
  *converter = (adbcp_converter){.alloc = *alloc, .from = from};
  gni_arena_init(&converter->arena, &converter->alloc, ADBCP_ARENA_BYTES_MAX);
  *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release, converter};
}

void adbcp_converter_deinit(adbcp_converter *converter)
{
  gni_schema_close(&converter->schema);
  gni_arena_deinit(&converter->arena);
}
