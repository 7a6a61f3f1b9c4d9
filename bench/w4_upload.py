"""W4: a day's values of a million keys into the online store, beside LMDB's own append and Feast.

Three costs of ours: the whole verb (reading the sources, computing, the table, the store), the
store alone from the table that an upload left, and the load alone of records in memory, unsorted.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
from typing import Any

import feast_peer
import measure
import repository
from repository import Repository

import data

DS = "2024-02-28"
WHOLE, AGAIN = "gnomon upload", "gnomon upload --from-table"
FEAST_KEYS = 100_000
BATCH_END_MS = data.FIRST_MS + data.DAYS * data.DAY_MS


def group_by(table: str, features: int) -> dict[str, Any]:
    """Profiles as they are: every column a feature."""
    names = ["user_id", *(f"f{i:02d}" for i in range(features))]
    return {
        "sources": [
            {
                "events": {
                    "table": table,
                    "query": {"selects": {x: x for x in names}, "timeColumn": "ts"},
                }
            }
        ],
        "keyColumns": ["user_id"],
        "aggregations": [
            {"inputColumn": x, "operation": 3, "argMap": {}, "windows": [repository.window(30)]}
            for x in names[1:]
        ],
        "accuracy": 1,
    }


def prepare(work: pathlib.Path, keys: int, features: int) -> Repository:
    table = f"profiles{features}"
    made = Repository(work / f"w4-{keys}-{features}")
    made.add_table(table, data.profiles(work / "data", keys, features))
    made.add_group_by(f"{table}.v1", group_by(table, features))
    return made


def store_file(made: Repository, features: int) -> pathlib.Path:
    folder = made.folder / "store" / f"BENCH_PROFILES{features}_V1_BATCH"
    return folder / f"gen-{int((folder / 'CURRENT').read_text())}.lmdb"


def timed(program: str, source: pathlib.Path, target: pathlib.Path) -> dict[str, Any]:
    """One of our C programs, over the records of a store's file."""
    for path in (target, pathlib.Path(f"{target}-lock")):
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
    command = [repository.BUILD / "bench" / program, source, target]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def feast(work: pathlib.Path, features: int) -> dict[str, Any]:
    """CPU-seconds a million keys, beside ours; Feast is given a tenth of them."""
    if not (feast_peer.FOLDER / "python").exists():
        return {"feast": "absent"}
    keys = FEAST_KEYS
    source = data.profiles(work / "data", keys, features)
    folder = work / f"w4-feast-{features}"
    command = [str(feast_peer.FOLDER / "python"), str(feast_peer.PROGRAM), "fill"]

    def fill(store: str) -> float:
        shutil.rmtree(folder, ignore_errors=True)
        cost = measure.run([*command, str(folder), str(source), store], str(work / "w4-feast.log"))
        return round(cost.cpu_s * 1_000_000 / keys, 1)

    found: dict[str, Any] = {
        "feast_sqlite_cpu_s_a_million": fill("sqlite"),
        "feast_redis": "absent",
    }
    if shutil.which("redis-server"):
        with feast_peer.redis(work) as address:
            found["feast_redis"] = f"{fill(address)} CPU-s a million, without the server's"
    return found


def run(work: pathlib.Path, keys: int = 1_000_000, features: int = 12) -> dict[str, Any]:
    made = prepare(work, keys, features)
    log = str(made.folder / "log")
    upload = made.command("upload", f"bench.profiles{features}.v1", "--ds", DS, "--threads", "2")
    floor: dict[str, Any] = {}

    def whole() -> measure.Cost:
        made.clear("store", "warehouse/bench")
        return measure.run(upload, log)

    def again() -> measure.Cost:
        made.clear("store")
        return measure.run([*upload, "--from-table"], log)

    def load() -> measure.Cost:
        found = timed("load", store_file(made, features), made.folder / "load")
        return measure.Cost(found["cpu_s"], 0.0, 0.0)

    def append() -> measure.Cost:
        floor.update(timed("append", store_file(made, features), made.folder / "append.lmdb"))
        return measure.Cost(floor["cpu_s"], 0.0, 0.0)

    costs = measure.in_turn(
        {WHOLE: whole, AGAIN: again, "load of records": load, "sorted append alone": append}
    )
    stored = store_file(made, features).stat().st_blocks * 512
    append_s = costs["sorted append alone"].cpu_s
    return {
        "workload": f"W4 upload, {keys} keys x {features} features",
        "settings": {"threads": 2, "durable": True},
        "payload_bytes": floor["payload_bytes"],
        "stored_share": round(stored / floor["payload_bytes"], 3),
        "keys_a_cpu_s": round(keys / costs[AGAIN].cpu_s),
        "share_of_append": {
            name: round(append_s / cost.cpu_s, 2) for name, cost in costs.items() if cost.cpu_s
        },
        **feast(work, features),
        "costs": costs,
        "ours": AGAIN,
    }
