/* sql: read-only statements over the warehouse. SPDX-License-Identifier: Apache-2.0 */
#include "flow/job.h"

/* A stream with the job behind it: engine and tables close when the rows are done. */
struct answer {
  gnp_job job;
  struct ArrowArrayStream rows; /* SELECT */
  struct ArrowArray listing;    /* SHOW, DESCRIBE: made at once */
  const gni_type *type;
};

static void close_answer(void *user)
{
  struct answer *answer = user;
  const gn_alloc *alloc = answer->job.session->alloc;
  gni_stream_close(&answer->rows);
  gni_array_close(&answer->listing);
  gnp_job_close(&answer->job);
  gni_free(alloc, answer, sizeof *answer);
}

static int next_listing(void *user, struct ArrowArray *out, gn_error *err)
{
  struct answer *answer = user;
  (void)err;
  *out = answer->listing;
  answer->listing.release = NULL;
  return GN_OK;
}

/* A SELECT's own stream, as the engine gives it: unsigned numbers and times have other buffers than
 * our types would say. */

static int forward_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
  struct answer *answer = stream->private_data;
  return answer->rows.get_schema(&answer->rows, out);
}

static int forward_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
  struct answer *answer = stream->private_data;
  return answer->rows.get_next(&answer->rows, out);
}

static const char *forward_last_error(struct ArrowArrayStream *stream)
{
  struct answer *answer = stream->private_data;
  return answer->rows.get_last_error(&answer->rows);
}

static void forward_release(struct ArrowArrayStream *stream)
{
  close_answer(stream->private_data);
  *stream = (struct ArrowArrayStream){.release = NULL};
}

static int give(struct answer *answer, struct ArrowArrayStream *out, gn_error *err)
{
  if (!answer->rows.release)
    return gni_stream_new(answer->type, next_listing, close_answer, answer,
                          answer->job.session->alloc, out, err);
  *out = (struct ArrowArrayStream){.get_schema = forward_schema,
                                   .get_next = forward_next,
                                   .get_last_error = forward_last_error,
                                   .release = forward_release,
                                   .private_data = answer};
  return GN_OK;
}

/* ---- words ---- */

static gn_str next_word(gn_str *text)
{
  *text = gni_str_trim(*text);
  gn_str word = {text->ptr, 0};
  while (word.len < text->len && (unsigned char)word.ptr[word.len] > ' ' &&
         word.ptr[word.len] != ';')
    word.len++;
  text->ptr += word.len;
  text->len -= word.len;
  return word;
}

static bool word_is(gn_str word, const char *upper)
{
  if (word.len != strlen(upper)) return false;
  for (size_t i = 0; i < word.len; i++) {
    char c = word.ptr[i];
    if (c >= 'a' && c <= 'z') c = (char)(c - 32);
    if (c != upper[i]) return false;
  }
  return true;
}

static gn_str unquoted(gn_str text)
{
  bool quoted = text.len >= 2 &&
                (text.ptr[0] == '\'' || text.ptr[0] == '`' || text.ptr[0] == '"') &&
                text.ptr[text.len - 1] == text.ptr[0];
  return quoted ? (gn_str){text.ptr + 1, text.len - 2} : text;
}

/* ---- SHOW TABLES [IN ns] [LIKE 'pattern'] ---- */

static const gni_field show_fields[] = {{{"namespace", 9}, &gni_type_string},
                                        {{"tableName", 9}, &gni_type_string}};
static const gni_type show_type = {.kind = GNI_STRUCT, .field_count = 2, .fields = show_fields};

/* A pattern is of the table's own name, as in Spark, unless it has a namespace. */
static int full_pattern(gn_str pattern, gn_arena *arena, gn_str *out)
{
  gn_str part;
  *out = GN_STR("");
  while (gni_str_split(&pattern, '|', &part)) {
    bool full = part.len && memchr(part.ptr, '.', part.len);
    *out = gni_str_format(arena, "%.*s%s%s%.*s", GN_STR_ARGS(*out), out->len ? "|" : "",
                          full ? "" : "*.", GN_STR_ARGS(part));
    if (!out->ptr) return GN_E_NOMEM;
  }
  return GN_OK;
}

