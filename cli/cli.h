/* The program's own tables: what a command takes, what it does. Public headers of gnomon only.
 * SPDX-License-Identifier: Apache-2.0
 *
 * One table of commands (commands.c) yields the parser, the help, the manual page and the shell
 * completion, so they cannot disagree. Data goes to stdout, everything else to stderr. */
#ifndef GNOMON_CLI_H
#define GNOMON_CLI_H

#include <gnomon/backfill.h>
#include <gnomon/define.h>
#include <gnomon/fetch.h>
#include <gnomon/gnomon.h>
#include <gnomon/upload.h>

#include <stdbool.h>

enum { CLI_ARGUMENTS_MAX = 1024, CLI_TABLES_MAX = 64 };

/* Everything that any command can be told; a command reads what is its own. */
typedef struct cli_args {
  /* everywhere */
  const char *repo, *warehouse, *store, *boundary, *color, *memory;
  const char *tables[CLI_TABLES_MAX];
  size_t table_count;
  int64_t clock_ms, threads;
  bool json, quiet, verbose, help, no_input;
  /* of commands */
  const char *ds, *start_ds, *end_ds, *key, *requests, *events, *name, *type, *level, *output,
      *out_file, *to_file, *plan_file, *listen, *token_file, *keys, *tolerance, *sample, *command,
      *shell, *template_name, *mode, *conf_type, *only;
  int64_t step_days, parallelism, rows, at_ms;
  bool run_first_hole, skip_unsupported, dry_run, check, force, diff, features, show_tables, yes,
      chronon, detailed_exitcode, man, without_token, svg, from_table;
  const char *words[CLI_ARGUMENTS_MAX]; /* what is no option, in order */
  size_t word_count;
} cli_args;

enum cli_kind { CLI_FLAG, CLI_TEXT, CLI_NUMBER, CLI_LIST };

typedef struct cli_option {
  const char *name; /* "start-ds" */
  char letter;      /* 'k', or 0 */
  enum cli_kind kind;
  size_t offset;           /* of the member in cli_args */
  const char *placeholder; /* "DAY" */
  const char *help;
  const char *choices; /* what a text may be, parted by spaces; NULL: anything */
  int64_t least, most; /* what a number may be */
} cli_option;

typedef struct cli_command {
  const char *name, *words, *summary, *details, *examples;
  const char *options; /* names of the options it takes beside the global ones, parted by spaces */
  int (*run)(const cli_args *args);
} cli_command;

extern const cli_option cli_options[];
extern const size_t cli_option_count;
extern const cli_command cli_commands[];
extern const size_t cli_command_count;
extern const char *const cli_global_options; /* names, parted by spaces */

const cli_command *cli_find_command(const char *name);
const cli_option *cli_find_option(const char *name, size_t len);
bool cli_has_word(const char *words, const char *word); /* words are parted by spaces */
bool cli_command_takes(const cli_command *command, const char *option);

/* Fills `args` from what stands after the command's name. 0, or an exit status after it said why.
 */
int cli_parse(const cli_command *command, int argc, char **argv, cli_args *args);
/* The member of `names` nearest to `wrong`, or that begins with it; NULL when none is near. */
const char *cli_nearest(const char *wrong, const char *const *names, size_t count);
int cli_unknown_command(const char *word);
void cli_print_help(const cli_command *command); /* NULL: of the program */
void cli_print_manual(void);                     /* of the program */
void cli_print_manual_of(const cli_command *command);
int cli_print_completion(const char *shell);
/* What may stand at words[at], one a line: asked by the scripts of cli_print_completion. */
int cli_complete(int at, int count, char **words);

/* Before anything is said: how it is to be said, and what signals do. */
void cli_begin(cli_args *args, int argc, char **argv);
/* `status`, or what it becomes when the answer could not be written. */
int cli_end(int status);
/* Opens the session that the global options describe; with progress on a terminal. */
int cli_open(const cli_args *args, gn_session **session);
/* What is marked GN_API, the modules of commands call, too.
 *
 * Says what failed, in the shape of all our diagnostics (in JSON for --json), and gives the exit
 * status. */
GN_API int cli_fail(const gn_error *err);
/* The same for what the program finds itself: `code` is a gn_code, `hint` may be NULL. */
GN_API int cli_refuse(const char *diagnostic, int code, const char *hint, const char *format, ...)
    GN_PRINTF(4, 5);
/* Says what --skip-unsupported left out: nothing, since every operation is computed. */
void cli_note_skipped(const cli_args *args);
/* A mistake on the command line: exit status 64. */
GN_API int cli_usage(const char *diagnostic, const char *hint, const char *format, ...)
    GN_PRINTF(3, 4);
/* A file that cannot be opened, read, written or made: `verb` says which, errno why. */
int cli_file_failed(const char *verb, const char *path);
GN_API void cli_note(const cli_args *args, const char *format, ...) GN_PRINTF(2, 3);
void cli_progress_end(void);
bool cli_color(const cli_args *args);
/* Writes all of it to stdout. */
GN_API void cli_print(const char *text, size_t len);
/* The first text member `name` of our own JSON, without its escapes, cut to `size`. */
bool cli_json_text(const char *json, const char *name, char *out, size_t size);
/* In quotes, with JSON's escapes, to stdout. */
GN_API void cli_print_json_text(const char *text);
/* A whole file, or stdin for "-", as text; freed with gn_text_free. */
int cli_read_file(const char *path, gn_text *out);

int cli_explain_key(const cli_args *args); /* `explain` of a definition */

int cmd_init(const cli_args *args);
int cmd_compile(const cli_args *args);
int cmd_validate(const cli_args *args);
int cmd_plan(const cli_args *args);
int cmd_backfill(const cli_args *args);
int cmd_upload(const cli_args *args);
int cmd_metadata_upload(const cli_args *args);
int cmd_put(const cli_args *args);
int cmd_fetch(const cli_args *args);
int cmd_list(const cli_args *args);
int cmd_show(const cli_args *args);
int cmd_sql(const cli_args *args);
int cmd_schema(const cli_args *args);
int cmd_serve(const cli_args *args);
int cmd_analyze(const cli_args *args);
int cmd_diff(const cli_args *args);
int cmd_stats(const cli_args *args);
int cmd_store(const cli_args *args);
int cmd_test(const cli_args *args);
int cmd_spark(const cli_args *args); /* a module; not in the wheel */
int cmd_explain(const cli_args *args);
int cmd_doctor(const cli_args *args);
int cmd_completion(const cli_args *args);
int cmd_version(const cli_args *args);

#endif
