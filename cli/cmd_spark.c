/* A Spark Connect server from the command line: the module gnomon-spark.so.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The first word is what to do, then the server's URL (or $SPARK_REMOTE). Ctrl-C ends what runs on
 * the server, too: a thread waits for it, since the library is to be called from there. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sparkconnect/sparkconnect.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "module.h"

typedef struct spark {
  const cli_args *args;
  sparkc_session *session;
  const char *const *words; /* behind the URL */
  size_t word_count;
  bool shows_progress;
  char tag[64];            /* of everything that we run on the server */
  atomic_bool interrupted; /* by Ctrl-C */
  atomic_bool unreachable; /* for now: there is nobody to tell that we stop */
} spark;

/* ---- failures -------------------------------------------------------------------------------- */

typedef struct trouble {
  const char *diagnostic;
  int code; /* a gn_code, which gives the exit status */
} trouble;

/* Without a session it is the address; no connection and no hope of one is TLS. */
static trouble trouble_of(const spark *s, const sparkc_error *err)
{
  enum { PERMISSION_DENIED = 7, UNAVAILABLE = 14, UNAUTHENTICATED = 16 };
  if (err->status == UNAUTHENTICATED || err->status == PERMISSION_DENIED)
    return (trouble){"GS003", GN_E_AUTH};
  switch (err->code) {
  case SPARKC_E_TRANSPORT:
    return err->status == UNAVAILABLE && !err->retryable ? (trouble){"GS002", GN_E_AUTH}
                                                         : (trouble){"GS001", GN_E_IO};
  case SPARKC_E_PLAN:
    return (trouble){s->session ? "GE001" : "GS007", GN_E_ARG};
  case SPARKC_E_UNSUPPORTED:
    return (trouble){"GS009", GN_E_UNSUPPORTED};
  case SPARKC_E_LIMIT:
    return (trouble){s->session ? "GS008" : "GS007", s->session ? GN_E_LIMIT : GN_E_ARG};
  case SPARKC_E_NOMEM:
    return (trouble){"GE009", GN_E_NOMEM};
  case SPARKC_E_CANCELLED:
    return (trouble){"GS010", GN_E_CANCELLED};
  case SPARKC_E_TIMEOUT:
    return (trouble){"GS005", GN_E_TIMEOUT};
  case SPARKC_E_CLOSED:
    return (trouble){"GS006", GN_E_REMOTE};
  default:
    return (trouble){"GS004", GN_E_REMOTE};
  }
}

enum { MESSAGE_BYTES = sizeof((gn_error *)0)->message };

/* How much of the first line fits into `room`, whole characters. */
static size_t first_line(const char *text, size_t room)
{
  size_t len = strcspn(text, "\n");
  if (len <= room) return len;
  while (room > 0 && ((unsigned char)text[room] & 0xC0) == 0x80) room--;
  return room;
}

/* The first line is the message, with class and SQLSTATE where it lacks them; what Spark says
 * beyond it, plans and all, comes with --verbose. */
static int fail(const spark *s, sparkc_error *err)
{
  const char *message = sparkc_error_message(err);
  char class[sizeof err->error_class + 4] = "", state[sizeof err->sqlstate + 16] = "";
  while (*message == '\n') message++;
  if (err->error_class[0] && !strstr(message, err->error_class))
    snprintf(class, sizeof class, "[%s] ", err->error_class);
  if (err->sqlstate[0] && !strstr(message, err->sqlstate))
    snprintf(state, sizeof state, " SQLSTATE: %s", err->sqlstate);
  size_t len = first_line(message, MESSAGE_BYTES - 1 - strlen(class) - strlen(state));
  trouble found = trouble_of(s, err);
  if (atomic_load(&s->interrupted)) found = (trouble){"GE017", GN_E_CANCELLED};
  int status = cli_refuse(found.diagnostic, found.code, err->hint[0] ? err->hint : NULL, "%s%.*s%s",
                          class, (int)len, message, state);
  if (s->args->verbose && message[len]) fprintf(stderr, "%s\n", message + len);
  if (s->args->verbose && sparkc_error_stack(err)) fprintf(stderr, "%s\n", sparkc_error_stack(err));
  sparkc_error_clear(err);
  return status;
}

/* ---- progress and Ctrl-C --------------------------------------------------------------------- */

