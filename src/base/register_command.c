/* GC: what is wrong with a command line, a setting or the surroundings. SPDX-License-Identifier:
 * Apache-2.0 */
#include "base/register.h"

static const gni_diagnostic rows[] = {
    {.code = "GC001",
     .title = "an unknown command",
     .meaning = "The first word that is no option is the command. The hint names the nearest.",
     .example = "gnomon backfil my_team.purchases.v1",
     .mend = "gnomon backfill my_team.purchases.v1; `gnomon --help` lists the commands."},
    {.code = "GC002",
     .title = "an unknown option",
     .meaning = "The command does not take this option. Options that every command takes may "
                "stand before it.",
     .example = "gnomon backfill my_team.purchases.v1 --start-day 2023-12-01",
     .mend = "gnomon backfill my_team.purchases.v1 --start-ds 2023-12-01; `gnomon help COMMAND` "
             "lists them."},
    {.code = "GC003",
     .title = "an argument is missing",
     .meaning = "The command, or one of its options, wants a value that is not there.",
     .example = "gnomon fetch my_team/purchases.v1",
     .mend = "gnomon fetch my_team/purchases.v1 -k '{\"user_id\": \"user_1\"}'"},
    {.code = "GC004",
     .title = "a value that the option does not take",
     .meaning = "The value is no number, no size, or none of the words that the option knows.",
     .example = "gnomon sql \"SHOW TABLES\" --output yaml",
     .mend = "gnomon sql \"SHOW TABLES\" --output json"},
    {.code = "GC005",
     .title = "arguments that do not go together",
     .meaning = "There is an argument too many, or two that exclude each other.",
     .example = "gnomon list my_team.purchases.v1",
     .mend = "gnomon list"},
    {.code = "GC006",
     .title = "a definition that is not compiled",
     .meaning = "Commands name compiled definitions: `team.file.variable`, `team/file.variable` "
                "or a path below production/. The hint names the nearest there is.",
     .example = "gnomon backfill my_team.purchase.v1, while there is my_team.purchases.v1",
     .mend = "Correct the name, or compile the definition first: gnomon compile."},
    {.code = "GC007",
     .title = "nothing is compiled here",
     .meaning = "The repository has no production/ folder with definitions. Commands look in the "
                "current folder, in $GNOMON_REPO, or where -C says.",
     .example = "gnomon list in a folder that is no repository",
     .mend = "gnomon compile, or gnomon -C path/to/repository list"},
    {.code = "GC008",
     .title = "the repository is no folder",
     .meaning = "-C or $GNOMON_REPO names something that is not there, or a file.",
     .example = "gnomon -C ~/featurez list",
     .mend = "Correct the path, or make a repository: gnomon init PATH."},
    {.code = "GC009",
     .title = "gnomon.toml does not parse",
     .meaning = "The file holds [sections], and lines of `name = value`, whose values are texts "
                "in quotes, whole numbers, true or false. The place is the first character that "
                "does not fit.",
     .example = "[store]\nurl = lmdb:store",
     .mend = "url = \"lmdb:store\""},
    {.code = "GC010",
     .title = "an unknown setting",
     .meaning = "gnomon.toml has a section or a name that means nothing, so what it says would "
                "have no effect. The hint names the nearest.",
     .example = "[engine]\nmemoryy = \"4GiB\"",
     .mend = "memory = \"4GiB\""},
    {.code = "GC011",
     .title = "a setting of a wrong value",
     .meaning = "A setting of gnomon.toml, or the option that goes over it, has a value that it "
                "cannot have.",
     .example = "[engine]\nthreads = 0",
     .mend = "threads = 4, or no such line: then there is one a core."},
    {.code = "GC012",
     .title = "a file that cannot be read or written",
     .meaning = "A file that the command line names cannot be opened. The message has the "
                "system's reason.",
     .example = "gnomon put my_team.clicks.v1 --events evnets.jsonl",
     .mend = "Correct the path, or the rights of the file; `-` is standard input."},
    {.code = "GC013",
     .title = "an unknown code",
     .meaning = "No diagnostic has this code.",
     .example = "gnomon explain GD999",
     .mend = "gnomon explain all prints every page."},
    {.code = "GC014",
     .title = "an unknown kind of definition",
     .meaning = "Schemas are of group_by, join, staging_query and model.",
     .example = "gnomon schema groupby",
     .mend = "gnomon schema group_by"},
    {.code = "GC015",
     .title = "the engine is not there",
     .meaning = "The engine is a module beside the library, opened when it is first needed. It "
                "was not found, or could not be loaded.",
     .example = "the program copied alone to another machine",
     .mend = "Install the whole package, or set GNOMON_ENGINE_PATH to the module's folder."},
    {.code = "GC016",
     .title = "Python cannot be started",
     .meaning = "Definitions are Python files, so compiling runs $GNOMON_PYTHON, the active "
                "virtual environment's Python, or python3.",
     .example = "GNOMON_PYTHON=/opt/python gnomon compile, and there is no such file",
     .mend = "Install Python 3.9 or later, or set GNOMON_PYTHON."},
    {.code = "GC017",
     .title = "a test that does not say what it must",
     .meaning = "A file of tests lacks a member, or has one of another kind: a test wants a name, "
                "a definition, the rows of every table that the definition reads, and what is "
                "expected: all features, unless it says partial: true.",
     .example = "tests:\n  - name: prices are added\n    conf: my_team.purchases.v1",
     .mend = "given: {data.purchases: [{ds: 2025-01-01, user_id: u1, price: 2.0}]}"},
    {.code = "GC018",
     .title = "a test with an unknown member",
     .meaning = "A file of tests has a member that means nothing there, so what it says would "
                "not be looked at: often a feature whose name has changed. The hint names the "
                "nearest.",
     .example = "batch: [{ds: 2025-01-03, user_id: u1, price_sum_3: 5.0}]",
     .mend = "batch: [{ds: 2025-01-03, user_id: u1, price_sum_3d: 5.0}]"},
    {.code = "GC019",
     .title = "a value of a test that does not fit",
     .meaning = "A value in a file of tests is not of the type of its column or feature, or is "
                "no day, no time, no type.",
     .example = "at: yesterday",
     .mend = "at: 2025-01-04T12:00:00Z"},
    {.code = "GC020",
     .title = "a file of tests is not YAML",
     .meaning = "The place is the first that cannot be read. Anchors, aliases and tags are not "
                "read, and a key may stand once.",
     .example = "name: a: b",
     .mend = "name: \"a: b\""},
    {.code = "GC021",
     .title = "no test is there",
     .meaning = "Tests are in files named *.test.yaml, below the repository or where the command "
                "says; --only chooses by name.",
     .example = "gnomon test --only refunds, and no test is about refunds",
     .mend = "gnomon test --json lists the tests by running them."},
};

const gnp_family gnp_command_codes = {"Command line and settings", rows,
                                      sizeof rows / sizeof *rows};
