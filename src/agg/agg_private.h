/* Shared by the files of this folder only. SPDX-License-Identifier: Apache-2.0
 *
 *   operation   what an operation is: one struct of functions at the end of its file
 *   box         a value that a state owns and writes over
 *   keyed       an insertion-ordered table: sets, histograms, one state a bucket
 *   ranked      the k best of many
 *   distinct    how many values are in the states of a span that slides
 *   failures    what a state function could not do, in words */
#ifndef GNOMON_SRC_AGG_PRIVATE_H
#define GNOMON_SRC_AGG_PRIVATE_H

#include "agg/agg.h"

/* ---- operations ------------------------------------------------------------------------------ */

/* Every state begins with this, zeroed by gni_state_init. The mode around the operation sets `seen`
 * after the first success, so an operation can tell its first input. */
typedef struct gnp_state {
  bool seen;
} gnp_state;

typedef struct gnp_operation gnp_operation;

/* States of one column for consecutive stretches of time, ascending: state i at first + i * stride.
 */
typedef struct gnp_run {
  const char *first;
  size_t stride, count;
} gnp_run;

static inline const void *gnp_run_state(gnp_run run, size_t i)
{
  return run.first + i * run.stride;
}

static inline gnp_run gnp_run_part(gnp_run run, size_t from, size_t to)
{
  return (gnp_run){run.first + from * run.stride, run.stride, to - from};
}

/* The states of a run that a window spans: [low, middle) are its tail, [middle, high) its middle.
 */
typedef struct gnp_span {
  size_t low, middle, high;
} gnp_span;

/* An operation resolved against the type of its single inputs. */
typedef struct gnp_scalar {
  const gnp_operation *does;
  int operation;             /* gni_operation */
  int32_t k;                 /* the argument, where the operation has one */
  const double *percentiles; /* of APPROX_PERCENTILE, as written; from 0 to 1 */
  size_t percentile_count;
  const gni_type *input, *output, *state;
} gnp_scalar;

/* One operation on one class of inputs. States are plain memory that may be moved; what is longer
 * is in the arena. Inputs are never null. Functions that return int give GN_OK or what failed. */
struct gnp_operation {
  uint32_t kinds; /* input kinds that are accepted: bits 1 << gni_kind */
  uint32_t state_size;
  bool (*resolve)(gnp_scalar *scalar,
                  gn_arena *arena); /* sets output and state; false: no memory */
  int (*update)(const gnp_scalar *scalar, void *state, const gni_value *input, int64_t time_ms,
                gn_arena *arena);
  /* The same for many rows, their values at position `input`; NULL: one after another. */
  int (*update_rows)(const gnp_scalar *scalar, void *state, const gni_row *rows, size_t count,
                     size_t input, gn_arena *arena);
  /* NULL: cannot be taken back. On a state that saw nothing it leaves the inverse of the input. */
  int (*drop)(const gnp_scalar *scalar, void *state, const gni_value *input, gn_arena *arena);
  /* Both saw something. */
  int (*merge)(const gnp_scalar *scalar, void *state, const void *other, gn_arena *arena);
  /* Merges a whole run, stopping early where it can; NULL: one after another. */
  int (*merge_run)(const gnp_scalar *scalar, void *state, gnp_run run, gn_arena *arena);
  /* The values of `count` spans of a run, both ends of which only move forward: each is the fold of
   * its tail with the fold of its middle. Values may borrow from the run and the arena. NULL: span
   * by span, merge, then finish. */
  int (*finish_spans)(const gnp_scalar *scalar, gnp_run run, const gnp_span *spans, size_t count,
                      gni_value *out, gn_arena *arena);
  /* Into a zeroed state; NULL: the bytes are all there is. */
  int (*copy)(const gnp_scalar *scalar, void *target, const void *state, gn_arena *arena);
  int (*finish)(const gnp_scalar *scalar, const void *state, gni_value *out, gn_arena *arena);
  int (*save)(const gnp_scalar *scalar, const void *state, gni_value *out, gn_arena *arena);
  /* Into a zeroed state; `saved` is not null but may be anything else. */
  int (*load)(const gnp_scalar *scalar, void *state, const gni_value *saved, gn_arena *arena,
              gn_error *err);
};

/* An update_rows: the same updates in the same order, in one loop, on a copy of the state that the
 * rows cannot lie in: it stays in registers. */
