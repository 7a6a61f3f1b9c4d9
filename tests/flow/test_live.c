/* Live rows from put to fetch. SPDX-License-Identifier: Apache-2.0 */
#include <gnomon/upload.h>

#include <inttypes.h>
#include <stdio.h>

#include "flow/flow_kit.h"

/* 2024-03-21T00:00Z: the end of the batch of 2024-03-20. */
#define BATCH_END_MS INT64_C(1710979200000)

static int64_t put(gn_session *session, const char *events)
{
  int64_t rows;
  gn_error err = {0};
  CHECK_OK(gn_put_events(session, "team.sums.v1", events, strlen(events), &rows, &err), &err);
  return rows;
}

static gn_session *upload(const char *day)
{
  gn_error err = {0};
  gn_upload_report report;
  gn_session *session = FLOW_SESSION(.repo = flow_repo());
  CHECK_OK(gn_upload(session, GN_UPLOAD_ARGS(.conf = "team.sums.v1", .ds = day), &report, &err),
           &err);
  return session;
}

static const char *fetch(gn_session *session, const char *user, int64_t at_ms)
{
  char request[256];
  snprintf(request, sizeof request, "{\"keys\":{\"user\":\"%s\"},\"at_ms\":%" PRId64 "}", user,
           at_ms);
  const char *answer = flow_fetch(session, "team.sums.v1", request);
  const char *values = strstr(answer, "\"values\":");
  CHECK(values != NULL);
  return values;
}

/* ---- entities -------------------------------------------------------------------------------- */

static const char entity_sources[] =
    "[{\"entities\":{\"snapshotTable\":\"ns.accounts\",\"mutationTable\":\"ns.changes\","
    "\"mutationTopic\":\"changes\",\"query\":{\"selects\":{\"user\":\"user\",\"amount\":"
    "\"amount\"},\"timeColumn\":\"ts\",\"setups\":[],\"mutationTimeColumn\":\"mutation_ts\","
    "\"reversalColumn\":\"is_before\"}}}]";
static const char entity_sums[] =
    "[{\"inputColumn\":\"amount\",\"operation\":7,\"argMap\":{},\"windows\":["
    "{\"length\":3,\"timeUnit\":1}]},"
    "{\"inputColumn\":\"amount\",\"operation\":6,\"argMap\":{}},"
    "{\"inputColumn\":\"amount\",\"operation\":1,\"argMap\":{}}]";

/* The snapshot of the 20th: u1 has rows of the 19th and the 20th, u2 one of the 20th. */
static gn_session *entities(void)
{
  flow_write("warehouse/ns/accounts/ds=2024-03-19/part.csv", "user,amount,ts\nu9,1.0,0\n");
  flow_write("warehouse/ns/accounts/ds=2024-03-20/part.csv",
             "user,amount,ts\nu1,1.5,1710806400000\nu1,2.5,1710892800000\nu2,8.0,1710892800000\n");
  FLOW_GROUP(.name = "team.sums.v1", .sources = entity_sources, .aggregations = entity_sums);
  return upload("2024-03-20");
}

static void changes_of_an_entity_are_seen_in_their_order(void)
{
  gn_session *session = entities();
  CHECK_TEXT(fetch(session, "u1", BATCH_END_MS + 5000),
             "\"values\":{\"amount_sum_3d\":4.0,\"amount_count\":2,\"amount_max\":2.5}}\n");
  CHECK_INT(put(session,
                "{\"mutation_ts\":1710979201000,\"before\":{\"user\":\"u1\",\"amount\":2.5,"
                "\"ts\":1710892800000},\"after\":{\"user\":\"u1\",\"amount\":1.0,\"ts\":"
                "1710892800000}}\n"
                "{\"ts\":1710892800000,\"mutation_ts\":1710979203000,\"is_before\":true,"
                "\"user\":\"u2\",\"amount\":8.0}\n"),
            3);
  CHECK_TEXT(fetch(session, "u1", BATCH_END_MS + 1000),
             "\"values\":{\"amount_sum_3d\":4.0,\"amount_count\":2,\"amount_max\":2.5}}\n");
  CHECK_TEXT(fetch(session, "u1", BATCH_END_MS + 1001),
             "\"values\":{\"amount_sum_3d\":2.5,\"amount_count\":2,\"amount_max\":2.5}}\n");
  CHECK_TEXT(fetch(session, "u2", BATCH_END_MS + 5000),
             "\"values\":{\"amount_sum_3d\":0.0,\"amount_count\":0,\"amount_max\":8.0}}\n");
}

static void a_snapshot_holds_its_own_partition_alone(void)
{
  gn_session *session = entities();
  const char *nothing =
      "\"values\":{\"amount_sum_3d\":null,\"amount_count\":null,\"amount_max\":null}}\n";
  CHECK_TEXT(fetch(session, "u9", BATCH_END_MS + 5000), nothing);
  CHECK_INT(put(session, "{\"mutation_ts\":1710979201000,\"after\":{\"user\":\"u9\",\"amount\":3.0,"
                         "\"ts\":1710979201000}}\n"),
            1);
  CHECK_TEXT(fetch(session, "u9", BATCH_END_MS + 5000),
             "\"values\":{\"amount_sum_3d\":3.0,\"amount_count\":1,\"amount_max\":3.0}}\n");
}

static void check_refused(gn_session *session, const char *event, const char *message)
{
  int64_t rows;
  gn_error err = {0};
  CHECK_INT(gn_put_events(session, "team.sums.v1", event, strlen(event), &rows, &err), GN_E_PARSE);
  CHECK_TEXT(err.message, message);
  CHECK_TEXT(err.diagnostic, "GO014");
  CHECK_INT(rows, 0);
}

static void a_change_that_cannot_be_read_is_refused(void)
{
  gn_session *session = entities();
  check_refused(session, "{\"before\":3}", "\"before\" is no object");
  check_refused(session, "{\"ts\":1,\"is_before\":1,\"user\":\"u\"}",
                "\"is_before\" is not true or false");
  check_refused(session, "{\"mutation_ts\":\"now\",\"after\":{\"user\":\"u\",\"ts\":1}}",
                "\"mutation_ts\" is not a whole number of milliseconds");
}

int main(void)
{
  static const test_case cases[] = {
      {"changes of an entity are seen in their order",
       changes_of_an_entity_are_seen_in_their_order},
      {"a snapshot holds its own partition alone", a_snapshot_holds_its_own_partition_alone},
      {"a change that cannot be read is refused", a_change_that_cannot_be_read_is_refused},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
