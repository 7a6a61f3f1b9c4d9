/* Completion: the scripts, and the words they ask for. SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the scripts: each hands the words to `gnomon __complete` ---- */

static const char bash_script[] =
    "_gnomon() {\n"
    "  local line\n"
    "  COMPREPLY=()\n"
    "  while IFS= read -r line; do COMPREPLY+=(\"$line\"); done < <(\n"
    "    \"${COMP_WORDS[0]}\" __complete \"$COMP_CWORD\" \"${COMP_WORDS[@]:1}\" 2>/dev/null)\n"
    "}\n"
    "complete -o default -F _gnomon gnomon\n";

static const char zsh_script[] =
    "#compdef gnomon\n"
    "_gnomon() {\n"
    "  local -a found\n"
    "  found=(${(f)\"$(\"${words[1]}\" __complete $((CURRENT - 1)) \"${(@)words[2,-1]}\" "
    "2>/dev/null)\"})\n"
    "  if (( $#found )); then compadd -- $found; else _files; fi\n"
    "}\n"
    "compdef _gnomon gnomon\n";

static const char fish_script[] =
    "function __gnomon_complete\n"
    "  set -l before (commandline -opc)\n"
    "  gnomon __complete (count $before) $before[2..-1] (commandline -ct) 2>/dev/null\n"
    "end\n"
    "complete -c gnomon -a '(__gnomon_complete)'\n";

int cli_print_completion(const char *shell)
{
  const char *const shells[] = {"bash", "zsh", "fish"};
  const char *const scripts[] = {bash_script, zsh_script, fish_script};
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(shell, shells[i]) != 0) continue;
    fputs(scripts[i], stdout);
    return 0;
  }
  return cli_usage("GC004", "it is one of: bash zsh fish", "'completion' does not take '%s'",
                   shell);
}

/* ---- the words ---- */

static void offer(const char *candidate, size_t len, const char *begun)
{
  if (len >= strlen(begun) && strncmp(candidate, begun, strlen(begun)) == 0)
    printf("%.*s\n", (int)len, candidate);
}

static void offer_words(const char *words, const char *begun)
{
  for (size_t len; *words; words += len + (words[len] == ' ')) {
    len = strcspn(words, " ");
    offer(words, len, begun);
  }
}

static void offer_commands(const char *begun)
{
  for (size_t i = 0; i < cli_command_count; i++)
    offer(cli_commands[i].name, strlen(cli_commands[i].name), begun);
  offer_words("help", begun);
}

static void offer_options(const cli_command *command, const char *begun)
{
  char name[64];
  for (size_t i = 0; i < cli_option_count; i++) {
    int len = snprintf(name, sizeof name, "--%s", cli_options[i].name);
    if (cli_command_takes(command, cli_options[i].name)) offer(name, (size_t)len, begun);
  }
}

/* The text member `name` of every line of our own JSON; no member that is offered has escapes. */
static void offer_members(const char *lines, const char *name, const char *begun)
{
  char wanted[32];
  size_t len = (size_t)snprintf(wanted, sizeof wanted, "\"%s\":\"", name);
  for (const char *at = lines; (at = strstr(at, wanted)) != NULL;) {
    at += len;
    offer(at, strcspn(at, "\""), begun);
  }
}

static void offer_names(gn_session *session, const char *begun)
{
  gn_text lines;
  if (gn_list(session, &lines, NULL) == GN_OK) offer_members(lines.ptr, "name", begun);
  gn_text_free(&lines);
}

/* "### GD001: …" of the whole register -> the codes. */
static void offer_codes(const char *begun)
{
  gn_text pages;
  if (gn_explain_code("all", &pages, NULL) != GN_OK) return;
  for (const char *at = pages.ptr; (at = strstr(at, "\n### ")) != NULL;) {
    at += strlen("\n### ");
    offer(at, strcspn(at, ":"), begun);
  }
  gn_text_free(&pages);
}

