"""W4: a day's values of a million keys into the online store, beside LMDB's own append.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import json
import pathlib
import subprocess
from typing import Any

import measure
import repository
from repository import Repository

import data

DS = "2024-02-28"
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


def append(source: pathlib.Path, target: pathlib.Path) -> dict[str, Any]:
    target.unlink(missing_ok=True)
    pathlib.Path(f"{target}-lock").unlink(missing_ok=True)
    program = repository.BUILD / "bench" / "append"
    done = subprocess.run([program, source, target], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def run(work: pathlib.Path, keys: int = 1_000_000, features: int = 12) -> dict[str, Any]:
    made = prepare(work, keys, features)
    log = str(made.folder / "log")
    upload = made.command("upload", f"bench.profiles{features}.v1", "--ds", DS, "--threads", "2")
    floor: dict[str, Any] = {}

    def gnomon() -> measure.Cost:
        made.clear("store", "warehouse/bench")
        return measure.run(upload, log)

    def lmdb() -> measure.Cost:
        floor.update(append(store_file(made, features), made.folder / "append.lmdb"))
        return measure.Cost(floor["cpu_s"], 0.0, 0.0)

    costs = measure.in_turn({"gnomon": gnomon, "mdb_put append alone": lmdb})
    stored = store_file(made, features).stat().st_blocks * 512
    return {
        "workload": f"W4 upload, {keys} keys x {features} features",
        "settings": {"threads": 2, "durable": True},
        "payload_bytes": floor["payload_bytes"],
        "stored_share": round(stored / floor["payload_bytes"], 3),
        "keys_a_cpu_s": round(keys / costs["gnomon"].cpu_s),
        "costs": costs,
        "ours": "gnomon",
    }
