"""W1: 30 daily partitions of 12 window columns over 90 days of events, as Parquet.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import compare
import measure
import pyarrow
import pyarrow.compute
import pyarrow.parquet
from repository import ROOT, Repository, window

import data

OUTPUT_DAYS = 30
FIRST_MS = data.FIRST_MS + (data.DAYS - OUTPUT_DAYS) * data.DAY_MS
FIRST = datetime.date.fromisoformat(data.FIRST_DAY) + datetime.timedelta(data.DAYS - OUTPUT_DAYS)
ALL_DS = [str(FIRST + datetime.timedelta(day)) for day in range(OUTPUT_DAYS)]
SUM, AVERAGE, COUNT, MIN, MAX, LAST_K, APPROX_UNIQUE_COUNT = 7, 8, 6, 0, 1, 13, 5
MEMORY = "1G"


def aggregation(column: str, operation: int, *days: int, **arguments: str) -> dict[str, Any]:
    return {
        "inputColumn": column,
        "operation": operation,
        "argMap": arguments,
        "windows": [window(n) for n in days],
    }


GROUP_BY = {
    "sources": [
        {
            "events": {
                "table": "events",
                "query": {
                    "selects": {x: x for x in ("user_id", "amount", "quantity", "category")},
                    "timeColumn": "ts",
                },
            }
        }
    ],
    "keyColumns": ["user_id"],
    "aggregations": [
        aggregation("amount", SUM, 1, 7, 30),
        aggregation("amount", AVERAGE, 7, 30),
        aggregation("amount", COUNT, 30),
        aggregation("quantity", SUM, 7, 30),
        aggregation("amount", MIN, 30),
        aggregation("amount", MAX, 30),
        aggregation("category", LAST_K, 30, k="10"),
        aggregation("category", APPROX_UNIQUE_COUNT, 30),
    ],
    "accuracy": 1,
}
PEERS = ("polars", "duckdb")
SPARK = ROOT / ".deps" / "oracle-spark" / "bin" / "python"
SPARK_WARM_UPS = 5
# Peers count exactly; a sketch of 2^8 rows is within five of its standard errors of 4.3 %.
BOUNDS = {"category_approx_unique_count_30d": 0.22}


def peer_command(peer: str, events: pathlib.Path, out: pathlib.Path) -> list[str]:
    script = pathlib.Path(__file__).parent / "peers" / f"snapshot_{peer}.py"
    python = str(SPARK) if peer == "spark" else sys.executable
    return [python, str(script), str(events), str(out), str(FIRST_MS), str(OUTPUT_DAYS)]


@contextlib.contextmanager
def spark(events: pathlib.Path, out: pathlib.Path) -> Iterator[Callable[[], measure.Cost]]:
    """One round of a Spark that is kept running between them, and warm."""
    process = subprocess.Popen(
        peer_command("spark", events, out),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"},
    )

    def once() -> measure.Cost:
        assert process.stdin and process.stdout
        process.stdin.write("\n")
        process.stdin.flush()
        said = process.stdout.readline()
        if not said:
            raise SystemExit("bench: Spark ended early")
        return measure.Cost(**json.loads(said))

    try:
        yield once
    finally:
        process.communicate()


def check(ours: pathlib.Path, theirs: pathlib.Path, peer: str) -> dict[str, int]:
    compared = different = 0
    for ds in ALL_DS:
        cells = compare.tables(
            compare.read_partitions(ours, ds),
            compare.read_partitions(theirs, ds),
            "user_id",
            BOUNDS,
        )
        compared, different = compared + cells[0], different + cells[1]
    print(f"    {peer}: {compared} cells compared, {different} different", flush=True)
    if different:
        raise SystemExit(f"bench: {peer} and gnomon differ: nothing to time")
    return {"compared": compared, "different": different}


def prepare(
    work: pathlib.Path, rows: int, memory: str
) -> tuple[Repository, pathlib.Path, Callable[[], measure.Cost]]:
    """The repository, the file of events, and a backfill of it."""
    events = data.events(work / "data", rows)
    repository = Repository(work / f"w1-{rows}")
    repository.add_table("events", events)
    repository.add_group_by("events.v1", GROUP_BY)
    backfill = repository.command(
        "backfill", "bench.events.v1", "--start-ds", ALL_DS[0], "--end-ds", ALL_DS[-1],
        "--threads", "2", "--memory", memory,
    )  # fmt: skip

    def gnomon() -> measure.Cost:
        repository.clear("warehouse/bench")
        return measure.run(backfill, str(repository.folder / "log"))

    return repository, events, gnomon


def check_counts(table: pathlib.Path, events: pathlib.Path) -> None:
    """The counts of the last day's windows are those of the events that lie in them."""
    day = compare.read_partitions(table, ALL_DS[-1])
    ours = pyarrow.compute.sum(day["amount_count_30d"]).as_py()
    end_ms = FIRST_MS + OUTPUT_DAYS * data.DAY_MS
    inside = [("ts", ">=", end_ms - 30 * data.DAY_MS), ("ts", "<", end_ms)]
    theirs = pyarrow.parquet.read_table(events, columns=["ts"], filters=inside).num_rows
    if ours != theirs:
        raise SystemExit(f"bench: {ours} events counted of {theirs}")


def run_large(work: pathlib.Path, rows: int = 100_000_000, memory: str = "4G") -> dict[str, Any]:
    """Once, and ours alone: whether it ends in its budget, and what it takes."""
    repository, events, gnomon = prepare(work, rows, memory)
    cost = gnomon()
    check_counts(repository.folder / "warehouse" / "bench" / "bench_events_v1", events)
    return {
        "workload": f"W1 snapshot backfill, {rows} events, {OUTPUT_DAYS} partitions x 12 columns",
        "settings": {"memory": memory, "threads": 2},
        "costs": {"gnomon": cost},
        "ours": "gnomon",
    }


def run(work: pathlib.Path, rows: int = 1_000_000, pairs: int = measure.PAIRS) -> dict[str, Any]:
    repository, events, gnomon = prepare(work, rows, MEMORY)
    log = str(repository.folder / "log")
    ours = repository.folder / "warehouse" / "bench" / "bench_events_v1"

    def peer(name: str) -> measure.Cost:
        out = repository.folder / name
        shutil.rmtree(out, ignore_errors=True)
        return measure.run(peer_command(name, events, out), log)

    runs = {"gnomon": gnomon, **{name: lambda name=name: peer(name) for name in PEERS}}
    with contextlib.ExitStack() as stack:
        if SPARK.exists() and shutil.which("java"):
            once = stack.enter_context(spark(events, repository.folder / "spark"))
            for _ in range(SPARK_WARM_UPS - 1):
                once()
            runs["spark local[2]"] = once
        else:
            print("    spark: absent")
        for once in runs.values():
            once()
        names = {x: x.split()[0] for x in runs if x != "gnomon"}
        cells = {x: check(ours, repository.folder / folder, x) for x, folder in names.items()}
        costs = measure.in_turn(runs, pairs)
    return {
        "workload": f"W1 snapshot backfill, {rows} events, {OUTPUT_DAYS} partitions x 12 columns",
        "settings": {"memory": MEMORY, "threads": 2, "peers' threads": 2},
        "cells": cells,
        "costs": costs,
        "ours": "gnomon",
    }
