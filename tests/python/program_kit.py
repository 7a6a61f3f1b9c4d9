"""A repository with tables, compiled, computed and uploaded; and the program, run in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from define_kit import ROOT

GNOMON = os.environ.get("GNOMON", str(ROOT / "build" / "release" / "cli" / "gnomon"))
GOLDEN = ROOT / "tests" / "golden" / "messages"
UPDATE = bool(os.environ.get("GN_UPDATE"))
FIRST_DAY, DAYS = date(2025, 1, 1), 12
NOW_MS = "1736812800000"  # 2025-01-14T00:00Z
DAY_MS = 86_400_000

TEAMS = '{"team": {"namespace": "ns"}}\n'
TOML = """\
[store]
url = "lmdb:store"
"""
HEAD = """\
from ai.chronon.api.ttypes import *
from ai.chronon.group_by import *
from ai.chronon.query import Query, select
"""
BUYS = f"""{HEAD}
source = Source(events=EventSource(
    table="raw.buys",
    query=Query(selects=select("user", "price", "kind"), time_column="ts")))
v1 = GroupBy(
    sources=[source],
    keys=["user"],
    aggregations=[
        Aggregation(input_column="price", operation=Operation.SUM,
                    windows=[Window(length=3, timeUnit=TimeUnit.DAYS)]),
        Aggregation(input_column="kind", operation=Operation.LAST_K(2)),
    ],
    accuracy=Accuracy.SNAPSHOT,
    backfill_start_date="2025-01-04",
    online=True,
)
"""
LIVE = BUYS.replace('table="raw.buys",', 'table="raw.buys",\n    topic="buys",').replace(
    '    accuracy=Accuracy.SNAPSHOT,\n    backfill_start_date="2025-01-04",\n', ""
)
JOINS = """\
from ai.chronon.api.ttypes import *
from ai.chronon.join import *
from ai.chronon.query import Query, select
from group_bys.team import buys
v1 = Join(left=Source(events=EventSource(table="raw.views", query=Query(
    selects=select("user"), time_column="ts"))), right_parts=[JoinPart(buys.v1)])
"""


def day(number: int) -> str:
    return (FIRST_DAY + timedelta(days=number)).isoformat()


def buys(number: int) -> pa.Table:
    start = int((FIRST_DAY - date(1970, 1, 1)).days + number) * DAY_MS
    return pa.table(
        {
            "user": [f"u{i % 4}" for i in range(8)],
            "price": [float(i) for i in range(8)],
            "kind": ["book" if i % 2 else "game" for i in range(8)],
            "ts": [start + i * 3_600_000 for i in range(8)],
        }
    )


class World:
    """A repository at `path`, and the program run inside it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def read(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        text = self.read(name)
        assert old in text, (name, old)
        self.write(name, text.replace(old, new))

    def write_rows(self, name: str, rows: pa.Table) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, file)

    def copy(self, path: Path) -> World:
        shutil.copytree(self.path, path, dirs_exist_ok=True)
        return World(path)

    def run(
        self,
        *arguments: str,
        stdin: str = "",
        environment: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [GNOMON, *arguments],
            cwd=self.path,
            env=surroundings(environment),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )


def surroundings(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without what changes how the program speaks or where it looks."""
    out = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GNOMON_") and name not in ("FORCE_COLOR", "CLICOLOR_FORCE")
    }
    for name in ("GNOMON_ENGINE_PATH", "GNOMON_PYTHON"):
        if name in os.environ:
            out[name] = os.environ[name]
    out.setdefault("GNOMON_PYTHON", sys.executable)
    out["PYTHONPATH"] = str(ROOT / "python")
    out["LC_ALL"] = "C.UTF-8"
    out.update(more or {})
    return out


def make_world(path: Path) -> World:
    """Compiled, backfilled and uploaded: what most mistakes are made in."""
    world = World(path)
    world.write("teams.json", TEAMS)
    world.write("gnomon.toml", TOML)
    world.write("group_bys/team/buys.py", BUYS)
    world.write("group_bys/team/live.py", LIVE)
    world.write("joins/team/train.py", JOINS)
    for number in range(DAYS):
        world.write_rows(f"warehouse/raw/buys/ds={day(number)}/rows.parquet", buys(number))
    for arguments in (
        ("compile", "--force"),
        ("backfill", "team.buys.v1", "--end-ds", day(9)),
        ("upload", "team.buys.v1", "--ds", day(9)),
        ("upload", "team.live.v1", "--ds", day(9)),
    ):
        done = world.run(*arguments)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return world


def plain(text: str, world: World) -> str:
    """What differs from run to run, replaced."""
    text = text.replace(str(world.path.resolve()), "REPO").replace(str(world.path), "REPO")
    text = text.replace(sys.executable, "PYTHON")
    text = re.sub(r"failed to .* of size .* used\)", "failed to allocate N (N used)", text)
    text = re.sub(r"looked beside the library and in \S+", "looked in N", text)
    text = re.sub(r"in \d+\.\d\d s", "in N s", text)
    return re.sub(r"\(\d{2,} bytes\)", "(N bytes)", text)


def shown(world: World, arguments: Sequence[str], done: subprocess.CompletedProcess[str]) -> str:
    """The command, its exit status and what it said, as a golden file has it."""
    words = " ".join(a if re.fullmatch(r"[\w./:=-]+", a) else f"'{a}'" for a in arguments)
    parts = [f"$ gnomon {plain(words, world)}\n", f"exit status {done.returncode}\n\n"]
    parts.append(plain(done.stderr, world))
    if done.stdout:
        parts.append("--- stdout\n" + plain(done.stdout, world))
    return "".join(parts)


def check_golden(name: str, text: str) -> None:
    file = GOLDEN / f"{name}.txt"
    if UPDATE:
        file.write_text(text, encoding="utf-8")
    assert file.exists(), f"{file} is missing; GN_UPDATE=1 writes it:\n{text}"
    assert text == file.read_text(encoding="utf-8")
