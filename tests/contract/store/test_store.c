/* The laws of store.h, for every driver: run as store-contract-lmdb, store-contract-memory, ….
 * SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"
#include "store/store.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static gni_store_env env;
static gni_store *store;
static gni_store_reader *reader;

static void close_all(void *what)
{
  (void)what;
  gni_store_reader_close(reader);
  gni_store_close(store);
  reader = NULL;
  store = NULL;
}

static void reopen(void)
{
  gn_error err = {0};
  const char *url = getenv("GN_STORE_URL");
  if (store)
    close_all(NULL);
  else
    test_later(close_all, NULL);
  env = (gni_store_env){.alloc = test_alloc(), .base_folder = test_folder()};
  CHECK_OK(gni_store_open(url ? url : "memory:", &env, &store, &err), &err);
  CHECK_OK(gni_store_reader_open(store, &reader, &err), &err);
}

static bool is_durable(void)
{
  const char *url = getenv("GN_STORE_URL");
  return url && strstr(url, "lmdb:") != NULL;
}

static void load_rows(int from, int to, const char *prefix, int64_t batch_end_ms)
{
  gn_error err = {0};
  gni_store_load *load;
  CHECK_OK(gni_store_load_begin(store, GN_STR("SPEND_BATCH"), to - from, 0, &load, &err), &err);
  for (int i = from; i < to; i++) {
    char key[32], value[64];
    int key_len = snprintf(key, sizeof key, "key-%08d", i);
    int value_len = snprintf(value, sizeof value, "%s-%d", prefix, i);
    CHECK_OK(gni_store_load_put(load, (gn_str){key, (size_t)key_len},
                                (gn_str){value, (size_t)value_len}, &err),
             &err);
  }
  CHECK_OK(gni_store_load_commit(load, batch_end_ms, &err), &err);
}

/* The value of a key, or NULL. */
static const char *look_up(const char *dataset, const char *key)
{
  static char text[1024];
  gn_error err = {0};
  gn_str value;
  CHECK_OK(gni_store_begin(reader, &err), &err);
  int rc = gni_store_get(reader, gni_str(dataset), gni_str(key), &value, &err);
  if (rc == GN_OK) snprintf(text, sizeof text, "%.*s", GN_STR_ARGS(value));
  gni_store_end(reader);
  if (rc == GN_ABSENT)
    CHECK_INT(err.code, GN_OK);
  else
    CHECK_OK(rc, &err);
  return rc == GN_OK ? text : NULL;
}

static void an_absent_key_is_an_answer(void)
{
  gni_generation_info info;
  gn_error err = {0};
  reopen();
  CHECK(look_up("SPEND_BATCH", "nobody") == NULL);
  CHECK_OK(gni_store_begin(reader, &err), &err);
  CHECK_INT(gni_store_generation(reader, GN_STR("SPEND_BATCH"), &info, &err), GN_ABSENT);
  gni_store_end(reader);
}

static void what_was_loaded_is_found(void)
{
  gni_generation_info info;
  gn_error err = {0};
  reopen();
  load_rows(0, 5000, "a", 1700000000000);
  CHECK_TEXT(look_up("SPEND_BATCH", "key-00000000"), "a-0");
  CHECK_TEXT(look_up("SPEND_BATCH", "key-00004999"), "a-4999");
  CHECK(look_up("SPEND_BATCH", "key-00005000") == NULL);
  CHECK(look_up("OTHER_BATCH", "key-00000000") == NULL);
  CHECK_OK(gni_store_begin(reader, &err), &err);
  CHECK_INT(gni_store_generation(reader, GN_STR("SPEND_BATCH"), &info, &err), GN_OK);
  gni_store_end(reader);
  CHECK_INT(info.batch_end_ms, 1700000000000);
  CHECK_INT(info.rows, 5000);
}

static void a_commit_replaces_the_whole_generation(void)
{
  reopen();
  load_rows(0, 10, "a", 1);
  load_rows(5, 15, "b", 2);
  CHECK(look_up("SPEND_BATCH", "key-00000004") == NULL);
  CHECK_TEXT(look_up("SPEND_BATCH", "key-00000005"), "b-5");
}

