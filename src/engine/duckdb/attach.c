/* Arrow streams that SQL reads as tables. A view per stream calls our table function, which copies
 * each batch into DuckDB's own vectors: its chunks made from Arrow keep only part of the batch
 * alive, so borrowing from them is not safe. SPDX-License-Identifier: Apache-2.0 */
#include "engine/duckdb/duckdb_private.h"

#include <errno.h>

static const char function_name[] = "__gn_stream";

/* One attached stream; shared by the engine and the statements that are bound to it. */
struct gnp_attached {
  gnp_duck *duck;
  gnp_attached *next;
  char *name;
  size_t name_len;
  int references;
  bool started;
  struct ArrowArrayStream stream;
  struct ArrowSchema schema;
  duckdb_arrow_converted_schema converted;
  gn_error failure;
};

static void attached_free(gnp_attached *attached)
{
  const gn_alloc *alloc = attached->duck->alloc;
  if (attached->converted) duckdb_destroy_arrow_converted_schema(&attached->converted);
  gni_schema_close(&attached->schema);
  gni_stream_close(&attached->stream);
  if (attached->name) gni_free(alloc, attached->name, attached->name_len + 1);
  gni_free(alloc, attached, sizeof *attached);
}

static void attached_unref(void *data)
{
  gnp_attached *attached = data;
  gnp_duck *duck = attached->duck;
  pthread_mutex_lock(&duck->lock);
  bool last = --attached->references == 0;
  pthread_mutex_unlock(&duck->lock);
  if (last) attached_free(attached);
}

static gnp_attached *find(gnp_duck *duck, gn_str name)
{
  gnp_attached *found = duck->attached;
  while (found && !gni_str_equal((gn_str){found->name, found->name_len}, name)) found = found->next;
  return found;
}

/* DuckDB carries texts only; the record waits here for the statement to end. */
static void keep_failure(gnp_attached *attached, const gn_error *failure)
{
  pthread_mutex_lock(&attached->duck->lock);
  attached->failure = *failure;
  pthread_mutex_unlock(&attached->duck->lock);
}

bool gnp_attached_failure(gnp_duck *duck, gn_error *out)
{
  bool found = false;
  pthread_mutex_lock(&duck->lock);
  for (gnp_attached *i = duck->attached; i && !found; i = i->next) {
    if (i->failure.code == GN_OK) continue;
    *out = i->failure;
    i->failure = (gn_error){0};
    found = true;
  }
  pthread_mutex_unlock(&duck->lock);
  return found;
}

/* ---- types ----------------------------------------------------------------------------------- */

struct plain_type {
  const char *format; /* Arrow's */
  duckdb_type type;
};

static const struct plain_type plain_types[] = {
    {"n", DUCKDB_TYPE_SQLNULL},
    {"b", DUCKDB_TYPE_BOOLEAN},
    {"c", DUCKDB_TYPE_TINYINT},
    {"s", DUCKDB_TYPE_SMALLINT},
    {"i", DUCKDB_TYPE_INTEGER},
    {"l", DUCKDB_TYPE_BIGINT},
    {"C", DUCKDB_TYPE_UTINYINT},
    {"S", DUCKDB_TYPE_USMALLINT},
    {"I", DUCKDB_TYPE_UINTEGER},
    {"L", DUCKDB_TYPE_UBIGINT},
    {"f", DUCKDB_TYPE_FLOAT},
    {"g", DUCKDB_TYPE_DOUBLE},
    {"u", DUCKDB_TYPE_VARCHAR},
    {"U", DUCKDB_TYPE_VARCHAR},
    {"vu", DUCKDB_TYPE_VARCHAR},
    {"z", DUCKDB_TYPE_BLOB},
    {"Z", DUCKDB_TYPE_BLOB},
    {"vz", DUCKDB_TYPE_BLOB},
    {"tdD", DUCKDB_TYPE_DATE},
    {"tss:", DUCKDB_TYPE_TIMESTAMP_S},
    {"tsm:", DUCKDB_TYPE_TIMESTAMP_MS},
    {"tsu:", DUCKDB_TYPE_TIMESTAMP},
    {"tsn:", DUCKDB_TYPE_TIMESTAMP_NS},
};

static duckdb_logical_type type_of(const struct ArrowSchema *schema);

