/* What servers on top of a session ask of it. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_FLOW_SESSION_H
#define GNOMON_SRC_FLOW_SESSION_H

#include <gnomon/gnomon.h>

#include "base/base.h"

typedef struct gni_session_facts {
  const gn_alloc *alloc;
  int32_t threads; /* at least 1 */
  gn_str store_url;
  const char *boundary; /* "chronon", "exact" */
} gni_session_facts;

void gni_session_describe(const gn_session *session, gni_session_facts *out);
/* Opens the store when it is not, and looks whether it answers. */
int gni_session_try_store(gn_session *session, gn_error *err);

#endif
