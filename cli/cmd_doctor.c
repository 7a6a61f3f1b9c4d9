/* doctor: what would stand in the way, and how to mend it. SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <gnomon/inspect.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define SPACE_WANTED_BYTES 1e9 /* a partition of a day, an upload beside the one before */
enum { FILES_WANTED = 256, CLOCK_SLACK_S = 300 };

extern char **environ;

struct examination {
  const cli_args *args;
  gn_session *session;
  const char *repo;
  int worst;
};

static void tell(struct examination *at, int verdict, const char *what, const char *subject,
                 const char *found, const char *mend)
{
  static const char *const words[] = {"ok", "warn", "fail"};
  if (verdict > at->worst) at->worst = verdict;
  bool told = verdict != GN_VERDICT_OK && mend && mend[0];
  if (at->args->json) {
    printf("{\"check\":\"%s\",\"result\":\"%s\",", what, words[verdict]);
    if (subject) {
      printf("\"subject\":");
      cli_print_json_text(subject);
      printf(",");
    }
    printf("\"found\":");
    cli_print_json_text(found);
    if (told) {
      printf(",\"mend\":");
      cli_print_json_text(mend);
    }
    printf("}\n");
    return;
  }
  printf("%-5s %-12s %s%s%s\n", words[verdict], what, subject ? subject : "", subject ? ": " : "",
         found);
  if (told) printf("      %-12s -> %s\n", "", mend);
}

/* ---- the surroundings ---- */

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
    tell(at, GN_VERDICT_FAULT, "python", NULL, line[0] ? line : "python3 was not found",
         "install Python 3.9+ and the gnomon package, or set GNOMON_PYTHON");
  else if (!strstr(line, gn_version()))
    tell(at, GN_VERDICT_WARNING, "python", NULL, line,
         "install the gnomon package of the program's version");
  else
    tell(at, GN_VERDICT_OK, "python", NULL, line, "");
}

/* A module of another version, or none where it is said to be. */
static void check_engine(struct examination *at)
{
  struct ArrowArrayStream rows;
  gn_error err = {0};
  if (gn_sql(at->session, "SELECT 1 AS one", &rows, &err) != GN_OK) {
    tell(at, GN_VERDICT_FAULT, "engine", NULL, err.message,
         err.hint[0] ? err.hint : "is gnomon-engine-duckdb.so beside the library?");
    return;
  }
  rows.release(&rows);
  tell(at, GN_VERDICT_OK, "engine", NULL, "the embedded engine answers", "");
}

static const char *const variables[] = {"GNOMON_REPO",  "GNOMON_STORE",       "GNOMON_WAREHOUSE",
                                        "GNOMON_TOKEN", "GNOMON_ENGINE_PATH", "GNOMON_PYTHON"};
enum { VARIABLE_COUNT = sizeof variables / sizeof *variables };

static bool is_known(const char *entry)
{
  for (size_t i = 0; i < VARIABLE_COUNT; i++) {
    size_t len = strlen(variables[i]);
    if (strncmp(entry, variables[i], len) == 0 && entry[len] == '=') return true;
  }
  return false;
}

/* Variables that name what is not there, and names that mean nothing. */
static void check_variables(struct examination *at)
{
  static const char *const folders[] = {"GNOMON_REPO", "GNOMON_WAREHOUSE", "GNOMON_ENGINE_PATH"};
  char found[600] = "", mend[200];
  bool sound = true;
  for (char **entry = environ; *entry; entry++) {
    if (strncmp(*entry, "GNOMON_", strlen("GNOMON_")) != 0) continue;
    size_t len = strcspn(*entry, "="), used = strlen(found);
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)len, *entry);
    snprintf(found + used, sizeof found - used, "%s%s", used ? ", " : "", name);
    if (is_known(*entry)) continue;
    const char *near = cli_nearest(name, variables, VARIABLE_COUNT);
    snprintf(mend, sizeof mend, "%s%s%s", near ? "did you mean " : "unset ", near ? near : name,
             near ? "?" : "");
    tell(at, GN_VERDICT_WARNING, "environment", name, "nothing looks at this variable", mend);
    sound = false;
  }
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    struct stat info;
    const char *path = getenv(folders[i]);
    if (!path || (stat(path, &info) == 0 && S_ISDIR(info.st_mode))) continue;
    snprintf(mend, sizeof mend, "correct or unset %s", folders[i]);
    tell(at, GN_VERDICT_FAULT, "environment", folders[i], "it names no folder", mend);
    sound = false;
  }
  if (sound)
    tell(at, GN_VERDICT_OK, "environment", NULL, found[0] ? found : "no GNOMON_ variable is set",
         "");
}

