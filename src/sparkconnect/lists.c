/* Lists of values for one message. SPDX-License-Identifier: Apache-2.0 */
#include "sparkconnect/lists.h"

void sparkp_lists_begin(sparkp_lists *lists, const sparkc_session *session)
{
  gni_arena_init(&lists->arena, &session->alloc, SPARKP_REQUEST_ARENA_BYTES);
  lists->whole = true;
}

void sparkp_lists_end(sparkp_lists *lists)
{
  gni_arena_deinit(&lists->arena);
}

sparkc_value *sparkp_list_room(sparkp_lists *lists, size_t count)
{
  sparkc_value *values = GN_TAKE(&lists->arena, sparkc_value, count);
  if (!values) lists->whole = false;
  return values;
}

sparkc_value sparkp_list_columns(sparkp_lists *lists, sparkc_column *const *columns, size_t count)
{
  sparkc_value *values = sparkp_list_room(lists, count);
  for (size_t i = 0; values && i < count; i++) values[i] = (sparkc_value)SPARKC_COLUMN(columns[i]);
  return (sparkc_value)SPARKC_LIST(values, count);
}

sparkc_value sparkp_list_texts(sparkp_lists *lists, const char *const *texts, size_t count)
{
  sparkc_value *values = sparkp_list_room(lists, count);
  for (size_t i = 0; values && i < count; i++) values[i] = (sparkc_value)SPARKC_TEXT(texts[i]);
  return (sparkc_value)SPARKC_LIST(values, count);
}

sparkc_value sparkp_map_options(sparkp_lists *lists, const sparkc_option *options, size_t count)
{
  sparkc_field *fields = GN_TAKE(&lists->arena, sparkc_field, count);
  lists->whole &= fields != NULL;
  for (size_t i = 0; fields && i < count; i++)
    fields[i] = (sparkc_field){options[i].name, SPARKC_TEXT(options[i].value)};
  return (sparkc_value)SPARKC_MESSAGE(fields, count);
}

void sparkp_columns_free(sparkc_column *const *columns, size_t count)
{
  for (size_t i = 0; i < count; i++) sparkc_column_free(columns[i]);
}
