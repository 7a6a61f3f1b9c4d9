/* From keys and inputs to features: aggregations, then derivations. SPDX-License-Identifier:
 * Apache-2.0 */
#include "plan/plan_private.h"

#include <stdio.h>

static int no_memory(const gnp_binding *binding)
{
  return gni_fail(binding->err, GN_E_NOMEM, "out of memory while binding '%.*s'",
                  GN_STR_ARGS(binding->group->name));
}

/* Which page explains why an expression cannot be used. */
static void name_diagnostic(int rc, gn_error *err)
{
  static const struct {
    int code;
    const char *diagnostic;
  } pages[] = {{GN_E_PARSE, "GX001"},    {GN_E_UNSUPPORTED, "GX002"}, {GN_E_TYPE, "GX004"},
               {GN_E_NOTFOUND, "GT006"}, {GN_E_LIMIT, "GX002"},       {GN_E_INVALID, "GX004"}};
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
    if (pages[i].code == rc) gni_error_diagnostic(err, pages[i].diagnostic);
}

int gnp_bind_text(gn_str text, const gni_type *schema, const gni_type *as, gn_arena *arena,
                  const gni_bound **out, gn_error *err)
{
  static const gni_expr_options options = {.ansi = false};
  const gni_expr *expr;
  int rc = gni_expr_parse(text, arena, &expr, NULL, err);
  if (rc == GN_OK)
    rc = as ? gni_expr_bind_as(expr, schema, as, &options, arena, out, NULL, err)
            : gni_expr_bind(expr, schema, &options, arena, out, NULL, err);
  if (rc != GN_OK) {
    name_diagnostic(rc, err);
    gni_error_where(err, "`%.*s`", GN_STR_ARGS(text));
  }
  return rc;
}

/* ---- aggregations ---- */

static int bind_layout(gnp_binding *binding)
{
  gni_group *group = binding->group;
  gni_aggregation *aggregations;
  size_t count;
  int rc = gni_group_by_aggregations(group->def, binding->arena, &aggregations, &count);
  if (rc != GN_OK) return no_memory(binding);
  if (!group->def->aggregations.items) {
    group->values = group->inputs;
    return GN_OK;
  }
  rc = gni_layout_take(binding->arena, aggregations, count, group->inputs, &group->layout,
                       binding->err);
  if (rc == GN_OK) group->values = group->layout->output;
  if (rc == GN_E_TYPE || rc == GN_E_INVALID) gni_error_diagnostic(binding->err, "GT002");
  return rc;
}

/* ---- derivations ---- */

static bool is_renamed(const gni_group_by *def, gn_str column)
{
  for (size_t i = 0; i < def->derivations.count; i++)
    if (!gni_str_is(def->derivations.items[i].name, "*") &&
        gni_str_equal(gni_str_trim(def->derivations.items[i].expression), column))
      return true;
  return false;
}

static const gni_type *wide_type(gnp_binding *binding)
{
  const gni_group *group = binding->group;
  size_t keys = group->keys->field_count, values = group->values->field_count;
  gni_field *fields = GN_TAKE(binding->arena, gni_field, keys + values + 2);
  if (!fields) return NULL;
  memcpy(fields, group->keys->fields, keys * sizeof *fields);
  memcpy(fields + keys, group->values->fields, values * sizeof *fields);
  fields[keys + values] = (gni_field){GN_STR("ds"), &gni_type_string};
  fields[keys + values + 1] = (gni_field){GN_STR("ts"), &gni_type_long};
  return gni_type_struct(binding->arena, GN_STR(""), fields, keys + values + 2);
}

static int bind_derivation(gnp_binding *binding, const gni_derivation *derivation,
                           gni_projection *projections, size_t *count)
{
  const gni_group *group = binding->group;
  gni_projection *out = &projections[*count];
  gn_str text = gni_str_trim(derivation->expression), name;
  const gni_expr *expr;
  int rc = gni_expr_parse(text, binding->arena, &expr, NULL, binding->err);
  *out = (gni_projection){.name = derivation->name, .copy_of = -1};
  if (rc == GN_OK && gni_expr_is_identifier(expr, &name))
    out->copy_of = gni_type_find(group->wide, name);
  if (rc == GN_OK && out->copy_of < 0)
    rc = gnp_bind_text(text, group->wide, NULL, binding->arena, &out->bound, binding->err);
  if (rc != GN_OK) {
    name_diagnostic(rc, binding->err);
    gni_error_where(binding->err, "derivation '%.*s'", GN_STR_ARGS(derivation->name));
    return rc;
  }
  ++*count;
  return GN_OK;
}

