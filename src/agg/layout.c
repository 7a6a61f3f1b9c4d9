/* All columns of a GroupBy: which states rows feed, and which windows answers are made of.
 * SPDX-License-Identifier: Apache-2.0 */
#include "agg/agg_private.h"

typedef struct layout_builder {
  gn_arena *arena;
  const gni_type *input;
  gni_base_column *bases;
  gni_window_column *columns;
  gni_field *outputs;
  size_t base_count, column_count;
  gnp_keyed names; /* of window columns, to find doubles */
} layout_builder;

static const gnp_keyed_form names_form = {.wide_key = true, .payload_size = 1};

static size_t at_least_one(size_t count)
{
  return count ? count : 1;
}

/* ---- input columns --------------------------------------------------------------------------- */

static int fail_missing(const layout_builder *b, gn_str name, gn_error *err)
{
  gn_str *names = GN_TAKE(b->arena, gn_str, b->input->field_count);
  gn_str near = {NULL, 0};
  for (size_t i = 0; names && i < b->input->field_count; i++) names[i] = b->input->fields[i].name;
  if (names) near = gni_nearest(name, names, b->input->field_count);
  gni_fail(err, GN_E_NOTFOUND, "there is no column '%.*s'", GN_STR_ARGS(name));
  if (near.ptr) gni_error_hint(err, "did you mean '%.*s'?", GN_STR_ARGS(near));
  return GN_E_NOTFOUND;
}

static int find_column(const layout_builder *b, gn_str name, int *position, gn_error *err)
{
  *position = gni_type_find(b->input, name);
  return *position < 0 ? fail_missing(b, name, err) : GN_OK;
}

static int find_bucket(const layout_builder *b, gn_str name, int *position, gn_error *err)
{
  int rc = find_column(b, name, position, err);
  if (rc != GN_OK || b->input->fields[*position].type->kind == GNI_STRING) return rc;
  gni_fail(err, GN_E_TYPE, "bucket column '%.*s' is not a string", GN_STR_ARGS(name));
  gni_error_hint(err, "cast it in the selects: CAST(%.*s AS STRING)", GN_STR_ARGS(name));
  return GN_E_TYPE;
}

/* ---- columns --------------------------------------------------------------------------------- */

static int add_window(layout_builder *b, const gni_aggregation *aggregation, gni_window window,
                      gn_str bucket, gn_error *err)
{
  void *payload;
  size_t base = b->base_count - 1;
  const gni_type *type = gni_aggregator_output(b->bases[base].aggregator);
  gn_str name = gni_output_name(b->arena, aggregation, window, bucket);
  if (!name.ptr) return gni_fail_arena(err, b->arena, GNP_TYPE_BYTES);
  if (gnp_keyed_find(&b->names, names_form, name)) {
    gni_fail(err, GN_E_INVALID, "two aggregations give the column '%.*s'", GN_STR_ARGS(name));
    gni_error_hint(err, "rename the input column of one in the selects");
    return GN_E_INVALID;
  }
  int rc = gnp_keyed_put(&b->names, names_form, name, b->arena, &payload);
  if (rc != GN_OK) return gni_fail(err, rc, "no memory for the output columns");
  b->outputs[b->column_count] = (gni_field){name, type};
  b->columns[b->column_count++] = (gni_window_column){name, (int)base, window};
  return GN_OK;
}

static int add_bucket(layout_builder *b, const gni_aggregation *aggregation, int input,
                      const gni_aggregator *aggregator, const gn_str *bucket, gn_error *err)
{
  gn_str bucket_name = bucket ? *bucket : GN_STR("");
  gni_base_column *base = &b->bases[b->base_count];
  *base = (gni_base_column){.input = input, .bucket = -1, .aggregator = aggregator};
  int rc = bucket ? find_bucket(b, *bucket, &base->bucket, err) : GN_OK;
  if (rc != GN_OK) return rc;
  base->name = gni_output_name(b->arena, aggregation, GNI_UNBOUNDED, bucket_name);
  if (!base->name.ptr) return gni_fail_arena(err, b->arena, GNP_TYPE_BYTES);
  b->base_count++;
  for (size_t i = 0; i < at_least_one(aggregation->window_count) && rc == GN_OK; i++) {
    gni_window window = aggregation->window_count ? aggregation->windows[i] : GNI_UNBOUNDED;
    rc = add_window(b, aggregation, window, bucket_name, err);
    if (rc != GN_OK && aggregation->window_count) gni_error_where(err, "windows[%zu]", i);
  }
  return rc;
}

