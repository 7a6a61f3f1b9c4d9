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

/* ---- how to say it ---- */

static bool is_set(const char *variable)
{
  const char *value = getenv(variable);
  return value && *value;
}

bool cli_color(const cli_args *args)
{
  const char *term = getenv("TERM"), *forced = getenv("CLICOLOR_FORCE");
  if (args && args->color && strcmp(args->color, "always") == 0) return true;
  if (args && args->color && strcmp(args->color, "never") == 0) return false;
  if (is_set("NO_COLOR")) return false;
  if (is_set("FORCE_COLOR") || (forced && *forced && strcmp(forced, "0") != 0)) return true;
  return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

/* Mistakes in the words that come first are told as the later ones ask. */
void cli_begin(cli_args *args, int argc, char **argv)
{
  current = args;
  signal(SIGPIPE, SIG_DFL); /* `gnomon sql … | head` ends quietly, whoever started it */
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
    if (strcmp(argv[i], "--json") == 0) args->json = true;
    if (strncmp(argv[i], "--color=", 8) == 0) args->color = argv[i] + 8;
    if (strcmp(argv[i], "--color") == 0 && i + 1 < argc) args->color = argv[i + 1];
  }
}

int cli_end(int status)
{
  bool good = fflush(stdout) == 0 && !ferror(stdout);
  return good || status ? status : cli_file_failed("write", "standard output");
}

/* ---- failures ---- */

int cli_fail(const gn_error *err)
{
  int form = current && current->json ? GN_FORM_JSON
             : cli_color(current)     ? GN_FORM_COLOR
                                      : GN_FORM_TEXT;
  gn_text text;
  cli_progress_end();
  if (gn_error_write(err, form, &text) == GN_OK)
    fwrite(text.ptr, 1, text.len, stderr);
  else
    fprintf(stderr, "error[%s]: %s\n", err->diagnostic, err->message);
  gn_text_free(&text);
  return gn_code_exit_status(err->code);
}

GN_PRINTF(4, 0)
static int refuse(const char *diagnostic, int code, const char *hint, const char *format,
                  va_list args)
{
  gn_error err = {.code = code};
  snprintf(err.diagnostic, sizeof err.diagnostic, "%s", diagnostic);
  snprintf(err.hint, sizeof err.hint, "%s", hint ? hint : "");
  vsnprintf(err.message, sizeof err.message, format, args);
  return cli_fail(&err);
}

int cli_refuse(const char *diagnostic, int code, const char *hint, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int status = refuse(diagnostic, code, hint, format, args);
  va_end(args);
  return status;
}

int cli_usage(const char *diagnostic, const char *hint, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int status = refuse(diagnostic, GN_E_ARG, hint, format, args);
  va_end(args);
  return status;
}

int cli_file_failed(const char *verb, const char *path)
{
  int number = errno;
  bool full = number == ENOSPC, forbidden = number == EACCES || number == EPERM || number == EROFS;
  int code = number == ENOENT || number == ENOTDIR ? GN_E_NOTFOUND
             : forbidden                           ? GN_E_AUTH
                                                   : GN_E_IO;
  return cli_refuse(full        ? "GR001"
                    : forbidden ? "GR002"
                                : "GC012",
                    code, NULL, "cannot %s '%s': %s", verb, path, strerror(number));
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

void cli_print_json_text(const char *text)
{
  putchar('"');
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\')
      printf("\\%c", c);
    else if (c < 0x20)
      printf("\\u%04x", c);
    else
      putchar(c);
  }
  putchar('"');
}

bool cli_json_text(const char *json, const char *name, char *out, size_t size)
{
  char wanted[64];
  snprintf(wanted, sizeof wanted, "\"%s\":\"", name);
  const char *at = strstr(json, wanted);
  size_t len = 0;
  if (!at) return false;
  for (at += strlen(wanted); *at && *at != '"' && len + 1 < size; at++) {
    char c = *at;
    if (c == '\\' && at[1]) {
      c = *++at;
      if (c == 'n' || c == 't' || c == 'r') c = ' ';
    }
    out[len++] = c;
  }
  out[len] = '\0';
  return true;
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
  static int64_t first, before;
  (void)user;
  if (done < before || started == 0) {
    started = now_seconds();
    first = done;
  }
  before = done;
  double seconds = now_seconds() - started;
  double rate = seconds > 0 ? (double)(done - first) / seconds : 0;
  fprintf(stderr, "\r\033[K%s  %" PRId64, step, done);
  if (total > 0)
    fprintf(stderr, " of %" PRId64 " %s (%.0f%%)", total, unit,
            100.0 * (double)done / (double)total);
  else
    fprintf(stderr, " %s", unit);
  if (rate > 0) fprintf(stderr, "  %.0f %s/s", rate, unit);
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
  const char *color = !cli_color(args) ? "" : level == GN_LOG_WARN ? "\033[1;33m" : "\033[1;36m";
  fprintf(stderr, "%s%s", color, level == GN_LOG_WARN ? "warning" : component);
  for (size_t i = 0; i < field_count; i++)
    if (strcmp(fields[i].key, "diagnostic") == 0) fprintf(stderr, "[%s]", fields[i].text);
  fprintf(stderr, "%s: %s", *color ? "\033[0m" : "", event);
  for (size_t i = 0; i < field_count; i++)
    if (strcmp(fields[i].key, "diagnostic") != 0)
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
  if (scale > 1) end++;
  if (errno || *end || value <= 0 || value > INT64_MAX / scale)
    return cli_usage("GC004", NULL, "--memory wants a size such as 2G, not '%s'", text);
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
      return cli_refuse("GE009", GN_E_NOMEM, NULL, "'%s' does not fit in memory", path);
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
  if (!file) return cli_file_failed("open", path);
  int rc = read_all(file, path, out);
  if (rc == 0 && ferror(file)) {
    free(out->ptr);
    rc = cli_file_failed("read", path);
  }
  if (!is_stdin) fclose(file);
  return rc;
}

void cli_note_skipped(const cli_args *args)
{
  if (args->skip_unsupported)
    cli_note(args, "no feature is left out: this version computes every operation");
}
