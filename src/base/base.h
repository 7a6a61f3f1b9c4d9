/* The ground floor: errors, memory, text, numbers, time, files. Everything else stands on it, and
 * it knows of nothing else. SPDX-License-Identifier: Apache-2.0
 *
 *   errors     gni_fail, gni_error_where, gni_error_hint
 *   memory     gni_libc_alloc, gni_resize, gn_arena
 *   text       gn_str (borrowed), gn_buf (owned, sticky), gni_nearest (did you mean)
 *   numbers    gni_parse_int64, gni_parse_double, gni_format_double, checked sums
 *   time       gni_clock, days and their names
 *   files      gni_file_read, gni_file_publish, gni_folder_* (publication is atomic)
 *   hashing    gni_sha256, gni_xxh128 (xxhash is included in this folder only)
 *   trouble    GN_FAULT points, gni_cancelled
 */
#ifndef GNOMON_SRC_BASE_H
#define GNOMON_SRC_BASE_H

#include <gnomon/base.h>

#include <stdbool.h>
#include <string.h>

#include "base/limits.h"

/* ---- errors ---------------------------------------------------------------------------------- */

/* Records the failure unless one is recorded already, and returns `code`. `err` may be NULL. */
int gni_fail(gn_error *err, int code, const char *format, ...) GN_PRINTF(3, 4);
/* The same with the number an outside library or the kernel gave. */
int gni_fail_native(gn_error *err, int code, int native, const char *format, ...) GN_PRINTF(4, 5);
/* The same under a code of the register (base/diagnostic.h); without one a failure has the general
 * code of its result: GE011 for GN_E_NOTFOUND. */
int gni_fail_as(gn_error *err, const char *diagnostic, int code, const char *format, ...)
    GN_PRINTF(4, 5);
/* Gives a failure its code on the way up, unless it has a better one than the general. */
void gni_error_diagnostic(gn_error *err, const char *diagnostic);
/* Puts "<text>: " before what `where` already says; called by frames on the way up. */
void gni_error_where(gn_error *err, const char *format, ...) GN_PRINTF(2, 3);
/* Says what to try. The first hint stays. */
void gni_error_hint(gn_error *err, const char *format, ...) GN_PRINTF(2, 3);
/* "out of memory" with the size that was asked for. */
int gni_fail_nomem(gn_error *err, size_t size);

/* ---- memory ---------------------------------------------------------------------------------- */

extern const gn_alloc gni_libc_alloc; /* malloc and free; the default of a session */

void *gni_alloc(const gn_alloc *alloc, size_t size); /* uninitialised; NULL when there is none */
void *gni_alloc_zero(const gn_alloc *alloc, size_t size); /* zeroed */
void *gni_resize(const gn_alloc *alloc, void *block, size_t old_size, size_t size);
void gni_free(const gn_alloc *alloc, void *block, size_t size); /* NULL does nothing */
/* For a large block that is soon written from end to end: its pages come in one step instead of by
 * one fault each, where the system can do that. What it holds stays. */
void gni_populate(void *block, size_t size);
/* A terminated copy of `len` bytes; freed with size len + 1. */
char *gni_strdup(const gn_alloc *alloc, const char *text, size_t len);

/* Many small things with one end of life. Blocks double from 4 KiB up to 1 MiB; past
 * `ceiling_bytes` a take fails. Nothing is freed singly; reset keeps the memory for the next batch.
 */
typedef struct gn_arena {
  const gn_alloc *alloc;
  struct gni_arena_block *first, *current;
  char *cursor, *limit;
  size_t used_bytes, ceiling_bytes;
} gn_arena;

void gni_arena_init(gn_arena *arena, const gn_alloc *alloc, size_t ceiling_bytes);
void gni_arena_deinit(gn_arena *arena);
void gni_arena_reset(gn_arena *arena); /* empty again, blocks kept */
/* 16-byte aligned, uninitialised; NULL when out of memory or past the ceiling. Size 0 gives a
 * valid pointer. */
