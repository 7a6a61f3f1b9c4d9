/* The one table. SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#define FLAG(name, letter, member, help)                                                           \
  {name, letter, CLI_FLAG, offsetof(cli_args, member), NULL, help, NULL, 0, 0}
#define TEXT(name, letter, member, value, help)                                                    \
  {name, letter, CLI_TEXT, offsetof(cli_args, member), value, help, NULL, 0, 0}
#define CHOICE(name, letter, member, value, choices, help)                                         \
  {name, letter, CLI_TEXT, offsetof(cli_args, member), value, help, choices, 0, 0}
#define NUMBER(name, letter, member, value, least, most, help)                                     \
  {name, letter, CLI_NUMBER, offsetof(cli_args, member), value, help, NULL, least, most}
#define LIST(name, member, value, help)                                                            \
  {name, 0, CLI_LIST, offsetof(cli_args, member), value, help, NULL, 0, 0}

const cli_option cli_options[] = {
    TEXT("repo", 'C', repo, "DIR", "the repository of definitions (default: here)"),
    TEXT("warehouse", 0, warehouse, "DIR", "the folder of tables (default: warehouse)"),
    TEXT("store", 0, store, "URL", "the online store (default: lmdb:store)"),
    LIST("table", tables, "NAME=PATH", "where a table is; may be repeated"),
    NUMBER("clock", 0, clock_ms, "MS", INT64_MIN, INT64_MAX,
           "what \"now\" is, in milliseconds since 1970"),
    NUMBER("threads", 0, threads, "N", 1, 1024, "threads at work (default: one a core)"),
    TEXT("memory", 0, memory, "SIZE", "memory of the whole process, e.g. 2G"),
    CHOICE("boundary", 0, boundary, "RULE", "chronon exact",
           "chronon or exact: events exactly at a window's edge"),
    FLAG("json", 0, json, "answer in JSON"),
    FLAG("quiet", 'q', quiet, "say nothing but errors"),
    FLAG("verbose", 'v', verbose, "say more"),
    CHOICE("color", 0, color, "WHEN", "auto always never", "auto, always or never"),
    FLAG("no-input", 0, no_input, "never ask a question"),
    FLAG("help", 'h', help, "this text"),
    TEXT("ds", 0, ds, "DAY", "one day, e.g. 2023-12-01"),
    TEXT("start-ds", 0, start_ds, "DAY", "the first day"),
    TEXT("end-ds", 0, end_ds, "DAY", "the last day, included"),
    NUMBER("step-days", 0, step_days, "N", 1, 100000, "days computed by one scan (default: 30)"),
    NUMBER("parallelism", 0, parallelism, "N", 1, 1024, "threads of this run"),
    FLAG("run-first-hole", 0, run_first_hole, "also fill days before the first that exists"),
    FLAG("skip-unsupported", 0, skip_unsupported,
         "leave out features that this version cannot compute (there are none now)"),
    FLAG("dry-run", 'n', dry_run, "show what would be done, write nothing"),
    FLAG("detailed-exitcode", 0, detailed_exitcode, "exit 2 when there is something to do"),
    TEXT("out", 0, out_file, "FILE", "write the plan to a file"),
    TEXT("to", 0, to_file, "FILE", "write the rows to this Parquet file"),
    TEXT("plan", 0, plan_file, "FILE", "do exactly what this plan says, or refuse it"),
    CHOICE("output", 'o', output, "FORM", "table json jsonl csv md",
           "table, json, jsonl, csv or md"),
    CHOICE("mode", 0, mode, "MODE", "simple extended codegen cost formatted",
           "how much of a plan to show"),
    TEXT("key", 'k', key, "JSON", "the key, e.g. '{\"user_id\": \"user_1\"}'"),
    TEXT("requests", 0, requests, "FILE", "one request {\"keys\", \"at_ms\"} a line; - is stdin"),
    TEXT("events", 0, events, "FILE", "one event {\"ts\", \"row\"} a line; - is stdin"),
    CHOICE("type", 't', type, "KIND", "group-by", "group-by (joins come later)"),
    NUMBER("at-ms", 0, at_ms, "MS", INT64_MIN, INT64_MAX, "the time asked for (default: now)"),
    FLAG("chronon", 0, chronon, "answer what is missing as Chronon does"),
    CHOICE("level", 0, level, "LEVEL", "definition data", "definition (offline) or data (default)"),
    NUMBER("rows", 0, rows, "N", 1, 1000000000, "at most so many rows"),
    TEXT("command", 'c', command, "SQL", "the statement"),
    FLAG("check", 0, check, "write nothing; exit 2 when something would change"),
    FLAG("diff", 0, diff, "show what would change"),
    FLAG("force", 0, force, "overwrite online definitions and skip the dependents' check"),
    FLAG("features", 0, features, "also list the features of each"),
    FLAG("tables", 0, show_tables, "also list the tables of each"),
    FLAG("yes", 'y', yes, "answer every question with yes"),
    TEXT("keys", 0, keys, "COLUMNS", "columns that tell rows apart, parted by commas"),
    TEXT("tolerance", 0, tolerance, "PART", "real numbers this near are equal, e.g. 1e-9"),
    TEXT("sample", 0, sample, "PART", "look at this part of the keys, e.g. 0.1"),
    FLAG("from-table", 0, from_table, "load what the `_upload` table has; compute nothing"),
    TEXT("only", 0, only, "TEXT", "the tests whose name holds this text"),
    FLAG("svg", 0, svg, "answer with a picture"),
    TEXT("listen", 0, listen, "HOST:PORT", "where to listen (default: 127.0.0.1:6566)"),
    TEXT("token-file", 0, token_file, "FILE",
         "whose first line callers must show (default: $GNOMON_TOKEN)"),
    FLAG("without-token", 0, without_token, "let other machines ask without a token"),
    FLAG("man", 0, man, "print the manual page (roff)"),
};
const size_t cli_option_count = sizeof cli_options / sizeof *cli_options;

const char *const cli_global_options = "repo warehouse store table clock threads memory boundary "
                                       "json quiet verbose color no-input help";

const cli_command cli_commands[] = {
    {"init", "[DIR]", "make a repository to begin with",
     "Writes teams.json, gnomon.toml and one GroupBy over a small generated table. Existing files "
     "stay.",
     "gnomon init my_features", "", cmd_init},
    {"compile", "[PATH...]", "turn Python definitions into compiled ones",
     "Runs the definitions with $GNOMON_PYTHON, the active virtual environment's Python, or "
     "python3, and writes\n"
     "production/<type>/<team>/<file>.<variable>. Nothing is written when anything is wrong.",
     "gnomon compile\ngnomon compile group_bys/my_team/user_purchase_features.py --diff",
     "check diff force features tables yes", cmd_compile},
    {"validate", "[CONF...]", "find everything that is wrong, write nothing",
     "Level definition reads the files alone; level data also looks at tables, columns, types, "
     "times and days.",
     "gnomon validate\ngnomon validate my_team.user_purchase_features.v1 --level definition",
     "level", cmd_validate},
    {"plan", "CONF", "show which partitions a backfill would read and write", NULL,
     "gnomon plan my_team.user_purchase_features.v1 --start-ds 2023-12-01 --end-ds 2023-12-07",
     "ds start-ds end-ds step-days parallelism run-first-hole skip-unsupported out "
     "detailed-exitcode",
     cmd_plan},
    {"backfill", "[CONF]", "compute the missing partitions of a GroupBy's table",
     "Each day is published whole or not at all; running again computes only what is still "
     "missing.",
     "gnomon backfill my_team.user_purchase_features.v1 --ds 2023-12-01\n"
     "gnomon plan my_team.user_purchase_features.v1 --out plan.json && gnomon backfill --plan "
     "plan.json",
     "ds start-ds end-ds step-days parallelism run-first-hole skip-unsupported dry-run plan",
     cmd_backfill},
    {"upload", "CONF", "bring one day's values into the online store",
     "Writes the day's partition of the `_upload` table, then the store. --from-table computes "
     "nothing and loads\nthe store from that partition again: a second store, or one that was "
     "lost.",
     "gnomon upload my_team.user_purchase_features.v1 --ds 2023-12-01\n"
     "gnomon upload my_team.user_purchase_features.v1 --ds 2023-12-01 --from-table --store "
     "lmdb:second",
     "ds end-ds from-table skip-unsupported", cmd_upload},
    {"metadata-upload", "[CONF...]", "bring definitions into the online store", NULL,
     "gnomon metadata-upload", "", cmd_metadata_upload},
    {"put", "NAME", "put live rows of a TEMPORAL GroupBy into the store", NULL,
     "gnomon put my_team.user_purchase_features.v1 --events events.jsonl", "events", cmd_put},
    {"fetch", "NAME", "ask for features", NULL,
     "gnomon fetch my_team/user_purchase_features.v1 -k '{\"user_id\": \"user_1\"}'\n"
     "gnomon fetch my_team/user_purchase_features.v1 --requests requests.jsonl",
     "key requests type at-ms chronon", cmd_fetch},
    {"serve", NULL, "answer over HTTP: Chronon's service, Feast's feature server, Prometheus",
     "POST /v1/fetch/groupby/NAME takes a list of key maps; POST /get-online-features is Feast's;\n"
     "GET /ping, /health, /config and /metrics. A new upload is seen by the next request. A token "
     "is wanted\nwhen other machines can call: $GNOMON_TOKEN or --token-file.",
     "gnomon serve --listen 127.0.0.1:6566", "listen token-file without-token", cmd_serve},
    {"test", "[PATH...]", "run the tests beside the definitions: rows in, features expected",
     "Looks for *.test.yaml in the repository, or where it is told. A test gives rows of tables, "
     "and says what\nthe definition makes of them: day by day (batch), and fetched at a time "
     "(online). The warehouse and the\nstore are not touched. Exit status 1: a test failed; 65: "
     "a file of tests is wrong.",
     "gnomon test\ngnomon test group_bys/my_team/purchases.test.yaml --only refunds", "only",
     cmd_test},
    {"analyze", "CONF", "look at the rows of a GroupBy: keys, heavy hitters, times, schemas",
     "Counts the rows that a run over these days would read: the most frequent values of each key, "
     "rows by year,\nand whether times are there and in milliseconds. Prints what Chronon's "
     "analyze "
     "prints; --json gives data.",
     "gnomon analyze my_team.purchases.v1 --start-ds 2023-11-29 --end-ds 2023-12-01",
     "ds start-ds end-ds rows", cmd_analyze},
    {"diff", "LEFT RIGHT", "compare two tables cell by cell, or two definitions",
     "Rows are paired by the keys of the GroupBy and the partition, or by --keys. --rows N shows N "
     "examples\nof each column that differs.",
     "gnomon diff my_team.purchases.v1 archive.my_team_purchases_v1\n"
     "gnomon diff ns.old ns.new --keys user_id,ds --tolerance 1e-9",
     "keys tolerance sample rows detailed-exitcode", cmd_diff},
    {"stats", "TABLE", "describe the columns of a table: nulls, distinct, quantiles, histograms",
     NULL, "gnomon stats my_team.purchases.v1\ngnomon stats purchases --svg > purchases.svg",
     "ds start-ds end-ds svg", cmd_stats},
#ifdef CLI_SPARK
    {"spark", "WHAT [URL] [ARGUMENT]", "ask a Spark Connect server",
     "ping; sql, schema or explain with a statement; config with a setting, or the beginning of "
     "some; interrupt\nwith an operation's id, tag:NAME, or nothing for all of the session that "
     "the URL names. Without a URL:\n$SPARK_REMOTE.",
     "gnomon spark ping sc://localhost\n"
     "gnomon spark sql 'sc://spark.example;use_ssl=true' \"SELECT * FROM events LIMIT 5\" -o csv\n"
     "gnomon spark sql sc://localhost \"SELECT * FROM events\" --to events.parquet",
     "command output rows mode to", cmd_spark},
#endif
    {"store", "ls|get|stats|compact|gc [NAME]", "look into the online store, and keep it small",
     "ls lists the datasets: rows, bytes, and up to when each upload holds everything. get shows "
     "what "
     "is kept of\none key, decoded: its state or values, and its live rows. stats measures: files, "
     "how full they are, live rows,\ntiles, age. compact writes uploads anew without gaps, while "
     "they are served. gc removes replaced uploads,\nfiles of uploads that died, and live rows "
     "that uploads made superfluous. compact and gc take --dry-run.",
     "gnomon store ls\ngnomon store get my_team/purchases.v1 -k '{\"user_id\": \"user_1\"}'\n"
     "gnomon store stats --json\ngnomon store compact my_team/purchases.v1\n"
     "gnomon store gc --dry-run",
     "key dry-run", cmd_store},
    {"list", NULL, "list the compiled definitions", NULL, "gnomon list --json", "", cmd_list},
    {"show", "CONF", "describe a definition, or the first rows of its table", NULL,
     "gnomon show my_team.user_purchase_features.v1\ngnomon show my_team.user_purchase_features.v1 "
     "--rows 10",
     "rows output", cmd_show},
    {"sql", "[SQL]", "read tables: SELECT, SHOW TABLES LIKE, DESCRIBE [EXTENDED]", NULL,
     "gnomon sql \"SHOW TABLES LIKE '*purchase*'\"", "command output rows", cmd_sql},
    {"schema", "KIND", "print the JSON Schema of a kind of definition", NULL,
     "gnomon schema group_by", "", cmd_schema},
    {"explain", "CODE|CONF", "explain a diagnostic code, or where a key's features come from",
     "With --key: the rows of the sources, each window with its ends and the rows inside, the "
     "value "
     "they make,\nand what the store answers. --svg draws it.",
     "gnomon explain GD031\n"
     "gnomon explain my_team.purchases.v1 -k '{\"user_id\": \"user_1\"}' --at-ms 1701475200000",
     "key at-ms rows svg", cmd_explain},
    {"doctor", NULL, "look for what would stand in the way, and say how to mend it",
     "Python, engine, settings, variables, limits, clock, disk and rights; definitions; tables "
     "that "
     "are read and\nwritten; uploads; what dead runs left. Exit status 1: something fails. Changes "
     "nothing.",
     "gnomon doctor\ngnomon doctor --json", "", cmd_doctor},
    {"completion", "[SHELL|COMMAND]", "print completions for bash, zsh or fish, or manual pages",
     "--man prints the manual page of the program, or of a command.",
     "gnomon completion bash > /etc/bash_completion.d/gnomon\n"
     "gnomon completion --man backfill > gnomon-backfill.1",
     "man", cmd_completion},
    {"version", NULL, "print the version", NULL, "gnomon version --json", "", cmd_version},
};
const size_t cli_command_count = sizeof cli_commands / sizeof *cli_commands;
