"""Names of output columns: of aggregations, GroupBys, external parts and Joins."""

from __future__ import annotations

import re

from gnomon.chronon._problem import fail
from gnomon.chronon.api.ttypes import Operation, TimeUnit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WITH_K = (Operation.LAST_K, Operation.FIRST_K, Operation.TOP_K, Operation.BOTTOM_K)


def op_to_str(operation: int) -> str:
    """The operation's name in small letters."""
    if not isinstance(operation, int) or operation not in Operation._VALUES_TO_NAMES:
        raise fail(
            "GD010",
            "this is not one of Operation.*",
            "an operation with an argument is called, as in Operation.LAST_K(3)",
        )
    return Operation._VALUES_TO_NAMES[operation].lower()


def unit_to_str(unit: int) -> str:
    """The time unit's name in small letters."""
    return TimeUnit._VALUES_TO_NAMES[unit].lower()


def window_to_str_pretty(window: Any) -> str:
    """A window in words: `7 days`."""
    return f"{window.length} {unit_to_str(window.timeUnit)}"


def get_output_col_names(aggregation: Any) -> list[str]:
    """The columns of an aggregation: `{input}_{operation}[_{window}][_by_{bucket}]`.

    For each bucket column (outer) and each window (inner) there is one.
    """
    operation = op_to_str(aggregation.operation)
    if aggregation.operation in _WITH_K:
        operation = operation[:-2] + str((aggregation.argMap or {}).get("k"))
    base = f"{aggregation.inputColumn}_{operation}"
    names = [
        f"{base}_{window.length}{unit_to_str(window.timeUnit)[0]}"
        for window in aggregation.windows or ()
    ] or [base]
    return [
        f"{name}_by_{bucket}" for bucket in aggregation.buckets or () for name in names
    ] or names


def derived(columns: list[str], derivations: list[Any] | None) -> list[str]:
    """The columns after derivations. `*` stands for all columns that no derivation renames."""
    if not derivations:
        return columns
    expressions = {derivation.expression for derivation in derivations}
    rest = [column for column in columns if column not in expressions] if "*" in expressions else []
    output: list[str] = []
    for derivation in derivations:
        output += rest if derivation.name == "*" else [derivation.name]
    return output


def selected(source: Any) -> list[str]:
    """The columns that a source selects; none when it takes columns as they are."""
    inner = source.events or source.entities or source.joinSource
    return list(inner.query.selects or ())


def group_by_features(group_by: Any) -> list[str]:
    """The columns of a GroupBy before derivations, without keys."""
    if group_by.aggregations:
        return [name for part in group_by.aggregations for name in get_output_col_names(part)]
    return [column for source in group_by.sources for column in selected(source)]


def group_by_columns(group_by: Any) -> list[str]:
    """The columns of a GroupBy before derivations, with keys."""
    return group_by_features(group_by) + list(group_by.keyColumns)


def group_by_output_columns(group_by: Any) -> list[str]:
    """The columns of a GroupBy after derivations."""
    return derived(group_by_columns(group_by), group_by.derivations)


def external_part_name(part: Any) -> str:
    """What stands before the columns of an external part: `ext_{prefix_}{name}`."""
    prefix = part.prefix + "_" if part.prefix else ""
    return "ext_" + prefix + re.sub("[^a-zA-Z0-9_]", "_", part.source.metadata.name)


def join_internal_columns(join: Any) -> list[str]:
    """The columns that a Join gets from GroupBys: `{prefix_}{group_by}_{column}`."""
    columns = []
    for part in join.joinParts or ():
        start = part.prefix + "_" if part.prefix else ""
        start += part.groupBy.metaData.name.replace(".", "_") + "_"
        features = derived(group_by_features(part.groupBy), part.groupBy.derivations)
        columns += [start + feature for feature in features]
    return columns


def join_external_columns(join: Any) -> list[str]:
    """The columns that a Join gets from external sources."""
    return [
        f"{external_part_name(part)}_{param.name}"
        for part in join.onlineExternalParts or ()
        for param in part.source.valueSchema.params
    ]


def join_key_columns(join: Any) -> list[str]:
    """The columns of the left side that are keys of some part."""
    left = selected(join.left)
    keys: dict[str, None] = {}
    for part in join.joinParts or ():
        to_left = {right: left_key for left_key, right in (part.keyMapping or {}).items()}
        for key in part.groupBy.keyColumns:
            keys[to_left.get(key, key)] = None
    return [key for key in keys if key in left]


def join_columns(join: Any) -> dict[str, list[str]]:
    """All columns of a Join, by where they come from."""
    internal, external = join_internal_columns(join), join_external_columns(join)
    columns = {
        "key_columns": join_key_columns(join),
        "left_columns": selected(join.left),
        "internal_columns": internal,
        "external_columns": external,
    }
    if join.derivations:
        columns["derived_columns"] = derived(internal + external, join.derivations)
        columns["output_columns"] = columns["derived_columns"]
    else:
        columns["output_columns"] = internal + external
    return columns
