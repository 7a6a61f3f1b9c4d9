"""is_incremental: the daily table is filled, used again, mended, and changes no answer."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from program_kit import DAY_MS, DAYS, FIRST_DAY, HEAD, TEAMS, World, day

USERS = 7
START_MS = (FIRST_DAY.toordinal() - 719163) * DAY_MS

DEFINITIONS = f"""{HEAD}
def group(name, incremental):
    days = lambda *lengths: [Window(length=n, timeUnit=TimeUnit.DAYS) for n in lengths]
    def agg(column, operation, buckets=None):
        return Aggregation(input_column=column, operation=operation, windows=days(1, 3, 5),
                           buckets=buckets)
    return GroupBy(
        sources=[Source(events=EventSource(table="raw.rows", query=Query(
            selects=select("user", "price", "count", "kind", "kinds"), time_column="ts",
            wheres=["price IS NULL OR price < 990"])))],
        keys=["user"],
        aggregations=[
            agg("price", Operation.SUM), agg("price", Operation.AVERAGE),
            agg("price", Operation.VARIANCE), agg("price", Operation.SKEW),
            agg("price", Operation.KURTOSIS), agg("price", Operation.MIN),
            agg("count", Operation.SUM), agg("count", Operation.MAX), agg("count", Operation.COUNT),
            agg("kind", Operation.FIRST), agg("kind", Operation.LAST),
            agg("kind", Operation.FIRST_K(3)), agg("kind", Operation.LAST_K(3)),
            agg("count", Operation.TOP_K(3)), agg("kind", Operation.BOTTOM_K(3)),
            agg("kind", Operation.HISTOGRAM), agg("kind", Operation.UNIQUE_COUNT),
            agg("kind", Operation.APPROX_UNIQUE_COUNT),
            agg("price", Operation.APPROX_PERCENTILE([0.1, 0.5, 0.9])),
            agg("kind", Operation.APPROX_HISTOGRAM_K(3)),
            agg("price", Operation.SUM, ["kind"]), agg("kind", Operation.LAST_K(2), ["kind"]),
            agg("kinds", Operation.LAST_K(2)), agg("kinds", Operation.HISTOGRAM),
        ],
        accuracy=Accuracy.SNAPSHOT,
        backfill_start_date="{day(4)}",
        is_incremental=incremental,
        table_properties={{"owner": "us"}},
    )
plain = group("plain", False)
daily = group("daily", True)
"""


def rows(number: int) -> pa.Table:
    """A day's rows: nulls, users who come and go, some from the days before and after."""
    seeded = random.Random(number)
    columns: dict[str, list[Any]] = {
        c: [] for c in ("user", "price", "count", "kind", "kinds", "ts")
    }
    for i in range(400):
        user = seeded.randrange(USERS)
        if (number + user) % 4 == 0:
            continue
        kind = None if seeded.random() < 0.1 else f"kind{seeded.randrange(9)}"
        columns["user"].append(None if seeded.random() < 0.05 else f"u{user}")
        columns["price"].append(None if seeded.random() < 0.1 else seeded.uniform(-1, 1000))
        columns["count"].append(seeded.randrange(-50, 50))
        columns["kind"].append(kind)
        columns["kinds"].append([k for k in (kind, "x") if k is not None])
        columns["ts"].append(START_MS + number * DAY_MS + seeded.randrange(DAY_MS))
        if i == 0 and number == 5:
            columns["ts"][-1] -= DAY_MS  # came late, within a step
    return pa.table(
        {
            "user": columns["user"],
            "price": pa.array(columns["price"], pa.float64()),
            "count": pa.array(columns["count"], pa.int64()),
            "kind": columns["kind"],
            "kinds": pa.array(columns["kinds"], pa.list_(pa.string())),
            "ts": columns["ts"],
        }
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("incremental"))
    world.write("teams.json", TEAMS)
    world.write("group_bys/team/sums.py", DEFINITIONS)
    for number in range(DAYS):
        world.write_rows(f"warehouse/raw/rows/ds={day(number)}/rows.parquet", rows(number))
    run(world, "compile")
    run(world, "backfill", "team.sums.plain", "--end-ds", day(11))
    return world


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    return made.copy(tmp_path / "repo")


