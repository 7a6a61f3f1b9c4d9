"""EXPERIMENTAL: catalog, streams, models and pipelines. Spark marks their messages as unstable, so
names and behaviour here may change with any release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gnomon.spark import _pickle, _remote
from gnomon.spark._errors import InvalidPlan, missing
from gnomon.spark.readwriter import (
    STREAM_FORMATS,
    DataFrameReader,
    WriterOptions,
    _names_of,
    add_formats,
)
from gnomon.spark.types import Row, StructType, make_row

if TYPE_CHECKING:
    from gnomon.spark.dataframe import DataFrame
    from gnomon.spark.session import Session
    from gnomon.spark.storage import StorageLevel


# ---- the catalog ----


class Catalog:
    """What tables, views, functions and databases there are."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _relation(self, operation: str, **fields: Any) -> DataFrame:
        return self._session._relation("catalog", **{operation: fields})

    def _rows(self, operation: str, **fields: Any) -> list[Row]:
        names, rows = self._relation(operation, **fields)._native.execute().rows()
        return [make_row(names, row) for row in rows]

    def _value(self, operation: str, **fields: Any) -> Any:
        rows = self._rows(operation, **fields)
        return rows[0][0] if rows else None

    def currentCatalog(self) -> str:
        return str(self._value("current_catalog"))

    def setCurrentCatalog(self, catalogName: str) -> None:
        self._rows("set_current_catalog", catalog_name=catalogName)

    def listCatalogs(self, pattern: str | None = None) -> list[Row]:
        return self._rows("list_catalogs", pattern=pattern)

    def currentDatabase(self) -> str:
        return str(self._value("current_database"))

    def setCurrentDatabase(self, dbName: str) -> None:
        self._rows("set_current_database", db_name=dbName)

    def listDatabases(self, pattern: str | None = None) -> list[Row]:
        return self._rows("list_databases", pattern=pattern)

    def getDatabase(self, dbName: str) -> Row:
        return self._rows("get_database", db_name=dbName)[0]

    def databaseExists(self, dbName: str) -> bool:
        return bool(self._value("database_exists", db_name=dbName))

    def listTables(self, dbName: str | None = None, pattern: str | None = None) -> list[Row]:
        return self._rows("list_tables", db_name=dbName, pattern=pattern)

    def getTable(self, tableName: str) -> Row:
        return self._rows("get_table", table_name=tableName)[0]

    def tableExists(self, tableName: str, dbName: str | None = None) -> bool:
        return bool(self._value("table_exists", table_name=tableName, db_name=dbName))

    def listColumns(self, tableName: str, dbName: str | None = None) -> list[Row]:
        return self._rows("list_columns", table_name=tableName, db_name=dbName)

    def listFunctions(self, dbName: str | None = None, pattern: str | None = None) -> list[Row]:
        return self._rows("list_functions", db_name=dbName, pattern=pattern)

    def getFunction(self, functionName: str) -> Row:
        return self._rows("get_function", function_name=functionName)[0]

    def functionExists(self, functionName: str, dbName: str | None = None) -> bool:
        return bool(self._value("function_exists", function_name=functionName, db_name=dbName))

    def registerFunction(self, name: str, f: Any, returnType: Any = None) -> Any:
        return self._session.udf.register(name, f, returnType)

    def createTable(
        self,
        tableName: str,
        path: str | None = None,
        source: str | None = None,
        schema: StructType | None = None,
        description: str | None = None,
        **options: str,
    ) -> DataFrame:
        made = self._relation(
            "create_table",
            table_name=tableName,
            path=path,
            source=source,
            schema=schema._proto() if schema is not None else None,
            description=description,
            options=options,
        )
        made._native.execute().rows()
        return made

    def createExternalTable(
        self,
        tableName: str,
        path: str | None = None,
        source: str | None = None,
        schema: StructType | None = None,
        **options: str,
    ) -> DataFrame:
        return self.createTable(tableName, path, source, schema, **options)

    def dropTempView(self, viewName: str) -> bool:
        return bool(self._value("drop_temp_view", view_name=viewName))

    def dropGlobalTempView(self, viewName: str) -> bool:
        return bool(self._value("drop_global_temp_view", view_name=viewName))

    def isCached(self, tableName: str) -> bool:
        return bool(self._value("is_cached", table_name=tableName))

    def cacheTable(self, tableName: str, storageLevel: StorageLevel | None = None) -> None:
        level = storageLevel._fields() if storageLevel is not None else None
        self._rows("cache_table", table_name=tableName, storage_level=level)

    def uncacheTable(self, tableName: str) -> None:
        self._rows("uncache_table", table_name=tableName)

    def clearCache(self) -> None:
        self._rows("clear_cache")

    def refreshTable(self, tableName: str) -> None:
        self._rows("refresh_table", table_name=tableName)

    def refreshByPath(self, path: str) -> None:
        self._rows("refresh_by_path", path=path)

    def recoverPartitions(self, tableName: str) -> None:
        self._rows("recover_partitions", table_name=tableName)


