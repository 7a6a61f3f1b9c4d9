/* teams.json: who owns what, and the environment of jobs, layer by layer.
 * SPDX-License-Identifier: Apache-2.0 */
#include "def/def_private.h"

static gn_str json_key(const gni_json *object, size_t index)
{
  return object->list.keys[index].text;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct teams_reader {
  gnp_source source;
  gn_arena *arena;
  gni_problems *problems;
};

static void report_kind(struct teams_reader *r, const gni_json *at, gn_str team, const char *key,
                        const char *wanted)
{
  gn_str path = *key ? gni_str_format(r->arena, "%.*s.%s", GN_STR_ARGS(team), key) : team;
  gnp_finding finding = {.code = "GD006", .severity = GNI_ERROR, .place = {at->line, at->column}};
  finding.message = gni_str_format(r->arena, "'%.*s' wants %s", GN_STR_ARGS(path), wanted);
  gnp_report(&r->source, r->problems, &finding);
}

static void check_team(struct teams_reader *r, gn_str team, const gni_json *json)
{
  static const struct {
    const char *key;
    uint8_t kind;
    const char *wanted;
  } members[] = {{"namespace", GNI_JSON_TEXT, "a text"},
                 {"description", GNI_JSON_TEXT, "a text"},
                 {"table_properties", GNI_JSON_OBJECT, "an object of texts"},
                 {"common_env", GNI_JSON_OBJECT, "an object of variables"},
                 {"production", GNI_JSON_OBJECT, "an object with variables for each mode"},
                 {"dev", GNI_JSON_OBJECT, "an object with variables for each mode"}};
  if (json->kind != GNI_JSON_OBJECT) {
    report_kind(r, json, team, "", "an object");
    return;
  }
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    const gni_json *member = gni_json_member(json, members[i].key);
    if (member && member->kind != members[i].kind)
      report_kind(r, member, team, members[i].key, members[i].wanted);
  }
}

int gni_teams_read(gn_str text, const char *file, gn_arena *arena, const gni_teams **out,
                   gni_problems *problems)
{
  struct teams_reader r = {.arena = arena, .problems = problems};
  size_t errors_before = problems->errors;
  int rc;
  *out = NULL;
  gni_teams *teams = GN_TAKE_ZERO(arena, gni_teams, 1);
  r.source = (gnp_source){gni_str_take(arena, gni_str(file)), gni_str_take(arena, text)};
  if (!teams || !r.source.file.ptr || !r.source.text.ptr) return problems->rc = GN_E_NOMEM;
  const gni_json *json = gnp_parse(&r.source, "GD006", arena, problems, &rc);
  if (!json) return rc;
  if (json->kind != GNI_JSON_OBJECT)
    report_kind(&r, json, GN_STR("teams.json"), "", "an object with a member for each team");
  else
    for (size_t i = 0; i < json->list.count; i++)
      check_team(&r, json_key(json, i), &json->list.items[i]);
  if (problems->rc != GN_OK) return problems->rc;
  if (problems->errors > errors_before) return GN_E_INVALID;
  *teams = (gni_teams){r.source.file, json};
  *out = teams;
  return GN_OK;
}

/* ---- look-ups -------------------------------------------------------------------------------- */

static const gni_json *member_of(const gni_json *object, gn_str key)
{
  if (!object || object->kind != GNI_JSON_OBJECT) return NULL;
  for (size_t i = object->list.count; i > 0; i--)
    if (gni_str_equal(json_key(object, i - 1), key)) return &object->list.items[i - 1];
  return NULL;
}

bool gni_teams_has(const gni_teams *teams, gn_str team)
{
  return member_of(teams->json, team) != NULL;
}

const gni_json *gni_teams_get(const gni_teams *teams, gn_str team, const char *key)
{
  const gni_json *own = member_of(teams->json, team);
  const gni_json *found = gni_json_member(own, key);
  if (!own || found) return found;
  return gni_json_member(gni_json_member(teams->json, "default"), key);
}

gn_str gni_teams_text(const gni_teams *teams, gn_str team, const char *key)
{
  const gni_json *found = gni_teams_get(teams, team, key);
  return found && found->kind == GNI_JSON_TEXT ? found->text : (gn_str){NULL, 0};
}

/* ---- environment ----------------------------------------------------------------------------- */

struct layers {
  gn_arena *arena;
  gni_variable *variables;
  size_t count, capacity;
  int rc;
};

static bool is_set(const struct layers *l, gn_str name)
{
  for (size_t i = 0; i < l->count; i++)
    if (gni_str_equal(l->variables[i].name, name)) return true;
  return false;
}

static void set(struct layers *l, gn_str name, gn_str value, const char *origin)
{
  if (l->rc != GN_OK || is_set(l, name)) return;
  if (l->count == l->capacity) {
    size_t capacity = l->capacity ? 2 * l->capacity : 16, size = sizeof *l->variables;
    gni_variable *grown =
        gni_arena_grow(l->arena, l->variables, l->capacity * size, capacity * size);
    if (!grown) {
      l->rc = GN_E_NOMEM;
      return;
    }
    l->variables = grown;
    l->capacity = capacity;
  }
  l->variables[l->count++] = (gni_variable){name, value, origin};
}

