"""`GroupBy` and what goes into it: aggregations, operations, windows, derivations."""

from __future__ import annotations

import json
import sys

from gnomon.chronon import _context, _dependencies
from gnomon.chronon import _group_by_rules as rules
from gnomon.chronon._columns import get_output_col_names, op_to_str, window_to_str_pretty
from gnomon.chronon._problem import (
    NOTE,
    WARNING,
    Problem,
    fail,
    nearest,
    report,
    require_list_of,
)
from gnomon.chronon._sources import get_columns, get_query, normalized
from gnomon.chronon.api import ttypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, ValuesView
    from typing import Any, Callable, Union

    Arguments = dict[str, str]
    AnyOperation = Union[int, tuple[int, Arguments]]
    AnySource = Union[ttypes.Source, ttypes.EventSource, ttypes.EntitySource, ttypes.JoinSource]

OperationType = int

DEFAULT_ONLINE = None
DEFAULT_PRODUCTION = None

UPLOAD_SCHEDULE_KEY = rules.UPLOAD_SCHEDULE_KEY
DEFAULT_UPLOAD_SCHEDULE = rules.UPLOAD_SCHEDULES[0]
UPLOAD_SCHEDULES = rules.UPLOAD_SCHEDULES


def collector(op: int) -> Callable[[Any], tuple[int, Arguments]]:
    """An operation that takes one argument, `k`."""
    return lambda k: (op, {"k": str(k)})


def generic_collector(
    op: int, required: list[str], **kwargs: Any
) -> Callable[..., tuple[int, Arguments]]:
    """An operation with required arguments (by position or name) and defaults for others."""

    def with_arguments(*args: Any, **other_args: Any) -> tuple[int, Arguments]:
        given = {**kwargs, **dict(zip(required, args)), **other_args}
        missing = [name for name in required if name not in given]
        if missing or len(args) > len(required):
            raise TypeError(f"{op_to_str(op).upper()}() takes {', '.join(required)}")
        return op, {name: str(value) for name, value in given.items()}

    return with_arguments


class Accuracy(ttypes.Accuracy):
    """TEMPORAL: as of the time of the request. SNAPSHOT: as of the midnight before it."""


class Operation:
    """What to do with the values of a key inside a window. Those with an argument are called."""

    MIN = ttypes.Operation.MIN
    MAX = ttypes.Operation.MAX
    FIRST = ttypes.Operation.FIRST
    LAST = ttypes.Operation.LAST
    APPROX_UNIQUE_COUNT = ttypes.Operation.APPROX_UNIQUE_COUNT
    # k is the base-2 logarithm of the sketch's size; without it 8
    APPROX_UNIQUE_COUNT_LGK = collector(ttypes.Operation.APPROX_UNIQUE_COUNT)
    UNIQUE_COUNT = ttypes.Operation.UNIQUE_COUNT
    BOUNDED_UNIQUE_COUNT_K = collector(ttypes.Operation.BOUNDED_UNIQUE_COUNT)
    COUNT = ttypes.Operation.COUNT
    SUM = ttypes.Operation.SUM
    AVERAGE = ttypes.Operation.AVERAGE
    VARIANCE = ttypes.Operation.VARIANCE
    SKEW = ttypes.Operation.SKEW
    KURTOSIS = ttypes.Operation.KURTOSIS
    HISTOGRAM = ttypes.Operation.HISTOGRAM
    # k keeps the k most frequent entries; 0 keeps all
    HISTOGRAM_K = collector(ttypes.Operation.HISTOGRAM)
    APPROX_HISTOGRAM_K = collector(ttypes.Operation.APPROX_HISTOGRAM_K)
    FIRST_K = collector(ttypes.Operation.FIRST_K)
    LAST_K = collector(ttypes.Operation.LAST_K)
    TOP_K = collector(ttypes.Operation.TOP_K)
    BOTTOM_K = collector(ttypes.Operation.BOTTOM_K)
    # percentiles: a list of numbers from 0 to 1; k: accuracy of the sketch
    APPROX_PERCENTILE = generic_collector(
        ttypes.Operation.APPROX_PERCENTILE, ["percentiles"], k=128
    )


class TimeUnit:
    """Unit of a window's length."""

    HOURS = ttypes.TimeUnit.HOURS
    DAYS = ttypes.TimeUnit.DAYS


# What costs memory without a limit, and what to use in its place.
_COSTLY = {
    ttypes.Operation.UNIQUE_COUNT: "BOUNDED_UNIQUE_COUNT_K or APPROX_UNIQUE_COUNT",
    ttypes.Operation.HISTOGRAM: "APPROX_HISTOGRAM_K",
}


def Window(length: int, timeUnit: int) -> ttypes.Window:
    """The last `length` hours or days: `Window(length=7, timeUnit=TimeUnit.DAYS)`."""
    return ttypes.Window(length, timeUnit)