static duckdb_logical_type struct_type(const struct ArrowSchema *schema)
{
  enum { FIELDS_MAX = 1024 };
  duckdb_logical_type types[FIELDS_MAX], whole = NULL;
  const char *names[FIELDS_MAX];
  int64_t made = 0;
  if (schema->n_children > FIELDS_MAX) return NULL;
  for (; made < schema->n_children; made++) {
    types[made] = type_of(schema->children[made]);
    names[made] = schema->children[made]->name;
    if (!types[made]) break;
  }
  if (made == schema->n_children)
    whole = duckdb_create_struct_type(types, names, (idx_t)schema->n_children);
  while (made-- > 0) duckdb_destroy_logical_type(&types[made]);
  return whole;
}

static duckdb_logical_type map_type(const struct ArrowSchema *schema)
{
  const struct ArrowSchema *entries = schema->children[0];
  duckdb_logical_type key = type_of(entries->children[0]), value = type_of(entries->children[1]);
  duckdb_logical_type whole = key && value ? duckdb_create_map_type(key, value) : NULL;
  if (key) duckdb_destroy_logical_type(&key);
  if (value) duckdb_destroy_logical_type(&value);
  return whole;
}

static duckdb_logical_type list_type(const struct ArrowSchema *schema)
{
  duckdb_logical_type element = type_of(schema->children[0]);
  duckdb_logical_type whole = element ? duckdb_create_list_type(element) : NULL;
  if (element) duckdb_destroy_logical_type(&element);
  return whole;
}

static duckdb_logical_type decimal_type(gn_str format)
{
  gn_str precision, scale; /* a third part, the width in bits, does not matter */
  int64_t digits = 0, after = 0;
  format = (gn_str){format.ptr + 2, format.len - 2};
  gni_str_split(&format, ',', &precision);
  gni_str_split(&format, ',', &scale);
  if (gni_parse_int64(precision, &digits) != GN_OK || gni_parse_int64(scale, &after) != GN_OK)
    return NULL;
  return duckdb_create_decimal_type((uint8_t)digits, (uint8_t)after);
}

/* The type that DuckDB's own conversion makes of an Arrow type; NULL when it is none of ours. */
static duckdb_logical_type type_of(const struct ArrowSchema *schema)
{
  gn_str format = gni_str(schema->format);
  if (schema->dictionary) return NULL;
  for (size_t i = 0; i < sizeof plain_types / sizeof *plain_types; i++)
    if (gni_str_is(format, plain_types[i].format))
      return duckdb_create_logical_type(plain_types[i].type);
  if (gni_str_starts(format, "tsu:")) return duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP_TZ);
  if (gni_str_starts(format, "d:")) return decimal_type(format);
  if (gni_str_is(format, "+l") || gni_str_is(format, "+L")) return list_type(schema);
  if (gni_str_is(format, "+m")) return map_type(schema);
  return gni_str_is(format, "+s") ? struct_type(schema) : NULL;
}

/* ---- the table function ---------------------------------------------------------------------- */

static void bind(duckdb_bind_info info)
{
  gnp_duck *duck = duckdb_bind_get_extra_info(info);
  duckdb_value parameter = duckdb_bind_get_parameter(info, 0);
  char *name = duckdb_get_varchar(parameter);
  pthread_mutex_lock(&duck->lock);
  gnp_attached *attached = find(duck, gni_str(name));
  if (attached) attached->references++;
  pthread_mutex_unlock(&duck->lock);
  duckdb_free(name);
  duckdb_destroy_value(&parameter);
  if (!attached) {
    duckdb_bind_set_error(info, "the stream is not attached any more");
    return;
  }
  duckdb_bind_set_bind_data(info, attached, attached_unref);
  for (int64_t i = 0; i < attached->schema.n_children; i++) {
    const struct ArrowSchema *child = attached->schema.children[i];
    duckdb_logical_type type = type_of(child);
    duckdb_bind_add_result_column(info, child->name, type);
    duckdb_destroy_logical_type(&type);
  }
}

/* One reading of a stream. */
struct reading {
  gnp_attached *attached;
  duckdb_data_chunk chunk; /* the batch at hand, converted whole */
  idx_t done, size;        /* rows of it */
  duckdb_selection_vector rows;
  idx_t column_count;
  idx_t columns[]; /* which ones the statement wants */
};

static size_t reading_size(idx_t column_count)
{
  return sizeof(struct reading) + column_count * sizeof(idx_t);
}

static void reading_free(void *data)
{
  struct reading *reading = data;
  const gn_alloc *alloc = reading->attached->duck->alloc;
  if (reading->chunk) duckdb_destroy_data_chunk(&reading->chunk);
  if (reading->rows) duckdb_destroy_selection_vector(reading->rows);
  gni_free(alloc, reading, reading_size(reading->column_count));
}

