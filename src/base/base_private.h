/* Between the files of src/base only. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_BASE_PRIVATE_H
#define GNOMON_SRC_BASE_PRIVATE_H

/* Swaps two paths of one filesystem in one step; 0, or -1 with errno. */
int gnp_exchange(const char *a, const char *b);

#endif
