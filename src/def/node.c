/* A struct seen through its table: what is there, and where it stood in the file.
 * SPDX-License-Identifier: Apache-2.0 */
#include "def/def_private.h"

bool gnp_is_present(const gni_node *node, const gni_member *member)
{
  switch (member->kind) {
  case GNI_MEMBER_BOOLEAN:
  case GNI_MEMBER_INTEGER:
  case GNI_MEMBER_DOUBLE:
  case GNI_MEMBER_ENUM:
    return *(const bool *)gnp_at(node, member->has_offset);
  default:
    break;
  }
  /* Texts, lists, maps and structs begin with a pointer that is NULL when they are absent. */
  const void *first;
  memcpy(&first, gnp_at(node, member->offset), sizeof first);
  return first != NULL;
}

const gni_node *gnp_struct_of(const gni_node *node, const gni_member *member)
{
  const void *inner;
  memcpy(&inner, gnp_at(node, member->offset), sizeof inner);
  return inner;
}

gnp_list gnp_list_of(const gni_node *node, const gni_member *member)
{
  gnp_list list;
  memcpy(&list, gnp_at(node, member->offset), sizeof list);
  return list;
}

const gni_node *gnp_element_of(const gni_node *node, const gni_member *member, size_t index)
{
  gnp_list list = gnp_list_of(node, member);
  if (index >= list.count) return NULL;
  return (const gni_node *)(const void *)((const char *)list.items +
                                          index * member->structure->size);
}

gn_str gni_map_get(const gni_map *map, const char *key)
{
  for (size_t i = 0; i < map->count; i++)
    if (gni_str_is(map->keys[i], key)) return map->values[i];
  return (gn_str){NULL, 0};
}

static gni_place place_of_json(const gni_json *json)
{
  return json ? (gni_place){json->line, json->column} : (gni_place){0, 0};
}

gni_place gni_place_of(const gni_node *node, const char *field)
{
  const gni_json *member = field ? gni_json_member(node->json, field) : NULL;
  return place_of_json(member ? member : node->json);
}

gni_place gni_place_at(const gni_node *node, const char *field, size_t index)
{
  const gni_json *member = gni_json_member(node->json, field);
  bool nested = member && (member->kind == GNI_JSON_LIST || member->kind == GNI_JSON_OBJECT);
  if (nested && index < member->list.count) return place_of_json(&member->list.items[index]);
  return place_of_json(member ? member : node->json);
}

gni_place gni_place_of_entry(const gni_node *node, const char *field, gn_str key)
{
  const gni_json *member = gni_json_member(node->json, field);
  bool is_object = member && member->kind == GNI_JSON_OBJECT;
  for (size_t i = is_object ? member->list.count : 0; i > 0; i--)
    if (gni_str_equal(member->list.keys[i - 1].text, key))
      return place_of_json(&member->list.items[i - 1]);
  return place_of_json(member ? member : node->json);
}

gni_place gnp_place_of_spot(const gni_spot *spot)
{
  if (!spot->node) return (gni_place){0, 0};
  if (spot->key.ptr) return gni_place_of_entry(spot->node, spot->field, spot->key);
  if (spot->element) return gni_place_at(spot->node, spot->field, spot->element - 1);
  return gni_place_of(spot->node, spot->field);
}

void gnp_report(const gnp_source *source, gni_problems *problems, const gnp_finding *finding)
{
  gni_place place = finding->place;
  bool is_kept = problems->count < GN_PROBLEMS_MAX; /* else it is counted, and needs no line */
  gn_str line = {NULL, 0};
  if (place.line && is_kept) line = gni_text_line(source->text, place.line);
  gni_problem problem = {.code = finding->code,
                         .severity = finding->severity,
                         .file = source->file,
                         .line = place.line,
                         .column = place.column,
                         .message = finding->message,
                         .label = finding->label,
                         .hint = finding->hint,
                         .source = line};
  uint32_t width = finding->width ? finding->width : gni_token_width(line, place.column);
  if (place.line) problem.end_column = place.column + width;
  gni_problems_add(problems, &problem);
}

void gni_def_report(const gni_def *def, gni_problems *problems, const gni_def_problem *problem)
{
  gnp_source source = {def->file, def->text};
  gnp_finding finding = {.code = problem->code,
                         .severity = problem->severity,
                         .message = problem->message,
                         .label = problem->label,
                         .hint = problem->hint};
  finding.place = gnp_place_of_spot(&problem->spot);
  gnp_report(&source, problems, &finding);
}
