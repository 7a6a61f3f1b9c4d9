/* validate, list, schema, explain, completion, version. SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static int validate(const cli_args *args, gn_session *session)
{
  gn_text problems;
  gn_error err = {0};
  int level =
      args->level && strcmp(args->level, "definition") == 0 ? GN_LEVEL_DEFINITION : GN_LEVEL_DATA;
  int form = args->json ? GN_FORM_JSON : cli_color(args) ? GN_FORM_COLOR : GN_FORM_TEXT;
  int rc = gn_validate(session, args->words, args->word_count, level, form, &problems, &err);
  FILE *to = args->json ? stdout : stderr;
  if (problems.ptr) fwrite(problems.ptr, 1, problems.len, to);
  bool told = problems.len > 0;
  gn_text_free(&problems);
  if (rc == GN_OK && !told) cli_note(args, "nothing is wrong");
  if (rc == GN_OK) return 0;
  return told && rc == GN_E_INVALID ? gn_code_exit_status(rc) : cli_fail(&err);
}

int cmd_validate(const cli_args *args)
{
  gn_session *session;
  int rc = cli_open(args, &session);
  if (rc) return rc;
  rc = validate(args, session);
  gn_session_close(session);
  return rc;
}

/* The first line of what a definition says of itself; nothing when it says nothing. */
static void print_description(const char *line, size_t len)
{
  char json[4096], description[1024];
  snprintf(json, sizeof json, "%.*s", (int)len, line);
  if (!cli_json_text(json, "description", description, sizeof description)) return;
  printf("  %.*s", (int)strcspn(description, "\n"), description);
}

/* {"file":…,"name":"x",…} a line -> the names. */
static void print_names(const char *lines)
{
  for (const char *line = lines; *line;) {
    size_t len = strcspn(line, "\n");
    const char *name = strstr(line, ",\"name\":\""), *kind = strstr(line, ",\"kind\":\"");
    if (name && name < line + len && kind && kind < line + len) {
      name += strlen(",\"name\":\"");
      kind += strlen(",\"kind\":\"");
      printf("%-14.*s %.*s", (int)strcspn(kind, "\""), kind, (int)strcspn(name, "\""), name);
      print_description(line, len);
      printf("\n");
    }
    line += len + (line[len] == '\n');
  }
}

int cmd_list(const cli_args *args)
{
  gn_session *session;
  gn_text lines;
  gn_error err = {0};
  int rc = cli_open(args, &session);
  if (rc) return rc;
  if (gn_list(session, &lines, &err) != GN_OK)
    rc = cli_fail(&err);
  else if (args->json)
    cli_print(lines.ptr, lines.len);
  else
    print_names(lines.ptr);
  gn_text_free(&lines);
  gn_session_close(session);
  return rc;
}

int cmd_schema(const cli_args *args)
{
  gn_text text;
  gn_error err = {0};
  if (gn_schema(args->words[0], &text, &err) != GN_OK) return cli_fail(&err);
  cli_print(text.ptr, text.len);
  gn_text_free(&text);
  return 0;
}

/* A code's page; with a key, the account of its features. */
int cmd_explain(const cli_args *args)
{
  if (args->key) return cli_explain_key(args);
  gn_text text;
  gn_error err = {0};
  if (gn_explain_code(args->words[0], &text, &err) != GN_OK) return cli_fail(&err);
  if (args->json) {
    printf("{\"code\":");
    cli_print_json_text(args->words[0]);
    printf(",\"page\":");
    cli_print_json_text(text.ptr);
    printf("}\n");
  } else {
    cli_print(text.ptr, text.len);
  }
  gn_text_free(&text);
  return 0;
}

/* The program's page, or that of one command. */
static int print_manual(const cli_args *args)
{
  const cli_command *command = args->word_count ? cli_find_command(args->words[0]) : NULL;
  if (args->word_count && !command) return cli_unknown_command(args->words[0]);
  if (command)
    cli_print_manual_of(command);
  else
    cli_print_manual();
  return 0;
}

int cmd_completion(const cli_args *args)
{
  if (args->man) {
    return print_manual(args);
  }
  if (!args->word_count)
    return cli_usage("GC003", "see: gnomon completion --help",
                     "'completion' wants bash, zsh or fish");
  return cli_print_completion(args->words[0]);
}

int cmd_version(const cli_args *args)
{
  if (args->json)
    printf("{\"version\":\"%s\"}\n", gn_version());
  else
    printf("gnomon %s\n", gn_version());
  return 0;
}
