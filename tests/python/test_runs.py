"""plan, backfill and sql as the program runs them: settings, Ctrl-C, progress on a terminal."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import random
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from program_kit import GNOMON

ROOT = Path(__file__).resolve().parents[2]
DAY_MS, FIRST_DAY, DAYS, ROWS = 86_400_000, 19783, 8, 60_000  # 2024-03-01; rows a day
CONF = "team.sums.v1"
OUTPUT = "warehouse/default/team_sums_v1"
DEFINITION: dict[str, Any] = {
    "metaData": {"name": CONF, "team": "team", "online": 1, "outputNamespace": "default"},
    "sources": [
        {
            "events": {
                "table": "default.events",
                "query": {
                    "selects": {"user": "user", "amount": "amount"},
                    "timeColumn": "ts",
                    "setups": [],
                },
            }
        }
    ],
    "keyColumns": ["user"],
    "aggregations": [
        {
            "inputColumn": "amount",
            "operation": 7,
            "argMap": {},
            "windows": [{"length": 2, "timeUnit": 1}],
        }
    ],
}
TEAMS = {
    "default": {},
    "team": {
        "namespace": "default",
        "production": {
            "backfill": {"EXECUTOR_CORES": "1", "EXECUTOR_MEMORY": "1G", "DRIVER_MEMORY": "512M"}
        },
    },
}


def day(index: int) -> str:
    return f"2024-03-{index + 1:02d}"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    conf = tmp_path / "production" / "group_bys" / "team" / "sums.v1"
    conf.parent.mkdir(parents=True)
    conf.write_text(json.dumps(DEFINITION))
    generator = random.Random(5)
    for index in range(DAYS):
        folder = tmp_path / "warehouse" / "default" / "events" / f"ds={day(index)}"
        folder.mkdir(parents=True)
        start = (FIRST_DAY + index) * DAY_MS
        columns = {
            "user": [f"u{generator.randrange(9000)}" for _ in range(ROWS)],
            "amount": [generator.randrange(100) for _ in range(ROWS)],
            "ts": [start + generator.randrange(DAY_MS) for _ in range(ROWS)],
        }
        pq.write_table(pa.table(columns), folder / "part.parquet")
    return tmp_path


def gnomon(repo: Path, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([GNOMON, "-C", str(repo), *words], capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done


def rows(repo: Path, statement: str) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = json.loads(gnomon(repo, "sql", statement, "--json").stdout)
    return answer


def backfill_words(*more: str) -> list[str]:
    range_words = ["--start-ds", day(0), "--end-ds", day(DAYS - 1)]
    return ["backfill", CONF, *range_words, "--step-days", "1", *more]


def partitions(repo: Path) -> dict[str, str]:
    """The content of each partition, as a digest."""
    return {
        folder.name: hashlib.sha256(
            b"".join(file.read_bytes() for file in sorted(folder.iterdir()))
        ).hexdigest()
        for folder in sorted((repo / OUTPUT).glob("ds=*"))
    }


def left_over(repo: Path) -> list[Path]:
    return [path for path in repo.rglob("*") if "tmp" in path.name or ".engine" in path.name]


# ---- plan ----


def plan(repo: Path, *words: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(gnomon(repo, "plan", CONF, "--json", *words).stdout)
    return answer


def test_a_plan_says_partitions_scans_estimates_and_writes(repo: Path) -> None:
    gnomon(repo, "backfill", CONF, "--start-ds", day(2), "--end-ds", day(2))
    told = plan(repo, "--start-ds", day(1), "--end-ds", day(6), "--step-days", "3")
    assert told["output"] == "default.team_sums_v1"
    assert (told["start_ds"], told["end_ds"]) == (day(1), day(6))
    assert (told["partitions"], told["already_there"], told["skipped_before"]) == (4, 1, 1)
    assert [(s["first"], s["last"], s["partitions"]) for s in told["steps"]] == [
        (day(3), day(5), 3),
        (day(6), day(6), 1),
    ]
    (scan,) = told["steps"][0]["scans"]
    # A window of two days, and a day before it.
    assert (scan["table"], scan["first"], scan["last"]) == ("default.events", day(0), day(5))
    assert (scan["rows"], scan["files"]) == (6 * ROWS, 6)
    files = (repo / "warehouse" / "default" / "events").glob("ds=2024-03-0[1-6]/*")
    assert scan["bytes"] == sum(file.stat().st_size for file in files)
    assert told["scan_rows"] == sum(s["scans"][0]["rows"] for s in told["steps"])
    assert told["scan_bytes"] == sum(s["scans"][0]["bytes"] for s in told["steps"])
    filled = plan(repo, "--start-ds", day(1), "--end-ds", day(6), "--run-first-hole")
    assert (filled["partitions"], filled["skipped_before"]) == (5, 0)


def settings(repo: Path, *words: str) -> dict[str, tuple[Any, str]]:
    told = plan(repo, "--end-ds", day(3), *words)["settings"]
    return {name: (of.get("value"), of["from"]) for name, of in told.items()}


def test_a_plan_says_where_each_setting_came_from(repo: Path) -> None:
    bare = settings(repo)
    assert bare["threads"][1] == bare["memory_bytes"][1] == bare["step_days"][1] == "default"
    assert "no backfillStartDate" in bare["start"][1]
    (repo / "teams.json").write_text(json.dumps(TEAMS))
    teams = settings(repo)
    assert teams["threads"][0] == 1 and "production" in teams["threads"][1]
    assert teams["memory_bytes"][0] == 1536 << 20 and "production" in teams["memory_bytes"][1]
    (repo / "gnomon.toml").write_text('[engine]\nthreads = 3\nmemory = "700MB"\n')
    toml = settings(repo)
    assert toml["threads"] == (3, "gnomon.toml")
    assert toml["memory_bytes"] == (700 << 20, "gnomon.toml")
    flags = settings(repo, "--threads", "2", "--memory", "600M", "--step-days", "5")
    assert flags["threads"] == (2, "flag")
    assert flags["memory_bytes"] == (600 << 20, "flag")
    assert flags["step_days"] == (5, "flag")
    assert settings(repo, "--start-ds", day(1))["start"][1] == "flag"
    assert settings(repo, "--parallelism", "1")["threads"] == (1, "flag")
    dated = json.loads(json.dumps(DEFINITION)) | {"backfillStartDate": day(1)}
    (repo / "production" / "group_bys" / "team" / "sums.v1").write_text(json.dumps(dated))
    assert settings(repo)["start"][1] == "backfillStartDate"


# ---- Ctrl-C ----


def test_an_interrupted_backfill_leaves_finished_partitions_and_nothing_else(repo: Path) -> None:
    gnomon(repo, *backfill_words("--warehouse", str(repo / "whole"), "--table", events(repo)))
    expected = {
        folder.name: rows_of(repo, repo / "whole", folder.name)
        for folder in sorted((repo / "whole" / "default" / "team_sums_v1").glob("ds=*"))
    }
    assert len(expected) == DAYS
    process = subprocess.Popen(
        [GNOMON, "-C", str(repo), *backfill_words()], stderr=subprocess.PIPE, text=True
    )
    while not (repo / OUTPUT / f"ds={day(1)}").exists():
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    found = partitions(repo)
    assert 2 <= len(found) < DAYS
    assert f"{len(found)} finished partitions stay" in said
    assert left_over(repo) == []
    for name in found:
        assert rows_of(repo, repo / "warehouse", name) == expected[name]
    report = json.loads(gnomon(repo, *backfill_words("--json")).stdout)
    assert (report["partitions"], report["skipped"]) == (DAYS - len(found), len(found))
    assert {n: rows_of(repo, repo / "warehouse", n) for n in partitions(repo)} == expected


def events(repo: Path) -> str:
    return f"default.events={repo}/warehouse/default/events"


def rows_of(repo: Path, warehouse: Path, partition: str) -> list[tuple[str, int]]:
    table = pq.read_table(warehouse / "default" / "team_sums_v1" / partition)
    columns = [table.column(name).to_pylist() for name in ("user", "amount_sum_2d")]
    return list(zip(*columns))


# ---- progress ----


def test_progress_with_rate_and_remaining_time_is_for_terminals(repo: Path) -> None:
    controller, terminal = pty.openpty()
    process = subprocess.Popen([GNOMON, "-C", str(repo), *backfill_words()], stderr=terminal)
    os.close(terminal)
    seen = b""
    while True:
        try:
            part = os.read(controller, 4096)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        seen += part
    os.close(controller)
    assert process.wait() == 0
    lines = re.findall(
        r"(\S+)\.\.\S+  (\d+) of (\d+) rows \((\d+)%\)  (\d+) rows/s  (\d+) s left", seen.decode()
    )
    assert lines, seen
    done = [int(line[1]) for line in lines]
    assert done == sorted(done)
    # Each step reads its day and up to three before.
    assert {int(line[2]) for line in lines} == {sum(min(i + 1, 4) for i in range(DAYS)) * ROWS}
    assert all(0 < int(line[4]) < 1_000_000_000 for line in lines)
    assert seen.decode().rstrip().endswith("(0 were there already)")
    again = gnomon(repo, *backfill_words("--warehouse", str(repo / "b"), "--table", events(repo)))
    assert "rows/s" not in again.stderr and "\r" not in again.stderr


# ---- sql ----


def test_tables_of_the_namespace_default_are_shown_described_and_selected(repo: Path) -> None:
    gnomon(repo, "backfill", CONF, "--start-ds", day(1), "--end-ds", day(2))
    assert rows(repo, "SHOW TABLES LIKE 'team*'") == [
        {"namespace": "default", "tableName": "team_sums_v1"}
    ]
    assert rows(repo, "SHOW TABLES IN default LIKE '*'") == rows(repo, "show tables;")
    assert rows(repo, "SHOW TABLES IN `default`") == rows(repo, "SHOW TABLES")
    assert rows(repo, "SHOW TABLES IN elsewhere") == []
    columns = [("user", "string"), ("amount_sum_2d", "bigint"), ("ds", "string")]
    for name in ("default.team_sums_v1", "team_sums_v1", "`default`.`team_sums_v1`"):
        described = rows(repo, f"DESCRIBE {name}")
        assert [(row["col_name"], row["data_type"]) for row in described] == columns
    extended = rows(repo, "DESCRIBE EXTENDED default.team_sums_v1")
    facts = {row["col_name"]: row["data_type"] for row in extended[len(columns) :]}
    assert facts["Name"] == "default.team_sums_v1"
    assert facts["Table Type"] == "PARQUET"
    assert facts["Partition Column"] == "ds"
    assert facts["Location"] == str(repo / OUTPUT)
    assert facts["Property chronon_generated"] == "true"
    assert re.fullmatch(r"\d+ rows, \d+ bytes, 2 files", facts["Statistics"])


def test_select_reads_the_warehouse_whatever_the_quotes(repo: Path) -> None:
    gnomon(repo, "backfill", CONF, "--start-ds", day(1), "--end-ds", day(1))
    total = sum(pq.read_table(repo / OUTPUT).column("amount_sum_2d").to_pylist())
    for name in (
        "default.team_sums_v1",
        "DEFAULT.team_sums_v1",
        "`default`.team_sums_v1",
        "`default`.`team_sums_v1`",
        '"default"."team_sums_v1"',
        "team_sums_v1",
    ):
        statement = (
            f"SELECT CAST(sum(amount_sum_2d) AS BIGINT) AS s FROM {name} WHERE ds = '{day(1)}'"
        )
        assert rows(repo, statement) == [{"s": total}]
    assert rows(
        repo, "SELECT 'default.x `y`' AS a, `ds` AS `the day` FROM team_sums_v1 LIMIT 1"
    ) == [{"a": "default.x `y`", "the day": day(1)}]
    joined = (
        "WITH a AS (SELECT user, amount_sum_2d AS s FROM default.team_sums_v1) "
        "SELECT count(*) AS n FROM a JOIN default.team_sums_v1 AS b ON a.user = b.user "
        "WHERE a.s = b.amount_sum_2d"
    )
    assert rows(repo, joined) == rows(repo, "SELECT count(*) AS n FROM team_sums_v1")


def test_numbers_that_spark_does_not_have_are_read_whole(repo: Path) -> None:
    statement = (
        "SELECT 18446744073709551615::UBIGINT AS a, 200::UTINYINT AS b, 65000::USMALLINT AS c, "
        "4000000000::UINTEGER AS d, TIMESTAMP_MS '2024-01-01 00:00:01' AS e, sum(x) AS f "
        "FROM range(3) AS t(x)"
    )
    assert rows(repo, statement) == [
        {
            "a": "18446744073709551615",
            "b": 200,
            "c": 65000,
            "d": 4000000000,
            "e": "2024-01-01T00:00:01Z",
            "f": "3",
        }
    ]
