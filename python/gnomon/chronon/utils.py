"""Helpers over definitions: tables, sources, dependencies, jobs."""

from __future__ import annotations

import json
import os
from enum import Enum

from gnomon.chronon import _names
from gnomon.chronon._dependencies import (
    dedupe_in_order,
    get_bootstrap_dependencies,
    get_dependencies,
    get_label_table_dependencies,
    wait_for_name,
    wait_for_simple_schema,
)
from gnomon.chronon._problem import Problem, did_you_mean, report
from gnomon.chronon._sources import get_columns, get_query, get_underlying_source, is_streaming
from gnomon.chronon._tables import (
    Modes,
    SubStage,
    get_applicable_modes,
    get_join_output_table_name,
    get_modes_tables,
    get_offline_schedule,
    get_related_table_names,
    get_staging_query_output_table_name,
    group_by_output_table_name,
    has_topic,
    join_part_name,
    join_part_output_table_name,
    log_table_name,
    output_table_name,
    requires_log_flattening_task,
    sanitize,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import Any, Callable

chronon_root_path = os.getenv("CHRONON_ROOT", "")


class FeatureDisplayKeys(Enum):
    """The groups of columns that `--feature-display` shows for a Join."""

    LEFT_COLUMNS = "left_columns"
    INTERNAL_COLUMNS = "internal_columns"
    EXTERNAL_COLUMNS = "external_columns"
    DERIVED_COLUMNS = "derived_columns"
    OUTPUT_COLUMNS = "output_columns"
    KEY_COLUMNS = "key_columns"


def edit_distance(str1: str, str2: str) -> int:
    """How many letters have to be put in, taken out or changed to get from one to the other."""
    row = list(range(len(str2) + 1))
    for i, left in enumerate(str1, 1):
        diagonal, row[0] = row[0], i
        for j, right in enumerate(str2, 1):
            cost = diagonal if left == right else 1 + min(diagonal, row[j], row[j - 1])
            diagonal, row[j] = row[j], cost
    return row[-1]


def check_contains_single(
    candidate: Any,
    valid_items: Collection[Any] | None,
    type_name: str,
    name: str | None,
    print_function: Callable[[Any], str] = repr,
) -> None:
    """Reports a candidate that is not among the valid items."""
    if valid_items and candidate not in valid_items:
        _report_stranger(candidate, valid_items, type_name, name, print_function)


def _report_stranger(
    candidate: Any,
    valid_items: Collection[Any],
    type_name: str,
    name: str | None,
    print_function: Callable[[Any], str],
) -> None:
    known = [print_function(item) for item in valid_items]
    owner = f" of '{name}'" if name else ""
    report(
        Problem(
            "GD040",
            f"{print_function(candidate)} is not a {type_name}{owner}; there is {', '.join(known)}",
            did_you_mean(print_function(candidate), known),
        )
    )


def check_contains(candidates: str | Iterable[Any], *args: Any) -> None:
    """`check_contains_single` for each candidate."""
    if isinstance(candidates, str):
        candidates = [candidates]
    for candidate in candidates:
        check_contains_single(candidate, *args)


def get_streaming_sources(group_by: Any) -> list[Any]:
    """The sources of a GroupBy that also arrive as a stream."""
    return [source for source in group_by.sources if is_streaming(source)]


def get_table(source: Any) -> str:
    """The table of a source, without sub-partitions."""
    if source.entities:
        table = source.entities.snapshotTable
    elif source.events:
        table = source.events.table
    else:
        table = get_join_output_table_name(source.joinSource.join, True)
    return str(table).split("/")[0]


def get_topic(source: Any) -> str | None:
    """The topic of a source, None if it has none."""
    topic: str | None = source.entities.mutationTopic if source.entities else source.events.topic
    return topic


def get_mod_name_from_gc(obj: object, mod_prefix: str) -> str | None:
    """The name of the loaded module under `mod_prefix` with a variable that holds `obj`."""
    module = _names.find_module(obj, mod_prefix)
    return module.__name__ if module is not None else None


def dict_to_bash_commands(d: dict[str, Any] | None) -> str:
    """`{"a_b": 1, "c": None}` as `--a-b=1 --c`."""
    flags = []
    for key, value in (d or {}).items():
        flag = "--" + key.replace("_", "-")
        flags.append(f"{flag}={value}" if value else flag)
    return " ".join(flags)


def dict_to_exports(d: dict[str, Any] | None) -> str:
    """`{"a": 1}` as `export A=1`, several joined by `&&`."""
    return " && ".join(f"export {key.upper()}={value}" for key, value in (d or {}).items())


class JsonDiffer:
    """Compares the members of two JSON objects."""

    def diff(self, new_json_str: str, old_json_str: str, skipped_keys: Collection[str] = ()) -> str:
        """The differing lines of both, sorted by key; '' when they are equal."""
        from difflib import unified_diff

        texts = []
        for text in (old_json_str, new_json_str):
            kept = {k: v for k, v in json.loads(text).items() if k not in skipped_keys}
            texts.append(json.dumps(kept, sort_keys=True, indent=2).splitlines())
        return "\n".join(unified_diff(texts[0], texts[1], "old", "new", lineterm=""))

    def clean(self) -> None:
        """Nothing is left behind, so there is nothing to clean."""


class DotDict(dict):  # type: ignore[type-arg]
    """A dict whose members are attributes too; an absent one is None."""

    def __getattr__(self, name: str) -> Any:
        value = self.get(name)
        return DotDict(value) if isinstance(value, dict) else value


def convert_json_to_obj(d: Any) -> Any:
    """JSON data with attributes for members, all the way down."""
    if isinstance(d, dict):
        return DotDict({key: convert_json_to_obj(value) for key, value in d.items()})
    if isinstance(d, list):
        return [convert_json_to_obj(item) for item in d]
    return d


def get_config_path(join_name: str) -> str:
    """The compiled file of a Join: `production/joins/team/rest.of.name`."""
    team, dot, rest = join_name.partition(".")
    if not dot:
        raise AssertionError(f"'{join_name}' is not a join's name: it has no team")
    return f"production/joins/{team}/{rest}"


def get_max_window_for_gb_in_days(group_by: Any) -> int:
    """The longest window of a GroupBy in days, hours rounded up; at least 1."""
    from gnomon.chronon.api.ttypes import TimeUnit

    longest = 1
    for aggregation in group_by.aggregations or ():
        for window in aggregation.windows or ():
            hours = window.length * (1 if window.timeUnit == TimeUnit.HOURS else 24)
            longest = max(longest, -(-hours // 24))
    return longest


__all__ = [
    "DotDict",
    "FeatureDisplayKeys",
    "JsonDiffer",
    "Modes",
    "SubStage",
    "check_contains",
    "check_contains_single",
    "convert_json_to_obj",
    "dedupe_in_order",
    "dict_to_bash_commands",
    "dict_to_exports",
    "edit_distance",
    "get_applicable_modes",
    "get_bootstrap_dependencies",
    "get_columns",
    "get_config_path",
    "get_dependencies",
    "get_join_output_table_name",
    "get_label_table_dependencies",
    "get_max_window_for_gb_in_days",
    "get_mod_name_from_gc",
    "get_modes_tables",
    "get_offline_schedule",
    "get_query",
    "get_related_table_names",
    "get_staging_query_output_table_name",
    "get_streaming_sources",
    "get_table",
    "get_topic",
    "get_underlying_source",
    "group_by_output_table_name",
    "has_topic",
    "is_streaming",
    "join_part_name",
    "join_part_output_table_name",
    "log_table_name",
    "output_table_name",
    "requires_log_flattening_task",
    "sanitize",
    "wait_for_name",
    "wait_for_simple_schema",
]
