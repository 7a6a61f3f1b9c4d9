/* The law of windows in its plainest form, to compare the clever ways with: no hops, no partial
 * states. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_TESTS_AGG_REFERENCE_H
#define GNOMON_TESTS_AGG_REFERENCE_H

#include "agg/agg.h"

/* For every window column all rows with start <= ts < at update one state, in order. `rows` in
 * (time, source order); `outputs` has column_count values. */
int reference_answer(const gni_layout *layout, const gni_row *rows, size_t row_count, int64_t at_ms,
                     int resolution, gn_arena *arena, gni_value *outputs);

/* Equal, where reals may be `tolerance` apart, of themselves or of 1 when they are small. */
bool values_agree(const gni_type *type, const gni_value *a, const gni_value *b, double tolerance);

#endif
