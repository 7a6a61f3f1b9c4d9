/* Decides once how an operation meets its input: straight, list by list, map by map, bucket by
 * bucket or element by element. SPDX-License-Identifier: Apache-2.0 */
#include "agg/mode.h"

enum { TYPE_TEXT_BYTES_MAX = 4096 }; /* of a type in a message */

/* ---- arguments ------------------------------------------------------------------------------- */

static const gn_str *find_argument(const gni_aggregation *aggregation, const char *name)
{
  for (size_t i = 0; i < aggregation->argument_count; i++)
    if (gni_str_is(aggregation->argument_names[i], name)) return &aggregation->argument_values[i];
  return NULL;
}

static int read_k(const gni_aggregation *aggregation, int32_t *k, gn_error *err)
{
  const gnp_operation_entry *entry = &gnp_operations[aggregation->operation];
  const gn_str *text = entry->k == GNP_K_NONE ? NULL : find_argument(aggregation, "k");
  int64_t value = 0;
  *k = entry->k_default;
  if (!text && entry->k != GNP_K_REQUIRED) return GN_OK;
  if (!text) {
    gni_fail(err, GN_E_INVALID, "%s needs the argument 'k'", entry->name);
    gni_error_hint(err, "write argMap {\"k\": \"3\"}, or Operation.%s(3)", entry->name);
    return GN_E_INVALID;
  }
  if (gni_parse_int64(*text, &value) != GN_OK)
    return gni_fail(err, GN_E_INVALID, "argument 'k' of %s is '%.*s', not a whole number",
                    entry->name, GN_STR_ARGS(*text));
  int32_t most = entry->k_most ? entry->k_most : INT32_MAX;
  if (value < entry->k_least || value > most)
    return gni_fail(err, GN_E_INVALID, "argument 'k' of %s is %.*s, not between %d and %d",
                    entry->name, GN_STR_ARGS(*text), (int)entry->k_least, (int)most);
  *k = (int32_t)value;
  return GN_OK;
}

/* "[0.5, 0.9]": counts the numbers, or writes them where they are wanted. */
static bool parse_percentiles(gn_str text, double *out, size_t *count)
{
  gn_str rest = gni_str_trim(text), part;
  *count = 0;
  if (rest.len < 2 || rest.ptr[0] != '[' || rest.ptr[rest.len - 1] != ']') return false;
  rest = gni_str_trim((gn_str){rest.ptr + 1, rest.len - 2});
  if (gni_str_ends(rest, ",")) return false;
  while (rest.len > 0 && gni_str_split(&rest, ',', &part)) {
    double value;
    if (gni_parse_double(gni_str_trim(part), &value) != GN_OK || !(value >= 0 && value <= 1))
      return false;
    if (out) out[*count] = value;
    (*count)++;
  }
  return true;
}

static int read_percentiles(const gni_aggregation *aggregation, gnp_scalar *scalar, gn_arena *arena,
                            gn_error *err)
{
  const gn_str median = GN_STR("[0.5]"), *text = find_argument(aggregation, "percentiles");
  if (aggregation->operation != GNI_APPROX_PERCENTILE) return GN_OK;
  if (!text) text = &median;
  if (!parse_percentiles(*text, NULL, &scalar->percentile_count))
    return gni_fail(err, GN_E_INVALID,
                    "argument 'percentiles' of APPROX_PERCENTILE is '%.*s', not a list of numbers "
                    "from 0 to 1",
                    GN_STR_ARGS(*text));
  double *percentiles = GN_TAKE(arena, double, scalar->percentile_count);
  if (!percentiles) return gni_fail_arena(err, arena, GNP_TYPE_BYTES);
  (void)parse_percentiles(*text, percentiles, &scalar->percentile_count);
  scalar->percentiles = percentiles;
  return GN_OK;
}

/* ---- types ----------------------------------------------------------------------------------- */

/* A type as Spark writes it, for messages. */
static gn_str type_text(const gni_type *type, gn_arena *arena)
{
  gn_buf text;
  gni_buf_init(&text, arena->alloc, TYPE_TEXT_BYTES_MAX);
  gn_str taken = {NULL, 0};
  if (gni_type_format(type, &text) == GN_OK) taken = gni_str_take(arena, gni_buf_view(&text));
  gni_buf_deinit(&text);
  return taken.ptr ? taken : GN_STR("its type");
}

