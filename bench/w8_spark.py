"""W8: rows out of a Spark Connect server, by our client and by others; the server is the same.

A native client is measured as a whole process, from its start to its end. PySpark measures itself
once it is connected: what its start costs is a measurement of its own.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import measure
import repository
import spark_peers

PYTHON = repository.ROOT / ".deps" / "oracle-spark" / "bin" / "python"
PYSPARK = pathlib.Path(__file__).parent / "peers" / "spark_connect.py"
INGEST = pathlib.Path(__file__).parent / "peers" / "spark_ingest.py"
ROWS = (
    1_000_000  # more are neither summed up nor collected: as Python's objects they take gigabytes
)
MANY_PAIRS = 3
STARTED = (
    "gnomon, streamed",
    "gnomon's ADBC, streamed",
    "Go ADBC, streamed",
    "Go client, kept",
    "Rust client, kept",
    "pyspark toArrow",
)
ONE = "SELECT 1"
SQL = "SELECT id, id * 2 AS d, CAST(id AS STRING) AS s FROM range({rows})"


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


class Client:
    """A command that takes URL SQL WAY, and what follows the way."""

    def __init__(self, command: list[str], way: str, *rest: str, whole: bool = True) -> None:
        self.command, self.way, self.rest, self.whole = command, way, rest, whole

    def words(self, url: str, sql: str, way: str) -> list[str]:
        return [*self.command, url, sql, way, *self.rest]

    def answer(self, url: str, sql: str) -> dict[str, Any]:
        """The rows and the sum of each column; Absent when the client cannot give them."""
        done = subprocess.run(self.words(url, sql, "check"), capture_output=True, text=True)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()
            raise spark_peers.Absent(said[-1] if said else f"it ends with {done.returncode}")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return {"rows": found["rows"], "sums": found["sums"]}

    def cost(self, url: str, sql: str, rows: int, log: str) -> measure.Cost:
        whole = measure.run(self.words(url, sql, self.way), log)
        said = json.loads(pathlib.Path(log).read_text().splitlines()[-1])
        if said["rows"] != rows:
            sys.exit(f"bench: {self.command} gave other rows than {rows}")
        del said["rows"], said["sums"]
        return whole if self.whole else measure.Cost(**said)


def clients() -> dict[str, Callable[[], Client]]:
    """Each is made when it is asked for, since that may build it."""
    own = [str(repository.BUILD / "bench" / "spark")]
    driver = str(repository.BUILD / "src" / "adbc" / "libadbc_driver_gnomon_spark.so")
    python = [str(PYTHON), str(PYSPARK)]
    return {
        "gnomon, streamed": lambda: Client(own, "stream"),
        "gnomon's ADBC, streamed": lambda: Client(own, "stream", driver),
        "Go ADBC, streamed": lambda: Client(own, "stream", spark_peers.go_driver()),
        "gnomon, kept": lambda: Client(own, "keep"),
        "gnomon's ADBC, kept": lambda: Client(own, "keep", driver),
        "Go ADBC, kept": lambda: Client(own, "keep", spark_peers.go_driver()),
        "Go client, kept": lambda: Client(spark_peers.go_client(), "keep"),
        "Rust client, kept": lambda: Client(spark_peers.rust_client(), "keep"),
        "pyspark toArrow": lambda: Client(python, "toArrow", whole=False),
        "pyspark collect": lambda: Client(python, "collect", whole=False),
    }


def agreeing(url: str, sql: str) -> tuple[dict[str, Client], dict[str, str]]:
    """The clients that are here, all with the same rows; and why the others are not."""
    here: dict[str, Client] = {}
    absent: dict[str, str] = {}
    right: dict[str, Any] = {}
    for name, make in clients().items():
        try:
            client = make()
            answer = client.answer(url, sql)
        except spark_peers.Absent as why:
            absent[name] = str(why)
            print(f"    {name}: absent: {why}", flush=True)
            continue
        right = right or answer
        if answer != right:
            sys.exit(f"bench: {name} answers {answer}, gnomon answers {right}")
        here[name] = client
    return here, absent


def bulk(
    url: str, work: pathlib.Path, rows: int, here: dict[str, Client], settings: dict[str, Any]
) -> list[dict[str, Any]]:
    sql, log = SQL.format(rows=rows), str(work / "w8.log")
    runs = {
        name: functools.partial(c.cost, url, sql, rows, log)
        for name, c in here.items()
        if c.way != "collect" or rows <= ROWS
    }
    costs = measure.in_turn(runs, pairs=measure.PAIRS if rows <= ROWS else MANY_PAIRS)
    return [
        {
            "workload": f"W8 rows out of Spark Connect, {way}: {rows:,} of bigint, bigint, string",
            "settings": settings,
            "costs": {name: cost for name, cost in costs.items() if not name.endswith(other)},
            "ours": f"gnomon, {way}",
        }
        for way, other in (("streamed", "kept"), ("kept", "streamed"))
    ]


def ingest(url: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Both clients are in Python here, and each says what the sending cost."""
    own = {**os.environ, "PYTHONPATH": str(repository.ROOT / "python")}
    clients = {"gnomon.spark": (sys.executable, own), "pyspark.sql": (str(PYTHON), None)}
    sums: dict[str, Any] = {}

    def once(module: str) -> measure.Cost:
        python, environment = clients[module]
        words = [python, str(INGEST), module, url, str(ROWS)]
        done = subprocess.run(words, capture_output=True, text=True, env=environment)
        if done.returncode != 0:
            sys.exit(f"bench: this failed: {words}\n{done.stderr[-2000:]}")
        said = json.loads(done.stdout.splitlines()[-1])
        answer = [said.pop("rows"), *said.pop("sums")]
        if sums.setdefault("right", answer) != answer:
            sys.exit(f"bench: the server sums up {answer}, and of the other client {sums}")
        return measure.Cost(**said)

    return {
        "workload": f"W8 rows into Spark Connect: {ROWS:,} of bigint, bigint, string",
        "settings": settings,
        "costs": measure.in_turn(
            {x: functools.partial(once, x) for x in clients}, pairs=MANY_PAIRS
        ),
        "ours": "gnomon.spark",
    }


def start(
    url: str, work: pathlib.Path, here: dict[str, Client], settings: dict[str, Any]
) -> dict[str, Any]:
    log = str(work / "w8.log")
    runs = {
        name: functools.partial(measure.run, here[name].words(url, ONE, here[name].way), log)
        for name in STARTED
        if name in here
    }
    return {
        "workload": "W8 a process from its start to the answer of SELECT 1",
        "settings": settings,
        "costs": measure.in_turn(runs),
        "ours": STARTED[0],
    }


def run(work: pathlib.Path, rows: int = ROWS) -> list[dict[str, Any]]:
    if not PYTHON.exists():
        print("    a server of Spark: absent: ./dev setup brings it")
        return []
    work.mkdir(parents=True, exist_ok=True)
    with server() as url:
        here, absent = agreeing(url, SQL.format(rows=min(rows, ROWS)))
        settings = {"rows": rows, "server": "4.1.1, local[1]", "absent": absent}
        results = bulk(url, work, rows, here, settings)
        if rows <= ROWS:
            results += [start(url, work, here, settings), ingest(url, settings)]
        return results
