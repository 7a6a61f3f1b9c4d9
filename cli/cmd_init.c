/* init: a repository to begin with, over a table that it makes. SPDX-License-Identifier: Apache-2.0
 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct starter {
  const char *path, *text;
};

static const struct starter starters[] = {
    {"teams.json",
     "{\n"
     "  \"default\": {\"table_properties\": {\"source\": \"gnomon\"}},\n"
     "  \"my_team\": {\"description\": \"my first features\", \"namespace\": \"default\"}\n"
     "}\n"},
    {"gnomon.toml",
     "# Where tables and features are. Every setting has a default; flags win over this file.\n"
     "[warehouse]\nroot = \"warehouse\"\n\n"
     "[store]\nurl = \"lmdb:store\"\n\n"
     "[tables.\"purchases\"]\npath = \"../data/purchases.csv\"\n"},
    {"group_bys/__init__.py", ""},
    {"group_bys/my_team/__init__.py", ""},
    {"group_bys/my_team/purchases.py",
     "\"\"\"What a user bought in the last day, week and month.\"\"\"\n"
     "from ai.chronon.api.ttypes import EventSource, Source\n"
     "from ai.chronon.group_by import Aggregation, GroupBy, Operation, TimeUnit, Window\n"
     "from ai.chronon.query import Query, select\n\n"
     "windows = [Window(length=days, timeUnit=TimeUnit.DAYS) for days in (1, 7, 30)]\n\n"
     "v1 = GroupBy(\n"
     "    sources=[Source(events=EventSource(\n"
     "        table=\"purchases\",\n"
     "        query=Query(selects=select(\"user_id\", \"price\"), time_column=\"ts\")))],\n"
     "    keys=[\"user_id\"],\n"
     "    aggregations=[\n"
     "        Aggregation(input_column=\"price\", operation=Operation.SUM, windows=windows),\n"
     "        Aggregation(input_column=\"price\", operation=Operation.LAST_K(3)),\n"
     "    ],\n"
     "    online=True,\n"
     ")\n"},
};

struct init {
  const cli_args *args;
  const char *folder;
};

static int make_folders(const char *path)
{
  char partial[4096];
  for (size_t i = 1; path[i] && i < sizeof partial; i++) {
    if (path[i] != '/') continue;
    memcpy(partial, path, i);
    partial[i] = '\0';
    if (mkdir(partial, 0777) != 0 && errno != EEXIST)
      return cli_file_failed("make folder", partial);
  }
  return 0;
}

static void tell(struct init *init, bool written, const char *path)
{
  if (init->args->json) {
    printf("{\"file\":");
    cli_print_json_text(path);
    printf(",\"written\":%s}\n", written ? "true" : "false");
  } else {
    cli_note(init->args, "  %s %s", written ? "wrote" : "kept ", path);
  }
}

/* Opens a file that must not exist yet; `*file` stays NULL when it does. */
static int create(struct init *init, const char *name, FILE **file)
{
  char path[4096];
  *file = NULL;
  if (snprintf(path, sizeof path, "%s/%s", init->folder, name) >= (int)sizeof path)
    return cli_usage("GC004", NULL, "the path is too long");
  int rc = make_folders(path);
  if (rc) return rc;
  *file = fopen(path, "wx");
  if (!*file && errno != EEXIST) return cli_file_failed("write", path);
  tell(init, *file != NULL, path);
  return 0;
}

/* The same 3,000 purchases on every machine: 60 days, 50 users. */
static int write_purchases(struct init *init)
{
  FILE *file;
  unsigned state = 20231201;
  int rc = create(init, "data/purchases.csv", &file);
  if (rc || !file) return rc;
  fprintf(file, "user_id,price,ts\n");
  for (int i = 0; i < 3000; i++) {
    state = state * 1103515245u + 12345u;
    unsigned user = state >> 16 & 0x7FFF;
    state = state * 1103515245u + 12345u;
    unsigned cents = state >> 16 & 0x1FFF;
    long long ts = 1697328000000LL + (long long)i * 1728000 + (long long)(user % 977) * 1000;
    fprintf(file, "user_%u,%u.%02u,%lld\n", user % 50, cents / 100, cents % 100, ts);
  }
  return fclose(file) == 0 ? 0 : cli_file_failed("write", "data/purchases.csv");
}

static int write_starters(struct init *init)
{
  for (size_t i = 0; i < sizeof starters / sizeof *starters; i++) {
    FILE *file;
    int rc = create(init, starters[i].path, &file);
    if (rc) return rc;
    if (!file) continue;
    bool good = fputs(starters[i].text, file) >= 0;
    if (fclose(file) != 0 || !good) return cli_file_failed("write", starters[i].path);
  }
  return write_purchases(init);
}

int cmd_init(const cli_args *args)
{
  struct init init = {.args = args, .folder = args->word_count ? args->words[0] : "."};
  if (mkdir(init.folder, 0777) != 0 && errno != EEXIST)
    return cli_file_failed("make folder", init.folder);
  int rc = write_starters(&init);
  if (rc || args->json) return rc;
  cli_note(
      args,
      "\nNext:\n  cd %s\n  gnomon compile\n  gnomon backfill my_team.purchases.v1 --ds 2023-12-01\n"
      "  gnomon upload my_team.purchases.v1 --ds 2023-12-01\n"
      "  gnomon fetch my_team/purchases.v1 -k '{\"user_id\": \"user_1\"}'",
      init.folder);
  return 0;
}
