"""`Join` and what goes into it: parts, external sources, labels, bootstrap tables."""

from __future__ import annotations

from gnomon.chronon import _dependencies, _names
from gnomon.chronon._problem import Problem, fail, report, require_list_of
from gnomon.chronon._struct import deep_copy
from gnomon.chronon.api import ttypes as api
from gnomon.chronon.group_by import Derivation, custom_json, validate_group_by
from gnomon.chronon.repo import GROUP_BY_FOLDER_NAME
from gnomon.chronon.utils import check_contains

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    FieldsType = Sequence[tuple[str, api.TDataType]]


def JoinPart(
    group_by: api.GroupBy,
    key_mapping: dict[str, str] | None = None,
    prefix: str | None = None,
    tags: dict[str, str] | None = None,
) -> api.JoinPart:
    """A GroupBy as part of a Join.

    key_mapping: left column -> GroupBy key, where the names differ.
    prefix: stands before the part's columns; needed to join one GroupBy twice.
    tags: notes, kept in the Join's customJson.
    """
    if type(group_by).__name__ != "GroupBy":
        raise fail("GD010", "group_by must be a GroupBy", "write JoinPart(group_by=a_group_by)")
    group_by = _named(group_by)
    if key_mapping:
        check_contains(
            key_mapping.values(),
            group_by.keyColumns,
            "key",
            group_by.metaData.name if group_by.metaData else None,
        )
    part = api.JoinPart(groupBy=group_by, keyMapping=key_mapping, prefix=prefix)
    part.tags = tags  # type: ignore[attr-defined]
    return part


def _named(group_by: Any) -> Any:
    """The GroupBy with a name: that of its variable, else the one that the user gave."""
    if not _names.set_name(group_by, GROUP_BY_FOLDER_NAME) and not group_by.metaData.name:
        raise fail(
            "GD048",
            "this GroupBy has no name",
            "assign it to a variable of a file under group_bys/ and import it, "
            'or pass name="team.file.variable" to GroupBy',
            group_by,
        )
    return group_by


class DataType:
    """Types of the fields of external sources and models."""

    BOOLEAN = api.TDataType(api.DataKind.BOOLEAN)
    SHORT = api.TDataType(api.DataKind.SHORT)
    INT = api.TDataType(api.DataKind.INT)
    LONG = api.TDataType(api.DataKind.LONG)
    FLOAT = api.TDataType(api.DataKind.FLOAT)
    DOUBLE = api.TDataType(api.DataKind.DOUBLE)
    STRING = api.TDataType(api.DataKind.STRING)
    BINARY = api.TDataType(api.DataKind.BINARY)

    @staticmethod
    def MAP(key_type: api.TDataType, value_type: api.TDataType) -> api.TDataType:
        """A map; keys are always STRING."""
        if key_type.kind != api.DataKind.STRING:
            raise fail("GD047", "the key type of a MAP must be STRING")
        fields = [api.DataField("key", key_type), api.DataField("value", value_type)]
        return api.TDataType(api.DataKind.MAP, params=fields)

    @staticmethod
    def LIST(elem_type: api.TDataType) -> api.TDataType:
        """A list."""
        return api.TDataType(api.DataKind.LIST, params=[api.DataField("elem", elem_type)])

    @staticmethod
    def STRUCT(name: str, *fields: tuple[str, api.TDataType]) -> api.TDataType:
        """A struct: its name, then (field name, type) pairs."""
        params = [api.DataField(field, data_type) for field, data_type in fields]
        return api.TDataType(api.DataKind.STRUCT, params=params, name=name)


