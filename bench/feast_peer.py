"""What W5 and W6 share of Feast: its interpreter, a filled store, a process that answers.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import repository

FOLDER = repository.ROOT / ".deps" / "oracle-feast" / "bin"
PROGRAM = pathlib.Path(__file__).parent / "peers" / "feast_store.py"
REDIS_PORT = 6593


@contextlib.contextmanager
def redis(work: pathlib.Path) -> Iterator[str]:
    """A Redis server that keeps nothing on disk; its address as the peer wants it."""
    folder = work / "redis"
    folder.mkdir(exist_ok=True)
    command = ["redis-server", "--port", str(REDIS_PORT), "--bind", "127.0.0.1"]
    command += ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield f"redis:127.0.0.1:{REDIS_PORT}"
    finally:
        server.terminate()
        server.wait()


def fill(folder: pathlib.Path, profiles: pathlib.Path, store: str) -> pathlib.Path:
    """Feast's own repository; what a file holds is not written again."""
    ready = folder / "ready"
    if store == "sqlite" and ready.exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    command = [str(FOLDER / "python"), str(PROGRAM), "fill", str(folder), str(profiles), store]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: Feast could not be filled:\n{done.stderr[-2000:]}")
    ready.touch()
    return folder


class Feast:
    """Feast's SDK in a process of its own."""

    def __init__(self, folder: pathlib.Path, keys: int) -> None:
        self.process = subprocess.Popen(
            [str(FOLDER / "python"), str(PROGRAM), "ask", str(folder), str(keys)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, **request: Any) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.communicate()
