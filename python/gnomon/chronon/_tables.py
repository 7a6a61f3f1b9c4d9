"""Names of the tables that a definition reads and writes."""

from __future__ import annotations

import json
import os
import re

from gnomon.chronon import _context, _names
from gnomon.chronon._problem import fail
from gnomon.chronon.repo import (
    GROUP_BY_FOLDER_NAME,
    JOIN_FOLDER_NAME,
    STAGING_QUERY_FOLDER_NAME,
    TEAMS_FILE_PATH,
    teams,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Modes:
    """The jobs of a definition, as `run.py --mode` calls them."""

    backfill = "backfill"
    upload = "upload"
    streaming = "streaming"
    stats_summary = "stats-summary"
    label_join = "label-join"
    log_flattener = "log-flattener"
    consistency_metrics_compute = "consistency-metrics-compute"


class SubStage:
    """Steps inside a Join's backfill that write tables of their own."""

    bootstrap = "bootstrap"
    join_parts = "join_parts"


def teams_path() -> str:
    """The repository's teams.json."""
    active = _context.active
    return os.path.join(active.root if active else os.getenv("CHRONON_ROOT", ""), TEAMS_FILE_PATH)


def sanitize(name: str | None) -> str | None:
    """The name as part of a table's name: all but letters, digits and `_` become `_`."""
    return None if name is None else re.sub("[^a-zA-Z0-9_]", "_", name)


def output_table_name(obj: Any, full_name: bool) -> str:
    """The output table: `namespace.team_file_variable`, or without the namespace.

    Where the namespace is not known yet it is the text `{{ db }}`, which the compile fills in.
    """
    table = str(sanitize(obj.metaData.name))
    return f"{obj.metaData.outputNamespace or '{{ db }}'}.{table}" if full_name else table


def log_table_name(obj: Any, full_name: bool = False) -> str:
    """The table of logged requests."""
    return output_table_name(obj, full_name) + "_logged"


def group_by_output_table_name(obj: Any, full_name: bool = False) -> str:
    """The backfill table of a GroupBy that another file of the repository defines."""
    if not obj.metaData.name:
        _names.require_name(obj, GROUP_BY_FOLDER_NAME)
    return output_table_name(obj, full_name)


def get_staging_query_output_table_name(staging_query: Any, full_name: bool = False) -> str:
    """The table of a StagingQuery that another file of the repository defines."""
    _names.require_name(staging_query, STAGING_QUERY_FOLDER_NAME)
    return output_table_name(staging_query, full_name)


def get_join_output_table_name(join: Any, full_name: bool = False) -> str:
    """The table of a Join that another file of the repository defines.

    Fills in the Join's namespace from teams.json.
    """
    _names.require_name(join, JOIN_FOLDER_NAME)
    meta = join.metaData
    if not meta.outputNamespace:
        namespace = teams.get_team_conf(teams_path(), meta.name.split(".")[0], "namespace")

        def set_namespace() -> None:
            meta.outputNamespace = namespace

        _context.change(join, meta, set_namespace)
    return output_table_name(join, full_name)


def join_part_name(part: Any) -> str:
    """Prefix and GroupBy name of a part, as they stand before its columns."""
    if part.groupBy is None:
        raise fail("GD048", "a join part without a GroupBy has no name", "", part, "groupBy")
    if not part.groupBy.metaData.name:
        _names.require_name(part.groupBy, GROUP_BY_FOLDER_NAME)
    external = getattr(part, "external_join_full_prefix", None)
    if external is not None:
        return str(external)
    pieces = [part.prefix, sanitize(part.groupBy.metaData.name)]
    return "_".join(piece for piece in pieces if piece is not None)


def join_part_output_table_name(join: Any, part: Any, full_name: bool = False) -> str:
    """The table of one part of a Join's backfill."""
    return f"{output_table_name(join, full_name)}_{join_part_name(part)}"


def has_topic(group_by: Any) -> bool:
    """Whether some source of a GroupBy also arrives as a stream."""
    return any(
        (source.entities and source.entities.mutationTopic)
        or (source.events and source.events.topic)
        for source in group_by.sources
    )


def get_offline_schedule(conf: Any) -> str | None:
    """The schedule of the offline jobs; None when they never run."""
    schedule: str = conf.metaData.offlineSchedule or "@daily"
    return None if schedule == "@never" else schedule


def requires_log_flattening_task(conf: Any) -> bool:
    """Whether requests are logged."""
    return (conf.metaData.samplePercent or 0) > 0


def _group_by_tables(group_by: Any, table: str) -> dict[str, list[str] | None]:
    tables: dict[str, list[str] | None] = {}
    if group_by.backfillStartDate is not None:
        tables[Modes.backfill] = [table]
    if group_by.metaData.online:
        tables[Modes.upload] = [f"{table}_upload"]
        # Accuracy SNAPSHOT is 1 and TEMPORAL 0: chronon-ai takes the number for "is temporal", so
        # SNAPSHOT lists a streaming job and TEMPORAL only with a topic. Kept, as tools read it.
        if group_by.accuracy or has_topic(group_by):
            tables[Modes.streaming] = None
    return tables


def _join_tables(join: Any, table: str) -> dict[str, list[str] | None]:
    tables: dict[str, list[str] | None] = {}
    scheduled = get_offline_schedule(join) is not None
    custom = json.loads(join.metaData.customJson or "{}")
    if scheduled:
        tables[Modes.backfill] = [table]
        tables[Modes.stats_summary] = [f"{table}_daily_stats"]
    if custom.get("check_consistency") is True:
        tables[Modes.consistency_metrics_compute] = [f"{table}_consistency"]
    if requires_log_flattening_task(join):
        tables[Modes.log_flattener] = [f"{table}_logged"]
    if join.labelPart is not None:
        tables[Modes.label_join] = [
            f"{table}_{kind}" for kind in ("labels", "labeled", "labeled_latest")
        ]
    if join.bootstrapParts or scheduled:
        tables[SubStage.bootstrap] = [f"{table}_bootstrap"]
    if join.joinParts:
        tables[SubStage.join_parts] = [
            join_part_output_table_name(join, part) for part in join.joinParts
        ]
    return tables


def get_modes_tables(conf: Any) -> dict[str, list[str] | None]:
    """Job mode -> tables that it writes; None for a job that writes to the store alone."""
    table = output_table_name(conf, full_name=bool(conf.metaData.name))
    kind = type(conf).__name__
    if kind == "GroupBy":
        return _group_by_tables(conf, table)
    if kind == "Join":
        return _join_tables(conf, table)
    if kind == "StagingQuery":
        return {Modes.backfill: [table]}
    raise ValueError(f"a {kind} has no jobs")


def get_applicable_modes(conf: Any) -> list[str]:
    """The job modes of a definition."""
    steps = (SubStage.bootstrap, SubStage.join_parts)
    return [mode for mode in get_modes_tables(conf) if mode not in steps]


def get_related_table_names(conf: Any, skip_join_parts: bool = True) -> list[str]:
    """All tables that a definition's jobs write."""
    return [
        table
        for mode, tables in get_modes_tables(conf).items()
        if not (skip_join_parts and mode == SubStage.join_parts)
        for table in tables or ()
    ]
