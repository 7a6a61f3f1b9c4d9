/* A generation's file, laid out page by page. SPDX-License-Identifier: Apache-2.0
 *
 * LMDB's own append changes a tree that others may be reading: it keeps lists of changed pages and
 * writes them at each commit. A generation is written once, in the order of its keys, before anyone
 * sees it. So a page is written when it is full, one after the other: leaves, what is too large for
 * them behind, and a branch when it has all its children. The root comes last, and then the two
 * pages at the front that say where it is.
 *
 * The layout is that of LMDB 0.9's data files (data version 1, "Page structures" and "Nodes" in its
 * mdb.c); LMDB itself reads them. */
#include "store/lmdb/lmdb_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

_Static_assert(MDB_VERSION_MAJOR == 0 && MDB_VERSION_MINOR == 9, "the layout is that of LMDB 0.9");
_Static_assert(sizeof(size_t) == 8, "LMDB's files differ between machines of 32 and 64 bits");

enum { PAGE_BYTES_MAX = 32768, WRITE_BYTES = 1 << 20, LEVELS_MAX = 32, META_PAGES = 2 };
enum { BRANCH = 1, LEAF = 2, OVERFLOW = 4, META = 8 }; /* what a page is */
enum { IN_PAGES = 1, IS_TREE = 2 };                    /* what a leaf's node holds */
enum { DATA_VERSION = 1, INTEGER_KEYS = 8 };
#define MAGIC UINT32_C(0xBEEFC0DE)
#define NO_PAGE UINT64_MAX

/* ---- what is on disk ---- */

struct page_head {
  uint64_t number;
  uint16_t spare, kind;
  uint16_t lower,
      upper; /* of the free room between offsets and nodes; a count of pages in OVERFLOW */
};

struct node_head {
  uint16_t low, high, flags; /* a leaf: bytes of data in low and high; a branch: page, in all */
  uint16_t key_len;
};

struct tree {
  uint32_t spare;
  uint16_t flags, depth;
  uint64_t branch_pages, leaf_pages, overflow_pages, rows, root;
};

struct meta_page {
  struct page_head head;
  uint32_t magic, version;
  uint64_t address, map_bytes;
  struct tree free_pages, main;
  uint64_t last_page, transaction;
};

_Static_assert(sizeof(struct page_head) == 16 && sizeof(struct node_head) == 8, "as LMDB has them");
_Static_assert(sizeof(struct tree) == 48 && sizeof(struct meta_page) == 152, "as LMDB has them");

/* ---- what is in memory ---- */

/* The page at hand, of those at one height. */
struct level {
  char *page;
  size_t lower, upper;
  size_t first_len;
  char first[GNP_LMDB_KEY_BYTES_MAX]; /* its first key, which a branch does not repeat */
};

struct long_row {
  uint8_t hash[16];
  uint64_t page, size;
};

struct gnp_build {
  const gn_alloc *alloc;
  int file;
  size_t page_bytes, node_bytes_max;
  uint64_t next_page;
  char *out; /* pages that are not in the file yet */
  size_t out_used;
  struct level levels[LEVELS_MAX];
  struct tree rows, longs;
  struct long_row *long_rows;
  size_t long_count, long_capacity;
};

int gnp_build_new(const char *path, const gn_alloc *alloc, struct gnp_build **out)
{
  struct gnp_build *b = gni_alloc_zero(alloc, sizeof *b);
  *out = NULL;
  if (!b) return ENOMEM;
  long page_bytes = sysconf(_SC_PAGESIZE);
  b->alloc = alloc;
  b->page_bytes = page_bytes < PAGE_BYTES_MAX ? (size_t)page_bytes : PAGE_BYTES_MAX;
  b->node_bytes_max = (b->page_bytes - sizeof(struct page_head)) / 2 / 2 * 2 - sizeof(uint16_t);
  b->next_page = META_PAGES;
  b->file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  int rc = b->file < 0 ? errno : 0;
  if (rc == 0 && !(b->out = gni_alloc(alloc, WRITE_BYTES))) rc = ENOMEM;
  off_t begin = (off_t)(META_PAGES * b->page_bytes);
  if (rc == 0 && lseek(b->file, begin, SEEK_SET) != begin) rc = errno;
  if (rc)
    gnp_build_free(b);
  else
    *out = b;
  return rc;
}

