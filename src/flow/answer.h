/* Answers to keys that come as JSON, for whoever speaks it: the program and the servers.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_ANSWER_H
#define GNOMON_SRC_FLOW_ANSWER_H

#include <gnomon/fetch.h>

#include "wire/wire.h"

/* One sight of the store through one fetcher; for one thread. Between begin and end all answers
 * come from the same upload, and everything answered stays where it is. */
typedef struct gni_answering {
  gn_fetcher *fetcher;
  struct gnp_look *look;
  const gni_type *keys, *features; /* structs, in the fetcher's order */
  bool derives;                    /* features are made of values by derivations */
  bool no_null_keys;               /* for the caller to set: null keys are not looked for */
  int64_t batch_end_ms;            /* the upload holds everything before */
} gni_answering;

typedef struct gni_answer {
  int found;         /* GN_OK, or GN_ABSENT: the store does not know the key */
  bool null_key;     /* a part of the key is null */
  gni_value *values; /* one a feature; of the sight */
} gni_answer;

/* GN_E_CONFLICT: uploaded anew with other keys or features; open the fetcher again. */
int gni_answering_begin(gn_fetcher *fetcher, gni_answering *out, gn_error *err);
void gni_answering_end(gni_answering *answering);
/* What was answered is not needed any more; the sight stays. */
void gni_answering_forget(gni_answering *answering);
/* `keys` is an object with a member a key; a missing one is GN_E_ARG. `at_ms` 0 is now. */
int gni_answer_object(gni_answering *answering, const gni_json *keys, int64_t at_ms,
                      gni_answer *out, gn_error *err);
/* The same with the parts of the key in the fetcher's order; NULL where one is missing. */
int gni_answer_cells(gni_answering *answering, const gni_json *const *cells, int64_t at_ms,
                     gni_answer *out, gn_error *err);

/* For one thread that may wait, now and then: looks for a new upload, and holds the one before
 * until the next time. Then all others moved on, and closing its files, which takes long, is not
 * theirs. */
int gni_fetcher_keep_up(gn_fetcher *fetcher, gn_error *err);

#endif
