"""Memory budgets: data several times larger than the smallest is spilled, not died of.

Peak resident memory stays within 1.1 of the budget, and every budget gives the same answers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from program_kit import GNOMON

ROOT = Path(__file__).resolve().parents[2]
DAYS, ROWS = 5, 25_000_000 if os.environ.get("GN_LONG") == "1" else 5_000_000
BUDGETS = (256, 512, 1024)  # MiB
DEFINITION: dict[str, Any] = {
    "metaData": {"name": "team.big.v1", "team": "team", "online": 1, "outputNamespace": "ns"},
    "sources": [
        {
            "events": {
                "table": "ns.events",
                "query": {
                    "selects": {"user": "user", "cents": "cents", "note": "note"},
                    "timeColumn": "ts",
                    "setups": [],
                },
            }
        }
    ],
    "keyColumns": ["user"],
    "accuracy": 0,
    "aggregations": [
        {
            "inputColumn": "cents",
            "operation": 7,
            "argMap": {},
            "windows": [{"length": 1, "timeUnit": 1}, {"length": 7, "timeUnit": 1}],
        },
        {"inputColumn": "note", "operation": 13, "argMap": {"k": "3"}},
    ],
}
# In a process of its own: what it needs would count as ours.
GENERATOR = """
import sys
from pathlib import Path
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
folder, rows, days = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
random, day_ms, total = np.random.default_rng(7), 86_400_000, 0
for day in range(days):
    n = rows // days
    (folder / f"ds=2024-03-{day + 1:02d}").mkdir(parents=True)
    cents = random.integers(0, 10**6, n)
    total += int(cents.sum())
    note = np.char.add("a-note-of-some-length-", random.integers(0, 10**12, n).astype(str))
    ts = (19783 + day) * day_ms + random.integers(0, day_ms, n)
    columns = {"user": random.integers(0, rows // 20, n), "cents": cents, "note": note, "ts": ts}
    pq.write_table(pa.table(columns), folder / f"ds=2024-03-{day + 1:02d}" / "part.parquet",
                   compression="none", use_dictionary=False, row_group_size=100_000)
print(total)
"""


class Run(NamedTuple):
    peak_bytes: int
    spilled_bytes: int


class Answers(NamedTuple):
    output: Any
    upload: Any
    fetched: str


class Repo(NamedTuple):
    folder: Path
    total: int  # of all cents


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    folder = tmp_path_factory.mktemp("memory")
    conf = folder / "production" / "group_bys" / "team" / "big.v1"
    conf.parent.mkdir(parents=True)
    conf.write_text(json.dumps(DEFINITION))
    events = folder / "warehouse" / "ns" / "events"
    words = [sys.executable, "-c", GENERATOR, str(events), str(ROWS), str(DAYS)]
    return Repo(folder, int(subprocess.run(words, capture_output=True, check=True).stdout))


def high_water(pid: int) -> int:
    """Bytes of resident memory at most, so far; 0 when the process is over."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM")), 0)


def size_below(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        try:
            total += file.stat().st_size
        except OSError:
            continue
    return total


def run(repo: Path, budget: int, warehouse: Path, *words: str) -> Run:
    """A command, watched: memory, and what it spills."""
    process = subprocess.Popen(
        [
            *(GNOMON, "-C", str(repo), "--warehouse", str(warehouse), "--quiet", "--threads", "2"),
            *("--table", f"ns.events={repo}/warehouse/ns/events"),
            *("--store", f"lmdb:{warehouse}/store", "--memory", f"{budget}M", *words),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    peak = spilled = 0
    while process.poll() is None:
        peak = max(peak, high_water(process.pid))
        spilled = max(spilled, size_below(warehouse / ".gnomon-tmp"))
        time.sleep(0.02)
    assert process.stderr
    assert process.returncode == 0, process.stderr.read()
    assert not (warehouse / ".gnomon-tmp").exists()
    return Run(peak, spilled)


def ask(repo: Path, warehouse: Path, *words: str) -> str:
    store = f"lmdb:{warehouse}/store"
    options = ("-C", str(repo), "--warehouse", str(warehouse), "--store", store)
    return subprocess.run(
        [GNOMON, *options, *words], capture_output=True, text=True, check=True
    ).stdout


def answers(repo: Path, warehouse: Path) -> Answers:
    output = ask(
        repo,
        warehouse,
        *("sql", "--json"),
        "SELECT ds, count(*) AS rows, sum(cents_sum_7d) AS total, bit_xor(hash(user, cents_sum_1d, "
        "cents_sum_7d, note_last3)) AS sum FROM ns.team_big_v1 GROUP BY ds ORDER BY ds",
    )
    upload = ask(
        repo,
        warehouse,
        *("sql", "--json"),
        "SELECT count(*) AS rows, bit_xor(hash(key_bytes, value_bytes)) AS sum "
        "FROM ns.team_big_v1_upload",
    )
    requests = repo / "requests.jsonl"
    requests.write_text("".join(f'{{"keys": {{"user": {user}}}}}\n' for user in range(200)))
    at = ("--clock", str(19788 * 86_400_000 + 1))
    fetched = ask(repo, warehouse, *at, "fetch", "team.big.v1", "--requests", str(requests))
    return Answers(json.loads(output), json.loads(upload), fetched)


def test_every_budget_is_kept_and_gives_the_same_answers(repo: Repo, tmp_path: Path) -> None:
    seen: list[Answers] = []
    smallest: list[Run] = []
    for budget in BUDGETS:
        warehouse = tmp_path / str(budget)
        range_words = ("--start-ds", "2024-03-04", "--end-ds", "2024-03-05")
        runs = [
            run(repo.folder, budget, warehouse, "backfill", "team.big.v1", *range_words),
            run(repo.folder, budget, warehouse, "upload", "team.big.v1", "--ds", "2024-03-05"),
        ]
        for done in runs:
            print(f"{budget} MiB: peak {done.peak_bytes >> 20}, spilled {done.spilled_bytes >> 20}")
            assert 0 < done.peak_bytes <= 1.1 * budget * 2**20
        smallest = smallest or runs
        seen.append(answers(repo.folder, warehouse))
    assert all(done.spilled_bytes > 100 << 20 for done in smallest)  # it was too much for memory
    assert seen[0] == seen[1] == seen[2]
    assert [row["ds"] for row in seen[0].output] == ["2024-03-04", "2024-03-05"]
    assert int(seen[0].output[1]["total"]) == repo.total
    assert seen[0].upload[0]["rows"] > ROWS // 20 * 0.99
    assert seen[0].fetched.count('"cents_sum_7d"') == 200
