/* Names that others see: output columns, and the structs inside saved states.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

#include <stdio.h>

/* "amount_last3_7d_by_city": the K lists show k, the other operations do not. */
gn_str gni_output_name(gn_arena *arena, const gni_aggregation *aggregation, gni_window window,
                       gn_str bucket)
{
  gn_str k = GN_STR("");
  char operation[32], suffix[24] = "";
  const gnp_operation_entry *entry = &gnp_operations[aggregation->operation];
  bool shows_k = entry->k == GNP_K_REQUIRED;
  size_t len = strlen(entry->name) - (shows_k ? 2 : 0); /* without "_K" */
  for (size_t i = 0; i < len; i++)
    operation[i] = entry->name[i] == '_' ? '_' : (char)(entry->name[i] - 'A' + 'a');
  for (size_t i = 0; shows_k && i < aggregation->argument_count; i++)
    if (gni_str_is(aggregation->argument_names[i], "k")) k = aggregation->argument_values[i];
  if (window.length_ms != INT64_MAX && window.length > 0)
    snprintf(suffix, sizeof suffix, "_%d%c", (int)window.length, window.hours ? 'h' : 'd');
  return gni_str_format(arena, "%.*s_%.*s%.*s%s%s%.*s", GN_STR_ARGS(aggregation->input_column),
                        (int)len, operation, GN_STR_ARGS(k), suffix, bucket.len ? "_by_" : "",
                        GN_STR_ARGS(bucket));
}

static const char *const kind_names[] = {
    [GNI_BOOLEAN] = "bool",  [GNI_BYTE] = "byte",           [GNI_SHORT] = "short",
    [GNI_INT] = "int",       [GNI_LONG] = "long",           [GNI_FLOAT] = "float",
    [GNI_DOUBLE] = "double", [GNI_STRING] = "string",       [GNI_BINARY] = "binary",
    [GNI_DATE] = "date",     [GNI_TIMESTAMP] = "timestamp", [GNI_DECIMAL] = "decimal",
    [GNI_NULL] = "null",
};

gn_str gnp_type_name(gn_arena *arena, const gni_type *type)
{
  if (type->kind == GNI_STRUCT)
    return gni_str_format(arena, "struct_%.*s", GN_STR_ARGS(type->name));
  if (type->kind != GNI_LIST && type->kind != GNI_MAP) return gni_str(kind_names[type->kind]);
  gn_str first = gnp_type_name(arena, type->fields[0].type);
  if (!first.ptr) return first;
  if (type->kind == GNI_LIST) return gni_str_format(arena, "list_%.*s", GN_STR_ARGS(first));
  gn_str second = gnp_type_name(arena, type->fields[1].type);
  if (!second.ptr) return second;
  return gni_str_format(arena, "map_%.*s_%.*s", GN_STR_ARGS(first), GN_STR_ARGS(second));
}

const gni_type *gnp_time_pair_type(gn_arena *arena, const gni_type *payload)
{
  gn_str inner = gnp_type_name(arena, payload);
  if (!inner.ptr) return NULL;
  gn_str name = gni_str_format(arena, "TimePair_%.*s", GN_STR_ARGS(inner));
  if (!name.ptr) return NULL;
  gni_field fields[] = {{GN_STR("epochMillis"), &gni_type_long}, {GN_STR("payload"), payload}};
  return gni_type_struct(arena, name, fields, 2);
}
