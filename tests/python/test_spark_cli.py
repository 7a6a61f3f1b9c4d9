"""`gnomon spark` against a real Spark 4.1.1: rows, failures, Ctrl-C."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import time
import uuid

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
