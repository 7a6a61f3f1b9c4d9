/* Runs a command and says what it cost with all its threads and children: processor seconds, wall
 * seconds, peak resident memory. A small program, since a process begins with the peak of the one
 * that started it.
 *
 * usage: cost OUT.json COMMAND [ARGUMENT...]        SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
  return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
  struct timespec begin, end;
  struct rusage use;
  int status;
  if (argc < 3) return 64;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  pid_t child = fork();
  if (child == 0) {
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  if (child < 0 || waitpid(child, &status, 0) != child) return 70;
  clock_gettime(CLOCK_MONOTONIC, &end);
  getrusage(RUSAGE_CHILDREN, &use);
  FILE *out = fopen(argv[1], "w");
  if (!out) return 73;
  fprintf(out, "{\"cpu_s\": %.6f, \"wall_s\": %.6f, \"peak_mib\": %.1f}\n",
          seconds(use.ru_utime) + seconds(use.ru_stime),
          (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9,
          (double)use.ru_maxrss / 1024);
  fclose(out);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 70;
}
