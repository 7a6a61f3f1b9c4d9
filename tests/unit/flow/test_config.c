/* gnomon.toml, and what flags put over it. SPDX-License-Identifier: Apache-2.0 */
#include "flow/flow_private.h"
#include "kit/kit.h"

static gn_arena arena;
static gnp_config config;

static void free_arena(void *what)
{
  (void)what;
  if (arena.alloc) gni_arena_deinit(&arena);
  arena = (gn_arena){0};
}

static int read_config(const char *toml, const gn_session_args *args, gn_error *err)
{
  *err = (gn_error){0};
  if (toml) test_write_file(test_path("gnomon.toml"), toml);
  if (!arena.alloc) test_later(free_arena, NULL);
  free_arena(NULL);
  gni_arena_init(&arena, test_alloc(), 1 << 20);
  return gnp_config_read(args, test_folder(), &arena, &config, err);
}
#define READ(toml, err, ...)                                                                       \
  read_config(toml, &(gn_session_args){.struct_size = sizeof(gn_session_args), __VA_ARGS__}, err)

static void without_a_file_defaults_count(void)
{
  gn_error err;
  CHECK_OK(READ(NULL, &err, .threads = 0), &err);
  CHECK_STR(config.warehouse_root, test_path("warehouse"));
  CHECK_STR(config.partition_column, "ds");
  CHECK_STR(config.partition_format, "yyyy-MM-dd");
  CHECK_STR(config.store_url, "lmdb:store");
  CHECK_INT(config.threads, 0);
  CHECK_INT(config.memory_bytes, 0);
  CHECK_INT(config.boundary, GNI_BOUNDARY_CHRONON);
  CHECK_TEXT(config.threads_origin, "default");
  CHECK_TEXT(config.memory_origin, "default");
  CHECK_INT(config.table_count, 0);
}

static const char whole[] = "[warehouse]\nroot = \"data\"\npartition_column = \"day\"\n"
                            "partition_format = \"yyyyMMdd\"\n[store]\nurl = \"memory:\"\n"
                            "[engine]\nthreads = 3\nmemory = \"2GiB\"\n"
                            "[compat]\nboundary = \"exact\"\n"
                            "[tables.\"ns.t\"]\npath = \"p.csv\"\nformat = \"csv\"\n"
                            "partition_column = \"dt\"\npartition_format = \"yyyyMMdd\"\n"
                            "[tables.u]\npath = \"/abs/u.parquet\"\n";

static void a_file_says_everything(void)
{
  gn_error err;
  CHECK_OK(READ(whole, &err, .threads = 0), &err);
  CHECK_STR(config.warehouse_root, test_path("data"));
  CHECK_STR(config.partition_column, "day");
  CHECK_STR(config.partition_format, "yyyyMMdd");
  CHECK_STR(config.store_url, "memory:");
  CHECK_INT(config.threads, 3);
  CHECK_INT(config.memory_bytes, INT64_C(2) << 30);
  CHECK_INT(config.boundary, GNI_BOUNDARY_EXACT);
  CHECK_TEXT(config.threads_origin, "gnomon.toml");
  CHECK_TEXT(config.memory_origin, "gnomon.toml");
  CHECK_INT(config.table_count, 2);
  CHECK_TEXT(config.tables[0].name, "ns.t");
  CHECK_TEXT(config.tables[0].path, "p.csv");
  CHECK_TEXT(config.tables[0].format, "csv");
  CHECK_TEXT(config.tables[0].partition_column, "dt");
  CHECK_TEXT(config.tables[0].partition_format, "yyyyMMdd");
  CHECK_TEXT(config.tables[1].path, "/abs/u.parquet");
}