/* The partitions of a definition's sources, the newest first. */
static void offer_days(gn_session *session, const char *conf, const char *begun)
{
  enum { DAYS_MAX = 400 };
  gn_text text;
  if (!conf || gn_partitions(session, conf, DAYS_MAX, &text, NULL) != GN_OK) return;
  for (const char *line = text.ptr; *line;) {
    size_t len = strcspn(line, "\n");
    offer(line, len, begun);
    line += len + (line[len] == '\n');
  }
  gn_text_free(&text);
}

static void offer_value(gn_session *session, const cli_option *option, const cli_args *args,
                        const char *begun)
{
  if (option->choices) offer_words(option->choices, begun);
  if (option->placeholder && strcmp(option->placeholder, "DAY") == 0)
    offer_days(session, args->word_count ? args->words[0] : NULL, begun);
}

/* "ls|get [NAME]": what the first word may be. */
static void offer_alternatives(const char *words, const char *begun)
{
  const char *end = words + strcspn(words, " ");
  for (size_t len; words < end; words += len + (words[len] == '|')) {
    len = strcspn(words, "| ");
    offer(words, len, begun);
  }
}

static void offer_argument(gn_session *session, const cli_command *command, const cli_args *args,
                           const char *begun)
{
  const char *words = command->words ? command->words : "";
  if (words[0] >= 'a' && words[0] <= 'z' && args->word_count == 0) {
    offer_alternatives(words, begun);
    return;
  }
  if (strstr(words, "CONF") || strstr(words, "NAME")) offer_names(session, begun);
  if (strstr(words, "CODE")) offer_codes(begun);
  if (strstr(words, "KIND")) offer_words("group_by join staging_query model", begun);
  if (strstr(words, "SHELL")) offer_words("bash zsh fish", begun);
  if (strstr(words, "COMMAND")) offer_commands(begun);
}

/* The option whose value is asked for: "--ds 2023", and "--ds = 2023" as bash cuts "--ds=2023". */
static const cli_option *open_option(int at, char **words, const char **begun)
{
  int before = at - 1;
  if (strcmp(*begun, "=") == 0)
    *begun = "";
  else if (before > 0 && strcmp(words[before], "=") == 0)
    before--;
  if (before < 0 || words[before][0] != '-') return NULL;
  const char *name = words[before];
  const cli_option *option = NULL;
  if (name[1] == '-')
    option = cli_find_option(name + 2, strlen(name + 2));
  else
    for (size_t i = 0; i < cli_option_count && !option; i++)
      if (name[1] && cli_options[i].letter == name[1] && !name[2]) option = &cli_options[i];
  return option && option->kind != CLI_FLAG ? option : NULL;
}

/* What stands before is read as a command line is, as far as it can be. */
static void read_before(const cli_command *command, int count, char **words, cli_args *args)
{
  for (int i = 0; i < count; i++) {
    if (words[i][0] != '-') {
      if (args->word_count < CLI_ARGUMENTS_MAX) args->words[args->word_count++] = words[i];
      continue;
    }
    const char *begun = "";
    const cli_option *option = i + 1 < count ? open_option(i + 1, words, &begun) : NULL;
    if (!option || !cli_command_takes(command, option->name)) continue;
    i += 1 + (strcmp(words[i + 1], "=") == 0);
    if (i < count && option->kind == CLI_TEXT)
      memcpy((char *)args + option->offset, &words[i], sizeof words[i]);
  }
}

int cli_complete(int at, int count, char **words)
{
  static cli_args args;
  gn_session *session = NULL;
  int index = at - 1; /* of the word that is begun; the program's own name is not among ours */
  const char *begun = index >= 0 && index < count ? words[index] : "";
  if (index < 0 || index > count) return 0;
  if (index == 0 || (index == 1 && strcmp(words[0], "help") == 0)) {
    offer_commands(begun);
    return 0;
  }
  const cli_command *command = cli_find_command(words[0]);
  if (!command) return 0;
  const cli_option *option = open_option(index, words, &begun);
  if (!option && begun[0] == '-') {
    offer_options(command, begun);
    return 0;
  }
  read_before(command, index - 1, words + 1, &args);
  args.quiet = true;
  if (cli_open(&args, &session) != 0) return 0;
  if (option)
    offer_value(session, option, &args, begun);
  else
    offer_argument(session, command, &args, begun);
  gn_session_close(session);
  return 0;
}
