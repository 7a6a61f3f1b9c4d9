/* Counts in Prometheus' text form. SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "serve/serve_private.h"

/* Upper ends of the buckets of latency, in microseconds. */
static const int64_t bucket_us[GNP_LATENCY_BUCKETS] = {10,   25,   50,    100,   250,    500,
                                                       1000, 2500, 10000, 50000, 250000, 1000000};
static const char *const route_names[GNP_ROUTE_COUNT] = {"chronon", "feast", "other"};

void gnp_count_request(gn_server *server, enum gnp_route route, int status, int64_t took_us)
{
  gnp_route_counts *counts = &server->routes[route];
  size_t bucket = 0;
  while (bucket < GNP_LATENCY_BUCKETS && took_us > bucket_us[bucket]) bucket++;
  _Atomic int64_t *outcome = status < 400   ? &counts->answered
                             : status < 500 ? &counts->refused
                                            : &counts->failed;
  atomic_fetch_add_explicit(outcome, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&counts->buckets[bucket], 1, memory_order_relaxed);
  atomic_fetch_add_explicit(&counts->total_us, took_us, memory_order_relaxed);
}

static void add_route(gn_buf *out, const char *name, const gnp_route_counts *counts)
{
  int64_t up_to = 0;
  for (size_t i = 0; i < GNP_LATENCY_BUCKETS; i++) {
    up_to += counts->buckets[i];
    gni_buf_add_format(out,
                       "gnomon_request_seconds_bucket{protocol=\"%s\",le=\"%g\"} %" PRId64 "\n",
                       name, (double)bucket_us[i] / 1e6, up_to);
  }
  up_to += counts->buckets[GNP_LATENCY_BUCKETS];
  gni_buf_add_format(out,
                     "gnomon_request_seconds_bucket{protocol=\"%s\",le=\"+Inf\"} %" PRId64 "\n"
                     "gnomon_request_seconds_sum{protocol=\"%s\"} %.6f\n"
                     "gnomon_request_seconds_count{protocol=\"%s\"} %" PRId64 "\n",
                     name, up_to, name, (double)counts->total_us / 1e6, name, up_to);
}

static void add_outcomes(gn_buf *out, const char *name, const gnp_route_counts *counts)
{
  gni_buf_add_format(out,
                     "gnomon_requests_total{protocol=\"%s\",outcome=\"answered\"} %" PRId64 "\n"
                     "gnomon_requests_total{protocol=\"%s\",outcome=\"refused\"} %" PRId64 "\n"
                     "gnomon_requests_total{protocol=\"%s\",outcome=\"failed\"} %" PRId64 "\n",
                     name, (int64_t)counts->answered, name, (int64_t)counts->refused, name,
                     (int64_t)counts->failed);
}

/* A label's value: quotes, backslashes and line ends escaped, as in JSON. */
static void add_label(gn_buf *out, const char *label, gn_str value)
{
  gni_buf_add_format(out, "%s=", label);
  gni_json_add_text(out, value, false);
}

/* One sample of a GroupBy. */
static void add_count(gn_buf *out, const char *metric, const gnp_served *served, int64_t count)
{
  gni_buf_add_format(out, "%s{", metric);
  add_label(out, "group_by", (gn_str){served->name, served->name_len});
  gni_buf_add_format(out, "} %" PRId64 "\n", count);
}

static void add_nulls(gn_buf *out, const gnp_served *served)
{
  for (size_t i = 0; i < served->feature_count; i++) {
    const char *feature = NULL;
    gn_fetcher_feature(served->fetcher, i, &feature);
    gni_buf_add_text(out, "gnomon_feature_nulls_total{");
    add_label(out, "group_by", (gn_str){served->name, served->name_len});
    gni_buf_add_char(out, ',');
    add_label(out, "feature", gni_str(feature));
    gni_buf_add_format(out, "} %" PRId64 "\n", (int64_t)served->nulls[i]);
  }
}

static void add_head(gn_buf *out, const char *name, const char *type, const char *help)
{
  gni_buf_add_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void gnp_metrics(gnp_request *request)
{
  gn_server *server = request->server;
  gn_buf *out = &request->reply->body;
  request->reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
  add_head(out, "gnomon_requests_total", "counter", "Requests by protocol and outcome.");
  for (int i = 0; i < GNP_ROUTE_COUNT; i++) add_outcomes(out, route_names[i], &server->routes[i]);
  add_head(out, "gnomon_request_seconds", "histogram",
           "Time inside the server, without the network.");
  for (int i = 0; i < GNP_ROUTE_COUNT; i++) add_route(out, route_names[i], &server->routes[i]);
  pthread_mutex_lock(&server->lock);
  add_head(out, "gnomon_keys_total", "counter", "Keys asked for.");
  for (const gnp_served *served = server->served; served; served = served->next)
    add_count(out, "gnomon_keys_total", served, served->keys);
  add_head(out, "gnomon_keys_absent_total", "counter", "Keys that the store did not know.");
  for (const gnp_served *served = server->served; served; served = served->next)
    add_count(out, "gnomon_keys_absent_total", served, served->absent);
  add_head(out, "gnomon_feature_nulls_total", "counter", "Answers in which a feature was null.");
  for (const gnp_served *served = server->served; served; served = served->next)
    add_nulls(out, served);
  pthread_mutex_unlock(&server->lock);
  add_head(out, "gnomon_uptime_seconds", "gauge", "Time since the start.");
  gni_buf_add_format(out, "gnomon_uptime_seconds %.3f\n",
                     (double)(gni_monotonic_us() - server->started_us) / 1e6);
}