/* A variable is a text; a number or boolean is taken as it is written. */
static gn_str value_text(struct layers *l, const gni_json *json)
{
  if (json->kind == GNI_JSON_TEXT) return json->text;
  gn_buf text;
  gni_buf_init(&text, l->arena->alloc, GN_DEF_FILE_BYTES_MAX);
  gni_json_write(json, &text);
  gn_str kept = gni_str_take(l->arena, gni_buf_view(&text));
  if (text.rc != GN_OK || !kept.ptr) l->rc = GN_E_NOMEM;
  gni_buf_deinit(&text);
  return kept;
}

static void set_all(struct layers *l, const gni_json *object, gn_str origin)
{
  if (!object || object->kind != GNI_JSON_OBJECT) return;
  if (!origin.ptr) l->rc = GN_E_NOMEM;
  for (size_t i = object->list.count; i > 0; i--) /* the last of equal names counts */
    set(l, json_key(object, i - 1), value_text(l, &object->list.items[i - 1]), origin.ptr);
}

static bool takes_additional_args(gn_str mode)
{
  return gni_str_starts(mode, "backfill") || gni_str_is(mode, "upload") ||
         gni_str_is(mode, "model-transform-batch");
}

static void set_from_conf(struct layers *l, const gni_metadata *metadata, gn_str mode)
{
  for (size_t i = 0; i < metadata->mode_to_env_map.count; i++) {
    const gni_map *map = &metadata->mode_to_env_map.values[i];
    if (!gni_str_equal(metadata->mode_to_env_map.keys[i], mode)) continue;
    for (size_t j = 0; j < map->count; j++)
      set(l, map->keys[j], map->values[j], "metaData.modeToEnvMap");
  }
  const gni_json *args = gni_metadata_custom(metadata, "additional_args", l->arena);
  if (!args || args->kind != GNI_JSON_LIST || !takes_additional_args(mode)) return;
  gn_str joined = GN_STR("");
  for (size_t i = 0; i < args->list.count; i++) {
    gn_str arg = value_text(l, &args->list.items[i]);
    joined =
        gni_str_format(l->arena, "%.*s%s%.*s", GN_STR_ARGS(joined), i ? " " : "", GN_STR_ARGS(arg));
  }
  if (!joined.ptr) l->rc = GN_E_NOMEM;
  set(l, GN_STR("CHRONON_CONFIG_ADDITIONAL_ARGS"), joined, "customJson.additional_args");
}

/* teams.json: TEAM.CONTEXT.MODE */
static void set_from_team(struct layers *l, const gni_teams *teams, gn_str team, gn_str context,
                          gn_str mode)
{
  const gni_json *found = member_of(member_of(member_of(teams->json, team), context), mode);
  if (!found) return;
  set_all(l, found,
          gni_str_format(l->arena, "teams.json: %.*s.%.*s.%.*s", GN_STR_ARGS(team),
                         GN_STR_ARGS(context), GN_STR_ARGS(mode)));
}

static int fail_unknown_team(const gni_teams *teams, gn_str team, gn_arena *arena, gn_error *err)
{
  int rc = gni_fail(err, GN_E_NOTFOUND, "team '%.*s' is not in '%.*s'", GN_STR_ARGS(team),
                    GN_STR_ARGS(teams->file));
  gn_str *names = GN_TAKE(arena, gn_str, teams->json->list.count);
  if (!names) return rc;
  for (size_t i = 0; i < teams->json->list.count; i++) names[i] = json_key(teams->json, i);
  gn_str hint = gnp_did_you_mean(arena, team, names, teams->json->list.count);
  if (hint.ptr) gni_error_hint(err, "%.*s", GN_STR_ARGS(hint));
  return rc;
}

int gni_environment(const gni_teams *teams, const gni_environment_request *request, gn_arena *arena,
                    gni_variable **out, size_t *count, gn_error *err)
{
  struct layers l = {.arena = arena};
  gn_str mode = gni_str_is(request->mode, "local-streaming") ? GN_STR("streaming") : request->mode;
  gn_str team = request->team, production = GN_STR("production"), fallback = GN_STR("default");
  *out = NULL;
  *count = 0;
  if (!team.len && request->metadata) team = request->metadata->team;
  if (request->metadata) set_from_conf(&l, request->metadata, mode);
  if (team.len && !gni_teams_has(teams, team)) return fail_unknown_team(teams, team, arena, err);
  if (team.len) set_from_team(&l, teams, team, request->context, mode);
  if (team.len) set_from_team(&l, teams, team, production, mode);
  set_from_team(&l, teams, fallback, production, mode);
  set_all(&l, member_of(member_of(teams->json, fallback), GN_STR("common_env")),
          GN_STR("teams.json: default.common_env"));
  if (l.rc != GN_OK) return gni_fail(err, l.rc, "out of memory");
  *out = l.variables;
  *count = l.count;
  return GN_OK;
}

const gni_variable *gni_environment_find(const gni_variable *variables, size_t count,
                                         const char *name)
{
  for (size_t i = 0; i < count; i++)
    if (gni_str_is(variables[i].name, name)) return &variables[i];
  return NULL;
}
