"""What an object must keep towards the rest of the repository, checked before it is written."""

from __future__ import annotations

import json
import re

from gnomon.chronon import _columns
from gnomon.chronon._problem import WARNING, Problem, did_you_mean

from .compiled import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from typing import Any

    from .compiled import CompiledFiles

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_IDENTIFIER = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_VIEW_TEMPLATE = re.compile(r"\{\{\s*(start_date|end_date)\s*\}\}", re.IGNORECASE)


def problems_of(obj: Any, compiled: CompiledFiles) -> Iterator[Problem]:
    """The rules that a finished object breaks."""
    kind = type(obj).__name__
    if kind == "GroupBy":
        yield from _group_by(obj, compiled, compiled.joins_with(obj.metaData.name))
    elif kind == "Join":
        yield from _join(obj, compiled)
    elif kind == "StagingQuery":
        yield from _staging_query(obj)


def is_needed(group_by: Any) -> bool:
    """Whether a GroupBy has a job of its own: it is served, or it has an offline table."""
    return bool(group_by.metaData.online or group_by.backfillStartDate)


def inherit_production(group_by: Any, compiled: CompiledFiles) -> None:
    """A GroupBy of a production Join is production, unless it says that it is not."""
    joins = compiled.joins_with(group_by.metaData.name)
    used = any(join["metaData"].get("production") for join in joins)
    if used and group_by.metaData.production is None:
        group_by.metaData.production = True


def changes_served(new_text: str, old: dict[str, Any] | None, kind: str) -> bool:
    """Whether an online object on disk would be replaced by one that computes something else."""
    if old is None or kind == "StagingQuery" or not old["metaData"].get("online"):
        return False
    return _meaning(json.loads(new_text), kind) != _meaning(old, kind)


def _meaning(obj: dict[str, Any], kind: str) -> dict[str, Any]:
    """What decides the values: all but metadata, and for Joins all but what services give."""
    kept = {key: value for key, value in obj.items() if key != "metaData"}
    if kind == "Join":
        kept.pop("onlineExternalParts", None)
        kept["joinParts"] = [
            {
                **part,
                "groupBy": {
                    k: v for k, v in (part.get("groupBy") or {}).items() if k != "metaData"
                },
            }
            for part in kept.get("joinParts") or ()
        ]
    return kept


def _group_by(
    group_by: Any, compiled: CompiledFiles, joins: list[dict[str, Any]]
) -> Iterator[Problem]:
    meta = group_by.metaData
    for switch in ("online", "production"):
        users = [name_of(join) for join in joins if join["metaData"].get(switch)]
        if getattr(meta, switch) is False and users:
            yield Problem(
                "GD052",
                f"GroupBy '{meta.name}' says {switch}=False, but the {switch} "
                f"Join{'s' if len(users) > 1 else ''} {_listed(users)} has it",
                f"set {switch}=True, or leave it out",
                group_by,
                f"metaData.{switch}",
            )
    if group_by.derivations:
        columns = _columns.group_by_columns(group_by)
        yield from _derivations(group_by.derivations, group_by.keyColumns, columns)
    yield from _deprecation(group_by)
    for source in group_by.sources or ():
        if source.events and source.events.isCumulative and source.events.query.timeColumn is None:
            yield Problem(
                "GD056",
                f"the cumulative events of '{source.events.table}' need a timeColumn",
                "add time_column, an expression in milliseconds, to the query",
                source.events.query,
            )


