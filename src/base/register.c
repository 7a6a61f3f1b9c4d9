/* The register of diagnostics: one row a code, ascending. A number, once used, keeps its meaning;
 * what is retired stays here and says so. SPDX-License-Identifier: Apache-2.0
 *
 * GD0xx are found while Python definitions are built (python/gnomon/_codes.py has the same ones),
 * and again in compiled files where those can break them; GD1xx in compiled files alone. */
#include "base/register.h"

static const gni_diagnostic definitions[] = {
    {.code = "GD001",
     .title = "module not found",
     .meaning = "A definition file imports a module that Python does not find. Modules of the "
                "repository are imported from its root (`from group_bys.team.file import v1`) "
                "and need no PYTHONPATH; `ai.chronon` needs no installation. Other packages "
                "must be installed for the Python that compiles: $GNOMON_PYTHON, else the "
                "active virtual environment's, else python3.",
     .example = "from group_bys.my_team.source import purchases   # the file is sources.py",
     .mend = "Correct the name, or install the package for the Python that `gnomon doctor` "
             "names."},
    {.code = "GD002",
     .title = "the file raised an exception",
     .meaning = "A definition file is run to learn its objects, and this one failed. The "
                "place is the innermost line of the repository; the message is the "
                "exception's.",
     .example = "v1 = GroupBy(sources=[source], keys=KEYS[\"user\"], …)   # KeyError: 'user'",
     .mend = "Mend the line that is shown; the file must run on its own."},
    {.code = "GD003",
     .title = "not Python",
     .meaning = "The file does not parse. Place and message are Python's own.",
     .example = "v1 = GroupBy(sources=[source], keys=[\"user_id\"]   # the bracket is not "
                "closed",
     .mend = "Mend the line that is shown."},
    {.code = "GD004",
     .title = "unknown name",
     .meaning = "A name is imported or used that does not exist. The hint names the nearest "
                "that does.",
     .example = "from ai.chronon.group_by import Aggregator",
     .mend = "Use the name in the hint."},
    {.code = "GD005",
     .title = "not a definition",
     .meaning = "What is compiled is a Python file, or a folder of them, under group_bys/, "
                "joins/ or staging_queries/ of the repository. The folder decides which "
                "objects are compiled.",
     .example = "gnomon compile scripts/helpers.py",
     .mend = "Give a file under one of the three folders."},
    {.code = "GD006",
     .title = "teams.json cannot be read",
     .meaning = "The root of the repository holds teams.json: one JSON object with a member "
                "for each team, each an object with a namespace, and `default` for what teams "
                "do not say.",
     .example = "{\"my_team\": \"my_namespace\"}",
     .mend = "{\"default\": {}, \"my_team\": {\"namespace\": \"my_namespace\"}}"},
    {.code = "GD007",
     .title = "unknown team, or a setting is missing",
     .meaning = "The team of an object is the first folder below group_bys/, joins/ or "
                "staging_queries/. It must be in teams.json and have a namespace, its own or "
                "that of `default`.",
     .example = "group_bys/my_taem/purchases.py, while teams.json has \"my_team\"",
     .mend = "Rename the folder, or add the team to teams.json."},
    {.code = "GD008",
     .title = "a compiled file cannot be read",
     .meaning = "A file under the output folder is not a compiled object. It is passed over, "
                "so rules that look at it are not checked.",
     .example = "an empty file production/group_bys/my_team/purchases.v1",
     .mend = "Compile its definition again, or remove it."},
    {.code = "GD009",
     .title = "no objects",
     .meaning = "The file has no variable that holds a GroupBy, Join or StagingQuery, as its "
                "folder says.",
     .example = "group_bys/my_team/sources.py that only has an EventSource",
     .mend = "Nothing, when the file is there to be imported; else assign the object to a "
             "variable at the top level."},
    {.code = "GD010",
     .title = "a value of a wrong type",
     .meaning = "A field holds something that its type does not allow: a text where a list is "
                "wanted, a number for a name, a function that was not called.",
     .example = "keys=\"user_id\"          # a text\n"
                "operation=Operation.LAST_K   # not called",
     .mend = "keys=[\"user_id\"], operation=Operation.LAST_K(10)"},
    {.code = "GD011",
     .title = "wrong arguments",
     .meaning = "A builder was called with an argument that it does not have, or without one "
                "that it needs.",
     .example = "Aggregation(column=\"price\", operation=Operation.SUM)",
     .mend = "Aggregation(input_column=\"price\", operation=Operation.SUM)"},
    {.code = "GD012",
     .title = "an argument goes into customJson",
     .meaning = "GroupBy and Join take any keyword and keep it in customJson. This one is so "
                "like a parameter's name that it may be a slip.",
     .example = "GroupBy(…, accuracies=Accuracy.SNAPSHOT)",
     .mend = "Use the parameter in the hint, or another keyword."},
    {.code = "GD020",
     .title = "invalid source",
     .meaning = "A source has exactly one of events, entities and joinSource, with a table "
                "(or a Join) and a query.",
     .example = "Source(events=EventSource(table=\"data.purchases\"))   # no query",
     .mend = "Source(events=EventSource(table=\"data.purchases\", "
             "query=Query(selects=select(\"user_id\"), time_column=\"ts\")))"},
    {.code = "GD021",
     .title = "'ts' is reserved",
     .meaning = "`ts` is the column of a row's time. Its expression is the query's time "
                "column, in milliseconds.",
     .example = "Query(selects=select(\"user_id\", ts=\"created_at\"))",
     .mend = "Query(selects=select(\"user_id\"), time_column=\"created_at\")"},
    {.code = "GD022",
     .title = "mutation columns on events",
     .meaning = "mutation_time_column and reversal_column describe how entities change. "
                "Events do not change.",
     .example = "EventSource(table=…, query=Query(…, mutation_time_column=\"changed_at\"))",
     .mend = "Remove them, or use an EntitySource."},
    {.code = "GD023",
     .title = "a timeColumn is missing",
     .meaning = "Windows and TEMPORAL accuracy need the time of each row: an expression that "
                "gives milliseconds since 1970-01-01T00:00Z.",
     .example = "EventSource(table=\"data.purchases\", "
                "query=Query(selects=select(\"user_id\", \"price\")))",
     .mend = "Query(…, time_column=\"ts\"), or accuracy=Accuracy.SNAPSHOT for a GroupBy over "
             "whole days."},
    {.code = "GD024",
     .title = "SNAPSHOT with a topic",
     .meaning = "A topic is there to serve values as of now; SNAPSHOT serves them as of "
                "midnight.",
     .example = "EventSource(table=…, topic=\"purchases\", …) in a GroupBy with "
                "accuracy=Accuracy.SNAPSHOT",
     .mend = "Remove the topic, or the accuracy."},
    {.code = "GD025",
     .title = "a JoinSource without a topic",
     .meaning = "Chaining on a Join is for streaming: the left source of that Join needs a "
                "topic.",
     .example = "Source(joinSource=JoinSource(join=a_join_over_a_table_alone, query=…))",
     .mend = "Give the left source a topic. Offline, read the Join's output table as an "
             "EventSource or EntitySource."},
    {.code = "GD026",
     .title = "is_incremental does not apply",
     .meaning = "Daily running states are kept for event sources with SNAPSHOT accuracy whose "
                "aggregations all have windows.",
     .example = "GroupBy(…, is_incremental=True, accuracy=Accuracy.TEMPORAL)",
     .mend = "Remove is_incremental, or make the GroupBy SNAPSHOT over events with windows in "
             "days."},
    {.code = "GD027",
     .title = "an upload schedule that does not apply",
     .meaning = "upload_schedule is @daily, @weekly, @monthly or @quarterly; all but @daily "
                "need SNAPSHOT accuracy and no topic, because a streamed GroupBy replays all "
                "rows since its last upload.",
     .example = "GroupBy(…, upload_schedule=\"@hourly\")",
     .mend = "upload_schedule=\"@daily\""},
    {.code = "GD028",
     .title = "sources differ in columns",
     .meaning = "The sources of a GroupBy are read one after another into one table, so they "
                "all select the same columns.",
     .example = "sources=[a source that selects user_id and price, one that selects user_id "
                "and amount]",
     .mend = "Select the same names: select(\"user_id\", price=\"amount\")."},
    {.code = "GD029",
     .title = "a key is not selected",
     .meaning = "Every key column is a column of the sources' queries.",
     .example = "keys=[\"user\"] over select(\"user_id\", \"price\")",
     .mend = "keys=[\"user_id\"], or select(user=\"user_id\")"},
    {.code = "GD030",
     .title = "aggregations are missing",
     .meaning = "Without aggregations rows pass through as they are. Only an entity source "
                "without mutation table and topic has one row a key and day.",
     .example = "GroupBy(sources=[an event source], keys=[\"user_id\"], aggregations=None)",
     .mend = "List the aggregations."},
    {.code = "GD031",
     .title = "no input column, or an unknown one",
     .meaning = "An aggregation computes something of a column that the sources' queries "
                "select (or `ts`). In a compiled file a column that is not selected is GD107.",
     .example = "Aggregation(operation=Operation.COUNT)",
     .mend = "Aggregation(input_column=\"price\", operation=Operation.COUNT)"},
    {.code = "GD032",
     .title = "percentiles",
     .meaning = "APPROX_PERCENTILE takes a list of numbers from 0 to 1.",
     .example = "Operation.APPROX_PERCENTILE([50, 95])",
     .mend = "Operation.APPROX_PERCENTILE([0.5, 0.95])"},
    {.code = "GD033",
     .title = "hours are too fine",
     .meaning = "SNAPSHOT accuracy and offline tables have one value a day, so windows are in "
                "days. backfill_start_date asks for an offline table, also of a TEMPORAL "
                "GroupBy.",
     .example = "windows=[Window(6, TimeUnit.HOURS)] with backfill_start_date",
     .mend = "Use a window in days, or remove backfill_start_date (and SNAPSHOT)."},
    {.code = "GD034",
     .title = "historical_backfill without a start",
     .meaning = "historical_backfill says how an offline table is filled; backfill_start_date "
                "asks for it.",
     .example = "GroupBy(…, historical_backfill=False)",
     .mend = "Add backfill_start_date, or remove historical_backfill."},
    {.code = "GD035",
     .title = "selects are missing",
     .meaning = "The query must name its columns.",
     .example = "Query(time_column=\"ts\")",
     .mend = "Query(selects=select(\"user_id\", \"price\"), time_column=\"ts\")"},
    {.code = "GD040",
     .title = "a key mapping names no key",
     .meaning = "key_mapping maps a left column to a key of the GroupBy, so its values are "
                "keys of the GroupBy.",
     .example = "JoinPart(group_by=by_user_id, key_mapping={\"customer\": \"user\"})",
     .mend = "JoinPart(group_by=by_user_id, key_mapping={\"customer\": \"user_id\"})"},
    {.code = "GD041",
     .title = "an impossible left side",
     .meaning = "The left side of a Join is events that are not cumulative, or entities.",
     .example = "Join(left=Source(joinSource=…), …)",
     .mend = "Read the other Join's output table as an EventSource."},
    {.code = "GD042",
     .title = "'ts' is selected on the left",
     .meaning = "`ts` is the column of a row's time. Give its expression as the query's time "
                "column.",
     .example = "Query(selects=select(\"user_id\", ts=\"created_at\"), time_column=\"ts_ms\")",
     .mend = "Query(selects=select(\"user_id\"), time_column=\"created_at\")"},
    {.code = "GD043",
     .title = "an external source twice",
     .meaning = "External parts of a Join differ in source or prefix, or their columns would "
                "be the same.",
     .example = "online_external_parts=[ExternalPart(a), ExternalPart(a)]",
     .mend = "ExternalPart(a, prefix=\"buyer\"), ExternalPart(a, prefix=\"seller\")"},
    {.code = "GD044",
     .title = "bootstrap_from_log without a log",
     .meaning = "Only an online Join with sample_percent above 0 logs requests.",
     .example = "Join(…, bootstrap_from_log=True)",
     .mend = "Join(…, bootstrap_from_log=True, online=True, sample_percent=10.0)"},
    {.code = "GD045",
     .title = "label rules",
     .meaning = "A label with aggregations is alone, has one aggregation with one window in "
                "days, and both offsets equal to that window. The start offset is not below "
                "the end offset.",
     .example = "LabelPart(labels=[JoinPart(…7 days…)], left_start_offset=7, "
                "left_end_offset=1)",
     .mend = "LabelPart(labels=[…], left_start_offset=7, left_end_offset=7)"},
    {.code = "GD046",
     .title = "'contextual' is reserved",
     .meaning = "The name `contextual` stands for values that come with the request.",
     .example = "ExternalSource(name=\"contextual\", …)",
     .mend = "ContextualSource(fields=[…])"},
    {.code = "GD047",
     .title = "map keys are STRING",
     .meaning = "A MAP has STRING keys.",
     .example = "DataType.MAP(DataType.LONG, DataType.DOUBLE)",
     .mend = "DataType.MAP(DataType.STRING, DataType.DOUBLE)"},
    {.code = "GD048",
     .title = "an object without a name",
     .meaning = "Names come from file and variable. An object that another one needs by name "
                "is a variable at the top level of a file in its folder and is imported from "
                "there, or is given a name.",
     .example = "JoinPart(group_by=make_group_by())",
     .mend = "v1 = make_group_by() in a file under group_bys/, then `from group_bys.team.file "
             "import v1`."},
    {.code = "GD050",
     .title = "an offline GroupBy in an online Join",
     .meaning = "A served Join fetches all its GroupBys, so each is online.",
     .example = "Join(…, online=True) over GroupBy(…, online=False)",
     .mend = "GroupBy(…, online=True)"},
    {.code = "GD051",
     .title = "a non-production GroupBy in a production Join",
     .meaning = "production=False on the GroupBy contradicts production=True on the Join.",
     .example = "Join(…, production=True) over GroupBy(…, production=False)",
     .mend = "Set production=True on the GroupBy, or leave it out."},
    {.code = "GD052",
     .title = "a GroupBy switched off under a Join that has it on",
     .meaning = "A compiled Join is online (or production) and has this GroupBy, which now "
                "says False.",
     .example = "GroupBy(…, online=False) while production/joins/ has an online Join with it",
     .mend = "Set it to True, or change the Join first."},
    {.code = "GD053",
     .title = "a derivation of an unknown column",
     .meaning = "A derivation whose expression is just a name renames that column, so it must "
                "be a column before derivations, a key, or ds or ts.",
     .example = "Derivation(name=\"spent\", expression=\"price_sum_30day\")",
     .mend = "Derivation(name=\"spent\", expression=\"price_sum_30d\")"},
    {.code = "GD054",
     .title = "a derivation takes a column's name",
     .meaning = "With `*` all columns are kept, so a new name must be free; a key may be "
                "replaced.",
     .example = "[Derivation(\"*\", \"*\"), Derivation(\"price_sum_7d\", \"price_sum_7d / "
                "100\")]",
     .mend = "Choose another name, or rename the column first."},
    {.code = "GD055",
     .title = "deprecation_date is not a day",
     .meaning = "It is a day of the calendar, written yyyy-MM-dd.",
     .example = "deprecation_date=\"31.12.2026\"",
     .mend = "deprecation_date=\"2026-12-31\""},
    {.code = "GD056",
     .title = "cumulative events without a timeColumn",
     .meaning = "Each partition of a cumulative table holds all rows so far; the time tells "
                "which belong to a day.",
     .example = "EventSource(table=…, is_cumulative=True, query=Query(selects=…))",
     .mend = "Query(selects=…, time_column=\"ts\")"},
    {.code = "GD057",
     .title = "a view with dates",
     .meaning = "With create_view the query becomes a view over all days; start_date and "
                "end_date have no value there.",
     .example = "StagingQuery(query=\"… WHERE ds >= '{{ start_date }}'\", create_view=True)",
     .mend = "Leave the dates out and filter where the view is read."},
    {.code = "GD058",
     .title = "an online object would change",
     .meaning = "The compiled object is online and the new one computes something else: "
                "values already served would change their meaning.",
     .example = "a window of v1 changed from 7 to 14 days",
     .mend = "Give it a new variable (v2), or compile with --force."},
    {.code = "GD059",
     .title = "dependents are not compiled",
     .meaning = "Compiled Joins hold a copy of each GroupBy, and chained GroupBys one of "
                "their Join. They are compiled together.",
     .example = "gnomon compile group_bys/my_team/purchases.py while a compiled Join has that "
                "GroupBy",
     .mend = "Compile the whole repository, or pass --force."},
    {.code = "GD060",
     .title = "deprecation",
     .meaning = "Something outlives what it reads. Compiling goes on.",
     .example = "a Join without deprecation_date over a GroupBy that ends on 2026-12-31",
     .mend = "Read something else, or give both a deprecation_date."},
    {.code = "GD061",
     .title = "nothing to do for a GroupBy",
     .meaning = "A GroupBy that is neither online nor has a backfill_start_date has no job of "
                "its own and is not written; Joins carry their own copy.",
     .example = "GroupBy(sources=…, keys=…, aggregations=…)",
     .mend = "Nothing, when a Join uses it; else online=True or backfill_start_date."},
    {.code = "GD062",
     .title = "samplePercent is kept",
     .meaning = "The compiled Join logs requests and the definition no longer says how many. "
                "The old value stays, unless --yes or an answer at the terminal says "
                "otherwise.",
     .example = "Join(…) without sample_percent, while the compiled one has 10.0",
     .mend = "Write sample_percent again, or compile with --yes."},
    {.code = "GD063",
     .title = "an operation without a bound",
     .meaning = "UNIQUE_COUNT and HISTOGRAM keep every distinct value of a key and window.",
     .example = "Aggregation(input_column=\"session_id\", operation=Operation.UNIQUE_COUNT)",
     .mend = "BOUNDED_UNIQUE_COUNT_K(k) counts up to k."},
    {.code = "GD064",
     .title = "a compiled file without a definition",
     .meaning = "A dependent is compiled, but its Python file or variable is gone.",
     .example = "production/joins/my_team/old.v1, and no joins/my_team/old.py",
     .mend = "Remove the compiled file."},
    {.code = "GD100",
     .title = "not JSON",
     .meaning = "A compiled definition is one JSON object. The place is the first character "
                "that does not fit.",
     .example = "{\"metaData\": {\"name\": \"team.file.v1\",}}",
     .mend = "Compile the definition again; compiled files are not written by hand."},
    {.code = "GD101",
     .title = "not a definition that is known",
     .meaning = "What a compiled file holds is told by its folder (group_bys/, joins/, "
                "staging_queries/, models/), else by a member that only one kind has.",
     .example = "{\"name\": \"v1\"}",
     .mend = "Put the file under its folder, or check that it is the file that was meant."},
    {.code = "GD102",
     .title = "a member of a wrong kind",
     .meaning = "A member holds a value of a kind that it cannot have.",
     .example = "\"keyColumns\": \"user_id\"",
     .mend = "\"keyColumns\": [\"user_id\"]"},
    {.code = "GD103",
     .title = "an unknown member",
     .meaning = "The struct has no member of that name, so what it says has no effect. Other "
                "versions of Chronon may have more members.",
     .example = "\"keyColums\": [\"user_id\"]",
     .mend = "\"keyColumns\": [\"user_id\"]"},
    {.code = "GD104",
     .title = "an unknown value of an enum",
     .meaning = "Enums are written as numbers, and may be given as names. This is neither.",
     .example = "\"operation\": \"MEAN\"",
     .mend = "\"operation\": 8, which is AVERAGE"},
    {.code = "GD105",
     .title = "a number out of range",
     .meaning = "The member is a whole number of 32 bits.",
     .example = "\"length\": 99999999999",
     .mend = "\"length\": 7"},
    {.code = "GD106",
     .title = "something that is needed is missing",
     .meaning = "A definition without this part cannot be computed.",
     .example = "{\"metaData\": {\"name\": \"team.file.v1\"}, \"sources\": []}",
     .mend = "Add what the message names."},
    {.code = "GD107",
     .title = "aggregation reads a column the source does not select",
     .meaning = "input_column of an aggregation is a column that the sources' queries select, "
                "or `ts`.",
     .example = "selects=select(\"user_id\", \"purchase_price\")\n"
                "Aggregation(input_column=\"purchase_prise\", operation=Operation.SUM)",
     .mend = "Aggregation(input_column=\"purchase_price\", operation=Operation.SUM)"},
    {.code = "GD108",
     .title = "a member twice",
     .meaning = "A JSON object has two members of one name. The last one counts, as in every "
                "other reader; the first has no effect.",
     .example = "{\"name\": \"v1\", \"name\": \"v2\"}",
     .mend = "Remove one of the two."},
    {.code = "GD109",
     .title = "too many",
     .meaning = "A definition has a ceiling for what one GroupBy or map may hold, so that a "
                "mistake in a loop does not fill the memory.",
     .example = "an aggregation with 200 buckets and 60 windows",
     .mend = "Split the GroupBy."},
    {.code = "GD110",
     .title = "customJson is no JSON",
     .meaning = "customJson is a text that holds one JSON object: lag, tags and whatever else "
                "the builder was given.",
     .example = "\"customJson\": \"lag=1\"",
     .mend = "\"customJson\": \"{\\\"lag\\\": 1}\""},
    {.code = "GD112",
     .title = "no namespace",
     .meaning = "Tables are called namespace.team_file_variable. Without a namespace they go "
                "to `default`, where names of different teams may meet.",
     .example = "a team without \"namespace\" in teams.json",
     .mend = "{\"my_team\": {\"namespace\": \"my_namespace\"}}"},
    {.code = "GD113",
     .title = "an empty window",
     .meaning = "A window is at least one hour or one day long.",
     .example = "Window(0, TimeUnit.DAYS)",
     .mend = "Window(1, TimeUnit.DAYS)"},
    {.code = "GD114",
     .title = "k is missing or wrong",
     .meaning = "LAST_K, FIRST_K, TOP_K and BOTTOM_K need a k, a whole number above 0. For "
                "sketches k is their size: from 4 to 26 for APPROX_UNIQUE_COUNT, from 8 to 65535 "
                "for APPROX_PERCENTILE, up to 16777216 for APPROX_HISTOGRAM_K.",
     .example = "{\"operation\": 13, \"argMap\": {}}",
     .mend = "Operation.LAST_K(10)"},
    {.code = "GD115",
     .title = "an unknown argument",
     .meaning = "The operation has no such argument, so it has no effect.",
     .example = "{\"operation\": 7, \"argMap\": {\"k\": \"3\"}}",
     .mend = "Remove it."},
    {.code = "GD117",
     .title = "two outputs of one name",
     .meaning = "Names of outputs are made of input, operation, window and bucket. k shows "
                "for the first, last, top and bottom k only, so two histograms of one column "
                "that differ in k have one name.",
     .example = "HISTOGRAM_K(5) and HISTOGRAM_K(10) of one column and window",
     .mend = "Select the column under a second name: select(city=\"city\", "
             "city_again=\"city\")."},
    {.code = "GD118",
     .title = "a long window in hours",
     .meaning = "A window of 288 hours or more moves in steps of a day. When it is no whole "
                "number of days, its oldest day is cut differently online and offline.",
     .example = "Window(300, TimeUnit.HOURS)",
     .mend = "Window(12, TimeUnit.DAYS)"},
    {.code = "GD119",
     .title = "tokens do not filter rows",
     .meaning = "What follows a slash in a table's name (`data.events/system=mobile`) "
                "restricts which partitions count as landed, and is waited for. It does not "
                "restrict which rows are read.",
     .example = "EventSource(table=\"data.events/system=mobile\", query=Query(wheres=[]))",
     .mend = "Query(wheres=[\"system = 'mobile'\"])"},
    {.code = "GD120",
     .title = "not a day",
     .meaning = "Partitions are days of the calendar, written yyyy-MM-dd (or yyyyMMdd where "
                "the tables are so).",
     .example = "start_partition=\"2025-02-30\"",
     .mend = "start_partition=\"2025-02-28\""},
    {.code = "GD121",
     .title = "the end is before the start",
     .meaning = "Nothing lies between the two partitions.",
     .example = "start_partition=\"2025-03-01\", end_partition=\"2025-02-01\"",
     .mend = "Exchange the two."},
    {.code = "GD122",
     .title = "a bucket that is not selected",
     .meaning = "Buckets are columns of text that the sources' queries select.",
     .example = "Aggregation(input_column=\"price\", operation=Operation.SUM, "
                "buckets=[\"country\"])",
     .mend = "select(\"user_id\", \"price\", \"country\")"},
    {.code = "GD123",
     .title = "element_wise with buckets",
     .meaning = "An aggregation goes position by position through lists, or bucket by bucket; "
                "not both.",
     .example = "Aggregation(input_column=\"embedding\", operation=Operation.SUM, "
                "element_wise=True, buckets=[\"kind\"])",
     .mend = "Use one of the two."},
    {.code = "GD124",
     .title = "an ordered operation without time",
     .meaning = "FIRST, LAST and their K lists order rows by time, so the query needs a time "
                "column.",
     .example = "Aggregation(input_column=\"city\", operation=Operation.LAST) over an entity "
                "source without time_column",
     .mend = "Query(…, time_column=\"updated_at\")"},
    {.code = "GD125",
     .title = "a name twice",
     .meaning = "Keys, and derivations, have names of their own.",
     .example = "keys=[\"user_id\", \"user_id\"]",
     .mend = "Remove one of the two."},
    {.code = "GD127",
     .title = "sources of different models",
     .meaning = "The sources of a GroupBy are all events, or all entities: windows mean "
                "different things for the two.",
     .example = "sources=[Source(events=…), Source(entities=…)]",
     .mend = "Make two GroupBys and join both."},
    {.code = "GD128",
     .title = "changes without their columns",
     .meaning = "A mutation table or topic has the images before and after a change. The time "
                "of the change and the mark of the image before tell them apart.",
     .example = "EntitySource(snapshotTable=…, mutationTable=…, query=Query(selects=…))",
     .mend = "Query(…, mutation_time_column=\"changed_at\", reversal_column=\"is_before\")"},
    {.code = "GD129",
     .title = "two definitions with one table",
     .meaning = "Every character of a name but letters and digits becomes `_` in tables and "
                "datasets, so different names may fall together and overwrite each other.",
     .example = "team.user_clicks.v1 and team.user.clicks_v1",
     .mend = "Rename one of the two."},
    {.code = "GD130",
     .title = "the left side lacks a key",
     .meaning = "The keys of a GroupBy are looked up in the left side's columns, by the names "
                "in key_mapping where those differ.",
     .example = "Join(left over select(\"customer\"), "
                "right_parts=[JoinPart(group_by=by_user_id)])",
     .mend = "JoinPart(group_by=by_user_id, key_mapping={\"customer\": \"user_id\"})"},
    {.code = "GD131",
     .title = "a GroupBy twice with one prefix",
     .meaning = "Two parts with the same GroupBy and prefix give columns of the same names.",
     .example = "right_parts=[JoinPart(a), JoinPart(a, key_mapping={\"seller\": \"user\"})]",
     .mend = "JoinPart(a, prefix=\"seller\", key_mapping={\"seller\": \"user\"})"},
    {.code = "GD132",
     .title = "a schema that is no type",
     .meaning = "Schemas of external sources and models are STRUCTs; a LIST has one param, a "
                "MAP has two, and every part has a kind.",
     .example = "{\"kind\": 12, \"params\": []}",
     .mend = "DataType.LIST(DataType.STRING)"},
    {.code = "GD133",
     .title = "a skewed column that is no key",
     .meaning = "skew_keys maps a left column that is looked up by a part to the values whose "
                "rows are left out.",
     .example = "Join(…, skew_keys={\"country\": [\"'xx'\"]}) where no part has the key "
                "country",
     .mend = "Filter the rows in the left query's wheres."},
    {.code = "GD134",
     .title = "no team",
     .meaning = "A Join and its GroupBys have an owning team: the first folder of their file.",
     .example = "a compiled Join without \"team\" in its metaData",
     .mend = "Compile the definitions again."},
    {.code = "GD135",
     .title = "a percentage out of range",
     .meaning = "It is from 0 to 100.",
     .example = "sample_percent=250.0",
     .mend = "sample_percent=25.0"},
    {.code = "GD136",
     .title = "an unknown macro",
     .meaning = "A staging query knows {{ start_date }}, {{ end_date }}, {{ latest_date }} "
                "and {{ max_date(table=ns.t) }}.",
     .example = "SELECT * FROM t WHERE ds = '{{ ds }}'",
     .mend = "SELECT * FROM t WHERE ds BETWEEN '{{ start_date }}' AND '{{ end_date }}'"},
};

