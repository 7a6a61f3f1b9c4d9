"""Readers and writers. Signatures are PySpark's."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gnomon.spark._errors import InvalidPlan
from gnomon.spark.column import Column, expression, to_column
from gnomon.spark.types import StructType

if TYPE_CHECKING:
    from gnomon.spark.dataframe import DataFrame
    from gnomon.spark.session import Session

# What a format's method takes by name, beside path and schema, in PySpark's order.
_FILES = "pathGlobFilter recursiveFileLookup modifiedBefore modifiedAfter"
_XML = (
    "excludeAttribute attributePrefix valueTag ignoreSurroundingSpaces rowValidationXSDPath"
    " ignoreNamespace wildcardColName encoding inferSchema nullValue dateFormat timestampFormat"
    " mode columnNameOfCorruptRecord multiLine samplingRatio locale"
)
_CSV = (
    "sep encoding quote escape comment header inferSchema ignoreLeadingWhiteSpace"
    " ignoreTrailingWhiteSpace nullValue nanValue positiveInf negativeInf dateFormat"
    " timestampFormat maxColumns maxCharsPerColumn maxMalformedLogPerPartition mode"
    " columnNameOfCorruptRecord multiLine charToEscapeQuoteEscaping"
)
_JSON = (
    "primitivesAsString prefersDecimal allowComments allowUnquotedFieldNames allowSingleQuotes"
    " allowNumericLeadingZero allowBackslashEscapingAnyCharacter mode columnNameOfCorruptRecord"
    " dateFormat timestampFormat multiLine allowUnquotedControlChars lineSep"
)
READ_FORMATS = {
    "csv": f"path schema {_CSV} samplingRatio enforceSchema emptyValue locale lineSep {_FILES}"
    " unescapedQuoteHandling",
    "json": f"path schema {_JSON} samplingRatio dropFieldIfAllNull encoding locale {_FILES}"
    " allowNonNumericNumbers useUnsafeRow",
    "orc": f"path mergeSchema {_FILES}",
    "xml": f"path rowTag schema {_XML}",
}
STREAM_FORMATS = {
    "csv": f"path schema {_CSV} enforceSchema emptyValue locale lineSep"
    " pathGlobFilter recursiveFileLookup unescapedQuoteHandling",
    "json": f"path schema {_JSON} locale dropFieldIfAllNull encoding"
    " pathGlobFilter recursiveFileLookup allowNonNumericNumbers useUnsafeRow",
    "orc": "path mergeSchema pathGlobFilter recursiveFileLookup",
    "parquet": "path mergeSchema pathGlobFilter recursiveFileLookup datetimeRebaseMode"
    " int96RebaseMode",
    "xml": f"path rowTag schema {_XML}",
}
WRITE_FORMATS = {
    "csv": "path mode compression sep quote escape header nullValue escapeQuotes quoteAll"
    " dateFormat timestampFormat ignoreLeadingWhiteSpace ignoreTrailingWhiteSpace"
    " charToEscapeQuoteEscaping encoding emptyValue lineSep",
    "json": "path mode compression dateFormat timestampFormat lineSep encoding ignoreNullFields",
    "orc": "path mode partitionBy compression",
    "parquet": "path mode partitionBy compression",
    "text": "path compression lineSep",
    "xml": "path rowTag mode attributePrefix valueTag rootTag declaration arrayElementName"
    " nullValue dateFormat timestampFormat compression encoding validateName",
}


def _method(format: str, names: str, run: Callable[..., Any]) -> Callable[..., Any]:
    """A format's method: `run` gets the object, the format, and what was given by name."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    first, *rest = names.split()
    parameters = [inspect.Parameter("self", kind), inspect.Parameter(first, kind)]
    parameters += [inspect.Parameter(name, kind, default=None) for name in rest]
    signature = inspect.Signature(parameters)

    def method(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs).arguments
        return run(bound.pop("self"), format, **bound)

    method.__name__ = method.__qualname__ = format
    method.__signature__ = signature  # type: ignore[attr-defined]
    return method


