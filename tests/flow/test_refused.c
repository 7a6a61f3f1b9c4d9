/* What only a program that links the library can be refused: its errors carry their codes too.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "data/data.h"
#include "flow/flow_kit.h"

static void upload(const char *aggregations)
{
  gn_error err = {0};
  gn_upload_report report;
  FLOW_GROUP(.name = "team.sums.v1", .aggregations = aggregations);
  gn_session *session =
      FLOW_SESSION(.repo = flow_repo(), .threads = 1,
                   .tables = (const char *[]){"ns.events=../events.csv"}, .table_count = 1);
  CHECK_OK(
      gn_upload(session, GN_UPLOAD_ARGS(.conf = "team.sums.v1", .ds = "2024-03-20"), &report, &err),
      &err);
}

static gn_session *uploaded(void)
{
  flow_write("events.csv", "user,amount,ts\nu1,1.5,1710806400000\nu2,2.5,1710806400000\n");
  upload(NULL);
  return FLOW_SESSION(.repo = flow_repo(), .threads = 1);
}

static void a_fetcher_does_not_change_its_features(void)
{
  static const char counts[] = "[{\"inputColumn\":\"amount\",\"operation\":6,\"argMap\":{}}]";
  gn_error err = {0};
  gn_fetcher *fetcher;
  gn_cell key = {.kind = GN_CELL_TEXT, .len = 2, .as.text = "u1"}, features[8];
  char room[256];
  gn_session *session = uploaded();
  CHECK_OK(gn_fetcher_open(session, "team.sums.v1", &fetcher, &err), &err);
  size_t count = gn_fetcher_feature(fetcher, SIZE_MAX, NULL);
  CHECK_OK(gn_fetcher_get(fetcher, &key, 1, 0, features, count, room, sizeof room, &err), &err);
  upload(counts);
  CHECK_INT(gn_fetcher_get(fetcher, &key, 1, 0, features, count, room, sizeof room, &err),
            GN_E_CONFLICT);
  CHECK_TEXT(err.diagnostic, "GO012");
  gn_fetcher_close(fetcher);
}

/* One key again and again, more often than a call takes. */
static int many_keys(void *user, struct ArrowArray *out, gn_error *err)
{
  gni_builder *builder = user;
  gni_value key = gni_value_text(GN_STR("u1"));
  for (int i = 0; i <= GN_FETCH_KEYS_MAX; i++) CHECK_OK(gni_builder_add(builder, &key, err), err);
  return gni_builder_finish(builder, out, err);
}

static void one_call_takes_a_bounded_number_of_keys(void)
{
  static const gni_field fields[] = {{{"user", 4}, &gni_type_string}};
  static const gni_type type = {.kind = GNI_STRUCT, .field_count = 1, .fields = fields};
  gn_error err = {0};
  gni_builder *builder;
  struct ArrowArrayStream keys, features;
  gn_session *session = uploaded();
  CHECK_OK(gni_builder_new(&type, &gni_libc_alloc, &builder, &err), &err);
  CHECK_OK(gni_stream_new(&type, many_keys, NULL, builder, &gni_libc_alloc, &keys, &err), &err);
  int rc = gn_fetch(session, "team.sums.v1", &keys, 0, &features, &err);
  if (rc == GN_OK) { /* it is found out while the answer is read */
    struct ArrowArray rows;
    rc = gni_stream_next(&features, &rows, &err);
    gni_stream_close(&features);
  }
  CHECK_INT(rc, GN_E_LIMIT);
  CHECK_TEXT(err.diagnostic, "GO015");
  gni_builder_free(builder);
}

int main(void)
{
  static const test_case cases[] = {
      {"a fetcher does not change its features", a_fetcher_does_not_change_its_features},
      {"one call takes a bounded number of keys", one_call_takes_a_bounded_number_of_keys},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
