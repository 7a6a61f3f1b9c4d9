/* Who keeps the file of a former generation, and until when. Two opened stores are two processes
 * here: locks of a file belong to whoever opened it. SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { ROWS = 100, VALUE_BYTES = 100000 }; /* ten megabytes: worth waiting for */

static gni_store *loader, *server;
static gni_store_reader *reader;
static _Atomic bool committed;

static void close_all(void *what)
{
  (void)what;
  gni_store_reader_close(reader);
  gni_store_close(server);
  gni_store_close(loader);
  reader = NULL;
  server = loader = NULL;
}

static void open_both(void)
{
  gn_error err = {0};
  gni_store_env env = {.alloc = &gni_libc_alloc, .base_folder = test_folder()};
  test_later(close_all, NULL);
  CHECK_OK(gni_store_open("lmdb:store", &env, &loader, &err), &err);
  CHECK_OK(gni_store_open("lmdb:store", &env, &server, &err), &err);
  CHECK_OK(gni_store_reader_open(server, &reader, &err), &err);
}

/* Every value is full of `fill`. */
static void load_all(char fill)
{
  static char value[VALUE_BYTES];
  gn_error err = {0};
  gni_store_load *load;
  memset(value, fill, sizeof value);
  CHECK_OK(gni_store_load_begin(loader, GN_STR("SPEND_BATCH"), ROWS, 0, &load, &err), &err);
  for (char i = 0; i < ROWS; i++)
    CHECK_OK(gni_store_load_put(load, (gn_str){&i, 1}, (gn_str){value, sizeof value}, &err), &err);
  CHECK_OK(gni_store_load_commit(load, 1, &err), &err);
}

static char look(gni_store_reader *with)
{
  gn_error err = {0};
  gn_str value;
  CHECK_OK(gni_store_begin(with, &err), &err);
  CHECK_OK(gni_store_get(with, GN_STR("SPEND_BATCH"), (gn_str){"\1", 1}, &value, &err), &err);
  char fill = value.ptr[0];
  gni_store_end(with);
  return fill;
}

static void *load_second(void *user)
{
  (void)user;
  load_all('b');
  committed = true;
  return NULL;
}

static void sleep_ms(int ms)
{
  struct timespec step = {ms / 1000, ms % 1000 * 1000000L};
  nanosleep(&step, NULL);
}

/* Waits until others see the second generation. */
static void await_switch(void)
{
  gni_store_reader *fresh;
  gn_error err = {0};
  CHECK_OK(gni_store_reader_open(server, &fresh, &err), &err);
  for (int tries = 0; tries < 10000 && look(fresh) != 'b'; tries++) sleep_ms(3);
  gni_store_reader_close(fresh);
}

static int64_t files(void)
{
  gni_store_measures measures = {0};
  gn_error err = {0};
  CHECK_OK(gni_store_measure(loader, GN_STR("SPEND_BATCH"), 0, &measures, &err), &err);
  return measures.generations;
}

static void a_load_keeps_the_former_file_until_readers_moved_on(void)
{
  pthread_t thread;
  open_both();
  load_all('a');
  CHECK_INT(look(reader), 'a');
  committed = false;
  CHECK_INT(pthread_create(&thread, NULL, load_second, NULL), 0);
  await_switch();
  int64_t switched_us = gni_monotonic_us();
  sleep_ms(30);
  bool early = committed;
  bool is_slow = gni_monotonic_us() - switched_us > 200000; /* by then it may have given up */
  char seen = look(reader);
  pthread_join(thread, NULL);
  CHECK(!early || is_slow);
  CHECK_INT(seen, 'b');
  CHECK(files() == 1 || is_slow);
}

static void what_is_being_read_stays_for_the_next_load(void)
{
  open_both();
  load_all('a');
  CHECK_INT(look(reader), 'a');
  load_all('b'); /* nobody looks meanwhile */
  CHECK_INT(files(), 2);
  sleep_ms(3);
  CHECK_INT(look(reader), 'b');
  gni_store_reader_close(reader);
  reader = NULL;
  load_all('c');
  CHECK_INT(files(), 1);
}

static void check_setting(gni_store_reader *with)
{
  gn_error err = {0};
  gn_str value;
  CHECK_OK(gni_store_begin(with, &err), &err);
  CHECK_OK(gni_store_get(with, GN_STR("SETTINGS"), GN_STR("key"), &value, &err), &err);
  CHECK_STR(value, "value");
  gni_store_end(with);
}

/* LMDB gives up all readers of the process when one of its environments of a file is closed. */
static void closing_one_store_leaves_readers_of_another_alone(void)
{
  gni_store_reader *own;
  gn_error err = {0};
  open_both();
  CHECK_OK(gni_store_set(loader, GN_STR("SETTINGS"), GN_STR("key"), GN_STR("value"), &err), &err);
  check_setting(reader);
  CHECK_OK(gni_store_reader_open(loader, &own, &err), &err);
  check_setting(own);
  gni_store_reader_close(own);
  gni_store_close(loader);
  loader = NULL;
  check_setting(reader);
}

/* The loading thread's own reader would never move on. */
static void a_load_does_not_wait_for_its_own_store(void)
{
  gni_store_reader *own;
  gn_error err = {0};
  open_both();
  CHECK_OK(gni_store_reader_open(loader, &own, &err), &err);
  load_all('a');
  CHECK_INT(look(own), 'a');
  load_all('b');
  CHECK_INT(look(own), 'b');
  gni_store_reader_close(own);
}

int main(void)
{
  static const test_case cases[] = {
      {"a load keeps the former file until readers moved on",
       a_load_keeps_the_former_file_until_readers_moved_on},
      {"what is being read stays for the next load", what_is_being_read_stays_for_the_next_load},
      {"a load does not wait for its own store", a_load_does_not_wait_for_its_own_store},
      {"closing one store leaves readers of another alone",
       closing_one_store_leaves_readers_of_another_alone},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
