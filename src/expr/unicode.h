/* Characters: reading UTF-8, digits, case. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_UNICODE_H
#define GNOMON_SRC_EXPR_UNICODE_H

#include "base/base.h"

/* The character at `*at`, which moves behind it. Bytes that are no UTF-8 are characters of their
 * own. */
uint32_t gnp_utf8_next(gn_str text, size_t *at);
/* The bytes may be the beginning of a character, or all of it. */
bool gnp_utf8_begins(gn_str bytes);
size_t gnp_utf8_put(uint32_t c, char out[4]);
size_t gnp_utf8_count(gn_str text);
/* The byte where character number `index` begins; the end when there are fewer. */
size_t gnp_utf8_offset(gn_str text, size_t index);

int gnp_digit_of(uint32_t c); /* 0..9 of any script in the first plane; -1 */

uint32_t gnp_upper_simple(uint32_t c);
uint32_t gnp_lower_simple(uint32_t c);
bool gnp_is_cased(uint32_t c);
bool gnp_is_upper(uint32_t c);
bool gnp_is_lower(uint32_t c);
/* With the characters that become several; how many. A sigma at the end of a word is another. */
size_t gnp_upper_full(uint32_t c, uint32_t out[3]);
size_t gnp_lower_full(uint32_t c, bool final_sigma, uint32_t out[3]);

#endif