def _join(join: Any, compiled: CompiledFiles) -> Iterator[Problem]:
    correct = True
    for part in join.joinParts or ():
        others = [
            other
            for other in compiled.joins_with(part.groupBy.metaData.name)
            if name_of(other) != join.metaData.name
        ]
        for problem in _group_by(part.groupBy, compiled, others):
            correct = correct and problem.severity != "error"
            yield problem
    yield from _online_join(join)
    for part in join.joinParts or ():
        if join.metaData.production and part.groupBy.metaData.production is False:
            yield Problem(
                "GD051",
                f"Join '{join.metaData.name}' is production, "
                f"but its GroupBy '{part.groupBy.metaData.name}' says production=False",
                "set production=True on the GroupBy, or leave it out",
                part.groupBy,
                "metaData.production",
            )
    yield from _deprecation(join)
    if join.derivations and correct:
        left = _columns.selected(join.left)
        columns = _columns.join_internal_columns(join) + _columns.join_external_columns(join)
        yield from _derivations(join.derivations, left, columns + left)


def _online_join(join: Any) -> Iterator[Problem]:
    """An online Join needs each of its GroupBys online."""
    if not join.metaData.online:
        return
    for part in join.joinParts or ():
        group_by = part.groupBy
        if not group_by.metaData.online:
            yield Problem(
                "GD050",
                f"Join '{join.metaData.name}' is online, "
                f"but its GroupBy '{group_by.metaData.name}' is not",
                "pass online=True to the GroupBy",
                group_by,
                "metaData.online",
            )


def _staging_query(query: Any) -> Iterator[Problem]:
    if query.createView and query.query:
        found = sorted({match.lower() for match in _VIEW_TEMPLATE.findall(query.query)})
        if found:
            yield Problem(
                "GD057",
                f"StagingQuery '{query.metaData.name}' makes a view, "
                f"so its query cannot use {_listed(found)}",
                "a view holds all days; filter where it is read",
                query,
                "query",
            )


def _deprecation(obj: Any) -> Iterator[Problem]:
    day = obj.metaData.deprecationDate
    if day and not _DAY.match(day):
        yield Problem(
            "GD055",
            f"deprecation_date '{day}' of '{obj.metaData.name}' is not a day",
            "write it as yyyy-MM-dd",
            obj,
            "metaData.deprecationDate",
        )


def _derivations(
    derivations: Sequence[Any], keys: Collection[str], columns: list[str]
) -> Iterator[Problem]:
    """A renamed column must exist, and a new name must be free (unless it is a key).

    With `*` all columns are taken already, except those that an earlier derivation renames.
    """
    everything = any(derivation.expression == "*" for derivation in derivations)
    taken = set(columns) if everything else set()
    for derivation in derivations:
        expression, name = derivation.expression or "", derivation.name
        if _IDENTIFIER.fullmatch(expression):
            if everything:
                taken.discard(expression)
            if expression not in columns and expression not in ("ds", "ts"):
                yield Problem(
                    "GD053",
                    f"derivation '{name}' renames '{expression}', which is no column",
                    did_you_mean(expression, columns) or f"columns: {_listed(columns)}",
                    derivation,
                    "expression",
                )
        if name == "*":
            continue
        if name in taken and name not in keys:
            yield Problem(
                "GD054",
                f"derivation '{name}' has the name of another column",
                "choose another name, or rename the column first",
                derivation,
                "name",
            )
        taken.add(name)


def deprecations(
    obj: Any, downstream: list[dict[str, Any]], upstream: list[Any]
) -> Iterator[Problem]:
    """Warnings: what outlives something that it reads."""
    name, day = obj.metaData.name, obj.metaData.deprecationDate
    if day:
        for user in downstream:
            later = user["metaData"].get("deprecationDate")
            if not later or later > day:
                yield Problem(
                    "GD060",
                    f"'{name}' ends on {day}, but '{name_of(user)}' reads it and "
                    + (f"ends on {later}" if later else "has no deprecation_date"),
                    "change one of the two",
                    obj,
                    "metaData.deprecationDate",
                    WARNING,
                )
        return
    for read in upstream:
        if read.metaData.deprecationDate:
            yield Problem(
                "GD060",
                f"'{name}' reads '{read.metaData.name}', "
                f"which ends on {read.metaData.deprecationDate}",
                "read something else, or give both a deprecation_date",
                obj,
                "",
                WARNING,
            )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
