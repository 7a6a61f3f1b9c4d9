/* Times the updates of a sketch: sketch cpc|kll|frequent K FILE TURNS. The file holds 8-byte
 * integers, for kll floats. Writes one JSON object: the CPU-seconds of each turn, and the sketch in
 * hexadecimal. SPDX-License-Identifier: Apache-2.0 */
#include "agg/cpc.h"
#include "agg/frequent.h"
#include "agg/kll.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FILE_BYTES_MAX = 1 << 30, TEXT_BYTES = 24 };

typedef struct input {
  gn_str file;
  gn_str *texts; /* of frequent: "v17" */
  size_t count;
} input;

static int fold_cpc(const input *in, int k, gn_arena *arena, gn_str *saved)
{
  gnp_cpc cpc;
  int rc = GN_OK;
  gnp_cpc_init(&cpc, k, false);
  for (size_t i = 0; i < in->count && rc == GN_OK; i++) {
    uint64_t value;
    memcpy(&value, in->file.ptr + 8 * i, sizeof value);
    rc = gnp_cpc_add_hash(&cpc, gnp_murmur_long(value), arena);
  }
  return rc == GN_OK ? gnp_cpc_save(&cpc, saved, arena) : rc;
}

static int fold_kll(const input *in, int k, gn_arena *arena, gn_str *saved)
{
  gnp_kll kll;
  int rc = GN_OK;
  gnp_kll_init(&kll, k);
  for (size_t i = 0; i < in->count && rc == GN_OK; i++) {
    float value;
    memcpy(&value, in->file.ptr + 4 * i, sizeof value);
    rc = gnp_kll_add(&kll, value, arena);
  }
  return rc == GN_OK ? gnp_kll_save(&kll, saved, arena) : rc;
}

static int fold_frequent(const input *in, int k, gn_arena *arena, gn_str *saved)
{
  gnp_frequent frequent;
  int rc = GN_OK;
  gnp_frequent_init(&frequent, (uint32_t)k, true);
  for (size_t i = 0; i < in->count && rc == GN_OK; i++)
    rc = gnp_frequent_add(&frequent, in->texts[i], 1, arena);
  return rc == GN_OK ? gnp_frequent_save(&frequent, saved, arena) : rc;
}

static bool make_texts(input *in, gn_arena *arena)
{
  in->texts = GN_TAKE(arena, gn_str, in->count);
  for (size_t i = 0; in->texts && i < in->count; i++) {
    int64_t value;
    memcpy(&value, in->file.ptr + 8 * i, sizeof value);
    in->texts[i] = gni_str_format(arena, "v%" PRId64, value);
    if (!in->texts[i].ptr) return false;
  }
  return in->texts != NULL;
}

static double cpu_s(void)
{
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
  int (*fold)(const input *in, int k, gn_arena *arena, gn_str *saved) = NULL;
  gn_buf file;
  gn_arena data, arena;
  gn_error err = {0};
  if (argc == 5 && strcmp(argv[1], "cpc") == 0) fold = fold_cpc;
  if (argc == 5 && strcmp(argv[1], "kll") == 0) fold = fold_kll;
  if (argc == 5 && strcmp(argv[1], "frequent") == 0) fold = fold_frequent;
  int64_t k, turns;
  if (!fold || gni_parse_int64(gni_str(argv[2]), &k) != GN_OK ||
      gni_parse_int64(gni_str(argv[4]), &turns) != GN_OK)
    return 2;
  gni_buf_init(&file, &gni_libc_alloc, FILE_BYTES_MAX);
  gni_arena_init(&data, &gni_libc_alloc, SIZE_MAX);
  gni_arena_init(&arena, &gni_libc_alloc, SIZE_MAX);
  int rc = gni_file_read(argv[3], &file, &err);
  input in = {.file = gni_buf_view(&file), .count = file.len / (fold == fold_kll ? 4 : 8)};
  if (rc == GN_OK && fold == fold_frequent && !make_texts(&in, &data)) rc = GN_E_NOMEM;
  gn_str saved = {NULL, 0};
  printf("{\"cpu_s\":[");
  for (int64_t turn = 0; turn < turns && rc == GN_OK; turn++) {
    gni_arena_reset(&arena);
    double start = cpu_s();
    rc = fold(&in, (int)k, &arena, &saved);
    printf("%s%.6f", turn ? "," : "", cpu_s() - start);
  }
  printf("],\"bytes\":\"");
  for (size_t i = 0; i < saved.len; i++) printf("%02x", (uint8_t)saved.ptr[i]);
  printf("\"}\n");
  gni_arena_deinit(&arena);
  gni_arena_deinit(&data);
  gni_buf_deinit(&file);
  return rc == GN_OK ? 0 : 1;
}
