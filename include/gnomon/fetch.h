/* Keys and a time in, features out. SPDX-License-Identifier: Apache-2.0
 *
 * gn_fetcher_get is the quick one: caller's memory, no allocation after warm-up, any number of
 * threads. gn_fetch_json is what the program and the servers speak. */
#ifndef GNOMON_FETCH_H
#define GNOMON_FETCH_H

#include <gnomon/arrow.h>
#include <gnomon/gnomon.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gn_fetcher gn_fetcher;

/* Live rows of a key that one fetch folds, at most: where there are more, put has folded the older
 * ones into a tile, which holds one state an hour of a day (or 5 minutes of 12 hours, or day, as
 * the windows ask) and aggregation. More are folded only where rows share one millisecond, lie
 * after the time at which they were put, or the question is about a time before the newest rows. */
#define GN_LIVE_ROWS_MAX 128

/* One key or feature value. Text borrows its memory. */
enum gn_cell_kind {
  GN_CELL_NULL = 0,
  GN_CELL_BOOLEAN = 1,
  GN_CELL_INTEGER = 2,
  GN_CELL_REAL = 3,
  GN_CELL_TEXT = 4, /* UTF-8 */
  GN_CELL_BYTES = 5,
  GN_CELL_JSON = 6 /* lists, maps and structs, as JSON text */
};
typedef struct gn_cell {
  int32_t kind;
  size_t len; /* bytes of text */
  union {
    int64_t integer; /* also boolean: 0, 1 */
    double real;
    const char *text;
  } as;
} gn_cell;

/**
 * Opens a GroupBy for fetching: reads its serving info once. New uploads are noticed by themselves.
 *
 * @own     `*out` is the caller's; close it before the session
 * @err     NOTFOUND  the GroupBy was not uploaded; the hint says how
 * @err     CORRUPT   its serving info cannot be read
 * @err     IO        the store did not answer
 * @err     NOMEM     out of memory
 * @thread  any
 * @since   0.1
 */
GN_API int gn_fetcher_open(gn_session *session, const char *conf, gn_fetcher **out,
                           gn_error *err) GN_MUST_CHECK;

/**
 * Closes a fetcher. NULL does nothing.
 *
 * @own     the fetcher is gone
 * @err     none
 * @thread  one, when no other uses it any more
 * @since   0.1
 */
GN_API void gn_fetcher_close(gn_fetcher *fetcher);

/**
 * Names the keys and features in the order in which gn_fetcher_get takes and gives them.
 *
 * @shape   0 <= index < the count returned; a larger or negative one gives only the count
 * @own     the names live as long as the fetcher
 * @err     none
 * @thread  any
 * @since   0.1
 */
GN_API size_t gn_fetcher_key(const gn_fetcher *fetcher, size_t index, const char **name);
/**
 * Names the features, as gn_fetcher_key names the keys.
 *
 * @shape   as gn_fetcher_key
 * @own     as gn_fetcher_key
 * @err     none
 * @thread  any
 * @since   0.1
 */
GN_API size_t gn_fetcher_feature(const gn_fetcher *fetcher, size_t index, const char **name);

/**
 * Answers one key.
 *
 * @shape   `keys`: one cell a key column, in order. `features`: room for one cell a feature.
 * @unit    `at_ms`: milliseconds since 1970-01-01T00:00Z; 0 means now
 * @own     texts of `features` are in `buffer`, which is the caller's
 * @null    a key that the store does not know gives all nulls (or what the derivations make of
 *          nulls) and returns ABSENT
 * @err     ARG       the number or the type of a key is wrong
 * @err     INVALID   `at_ms` is before the batch end, or (boundary exact) the batch is too late
 * @err     LIMIT     `buffer` is too small; nothing else was done
 * @err     CORRUPT   a stored value cannot be read
 * @err     IO        the store did not answer
 * @thread  any number of threads may share the fetcher
 * @cost    one look-up; for TEMPORAL two more and a fold of the key's tile and of at most
 *          GN_LIVE_ROWS_MAX rows. No allocation after warm-up.
 * @source  upstream FetcherBase.fetchGroupBys
 * @since   0.1
 */
GN_API int gn_fetcher_get(gn_fetcher *fetcher, const gn_cell *keys, size_t key_count, int64_t at_ms,
                          gn_cell *features, size_t feature_count, char *buffer, size_t buffer_size,
                          gn_error *err) GN_MUST_CHECK;

/* How gn_fetch_json answers what is not there. */
enum gn_answer_mode {
  GN_ANSWER_EXPLICIT = 0, /* one answer a request, in order; missing features are nulls */
  GN_ANSWER_CHRONON = 1   /* as upstream: no answer for a null key, null map for an unknown key */
};

/**
 * Answers many requests, which come and go as JSON lines.
 *
 * @shape   in: {"name"?: …, "keys": {…}, "at_ms"?: ms}, `name` where a request has none. Out, one
 *          line each in the same order: {"name", "keys", "values": {feature: value}} or {"…",
 *          "error": text, "code", "result", "hint"?}
 * @unit    `at_ms`: milliseconds since 1970-01-01T00:00Z; 0 or none means now
 * @own     `out` is the caller's
 * @null    see gn_answer_mode
 * @err     PARSE     a line is not JSON; `where` names it
 * @err     NOTFOUND  a request names a GroupBy that was not uploaded
 * @err     IO        the store did not answer
 * @err     NOMEM     out of memory
 * @thread  any
 * @since   0.1
 */
GN_API int gn_fetch_json(gn_session *session, const char *name, const char *requests,
                         size_t requests_size, int mode, gn_text *out, gn_error *err) GN_MUST_CHECK;

/**
 * Answers a stream of keys with a stream of features.
 *
 * @shape   `keys`: n rows, one column per key, names and types as defined. `out`: n rows in the
 *          same order, one column per feature, in definition order
 * @unit    `at_ms`: milliseconds since 1970-01-01T00:00Z; 0 means now
 * @own     `keys` is consumed, also on failure; `out` is the caller's to release
 * @null    an unknown key gives a row of nulls
 * @err     NOTFOUND  the GroupBy was not uploaded
 * @err     INVALID   a key column is missing
 * @err     TYPE      a key column has another type
 * @err     LIMIT     more than GN_FETCH_KEYS_MAX rows
 * @err     IO        the store did not answer
 * @err     NOMEM     out of memory
 * @thread  any number of threads may share the session
 * @cost    allocates per call, not per key
 * @since   0.1
 */
GN_API int gn_fetch(gn_session *session, const char *conf, struct ArrowArrayStream *keys,
                    int64_t at_ms, struct ArrowArrayStream *out, gn_error *err) GN_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
