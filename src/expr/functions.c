/* The table of functions: all families in one list. SPDX-License-Identifier: Apache-2.0 */
#include "expr/bound.h"

static const gnp_family *const families[] = {
    &gnp_family_arithmetic,  &gnp_family_comparison,    &gnp_family_conditional,
    &gnp_family_cast,        &gnp_family_math,          &gnp_family_rounding,
    &gnp_family_bitwise,     &gnp_family_hash,          &gnp_family_string,
    &gnp_family_substring,   &gnp_family_encoding,      &gnp_family_format,
    &gnp_family_regex,       &gnp_family_datetime,      &gnp_family_date_parts,
    &gnp_family_struct,      &gnp_family_array,         &gnp_family_array_set,
    &gnp_family_lambda,      &gnp_family_map,           &gnp_family_date_units,
    &gnp_family_string_case, &gnp_family_string_change, &gnp_family_json_path,
    &gnp_family_json_from,   &gnp_family_json_to,       &gnp_family_url,
    &gnp_family_text_bytes,
};
#define FAMILY_COUNT (sizeof families / sizeof *families)

const gnp_function *gnp_function_find(gn_str name)
{
  for (size_t f = 0; f < FAMILY_COUNT; f++) {
    for (size_t i = 0; i < families[f]->count; i++) {
      const gnp_function *found = &families[f]->functions[i];
      if (!gni_str_is(name, found->name)) continue;
      return found->same_as ? gnp_function_find(gni_str(found->same_as)) : found;
    }
  }
  return NULL;
}

size_t gni_expr_function_count(void)
{
  size_t count = 0;
  for (size_t f = 0; f < FAMILY_COUNT; f++)
    for (size_t i = 0; i < families[f]->count; i++)
      count += !(families[f]->functions[i].flags & GNP_HIDDEN);
  return count;
}

gni_expr_function_info gni_expr_function_at(size_t index)
{
  for (size_t f = 0; f < FAMILY_COUNT; f++) {
    for (size_t i = 0; i < families[f]->count; i++) {
      const gnp_function *function = &families[f]->functions[i];
      if (function->flags & GNP_HIDDEN || index-- > 0) continue;
      const char *name = function->name;
      if (function->same_as) function = gnp_function_find(gni_str(function->same_as));
      return (gni_expr_function_info){.name = name,
                                      .family = families[f]->name,
                                      .takes = function->takes,
                                      .gives = function->gives,
                                      .native = function->sql || function->emit};
    }
  }
  return (gni_expr_function_info){0};
}