static void a_load_that_is_aborted_was_never_there(void)
{
  gni_store_load *load;
  gn_error err = {0};
  reopen();
  load_rows(0, 10, "a", 1);
  CHECK_OK(gni_store_load_begin(store, GN_STR("SPEND_BATCH"), 0, 0, &load, &err), &err);
  CHECK_OK(gni_store_load_put(load, GN_STR("zz"), GN_STR("zz"), &err), &err);
  gni_store_load_abort(load);
  CHECK(look_up("SPEND_BATCH", "zz") == NULL);
  CHECK_TEXT(look_up("SPEND_BATCH", "key-00000009"), "a-9");
}

static void keys_of_a_load_must_ascend(void)
{
  gni_store_load *load;
  gn_error err = {0}, again = {0};
  reopen();
  CHECK_OK(gni_store_load_begin(store, GN_STR("D"), 0, 0, &load, &err), &err);
  CHECK_OK(gni_store_load_put(load, GN_STR("b"), GN_STR("1"), &err), &err);
  CHECK_INT(gni_store_load_put(load, GN_STR("b"), GN_STR("2"), &err), GN_E_ARG);
  CHECK_INT(gni_store_load_put(load, GN_STR("a"), GN_STR("2"), &again), GN_E_ARG);
  CHECK_INT(gni_store_load_put(load, GN_STR(""), GN_STR("2"), NULL), GN_E_LIMIT);
  gni_store_load_abort(load);
}

static void long_keys_and_large_values_are_kept(void)
{
  static char key[40000], value[300000];
  gni_store_load *load;
  gn_error err = {0};
  gn_str found;
  reopen();
  memset(key, 'k', sizeof key);
  memset(value, 'v', sizeof value);
  static const size_t sizes[] = {511, 512, 513, 39999};
  CHECK_OK(gni_store_load_begin(store, GN_STR("D"), 0, 0, &load, &err), &err);
  for (int i = 0; i < 4; i++)
    CHECK_OK(gni_store_load_put(load, (gn_str){key, sizes[i]}, (gn_str){value, sizes[i] * 7}, &err),
             &err);
  CHECK_OK(gni_store_load_commit(load, 1, &err), &err);
  CHECK_OK(gni_store_begin(reader, &err), &err);
  for (int i = 0; i < 4; i++) {
    CHECK_OK(gni_store_get(reader, GN_STR("D"), (gn_str){key, sizes[i]}, &found, &err), &err);
    CHECK_INT(found.len, sizes[i] * 7);
    CHECK(memcmp(found.ptr, value, found.len) == 0);
  }
  CHECK_INT(gni_store_get(reader, GN_STR("D"), (gn_str){key, 600}, &found, &err), GN_ABSENT);
  gni_store_end(reader);
}

static int count_garbage(void *user, gn_str path, int64_t bytes)
{
  CHECK(path.len > 0 && bytes >= 0);
  ++*(int *)user;
  return GN_OK;
}

/* A driver without files has nothing to write anew, and nothing to collect. */
static void what_is_written_anew_answers_as_before(void)
{
  static char long_key[601];
  gni_store_load *load;
  gni_generation_info before, after;
  gni_store_measures measures;
  gn_error err = {0};
  int garbage = 0;
  reopen();
  memset(long_key, 'k', 600);
  CHECK_INT(gni_store_compact(store, GN_STR("D"), &err), GN_ABSENT);
  CHECK_OK(gni_store_load_begin(store, GN_STR("D"), 0, 0, &load, &err), &err);
  CHECK_OK(gni_store_load_put(load, GN_STR("a"), GN_STR("one"), &err), &err);
  CHECK_OK(gni_store_load_put(load, (gn_str){long_key, 600}, GN_STR("long"), &err), &err);
  CHECK_OK(gni_store_load_commit(load, 77, &err), &err);
  CHECK_OK(gni_store_begin(reader, &err), &err);
  CHECK_OK(gni_store_generation(reader, GN_STR("D"), &before, &err), &err);
  gni_store_end(reader);
  int rc = gni_store_compact(store, GN_STR("D"), &err);
  CHECK(rc == GN_OK || (rc == GN_ABSENT && !is_durable()));
  CHECK_OK(gni_store_begin(reader, &err), &err);
  CHECK_OK(gni_store_generation(reader, GN_STR("D"), &after, &err), &err);
  gni_store_end(reader);
  CHECK_INT(after.number, before.number + (rc == GN_OK));
  CHECK_INT(after.batch_end_ms, 77);
  CHECK_INT(after.rows, 2);
  CHECK_INT(after.bytes, before.bytes);
  CHECK_TEXT(look_up("D", "a"), "one");
  CHECK_TEXT(look_up("D", long_key), "long");
  CHECK_OK(gni_store_collect(store, false, count_garbage, &garbage, &err), &err);
  CHECK_INT(garbage, 0);
  CHECK_OK(gni_store_measure(store, GN_STR("D"), 0, &measures, &err), &err);
  CHECK_INT(measures.generations, is_durable() ? 1 : -1);
  CHECK(is_durable() == (measures.file_bytes > 0));
}

