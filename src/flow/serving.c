/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/serving.h"

bool gnp_is_mutated(const gni_group *group)
{
  return group->entities && group->temporal && group->layout;
}

/* A change's record: the row, then its own time and whether it is the image before. */
static const gni_type *mutation_type(const gni_group *group, gn_arena *arena)
{
  size_t count = group->inputs->field_count;
  gni_field *fields = GN_TAKE(arena, gni_field, count + 2);
  gn_str name = gni_str_format(arena, "%.*s_MUTATION_COLS", GN_STR_ARGS(group->clean_name));
  if (!fields || !name.ptr) return NULL;
  memcpy(fields, group->inputs->fields, count * sizeof *fields);
  fields[count] = (gni_field){GN_STR("ts"), &gni_type_long};
  fields[count + 1] = (gni_field){GN_STR("is_before"), &gni_type_boolean};
  return gni_type_struct(arena, name, fields, count + 2);
}

/* Tiles of another definition, or other inputs, do not count. */
static int digest_of(const gni_group *group, const gni_avro_schema *selected, const gn_alloc *alloc,
                     uint64_t *out, gn_error *err)
{
  gn_buf text;
  gni_buf_init(&text, alloc, GN_DEF_FILE_BYTES_MAX);
  int rc = gni_avro_schema_to_json(selected, false, &text);
  if (rc == GN_OK) rc = gni_node_write_compact(&group->def->node, &text);
  *out = gni_xxh64(text.ptr, text.len, 0);
  gni_buf_deinit(&text);
  return rc == GN_OK ? GN_OK : gni_fail_nomem(err, 1);
}

static int take_tile(const gni_group *group, gn_arena *arena, gnp_records *out, gn_error *err)
{
  out->tile = NULL;
  out->digest = 0;
  if (!group->temporal || !group->layout || group->entities) return GN_OK;
  gn_str name = gni_str_format(arena, "%.*s_TILE_IR", GN_STR_ARGS(group->clean_name));
  const gni_type *tile = name.ptr ? gni_tile_type(group->layout, name, arena) : NULL;
  if (!tile) return gni_fail_nomem(err, 1);
  int rc = gni_avro_schema_from_type(tile, arena, &out->tile, err);
  return rc == GN_OK ? digest_of(group, out->selected, arena->alloc, &out->digest, err) : rc;
}

int gnp_records_take(const gni_group *group, gn_arena *arena, gnp_records *out, gn_error *err)
{
  const gni_type *key =
      gni_type_struct(arena, GN_STR("Key"), group->keys->fields, group->keys->field_count);
  const gni_type *selected =
      gni_type_struct(arena, GN_STR("Value"), group->inputs->fields, group->inputs->field_count);
  gn_str output_name = gni_str_format(arena, "%.*s_OUTPUT", GN_STR_ARGS(group->clean_name));
  gn_str state_name = gni_str_format(arena, "%.*s_IR", GN_STR_ARGS(group->clean_name));
  if (!key || !selected || !output_name.ptr || !state_name.ptr) return gni_fail_nomem(err, 1);
  const gni_type *value = selected;
  if (group->layout && group->temporal)
    value = gni_batch_type(group->layout, state_name, arena);
  else if (group->layout)
    value = gni_type_struct(arena, output_name, group->values->fields, group->values->field_count);
  const gni_type *live = gnp_is_mutated(group) ? mutation_type(group, arena) : selected;
  if (!value || !live) return gni_fail_nomem(err, 1);
  int rc = gni_avro_schema_from_type(key, arena, &out->key, err);
  if (rc == GN_OK) rc = gni_avro_schema_from_type(selected, arena, &out->selected, err);
  if (rc == GN_OK) rc = gni_avro_schema_from_type(live, arena, &out->live, err);
  if (rc == GN_OK) rc = gni_avro_schema_from_type(value, arena, &out->value, err);
  if (rc == GN_OK) rc = take_tile(group, arena, out, err);
  if (rc != GN_OK) gni_error_where(err, "%.*s", GN_STR_ARGS(group->name));
  return rc;
}

gn_str gnp_dataset_of(gn_arena *arena, const char *name, const char *suffix)
{
  gn_str text = gni_str(name);
  const char *kind = strstr(name, "group_bys/");
  if (kind) text = gni_str(kind + strlen("group_bys/"));
  gn_str dataset = gni_str_format(arena, "%.*s%s", GN_STR_ARGS(text), suffix);
  for (size_t i = 0; dataset.ptr && i < dataset.len; i++) {
    char *c = (char *)(uintptr_t)&dataset.ptr[i];
    bool letter = (*c | 0x20) >= 'a' && (*c | 0x20) <= 'z';
    bool digit = *c >= '0' && *c <= '9';
    if (letter)
      *c = (char)(*c & ~0x20);
    else if (!digit)
      *c = '_';
  }
  return dataset;
}

static int bind(gnp_serving *serving, gn_error *err)
{
  const gni_serving_info *info = serving->info;
  const gni_avro_schema *key, *selected;
  int rc = gni_avro_schema_parse(info->key_avro_schema, &serving->arena, &key, err);
  if (rc == GN_OK)
    rc = gni_avro_schema_parse(info->selected_avro_schema, &serving->arena, &selected, err);
  if (rc == GN_OK)
    rc =
        gni_group_bind_types(info->group_by, gni_avro_schema_type(key),
                             gni_avro_schema_type(selected), &serving->arena, &serving->group, err);
  if (rc == GN_OK) rc = gnp_records_take(serving->group, &serving->arena, &serving->records, err);
  return rc;
}

static int not_uploaded(gn_str dataset, const char *name, gn_error *err)
{
  gni_fail_as(err, "GO006", GN_E_NOTFOUND, "'%s' is not in the store (dataset %.*s)", name,
              GN_STR_ARGS(dataset));
  gni_error_hint(err, "upload it first: gnomon upload %s --ds DAY", name);
  return GN_E_NOTFOUND;
}

int gnp_serving_read(gn_session *session, gni_store_reader *reader, gn_str dataset,
                     const char *name, gnp_serving **out, gn_error *err)
{
  gni_generation_info generation;
  gn_str text;
  *out = NULL;
  int rc = gni_store_generation(reader, dataset, &generation, err);
  if (rc == GN_OK) rc = gni_store_get(reader, dataset, GN_STR(GNP_SERVING_KEY), &text, err);
  if (rc == GN_ABSENT) return not_uploaded(dataset, name, err);
  if (rc != GN_OK) return rc;
  gnp_serving *serving = gni_alloc_zero(session->alloc, sizeof *serving);
  if (!serving) return gni_fail_nomem(err, sizeof *serving);
  serving->alloc = session->alloc;
  serving->references = 1;
  serving->generation = generation;
  gni_arena_init(&serving->arena, session->alloc, GN_DEF_ARENA_BYTES_MAX);
  rc = gni_serving_info_read(text, &serving->arena, &serving->info, err);
  if (rc == GN_OK) rc = bind(serving, err);
  if (rc != GN_OK) {
    gni_error_where(err, "serving info of %.*s", GN_STR_ARGS(dataset));
    gnp_serving_unref(serving);
    return rc;
  }
  *out = serving;
  return GN_OK;
}

gnp_serving *gnp_serving_ref(gnp_serving *serving)
{
  serving->references++;
  return serving;
}

void gnp_serving_unref(gnp_serving *serving)
{
  if (!serving || --serving->references > 0) return;
  gni_arena_deinit(&serving->arena);
  gni_free(serving->alloc, serving, sizeof *serving);
}
