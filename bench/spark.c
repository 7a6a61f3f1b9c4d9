/* Reads a query's rows from a Spark Connect server, and says what that cost this process.
 *
 * usage: spark URL SQL stream|keep     SPDX-License-Identifier: Apache-2.0
 *
 * `stream` looks at each batch and lets it go, `keep` holds all of them as a table would. */
#include <sparkconnect/sparkconnect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { BATCHES_MAX = 100000 };

static double seconds_of(struct timeval t)
{
  return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double cpu_seconds(void)
{
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

static double wall_seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fail(const sparkc_error *err)
{
  fprintf(stderr, "spark: %s\n", sparkc_error_message(err));
  exit(1);
}

static int64_t read_rows(const sparkc_dataframe *df, int keeps)
{
  static struct ArrowArray kept[BATCHES_MAX];
  struct ArrowArray batch;
  sparkc_result *result;
  sparkc_error err = {0};
  int64_t rows = 0;
  size_t count = 0;
  if (sparkc_execute(df, NULL, &result, &err) != SPARKC_OK) fail(&err);
  for (;;) {
    if (sparkc_result_next(result, &batch, &err) != SPARKC_OK) fail(&err);
    if (!batch.release) break;
    rows += batch.length;
    if (keeps && count < BATCHES_MAX)
      kept[count++] = batch;
    else
      batch.release(&batch);
  }
  for (size_t i = 0; i < count; i++) kept[i].release(&kept[i]);
  sparkc_result_close(result);
  return rows;
}

int main(int argc, char **argv)
{
  sparkc_session *session;
  sparkc_dataframe *df;
  sparkc_error err = {0};
  struct rusage used;
  if (argc != 4) return 64;
  double cpu = cpu_seconds(), wall = wall_seconds();
  if (sparkc_session_open(SPARKC_SESSION_ARGS(.url = argv[1]), &session, &err) != SPARKC_OK ||
      sparkc_sql(session, argv[2], &df, &err) != SPARKC_OK)
    fail(&err);
  int64_t rows = read_rows(df, strcmp(argv[3], "keep") == 0);
  cpu = cpu_seconds() - cpu;
  wall = wall_seconds() - wall;
  getrusage(RUSAGE_SELF, &used);
  printf("{\"rows\": %lld, \"cpu_s\": %.6f, \"wall_s\": %.6f, \"peak_mib\": %.1f}\n",
         (long long)rows, cpu, wall, (double)used.ru_maxrss / 1024);
  sparkc_dataframe_free(df);
  sparkc_session_close(session);
  return 0;
}
