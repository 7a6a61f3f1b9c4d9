/* A GroupBy bound to its tables. SPDX-License-Identifier: Apache-2.0 */
#include "plan/plan_private.h"

static int no_memory(const gni_group_by *def, gn_error *err)
{
  gn_str name = def->metadata ? def->metadata->name : GN_STR("?");
  return gni_fail(err, GN_E_NOMEM, "out of memory while binding '%.*s'", GN_STR_ARGS(name));
}

static gni_group *group_take(const gni_group_by *def, gn_arena *arena)
{
  gni_group *group = GN_TAKE_ZERO(arena, gni_group, 1);
  if (!group) return NULL;
  *group = (gni_group){
      .def = def,
      .name = def->metadata->name,
      .clean_name = gni_clean_name(arena, def->metadata),
      .output_table = gni_output_table(arena, def->metadata),
      .upload_table = gni_upload_table(arena, def->metadata),
      .batch_dataset = gni_batch_dataset(arena, def->metadata),
      .stream_dataset = gni_stream_dataset(arena, def->metadata),
      .entities = gni_group_by_is_entities(def),
      .temporal = gni_group_by_accuracy(def) == GNI_TEMPORAL,
  };
  bool named = group->clean_name.ptr && group->output_table.ptr && group->upload_table.ptr &&
               group->batch_dataset.ptr && group->stream_dataset.ptr;
  return named ? group : NULL;
}

/* ---- sources ---- */

/* What a column is in a source: its selection, or itself when it is not selected. */
static int column_text(const gni_query *query, gn_str name, gn_arena *arena, gn_str *out)
{
  for (size_t i = 0; i < query->selects.count; i++) {
    if (!gni_str_equal(query->selects.keys[i], name)) continue;
    *out = query->selects.values[i];
    return GN_OK;
  }
  *out = gni_str_format(arena, "`%.*s`", GN_STR_ARGS(name));
  return out->ptr ? GN_OK : GN_E_NOMEM;
}

static int bind_columns(const gni_group_source *source, const gn_str *names, size_t count,
                        gn_arena *arena, const gni_bound ***out, gn_error *err)
{
  const gni_bound **bound = GN_TAKE(arena, const gni_bound *, count);
  if (!bound) return gni_fail_nomem(err, count * sizeof *bound);
  for (size_t i = 0; i < count; i++) {
    gn_str text;
    if (column_text(source->query, names[i], arena, &text) != GN_OK) return gni_fail_nomem(err, 1);
    int rc = gnp_bind_text(text, source->table_type, NULL, arena, &bound[i], err);
    if (rc != GN_OK) {
      gni_error_where(err, "column '%.*s'", GN_STR_ARGS(names[i]));
      return rc;
    }
  }
  *out = bound;
  return GN_OK;
}

/* Chronon wants milliseconds as a long; anything else would be cut wrongly and silently. */
static int bind_time(gni_group_source *source, gn_arena *arena, gn_error *err)
{
  gn_str text = source->query->time_column;
  /* Without selections upstream reads the table's own `ts`; a definition that names a time column
   * and has no such column means the one it names. */
  bool own = !source->query->selects.keys && gni_type_find(source->table_type, GN_STR("ts")) >= 0;
  if (own) text = GN_STR("ts");
  if (!text.len) return GN_OK;
  int rc = gnp_bind_text(text, source->table_type, NULL, arena, &source->time, err);
  if (rc == GN_OK && gni_bound_type(source->time)->kind != GNI_LONG) {
    gn_buf name;
    gni_buf_init(&name, arena->alloc, 1 << 12);
    gni_type_format(gni_bound_type(source->time), &name);
    rc = gni_fail_as(err, "GT002", GN_E_TYPE,
                     "`%.*s` is %s; a time is bigint, milliseconds since 1970", GN_STR_ARGS(text),
                     name.ptr ? name.ptr : "?");
    gni_error_hint(err, "for a timestamp write: unix_millis(%.*s)", GN_STR_ARGS(text));
    gni_buf_deinit(&name);
  }
  if (rc != GN_OK) gni_error_where(err, "timeColumn");
  return rc;
}