static void on_event(void *user, const sparkc_event *event)
{
  spark *s = user;
  atomic_store(&s->unreachable, event->kind == SPARKC_EVENT_RETRY);
  if (event->kind == SPARKC_EVENT_RETRY && !s->args->quiet)
    cli_note(s->args, "the server does not answer (%s); trying again in %.1f s", event->method,
             (double)event->wait_us / 1e6);
  if (event->kind == SPARKC_EVENT_WARNING) cli_note(s->args, "%s", event->text);
  if (event->kind != SPARKC_EVENT_PROGRESS || !s->shows_progress) return;
  if (event->finished)
    fprintf(stderr, "\r\033[K");
  else
    fprintf(stderr, "\r\033[K%" PRId64 " of %" PRId64 " tasks, %.1f MB read", event->tasks_done,
            event->tasks_total, (double)event->bytes / 1e6);
}

/* Only what has our tag is ended: others may work in the same session. An operation that the server
 * does not know yet is asked for again. */
static void *wait_for_interrupt(void *user)
{
  spark *s = user;
  const struct timespec again = {.tv_nsec = 300000000};
  sigset_t interrupts;
  int which;
  sigemptyset(&interrupts);
  sigaddset(&interrupts, SIGINT);
  sigaddset(&interrupts, SIGTERM);
  if (sigwait(&interrupts, &which) != 0) return NULL;
  atomic_store(&s->interrupted, true);
  do {
    if (atomic_load(&s->unreachable)) _exit(130);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &which); /* a call is finished */
    sparkc_session_interrupt(s->session, SPARKC_INTERRUPT_TAG, s->tag, NULL, NULL);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &which);
  } while (sigtimedwait(&interrupts, NULL, &again) < 0);
  _exit(130); /* asked twice */
}

/* A name that no other process gives its operations. */
static int tag_ours(spark *s, sparkc_error *err)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(s->tag, sizeof s->tag, "gnomon-%ld-%lld-%ld", (long)getpid(), (long long)now.tv_sec,
           now.tv_nsec);
  return sparkc_tag_add(s->session, s->tag, err);
}

/* Threads that begin later inherit that the signals are kept for the one that waits. */
static int start_waiting(spark *s, pthread_t *thread)
{
  sigset_t interrupts;
  sigemptyset(&interrupts);
  sigaddset(&interrupts, SIGINT);
  sigaddset(&interrupts, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &interrupts, NULL);
  return pthread_create(thread, NULL, wait_for_interrupt, s);
}

/* ---- what can be done ------------------------------------------------------------------------ */

static int ping(spark *s)
{
  struct timespec before, after;
  sparkc_error err = {0};
  char *version;
  clock_gettime(CLOCK_MONOTONIC, &before);
  if (sparkc_session_version(s->session, &version, &err) != SPARKC_OK) return fail(s, &err);
  clock_gettime(CLOCK_MONOTONIC, &after);
  double ms =
      (double)(after.tv_sec - before.tv_sec) * 1e3 + (double)(after.tv_nsec - before.tv_nsec) / 1e6;
  if (s->args->json)
    printf("{\"version\":\"%s\",\"session_id\":\"%s\",\"milliseconds\":%.1f}\n", version,
           sparkc_session_id(s->session), ms);
  else
    printf("Spark %s answered in %.1f ms\n", version, ms);
  sparkc_text_free(s->session, version);
  return 0;
}

static int frame_of(spark *s, sparkc_dataframe **out)
{
  sparkc_error err = {0};
  const char *sql = s->args->command ? s->args->command : s->word_count > 0 ? s->words[0] : NULL;
  if (!sql) return cli_usage("GC003", "gnomon spark sql URL \"SELECT 1\"", "there is no statement");
  return sparkc_sql(s->session, sql, out, &err) == SPARKC_OK ? 0 : fail(s, &err);
}

static int form_of(const cli_args *args)
{
  static const struct {
    const char *name;
    int form;
  } forms[] = {{"json", GN_RENDER_JSON},
               {"jsonl", GN_RENDER_JSONL},
               {"csv", GN_RENDER_CSV},
               {"md", GN_RENDER_MARKDOWN}};
  for (size_t i = 0; args->output && i < sizeof forms / sizeof *forms; i++)
    if (strcmp(forms[i].name, args->output) == 0) return forms[i].form;
  return args->json && !args->output ? GN_RENDER_JSON : GN_RENDER_TABLE;
}

/* The rows of a result as a stream that keeps what went wrong. */
typedef struct answer {
  const spark *s;
  sparkc_result *result;
  sparkc_error err;
  int64_t rows; /* that came */
} answer;

static int answer_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
  answer *a = stream->private_data;
  return sparkc_result_schema(a->result, out, &a->err) == SPARKC_OK ? 0 : EIO;
}

