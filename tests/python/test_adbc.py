"""The ADBC driver through the driver manager, against a real Spark 4.1.1.

The second half are the cases of the manager's own validation suite that apply to Spark, in our
words; what does not apply: transactions, constraints, partitioned results, statistics."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import adbc_driver_manager as adbc
import polars
import pyarrow as pa
import pytest
from adbc_driver_manager import dbapi
from define_kit import ROOT

DRIVERS = Path(os.environ.get("GNOMON_ADBC", ROOT / "build" / "release" / "src" / "adbc"))
LIBRARY = DRIVERS / "libadbc_driver_gnomon_spark.so"
PYTHON = ROOT / ".deps" / "oracle-spark" / "bin" / "python"
ORACLE = ROOT / "tests" / "golden" / "expr" / "oracle.py"
UTC = timezone.utc


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server of Spark Connect for all tests of this file."""
    running = os.environ.get("GNOMON_SPARK")
    if running:
        yield running
        return
    if not PYTHON.exists() or not shutil.which("java"):
        pytest.skip("Spark or Java is not installed; ./dev setup brings both")
    command = [str(PYTHON), "-u", str(ORACLE), "serve"]
    # A shell's background job ignores SIGINT, and what it starts would, too.
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        try:
            if not address.startswith("sc://"):
                pytest.skip("Spark does not start here")
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


@pytest.fixture(autouse=True)
def manifests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drivers are found as users find them: by the scheme of the address."""
    monkeypatch.setenv("ADBC_DRIVER_PATH", str(DRIVERS))


@pytest.fixture
def connection(url: str) -> Iterator[dbapi.Connection]:
    with dbapi.connect(uri=url, autocommit=True) as opened:
        yield opened


@pytest.fixture
def cursor(connection: dbapi.Connection) -> Iterator[dbapi.Cursor]:
    with connection.cursor() as opened:
        yield opened


@pytest.fixture
def table(cursor: dbapi.Cursor) -> Iterator[str]:
    """The name of a table that is not there, and goes."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    yield name
    cursor.execute(f"DROP TABLE IF EXISTS {name}")


def rows(cursor: dbapi.Cursor, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    cursor.execute(sql, parameters)
    return list(cursor.fetchall())


def later(seconds: float, call: Any) -> threading.Timer:
    timer = threading.Timer(seconds, call)
    timer.start()
    return timer


# ---- rows ----


def test_an_address_alone_opens_spark(cursor: dbapi.Cursor) -> None:
    assert rows(cursor, "SELECT id, id * 2 AS d FROM range(3)") == [(0, 0), (1, 2), (2, 4)]


def test_polars_and_pyarrow_read_the_stream(connection: dbapi.Connection) -> None:
    sql = "SELECT id, CAST(id AS STRING) AS s FROM range(100000)"
    frame = polars.read_database(sql, connection)
    assert frame.height == 100000 and frame["id"].sum() == 4999950000
    with connection.cursor() as cursor:
        cursor.execute(sql)
        arrow = cursor.fetch_arrow_table()
    assert arrow.column("s").to_pylist() == [str(i) for i in range(100000)]
    assert frame["s"].to_list() == arrow.column("s").to_pylist()


def test_every_type_comes_as_arrow_has_it(cursor: dbapi.Cursor) -> None:
    cursor.execute(
        "SELECT true AS b, 1Y AS i8, 2S AS i16, 3 AS i32, 4L AS i64, float(0.5) AS f, 0.25D AS d,"
        " 'ż' AS s, X'00FF' AS bin, 12345.67BD AS dec, DATE'2026-01-02' AS day,"
        " TIMESTAMP'2026-01-02 03:04:05' AS ts, TIMESTAMP_NTZ'2026-01-02 03:04:05' AS ntz,"
        " array(1, 2) AS l, map('k', 1) AS m, named_struct('a', 1) AS st, NULL AS n"
    )
    got = cursor.fetch_arrow_table()
    assert [str(t) for t in got.schema.types] == [
        *("bool", "int8", "int16", "int32", "int64", "float", "double", "string", "binary"),
        *("decimal128(7, 2)", "date32[day]", "timestamp[us, tz=UTC]", "timestamp[us]"),
        *("list<element: int32 not null>", "map<string, int32>"),
        *("struct<a: int32 not null>", "null"),
    ]
    assert list(got.to_pylist()[0].values()) == [
        *(True, 1, 2, 3, 4, 0.5, 0.25, "ż", b"\x00\xff", Decimal("12345.67"), date(2026, 1, 2)),
        *(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, 5)),
        *([1, 2], [("k", 1)], {"a": 1}, None),
    ]


