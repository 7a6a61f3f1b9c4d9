"""`gnomon doctor` finds what is planted, and says what to do."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from program_kit import (
    BUYS,
    GNOMON,
    GOLDEN,
    NOW_MS,
    TOML,
    World,
    buys,
    check_golden,
    day,
    make_world,
    plain,
    surroundings,
)

Finding = dict[str, str]
OUTPUT = "warehouse/ns/team_buys_v1"
COMPILED = "production/group_bys/team/buys.v1"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = make_world(tmp_path_factory.mktemp("patient"))
    for arguments in (
        ("backfill", "team.buys.v1", "--end-ds", day(11)),
        ("upload", "team.buys.v1", "--ds", day(11)),
        ("upload", "team.live.v1", "--ds", day(11)),
    ):
        assert world.run(*arguments).returncode == 0
    return world


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    return made.copy(tmp_path / "repo")


def examine(
    world: World, *arguments: str, environment: dict[str, str] | None = None
) -> tuple[int, list[Finding]]:
    words = ["doctor", "--json", "--clock", NOW_MS, *arguments]
    done = world.run(*words, environment=environment)
    assert done.stderr == ""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


class Fault(NamedTuple):
    """What is planted, and the finding that must tell it."""

    name: str
    check: str
    result: str
    found: str  # a regular expression, over "subject: found"
    mend: str  # the same
    plant: Callable[[World], Any]
    environment: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = ()


def rewrite(world: World, change: Callable[[pa.Table], pa.Table]) -> None:
    for number in range(12):
        name = f"warehouse/raw/buys/ds={day(number)}/rows.parquet"
        world.write_rows(name, change(buys(number)))


def users_as_numbers(table: pa.Table) -> pa.Table:
    users = pa.array([int(u[1:]) for u in table["user"].to_pylist()], pa.int64())
    return table.set_column(0, "user", users)


def prices_as_text(table: pa.Table) -> pa.Table:
    return table.set_column(1, "price", table["price"].cast(pa.string()))


def damage(path: Path) -> None:
    """Everything but the first bytes, which say what the file is."""
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:64] + b"\x5a" * (size - 64))


def generation(world: World) -> Path:
    (file,) = (world.path / "store").rglob("TEAM_BUYS_V1_BATCH/gen-*.lmdb")
    return file


def other_output(world: World) -> None:
    world.change("warehouse/ns/team_buys_v1/.gnomon-table.json", '"double"', '"string"')


def two_sources(world: World) -> None:
    text = BUYS.replace("sources=[source]", "sources=[source, Source(events=EventSource("
                        "table='raw.more', query=Query(selects=select('user', 'price', 'kind'), "
                        "time_column='ts')))]")  # fmt: skip
    world.write("group_bys/team/buys.py", text)
    rows = users_as_numbers(buys(3))
    world.write_rows(f"warehouse/raw/more/ds={day(3)}/rows.parquet", rows)
    assert world.run("compile", "--force").returncode == 0


def script(world: World, name: str, text: str) -> None:
    world.write(name, f"#!/bin/sh\n{text}\n")
    (world.path / name).chmod(0o755)


def later(world: World) -> None:
    stamp = time.time() + 7200
    os.utime(world.path / "teams.json", (stamp, stamp))


def dead_run(world: World) -> None:
    world.write("warehouse/ns/team_buys_v1/.gnomon-run-1-1/.lock", "")


FAULTS = [
    Fault("python is missing", "python", "fail", "", "install Python 3.9", lambda w: None,
          (("GNOMON_PYTHON", "/no/such/python"),)),
    Fault("the package is of another version", "python", "warn", "9.9.9", "install the gnomon pack",
          lambda w: script(w, "python", "echo 3.11.2 9.9.9"), (("GNOMON_PYTHON", "./python"),)),
    Fault("the engine is missing", "engine", "fail", "engine", ".", lambda w: w.write("no/x", ""),
          (("GNOMON_ENGINE_PATH", "no"),)),
    Fault("the engine is no module", "engine", "fail", "engine", ".",
          lambda w: w.write("no/gnomon-engine-duckdb.so", "not a module"),
          (("GNOMON_ENGINE_PATH", "no"),)),
    Fault("a variable names no folder", "environment", "fail", "GNOMON_WAREHOUSE: it names no fol",
          "correct or unset GNOMON_WAREHOUSE", lambda w: None,
          (("GNOMON_WAREHOUSE", "nowhere"),)),
    Fault("a variable is misspelt", "environment", "warn", "GNOMON_WAREHOSE: nothing looks",
          "did you mean GNOMON_WAREHOUSE", lambda w: None, (("GNOMON_WAREHOSE", "x"),)),
    Fault("the locale is not UTF-8", "locale", "warn", "not UTF-8", "export LANG", lambda w: None,
          (("LC_ALL", "C"),)),
    Fault("the repository is missing", "settings", "fail", "is not a folder", "make one with",
          lambda w: None, (("GNOMON_REPO", "/no/such/repo"),)),
    Fault("a setting is wrong", "settings", "fail", "urll", "did you mean",
          lambda w: w.write("gnomon.toml", TOML.replace("url", "urll"))),
    Fault("teams.json is missing", "repository", "warn", "teams.json: does not", "gnomon init",
          lambda w: (w.path / "teams.json").unlink()),
    Fault("a clock is wrong", "clock", "warn", "teams.json: changed .* after now", "set the clock",
          later),
    Fault("a partition is from the future", "clock", "fail", "raw.buys: .* 2031-01-01 is", "clock",
          lambda w: w.write_rows("warehouse/raw/buys/ds=2031-01-01/r.parquet", buys(3))),
    Fault("an upload is from the future", "clock", "fail", "team.buys.v1: its upload .* to come",
          "clock", lambda w: None, (), ("--clock", "1735900000000")),
    Fault("nothing is compiled", "definitions", "warn", "production", "gnomon compile",
          lambda w: shutil.rmtree(w.path / "production")),
    Fault("a definition is wrong", "definitions", "fail", ".", "gnomon validate",
          lambda w: w.change(COMPILED, '"operation": 7', '"operation": 99')),
    Fault("a Python file is newer", "compiled", "warn", "have changed since", "gnomon compile",
          lambda w: w.change("group_bys/team/buys.py", "length=3", "length=4")),
    Fault("a table is configured and missing", "tables", "fail", "ns.other: .* does not exist",
          "correct its path",
          lambda w: w.write("gnomon.toml", TOML + '[tables."ns.other"]\npath = "nowhere"\n')),
    Fault("a source is missing", "source", "fail", "raw.buys: there is no table", ".",
          lambda w: shutil.rmtree(w.path / "warehouse/raw")),
    Fault("a day of a source is missing", "source", "warn", "raw.buys: 1 days are missing .*-01-04",
          "load the missing days",
          lambda w: shutil.rmtree(w.path / f"warehouse/raw/buys/ds={day(3)}")),
    Fault("a file of a source is damaged", "source", "fail", "raw.buys: .*2025-01-05", "replace",
          lambda w: damage(w.path / f"warehouse/raw/buys/ds={day(4)}/rows.parquet")),
    Fault("a column of a source is gone", "source", "fail", "team.buys.v1: .*'kind'", ".",
          lambda w: rewrite(w, lambda t: t.drop_columns(["kind"]))),
    Fault("two sources have keys of different types", "source", "fail", "'user' is", "cast it",
          two_sources),
    Fault("an input has another type", "source", "fail", "team.buys.v1: .*", ".",
          lambda w: rewrite(w, prices_as_text)),
    Fault("the output has another type", "output", "fail", "ns.team_buys_v1: its column 'price",
          "new variable", other_output),
    Fault("the output lacks a day", "output", "warn", "ns.team_buys_v1: 1 days", "gnomon backf",
          lambda w: shutil.rmtree(w.path / f"warehouse/ns/team_buys_v1/ds={day(9)}")),
    Fault("a file of the output is damaged", "output", "fail", "ns.team_buys_v1: .*2025-01-06",
          "remove the partition",
          lambda w: damage(next((w.path / OUTPUT / f"ds={day(5)}").glob("*.parquet")))),
    Fault("an upload is old", "online", "warn", "team.buys.v1: its upload is old", "gnomon up",
          lambda w: None, (), ("--clock", "1747000000000")),
    Fault("there is no upload", "online", "warn", "team.buys.v1: .* no upload", "gnomon upload",
          lambda w: shutil.rmtree(w.path / "store/TEAM_BUYS_V1_BATCH")),
    Fault("the keys have changed since the upload", "online", "fail", "its keys have other types",
          "gnomon upload", lambda w: rewrite(w, users_as_numbers)),
    Fault("the features have changed since the upload", "online", "fail", "its features are others",
          "gnomon upload",
          lambda w: w.change(COMPILED, '"length": 3', '"length": 4')),
    Fault("the store's file is damaged", "online", "fail", "team.buys.v1: ", ".",
          lambda w: damage(generation(w))),
    Fault("the store's file is gone", "online", "warn", "team.buys.v1: .* no upload", ".",
          lambda w: generation(w).unlink()),
    Fault("a run died", "runs", "warn", "run-1-1: a run that died", "removes it", dead_run),
    Fault("a file was never finished", "leftovers", "warn", "buys.v1.tmp-77-0: .* never finished",
          "remove it", lambda w: w.write("production/group_bys/team/buys.v1.tmp-77-0", "{")),
    Fault("an upload was never finished", "leftovers", "warn", ".tmp-9: a file .* never finished",
          "remove it", lambda w: w.write("store/TEAM_BUYS_V1_BATCH/.tmp-9", "")),
    Fault("the warehouse cannot be written", "warehouse", "fail", "/proc: cannot be written",
          "right to write", lambda w: None, (), ("--warehouse", "/proc")),
    Fault("the store cannot be written", "store", "fail", "/proc: cannot be written",
          "right to write", lambda w: None, (), ("--store", "lmdb:/proc")),
]  # fmt: skip


def told(findings: list[Finding], fault: Fault) -> list[Finding]:
    return [
        f
        for f in findings
        if (f["check"], f["result"]) == (fault.check, fault.result)
        and re.search(fault.found, f"{f.get('subject', '')}: {f['found']}")
        and re.search(fault.mend, f.get("mend", ""))
    ]


def test_a_sound_repository_has_nothing_to_mend(world: World) -> None:
    status, findings = examine(world)
    assert status == 0
    assert [f for f in findings if f["result"] != "ok"] == []
    assert len(findings) > 18


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found(fault: Fault, world: World) -> None:
    fault.plant(world)
    status, findings = examine(world, *fault.arguments, environment=dict(fault.environment))
    assert told(findings, fault), [f for f in findings if f["result"] != "ok"]
    assert status == (1 if any(f["result"] == "fail" for f in findings) else 0)
    for finding in findings:
        assert finding["result"] == "ok" or finding["mend"], finding


def test_running_it_changes_nothing(world: World) -> None:
    before = {p: p.stat().st_mtime_ns for p in world.path.rglob("*") if p.is_file()}
    examine(world)
    examine(world, "--warehouse", "nowhere")
    assert not (world.path / "nowhere").exists()
    after = {p: p.stat().st_mtime_ns for p in world.path.rglob("*") if p.is_file()}
    assert before == after


def test_a_limit_of_open_files_is_told(world: World) -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))

    done = subprocess.run(
        [GNOMON, "doctor"], cwd=world.path, env=surroundings(), preexec_fn=few,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert re.search(r"warn +limits +128 files may be open\n +-> ulimit -n", done.stdout)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told(world: World, small_disk: Path) -> None:
    (small_disk / "filling").write_bytes(b"x" * 40_000)
    _, findings = examine(world, "--warehouse", str(small_disk))
    (full,) = [f for f in findings if f["check"] == "warehouse"]
    assert full["result"] == "fail"
    assert "No space left" in full["found"] and full["mend"] == "free some space"


def test_people_are_told_the_same(world: World) -> None:
    shutil.rmtree(world.path / f"warehouse/raw/buys/ds={day(3)}")
    world.write("gnomon.toml", TOML + '[tables."ns.other"]\npath = "nowhere"\n')
    done = world.run("doctor", "--clock", NOW_MS)
    assert done.returncode == 1
    text = re.sub(r"\d+\.\d GB", "N GB", plain(done.stdout, world))
    text = re.sub(r"python +\S+ \S+", "python N", text)
    text = re.sub(r"limits +\d+", "limits N", re.sub(r"\d+ looked at", "N looked at", text))
    text = re.sub(r"(environment) .*", r"\1 N", text)
    assert GOLDEN.is_dir()
    check_golden("doctor", text)
