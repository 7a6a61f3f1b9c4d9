/* serve: answers over HTTP until it is told to stop. SPDX-License-Identifier: Apache-2.0 */
#include <gnomon/serve.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { GRACE_MS = 10000 };

/* A token is a file's first line, or $GNOMON_TOKEN: nothing that other users see in a list of
 * processes. */
static int read_token(const cli_args *args, gn_text *out)
{
  const char *set = getenv("GNOMON_TOKEN");
  *out = (gn_text){0};
  if (args->token_file) {
    int rc = cli_read_file(args->token_file, out);
    if (rc == 0) out->ptr[strcspn(out->ptr, "\r\n")] = 0;
    return rc;
  }
  if (set && *set) out->ptr = strdup(set);
  return 0;
}

static void wait_for_signal(const sigset_t *wanted)
{
  int signal_number;
  sigwait(wanted, &signal_number);
}

int cmd_serve(const cli_args *args)
{
  gn_session *session;
  gn_server *server = NULL;
  gn_text token;
  gn_error err = {0};
  sigset_t wanted;
  /* Before any thread is made, so that all of them leave these to us. */
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGINT);
  sigaddset(&wanted, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &wanted, NULL);
  int rc = cli_open(args, &session);
  if (rc) return rc;
  rc = read_token(args, &token);
  gn_server_args serving = {.struct_size = sizeof serving,
                            .listen = args->listen,
                            .token = token.ptr,
                            .threads = (int32_t)args->threads,
                            .without_token_ok = args->without_token};
  if (rc == 0) rc = gn_server_start(session, &serving, &server, &err) == GN_OK ? 0 : cli_fail(&err);
  if (rc == 0) {
    if (args->json) printf("{\"port\":%d}\n", gn_server_port(server));
    fflush(stdout);
    cli_note(args, "serving on port %d; Ctrl-C stops", gn_server_port(server));
    wait_for_signal(&wanted);
    cli_note(args, "stopping");
    gn_server_stop(server, GRACE_MS);
  }
  free(token.ptr);
  gn_session_close(session);
  return rc;
}
