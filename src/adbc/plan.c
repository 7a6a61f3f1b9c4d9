/* Plans that another client encoded. SPDX-License-Identifier: Apache-2.0 */
#include "adbc/driver.h"
#include "wire/proto.h"

enum { PLAN_ROOT = 1 };

int adbcp_plan_frame(sparkc_session *session, const void *bytes, size_t size,
                     sparkc_dataframe **out, sparkc_error *err)
{
  gni_proto_field root;
  *out = NULL;
  int rc = gni_proto_find((gn_str){bytes, size}, PLAN_ROOT, &root);
  if (rc == GN_OK && root.type == GNI_PROTO_BYTES)
    return sparkc_relation_decode(session, root.bytes.ptr, root.bytes.len, out, err);
  return adbcp_say(err, rc == GN_ABSENT ? SPARKC_E_UNSUPPORTED : SPARKC_E_PLAN,
                   "the bytes are no spark.connect.Plan with a relation as its root");
}
