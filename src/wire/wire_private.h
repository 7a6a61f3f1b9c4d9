/* Shared by the files of this folder only. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_WIRE_PRIVATE_H
#define GNOMON_SRC_WIRE_PRIVATE_H

#include "wire/wire.h"

/* Decodes into `out`, which has room for 3 bytes a started group of 4 characters; false when the
 * text is no base64. */
bool gnp_base64_decode(gn_str text, char *out, size_t *len);

/* A double as JSON: the shortest decimal, or "NaN", "Infinity", "-Infinity" in quotes. `single`
 * finds the shortest that reads back to the same float. */
void gnp_json_add_real(gn_buf *out, double value, bool single);

/* "-12.30" for unscaled -1230 at scale 2. */
void gnp_decimal_add(gn_buf *out, const gni_value *value, int scale);
/* Reads a decimal number exactly; GN_E_PARSE when it is none, GN_E_LIMIT when it needs more digits
 * than the type has. */
int gnp_decimal_parse(gn_str text, int precision, int scale, gni_value *out);
int gnp_decimal_of_integer(int64_t integer, int precision, int scale, gni_value *out);

/* ISO 8601: "2025-02-01T06:30:00.123Z", without what is zero at the end of the seconds. Years 0000
 * to 9999. */
void gnp_timestamp_add(gn_buf *out, int64_t time_us);
void gnp_date_add(gn_buf *out, int64_t day_number);
/* A day alone is its midnight; the zone is Z, ±hh:mm or nothing, which is Z too. */
int gnp_timestamp_parse(gn_str text, int64_t *time_us);
int gnp_date_parse(gn_str text, int64_t *day_number);

#endif
