/* Rows in memory into one file a day, without the engine. SPDX-License-Identifier: Apache-2.0 */
#include "table/parquet/encode.h"
#include "table/parquet/parquet_private.h"

#include <stdio.h>

enum { PAGE_BYTES_LEAST = 4 << 10, LOOK_EVERY_ROWS = 4096 };

/* The file of a day while rows come in. */
struct day_file {
  int32_t day;
  const char *path;
  gnp_encoder *encoder;
};

struct gnp_day_files {
  gnp_day_files_args args;
  const gn_alloc *alloc;
  gn_arena arena;
  gnp_press *press;
  struct day_file *list;
  size_t count, capacity, at;
  size_t page_bytes;
  int64_t rows;
};

int gnp_day_files_new(const gnp_day_files_args *args, gnp_day_files **out, gn_error *err)
{
  const gn_alloc *alloc = args->lake->config->alloc;
  size_t columns = gni_size_mul(gnp_encoder_leaves(args->columns), args->day_count);
  size_t page_bytes = args->memory_bytes / 2 / (columns ? columns : 1);
  *out = NULL;
  gnp_day_files *files = gni_alloc_zero(alloc, sizeof *files);
  if (!files) return gni_fail_nomem(err, sizeof *files);
  files->args = *args;
  files->alloc = alloc;
  if (page_bytes > GNP_PAGE_BYTES) page_bytes = GNP_PAGE_BYTES;
  files->page_bytes = page_bytes < PAGE_BYTES_LEAST ? PAGE_BYTES_LEAST : page_bytes;
  gni_arena_init(&files->arena, alloc, GNP_TABLE_ARENA_BYTES_MAX);
  int rc = gnp_press_new(alloc, &files->press, err);
  if (rc != GN_OK)
    gnp_day_files_free(files);
  else
    *out = files;
  return rc;
}

void gnp_day_files_free(gnp_day_files *files)
{
  if (!files) return;
  for (size_t i = 0; i < files->count; i++) gnp_encoder_free(files->list[i].encoder);
  gnp_press_free(files->press);
  gni_arena_deinit(&files->arena);
  gni_free(files->alloc, files, sizeof *files);
}

/* ---- files ---- */

static int make_day_folder(gnp_day_files *files, struct day_file *file, gn_error *err)
{
  char text[64];
  const gnp_day_files_args *args = &files->args;
  const char *format = args->lake->config->partition_format;
  int rc = gni_day_format(file->day, gni_str(format), text, sizeof text, err);
  if (rc != GN_OK) return rc;
  const char *folder = gnp_path(&files->arena, "%s/%.*s=%s", args->folder,
                                GN_STR_ARGS(args->partition_column), text);
  file->path = folder ? gnp_path(&files->arena, "%s/part-%zu.parquet", folder, args->part) : NULL;
  if (!file->path) return gnp_fail_arena(&files->arena, err);
  return gni_folder_make(folder, err);
}

static int add_file(gnp_day_files *files, int32_t day, gn_error *err)
{
  struct day_file file = {.day = day};
  if (files->count == files->capacity) {
    size_t capacity = files->capacity ? 2 * files->capacity : 32;
    struct day_file *grown = gni_arena_grow(&files->arena, files->list, files->count * sizeof file,
                                            gni_size_mul(capacity, sizeof file));
    if (!grown) return gnp_fail_arena(&files->arena, err);
    files->list = grown;
    files->capacity = capacity;
  }
  int rc = make_day_folder(files, &file, err);
  if (rc == GN_OK)
    rc = gnp_encoder_new(files->args.columns, files->page_bytes, files->alloc, &file.encoder, err);
  if (rc == GN_OK) files->list[files->count++] = file;
  return rc;
}

/* Rows come in stretches of a day, which mostly follow each other. */
static int find_file(gnp_day_files *files, int32_t day, struct day_file **out, gn_error *err)
{
  for (size_t i = 0; i < files->count; i++) {
    size_t at = (files->at + i) % files->count;
    if (files->list[at].day != day) continue;
    *out = &files->list[files->at = at];
    return GN_OK;
  }
  int rc = add_file(files, day, err);
  if (rc == GN_OK) *out = &files->list[files->at = files->count - 1];
  return rc;
}

static int with_file(gnp_day_files *files, struct day_file *file, bool last, gn_error *err)
{
  FILE *out = fopen(file->path, "ab");
  if (!out) return gni_fail(err, GN_E_IO, "cannot write '%s'", file->path);
  int rc = gnp_encoder_flush(file->encoder, files->press, out, err);
  if (rc == GN_OK && last) rc = gnp_encoder_end(file->encoder, out, err);
  if (fclose(out) != 0 && rc == GN_OK) rc = gni_fail(err, GN_E_IO, "cannot write '%s'", file->path);
  return rc;
}

/* Row groups are as large as the memory lets them be: the largest are written out first. */
static int look_at_memory(gnp_day_files *files, gn_error *err)
{
  size_t all = 0;
  int rc = GN_OK;
  if (gni_cancelled(files->args.lake->config->cancel))
    return gni_fail(err, GN_E_CANCELLED, "cancelled");
  for (size_t i = 0; i < files->count; i++) all += gnp_encoder_held_bytes(files->list[i].encoder);
  if (all < files->args.memory_bytes) return GN_OK;
  for (size_t i = 0; rc == GN_OK && i < files->count; i++)
    if (gnp_encoder_held_bytes(files->list[i].encoder) >= all / files->count)
      rc = with_file(files, &files->list[i], false, err);
  return rc;
}

/* ---- rows ---- */

int gnp_day_files_add(gnp_day_files *files, int32_t day, const gni_value *const *const *columns,
                      size_t count, gn_error *err)
{
  struct day_file *file;
  int64_t looks = files->rows / LOOK_EVERY_ROWS;
  int rc = find_file(files, day, &file, err);
  for (size_t first = 0, some; rc == GN_OK && first < count; first += some) {
    some = (size_t)(GNP_ROW_GROUP_ROWS - gnp_encoder_rows(file->encoder));
    if (some > count - first) some = count - first;
    rc = gnp_encoder_add(file->encoder, columns, first, some, files->press, err);
    if (rc == GN_OK && gnp_encoder_rows(file->encoder) == GNP_ROW_GROUP_ROWS)
      rc = with_file(files, file, false, err);
  }
  files->rows += (int64_t)count;
  return rc == GN_OK && files->rows / LOOK_EVERY_ROWS != looks ? look_at_memory(files, err) : rc;
}

size_t gnp_day_files_count(const gnp_day_files *files)
{
  return files ? files->count : 0;
}

int gnp_day_files_end(gnp_day_files *files, int32_t *days, gni_table_written *out, gn_error *err)
{
  int rc = GN_OK;
  for (size_t i = 0; rc == GN_OK && i < files->count; i++) {
    const gnp_encoder *encoder = files->list[i].encoder;
    rc = with_file(files, &files->list[i], true, err);
    days[i] = files->list[i].day;
    out->rows += gnp_encoder_file_rows(encoder);
    out->bytes += gnp_encoder_file_bytes(encoder);
  }
  return rc;
}
