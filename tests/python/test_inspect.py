"""`gnomon diff` and `gnomon stats`, on tables whose differences are known."""

from __future__ import annotations

import json
import math
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from program_kit import World

ROOT = Path(__file__).resolve().parents[2]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return World(folder).run(*arguments)


def answer(folder: Path, *arguments: str) -> dict[str, Any]:
    done = run(folder, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def write(folder: Path, name: str, **columns: Any) -> None:
    path = folder / "warehouse" / "default" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    write(
        tmp_path,
        "a",
        k=["x", "y", "z", None, "d", "d"],
        n=pa.array([1, 2, 3, 4, 5, 6], pa.int64()),
        r=[1.0, 2.0, math.nan, None, 5.0, 6.0],
        l=[[1], [2], None, [], [5], [6]],
        only=[1] * 6,
    )
    write(
        tmp_path,
        "b",
        k=["d", "d", "x", "y", None, "w"],
        n=pa.array([6, 5, 1, 7, 4, 9], pa.int32()),
        r=[6.0, 5.0, 1.0 + 1e-12, 2.5, None, 0.0],
        l=[[6], [5], [1], [2], [], [9]],
        other=["t"] * 6,
    )
    return tmp_path


def test_rows_are_paired_by_keys_and_columns_compared(tables: Path) -> None:
    got = answer(tables, "diff", "a", "b", "--keys", "k")
    columns = {column["name"]: column for column in got["columns"]}
    assert (got["left_rows"], got["right_rows"], got["paired_rows"]) == (6, 6, 5)
    assert (got["only_left"], got["only_right"]) == (1, 1)  # z, w
    assert (columns["n"]["equal"], columns["n"]["different"]) == (4, 1)
    assert columns["n"]["examples"] == [{"keys": {"k": "y"}, "left": 2, "right": 7}]
    assert (columns["r"]["equal"], columns["r"]["different"]) == (3, 2)
    assert (columns["r"]["left_nulls"], columns["r"]["right_nulls"]) == (1, 1)
    assert (columns["l"]["equal"], columns["l"]["different"]) == (5, 0)
    assert columns["only"]["right_type"] is None and columns["other"]["left_type"] is None
    assert got["differences"] == 2 + 3 + 2


def test_a_tolerance_forgives_small_differences(tables: Path) -> None:
    got = answer(tables, "diff", "a", "b", "--keys", "k", "--tolerance", "1e-9")
    column = next(column for column in got["columns"] if column["name"] == "r")
    assert [one["keys"]["k"] for one in column["examples"]] == ["y"]


def test_equal_tables_have_no_difference_and_the_exit_status_says_so(tables: Path) -> None:
    same = run(tables, "diff", "a", "a", "--keys", "k", "--detailed-exitcode")
    other = run(tables, "diff", "a", "b", "--keys", "k", "--detailed-exitcode")
    assert (same.returncode, other.returncode) == (0, 2)
    assert "6 rows in both, 0 only left, 0 only right" in same.stdout


def test_rows_of_one_key_meet_their_equals(tmp_path: Path) -> None:
    write(tmp_path, "a", k=["x"] * 3, v=[3, 1, 2])
    write(tmp_path, "b", k=["x"] * 3, v=[2, 3, 1])
    assert answer(tmp_path, "diff", "a", "b", "--keys", "k")["differences"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("a", "b"), "which columns tell the rows apart"),
        (("a", "b", "--keys", "nothing"), "'nothing' is no column of both"),
        (("a", "c", "--keys", "k"), "there is no table 'default.c'"),
        (("a",), "'diff' wants LEFT RIGHT"),
        (("a", "b", "c"), "one too many"),
        (("a", "b", "--sample", "lots"), "'lots' is not a number"),
    ],
)
def test_what_cannot_be_compared_is_said(
    tables: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = run(tables, "diff", *arguments)
    assert done.returncode != 0 and words in done.stderr


def test_definitions_are_compared_member_by_member(tmp_path: Path) -> None:
    assert run(tmp_path, "init", "shop").returncode == 0
    shop = tmp_path / "shop"
    assert run(shop, "compile").returncode == 0
    compiled = shop / "production" / "group_bys" / "my_team" / "purchases.v1"
    changed = shop / "changed.v1"
    text = compiled.read_text()
    assert text.count('"length": 7') == 1
    changed.write_text(text.replace('"length": 7', '"length": 8').replace('"price"', '"cost"', 1))
    got = answer(shop, "diff", "my_team.purchases.v1", str(changed))
    assert {"path": "aggregations[0].windows[1].length", "left": 7, "right": 8} in got["changes"]
    assert got["differences"] == len(got["changes"]) >= 2
    same = run(shop, "diff", "my_team.purchases.v1", "my_team.purchases.v1")
    assert same.stdout == "the definitions are the same\n"


def test_stats_describe_every_column(tmp_path: Path) -> None:
    numbers = [float(i) for i in range(1, 101)] + [None, math.nan]
    write(tmp_path, "t", n=numbers, s=["b"] * 51 + ["a"] * 51, w=list(range(102)))
    got = answer(tmp_path, "stats", "t")
    n, s, w = got["columns"]
    assert got["rows"] == 102
    assert (n["nulls"], n["min"], n["max"], n["mean"]) == (1, 1.0, 100.0, 50.5)
    assert (n["p25"], n["p50"], n["p75"]) == (25.75, 50.5, 75.25)
    assert n["histogram"] == [5] * 20
    assert s["distinct"] == 2
    assert s["frequent"] == [{"value": "a", "count": 51}, {"value": "b", "count": 51}]
    assert (w["type"], w["distinct"], sum(w["histogram"])) == ("bigint", 102, 102)


def test_stats_of_days_and_of_nothing(tmp_path: Path) -> None:
    write(tmp_path, "t", v=[1, 2, 3], ds=["2024-01-01", "2024-01-02", "2024-01-03"])
    got = answer(tmp_path, "stats", "t", "--start-ds", "2024-01-02")
    assert (got["rows"], got["columns"][0]["min"]) == (2, 2)
    empty = answer(tmp_path, "stats", "t", "--ds", "2025-01-01")
    assert (empty["rows"], empty["columns"][0]["min"]) == (0, None)
    assert "0 rows" in run(tmp_path, "stats", "t", "--ds", "2025-01-01").stdout


def test_the_picture_of_stats_is_well_formed(tmp_path: Path) -> None:
    write(tmp_path, "t", v=[1, 2, 2], s=["<a & b>", "c", "c"])
    picture = ET.fromstring(run(tmp_path, "stats", "t", "--svg").stdout)
    bars = [element for element in picture.iter() if element.tag.endswith("rect")]
    assert len(bars) == 1 + 20 + 2  # the page, the bins, the two texts
    assert any(element.text == "2 distinct" for element in picture.iter())
