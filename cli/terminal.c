/* Talking to people: failures, notes, progress, signals, and the session. SPDX-License-Identifier:
 * Apache-2.0 */
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static gn_session *running;
static bool progress_shown;
static const cli_args *current;

bool cli_color(const cli_args *args)
{
  const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM"),
             *forced = getenv("FORCE_COLOR");
  if (args && args->color && strcmp(args->color, "always") == 0) return true;
  if (args && args->color && strcmp(args->color, "never") == 0) return false;
  if (no_color && *no_color) return false;
  if (forced && *forced) return true;
  return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

int cli_fail(const gn_error *err)
{
  bool color = cli_color(current);
  cli_progress_end();
  fprintf(stderr, "%serror%s: %s\n", color ? "\033[1;31m" : "", color ? "\033[0m" : "",
          err->message);
  if (err->where[0]) fprintf(stderr, "  --> %s\n", err->where);
  if (err->hint[0]) fprintf(stderr, "   = help: %s\n", err->hint);
  if (err->code == GN_E_BUG)
    fprintf(stderr, "   = this is a mistake of gnomon %s: please report it with the text above\n",
            gn_version());
  return gn_code_exit_status(err->code);
}

int cli_usage(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  fprintf(stderr, "error: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, "\n");
  va_end(args);
  return 64;
}

void cli_note(const cli_args *args, const char *format, ...)
{
  va_list list;
  cli_progress_end();
  if (args->quiet) return;
  va_start(list, format);
  vfprintf(stderr, format, list);
  fprintf(stderr, "\n");
  va_end(list);
}

void cli_print(const char *text, size_t len)
{
  fwrite(text, 1, len, stdout);
}

/* ---- progress: one line on a terminal, rewritten ---- */

static double now_seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void cli_progress_end(void)
{
  if (progress_shown) fprintf(stderr, "\r\033[K");
  progress_shown = false;
}

static void show_progress(void *user, const char *step, int64_t done, int64_t total,
                          const char *unit)
{
  static double started;
  static int64_t before;
  (void)user;
  if (done < before || started == 0) started = now_seconds();
  before = done;
  double seconds = now_seconds() - started;
  double rate = seconds > 0 ? (double)done / seconds : 0;
  fprintf(stderr, "\r\033[K%s  %" PRId64, step, done);
  if (total > 0)
    fprintf(stderr, " of %" PRId64 " %s (%.0f%%)", total, unit,
            100.0 * (double)done / (double)total);
  else
    fprintf(stderr, " %s", unit);
  fprintf(stderr, "  %.0f %s/s", rate, unit);
  if (total > done && rate > 0) fprintf(stderr, "  %.0f s left", (double)(total - done) / rate);
  progress_shown = true;
}

static void show_log(void *user, int level, const char *component, const char *event,
                     const gn_log_field *fields, size_t field_count)
{
  const cli_args *args = user;
  if (args->quiet && level > GN_LOG_ERROR) return;
  if (!args->verbose && level > GN_LOG_WARN) return;
  cli_progress_end();
  fprintf(stderr, "%s: %s", level == GN_LOG_WARN ? "warning" : component, event);
  for (size_t i = 0; i < field_count; i++)
    fprintf(stderr, " [%s: %s]", fields[i].key, fields[i].text);
  fprintf(stderr, "\n");
}

/* ---- signals: the first asks, the second insists ---- */

static void on_interrupt(int signal_number)
{
  static volatile sig_atomic_t seen;
  (void)signal_number;
  if (seen++ || !running) _exit(130);
  gn_session_cancel(running);
}

static void catch_signals(gn_session *session)
{
  struct sigaction action = {.sa_handler = on_interrupt};
  running = session;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  signal(SIGPIPE, SIG_DFL);
}

/* ---- the session ---- */

static int parse_memory(const char *text, int64_t *bytes)
{
  char *end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  int64_t scale = *end == 'K' || *end == 'k'   ? INT64_C(1) << 10
                  : *end == 'M' || *end == 'm' ? INT64_C(1) << 20
                  : *end == 'G' || *end == 'g' ? INT64_C(1) << 30
                                               : 1;
  if (errno || value <= 0 || value > INT64_MAX / scale)
    return cli_usage("--memory wants a size such as 2G, not '%s'", text);
  *bytes = value * scale;
  return 0;
}

int cli_open(const cli_args *args, gn_session **session)
{
  const char *env_store = getenv("GNOMON_STORE"), *env_warehouse = getenv("GNOMON_WAREHOUSE");
  const char *env_repo = getenv("GNOMON_REPO");
  gn_session_args open = {.struct_size = sizeof open,
                          .repo = args->repo ? args->repo : env_repo,
                          .warehouse = args->warehouse ? args->warehouse : env_warehouse,
                          .store = args->store ? args->store : env_store,
                          .tables = args->tables,
                          .table_count = args->table_count,
                          .threads = (int32_t)args->threads,
                          .clock_ms = args->clock_ms,
                          .boundary = args->boundary,
                          .log = show_log,
                          .log_user = (void *)(uintptr_t)args};
  gn_error err = {0};
  current = args;
  if (args->threads < 0 || args->threads > 1024) return cli_usage("--threads wants 1 to 1024");
  if (args->memory) {
    int rc = parse_memory(args->memory, &open.memory_bytes);
    if (rc) return rc;
  }
  if (isatty(STDERR_FILENO) && !args->quiet) open.progress = show_progress;
  if (gn_session_open(&open, session, &err) != GN_OK) return cli_fail(&err);
  catch_signals(*session);
  return 0;
}

/* ---- files ---- */

static int read_all(FILE *file, const char *path, gn_text *out)
{
  enum { STEP = 1 << 16 };
  char *text = NULL;
  size_t len = 0, got;
  do {
    char *grown = realloc(text, len + STEP + 1);
    if (!grown) {
      free(text);
      return cli_usage("'%s' does not fit in memory", path);
    }
    text = grown;
    got = fread(text + len, 1, STEP, file);
    len += got;
  } while (got == STEP);
  text[len] = '\0';
  *out = (gn_text){text, len, NULL};
  return 0;
}

int cli_read_file(const char *path, gn_text *out)
{
  bool is_stdin = strcmp(path, "-") == 0;
  FILE *file = is_stdin ? stdin : fopen(path, "rb");
  if (!file) {
    fprintf(stderr, "error: cannot open '%s': %s\n", path, strerror(errno));
    return 66;
  }
  int rc = read_all(file, path, out);
  if (!is_stdin) fclose(file);
  return rc;
}
