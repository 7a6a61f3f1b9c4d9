"""`gnomon store`: what is kept of whom, decoded."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GNOMON = os.environ.get("GNOMON", str(ROOT / "build" / "release" / "cli" / "gnomon"))
BATCH_END_MS = 1701475200000


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GNOMON, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SNAPSHOT and a TEMPORAL GroupBy, uploaded; two live rows of user_1."""
    folder = tmp_path_factory.mktemp("store") / "shop"
    assert run(folder.parent, "init", "shop").returncode == 0
    first = folder / "group_bys" / "my_team" / "purchases.py"
    text = first.read_text().replace("import Aggregation", "import Accuracy, Aggregation")
    live = text.replace("online=True", "online=True, accuracy=Accuracy.TEMPORAL")
    (first.parent / "live.py").write_text(live)
    assert run(folder, "compile").returncode == 0
    for name in ("purchases", "live"):
        done = run(folder, "upload", f"my_team.{name}.v1", "--ds", "2023-12-01")
        assert done.returncode == 0, done.stderr
    events = [
        {"ts": BATCH_END_MS + 1000, "row": {"user_id": "user_1", "price": 5.0}},
        {"ts": BATCH_END_MS + 500, "row": {"user_id": "user_1", "price": 7.0}},
    ]
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    assert run(folder, "put", "my_team/live.v1", "--events", "events.jsonl").returncode == 0
    return folder


def test_datasets_are_listed(shop: Path) -> None:
    got = {one["dataset"]: one for one in json.loads(run(shop, "store", "ls", "--json").stdout)}
    assert got["MY_TEAM_PURCHASES_V1_BATCH"]["rows"] == 50
    assert got["MY_TEAM_LIVE_V1_BATCH"]["batch_end_ms"] == BATCH_END_MS
    text = run(shop, "store", "ls").stdout
    assert "2 datasets, 100 rows" in text and "2023-12-02T00:00:00Z" in text


def test_a_key_shows_its_values(shop: Path) -> None:
    key = '{"user_id": "user_1"}'
    got = json.loads(run(shop, "store", "get", "my_team/purchases.v1", "-k", key).stdout)
    fetched = json.loads(run(shop, "fetch", "my_team/purchases.v1", "-k", key).stdout)
    assert got["value"] == fetched["values"]
    assert (got["key_bytes"], got["live"]) == ("Agx1c2VyXzE=", [])


def test_a_key_shows_its_state_and_live_rows(shop: Path) -> None:
    done = run(shop, "store", "get", "my_team/live.v1", "-k", '{"user_id": "user_1"}')
    got = json.loads(done.stdout)
    assert got["value"]["collapsedIr"]["price_sum_30d"] > 0
    assert len(got["value"]["tailHopIrs"]) == 3
    assert got["live"] == [
        {"ts": BATCH_END_MS + 500, "row": {"price": 7.0}},
        {"ts": BATCH_END_MS + 1000, "row": {"price": 5.0}},
    ]


def test_an_unknown_key_has_nothing(shop: Path) -> None:
    done = run(shop, "store", "get", "my_team/live.v1", "-k", '{"user_id": "nobody"}')
    got = json.loads(done.stdout)
    assert (got["value"], got["live"]) == (None, [])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rm",), "'store' does not know 'rm'"),
        (("get",), "wants NAME and -k JSON"),
        (("get", "my_team/live.v1", "-k", "{}"), "key 'user_id' is missing"),
        (("get", "my_team/other.v1", "-k", "{}"), "my_team/other.v1"),
    ],
)
def test_what_cannot_be_shown_is_said(shop: Path, arguments: tuple[str, ...], words: str) -> None:
    done = run(shop, "store", *arguments)
    assert done.returncode != 0 and words in done.stderr
