/* Options: texts by name, and how they are read. SPDX-License-Identifier: Apache-2.0 */
#include "adbc/driver.h"

static void free_text(const gn_alloc *alloc, char *text)
{
  gni_free(alloc, text, text ? strlen(text) + 1 : 0);
}

void adbcp_options_deinit(adbcp_options *options)
{
  for (size_t i = 0; i < options->count; i++) {
    free_text(&options->alloc, options->items[i].key);
    free_text(&options->alloc, options->items[i].value);
  }
  gni_free(&options->alloc, options->items, options->room * sizeof *options->items);
  options->items = NULL;
  options->count = options->room = 0;
}

static adbcp_option *find(const adbcp_options *options, const char *key)
{
  for (size_t i = 0; i < options->count; i++)
    if (strcmp(options->items[i].key, key) == 0) return &options->items[i];
  return NULL;
}

const char *adbcp_options_get(const adbcp_options *options, const char *key)
{
  const adbcp_option *found = find(options, key);
  return found ? found->value : NULL;
}

static void forget(adbcp_options *options, adbcp_option *found)
{
  free_text(&options->alloc, found->key);
  free_text(&options->alloc, found->value);
  *found = options->items[--options->count];
}

static int add(adbcp_options *options, const char *key, char *value, sparkc_error *err)
{
  if (options->count == options->room) {
    size_t room = options->room ? 2 * options->room : 8;
    void *items = gni_resize(&options->alloc, options->items,
                             options->room * sizeof *options->items, room * sizeof *options->items);
    if (!items) return adbcp_nomem(err);
    options->items = items;
    options->room = room;
  }
  char *name = gni_strdup(&options->alloc, key, strlen(key));
  if (!name) return adbcp_nomem(err);
  options->items[options->count++] = (adbcp_option){name, value};
  return SPARKC_OK;
}

int adbcp_options_set(adbcp_options *options, const char *key, const char *value, sparkc_error *err)
{
  adbcp_option *found = find(options, key);
  if (!value) {
    if (found) forget(options, found);
    return SPARKC_OK;
  }
  char *copy = gni_strdup(&options->alloc, value, strlen(value));
  if (!copy) return adbcp_nomem(err);
  if (found) {
    free_text(&options->alloc, found->value);
    found->value = copy;
    return SPARKC_OK;
  }
  int rc = add(options, key, copy, err);
  if (rc != SPARKC_OK) free_text(&options->alloc, copy);
  return rc;
}

int adbcp_read_bool(const char *key, const char *value, bool *out, sparkc_error *err)
{
  *out = value && strcmp(value, ADBC_OPTION_VALUE_ENABLED) == 0;
  if (*out || (value && strcmp(value, ADBC_OPTION_VALUE_DISABLED) == 0)) return SPARKC_OK;
  return adbcp_say(err, SPARKC_E_PLAN, "option '%s' is 'true' or 'false', not '%.60s'", key,
                   value ? value : "NULL");
}

int adbcp_read_int(const char *key, const char *value, int64_t min, int64_t max, int64_t *out,
                   sparkc_error *err)
{
  if (gni_parse_int64(gni_str(value), out) == GN_OK && *out >= min && *out <= max) return SPARKC_OK;
  return adbcp_say(err, SPARKC_E_PLAN, "option '%s' is a number from %lld to %lld, not '%.60s'",
                   key, (long long)min, (long long)max, value ? value : "NULL");
}

AdbcStatusCode adbcp_text_out(const char *text, char *value, size_t *length)
{
  size_t needed = strlen(text) + 1;
  if (value && *length >= needed) memcpy(value, text, needed);
  *length = needed;
  return ADBC_STATUS_OK;
}

AdbcStatusCode adbcp_unknown_option(struct AdbcError *error, const char *key)
{
  return adbcp_fail(error, ADBC_STATUS_NOT_FOUND, "option '%.200s' is not set", key);
}
