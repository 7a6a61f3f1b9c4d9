/* Cancelling long calls, and making them fail on purpose. SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <signal.h>
#include <stdlib.h>

void gni_cancel_ask(gn_cancel *cancel)
{
  cancel->asked = 1;
}

bool gni_cancelled(const gn_cancel *cancel)
{
  return cancel && cancel->asked;
}

#ifdef GN_FAULTS
/* GN_FAULT_AT="name" fails at that point, "name:kill" dies there as kill -9 would, "name:3" or
 * "name:3:kill" at the third passing. Read from the environment because the process that is to die
 * is a child of the test. */
int gni_fault(const char *name)
{
  static _Atomic int passed;
  gn_str rest = gni_str(getenv("GN_FAULT_AT")), point, part;
  int64_t wanted = 1;
  bool die = false;
  if (!gni_str_split(&rest, ':', &point) || !gni_str_is(point, name)) return GN_OK;
  while (gni_str_split(&rest, ':', &part)) {
    if (gni_str_is(part, "kill"))
      die = true;
    else if (gni_parse_int64(part, &wanted) != GN_OK)
      return GN_E_ARG;
  }
  if (++passed != wanted) return GN_OK;
  if (die) raise(SIGKILL);
  return GN_E_IO;
}
#endif