static int bind_wheres(gni_group_source *source, gn_arena *arena, gn_error *err)
{
  const gni_texts *wheres = &source->query->wheres;
  source->wheres = GN_TAKE(arena, const gni_bound *, wheres->count);
  if (!source->wheres) return gni_fail_nomem(err, wheres->count * sizeof *source->wheres);
  for (size_t i = 0; i < wheres->count; i++) {
    int rc = gnp_bind_text(wheres->items[i], source->table_type, &gni_type_boolean, arena,
                           &source->wheres[i], err);
    if (rc != GN_OK) {
      gni_error_where(err, "wheres[%zu]", i);
      return rc;
    }
  }
  source->where_count = wheres->count;
  return GN_OK;
}

static int parse_limit(gn_str text, const char *field, int32_t open, int32_t *out, gn_error *err)
{
  *out = open;
  if (!text.len) return GN_OK;
  gn_str pattern = memchr(text.ptr, '-', text.len) ? GN_STR("yyyy-MM-dd") : GN_STR("yyyyMMdd");
  int rc = gni_day_parse(text, pattern, out, err);
  if (rc != GN_OK) {
    gni_error_diagnostic(err, "GD120");
    gni_error_where(err, "%s", field);
  }
  return rc;
}

static int open_source(const gni_source *from, const gni_table_access *tables, gn_arena *arena,
                       gni_group_source *source, gn_error *err)
{
  if (from->join_source) {
    gni_fail_as(err, "GP011", GN_E_UNSUPPORTED,
                "a joinSource needs joins, which this version does not compute");
    gni_error_hint(err, "until it does, read the Join's output table as an EventSource");
    return GN_E_UNSUPPORTED;
  }
  *source = (gni_group_source){.table = gni_source_table(from, arena),
                               .query = gni_source_query(from),
                               .entities = from->entities != NULL,
                               .cumulative = from->events && from->events->is_cumulative};
  if (!source->query) return gni_fail_as(err, "GD020", GN_E_INVALID, "the source has no query");
  int rc = parse_limit(source->query->start_partition, "startPartition", GNI_DAY_OPEN_START,
                       &source->start_day, err);
  if (rc == GN_OK)
    rc = parse_limit(source->query->end_partition, "endPartition", GNI_DAY_OPEN_END,
                     &source->end_day, err);
  if (rc == GN_OK)
    rc = tables->type(tables->user, source->table, arena, &source->table_type, &source->partitioned,
                      err);
  return rc;
}

static int bind_source(const gni_group_by *def, const gnp_names *values, gn_arena *arena,
                       gni_group_source *source, gn_error *err)
{
  int rc = bind_columns(source, def->key_columns.items, def->key_columns.count, arena,
                        &source->keys, err);
  if (rc == GN_OK)
    rc = bind_columns(source, values->items, values->count, arena, &source->inputs, err);
  if (rc == GN_OK) rc = bind_time(source, arena, err);
  return rc == GN_OK ? bind_wheres(source, arena, err) : rc;
}

static const gni_type *struct_of(gn_arena *arena, const gn_str *names,
                                 const gni_bound *const *bound, size_t count)
{
  gni_field *fields = GN_TAKE(arena, gni_field, count);
  if (!fields) return NULL;
  for (size_t i = 0; i < count; i++) fields[i] = (gni_field){names[i], gni_bound_type(bound[i])};
  return gni_type_struct(arena, GN_STR(""), fields, count);
}

/* All sources of a GroupBy give the same columns. */
static int check_same(const gni_type *first, const gni_bound *const *bound, gn_arena *arena,
                      gn_error *err)
{
  for (size_t i = 0; i < first->field_count; i++) {
    if (gni_type_equal(first->fields[i].type, gni_bound_type(bound[i]))) continue;
    gn_buf a, b;
    gni_buf_init(&a, arena->alloc, 1 << 12);
    gni_buf_init(&b, arena->alloc, 1 << 12);
    gni_type_format(first->fields[i].type, &a);
    gni_type_format(gni_bound_type(bound[i]), &b);
    gni_fail_as(err, "GT017", GN_E_TYPE, "'%.*s' is %s here and %s in the first source",
                GN_STR_ARGS(first->fields[i].name), b.ptr ? b.ptr : "?", a.ptr ? a.ptr : "?");
    gni_error_hint(err, "cast it to one type in both sources");
    gni_buf_deinit(&a);
    gni_buf_deinit(&b);
    return GN_E_TYPE;
  }
  return GN_OK;
}

