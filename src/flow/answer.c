/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/answer.h"

#include "flow/fetcher.h"

int gni_answering_begin(gn_fetcher *fetcher, gni_answering *out, gn_error *err)
{
  gnp_look *look;
  int rc = gnp_look_begin(fetcher, &look, err);
  if (rc != GN_OK) return rc;
  const gni_group *group = look->serving->group;
  *out = (gni_answering){.fetcher = fetcher,
                         .look = look,
                         .keys = group->keys,
                         .features = group->features,
                         .derives = group->projections != NULL,
                         .batch_end_ms = look->serving->generation.batch_end_ms};
  return GN_OK;
}

void gni_answering_end(gni_answering *answering)
{
  gnp_look_end(answering->fetcher, answering->look);
}

void gni_answering_forget(gni_answering *answering)
{
  gni_arena_reset(&answering->look->arena);
}

/* A request whose key column is missing is a mistake of the caller; one that is null has no
 * record. */
static int read_key(const gni_field *field, const gni_json *cell, gn_arena *arena, gni_value *out,
                    gn_error *err)
{
  if (!cell)
    return gni_fail_as(err, "GO007", GN_E_ARG, "key '%.*s' is missing", GN_STR_ARGS(field->name));
  int rc = gni_json_to_value(cell, field->type, arena, out, err);
  if (rc != GN_OK) {
    gni_error_diagnostic(err, "GO009");
    gni_error_where(err, "key '%.*s'", GN_STR_ARGS(field->name));
  }
  return rc;
}

int gni_answer_cells(gni_answering *answering, const gni_json *const *cells, int64_t at_ms,
                     gni_answer *out, gn_error *err)
{
  gn_arena *arena = &answering->look->arena;
  const gni_type *keys = answering->keys;
  gni_value *key = GN_TAKE(arena, gni_value, keys->field_count);
  gni_value *values = GN_TAKE(arena, gni_value, answering->features->field_count);
  *out = (gni_answer){.values = values};
  if (!key || !values) return gni_fail_nomem(err, answering->features->field_count);
  for (size_t i = 0; i < keys->field_count; i++) {
    int rc = read_key(&keys->fields[i], cells[i], arena, &key[i], err);
    if (rc != GN_OK) return rc;
    out->null_key = out->null_key || key[i].is_null;
  }
  if (out->null_key && answering->no_null_keys) {
    out->found = GN_ABSENT;
    return GN_OK;
  }
  out->found = gnp_look_answer(answering->fetcher, answering->look, key, at_ms, values, err);
  return out->found == GN_ABSENT ? GN_OK : out->found;
}

/* Members that are no key may be there for another GroupBy; beside a missing key one is a slip. */
static int explain_missing(const gni_answering *answering, const gni_json *given, gn_str missing,
                           gn_error *err)
{
  size_t count = given->kind == GNI_JSON_OBJECT ? given->list.count : 0;
  const gni_json *names = count ? given->list.keys : NULL;
  for (size_t i = 0; i < count; i++) {
    if (gni_type_find(answering->keys, names[i].text) >= 0) continue;
    gni_fail_as(err, "GO008", GN_E_ARG, "there is no key '%.*s', and key '%.*s' is missing",
                GN_STR_ARGS(names[i].text), GN_STR_ARGS(missing));
    if (answering->keys->field_count == 1 || gni_nearest(names[i].text, &missing, 1).ptr)
      gni_error_hint(err, "did you mean '%.*s'?", GN_STR_ARGS(missing));
    return GN_E_ARG;
  }
  return GN_OK;
}

int gni_answer_object(gni_answering *answering, const gni_json *keys, int64_t at_ms,
                      gni_answer *out, gn_error *err)
{
  gn_arena *arena = &answering->look->arena;
  size_t count = answering->keys->field_count;
  const gni_json **cells = GN_TAKE(arena, const gni_json *, count);
  if (!cells) return gni_fail_nomem(err, count * sizeof *cells);
  for (size_t i = 0; i < count; i++) {
    gn_str name = gni_str_take(arena, answering->keys->fields[i].name);
    if (!name.ptr) return gni_fail_nomem(err, answering->keys->fields[i].name.len);
    cells[i] = gni_json_member(keys, name.ptr);
    int rc = cells[i] ? GN_OK : explain_missing(answering, keys, name, err);
    if (rc != GN_OK) return rc;
  }
  return gni_answer_cells(answering, cells, at_ms, out, err);
}
