/* gnomon, the program. SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <string.h>

/* Global options may stand before the command: they are moved behind it. */
static int find_command_word(int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    if (argv[i][0] != '-') return i;
    bool takes_value = false;
    for (size_t k = 0; k < cli_option_count; k++) {
      const cli_option *option = &cli_options[k];
      bool same = (argv[i][1] == '-' && strcmp(argv[i] + 2, option->name) == 0) ||
                  (argv[i][1] == option->letter && option->letter && !argv[i][2]);
      if (same) takes_value = option->kind != CLI_FLAG;
    }
    if (takes_value) i++;
  }
  return 0;
}

static int unknown_command(const char *word)
{
  const char *near = NULL;
  for (size_t i = 0; i < cli_command_count && !near; i++)
    if (strncmp(cli_commands[i].name, word, 3) == 0) near = cli_commands[i].name;
  if (near) return cli_usage("no command is called '%s'; did you mean '%s'?", word, near);
  return cli_usage("no command is called '%s'; see: gnomon --help", word);
}

int main(int argc, char **argv)
{
  static cli_args args;
  int at = find_command_word(argc, argv);
  if (!at) {
    bool asked = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
    if (argc > 1 && strcmp(argv[1], "--version") == 0) return cmd_version(&args);
    cli_print_help(NULL);
    return asked ? 0 : 64;
  }
  if (strcmp(argv[at], "help") == 0) {
    cli_print_help(at + 1 < argc ? cli_find_command(argv[at + 1]) : NULL);
    return 0;
  }
  const cli_command *command = cli_find_command(argv[at]);
  if (!command) return unknown_command(argv[at]);
  memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof *argv);
  int rc = cli_parse(command, argc - 2, argv + 2, &args);
  if (rc) return rc;
  if (args.help) {
    cli_print_help(command);
    return 0;
  }
  return command->run(&args);
}
