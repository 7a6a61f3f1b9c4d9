"""Dependencies: which partitions have to be there before a job of a day can run.

Each is a JSON text `{"name", "spec", "start", "end"}` for a scheduler. `{{ ds }}` in the spec is
the day of the run (the scheduler's own template); start and end are days or null.
"""

from __future__ import annotations

import json
import re

from gnomon.chronon._tables import get_join_output_table_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Optional, TypeVar

    Item = TypeVar("Item")
    Wait = dict[str, Optional[str]]


def wait_for_name(dep: str) -> str:
    """The name of a dependency that the user wrote as a spec."""
    return re.sub("_+", "_", f"wait_for_{re.sub('[^a-zA-Z0-9]', '_', dep)}").rstrip("_")


def wait_for_simple_schema(
    table: str | None, lag: int, start: str | None, end: str | None, query: Any = None
) -> Wait | None:
    """The dependency on a table's partition of the day of the run, or `lag` days before it."""
    if not table:
        return None
    name, slash, partitions = table.partition("/")
    column = (query.partitionColumn if query else None) or "ds"
    day = "{{ ds }}" if lag == 0 else f"{{{{ macros.ds_add(ds, -{lag}) }}}}"
    return {
        "name": f"wait_for_{name}_{column}" + ("" if lag == 0 else f"_minus_{lag}"),
        "spec": f"{name}/{column}={day}" + (slash + partitions if partitions else ""),
        "start": start,
        "end": end,
    }


def _tables_of(source: Any) -> list[str]:
    if source.entities:
        tables = [source.entities.snapshotTable]
        if source.entities.mutationTable:
            tables.append(source.entities.mutationTable)
        return tables
    if source.joinSource:
        return [get_join_output_table_name(source.joinSource.join, True)]
    return [source.events.table]


def _query_of(source: Any) -> Any:
    return (source.entities or source.events or source.joinSource).query


def get_dependencies(
    src: Any,
    dependencies: list[str] | None = None,
    meta_data: Any = None,
    lag: int = 0,
) -> list[str]:
    """What a source waits for: the object's own list, the user's specs, or its tables."""
    query = _query_of(src)
    start, end = query.startPartition, query.endPartition
    waits: list[Any]
    if meta_data is not None:
        waits = [json.loads(dep) for dep in meta_data.dependencies or ()]
    elif dependencies:
        waits = [
            {"name": wait_for_name(dep), "spec": dep, "start": start, "end": end}
            for dep in dependencies
        ]
    else:
        waits = [wait_for_simple_schema(table, lag, start, end, query) for table in _tables_of(src)]
        if src.entities and src.entities.mutationTable:
            waits = [wait for wait in waits if wait is not None]
    return [json.dumps(wait) for wait in waits]


def get_bootstrap_dependencies(bootstrap_parts: list[Any] | None) -> list[str]:
    """What the bootstrap tables of a Join wait for."""
    waits = []
    for part in bootstrap_parts or ():
        query = part.query
        start = query.startPartition if query is not None else None
        end = query.endPartition if query is not None else None
        waits.append(wait_for_simple_schema(part.table, 0, start, end, query))
    return [json.dumps(wait) for wait in waits]


def get_label_table_dependencies(label_part: Any) -> list[str]:
    """What the label join waits for: the labels' tables, and the Join's own backfill."""
    waits = [
        dep
        for label in label_part.labels
        for source in label.groupBy.sources
        for dep in get_dependencies(source, meta_data=label.groupBy.metaData)
    ]
    own = "{{ join_backfill_table }}"
    waits.append(json.dumps({"name": f"wait_for_{own}", "spec": f"{own}/ds={{{{ ds }}}}"}))
    return waits


def dedupe_in_order(seq: Iterable[Item]) -> list[Item]:
    """The items without repetitions, first ones kept."""
    return list(dict.fromkeys(seq))
