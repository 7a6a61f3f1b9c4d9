/* A generation's file as LMDB reads it. SPDX-License-Identifier: Apache-2.0 */
#include "kit/kit.h"
#include "store/lmdb/lmdb_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEYS_MAX = 4000, KEY_BYTES = GNP_LMDB_KEY_BYTES_MAX };

struct row {
  size_t key_len, size;
  char key[KEY_BYTES];
  char fill; /* what its value is full of */
};

static struct row rows[KEYS_MAX];
static char value[70000];

static int by_key(const void *a, const void *b)
{
  const struct row *x = a, *y = b;
  return gni_str_compare((gn_str){x->key, x->key_len}, (gn_str){y->key, y->key_len});
}

/* Distinct keys in order: their number. Most values are small, some have pages of their own. */
static size_t draw_rows(test_random *random, size_t wanted, int key_bytes, int value_bytes)
{
  size_t count = 0;
  for (size_t i = 0; i < wanted; i++) {
    struct row *row = &rows[i];
    row->key_len = (size_t)test_random_in(random, 1, key_bytes);
    for (size_t at = 0; at < row->key_len; at++)
      row->key[at] = (char)test_random_in(random, at < 3 ? 0 : 'a', at < 3 ? 255 : 'b');
    bool large = test_random_chance(random, 0.02);
    row->size = (size_t)test_random_in(random, 0, large ? (int)sizeof value : value_bytes);
    row->fill = (char)test_random_bits(random);
  }
  qsort(rows, wanted, sizeof *rows, by_key);
  for (size_t i = 0; i < wanted; i++)
    if (count == 0 || by_key(&rows[count - 1], &rows[i]) != 0) rows[count++] = rows[i];
  return count;
}

static MDB_val value_of(const struct row *row)
{
  memset(value, row->fill, row->size);
  return (MDB_val){row->size, value};
}

static MDB_val key_of(struct row *row)
{
  return (MDB_val){row->key_len, row->key};
}

static char *path(void)
{
  static char text[4096];
  snprintf(text, sizeof text, "%s/built.lmdb", test_folder());
  return text;
}

static void build(size_t count, size_t longs)
{
  struct gnp_build *b;
  CHECK_INT(gnp_build_new(path(), test_alloc(), &b), 0);
  for (size_t i = 0; i < count; i++) {
    uint8_t hash[16] = {(uint8_t)(i * 37), (uint8_t)i, (uint8_t)(i >> 8)};
    CHECK_INT(gnp_build_row(b, key_of(&rows[i]), value_of(&rows[i])), 0);
    if (i < longs) CHECK_INT(gnp_build_long(b, hash, value_of(&rows[i])), 0);
  }
  CHECK_INT(gnp_build_end(b, (MDB_val){5, (char[]){"about"}}), 0);
  gnp_build_free(b);
  CHECK_INT(test_alloc_live(), 0);
}

static MDB_env *open_built(MDB_txn **txn, MDB_dbi *main, MDB_dbi *tree, MDB_dbi *longs)
{
  MDB_env *env;
  CHECK_INT(mdb_env_create(&env), 0);
  CHECK_INT(mdb_env_set_maxdbs(env, 2), 0);
  CHECK_INT(mdb_env_open(env, path(), MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0666), 0);
  CHECK_INT(mdb_txn_begin(env, NULL, MDB_RDONLY, txn), 0);
  CHECK_INT(mdb_dbi_open(*txn, NULL, 0, main), 0);
  CHECK_INT(mdb_dbi_open(*txn, "rows", 0, tree), 0);
  CHECK_INT(mdb_dbi_open(*txn, "long", 0, longs), 0);
  return env;
}

static void check_value(MDB_val found, const struct row *row)
{
  MDB_val expected = value_of(row);
  CHECK_INT(found.mv_size, expected.mv_size);
  CHECK(memcmp(found.mv_data, expected.mv_data, found.mv_size) == 0);
}

/* Forwards, backwards, and each row by its key. */
static void check_rows(MDB_txn *txn, MDB_dbi tree, size_t count)
{
  MDB_cursor *cursor;
  MDB_val key, data;
  CHECK_INT(mdb_cursor_open(txn, tree, &cursor), 0);
  for (size_t i = 0; i < count; i++) {
    CHECK_INT(mdb_cursor_get(cursor, &key, &data, MDB_NEXT), 0);
    CHECK_INT(key.mv_size, rows[i].key_len);
    CHECK(memcmp(key.mv_data, rows[i].key, key.mv_size) == 0);
    check_value(data, &rows[i]);
  }
  CHECK_INT(mdb_cursor_get(cursor, &key, &data, MDB_NEXT), MDB_NOTFOUND);
  for (size_t i = count; i-- > 0;) {
    CHECK_INT(mdb_cursor_get(cursor, &key, &data, i + 1 == count ? MDB_LAST : MDB_PREV), 0);
    CHECK_INT(key.mv_size, rows[i].key_len);
    CHECK(memcmp(key.mv_data, rows[i].key, key.mv_size) == 0);
  }
  mdb_cursor_close(cursor);
  for (size_t i = 0; i < count; i++) {
    key = key_of(&rows[i]);
    CHECK_INT(mdb_get(txn, tree, &key, &data), 0);
    check_value(data, &rows[i]);
  }
}

