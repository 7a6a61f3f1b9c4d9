/* Reading the command line with the table. SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const cli_command *cli_find_command(const char *name)
{
  for (size_t i = 0; i < cli_command_count; i++)
    if (strcmp(cli_commands[i].name, name) == 0) return &cli_commands[i];
  return NULL;
}

static bool has_word(const char *words, const char *word)
{
  size_t len = strlen(word);
  for (const char *at = words; (at = strstr(at, word)) != NULL; at += len)
    if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) return true;
  return false;
}

bool cli_command_takes(const cli_command *command, const char *option)
{
  return has_word(cli_global_options, option) || has_word(command->options, option);
}

static const cli_option *find_option(const char *name, size_t len, char letter)
{
  for (size_t i = 0; i < cli_option_count; i++) {
    const cli_option *option = &cli_options[i];
    bool same = letter ? option->letter == letter
                       : strlen(option->name) == len && strncmp(option->name, name, len) == 0;
    if (same) return option;
  }
  return NULL;
}

/* How many characters two names share at the front: enough for a hint. */
static size_t shared_prefix(const char *a, const char *b)
{
  size_t n = 0;
  while (a[n] && a[n] == b[n]) n++;
  return n;
}

static int unknown_option(const cli_command *command, const char *word)
{
  const char *name = word + strspn(word, "-"), *best = NULL;
  size_t most = 1;
  for (size_t i = 0; i < cli_option_count; i++) {
    size_t shared = shared_prefix(cli_options[i].name, name);
    if (!cli_command_takes(command, cli_options[i].name) || shared <= most) continue;
    most = shared;
    best = cli_options[i].name;
  }
  if (best)
    return cli_usage("'%s' does not take '%s'; did you mean '--%s'?", command->name, word, best);
  return cli_usage("'%s' does not take '%s'; see: gnomon %s --help", command->name, word,
                   command->name);
}

static int store_number(const cli_option *option, const char *text, void *member)
{
  char *end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (!*text || *end || errno)
    return cli_usage("--%s wants a whole number, not '%s'", option->name, text);
  *(int64_t *)member = value;
  return 0;
}

static int store_value(const cli_option *option, const char *text, cli_args *args)
{
  char *member = (char *)args + option->offset;
  switch (option->kind) {
  case CLI_FLAG:
    *(bool *)(void *)member = true;
    return 0;
  case CLI_TEXT:
    *(const char **)(void *)member = text;
    return 0;
  case CLI_NUMBER:
    return store_number(option, text, member);
  case CLI_LIST:
    break;
  }
  if (args->table_count == CLI_TABLES_MAX)
    return cli_usage("--%s is given more than %d times", option->name, CLI_TABLES_MAX);
  args->tables[args->table_count++] = text;
  return 0;
}

/* One word that begins with '-'; `*at` moves over its value. */
static int parse_option(const cli_command *command, int argc, char **argv, int *at, cli_args *args)
{
  const char *word = argv[*at], *equals = strchr(word, '='), *value = NULL;
  bool is_long = word[1] == '-';
  size_t len = equals && is_long ? (size_t)(equals - word - 2) : strlen(word) - (is_long ? 2 : 0);
  const cli_option *option = find_option(word + 2, is_long ? len : 0, is_long ? 0 : word[1]);
  if (!option || !cli_command_takes(command, option->name)) return unknown_option(command, word);
  if (option->kind == CLI_FLAG) {
    if ((is_long && equals) || (!is_long && word[2])) return cli_usage("'%s' takes no value", word);
    return store_value(option, NULL, args);
  }
  if (is_long && equals)
    value = equals + 1;
  else if (!is_long && word[2])
    value = word + 2;
  else if (*at + 1 < argc)
    value = argv[++*at];
  if (!value) return cli_usage("--%s wants a value: %s", option->name, option->placeholder);
  return store_value(option, value, args);
}

int cli_parse(const cli_command *command, int argc, char **argv, cli_args *args)
{
  bool only_words = false;
  for (int i = 0; i < argc; i++) {
    const char *word = argv[i];
    if (!only_words && strcmp(word, "--") == 0) {
      only_words = true;
    } else if (!only_words && word[0] == '-' && word[1]) {
      int rc = parse_option(command, argc, argv, &i, args);
      if (rc) return rc;
    } else {
      if (args->word_count == CLI_ARGUMENTS_MAX)
        return cli_usage("more than %d arguments", CLI_ARGUMENTS_MAX);
      args->words[args->word_count++] = word;
    }
  }
  if (args->help) return 0;
  bool wants_word = command->words && command->words[0] != '[';
  if (wants_word && !args->word_count)
    return cli_usage("'%s' wants %s; see: gnomon %s --help", command->name, command->words,
                     command->name);
  if (!command->words && args->word_count)
    return cli_usage("'%s' takes no arguments, not '%s'", command->name, args->words[0]);
  return 0;
}
