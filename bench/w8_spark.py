"""W8: rows out of a Spark Connect server, by our client and by PySpark's; the server is the same.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import measure
import repository

PYTHON = repository.ROOT / ".deps" / "oracle-spark" / "bin" / "python"
ROWS = 1_000_000
ONE = "SELECT 1"
SQL = "SELECT id, id * 2 AS d, CAST(id AS STRING) AS s FROM range({rows})"
PAIRS = 3


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The address of a server that ends with the block; as the oracle of expressions starts it."""
    oracle = repository.ROOT / "tests" / "golden" / "expr" / "oracle.py"
    process = subprocess.Popen([PYTHON, oracle, "serve"], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().strip().replace("127.0.0.1", "localhost")
    finally:
        process.send_signal(2)
        process.wait()


def said(command: Sequence[str | pathlib.Path], rows: int) -> measure.Cost:
    """What a client measured of itself, once its rows are as many as there are."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: this failed: {command}\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    if found.pop("rows") != rows:
        sys.exit(f"bench: {command} gave other rows than {rows}")
    return measure.Cost(**found)


def bulk(url: str, rows: int) -> dict[str, Any]:
    sql = SQL.format(rows=rows)
    ours = repository.BUILD / "bench" / "spark"
    peer = pathlib.Path(__file__).parent / "peers" / "spark_connect.py"
    commands: dict[str, list[str | pathlib.Path]] = {
        "gnomon, streamed": [ours, url, sql, "stream"],
        "gnomon, kept": [ours, url, sql, "keep"],
        "pyspark toArrow": [PYTHON, peer, url, sql, "toArrow"],
        "pyspark collect": [PYTHON, peer, url, sql, "collect"],
    }
    runs = {name: lambda command=command: said(command, rows) for name, command in commands.items()}
    return {
        "workload": f"W8 rows out of Spark Connect: {rows:,} of bigint, bigint, string",
        "settings": {"rows": rows, "server": "4.1.1, local[1]"},
        "costs": measure.in_turn(runs, pairs=PAIRS),
        "ours": "gnomon, streamed",
    }


def start(url: str, work: pathlib.Path) -> dict[str, Any]:
    log = str(work / "w8.log")
    ours = [str(repository.BUILD / "bench" / "spark"), url, ONE, "stream"]
    peer = str(pathlib.Path(__file__).parent / "peers" / "spark_connect.py")
    runs = {
        "gnomon": lambda: measure.run(ours, log),
        "pyspark": lambda: measure.run([str(PYTHON), peer, url, ONE, "toArrow"], log),
    }
    return {
        "workload": "W8 a process from its start to the answer of SELECT 1",
        "settings": {"server": "4.1.1, local[1]"},
        "costs": measure.in_turn(runs, pairs=PAIRS),
        "ours": "gnomon",
    }


def run(work: pathlib.Path) -> list[dict[str, Any]]:
    if not PYTHON.exists():
        print("    pyspark: absent")
        return []
    work.mkdir(parents=True, exist_ok=True)
    with server() as url:
        return [start(url, work), bulk(url, ROWS)]
