/* A plan that was written down and is applied: exactly, or not at all. SPDX-License-Identifier:
 * Apache-2.0 */
#include "flow/range.h"

static int not_a_plan(gn_error *err)
{
  gni_fail_as(err, "GP009", GN_E_PARSE, "this is not a plan of gnomon");
  gni_error_hint(err, "write one with: gnomon plan CONF --out FILE");
  return GN_E_PARSE;
}

static int changed(gn_error *err)
{
  gni_fail_as(err, "GP010", GN_E_CONFLICT,
              "the definition, the tables or their partitions have changed since the plan");
  gni_error_hint(err, "write it again, and look at it: gnomon plan CONF --out FILE");
  return GN_E_CONFLICT;
}

static bool take_text(const gni_json *arguments, const char *name, const char **out)
{
  const gni_json *member = gni_json_member(arguments, name);
  if (!member || member->kind != GNI_JSON_TEXT) return false;
  *out = member->text.ptr;
  return true;
}

static bool take_number(const gni_json *arguments, const char *name, int32_t *out)
{
  const gni_json *member = gni_json_member(arguments, name);
  if (!member || member->kind != GNI_JSON_INTEGER || member->integer != (int32_t)member->integer)
    return false;
  *out = (int32_t)member->integer;
  return true;
}

static int read_arguments(gn_str plan, gnp_written_plan *out, gn_error *err)
{
  const gni_json *root;
  gn_backfill_args *args = &out->args;
  int rc = gni_json_parse(plan, GN_DEF_DEPTH_MAX, &out->arena, &root, NULL);
  if (rc == GN_E_NOMEM) return gni_fail_nomem(err, plan.len);
  const gni_json *arguments = rc == GN_OK ? gni_json_member(root, "arguments") : NULL;
  bool good = arguments && take_text(arguments, "conf", &args->conf) &&
              take_text(arguments, "start_ds", &args->start_ds) &&
              take_text(arguments, "end_ds", &args->end_ds) &&
              take_number(arguments, "step_days", &args->step_days) &&
              take_number(arguments, "run_first_hole", &args->run_first_hole);
  return good ? GN_OK : not_a_plan(err);
}

/* Everything but how it is computed: threads and memory change no partition. */
static gn_str without_settings(gn_str plan)
{
  gn_str mark = GN_STR(",\"settings\":");
  for (size_t i = plan.len; i-- > 0;)
    if (plan.len - i >= mark.len && memcmp(plan.ptr + i, mark.ptr, mark.len) == 0)
      return (gn_str){plan.ptr, i};
  return plan;
}

int gnp_written_plan_read(gn_session *session, const gn_backfill_args *given, gnp_written_plan *out,
                          gn_error *err)
{
  gn_text now = {0};
  size_t known = offsetof(gn_backfill_args, plan); /* what the first version had */
  *out = (gnp_written_plan){0};
  memcpy(&out->args, given, given->struct_size >= sizeof *given ? sizeof *given : known);
  gn_str plan = gni_str_trim(gni_str(out->args.plan));
  if (!out->args.plan) return GN_OK;
  gni_arena_init(&out->arena, session->alloc, GN_DEF_ARENA_BYTES_MAX);
  int rc = read_arguments(plan, out, err);
  if (rc == GN_OK) rc = gn_plan(session, &out->args, &now, err);
  if (rc == GN_OK &&
      !gni_str_equal(without_settings(plan), without_settings((gn_str){now.ptr, now.len})))
    rc = changed(err);
  gn_text_free(&now);
  return rc;
}

void gnp_written_plan_free(gnp_written_plan *plan)
{
  if (plan->arena.alloc) gni_arena_deinit(&plan->arena);
}
