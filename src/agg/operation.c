/* The operations by number. SPDX-License-Identifier: Apache-2.0 */
#include "agg/cpc.h"
#include "agg/frequent.h"
#include "agg/kll.h"

/* A set without a bound stops at more than memory holds. */
const gnp_operation_entry gnp_operations[GNI_OPERATION_COUNT] = {
    [GNI_MIN] = {.name = "MIN",
                 .forms = {&gnp_extreme_integer, &gnp_extreme_real, &gnp_extreme_text}},
    [GNI_MAX] = {.name = "MAX",
                 .forms = {&gnp_extreme_integer, &gnp_extreme_real, &gnp_extreme_text}},
    [GNI_FIRST] = {.name = "FIRST", .timed = true, .forms = {&gnp_timed}},
    [GNI_LAST] = {.name = "LAST", .timed = true, .forms = {&gnp_timed}},
    [GNI_UNIQUE_COUNT] = {.name = "UNIQUE_COUNT", .k_default = INT32_MAX, .forms = {&gnp_unique}},
    [GNI_APPROX_UNIQUE_COUNT] = {.name = "APPROX_UNIQUE_COUNT",
                                 .k = GNP_K_OPTIONAL,
                                 .k_default = 8,
                                 .k_least = GNP_CPC_LG_K_MIN,
                                 .k_most = GNP_CPC_LG_K_MAX,
                                 .forms = {&gnp_sketch_unique}},
    [GNI_COUNT] = {.name = "COUNT", .forms = {&gnp_count}},
    [GNI_SUM] = {.name = "SUM", .forms = {&gnp_sum_long, &gnp_sum_double}},
    [GNI_AVERAGE] = {.name = "AVERAGE", .forms = {&gnp_average}},
    [GNI_VARIANCE] = {.name = "VARIANCE", .forms = {&gnp_variance}},
    [GNI_SKEW] = {.name = "SKEW", .forms = {&gnp_skew}},
    [GNI_KURTOSIS] = {.name = "KURTOSIS", .forms = {&gnp_kurtosis}},
    [GNI_APPROX_PERCENTILE] = {.name = "APPROX_PERCENTILE",
                               .k = GNP_K_OPTIONAL,
                               .k_default = 128,
                               .k_least = GNP_KLL_K_MIN,
                               .k_most = GNP_KLL_K_MAX,
                               .forms = {&gnp_sketch_percentile}},
    [GNI_LAST_K] = {.name = "LAST_K",
                    .timed = true,
                    .k = GNP_K_REQUIRED,
                    .k_least = 1,
                    .forms = {&gnp_timed_k}},
    [GNI_FIRST_K] = {.name = "FIRST_K",
                     .timed = true,
                     .k = GNP_K_REQUIRED,
                     .k_least = 1,
                     .forms = {&gnp_timed_k}},
    [GNI_TOP_K] = {.name = "TOP_K", .k = GNP_K_REQUIRED, .k_least = 1, .forms = {&gnp_top}},
    [GNI_BOTTOM_K] = {.name = "BOTTOM_K", .k = GNP_K_REQUIRED, .k_least = 1, .forms = {&gnp_top}},
    [GNI_HISTOGRAM] = {.name = "HISTOGRAM", .k = GNP_K_OPTIONAL, .forms = {&gnp_histogram}},
    [GNI_APPROX_HISTOGRAM_K] = {.name = "APPROX_HISTOGRAM_K",
                                .k = GNP_K_OPTIONAL,
                                .k_default = 8,
                                .k_least = 1,
                                .k_most = GNP_FREQUENT_K_MAX,
                                .forms = {&gnp_sketch_histogram}},
    [GNI_BOUNDED_UNIQUE_COUNT] = {.name = "BOUNDED_UNIQUE_COUNT",
                                  .k = GNP_K_OPTIONAL,
                                  .k_default = 8,
                                  .k_least = 1,
                                  .forms = {&gnp_unique}},
};

static bool is_known(int operation)
{
  return operation >= 0 && operation < GNI_OPERATION_COUNT;
}

const char *gni_operation_name(int operation)
{
  return is_known(operation) ? gnp_operations[operation].name : NULL;
}

static bool is_same_name(gn_str name, const char *known)
{
  size_t len = strlen(known);
  if (name.len != len) return false;
  for (size_t i = 0; i < len; i++) {
    char c = name.ptr[i];
    if ((c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c) != known[i]) return false;
  }
  return true;
}

int gni_operation_find(gn_str name)
{
  for (int i = 0; i < GNI_OPERATION_COUNT; i++)
    if (is_same_name(name, gnp_operations[i].name)) return i;
  return -1;
}

bool gni_operation_is_timed(int operation)
{
  return is_known(operation) && gnp_operations[operation].timed;
}

int gnp_fail_saved(gn_error *err, const gnp_scalar *scalar, const char *what)
{
  return gni_fail(err, GN_E_CORRUPT, "saved %s state: %s", gnp_operations[scalar->operation].name,
                  what);
}
