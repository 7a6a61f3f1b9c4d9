/* doctor: what would stand in the way, and how to mend it. SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum verdict { GOOD, WARNING, FAULT };

struct examination {
  const cli_args *args;
  gn_session *session;
  int worst, told;
};

static void tell(struct examination *at, enum verdict verdict, const char *what, const char *found,
                 const char *mend)
{
  static const char *const words[] = {"ok", "warn", "fail"};
  if ((int)verdict > at->worst) at->worst = (int)verdict;
  if (at->args->json) {
    printf("{\"check\":\"%s\",\"result\":\"%s\",\"found\":", what, words[verdict]);
    cli_print_json_text(found);
    if (verdict != GOOD && mend[0]) {
      printf(",\"mend\":");
      cli_print_json_text(mend);
    }
    printf("}\n");
  } else {
    printf("%-5s %-20s %s\n", words[verdict], what, found);
    if (verdict != GOOD && mend[0]) printf("      %-20s -> %s\n", "", mend);
  }
  at->told++;
}

static void check_python(struct examination *at)
{
  const char *chosen = getenv("GNOMON_PYTHON");
  char command[600], line[200] = "";
  snprintf(command, sizeof command,
           "'%s' -c 'import sys, gnomon; print(sys.version.split()[0], gnomon.__version__)' 2>&1",
           chosen ? chosen : "python3");
  FILE *pipe = popen(command, "r");
  while (pipe && fgets(line, sizeof line, pipe)) line[strcspn(line, "\n")] = '\0';
  int status = pipe ? pclose(pipe) : -1;
  if (status != 0)
    tell(at, FAULT, "python", line[0] ? line : "python3 was not found",
         "install Python 3.9+ and the gnomon package, or set GNOMON_PYTHON");
  else if (!strstr(line, gn_version()))
    tell(at, WARNING, "python", line, "the package and the program have different versions");
  else
    tell(at, GOOD, "python", line, "");
}

static void check_engine(struct examination *at)
{
  struct ArrowArrayStream rows;
  gn_error err = {0};
  if (gn_sql(at->session, "SELECT 1 AS one", &rows, &err) != GN_OK) {
    tell(at, FAULT, "engine", err.message,
         err.hint[0] ? err.hint : "is gnomon-engine-duckdb.so beside the library?");
    return;
  }
  rows.release(&rows);
  tell(at, GOOD, "engine", "the embedded engine answers", "");
}

static void check_definitions(struct examination *at)
{
  gn_text text;
  gn_error err = {0};
  int rc = gn_validate(at->session, NULL, 0, GN_LEVEL_DEFINITION, GN_FORM_JSON, &text, &err);
  if (rc == GN_OK)
    tell(at, text.len ? WARNING : GOOD, "definitions",
         text.len ? "there are warnings" : "all are sound", "see: gnomon validate");
  else
    tell(at, rc == GN_E_NOTFOUND ? WARNING : FAULT, "definitions", err.message,
         rc == GN_E_NOTFOUND ? "gnomon compile" : "see: gnomon validate");
  gn_text_free(&text);
}

static void check_folder(struct examination *at, const char *what, const char *path,
                         const char *mend)
{
  struct stat info;
  struct statvfs space;
  char found[600];
  if (stat(path, &info) != 0) {
    snprintf(found, sizeof found, "'%s' does not exist yet", path);
    tell(at, WARNING, what, found, mend);
    return;
  }
  if (access(path, W_OK) != 0) {
    snprintf(found, sizeof found, "'%s' cannot be written", path);
    tell(at, FAULT, what, found, "give yourself the right to write there");
    return;
  }
  bool known = statvfs(path, &space) == 0;
  double free_gb = known ? (double)space.f_bavail * (double)space.f_frsize / 1e9 : 0;
  snprintf(found, sizeof found, "'%s', %.1f GB free", path, free_gb);
  tell(at, known && free_gb < 1 ? WARNING : GOOD, what, found, "free some space");
}

static void check_file(struct examination *at, const char *what, const char *name, const char *mend)
{
  char path[4096], found[4200];
  struct stat info;
  snprintf(path, sizeof path, "%s/%s", at->args->repo ? at->args->repo : ".", name);
  bool there = stat(path, &info) == 0;
  snprintf(found, sizeof found, "%s%s", path, there ? "" : " does not exist");
  tell(at, there ? GOOD : WARNING, what, found, mend);
}

static void check_surroundings(struct examination *at)
{
  static const char *const names[] = {"GNOMON_REPO", "GNOMON_STORE", "GNOMON_WAREHOUSE",
                                      "GNOMON_ENGINE_PATH", "GNOMON_PYTHON"};
  char found[600] = "";
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    size_t used = strlen(found);
    if (value)
      snprintf(found + used, sizeof found - used, "%s%s=%s", used ? ", " : "", names[i], value);
  }
  tell(at, GOOD, "environment", found[0] ? found : "no GNOMON_ variable is set", "");
  setlocale(LC_CTYPE, "");
  bool utf8 = MB_CUR_MAX > 1;
  tell(at, utf8 ? GOOD : WARNING, "locale", utf8 ? "UTF-8" : "not UTF-8", "export LANG=C.UTF-8");
}

int cmd_doctor(const cli_args *args)
{
  struct examination at = {.args = args};
  char found[64], path[4096];
  snprintf(found, sizeof found, "gnomon %s", gn_version());
  tell(&at, GOOD, "version", found, "");
  int rc = cli_open(args, &at.session);
  if (rc) return rc;
  const char *repo = args->repo ? args->repo : ".";
  check_file(&at, "teams.json", "teams.json", "gnomon init");
  check_file(&at, "gnomon.toml", "gnomon.toml", "optional; gnomon init writes one");
  check_definitions(&at);
  check_python(&at);
  check_engine(&at);
  snprintf(path, sizeof path, "%s/warehouse", repo);
  check_folder(&at, "warehouse", args->warehouse ? args->warehouse : path,
               "the first backfill makes it");
  snprintf(path, sizeof path, "%s/store", repo);
  check_folder(&at, "store", path, "the first upload makes it");
  check_surroundings(&at);
  gn_session_close(at.session);
  return at.worst == FAULT ? 1 : 0;
}
