/* A plan as it is sent: itself, or its zstd frame. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_SPARKCONNECT_COMPRESS_H
#define GNOMON_SRC_SPARKCONNECT_COMPRESS_H

#include "sparkconnect/client.h"

typedef struct sparkp_squeezed {
  Spark__Connect__Plan plan;
  Spark__Connect__Plan__CompressedOperation operation;
  gn_buf bytes;
} sparkp_squeezed;

/* `out->plan` borrows from `plan` and from `out`, which is to be closed also on failure. */
int sparkp_compress(sparkc_session *session, const Spark__Connect__Plan *plan, sparkp_squeezed *out,
                    sparkc_error *err);
void sparkp_squeezed_close(sparkp_squeezed *squeezed);
/* A server that cannot read such a plan gets no more of them in this session. */
void sparkp_compress_never(sparkc_session *session);

#endif
