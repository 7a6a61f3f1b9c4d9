"""The model of a definition, as Chronon's Thrift file has it: every struct, field, id and enum.

These classes are data. The functions in `gnomon.chronon.group_by`, `.join`, `.query` … build them
with checks and defaults; writing `Source(events=EventSource(table=…, query=…))` directly is usual
for sources. Every field may be left out. Days are strings `yyyy-MM-dd`; times are expressions that
give milliseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

from gnomon.chronon._struct import Enumeration, Struct, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass


class Operation(Enumeration):
    """What an aggregation does with the values of a key inside a window."""

    MIN = 0
    MAX = 1
    FIRST = 2
    LAST = 3
    UNIQUE_COUNT = 4
    APPROX_UNIQUE_COUNT = 5
    COUNT = 6
    SUM = 7
    AVERAGE = 8
    VARIANCE = 9
    SKEW = 10
    KURTOSIS = 11
    APPROX_PERCENTILE = 12
    LAST_K = 13
    FIRST_K = 14
    TOP_K = 15
    BOTTOM_K = 16
    HISTOGRAM = 17
    APPROX_HISTOGRAM_K = 18
    BOUNDED_UNIQUE_COUNT = 19


class TimeUnit(Enumeration):
    """Unit of a window's length."""

    HOURS = 0
    DAYS = 1


class Accuracy(Enumeration):
    """TEMPORAL: as of the time of the request. SNAPSHOT: as of the midnight before it."""

    TEMPORAL = 0
    SNAPSHOT = 1


class DataKind(Enumeration):
    """Kind of a `TDataType`."""

    BOOLEAN = 0
    BYTE = 1
    SHORT = 2
    INT = 3
    LONG = 4
    FLOAT = 5
    DOUBLE = 6
    STRING = 7
    BINARY = 8
    DATE = 9
    TIMESTAMP = 10
    MAP = 11
    LIST = 12
    STRUCT = 13


class Query(Struct):
    """What is read of a table: columns, rows, days, time.

    `selects` maps output column to expression; None reads the columns as they are. `wheres` must
    all hold. `startPartition` and `endPartition` are days, both included. `timeColumn` is an
    expression for the time of a row in milliseconds.
    """

    selects: dict[str, str] | None = field(1, "map<string,string>")
    wheres: list[str] | None = field(2, "list<string>")
    startPartition: str | None = field(3, "string")
    endPartition: str | None = field(4, "string")
    timeColumn: str | None = field(5, "string")
    setups: list[str] = field(6, "list<string>", default=())
    mutationTimeColumn: str | None = field(7, "string")
    reversalColumn: str | None = field(8, "string")
    partitionColumn: str | None = field(9, "string")


class StagingQuery(Struct):
    """A SQL query whose result becomes a table, filled day by day.

    The text may use `{{ start_date }}`, `{{ end_date }}`, `{{ latest_date }}` and
    `{{ max_date(table=ns.name) }}`. `startPartition` is the first day. `createView` makes a view.
    """

    metaData: MetaData | None = field(1, "MetaData")
    query: str | None = field(2, "string")
    startPartition: str | None = field(3, "string")
    setups: list[str] | None = field(4, "list<string>")
    createView: bool | None = field(5, "bool")


class EventSource(Struct):
    """Rows that happened: a table partitioned by day, and a topic if they also arrive as a stream.

    `table` may name sub-partitions after slashes (`ns.table/region=eu`); they say which partitions
    to wait for and do not filter rows. `isCumulative`: each day holds all rows up to that day.
    """

    table: str | None = field(1, "string")
    topic: str | None = field(2, "string")
    query: Query | None = field(3, "Query")
    isCumulative: bool | None = field(4, "bool")


class EntitySource(Struct):
    """Rows that change: a full snapshot a day, and the changes as a table and a topic."""

    snapshotTable: str | None = field(1, "string")
    mutationTable: str | None = field(2, "string")
    mutationTopic: str | None = field(3, "string")
    query: Query | None = field(4, "Query")