void *gni_arena_take(gn_arena *arena, size_t size);
void *gni_arena_take_zero(gn_arena *arena, size_t size);
void *gni_arena_copy(gn_arena *arena, const void *bytes, size_t size);
/* Extends the newest take in place when it can, else takes anew and copies. */
void *gni_arena_grow(gn_arena *arena, void *block, size_t old_size, size_t size);

/* Says why a take of `size` bytes gave NULL: GN_E_LIMIT past the ceiling, else GN_E_NOMEM. */
int gni_fail_arena(gn_error *err, const gn_arena *arena, size_t size);

#define GN_TAKE(arena, type, count)                                                                \
  ((type *)gni_arena_take((arena), gni_size_mul((size_t)(count), sizeof(type))))
#define GN_TAKE_ZERO(arena, type, count)                                                           \
  ((type *)gni_arena_take_zero((arena), gni_size_mul((size_t)(count), sizeof(type))))

/* ---- text ------------------------------------------------------------------------------------ */

typedef struct gn_str { /* borrowed, not terminated, UTF-8 unless it says bytes */
  const char *ptr;
  size_t len;
} gn_str;

#define GN_STR(literal) ((gn_str){(literal), sizeof(literal) - 1})
#define GN_STR_ARGS(text) (int)(text).len, (text).ptr /* for "%.*s" */

gn_str gni_str(const char *terminated); /* NULL gives the empty text */
bool gni_str_equal(gn_str a, gn_str b);
bool gni_str_is(gn_str a, const char *terminated);
bool gni_str_starts(gn_str text, const char *prefix);
bool gni_str_ends(gn_str text, const char *suffix);
int gni_str_compare(gn_str a, gn_str b); /* bytes, shorter first; <0, 0, >0 */
gn_str gni_str_trim(gn_str text);        /* without ASCII white space at both ends */
/* Cuts the part before the first `separator` off `*rest`; false when `*rest` was exhausted. */
bool gni_str_split(gn_str *rest, char separator, gn_str *part);
gn_str gni_str_take(gn_arena *arena, gn_str text); /* terminated copy; {NULL, 0} without memory */
gn_str gni_str_format(gn_arena *arena, const char *format, ...) GN_PRINTF(2, 3);
bool gni_utf8_valid(gn_str text);

/* The member of `names` nearest to `wrong` (edit distance at most a third of its length), for
 * hints; {NULL, 0} when nothing is near. */
gn_str gni_nearest(gn_str wrong, const gn_str *names, size_t count);

/* Owned, growing, terminated, with a ceiling, and sticky: after a failure appends do nothing and
 * `rc` keeps the first code, so encoders stay straight lines and ask once. */
typedef struct gn_buf {
  const gn_alloc *alloc;
  char *ptr; /* NULL while empty; otherwise ptr[len] == 0 */
  size_t len, capacity, ceiling_bytes;
  int rc;
} gn_buf;

void gni_buf_init(gn_buf *buf, const gn_alloc *alloc, size_t ceiling_bytes);
void gni_buf_deinit(gn_buf *buf);
void gni_buf_reset(gn_buf *buf); /* empty again and without failure, memory kept */
int gni_buf_add(gn_buf *buf, const void *bytes, size_t size);
int gni_buf_add_str(gn_buf *buf, gn_str text);
int gni_buf_add_text(gn_buf *buf, const char *terminated);
int gni_buf_add_char(gn_buf *buf, char c);
int gni_buf_add_format(gn_buf *buf, const char *format, ...) GN_PRINTF(2, 3);
/* Room for `size` more bytes, uninitialised, counted as added; NULL after a failure. */
void *gni_buf_extend(gn_buf *buf, size_t size);
gn_str gni_buf_view(const gn_buf *buf);

/* ---- numbers --------------------------------------------------------------------------------- */

