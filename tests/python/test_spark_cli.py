"""`gnomon spark` against a real Spark 4.1.1: rows, failures, Ctrl-C."""

from __future__ import annotations

import csv
import datetime
import io
import json
import signal
import subprocess
import time
import uuid
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from program_kit import GNOMON, surroundings

FOREVER = "SELECT count(*) FROM range(10000000000) a, range(1000) b"


@pytest.fixture
def server(spark_server: tuple[str, str]) -> str:
    return spark_server[0]


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [GNOMON, "spark", *arguments],
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str], seconds: float = 60) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=seconds)
    finally:
        process.kill()
    return process.returncode, out, err


def run(*arguments: str) -> str:
    status, out, err = end(start(*arguments))
    assert status == 0, err
    return out


def test_rows_come_as_json_and_csv(server: str) -> None:
    sql = "SELECT id, IF(id = 1, NULL, concat('a,', id)) AS t FROM range(3) ORDER BY id"
    rows = [{"id": 0, "t": "a,0"}, {"id": 1, "t": None}, {"id": 2, "t": "a,2"}]
    assert json.loads(run("sql", server, sql, "--json")) == rows
    table = list(csv.reader(io.StringIO(run("sql", server, sql, "-o", "csv"))))
    assert table == [["id", "t"], ["0", "a,0"], ["1", ""], ["2", "a,2"]]
    assert json.loads(run("sql", server, sql, "--rows", "1", "--json")) == rows[:1]


def test_a_remote_error_has_class_and_sqlstate(server: str) -> None:
    status, _, err = end(start("sql", server, "SELECT nope FROM range(1)"))
    assert status == 69
    assert "error[GS004]: [UNRESOLVED_COLUMN" in err and "SQLSTATE: 42703" in err


def test_an_error_amid_the_rows_is_spark_s_own(server: str) -> None:
    sql = "SELECT IF(id = 900000, raise_error('so far'), id) FROM range(1000000)"
    status, _, err = end(start("sql", server, sql, "-o", "csv"))
    assert status == 69
    assert "error[GS004]: [USER_RAISED_EXCEPTION] so far" in err


TYPES = """
SELECT id, CAST(id - 1 AS TINYINT) b, CAST(id * 300 AS SMALLINT) s, CAST(id - 2 AS INT) i,
 CAST(id / 2 AS FLOAT) f, id / 4D d, id % 2 = 0 t, IF(id = 1, NULL, concat('zażółć ', id)) u,
 unhex('00FF') z, CAST(id - 12.345 AS DECIMAL(20,3)) dc,
 CAST('99999999999999999999999999999999999999' AS DECIMAL(38,0)) big,
 date_add(DATE'1969-12-31', CAST(id AS INT)) da, TIMESTAMP_NTZ'2024-02-29 12:34:56.789012' nt,
 IF(id = 0, NULL, ARRAY(id, NULL)) a, MAP('k', id, 'l', NULL) m,
 NAMED_STRUCT('x', id, 'y', ARRAY(NAMED_STRUCT('z', 'q'))) st, CAST(NULL AS INT) n
FROM range(3) ORDER BY id
"""


def typed_row(i: int) -> dict[str, object]:
    return {
        "id": i,
        "b": i - 1,
        "s": i * 300,
        "i": i - 2,
        "f": i / 2,
        "d": i / 4,
        "t": i % 2 == 0,
        "u": None if i == 1 else f"zażółć {i}",
        "z": b"\x00\xff",
        "dc": Decimal(i) - Decimal("12.345"),
        "big": Decimal("9" * 38),
        "da": datetime.date(1969, 12, 31) + datetime.timedelta(days=i),
        "nt": datetime.datetime(2024, 2, 29, 12, 34, 56, 789012),
        "a": None if i == 0 else [i, None],
        "m": [("k", i), ("l", None)],
        "st": {"x": i, "y": [{"z": "q"}]},
        "n": None,
    }


def test_rows_of_all_types_go_into_a_parquet_file(server: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    status, out, err = end(start("sql", server, TYPES, "--to", str(file)))
    assert (status, out) == (0, ""), err
    assert f"wrote 3 rows, {file.stat().st_size} bytes to {file}" in err
    table = pq.read_table(file)
    assert table.to_pylist() == [typed_row(i) for i in range(3)]
    assert str(table.schema.field("dc").type) == "decimal128(20, 3)"


def test_many_rows_and_none_go_into_a_parquet_file(server: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    for count in (0, 300_000):
        sql = f"SELECT id, id % 7 AS k FROM range({count})"
        answer = json.loads(run("sql", server, sql, "--to", str(file), "--json"))
        assert answer == {"rows": count, "bytes": file.stat().st_size}
        table = pq.read_table(file)
        assert table.column_names == ["id", "k"] and table.num_rows == count
    assert sorted(table["id"].to_pylist()) == list(range(300_000))
    assert pq.ParquetFile(file).num_row_groups == 3


def test_a_failure_leaves_the_file_as_it_was(server: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    file.write_text("before")
    sql = "SELECT IF(id = 900000, raise_error('so far'), id) AS id FROM range(1000000)"
    status, _, err = end(start("sql", server, sql, "--to", str(file)))
    assert status == 69 and "error[GS004]: [USER_RAISED_EXCEPTION] so far" in err
    assert [(f.name, f.read_text()) for f in tmp_path.iterdir()] == [("rows.parquet", "before")]
    status, _, err = end(start("sql", server, "SELECT 1", "--to", str(tmp_path / "no" / "file")))
    assert status == 69 and "No such file or directory" in err


def interrupted(process: subprocess.Popen[str]) -> str:
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    status, _, err = end(process)
    assert status == 130, err
    assert time.monotonic() - begun < 30
    assert "error[GE017]" in err
    return err


def still_running(address: str) -> int:
    """How many operations of the session there are to interrupt: it ends them."""
    answer = json.loads(run("interrupt", address, "--json"))
    return int(answer["interrupted"])


def test_ctrl_c_ends_the_operation_on_the_server(server: str) -> None:
    address = f"{server};session_id={uuid.uuid4()}"
    process = start("sql", address, FOREVER)
    time.sleep(3)
    assert process.poll() is None
    interrupted(process)
    assert still_running(address) == 0


def test_ctrl_c_leaves_what_others_run_in_the_session(server: str) -> None:
    address = f"{server};session_id={uuid.uuid4()}"
    other, ours = start("sql", address, FOREVER), start("sql", address, FOREVER)
    time.sleep(3)
    interrupted(ours)
    assert other.poll() is None
    assert still_running(address) == 1
    status, _, err = end(other)
    assert status == 130 and "error[GS010]" in err


def test_ctrl_c_before_the_server_knows_the_operation_is_not_lost(server: str) -> None:
    address = f"{server};session_id={uuid.uuid4()}"
    process = start("sql", address, FOREVER)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    status, _, _ = end(process)
    assert status in (130, -signal.SIGINT)
    assert still_running(address) == 0


def test_a_file_is_for_rows_alone() -> None:
    for arguments in (
        ["ping", "sc://localhost:1"],
        ["sql", "sc://localhost:1", "SELECT 1", "-o", "csv"],
    ):
        status, _, err = end(start(*arguments, "--to", "rows.parquet"))
        assert status == 64 and "error[GC005]" in err
