"""`gnomon explain CONF --key`: rows, windows, hops and values that can be checked by hand."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from program_kit import World

ROOT = Path(__file__).resolve().parents[2]
DAY, HOUR, MINUTE = 86_400_000, 3_600_000, 60_000
NOON = 19_700 * DAY + 12 * HOUR + 7 * MINUTE  # a question at seven past noon
KEY = '{"user": "u"}'
DEFINITION = """\
from ai.chronon.api.ttypes import EntitySource, EventSource, Source
from ai.chronon.group_by import Accuracy, Aggregation, Derivation, GroupBy, Operation, TimeUnit
from ai.chronon.group_by import Window
from ai.chronon.query import Query, select

source = Source(
    events=EventSource(table="buys", query=Query(selects=select("user", "n"), time_column="ts"))
)
def aggregations(*windows):
    return [
        Aggregation(input_column="n", operation=Operation.SUM, windows=list(windows)),
        Aggregation(input_column="n", operation=Operation.COUNT),
    ]


days = [Window(1, TimeUnit.DAYS), Window(14, TimeUnit.DAYS)]
snapshot = GroupBy(
    sources=[source],
    keys=["user"],
    aggregations=aggregations(*days),
    accuracy=Accuracy.SNAPSHOT,
    online=True,
)
live = GroupBy(
    sources=[source],
    keys=["user"],
    aggregations=aggregations(Window(1, TimeUnit.HOURS), *days),
    accuracy=Accuracy.TEMPORAL,
    online=True,
    derivations=[
        Derivation(name="*", expression="*"),
        Derivation(name="share", expression="n_sum_1d / n_sum_14d"),
    ],
)
users = EntitySource(snapshotTable="users", query=Query(selects=select("user")))
plain = GroupBy(
    sources=[Source(entities=users)], keys=["user"], aggregations=None, online=True
)
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return World(folder).run(*arguments)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    (folder / "group_bys" / "team").mkdir(parents=True)
    (folder / "teams.json").write_text('{"default": {}, "team": {"namespace": "ns"}}')
    (folder / "group_bys" / "team" / "buys.py").write_text(DEFINITION)
    times = [
        NOON - 30 * DAY,
        NOON - 14 * DAY - 1,  # its day is the first hop of 14 days
        NOON - 20 * HOUR,
        NOON - 65 * MINUTE,  # exactly five minutes before the hour's window, which starts at 11:05
        NOON - 62 * MINUTE,
        NOON - 1,
        NOON,  # not before the question
    ]
    table = pa.table(
        {"user": ["u"] * 7, "n": pa.array([1, 2, 4, 8, 16, 32, 64], pa.int64()), "ts": times}
    )
    (folder / "warehouse" / "default").mkdir(parents=True)
    pq.write_table(table, folder / "warehouse" / "default" / "buys.parquet")
    users = pa.table({"user": ["u"], "ds": ["2023-12-08"]})
    pq.write_table(users, folder / "warehouse" / "default" / "users.parquet")
    done = run(folder, "compile")
    assert done.returncode == 0, done.stderr
    return folder


