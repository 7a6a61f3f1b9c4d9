/* From a compiled file back to the Python file that it was compiled from: the compiler leaves
 * beside its cache where each part was written, and of which bytes. SPDX-License-Identifier:
 * Apache-2.0
 *
 * .gnomon/positions/<compiled file>.json:
 *   {"format": 1, "file": "group_bys/team/x.py",
 *    "digests": {"production/group_bys/team/x.v1": SHA-256, "group_bys/team/x.py": SHA-256, …},
 *    "positions": {"aggregations[2].inputColumn": [31, 22], "sources[0]": [4, 1, "shared.py"], …}}
 */
#include <stdio.h>

#include "flow/validate.h"

enum { FORMAT = 1, PATH_BYTES_MAX = 1024 };

/* What is known of one compiled file; `positions` is NULL when the sources are not as they were. */
struct origin {
  gn_str compiled, name; /* its path, and the same below the repository */
  const gni_json *content, *positions;
  gn_str file;
};

struct place {
  gn_str file; /* below the repository */
  uint32_t line, column;
};

/* ---- reading ---- */

static gn_str below_repo(const gn_session *session, gn_str path)
{
  size_t len = strlen(session->repo);
  bool inside = path.len > len + 1 && memcmp(path.ptr, session->repo, len) == 0;
  if (!inside || path.ptr[len] != '/') return (gn_str){NULL, 0};
  return (gn_str){path.ptr + len + 1, path.len - len - 1};
}

static int read_text(gn_session *session, gn_str name, gn_arena *arena, gn_str *out)
{
  gn_buf text;
  *out = (gn_str){NULL, 0};
  gn_str path = gni_str_format(arena, "%s/%.*s", session->repo, GN_STR_ARGS(name));
  if (!path.ptr) return GN_E_NOMEM;
  gni_buf_init(&text, session->alloc, GN_DEF_FILE_BYTES_MAX);
  int rc = gni_file_read(path.ptr, &text, NULL);
  if (rc == GN_OK) *out = gni_str_take(arena, gni_buf_view(&text));
  gni_buf_deinit(&text);
  if (rc == GN_OK && !out->ptr) rc = GN_E_NOMEM;
  return rc == GN_OK || rc == GN_E_NOMEM ? rc : GN_ABSENT;
}

static bool has_digest(gn_str text, const gni_json *digest)
{
  uint8_t bytes[32];
  char hex[65];
  gni_sha256(text.ptr, text.len, bytes);
  for (size_t i = 0; i < sizeof bytes; i++) snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
  return digest->kind == GNI_JSON_TEXT && gni_str_is(digest->text, hex);
}

static int check_digests(gn_session *session, const gni_json *digests, gn_arena *arena)
{
  if (!digests || digests->kind != GNI_JSON_OBJECT) return GN_ABSENT;
  for (size_t i = 0; i < digests->list.count; i++) {
    gn_str text;
    int rc = read_text(session, digests->list.keys[i].text, arena, &text);
    if (rc != GN_OK) return rc;
    if (!has_digest(text, &digests->list.items[i])) return GN_ABSENT;
  }
  return GN_OK;
}

static int read_positions(gn_session *session, gn_arena *arena, struct origin *out)
{
  const gni_json *root;
  gn_str text;
  gn_str beside = gni_str_format(arena, ".gnomon/positions/%.*s.json", GN_STR_ARGS(out->name));
  if (!beside.ptr) return GN_E_NOMEM;
  int rc = read_text(session, beside, arena, &text);
  if (rc == GN_OK) rc = gni_json_parse(text, GN_DEF_DEPTH_MAX, arena, &root, NULL);
  if (rc != GN_OK) return rc;
  const gni_json *format = gni_json_member(root, "format"), *file = gni_json_member(root, "file");
  const gni_json *positions = gni_json_member(root, "positions");
  bool known = format && format->kind == GNI_JSON_INTEGER && format->integer == FORMAT && file &&
               file->kind == GNI_JSON_TEXT && positions && positions->kind == GNI_JSON_OBJECT;
  if (!known) return GN_ABSENT;
  rc = check_digests(session, gni_json_member(root, "digests"), arena);
  if (rc != GN_OK) return rc;
  out->positions = positions;
  out->file = file->text;
  return GN_OK;
}