static void check_limits(struct examination *at)
{
  struct rlimit files;
  char found[100];
  setlocale(LC_CTYPE, "");
  bool utf8 = MB_CUR_MAX > 1;
  tell(at, utf8 ? GN_VERDICT_OK : GN_VERDICT_WARNING, "locale", NULL,
       utf8 ? "UTF-8" : "not UTF-8: names are shown with question marks", "export LANG=C.UTF-8");
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  bool enough = files.rlim_cur == RLIM_INFINITY || files.rlim_cur >= FILES_WANTED;
  snprintf(found, sizeof found, "%llu files may be open", (unsigned long long)files.rlim_cur);
  tell(at, enough ? GN_VERDICT_OK : GN_VERDICT_WARNING, "limits", NULL, found, "ulimit -n 4096");
}

/* ---- folders ---- */

/* Trying is the only way to know: rights, a full disk, a file system that is mounted read-only. */
static int try_writing(const char *folder)
{
  char path[4200];
  static const char block[1 << 16];
  snprintf(path, sizeof path, "%s/.gnomon-doctor-%ld", folder, (long)getpid());
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return errno;
  errno = 0;
  bool whole = write(file, block, sizeof block) == (ssize_t)sizeof block && fsync(file) == 0;
  int number = whole ? 0 : errno ? errno : ENOSPC;
  close(file);
  unlink(path);
  return number;
}

static void check_folder(struct examination *at, const char *what, const char *path,
                         const char *mend)
{
  struct stat info;
  struct statvfs space;
  char found[600];
  if (stat(path, &info) != 0) {
    tell(at, GN_VERDICT_WARNING, what, path, "does not exist yet", mend);
    return;
  }
  int number = try_writing(path);
  if (number != 0) {
    snprintf(found, sizeof found, "cannot be written: %s", strerror(number));
    tell(at, GN_VERDICT_FAULT, what, path, found,
         number == ENOSPC || number == EDQUOT ? "free some space"
                                              : "give yourself the right to write there, or name "
                                                "another folder");
    return;
  }
  bool known = statvfs(path, &space) == 0;
  double free_bytes = known ? (double)space.f_bavail * (double)space.f_frsize : 0;
  snprintf(found, sizeof found, "%.1f GB free", free_bytes / 1e9);
  tell(at, known && free_bytes < SPACE_WANTED_BYTES ? GN_VERDICT_WARNING : GN_VERDICT_OK, what,
       path, found, "free some space");
}

/* A file that was changed after now: this clock is behind, or another machine's ahead. */
static void check_clock(struct examination *at, const char *path)
{
  struct stat info;
  time_t now = time(NULL);
  char found[100];
  if (stat(path, &info) != 0 || info.st_mtime <= now + CLOCK_SLACK_S) return;
  snprintf(found, sizeof found, "changed %lld s after now", (long long)(info.st_mtime - now));
  tell(at, GN_VERDICT_WARNING, "clock", path, found, "set the clock of this machine");
}

static void check_file(struct examination *at, const char *name, const char *mend)
{
  char path[4096];
  struct stat info;
  snprintf(path, sizeof path, "%s/%s", at->repo, name);
  bool there = stat(path, &info) == 0;
  tell(at, there ? GN_VERDICT_OK : GN_VERDICT_WARNING, "repository", path,
       there ? "is there" : "does not exist", mend);
  check_clock(at, path);
}

static const char *below(const struct examination *at, char path[4096], const char *name)
{
  if (name[0] == '/')
    snprintf(path, 4096, "%s", name);
  else
    snprintf(path, 4096, "%s/%s", at->repo, name);
  return path;
}

/* ---- definitions ---- */