#define GNP_UPDATE_ROWS(name, update_one, state_type)                                              \
  static int name(const gnp_scalar *scalar, void *state, const gni_row *rows, size_t count,        \
                  size_t input, gn_arena *arena)                                                   \
  {                                                                                                \
    state_type folded = *(const state_type *)state;                                                \
    for (size_t i = 0; i < count; i++) {                                                           \
      const gni_value *value = &rows[i].values[input];                                             \
      if (value->is_null) continue;                                                                \
      update_one(scalar, &folded, value, rows[i].time_ms, arena);                                  \
      folded.head.seen = true;                                                                     \
    }                                                                                              \
    *(state_type *)state = folded;                                                                 \
    return GN_OK;                                                                                  \
  }

/* A merge_run of an operation without copy: the same merges in the same order, in one loop. */
#define GNP_MERGE_RUN(name, merge_one, state_type)                                                 \
  static int name(const gnp_scalar *scalar, void *state, gnp_run run, gn_arena *arena)             \
  {                                                                                                \
    for (size_t i = 0; i < run.count; i++) {                                                       \
      const char *other = run.first + i * run.stride;                                              \
      if (!((const gnp_state *)(const void *)other)->seen) continue;                               \
      if (((const gnp_state *)state)->seen)                                                        \
        merge_one(scalar, state, other, arena);                                                    \
      else                                                                                         \
        memcpy(state, other, sizeof(state_type));                                                  \
    }                                                                                              \
    return GN_OK;                                                                                  \
  }

/* A finish_spans of such an operation: the canonical fold of each span, in one loop. A middle that
 * only has more parts than the one before is folded on, which is the same fold. */
#define GNP_FINISH_SPANS(name, merge_run, finish_one, state_type)                                  \
  static int name(const gnp_scalar *scalar, gnp_run run, const gnp_span *spans, size_t count,      \
                  gni_value *out, gn_arena *arena)                                                 \
  {                                                                                                \
    state_type middle = {0};                                                                       \
    size_t first = 0, end = 0;                                                                     \
    for (size_t i = 0; i < count; i++) {                                                           \
      state_type whole = {0};                                                                      \
      if (spans[i].middle != first) {                                                              \
        middle = (state_type){0};                                                                  \
        first = end = spans[i].middle;                                                             \
      }                                                                                            \
      merge_run(scalar, &middle, gnp_run_part(run, end, spans[i].high), arena);                    \
      end = spans[i].high;                                                                         \
      merge_run(scalar, &whole, gnp_run_part(run, spans[i].low, spans[i].middle), arena);          \
      merge_run(scalar, &whole, (gnp_run){(const char *)&middle, sizeof middle, 1}, arena);        \
      out[i] = GNI_NULL_VALUE;                                                                     \
      if (whole.head.seen) finish_one(scalar, &whole, &out[i], arena);                             \
    }                                                                                              \
    return GN_OK;                                                                                  \
  }

/* A finish_spans of numbers whose sums wrap around: what comes into a span is added, what leaves it
 * is taken away. Sums may be grouped in any way. */
#define GNP_SLIDE_SPANS(name, number, finish_one, state_type)                                      \
  static int name(const gnp_scalar *scalar, gnp_run run, const gnp_span *spans, size_t count,      \
                  gni_value *out, gn_arena *arena)                                                 \
  {                                                                                                \
    state_type within = {0};                                                                       \
    size_t low = 0, high = 0, seen = 0;                                                            \
    for (size_t i = 0; i < count; i++) {                                                           \
      for (; high < spans[i].high; high++) {                                                       \
        const state_type *part = gnp_run_state(run, high);                                         \
        seen += part->head.seen;                                                                   \
        within.number = gnp_wrap_add(within.number, part->number);                                 \
      }                                                                                            \
      for (; low < spans[i].low; low++) {                                                          \
        const state_type *part = gnp_run_state(run, low);                                          \
        seen -= part->head.seen;                                                                   \
        within.number = gnp_wrap_sub(within.number, part->number);                                 \
      }                                                                                            \
      out[i] = GNI_NULL_VALUE;                                                                     \
      if (seen) finish_one(scalar, &within, &out[i], arena);                                       \
    }                                                                                              \
    return GN_OK;                                                                                  \
  }