void gnp_build_free(struct gnp_build *b)
{
  if (!b) return;
  if (b->file >= 0) close(b->file);
  for (size_t i = 0; i < LEVELS_MAX; i++) gni_free(b->alloc, b->levels[i].page, b->page_bytes);
  gni_free(b->alloc, b->out, WRITE_BYTES);
  gni_free(b->alloc, b->long_rows, b->long_capacity * sizeof *b->long_rows);
  gni_free(b->alloc, b, sizeof *b);
}

/* ---- bytes ---- */

static int flush(struct gnp_build *b)
{
  for (size_t done = 0; done < b->out_used;) {
    ssize_t wrote = write(b->file, b->out + done, b->out_used - done);
    if (wrote < 0 && errno != EINTR) return errno;
    if (wrote > 0) done += (size_t)wrote;
  }
  b->out_used = 0;
  return 0;
}

/* `bytes` NULL: zeros. */
static int put(struct gnp_build *b, const void *bytes, size_t size)
{
  const char *from = bytes;
  while (size > 0) {
    size_t room = WRITE_BYTES - b->out_used, part = size < room ? size : room;
    if (from) {
      memcpy(b->out + b->out_used, from, part);
      from += part;
    } else {
      memset(b->out + b->out_used, 0, part);
    }
    b->out_used += part;
    size -= part;
    int rc = b->out_used == WRITE_BYTES ? flush(b) : 0;
    if (rc) return rc;
  }
  return 0;
}

/* Pages for one value alone. */
static int put_overflow(struct gnp_build *b, struct tree *tree, MDB_val data, uint64_t *page)
{
  struct page_head head = {.number = b->next_page, .kind = OVERFLOW};
  size_t size = sizeof head + data.mv_size;
  uint32_t pages = (uint32_t)((size + b->page_bytes - 1) / b->page_bytes);
  memcpy(&head.lower, &pages, sizeof pages);
  *page = b->next_page;
  b->next_page += pages;
  tree->overflow_pages += pages;
  int rc = put(b, &head, sizeof head);
  if (rc == 0) rc = put(b, data.mv_data, data.mv_size);
  return rc ? rc : put(b, NULL, pages * b->page_bytes - size);
}

/* ---- pages ---- */

static size_t even(size_t size)
{
  return (size + 1) & ~(size_t)1;
}

static bool is_empty(const struct level *level)
{
  return level->lower == sizeof(struct page_head);
}

static bool fits(const struct level *level, size_t node_bytes)
{
  return even(node_bytes) + sizeof(uint16_t) <= level->upper - level->lower;
}

static void clear(const struct gnp_build *b, struct level *level)
{
  level->lower = sizeof(struct page_head);
  level->upper = b->page_bytes;
}

/* The level, which a tree may not have reached before. */
static int reach(struct gnp_build *b, struct tree *tree, size_t height)
{
  struct level *level = &b->levels[height];
  if (height < tree->depth) return 0;
  if (height == LEVELS_MAX) return MDB_CURSOR_FULL;
  if (!level->page && !(level->page = gni_alloc_zero(b->alloc, b->page_bytes))) return ENOMEM;
  clear(b, level);
  tree->depth++;
  return 0;
}

/* Writes a node that fits; what it holds behind its key is the caller's to fill in. */
static char *add_node(struct level *level, struct node_head head, MDB_val key, size_t data_bytes)
{
  if (is_empty(level)) {
    memcpy(level->first, key.mv_data, key.mv_size);
    level->first_len = key.mv_size;
  }
  level->upper -= even(sizeof head + head.key_len + data_bytes);
  uint16_t offset = (uint16_t)level->upper;
  char *node = level->page + offset;
  memcpy(level->page + level->lower, &offset, sizeof offset);
  level->lower += sizeof offset;
  memcpy(node, &head, sizeof head);
  memcpy(node + sizeof head, key.mv_data, head.key_len);
  return node + sizeof head + head.key_len;
}