/* "int, bigint, double" */
static gn_str accepted_types(const gnp_operation_entry *entry, gn_arena *arena)
{
  static const gni_type *const types[] = {
      &gni_type_int,    &gni_type_long,   &gni_type_short,  &gni_type_float,
      &gni_type_double, &gni_type_string, &gni_type_binary, &gni_type_boolean,
  };
  uint32_t kinds = 0;
  gn_str accepted = GN_STR("");
  for (size_t i = 0; i < GNP_FORMS_MAX && entry->forms[i]; i++) kinds |= entry->forms[i]->kinds;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (!(kinds & GNP_KIND(types[i]->kind))) continue;
    gn_str type = type_text(types[i], arena);
    accepted = gni_str_format(arena, "%.*s%s%.*s", GN_STR_ARGS(accepted), accepted.len ? ", " : "",
                              GN_STR_ARGS(type));
    if (!accepted.ptr) return GN_STR("other types");
  }
  return accepted;
}

/* "string is incompatible with SUM", with what would be compatible as the hint. */
static int fail_type(const gni_type *type, const gni_aggregation *aggregation, gn_arena *arena,
                     gn_error *err)
{
  const gnp_operation_entry *entry = &gnp_operations[aggregation->operation];
  gni_fail(err, GN_E_TYPE, "%.*s is incompatible with %s", GN_STR_ARGS(type_text(type, arena)),
           entry->name);
  if (type->kind == GNI_DATE || type->kind == GNI_TIMESTAMP)
    gni_error_hint(err, "convert it to a bigint in the selects, for example to milliseconds");
  else
    gni_error_hint(err, "%s takes %.*s", entry->name, GN_STR_ARGS(accepted_types(entry, arena)));
  return GN_E_TYPE;
}

/* What a list may hold to be taken element by element without being asked to: Chronon's scalars. */
static bool is_flattened(const gni_type *type)
{
  const uint32_t scalars = GNP_NUMBERS | GNP_TEXTS | GNP_KIND(GNI_BOOLEAN);
  return type->kind == GNI_LIST && GNP_KIND(type->fields[0].type->kind) & scalars;
}

static bool is_keyed(const gni_type *type)
{
  return type->kind == GNI_MAP && type->fields[0].type->kind == GNI_STRING;
}

static const gnp_operation *find_form(const gni_aggregation *aggregation, const gni_type *type)
{
  const gnp_operation_entry *entry = &gnp_operations[aggregation->operation];
  for (size_t i = 0; i < GNP_FORMS_MAX && entry->forms[i]; i++)
    if (entry->forms[i]->kinds & GNP_KIND(type->kind)) return entry->forms[i];
  return NULL;
}

/* ---- aggregators ----------------------------------------------------------------------------- */

/* The operation on single inputs of type `type`; `declared` is what messages name. */
static int take_single(gn_arena *arena, const gni_aggregation *aggregation, const gni_type *type,
                       const gni_type *declared, gni_aggregator **out, gn_error *err)
{
  const gnp_operation *form = find_form(aggregation, type);
  if (!form) return fail_type(declared, aggregation, arena, err);
  gni_aggregator *made = GN_TAKE_ZERO(arena, gni_aggregator, 1);
  if (!made) return gni_fail_arena(err, arena, sizeof *made);
  made->mode = &gnp_mode_direct;
  made->scalar = (gnp_scalar){.does = form, .operation = aggregation->operation, .input = type};
  int rc = read_k(aggregation, &made->scalar.k, err);
  if (rc == GN_OK) rc = read_percentiles(aggregation, &made->scalar, arena, err);
  if (rc != GN_OK) return rc;
  if (!form->resolve(&made->scalar, arena)) return gni_fail_arena(err, arena, GNP_TYPE_BYTES);
  made->output = made->scalar.output;
  made->state_type = made->scalar.state;
  made->state_size = (form->state_size + 7) / 8 * 8;
  made->deletable = form->drop != NULL;
  *out = made;
  return GN_OK;
}

/* A mode around `inner`, with map or list types around the inner ones. */
static int take_around(gn_arena *arena, const gnp_mode *mode, const gni_aggregator *inner,
                       gni_aggregator **out, gn_error *err)
{
  gni_aggregator *made = GN_TAKE_ZERO(arena, gni_aggregator, 1);
  if (!made) return gni_fail_arena(err, arena, sizeof *made);
  made->mode = mode;
  made->inner = inner;
  made->scalar = inner->scalar;
  made->keyed_form = (gnp_keyed_form){true, (uint32_t)inner->state_size};
  bool listed = mode == &gnp_mode_elements;
  made->output = listed ? gni_type_list(arena, inner->output)
                        : gni_type_map(arena, &gni_type_string, inner->output);
  made->state_type = listed ? gni_type_list(arena, inner->state_type)
                            : gni_type_map(arena, &gni_type_string, inner->state_type);
  if (!made->output || !made->state_type) return gni_fail_arena(err, arena, GNP_TYPE_BYTES);
  made->state_size = mode->state_size;
  made->deletable = inner->deletable;
  *out = made;
  return GN_OK;
}

