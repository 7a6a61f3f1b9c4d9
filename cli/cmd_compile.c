/* compile: starts Python on the definitions. It is the only command that does.
 * SPDX-License-Identifier: Apache-2.0 */
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

/* One process a path; the worst of their exit statuses. */
int cmd_compile(const cli_args *args)
{
  char room[PATH_MAX];
  const char *python = find_python(room, sizeof room);
  int worst = 0;
  offer_package();
  fflush(stdout);
  if (args->word_count <= 1) run_python(args, python, args->word_count ? args->words[0] : ".");
  for (size_t i = 0; i < args->word_count; i++) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) run_python(args, python, args->words[i]);
    if (child < 0 || waitpid(child, &status, 0) < 0) return not_started(python);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (code == 1 || worst == 0) worst = code;
  }
  return worst;
}
