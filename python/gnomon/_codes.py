"""The codes of problems that Python finds in definitions: GD001 to GD099, never used twice.

`python -m gnomon._define --codes` prints this table as JSON lines for `gnomon explain`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

CODES: dict[str, tuple[str, str]] = {
    "GD001": (
        "module not found",
        "The file imports a module that Python does not find. Modules of the repository are "
        "imported from its root (`from group_bys.team.file import v1`), and need no PYTHONPATH. "
        "Other packages have to be installed for the Python that compiles: $GNOMON_PYTHON, else "
        "the active virtual environment's, else python3. `ai.chronon` needs no installation.",
    ),
    "GD002": (
        "the file raised an exception",
        "A definition file is run to learn its objects, and this one failed. The position is the "
        "innermost line of the repository; the message is the exception's.",
    ),
    "GD003": ("not Python", "The file does not parse. The position and message are Python's."),
    "GD004": (
        "unknown name",
        "A name is imported or used that does not exist. The hint names the nearest that does.",
    ),
    "GD005": (
        "not a definition",
        "What is compiled is a Python file, or a folder of them, under group_bys/, joins/ or "
        "staging_queries/ of the repository. The folder decides which objects are compiled.",
    ),
    "GD006": (
        "teams.json cannot be read",
        'The root of the repository holds teams.json: {"default": {…}, "team": {"namespace": …}}.',
    ),
    "GD007": (
        "unknown team, or a setting is missing",
        "The team of an object is the first folder below group_bys/ and so on. It must be in "
        "teams.json and have a namespace, its own or that of `default`.",
    ),
    "GD008": (
        "a compiled file cannot be read",
        "A file under the output folder is not a compiled object. It is passed over, so rules that "
        "look at it are not checked. Compile its definition again, or remove it.",
    ),
    "GD009": (
        "no objects",
        "The file has no variable that holds a GroupBy, Join or StagingQuery, as its folder says.",
    ),
    "GD010": (
        "a value of a wrong type",
        "A field holds something that its type does not allow: text where a list is wanted, a "
        "number for a name, a function that was not called (`Operation.LAST_K` for "
        "`Operation.LAST_K(10)`). Whole numbers are fine where a fraction may stand.",
    ),
    "GD011": (
        "wrong arguments",
        "A builder was called with an argument that it does not have, or without one it needs.",
    ),
    "GD012": (
        "an argument goes into customJson",
        "GroupBy and Join take any keyword and keep it in customJson. This one is so like a "
        "parameter's name that it may be a slip.",
    ),
    "GD020": (
        "invalid source",
        "A source is Source(events=EventSource(table=…, query=Query(…))), Source(entities="
        "EntitySource(snapshotTable=…, query=Query(…))) or Source(joinSource=JoinSource(join=…, "
        "query=Query(…))): exactly one of the three, with a query.",
    ),
    "GD021": (
        "'ts' is reserved",
        "`ts` is the column of a row's time. Give its expression as time_column, in milliseconds.",
    ),
    "GD022": (
        "mutation columns on events",
        "mutation_time_column and reversal_column describe how entities change. Events do not.",
    ),
    "GD023": (
        "a timeColumn is missing",
        "Windows and TEMPORAL accuracy need the time of each row: time_column in the Query, an "
        "expression that gives milliseconds since 1970-01-01 UTC.",
    ),
    "GD024": (
        "SNAPSHOT with a topic",
        "A topic is there to serve values as of now; SNAPSHOT serves them as of midnight.",
    ),
    "GD025": (
        "a JoinSource without a topic",
        "Chaining on a Join is for streaming: its left source needs a topic. Offline, read the "
        "Join's output table as an EventSource or EntitySource.",
    ),
    "GD026": (
        "is_incremental does not apply",
        "Daily partial results are kept for event sources with SNAPSHOT accuracy only.",
    ),
    "GD027": (
        "an upload schedule that does not apply",
        "upload_schedule is @daily, @weekly, @monthly or @quarterly; all but @daily need SNAPSHOT "
        "accuracy and no topic.",
    ),
    "GD028": (
        "sources differ in columns",
        "The sources of a GroupBy are read one after another into one table, so they all select "
        "the same columns.",
    ),
    "GD029": ("a key is not selected", "Every key column is a column of the sources' queries."),
    "GD030": (
        "aggregations are missing",
        "aggregations=None takes rows as they are. Only an entity source without mutation table "
        "and topic has one row a key and day.",
    ),
    "GD031": (
        "an unknown input column",
        "input_column of an Aggregation is a column of the sources' queries, or `ts`.",
    ),
    "GD032": (
        "percentiles",
        "APPROX_PERCENTILE takes a list of numbers from 0 to 1: APPROX_PERCENTILE([0.5, 0.95]).",
    ),
    "GD033": (
        "hours are too fine",
        "SNAPSHOT accuracy and offline tables have one value a day, so windows are in days. "
        "backfill_start_date asks for an offline table, also of a TEMPORAL GroupBy.",
    ),
    "GD034": (
        "historical_backfill without a start",
        "historical_backfill says how an offline table is filled; backfill_start_date asks for it.",
    ),
    "GD035": ("selects are missing", "The query must name its columns: selects=select(…)."),
    "GD040": (
        "a key mapping names no key",
        "key_mapping maps left column to GroupBy key, so its values are keys of the GroupBy.",
    ),
    "GD041": (
        "an impossible left side",
        "The left side of a Join is events (not cumulative) or entities.",
    ),
    "GD042": ("'ts' is selected on the left", "Give the time of left rows as time_column."),
    "GD043": (
        "an external source twice",
        "External parts of a Join differ in source or prefix, or their columns would be the same.",
    ),
    "GD044": (
        "bootstrap_from_log without a log",
        "Only an online Join with sample_percent above 0 logs requests.",
    ),
    "GD045": (
        "label rules",
        "A label with aggregations is alone, has one aggregation with one window in days, and both "
        "offsets equal to that window.",
    ),
    "GD046": ("'contextual' is reserved", "Use ContextualSource for values of the request."),
    "GD047": ("map keys are STRING", "DataType.MAP has STRING keys."),
    "GD048": (
        "an object without a name",
        "Names come from file and variable. An object that another one needs by name is a variable "
        "at the top level of a file in its folder, and is imported from there; or it is given a "
        "name: GroupBy(name=…).",
    ),
    "GD050": (
        "an offline GroupBy in an online Join",
        "A served Join fetches all its GroupBys, so each is online=True.",
    ),
    "GD051": (
        "a non-production GroupBy in a production Join",
        "production=False on the GroupBy contradicts production=True on the Join.",
    ),
    "GD052": (
        "a GroupBy switched off under a Join that has it on",
        "A compiled Join is online (or production) and has this GroupBy, which now says False.",
    ),
    "GD053": (
        "a derivation of an unknown column",
        "A derivation whose expression is just a name renames that column, so it must be a column "
        "before derivations, or ds or ts.",
    ),
    "GD054": (
        "a derivation takes a column's name",
        "With `*` all columns are kept, so a new name must be free; a key may be replaced.",
    ),
    "GD055": ("deprecation_date is not a day", "It is written yyyy-MM-dd."),
    "GD056": (
        "cumulative events without a timeColumn",
        "Each day of a cumulative table holds all rows so far; the time tells which belong to it.",
    ),
    "GD057": (
        "a view with dates",
        "With createView the query becomes a view over all days; start_date and end_date have no "
        "value there.",
    ),
    "GD058": (
        "an online object would change",
        "The compiled object is online and the new one computes something else: values already "
        "served would change their meaning. Give it a new variable (v2), or --force-overwrite.",
    ),
    "GD059": (
        "dependents are not compiled",
        "Compiled Joins hold a copy of each GroupBy, and chained GroupBys one of their Join. They "
        "are compiled with it: compile the whole repository, or pass --force-overwrite.",
    ),
    "GD060": ("deprecation", "Something outlives what it reads. Compiling goes on."),
    "GD061": (
        "nothing to do for a GroupBy",
        "A GroupBy that is neither online nor has a backfill_start_date has no job of its own and "
        "is not written; Joins carry their own copy.",
    ),
    "GD062": (
        "samplePercent is kept",
        "The compiled Join logs requests and the definition no longer says how many. The old value "
        "stays, unless --yes or an answer at the terminal says otherwise.",
    ),
    "GD063": (
        "an operation without a bound",
        "UNIQUE_COUNT and HISTOGRAM keep every distinct value of a key and window.",
    ),
    "GD064": (
        "a compiled file without a definition",
        "A dependent is compiled, but its Python file or variable is gone. Remove the file.",
    ),
}