static int answer_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  answer *a = stream->private_data;
  if (sparkc_result_next(a->result, out, &a->err) != SPARKC_OK) return EIO;
  a->rows += out->release ? out->length : 0;
  if (a->s->args->to_file && a->s->shows_progress)
    fprintf(stderr, out->release ? "\r\033[K%" PRId64 " rows" : "\r\033[K", a->rows);
  return 0;
}

static const char *answer_error(struct ArrowArrayStream *stream)
{
  const answer *a = stream->private_data;
  return a->err.code ? sparkc_error_message(&a->err) : NULL;
}

static void answer_release(struct ArrowArrayStream *stream)
{
  answer *a = stream->private_data;
  sparkc_result_close(a->result);
  a->result = NULL;
  stream->release = NULL;
}

static int print_text(const spark *s, struct ArrowArrayStream *rows, gn_error *err)
{
  gn_text text;
  int rc = gn_render(rows, form_of(s->args), 0, &text, err);
  if (rc != GN_OK) return rc;
  cli_print(text.ptr, text.len);
  gn_text_free(&text);
  return GN_OK;
}

static int write_file(const spark *s, struct ArrowArrayStream *rows, gn_error *err)
{
  int64_t count = 0, bytes = 0;
  const char *path = s->args->to_file;
  int rc = gn_write_parquet(rows, path, &count, &bytes, err);
  if (rc != GN_OK) return rc;
  if (s->args->json)
    printf("{\"rows\":%" PRId64 ",\"bytes\":%" PRId64 "}\n", count, bytes);
  else
    cli_note(s->args, "wrote %" PRId64 " rows, %" PRId64 " bytes to %s", count, bytes, path);
  return GN_OK;
}

static int give_rows(spark *s, const sparkc_dataframe *df)
{
  answer a = {.s = s};
  sparkc_dataframe *first = NULL;
  gn_error why = {0};
  int rc = SPARKC_OK;
  if (s->args->rows > 0) rc = sparkc_limit(df, (int32_t)s->args->rows, &first, &a.err);
  if (rc == SPARKC_OK) rc = sparkc_execute(first ? first : df, NULL, &a.result, &a.err);
  sparkc_dataframe_free(first);
  if (rc != SPARKC_OK) return fail(s, &a.err);
  struct ArrowArrayStream rows = {answer_schema, answer_next, answer_error, answer_release, &a};
  rc = s->args->to_file ? write_file(s, &rows, &why) : print_text(s, &rows, &why);
  if (a.err.code != SPARKC_OK) return fail(s, &a.err);
  return rc == GN_OK ? 0 : cli_fail(&why);
}

static int sql(spark *s)
{
  sparkc_dataframe *df;
  int rc = frame_of(s, &df);
  if (rc) return rc;
  rc = give_rows(s, df);
  sparkc_dataframe_free(df);
  return rc;
}

static int schema(spark *s)
{
  sparkc_error err = {0};
  sparkc_dataframe *df;
  char *text;
  int rc = frame_of(s, &df);
  if (rc) return rc;
  rc = s->args->json ? sparkc_schema_text(df, &text, &err) : sparkc_schema_tree(df, &text, &err);
  if (rc == SPARKC_OK && s->args->json) {
    cli_print_json_text(text);
    putchar('\n');
  } else if (rc == SPARKC_OK) {
    printf("%s", text);
  }
  if (rc == SPARKC_OK)
    sparkc_text_free(s->session, text);
  else
    rc = fail(s, &err);
  sparkc_dataframe_free(df);
  return rc;
}

static int explain(spark *s)
{
  static const char *const modes[] = {"simple", "extended", "codegen", "cost", "formatted"};
  int mode = SPARKC_EXPLAIN_SIMPLE;
  sparkc_error err = {0};
  sparkc_dataframe *df;
  char *text;
  for (int i = 0; s->args->mode && i < 5; i++)
    if (strcmp(modes[i], s->args->mode) == 0) mode = i + 1;
  int rc = frame_of(s, &df);
  if (rc) return rc;
  if (sparkc_explain(df, mode, &text, &err) == SPARKC_OK) {
    printf("%s", text);
    sparkc_text_free(s->session, text);
  } else {
    rc = fail(s, &err);
  }
  sparkc_dataframe_free(df);
  return rc;
}

struct listing {
  bool json, any;
};

static void print_setting(void *user, const char *key, const char *value)
{
  struct listing *at = user;
  if (!at->json) {
    printf("%s=%s\n", key, value ? value : "");
    return;
  }
  printf(at->any ? ",\n " : "{");
  at->any = true;
  cli_print_json_text(key);
  putchar(':');
  if (value)
    cli_print_json_text(value);
  else
    printf("null");
}

