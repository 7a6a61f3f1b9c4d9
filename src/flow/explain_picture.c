/* The account as a timeline: rows as ticks, windows as bars above the same axis.
 * SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "flow/explain.h"
#include "flow/inspect.h"

enum {
  NAME_WIDTH = 250,
  AXIS_WIDTH = 560,
  VALUE_WIDTH = 290,
  TOP = 62,
  LANE = 30,
  AXIS_HEIGHT = 76
};

struct axis {
  int64_t from_ms, to_ms;
};

/* From the oldest window's start (or row, when all are unbounded) to the question. */
static struct axis axis_of(const gnp_account *at)
{
  struct axis axis = {at->end_ms - GN_DAY_MS, at->end_ms};
  for (size_t i = 0; i < at->group->layout->column_count; i++) {
    int64_t start_ms = at->windows[i].start_ms;
    if (start_ms != INT64_MIN && start_ms < axis.from_ms) axis.from_ms = start_ms;
  }
  bool bounded = axis.from_ms < at->end_ms - GN_DAY_MS;
  for (size_t i = 0; !bounded && i < at->rows.count; i++)
    if (at->rows.items[i].time_ms < axis.from_ms) axis.from_ms = at->rows.items[i].time_ms;
  int64_t margin_ms = (axis.to_ms - axis.from_ms) / 40;
  return (struct axis){axis.from_ms - margin_ms, axis.to_ms + margin_ms};
}

static double x_of(struct axis axis, int64_t ms)
{
  if (ms < axis.from_ms) ms = axis.from_ms;
  if (ms > axis.to_ms) ms = axis.to_ms;
  return NAME_WIDTH +
         AXIS_WIDTH * ((double)(ms - axis.from_ms) / (double)(axis.to_ms - axis.from_ms));
}

static void add_value(gnp_account *at, size_t i, size_t y, gn_buf *out)
{
  gn_buf text;
  gni_buf_init(&text, out->alloc, GN_VALUE_BYTES_MAX);
  gni_value_to_json(at->group->values->fields[i].type, &at->values[i], &text);
  gn_str shown = gni_buf_view(&text);
  enum { CHARACTERS = 28 };
  gni_buf_add_format(out, "<text x=\"%d\" y=\"%zu\">", NAME_WIDTH + AXIS_WIDTH + 14, y);
  gnp_add_xml(out, (gn_str){shown.ptr, shown.len > CHARACTERS ? CHARACTERS : shown.len});
  gni_buf_add_text(out, shown.len > CHARACTERS ? "\xe2\x80\xa6</text>\n" : "</text>\n");
  gni_buf_deinit(&text);
}

static void add_lane(gnp_account *at, struct axis axis, size_t i, gn_buf *out)
{
  const gnp_window_account *window = &at->windows[i];
  size_t y = TOP + i * LANE;
  double left = x_of(axis, window->start_ms), right = x_of(axis, window->end_ms);
  gni_buf_add_format(out, "<text x=\"14\" y=\"%zu\">", y + 17);
  gnp_add_xml(out, window->name);
  gni_buf_add_format(out,
                     "</text>\n<rect x=\"%.1f\" y=\"%zu\" width=\"%.1f\" height=\"%d\" rx=\"3\" "
                     "fill=\"%s\"/>\n",
                     left, y + 4, right - left, LANE - 10,
                     window->start_ms == INT64_MIN ? "#e9edf2" : "#c9dcef");
  for (size_t h = 0; h < window->hop_count; h++) {
    double from = x_of(axis, window->hops[h].start_ms),
           to = x_of(axis, window->hops[h].start_ms + window->hops[h].length_ms);
    gni_buf_add_format(out,
                       "<rect x=\"%.1f\" y=\"%zu\" width=\"%.1f\" height=\"%d\" fill=\"#3b6ea5\" "
                       "fill-opacity=\"0.55\"><title>%zu rows</title></rect>\n",
                       from, y + 4, to - from > 1.5 ? to - from - 0.5 : 1.0, LANE - 10,
                       window->hops[h].rows);
  }
  gni_buf_add_format(out,
                     "<text x=\"%d\" y=\"%zu\" fill=\"#777\" text-anchor=\"end\">%zu rows</text>\n",
                     NAME_WIDTH + AXIS_WIDTH + VALUE_WIDTH - 14, y + 17, window->row_count);
  add_value(at, i, y + 17, out);
}