static int add_child(struct gnp_build *b, struct tree *tree, size_t height, MDB_val key,
                     uint64_t page);

/* The page at hand goes to the file, and to its parent unless it is the root. */
static int end_page(struct gnp_build *b, struct tree *tree, size_t height, bool is_root)
{
  struct level *level = &b->levels[height];
  struct page_head head = {.number = b->next_page++,
                           .kind = height ? BRANCH : LEAF,
                           .lower = (uint16_t)level->lower,
                           .upper = (uint16_t)level->upper};
  memcpy(level->page, &head, sizeof head);
  tree->branch_pages += height > 0;
  tree->leaf_pages += height == 0;
  int rc = put(b, level->page, b->page_bytes);
  clear(b, level);
  if (is_root) tree->root = head.number;
  if (rc || is_root) return rc;
  return add_child(b, tree, height + 1, (MDB_val){level->first_len, level->first}, head.number);
}

static struct node_head child_head(uint64_t page, size_t key_len)
{
  return (struct node_head){(uint16_t)page, (uint16_t)(page >> 16), (uint16_t)(page >> 32),
                            (uint16_t)key_len};
}

/* A branch has two children at least, so the last of a full one moves on to the next. */
static int begin_branch(struct gnp_build *b, struct tree *tree, size_t height)
{
  struct level *level = &b->levels[height];
  char key[GNP_LMDB_KEY_BYTES_MAX];
  struct node_head last;
  const char *node = level->page + level->upper;
  memcpy(&last, node, sizeof last);
  memcpy(key, node + sizeof last, last.key_len);
  MDB_val first = {last.key_len, key};
  level->lower -= sizeof(uint16_t);
  level->upper += even(sizeof last + last.key_len);
  int rc = end_page(b, tree, height, false);
  if (rc) return rc;
  last.key_len = 0;
  add_node(level, last, first, 0);
  return 0;
}

static int add_child(struct gnp_build *b, struct tree *tree, size_t height, MDB_val key,
                     uint64_t page)
{
  struct level *level = &b->levels[height];
  int rc = reach(b, tree, height);
  if (rc == 0 && !fits(level, sizeof(struct node_head) + key.mv_size))
    rc = begin_branch(b, tree, height);
  if (rc == 0) add_node(level, child_head(page, is_empty(level) ? 0 : key.mv_size), key, 0);
  return rc;
}

/* ---- rows ---- */

/* `stored`: what lies behind the key; the data themselves, or where they are. */
static int add_row(struct gnp_build *b, struct tree *tree, MDB_val key, MDB_val stored, size_t size,
                   int flags)
{
  struct level *leaf = &b->levels[0];
  struct node_head head = {(uint16_t)size, (uint16_t)(size >> 16), (uint16_t)flags,
                           (uint16_t)key.mv_size};
  int rc = reach(b, tree, 0);
  if (rc == 0 && !fits(leaf, sizeof head + key.mv_size + stored.mv_size))
    rc = end_page(b, tree, 0, false);
  if (rc) return rc;
  char *place = add_node(leaf, head, key, stored.mv_size);
  if (stored.mv_size) memcpy(place, stored.mv_data, stored.mv_size);
  tree->rows++;
  return 0;
}

static int end_tree(struct gnp_build *b, struct tree *tree)
{
  int rc = 0;
  if (tree->depth == 0) tree->root = NO_PAGE;
  for (size_t i = 0; rc == 0 && i < tree->depth; i++)
    rc = end_page(b, tree, i, i + 1 == tree->depth);
  return rc;
}

