"""W6 beside Feast: the same request of Feast's protocol to both servers, over the same profiles.

Feast's server runs twice: as `feast serve` starts it, and tuned (two workers, no access log, the
registry read once, connections and workers kept). Its store is SQLite, its quickest for one key
in W5. What counts is the servers' own CPU time a request.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import statistics
import subprocess
import urllib.request
from typing import Any

import feast_peer
import measure
import w4_upload
import w6_http

import data

KEYS, FEATURES, SHOWN = 100_000, 12, 50
NAME = f"bench.profiles{FEATURES}.v1"
VIEW = f"bench_profiles{FEATURES}_v1"
NAMES = [f"f{i:02d}" for i in range(FEATURES)]  # at Feast; ours say what was aggregated, too
PORTS = {"gnomon serve": 6594, "Feast, tuned": 6595, "Feast, as it starts": 6596}
TUNED = ["-w", "2", "--no-access-log", "-r", "86400", "--max-requests", "1000000000"]
TUNED += ["--keep-alive-timeout", "600"]
SCRIPT = """\
local n = 0
request = function()
  n = n + 1
  local body = string.format('{"features": FEATURES, "entities": {"user_id": [%d]}}',
    (n * 7919) % KEYS)
  return wrk.format("POST", "/get-online-features", {["Content-Type"] = "application/json"}, body)
end
"""


def ask(port: int, names: list[str], keys: list[int]) -> list[list[Any]]:
    """A column a feature."""
    body = {"features": [f"{VIEW}:{x}" for x in names], "entities": {"user_id": keys}}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/get-online-features",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    answer = json.loads(urllib.request.urlopen(request, timeout=60).read())
    found = answer["metadata"]["feature_names"]
    return [answer["results"][found.index(x)]["values"] for x in names]


def check(names: dict[int, list[str]]) -> int:
    keys = list(range(0, KEYS, KEYS // SHOWN))
    answers = [ask(port, its, keys) for port, its in names.items()]
    if any(answer != answers[0] for answer in answers):
        raise SystemExit("bench: the servers answer otherwise")
    return len(keys) * FEATURES * (len(names) - 1)


def write_script(path: pathlib.Path, names: list[str]) -> pathlib.Path:
    features = json.dumps([f"{VIEW}:{x}" for x in names])
    path.write_text(SCRIPT.replace("FEATURES", features).replace("KEYS", str(KEYS)))
    return path


def stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    process.wait()


def run(work: pathlib.Path) -> dict[str, Any]:
    made = w4_upload.prepare(work, KEYS, FEATURES)
    made.run("upload", NAME, "--ds", w4_upload.DS)
    profiles = data.profiles(work / "data", KEYS, FEATURES)
    folder = feast_peer.fill(work / "feast-sqlite", profiles, "sqlite")
    ours, tuned, plain = PORTS.values()
    said = json.loads(made.run("fetch", NAME, "-k", '{"user_id": 1}'))
    names = {ours: list(said["values"]), tuned: NAMES, plain: NAMES}
    scripts = {p: write_script(work / f"w6-feast-{p}.lua", its) for p, its in names.items()}
    serve = [str(feast_peer.FOLDER / "feast"), "-c", str(folder), "serve", "-p"]
    commands = {
        ours: made.command("serve", "--listen", f"127.0.0.1:{ours}", "-q"),
        tuned: [*serve, str(tuned), *TUNED],
        plain: [*serve, str(plain)],
    }
    with contextlib.ExitStack() as stack:
        quiet = stack.enter_context(open(work / "w6-feast.log", "w"))
        servers = {}
        for port, command in commands.items():
            servers[port] = subprocess.Popen(
                command, stdout=quiet, stderr=quiet, start_new_session=True
            )
            stack.callback(stop, servers[port])
        for port in servers:
            w6_http.wait_for(port, "/health")
        cells = check(names)
        rounds = {
            name: lambda port=port: w6_http.one_round(port, servers[port].pid, scripts[port])
            for name, port in PORTS.items()
        }
        found = w6_http.in_turn(rounds)
    medians = {name: statistics.median(one[0] for one in all_) for name, all_ in found.items()}
    return {
        "workload": f"W6 HTTP beside Feast's server, {KEYS} keys, {FEATURES} features, one key",
        "settings": {
            "connections": w6_http.CONNECTIONS,
            "seconds": w6_http.SECONDS,
            "turns": w6_http.TURNS,
            "tuned": " ".join(TUNED),
        },
        "cells": {"compared": cells, "different": 0},
        "ours": "gnomon serve",
        "unit": "us",
        "costs": {name: measure.Cost(one * 1e6, 0.0, 0.0) for name, one in medians.items()},
        "requests_a_second": {
            name: round(statistics.median(one[1] for one in all_)) for name, all_ in found.items()
        },
    }