def ExternalSource(
    name: str,
    team: str,
    key_fields: FieldsType,
    value_fields: FieldsType,
    custom_json: str | None = None,
    factory_name: str | None = None,
    factory_params: dict[str, str] | None = None,
    offline_group_by: api.GroupBy | None = None,
) -> api.ExternalSource:
    """Values that a service gives at request time.

    name: the name under which the serving side knows the source.
    key_fields, value_fields: (name, DataType) pairs of the request and of the response.
    factory_name, factory_params: how the serving side makes a handler, if it does not know one.
    offline_group_by: stands in for the service in backfills.
    """
    if name == "contextual":
        raise fail("GD046", "the name 'contextual' is reserved", "use ContextualSource")
    if offline_group_by is not None:
        offline_group_by = _named(offline_group_by)
    factory = None
    if factory_name is not None or factory_params is not None:
        factory = api.ExternalSourceFactoryConfig(factory_name, factory_params)
    return api.ExternalSource(
        metadata=api.MetaData(name=name, team=team, customJson=custom_json),
        keySchema=DataType.STRUCT(f"ext_{name}_keys", *key_fields),
        valueSchema=DataType.STRUCT(f"ext_{name}_values", *value_fields),
        factoryConfig=factory,
        offlineGroupBy=offline_group_by,
    )


def ContextualSource(fields: FieldsType, team: str = "default") -> api.ExternalSource:
    """Values that the request itself carries; they are logged and handed on."""
    return api.ExternalSource(
        metadata=api.MetaData(name="contextual", team=team),
        keySchema=DataType.STRUCT("contextual_keys", *fields),
        valueSchema=DataType.STRUCT("contextual_values", *fields),
    )


def ExternalPart(
    source: api.ExternalSource,
    key_mapping: dict[str, str] | None = None,
    prefix: str | None = None,
) -> api.ExternalPart:
    """An external source as part of a Join; `key_mapping` maps left column to source key."""
    return api.ExternalPart(source=source, keyMapping=key_mapping, prefix=prefix)


def LabelPart(
    labels: list[api.JoinPart],
    left_start_offset: int,
    left_end_offset: int,
    label_offline_schedule: str = "@daily",
) -> api.LabelPart:
    """Labels of a Join.

    labels: parts that give the labels. With aggregations: one part, one aggregation, one window in
        days, and both offsets equal to that window.
    left_start_offset, left_end_offset: days before the label's day; left rows from the first to
        the second, both included, get labels.
    """
    require_list_of("JoinPart", labels, "labels", "JoinPart(…)")
    for label in labels:
        if label.groupBy is not None and label.groupBy.aggregations is not None:
            _check_label(labels, label.groupBy, left_start_offset, left_end_offset)
    return api.LabelPart(
        labels=labels,
        leftStartOffset=left_start_offset,
        leftEndOffset=left_end_offset,
        metaData=api.MetaData(offlineSchedule=label_offline_schedule),
    )


def _check_label(labels: list[api.JoinPart], group_by: Any, start: int, end: int) -> None:
    if len(labels) != 1:
        report(Problem("GD045", "a label with aggregations must be the only label"))
    windows = [window for part in group_by.aggregations for window in part.windows or ()]
    if len(group_by.aggregations) != 1 or len(windows) != 1:
        report(Problem("GD045", "a label has one aggregation with one window", "", group_by))
    elif windows[0].timeUnit != api.TimeUnit.DAYS:
        report(Problem("GD045", "the window of a label is in days", "", windows[0], "timeUnit"))
    elif (start, end) != (windows[0].length, windows[0].length):
        report(
            Problem(
                "GD045",
                f"left_start_offset {start} and left_end_offset {end} differ from the label's "
                f"window of {windows[0].length} days",
                f"set both to {windows[0].length}",
            )
        )


def BootstrapPart(
    table: str, key_columns: list[str] | None = None, query: api.Query | None = None
) -> api.BootstrapPart:
    """A table of ready-made values; a value found there is not computed.

    key_columns: columns that match it to the left side; None: the Join's row_ids.
    query: which of its columns and rows to take.
    """
    return api.BootstrapPart(table=table, query=query, keyColumns=key_columns)


