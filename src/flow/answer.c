/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/answer.h"

#include "flow/fetcher.h"
#include "flow/key.h"

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

static int take_answer(gni_answering *answering, gni_value **key, gni_answer *out, gn_error *err)
{
  gn_arena *arena = &answering->look->arena;
  *key = GN_TAKE(arena, gni_value, answering->keys->field_count);
  gni_value *values = GN_TAKE(arena, gni_value, answering->features->field_count);
  *out = (gni_answer){.values = values};
  return *key && values ? GN_OK : gni_fail_nomem(err, answering->features->field_count);
}

/* A key that is null in part has no record. */
static int answer_key(gni_answering *answering, const gni_value *key, int64_t at_ms,
                      gni_answer *out, gn_error *err)
{
  for (size_t i = 0; i < answering->keys->field_count; i++)
    out->null_key = out->null_key || key[i].is_null;
  if (out->null_key && answering->no_null_keys) {
    out->found = GN_ABSENT;
    return GN_OK;
  }
  out->found = gnp_look_answer(answering->fetcher, answering->look, key, at_ms, out->values, err);
  return out->found == GN_ABSENT ? GN_OK : out->found;
}

int gni_answer_cells(gni_answering *answering, const gni_json *const *cells, int64_t at_ms,
                     gni_answer *out, gn_error *err)
{
  const gni_type *keys = answering->keys;
  gni_value *key;
  int rc = take_answer(answering, &key, out, err);
  for (size_t i = 0; i < keys->field_count && rc == GN_OK; i++)
    rc = gnp_key_read_part(&keys->fields[i], cells[i], &answering->look->arena, &key[i], err);
  return rc == GN_OK ? answer_key(answering, key, at_ms, out, err) : rc;
}

int gni_answer_object(gni_answering *answering, const gni_json *keys, int64_t at_ms,
                      gni_answer *out, gn_error *err)
{
  gni_value *key;
  int rc = take_answer(answering, &key, out, err);
  if (rc == GN_OK) rc = gnp_key_read(answering->keys, keys, &answering->look->arena, key, err);
  return rc == GN_OK ? answer_key(answering, key, at_ms, out, err) : rc;
}