def run(world: World, *arguments: str) -> str:
    done = world.run(*arguments)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout + done.stderr


def files(world: World, table: str) -> dict[str, Path]:
    folder = world.path / "warehouse" / "ns" / table
    found = {path.name: path for path in folder.glob("ds=*")}
    assert found, folder
    return found


def table(folder: Path) -> pa.Table:
    (file,) = folder.glob("*.parquet")
    return pq.ParquetFile(file).read()


def check_same(world: World) -> None:
    plain, daily = files(world, "team_sums_plain"), files(world, "team_sums_daily")
    assert sorted(plain) == sorted(daily) == [f"ds={day(n)}" for n in range(4, 12)]
    for name in plain:
        wanted = table(plain[name])
        assert wanted.num_rows > 3 and wanted.num_columns > 70
        assert wanted.equals(table(daily[name])), name


def stamps(world: World) -> dict[str, int]:
    return {n: p.stat().st_mtime_ns for n, p in files(world, "team_sums_daily_daily_inc").items()}


def test_the_answers_are_those_of_the_plain_backfill_bit_for_bit(world: World) -> None:
    run(world, "backfill", "team.sums.daily", "--end-ds", day(11))
    check_same(world)
    kept = files(world, "team_sums_daily_daily_inc")
    assert sorted(kept) == [f"ds={day(n)}" for n in range(0, 12)]  # three windows' days before
    states = table(kept[f"ds={day(5)}"])
    assert states.column_names[:2] == ["user", "price_sum"]
    assert states.column_names[-1] == "ts"
    assert len(set(states.column_names)) == len(states.column_names)
    assert set(states["ts"].to_pylist()) == {START_MS + 5 * DAY_MS}
    said = run(world, "sql", "DESCRIBE EXTENDED ns.team_sums_daily_daily_inc")
    assert "group_by_incremental" in said and "owner" in said


def test_days_that_are_there_are_used_and_holes_are_filled(world: World) -> None:
    run(world, "backfill", "team.sums.daily", "--end-ds", day(8))
    before = stamps(world)
    assert sorted(before) == [f"ds={day(n)}" for n in range(0, 9)]
    for number in (2, 6):
        shutil.rmtree(files(world, "team_sums_daily_daily_inc")[f"ds={day(number)}"])
    # What is folded already is not read again.
    for number in (0, 1, 3, 4):
        shutil.rmtree(world.path / f"warehouse/raw/rows/ds={day(number)}")
    world.write_rows(f"warehouse/raw/rows/ds={day(4)}/rows.parquet", rows(4))
    run(world, "backfill", "team.sums.daily", "--end-ds", day(11), "--step-days", "2")
    check_same(world)
    after = stamps(world)
    assert sorted(after) == [f"ds={day(n)}" for n in range(0, 12)]
    for number in (0, 1, 3, 4, 5, 7, 8):
        assert after[f"ds={day(number)}"] == before[f"ds={day(number)}"]


def test_another_aggregation_is_told_with_what_to_do(world: World) -> None:
    run(world, "backfill", "team.sums.daily", "--end-ds", day(8))
    world.change("group_bys/team/sums.py", 'agg("price", Operation.KURTOSIS), ', "")
    run(world, "compile", "--force")
    done = world.run("backfill", "team.sums.daily", "--end-ds", day(9))
    assert done.returncode == 65
    assert "error[GT013]" in done.stderr and "ns.team_sums_daily_daily_inc" in done.stderr
    shutil.rmtree(world.path / "warehouse/ns/team_sums_daily_daily_inc")
    run(world, "backfill", "team.sums.daily", "--end-ds", day(9))


def test_no_rows_are_no_failure(world: World) -> None:
    world.change("group_bys/team/sums.py", "price < 990", "price < -1000")
    world.change("group_bys/team/sums.py", "price IS NULL OR ", "")
    run(world, "compile", "--force")
    run(world, "backfill", "team.sums.daily", "--end-ds", day(11))
    assert not list((world.path / "warehouse/ns").glob("team_sums_daily*/ds=*"))