class ExternalSourceFactoryConfig(Struct):
    """Name and parameters of the factory that makes an external source's handler."""

    factoryName: str | None = field(1, "string")
    factoryParams: dict[str, str] | None = field(2, "map<string,string>")


class ExternalSource(Struct):
    """Values fetched from a service at request time. (`metadata` has a small d here.)"""

    metadata: MetaData | None = field(1, "MetaData")
    keySchema: TDataType | None = field(2, "TDataType")
    valueSchema: TDataType | None = field(3, "TDataType")
    factoryConfig: ExternalSourceFactoryConfig | None = field(4, "ExternalSourceFactoryConfig")
    offlineGroupBy: GroupBy | None = field(5, "GroupBy")


class JoinSource(Struct):
    """The output of a Join as the input of a GroupBy (chaining)."""

    join: Join | None = field(1, "Join")
    query: Query | None = field(2, "Query")


class Source(Struct):
    """Exactly one of events, entities, joinSource."""

    events: EventSource | None = field(1, "EventSource")
    entities: EntitySource | None = field(2, "EntitySource")
    joinSource: JoinSource | None = field(3, "JoinSource")


class Window(Struct):
    """The last `length` hours or days."""

    length: int | None = field(1, "i32")
    timeUnit: int | None = field(2, "TimeUnit")


class Aggregation(Struct):
    """One operation over one column, for each window and each bucket column."""

    inputColumn: str | None = field(1, "string")
    operation: int | None = field(2, "Operation")
    argMap: dict[str, str] | None = field(3, "map<string,string>")
    windows: list[Window] | None = field(4, "list<Window>")
    buckets: list[str] | None = field(5, "list<string>")
    elementWise: bool | None = field(6, "bool")


class AggregationPart(Struct):
    """An aggregation with one window and one bucket column: one output column."""

    inputColumn: str | None = field(1, "string")
    operation: int | None = field(2, "Operation")
    argMap: dict[str, str] | None = field(3, "map<string,string>")
    window: Window | None = field(4, "Window")
    bucket: str | None = field(5, "string")
    elementWise: bool | None = field(6, "bool")


class MetaData(Struct):
    """Name, team, schedule and switches. `customJson` and each dependency are JSON in a string.

    `samplePercent` and `consistencySamplePercent` are percentages from 0 to 100.
    """

    name: str | None = field(1, "string")
    online: bool | None = field(2, "bool")
    production: bool | None = field(3, "bool")
    customJson: str | None = field(4, "string")
    dependencies: list[str] | None = field(5, "list<string>")
    tableProperties: dict[str, str] | None = field(6, "map<string,string>")
    outputNamespace: str | None = field(7, "string")
    team: str | None = field(8, "string")
    modeToEnvMap: dict[str, dict[str, str]] | None = field(9, "map<string,map<string,string>>")
    consistencyCheck: bool | None = field(10, "bool")
    samplePercent: float | None = field(11, "double")
    offlineSchedule: str | None = field(12, "string")
    consistencySamplePercent: float | None = field(13, "double")
    historicalBackfill: bool | None = field(14, "bool")
    deprecationDate: str | None = field(15, "string")
    description: str | None = field(16, "string")


class GroupBy(Struct):
    """Features of a key: sources, key columns, aggregations, derivations."""

    metaData: MetaData | None = field(1, "MetaData")
    sources: list[Source] | None = field(2, "list<Source>")
    keyColumns: list[str] | None = field(3, "list<string>")
    aggregations: list[Aggregation] | None = field(4, "list<Aggregation>")
    accuracy: int | None = field(5, "Accuracy")
    backfillStartDate: str | None = field(6, "string")
    derivations: list[Derivation] | None = field(7, "list<Derivation>")
    isIncremental: bool | None = field(8, "bool")


class JoinPart(Struct):
    """A GroupBy inside a Join. `keyMapping` maps left column to GroupBy key. No field is 3."""

    groupBy: GroupBy | None = field(1, "GroupBy")
    keyMapping: dict[str, str] | None = field(2, "map<string,string>")
    prefix: str | None = field(4, "string")