def test_a_statement_runs_once_and_its_rows_stay(cursor: dbapi.Cursor, table: str) -> None:
    cursor.execute(f"CREATE TABLE {table} (a INT) USING parquet")
    assert cursor.rowcount == -1
    cursor.execute(f"INSERT INTO {table} VALUES (1), (2)")
    assert rows(cursor, f"SELECT count(*) FROM {table}") == [(2,)]


# ---- parameters ----


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "boolean"),
        (7, "bigint"),
        (2.5, "double"),
        ("it's `a` \\ ?", "string"),
        ("", "string"),
        (b"\x00\x01", "binary"),
        (Decimal("-12.34"), "decimal(4,2)"),
        (date(1969, 12, 31), "date"),
        (datetime(2024, 1, 2, 3, 4, 5, 6), "timestamp_ntz"),
        (datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "timestamp"),
        ([1, None], "array<bigint>"),
        ({"a": 1, "b": "x"}, "struct<a:bigint,b:string>"),
        (None, "void"),
    ],
)
def test_a_parameter_keeps_its_value_and_type(
    cursor: dbapi.Cursor, value: object, kind: str
) -> None:
    assert rows(cursor, "SELECT ? AS v, typeof(?) AS t", (value, value)) == [(value, kind)]


@pytest.mark.parametrize(
    ("type", "kind"),
    [
        *((pa.int8(), "tinyint"), (pa.int16(), "smallint"), (pa.int32(), "int")),
        *((pa.float32(), "float"), (pa.uint32(), "bigint"), (pa.large_string(), "string")),
        (pa.string_view(), "string"),
    ],
)
def test_arrow_types_and_their_nulls_are_bound(
    cursor: dbapi.Cursor, type: pa.DataType, kind: str
) -> None:
    value: Any = "x" if kind == "string" else 1
    batch = pa.record_batch([pa.array([value, None], type)], ["v"])
    cursor.execute("SELECT ? AS v, 1 AS one", batch)
    assert [r[0] for r in cursor.fetchall()] == [value, None]
    cursor.execute("SELECT typeof(?)", batch.slice(0, 1))
    assert cursor.fetchall() == [(kind,)]


def test_names_are_parameters_and_texts_are_not(cursor: dbapi.Cursor) -> None:
    sql = "SELECT :high - :low AS d, '?' AS q, \":no\" AS n, CAST(NULL AS STRUCT<a:INT>) -- :x ?\n"
    assert rows(cursor, sql, {"low": 1, "high": 10}) == [(9, "?", ":no", None)]


def test_each_row_of_parameters_is_an_execution(cursor: dbapi.Cursor, table: str) -> None:
    cursor.execute(f"CREATE TABLE {table} (a BIGINT, b STRING) USING parquet")
    cursor.executemany(f"INSERT INTO {table} VALUES (?, ?)", [(1, "a"), (2, None), (3, "c")])
    assert rows(cursor, f"SELECT * FROM {table} ORDER BY a") == [(1, "a"), (2, None), (3, "c")]
    batch = pa.record_batch([pa.array([2, 3])], ["n"])
    cursor.execute("SELECT ? * id FROM range(3) ORDER BY id", batch)
    assert [r[0] for r in cursor.fetchall()] == [0, 2, 4, 0, 3, 6]
    cursor.executemany("SELECT ?", batch.schema.empty_table())


def test_maps_are_bound_and_a_stream_keeps_its_types(cursor: dbapi.Cursor) -> None:
    column = pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int32()))
    batch = pa.record_batch([column], ["v"])
    cursor.execute("SELECT typeof(?), 1", batch.slice(0, 1))
    assert cursor.fetchall() == [("map<string,int>", 1)]
    cursor.execute("SELECT ? AS v", batch)  # the server takes the type of a null map away
    with pytest.raises(dbapi.ProgrammingError, match="other types than that to the row before"):
        cursor.fetchall()


def test_a_missing_parameter_is_named(cursor: dbapi.Cursor) -> None:
    with pytest.raises(dbapi.ProgrammingError, match="no column is bound for the parameter ':b'"):
        cursor.execute("SELECT :a, :b", {"a": 1})
    with pytest.raises(dbapi.ProgrammingError, match="the text has 2 parameters, and 1 are bound"):
        cursor.execute("SELECT ?, ?", (1,))
    with pytest.raises(dbapi.Error) as caught:
        cursor.execute("SELECT ?")
    assert caught.value.sqlstate == "42P02"


# ---- errors ----


def details_of(error: dbapi.Error) -> dict[str, bytes]:
    found: list[tuple[Any, bytes]] = list(error.details)
    return {k.decode() if isinstance(k, bytes) else str(k): v for k, v in found}


