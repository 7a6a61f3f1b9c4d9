"""chronon-ai's answers: recorded, or live where its environment is installed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from corpus import Case

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
RECORDED = ROOT / "tests" / "golden" / "chronon-compile.jsonl"
SURFACE = ROOT / "tests" / "golden" / "chronon-surface.json"


def interpreter() -> str | None:
    """The Python that has chronon-ai: $GNOMON_ORACLE_CHRONON, else the one that set-up makes."""
    deps = os.environ.get("GN_DEPS") or str(ROOT / ".deps")
    own = Path(deps) / "oracle-chronon" / "bin" / "python"
    return os.environ.get("GNOMON_ORACLE_CHRONON") or (str(own) if own.exists() else None)


def live(cases: Iterable[Case]) -> dict[str, dict[str, Any]]:
    """chronon-ai's answers, now."""
    text = "".join(case.as_json() + "\n" for case in cases)
    return {entry["id"]: entry for entry in map(json.loads, _driver(text).splitlines())}


def live_surface() -> Any:
    """chronon-ai's builders, structs and enumerations, now."""
    return json.loads(_driver("", "--surface"))


def recorded() -> dict[str, dict[str, Any]]:
    """The answers that `record.py` kept."""
    lines = RECORDED.read_text(encoding="utf-8").splitlines()
    return {entry["id"]: entry for entry in map(json.loads, lines)}


def agree(case: Case, ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Both refuse, or both write the same files byte for byte."""
    if ours["refused"] or theirs["refused"]:
        return bool(ours["refused"] == theirs["refused"])
    return bool(ours["files"] == theirs["files"])


def _driver(text: str, *arguments: str) -> str:
    python = interpreter()
    assert python, "chronon-ai is not installed: ./dev setup, or set GNOMON_ORACLE_CHRONON"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [python, str(HERE / "chronon_driver.py"), *arguments],
        input=text,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=900,
    )
    return done.stdout
