"""Recorded answers of statements against a real Spark: a seeded tenth is asked again.

GN_SEED chooses the tenth; without it each day has its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "tests" / "golden" / "expr" / "record_query.py"
PYTHON = ROOT / ".deps" / "oracle-spark" / "bin" / "python"


def test_spark_still_answers_statements_as_recorded() -> None:
    if not PYTHON.exists():
        pytest.skip("Spark is not installed; ./dev setup brings it")
    if not shutil.which("java") and "GNOMON_SPARK" not in os.environ:
        pytest.skip("there is no Java to run Spark with")
    seed = os.environ.get("GN_SEED") or str(int(time.time()) // 86400)
    part = "1" if os.environ.get("GN_LONG") else "0.1"
    command = [str(PYTHON), str(RECORD), "--check", part, "--seed", seed]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600)
    if "the Spark server does not start" in done.stderr:
        pytest.skip(f"Spark does not start here: {done.stderr[-300:]}")
    assert done.returncode == 0, f"seed {seed}: {done.stdout}{done.stderr[-2000:]}"
    assert "asked again" in done.stdout