@pytest.mark.parametrize(
    ("sql", "error_class", "sqlstate", "status"),
    [
        ("SELECT nope FROM range(1)", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703", "INVALID_A"),
        ("SELEC 1", "PARSE_SYNTAX_ERROR", "42601", "INVALID_ARGUMENT"),
        ("SELECT * FROM no_such_table", "TABLE_OR_VIEW_NOT_FOUND", "42P01", "NOT_FOUND"),
        ("SELECT no_such_function(1)", "UNRESOLVED_ROUTINE", "42883", "NOT_FOUND"),
        ("SELECT 1/0", "DIVIDE_BY_ZERO", "22012", "INVALID_DATA"),
        ("SELECT raise_error('no')", "USER_RAISED_EXCEPTION", "P0001", "INVALID_DATA"),
        ("CREATE SCHEMA default", "SCHEMA_ALREADY_EXISTS", "42P06", "ALREADY_EXISTS"),
    ],
)
def test_spark_says_what_is_wrong(
    cursor: dbapi.Cursor, sql: str, error_class: str, sqlstate: str, status: str
) -> None:
    with pytest.raises(dbapi.Error) as caught:
        cursor.execute(sql)
    assert caught.value.sqlstate == sqlstate
    assert str(caught.value.status_code.name).startswith(status)
    assert details_of(caught.value)["spark.error_class"] == error_class.encode()


def test_details_have_parameters_place_and_stack(url: str) -> None:
    with (
        dbapi.connect(
            uri=url, db_kwargs={"gnomon.spark.stack_trace": "true"}, autocommit=True
        ) as connection,
        connection.cursor() as cursor,
        pytest.raises(dbapi.Error) as caught,
    ):
        cursor.execute("SELECT id, nope FROM range(1)")
    details = details_of(caught.value)
    assert json.loads(details["spark.message_parameters"])["objectName"] == "`nope`"
    place = json.loads(details["spark.query_context"])[0]
    assert (place["fragment"], place["start_index"], place["stop_index"]) == ("nope", 11, 14)
    assert b"AnalysisException" in details["spark.stack_trace"]
    assert details["spark.grpc_status"] == b"13"


def test_nobody_there_is_an_io_error() -> None:
    options = {"gnomon.spark.retries_max": "-1"}
    with (
        dbapi.connect(uri="sc://localhost:1", db_kwargs=options, autocommit=True) as connection,
        connection.cursor() as cursor,
        pytest.raises(dbapi.OperationalError) as caught,
    ):
        cursor.execute("SELECT 1")
    assert (caught.value.status_code, caught.value.sqlstate) == (adbc.AdbcStatusCode.IO, "08000")


# ---- ingest ----


ROWS = pa.table(
    {
        "flag": [True, None, False],
        "tiny": pa.array([1, None, -1], pa.int8()),
        "small": pa.array([1, None, -1], pa.int16()),
        "whole": pa.array([1, None, -1], pa.int32()),
        "big": pa.array([2**62, None, -1], pa.int64()),
        "single": pa.array([0.5, None, -1], pa.float32()),
        "real": pa.array([0.1, None, -1], pa.float64()),
        "text": ["łódź", None, ""],
        "bytes": [b"\x00\xff", None, b""],
        "dec": pa.array([Decimal("1.10"), None, Decimal("-99999999.99")], pa.decimal128(10, 2)),
        "day": pa.array([date(2024, 2, 29), None, date(1969, 12, 31)]),
        "moment": pa.array([0, None, -1], pa.timestamp("us", "UTC")),
        "wall": pa.array([0, None, -1], pa.timestamp("us")),
        "list": [[1, None], None, []],
        "struct": [{"a": 1, "b": "x"}, None, {"a": None, "b": None}],
        "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int32())),
    }
)


def test_what_is_ingested_is_read_again(cursor: dbapi.Cursor, table: str) -> None:
    assert cursor.adbc_ingest(table, ROWS, mode="create") == 3
    cursor.execute(f"SELECT * FROM {table}")
    got = cursor.fetch_arrow_table()
    assert got.column_names == ROWS.column_names
    assert got.to_pylist() == ROWS.to_pylist()
    assert [t for t in got.schema.types if not pa.types.is_nested(t)] == [
        t for t in ROWS.schema.types if not pa.types.is_nested(t)
    ]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, None, 255], pa.uint8()),
        pa.array([1, None, 2**32 - 1], pa.uint32()),
        pa.array(["a", None, "ż" * 20], pa.large_string()),
        pa.array(["a", None, "ż" * 20], pa.string_view()),
        pa.array([b"a", None, b""], pa.large_binary()),
        pa.array([0, None, 1700000000], pa.timestamp("s", "UTC")),
        pa.array([0, None, 1700000000123], pa.timestamp("ms")),
        pa.array([0, None, 1700000000123456000], pa.timestamp("ns", "Europe/Warsaw")),
        pa.array([[1], None, []], pa.large_list(pa.int64())),
        pa.array(["a", None, "a"]).dictionary_encode(),
        pa.array([0, None, 86400000], pa.date64()),
    ],
    ids=lambda column: str(column.type),
)
def test_types_that_spark_does_not_read_are_converted(
    cursor: dbapi.Cursor, table: str, column: pa.Array
) -> None:
    kept = pa.array([b"x", None, b"y"])
    assert cursor.adbc_ingest(table, pa.table({"v": column, "k": kept}), mode="create") == 3
    got = rows(cursor, f"SELECT * FROM {table}")
    assert [r[0] for r in got] == column.to_pylist()
    assert [r[1] for r in got] == kept.to_pylist()


