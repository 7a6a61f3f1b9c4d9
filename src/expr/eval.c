/* One row through the tree. SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "expr/bound.h"

int gnp_fail_here(gnp_frame *frame, const char *error_class, const char *format, ...)
{
  char message[256];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  return gni_fail_as(frame->err, "GX005", GN_E_INVALID, "[%s] %s", error_class, message);
}

static gni_value *room_for(const gni_bound *node, gnp_frame *frame, gni_value *fast)
{
  return node->arg_count <= GNP_ARGS_FAST ? fast
                                          : GN_TAKE(frame->arena, gni_value, node->arg_count);
}

/* Arguments are evaluated in order and a null ends it at once, as in Spark: what stands behind a
 * null is not computed and cannot fail. */
int gnp_eval_strict(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value fast[GNP_ARGS_FAST];
  gni_value *values = room_for(node, frame, fast);
  if (!values) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < node->arg_count; i++) {
    const gni_bound *arg = node->args[i];
    int rc = arg->eval(arg, frame, &values[i]);
    if (rc != GN_OK) return rc;
    if (values[i].is_null) {
      *out = GNI_NULL_VALUE;
      return GN_OK;
    }
  }
  return node->apply(node, frame, values, out);
}

int gnp_eval_all(const gni_bound *node, gnp_frame *frame, gni_value *out)
{
  gni_value fast[GNP_ARGS_FAST];
  gni_value *values = room_for(node, frame, fast);
  if (!values) return gnp_frame_nomem(frame);
  for (size_t i = 0; i < node->arg_count; i++) {
    const gni_bound *arg = node->args[i];
    int rc = arg->eval(arg, frame, &values[i]);
    if (rc != GN_OK) return rc;
  }
  return node->apply(node, frame, values, out);
}

int gni_bound_eval(const gni_bound *bound, const gni_value *row, gn_arena *arena, gni_value *out,
                   gn_error *err)
{
  gnp_frame frame;
  frame.row = row;
  frame.arena = arena;
  frame.err = err;
  return bound->eval(bound, &frame, out);
}