def validate_left_source(source: api.Source) -> None:
    """Reports a left side that a Join cannot have."""
    if source.events and source.events.isCumulative:
        report(
            Problem(
                "GD041",
                "the left side of a Join cannot be cumulative events",
                "use an EntitySource, or events that are not cumulative",
                source.events,
                "isCumulative",
            )
        )
    if source.joinSource:
        report(
            Problem(
                "GD041",
                "the left side of a Join cannot be a JoinSource",
                "read the other Join's output table",
                source,
                "joinSource",
            )
        )


def _left_with_time(left: Any) -> Any:
    """A copy of the left side, so that two Joins may share one; events get the select `ts`."""
    copy = deep_copy(left)
    if left.events and left.events.query.selects:
        if "ts" in left.events.query.selects:
            report(
                Problem(
                    "GD042",
                    "'ts' is reserved for the time of a row and cannot be selected",
                    "give the expression as time_column",
                    left.events.query,
                    "selects",
                )
            )
        copy.events.query.selects["ts"] = copy.events.query.timeColumn
    return copy


def _check_unique(parts: Sequence[Any] | None) -> None:
    seen = set()
    for part in parts or ():
        key = (part.prefix, part.source.metadata.name)
        if key in seen:
            report(
                Problem(
                    "GD043",
                    f"external source '{key[1]}' is there twice with prefix {key[0]!r}",
                    "give each a prefix of its own",
                    part,
                )
            )
        seen.add(key)


def _part_tags(parts: Sequence[Any]) -> dict[str, Any]:
    tags = {}
    for part in parts:
        if getattr(part, "tags", None):
            start = part.prefix + "_" if part.prefix else ""
            tags[f"{start}{part.groupBy.metaData.name}"] = part.tags
    return tags


def _part_dependencies(parts: Sequence[Any], dependencies: list[str] | None, lag: int) -> list[str]:
    return [
        dep
        for part in parts
        for source in part.groupBy.sources
        for dep in _dependencies.get_dependencies(source, dependencies, part.groupBy.metaData, lag)
    ]


def _with_dependencies(label_part: Any, left: list[str]) -> api.LabelPart:
    waits = left + _dependencies.get_label_table_dependencies(label_part)
    return api.LabelPart(
        labels=label_part.labels,
        leftStartOffset=label_part.leftStartOffset,
        leftEndOffset=label_part.leftEndOffset,
        metaData=api.MetaData(
            dependencies=_dependencies.dedupe_in_order(waits),
            offlineSchedule=label_part.metaData.offlineSchedule,
        ),
    )


def _with_log(parts: list[Any] | None, online: bool, sample_percent: float | None) -> list[Any]:
    """The bootstrap parts and, last, the table of logged requests (named at compile)."""
    if not (sample_percent is not None and sample_percent > 0 and online):
        report(
            Problem(
                "GD044",
                "bootstrap_from_log needs online=True and a sample_percent above 0",
                "without them no requests are logged",
            )
        )
    return [*(parts or []), api.BootstrapPart(table="{{ logged_table }}")]