def option_text(value: Any) -> str | None:
    """As Spark spells it: true, not True."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


class Options:
    """What readers and writers share: settings, given one by one or at once."""

    def __init__(self) -> None:
        self._options: dict[str, str] = {}

    def _set(self, options: dict[str, Any]) -> None:
        for name, value in options.items():
            text = option_text(value)
            if text is not None:
                self._options[name] = text


class DataFrameReader(Options):
    """spark.read: files and other sources as data frames."""

    _streaming = False

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._format: str | None = None
        self._schema = ""

    def format(self, source: str) -> DataFrameReader:
        self._format = source
        return self

    def schema(self, schema: StructType | str) -> DataFrameReader:
        self._schema = schema if isinstance(schema, str) else schema.json()
        return self

    def option(self, key: str, value: Any) -> DataFrameReader:
        self._set({key: value})
        return self

    def options(self, **options: Any) -> DataFrameReader:
        self._set(options)
        return self

    def load(
        self, path: Any = None, format: str | None = None, schema: Any = None, **options: Any
    ) -> DataFrame:
        if format is not None:
            self.format(format)
        if schema is not None:
            self.schema(schema)
        self._set(options)
        return self._source(paths=[path] if isinstance(path, str) else list(path or ()))

    def _source(self, **fields: Any) -> DataFrame:
        source = {
            "format": self._format,
            "schema": self._schema,
            "options": dict(self._options),
            **fields,
        }
        return self._session._relation("read", data_source=source, is_streaming=self._streaming)

    def table(self, tableName: str) -> DataFrame:
        named = {"unparsed_identifier": tableName, "options": dict(self._options)}
        return self._session._relation("read", named_table=named, is_streaming=self._streaming)

    def _file(self, format: str, path: Any, schema: Any = None, **options: Any) -> DataFrame:
        if format in ("csv", "json", "xml") and not isinstance(path, (str, list)):
            return self._parse(format, path, schema, options)
        return self.load(path, format, schema, **options)

    def _parse(self, format: str, rows: DataFrame, schema: Any, options: Any) -> DataFrame:
        """A data frame of one text column, read as lines of the format."""
        self._set(options)
        kind = schema._proto() if isinstance(schema, StructType) else None
        return self._session._relation(
            "parse",
            input=rows,
            format=f"PARSE_FORMAT_{format.upper()}",
            schema=kind,
            options=dict(self._options),
        )

    def parquet(self, *paths: str, **options: Any) -> DataFrame:
        self._set(options)
        return self.load(list(paths), "parquet")

    def text(
        self,
        paths: Any,
        wholetext: bool = False,
        lineSep: str | None = None,
        pathGlobFilter: Any = None,
        recursiveFileLookup: Any = None,
        modifiedBefore: Any = None,
        modifiedAfter: Any = None,
    ) -> DataFrame:
        return self.load(
            paths,
            "text",
            wholetext=wholetext,
            lineSep=lineSep,
            pathGlobFilter=pathGlobFilter,
            recursiveFileLookup=recursiveFileLookup,
            modifiedBefore=modifiedBefore,
            modifiedAfter=modifiedAfter,
        )

    def jdbc(
        self,
        url: str,
        table: str,
        column: str | None = None,
        lowerBound: Any = None,
        upperBound: Any = None,
        numPartitions: int | None = None,
        predicates: list[str] | None = None,
        properties: dict[str, str] | None = None,
    ) -> DataFrame:
        self.format("jdbc")
        if column is not None:
            if lowerBound is None or upperBound is None or numPartitions is None:
                raise InvalidPlan("a column wants lowerBound, upperBound and numPartitions")
            self.options(
                partitionColumn=column,
                lowerBound=lowerBound,
                upperBound=upperBound,
                numPartitions=numPartitions,
            )
        self.options(**(properties or {}))
        self.options(url=url, dbtable=table)
        return self._source(predicates=list(predicates or ()))

    if TYPE_CHECKING:

        def csv(self, path: Any, schema: Any = None, **options: Any) -> DataFrame: ...
        def json(self, path: Any, schema: Any = None, **options: Any) -> DataFrame: ...
        def orc(self, path: Any, **options: Any) -> DataFrame: ...
        def xml(self, path: Any, **options: Any) -> DataFrame: ...


class WriterOptions(Options):
    """What the writers share beside their settings: the rows, and where a command goes."""

    def __init__(self, df: DataFrame) -> None:
        super().__init__()
        self._df = df

    def _run(self, type: str, /, **fields: Any) -> dict[str, Any]:
        return self._df._session._command(type, input=self._df, **fields)


class DataFrameWriter(WriterOptions):
    """df.write: rows into files and tables."""

    def __init__(self, df: DataFrame) -> None:
        super().__init__(df)
        self._source: str | None = None
        self._mode: str | None = None
        self._partitions: list[str] = []
        self._clusters: list[str] = []
        self._sorts: list[str] = []
        self._buckets: dict[str, Any] | None = None

    def mode(self, saveMode: str | None) -> DataFrameWriter:
        modes = {
            "append": "APPEND",
            "overwrite": "OVERWRITE",
            "error": "ERROR_IF_EXISTS",
            "errorifexists": "ERROR_IF_EXISTS",
            "default": "ERROR_IF_EXISTS",
            "ignore": "IGNORE",
        }
        if saveMode:
            if saveMode.lower() not in modes:
                raise InvalidPlan(f"there is no mode {saveMode}", hint=", ".join(modes))
            self._mode = f"SAVE_MODE_{modes[saveMode.lower()]}"
        return self

    def format(self, source: str) -> DataFrameWriter:
        self._source = source
        return self

    def option(self, key: str, value: Any) -> DataFrameWriter:
        self._set({key: value})
        return self

    def options(self, **options: Any) -> DataFrameWriter:
        self._set(options)
        return self

    def partitionBy(self, *cols: Any) -> DataFrameWriter:
        self._partitions = _names_of(cols)
        return self

    def clusterBy(self, *cols: Any) -> DataFrameWriter:
        self._clusters = _names_of(cols)
        return self

    def bucketBy(self, numBuckets: int, col: Any, *cols: str) -> DataFrameWriter:
        names = _names_of((col, *cols) if isinstance(col, str) else (col,))
        self._buckets = {"bucket_column_names": names, "num_buckets": numBuckets}
        return self

    def sortBy(self, col: Any, *cols: str) -> DataFrameWriter:
        self._sorts = _names_of((col, *cols) if isinstance(col, str) else (col,))
        return self

    def _fields(self, **target: Any) -> dict[str, Any]:
        return {
            "source": self._source,
            **target,
            "mode": self._mode,
            "sort_column_names": self._sorts,
            "partitioning_columns": self._partitions,
            "bucket_by": self._buckets,
            "options": dict(self._options),
            "clustering_columns": self._clusters,
        }

    def _prepare(self, format: Any, mode: Any, partitionBy: Any, options: Any) -> None:
        self.mode(mode).options(**options)
        if partitionBy is not None:
            self.partitionBy(partitionBy)
        if format is not None:
            self.format(format)

    def save(
        self,
        path: str | None = None,
        format: str | None = None,
        mode: str | None = None,
        partitionBy: Any = None,
        **options: Any,
    ) -> None:
        self._prepare(format, mode, partitionBy, options)
        self._run("write_operation", **self._fields(path=path))

    def saveAsTable(
        self,
        name: str,
        format: str | None = None,
        mode: str | None = None,
        partitionBy: Any = None,
        **options: Any,
    ) -> None:
        self._prepare(format, mode, partitionBy, options)
        table = {"table_name": name, "save_method": "TABLE_SAVE_METHOD_SAVE_AS_TABLE"}
        self._run("write_operation", **self._fields(table=table))

    def insertInto(self, tableName: str, overwrite: bool | None = None) -> None:
        if overwrite is not None:
            self.mode("overwrite" if overwrite else "append")
        table = {"table_name": tableName, "save_method": "TABLE_SAVE_METHOD_INSERT_INTO"}
        self._run("write_operation", **self._fields(table=table))

    def jdbc(
        self,
        url: str,
        table: str,
        mode: str | None = None,
        properties: dict[str, str] | None = None,
    ) -> None:
        self.mode(mode).options(**(properties or {})).options(url=url, dbtable=table)
        self.format("jdbc").save()

    def _file(
        self,
        format: str,
        path: str,
        mode: str | None = None,
        partitionBy: Any = None,
        **options: Any,
    ) -> None:
        self.save(path, format, mode, partitionBy, **options)

    if TYPE_CHECKING:

        def csv(self, path: str, mode: str | None = None, **options: Any) -> None: ...
        def json(self, path: str, mode: str | None = None, **options: Any) -> None: ...
        def orc(self, path: str, mode: str | None = None, **options: Any) -> None: ...
        def parquet(self, path: str, mode: str | None = None, **options: Any) -> None: ...
        def text(self, path: str, **options: Any) -> None: ...
        def xml(self, path: str, **options: Any) -> None: ...


def _names_of(cols: tuple[Any, ...]) -> list[str]:
    return list(cols[0]) if len(cols) == 1 and isinstance(cols[0], (list, tuple)) else list(cols)


def add_formats(owner: type, formats: dict[str, str]) -> None:
    for format, names in formats.items():
        setattr(owner, format, _method(format, names, owner._file))  # type: ignore[attr-defined]


add_formats(DataFrameReader, READ_FORMATS)
add_formats(DataFrameWriter, WRITE_FORMATS)


class DataFrameWriterV2(WriterOptions):
    """df.writeTo(table): rows into tables of a catalog."""

    def __init__(self, df: DataFrame, table: str) -> None:
        super().__init__(df)
        self._table = table
        self._provider: str | None = None
        self._properties: dict[str, str] = {}
        self._partitions: list[Column] = []
        self._clusters: list[str] = []

    def using(self, provider: str) -> DataFrameWriterV2:
        self._provider = provider
        return self

    def option(self, key: str, value: Any) -> DataFrameWriterV2:
        self._set({key: value})
        return self

    def options(self, **options: Any) -> DataFrameWriterV2:
        self._set(options)
        return self

    def tableProperty(self, property: str, value: str) -> DataFrameWriterV2:
        self._properties[property] = value
        return self

    def partitionedBy(self, col: Any, *cols: Any) -> DataFrameWriterV2:
        self._partitions = [to_column(c) for c in (col, *cols)]
        return self

    def clusterBy(self, col: str, *cols: str) -> DataFrameWriterV2:
        self._clusters = [col, *cols]
        return self

    def _write(self, mode: str, condition: Column | None = None) -> None:
        self._run(
            "write_operation_v2",
            table_name=self._table,
            provider=self._provider,
            partitioning_columns=self._partitions,
            options=dict(self._options),
            table_properties=dict(self._properties),
            mode=f"MODE_{mode}",
            overwrite_condition=condition,
            clustering_columns=self._clusters,
        )

    def create(self) -> None:
        self._write("CREATE")

    def replace(self) -> None:
        self._write("REPLACE")

    def createOrReplace(self) -> None:
        self._write("CREATE_OR_REPLACE")

    def append(self) -> None:
        self._write("APPEND")

    def overwrite(self, condition: Column) -> None:
        self._write("OVERWRITE", condition)

    def overwritePartitions(self) -> None:
        self._write("OVERWRITE_PARTITIONS")


class MergeIntoWriter:
    """df.mergeInto(table, condition): rows into a table, each where it belongs."""

    def __init__(self, df: DataFrame, table: str, condition: Column) -> None:
        self._df, self._table, self._condition = df, table, condition
        self._actions: dict[str, list[Column]] = {
            "match_actions": [],
            "not_matched_actions": [],
            "not_matched_by_source_actions": [],
        }
        self._evolution = False

    def whenMatched(self, condition: Column | None = None) -> WhenMatched:
        return WhenMatched(self, "match_actions", condition)

    def whenNotMatched(self, condition: Column | None = None) -> WhenNotMatched:
        return WhenNotMatched(self, "not_matched_actions", condition)

    def whenNotMatchedBySource(self, condition: Column | None = None) -> WhenMatched:
        return WhenMatched(self, "not_matched_by_source_actions", condition)

    def withSchemaEvolution(self) -> MergeIntoWriter:
        self._evolution = True
        return self

    def merge(self) -> None:
        self._df._session._command(
            "merge_into_table_command",
            target_table_name=self._table,
            source_table_plan=self._df,
            merge_condition=self._condition,
            with_schema_evolution=self._evolution,
            **self._actions,
        )


class _When:
    def __init__(self, writer: MergeIntoWriter, rows: str, condition: Column | None) -> None:
        self._writer, self._rows, self._condition = writer, rows, condition

    def _act(self, action: str, assignments: dict[str, Column] | None = None) -> MergeIntoWriter:
        pairs = [
            {"key": expression("expression_string", expression=key), "value": value}
            for key, value in (assignments or {}).items()
        ]
        column = expression(
            "merge_action",
            action_type=f"ACTION_TYPE_{action}",
            condition=self._condition,
            assignments=pairs,
        )
        self._writer._actions[self._rows].append(column)
        return self._writer


class WhenMatched(_When):
    """What is done with rows of the table: those that match, or that the source has not."""

    def updateAll(self) -> MergeIntoWriter:
        return self._act("UPDATE_STAR")

    def update(self, assignments: dict[str, Column]) -> MergeIntoWriter:
        return self._act("UPDATE", assignments)

    def delete(self) -> MergeIntoWriter:
        return self._act("DELETE")


class WhenNotMatched(_When):
    """What is done with rows of the source that the table has not."""

    def insertAll(self) -> MergeIntoWriter:
        return self._act("INSERT_STAR")

    def insert(self, assignments: dict[str, Column]) -> MergeIntoWriter:
        return self._act("INSERT", assignments)
