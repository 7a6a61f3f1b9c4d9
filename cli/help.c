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

/* A text of any lines: what roff would take for a request is told to be text. */
static void print_roff(const char *text)
{
  for (bool fresh = true; *text; text++) {
    if (fresh && (*text == '.' || *text == '\'')) printf("\\&");
    if (*text == '-')
      printf("\\-");
    else if (*text == '\\')
      printf("\\e");
    else if (*text == '\'')
      printf("\\(aq");
    else
      putchar(*text);
    fresh = *text == '\n';
  }
}

static void print_manual_command(const cli_command *command)
{
  printf(".SS \"gnomon %s", command->name);
  if (command->words) printf(" %s", command->words);
  printf("\"\n");
  print_roff(command->summary);
  printf(".\n");
  if (command->details) {
    printf(".PP\n");
    print_roff(command->details);
    printf("\n");
  }
  if (command->options[0]) {
    printf(".PP\nOptions:");
    for (size_t i = 0; i < cli_option_count; i++) {
      if (!cli_has_word(command->options, cli_options[i].name)) continue;
      printf("\n\\fB\\-\\-");
      print_roff(cli_options[i].name);
      printf("\\fR");
    }
    printf("\n");
  }
  printf(".PP\n.RS 4\n.nf\n");
  print_roff(command->examples);
  printf("\n.fi\n.RE\n");
}

static void print_manual_option(const cli_option *option)
{
  printf(".TP\n");
  if (option->letter) printf("\\fB\\-%c\\fR, ", option->letter);
  printf("\\fB\\-\\-");
  print_roff(option->name);
  printf("\\fR");
  if (option->placeholder) printf(" \\fI%s\\fR", option->placeholder);
  printf("\n");
  print_roff(option->help);
  printf("\n");
}

static void print_manual_rows(const char *const rows[][2], size_t count)
{
  for (size_t i = 0; i < count; i++) {
    printf(".TP\n\\fB%s\\fR\n", rows[i][0]);
    print_roff(rows[i][1]);
    printf("\n");
  }
}

static const char *const exit_rows[][2] = {
    {"0", "it is done"},
    {"1", "it failed"},
    {"2", "there are differences, or something to do, and that was asked"},
    {"64", "the command line is wrong"},
    {"65", "a definition or the data is wrong"},
    {"66", "something that is named is not there"},
    {"69", "a file or a service cannot be reached; trying again may help"},
    {"70", "gnomon is wrong"},
    {"75", "something else holds it, or memory ran out; trying again may help"},
    {"77", "the right to do it is missing"},
    {"130", "it was interrupted"}};
static const char *const environment_rows[][2] = {
    {"GNOMON_REPO", "the repository, where -C does not say"},
    {"GNOMON_WAREHOUSE", "the folder of tables, where --warehouse does not say"},
    {"GNOMON_STORE", "the online store, where --store does not say"},
    {"GNOMON_PYTHON", "the Python that compiles definitions"},
    {"GNOMON_ENGINE_PATH", "the folder of the engine's module"},
    {"GNOMON_TOKEN", "what callers of serve must show, where --token-file does not say"},
    {"GNOMON_HTTP_PATH", "the folder of the server's module"},
    {"GNOMON_SPARK_PATH", "the folder of the module of the command spark"},
    {"NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE", "colour off, or on"}};

/* One option a paragraph: of the command alone, or those that every command takes. */
static void print_manual_options(const cli_command *command, bool global)
{
  static const cli_command none = {.options = ""};
  for (size_t i = 0; i < cli_option_count; i++) {
    bool is_global = cli_command_takes(&none, cli_options[i].name);
    if (global ? is_global : !is_global && cli_command_takes(command, cli_options[i].name))
      print_manual_option(&cli_options[i]);
  }
}

static void print_manual_tail(void)
{
  printf(".SH EXIT STATUS\n");
  print_manual_rows(exit_rows, sizeof exit_rows / sizeof *exit_rows);
  printf(".SH ENVIRONMENT\n");
  print_manual_rows(environment_rows, sizeof environment_rows / sizeof *environment_rows);
}

static void print_capitals(const char *text)
{
  for (; *text; text++) {
    if (*text == '-')
      printf("\\-");
    else
      putchar(*text >= 'a' && *text <= 'z' ? *text - 'a' + 'A' : *text);
  }
}

void cli_print_manual_of(const cli_command *command)
{
  printf(".TH GNOMON\\-");
  print_capitals(command->name);
  printf(" 1 \"\" \"gnomon %s\" \"User Commands\"\n.SH NAME\ngnomon\\-", gn_version());
  print_roff(command->name);
  printf(" \\- ");
  print_roff(command->summary);
  printf("\n.SH SYNOPSIS\n.B gnomon ");
  print_roff(command->name);
  printf("\n[\\fIOPTIONS\\fR]");
  if (command->words) {
    printf(" \\fI");
    print_roff(command->words);
    printf("\\fR");
  }
  printf("\n.SH DESCRIPTION\n");
  print_roff(command->details ? command->details : command->summary);
  printf("%s\n", command->details ? "" : ".");
  if (command->options[0]) {
    printf(".SH OPTIONS\n");
    print_manual_options(command, false);
  }
  printf(".SH OPTIONS OF EVERY COMMAND\n");
  print_manual_options(command, true);
  printf(".SH EXAMPLES\n.nf\n");
  print_roff(command->examples);
  printf("\n.fi\n");
  print_manual_tail();
  printf(".SH SEE ALSO\n.BR gnomon (1)\n");
}

void cli_print_manual(void)
{
  printf(".TH GNOMON 1 \"\" \"gnomon %s\" \"User Commands\"\n.SH NAME\ngnomon \\- the feature "
         "store you can link\n"
         ".SH SYNOPSIS\n.B gnomon\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n"
         ".SH COMMANDS\n",
         gn_version());
  for (size_t i = 0; i < cli_command_count; i++) print_manual_command(&cli_commands[i]);
  printf(".SH OPTIONS\n");
  for (size_t i = 0; i < cli_option_count; i++) print_manual_option(&cli_options[i]);
  print_manual_tail();
  printf(".SH SEE ALSO\n");
  for (size_t i = 0; i < cli_command_count; i++) {
    printf(".BR gnomon\\-");
    print_roff(cli_commands[i].name);
    printf(" (1)%s\n", i + 1 < cli_command_count ? "," : "");
  }
}