static void flags_go_over_the_file(void)
{
  static const char *const tables[] = {"ns.t=/new.parquet", "other=/o=o.csv"};
  gn_error err;
  CHECK_OK(READ(whole, &err, .warehouse = "/elsewhere", .store = "lmdb:/s", .threads = 1,
                .memory_bytes = 4096, .boundary = "chronon", .tables = tables, .table_count = 2),
           &err);
  CHECK_STR(config.warehouse_root, "/elsewhere");
  CHECK_STR(config.store_url, "lmdb:/s");
  CHECK_INT(config.threads, 1);
  CHECK_INT(config.memory_bytes, 4096);
  CHECK_INT(config.boundary, GNI_BOUNDARY_CHRONON);
  CHECK_TEXT(config.threads_origin, "flag");
  CHECK_TEXT(config.memory_origin, "flag");
  CHECK_INT(config.table_count, 3);
  CHECK_TEXT(config.tables[0].path, "/new.parquet");
  CHECK_TEXT(config.tables[0].partition_column, "dt"); /* the rest of the entry stays */
  CHECK_TEXT(config.tables[2].name, "other");
  CHECK_TEXT(config.tables[2].path, "/o=o.csv");
}

static void sizes_are_written_in_several_ways(void)
{
  static const struct {
    const char *toml;
    int64_t bytes;
  } cases[] = {
      {"[engine]\nmemory = \"512MB\"\n", INT64_C(512) << 20},
      {"[engine]\nmemory = \"4 GiB\"\n", INT64_C(4) << 30},
      {"[engine]\nmemory = \"1G\"\n", INT64_C(1) << 30},
      {"[engine]\nmemory = \"7K\"\n", 7 << 10},
      {"[engine]\nmemory = 123456\n", 123456},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_error err;
    CHECK_OK(READ(cases[i].toml, &err, .threads = 0), &err);
    CHECK_INT(config.memory_bytes, cases[i].bytes);
  }
}

static void mistakes_are_named_with_their_line(void)
{
  static const struct {
    const char *toml, *message, *where;
  } cases[] = {
      {"[engine]\nthreds = 2\n", "'threds'", "gnomon.toml:2"},
      {"[engine]\nthreads = 0\n", "from 1 to 1024", "gnomon.toml:2"},
      {"[engine]\nthreads = \"2\"\n", "from 1 to 1024", "gnomon.toml:2"},
      {"[engine]\nmemory = \"much\"\n", "a size", "gnomon.toml:2"},
      {"[engine]\nmemory = true\n", "a size", "gnomon.toml:2"},
      {"[store]\nurl = 3\n", "a text in quotes", "gnomon.toml:2"},
      {"[compat]\nboundary = \"soft\"\n", "\"chronon\" or \"exact\"", "gnomon.toml:2"},
      {"[tables.t]\npth = \"x\"\n", "'pth'", "gnomon.toml:2"},
      {"[tables.t]\npath = 1\n", "a text in quotes", "gnomon.toml:2"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    gn_error err;
    CHECK(READ(cases[i].toml, &err, .threads = 0) < 0);
    if (!strstr(err.message, cases[i].message) || !strstr(err.where, cases[i].where))
      test_fail(__FILE__, __LINE__, "case %zu: %s: %s", i, err.where, err.message);
  }
  gn_error err;
  CHECK(READ("[engine]\nthreds = 2\n", &err, .threads = 0) < 0);
  CHECK(strstr(err.hint, "'threads'") != NULL);
}

static void flags_that_say_nothing_are_refused(void)
{
  static const char *const tables[] = {"no_path"};
  gn_error err;
  CHECK_INT(READ(NULL, &err, .tables = tables, .table_count = 1), GN_E_ARG);
  CHECK(strstr(err.message, "NAME=PATH") != NULL);
  CHECK_INT(READ(NULL, &err, .boundary = "soft"), GN_E_ARG);
}

int main(void)
{
  static const test_case cases[] = {
      {"without a file defaults count", without_a_file_defaults_count},
      {"a file says everything", a_file_says_everything},
      {"flags go over the file", flags_go_over_the_file},
      {"sizes are written in several ways", sizes_are_written_in_several_ways},
      {"mistakes are named with their line", mistakes_are_named_with_their_line},
      {"flags that say nothing are refused", flags_that_say_nothing_are_refused},
  };
  return test_main(cases, sizeof cases / sizeof *cases);
}
