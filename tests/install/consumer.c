/* A program that is not ours: includes what is installed and links by pkg-config alone. C99 and
 * C++11. SPDX-License-Identifier: Apache-2.0
 *
 *   consumer REPOSITORY fetch NAME REQUEST    one JSON line
 *   consumer REPOSITORY sql STATEMENT         rows as JSON lines
 *
 * Then the names of the libraries that are in the process, a line each. */
#include <gnomon/backfill.h>
#include <gnomon/define.h>
#include <gnomon/fetch.h>
#include <gnomon/gnomon.h>
#include <gnomon/upload.h>

#include <stdio.h>
#include <string.h>

static int fetch(gn_session *session, const char *name, const char *request, gn_text *out,
                 gn_error *err)
{
  return gn_fetch_json(session, name, request, strlen(request), GN_ANSWER_EXPLICIT, out, err);
}

static int sql(gn_session *session, const char *statement, gn_text *out, gn_error *err)
{
  struct ArrowArrayStream rows;
  int rc = gn_sql(session, statement, &rows, err);
  return rc == GN_OK ? gn_render(&rows, GN_RENDER_JSONL, 0, out, err) : rc;
}

static void print_libraries(void)
{
  char line[4096], last[4096] = "";
  FILE *maps = fopen("/proc/self/maps", "r");
  while (maps && fgets(line, sizeof line, maps)) {
    const char *path = strchr(line, '/');
    if (!path || !strstr(path, ".so") || strcmp(path, last) == 0) continue;
    fputs(path, stdout);
    strcpy(last, path);
  }
  if (maps) fclose(maps);
}

int main(int argc, char **argv)
{
  gn_error err;
  gn_text answer = {NULL, 0, NULL};
  gn_session *session = NULL;
  gn_session_args args;
  int rc = GN_E_ARG;
  memset(&err, 0, sizeof err);
  memset(&args, 0, sizeof args);
  args.struct_size = sizeof args;
  args.repo = argc > 3 ? argv[1] : ".";
  if (gn_session_open(&args, &session, &err) == GN_OK && argc > 3) {
    if (strcmp(argv[2], "fetch") == 0)
      rc = fetch(session, argv[3], argv[4], &answer, &err);
    else
      rc = sql(session, argv[3], &answer, &err);
  }
  if (rc == GN_OK) {
    fputs(answer.ptr, stdout);
    print_libraries();
  } else {
    fprintf(stderr, "%s: %s (%s)\n", gn_code_name(rc), err.message, gn_version());
  }
  gn_text_free(&answer);
  gn_session_close(session);
  return rc == GN_OK ? 0 : gn_code_exit_status(rc);
}
