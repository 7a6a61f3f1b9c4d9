/* gnomon, the program. SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdlib.h>
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

static int help(const char *word)
{
  const cli_command *command = word ? cli_find_command(word) : NULL;
  if (word && !command) return cli_unknown_command(word);
  cli_print_help(command);
  return 0;
}

static int without_command(int argc, char **argv, const cli_args *args)
{
  const char *first = argc > 1 ? argv[1] : "";
  if (strcmp(first, "--version") == 0) return cmd_version(args);
  if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) return help(NULL);
  return cli_usage("GC003", "see: gnomon --help", "no command is given");
}

static int run(int argc, char **argv, cli_args *args)
{
  int at = find_command_word(argc, argv);
  if (!at) return without_command(argc, argv, args);
  if (strcmp(argv[at], "help") == 0) return help(argv[at + 1]);
  if (strcmp(argv[at], "__complete") == 0 && argc - at >= 2)
    return cli_complete((int)strtol(argv[at + 1], NULL, 10), argc - at - 2, argv + at + 2);
  const cli_command *command = cli_find_command(argv[at]);
  if (!command) return cli_unknown_command(argv[at]);
  memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof *argv);
  int rc = cli_parse(command, argc - 2, argv + 2, args);
  if (rc) return rc;
  return args->help ? help(command->name) : command->run(args);
}

int main(int argc, char **argv)
{
  static cli_args args;
  cli_begin(&args, argc, argv);
  return cli_end(run(argc, argv, &args));
}
