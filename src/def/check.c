/* The rules of definitions: entry, metadata, days, staging queries, models. Every rule says its
 * code; the register has the page. SPDX-License-Identifier: Apache-2.0 */
#include "def/check.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- saying it ------------------------------------------------------------------------------- */

enum { MESSAGE_BYTES = 1024 };

static void complain(gnp_check *c, int severity, const char *code, gni_spot spot, gn_str hint,
                     const char *format, va_list args) GN_PRINTF(6, 0);

static void complain(gnp_check *c, int severity, const char *code, gni_spot spot, gn_str hint,
                     const char *format, va_list args)
{
  char message[MESSAGE_BYTES];
  vsnprintf(message, sizeof message, format, args);
  gni_def_problem problem = {
      .code = code, .severity = severity, .spot = spot, .message = gni_str(message), .hint = hint};
  gni_def_report(c->def, c->problems, &problem);
}

void gnp_error(gnp_check *c, const char *code, gni_spot spot, gn_str hint, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  complain(c, GNI_ERROR, code, spot, hint, format, args);
  va_end(args);
}

void gnp_warn(gnp_check *c, const char *code, gni_spot spot, gn_str hint, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  complain(c, GNI_WARNING, code, spot, hint, format, args);
  va_end(args);
}

enum { LISTED_MAX = 12 };

gn_str gnp_listed(gn_arena *arena, const gn_str *names, size_t count)
{
  gn_str text = GN_STR("");
  for (size_t i = 0; i < count && i < LISTED_MAX; i++)
    text = gni_str_format(arena, "%.*s%s%.*s", GN_STR_ARGS(text), i ? ", " : "",
                          GN_STR_ARGS(names[i]));
  if (count > LISTED_MAX)
    text = gni_str_format(arena, "%.*s and %zu more", GN_STR_ARGS(text), count - LISTED_MAX);
  return text;
}

gn_str gnp_column_hint(gnp_check *c, gn_str wrong, const gni_texts *columns)
{
  gn_str nearest = gnp_did_you_mean(c->arena, wrong, columns->items, columns->count);
  if (nearest.ptr || columns->count == 0) return nearest;
  gn_str listed = gnp_listed(c->arena, columns->items, columns->count);
  return gni_str_format(c->arena, "there is %.*s", GN_STR_ARGS(listed));
}

/* ---- days ------------------------------------------------------------------------------------ */

/* Which of the two forms a table has is the warehouse's to say. */
void gnp_check_day(gnp_check *c, gn_str text, gni_spot spot)
{
  int32_t day;
  if (!text.ptr || gni_day_parse(text, GN_STR("yyyy-MM-dd"), &day, NULL) == GN_OK ||
      gni_day_parse(text, GN_STR("yyyyMMdd"), &day, NULL) == GN_OK)
    return;
  gnp_error(c, "GD120", spot, GN_STR("write a day of the calendar as yyyy-MM-dd"),
            "%s '%.*s' is not a day", spot.field, GN_STR_ARGS(text));
}

/* ---- metadata -------------------------------------------------------------------------------- */

static void check_percent(gnp_check *c, const gni_metadata *metadata, const char *field, bool has,
                          double percent)
{
  if (!has || (percent >= 0 && percent <= 100)) return;
  gnp_error(c, "GD135", GNP_MEMBER(metadata, field), (gn_str){NULL, 0}, "%s is not from 0 to 100",
            field);
}

static void check_custom_json(gnp_check *c, const gni_metadata *metadata)
{
  const gni_json *json = NULL;
  gn_error err = {0};
  if (!metadata->custom_json.ptr) return;
  int rc = gni_json_parse(metadata->custom_json, GN_DEF_DEPTH_MAX, c->arena, &json, &err);
  if (rc == GN_OK && json->kind == GNI_JSON_OBJECT) return;
  gnp_error(c, "GD110", GNP_MEMBER(metadata, "customJson"), (gn_str){NULL, 0},
            "customJson is no JSON object%s%s", rc == GN_OK ? "" : ": ", err.message);
}

void gnp_check_metadata(gnp_check *c, const gni_metadata *metadata)
{
  int32_t day;
  gn_str ends = metadata->deprecation_date;
  if (ends.ptr && gni_day_parse(ends, GN_STR("yyyy-MM-dd"), &day, NULL) != GN_OK)
    gnp_error(c, "GD055", GNP_MEMBER(metadata, "deprecationDate"), GN_STR("write it as yyyy-MM-dd"),
              "deprecationDate '%.*s' is not a day", GN_STR_ARGS(ends));
  check_percent(c, metadata, "samplePercent", metadata->has_sample_percent,
                metadata->sample_percent);
  check_percent(c, metadata, "consistencySamplePercent", metadata->has_consistency_sample_percent,
                metadata->consistency_sample_percent);
  check_custom_json(c, metadata);
}

static void check_namespace(gnp_check *c, const gni_metadata *metadata)
{
  if (metadata->output_namespace.len) return;
  gnp_warn(c, "GD112", GNP_STRUCT(metadata),
           GN_STR("give the team a \"namespace\" in teams.json and compile again"),
           "'%.*s' has no outputNamespace; its tables go to namespace 'default'",
           GN_STR_ARGS(metadata->name));
}

/* ---- staging queries ------------------------------------------------------------------------- */