static int read_origin(gn_session *session, gn_str compiled, gn_arena *arena, struct origin *out)
{
  gn_str text;
  *out = (struct origin){.compiled = compiled, .name = below_repo(session, compiled)};
  if (!out->name.ptr) return GN_ABSENT;
  int rc = read_text(session, out->name, arena, &text);
  if (rc == GN_OK) rc = gni_json_parse(text, GN_DEF_DEPTH_MAX, arena, &out->content, NULL);
  if (rc == GN_OK && read_positions(session, arena, out) == GN_E_NOMEM) rc = GN_E_NOMEM;
  return rc == GN_OK || rc == GN_E_NOMEM ? rc : GN_ABSENT;
}

/* ---- from a path in the compiled file to a place in Python ---- */

static bool read_place(const struct origin *origin, const gni_json *entry, struct place *out)
{
  const gni_json *items = entry->kind == GNI_JSON_LIST ? entry->list.items : NULL;
  if (!items || entry->list.count < 2 || items[0].kind != GNI_JSON_INTEGER ||
      items[1].kind != GNI_JSON_INTEGER || items[0].integer < 1)
    return false;
  *out = (struct place){origin->file, (uint32_t)items[0].integer, (uint32_t)items[1].integer};
  if (entry->list.count > 2 && items[2].kind == GNI_JSON_TEXT) out->file = items[2].text;
  return true;
}

/* The place of the path, or of the nearest part around it. */
static bool find_place(const struct origin *origin, char *path, struct place *out)
{
  for (;;) {
    const gni_json *entry = gni_json_member(origin->positions, path[0] ? path : ".");
    if (entry && read_place(origin, entry, out)) return true;
    if (!path[0]) return false;
    size_t len = strlen(path);
    while (len > 0 && path[len - 1] != '.' && path[len - 1] != '[') len--;
    path[len > 0 ? len - 1 : 0] = '\0';
  }
}

/* ---- from what is known of a problem to a path ---- */

/* Walks the compiled file in its order; `visit` ends the walk by true. */
struct walk {
  bool (*visit)(struct walk *walk, const char *path, const gni_json *from, const gni_json *value);
  uint32_t line, column;       /* the last value that begins at or before this … */
  const char *begins, *ending; /* … or the first whose path is like that */
  char found[PATH_BYTES_MAX];
  const gni_json *value;
};

static bool walk_values(const gni_json *node, const char *path, struct walk *walk)
{
  bool is_object = node->kind == GNI_JSON_OBJECT;
  if (!is_object && node->kind != GNI_JSON_LIST) return false;
  for (size_t i = 0; i < node->list.count; i++) {
    char inner[PATH_BYTES_MAX];
    const gni_json *item = &node->list.items[i], *from = is_object ? &node->list.keys[i] : item;
    int len = is_object ? snprintf(inner, sizeof inner, "%s%s%.*s", path, path[0] ? "." : "",
                                   GN_STR_ARGS(from->text))
                        : snprintf(inner, sizeof inner, "%s[%zu]", path, i);
    if (len < 0 || (size_t)len >= sizeof inner) continue;
    if (walk->visit(walk, inner, from, item) || walk_values(item, inner, walk)) return true;
  }
  return false;
}

static void keep(struct walk *walk, const char *path, const gni_json *value)
{
  snprintf(walk->found, sizeof walk->found, "%s", path);
  walk->value = value;
}

static bool stops_after_place(struct walk *walk, const char *path, const gni_json *from,
                              const gni_json *value)
{
  bool after = from->line > walk->line || (from->line == walk->line && from->column > walk->column);
  if (!after) keep(walk, path, value);
  return after;
}

static bool is_path_like(struct walk *walk, const char *path, const gni_json *from,
                         const gni_json *value)
{
  (void)from;
  bool like = walk->begins[0] ? gni_str_starts(gni_str(path), walk->begins) &&
                                    gni_str_ends(gni_str(path), walk->ending)
                              : strcmp(path, walk->ending) == 0;
  if (like) keep(walk, path, value);
  return like;
}