def test_modes_of_ingest(cursor: dbapi.Cursor, table: str) -> None:
    def count() -> int:
        return int(rows(cursor, f"SELECT count(*) FROM {table}")[0][0])

    with pytest.raises(dbapi.Error) as caught:
        cursor.adbc_ingest(table, ROWS, mode="append")
    assert caught.value.status_code == adbc.AdbcStatusCode.NOT_FOUND
    cursor.adbc_ingest(table, ROWS, mode="create_append")
    with pytest.raises(dbapi.Error) as caught:
        cursor.adbc_ingest(table, ROWS, mode="create")
    assert caught.value.status_code == adbc.AdbcStatusCode.ALREADY_EXISTS and count() == 3
    cursor.adbc_ingest(table, ROWS, mode="append")
    cursor.adbc_ingest(table, ROWS, mode="create_append")
    assert count() == 9
    cursor.adbc_ingest(table, ROWS.slice(0, 1), mode="replace")
    assert count() == 1


def test_temporary_views_are_ingested_into(connection: dbapi.Connection, url: str) -> None:
    numbers = pa.table({"n": [1, 2]})
    with connection.cursor() as cursor:
        cursor.adbc_ingest("seen", numbers, mode="create", temporary=True)
        with pytest.raises(dbapi.Error) as caught:
            cursor.adbc_ingest("seen", numbers, mode="create", temporary=True)
        assert caught.value.status_code == adbc.AdbcStatusCode.ALREADY_EXISTS
        cursor.adbc_ingest("seen", numbers, mode="append", temporary=True)
        assert rows(cursor, "SELECT sum(n) FROM seen") == [(6,)]
        cursor.adbc_ingest("seen", numbers, mode="replace", temporary=True)
        cursor.adbc_ingest("seen", numbers, mode="create_append", temporary=True)
        assert rows(cursor, "SELECT sum(n) FROM seen") == [(6,)]
        with pytest.raises(dbapi.Error):
            cursor.adbc_ingest("unseen", numbers, mode="append", temporary=True)
    with (
        dbapi.connect(uri=url, autocommit=True) as other,
        other.cursor() as cursor,
        pytest.raises(dbapi.Error),
    ):
        cursor.execute("SELECT * FROM seen")


def test_names_that_need_quotes_are_ingested(cursor: dbapi.Cursor, url: str) -> None:
    schema = f"s_{uuid.uuid4().hex[:8]}"
    cursor.execute(f"CREATE SCHEMA {schema}")
    odd = pa.table({"a`b": [1], "select": ["x"], "ż ó": [2.0]})
    try:
        cursor.adbc_ingest(
            "from", odd, mode="create", catalog_name="spark_catalog", db_schema_name=schema
        )
        cursor.execute(f"SELECT * FROM {schema}.`from`")
        assert cursor.fetch_arrow_table().to_pylist() == odd.to_pylist()
    finally:
        cursor.execute(f"DROP SCHEMA {schema} CASCADE")


def test_large_tables_are_ingested_as_streams(cursor: dbapi.Cursor, table: str) -> None:
    batch = pa.record_batch({"n": list(range(50000)), "t": ["x" * 40] * 50000})
    reader = pa.RecordBatchReader.from_batches(batch.schema, (batch for _ in range(2)))
    assert cursor.adbc_ingest(table, reader, mode="create") == 100000
    assert rows(cursor, f"SELECT count(*), sum(n), sum(length(t)) FROM {table}") == [
        (100000, 2 * sum(range(50000)), 4000000)
    ]


# ---- cancelling, progress, options ----


SLOW = "SELECT count(*) FROM range(1000000000000)"