/* Product or sum; SIZE_MAX on overflow, which no allocator grants. */
size_t gni_size_mul(size_t a, size_t b);
size_t gni_size_add(size_t a, size_t b);
/* The whole text must be the number; no locale, no white space, no partial reads. */
int gni_parse_int64(gn_str text, int64_t *out);
int gni_parse_double(gn_str text,
                     double *out); /* decimal, exponent, "NaN", "Infinity", "-Infinity" */
/* The shortest decimal that reads back to the same double, spelt as Python's repr does ("5.0",
 * "1e-05", "1e+16", "nan", "inf"). `out` has GN_DOUBLE_TEXT_BYTES; returns its length. */
#define GN_DOUBLE_TEXT_BYTES 32
size_t gni_format_double(double value, char out[GN_DOUBLE_TEXT_BYTES]);
size_t gni_format_float(float value, char out[GN_DOUBLE_TEXT_BYTES]);
/* Double.toString and Float.toString: "1.0", "1.0E7", "NaN", "-Infinity". */
size_t gni_format_java_double(double value, char out[GN_DOUBLE_TEXT_BYTES]);
size_t gni_format_java_float(float value, char out[GN_DOUBLE_TEXT_BYTES]);
/* Trunc-to-zero rounding to a multiple of `step`: Chronon's round(t, h). */
static inline int64_t gni_round_down(int64_t value, int64_t step)
{
  return value / step * step;
}

/* ---- time ------------------------------------------------------------------------------------ */

#define GN_DAY_MS INT64_C(86400000)
#define GN_HOUR_MS INT64_C(3600000)

/* Milliseconds since 1970-01-01T00:00Z; `now_ms` NULL is the system clock. */
typedef struct gni_clock {
  int64_t fixed_ms; /* the answer when `fixed` */
  bool fixed;
} gni_clock;
int64_t gni_clock_now_ms(const gni_clock *clock);
int64_t gni_monotonic_us(void);

/* Days since 1970-01-01, proleptic Gregorian. */
int32_t gni_day_from_civil(int32_t year, int32_t month, int32_t day);
void gni_day_to_civil(int32_t day_number, int32_t *year, int32_t *month, int32_t *day);
/* The day that holds an instant (floor, also before 1970). */
int32_t gni_day_of_ms(int64_t ms);
/* Text of a day in a Java pattern of y, M, d and literals ("yyyy-MM-dd", "yyyyMMdd"). A text that
 * is no day of the calendar, or a pattern with other letters, is GN_E_PARSE. */
int gni_day_parse(gn_str text, gn_str pattern, int32_t *day_number, gn_error *err);
int gni_day_format(int32_t day_number, gn_str pattern, char *out, size_t out_size, gn_error *err);

/* ---- hashing --------------------------------------------------------------------------------- */

typedef struct gni_hash128 {
  uint64_t low, high;
} gni_hash128;
gni_hash128 gni_xxh128(const void *bytes, size_t size);
uint64_t gni_xxh64(const void *bytes, size_t size, uint64_t seed);
/* Short texts are compared by two loads that may overlap. */
static inline bool gni_same_bytes(const void *a, const void *b, size_t size)
{
  uint64_t x[2], y[2];
  if (size < sizeof *x || size > sizeof x) return size == 0 || memcmp(a, b, size) == 0;
  memcpy(&x[0], a, sizeof *x);
  memcpy(&y[0], b, sizeof *y);
  memcpy(&x[1], (const char *)a + size - sizeof *x, sizeof *x);
  memcpy(&y[1], (const char *)b + size - sizeof *y, sizeof *y);
  return x[0] == y[0] && x[1] == y[1];
}
/* For tables of this process: quick for up to 16 bytes, never written anywhere. */
static inline uint64_t gni_hash(const void *bytes, size_t size)
{
  const char *from = bytes;
  uint64_t first, last;
  uint32_t low, high;
  if (size > 16 || size < sizeof low) return gni_xxh64(bytes, size, 0);
  if (size >= sizeof first) {
    memcpy(&first, from, sizeof first);
    memcpy(&last, from + size - sizeof last, sizeof last);
  } else {
    memcpy(&low, from, sizeof low);
    memcpy(&high, from + size - sizeof high, sizeof high);
    first = low;
    last = high;
  }
  /* Numbers may differ in their top bytes only, and products carry upwards. */
  uint64_t hash = (first ^ first >> 32 ^ size) * UINT64_C(0x9E3779B97F4A7C15);
  hash ^= (last ^ last >> 32) * UINT64_C(0xBF58476D1CE4E5B9) >> 17;
  hash = (hash ^ hash >> 29) * UINT64_C(0x94D049BB133111EB);
  return hash ^ hash >> 32;
}
void gni_sha256(const void *bytes, size_t size, uint8_t out[32]);
void gni_md5(const void *bytes, size_t size,
             uint8_t out[16]); /* Chronon's digests; not for secrets */