static void init(duckdb_init_info info)
{
  gnp_attached *attached = duckdb_init_get_bind_data(info);
  idx_t count = duckdb_init_get_column_count(info);
  pthread_mutex_lock(&attached->duck->lock);
  bool again = attached->started;
  attached->started = true;
  pthread_mutex_unlock(&attached->duck->lock);
  if (again) {
    duckdb_init_set_error(info, "an attached stream is read a second time");
    return;
  }
  struct reading *reading = gni_alloc_zero(attached->duck->alloc, reading_size(count));
  if (!reading) {
    gn_error failure = {0};
    gni_fail_nomem(&failure, reading_size(count));
    keep_failure(attached, &failure);
    duckdb_init_set_error(info, failure.message);
    return;
  }
  reading->attached = attached;
  reading->column_count = count;
  reading->rows = duckdb_create_selection_vector(duckdb_vector_size());
  for (idx_t i = 0; i < count; i++) reading->columns[i] = duckdb_init_get_column_index(info, i);
  duckdb_init_set_max_threads(info, 1);
  duckdb_init_set_init_data(info, reading, reading_free);
}

/* Pulls and converts the next batch with rows; size 0 at the end. */
static int next_batch(struct reading *reading, gn_error *err)
{
  gnp_attached *attached = reading->attached;
  struct ArrowArray batch;
  if (reading->chunk) duckdb_destroy_data_chunk(&reading->chunk);
  reading->done = reading->size = 0;
  do {
    if (gni_cancelled(attached->duck->cancel)) return gni_fail(err, GN_E_CANCELLED, "cancelled");
    int rc = gni_stream_next(&attached->stream, &batch, err);
    if (rc != GN_OK || !batch.release) return rc;
    if (batch.length == 0) gni_array_close(&batch);
  } while (!batch.release);
  idx_t size = (idx_t)batch.length;
  duckdb_error_data trouble = duckdb_data_chunk_from_arrow(attached->duck->connection, &batch,
                                                           attached->converted, &reading->chunk);
  int rc = gnp_duck_fail_data(attached->duck, &trouble, err);
  gni_array_close(&batch);
  if (rc == GN_OK) reading->size = size;
  return rc;
}

static void copy_rows(struct reading *reading, duckdb_data_chunk output, idx_t count)
{
  sel_t *rows = duckdb_selection_vector_get_data_ptr(reading->rows);
  for (idx_t i = 0; i < count; i++) rows[i] = (sel_t)(reading->done + i);
  for (idx_t i = 0; i < reading->column_count; i++)
    if (reading->columns[i] < (idx_t)reading->attached->schema.n_children)
      duckdb_vector_copy_sel(duckdb_data_chunk_get_vector(reading->chunk, reading->columns[i]),
                             duckdb_data_chunk_get_vector(output, i), reading->rows, count, 0, 0);
  reading->done += count;
}

static void read_rows(duckdb_function_info info, duckdb_data_chunk output)
{
  struct reading *reading = duckdb_function_get_init_data(info);
  gnp_attached *attached = reading->attached;
  gn_error failure = {0};
  if (reading->done == reading->size && next_batch(reading, &failure) != GN_OK) {
    keep_failure(attached, &failure);
    duckdb_function_set_error(info, failure.message);
    return;
  }
  idx_t left = reading->size - reading->done;
  idx_t count = left < duckdb_vector_size() ? left : duckdb_vector_size();
  if (count) copy_rows(reading, output, count);
  duckdb_data_chunk_set_size(output, count);
}

int gnp_attach_register(gnp_duck *duck, gn_error *err)
{
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  duckdb_table_function_set_name(function, function_name);
  duckdb_table_function_add_parameter(function, text);
  duckdb_table_function_set_extra_info(function, duck, NULL);
  duckdb_table_function_set_bind(function, bind);
  duckdb_table_function_set_init(function, init);
  duckdb_table_function_set_function(function, read_rows);
  duckdb_table_function_supports_projection_pushdown(function, true);
  duckdb_state made = duckdb_register_table_function(duck->connection, function);
  duckdb_destroy_logical_type(&text);
  duckdb_destroy_table_function(&function);
  return made == DuckDBSuccess ? GN_OK
                               : gni_fail(err, GN_E_BUG, "cannot register '%s'", function_name);
}

/* ---- attaching ------------------------------------------------------------------------------- */