@pytest.mark.parametrize("sql", [SLOW, f"CREATE TABLE never USING parquet AS {SLOW}"])
def test_what_runs_is_cancelled(cursor: dbapi.Cursor, sql: str) -> None:
    timer = later(1.0, cursor.adbc_cancel)
    with pytest.raises(dbapi.OperationalError) as caught:
        cursor.execute(sql)
    timer.join()
    assert caught.value.status_code == adbc.AdbcStatusCode.CANCELLED
    assert caught.value.sqlstate == "HY008"
    assert rows(cursor, "SELECT 1") == [(1,)]


def test_only_the_statement_that_is_cancelled_ends(connection: dbapi.Connection) -> None:
    """The other begins while the first is with the server, and in the same session."""
    found: list[list[Any]] = []
    with connection.cursor() as first, connection.cursor() as other:

        def read() -> None:
            other.execute("SELECT id FROM range(3)")
            found.append(other.fetchall())

        begun = later(0.7, read)
        timer = later(2.0, first.adbc_cancel)
        with pytest.raises(dbapi.OperationalError) as caught:
            first.execute(f"CREATE TABLE never USING parquet AS {SLOW}")
        timer.join()
        begun.join()
    assert caught.value.status_code == adbc.AdbcStatusCode.CANCELLED
    assert found == [[(0,), (1,), (2,)]]


def test_a_statement_ends_at_its_deadline(cursor: dbapi.Cursor) -> None:
    cursor.adbc_statement.set_options(**{"gnomon.spark.timeout_ms": "1500"})
    for sql in (SLOW, f"CREATE TABLE never USING parquet AS {SLOW}"):
        with pytest.raises(dbapi.OperationalError) as caught:
            cursor.execute(sql)
        assert caught.value.status_code == adbc.AdbcStatusCode.TIMEOUT


def test_a_stream_is_cancelled_between_its_batches(cursor: dbapi.Cursor) -> None:
    slow = "reflect('java.lang.Thread', 'sleep', 60000L) IS NULL"
    cursor.execute(f"SELECT id FROM range(0, 4, 1, 2) WHERE id < 2 OR {slow}")
    assert cursor.fetchone() == (0,) and cursor.fetchone() == (1,)
    timer = later(1.0, cursor.adbc_cancel)
    with pytest.raises(dbapi.OperationalError) as caught:
        cursor.fetchall()
    timer.join()
    assert caught.value.status_code == adbc.AdbcStatusCode.CANCELLED


def test_a_connection_ends_all_of_its_statements(connection: dbapi.Connection) -> None:
    with connection.cursor() as cursor:
        timer = later(1.0, connection.adbc_cancel)
        with pytest.raises(dbapi.OperationalError):
            cursor.execute(SLOW)
        timer.join()


def test_progress_is_told(connection: dbapi.Connection) -> None:
    seen: list[tuple[float, float]] = []
    with connection.cursor() as cursor:
        statement = cursor.adbc_statement

        def look() -> None:
            key = adbc.StatementOptions.PROGRESS.value
            for _ in range(200):
                done = statement.get_option_float(key)
                total = statement.get_option_float("adbc.statement.exec.max_progress")
                if total:
                    seen.append((done, total))
                    break
                time.sleep(0.1)
            cursor.adbc_cancel()

        cursor.execute("SET spark.connect.progress.reportInterval = 200ms")
        cursor.fetchall()
        timer = later(0.1, look)
        with pytest.raises(dbapi.OperationalError):
            cursor.execute("SELECT sum(id) FROM range(0, 1000000000000, 1, 4)")
        timer.join()
    assert seen and 0 <= seen[0][0] < seen[0][1]


def test_settings_catalog_and_schema_are_options(url: str) -> None:
    options = {"spark.conf.spark.sql.shuffle.partitions": "7"}
    with dbapi.connect(uri=url, conn_kwargs=options, autocommit=True) as connection:
        low = connection.adbc_connection
        assert low.get_option("spark.conf.spark.sql.shuffle.partitions") == "7"
        low.set_options(**{"spark.conf.spark.sql.shuffle.partitions": "9"})
        assert low.get_option("spark.conf.spark.sql.shuffle.partitions") == "9"
        assert connection.adbc_current_catalog == "spark_catalog"
        assert connection.adbc_current_db_schema == "default"
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA IF NOT EXISTS other")
        connection.adbc_current_db_schema = "other"
        assert connection.adbc_current_db_schema == "other"
        uuid.UUID(low.get_option("gnomon.spark.session_id"))
        for key in ("spark.conf.spark.no.such", "no.such"):
            with pytest.raises(adbc.Error) as caught:
                low.get_option(key)
            assert caught.value.status_code == adbc.AdbcStatusCode.NOT_FOUND
        with pytest.raises(dbapi.Error) as caught:
            connection.adbc_current_db_schema = "no_such_schema"
        assert caught.value.status_code == adbc.AdbcStatusCode.NOT_FOUND


