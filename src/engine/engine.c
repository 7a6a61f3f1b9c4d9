/* The engine over its driver: small conveniences that need no driver. SPDX-License-Identifier:
 * Apache-2.0 */
#include "engine/engine.h"

#include "engine/engine_private.h"

/* What one call of the core keeps while it reads a small answer. */
enum { ANSWER_BYTES_MAX = 64 << 20 };

struct gni_engine {
  const gni_engine_driver *driver;
  const gn_alloc *alloc;
  void *state;
  uint32_t streams; /* written so far; names them apart */
};

int gni_engine_open_driver(const gni_engine_driver *driver, const gni_engine_config *config,
                           gni_engine **out, gn_error *err)
{
  gni_engine_config full = *config;
  *out = NULL;
  if (driver->version != GN_ENGINE_DRIVER_VERSION)
    return gni_fail(err, GN_E_UNSUPPORTED, "engine '%s' has interface %u, not %u", driver->name,
                    (unsigned)driver->version, (unsigned)GN_ENGINE_DRIVER_VERSION);
  if (!full.alloc) full.alloc = &gni_libc_alloc;
  if (full.memory_bytes <= 0) full.memory_bytes = gnp_machine_memory_bytes() / 5 * 4;
  gni_engine *engine = gni_alloc_zero(full.alloc, sizeof *engine);
  if (!engine) return gni_fail_nomem(err, sizeof *engine);
  engine->driver = driver;
  engine->alloc = full.alloc;
  int rc = driver->open(&full, &engine->state, err);
  if (rc != GN_OK) {
    gni_free(full.alloc, engine, sizeof *engine);
    return rc;
  }
  *out = engine;
  return GN_OK;
}

int gni_engine_open(const char *name, const gni_engine_config *config, gni_engine **out,
                    gn_error *err)
{
  const gni_engine_driver *driver = NULL;
  *out = NULL;
  int rc = gnp_driver_find(name, config->module_folder, &driver, err);
  return rc == GN_OK ? gni_engine_open_driver(driver, config, out, err) : rc;
}

void gni_engine_close(gni_engine *engine)
{
  if (!engine) return;
  engine->driver->close(engine->state);
  gni_free(engine->alloc, engine, sizeof *engine);
}

const gni_engine_driver *gni_engine_driver_of(const gni_engine *engine)
{
  return engine->driver;
}

/* ---- reading --------------------------------------------------------------------------------- */

int gni_engine_query(gni_engine *engine, gn_str sql, struct ArrowArrayStream *out, gn_error *err)
{
  *out = (struct ArrowArrayStream){.release = NULL};
  return engine->driver->query(engine->state, sql, out, err);
}

int gni_engine_exec(gni_engine *engine, gn_str sql, gn_error *err)
{
  return engine->driver->exec(engine->state, sql, err);
}

int gni_engine_add_function(gni_engine *engine, const gni_engine_function *function, gn_error *err)
{
  if (!engine->driver->add_function)
    return gni_fail(err, GN_E_UNSUPPORTED, "engine '%s' takes no functions", engine->driver->name);
  return engine->driver->add_function(engine->state, function, err);
}

int gni_engine_type(gni_engine *engine, gn_str sql, gn_arena *arena, const gni_type **out,
                    gn_error *err)
{
  struct ArrowArrayStream stream;
  struct ArrowSchema schema;
  *out = NULL;
  int rc = gni_engine_query(engine, sql, &stream, err);
  if (rc != GN_OK) return rc;
  rc = gni_stream_type(&stream, arena, &schema, out, err);
  gni_schema_close(&schema);
  gni_stream_close(&stream);
  return rc;
}

/* Calls `each` for the rows of one batch. */
static int each_of_batch(const gni_type *type, const struct ArrowSchema *schema,
                         const struct ArrowArray *batch, gn_arena *arena,
                         int (*each)(void *user, const gni_value *row, size_t count), void *user,
                         gn_error *err)
{
  gni_column *columns;
  size_t count = type->field_count;
  int rc = gni_batch_view(type, schema, batch, arena, &columns, err);
  gni_value *row = GN_TAKE(arena, gni_value, count);
  if (rc != GN_OK) return rc;
  if (!row) return gni_fail_nomem(err, count * sizeof *row);
  for (int64_t i = 0; i < batch->length; i++) {
    for (size_t c = 0; c < count; c++) {
      rc = gni_column_get(&columns[c], i, arena, &row[c]);
      if (rc != GN_OK) return gni_fail(err, rc, "row %lld is too large", (long long)i);
    }
    if ((rc = each(user, row, count)) != GN_OK) return rc;
  }
  return GN_OK;
}

