"""The developer guide's story, word for word: its files, its commands, on generated purchases.

teams.json and the definition are the guide's; the warehouse is a single Parquet file without `ds`,
named in gnomon.toml; LMDB is the store.
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from program_kit import GNOMON

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "tests" / "golden" / "guide"
TEAMS = (GUIDE / "teams.json").read_text()
DEFINITION = (GUIDE / "group_bys/my_team/user_purchase_features.py").read_text()
CONF = "production/group_bys/my_team/user_purchase_features.v1"
DAY_MS = 86_400_000


def purchases() -> list[dict[str, Any]]:
    generator = random.Random(20231201)
    start = int(datetime(2023, 10, 20, tzinfo=timezone.utc).timestamp() * 1000)
    return [
        {
            "user_id": f"user_{generator.randrange(40)}",
            "purchase_price": round(generator.uniform(1, 200), 2),
            "item_category": generator.choice(["book", "game", "food"]),
            "ts": start + generator.randrange(50 * DAY_MS),
        }
        for _ in range(4000)
    ]


def expected(rows: list[dict[str, Any]], user: str, ds: str) -> dict[str, Any]:
    end = int(
        (datetime.fromisoformat(ds).replace(tzinfo=timezone.utc) + timedelta(days=1)).timestamp()
        * 1000
    )
    mine = sorted(
        (r for r in rows if r["user_id"] == user and r["ts"] < end), key=lambda r: r["ts"]
    )
    out: dict[str, Any] = {}
    for days in (1, 7, 30):
        prices = [r["purchase_price"] for r in mine if r["ts"] >= end - days * DAY_MS]
        out[f"purchase_price_sum_{days}d"] = sum(prices) if prices else None
        out[f"purchase_price_count_{days}d"] = len(prices) or None
        out[f"purchase_price_average_{days}d"] = sum(prices) / len(prices) if prices else None
    out["purchase_price_last10"] = [r["purchase_price"] for r in mine[-10:]][::-1]
    return out


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, float):
        return isinstance(ours, (int, float)) and math.isclose(ours, theirs, rel_tol=1e-9)
    return bool(ours == theirs)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guide")
    (folder / "group_bys" / "my_team").mkdir(parents=True)
    (folder / "teams.json").write_text(TEAMS)
    (folder / "group_bys" / "my_team" / "user_purchase_features.py").write_text(DEFINITION)
    pq.write_table(pa.Table.from_pylist(purchases()), folder / "purchases.parquet")
    (folder / "gnomon.toml").write_text('[tables."purchases"]\npath = "../purchases.parquet"\n')
    run(
        folder,
        "compile",
        "--conf",
        "group_bys/my_team/user_purchase_features.py",
        "--force-overwrite",
    )
    return folder


def run(folder: Path, tool: str, *words: str, status: int = 0) -> str:
    """One of the guide's commands, from the repository."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "GNOMON": GNOMON}
    done = subprocess.run(
        [sys.executable, "-m", f"gnomon.{tool}", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def sql(folder: Path, statement: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [GNOMON, "-C", str(folder), "sql", statement, "--json"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def check_day(folder: Path, ds: str) -> int:
    rows = sql(folder, f"SELECT * FROM default.my_team_user_purchase_features_v1 WHERE ds = '{ds}'")
    assert len({r["user_id"] for r in rows}) == len(rows) > 30
    compared = 0
    for row in rows:
        for name, value in expected(purchases(), row["user_id"], ds).items():
            assert same(row[name], value), (row["user_id"], name, row[name], value)
            compared += 1
    return compared


def test_step_4_compiles_the_definition(repo: Path) -> None:
    compiled = json.loads((repo / CONF).read_text())
    assert compiled["metaData"]["name"] == "my_team.user_purchase_features.v1"
    assert compiled["aggregations"][3]["argMap"] == {"k": "10"}


def test_step_5_backfills_a_day(repo: Path) -> None:
    run(
        repo, "run", "--conf", CONF, "--mode", "backfill", "--ds", "2023-12-01", "--repo", str(repo)
    )
    assert check_day(repo, "2023-12-01") > 300


def test_step_5_backfills_a_range(repo: Path) -> None:
    words = ["--start-ds", "2023-12-01", "--end-ds", "2023-12-07", "--repo", str(repo)]
    run(repo, "run", "--conf", CONF, "--mode", "backfill", *words)
    table = repo / "warehouse" / "default" / "my_team_user_purchase_features_v1"
    assert sorted(p.name for p in table.glob("ds=*")) == [f"ds=2023-12-0{d}" for d in range(1, 8)]
    for day in range(1, 8):
        check_day(repo, f"2023-12-0{day}")


def test_step_6_tables_can_be_looked_at(repo: Path) -> None:
    names = [r["tableName"] for r in sql(repo, "SHOW TABLES LIKE '*user_purchase*'")]
    assert "my_team_user_purchase_features_v1" in names
    rows = sql(repo, "DESCRIBE EXTENDED default.my_team_user_purchase_features_v1")
    types = {r["col_name"]: r["data_type"] for r in rows}
    assert types["purchase_price_sum_7d"] == "double"
    assert types["purchase_price_count_7d"] == "bigint"
    assert types["purchase_price_last10"] == "array<double>"
    assert types["Table Type"] == "PARQUET"


def test_steps_7_and_8_upload_and_fetch(repo: Path) -> None:
    run(repo, "run", "--conf", CONF, "--mode", "upload", "--ds", "2023-12-01", "--repo", str(repo))
    words = ["--mode", "fetch", "--conf-type", "group_bys", "--repo", str(repo)]
    name = ["--name", "my_team/user_purchase_features.v1"]
    for user in ("user_1", "user_2", "user_39"):
        text = run(repo, "run", *words, *name, "-k", json.dumps({"user_id": user}))
        answer = json.loads(text)
        for column, value in expected(purchases(), user, "2023-12-01").items():
            assert same(answer["values"][column], value), column


# ---- the guide's troubles: each is told plainly, and the exit status is not 0 ----------------


def test_an_unknown_table_is_named(repo: Path) -> None:
    broken = repo / "group_bys" / "my_team" / "lost.py"
    broken.write_text(
        DEFINITION.replace('"purchases"', '"purchasse"').replace("online=True", "online=True")
    )
    run(repo, "compile", "--conf", "group_bys/my_team/lost.py", "--force-overwrite")
    conf = "production/group_bys/my_team/lost.v1"
    text = run(repo, "run", "--conf", conf, "--mode", "backfill", "--ds", "2023-12-01", status=1)
    assert "purchasse" in text and "purchases" in text
    broken.unlink()
    (repo / conf).unlink()


def test_a_module_that_is_not_found_is_named_at_the_users_line(repo: Path) -> None:
    broken = repo / "group_bys" / "my_team" / "broken.py"
    broken.write_text("from ai.chronon.query import Query\nimport no_such_module\n")
    text = run(repo, "compile", "--conf", "group_bys/my_team/broken.py", status=1)
    assert "no_such_module" in text and "broken.py:2" in text
    broken.unlink()


def test_an_invalid_source_is_explained(repo: Path) -> None:
    broken = repo / "group_bys" / "my_team" / "broken.py"
    broken.write_text(
        DEFINITION.replace('            time_column="ts"', "            time_column=None")
    )
    text = run(repo, "compile", "--conf", "group_bys/my_team/broken.py", status=1)
    assert "time_column" in text and "broken.py" in text
    broken.unlink()


def test_a_column_that_the_table_lacks_is_named(repo: Path) -> None:
    broken = repo / "group_bys" / "my_team" / "broken.py"
    wrong = DEFINITION.replace("purchase_price", "purchase_prise")
    broken.write_text(wrong)
    run(repo, "compile", "--conf", "group_bys/my_team/broken.py", "--force-overwrite")
    conf = "production/group_bys/my_team/broken.v1"
    done = subprocess.run(
        [GNOMON, "-C", str(repo), "validate", conf], capture_output=True, text=True
    )
    assert done.returncode == 65
    assert "purchase_prise" in done.stderr and "purchase_price" in done.stderr
    broken.unlink()
    (repo / conf).unlink()


def test_an_invalid_key_is_explained(repo: Path) -> None:
    words = ["--mode", "fetch", "--conf-type", "group_bys", "--repo", str(repo)]
    name = ["--name", "my_team/user_purchase_features.v1"]
    text = run(repo, "run", *words, *name, "-k", '{"usr_id": "123"}', status=1)
    assert "user_id" in text and "missing" in text
    text = run(repo, "run", *words, *name, "-k", '{"user_id": ', status=1)
    assert "column" in text or "line" in text


def test_a_store_that_cannot_be_reached_is_named(repo: Path) -> None:
    (repo / "a_file").write_text("not a folder")
    done = subprocess.run(
        [
            GNOMON,
            "-C",
            str(repo),
            "--store",
            "lmdb:a_file/store",
            "upload",
            CONF,
            "--ds",
            "2023-12-01",
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "a_file/store" in done.stderr


def test_too_little_memory_is_an_error_not_a_death(repo: Path) -> None:
    done = subprocess.run(
        [GNOMON, "-C", str(repo), "--memory", "1M", "backfill", CONF, "--ds", "2023-12-03"],
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 65, 69, 75), done.stderr
    assert done.returncode == 0 or "memory" in done.stderr.lower()


def test_modes_that_a_type_does_not_have_are_refused(repo: Path) -> None:
    text = run(repo, "run", "--conf", CONF, "--mode", "label-join", status=1)
    assert "possible modes are" in text and "backfill" in text