def test_options_of_statements(connection: dbapi.Connection) -> None:
    mine = str(uuid.uuid4())
    with connection.cursor() as cursor:
        low = cursor.adbc_statement
        low.set_options(
            **{
                "gnomon.spark.operation_id": mine,
                "gnomon.spark.tags": "nightly,adbc",
                "gnomon.spark.arrow_rows_per_batch": "10",
                "gnomon.spark.chunk_size": "2048",
            }
        )
        cursor.execute("SELECT id FROM range(0, 35, 1, 1)")
        sizes = [batch.num_rows for batch in cursor.fetch_record_batch()]
        assert sizes == [10, 10, 10, 5]
        assert low.get_option("gnomon.spark.operation_id") == mine
        assert low.get_option_int("gnomon.spark.chunk_size") == 2048
        low.set_options(**{"gnomon.spark.operation_id": None, "gnomon.spark.rows_max": "5"})
        with pytest.raises(dbapi.Error, match="rows_max"):
            cursor.execute("SELECT id FROM range(0, 35, 1, 1)")
            cursor.fetchall()
        for key, value in [("gnomon.spark.rows_max", "many"), ("no.such", "1")]:
            with pytest.raises(adbc.Error):
                low.set_options(**{key: value})


def member(number: int, content: bytes) -> bytes:
    """A field of a protobuf message that has bytes in it."""
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def test_a_plan_of_another_client_is_run(connection: dbapi.Connection, table: str) -> None:
    def query(sql: str) -> bytes:
        return member(10, member(1, sql.encode()))  # Relation.sql = SQL.query

    with connection.cursor() as cursor:
        cursor.execute(member(1, query("SELECT 42 AS answer")))
        assert cursor.fetchall() == [(42,)]
        make = query(f"CREATE TABLE {table} USING parquet AS SELECT 7 AS n")
        cursor.execute(member(2, member(5, member(6, make))))  # Plan.command.sql_command.input
        assert rows(cursor, f"SELECT * FROM {table}") == [(7,)]
        with pytest.raises(dbapi.NotSupportedError, match="one that runs SQL"):
            cursor.execute(member(2, member(1, b"")))
        for broken in (b"\x0a\x05ab", b"\x08\x01", member(1, b"\x0a\x7f")):
            with pytest.raises(dbapi.ProgrammingError):
                cursor.execute(broken)


# ---- metadata ----


def test_info_says_who_is_who(connection: dbapi.Connection) -> None:
    info = connection.adbc_get_info()
    assert info["vendor_name"] == "Apache Spark" and info["vendor_version"] == "4.1.1"
    assert info["driver_name"] == "gnomon Spark Connect driver"
    assert info["driver_adbc_version"] == 1001000


@pytest.fixture
def catalog(cursor: dbapi.Cursor) -> Iterator[str]:
    """A schema with a table, a view of it, and a temporary view outside."""
    schema = f"o_{uuid.uuid4().hex[:8]}"
    cursor.execute(f"CREATE SCHEMA {schema}")
    cursor.execute(
        f"CREATE TABLE {schema}.my_table (a INT COMMENT 'first', `b c` DECIMAL(10,2), p DATE)"
        " USING parquet PARTITIONED BY (p)"
    )
    cursor.execute(f"CREATE VIEW {schema}.v AS SELECT a FROM {schema}.my_table")
    cursor.execute("CREATE OR REPLACE TEMPORARY VIEW passing AS SELECT 1L AS x")
    yield schema
    cursor.execute(f"DROP SCHEMA {schema} CASCADE")


def objects(connection: dbapi.Connection, **filters: Any) -> dict[str, Any]:
    """{catalog: {schema: {table: {column: row}}}}, None below the depth."""

    def named(items: Any, name: str, below: Any) -> Any:
        return None if items is None else {i[name]: below(i) for i in items}

    def columns(table: Any) -> Any:
        return named(table["table_columns"], "column_name", lambda c: c)

    def tables(schema: Any) -> Any:
        return named(schema["db_schema_tables"], "table_name", columns)

    def schemas(one: Any) -> Any:
        return named(one["catalog_db_schemas"], "db_schema_name", tables)

    found = connection.adbc_get_objects(**filters).read_all().to_pylist()
    return dict(named(found, "catalog_name", schemas))


