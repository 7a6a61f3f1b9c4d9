"""Sessions with a Spark Connect server. Signatures are PySpark's."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gnomon.spark import _spark
from gnomon.spark._errors import InvalidPlan, SparkConnectError, missing
from gnomon.spark.column import to_column, to_literal
from gnomon.spark.dataframe import DataFrame, TableArg
from gnomon.spark.execution import ExecutionInfo, MetricValue
from gnomon.spark.readwriter import DataFrameReader, option_text
from gnomon.spark.types import StructType, from_proto

if TYPE_CHECKING:
    from gnomon.spark.datasource import DataSourceRegistration
    from gnomon.spark.experimental import Catalog, DataStreamReader, StreamingQueryManager
    from gnomon.spark.observation import Observation
    from gnomon.spark.udf import UDFRegistration
    from gnomon.spark.udtf import UDTFRegistration

EVENT_PROGRESS, EVENT_OBSERVED, EVENT_METRIC = 6, 7, 10
FILE, JAR, PYFILE, ARCHIVE = 1, 2, 3, 4  # kinds of artifacts
INTERRUPT_ALL, INTERRUPT_TAG, INTERRUPT_OPERATION = 1, 2, 3
NOT_HERE = {
    "client": "the protocol by its own names: session._relation, session._command",
    "profile": "the server's profilers write no result to clients of ours",
    "Hook": "Session(url, headers={...}) adds to every call",
}
NO_VALUE: Any = object()


class RuntimeConf:
    """session.conf: the settings of a session."""

    def __init__(self, native: _spark.Session) -> None:
        self._native = native

    def get(self, key: str, default: Any = NO_VALUE) -> str | None:
        if default is NO_VALUE:
            return self._native.config_get(key)
        found = self._native.config_find(key)
        return option_text(default) if found is None else found

    def set(self, key: str, value: Any) -> None:
        self._native.config_set(key, str(option_text(value)))

    def unset(self, key: str) -> None:
        self._native.config_unset(key)

    @property
    def getAll(self) -> dict[str, str | None]:
        return self._native.config_list(None)

    def isModifiable(self, key: str) -> bool:
        return self._native.config_is_modifiable(key)


class TableValuedFunction:
    """session.tvf: functions that give a table."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _call(self, name: str, *arguments: Any) -> DataFrame:
        return self._session._relation(
            "unresolved_table_valued_function", function_name=name, arguments=list(arguments)
        )

    def range(
        self,
        start: int,
        end: int | None = None,
        step: int = 1,
        numPartitions: int | None = None,
    ) -> DataFrame:
        return self._session.range(start, end, step, numPartitions)

    def explode(self, collection: Any) -> DataFrame:
        return self._call("explode", to_column(collection))

    def explode_outer(self, collection: Any) -> DataFrame:
        return self._call("explode_outer", to_column(collection))

    def posexplode(self, collection: Any) -> DataFrame:
        return self._call("posexplode", to_column(collection))

    def posexplode_outer(self, collection: Any) -> DataFrame:
        return self._call("posexplode_outer", to_column(collection))

    def inline(self, input: Any) -> DataFrame:
        return self._call("inline", to_column(input))

    def inline_outer(self, input: Any) -> DataFrame:
        return self._call("inline_outer", to_column(input))

    def variant_explode(self, input: Any) -> DataFrame:
        return self._call("variant_explode", to_column(input))

    def variant_explode_outer(self, input: Any) -> DataFrame:
        return self._call("variant_explode_outer", to_column(input))

    def json_tuple(self, input: Any, *fields: Any) -> DataFrame:
        return self._call("json_tuple", to_column(input), *(to_column(f) for f in fields))

    def stack(self, n: Any, *fields: Any) -> DataFrame:
        return self._call("stack", to_column(n), *(to_column(f) for f in fields))

    def collations(self) -> DataFrame:
        return self._call("collations")

    def sql_keywords(self) -> DataFrame:
        return self._call("sql_keywords")

    def python_worker_logs(self) -> DataFrame:
        return self._call("python_worker_logs")


class Builder:
    """Session.builder.remote("sc://host").config("key", "value").getOrCreate()."""

    def __init__(self) -> None:
        self._url: str | None = None
        self._settings: dict[str, Any] = {}

    def remote(self, url: str) -> Builder:
        self._url = url
        return self

    def appName(self, name: str) -> Builder:
        return self.config("spark.app.name", name)

    def config(self, key: str | None = None, value: Any = None, *, map: Any = None) -> Builder:
        self._settings.update(map or {key: value})
        return self

    def create(self) -> Session:
        session = Session(self._settings.pop("spark.remote", self._url))
        for key, value in self._settings.items():
            session.conf.set(key, value)
        return session

    def getOrCreate(self) -> Session:
        active = Session.getActiveSession()
        if active is None or (self._url and active.url != self._url):
            return self.create()
        return active