static bool is_name(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Cuts the next "{{ name" off; false when there is none. */
static bool next_macro(gn_str *rest, gn_str *name)
{
  while (rest->len >= 2) {
    bool opens = rest->ptr[0] == '{' && rest->ptr[1] == '{';
    size_t step = opens ? 2 : 1;
    *rest = (gn_str){rest->ptr + step, rest->len - step};
    if (!opens) continue;
    while (rest->len && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t' || rest->ptr[0] == '\n'))
      rest->ptr++, rest->len--;
    size_t len = 0;
    while (len < rest->len && is_name(rest->ptr[len])) len++;
    *name = (gn_str){rest->ptr, len};
    if (len) return true;
  }
  return false;
}

static void check_macro(gnp_check *c, const gni_staging_query *query, gn_str name)
{
  static const gn_str known[] = {
      {"start_date", 10}, {"end_date", 8}, {"latest_date", 11}, {"max_date", 8}};
  bool is_known = false, is_range = gni_str_is(name, "start_date") || gni_str_is(name, "end_date");
  for (size_t i = 0; i < 4; i++) is_known = is_known || gni_str_equal(name, known[i]);
  if (!is_known)
    gnp_error(
        c, "GD136", GNP_MEMBER(query, "query"),
        gni_str_format(c->arena, "macros are %.*s", GN_STR_ARGS(gnp_listed(c->arena, known, 4))),
        "the query has an unknown macro '%.*s'", GN_STR_ARGS(name));
  if (is_range && query->create_view)
    gnp_error(c, "GD057", GNP_MEMBER(query, "query"),
              GN_STR("a view holds all days; filter where it is read"),
              "the query makes a view, so it cannot use '%.*s'", GN_STR_ARGS(name));
}

void gnp_check_staging_query(gnp_check *c, const gni_staging_query *query)
{
  gn_str rest = query->query, name;
  gnp_check_day(c, query->start_partition, GNP_MEMBER(query, "startPartition"));
  if (!gni_str_trim(query->query).len)
    gnp_error(c, "GD106", GNP_STRUCT(query), (gn_str){NULL, 0}, "a StagingQuery needs a query");
  while (next_macro(&rest, &name)) check_macro(c, query, name);
}

/* ---- models ---------------------------------------------------------------------------------- */

static void check_schema(gnp_check *c, const gni_model *model, const char *field,
                         const gni_data_type *schema)
{
  const gni_type *type = NULL;
  gn_error err = {0};
  if (!schema) {
    gnp_error(c, "GD106", GNP_STRUCT(model), (gn_str){NULL, 0}, "a Model needs its %s", field);
    return;
  }
  if (gni_data_type_resolve(schema, c->arena, &type, &err) != GN_OK)
    gnp_error(c, "GD132", GNP_MEMBER(model, field), (gn_str){NULL, 0}, "%s is no type: %s", field,
              err.message);
  else if (type->kind != GNI_STRUCT)
    gnp_error(c, "GD132", GNP_MEMBER(model, field), (gn_str){NULL, 0}, "%s is no STRUCT", field);
}

void gnp_check_model(gnp_check *c, const gni_model *model)
{
  check_schema(c, model, "inputSchema", model->input_schema);
  check_schema(c, model, "outputSchema", model->output_schema);
}

/* ---- entries --------------------------------------------------------------------------------- */

int gni_def_check(const gni_def *def, gni_problems *problems)
{
  gnp_check c = {def, problems, problems->arena};
  gnp_check_metadata(&c, def->metadata);
  if (def->kind != GNI_DEF_MODEL) check_namespace(&c, def->metadata);
  if (def->group_by) gnp_check_group_by(&c, def->group_by);
  if (def->join) gnp_check_join(&c, def->join);
  if (def->staging_query) gnp_check_staging_query(&c, def->staging_query);
  if (def->model) gnp_check_model(&c, def->model);
  return problems->rc;
}

struct named_def {
  gn_str table;
  const gni_def *def;
};

static int compare_named(const void *left, const void *right)
{
  const struct named_def *a = left, *b = right;
  int order = gni_str_compare(a->table, b->table);
  return order ? order : gni_str_compare(a->def->file, b->def->file);
}

int gni_defs_check_names(const gni_def *const *defs, size_t count, gni_problems *problems)
{
  struct named_def *named = GN_TAKE(problems->arena, struct named_def, count);
  if (!named) return problems->rc = GN_E_NOMEM;
  for (size_t i = 0; i < count; i++) {
    named[i] = (struct named_def){gni_output_table(problems->arena, defs[i]->metadata), defs[i]};
    if (!named[i].table.ptr) return problems->rc = GN_E_NOMEM;
  }
  if (count) qsort(named, count, sizeof *named, compare_named);
  for (size_t i = 1; i < count; i++) {
    if (!gni_str_equal(named[i - 1].table, named[i].table)) continue;
    gnp_check c = {named[i].def, problems, problems->arena};
    gnp_error(&c, "GD129", GNP_MEMBER(named[i].def->metadata, "name"),
              GN_STR("rename one: every character but letters and digits becomes '_'"),
              "'%.*s' and '%.*s' of %.*s have one table, '%.*s'",
              GN_STR_ARGS(named[i].def->metadata->name),
              GN_STR_ARGS(named[i - 1].def->metadata->name), GN_STR_ARGS(named[i - 1].def->file),
              GN_STR_ARGS(named[i].table));
  }
  return problems->rc;
}
