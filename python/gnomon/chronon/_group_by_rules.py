"""The rules that a GroupBy has to keep, each a function that finds problems."""

from __future__ import annotations

import json

from gnomon.chronon._problem import Problem, did_you_mean
from gnomon.chronon._sources import get_columns, get_query, get_underlying_source, is_streaming
from gnomon.chronon.api.ttypes import Accuracy, Operation, TimeUnit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

UPLOAD_SCHEDULE_KEY = "uploadSchedule"
UPLOAD_SCHEDULES = ("@daily", "@weekly", "@monthly", "@quarterly")


def problems_of(group_by: Any) -> Iterator[Problem]:
    """All problems of a GroupBy, first those of its sources."""
    yield from _columns(group_by)
    for source in group_by.sources:
        yield from _source(group_by, source)
    yield from _incremental(group_by)
    yield from _upload_schedule(group_by)
    yield from _aggregations(group_by)
    meta = group_by.metaData
    if meta and meta.historicalBackfill is not None and group_by.backfillStartDate is None:
        yield Problem(
            "GD034",
            "historical_backfill is set but backfill_start_date is not",
            "add backfill_start_date, or remove historical_backfill",
            group_by,
            "metaData.historicalBackfill",
        )


def _columns(group_by: Any) -> Iterator[Problem]:
    first = set(get_columns(group_by.sources[0]))
    if "ts" in first:
        yield Problem(
            "GD021",
            "'ts' is reserved for the time of a row and cannot be selected",
            "give the expression as time_column",
            get_query(group_by.sources[0]),
            "selects",
        )
    for index, source in enumerate(group_by.sources[1:], 2):
        other = first ^ set(get_columns(source))
        if other:
            yield Problem(
                "GD028",
                f"sources 1 and {index} select different columns: {_listed(other)}",
                "all sources of a GroupBy select the same columns",
                get_query(source),
                "selects",
            )
    missing = set(group_by.keyColumns) - first
    if missing:
        yield Problem(
            "GD029",
            f"key {_listed(missing)} is not selected by the source",
            did_you_mean(sorted(missing)[0], first),
            group_by,
            "keyColumns",
        )


def _source(group_by: Any, source: Any) -> Iterator[Problem]:
    query = get_query(source)
    if source.events:
        yield from _event_source(group_by, source, query)
    elif source.joinSource:
        parent = source.joinSource.join
        if not (parent and parent.left and is_streaming(parent.left)):
            yield Problem(
                "GD025",
                "the Join behind this JoinSource has no topic on its left side",
                "give the left source a topic; to chain offline only, use an EventSource or "
                "EntitySource on the Join's output table (get_join_output_table_name)",
                source.joinSource,
                "join",
            )
    elif any(part.windows for part in group_by.aggregations or ()) and not query.timeColumn:
        yield Problem(
            "GD023",
            "an entity source with windowed aggregations needs a timeColumn",
            "add time_column, an expression in milliseconds, to the query",
            query,
        )


def _event_source(group_by: Any, source: Any, query: Any) -> Iterator[Problem]:
    for field, builder in (
        ("mutationTimeColumn", "mutation_time_column"),
        ("reversalColumn", "reversal_column"),
    ):
        if getattr(query, field) is not None:
            yield Problem(
                "GD022",
                f"{builder} is for entities; events do not change",
                f"remove {builder}",
                query,
                field,
            )
    if group_by.accuracy != Accuracy.SNAPSHOT:
        if query.timeColumn is None:
            yield Problem(
                "GD023",
                "an event source needs a timeColumn unless the accuracy is SNAPSHOT",
                "add time_column, an expression in milliseconds, to the query",
                query,
            )
    elif is_streaming(source):
        yield Problem(
            "GD024",
            "accuracy SNAPSHOT and a source with a topic exclude each other",
            "remove the topic, or the accuracy",
            get_underlying_source(source),
            "topic",
        )


def _incremental(group_by: Any) -> Iterator[Problem]:
    if not group_by.isIncremental:
        return
    if not all(source.events for source in group_by.sources):
        yield Problem("GD026", "is_incremental needs event sources", "", group_by, "isIncremental")
    streaming = any(is_streaming(source) for source in group_by.sources)
    if group_by.accuracy != Accuracy.SNAPSHOT and (group_by.accuracy is not None or streaming):
        yield Problem(
            "GD026", "is_incremental needs accuracy SNAPSHOT", "", group_by, "isIncremental"
        )