static void rows_of_a_stream_are_measured(void)
{
  gn_error err = {0};
  gni_store_measures measures;
  reopen();
  const gn_str names[] = {GN_STR("j"), GN_STR("k"), GN_STR("k"), GN_STR("k"), GN_STR("kk")};
  const gn_str values[] = {GN_STR("a"), GN_STR("b"), GN_STR("c"), GN_STR("d"), GN_STR("e")};
  const int64_t times[] = {1, -7, 9, 10, 3};
  CHECK_OK(gni_store_append(store, GN_STR("S"), names, values, times, 5, &err), &err);
  CHECK_OK(gni_store_append(store, GN_STR("SS"), names, values, times, 3, &err), &err);
  CHECK_OK(gni_store_measure(store, GN_STR("S"), 9, &measures, &err), &err);
  if (!is_durable()) return; /* not known */
  CHECK_INT(measures.live_rows, 5);
  CHECK_INT(measures.early_rows, 3);
  CHECK_INT(measures.oldest_ms, -7);
  CHECK_INT(measures.newest_ms, 10);
  CHECK(measures.live_bytes > measures.early_bytes && measures.early_bytes > 0);
  CHECK_OK(gni_store_measure(store, GN_STR("SSS"), 9, &measures, &err), &err);
  CHECK_INT(measures.live_rows, 0);
}

static void more_than_was_estimated_fits_too(void)
{
  static char value[4096];
  gni_store_load *load;
  gn_error err = {0};
  reopen();
  memset(value, 'x', sizeof value);
  CHECK_OK(gni_store_load_begin(store, GN_STR("D"), 1, 1, &load, &err), &err);
  for (int i = 0; i < 20000; i++) {
    char key[16];
    int len = snprintf(key, sizeof key, "%08d", i);
    CHECK_OK(
        gni_store_load_put(load, (gn_str){key, (size_t)len}, (gn_str){value, sizeof value}, &err),
        &err);
  }
  CHECK_OK(gni_store_load_commit(load, 1, &err), &err);
  CHECK(look_up("D", "00019999") != NULL);
}

static void a_setting_is_newer_than_the_generation(void)
{
  gn_error err = {0};
  reopen();
  CHECK_OK(gni_store_set(store, GN_STR("META"), GN_STR("a"), GN_STR("1"), &err), &err);
  CHECK_OK(gni_store_set(store, GN_STR("META"), GN_STR("a"), GN_STR("2"), &err), &err);
  CHECK_OK(gni_store_set(store, GN_STR("META"), GN_STR("b"), GN_STR("3"), &err), &err);
  CHECK_TEXT(look_up("META", "a"), "2");
  CHECK_TEXT(look_up("META", "b"), "3");
  load_rows(0, 2, "a", 1);
  CHECK_OK(gni_store_set(store, GN_STR("SPEND_BATCH"), GN_STR("key-00000001"), GN_STR("new"), &err),
           &err);
  CHECK_TEXT(look_up("SPEND_BATCH", "key-00000001"), "new");
  CHECK_TEXT(look_up("SPEND_BATCH", "key-00000000"), "a-0");
}

static int collect(void *user, gn_str value, int64_t time_ms)
{
  return gni_buf_add_format(user, "%lld=%.*s ", (long long)time_ms, GN_STR_ARGS(value));
}

