/* From tables to the online store. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_UPLOAD_H
#define GNOMON_UPLOAD_H

#include <gnomon/gnomon.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gn_upload_args {
  size_t struct_size;
  const char *conf; /* as gn_backfill's */
  const char *ds;   /* the day whose end is the batch end; NULL: yesterday */
  int from_table; /* computes nothing: loads the store from the `_upload` table's partition again */
} gn_upload_args;
#define GN_UPLOAD_ARGS(...) (&(gn_upload_args){.struct_size = sizeof(gn_upload_args), __VA_ARGS__})

typedef struct gn_upload_report {
  int64_t keys, bytes;
  int64_t batch_end_ms; /* midnight after ds; milliseconds since 1970-01-01T00:00Z */
} gn_upload_report;

/**
 * Computes one day's values (SNAPSHOT) or running states (TEMPORAL) of a GroupBy, writes them to
 * its `_upload` table, and makes them the new generation of `<NAME>_BATCH` in the store. Readers
 * see the old generation or the new one, never a mix; the call may wait half a second for those
 * of the old one, and what is still read then stays on disk until the next upload. With
 * `from_table` what an upload wrote to the table before is loaded as it is: into a second store, or
 * after a store was lost; neither the sources nor the engine's sort are needed.
 *
 * @own     nothing
 * @err     ARG       `ds` is not a day
 * @err     NOTFOUND  no such definition or source table; `from_table`: no partition of that day
 * @err     INVALID   the definition has errors; `from_table`: no upload wrote the partition
 * @err     UNSUPPORTED a column's type cannot be stored, or it needs something this version cannot
 * compute
 * @err     TYPE      a list holds a null, which Avro cannot write
 * @err     BUSY      another upload of the same GroupBy is running
 * @err     IO        a file could not be read or written
 * @err     NOMEM     out of memory
 * @err     CANCELLED gn_session_cancel was called; the old generation stays
 * @thread  one call at a time a session
 * @source  Chronon's GroupBy upload and KVStore contract
 * @since   0.1
 */
GN_API int gn_upload(gn_session *session, const gn_upload_args *args, gn_upload_report *report,
                     gn_error *err) GN_MUST_CHECK;

/**
 * Puts definitions into the store's metadata datasets, where a fetcher of Chronon's looks for them.
 *
 * @shape   `confs`: files or folders; none: everything under production/
 * @own     nothing; `*count` is the number of definitions put
 * @err     NOTFOUND  a conf does not exist
 * @err     INVALID   a file is not a definition
 * @err     IO        the store could not be written
 * @err     NOMEM     out of memory
 * @thread  one call at a time a session
 * @since   0.1
 */
GN_API int gn_metadata_upload(gn_session *session, const char *const *confs, size_t conf_count,
                              int64_t *count, gn_error *err) GN_MUST_CHECK;

/**
 * Puts live rows of a TEMPORAL GroupBy into the store: they count from the next fetch on. All of
 * them appear at once, with the tiles that keep fetches short (GN_LIVE_ROWS_MAX).
 *
 * @shape   `events`: JSON lines, {"ts": ms, "row": {column: value}} or {"ts": ms, column: value,
 *          …}; the columns are those that the sources select. Of entities a line is a change:
 *          {"mutation_ts": ms, "before": {"ts": ms, column: value, …}, "after": {…}}, where an
 *          insert has no `before` and a delete no `after`; or one image with "ts", "mutation_ts"
 *          (`ts` when not given) and "is_before"
 * @unit    ts: milliseconds since 1970-01-01T00:00Z
 * @own     nothing; `*rows` is the number put
 * @null    a row whose keys are all null is skipped, as in a stream of Chronon's; so is one without
 * ts
 * @err     NOTFOUND  the GroupBy was not uploaded
 * @err     PARSE     a line is not JSON; `where` names it. Nothing was put.
 * @err     TYPE      a value does not fit its column; `where` names it. Nothing was put.
 * @err     IO        the store could not be written
 * @err     NOMEM     out of memory
 * @thread  any
 * @since   0.1
 */
GN_API int gn_put_events(gn_session *session, const char *name, const char *events,
                         size_t events_size, int64_t *rows, gn_error *err) GN_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