def Join(
    left: api.Source,
    right_parts: list[api.JoinPart],
    check_consistency: bool = False,
    additional_args: list[str] | None = None,
    additional_env: list[str] | None = None,
    dependencies: list[str] | None = None,
    online: bool = False,
    production: bool = False,
    output_namespace: str | None = None,
    table_properties: dict[str, str] | None = None,
    env: dict[str, dict[str, str]] | None = None,
    lag: int = 0,
    skew_keys: dict[str, list[str]] | None = None,
    sample_percent: float | None = None,
    consistency_sample_percent: float | None = 5.0,
    online_external_parts: list[api.ExternalPart] | None = None,
    offline_schedule: str = "@daily",
    historical_backfill: bool | None = None,
    row_ids: list[str] | None = None,
    bootstrap_parts: list[api.BootstrapPart] | None = None,
    bootstrap_from_log: bool = False,
    label_part: api.LabelPart | None = None,
    derivations: list[api.Derivation] | None = None,
    deprecation_date: str | None = None,
    tags: dict[str, str] | None = None,
    description: str | None = None,
    model_transforms: api.ModelTransforms | None = None,
    **kwargs: Any,
) -> api.Join:
    """Adds the features of GroupBys to each row of a left side.

    left: events (each row as of its own time) or entities (as of midnight).
    right_parts: the features.
    check_consistency: compare what was served with what a backfill gives.
    dependencies: partition specs to wait for, in place of those made from the sources.
    online, production: serve it; alert on it.
    output_namespace, table_properties, env, lag, offline_schedule: as in GroupBy.
    skew_keys: column -> values to leave out of backfills.
    sample_percent, consistency_sample_percent: 0 to 100; of the requests how many to log, and of
        those how many to check.
    online_external_parts: values from services.
    historical_backfill: False fills the newest day only.
    row_ids: columns that tell left rows apart, the default keys of bootstrap_parts.
    bootstrap_parts: tables of ready-made values.
    bootstrap_from_log: take logged requests as one more such table, after the others.
    label_part: labels.
    derivations: output columns computed from output columns.
    model_transforms: models applied to the output.
    additional_args, additional_env, tags, kwargs: kept in customJson.
    """
    if type(left).__name__ != "Source":
        raise fail(
            "GD020",
            f"left must be a Source, not a {type(left).__name__}",
            "write Source(events=EventSource(…)) or Source(entities=EntitySource(…))",
        )
    require_list_of("JoinPart", right_parts, "right_parts", "JoinPart(group_by=…)")
    require_list_of("Derivation", derivations, "derivations", "Derivation(…)")
    validate_left_source(left)
    updated_left = _left_with_time(left)
    _check_unique(online_external_parts)
    for part in right_parts:
        validate_group_by(part.groupBy)  # type: ignore[arg-type]

    waits = _dependencies.get_dependencies(left, dependencies, lag=lag)
    if label_part:
        label_part = _with_dependencies(label_part, waits)
    waits = waits + _part_dependencies(right_parts, dependencies, lag)
    if bootstrap_from_log:
        bootstrap_parts = _with_log(bootstrap_parts, online, sample_percent)
    if dependencies is None:
        waits += _dependencies.get_bootstrap_dependencies(bootstrap_parts)

    settings: dict[str, Any] = {"check_consistency": check_consistency, "lag": lag}
    if additional_args:
        settings["additional_args"] = additional_args
    if additional_env:
        settings["additional_env"] = additional_env
    settings.update(kwargs)
    settings["join_tags"] = tags
    settings["join_part_tags"] = _part_tags(right_parts)

    metadata = api.MetaData(
        online=online,
        production=production,
        customJson=custom_json(Join, settings, kwargs),
        dependencies=_dependencies.dedupe_in_order(waits),
        outputNamespace=output_namespace,
        tableProperties=table_properties,
        modeToEnvMap=env,
        samplePercent=sample_percent,
        offlineSchedule=offline_schedule,
        consistencySamplePercent=consistency_sample_percent if check_consistency else None,
        historicalBackfill=historical_backfill,
        deprecationDate=deprecation_date,
        description=description,
    )
    return api.Join(
        left=updated_left,
        joinParts=right_parts,
        metaData=metadata,
        skewKeys=skew_keys,
        onlineExternalParts=online_external_parts,
        bootstrapParts=bootstrap_parts,
        rowIds=row_ids,
        labelPart=label_part,
        derivations=derivations,
        modelTransforms=model_transforms,
    )


__all__ = [
    "BootstrapPart",
    "ContextualSource",
    "DataType",
    "Derivation",
    "ExternalPart",
    "ExternalSource",
    "Join",
    "JoinPart",
    "LabelPart",
    "validate_left_source",
]
