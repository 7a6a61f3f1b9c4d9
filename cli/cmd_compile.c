/* compile: starts Python on the definitions, unless all of them are compiled as they are now. It is
 * the only command that does. SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 16 };

/* $GNOMON_PYTHON, the active virtual environment's, or python3. */
static const char *find_python(char *room, size_t size)
{
  const char *chosen = getenv("GNOMON_PYTHON"), *environment = getenv("VIRTUAL_ENV");
  if (chosen && *chosen) return chosen;
  if (environment && *environment) {
    int len = snprintf(room, size, "%s/bin/python", environment);
    if (len > 0 && (size_t)len < size && access(room, X_OK) == 0) return room;
  }
  return "python3";
}

/* Beside a build or an installation our package may not be on Python's path yet. */
static void offer_package(void)
{
  const char *ours = getenv("GNOMON_PYTHON_PACKAGE"), *theirs = getenv("PYTHONPATH");
  char joined[2 * PATH_MAX];
  if (!ours || !*ours) return;
  snprintf(joined, sizeof joined, "%s%s%s", ours, theirs && *theirs ? ":" : "",
           theirs ? theirs : "");
  setenv("PYTHONPATH", joined, 1);
}

static int not_started(const char *python)
{
  return cli_refuse("GC016", GN_E_IO, "install Python 3.9 or later, or set GNOMON_PYTHON",
                    "cannot start '%s': %s", python, strerror(errno));
}

static void run_python(const cli_args *args, const char *python, const char *path)
{
  const char *words[WORDS_MAX] = {
      python,   "-m", "gnomon.compile", "--chronon_root", args->repo ? args->repo : ".",
      "--conf", path};
  size_t count = 7;
  const struct {
    bool given;
    const char *flag;
  } flags[] = {{args->check, "--check"},
               {args->diff, "--diff"},
               {args->force, "--force-overwrite"},
               {args->json, "--json"},
               {args->features, "--feature-display"},
               {args->show_tables, "--table-display"},
               {args->yes || args->no_input, "--yes"}};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (flags[i].given) words[count++] = flags[i].flag;
  words[count] = NULL;
  execvp(python, (char *const *)(uintptr_t)words);
  _exit(not_started(python));
}

/* ---- nothing to do: told without Python, in the words of gnomon/compile.py ---- */

/* As Python's abspath: no link is followed. False when it does not fit. */
static bool absolute_path(const char *path, char *out, size_t size)
{
  char joined[2 * PATH_MAX], cwd[PATH_MAX];
  size_t used = 0;
  if (path[0] == '~' || !getcwd(cwd, sizeof cwd)) return false;
  int len = path[0] == '/' ? snprintf(joined, sizeof joined, "%s", path)
                           : snprintf(joined, sizeof joined, "%s/%s", cwd, path);
  if (len < 0 || (size_t)len >= size) return false;
  for (const char *part = joined; *part; part += strcspn(part, "/")) {
    part += strspn(part, "/");
    size_t part_len = strcspn(part, "/");
    if (part_len == 0 || (part_len == 1 && part[0] == '.')) continue;
    if (part_len == 2 && memcmp(part, "..", 2) == 0) {
      do used -= used > 0;
      while (used > 0 && out[used] != '/');
    } else {
      out[used++] = '/';
      memcpy(out + used, part, part_len);
      used += part_len;
    }
  }
  if (used == 0) out[used++] = '/';
  out[used] = '\0';
  return true;
}

static bool wants_color(void)
{
  const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
  const char *forced = getenv("FORCE_COLOR"), *forced_too = getenv("CLICOLOR_FORCE");
  if (no_color && *no_color) return false;
  if ((forced && *forced) || (forced_too && *forced_too)) return true;
  return isatty(STDOUT_FILENO) && !(term && strcmp(term, "dumb") == 0);
}

static void print_labelled(const char *kind, size_t kind_len, const char *label, const char *value,
                           size_t value_len)
{
  bool color = wants_color();
  char left[64];
  snprintf(left, sizeof left, "%.*s%s", (int)kind_len, kind, label);
  printf("%25s - %s%.*s%s\n", left, color ? "\033[34m" : "", (int)value_len, value,
         color ? "\033[0m" : "");
}

/* Each line is kind, name and compiled file with tabs between. */
static void print_objects(const char *lines, const char *root)
{
  char path[2 * PATH_MAX];
  for (const char *line = lines; *line; line += strcspn(line, "\n") + 1) {
    size_t kind = strcspn(line, "\t");
    const char *name = line + kind + 1;
    size_t name_len = strcspn(name, "\t"), team = strcspn(name, ".\t");
    const char *file = name + name_len + 1;
    print_labelled(line, kind, " Team", name, team);
    if (team == name_len)
      print_labelled(line, kind, " Name", "", 0);
    else
      print_labelled(line, kind, " Name", name + team + 1, name_len - team - 1);
    snprintf(path, sizeof path, "%s/%.*s", root, (int)strcspn(file, "\n"), file);
    print_labelled("", 0, "Up to date", path, strlen(path));
  }
}

static bool is_fresh(const cli_args *args, const char *path)
{
  const char *repo = args->repo ? args->repo : ".";
  char root[PATH_MAX], input[2 * PATH_MAX], label[PATH_MAX];
  gn_text objects;
  if (args->force || args->json || args->features || args->show_tables) return false;
  if (!absolute_path(repo, root, sizeof root)) return false;
  if (gn_compiled_fresh(repo, path, &objects, NULL) != GN_OK) return false;
  snprintf(input, sizeof input, "%s/%s", root, path);
  snprintf(label, sizeof label, "Input %.*s from", (int)strcspn(path, "/"), path);
  print_labelled("", 0, "Using chronon root path", repo, strlen(repo));
  print_labelled("", 0, label, input, strlen(input));
  print_objects(objects.ptr, root);
  printf("Nothing to write: %s/production is up to date\n", root);
  gn_text_free(&objects);
  return true;
}

/* ---- the command ---- */

static int compile_one(const cli_args *args, const char *python, const char *path)
{
  int status = 0;
  if (is_fresh(args, path)) return 0;
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) run_python(args, python, path);
  if (child < 0 || waitpid(child, &status, 0) < 0) return not_started(python);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The worst exit status of the paths. One alone needs no second process. */
int cmd_compile(const cli_args *args)
{
  char room[PATH_MAX];
  const char *python = find_python(room, sizeof room);
  const char *only = args->word_count ? args->words[0] : ".";
  int worst = 0;
  offer_package();
  if (args->word_count <= 1) {
    if (is_fresh(args, only)) return 0;
    fflush(stdout);
    run_python(args, python, only);
  }
  for (size_t i = 0; i < args->word_count; i++) {
    int code = compile_one(args, python, args->words[i]);
    if (code == 1 || worst == 0) worst = code;
  }
  return worst;
}