def _upload_schedule(group_by: Any) -> Iterator[Problem]:
    custom = group_by.metaData.customJson if group_by.metaData else None
    schedule = json.loads(custom or "{}").get(UPLOAD_SCHEDULE_KEY)
    if not schedule:
        return
    if schedule not in UPLOAD_SCHEDULES:
        yield Problem(
            "GD027",
            f"upload_schedule '{schedule}' is not one of {', '.join(UPLOAD_SCHEDULES)}",
            did_you_mean(str(schedule), UPLOAD_SCHEDULES),
            group_by,
            "upload_schedule",
        )
    if schedule != UPLOAD_SCHEDULES[0]:
        streaming = any(is_streaming(source) for source in group_by.sources)
        if streaming or group_by.accuracy == Accuracy.TEMPORAL:
            yield Problem(
                "GD027",
                f"upload_schedule '{schedule}' needs accuracy SNAPSHOT and no topic",
                "a streamed GroupBy replays all rows since its last upload, so it uploads daily",
                group_by,
                "upload_schedule",
            )


def _aggregations(group_by: Any) -> Iterator[Problem]:
    if group_by.aggregations is None:
        events = any(source.events for source in group_by.sources)
        changes = any(
            source.entities.mutationTable is not None or source.entities.mutationTopic is not None
            for source in group_by.sources
            if source.entities is not None
        )
        if events or changes:
            yield Problem(
                "GD030",
                "aggregations=None is for entity sources without mutations",
                "list the aggregations",
                group_by,
                "aggregations",
            )
        return
    columns = {column for source in group_by.sources for column in get_columns(source)}
    for aggregation in group_by.aggregations:
        if not aggregation.inputColumn:
            yield Problem(
                "GD031",
                "an aggregation needs an input_column",
                f"columns: {_listed(columns)}",
                aggregation,
            )
        elif aggregation.inputColumn not in columns and aggregation.inputColumn != "ts":
            yield Problem(
                "GD031",
                f"input_column '{aggregation.inputColumn}' is not selected by the source",
                did_you_mean(aggregation.inputColumn, columns) or f"columns: {_listed(columns)}",
                aggregation,
                "inputColumn",
            )
        yield from _percentiles(aggregation)
        yield from _hours(group_by, aggregation)


def _percentiles(aggregation: Any) -> Iterator[Problem]:
    if aggregation.operation != Operation.APPROX_PERCENTILE:
        return
    text = (aggregation.argMap or {}).get("percentiles")
    if text is None:
        yield Problem(
            "GD032",
            "APPROX_PERCENTILE needs percentiles",
            "write Operation.APPROX_PERCENTILE([0.5, 0.9])",
            aggregation,
            "operation",
        )
    elif not _are_percentiles(text):
        yield Problem(
            "GD032",
            f"percentiles must be a list of numbers from 0 to 1, not {text}",
            "write Operation.APPROX_PERCENTILE([0.5, 0.9])",
            aggregation,
            "operation",
        )


def _are_percentiles(text: str) -> bool:
    try:
        values: list[Any] = json.loads(text)
        return isinstance(values, list) and all(0 <= float(value) <= 1 for value in values)
    except (TypeError, ValueError):
        return False


def _hours(group_by: Any, aggregation: Any) -> Iterator[Problem]:
    if group_by.accuracy != Accuracy.SNAPSHOT and not group_by.backfillStartDate:
        return
    for index, window in enumerate(aggregation.windows or ()):
        if window.timeUnit == TimeUnit.HOURS:
            cause = (
                "accuracy SNAPSHOT"
                if group_by.accuracy == Accuracy.SNAPSHOT
                else "backfill_start_date"
            )
            yield Problem(
                "GD033",
                f"the {window.length}-hour window of '{aggregation.inputColumn}' is finer than "
                f"the days that {cause} gives",
                f"use a window in days, or remove {cause}",
                aggregation,
                f"windows[{index}]",
            )


def _listed(names: Any) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names))