# ---- streams ----


class DataStreamReader(DataFrameReader):
    """session.readStream: sources that never end."""

    _streaming = True

    def _set(self, options: dict[str, Any]) -> None:
        super()._set({k: None if v is None else str(v) for k, v in options.items()})  # "True"

    if TYPE_CHECKING:

        def parquet(self, path: str, **options: Any) -> DataFrame: ...  # type: ignore[override]

    def text(  # type: ignore[override]
        self,
        path: str,
        wholetext: bool = False,
        lineSep: str | None = None,
        pathGlobFilter: Any = None,
        recursiveFileLookup: Any = None,
    ) -> DataFrame:
        return super().text(path, wholetext, lineSep, pathGlobFilter, recursiveFileLookup)


add_formats(DataStreamReader, STREAM_FORMATS)


class DataStreamWriter(WriterOptions):
    """df.writeStream: starts a query that runs until it is stopped."""

    def __init__(self, df: DataFrame) -> None:
        super().__init__(df)
        self._fields: dict[str, Any] = {}

    def _with(self, **fields: Any) -> DataStreamWriter:
        self._fields.update({name: value for name, value in fields.items() if value is not None})
        return self

    def format(self, source: str) -> DataStreamWriter:
        return self._with(format=source)

    def outputMode(self, outputMode: str) -> DataStreamWriter:
        return self._with(output_mode=outputMode)

    def queryName(self, queryName: str) -> DataStreamWriter:
        return self._with(query_name=queryName)

    def option(self, key: str, value: Any) -> DataStreamWriter:
        self._set({key: value})
        return self

    def options(self, **options: Any) -> DataStreamWriter:
        self._set(options)
        return self

    def partitionBy(self, *cols: Any) -> DataStreamWriter:
        return self._with(partitioning_column_names=_names_of(cols))

    def clusterBy(self, *cols: Any) -> DataStreamWriter:
        return self._with(clustering_column_names=_names_of(cols))

    def trigger(
        self,
        *,
        processingTime: str | None = None,
        once: bool | None = None,
        continuous: str | None = None,
        availableNow: bool | None = None,
    ) -> DataStreamWriter:
        given = {
            "processing_time_interval": processingTime,
            "once": once,
            "continuous_checkpoint_interval": continuous,
            "available_now": availableNow,
        }
        if sum(value is not None for value in given.values()) != 1:
            raise InvalidPlan("a trigger is one of " + ", ".join(given))
        return self._with(**given)

    def foreach(self, f: Any) -> DataStreamWriter:
        """Calls a function with each row, or a writer's process(row), on the server."""
        if not callable(f) and not callable(getattr(f, "process", None)):
            raise TypeError("foreach wants a function, or what has process(row)")
        return self._with(foreach_writer=_python_function(_remote.each_of_stream(f)))

    def foreachBatch(self, func: Any) -> DataStreamWriter:
        """Calls a function with a data frame (of pyspark's) and a number for each batch, on the
        server."""
        return self._with(foreach_batch=_python_function(func))

    def start(
        self,
        path: str | None = None,
        format: str | None = None,
        outputMode: str | None = None,
        partitionBy: Any = None,
        queryName: str | None = None,
        **options: Any,
    ) -> StreamingQuery:
        self._with(format=format, output_mode=outputMode, query_name=queryName)
        return self._start(partitionBy, options, path=path)

    def toTable(
        self,
        tableName: str,
        format: str | None = None,
        outputMode: str | None = None,
        partitionBy: Any = None,
        queryName: str | None = None,
        **options: Any,
    ) -> StreamingQuery:
        self._with(format=format, output_mode=outputMode, query_name=queryName)
        return self._start(partitionBy, options, table_name=tableName)

    def _start(self, partitions: Any, options: dict[str, Any], **sink: Any) -> StreamingQuery:
        self._set(options)
        if partitions is not None:
            self.partitionBy(*([partitions] if isinstance(partitions, str) else partitions))
        fields = {**self._fields, **sink, "options": dict(self._options)}
        answer = self._run("write_stream_operation_start", **fields)
        started = answer["write_stream_operation_start_result"]
        return StreamingQuery(self._df._session, started["query_id"], started.get("name") or None)


def _python_function(f: Any) -> dict[str, Any]:
    command = {"command": _pickle.dumps(f), "python_ver": _pickle.PYTHON}
    return {"python_function": command}