static int show_tables(struct answer *answer, gn_str rest, gni_builder *builder, gn_error *err)
{
  gn_str pattern = GN_STR(""), ns_wanted = {NULL, 0}, word;
  const gn_str *matching;
  size_t matching_count;
  if (!word_is(next_word(&rest), "TABLES"))
    return gni_fail_as(err, "GT018", GN_E_PARSE, "only SHOW TABLES is understood");
  while ((word = next_word(&rest)).len) {
    if (word_is(word, "IN") || word_is(word, "FROM"))
      ns_wanted = unquoted(next_word(&rest));
    else if (word_is(word, "LIKE"))
      pattern = unquoted(next_word(&rest));
    else
      return gni_fail_as(err, "GT018", GN_E_PARSE, "unexpected '%.*s' in SHOW TABLES",
                         GN_STR_ARGS(word));
  }
  if (pattern.len && full_pattern(pattern, &answer->job.arena, &pattern) != GN_OK)
    return gni_fail_nomem(err, pattern.len);
  int rc = gni_warehouse_tables(answer->job.warehouse, pattern, &answer->job.arena, &matching,
                                &matching_count, err);
  for (size_t i = 0; rc == GN_OK && i < matching_count; i++) {
    gn_str ns, base;
    rc = gni_table_name_split(matching[i], &ns, &base, err);
    if (rc != GN_OK || (ns_wanted.ptr && !gni_str_equal(ns, ns_wanted))) continue;
    gni_value row[2] = {gni_value_text(ns), gni_value_text(base)};
    rc = gni_builder_add(builder, row, err);
  }
  return rc;
}

/* ---- DESCRIBE [EXTENDED] table ---- */

static const gni_field describe_fields[] = {{{"col_name", 8}, &gni_type_string},
                                            {{"data_type", 9}, &gni_type_string},
                                            {{"comment", 7}, &gni_type_string}};
static const gni_type describe_type = {
    .kind = GNI_STRUCT, .field_count = 3, .fields = describe_fields};

static int describe_row(gni_builder *builder, gn_str name, gn_str type, gn_error *err)
{
  gni_value row[3] = {gni_value_text(name), gni_value_text(type), GNI_NULL_VALUE};
  return gni_builder_add(builder, row, err);
}

static int describe_columns(struct answer *answer, const gni_table *table, gni_builder *builder,
                            gn_error *err)
{
  const gni_type *type;
  gn_buf text;
  int rc = gni_table_type(answer->job.warehouse, table, &answer->job.arena, &type, err);
  if (rc != GN_OK) return rc;
  gni_buf_init(&text, answer->job.session->alloc, 1 << 20);
  for (size_t i = 0; rc == GN_OK && i < type->field_count; i++) {
    gni_buf_reset(&text);
    rc = gni_type_format(type->fields[i].type, &text);
    rc = rc == GN_OK ? describe_row(builder, type->fields[i].name, gni_buf_view(&text), err)
                     : gni_fail_nomem(err, text.len);
  }
  gni_buf_deinit(&text);
  return rc;
}

static int describe_extended(struct answer *answer, const gni_table *table, gni_builder *builder,
                             gn_error *err)
{
  gni_estimate estimate;
  gni_scan all = GNI_SCAN_ALL;
  gn_arena *arena = &answer->job.arena;
  int rc = gni_table_estimate(answer->job.warehouse, table, &all, &estimate, err);
  if (rc == GN_OK)
    rc = describe_row(builder, GN_STR("# Detailed Table Information"), GN_STR(""), err);
  if (rc == GN_OK) rc = describe_row(builder, GN_STR("Name"), table->name, err);
  if (rc == GN_OK)
    rc = describe_row(builder, GN_STR("Table Type"),
                      table->format == GNI_TABLE_CSV ? GN_STR("CSV") : GN_STR("PARQUET"), err);
  if (rc == GN_OK) rc = describe_row(builder, GN_STR("Location"), table->location, err);
  if (rc == GN_OK)
    rc = describe_row(builder, GN_STR("Partition Column"),
                      table->partitioned ? table->partition_column : GN_STR("none"), err);
  if (rc == GN_OK)
    rc = describe_row(builder, GN_STR("Statistics"),
                      gni_str_format(arena, "%lld rows, %lld bytes, %lld files",
                                     (long long)estimate.rows, (long long)estimate.bytes,
                                     (long long)estimate.files),
                      err);
  for (size_t i = 0; rc == GN_OK && i < table->property_count; i++)
    rc = describe_row(
        builder, gni_str_format(arena, "Property %.*s", GN_STR_ARGS(table->properties[i].name)),
        table->properties[i].value, err);
  return rc;
}

/* `default`.`t` without its quotes, which no name of a table holds. */
static gn_str plain_name(gn_str word, gn_arena *arena)
{
  char *name = gni_arena_take(arena, word.len + 1);
  size_t len = 0;
  if (!name) return (gn_str){NULL, 0};
  for (size_t i = 0; i < word.len; i++)
    if (word.ptr[i] != '`' && word.ptr[i] != '"') name[len++] = word.ptr[i];
  name[len] = '\0';
  return (gn_str){name, len};
}

static int describe_table(struct answer *answer, gn_str rest, gni_builder *builder, gn_error *err)
{
  gni_table table;
  gn_str word = next_word(&rest);
  bool extended = word_is(word, "EXTENDED") || word_is(word, "FORMATTED");
  if (extended || word_is(word, "TABLE")) word = next_word(&rest);
  if (!word.len) return gni_fail_as(err, "GT018", GN_E_PARSE, "DESCRIBE wants the name of a table");
  gn_str name = plain_name(word, &answer->job.arena);
  if (!name.ptr) return gni_fail_nomem(err, word.len);
  int rc = gni_table_need(answer->job.warehouse, name, &answer->job.arena, &table, err);
  if (rc == GN_OK) rc = describe_columns(answer, &table, builder, err);
  return rc == GN_OK && extended ? describe_extended(answer, &table, builder, err) : rc;
}

