/* Looking at what is there: differences, statistics, the store. SPDX-License-Identifier: Apache-2.0
 */
#ifndef GNOMON_INSPECT_H
#define GNOMON_INSPECT_H

#include <gnomon/define.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How gn_diff compares. Zero members take the defaults. */
typedef struct gn_diff_args {
  size_t struct_size;
  const char *left, *right; /* two tables "ns.t", or two definitions */
  const char *keys; /* columns that tell rows apart, parted by commas; default: the keys of the
                       GroupBy whose output the left table is, and the partition column */
  double tolerance; /* real numbers that differ by at most this part of the larger are equal */
  double sample;    /* part of the keys to look at, chosen by their hash; 0: all */
  int32_t examples; /* rows shown of each column that differs; 0: 3, negative: none */
} gn_diff_args;

typedef struct gn_diff_report {
  int64_t left_rows, right_rows, paired_rows;
  int64_t differences; /* rows without a partner, cells that differ, columns and members that do */
} gn_diff_report;

/**
 * Compares two tables row by row and column by column, or two definitions member by member.
 *
 * @shape   rows are paired by their keys; of several rows with one key the first is paired with the
 *          first, in the order of all columns
 * @own     `out` is the caller's: text for people or one JSON object
 * @null    two nulls are equal; NaN equals NaN
 * @err     ARG       no keys are given and none are known; a key is no column of both
 * @err     NOTFOUND  a table or definition does not exist; the hint names the nearest
 * @err     NOMEM     out of memory
 * @thread  any
 * @cost    one scan of both tables and a join on disk when it does not fit in memory
 * @since   0.1
 */
GN_API int gn_diff(gn_session *session, const gn_diff_args *args, int form, gn_text *out,
                   gn_diff_report *report, gn_error *err) GN_MUST_CHECK;

/* What gn_stats looks at. Zero members take the defaults. */
typedef struct gn_stats_args {
  size_t struct_size;
  const char *table;             /* "ns.t", or a definition: its output table */
  const char *start_ds, *end_ds; /* days, both included; NULL: open */
} gn_stats_args;

/* A picture beside gn_form's texts. */
enum { GN_FORM_SVG = 3 };

/**
 * Describes every column of a table: rows, nulls, distinct values; of numbers least, greatest,
 * mean, deviation, quantiles and a histogram of 20 bins; of texts the ten most frequent.
 *
 * @shape   one entry a column, in table order; distinct values are estimated above 10,000
 * @own     `out` is the caller's: text, JSON or SVG
 * @null    nulls are counted and left out of the rest, as NaN and infinities are of numbers'
 * figures
 * @err     NOTFOUND  the table does not exist
 * @err     ARG       a day is not one
 * @err     NOMEM     out of memory
 * @thread  any
 * @cost    three scans
 * @since   0.1
 */
GN_API int gn_stats(gn_session *session, const gn_stats_args *args, int form, gn_text *out,
                    gn_error *err) GN_MUST_CHECK;

/* Whose values gn_explain accounts for. Zero members take the defaults. */
typedef struct gn_explain_args {
  size_t struct_size;
  const char *conf; /* a GroupBy, by any of its names */
  const char *key;  /* a JSON object: {"user_id": "user_1"} */
  int64_t at_ms;    /* the time of the question; 0: now */
  int32_t rows_max; /* rows listed; 0: 100 */
} gn_explain_args;

/**
 * Says where the features of one key at one time come from: the rows of the sources, each window
 * with its ends and the rows inside, the value computed from them, and what the store answers.
 *
 * @shape   one entry a window column; derived features follow
 * @unit    times are milliseconds since 1970-01-01T00:00Z; a window is [start, end)
 * @own     `out` is the caller's: text, JSON or an SVG timeline
 * @null    a window without rows has a null value
 * @err     ARG          the key is not JSON or lacks a column
 * @err     NOTFOUND     the definition or a table does not exist
 * @err     UNSUPPORTED  the definition is no GroupBy
 * @err     NOMEM        out of memory
 * @thread  any
 * @cost    one scan of the sources for one key
 * @since   0.1
 */
GN_API int gn_explain(gn_session *session, const gn_explain_args *args, int form, gn_text *out,
                      gn_error *err) GN_MUST_CHECK;

/* What gn_analyze looks at. Zero members take the defaults. */
typedef struct gn_analyze_args {
  size_t struct_size;
  const char *conf;     /* a GroupBy, by any of its names */
  const char *start_ds; /* first day of the output; NULL: three days before the last */
  const char *end_ds;   /* last day, included; NULL: yesterday */
  int32_t hitters_max;  /* values shown of each key; 0: 128 */
} gn_analyze_args;

/**
 * Counts the rows that a run over some days would read: how often each key value occurs, rows by
 * year, whether times are there and plausible; and names the types of keys and features.
 *
 * @shape   of each key column its most frequent values, most frequent first, equal ones by value
 * @own     `out` is the caller's: Chronon's text or one JSON object
 * @null    null keys are not counted
 * @err     NOTFOUND     the definition or a table does not exist
 * @err     UNSUPPORTED  the definition is no GroupBy
 * @err     ARG          a day is not one
 * @err     NOMEM        out of memory
 * @thread  any
 * @cost    one scan a key column
 * @source  upstream Analyzer.analyzeGroupBy
 * @since   0.1
 */