class ExternalPart(Struct):
    """An external source inside a Join."""

    source: ExternalSource | None = field(1, "ExternalSource")
    keyMapping: dict[str, str] | None = field(2, "map<string,string>")
    prefix: str | None = field(3, "string")


class Derivation(Struct):
    """An output column computed from other output columns; `*` keeps them all."""

    name: str | None = field(1, "string")
    expression: str | None = field(2, "string")
    metaData: MetaData | None = field(3, "MetaData")


class Join(Struct):
    """A left side and the features to add to each of its rows."""

    metaData: MetaData | None = field(1, "MetaData")
    left: Source | None = field(2, "Source")
    joinParts: list[JoinPart] | None = field(3, "list<JoinPart>")
    skewKeys: dict[str, list[str]] | None = field(4, "map<string,list<string>>")
    onlineExternalParts: list[ExternalPart] | None = field(5, "list<ExternalPart>")
    labelPart: LabelPart | None = field(6, "LabelPart")
    bootstrapParts: list[BootstrapPart] | None = field(7, "list<BootstrapPart>")
    rowIds: list[str] | None = field(8, "list<string>")
    derivations: list[Derivation] | None = field(9, "list<Derivation>")
    modelTransforms: ModelTransforms | None = field(10, "ModelTransforms")


class BootstrapPart(Struct):
    """A table whose ready-made values are taken before anything is computed."""

    metaData: MetaData | None = field(1, "MetaData")
    table: str | None = field(2, "string")
    query: Query | None = field(3, "Query")
    keyColumns: list[str] | None = field(4, "list<string>")


class LabelPart(Struct):
    """Labels, and how many days before the label's day the left rows lie (both ends included)."""

    labels: list[JoinPart] | None = field(1, "list<JoinPart>")
    leftStartOffset: int | None = field(2, "i32")
    leftEndOffset: int | None = field(3, "i32")
    metaData: MetaData | None = field(4, "MetaData")


class GroupByServingInfo(Struct):
    """What a fetcher needs to serve a GroupBy; written by uploads."""

    groupBy: GroupBy | None = field(1, "GroupBy")
    inputAvroSchema: str | None = field(2, "string")
    selectedAvroSchema: str | None = field(3, "string")
    keyAvroSchema: str | None = field(4, "string")
    batchEndDate: str | None = field(5, "string")
    dateFormat: str | None = field(6, "string")


class DataField(Struct):
    """A named type."""

    name: str | None = field(1, "string")
    dataType: TDataType | None = field(2, "TDataType")


class TDataType(Struct):
    """A type. MAP has params `key` and `value`, LIST has `elem`, STRUCT one param a field."""

    kind: int | None = field(1, "DataKind")
    params: list[DataField] | None = field(2, "list<DataField>")
    name: str | None = field(3, "string")


class InferenceSpec(Struct):
    """Where a model runs."""

    modelBackend: str | None = field(1, "string")
    modelBackendParams: dict[str, str] | None = field(2, "map<string,string>")


class Model(Struct):
    """A model with the columns that it reads and writes."""

    metaData: MetaData | None = field(1, "MetaData")
    inferenceSpec: InferenceSpec | None = field(2, "InferenceSpec")
    inputSchema: TDataType | None = field(3, "TDataType")
    outputSchema: TDataType | None = field(4, "TDataType")


class ModelTransform(Struct):
    """A model applied to the output of a Join, with the columns renamed on the way in and out."""

    model: Model | None = field(1, "Model")
    inputMappings: dict[str, str] | None = field(2, "map<string,string>")
    outputMappings: dict[str, str] | None = field(3, "map<string,string>")
    prefix: str | None = field(4, "string")


class ModelTransforms(Struct):
    """The models of a Join, and the columns that pass through unchanged."""

    transforms: list[ModelTransform] | None = field(1, "list<ModelTransform>")
    passthroughFields: list[str] | None = field(2, "list<string>")