/* Straight, or list by list. */
static int take_direct(gn_arena *arena, const gni_aggregation *aggregation, const gni_type *input,
                       gni_aggregator **out, gn_error *err)
{
  bool flattened = !gni_operation_is_timed(aggregation->operation) && is_flattened(input);
  const gni_type *single = flattened ? input->fields[0].type : input;
  int rc = take_single(arena, aggregation, single, input, out, err);
  if (rc == GN_OK && flattened) (*out)->mode = &gnp_mode_vector;
  return rc;
}

static int take_elements(gn_arena *arena, const gni_aggregation *aggregation, const gni_type *input,
                         gni_aggregator **out, gn_error *err)
{
  if (input->kind != GNI_LIST)
    return gni_fail(err, GN_E_TYPE, "element-wise %s needs a list as its input, not %.*s",
                    gnp_operations[aggregation->operation].name,
                    GN_STR_ARGS(type_text(input, arena)));
  gni_aggregator *inner;
  int rc = take_single(arena, aggregation, input->fields[0].type, input, &inner, err);
  return rc == GN_OK ? take_around(arena, &gnp_mode_elements, inner, out, err) : rc;
}

static int take_keys(gn_arena *arena, const gni_aggregation *aggregation, const gni_type *input,
                     gni_aggregator **out, gn_error *err)
{
  gni_aggregator *inner;
  int rc = take_single(arena, aggregation, input->fields[1].type, input, &inner, err);
  return rc == GN_OK ? take_around(arena, &gnp_mode_keys, inner, out, err) : rc;
}

static int take_buckets(gn_arena *arena, const gni_aggregation *aggregation, const gni_type *input,
                        gni_aggregator **out, gn_error *err)
{
  gni_aggregator *inner;
  int rc = take_direct(arena, aggregation, input, &inner, err);
  return rc == GN_OK ? take_around(arena, &gnp_mode_buckets, inner, out, err) : rc;
}

static int check_operation(const gni_aggregation *aggregation, gn_error *err)
{
  const char *name = gni_operation_name(aggregation->operation);
  if (!name) return gni_fail(err, GN_E_INVALID, "there is no operation %d", aggregation->operation);
  return GN_OK;
}

int gni_aggregator_take(gn_arena *arena, const gni_aggregation *aggregation, const gni_type *input,
                        bool bucketed, const gni_aggregator **out, gn_error *err)
{
  *out = NULL;
  gni_aggregator *made = NULL;
  int rc = check_operation(aggregation, err);
  if (rc != GN_OK) return rc;
  bool by_key = !gni_operation_is_timed(aggregation->operation) && is_keyed(input);
  if (input->kind == GNI_DATE || input->kind == GNI_TIMESTAMP || input->kind == GNI_NULL)
    return fail_type(input, aggregation, arena, err);
  if (bucketed && aggregation->element_wise)
    return gni_fail(err, GN_E_INVALID, "an element-wise aggregation takes no buckets");
  if (bucketed && by_key)
    return gni_fail(err, GN_E_INVALID,
                    "%s of a map takes no buckets: the keys of the map are the buckets",
                    gnp_operations[aggregation->operation].name);
  if (aggregation->element_wise)
    rc = take_elements(arena, aggregation, input, &made, err);
  else if (by_key)
    rc = take_keys(arena, aggregation, input, &made, err);
  else if (bucketed)
    rc = take_buckets(arena, aggregation, input, &made, err);
  else
    rc = take_direct(arena, aggregation, input, &made, err);
  if (rc != GN_OK) return rc;
  made->checked = !made->inner;
  *out = made;
  return GN_OK;
}

const gni_type *gni_aggregator_output(const gni_aggregator *aggregator)
{
  return aggregator->output;
}

const gni_type *gni_aggregator_state_type(const gni_aggregator *aggregator)
{
  return aggregator->state_type;
}

size_t gni_aggregator_state_size(const gni_aggregator *aggregator)
{
  return aggregator->state_size;
}

bool gni_aggregator_deletable(const gni_aggregator *aggregator)
{
  return aggregator->deletable;
}