/* Without a key, or with one that ends in a dot, it lists. */
static int config(spark *s)
{
  const char *key = s->word_count > 0 ? s->words[0] : NULL;
  bool lists = !key || (*key && key[strlen(key) - 1] == '.');
  struct listing at = {.json = s->args->json};
  sparkc_error err = {0};
  char *value;
  if (lists) {
    if (sparkc_config_list(s->session, key, print_setting, &at, &err) != SPARKC_OK)
      return fail(s, &err);
    if (at.json) printf(at.any ? "}\n" : "{}\n");
    return 0;
  }
  if (sparkc_config_get(s->session, key, &value, &err) != SPARKC_OK) return fail(s, &err);
  if (at.json) {
    print_setting(&at, key, value);
    printf("}\n");
  } else {
    printf("%s\n", value ? value : "");
  }
  sparkc_text_free(s->session, value);
  return 0;
}

/* Of the session that the URL names: everything, an operation, or what has a tag. */
static int interrupt(spark *s)
{
  const char *word = s->word_count > 0 ? s->words[0] : NULL;
  bool is_tag = word && strncmp(word, "tag:", 4) == 0;
  int what = !word    ? SPARKC_INTERRUPT_ALL
             : is_tag ? SPARKC_INTERRUPT_TAG
                      : SPARKC_INTERRUPT_OPERATION;
  sparkc_error err = {0};
  size_t count;
  if (sparkc_session_interrupt(s->session, what, is_tag ? word + 4 : word, &count, &err) !=
      SPARKC_OK)
    return fail(s, &err);
  if (s->args->json)
    printf("{\"interrupted\":%zu}\n", count);
  else
    printf("interrupted %zu operations\n", count);
  return 0;
}

/* ---- the command ----------------------------------------------------------------------------- */

static const struct verb {
  const char *name;
  int (*run)(spark *s);
} verbs[] = {{"ping", ping},       {"sql", sql},       {"schema", schema},
             {"explain", explain}, {"config", config}, {"interrupt", interrupt}};

static const struct verb *find_verb(const char *word)
{
  for (size_t i = 0; word && i < sizeof verbs / sizeof *verbs; i++)
    if (strcmp(verbs[i].name, word) == 0) return &verbs[i];
  return NULL;
}

/* Of any kind: a statement does not begin so, and a wrong address is to be told. */
static bool is_url(const char *word)
{
  size_t scheme = strspn(word, "abcdefghijklmnopqrstuvwxyz+.-");
  return strncmp(word, "unix:", 5) == 0 || (scheme > 0 && strncmp(word + scheme, "://", 3) == 0);
}

static int run(const cli_args *args)
{
  const struct verb *verb = find_verb(args->word_count ? args->words[0] : NULL);
  bool has_url = args->word_count > 1 && is_url(args->words[1]);
  size_t skip = has_url ? 2 : 1;
  spark s = {.args = args,
             .words = args->words + skip,
             .word_count = args->word_count > skip ? args->word_count - skip : 0,
             .shows_progress = isatty(STDERR_FILENO) && !args->quiet};
  sparkc_error err = {0};
  pthread_t waiting;
  if (!verb)
    return cli_usage("GC003", "gnomon spark ping sc://localhost",
                     "'spark' wants ping, sql, schema, explain, config or interrupt");
  if (args->to_file && (verb->run != sql || args->output))
    return cli_usage("GC005", "gnomon spark sql URL \"SELECT 1\" --to FILE",
                     "--to is for rows of 'sql', and its form is Parquet");
  if (sparkc_session_open(SPARKC_SESSION_ARGS(.url = has_url ? args->words[1] : NULL,
                                              .on_event = on_event, .event_user = &s,
                                              .want_stack = args->verbose, .retries_max = 4),
                          &s.session, &err) != SPARKC_OK)
    return fail(&s, &err);
  if (tag_ours(&s, &err) != SPARKC_OK) {
    sparkc_session_close(s.session);
    return fail(&s, &err);
  }
  bool waits = start_waiting(&s, &waiting) == 0;
  int rc = verb->run(&s);
  if (waits) {
    pthread_cancel(waiting); /* sigwait is where it can be ended */
    pthread_join(waiting, NULL);
  }
  sparkc_session_close(s.session);
  return rc;
}

const cli_module cli_spark = {.version = GN_VERSION, .args_size = sizeof(cli_args), .run = run};
