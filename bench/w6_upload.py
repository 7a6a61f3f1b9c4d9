"""W6 while an upload runs: how late the latest of a thousand replies is, beside an idle machine.

wrk asks at a steady pace, far below what the server can do, so that a reply that is late is late
because of the upload. Idle and upload take turns.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import signal
import statistics
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import measure
import w4_upload
import w6_http

KEYS, FEATURES, SECONDS, TURNS, CONNECTIONS = 1_000_000, 12, 6, 5, 8
PORT = 6597
NAME = f"bench.profiles{FEATURES}.v1"
SCRIPT = """\
local n = 0
request = function()
  n = n + 1
  local body = string.format('[{"user_id": %d}]', (n * 7919) % KEYS)
  return wrk.format("POST", "PATH", nil, body)
end
delay = function() return math.random(1, 8) end
done = function(summary, latency)
  io.write(string.format('\\n{"requests": %d, "failed": %d, "p50_us": %d, "p99_us": %d, ' ..
    '"p999_us": %d}\\n', summary.requests, summary.errors.status + summary.errors.connect +
    summary.errors.read + summary.errors.write + summary.errors.timeout, latency:percentile(50),
    latency:percentile(99), latency:percentile(99.9)))
end
"""


def asked(script: pathlib.Path) -> dict[str, float]:
    url = f"http://127.0.0.1:{PORT}"
    wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script), url]
    done = subprocess.run(wrk, capture_output=True, text=True, check=True)
    said: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if said["failed"]:
        raise SystemExit(f"bench: requests failed:\n{done.stdout}")
    return said


@contextlib.contextmanager
def uploading(command: list[str]) -> Iterator[list[int]]:
    """Uploads one after another while the block runs; how many ended is the only item."""
    ended, over = [0], threading.Event()

    def upload_on() -> None:
        while not over.is_set():
            subprocess.run(command, check=True, capture_output=True)
            ended[0] += 1

    thread = threading.Thread(target=upload_on)
    thread.start()
    try:
        yield ended
    finally:
        over.set()
        thread.join()


def run(work: pathlib.Path) -> dict[str, Any]:
    made = w4_upload.prepare(work, KEYS, FEATURES)
    upload = made.command("upload", NAME, "--ds", w4_upload.DS, "--threads", "1")
    made.run("upload", NAME, "--ds", w4_upload.DS)
    script = work / "w6-upload.lua"
    path = f"/v1/fetch/groupby/{NAME}"
    script.write_text(SCRIPT.replace("KEYS", str(KEYS)).replace("PATH", path))
    server = subprocess.Popen(made.command("serve", "--listen", f"127.0.0.1:{PORT}", "-q"))
    idle: list[dict[str, float]] = []
    busy: list[dict[str, float]] = []
    uploads = 0
    try:
        w6_http.wait_for(PORT)
        asked(script)
        for _ in range(TURNS):
            idle.append(asked(script))
            with uploading(upload) as ended:
                busy.append(asked(script))
            uploads += ended[0]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()

    def median(rounds: list[dict[str, float]], name: str) -> float:
        return statistics.median(one[name] for one in rounds)

    return {
        "workload": f"W6 HTTP during uploads of {KEYS} keys, latency of the 999th of 1000 replies",
        "settings": {"connections": CONNECTIONS, "seconds": SECONDS, "turns": TURNS},
        "uploads": uploads,
        "requests": sum(one["requests"] for one in idle + busy),
        "ours": "idle",
        "unit": "us",
        "costs": {
            "idle": measure.Cost(median(idle, "p999_us"), 0.0, 0.0),
            "while uploading": measure.Cost(median(busy, "p999_us"), 0.0, 0.0),
        },
        "p50_us": [median(rounds, "p50_us") for rounds in (idle, busy)],
        "p99_us": [median(rounds, "p99_us") for rounds in (idle, busy)],
        "every_p999_us": [[one["p999_us"] for one in rounds] for rounds in (idle, busy)],
    }