int gnp_build_row(struct gnp_build *b, MDB_val key, MDB_val data)
{
  uint64_t page;
  if (sizeof(struct node_head) + key.mv_size + data.mv_size <= b->node_bytes_max)
    return add_row(b, &b->rows, key, data, data.mv_size, 0);
  int rc = put_overflow(b, &b->rows, data, &page);
  MDB_val stored = {sizeof page, &page};
  return rc ? rc : add_row(b, &b->rows, key, stored, data.mv_size, IN_PAGES);
}

int gnp_build_long(struct gnp_build *b, const uint8_t hash[16], MDB_val data)
{
  if (b->long_count == b->long_capacity) {
    size_t capacity = b->long_capacity ? 2 * b->long_capacity : 64;
    struct long_row *grown = gni_resize(b->alloc, b->long_rows, b->long_capacity * sizeof *grown,
                                        gni_size_mul(capacity, sizeof *grown));
    if (!grown) return ENOMEM;
    b->long_rows = grown;
    b->long_capacity = capacity;
  }
  struct long_row *row = &b->long_rows[b->long_count++];
  memcpy(row->hash, hash, sizeof row->hash);
  row->size = data.mv_size;
  return put_overflow(b, &b->longs, data, &row->page);
}

static int by_hash(const void *a, const void *b)
{
  const struct long_row *x = a, *y = b;
  return memcmp(x->hash, y->hash, sizeof x->hash);
}

static int add_longs(struct gnp_build *b)
{
  int rc = 0;
  if (b->long_count) qsort(b->long_rows, b->long_count, sizeof *b->long_rows, by_hash);
  for (size_t i = 0; rc == 0 && i < b->long_count; i++) {
    struct long_row *row = &b->long_rows[i];
    if (i && by_hash(row - 1, row) == 0) return MDB_KEYEXIST;
    MDB_val key = {sizeof row->hash, row->hash}, stored = {sizeof row->page, &row->page};
    rc = add_row(b, &b->longs, key, stored, row->size, IN_PAGES);
  }
  return rc ? rc : end_tree(b, &b->longs);
}

/* ---- the end ---- */

/* The tree of trees: their names, and the record `meta`, by the order of their bytes. */
static int add_main(struct gnp_build *b, struct tree *main, MDB_val meta)
{
  MDB_val longs = {sizeof b->longs, &b->longs}, rows = {sizeof b->rows, &b->rows};
  int rc = add_row(b, main, (MDB_val){4, (char[]){"long"}}, longs, longs.mv_size, IS_TREE);
  if (rc == 0) rc = add_row(b, main, (MDB_val){4, (char[]){"meta"}}, meta, meta.mv_size, 0);
  if (rc == 0) rc = add_row(b, main, (MDB_val){4, (char[]){"rows"}}, rows, rows.mv_size, IS_TREE);
  return rc ? rc : end_tree(b, main);
}

static int write_front(struct gnp_build *b, struct tree main)
{
  struct meta_page page = {
      .head.kind = META,
      .magic = MAGIC,
      .version = DATA_VERSION,
      .map_bytes = b->next_page * b->page_bytes,
      .free_pages = {.spare = (uint32_t)b->page_bytes, .flags = INTEGER_KEYS, .root = NO_PAGE},
      .main = main,
      .last_page = b->next_page - 1,
      .transaction = 1};
  for (uint64_t i = 0; i < META_PAGES; i++) {
    page.head.number = i;
    ssize_t wrote = pwrite(b->file, &page, sizeof page, (off_t)(i * b->page_bytes));
    if (wrote != (ssize_t)sizeof page) return wrote < 0 ? errno : EIO;
  }
  return 0;
}

int gnp_build_end(struct gnp_build *b, MDB_val meta)
{
  struct tree main = {0};
  int rc = end_tree(b, &b->rows);
  if (rc == 0) rc = add_longs(b);
  if (rc == 0) rc = add_main(b, &main, meta);
  if (rc == 0) rc = flush(b);
  if (rc == 0) rc = write_front(b, main);
  if (rc == 0 && fsync(b->file) != 0) rc = errno;
  return rc;
}
