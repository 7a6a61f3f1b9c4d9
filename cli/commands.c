/* The one table. SPDX-License-Identifier: Apache-2.0 */
#include "cli.h"

#define AT(member) offsetof(cli_args, member)

const cli_option cli_options[] = {
    {"repo", 'C', CLI_TEXT, AT(repo), "DIR", "the repository of definitions (default: here)"},
    {"warehouse", 0, CLI_TEXT, AT(warehouse), "DIR", "the folder of tables (default: warehouse)"},
    {"store", 0, CLI_TEXT, AT(store), "URL", "the online store (default: lmdb:store)"},
    {"table", 0, CLI_LIST, AT(tables), "NAME=PATH", "where a table is; may be repeated"},
    {"clock", 0, CLI_NUMBER, AT(clock_ms), "MS", "what \"now\" is, in milliseconds since 1970"},
    {"threads", 0, CLI_NUMBER, AT(threads), "N", "threads at work (default: one a core)"},
    {"memory", 0, CLI_TEXT, AT(memory), "SIZE", "memory of the whole process, e.g. 2G"},
    {"boundary", 0, CLI_TEXT, AT(boundary), "RULE",
     "chronon or exact: events exactly at a window's edge"},
    {"json", 0, CLI_FLAG, AT(json), NULL, "answer in JSON"},
    {"quiet", 'q', CLI_FLAG, AT(quiet), NULL, "say nothing but errors"},
    {"verbose", 'v', CLI_FLAG, AT(verbose), NULL, "say more"},
    {"color", 0, CLI_TEXT, AT(color), "WHEN", "auto, always or never"},
    {"no-input", 0, CLI_FLAG, AT(no_input), NULL, "never ask a question"},
    {"help", 'h', CLI_FLAG, AT(help), NULL, "this text"},
    {"ds", 0, CLI_TEXT, AT(ds), "DAY", "one day, e.g. 2023-12-01"},
    {"start-ds", 0, CLI_TEXT, AT(start_ds), "DAY", "the first day"},
    {"end-ds", 0, CLI_TEXT, AT(end_ds), "DAY", "the last day, included"},
    {"step-days", 0, CLI_NUMBER, AT(step_days), "N", "days computed by one scan (default: 30)"},
    {"parallelism", 0, CLI_NUMBER, AT(parallelism), "N", "threads of this run"},
    {"run-first-hole", 0, CLI_FLAG, AT(run_first_hole), NULL,
     "also fill days before the first that exists"},
    {"skip-unsupported", 0, CLI_FLAG, AT(skip_unsupported), NULL,
     "leave out columns this version cannot compute"},
    {"dry-run", 'n', CLI_FLAG, AT(dry_run), NULL, "show the plan, write nothing"},
    {"detailed-exitcode", 0, CLI_FLAG, AT(detailed_exitcode), NULL,
     "exit 2 when there is something to do"},
    {"out", 0, CLI_TEXT, AT(out_file), "FILE", "write the plan to a file"},
    {"output", 'o', CLI_TEXT, AT(output), "FORM", "table, json, jsonl, csv or md"},
    {"key", 'k', CLI_TEXT, AT(key), "JSON", "the key, e.g. '{\"user_id\": \"user_1\"}'"},
    {"requests", 0, CLI_TEXT, AT(requests), "FILE",
     "one request {\"keys\", \"at_ms\"} a line; - is stdin"},
    {"events", 0, CLI_TEXT, AT(events), "FILE", "one event {\"ts\", \"row\"} a line; - is stdin"},
    {"type", 't', CLI_TEXT, AT(type), "KIND", "group-by (joins come later)"},
    {"at-ms", 0, CLI_NUMBER, AT(at_ms), "MS", "the time asked for (default: now)"},
    {"chronon", 0, CLI_FLAG, AT(chronon), NULL, "answer what is missing as Chronon does"},
    {"level", 0, CLI_TEXT, AT(level), "LEVEL", "definition (offline) or data (default)"},
    {"rows", 0, CLI_NUMBER, AT(rows), "N", "at most so many rows"},
    {"command", 'c', CLI_TEXT, AT(command), "SQL", "the statement"},
    {"check", 0, CLI_FLAG, AT(check), NULL, "write nothing; exit 2 when something would change"},
    {"diff", 0, CLI_FLAG, AT(diff), NULL, "show what would change"},
    {"force", 0, CLI_FLAG, AT(force), NULL,
     "overwrite online definitions and skip the dependents' check"},
    {"features", 0, CLI_FLAG, AT(features), NULL, "also list the features of each"},
    {"tables", 0, CLI_FLAG, AT(show_tables), NULL, "also list the tables of each"},
    {"yes", 'y', CLI_FLAG, AT(yes), NULL, "answer every question with yes"},
    {"man", 0, CLI_FLAG, AT(man), NULL, "print the manual page (roff)"},
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
    {"backfill", "CONF", "compute the missing partitions of a GroupBy's table",
     "Each day is published whole or not at all; running again computes only what is still "
     "missing.",
     "gnomon backfill my_team.user_purchase_features.v1 --ds 2023-12-01",
     "ds start-ds end-ds step-days parallelism run-first-hole skip-unsupported dry-run",
     cmd_backfill},
    {"upload", "CONF", "bring one day's values into the online store", NULL,
     "gnomon upload my_team.user_purchase_features.v1 --ds 2023-12-01",
     "ds end-ds skip-unsupported", cmd_upload},
    {"metadata-upload", "[CONF...]", "bring definitions into the online store", NULL,
     "gnomon metadata-upload", "", cmd_metadata_upload},
    {"put", "NAME", "put live rows of a TEMPORAL GroupBy into the store", NULL,
     "gnomon put my_team.user_purchase_features.v1 --events events.jsonl", "events", cmd_put},
    {"fetch", "NAME", "ask for features", NULL,
     "gnomon fetch my_team/user_purchase_features.v1 -k '{\"user_id\": \"user_1\"}'\n"
     "gnomon fetch my_team/user_purchase_features.v1 --requests requests.jsonl",
     "key requests type at-ms chronon", cmd_fetch},
    {"list", NULL, "list the compiled definitions", NULL, "gnomon list --json", "", cmd_list},
    {"show", "CONF", "describe a definition, or the first rows of its table", NULL,
     "gnomon show my_team.user_purchase_features.v1\ngnomon show my_team.user_purchase_features.v1 "
     "--rows 10",
     "rows output", cmd_show},
    {"sql", "[SQL]", "read tables: SELECT, SHOW TABLES LIKE, DESCRIBE [EXTENDED]", NULL,
     "gnomon sql \"SHOW TABLES LIKE '*purchase*'\"", "command output rows", cmd_sql},
    {"schema", "KIND", "print the JSON Schema of a kind of definition", NULL,
     "gnomon schema group_by", "", cmd_schema},
    {"explain", "CODE", "explain a diagnostic code", NULL, "gnomon explain GD031", "", cmd_explain},
    {"doctor", NULL, "look for what would stand in the way", NULL, "gnomon doctor", "", cmd_doctor},
    {"completion", "SHELL", "print completions for bash, zsh or fish", NULL,
     "gnomon completion bash > /etc/bash_completion.d/gnomon", "man", cmd_completion},
    {"version", NULL, "print the version", NULL, "gnomon version --json", "", cmd_version},
};
const size_t cli_command_count = sizeof cli_commands / sizeof *cli_commands;
