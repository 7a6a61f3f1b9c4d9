"""W6: fetching over HTTP, beside nginx's constant reply of the same size.

wrk asks both over the same loopback with the same connections; what counts is the server's own CPU
time a request. SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import measure
import repository
import w4_upload

KEYS, FEATURES, SECONDS, CONNECTIONS, TURNS = 1_000_000, 12, 4, 16, 5
GNOMON_PORT, NGINX_PORT = 6591, 6592
NAME = f"bench.profiles{FEATURES}.v1"
SCRIPT = """\
local n = 0
request = function()
  n = n + 1
  local body = string.format('[{"user_id": %d}]', (n * 7919) % KEYS)
  return wrk.format("POST", "PATH", nil, body)
end
"""
NGINX = """\
daemon off; worker_processes 2; pid PIDFILE; error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 100000000; client_body_temp_path FOLDER;
  proxy_temp_path FOLDER; fastcgi_temp_path FOLDER; uwsgi_temp_path FOLDER; scgi_temp_path FOLDER;
  server {
    listen 127.0.0.1:PORT;
    location / { default_type application/json; return 200 'BODY'; }
  }
}
"""


def cpu_s(pid: int) -> float:
    """User and system seconds so far of a process, all threads, and of all below it."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0.0  # it has just ended: its parent has its time
    own_and_ended = sum(int(x) for x in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    return own_and_ended + sum(cpu_s(int(child)) for child in children)


def wait_for(port: int, path: str = "/ping") -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1).read()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"bench: nothing answers on port {port}")


def one_round(port: int, pid: int, script: pathlib.Path) -> tuple[float, float]:
    """CPU seconds of the server for a request, and requests a second."""
    before = cpu_s(pid)
    url = f"http://127.0.0.1:{port}"
    wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script), url]
    done = subprocess.run(wrk, capture_output=True, text=True, check=True)
    found = re.search(r"(\d+) requests in", done.stdout)
    if not found or "Non-2xx" in done.stdout:
        raise SystemExit(f"bench: {done.stdout}")
    requests = int(found.group(1))
    return (cpu_s(pid) - before) / requests, requests / SECONDS


def ask(port: int, key: int) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/fetch/groupby/{NAME}", f'[{{"user_id": {key}}}]'.encode()
    )
    answer: dict[str, Any] = json.loads(urllib.request.urlopen(request, timeout=10).read())
    return answer


def check(made: repository.Repository, port: int) -> int:
    """Over HTTP comes what `fetch` says."""
    for key in range(0, KEYS, KEYS // 50):
        said = made.run("fetch", NAME, "-k", json.dumps({"user_id": key}))
        expected = json.loads(said)["values"]
        got = ask(port, key)["results"][0]["features"]
        if got != expected:
            raise SystemExit(f"bench: key {key} is {got}, not {expected}")
    return 50 * FEATURES


def start_nginx(work: pathlib.Path, body: str) -> subprocess.Popen[bytes]:
    folder = work / "nginx"
    folder.mkdir(exist_ok=True)
    text = NGINX.replace("PIDFILE", str(folder / "pid")).replace("FOLDER", str(folder))
    text = text.replace("PORT", str(NGINX_PORT)).replace("BODY", body)
    (folder / "nginx.conf").write_text(text)
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def in_turn(rounds: dict[str, Callable[[], tuple[float, float]]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {name: [] for name in rounds}
    for turn in range(TURNS + 1):
        for name, once in rounds.items():
            if turn:
                found[name].append(once())
            else:
                once()
    return found


def run(work: pathlib.Path) -> dict[str, Any]:
    absent = [tool for tool in ("nginx", "wrk") if not shutil.which(tool)]
    if absent:
        raise SystemExit(f"bench: W6 needs the Debian packages {' and '.join(absent)}")
    made = w4_upload.prepare(work, KEYS, FEATURES)
    made.run("upload", NAME, "--ds", w4_upload.DS)
    script = work / "w6.lua"
    path = f"/v1/fetch/groupby/{NAME}"
    script.write_text(SCRIPT.replace("KEYS", str(KEYS)).replace("PATH", path))
    server = subprocess.Popen(made.command("serve", "--listen", f"127.0.0.1:{GNOMON_PORT}", "-q"))
    nginx = None
    try:
        wait_for(GNOMON_PORT)
        cells = check(made, GNOMON_PORT)
        nginx = start_nginx(work, json.dumps(ask(GNOMON_PORT, 1), separators=(",", ":")))
        wait_for(NGINX_PORT)
        pids = {GNOMON_PORT: server.pid, NGINX_PORT: nginx.pid}
        rounds = {
            name: lambda port=port: one_round(port, pids[port], script)
            for name, port in (("gnomon serve", GNOMON_PORT), ("nginx, constant", NGINX_PORT))
        }
        found = in_turn(rounds)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
        if nginx:
            nginx.terminate()
            nginx.wait()
    medians = {name: statistics.median(one[0] for one in all_) for name, all_ in found.items()}
    return {
        "workload": f"W6 HTTP, {KEYS} keys, {FEATURES} features, one key a request",
        "settings": {"connections": CONNECTIONS, "seconds": SECONDS, "turns": TURNS},
        "cells": {"compared": cells, "different": 0},
        "ours": "gnomon serve",
        "unit": "us",
        "costs": {name: measure.Cost(one * 1e6, 0.0, 0.0) for name, one in medians.items()},
        "share_of_nginx": round(medians["nginx, constant"] / medians["gnomon serve"], 3),
        "requests_a_second": {
            name: round(statistics.median(one[1] for one in all_)) for name, all_ in found.items()
        },
    }