static void check_scan(const char *key, int64_t after_ms, const char *expected)
{
  gn_buf seen;
  gn_error err = {0};
  gni_buf_init(&seen, test_alloc(), 1 << 20);
  CHECK_OK(gni_store_begin(reader, &err), &err);
  int rc = gni_store_scan(reader, GN_STR("S"), gni_str(key), after_ms, collect, &seen, &err);
  gni_store_end(reader);
  char text[256];
  snprintf(text, sizeof text, "%.*s", GN_STR_ARGS(gni_buf_view(&seen)));
  gni_buf_deinit(&seen);
  CHECK_OK(rc, &err);
  CHECK_TEXT(text, expected);
}

static void streams_come_back_by_time_and_put_order(void)
{
  gn_error err = {0};
  reopen();
  const gn_str keys[] = {GN_STR("k"), GN_STR("k"), GN_STR("k"), GN_STR("kk"), GN_STR("k")};
  const gn_str values[] = {GN_STR("late"), GN_STR("one"), GN_STR("two"), GN_STR("other"),
                           GN_STR("old")};
  const int64_t times[] = {30, 20, 20, 20, -5};
  CHECK_OK(gni_store_append(store, GN_STR("S"), keys, values, times, 5, &err), &err);
  check_scan("k", INT64_MIN, "-5=old 20=one 20=two 30=late ");
  check_scan("k", 20, "20=one 20=two 30=late ");
  check_scan("k", 21, "30=late ");
  check_scan("kk", 0, "20=other ");
  check_scan("none", 0, "");
}

static void two_values_of_one_millisecond_both_come_back(void)
{
  gn_error err = {0};
  reopen();
  for (int i = 0; i < 3; i++) {
    char value[2] = {(char)('a' + i), 0};
    gn_str key = GN_STR("k"), text = gni_str(value);
    int64_t time = 7;
    CHECK_OK(gni_store_append(store, GN_STR("S"), &key, &text, &time, 1, &err), &err);
  }
  check_scan("k", 7, "7=a 7=b 7=c ");
  if (!is_durable()) return;
  reopen();
  check_scan("k", 7, "7=a 7=b 7=c ");
}

/* ---- changes ---- */

static int64_t version_now(void)
{
  gn_error err = {0};
  int64_t version = 0;
  CHECK_OK(gni_store_begin(reader, &err), &err);
  CHECK_OK(gni_store_written(reader, &version, &err), &err);
  gni_store_end(reader);
  CHECK(version >= 1);
  return version;
}

static void check_setting(const char *key, const char *expected)
{
  gn_error err = {0};
  gn_str value;
  CHECK_OK(gni_store_begin(reader, &err), &err);
  int rc = gni_store_get(reader, GN_STR("T"), gni_str(key), &value, &err);
  CHECK_INT(rc, expected ? GN_OK : GN_ABSENT);
  if (expected) CHECK_STR(value, expected);
  gni_store_end(reader);
}

static int change(const char *row, int64_t time_ms, const char *set, const char *unset,
                  int64_t version)
{
  gn_error err = {0};
  const gn_str key = GN_STR("k"), value = gni_str(row);
  const gn_str names[] = {gni_str(set), gni_str(unset)};
  const gn_str values[] = {value, {NULL, 0}};
  const gni_store_change it = {.stream = GN_STR("S"),
                               .keys = &key,
                               .values = &value,
                               .time_ms = &time_ms,
                               .count = 1,
                               .settings = GN_STR("T"),
                               .set_keys = names,
                               .set_values = values,
                               .set_count = 2,
                               .version = version};
  int rc = gni_store_change_commit(store, &it, &err);
  if (rc == GN_E_CONFLICT)
    CHECK_INT(err.code, 0);
  else
    CHECK_OK(rc, &err);
  return rc;
}

static void a_change_puts_rows_and_settings_at_once(void)
{
  reopen();
  CHECK_INT(change("one", 5, "a", "b", 0), GN_OK);
  check_scan("k", 0, "5=one ");
  check_setting("a", "one");
  CHECK_INT(change("two", 5, "b", "a", version_now()), GN_OK);
  check_scan("k", 0, "5=one 5=two ");
  check_setting("a", NULL);
  check_setting("b", "two");
  CHECK_INT(change("three", 4, "b", "none", version_now()), GN_OK);
  check_setting("b", "three");
  if (!is_durable()) return;
  reopen();
  check_setting("b", "three");
  check_scan("k", 0, "4=three 5=one 5=two ");
}