static int add_aggregation(layout_builder *b, const gni_aggregation *aggregation, gn_error *err)
{
  int input;
  const gni_aggregator *aggregator;
  int rc = find_column(b, aggregation->input_column, &input, err);
  if (rc != GN_OK) return rc;
  rc = gni_aggregator_take(b->arena, aggregation, b->input->fields[input].type,
                           aggregation->bucket_count > 0, &aggregator, err);
  for (size_t i = 0; i < at_least_one(aggregation->bucket_count) && rc == GN_OK; i++) {
    const gn_str *bucket = aggregation->bucket_count ? &aggregation->buckets[i] : NULL;
    rc = add_bucket(b, aggregation, input, aggregator, bucket, err);
    if (rc != GN_OK && bucket) gni_error_where(err, "buckets[%zu]", i);
  }
  return rc;
}

/* ---- the layout ------------------------------------------------------------------------------ */

static int reserve(layout_builder *b, const gni_aggregation *aggregations, size_t count,
                   gn_error *err)
{
  size_t bases = 0, columns = 0;
  for (size_t i = 0; i < count; i++) {
    size_t buckets = at_least_one(aggregations[i].bucket_count);
    bases = gni_size_add(bases, buckets);
    columns =
        gni_size_add(columns, gni_size_mul(buckets, at_least_one(aggregations[i].window_count)));
  }
  if (columns > GN_COLUMNS_MAX)
    return gni_fail(err, GN_E_LIMIT, "%zu output columns are more than %d", columns,
                    GN_COLUMNS_MAX);
  b->bases = GN_TAKE(b->arena, gni_base_column, bases);
  b->columns = GN_TAKE(b->arena, gni_window_column, columns);
  b->outputs = GN_TAKE(b->arena, gni_field, columns);
  if (!b->bases || !b->columns || !b->outputs)
    return gni_fail_arena(err, b->arena, columns * sizeof *b->columns);
  return GN_OK;
}

static const gni_layout *finish(const layout_builder *b, const gni_aggregation *aggregations,
                                size_t count)
{
  gni_layout *layout = GN_TAKE(b->arena, gni_layout, 1);
  const gni_type *output = gni_type_struct(b->arena, GN_STR(""), b->outputs, b->column_count);
  if (!layout || !output) return NULL;
  *layout = (gni_layout){
      .input = b->input,
      .output = output,
      .bases = b->bases,
      .base_count = b->base_count,
      .columns = b->columns,
      .column_count = b->column_count,
  };
  for (size_t i = 0; i < b->column_count; i++)
    if (b->columns[i].window.length_ms != INT64_MAX) layout->any_windowed = true;
  for (size_t i = 0; i < count; i++)
    if (gni_operation_is_timed(aggregations[i].operation)) layout->any_timed = true;
  return layout;
}

int gni_layout_take(gn_arena *arena, const gni_aggregation *aggregations, size_t count,
                    const gni_type *input, const gni_layout **out, gn_error *err)
{
  layout_builder b = {.arena = arena, .input = input};
  *out = NULL;
  int rc = reserve(&b, aggregations, count, err);
  if (rc != GN_OK) return rc;
  for (size_t i = 0; i < count; i++) {
    rc = add_aggregation(&b, &aggregations[i], err);
    if (rc != GN_OK) {
      gni_error_where(err, "aggregations[%zu]", i);
      return rc;
    }
  }
  *out = finish(&b, aggregations, count);
  return *out ? GN_OK : gni_fail_arena(err, arena, count * sizeof(gni_field) + GNP_TYPE_BYTES);
}
