"""`gnomon analyze`, held against what Chronon's analyzer printed."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from program_kit import GNOMON

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "chronon"
CONF = "fleet.live.complaints_v1"
DAYS = ("--start-ds", "2025-03-04", "--end-ds", "2025-03-09")


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("analyze")
    shutil.copytree(ROOT / "tests" / "golden" / "compiled", folder / "production")
    shutil.copy(ROOT / "tests" / "golden" / "defs" / "teams.json", folder / "teams.json")
    table = f'[tables."raw.complaints"]\npath = "{GOLDEN / "data" / "complaints.parquet"}"\n'
    (folder / "gnomon.toml").write_text(table)
    return folder


def analyze(repo: Path, *arguments: str) -> str:
    done = subprocess.run(
        [GNOMON, "analyze", CONF, *DAYS, *arguments],
        cwd=repo,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_text_is_chronons(repo: Path) -> None:
    """Line by line; values that occur equally often stand in no fixed order with Chronon."""
    ours = [line.rstrip() for line in analyze(repo).rstrip().splitlines()]
    text = (GOLDEN / "expected" / "analyze" / "live.complaints_v1.txt").read_text()
    theirs = [line.rstrip() for line in text.rstrip().splitlines()]
    assert Counter(ours) == Counter(theirs)
    order = [line.split(": ")[-1] if line.startswith("    r") else line for line in ours]
    assert order == [line.split(": ")[-1] if line.startswith("    r") else line for line in theirs]


def test_the_data_is_counted(repo: Path) -> None:
    got = json.loads(analyze(repo, "--json"))
    riders = pq.read_table(GOLDEN / "data" / "complaints.parquet").column("rider_id").to_pylist()
    counts = Counter(riders)
    assert got["rows"] == len(riders)
    hitters = {one["value"]: one["rows"] for one in got["heavy_hitters"]["rider_id"]}
    assert hitters == dict(counts)
    assert got["times"] == {"sampled_not_null": 100, "sampled_out_of_range": 0}
    assert {"name": "reason_last2", "type": "array<string>"} in got["features"]


def test_the_most_frequent_values_are_kept(repo: Path) -> None:
    got = json.loads(analyze(repo, "--json", "--rows", "3"))
    hitters = [(one["value"], one["rows"]) for one in got["heavy_hitters"]["rider_id"]]
    assert hitters == [("r025", 18), ("r002", 17), ("r038", 17)]