static int add_source(gni_group *group, const gnp_names *values, gni_group_source *source,
                      gn_arena *arena, gn_error *err)
{
  const gni_group_by *def = group->def;
  int rc = bind_source(def, values, arena, source, err);
  if (rc != GN_OK) return rc;
  if (!group->keys) {
    group->keys = struct_of(arena, def->key_columns.items, source->keys, def->key_columns.count);
    group->inputs = struct_of(arena, values->items, source->inputs, values->count);
    if (!group->keys || !group->inputs) return no_memory(def, err);
  }
  rc = check_same(group->keys, source->keys, arena, err);
  if (rc == GN_OK) rc = check_same(group->inputs, source->inputs, arena, err);
  bool has_time = source->time || (!source->entities && !group->temporal);
  if (source == group->sources) group->has_time = has_time;
  group->has_time = group->has_time && has_time;
  return rc;
}

static int bind_sources(gni_group *group, const gni_table_access *tables, gn_arena *arena,
                        gn_error *err)
{
  const gni_group_by *def = group->def;
  gni_group_source *sources = GN_TAKE_ZERO(arena, gni_group_source, def->sources.count);
  gnp_names values = {0};
  if (!sources) return no_memory(def, err);
  group->sources = sources;
  for (size_t i = 0; i < def->sources.count; i++) {
    int rc = open_source(&def->sources.items[i], tables, arena, &sources[i], err);
    if (rc == GN_OK && i == 0 &&
        gnp_value_columns(def, sources[0].query, sources[0].table_type, tables->partition_column,
                          arena, &values) != GN_OK)
      rc = no_memory(def, err);
    if (rc == GN_OK) rc = add_source(group, &values, &sources[i], arena, err);
    if (rc != GN_OK) {
      gni_error_where(err, "sources[%zu]", i);
      return rc;
    }
    group->source_count++;
  }
  return GN_OK;
}

/* Windows and FIRST or LAST need to know when a row was. */
static int check_time(const gni_group *group, gn_error *err)
{
  bool needed =
      group->layout && (group->layout->any_windowed || group->layout->any_timed || group->temporal);
  if (!needed || group->has_time) return GN_OK;
  gni_fail_as(err, "GT007", GN_E_INVALID,
              "windows, FIRST and LAST need a time, and a source has no timeColumn");
  gni_error_hint(err, "give each source's query a time_column in milliseconds");
  return GN_E_INVALID;
}

int gni_group_bind(const gni_group_by *def, const gni_table_access *tables, gn_arena *arena,
                   const gni_group **out, gn_error *err)
{
  gni_group *group = def->metadata ? group_take(def, arena) : NULL;
  if (!group) return no_memory(def, err);
  gnp_binding binding = {group, arena, err};
  int rc = bind_sources(group, tables, arena, err);
  if (rc == GN_OK) rc = gnp_bind_outputs(&binding);
  if (rc == GN_OK) rc = check_time(group, err);
  if (rc != GN_OK)
    gni_error_where(err, "%.*s", GN_STR_ARGS(group->name));
  else
    *out = group;
  return rc;
}

int gni_group_bind_types(const gni_group_by *def, const gni_type *keys, const gni_type *inputs,
                         gn_arena *arena, const gni_group **out, gn_error *err)
{
  gni_group *group = def->metadata ? group_take(def, arena) : NULL;
  if (!group) return no_memory(def, err);
  group->keys = keys;
  group->inputs = inputs;
  group->has_time = true;
  gnp_binding binding = {group, arena, err};
  int rc = gnp_bind_outputs(&binding);
  if (rc != GN_OK)
    gni_error_where(err, "%.*s", GN_STR_ARGS(group->name));
  else
    *out = group;
  return rc;
}
