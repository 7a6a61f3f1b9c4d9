/* define: finding, checking, listing and describing definitions. SPDX-License-Identifier:
 * Apache-2.0 */
#include "flow/validate.h"

/* ---- validate ---- */

/* Texts of all problems live with the confs they are of. */
struct validation {
  gn_session *session;
  int level;
  gni_problems *problems;
  const gni_def **defs; /* the sound ones: no two may share a table */
  size_t def_count, def_capacity;
};

static int keep_def(struct validation *validation, const gni_def *def, gn_error *err)
{
  if (validation->def_count == validation->def_capacity) {
    size_t capacity = validation->def_capacity ? 2 * validation->def_capacity : 64;
    const gni_def **grown =
        gni_arena_grow(validation->problems->arena, validation->defs,
                       validation->def_count * sizeof *grown, capacity * sizeof *grown);
    if (!grown) return gni_fail_nomem(err, capacity * sizeof *grown);
    validation->defs = grown;
    validation->def_capacity = capacity;
  }
  validation->defs[validation->def_count++] = def;
  return GN_OK;
}

static int check_one(void *user, gn_str path, gn_error *err)
{
  struct validation *validation = user;
  gn_session *session = validation->session;
  gni_problems *problems = validation->problems;
  const gni_def *def;
  gn_error ignored = {0};
  size_t before = problems->errors;
  int rc = gnp_conf_read(session, path, problems->arena, &def, problems, &ignored);
  if (rc == GN_E_NOMEM || (rc != GN_OK && problems->errors == before)) {
    if (err) *err = ignored;
    return rc;
  }
  if (rc != GN_OK) return GN_OK; /* its problems are in the list */
  if (gni_def_check(def, problems) != GN_OK) return gni_fail_nomem(err, 1);
  rc = keep_def(validation, def, err);
  bool sound = problems->errors == before;
  bool look = rc == GN_OK && validation->level == GN_LEVEL_DATA && def->group_by && sound;
  return look ? gnp_check_data(session, path, problems, err) : rc;
}

static int write_problems(gni_problems *problems, int form, gn_session *session, gn_text *out,
                          gn_error *err)
{
  gn_buf text;
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_problems_sort(problems);
  if (form == GN_FORM_JSON)
    gni_problems_write_json(problems, &text);
  else
    gni_problems_write(problems, form == GN_FORM_COLOR, &text);
  int rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  return rc;
}

int gn_validate(gn_session *session, const char *const *confs, size_t conf_count, int level,
                int form, gn_text *problems_text, gn_error *err)
{
  gn_arena arena;
  gni_problems problems;
  *problems_text = (gn_text){0};
  gni_arena_init(&arena, session->alloc, (size_t)1 << 30);
  gni_problems_init(&problems, &arena);
  struct validation validation = {.session = session, .level = level, .problems = &problems};
  int rc = gnp_conf_gather(session, confs, conf_count, &arena, check_one, &validation, err);
  if (rc == GN_OK &&
      gni_defs_check_names(validation.defs, validation.def_count, &problems) != GN_OK)
    rc = gni_fail_nomem(err, 1);
  if (rc == GN_OK) rc = gnp_problems_trace(session, &problems, err);
  if (rc == GN_OK) rc = write_problems(&problems, form, session, problems_text, err);
  if (rc == GN_OK) rc = gni_problems_result(&problems, err);
  gni_arena_deinit(&arena);
  return rc;
}

/* ---- list ---- */

struct listing {
  gn_session *session;
  gn_arena *arena;
  gn_buf *out;
};

static void add_member(gn_buf *out, const char *name, gn_str text)
{
  gni_buf_add_format(out, ",\"%s\":", name);
  if (text.ptr)
    gni_json_add_text(out, text, false);
  else
    gni_buf_add_text(out, "null");
}

static int list_one(void *user, gn_str path, gn_error *err)
{
  struct listing *listing = user;
  const gni_def *def;
  gni_problems problems;
  gn_error failure = {0};
  gni_problems_init(&problems, listing->arena);
  int rc = gnp_conf_read(listing->session, path, listing->arena, &def, &problems, &failure);
  if (rc == GN_E_NOMEM) return gni_fail_nomem(err, 1);
  gni_buf_add_text(listing->out, "{\"file\":");
  gni_json_add_text(listing->out, path, false);
  if (rc == GN_OK) {
    const gni_metadata *metadata = def->metadata;
    add_member(listing->out, "kind", gni_str(gni_def_kind_word(def->kind)));
    add_member(listing->out, "name", metadata->name);
    add_member(listing->out, "team", metadata->team);
    gni_buf_add_format(listing->out, ",\"online\":%s", metadata->online ? "true" : "false");
    add_member(listing->out, "description", metadata->description);
  } else {
    add_member(listing->out, "error", gni_str(failure.message));
  }
  gni_buf_add_text(listing->out, "}\n");
  return GN_OK;
}

int gn_list(gn_session *session, gn_text *out, gn_error *err)
{
  gn_arena arena;
  gn_buf text;
  *out = (gn_text){0};
  gni_arena_init(&arena, session->alloc, (size_t)1 << 30);
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  struct listing listing = {session, &arena, &text};
  int rc = gnp_conf_each(session, &arena, list_one, &listing, err);
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  gni_arena_deinit(&arena);
  return rc;
}

/* ---- describe ---- */