/* `*`: every value that no derivation merely renames, at this place. */
static void expand_star(const gnp_binding *binding, gni_projection *projections, size_t *count)
{
  const gni_group *group = binding->group;
  for (size_t i = 0; i < group->values->field_count; i++) {
    gn_str name = group->values->fields[i].name;
    if (is_renamed(group->def, name)) continue;
    projections[(*count)++] =
        (gni_projection){.name = name, .copy_of = (int)(group->keys->field_count + i)};
  }
}

/* Columns of the same name appear once, as the last derivation says, at the first one's place. */
static size_t drop_repeated(gni_projection *projections, size_t count)
{
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    size_t same = 0;
    while (same < kept && !gni_str_equal(projections[same].name, projections[i].name)) same++;
    projections[same] = projections[i];
    if (same == kept) kept++;
  }
  return kept;
}

static int bind_derivations(gnp_binding *binding)
{
  gni_group *group = binding->group;
  const gni_group_by *def = group->def;
  size_t room = def->derivations.count * (group->values->field_count + 1), count = 0;
  gni_projection *projections = GN_TAKE(binding->arena, gni_projection, room);
  if (!projections) return no_memory(binding);
  for (size_t i = 0; i < def->derivations.count; i++) {
    int rc = GN_OK;
    if (gni_str_is(def->derivations.items[i].name, "*"))
      expand_star(binding, projections, &count);
    else
      rc = bind_derivation(binding, &def->derivations.items[i], projections, &count);
    if (rc != GN_OK) return rc;
  }
  group->projections = projections;
  group->projection_count = drop_repeated(projections, count);
  return GN_OK;
}

static int bind_features(gnp_binding *binding)
{
  gni_group *group = binding->group;
  if (!group->projections) {
    group->features = group->values;
    return GN_OK;
  }
  gni_field *fields = GN_TAKE(binding->arena, gni_field, group->projection_count);
  for (size_t i = 0; fields && i < group->projection_count; i++) {
    const gni_projection *projection = &group->projections[i];
    fields[i].name = projection->name;
    fields[i].type = projection->copy_of >= 0 ? group->wide->fields[projection->copy_of].type
                                              : gni_bound_type(projection->bound);
  }
  if (fields)
    group->features = gni_type_struct(binding->arena, GN_STR(""), fields, group->projection_count);
  return group->features ? GN_OK : no_memory(binding);
}

int gnp_bind_outputs(gnp_binding *binding)
{
  gni_group *group = binding->group;
  int rc = bind_layout(binding);
  if (rc != GN_OK) return rc;
  group->wide = wide_type(binding);
  if (!group->wide) return no_memory(binding);
  if (group->def->derivations.items) rc = bind_derivations(binding);
  return rc == GN_OK ? bind_features(binding) : rc;
}

/* ---- evaluation ---- */

int gni_group_derive(const gni_group *group, const gni_value *keys, const gni_value *values,
                     const gni_value *ds, const gni_value *ts, gn_arena *arena, gni_value *features,
                     gn_error *err)
{
  size_t key_count = group->keys->field_count, value_count = group->values->field_count;
  if (!group->projections) {
    memcpy(features, values, value_count * sizeof *values);
    return GN_OK;
  }
  gni_value *wide = GN_TAKE(arena, gni_value, group->wide->field_count);
  if (!wide) return gni_fail_nomem(err, group->wide->field_count * sizeof *wide);
  memcpy(wide, keys, key_count * sizeof *wide);
  memcpy(wide + key_count, values, value_count * sizeof *wide);
  wide[key_count + value_count] = *ds;
  wide[key_count + value_count + 1] = *ts;
  for (size_t i = 0; i < group->projection_count; i++) {
    const gni_projection *projection = &group->projections[i];
    int rc = GN_OK;
    if (projection->copy_of >= 0)
      features[i] = wide[projection->copy_of];
    else
      rc = gni_bound_eval(projection->bound, wide, arena, &features[i], err);
    if (rc != GN_OK) {
      gni_error_where(err, "derivation '%.*s'", GN_STR_ARGS(projection->name));
      return rc;
    }
  }
  return GN_OK;
}
