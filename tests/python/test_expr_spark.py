"""Recorded answers against a real Spark: a seeded tenth of tests/golden/expr is asked again.

One server for all of them. GN_SEED chooses the tenth; without it each day has its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "expr"
FAMILIES = sorted(p.stem for p in GOLDEN.glob("*.cases") if not p.stem.startswith("query"))
PYTHON = ROOT / ".deps" / "oracle-spark" / "bin" / "python"


@pytest.fixture(scope="session")
def again() -> dict[str, dict[str, Any]]:
    """What Spark says now, by family."""
    if not PYTHON.exists():
        pytest.skip("Spark is not installed; ./dev setup brings it")
    if not shutil.which("java") and "GNOMON_SPARK" not in os.environ:
        pytest.skip("there is no Java to run Spark with")
    seed = os.environ.get("GN_SEED") or str(int(time.time()) // 86400)
    part = "1" if os.environ.get("GN_LONG") else "0.1"
    command = [str(PYTHON), str(GOLDEN / "record.py"), "--check", part, "--seed", seed, *FAMILIES]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600)
    if "the Spark server does not start" in done.stderr:
        pytest.skip(f"Spark does not start here: {done.stderr[-300:]}")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(FAMILIES), done.stderr[-2000:]
    return {a["family"]: {**a, "seed": seed} for a in answers}


@pytest.mark.parametrize("family", FAMILIES)
def test_spark_still_gives_the_recorded_answers(
    again: dict[str, dict[str, Any]], family: str
) -> None:
    answer = again[family]
    assert answer["asked"] > 0
    assert answer["changed"] == [], f"seed {answer['seed']}"
