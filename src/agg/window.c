/* When a row belongs to a window, and what a batch keeps of it. SPDX-License-Identifier: Apache-2.0
 */
#include "agg/agg.h"
#include "agg/partial.h"

#define FIVE_MINUTES_MS (5 * INT64_C(60000))

int64_t gni_hop_ms(gni_window window, int resolution)
{
  if (resolution == GNI_DAILY || window.length_ms >= 12 * GN_DAY_MS) return GN_DAY_MS;
  return window.length_ms >= 12 * GN_HOUR_MS ? GN_HOUR_MS : FIVE_MINUTES_MS;
}

int64_t gni_window_start(gni_window window, int64_t at_ms, int resolution)
{
  int64_t start_ms;
  if (window.length_ms == INT64_MAX) return INT64_MIN;
  if (__builtin_sub_overflow(at_ms, window.length_ms, &start_ms)) return INT64_MIN;
  return gni_round_down(start_ms, gni_hop_ms(window, resolution));
}

int64_t gnp_floor_ms(int64_t ms, int64_t step_ms)
{
  if (ms < INT64_MIN + step_ms) return INT64_MIN;
  int64_t toward_zero = ms / step_ms * step_ms;
  return toward_zero > ms ? toward_zero - step_ms : toward_zero;
}

int64_t gnp_ceil_day_ms(int64_t ms)
{
  int64_t down_ms = gnp_floor_ms(ms, GN_DAY_MS);
  return down_ms == ms || down_ms > INT64_MAX - GN_DAY_MS ? down_ms : down_ms + GN_DAY_MS;
}

bool gnp_is_unbounded(gni_window window)
{
  return window.length_ms == INT64_MAX;
}

gnp_split gnp_window_split(gni_window window, int64_t batch_end_ms, int resolution, int boundary)
{
  int64_t edge_ms; /* batch end - window */
  if (gnp_is_unbounded(window) || __builtin_sub_overflow(batch_end_ms, window.length_ms, &edge_ms))
    return (gnp_split){INT64_MIN, INT64_MIN};
  bool exact = boundary == GNI_BOUNDARY_EXACT, tail_only = window.length_ms <= GNI_TAIL_BUFFER_MS;
  int64_t middle_ms = tail_only ? batch_end_ms : edge_ms + GNI_TAIL_BUFFER_MS;
  if (!exact) return (gnp_split){edge_ms + 1, middle_ms};
  return (gnp_split){gni_window_start(window, batch_end_ms, resolution),
                     gnp_floor_ms(middle_ms, gni_hop_ms(window, resolution))};
}
