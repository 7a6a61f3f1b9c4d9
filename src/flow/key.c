/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/key.h"

int gnp_key_read_part(const gni_field *key, const gni_json *cell, gn_arena *arena, gni_value *out,
                      gn_error *err)
{
  if (!cell)
    return gni_fail_as(err, "GO007", GN_E_ARG, "key '%.*s' is missing", GN_STR_ARGS(key->name));
  int rc = gni_json_to_value(cell, key->type, arena, out, err);
  if (rc != GN_OK) {
    gni_error_diagnostic(err, "GO009");
    gni_error_where(err, "key '%.*s'", GN_STR_ARGS(key->name));
  }
  return rc;
}

/* Members that are no key may be there for another GroupBy; beside a missing key one is a slip. */
static int explain_missing(const gni_type *keys, const gni_json *given, gn_str missing,
                           gn_error *err)
{
  size_t count = given->kind == GNI_JSON_OBJECT ? given->list.count : 0;
  const gni_json *names = count ? given->list.keys : NULL;
  for (size_t i = 0; i < count; i++) {
    if (gni_type_find(keys, names[i].text) >= 0) continue;
    gni_fail_as(err, "GO008", GN_E_ARG, "there is no key '%.*s', and key '%.*s' is missing",
                GN_STR_ARGS(names[i].text), GN_STR_ARGS(missing));
    if (keys->field_count == 1 || gni_nearest(names[i].text, &missing, 1).ptr)
      gni_error_hint(err, "did you mean '%.*s'?", GN_STR_ARGS(missing));
    return GN_E_ARG;
  }
  return GN_OK;
}

int gnp_key_read(const gni_type *keys, const gni_json *given, gn_arena *arena, gni_value *out,
                 gn_error *err)
{
  for (size_t i = 0; i < keys->field_count; i++) {
    const gni_field *key = &keys->fields[i];
    gn_str name = gni_str_take(arena, key->name); /* terminated */
    if (!name.ptr) return gni_fail_nomem(err, key->name.len);
    const gni_json *cell = gni_json_member(given, name.ptr);
    int rc = cell ? GN_OK : explain_missing(keys, given, name, err);
    if (rc == GN_OK) rc = gnp_key_read_part(key, cell, arena, &out[i], err);
    if (rc != GN_OK) return rc;
  }
  return GN_OK;
}