int gni_engine_each_row(gni_engine *engine, gn_str sql,
                        int (*each)(void *user, const gni_value *row, size_t count), void *user,
                        gn_error *err)
{
  struct ArrowArrayStream stream;
  struct ArrowSchema schema = {.release = NULL};
  struct ArrowArray batch;
  const gni_type *type;
  gn_arena types, cells;
  int rc = gni_engine_query(engine, sql, &stream, err);
  if (rc != GN_OK) return rc;
  gni_arena_init(&types, engine->alloc, ANSWER_BYTES_MAX);
  gni_arena_init(&cells, engine->alloc, ANSWER_BYTES_MAX);
  rc = gni_stream_type(&stream, &types, &schema, &type, err);
  while (rc == GN_OK) {
    if ((rc = gni_stream_next(&stream, &batch, err)) != GN_OK || !batch.release) break;
    rc = each_of_batch(type, &schema, &batch, &cells, each, user, err);
    gni_array_close(&batch);
    gni_arena_reset(&cells);
  }
  gni_arena_deinit(&cells);
  gni_arena_deinit(&types);
  gni_schema_close(&schema);
  gni_stream_close(&stream);
  return rc;
}

struct first_cell {
  int64_t *out;
  bool found;
};

static int take_first(void *user, const gni_value *row, size_t count)
{
  struct first_cell *cell = user;
  if (cell->found || count == 0 || row[0].is_null) return GN_OK;
  *cell->out = row[0].integer;
  cell->found = true;
  return GN_OK;
}

int gni_engine_query_int64(gni_engine *engine, gn_str sql, int64_t *out, gn_error *err)
{
  struct first_cell cell = {out, false};
  gn_buf cast;
  *out = 0;
  gni_buf_init(&cast, engine->alloc, GN_SQL_BYTES_MAX);
  gni_buf_add_text(&cast, "SELECT CAST(x AS BIGINT) FROM (");
  gni_buf_add_str(&cast, sql);
  int rc = gni_buf_add_text(&cast, "\n) AS one(x)");
  if (rc != GN_OK) rc = gni_fail(err, rc, "a statement of %zu bytes is too long", sql.len);
  if (rc == GN_OK) rc = gni_engine_each_row(engine, gni_buf_view(&cast), take_first, &cell, err);
  gni_buf_deinit(&cast);
  return rc != GN_OK ? rc : cell.found ? GN_OK : GN_ABSENT;
}

int gni_engine_tables(gni_engine *engine, gn_str sql, gn_arena *arena, gn_str **names,
                      size_t *count, gn_error *err)
{
  *names = NULL;
  *count = 0;
  if (!engine->driver->tables)
    return gni_fail(err, GN_E_UNSUPPORTED, "engine '%s' cannot tell the tables of a statement",
                    engine->driver->name);
  return engine->driver->tables(engine->state, sql, arena, names, count, err);
}

/* ---- writing --------------------------------------------------------------------------------- */

int gni_engine_attach(gni_engine *engine, gn_str name, struct ArrowArrayStream *stream,
                      gn_error *err)
{
  int rc = engine->driver->attach(engine->state, name, stream, err);
  gni_stream_close(stream);
  return rc;
}

int gni_engine_detach(gni_engine *engine, gn_str name, gn_error *err)
{
  return engine->driver->detach(engine->state, name, err);
}

int gni_engine_write_stream(gni_engine *engine, struct ArrowArrayStream *stream, const char *path,
                            const gni_parquet_options *options, gni_written *out, gn_error *err)
{
  gn_arena arena;
  *out = (gni_written){0};
  gni_arena_init(&arena, engine->alloc, 4096);
  gn_str name = gni_str_format(&arena, "__gn_written_%u", (unsigned)engine->streams++);
  gn_str sql = gni_str_format(&arena, "SELECT * FROM \"%.*s\"", GN_STR_ARGS(name));
  int rc = name.ptr && sql.ptr ? GN_OK : gni_fail_nomem(err, 64);
  if (rc == GN_OK) rc = gni_engine_attach(engine, name, stream, err);
  gni_stream_close(stream);
  if (rc == GN_OK) {
    rc = engine->driver->write_parquet(engine->state, sql, path, options, out, err);
    int detached = gni_engine_detach(engine, name, rc == GN_OK ? err : NULL);
    if (rc == GN_OK) rc = detached;
  }
  gni_arena_deinit(&arena);
  return rc;
}

/* Rows that are parted over many files keep their order only when one thread deals them out: the
 * answer goes through a stream, which has one reader. */
int gni_engine_write_parquet(gni_engine *engine, gn_str sql, const char *path,
                             const gni_parquet_options *options, gni_written *out, gn_error *err)
{
  struct ArrowArrayStream stream;
  *out = (gni_written){0};
  if (!options || !options->partition_column || options->in_order)
    return engine->driver->write_parquet(engine->state, sql, path, options, out, err);
  int rc = gni_engine_query(engine, sql, &stream, err);
  return rc == GN_OK ? gni_engine_write_stream(engine, &stream, path, options, out, err) : rc;
}

void gni_engine_interrupt(gni_engine *engine)
{
  engine->driver->interrupt(engine->state);
}

int gni_engine_use_now(gni_engine *engine, gni_engine_use *out, gn_error *err)
{
  *out = (gni_engine_use){0};
  return engine->driver->use(engine->state, out, err);
}
