/* Runs a target without libFuzzer: on the inputs that are kept, and on seeded mutations of them.
 * Arguments are folders and files. SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "kit/kit.h"

#include <stdio.h>

enum { INPUTS_MAX = 4096, INPUT_BYTES_MAX = 1 << 20, MUTATIONS = 2000, EDITS_MAX = 4 };

struct input {
  uint8_t *bytes;
  size_t size;
};

static struct input inputs[INPUTS_MAX];
static size_t input_count;

static void run(const struct input *input)
{
  const char *keep = getenv("GN_FUZZ_KEEP");
  FILE *file = keep ? fopen(keep, "wb") : NULL;
  if (file) {
    fwrite(input->bytes, 1, input->size, file);
    fclose(file);
  }
  LLVMFuzzerTestOneInput(input->bytes, input->size);
}

/* ---- the kept inputs ---- */

static void add_file(const char *path)
{
  gn_buf content;
  gn_error err = {0};
  gni_buf_init(&content, &gni_libc_alloc, INPUT_BYTES_MAX);
  if (gni_file_read(path, &content, &err) != GN_OK || input_count == INPUTS_MAX) {
    fprintf(stderr, "%s: %s\n", path, err.message);
    exit(1);
  }
  /* In a block of its exact size, so that a read past the end is seen. */
  struct input *input = &inputs[input_count++];
  input->size = content.len;
  input->bytes = malloc(content.len ? content.len : 1);
  if (!input->bytes) exit(1);
  if (content.len) memcpy(input->bytes, content.ptr, content.len);
  gni_buf_deinit(&content);
}

static int add_entry(void *user, const char *name, bool is_folder)
{
  char path[4096];
  int len = snprintf(path, sizeof path, "%s/%s", (const char *)user, name);
  if (is_folder || len < 0 || (size_t)len >= sizeof path) return GN_OK;
  add_file(path);
  return GN_OK;
}

static void add_argument(char *path)
{
  gn_error err = {0};
  if (!gni_folder_exists(path)) {
    add_file(path);
  } else if (gni_folder_list(&gni_libc_alloc, path, add_entry, path, &err) != GN_OK) {
    fprintf(stderr, "%s: %s\n", path, err.message);
    exit(1);
  }
}

/* ---- mutations ---- */

static size_t pick(test_random *random, size_t count)
{
  return (size_t)test_random_in(random, 0, (int64_t)count - 1);
}

/* Replaces `cut` bytes at `at` by `len` others. */
static void splice(struct input *input, size_t at, size_t cut, const uint8_t *bytes, size_t len)
{
  size_t size = input->size - cut + len;
  if (size > INPUT_BYTES_MAX) return;
  uint8_t *made = malloc(size ? size : 1);
  if (!made) exit(1);
  if (at) memcpy(made, input->bytes, at);
  if (len) memcpy(made + at, bytes, len);
  if (input->size > at + cut)
    memcpy(made + at + len, input->bytes + at + cut, input->size - at - cut);
  free(input->bytes);
  *input = (struct input){made, size};
}

static void edit(test_random *random, struct input *input)
{
  static const uint8_t telling[] = {0,   1,   2,   0x7F, 0x80, 0xFF, '"',  '\\',
                                    '{', '[', ']', '}',  ',',  ':',  '-',  '<',
                                    '>', '`', '.', 'e',  '9',  ' ',  '\n', 0xED};
  size_t at = input->size ? pick(random, input->size) : 0;
  size_t len = input->size ? 1 + pick(random, input->size - at < 16 ? input->size - at : 16) : 0;
  const struct input *other = &inputs[pick(random, input_count)];
  uint8_t byte = test_random_chance(random, 0.7) ? telling[pick(random, sizeof telling)]
                                                 : (uint8_t)test_random_bits(random);
  switch (test_random_in(random, 0, 5)) {
  case 0:
    splice(input, at, len ? 1 : 0, &byte, 1);
    break;
  case 1:
    splice(input, at, 0, &byte, 1);
    break;
  case 2:
    splice(input, at, len, NULL, 0);
    break;
  case 3:
    splice(input, at, input->size - at, NULL, 0);
    break;
  case 4: {
    uint8_t copy[16];
    if (len) memcpy(copy, input->bytes + at, len);
    splice(input, at, 0, copy, len);
    break;
  }
  default: {
    size_t from = other->size ? pick(random, other->size) : 0;
    size_t most = other->size - from < 64 ? other->size - from : 64;
    splice(input, at, 0, other->bytes + from, most);
    break;
  }
  }
}

static void run_mutations(void)
{
  test_random random = test_random_new(30);
  for (int i = 0; i < MUTATIONS * test_effort(); i++) {
    const struct input *kept = &inputs[(size_t)i % input_count];
    struct input mutated = {malloc(kept->size ? kept->size : 1), kept->size};
    if (!mutated.bytes) exit(1);
    if (kept->size) memcpy(mutated.bytes, kept->bytes, kept->size);
    for (int64_t edits = test_random_in(&random, 1, EDITS_MAX); edits > 0; edits--)
      edit(&random, &mutated);
    run(&mutated);
    free(mutated.bytes);
  }
}

int main(int argc, char **argv)
{
  for (int i = 1; i < argc; i++) add_argument(argv[i]);
  if (input_count == 0) {
    fprintf(stderr, "no inputs\n");
    return 1;
  }
  for (size_t i = 0; i < input_count; i++) run(&inputs[i]);
  run_mutations();
  for (size_t i = 0; i < input_count; i++) free(inputs[i].bytes);
  return 0;
}