static void add_texts(gn_buf *out, const char *name, const gni_texts *texts)
{
  gni_buf_add_format(out, ",\"%s\":[", name);
  for (size_t i = 0; i < texts->count; i++) {
    if (i) gni_buf_add_char(out, ',');
    gni_json_add_text(out, texts->items[i], false);
  }
  gni_buf_add_char(out, ']');
}

static int describe_group_by(const gni_group_by *def, gn_arena *arena, gn_buf *out, gn_error *err)
{
  gni_output_column *columns;
  size_t count;
  int rc = gni_group_by_columns(def, arena, &columns, &count);
  gn_str *names = rc == GN_OK ? GN_TAKE(arena, gn_str, count) : NULL;
  gni_texts features;
  if (!names) return gni_fail_nomem(err, 1);
  for (size_t i = 0; i < count; i++) names[i] = columns[i].name;
  rc = gni_derived_columns(def->derivations.items, def->derivations.count, names, count, arena,
                           &features);
  if (rc != GN_OK) return gni_fail_nomem(err, 1);
  add_member(out, "accuracy",
             gni_str(gni_group_by_accuracy(def) == GNI_TEMPORAL ? "TEMPORAL" : "SNAPSHOT"));
  add_member(out, "output_table", gni_output_table(arena, def->metadata));
  add_member(out, "upload_table", gni_upload_table(arena, def->metadata));
  add_member(out, "batch_dataset", gni_batch_dataset(arena, def->metadata));
  add_member(out, "stream_dataset", gni_stream_dataset(arena, def->metadata));
  add_member(out, "backfill_start_date", def->backfill_start_date);
  add_texts(out, "keys", &def->key_columns);
  add_texts(out, "features", &features);
  gni_buf_add_text(out, ",\"sources\":[");
  for (size_t i = 0; i < def->sources.count; i++) {
    if (i) gni_buf_add_char(out, ',');
    gni_json_add_text(out, gni_source_table(&def->sources.items[i], arena), false);
  }
  gni_buf_add_char(out, ']');
  return GN_OK;
}

int gn_describe(gn_session *session, const char *conf, gn_text *out, gn_error *err)
{
  gn_arena arena;
  gn_buf text;
  gni_problems problems;
  const gni_def *def = NULL;
  gn_str path;
  *out = (gn_text){0};
  gni_arena_init(&arena, session->alloc, GN_DEF_ARENA_BYTES_MAX);
  gni_buf_init(&text, session->alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_problems_init(&problems, &arena);
  int rc = gnp_conf_find(session, conf, &arena, &path, err);
  if (rc == GN_OK) rc = gnp_conf_read(session, path, &arena, &def, &problems, err);
  if (rc == GN_OK) {
    gni_buf_add_text(&text, "{\"name\":");
    gni_json_add_text(&text, def->metadata->name, false);
    add_member(&text, "kind", gni_str(gni_def_kind_word(def->kind)));
    add_member(&text, "file", path);
    add_member(&text, "team", def->metadata->team);
    add_member(&text, "description", def->metadata->description);
    gni_buf_add_format(&text, ",\"online\":%s", def->metadata->online ? "true" : "false");
    if (def->group_by) rc = describe_group_by(def->group_by, &arena, &text, err);
    gni_buf_add_char(&text, '}');
  }
  if (rc == GN_OK) rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  gni_arena_deinit(&arena);
  return rc;
}

/* ---- schema, explain ---- */

int gn_schema(const char *kind, gn_text *out, gn_error *err)
{
  gn_buf text;
  int found = gni_def_kind_find(gni_str(kind));
  *out = (gn_text){0};
  if (found < 0) {
    gni_fail_as(err, "GC014", GN_E_NOTFOUND, "no kind of definition is called '%s'", kind);
    gni_error_hint(err, "use group_by, join, staging_query or model");
    return GN_E_NOTFOUND;
  }
  gni_buf_init(&text, &gni_libc_alloc, GN_TEXT_FILE_BYTES_MAX);
  gni_def_schema(found, &text);
  int rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  return rc;
}

int gn_error_write(const gn_error *failure, int form, gn_text *out)
{
  gn_buf text;
  *out = (gn_text){0};
  gni_buf_init(&text, &gni_libc_alloc, GN_TEXT_FILE_BYTES_MAX);
  if (form == GN_FORM_JSON)
    gni_error_write_json(failure, &text);
  else
    gni_error_write(failure, form == GN_FORM_COLOR, &text);
  int rc = gnp_text_from(&text, out, NULL);
  gni_buf_deinit(&text);
  return rc;
}

int gn_explain_code(const char *code, gn_text *out, gn_error *err)
{
  gn_buf text;
  bool all = strcmp(code, "all") == 0;
  const gni_diagnostic *diagnostic = all ? NULL : gni_diagnostic_find(gni_str(code));
  *out = (gn_text){0};
  if (!all && !diagnostic) {
    gni_fail_as(err, "GC013", GN_E_NOTFOUND, "no diagnostic has the code '%s'", code);
    gni_error_hint(err, "codes look like GD031; 'gnomon explain all' prints every page");
    return GN_E_NOTFOUND;
  }
  gni_buf_init(&text, &gni_libc_alloc, GN_TEXT_FILE_BYTES_MAX);
  if (all)
    gni_diagnostic_pages(&text);
  else
    gni_diagnostic_page(diagnostic, &text);
  int rc = gnp_text_from(&text, out, err);
  gni_buf_deinit(&text);
  return rc;
}
