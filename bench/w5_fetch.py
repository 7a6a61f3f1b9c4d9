"""W5: fetching in process, beside one LMDB look-up of the same key.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import json
import pathlib
import subprocess
from typing import Any

import measure
import numpy
import pyarrow.parquet
import repository
import w4_upload
from repository import Repository, window

import data

KEYS, FEATURES, REQUESTS, TURNS = 1_000_000, 12, 200_000, 7
TAIL_KEYS, TAIL_ROWS = 10_000, 100
SUM, AVERAGE, MAX, LAST_K = 7, 8, 1, 13
AT_MS = w4_upload.BATCH_END_MS + data.DAY_MS // 2


def measured(command: list[str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: {done.stderr}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return lines[:-1], lines[-1]


def program(made: Repository, conf: str, file: pathlib.Path, keys: int, skew: float) -> list[str]:
    return [
        str(repository.BUILD / "bench" / "fetch"),
        *(str(made.folder), conf, str(file), str(keys), str(skew)),
        *(str(TURNS), str(REQUESTS), str(AT_MS)),
    ]


def check_profiles(answers: list[dict[str, Any]], path: pathlib.Path) -> int:
    table = pyarrow.parquet.read_table(path).sort_by("user_id")
    columns = [table[name].to_numpy() for name in table.column_names[2:]]
    for answer in answers:
        expected = [float(column[answer["key"]]) for column in columns]
        if answer["values"] != expected:
            raise SystemExit(f"bench: key {answer['key']} is {answer['values']}, not {expected}")
    return len(answers) * FEATURES


def without_tail(work: pathlib.Path) -> list[dict[str, Any]]:
    made = w4_upload.prepare(work, KEYS, FEATURES)
    name = f"bench.profiles{FEATURES}.v1"
    made.run("upload", name, "--ds", w4_upload.DS)
    results = []
    for skew in (0.0, 0.99):
        file = w4_upload.store_file(made, FEATURES)
        answers, found = measured(program(made, name, file, KEYS, skew))
        cells = check_profiles(answers, data.profiles(work / "data", KEYS, FEATURES))
        kind = f"Zipf {skew}" if skew else "uniform"
        results.append(result(f"W5 fetch, {KEYS} keys {kind}, 12 features, no tail", found, cells))
    return results


# ---- a live tail -----------------------------------------------------------------------------


def live_group(aggregations: list[tuple[int, dict[str, str]]]) -> dict[str, Any]:
    windows = [window(n) for n in (1, 7, 30)]
    selects = {x: x for x in ("user_id", "amount")}
    query = {"selects": selects, "timeColumn": "ts"}
    return {
        "sources": [{"events": {"table": "events", "topic": "events", "query": query}}],
        "keyColumns": ["user_id"],
        "aggregations": [
            {"inputColumn": "amount", "operation": op, "argMap": arguments, "windows": windows}
            for op, arguments in aggregations
        ],
        "accuracy": 0,
    }


def tail_rows() -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    rng = numpy.random.default_rng([data.SEED, TAIL_KEYS, TAIL_ROWS])
    count = TAIL_KEYS * TAIL_ROWS
    at = numpy.sort(rng.integers(w4_upload.BATCH_END_MS, AT_MS, count))
    user = rng.permutation(numpy.repeat(numpy.arange(TAIL_KEYS), TAIL_ROWS))
    return user, at, numpy.round(rng.gamma(2.0, 20.0, count), 2)


def check_sums(answers: list[dict[str, Any]], events: pathlib.Path) -> int:
    """The three windows of the first feature again, in numpy; sums to 1e-9."""
    table = pyarrow.parquet.read_table(events, columns=["user_id", "ts", "amount"])
    user, at, amount = (table[name].to_numpy() for name in table.column_names)
    live_user, live_at, live_amount = tail_rows()
    kept = user < TAIL_KEYS
    user = numpy.concatenate([user[kept], live_user])
    at = numpy.concatenate([at[kept], live_at])
    amount = numpy.concatenate([amount[kept], live_amount])
    for index, (days, hop_ms) in enumerate(((1, 3_600_000), (7, 3_600_000), (30, data.DAY_MS))):
        start = (AT_MS - days * data.DAY_MS) // hop_ms * hop_ms
        inside = (at >= start) & (at < AT_MS)
        sums = numpy.bincount(user[inside], amount[inside], TAIL_KEYS)
        for answer in answers:
            ours, expected = answer["values"][index], sums[answer["key"]]
            if abs(ours - expected) > 1e-9 * max(1.0, abs(expected)):
                raise SystemExit(f"bench: {answer['key']}: {ours}, not {expected}")
    return 3 * len(answers)


def with_tail(work: pathlib.Path) -> list[dict[str, Any]]:
    made = Repository(work / "w5-tail")
    events = data.events(work / "data", 1_000_000)
    made.add_table("events", events)
    groups = {
        "sums": [(SUM, {})],
        "mixed": [(SUM, {}), (AVERAGE, {}), (MAX, {}), (LAST_K, {"k": "3"})],
    }
    lines = made.folder / "tail.jsonl"
    with lines.open("w") as out:
        for user, at, amount in zip(*(column.tolist() for column in tail_rows())):
            out.write(f'{{"ts": {at}, "user_id": {user}, "amount": {amount}}}\n')
    results = []
    for name, aggregations in groups.items():
        conf = f"bench.{name}.v1"
        made.add_group_by(f"{name}.v1", live_group(aggregations))
        made.run("upload", conf, "--ds", w4_upload.DS)
        put = measure.run(made.command("put", conf, "--events", str(lines)), str(work / "log"))
        folder = made.folder / "store" / f"BENCH_{name.upper()}_V1_BATCH"
        file = folder / f"gen-{int((folder / 'CURRENT').read_text())}.lmdb"
        answers, found = measured(program(made, conf, file, TAIL_KEYS, 0.0))
        cells = check_sums(answers, events)
        title = f"W5 fetch, 3 windows x {len(aggregations)}, {TAIL_ROWS} tail rows a key"
        one = result(title, found, cells)
        one["put_rows_a_cpu_s"] = round(TAIL_KEYS * TAIL_ROWS / put.cpu_s)
        results.append(one)
    return results


def result(title: str, found: dict[str, Any], cells: int) -> dict[str, Any]:
    return {
        "workload": title,
        "settings": {"requests": REQUESTS, "turns": TURNS},
        "cells": {"compared": cells, "different": 0},
        "ours": "gnomon",
        "unit": "us",
        "costs": {
            "gnomon": measure.Cost(found["cpu_us"], found["p50_us"], 0.0),
            "one LMDB look-up": measure.Cost(found["floor_cpu_us"], 0.0, 0.0),
        },
        **found,
    }


def run(work: pathlib.Path) -> list[dict[str, Any]]:
    return without_tail(work) + with_tail(work)