/* ---- files ----------------------------------------------------------------------------------- */

/* Reads a whole regular file; GN_E_LIMIT past the buffer's ceiling, GN_E_NOTFOUND when absent. */
int gni_file_read(const char *path, gn_buf *out, gn_error *err);
/* At most `size` bytes of its beginning into `room`; allocates nothing. */
int gni_file_head(const char *path, char *room, size_t size, gn_str *out, gn_error *err);
/* Writes beside `path`, syncs, renames over it, syncs the folder: readers see old or new. */
int gni_file_publish(const char *path, gn_str content, gn_error *err);
bool gni_file_exists(const char *path);
bool gni_folder_exists(const char *path);
int gni_folder_make(const char *path, gn_error *err); /* with its parents; existing is fine */
/* Calls `each` for every entry but "." and ".." in byte order; a non-zero return ends the walk and
 * is returned. */
int gni_folder_list(const gn_alloc *alloc, const char *path,
                    int (*each)(void *user, const char *name, bool is_folder), void *user,
                    gn_error *err);
int gni_folder_remove(const char *path, gn_error *err); /* with all it holds; absent is fine */
/* Syncs every file of a folder and the folder itself. */
int gni_folder_sync(const char *path, gn_error *err);
/* Puts folder `fresh` where `target` is, in one step that readers cannot see halfway
 * (renameat2 RENAME_EXCHANGE), then removes what was there. Both on one filesystem. */
int gni_folder_publish(const char *fresh, const char *target, gn_error *err);

/* A folder parent/<prefix><unique> that belongs to this run and goes with it. What a killed process
 * left behind is found by the lock that nobody holds. Confined to one thread. */
typedef struct gni_run_folder {
  const gn_alloc *alloc;
  char *path; /* NULL: closed */
  size_t size;
  int lock;
} gni_run_folder;
int gni_run_folder_open(const gn_alloc *alloc, const char *parent, const char *prefix,
                        gni_run_folder *out, gn_error *err);
void gni_run_folder_close(gni_run_folder *folder); /* removes it and all it holds */
/* Removes the folders of that prefix whose runs are over. An absent parent is fine. */
int gni_run_folder_sweep(const gn_alloc *alloc, const char *parent, const char *prefix,
                         gn_error *err);

/* ---- trouble --------------------------------------------------------------------------------- */

/* Set from any thread or a signal handler; long calls look at it between steps. */
typedef struct gn_cancel {
  _Atomic int asked;
} gn_cancel;
void gni_cancel_ask(gn_cancel *cancel);
bool gni_cancelled(const gn_cancel *cancel); /* NULL is never cancelled */

/* A named place where tests make the process fail or die: GN_FAULT("upload.before_commit") is
 * GN_OK, or the code a test arranged, or does not return. Compiled out of release builds. */
#ifdef GN_FAULTS
int gni_fault(const char *name);
#define GN_FAULT(name) gni_fault(name)
#else
#define GN_FAULT(name) GN_OK
#endif

#endif