#define GNP_KIND(kind) (UINT32_C(1) << (kind))
#define GNP_INTEGERS (GNP_KIND(GNI_SHORT) | GNP_KIND(GNI_INT) | GNP_KIND(GNI_LONG))
#define GNP_REALS (GNP_KIND(GNI_FLOAT) | GNP_KIND(GNI_DOUBLE))
#define GNP_NUMBERS (GNP_INTEGERS | GNP_REALS)
#define GNP_TEXTS (GNP_KIND(GNI_STRING) | GNP_KIND(GNI_BINARY))
#define GNP_ANYTHING (GNP_KIND(GNI_NULL) - 1) /* every kind a column can have */

enum { GNP_FORMS_MAX = 3, GNP_TYPE_BYTES = 1024 /* roughly, of the types around a column's */ };
enum gnp_argument { GNP_K_NONE, GNP_K_OPTIONAL, GNP_K_REQUIRED };

/* What is known of an operation before its input is. */
typedef struct gnp_operation_entry {
  const char *name;
  bool timed;
  uint8_t k;                                 /* gnp_argument */
  int32_t k_default, k_least, k_most;        /* k_most 0: any */
  const gnp_operation *forms[GNP_FORMS_MAX]; /* one a class of inputs */
} gnp_operation_entry;
extern const gnp_operation_entry gnp_operations[GNI_OPERATION_COUNT];

extern const gnp_operation gnp_count, gnp_sum_long, gnp_sum_double, gnp_average, gnp_variance,
    gnp_skew, gnp_kurtosis, gnp_extreme_integer, gnp_extreme_real, gnp_extreme_text, gnp_unique,
    gnp_histogram, gnp_top, gnp_timed, gnp_timed_k, gnp_sketch_unique, gnp_sketch_percentile,
    gnp_sketch_histogram;

static inline bool gnp_is_real(const gni_type *type)
{
  return type->kind == GNI_FLOAT || type->kind == GNI_DOUBLE;
}

static inline double gnp_as_double(const gni_type *type, const gni_value *value)
{
  return gnp_is_real(type) ? value->real : (double)value->integer;
}