def test_objects_are_listed_to_the_depth_asked_for(
    connection: dbapi.Connection, catalog: str
) -> None:
    assert objects(connection, depth="catalogs") == {"spark_catalog": None}
    schemas = objects(connection, depth="db_schemas")["spark_catalog"]
    assert schemas["default"] is None and schemas[catalog] is None
    tables = objects(connection, depth="tables")["spark_catalog"]
    assert tables[catalog] == {"my_table": None, "v": None}
    assert tables[""] == {"passing": None}
    whole = objects(connection, depth="all", db_schema_filter=catalog)["spark_catalog"]
    columns = whole[catalog]["my_table"]
    assert list(columns) == ["a", "b c", "p"]
    assert columns["a"]["remarks"] == "first" and columns["a"]["ordinal_position"] == 1
    assert columns["b c"]["xdbc_type_name"] == "decimal(10,2)"
    assert (columns["b c"]["xdbc_column_size"], columns["b c"]["xdbc_decimal_digits"]) == (10, 2)
    assert columns["p"]["xdbc_data_type"] == 91
    assert list(whole[catalog]["v"]) == ["a"]


def test_objects_are_filtered(connection: dbapi.Connection, catalog: str) -> None:
    def tables(**filters: Any) -> Any:
        found = objects(connection, db_schema_filter=catalog, **filters)
        return found.get("spark_catalog", {}).get(catalog)

    assert tables(depth="tables", table_name_filter="my%") == {"my_table": None}
    assert tables(depth="tables", table_name_filter="_") == {"v": None}
    assert tables(depth="tables", table_types_filter=["VIEW"]) == {"v": None}
    assert tables(depth="tables", table_types_filter=["TABLE"]) == {"my_table": None}
    assert list(tables(depth="all", column_name_filter="b%")["my_table"]) == ["b c"]
    assert objects(connection, depth="all", catalog_filter="no%") == {}
    assert objects(connection, depth="db_schemas", db_schema_filter="none_such") == {
        "spark_catalog": {}
    }


def test_schemas_of_tables_are_spark_s(connection: dbapi.Connection, catalog: str) -> None:
    schema = connection.adbc_get_table_schema("my_table", db_schema_filter=catalog)
    assert [(f.name, str(f.type)) for f in schema] == [
        *(("a", "int32"), ("b c", "decimal128(10, 2)"), ("p", "date32[day]"))
    ]
    with pytest.raises(dbapi.Error) as caught:
        connection.adbc_get_table_schema("nothing")
    assert caught.value.status_code == adbc.AdbcStatusCode.NOT_FOUND
    assert connection.adbc_get_table_types() == ["TABLE", "VIEW", "LOCAL TEMPORARY"]


# ---- the manager's validation cases: databases and connections ----


@pytest.fixture
def database(url: str) -> Iterator[adbc.AdbcDatabase]:
    with adbc.AdbcDatabase(driver=str(LIBRARY), uri=url) as opened:
        yield opened


def test_entry_points_are_found_by_the_name_of_the_file(url: str) -> None:
    for entry in ("AdbcDriverGnomonSparkInit", "AdbcDriverInit"):
        with adbc.AdbcDatabase(driver=str(LIBRARY), entrypoint=entry, uri=url):
            pass
    for name in ("sc", "gnomon_spark"):
        with adbc.AdbcDatabase(driver=name, uri=url):
            pass


def test_a_database_takes_only_options_it_knows(url: str) -> None:
    with pytest.raises(adbc.NotSupportedError):
        adbc.AdbcDatabase(driver=str(LIBRARY), uri=url, **{"no.such": "1"})
    with pytest.raises(adbc.ProgrammingError, match="retries_max' is a number"):
        adbc.AdbcDatabase(driver=str(LIBRARY), uri=url, **{"gnomon.spark.retries_max": "x"})
    with adbc.AdbcDatabase(driver=str(LIBRARY), uri=url, username="me") as database:
        assert database.get_option("username") == "me"
        with pytest.raises(adbc.Error):
            database.get_option("password")


def test_connections_are_apart_and_concurrent(database: adbc.AdbcDatabase) -> None:
    with adbc.AdbcConnection(database) as one, adbc.AdbcConnection(database) as two:
        ids = [c.get_option("gnomon.spark.session_id") for c in (one, two)]
        assert ids[0] != ids[1]


def test_autocommit_stays_on(database: adbc.AdbcDatabase) -> None:
    with adbc.AdbcConnection(database) as connection:
        assert connection.get_option("adbc.connection.autocommit") == "true"
        connection.set_autocommit(True)
        with pytest.raises(adbc.NotSupportedError):
            connection.set_autocommit(False)
        for call in (connection.commit, connection.rollback):
            with pytest.raises(adbc.ProgrammingError) as caught:
                call()
            assert caught.value.status_code == adbc.AdbcStatusCode.INVALID_STATE
        with pytest.raises(adbc.NotSupportedError):
            connection.get_statistics(None, None, None, True)


# ---- the manager's validation cases: statements ----


def read(handle: Any) -> pa.Table:
    return pa.RecordBatchReader._import_from_c(handle.address).read_all()