class StreamingQuery:
    """A query that runs: what it is at, and its end."""

    def __init__(self, session: Session, query_id: dict[str, str], name: str | None) -> None:
        self._session, self._query_id, self.name = session, query_id, name

    @property
    def id(self) -> str:
        return self._query_id["id"]

    @property
    def runId(self) -> str:
        return self._query_id["run_id"]

    def _ask(self, command: str, value: Any = True) -> dict[str, Any]:
        answer = self._session._command(
            "streaming_query_command", query_id=self._query_id, **{command: value}
        )
        found: dict[str, Any] = answer.get("streaming_query_command_result", {})
        return found

    @property
    def status(self) -> dict[str, Any]:
        found = self._ask("status").get("status", {})
        return {
            "message": found.get("status_message", ""),
            "isDataAvailable": found.get("is_data_available", False),
            "isTriggerActive": found.get("is_trigger_active", False),
        }

    @property
    def isActive(self) -> bool:
        return bool(self._ask("status").get("status", {}).get("is_active", False))

    def _progress(self, command: str) -> list[dict[str, Any]]:
        found = self._ask(command).get("recent_progress", {})
        return [json.loads(text) for text in found.get("recent_progress_json", [])]

    @property
    def recentProgress(self) -> list[dict[str, Any]]:
        return self._progress("recent_progress")

    @property
    def lastProgress(self) -> dict[str, Any] | None:
        found = self._progress("last_progress")
        return found[-1] if found else None

    def awaitTermination(self, timeout: float | None = None) -> bool | None:
        wait = {} if timeout is None else {"timeout_ms": int(timeout * 1000)}
        found = self._ask("await_termination", wait).get("await_termination", {})
        return None if timeout is None else bool(found.get("terminated", False))

    def processAllAvailable(self) -> None:
        self._ask("process_all_available")

    def stop(self) -> None:
        self._ask("stop")

    def explain(self, extended: bool = False) -> None:
        print(self._ask("explain", {"extended": extended}).get("explain", {}).get("result", ""))

    def exception(self) -> str | None:
        """Why it ended, when it failed."""
        found = self._ask("exception").get("exception", {}).get("exception_message")
        return None if found is None else str(found)


class StreamingQueryManager:
    """session.streams: the queries that run in a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _ask(self, command: str, value: Any = True) -> dict[str, Any]:
        answer = self._session._command("streaming_query_manager_command", **{command: value})
        found: dict[str, Any] = answer.get("streaming_query_manager_command_result", {})
        return found

    def _query(self, found: dict[str, Any]) -> StreamingQuery:
        return StreamingQuery(self._session, found["id"], found.get("name"))

    @property
    def active(self) -> list[StreamingQuery]:
        found = self._ask("active").get("active", {}).get("active_queries", [])
        return [self._query(one) for one in found]

    def get(self, id: str) -> StreamingQuery | None:
        found = self._ask("get_query", id).get("query")
        return self._query(found) if found else None

    def awaitAnyTermination(self, timeout: float | None = None) -> bool | None:
        wait = {} if timeout is None else {"timeout_ms": int(timeout * 1000)}
        found = self._ask("await_any_termination", wait).get("await_any_termination", {})
        return None if timeout is None else bool(found.get("terminated", False))

    def addListener(self, listener: Any) -> None:
        instead = "ask a query for its recentProgress, isActive and exception() from time to time"
        raise missing("StreamingQueryManager", "addListener", instead)

    removeListener = addListener

    def resetTerminated(self) -> None:
        self._ask("reset_terminated")


# ---- models and pipelines: their messages as they are ----


def ml_command(session: Session, command: str, **fields: Any) -> dict[str, Any]:
    """A command about models by the protocol's names: ml_command(spark, "fit", estimator={...},
    dataset=df); what the server answers, in its own names."""
    answer = session._command("ml_command", **{command: fields})
    found: dict[str, Any] = answer.get("ml_command_result", {})
    return found


def ml_transform(df: DataFrame, model: str, params: dict[str, Any] | None = None) -> DataFrame:
    """Rows with what a model on the server, by its id, says of them."""
    transform = {"obj_ref": {"id": model}, "input": df, "params": {"params": params or {}}}
    return df._session._relation("ml_relation", transform=transform)


def pipeline_command(session: Session, command: str, **fields: Any) -> dict[str, Any]:
    """A command about pipelines by the protocol's names: "create_dataflow_graph", "start_run"."""
    answer = session._command("pipeline_command", **{command: fields})
    found: dict[str, Any] = answer.get("pipeline_command_result", {})
    return found