static void a_change_of_what_has_changed_since_is_refused(void)
{
  gn_error err = {0};
  reopen();
  CHECK_INT(change("one", 5, "a", "b", 0), GN_OK);
  int64_t version = version_now();
  CHECK_OK(gni_store_set(store, GN_STR("X"), GN_STR("k"), GN_STR("v"), &err), &err);
  CHECK_INT(change("two", 5, "b", "a", version), GN_E_CONFLICT);
  check_scan("k", 0, "5=one ");
  check_setting("a", "one");
  check_setting("b", NULL);
  CHECK_INT(change("two", 5, "b", "a", version_now()), GN_OK);
  check_scan("k", 0, "5=one 5=two ");
}

static void what_is_before_is_trimmed_and_nothing_else(void)
{
  gn_error err = {0};
  int64_t removed;
  reopen();
  const gn_str names[] = {GN_STR("j"), GN_STR("k"), GN_STR("k"), GN_STR("k"), GN_STR("kk")};
  const gn_str values[] = {GN_STR("a"), GN_STR("b"), GN_STR("c"), GN_STR("d"), GN_STR("e")};
  const int64_t times[] = {1, -7, 9, 10, 3};
  CHECK_OK(gni_store_trim(store, GN_STR("S"), 10, &removed, &err), &err);
  CHECK_INT(removed, 0);
  CHECK_OK(gni_store_append(store, GN_STR("S"), names, values, times, 5, &err), &err);
  CHECK_OK(gni_store_append(store, GN_STR("SS"), names, values, times, 5, &err), &err);
  CHECK_OK(gni_store_trim(store, GN_STR("S"), 10, &removed, &err), &err);
  CHECK_INT(removed, 4);
  check_scan("j", INT64_MIN, "");
  check_scan("k", INT64_MIN, "10=d ");
  check_scan("kk", INT64_MIN, "");
  CHECK_OK(gni_store_trim(store, GN_STR("S"), 11, &removed, &err), &err);
  CHECK_INT(removed, 1);
  CHECK_OK(gni_store_trim(store, GN_STR("SS"), INT64_MIN, &removed, &err), &err);
  CHECK_INT(removed, 0);
}

/* More than one transaction takes at once. */
static void many_values_are_trimmed(void)
{
  enum { MANY = 150000, STAY = 1000 };
  gn_error err = {0};
  int64_t removed;
  reopen();
  if (!is_durable()) return; /* the others do it in one go */
  gn_str *names = gni_alloc(test_alloc(), MANY * sizeof *names);
  int64_t *times = gni_alloc(test_alloc(), MANY * sizeof *times);
  for (int i = 0; i < MANY; i++) {
    names[i] = i % 3 ? GN_STR("k") : GN_STR("other");
    times[i] = i;
  }
  CHECK_OK(gni_store_append(store, GN_STR("S"), names, names, times, MANY, &err), &err);
  CHECK_OK(gni_store_trim(store, GN_STR("S"), MANY - STAY, &removed, &err), &err);
  CHECK_INT(removed, MANY - STAY);
  CHECK_OK(gni_store_trim(store, GN_STR("S"), INT64_MAX, &removed, &err), &err);
  CHECK_INT(removed, STAY);
  gni_free(test_alloc(), names, MANY * sizeof *names);
  gni_free(test_alloc(), times, MANY * sizeof *times);
}

static void a_long_stream_key_keeps_its_values_apart(void)
{
  static char key[700];
  gn_error err = {0};
  gn_buf seen;
  reopen();
  memset(key, 'q', sizeof key);
  const gn_str keys[] = {{key, 650}, {key, 651}, {key, 650}};
  const gn_str values[] = {GN_STR("a"), GN_STR("b"), GN_STR("c")};
  const int64_t times[] = {1, 1, 2};
  CHECK_OK(gni_store_append(store, GN_STR("S"), keys, values, times, 3, &err), &err);
  gni_buf_init(&seen, test_alloc(), 1 << 20);
  CHECK_OK(gni_store_begin(reader, &err), &err);
  int rc = gni_store_scan(reader, GN_STR("S"), keys[0], 0, collect, &seen, &err);
  gni_store_end(reader);
  bool same = gni_str_is(gni_buf_view(&seen), "1=a 2=c ");
  gni_buf_deinit(&seen);
  CHECK_OK(rc, &err);
  CHECK(same);
}

