"""The output of a StagingQuery as a source."""

from __future__ import annotations

from gnomon.chronon._tables import get_staging_query_output_table_name, teams_path
from gnomon.chronon.api import ttypes as api
from gnomon.chronon.repo import teams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _table_and_namespace(staging_query: Any) -> tuple[str, str]:
    """The output table, and the namespace that the team's signal table is in."""
    meta = staging_query.metaData
    if meta.outputNamespace and meta.name:
        return f"{meta.outputNamespace}.{meta.name}", meta.outputNamespace
    table = get_staging_query_output_table_name(staging_query, full_name=True)
    if "{{ db }}" not in table:
        return table, table.split(".")[0]
    team = meta.name.split(".")[0]
    known = team if teams.team_exists(teams_path(), team) else teams.DEFAULT_CONF_TEAM
    namespace = str(teams.get_team_conf(teams_path(), known, "namespace"))
    return table.replace("{{ db }}", namespace), namespace


def StagingQueryEventSource(
    staging_query: api.StagingQuery, query: api.Query, is_cumulative: bool = False
) -> api.Source:
    """The rows of a StagingQuery's table as events."""
    table, _ = _table_and_namespace(staging_query)
    return api.Source(events=api.EventSource(table=table, query=query, isCumulative=is_cumulative))


def StagingQueryEntitySource(staging_query: api.StagingQuery, query: api.Query) -> api.Source:
    """The rows of a StagingQuery's table as entity snapshots."""
    table, _ = _table_and_namespace(staging_query)
    return api.Source(entities=api.EntitySource(snapshotTable=table, query=query))


def get_staging_query_dependencies(staging_query: api.StagingQuery, lag: int = 0) -> list[str]:
    """What to wait for when the StagingQuery is a view: the signal that its day is complete."""
    table, namespace = _table_and_namespace(staging_query)
    return [f"{namespace}.chronon_signal_partitions/ds={{{{ ds }}}}/table_name={table}"]
