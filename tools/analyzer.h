/* What clang-tidy is told, as it reads one file at a time and cannot see that a failure is never
 * GN_OK: without it, every output behind `if (rc != GN_OK) return rc;` seems to be without a value.
 * Included before each file of src/ but base's. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

void gni_analyzer_uses(const char *format, ...);

#define gni_fail(err, code, ...) ((void)(err), gni_analyzer_uses(__VA_ARGS__), (code))
#define gni_fail_native(err, code, native, ...)                                                    \
  ((void)(err), (void)(native), gni_analyzer_uses(__VA_ARGS__), (code))
#define gni_fail_nomem(err, size) ((void)(err), (void)(size), GN_E_NOMEM)
#define gni_fail_arena(err, arena, size) ((void)(err), (void)(arena), (void)(size), GN_E_NOMEM)
