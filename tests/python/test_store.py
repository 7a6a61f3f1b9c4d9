"""`gnomon store`: what is kept of whom, decoded."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
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


# ---- stats, compact, gc ----

BATCH = "MY_TEAM_PURCHASES_V1_BATCH"


def told(shop: Path, *arguments: str) -> Any:
    done = run(shop, "store", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def stats_of(shop: Path, dataset: str) -> Any:
    return next(one for one in told(shop, "stats") if one["dataset"] == dataset)


def test_a_store_is_measured(shop: Path) -> None:
    got = stats_of(shop, BATCH)
    file = next((shop / "store" / BATCH).glob("gen-*.lmdb"))
    assert (got["keys"], got["generations"]) == (50, 1)
    assert got["depth"] in (1, 2) and 0 < got["pages"] * 4096 < got["file_bytes"]
    assert got["file_bytes"] == file.stat().st_blocks * 512
    assert got["fill"] == pytest.approx(got["bytes"] / got["file_bytes"], abs=1e-3)
    assert (got["live_rows"], got["tiles"]) == (0, 0)
    live = stats_of(shop, "MY_TEAM_LIVE_V1_BATCH")
    assert (live["live_rows"], live["oldest_ms"], live["newest_ms"]) == (
        2,
        BATCH_END_MS + 500,
        BATCH_END_MS + 1000,
    )
    now = BATCH_END_MS + 26 * 3_600_000
    text = run(shop, "store", "stats", "--clock", str(now)).stdout
    assert BATCH in text and "26h 0m" in text


def test_an_upload_is_written_anew(shop: Path) -> None:
    before = stats_of(shop, BATCH)
    values = all_values(shop, "store")
    (dry,) = told(shop, "compact", NAME, "--dry-run")
    assert (dry["dataset"], dry["bytes_before"]) == (BATCH, before["file_bytes"])
    assert stats_of(shop, BATCH)["upload"] == before["upload"]
    (done,) = told(shop, "compact", "my_team/purchases.v1")
    after = stats_of(shop, BATCH)
    assert done["bytes_after"] == after["file_bytes"]
    assert after["upload"] == before["upload"] + 1
    same = ("keys", "bytes", "batch_end_ms", "generations", "live_rows")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert all_values(shop, "store") == values
    unknown = run(shop, "store", "compact", "my_team.other.v1")
    assert unknown.returncode == 66 and "GO006" in unknown.stderr


def test_what_nobody_needs_is_removed(shop: Path) -> None:
    folder = shop / "store" / BATCH
    current = {file.name for file in folder.glob("gen-*.lmdb")}
    for name in ("gen-900.lmdb", ".tmp-901"):
        (folder / name).write_bytes(b"x" * 8192)
    wanted = [f"{BATCH}/.tmp-901", f"{BATCH}/gen-900.lmdb"]
    dry = told(shop, "gc", "--dry-run")
    assert [one["path"] for one in dry["files"]] == wanted
    assert (folder / "gen-900.lmdb").exists()
    with open(folder / "LOCK", "r+b") as lock:  # as an upload holds it
        fcntl.lockf(lock, fcntl.LOCK_EX)
        assert told(shop, "gc")["files"] == []
    done = told(shop, "gc")
    assert [one["path"] for one in done["files"]] == wanted and done["bytes"] == dry["bytes"]
    assert {file.name for file in folder.glob("*gen*")} == current
    assert told(shop, "gc") == {"dry_run": False, "files": [], "live": [], "bytes": 0}
    assert "removed 0 files" in run(shop, "store", "gc").stdout


def test_live_rows_of_long_ago_are_removed(shop: Path) -> None:
    old = {"ts": BATCH_END_MS - 3 * 86_400_000, "row": {"user_id": "user_2", "price": 1.0}}
    (shop / "old.jsonl").write_text(json.dumps(old) + "\n")
    assert run(shop, "put", "my_team/live.v1", "--events", "old.jsonl").returncode == 0
    dry = told(shop, "gc", "--dry-run")
    assert [(one["dataset"], one["rows"]) for one in dry["live"]] == [
        ("MY_TEAM_LIVE_V1_STREAMING", 1)
    ]
    assert stats_of(shop, "MY_TEAM_LIVE_V1_BATCH")["live_rows"] == 3
    assert told(shop, "gc")["live"] == dry["live"]
    assert stats_of(shop, "MY_TEAM_LIVE_V1_BATCH")["live_rows"] == 2


def test_a_compaction_that_is_killed_leaves_a_good_store(shop: Path) -> None:
    values = all_values(shop, "store")
    fetch = ("fetch", "my_team/purchases.v1", "-k", '{"user_id": "user_7"}')
    answer = run(shop, *fetch).stdout
    for turn in range(8):
        command = [GNOMON, "store", "compact"]
        running = subprocess.Popen(command, cwd=shop, stdout=subprocess.DEVNULL)
        time.sleep(0.0015 * turn)
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert run(shop, *fetch).stdout == answer
    assert run(shop, "store", "compact").returncode == 0
    assert told(shop, "gc")["files"] == []
    assert all_values(shop, "store") == values


# ---- upload --from-table ----

DAY, NAME = "2023-12-01", "my_team.purchases.v1"


def again(shop: Path, store: str, ds: str = DAY) -> subprocess.CompletedProcess[str]:
    return run(shop, "upload", NAME, "--ds", ds, "--from-table", "--store", f"lmdb:{store}")


def upload_file(shop: Path) -> Path:
    (file,) = shop.rglob(f"*purchases_v1_upload/ds={DAY}/*.parquet")
    return file


def all_values(shop: Path, store: str) -> list[object]:
    return [
        json.loads(run(shop, "fetch", "my_team/purchases.v1", "-k", key, *where).stdout)["values"]
        for key in (f'{{"user_id": "user_{i}"}}' for i in range(0, 50, 7))
        for where in [("--store", f"lmdb:{store}")]
    ]


def test_a_second_store_is_loaded_from_the_table(shop: Path) -> None:
    done = again(shop, "second")
    assert done.returncode == 0 and "uploaded 50 keys" in done.stderr, done.stderr
    assert all_values(shop, "second") == all_values(shop, "store")


def test_a_table_in_any_order_is_loaded(shop: Path) -> None:
    file = upload_file(shop)
    kept = file.read_bytes()
    rows = pq.read_table(file, partitioning=None)
    assert rows["key_bytes"].to_pylist() == sorted(rows["key_bytes"].to_pylist())
    try:
        pq.write_table(rows.take(list(range(rows.num_rows - 1, -1, -1))), file)
        assert "uploaded 50 keys" in again(shop, "third").stderr
        described = rows["key_bytes"].to_pylist().index(b"group_by_serving_info")
        pq.write_table(rows.slice(0, described), file)
        done = again(shop, "fourth")
        assert done.returncode == 65 and "GO016" in done.stderr
    finally:
        file.write_bytes(kept)
    assert all_values(shop, "third") == all_values(shop, "store")
    assert not list(shop.rglob("fourth/*/CURRENT"))


def test_a_day_that_was_not_uploaded_is_not_loaded(shop: Path) -> None:
    done = again(shop, "fifth", "2023-11-30")
    assert done.returncode == 66
    assert "GO016" in done.stderr and "has no partition 2023-11-30" in done.stderr