static int check_columns(const struct ArrowSchema *schema, gn_error *err)
{
  for (int64_t i = 0; i < schema->n_children; i++) {
    duckdb_logical_type type = type_of(schema->children[i]);
    if (!type)
      return gni_fail(err, GN_E_UNSUPPORTED, "column '%s' has a type that cannot be attached (%s)",
                      schema->children[i]->name, schema->children[i]->format);
    duckdb_destroy_logical_type(&type);
  }
  return GN_OK;
}

static int take_schema(gnp_attached *attached, gn_error *err)
{
  struct ArrowArrayStream *stream = &attached->stream;
  int native = stream->get_schema(stream, &attached->schema);
  if (native != 0) {
    const char *why = stream->get_last_error(stream);
    int code = native == ENOMEM ? GN_E_NOMEM : native == ECANCELED ? GN_E_CANCELLED : GN_E_IO;
    return gni_fail_native(err, code, native, "%.300s", why ? why : "the stream has no schema");
  }
  int rc = check_columns(&attached->schema, err);
  if (rc != GN_OK) return rc;
  duckdb_error_data trouble =
      duckdb_schema_from_arrow(attached->duck->connection, &attached->schema, &attached->converted);
  return gnp_duck_fail_data(attached->duck, &trouble, err);
}

static int make_view(gnp_duck *duck, gn_str name, gn_error *err)
{
  gn_buf sql;
  gni_buf_init(&sql, duck->alloc, GN_SQL_BYTES_MAX);
  gni_buf_add_text(&sql, "CREATE OR REPLACE VIEW ");
  gni_sql_add_name(&sql, name);
  gni_buf_add_format(&sql, " AS SELECT * FROM %s(", function_name);
  gni_sql_add_text(&sql, name);
  int rc = gni_buf_add_char(&sql, ')');
  rc = rc == GN_OK ? gnp_duck_exec(duck, gni_buf_view(&sql), err) : gni_fail_nomem(err, name.len);
  gni_buf_deinit(&sql);
  return rc;
}

static void unlink_attached(gnp_duck *duck, gnp_attached *attached)
{
  pthread_mutex_lock(&duck->lock);
  gnp_attached **place = &duck->attached;
  while (*place && *place != attached) place = &(*place)->next;
  if (*place) *place = attached->next;
  pthread_mutex_unlock(&duck->lock);
  attached_unref(attached);
}

int gnp_duck_attach(void *state, gn_str name, struct ArrowArrayStream *stream, gn_error *err)
{
  gnp_duck *duck = state;
  if (find(duck, name))
    return gni_fail(err, GN_E_EXISTS, "a stream '%.*s' is attached already", GN_STR_ARGS(name));
  gnp_attached *attached = gni_alloc_zero(duck->alloc, sizeof *attached);
  if (!attached) return gni_fail_nomem(err, sizeof *attached);
  *attached = (gnp_attached){.duck = duck, .references = 1, .stream = *stream};
  stream->release = NULL;
  attached->name = gni_strdup(duck->alloc, name.ptr, name.len);
  attached->name_len = name.len;
  int rc = attached->name ? take_schema(attached, err) : gni_fail_nomem(err, name.len);
  if (rc != GN_OK) {
    attached_free(attached);
    return rc;
  }
  pthread_mutex_lock(&duck->lock);
  attached->next = duck->attached;
  duck->attached = attached;
  pthread_mutex_unlock(&duck->lock);
  rc = make_view(duck, name, err);
  if (rc != GN_OK) unlink_attached(duck, attached);
  return rc;
}

int gnp_duck_detach(void *state, gn_str name, gn_error *err)
{
  gnp_duck *duck = state;
  gn_buf sql;
  gnp_attached *attached = find(duck, name);
  if (!attached) return GN_OK;
  gni_buf_init(&sql, duck->alloc, GN_SQL_BYTES_MAX);
  gni_buf_add_text(&sql, "DROP VIEW IF EXISTS ");
  int rc = gni_sql_add_name(&sql, name);
  gn_cancel *cancel = duck->cancel;
  duck->cancel = NULL; /* cleaning up is done also when the rest was cancelled */
  rc = rc == GN_OK ? gnp_duck_exec(duck, gni_buf_view(&sql), err) : gni_fail_nomem(err, name.len);
  duck->cancel = cancel;
  gni_buf_deinit(&sql);
  unlink_attached(duck, attached);
  return rc;
}

void gnp_attached_clear(gnp_duck *duck)
{
  while (duck->attached) unlink_attached(duck, duck->attached);
}
