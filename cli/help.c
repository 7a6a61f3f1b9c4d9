/* Help, manual page and completion, all from the table. SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static void print_option(const cli_option *option)
{
  char left[64];
  snprintf(left, sizeof left, "%c%c%s--%s%s%s", option->letter ? '-' : ' ',
           option->letter ? option->letter : ' ', option->letter ? ", " : "  ", option->name,
           option->placeholder ? " " : "", option->placeholder ? option->placeholder : "");
  printf("  %-28s %s\n", left, option->help);
}

static void print_options(const cli_command *command, bool global)
{
  static const cli_command none = {.options = ""};
  for (size_t i = 0; i < cli_option_count; i++) {
    bool is_global = cli_command_takes(&none, cli_options[i].name);
    bool taken = global ? is_global : !is_global && cli_command_takes(command, cli_options[i].name);
    if (taken) print_option(&cli_options[i]);
  }
}

/* Every line of a text with two spaces in front. */
static void print_indented(const char *text)
{
  while (*text) {
    size_t len = strcspn(text, "\n");
    printf("  %.*s\n", (int)len, text);
    text += len + (text[len] == '\n');
  }
}

static void print_program_help(void)
{
  printf("gnomon: the feature store you can link\n\n"
         "Usage: gnomon COMMAND [OPTIONS] [ARGUMENTS]\n\n"
         "  gnomon init features && cd features && gnomon compile\n"
         "  gnomon backfill TEAM.FILE.VARIABLE --ds 2023-12-01\n"
         "  gnomon upload   TEAM.FILE.VARIABLE --ds 2023-12-01\n"
         "  gnomon fetch    TEAM/FILE.VARIABLE -k '{\"user_id\": \"user_1\"}'\n\nCommands:\n");
  for (size_t i = 0; i < cli_command_count; i++)
    printf("  %-16s %s\n", cli_commands[i].name, cli_commands[i].summary);
  printf("\nEverywhere:\n");
  print_options(NULL, true);
  printf("\nExit status: 0 ok, 1 failed, 2 differences found, 64 usage, 65 bad definition or data, "
         "66 not found,\n"
         "69 unavailable, 70 our bug, 75 try again, 77 no permission, 130 interrupted.\n"
         "More about one command: gnomon COMMAND --help\n");
}

void cli_print_help(const cli_command *command)
{
  if (!command) {
    print_program_help();
    return;
  }
  printf("gnomon %s: %s\n\nExamples:\n", command->name, command->summary);
  print_indented(command->examples);
  printf("\nUsage: gnomon %s [OPTIONS]%s%s\n", command->name, command->words ? " " : "",
         command->words ? command->words : "");
  if (command->details) printf("\n%s\n", command->details);
  if (command->options[0]) {
    printf("\nOptions:\n");
    print_options(command, false);
  }
  printf("\nEverywhere:\n");
  print_options(command, true);
}

/* ---- the manual page ---- */

static void print_roff(const char *text)
{
  for (; *text; text++) {
    if (*text == '-')
      printf("\\-");
    else if (*text == '\\')
      printf("\\e");
    else
      putchar(*text);
  }
  putchar('\n');
}

void cli_print_manual(void)
{
  printf(".TH GNOMON 1 \"\" \"gnomon %s\" \"User Commands\"\n.SH NAME\ngnomon \\- the feature "
         "store you can link\n"
         ".SH SYNOPSIS\n.B gnomon\nCOMMAND [OPTIONS] [ARGUMENTS]\n.SH COMMANDS\n",
         gn_version());
  for (size_t i = 0; i < cli_command_count; i++) {
    const cli_command *command = &cli_commands[i];
    printf(".SS gnomon %s %s\n", command->name, command->words ? command->words : "");
    print_roff(command->summary);
    if (command->details) {
      printf(".PP\n");
      print_roff(command->details);
    }
    printf(".PP\n.nf\n");
    print_roff(command->examples);
    printf(".fi\n");
  }
  printf(".SH OPTIONS\n");
  for (size_t i = 0; i < cli_option_count; i++) {
    printf(".TP\n\\-\\-");
    print_roff(cli_options[i].name);
    print_roff(cli_options[i].help);
  }
}

/* ---- completion ---- */

static void print_taken(const cli_command *command, const char *before)
{
  for (size_t i = 0; i < cli_option_count; i++)
    if (cli_command_takes(command, cli_options[i].name))
      printf("%s--%s", before, cli_options[i].name);
}

static void print_bash(void)
{
  printf("_gnomon() {\n  local cur=${COMP_WORDS[COMP_CWORD]}\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W \"");
  for (size_t i = 0; i < cli_command_count; i++) printf("%s ", cli_commands[i].name);
  printf("\" -- \"$cur\")); return; fi\n  case ${COMP_WORDS[1]} in\n");
  for (size_t i = 0; i < cli_command_count; i++) {
    printf("    %s) COMPREPLY=($(compgen -W \"", cli_commands[i].name);
    print_taken(&cli_commands[i], " ");
    printf("\" -- \"$cur\") $(compgen -f -- \"$cur\"));;\n");
  }
  printf("  esac\n}\ncomplete -F _gnomon gnomon\n");
}

static void print_fish(void)
{
  for (size_t i = 0; i < cli_command_count; i++) {
    const cli_command *command = &cli_commands[i];
    printf("complete -c gnomon -n __fish_use_subcommand -f -a %s -d '%s'\n", command->name,
           command->summary);
    for (size_t k = 0; k < cli_option_count; k++)
      if (cli_command_takes(command, cli_options[k].name))
        printf("complete -c gnomon -n '__fish_seen_subcommand_from %s' -l %s\n", command->name,
               cli_options[k].name);
  }
}

int cli_print_completion(const char *shell)
{
  if (strcmp(shell, "bash") == 0)
    print_bash();
  else if (strcmp(shell, "fish") == 0)
    print_fish();
  else if (strcmp(shell, "zsh") == 0) {
    printf("autoload -U +X bashcompinit && bashcompinit\n"); /* zsh runs bash's completions */
    print_bash();
  } else
    return cli_usage("completions are for bash, zsh or fish, not '%s'", shell);
  return 0;
}
