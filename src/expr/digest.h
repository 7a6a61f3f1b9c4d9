/* Digests and hashes of expressions. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_DIGEST_H
#define GNOMON_SRC_EXPR_DIGEST_H

#include "base/base.h"

void gnp_sha1(gn_str bytes, uint8_t out[20]);
void gnp_sha224(gn_str bytes, uint8_t out[28]);
void gnp_sha384(gn_str bytes, uint8_t out[48]);
void gnp_sha512(gn_str bytes, uint8_t out[64]);
uint32_t gnp_crc32(gn_str bytes);
uint64_t gnp_xxhash64(gn_str bytes, uint64_t seed); /* XXH64, not the newer XXH3 */

#endif