static void add_day_marks(gnp_account *at, struct axis axis, size_t y, gn_buf *out)
{
  int64_t days = (axis.to_ms - axis.from_ms) / GN_DAY_MS + 1, step = days / 8 + 1;
  int64_t first = gni_day_of_ms(axis.from_ms) + 1;
  for (int64_t day = first; day * GN_DAY_MS <= axis.to_ms; day += step) {
    double x = x_of(axis, day * GN_DAY_MS);
    gni_buf_add_format(out,
                       "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%zu\" stroke=\"#ddd\"/>\n"
                       "<text x=\"%.1f\" y=\"%zu\" fill=\"#777\" font-size=\"11\" "
                       "text-anchor=\"middle\">%.*s</text>\n",
                       x, TOP - 6, x, y + 30, x, y + 46, 5,
                       gnp_day_text(&at->job.arena, (int32_t)day).ptr + 5);
  }
}

static void add_ticks(const gnp_account *at, struct axis axis, size_t y, gn_buf *out)
{
  size_t before = 0;
  gni_buf_add_format(
      out, "<text x=\"14\" y=\"%zu\">rows of the sources</text>\n<g stroke=\"#a33\">\n", y + 18);
  for (size_t i = 0; i < at->rows.count; i++) {
    int64_t ms = at->rows.items[i].time_ms;
    before += ms < axis.from_ms;
    if (ms < axis.from_ms) continue;
    double x = x_of(axis, ms);
    gni_buf_add_format(out, "<line x1=\"%.1f\" y1=\"%zu\" x2=\"%.1f\" y2=\"%zu\"/>\n", x, y + 4, x,
                       y + 24);
  }
  gni_buf_add_text(out, "</g>\n");
  if (before)
    gni_buf_add_format(out, "<text x=\"%d\" y=\"%zu\" fill=\"#777\">%zu earlier</text>\n",
                       NAME_WIDTH + AXIS_WIDTH + 14, y + 18, before);
}

void gnp_account_write_svg(gnp_account *at, gn_buf *out)
{
  size_t lanes = at->group->layout->column_count, bottom = TOP + lanes * LANE + 8;
  struct axis axis = axis_of(at);
  gn_arena *arena = &at->job.arena;
  gn_buf key;
  gni_buf_init(&key, out->alloc, GN_VALUE_BYTES_MAX);
  gni_json_write(at->key_json, &key);
  gni_buf_add_format(out,
                     "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" "
                     "font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n"
                     "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
                     "<text x=\"14\" y=\"24\" font-size=\"15\" font-weight=\"bold\">",
                     NAME_WIDTH + AXIS_WIDTH + VALUE_WIDTH, bottom + AXIS_HEIGHT);
  gnp_add_xml(out, at->group->name);
  gni_buf_add_text(out, " of ");
  gnp_add_xml(out, gni_buf_view(&key));
  gni_buf_add_format(out,
                     "</text>\n<text x=\"14\" y=\"44\" fill=\"#777\">rows before %.*s "
                     "count</text>\n",
                     GN_STR_ARGS(gnp_instant_text(arena, at->end_ms)));
  add_day_marks(at, axis, bottom, out);
  for (size_t i = 0; i < lanes; i++) add_lane(at, axis, i, out);
  add_ticks(at, axis, bottom, out);
  gni_buf_add_text(out, "</svg>\n");
  gni_buf_deinit(&key);
}