def Aggregation(
    input_column: str | None = None,
    operation: AnyOperation | None = None,
    windows: list[ttypes.Window] | None = None,
    buckets: list[str] | None = None,
    tags: dict[str, str] | None = None,
    element_wise: bool | None = None,
) -> ttypes.Aggregation:
    """One operation over one column. Gives a column for each window and each bucket column.

    input_column: an output column of the sources' queries. A list column counts each element, a
        map column aggregates per map key.
    operation: one of `Operation`, LAST if left out.
    windows: how far back to look; None is all time.
    buckets: columns (text) by which to split; each gives a column of maps, bucket value -> result.
    tags: notes about the output columns, kept in the GroupBy's customJson.
    element_wise: aggregate lists of one length position by position; the result is a list.

    Output names: `amount_sum`, `amount_sum_7d`, `amount_last10_1h`, `amount_sum_7d_by_country`.
    """
    require_list_of("Window", windows, "windows", "Window(7, TimeUnit.DAYS)")
    arguments: Arguments = {}
    if operation is None:
        operation = Operation.LAST
    if isinstance(operation, tuple):
        operation, arguments = operation
    aggregation = ttypes.Aggregation(input_column, operation, arguments, windows, buckets)
    aggregation.tags = tags  # type: ignore[attr-defined]
    aggregation.elementWise = element_wise
    if isinstance(operation, int) and operation in _COSTLY:
        report(
            Problem(
                "GD063",
                f"{op_to_str(operation).upper()} keeps every distinct value in memory",
                f"{_COSTLY[operation]} is bounded",
                aggregation,
                "operation",
                NOTE,
            )
        )
    return aggregation


def Aggregations(**agg_dict: ttypes.Aggregation) -> ValuesView[ttypes.Aggregation]:
    """Aggregations by keyword; the keyword is the input column where none is given."""
    for column, aggregation in agg_dict.items():
        if type(aggregation).__name__ != "Aggregation":
            raise fail("GD010", f"'{column}' must be an Aggregation")
        if not aggregation.inputColumn:
            aggregation.inputColumn = column
    return agg_dict.values()


def DefaultAggregation(
    keys: list[str],
    sources: Iterable[Any],
    operation: AnyOperation = Operation.LAST,
    tags: dict[str, str] | None = None,
) -> list[ttypes.Aggregation]:
    """One aggregation for each selected column that is neither a key nor a time."""
    columns: list[str] = []
    for source in sources:
        reserved = [*keys, "ts", "is_before", "mutation_ts", "ds", get_query(source).timeColumn]
        columns += [column for column in get_columns(source) if column not in reserved]
    return [Aggregation(operation=operation, input_column=column, tags=tags) for column in columns]


def Derivation(name: str, expression: str, description: str | None = None) -> ttypes.Derivation:
    """An output column computed from the other output columns, by a Spark SQL expression.

    `Derivation("*", "*")` keeps all columns; an expression that is just a column renames it.
    """
    metadata = ttypes.MetaData(description=description) if description else None
    return ttypes.Derivation(name=name, expression=expression, metaData=metadata)


def contains_windowed_aggregation(aggregations: Iterable[ttypes.Aggregation] | None) -> bool:
    """Whether some aggregation has a window."""
    return any(aggregation.windows for aggregation in aggregations or ())


def validate_group_by(group_by: ttypes.GroupBy) -> None:
    """Reports every rule that a GroupBy breaks."""
    for problem in rules.problems_of(group_by):
        report(problem)


def _select_required(source: Any, columns: list[str]) -> None:
    """Adds columns that the query does not select yet, and moves `ts` to timeColumn."""
    query = get_query(source)

    def select_columns() -> None:
        if query.selects is None:
            query.selects = {}
        for column in columns:
            query.selects.setdefault(column, column)
        ts = query.selects.pop("ts", None)
        if query.timeColumn is None:
            query.timeColumn = ts

    given = (query.selects or {}).get("ts")
    if given is not None and query.timeColumn not in (None, given):
        report(
            Problem(
                "GD021",
                f"select 'ts' is '{given}' but timeColumn is '{query.timeColumn}'",
                "leave 'ts' out of the selects",
                query,
                "selects",
            )
        )
    _context.change(query, query, select_columns)


def _column_tags(aggregations: Iterable[Any] | None) -> dict[str, Any]:
    return {
        column: aggregation.tags
        for aggregation in aggregations or ()
        if getattr(aggregation, "tags", None)
        for column in get_output_col_names(aggregation)
    }


def _caller_team() -> str | None:
    """The folder of the file that called the builder; the compile replaces it by the real team."""
    path = sys._getframe(2).f_code.co_filename.split("/")
    return path[-2] if len(path) > 1 else None


def custom_json(builder: Callable[..., Any], settings: dict[str, Any], extra: Iterable[str]) -> str:
    """The customJson text. Keywords that look like a misspelt parameter are pointed out."""
    code = builder.__code__
    parameters = code.co_varnames[: code.co_argcount]
    for name in extra:
        meant = nearest(name, parameters)
        if meant:
            report(
                Problem(
                    "GD012",
                    f"'{name}' is not a parameter of {builder.__name__}; it goes into customJson",
                    f"did you mean '{meant}'?",
                    severity=WARNING,
                    field=name,
                )
            )
    try:
        return json.dumps(settings)
    except (TypeError, ValueError) as error:
        raise fail("GD010", f"customJson cannot hold these arguments: {error}") from error