static void check_absent(MDB_txn *txn, MDB_dbi tree, size_t count)
{
  test_random random = test_random_new(4712);
  struct row row = {.key_len = 3};
  for (int i = 0; i < 500; i++) {
    for (size_t at = 0; at < 3; at++) row.key[at] = (char)test_random_bits(&random);
    MDB_val key = key_of(&row), data;
    bool there = count && bsearch(&row, rows, count, sizeof row, by_key);
    CHECK_INT(mdb_get(txn, tree, &key, &data), there ? 0 : MDB_NOTFOUND);
  }
}

static size_t pages_of(MDB_txn *txn, MDB_dbi tree, size_t rows_expected)
{
  MDB_stat stat;
  CHECK_INT(mdb_stat(txn, tree, &stat), 0);
  CHECK_INT(stat.ms_entries, rows_expected);
  return stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
}

/* LMDB's own compaction walks over every page. */
static void check_copy(MDB_env *env)
{
  char copy[4096];
  snprintf(copy, sizeof copy, "%s/copy.lmdb", test_folder());
  remove(copy);
  CHECK_INT(mdb_env_copy2(env, copy, MDB_CP_COMPACT), 0);
}

static void check_built(size_t count, size_t longs)
{
  MDB_txn *txn;
  MDB_dbi main, tree, long_tree;
  MDB_envinfo info;
  MDB_val data, name = {4, (char[]){"meta"}};
  MDB_env *env = open_built(&txn, &main, &tree, &long_tree);
  CHECK_INT(mdb_get(txn, main, &name, &data), 0);
  CHECK(data.mv_size == 5 && memcmp(data.mv_data, "about", 5) == 0);
  check_rows(txn, tree, count);
  check_absent(txn, tree, count);
  for (size_t i = 0; i < longs; i++) {
    uint8_t hash[16] = {(uint8_t)(i * 37), (uint8_t)i, (uint8_t)(i >> 8)};
    MDB_val key = {sizeof hash, hash};
    CHECK_INT(mdb_get(txn, long_tree, &key, &data), 0);
    check_value(data, &rows[i]);
  }
  size_t pages = pages_of(txn, tree, count) + pages_of(txn, long_tree, longs);
  CHECK_INT(mdb_env_info(env, &info), 0);
  CHECK_INT(info.me_last_pgno + 1, 2 + 1 + pages); /* none is lost, none is counted twice */
  mdb_txn_abort(txn);
  check_copy(env);
  mdb_env_close(env);
}

static void lmdb_finds_every_row(void)
{
  test_random random = test_random_new(4711);
  for (int turn = 0; turn < 12 * test_effort(); turn++) {
    size_t wanted = (size_t)test_random_in(&random, 1, turn % 2 ? 40 : KEYS_MAX);
    int key_bytes = (int)test_random_in(&random, 4, turn % 3 ? 20 : KEY_BYTES);
    size_t count = draw_rows(&random, wanted, key_bytes, turn % 4 ? 150 : 2100);
    size_t longs = count < 300 ? count : 300;
    build(count, longs);
    check_built(count, longs);
  }
}

/* Seven children a branch: the tree is as deep as it gets. */
static void keys_of_the_greatest_length_make_a_deep_tree(void)
{
  MDB_txn *txn;
  MDB_dbi main, tree, longs;
  MDB_stat stat;
  for (size_t i = 0; i < KEYS_MAX; i++) {
    memset(rows[i].key, 'k', KEY_BYTES);
    snprintf(rows[i].key + KEY_BYTES - 9, 9, "%08zu", i);
    rows[i].key_len = KEY_BYTES;
    rows[i].size = 1500;
    rows[i].fill = (char)i;
  }
  build(KEYS_MAX, 0);
  check_built(KEYS_MAX, 0);
  MDB_env *env = open_built(&txn, &main, &tree, &longs);
  CHECK_INT(mdb_stat(txn, tree, &stat), 0);
  CHECK(stat.ms_depth >= 5);
  mdb_txn_abort(txn);
  mdb_env_close(env);
}

static void a_file_without_rows_is_a_file(void)
{
  build(0, 0);
  check_built(0, 0);
}

static void two_long_keys_of_one_hash_are_refused(void)
{
  struct gnp_build *b;
  const uint8_t hash[16] = {1, 2, 3};
  MDB_val data = {1, (char[]){"x"}};
  CHECK_INT(gnp_build_new(path(), test_alloc(), &b), 0);
  CHECK_INT(gnp_build_long(b, hash, data), 0);
  CHECK_INT(gnp_build_long(b, hash, data), 0);
  CHECK_INT(gnp_build_end(b, data), MDB_KEYEXIST);
  gnp_build_free(b);
}

static void build_some(const gn_alloc *alloc)
{
  struct gnp_build *b;
  const uint8_t hash[16] = {0};
  MDB_val data = {5000, value}, key = {1, (char[]){"k"}};
  int rc = gnp_build_new(path(), alloc, &b);
  if (rc == 0) rc = gnp_build_row(b, key, data);
  if (rc == 0) rc = gnp_build_long(b, hash, data);
  if (rc == 0) rc = gnp_build_end(b, key);
  CHECK(rc == 0 || rc == ENOMEM);
  gnp_build_free(b);
}

static void no_memory_is_an_answer(void)
{
  CHECK(test_each_oom(build_some) > 2);
}

int main(void)
{
  static const test_case cases[] = {
      {"LMDB finds every row, by its key and in order", lmdb_finds_every_row},
      {"keys of the greatest length make a deep tree",
       keys_of_the_greatest_length_make_a_deep_tree},
      {"a file without rows is a file", a_file_without_rows_is_a_file},
      {"two long keys of one hash are refused", two_long_keys_of_one_hash_are_refused},
      {"no memory is an answer", no_memory_is_an_answer},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