def account(folder: Path, name: str, *more: str) -> dict[str, Any]:
    done = run(folder, "explain", f"team.buys.{name}", "-k", KEY, "--json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def windows(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {window["name"]: window for window in answer["windows"]}


def test_a_temporal_account_has_sawtooth_windows(repository: Path) -> None:
    got = account(repository, "live", "--at-ms", str(NOON))
    seen = windows(got)
    assert (got["end_ms"], got["row_count"]) == (NOON, 6)
    assert seen["n_sum_1h"]["start_ms"] == NOON - 62 * MINUTE  # 11:05
    assert (seen["n_sum_1h"]["rows"], seen["n_sum_1h"]["value"]) == (2, 48)
    assert seen["n_sum_1d"]["start_ms"] == NOON - 7 * MINUTE - DAY
    assert (seen["n_sum_1d"]["rows"], seen["n_sum_1d"]["value"]) == (4, 60)
    assert seen["n_sum_14d"]["start_ms"] == 19_686 * DAY
    assert (seen["n_sum_14d"]["rows"], seen["n_sum_14d"]["value"]) == (5, 62)
    assert (seen["n_count"]["start_ms"], seen["n_count"]["value"]) == (None, 6)
    assert got["features"]["share"] == 60 / 62
    assert [row["row"]["n"] for row in got["rows"]] == [1, 2, 4, 8, 16, 32]


def test_the_hops_of_a_window_hold_its_rows(repository: Path) -> None:
    for window in windows(account(repository, "live", "--at-ms", str(NOON))).values():
        if window["start_ms"] is None:
            assert window["hops"] == []
            continue
        assert sum(hop["rows"] for hop in window["hops"]) == window["rows"]
        for hop in window["hops"]:
            assert hop["start_ms"] % hop["length_ms"] == 0 and hop["start_ms"] >= window["start_ms"]
    hour = windows(account(repository, "live", "--at-ms", str(NOON)))["n_sum_1h"]
    assert [hop["length_ms"] for hop in hour["hops"]] == [5 * MINUTE] * 2


def test_a_snapshot_account_ends_at_midnight(repository: Path) -> None:
    got = account(repository, "snapshot", "--at-ms", str(NOON))
    seen = windows(got)
    assert got["end_ms"] == 19_700 * DAY
    assert (seen["n_sum_1d"]["rows"], seen["n_sum_1d"]["value"]) == (1, 4)
    assert (seen["n_sum_14d"]["value"], seen["n_count"]["value"]) == (6, 3)


def test_the_store_is_asked_too(repository: Path) -> None:
    before = account(repository, "live", "--at-ms", str(NOON))
    assert before["batch_end_ms"] is None and "online" not in before["windows"][0]
    assert run(repository, "upload", "team.buys.live", "--ds", "2023-12-08").returncode == 0
    after = account(repository, "live", "--at-ms", str(NOON))
    assert after["batch_end_ms"] == 19_700 * DAY
    assert windows(after)["n_count"]["online"] == 3  # nothing was put since the batch
    text = run(repository, "explain", "team.buys.live", "-k", KEY, "--at-ms", str(NOON)).stdout
    assert "the store's upload holds rows before 2023-12-09T00:00:00Z" in text
    assert "share = 0.96774" in text


def test_an_unknown_key_has_no_rows(repository: Path) -> None:
    done = run(repository, "explain", "team.buys.live", "-k", '{"user": "x\'y"}', "--json")
    got = json.loads(done.stdout)
    assert (got["row_count"], windows(got)["n_count"]["value"]) == (0, None)


def test_the_newest_rows_are_listed(repository: Path) -> None:
    got = account(repository, "live", "--at-ms", str(NOON), "--rows", "2")
    assert [row["row"]["n"] for row in got["rows"]] == [16, 32]
    assert got["row_count"] == 6


def test_the_timeline_draws_windows_hops_and_rows(repository: Path) -> None:
    done = run(repository, "explain", "team.buys.live", "-k", KEY, "--at-ms", str(NOON), "--svg")
    picture = ET.fromstring(done.stdout)
    tags = [element.tag.split("}")[1] for element in picture.iter()]
    hops = sum(
        len(window["hops"])
        for window in account(repository, "live", "--at-ms", str(NOON))["windows"]
    )
    assert tags.count("rect") == 1 + 4 + hops
    texts = [element.text for element in picture.iter() if element.text]
    assert "n_sum_14d" in texts and "62" in texts


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("team.buys.live", "-k", "{}"), "key 'user' is missing"),
        (("team.buys.live", "-k", '{"user"'), "line 1"),
        (("team.buys.nothing", "-k", KEY), "nothing"),
        (("team.buys.plain", "-k", KEY), "has no aggregations"),
    ],
)
def test_what_cannot_be_explained_is_said(
    repository: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = run(repository, "explain", *arguments)
    assert done.returncode != 0 and words in done.stderr