static int count_key(void *user, gn_str key, gn_str value)
{
  int *count = user;
  CHECK(key.len > 0 && value.len > 0);
  ++*count;
  return GN_OK;
}

static int add_name(void *user, gn_str dataset)
{
  return gni_buf_add_format(user, "%.*s ", GN_STR_ARGS(dataset));
}

static void datasets_and_keys_are_listed(void)
{
  gn_error err = {0};
  gn_buf names;
  int count = 0;
  reopen();
  load_rows(0, 17, "a", 1);
  gni_buf_init(&names, test_alloc(), 1 << 20);
  CHECK_OK(gni_store_begin(reader, &err), &err);
  int rc = gni_store_keys(reader, GN_STR("SPEND_BATCH"), count_key, &count, &err);
  if (rc == GN_OK) rc = gni_store_list(reader, add_name, &names, &err);
  gni_store_end(reader);
  bool listed = strstr(names.ptr ? names.ptr : "", "SPEND_BATCH ") != NULL;
  gni_buf_deinit(&names);
  CHECK_OK(rc, &err);
  CHECK_INT(count, 17);
  CHECK(listed);
}

/* ---- readers beside a writer ---- */

enum { WATCHED_KEYS = 64, GENERATIONS = 40 };
static _Atomic int writer_done, mixes, reads;

/* Every value of one look must come from one generation. */
static void *watch(void *user)
{
  gni_store_reader *mine = NULL;
  gn_error err = {0};
  (void)user;
  if (gni_store_reader_open(store, &mine, &err) != GN_OK) mixes = mixes + 1000;
  while (mine && !writer_done) {
    gn_str first = {NULL, 0}, last = {NULL, 0};
    char low[32], high[32];
    gni_generation_info info;
    if (gni_store_begin(mine, &err) != GN_OK) mixes++;
    snprintf(low, sizeof low, "key-%08d", 0);
    snprintf(high, sizeof high, "key-%08d", WATCHED_KEYS - 1);
    gni_store_get(mine, GN_STR("SPEND_BATCH"), gni_str(low), &first, &err);
    gni_store_get(mine, GN_STR("SPEND_BATCH"), gni_str(high), &last, &err);
    gni_store_generation(mine, GN_STR("SPEND_BATCH"), &info, &err);
    size_t cut = first.len >= 2 ? first.len - 2 : 0; /* "g<n>-0" and "g<n>-63" */
    if (first.len && (last.len < cut || memcmp(first.ptr, last.ptr, cut) != 0)) mixes++;
    if (err.code != GN_OK) mixes++;
    reads++;
    gni_store_end(mine);
    nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL); /* a writer may wait for readers */
  }
  gni_store_reader_close(mine);
  return NULL;
}

static void readers_never_see_a_mix(void)
{
  pthread_t threads[3];
  reopen();
  writer_done = mixes = reads = 0;
  load_rows(0, WATCHED_KEYS, "g0", 1);
  for (int i = 0; i < 3; i++) CHECK_INT(pthread_create(&threads[i], NULL, watch, NULL), 0);
  while (reads < 3 && mixes == 0) sched_yield(); /* they run before the writer is done */
  for (int g = 1; g <= GENERATIONS; g++) {
    char prefix[16];
    snprintf(prefix, sizeof prefix, "g%d", g);
    load_rows(0, WATCHED_KEYS, prefix, g);
  }
  writer_done = 1;
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  CHECK_INT(mixes, 0);
  CHECK(reads > 0);
  CHECK_TEXT(look_up("SPEND_BATCH", "key-00000000"), "g40-0");
}

static void a_look_stays_what_it_was_until_it_ends(void)
{
  gn_str before, after;
  gn_error err = {0};
  if (!is_durable()) return; /* the memory driver's writers wait for readers instead */
  reopen();
  load_rows(0, 3, "old", 1);
  CHECK_OK(gni_store_begin(reader, &err), &err);
  CHECK_OK(gni_store_get(reader, GN_STR("SPEND_BATCH"), GN_STR("key-00000001"), &before, &err),
           &err);
  load_rows(0, 3, "new", 2);
  CHECK_OK(gni_store_get(reader, GN_STR("SPEND_BATCH"), GN_STR("key-00000001"), &after, &err),
           &err);
  CHECK_STR(before, "old-1");
  CHECK_STR(after, "old-1");
  gni_store_end(reader);
  CHECK_TEXT(look_up("SPEND_BATCH", "key-00000001"), "new-1");
}