GN_API int gn_analyze(gn_session *session, const gn_analyze_args *args, int form, gn_text *out,
                      gn_error *err) GN_MUST_CHECK;

/* What gn_examine says of one thing it looked at. */
enum gn_verdict { GN_VERDICT_OK = 0, GN_VERDICT_WARNING = 1, GN_VERDICT_FAULT = 2 };
typedef struct gn_finding {
  int verdict;         /* gn_verdict */
  const char *check;   /* "source", "output", "online", … */
  const char *subject; /* the table, definition, dataset or file; NULL: all of them are sound */
  const char *found;   /* what is there, or wrong */
  const char *mend;    /* what to do; NULL when nothing is to be done */
} gn_finding;
typedef void (*gn_finding_fn)(void *user, const gn_finding *finding);

/**
 * Looks for what would stand in the way of a repository's runs: tables that are named and are not
 * there, files that cannot be read, days that are missing, output tables of another definition,
 * uploads that are old, damaged or of another definition, what dead runs left. Changes nothing.
 *
 * @shape   `tell` is called for each trouble, and once for each kind of check that found none
 * @own     texts of a finding live until `tell` returns
 * @err     NOMEM     out of memory
 * @err     CANCELLED gn_session_cancel was called
 * @thread  one call at a time a session; `tell` is called on it
 * @cost    the footers of every source's files, and the keys of every upload (the first 100,000)
 * @since   0.1
 */
GN_API int gn_examine(gn_session *session, gn_finding_fn tell, void *user,
                      gn_error *err) GN_MUST_CHECK;

/**
 * Lists the datasets of the store.
 *
 * @shape   one entry a dataset, by name: rows and bytes of its upload, its number, its batch end; a
 *          dataset of live rows alone has none of them
 * @unit    times are milliseconds since 1970-01-01T00:00Z
 * @own     `out` is the caller's: text or a JSON list
 * @err     IO     the store did not answer
 * @err     NOMEM  out of memory
 * @thread  any
 * @since   0.1
 */
GN_API int gn_store_list(gn_session *session, int form, gn_text *out, gn_error *err) GN_MUST_CHECK;

/**
 * Shows what the store keeps of one key of a GroupBy, decoded: the value or state of the upload,
 * and the live rows, also those that the upload holds already.
 *
 * @shape   one JSON object {"dataset", "key_bytes" (base64), "batch_end_ms", "value", "live"}
 * @unit    times are milliseconds since 1970-01-01T00:00Z
 * @own     `out` is the caller's
 * @null    "value" is null for a key that the upload does not have
 * @err     ARG       the key is not JSON or lacks a column
 * @err     NOTFOUND  the GroupBy was not uploaded
 * @err     CORRUPT   what is stored cannot be read
 * @err     IO        the store did not answer
 * @err     NOMEM     out of memory
 * @thread  any
 * @since   0.1
 */
GN_API int gn_store_get(gn_session *session, const char *conf, const char *key, gn_text *out,
                        gn_error *err) GN_MUST_CHECK;

/**
 * Measures every dataset of the store that was uploaded: keys, bytes, the file and how full it is,
 * depth of its tree, generations on disk, live rows and tiles beside it, age of the batch end.
 *
 * @shape   one entry a dataset, by name
 * @unit    times are milliseconds since 1970-01-01T00:00Z, ages milliseconds; `fill` is the part of
 *          the file that is keys and values
 * @own     `out` is the caller's: text or a JSON list
 * @err     IO     the store did not answer
 * @err     NOMEM  out of memory
 * @thread  any
 * @cost    looks at every live row
 * @since   0.1
 */
GN_API int gn_store_stats(gn_session *session, int form, gn_text *out, gn_error *err) GN_MUST_CHECK;

/**
 * Writes the newest upload of a dataset anew, page by page, and makes that what readers see, as an
 * upload does: they go on meanwhile, and a process that dies leaves the old one.
 *
 * @shape   `name`: a GroupBy or a dataset; NULL: all. `dry_run`: only says what it would do
 * @own     `out` is the caller's: text or a JSON list of {"dataset", "bytes_before", "bytes_after"}
 * @err     NOTFOUND   no dataset of that name was uploaded
 * @err     BUSY       an upload of it is running
 * @err     IO         a file could not be read or written
 * @err     CORRUPT    what is stored cannot be read
 * @err     NOMEM      out of memory
 * @err     CANCELLED  gn_session_cancel was called; datasets before are done
 * @thread  one call at a time a session, and no upload beside it in this process
 * @since   0.1
 */
GN_API int gn_store_compact(gn_session *session, const char *name, int dry_run, int form,
                            gn_text *out, gn_error *err) GN_MUST_CHECK;

/**
 * Removes what nobody needs: uploads that were replaced, files of uploads that died, and live rows
 * that every upload that could be made again holds. Datasets that are being uploaded are left
 * alone. The room of live rows is used again by others, not given back to the disk.
 *
 * @shape   `dry_run`: only says what would go
 * @own     `out` is the caller's: text or one JSON object {"dry_run", "files", "live", "bytes"}
 * @err     IO     a file could not be removed
 * @err     NOMEM  out of memory
 * @thread  one call at a time a session, and no upload beside it in this process
 * @since   0.1
 */
GN_API int gn_store_gc(gn_session *session, int dry_run, int form, gn_text *out,
                       gn_error *err) GN_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
