/* Definitions: finding, reading and checking them. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_DEFINE_H
#define GNOMON_DEFINE_H

#include <gnomon/gnomon.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How deep gn_validate looks. */
enum gn_level {
  GN_LEVEL_DEFINITION = 0, /* the file alone: no table is touched */
  GN_LEVEL_DATA = 1        /* also tables, columns, types, times, partitions */
};

/* How problems are told. */
enum gn_form {
  GN_FORM_TEXT = 0, /* for people, with source line and caret */
  GN_FORM_JSON = 1, /* one JSON object a line */
  GN_FORM_COLOR = 2 /* as TEXT, with ANSI colours */
};

/**
 * Tells whether definitions are compiled already as they are now. Compiling notes in
 * .gnomon/compile.json which files went in and came out; each of them is looked at.
 *
 * @shape   `path`: "." for the whole repository, or a folder or file below it. `out`: a line for
 * each object, in the order of their files: kind, name, compiled file, with tabs between
 * @own     `out` is the caller's
 * @null    ABSENT when a file is not up to date, or when that cannot be told; `out` is empty then
 * @err     NOMEM     out of memory
 * @thread  any
 * @cost    reads the files once
 * @since   0.1
 */
GN_API int gn_compiled_fresh(const char *repo, const char *path, gn_text *out,
                             gn_error *err) GN_MUST_CHECK;

/**
 * Checks definitions and gathers all problems of all of them.
 *
 * @shape   `confs`: paths of compiled files or folders, "group_bys/team/file.var" or
 *          "team.file.var"; none: everything under production/.
 * @own     `problems` is the caller's: in the form asked for (gn_form)
 * @err     NOTFOUND  a conf does not exist; the hint names the nearest
 * @err     INVALID   at least one problem is an error; `problems` holds them all
 * @err     IO        a table could not be read
 * @err     NOMEM     out of memory
 * @err     CANCELLED gn_session_cancel was called
 * @thread  one call at a time a session
 * @cost    reading the files; at the data level one metadata look-up a table
 * @since   0.1
 */
GN_API int gn_validate(gn_session *session, const char *const *confs, size_t conf_count, int level,
                       int form, gn_text *problems, gn_error *err) GN_MUST_CHECK;

/**
 * Lists definitions: one JSON object a line {name, kind, team, file, keys, online, description, …}.
 *
 * @own     `out` is the caller's
 * @err     NOTFOUND  there is no production/ folder
 * @err     NOMEM     out of memory
 * @thread  any
 * @since   0.1
 */
GN_API int gn_list(gn_session *session, gn_text *out, gn_error *err) GN_MUST_CHECK;

/**
 * Describes one definition as JSON: tables, datasets, keys, features with types, sources, settings
 * and where each came from.
 *
 * @own     `out` is the caller's
 * @err     NOTFOUND  no such definition
 * @err     PARSE     its file is not well formed
 * @err     INVALID   its file is not a definition
 * @err     NOMEM     out of memory
 * @thread  any
 * @since   0.1
 */
GN_API int gn_describe(gn_session *session, const char *conf, gn_text *out,
                       gn_error *err) GN_MUST_CHECK;

/**
 * Gives the JSON Schema of a kind of definition: "group_by", "join", "staging_query".
 *
 * @own     `out` is the caller's
 * @err     NOTFOUND  no such kind
 * @err     NOMEM     out of memory
 * @thread  any
 * @since   0.1
 */
GN_API int gn_schema(const char *kind, gn_text *out, gn_error *err) GN_MUST_CHECK;

/**
 * Writes a failure as the program shows it: code, message, place, hint.
 *
 * @shape   `form`: gn_form
 * @own     `out` is the caller's
 * @err     NOMEM     out of memory
 * @thread  any
 * @since   0.1
 */
GN_API int gn_error_write(const gn_error *failure, int form, gn_text *out) GN_MUST_CHECK;

/**
 * Explains a diagnostic code ("GD107"): what it means, an example, how to mend it. "all" gives the
 * whole register.
 *
 * @own     `out` is the caller's
 * @err     NOTFOUND  no such code
 * @err     NOMEM     out of memory
 * @thread  any
 * @since   0.1
 */
GN_API int gn_explain_code(const char *code, gn_text *out, gn_error *err) GN_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