def _artifact(path: str, pyfile: bool, archive: bool, file: bool) -> tuple[int, str, str]:
    """The kind, the name and the path of what is to be sent."""
    scheme, separator, rest = path.partition("://")
    if separator and scheme != "file":
        raise InvalidPlan(f"{path}: only files of this machine are sent", hint="copy it first")
    path = rest if separator else path
    kind = PYFILE if pyfile else ARCHIVE if archive else FILE if file else JAR
    return kind, os.path.basename(path), path


class _NewBuilder:
    def __get__(self, instance: Any, owner: Any) -> Builder:
        return Builder()


class Session:
    """A session: where queries go, and what they are run under. Opening sends nothing.

    `options` are those of `sparkc_session_args`: user_id, token, ca_file, headers (a dict),
    want_stack, call_timeout_ms, retries_max ...; without a URL, SPARK_REMOTE says where.
    """

    Builder = Builder
    builder = _NewBuilder()
    _active: weakref.ref[Session] | None = None

    def __init__(self, url: str | None = None, **options: Any) -> None:
        self.url = url
        self.rows_max = int(options.pop("rows_max", 0))  # of what is collected; 0: no ceiling
        self.bytes_max = int(options.pop("bytes_max", 0))
        self.preview_rows = int(options.pop("preview_rows", 20))  # in notebooks; 0: run nothing
        self._observations: weakref.WeakValueDictionary[str, Observation] = (
            weakref.WeakValueDictionary()
        )
        self._executions: weakref.WeakValueDictionary[str, ExecutionInfo] = (
            weakref.WeakValueDictionary()
        )
        self._progress: list[Callable[..., None]] = []
        self._tags: set[str] = set()
        told = functools.partial(_told, weakref.ref(self))
        native = options.pop("_native", None)
        self._native: _spark.Session = native or _spark.Session(url=url, on_event=told, **options)
        self._closed = False
        Session._active = weakref.ref(self)

    def __getattr__(self, name: str) -> Any:
        if name in NOT_HERE:
            raise missing("Session", name, NOT_HERE[name])
        raise AttributeError(f"a session without {name}")

    # ---- plans ----

    def _relation(self, type: str, /, **fields: Any) -> DataFrame:
        """A relation by the protocol's own names; a field that is None is left out."""
        return DataFrame(_spark.relation(self._native, type, fields), self)

    def _command(self, type: str, /, **fields: Any) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(_spark.command(self._native, type, fields))
        return answer

    def _analyze(self, type: str, /, **fields: Any) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(_spark.analyze(self._native, type, fields))
        found: dict[str, Any] = answer.get(type, {})
        return found

    def range(
        self,
        start: int,
        end: int | None = None,
        step: int = 1,
        numPartitions: int | None = None,
    ) -> DataFrame:
        first, last = (0, start) if end is None else (start, end)
        return self._relation(
            "range", start=int(first), end=int(last), step=int(step), num_partitions=numPartitions
        )

    def table(self, tableName: str) -> DataFrame:
        return self.read.table(tableName)

    def sql(self, sqlQuery: str, args: Any = None, **kwargs: Any) -> DataFrame:
        """SQL with values for its `:names` (a dict) or its `?` (a list), and data frames for its
        `{names}`. A statement with side effects is run at once."""
        fields: dict[str, Any] = {}
        if isinstance(args, dict):
            fields["named_arguments"] = {name: to_literal(v) for name, v in args.items()}
        elif args:
            fields["pos_arguments"] = [to_literal(v) for v in args]
        if kwargs:
            if not all(isinstance(df, DataFrame) for df in kwargs.values()):
                raise InvalidPlan("{names} of SQL are data frames", hint="values are for args=")
            sqlQuery = sqlQuery.format(**{name: name for name in kwargs})
        query = self._relation("sql", query=sqlQuery, **fields)
        if kwargs:
            views = [df.alias(name) for name, df in kwargs.items()]
            query = self._relation("with_relations", root=query, references=views)
        return DataFrame(self._native.sql(query._native), self)

    def createDataFrame(
        self,
        data: Any,
        schema: Any = None,
        samplingRatio: float | None = None,
        verifySchema: bool | None = None,
    ) -> DataFrame:
        """Rows of this process: anything with Arrow's stream interface; lists want pyarrow."""
        from gnomon.spark import _local

        if not hasattr(data, "__arrow_c_stream__"):
            data = _local.table(list(data), schema)
        if isinstance(schema, (list, tuple)):
            schema = None
        text = schema.json() if isinstance(schema, StructType) else schema
        return DataFrame(self._native.create(data.__arrow_c_stream__(), text), self)

    @property
    def read(self) -> DataFrameReader:
        return DataFrameReader(self)

    @property
    def tvf(self) -> TableValuedFunction:
        return TableValuedFunction(self)

    @property
    def catalog(self) -> Catalog:
        from gnomon.spark.experimental import Catalog

        return Catalog(self)

    @property
    def udf(self) -> UDFRegistration:
        from gnomon.spark.udf import UDFRegistration

        return UDFRegistration(self)

    @property
    def udtf(self) -> UDTFRegistration:
        from gnomon.spark.udtf import UDTFRegistration

        return UDTFRegistration(self)

    @property
    def dataSource(self) -> DataSourceRegistration:
        from gnomon.spark.datasource import DataSourceRegistration

        return DataSourceRegistration(self)

    @property
    def readStream(self) -> DataStreamReader:
        from gnomon.spark.experimental import DataStreamReader

        return DataStreamReader(self)

    @property
    def streams(self) -> StreamingQueryManager:
        from gnomon.spark.experimental import StreamingQueryManager

        return StreamingQueryManager(self)

    def parse_ddl(self, ddl: str) -> StructType:
        """The schema that a text of DDL is."""
        kind = from_proto(self._analyze("ddl_parse", ddl_string=ddl)["parsed"])
        assert isinstance(kind, StructType)
        return kind

    def json_to_ddl(self, text: str) -> str:
        """A schema in JSON as DDL."""
        return str(self._analyze("json_to_ddl", json_string=text)["ddl_string"])

    # ---- the session itself ----

    @property
    def version(self) -> str:
        return self._native.version()

    @property
    def session_id(self) -> str:
        return self._native.id()

    @property
    def conf(self) -> RuntimeConf:
        return RuntimeConf(self._native)

    @property
    def is_stopped(self) -> bool:
        return self._closed

    def addTag(self, tag: str) -> None:
        self._native.tag_add(tag)
        self._tags.add(tag)

    def removeTag(self, tag: str) -> None:
        self._native.tag_remove(tag)
        self._tags.discard(tag)

    def getTags(self) -> set[str]:
        return set(self._tags)

    def clearTags(self) -> None:
        self._native.tag_remove(None)
        self._tags.clear()

    # ---- files for the server ----

    def addArtifacts(
        self, *path: str, pyfile: bool = False, archive: bool = False, file: bool = False
    ) -> None:
        """Files of this machine for the session: jars, or what the one true word says."""
        if pyfile + archive + file > 1:
            raise InvalidPlan("an artifact is one of pyfile, archive and file")
        self._native.artifacts_add([_artifact(str(p), pyfile, archive, file) for p in path])

    addArtifact = addArtifacts

    def copyFromLocalToFs(self, local_path: str, dest_path: str) -> None:
        """A file to where the server sees its file system, if it lets clients do so."""
        self._native.copy_to_server(os.path.abspath(local_path), dest_path)

    # ---- what runs ----

    def interruptAll(self) -> int:
        """Ends all operations of the session; how many there were."""
        return self._native.interrupt(INTERRUPT_ALL, None)

    def interruptTag(self, tag: str) -> int:
        return self._native.interrupt(INTERRUPT_TAG, tag)

    def interruptOperation(self, op_id: str) -> int:
        return self._native.interrupt(INTERRUPT_OPERATION, op_id)

    def registerProgressHandler(self, handler: Callable[..., None]) -> None:
        """handler(done=, total=, finished=, bytes=, operation_id=), from the working thread."""
        self._progress.append(handler)

    def removeProgressHandler(self, handler: Callable[..., None]) -> None:
        if handler in self._progress:
            self._progress.remove(handler)

    def clearProgressHandlers(self) -> None:
        self._progress.clear()

    def cloneSession(self, new_session_id: str | None = None) -> Session:
        return Session(self.url, _native=self._native.clone(new_session_id))

    def stop(self) -> None:
        """Ends the session on the server, and here."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(SparkConnectError):
            self._native.release()  # a server that is gone has no session of ours
        self._native.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *unused: Any) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<gnomon.spark.Session {self.url or 'SPARK_REMOTE'}>"

    @classmethod
    def getActiveSession(cls) -> Session | None:
        """The session that was opened last, while it is open."""
        session = cls._active() if cls._active else None
        return None if session is None or session._closed else session

    @classmethod
    def active(cls) -> Session:
        session = cls.getActiveSession()
        if session is None:
            raise InvalidPlan("no session is open")
        return session


def _told(
    session: weakref.ref[Session],
    kind: int,
    operation_id: str | None,
    name: str | None,
    key: str | None,
    text: str | None,
    done: int,
    total: int,
    finished: int,
    read: int,
    rows: int,
    wait_us: int,
    stages: int,
    attempt: int,
    plan_id: int,
    value: int,
) -> None:
    """What the library tells while it works, on the thread that works."""
    alive = session()
    if alive is None:
        return
    execution = alive._executions.get(operation_id or "")
    if kind == EVENT_METRIC and execution is not None:
        execution._metric(name or "", plan_id, MetricValue(key or "", value, text or ""))
    if kind == EVENT_OBSERVED and execution is not None:
        execution._observed.setdefault(name or "", {})[key or ""] = text or ""
    if kind == EVENT_OBSERVED and name is not None and name in alive._observations:
        alive._observations[name]._tell(key or "", text or "")
    if kind == EVENT_PROGRESS:
        for handler in list(alive._progress):
            handler(
                done=done,
                total=total,
                finished=bool(finished),
                bytes=read,
                operation_id=operation_id,
            )


__all__ = ["RuntimeConf", "Session", "TableArg", "TableValuedFunction"]