def schema_of(handle: Any) -> pa.Schema:
    return pa.Schema._import_from_c(handle.address)


@pytest.fixture
def statement(database: adbc.AdbcDatabase) -> Iterator[adbc.AdbcStatement]:
    with (
        adbc.AdbcConnection(database) as connection,
        adbc.AdbcStatement(connection) as opened,
    ):
        yield opened


def test_nothing_to_run_is_a_wrong_state(statement: adbc.AdbcStatement) -> None:
    for call in (statement.execute_query, statement.prepare, statement.get_parameter_schema):
        with pytest.raises(adbc.ProgrammingError) as caught:
            call()
        assert caught.value.status_code == adbc.AdbcStatusCode.INVALID_STATE
    with pytest.raises(adbc.ProgrammingError):
        statement.cancel()


def test_a_statement_is_used_again(statement: adbc.AdbcStatement) -> None:
    for value in (1, 2):
        statement.set_sql_query(f"SELECT {value}")
        assert read(statement.execute_query()[0]).to_pylist() == [{str(value): value}]
        assert read(statement.execute_query()[0]).num_rows == 1


def test_results_are_independent_of_their_statement(database: adbc.AdbcDatabase) -> None:
    with adbc.AdbcConnection(database) as connection:
        with adbc.AdbcStatement(connection) as statement:
            statement.set_sql_query("SELECT id FROM range(3)")
            first, _ = statement.execute_query()
            statement.set_sql_query("SELECT 'x' AS s")
            second, _ = statement.execute_query()
        assert read(second).to_pylist() == [{"s": "x"}]
        assert read(first).column("id").to_pylist() == [0, 1, 2]


def test_statements_run_side_by_side(database: adbc.AdbcDatabase) -> None:
    with (
        adbc.AdbcConnection(database) as connection,
        adbc.AdbcStatement(connection) as one,
        adbc.AdbcStatement(connection) as two,
    ):
        one.set_sql_query("SELECT id FROM range(20000)")
        two.set_sql_query("SELECT id + 1 AS id FROM range(20000)")
        tables = [read(h) for h in (one.execute_query()[0], two.execute_query()[0])]
        assert [sum(t.column("id").to_pylist()) for t in tables] == [199990000, 200010000]


def test_an_empty_result_has_its_schema(statement: adbc.AdbcStatement) -> None:
    statement.set_sql_query("SELECT 1 AS a, 'x' AS b WHERE false")
    got = read(statement.execute_query()[0])
    assert got.num_rows == 0 and [str(t) for t in got.schema.types] == ["int32", "string"]


def test_a_prepared_statement_tells_its_parameters(statement: adbc.AdbcStatement) -> None:
    statement.set_sql_query("SELECT ?, '?', ?")
    statement.prepare()
    schema = schema_of(statement.get_parameter_schema())
    assert schema.names == ["0", "1"] and schema.types == [pa.null(), pa.null()]
    statement.set_sql_query("SELECT :b, :a, :b")
    statement.prepare()
    schema = schema_of(statement.get_parameter_schema())
    assert schema.names == ["b", "a"]


def test_a_schema_is_told_without_running(statement: adbc.AdbcStatement) -> None:
    statement.set_sql_query("SELECT raise_error('it ran') AS a, 1.5 AS b -- no rows\n ; ")
    schema = schema_of(statement.execute_schema())
    assert schema.names == ["a", "b"] and str(schema.field("b").type) == "decimal128(2, 1)"
    statement.set_sql_query("CREATE TABLE it_ran (a INT) USING parquet")
    with pytest.raises(adbc.Error):
        statement.execute_schema()
    statement.set_sql_query("SELECT * FROM it_ran")
    with pytest.raises(adbc.Error) as caught:
        statement.execute_schema()
    assert caught.value.status_code == adbc.AdbcStatusCode.NOT_FOUND


# ---- the same with the address sanitizer ----

ASAN = ROOT / "build" / "asan" / "src" / "adbc"


def runtime(name: str) -> str:
    found = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True)
    return found.stdout.strip()


@pytest.mark.skipif("GNOMON_ADBC" in os.environ, reason="this is that run")
@pytest.mark.skipif(not ASAN.exists(), reason="there is no build/asan; ./dev test makes it")
def test_no_memory_is_misused(url: str) -> None:
    quick = "not large and not progress"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", quick, __file__],
        cwd=ROOT,
        env={
            **os.environ,
            "GNOMON_SPARK": url,
            "GNOMON_ADBC": str(ASAN),
            "LD_PRELOAD": f"{runtime('libasan.so')} {runtime('libubsan.so')}",
            "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=0",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
            "PYTHONMALLOC": "malloc",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert " passed" in done.stdout