/* "sources[0]: column 'price': …", as frames on the way up wrote it. */
static void walk_frames(const gni_json *content, gn_str frames, struct walk *found)
{
  gn_str word;
  while (gni_str_split(&frames, ':', &word)) {
    char begins[PATH_BYTES_MAX], ending[256];
    word = gni_str_trim(word);
    bool column = gni_str_starts(word, "column '") && word.len > 9;
    if (column) word = (gn_str){word.ptr + 8, word.len - 9};
    if (!word.len || word.len > 200 || memchr(word.ptr, ' ', word.len)) continue;
    memcpy(begins, found->found, sizeof begins);
    snprintf(ending, sizeof ending, "%s%.*s",
             column      ? ".selects."
             : begins[0] ? "."
                         : "",
             GN_STR_ARGS(word));
    found->visit = is_path_like;
    found->begins = begins;
    found->ending = ending;
    walk_values(content, "", found);
    found->begins = found->ending = "";
  }
}

/* A problem with a line in the compiled file keeps it when nothing is known of the Python file. */
static bool trace(const struct origin *origin, uint32_t line, uint32_t column, gn_str frames,
                  struct place *out)
{
  struct walk walk = {.visit = stops_after_place, .line = line, .column = column};
  if (line)
    walk_values(origin->content, "", &walk);
  else
    walk_frames(origin->content, frames, &walk);
  if (!line && !walk.value) return false;
  if (origin->positions) return find_place(origin, walk.found, out);
  if (line) return false;
  *out = (struct place){origin->name, walk.value->line, walk.value->column};
  return true;
}

/* As the user would name it from where the program runs. */
static gn_str shown_file(const gn_session *session, const struct origin *origin, gn_str file,
                         gn_arena *arena)
{
  bool here = strcmp(session->repo, ".") == 0;
  if (gni_str_equal(file, origin->name)) return origin->compiled;
  return here ? file : gni_str_format(arena, "%s/%.*s", session->repo, GN_STR_ARGS(file));
}

static int point_at(gn_session *session, const struct origin *origin, gni_problem *problem,
                    const struct place *place, gn_arena *arena)
{
  gn_str text;
  int rc = read_text(session, place->file, arena, &text);
  if (rc != GN_OK) return rc;
  problem->file = shown_file(session, origin, place->file, arena);
  problem->line = place->line;
  problem->column = place->column;
  problem->source = gni_text_line(text, place->line);
  problem->source_from = 0;
  problem->end_column = place->column + gni_token_width(problem->source, place->column);
  return problem->file.ptr ? GN_OK : GN_E_NOMEM;
}

int gnp_problems_trace(gn_session *session, gni_problems *problems, gn_error *err)
{
  struct origin origin = {0};
  for (size_t i = 0; i < problems->count; i++) {
    gni_problem *problem = &problems->items[i];
    struct place place;
    int rc = GN_OK;
    if (!gni_str_equal(origin.compiled, problem->file))
      rc = read_origin(session, problem->file, problems->arena, &origin);
    if (rc == GN_OK && origin.content &&
        trace(&origin, problem->line, problem->column, problem->message, &place))
      rc = point_at(session, &origin, problem, &place, problems->arena);
    if (rc == GN_E_NOMEM) return gni_fail_nomem(err, 1);
  }
  return GN_OK;
}

void gnp_error_trace(gn_session *session, gn_str compiled, gn_error *err)
{
  gn_arena arena;
  struct origin origin;
  struct place place;
  if (!err || err->code == GN_OK || !compiled.ptr) return;
  gni_arena_init(&arena, session->alloc, GN_DEF_ARENA_BYTES_MAX);
  if (read_origin(session, compiled, &arena, &origin) == GN_OK &&
      trace(&origin, 0, 0, gni_str(err->where), &place)) {
    gn_str file = shown_file(session, &origin, place.file, &arena);
    if (file.ptr) gni_error_where(err, "%.*s:%u:%u", GN_STR_ARGS(file), place.line, place.column);
  }
  gni_arena_deinit(&arena);
}