/* ---- no memory ---- */

static void use_everything(const gn_alloc *alloc)
{
  gni_store_env mine = {.alloc = alloc, .base_folder = test_folder()};
  gni_store *opened = NULL;
  gni_store_reader *looking = NULL;
  gni_store_load *load = NULL;
  gn_str value, key = GN_STR("k"), text = GN_STR("v");
  int64_t time = 1;
  const char *url = getenv("GN_STORE_URL");
  int rc = gni_store_open(url ? url : "memory:", &mine, &opened, NULL);
  if (rc == GN_OK) rc = gni_store_load_begin(opened, GN_STR("OOM"), 1, 1, &load, NULL);
  if (rc == GN_OK) rc = gni_store_load_put(load, key, text, NULL);
  if (rc == GN_OK)
    rc = gni_store_load_commit(load, 1, NULL);
  else
    gni_store_load_abort(load);
  if (rc == GN_OK) rc = gni_store_set(opened, GN_STR("OOM2"), key, text, NULL);
  if (rc == GN_OK) rc = gni_store_append(opened, GN_STR("OOM3"), &key, &text, &time, 1, NULL);
  const gni_store_change both = {.stream = GN_STR("OOM3"),
                                 .keys = &key,
                                 .values = &text,
                                 .time_ms = &time,
                                 .count = 1,
                                 .settings = GN_STR("OOM2"),
                                 .set_keys = &key,
                                 .set_values = &text,
                                 .set_count = 1};
  if (rc == GN_OK) rc = gni_store_change_commit(opened, &both, NULL);
  int64_t removed;
  if (rc == GN_OK) rc = gni_store_trim(opened, GN_STR("OOM3"), 2, &removed, NULL);
  if (rc == GN_OK) rc = gni_store_reader_open(opened, &looking, NULL);
  if (rc == GN_OK) rc = gni_store_begin(looking, NULL);
  if (rc == GN_OK) {
    rc = gni_store_get(looking, GN_STR("OOM"), key, &value, NULL);
    if (rc == GN_OK) CHECK_STR(value, "v");
    gni_store_end(looking);
  }
  gni_store_reader_close(looking);
  gni_store_close(opened);
  CHECK(rc == GN_OK || rc == GN_E_NOMEM);
}

static void running_out_of_memory_is_an_answer(void)
{
  CHECK(test_each_oom(use_everything) > 5);
}

int main(void)
{
  static const test_case cases[] = {
      {"an absent key is an answer", an_absent_key_is_an_answer},
      {"what was loaded is found", what_was_loaded_is_found},
      {"a commit replaces the whole generation", a_commit_replaces_the_whole_generation},
      {"a load that is aborted was never there", a_load_that_is_aborted_was_never_there},
      {"keys of a load must ascend", keys_of_a_load_must_ascend},
      {"long keys and large values are kept", long_keys_and_large_values_are_kept},
      {"what is written anew answers as before", what_is_written_anew_answers_as_before},
      {"rows of a stream are measured", rows_of_a_stream_are_measured},
      {"more than was estimated fits too", more_than_was_estimated_fits_too},
      {"a setting is newer than the generation", a_setting_is_newer_than_the_generation},
      {"streams come back by time and put order", streams_come_back_by_time_and_put_order},
      {"two values of one millisecond both come back",
       two_values_of_one_millisecond_both_come_back},
      {"a long stream key keeps its values apart", a_long_stream_key_keeps_its_values_apart},
      {"a change puts rows and settings at once", a_change_puts_rows_and_settings_at_once},
      {"a change of what has changed since is refused",
       a_change_of_what_has_changed_since_is_refused},
      {"what is before is trimmed, and nothing else", what_is_before_is_trimmed_and_nothing_else},
      {"many values are trimmed", many_values_are_trimmed},
      {"datasets and keys are listed", datasets_and_keys_are_listed},
      {"readers never see a mix", readers_never_see_a_mix},
      {"a look stays what it was until it ends", a_look_stays_what_it_was_until_it_ends},
      {"running out of memory is an answer", running_out_of_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
