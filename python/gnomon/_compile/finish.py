"""Completes an object for its file: name, team, namespace, table properties, filled-in templates.

Nothing here changes the user's objects. A GroupBy may be written to its own file and inside several
Joins, each time with different metadata, so what has to differ is copied on the way down.
"""

from __future__ import annotations

from gnomon.chronon._struct import shallow_copy
from gnomon.chronon._tables import log_table_name, output_table_name
from gnomon.chronon.api.ttypes import MetaData
from gnomon.chronon.repo import teams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any


def finished(obj: Any, name: str, teams_path: str, inline: Collection[Any] = ()) -> Any:
    """A copy of `obj`, complete. `inline` are the GroupBys that the Join's own file holds."""
    team = name.split(".")[0]
    namespace = teams.get_team_conf(teams_path, team, "namespace")
    copy = _with_team(obj, team, namespace, teams_path)
    copy.metaData.name = name
    kind = type(obj).__name__
    if kind == "GroupBy":
        copy.sources = [_source(s, team, namespace, teams_path) for s in copy.sources or ()]
        copy.metaData.dependencies = _filled(copy.metaData.dependencies, copy, namespace)
    elif kind == "Join":
        _complete_join(copy, namespace, [*inline], team)
    return copy


def _with_team(obj: Any, team: str, namespace: str, teams_path: str) -> Any:
    copy = shallow_copy(obj)
    copy.metaData = shallow_copy(obj.metaData) if obj.metaData is not None else MetaData()
    meta = copy.metaData
    meta.team = team
    meta.outputNamespace = meta.outputNamespace or namespace
    if not meta.tableProperties:
        meta.tableProperties = teams.find_team_conf(teams_path, team, "table_properties")
    return copy


def _source(source: Any, team: str, namespace: str, teams_path: str) -> Any:
    if not source.joinSource:
        return source
    copy = shallow_copy(source)
    copy.joinSource = shallow_copy(source.joinSource)
    copy.joinSource.join = _with_team(source.joinSource.join, team, namespace, teams_path)
    return copy


def _complete_join(join: Any, namespace: str, inline: list[Any], team: str) -> None:
    if inline and join.joinParts:
        join.joinParts = [_in_team(part, inline, team) for part in join.joinParts]
    if join.bootstrapParts:
        join.bootstrapParts = [shallow_copy(part) for part in join.bootstrapParts]
        for part in join.bootstrapParts:
            part.table = _fill(part.table, join, namespace)
        join.metaData.dependencies = _filled(join.metaData.dependencies, join, namespace)
    if join.labelPart:
        join.labelPart = shallow_copy(join.labelPart)
        meta = join.labelPart.metaData = shallow_copy(join.labelPart.metaData)
        own = output_table_name(join, full_name=True)
        meta.dependencies = [
            dep.replace("{{ join_backfill_table }}", own) for dep in meta.dependencies or ()
        ]


def _in_team(part: Any, inline: list[Any], team: str) -> Any:
    """A GroupBy that is a variable of the Join's file belongs to the Join's team."""
    if part.groupBy not in inline:
        return part
    copy = shallow_copy(part)
    copy.groupBy = shallow_copy(part.groupBy)
    copy.groupBy.metaData = shallow_copy(part.groupBy.metaData)
    copy.groupBy.metaData.team = team
    return copy


def _filled(texts: list[str] | None, obj: Any, namespace: str) -> list[str] | None:
    return [_fill(text, obj, namespace) for text in texts] if texts else texts


def _fill(text: str, obj: Any, namespace: str) -> str:
    """The templates in a table's name or a dependency, filled in."""
    if "{{" not in text:
        return text
    text = text.replace("{{ logged_table }}", log_table_name(obj, full_name=True))
    return text.replace("{{ db }}", namespace)
