"""A real Spark 4.1.1, started once for all tests of a run that ask for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPS = Path(os.environ.get("GNOMON_DEPS", ROOT / ".deps"))
ORACLE = DEPS / "oracle-spark" / "bin" / "python"
WAIT = (
    "import os, sys; print(os.environ['GNOMON_SPARK'], os.environ['GNOMON_SPARK_CUT'], flush=True);"
    "sys.stdin.read()"
)


def run_server() -> Iterator[tuple[str, str]]:
    """A server, and the same behind a proxy that breaks connections."""
    if not ORACLE.exists():
        pytest.skip("Spark is not installed: ./dev setup brings it")
    with_server = ROOT / "tests" / "spark" / "with_server.py"
    # Functions in Python run on the server, whose Python is its own and knows nothing of ours.
    environment = dict(os.environ, PYSPARK_PYTHON=str(ORACLE), PYTHONPATH="")
    command = [str(ORACLE), str(with_server), str(DEPS), sys.executable, "-c", WAIT]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdin is not None and process.stdout is not None
    words = process.stdout.readline().split()
    if len(words) != 2:
        process.wait()
        pytest.skip("Java is not installed: ./dev setup brings it")
    yield words[0], words[1]
    process.stdin.close()
    process.wait(60)
