"""W5 beside Feast: one key in process, from Feast's SDK over SQLite and over Redis.

Both hold the same profiles. Feast counts the time of its own process only, not that of Redis. In a
request of 100 keys Feast's cost is shared by the keys; ours has no such call, and needs none.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import shutil
import subprocess
from typing import Any

import feast_peer
import measure
import repository
import w4_upload
from repository import Repository

import data

KEYS, FEATURES, TURNS, SHOWN = 100_000, 12, 5, 200
NAME = f"bench.profiles{FEATURES}.v1"
OUR_REQUESTS = 200_000
BATCHES = {1: 2000, 100: 40}  # keys a request: requests a turn


def ours(made: Repository) -> tuple[dict[int, list[float]], dict[str, Any]]:
    """A thousand answers, and what one cost."""
    file = w4_upload.store_file(made, FEATURES)
    program = str(repository.BUILD / "bench" / "fetch")
    numbers = (KEYS, 0.0, 1, OUR_REQUESTS, w4_upload.BATCH_END_MS)
    command = [program, str(made.folder), NAME, str(file), *(str(n) for n in numbers)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: {done.stderr}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["key"]: line["values"] for line in lines[:-1]}, lines[-1]


def check(made: Repository, peers: dict[str, feast_peer.Feast]) -> int:
    """The same features for the same keys."""
    answers = dict(list(ours(made)[0].items())[:SHOWN])
    for name, peer in peers.items():
        theirs = peer.ask(show=list(answers))
        if theirs != list(answers.values()):
            raise SystemExit(f"bench: {name} answers otherwise")
    return len(answers) * FEATURES * len(peers)


def in_turn(made: Repository, peers: dict[str, feast_peer.Feast]) -> dict[str, measure.Cost]:
    found: dict[str, list[measure.Cost]] = {}
    for turn in range(TURNS + 1):
        one = ours(made)[1]
        costs = {"gnomon": measure.Cost(one["cpu_us"], one["p50_us"], 0.0)}
        for batch, requests in BATCHES.items():
            for name, peer in peers.items():
                said = peer.ask(requests=requests, batch=batch)
                title = name if batch == 1 else f"{name}, {batch} keys"
                costs[title] = measure.Cost(said["cpu_us"] / batch, said["wall_us"] / batch, 0.0)
        for name, cost in costs.items():
            if turn:
                found.setdefault(name, []).append(cost)
    return {name: measure.median(costs) for name, costs in found.items()}


def run(work: pathlib.Path) -> dict[str, Any]:
    made = w4_upload.prepare(work, KEYS, FEATURES)
    made.run("upload", NAME, "--ds", w4_upload.DS)
    profiles = data.profiles(work / "data", KEYS, FEATURES)
    stores = {"Feast, SQLite": feast_peer.fill(work / "feast-sqlite", profiles, "sqlite")}
    with contextlib.ExitStack() as stack:
        if shutil.which("redis-server"):
            address = stack.enter_context(feast_peer.redis(work))
            stores["Feast, Redis"] = feast_peer.fill(work / "feast-redis", profiles, address)
        else:
            print("    Feast over Redis: absent")
        peers = {}
        for name, folder in stores.items():
            peers[name] = feast_peer.Feast(folder, KEYS)
            stack.callback(peers[name].close)
        cells = check(made, peers)
        costs = in_turn(made, peers)
    least = min(cost.cpu_s for name, cost in costs.items() if name in stores)
    return {
        "workload": f"W5 fetch beside Feast's SDK, {KEYS} keys, {FEATURES} features, a key",
        "settings": {"requests": BATCHES, "turns": TURNS},
        "cells": {"compared": cells, "different": 0},
        "ours": "gnomon",
        "unit": "us",
        "costs": costs,
        "least_ratio": round(least / costs["gnomon"].cpu_s, 1),
    }