static void check_definitions(struct examination *at)
{
  gn_text text;
  gn_error err = {0};
  int rc = gn_validate(at->session, NULL, 0, GN_LEVEL_DEFINITION, GN_FORM_JSON, &text, &err);
  if (rc == GN_OK)
    tell(at, text.len ? GN_VERDICT_WARNING : GN_VERDICT_OK, "definitions", NULL,
         text.len ? "there are warnings" : "all are sound", "see: gnomon validate");
  else
    tell(at, rc == GN_E_NOTFOUND ? GN_VERDICT_WARNING : GN_VERDICT_FAULT, "definitions", NULL,
         err.message, rc == GN_E_NOTFOUND ? "gnomon compile" : "see: gnomon validate");
  gn_text_free(&text);
  if (rc == GN_E_NOTFOUND) return;
  rc = gn_compiled_fresh(at->repo, ".", &text, NULL);
  tell(at, rc == GN_OK ? GN_VERDICT_OK : GN_VERDICT_WARNING, "compiled", NULL,
       rc == GN_OK ? "as the Python files are now"
                   : "the Python files have changed since, or were compiled elsewhere",
       "gnomon compile");
  gn_text_free(&text);
}

static void tell_finding(void *user, const gn_finding *finding)
{
  tell(user, finding->verdict, finding->check, finding->subject, finding->found, finding->mend);
}

static void examine(struct examination *at)
{
  gn_error err = {0};
  if (gn_examine(at->session, tell_finding, at, &err) != GN_OK)
    tell(at, GN_VERDICT_FAULT, "tables", NULL, err.message,
         err.hint[0] ? err.hint : "mend what the message names");
}

/* ---- the verb ---- */

/* Without a session there is still something to say of the settings that prevent one. */
static void open_session(struct examination *at, const char *warehouse, const char *store)
{
  const cli_args *args = at->args;
  gn_error err = {0};
  gn_session_args wanted = {.struct_size = sizeof wanted,
                            .repo = at->repo,
                            .warehouse = warehouse,
                            .store = store,
                            .tables = args->tables,
                            .table_count = args->table_count,
                            .clock_ms = args->clock_ms,
                            .boundary = args->boundary};
  char found[600];
  if (gn_session_open(&wanted, &at->session, &err) == GN_OK) {
    tell(at, GN_VERDICT_OK, "settings", NULL, "gnomon.toml and the options can be read", "");
    return;
  }
  snprintf(found, sizeof found, "%s%s%s", err.where, err.where[0] ? ": " : "", err.message);
  tell(at, GN_VERDICT_FAULT, "settings", NULL, found,
       err.hint[0] ? err.hint : "see: gnomon explain with the code that other commands show");
}

int cmd_doctor(const cli_args *args)
{
  struct examination at = {.args = args};
  char found[64], path[4096];
  const char *store = args->store ? args->store : getenv("GNOMON_STORE");
  const char *warehouse = args->warehouse ? args->warehouse : getenv("GNOMON_WAREHOUSE");
  at.repo = args->repo ? args->repo : getenv("GNOMON_REPO") ? getenv("GNOMON_REPO") : ".";
  snprintf(found, sizeof found, "gnomon %s", gn_version());
  tell(&at, GN_VERDICT_OK, "version", NULL, found, "");
  check_variables(&at);
  check_limits(&at);
  check_python(&at);
  open_session(&at, warehouse, store);
  check_file(&at, "teams.json", "gnomon init");
  check_file(&at, "gnomon.toml", "optional; gnomon init writes one");
  if (!warehouse) warehouse = below(&at, path, "warehouse");
  bool there = access(warehouse, F_OK) == 0;
  if (at.session) {
    check_engine(&at);
    check_definitions(&at);
    examine(&at);
  }
  if (!there) (void)rmdir(warehouse); /* the engine's temporary folder was in it */
  check_folder(&at, "warehouse", warehouse, "the first backfill makes it");
  if (!store || strncmp(store, "lmdb:", 5) == 0)
    check_folder(&at, "store", below(&at, path, store ? store + 5 : "store"),
                 "the first upload makes it");
  gn_session_close(at.session);
  return at.worst == GN_VERDICT_FAULT ? 1 : 0;
}