static const gnp_family definition_codes = {"Definitions", definitions,
                                            sizeof definitions / sizeof *definitions};

/* In the alphabet's order; pages are in the order in which a user meets them. */
static const gnp_family *const families[] = {
    &gnp_command_codes, &definition_codes, &gnp_general_codes,
    &gnp_online_codes,  &gnp_plan_codes,   &gnp_resource_codes,
    &gnp_spark_codes,   &gnp_table_codes,  &gnp_expression_codes};
static const gnp_family *const chapters[] = {
    &definition_codes,  &gnp_expression_codes, &gnp_table_codes,
    &gnp_plan_codes,    &gnp_online_codes,     &gnp_spark_codes,
    &gnp_command_codes, &gnp_resource_codes,   &gnp_general_codes};
enum { FAMILY_COUNT = sizeof families / sizeof *families };

size_t gni_diagnostic_count(void)
{
  size_t count = 0;
  for (size_t i = 0; i < FAMILY_COUNT; i++) count += families[i]->count;
  return count;
}

const gni_diagnostic *gni_diagnostic_at(size_t index)
{
  size_t i = 0;
  while (index >= families[i]->count) index -= families[i++]->count;
  return &families[i]->rows[index];
}

static bool is_same_code(gn_str text, const char *code)
{
  if (text.len != strlen(code)) return false;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
    if (c != code[i]) return false;
  }
  return true;
}