def GroupBy(
    sources: list[AnySource] | AnySource,
    keys: list[str],
    aggregations: list[ttypes.Aggregation] | None,
    online: bool | None = DEFAULT_ONLINE,
    production: bool | None = DEFAULT_PRODUCTION,
    backfill_start_date: str | None = None,
    dependencies: list[str] | None = None,
    env: dict[str, dict[str, str]] | None = None,
    table_properties: dict[str, str] | None = None,
    output_namespace: str | None = None,
    accuracy: int | None = None,
    lag: int = 0,
    offline_schedule: str = "@daily",
    upload_schedule: str = DEFAULT_UPLOAD_SCHEDULE,
    name: str | None = None,
    tags: dict[str, str] | None = None,
    derivations: list[ttypes.Derivation] | None = None,
    historical_backfill: bool | None = None,
    deprecation_date: str | None = None,
    description: str | None = None,
    is_incremental: bool | None = None,
    **kwargs: Any,
) -> ttypes.GroupBy:
    """Features of a key.

    sources: one or more sources with the same columns. Key and input columns that a query does not
        select are added to it.
    keys: the columns that make a key.
    aggregations: the features; None takes the rows of an entity snapshot as they are.
    online: upload to the store and serve. None: as the Joins that use it.
    production: for alerting. None: as the Joins that use it.
    backfill_start_date: first day of the offline table, `yyyy-MM-dd`; None means no offline table.
    dependencies: partition specs to wait for, in place of those made from the sources.
    env: job mode -> environment variables of that job; they win over those of teams.json.
    table_properties, output_namespace: of the output table; teams.json has the defaults.
    accuracy: TEMPORAL or SNAPSHOT. None: TEMPORAL if a source also arrives as a stream.
    lag: days by which the dependencies look back.
    offline_schedule, upload_schedule: when the jobs run, `@daily` and the like.
    name: only for a GroupBy that is not a variable of a file under group_bys/.
    tags: notes, kept in customJson.
    derivations: output columns computed from output columns.
    historical_backfill: False fills the newest day only; needs backfill_start_date.
    deprecation_date: `yyyy-MM-dd`.
    is_incremental: keep daily partial results; events and SNAPSHOT only.
    kwargs: anything more goes into customJson.
    """
    if not sources:
        raise fail("GD020", "a GroupBy needs a source", "pass sources=[Source(…)]")
    if isinstance(keys, str):
        raise fail("GD010", f"keys must be a list, not '{keys}'", f"write keys=['{keys}']")
    require_list_of("Aggregation", aggregations, "aggregations", "Aggregation(…)")
    require_list_of("Derivation", derivations, "derivations", "Derivation(…)")
    normal = [
        normalized(source) for source in (sources if isinstance(sources, list) else [sources])
    ]
    inputs = [part.inputColumn for part in aggregations or () if part.inputColumn]
    for source in normal:
        _select_required(source, [*keys, *inputs])

    deps = [
        dep
        for source in normal
        for dep in _dependencies.get_dependencies(source, dependencies, lag=lag)
    ]
    settings = {
        **kwargs,
        "lag": lag,
        "groupby_tags": tags,
        "column_tags": _column_tags(aggregations),
    }
    if upload_schedule != DEFAULT_UPLOAD_SCHEDULE:
        settings[UPLOAD_SCHEDULE_KEY] = upload_schedule

    metadata = ttypes.MetaData(
        name=name,
        online=online,
        production=production,
        outputNamespace=output_namespace,
        customJson=custom_json(GroupBy, settings, kwargs),
        dependencies=deps,
        modeToEnvMap=env,
        tableProperties=table_properties,
        team=_caller_team(),
        offlineSchedule=offline_schedule,
        historicalBackfill=historical_backfill,
        deprecationDate=deprecation_date,
        description=description,
    )
    group_by = ttypes.GroupBy(
        sources=normal,
        keyColumns=keys,
        aggregations=aggregations,
        metaData=metadata,
        backfillStartDate=backfill_start_date,
        accuracy=accuracy,
        derivations=derivations,
        isIncremental=is_incremental,
    )
    validate_group_by(group_by)
    return group_by


__all__ = [
    "DEFAULT_ONLINE",
    "DEFAULT_PRODUCTION",
    "DEFAULT_UPLOAD_SCHEDULE",
    "UPLOAD_SCHEDULES",
    "UPLOAD_SCHEDULE_KEY",
    "Accuracy",
    "Aggregation",
    "Aggregations",
    "DefaultAggregation",
    "Derivation",
    "GroupBy",
    "Operation",
    "OperationType",
    "TimeUnit",
    "Window",
    "collector",
    "contains_windowed_aggregation",
    "generic_collector",
    "get_output_col_names",
    "op_to_str",
    "validate_group_by",
    "window_to_str_pretty",
]
