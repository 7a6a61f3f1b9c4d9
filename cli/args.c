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

bool cli_has_word(const char *words, const char *word)
{
  size_t len = strlen(word);
  for (const char *at = words; len && (at = strstr(at, word)) != NULL; at += len)
    if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) return true;
  return false;
}

bool cli_command_takes(const cli_command *command, const char *option)
{
  return cli_has_word(cli_global_options, option) || cli_has_word(command->options, option);
}

const cli_option *cli_find_option(const char *name, size_t len)
{
  for (size_t i = 0; i < cli_option_count; i++)
    if (strlen(cli_options[i].name) == len && strncmp(cli_options[i].name, name, len) == 0)
      return &cli_options[i];
  return NULL;
}

static const cli_option *find_letter(char letter)
{
  for (size_t i = 0; i < cli_option_count; i++)
    if (cli_options[i].letter == letter) return &cli_options[i];
  return NULL;
}

/* ---- did you mean ---- */

enum { NAME_MAX_BYTES = 40 };

/* Letters to insert, remove, change or exchange with the next one. */
static size_t edit_distance(const char *a, const char *b)
{
  size_t rows[3][NAME_MAX_BYTES + 1], len = strlen(b);
  for (size_t k = 0; k <= len; k++) rows[0][k] = k;
  for (size_t i = 1; a[i - 1]; i++) {
    size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t k = 1; k <= len; k++) {
      size_t best = above[k - 1] + (a[i - 1] != b[k - 1]);
      if (above[k] + 1 < best) best = above[k] + 1;
      if (row[k - 1] + 1 < best) best = row[k - 1] + 1;
      bool exchanged = i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1];
      if (exchanged && two_above[k - 2] + 1 < best) best = two_above[k - 2] + 1;
      row[k] = best;
    }
  }
  return rows[strlen(a) % 3][len];
}

const char *cli_nearest(const char *wrong, const char *const *names, size_t count)
{
  const char *best = NULL;
  size_t len = strlen(wrong), least = len / 3 + 1;
  if (len < 2 || len > NAME_MAX_BYTES) return NULL;
  for (size_t i = 0; i < count; i++) {
    size_t distance = strncmp(names[i], wrong, len) == 0 ? 1 : edit_distance(wrong, names[i]);
    if (distance > least || (best && distance == least)) continue;
    least = distance;
    best = names[i];
  }
  return best;
}

int cli_unknown_command(const char *word)
{
  const char *names[64];
  char hint[80] = "see: gnomon --help";
  size_t count = 0;
  for (; count < cli_command_count && count < 64; count++) names[count] = cli_commands[count].name;
  const char *near = cli_nearest(word, names, count);
  if (near) snprintf(hint, sizeof hint, "did you mean '%s'?", near);
  return cli_usage("GC001", hint, "no command is called '%s'", word);
}

static int unknown_option(const cli_command *command, const char *word)
{
  const char *names[64], *name = word + strspn(word, "-");
  char hint[80], own[NAME_MAX_BYTES + 1];
  size_t count = 0;
  for (size_t i = 0; i < cli_option_count && count < 64; i++)
    if (cli_command_takes(command, cli_options[i].name)) names[count++] = cli_options[i].name;
  snprintf(own, sizeof own, "%.*s", (int)strcspn(name, "="), name);
  const char *near = cli_nearest(own, names, count);
  if (near)
    snprintf(hint, sizeof hint, "did you mean '--%s'?", near);
  else
    snprintf(hint, sizeof hint, "see: gnomon %s --help", command->name);
  return cli_usage("GC002", hint, "'%s' does not take '%.*s'", command->name,
                   (int)strcspn(word, "="), word);
}

/* ---- values ---- */

static int store_number(const cli_option *option, const char *text, void *member)
{
  char *end, range[80];
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (!*text || *end || errno)
    return cli_usage("GC004", NULL, "--%s wants a whole number, not '%s'", option->name, text);
  if (value < option->least || value > option->most) {
    snprintf(range, sizeof range, "from %lld to %lld", (long long)option->least,
             (long long)option->most);
    return cli_usage("GC004", NULL, "--%s is a number %s, not '%s'", option->name, range, text);
  }
  *(int64_t *)member = value;
  return 0;
}

static int store_text(const cli_option *option, const char *text, const char **member)
{
  char hint[120];
  snprintf(hint, sizeof hint, "it is one of: %s", option->choices ? option->choices : "");
  if (option->choices && !cli_has_word(option->choices, text))
    return cli_usage("GC004", hint, "--%s does not take '%s'", option->name, text);
  *member = text;
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
    return store_text(option, text, (const char **)(void *)member);
  case CLI_NUMBER:
    return store_number(option, text, member);
  case CLI_LIST:
    break;
  }
  if (args->table_count == CLI_TABLES_MAX)
    return cli_usage("GC005", NULL, "--%s is given more than %d times", option->name,
                     CLI_TABLES_MAX);
  args->tables[args->table_count++] = text;
  return 0;
}

/* One word that begins with '-'; `*at` moves over its value. */
static int parse_option(const cli_command *command, int argc, char **argv, int *at, cli_args *args)
{
  const char *word = argv[*at], *equals = strchr(word, '='), *value = NULL;
  bool is_long = word[1] == '-';
  size_t len = equals && is_long ? (size_t)(equals - word - 2) : strlen(word) - (is_long ? 2 : 0);
  const cli_option *option = is_long ? cli_find_option(word + 2, len) : find_letter(word[1]);
  if (!option || !cli_command_takes(command, option->name)) return unknown_option(command, word);
  if (option->kind == CLI_FLAG) {
    if ((is_long && equals) || (!is_long && word[2]))
      return cli_usage("GC005", NULL, "--%s takes no value", option->name);
    return store_value(option, NULL, args);
  }
  if (is_long && equals)
    value = equals + 1;
  else if (!is_long && word[2])
    value = word + 2;
  else if (*at + 1 < argc)
    value = argv[++*at];
  if (!value)
    return cli_usage("GC003", NULL, "--%s wants a value: %s", option->name, option->placeholder);
  return store_value(option, value, args);
}

static int check_words(const cli_command *command, const cli_args *args)
{
  char hint[80];
  const char *words = command->words ? command->words : "";
  size_t least = 0, most = 0;
  for (const char *word = words; *word; word += strcspn(word, " "), word += *word == ' ') {
    least += *word != '[';
    most++;
  }
  if (strstr(words, "...")) most = CLI_ARGUMENTS_MAX;
  snprintf(hint, sizeof hint, "see: gnomon %s --help", command->name);
  if (args->word_count < least)
    return cli_usage("GC003", hint, "'%s' wants %s", command->name, words);
  if (most == 0 && args->word_count)
    return cli_usage("GC005", hint, "'%s' takes no arguments, not '%s'", command->name,
                     args->words[0]);
  if (args->word_count > most)
    return cli_usage("GC005", hint, "'%s' takes %s; '%s' is one too many", command->name, words,
                     args->words[most]);
  return 0;
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
        return cli_usage("GC005", NULL, "there are more than %d arguments", CLI_ARGUMENTS_MAX);
      args->words[args->word_count++] = word;
    }
  }
  return args->help ? 0 : check_words(command, args);
}