const gni_diagnostic *gni_diagnostic_find(gn_str code)
{
  for (size_t f = 0; f < FAMILY_COUNT; f++)
    for (size_t i = 0; i < families[f]->count; i++)
      if (is_same_code(code, families[f]->rows[i].code)) return &families[f]->rows[i];
  return NULL;
}

int gni_diagnostic_page(const gni_diagnostic *diagnostic, gn_buf *out)
{
  gni_buf_add_format(out, "%s: %s\n\n%s\n\nFor example\n\n", diagnostic->code, diagnostic->title,
                     diagnostic->meaning);
  gn_str rest = gni_str(diagnostic->example), line;
  while (gni_str_split(&rest, '\n', &line))
    gni_buf_add_format(out, "    %.*s\n", GN_STR_ARGS(line));
  return gni_buf_add_format(out, "\nHow to mend it\n\n%s\n", diagnostic->mend);
}

int gni_diagnostic_pages(gn_buf *out)
{
  gni_buf_add_text(
      out, "# Diagnostics\n\nMade from `src/base/register*.c`; do not edit. `gnomon explain CODE` "
           "prints one page.\n");
  for (size_t f = 0; f < sizeof chapters / sizeof *chapters; f++) {
    gni_buf_add_format(out, "\n## %s\n", chapters[f]->title);
    for (size_t i = 0; i < chapters[f]->count; i++) {
      gni_buf_add_text(out, "\n### ");
      gni_diagnostic_page(&chapters[f]->rows[i], out);
    }
  }
  return out->rc;
}