/* Java's arithmetic: it wraps and says nothing. */
static inline int64_t gnp_wrap_add(int64_t a, int64_t b)
{
  return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t gnp_wrap_sub(int64_t a, int64_t b)
{
  return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int32_t gnp_wrap_add32(int32_t a, int32_t b)
{
  return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* A list or struct of `count` items from the arena; NULL when it is full. */
gni_value *gnp_items_take(gn_arena *arena, size_t count, gni_value *out);
/* Chronon's name of a type inside the names of states: "list_string". {NULL, 0} without memory. */
gn_str gnp_type_name(gn_arena *arena, const gni_type *type);
/* struct TimePair_<type>{epochMillis: long, payload}; NULL without memory. */
const gni_type *gnp_time_pair_type(gn_arena *arena, const gni_type *payload);

/* How many of the newest inputs decide the value; SIZE_MAX: all of them. */
size_t gnp_newest_that_count(const gni_aggregator *aggregator);
/* Updates a state with rows whose values are at positions `input` and, when bucketed, `bucket`. */
int gnp_state_update_rows(const gni_aggregator *aggregator, void *state, const gni_row *rows,
                          size_t count, size_t input, int bucket, gn_arena *arena);
/* Merges the states of a run in their order. */
int gnp_state_merge_run(const gni_aggregator *aggregator, void *state, gnp_run run,
                        gn_arena *arena);
/* The values of the spans of a run where the operation can tell them all at once; false: it cannot.
 */
bool gnp_state_finish_spans(const gni_aggregator *aggregator, gnp_run run, const gnp_span *spans,
                            size_t count, gni_value *out, gn_arena *arena, int *rc);

/* ---- box ------------------------------------------------------------------------------------- */

/* A value that a state owns: numbers inside, longer ones in a buffer of its own, written over when
 * the next value fits. So LAST over a million texts does not keep a million texts. */
typedef struct gnp_box {
  gni_value value;
  char *buffer;
  size_t capacity;
} gnp_box;

/* Zeroed is an empty box. `value` may not lie in this box. */
int gnp_box_set(gnp_box *box, const gni_type *type, const gni_value *value, gn_arena *arena);

/* ---- keyed ----------------------------------------------------------------------------------- */

/* Payloads under keys, in the order in which the keys came. Nothing is ever removed. */
typedef struct gnp_keyed {
  char *entries;   /* capacity x gnp_keyed_stride */
  uint32_t *slots; /* position + 1 by hash, twice the capacity; NULL while there are few entries */
  uint32_t count, capacity;
} gnp_keyed;

typedef struct gnp_keyed_form {
  bool wide_key; /* keys are texts, copied; else 8 bytes, kept in the entry */
  uint32_t payload_size;
} gnp_keyed_form;

void *gnp_keyed_find(const gnp_keyed *keyed, gnp_keyed_form form, gn_str key); /* NULL: not there */
/* The payload under a key, zeroed when the key is new. */
int gnp_keyed_put(gnp_keyed *keyed, gnp_keyed_form form, gn_str key, gn_arena *arena,
                  void **payload);
gn_str gnp_keyed_key(const gnp_keyed *keyed, gnp_keyed_form form, size_t index);
void *gnp_keyed_payload(const gnp_keyed *keyed, gnp_keyed_form form, size_t index);

/* A map's pairs as its value holds them. */
typedef struct gnp_pair {
  gni_value key, value;
} gnp_pair;

int gnp_pair_by_key(const gnp_pair *a, const gnp_pair *b); /* by bytes */
/* In place and without memory; not stable. */
void gnp_sort_pairs(gnp_pair *pairs, size_t count,
                    int (*order)(const gnp_pair *a, const gnp_pair *b));

/* ---- ranked ---------------------------------------------------------------------------------- */

typedef struct gnp_item {
  gnp_box box;
  int64_t time_ms; /* of the K lists by time */
  uint64_t turn;   /* counts the inputs of the state: a later equal one replaces an earlier one */
} gnp_item;

/* The k best by value (TOP_K, BOTTOM_K) or by time (LAST_K, FIRST_K): a heap, the worst first. */
typedef struct gnp_ranked {
  gnp_state head;
  uint32_t count, capacity;
  gnp_item **heap;
  uint64_t turns;
} gnp_ranked;

int gnp_ranked_add(const gnp_scalar *scalar, gnp_ranked *ranked, const gni_value *value,
                   int64_t time_ms, gn_arena *arena);
int gnp_ranked_merge(const gnp_scalar *scalar, void *state, const void *other, gn_arena *arena);
int gnp_ranked_copy(const gnp_scalar *scalar, void *target, const void *state, gn_arena *arena);
int gnp_ranked_finish(const gnp_scalar *scalar, const void *state, gni_value *out, gn_arena *arena);
/* The items, best first or worst first; equal ones as they came. NULL without memory. */
gnp_item **gnp_ranked_sorted(const gnp_scalar *scalar, const gnp_ranked *ranked, bool best_first,
                             gn_arena *arena);

/* ---- distinct -------------------------------------------------------------------------------- */

/* The values of the states of a run; first all are added, then spans are asked for. Values are
 * borrowed. */
typedef struct gnp_distinct {
  struct gnp_distinct_value *values;
  uint32_t *slots; /* position in values + 1, by hash */
  size_t mask;
  uint32_t *ids; /* positions of the values of all states, one state after another */
  size_t *ends;  /* of each state, in ids */
  uint32_t value_count;
  size_t id_count, state_count;
  size_t from, to, alive; /* the span at hand, and its distinct values */
} gnp_distinct;

/* Room for `values` in `states`, each counted as often as it is added. */
int gnp_distinct_init(gnp_distinct *distinct, size_t values, size_t states, gn_arena *arena);
void gnp_distinct_add(gnp_distinct *distinct, gn_str value);
void gnp_distinct_end_state(gnp_distinct *distinct);
/* How many distinct values states [from, to) have; neither may be before that of the last call. */
size_t gnp_distinct_slide(gnp_distinct *distinct, size_t from, size_t to);

/* ---- failures -------------------------------------------------------------------------------- */

/* "saved LAST state: its time is null", GN_E_CORRUPT. */
int gnp_fail_saved(gn_error *err, const gnp_scalar *scalar, const char *what);
/* Whether an untrusted value fits its type: integers in range, keys there, structs complete. */
bool gnp_value_fits(const gni_type *type, const gni_value *value);

#endif
