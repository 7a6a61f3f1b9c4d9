/* A plan for people. It is read from its JSON, so that a plan in a file is told like a fresh one.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "flow/inspect.h"

enum { PLAN_ARENA_BYTES = 64 << 20 };

struct telling {
  const gni_json *plan;
  gn_arena arena;
  gn_buf *out;
  bool rows_known;
};

static gn_str text_of(const gni_json *object, const char *name)
{
  const gni_json *member = gni_json_member(object, name);
  return member && member->kind == GNI_JSON_TEXT ? member->text : (gn_str){NULL, 0};
}

static int64_t number_of(const gni_json *object, const char *name)
{
  const gni_json *member = gni_json_member(object, name);
  return member && member->kind == GNI_JSON_INTEGER ? member->integer : 0;
}

static size_t count_of(const gni_json *object, const char *name, const gni_json **list)
{
  *list = gni_json_member(object, name);
  return *list && (*list)->kind == GNI_JSON_LIST ? (*list)->list.count : 0;
}

/* "83.1 kB". */
static gn_str size_text(gn_arena *arena, int64_t bytes)
{
  static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
  double size = (double)bytes;
  size_t unit = 0;
  while (size >= 1000 && unit < 4) {
    size /= 1000;
    unit++;
  }
  return unit ? gni_str_format(arena, "%.1f %s", size, units[unit])
              : gni_str_format(arena, "%" PRId64 " bytes", bytes);
}

static void add_days(gn_buf *out, gn_str first, gn_str last)
{
  if (!first.ptr && !last.ptr)
    gni_buf_add_text(out, "every day");
  else if (gni_str_equal(first, last))
    gni_buf_add_str(out, first);
  else
    gni_buf_add_format(out, "%.*s..%.*s", GN_STR_ARGS(first), GN_STR_ARGS(last));
}

static void tell_scan(struct telling *at, const gni_json *scan)
{
  int64_t rows = number_of(scan, "rows"), files = number_of(scan, "files");
  gni_buf_add_format(at->out, "      reads %.*s, ", GN_STR_ARGS(text_of(scan, "table")));
  add_days(at->out, text_of(scan, "first"), text_of(scan, "last"));
  if (rows >= 0)
    gni_buf_add_format(at->out, ": ~%" PRId64 " rows, ", rows);
  else
    gni_buf_add_text(at->out, ": ");
  at->rows_known = at->rows_known && rows >= 0;
  gni_buf_add_format(at->out, "%.*s in %" PRId64 " file%s\n",
                     GN_STR_ARGS(size_text(&at->arena, number_of(scan, "bytes"))), files,
                     files == 1 ? "" : "s");
}

static void tell_steps(struct telling *at)
{
  const gni_json *steps, *scans;
  size_t count = count_of(at->plan, "steps", &steps);
  for (size_t i = 0; i < count; i++) {
    const gni_json *step = &steps->list.items[i];
    gni_buf_add_text(at->out, "  + ");
    add_days(at->out, text_of(step, "first"), text_of(step, "last"));
    gni_buf_add_format(at->out, " (%" PRId64 ")\n", number_of(step, "partitions"));
    size_t scan_count = count_of(step, "scans", &scans);
    for (size_t k = 0; k < scan_count; k++) tell_scan(at, &scans->list.items[k]);
  }
  static const struct {
    const char *member, *words;
  } left[] = {{"already_there", "there already"},
              {"skipped_before", "before the first that exists: --run-first-hole fills them"},
              {"without_input", "without input"}};
  for (size_t i = 0; i < 3; i++)
    if (number_of(at->plan, left[i].member))
      gni_buf_add_format(at->out, "  = %" PRId64 " %s\n", number_of(at->plan, left[i].member),
                         left[i].words);
}

static int tell_settings(struct telling *at)
{
  gnp_grid grid;
  const gni_json *settings = gni_json_member(at->plan, "settings");
  static const struct {
    const char *member, *words, *fallback;
  } shown[] = {{"threads", "threads", "one a core"},
               {"memory_bytes", "memory", "80 % of the machine's"},
               {"step_days", "days a step", ""}};
  gnp_grid_begin(&grid, &at->arena, 3);
  for (size_t i = 0; i < 3; i++) {
    const gni_json *setting = gni_json_member(settings, shown[i].member);
    const gni_json *value = gni_json_member(setting, "value");
    bool set = value && value->kind == GNI_JSON_INTEGER;
    bool bytes = strcmp(shown[i].member, "memory_bytes") == 0;
    gnp_grid_add(&grid, "%s", shown[i].words);
    if (set && bytes)
      gnp_grid_add(&grid, "%.*s", GN_STR_ARGS(size_text(&at->arena, value->integer)));
    else if (set)
      gnp_grid_add(&grid, "%" PRId64, value->integer);
    else
      gnp_grid_add(&grid, "%s", shown[i].fallback);
    gnp_grid_add(&grid, "from %.*s", GN_STR_ARGS(text_of(setting, "from")));
  }
  gnp_grid_add(&grid, "%s", "first day");
  gnp_grid_add(&grid, "%.*s", GN_STR_ARGS(text_of(at->plan, "start_ds")));
  gnp_grid_add(&grid, "from %.*s",
               GN_STR_ARGS(text_of(gni_json_member(settings, "start"), "from")));
  gni_buf_add_text(at->out, "settings\n");
  return gnp_grid_write(&grid, at->out);
}

static int tell(struct telling *at)
{
  gni_buf_add_format(at->out, "%.*s -> %.*s\n", GN_STR_ARGS(text_of(at->plan, "name")),
                     GN_STR_ARGS(text_of(at->plan, "output")));
  tell_steps(at);
  int rc = tell_settings(at);
  int64_t partitions = number_of(at->plan, "partitions");
  gni_buf_add_format(at->out,
                     "\nPlan: %" PRId64 " partition%s to compute, %" PRId64 " there already; ",
                     partitions, partitions == 1 ? "" : "s", number_of(at->plan, "already_there"));
  if (at->rows_known)
    gni_buf_add_format(at->out, "~%" PRId64 " rows, ", number_of(at->plan, "scan_rows"));
  gni_buf_add_format(at->out, "%.*s to read\n",
                     GN_STR_ARGS(size_text(&at->arena, number_of(at->plan, "scan_bytes"))));
  if (partitions)
    gni_buf_add_format(at->out, "Run:  gnomon backfill %.*s --start-ds %.*s --end-ds %.*s\n",
                       GN_STR_ARGS(text_of(at->plan, "name")),
                       GN_STR_ARGS(text_of(at->plan, "start_ds")),
                       GN_STR_ARGS(text_of(at->plan, "end_ds")));
  return rc;
}

int gn_plan_tell(const char *plan, size_t plan_size, gn_text *out, int64_t *partitions,
                 gn_error *err)
{
  gn_buf text;
  struct telling at = {.out = &text, .rows_known = true};
  *out = (gn_text){0};
  *partitions = 0;
  gni_buf_init(&text, &gni_libc_alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_arena_init(&at.arena, &gni_libc_alloc, PLAN_ARENA_BYTES);
  int rc = gni_json_parse((gn_str){plan, plan_size}, GN_DEF_DEPTH_MAX, &at.arena, &at.plan, err);
  if (rc == GN_OK && (rc = tell(&at)) != GN_OK)
    rc = gni_fail(err, rc, "the plan does not fit in memory");
  if (rc == GN_OK) {
    *partitions = number_of(at.plan, "partitions");
    rc = gnp_text_from(&text, out, err);
  }
  gni_arena_deinit(&at.arena);
  gni_buf_deinit(&text);
  return rc;
}