/* ---- the statement ---- */

static int make_listing(struct answer *answer, gn_str rest, const gni_type *type,
                        int (*fill)(struct answer *, gn_str, gni_builder *, gn_error *),
                        gn_error *err)
{
  gni_builder *builder;
  int rc = gni_builder_new(type, answer->job.session->alloc, &builder, err);
  if (rc != GN_OK) return rc;
  rc = fill(answer, rest, builder, err);
  if (rc == GN_OK) rc = gni_builder_finish(builder, &answer->listing, err);
  gni_builder_free(builder);
  answer->type = type;
  return rc;
}

/* ---- SELECT ---- */

static size_t quoted_length(gn_str sql, size_t at)
{
  size_t end = at + 1;
  while (end < sql.len && sql.ptr[end] != sql.ptr[at]) end++;
  return end < sql.len ? end + 1 - at : sql.len - at;
}

static bool is_name_char(char c)
{
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

/* Spark's way of writing names in the engine's: `name` becomes "name", and the namespace default,
 * which is a word of the engine's grammar, is quoted. Texts are left alone. */
static int spell_names(gn_str sql, gn_buf *out)
{
  for (size_t i = 0; i < sql.len;) {
    char c = sql.ptr[i];
    size_t len = 1;
    if (c == '\'' || c == '"' || c == '`') {
      len = quoted_length(sql, i);
      gn_str inside = {sql.ptr + i + 1, len >= 2 ? len - 2 : 0};
      if (c == '`')
        gni_sql_add_name(out, inside);
      else
        gni_buf_add(out, sql.ptr + i, len);
    } else if (is_name_char(c)) {
      while (i + len < sql.len && is_name_char(sql.ptr[i + len])) len++;
      gn_str word = {sql.ptr + i, len};
      bool ns = word_is(word, "DEFAULT") && i + len < sql.len && sql.ptr[i + len] == '.';
      if (ns)
        gni_sql_add_name(out, GN_STR("default"));
      else
        gni_buf_add_str(out, word);
    } else {
      gni_buf_add_char(out, c);
    }
    i += len;
  }
  return out->rc;
}

static int run_spelt(struct answer *answer, gn_str sql, gn_error *err)
{
  int rc = gni_warehouse_expose(answer->job.warehouse, sql, err);
  return rc == GN_OK ? gni_engine_query(answer->job.engine, sql, &answer->rows, err) : rc;
}

static int run_select(struct answer *answer, gn_str sql, gn_error *err)
{
  gn_buf spelt;
  gni_buf_init(&spelt, answer->job.session->alloc, GN_TEXT_FILE_BYTES_MAX);
  int rc = spell_names(sql, &spelt);
  if (rc != GN_OK)
    gni_fail(err, rc, "the statement is too long");
  else
    rc = run_spelt(answer, gni_buf_view(&spelt), err);
  gni_buf_deinit(&spelt);
  return rc;
}

static int run(struct answer *answer, gn_str sql, gn_error *err)
{
  gn_str rest = sql, word = next_word(&rest);
  if (word_is(word, "SHOW")) return make_listing(answer, rest, &show_type, show_tables, err);
  if (word_is(word, "DESCRIBE") || word_is(word, "DESC"))
    return make_listing(answer, rest, &describe_type, describe_table, err);
  if (word_is(word, "SELECT") || word_is(word, "WITH")) return run_select(answer, sql, err);
  gni_fail_as(err, "GT018", GN_E_PARSE, "'%.*s' is not a statement for reading", GN_STR_ARGS(word));
  gni_error_hint(err, "use SELECT, SHOW TABLES [LIKE 'x*'] or DESCRIBE [EXTENDED] table");
  return GN_E_PARSE;
}

int gn_sql(gn_session *session, const char *sql, struct ArrowArrayStream *out, gn_error *err)
{
  gn_str text = gni_str_trim(gni_str(sql));
  while (text.len && text.ptr[text.len - 1] == ';')
    text = gni_str_trim((gn_str){text.ptr, text.len - 1});
  struct answer *answer = gni_alloc_zero(session->alloc, sizeof *answer);
  if (!answer) return gni_fail_nomem(err, sizeof *answer);
  answer->job = (gnp_job){.session = session,
                          .threads = session->config.threads,
                          .memory_bytes = session->config.memory_bytes};
  gni_arena_init(&answer->job.arena, session->alloc, GN_DEF_ARENA_BYTES_MAX);
  int rc = gnp_job_open_engine(&answer->job, err);
  if (rc == GN_OK) rc = run(answer, text, err);
  if (rc == GN_OK) rc = give(answer, out, err);
  if (rc != GN_OK) close_answer(answer);
  return rc;
}
