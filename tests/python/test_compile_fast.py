"""`gnomon compile` with nothing changed starts no Python; with anything changed it does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from define_kit import IMPORTS, Repository
from program_kit import GNOMON

ROOT = Path(__file__).resolve().parents[2]
X, Y, SHARED = (f"group_bys/team/{name}.py" for name in ("x", "y", "shared"))
JOIN = "joins/team/j.py"
OUT = "production/group_bys/team/x.v1"
SOURCE = """\
import json, os
with open(os.path.join(os.path.dirname(__file__), "..", "..", "columns.json")) as file:
    columns = json.load(file)
source = Source(events=EventSource(table="raw.buys", query=Query(
    selects=select(*columns), time_column="ts")))
"""
GROUP_BY = """\
from group_bys.team.shared import source
import helpers
v1 = GroupBy(sources=source, keys=["user"], online=True, aggregations=[
    Aggregation("price", Operation.SUM, [Window(helpers.length, TimeUnit.DAYS)])])
"""
LEFT = """\
from group_bys.team import x
from group_bys.team.shared import source
v1 = Join(left=source, right_parts=[JoinPart(group_by=x.v1)], online=True)
"""


class Program:
    """`gnomon compile` in a repository, with a Python that leaves a mark when it starts."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.mark = repository.path / "python-was-started"
        self.python = repository.path / "python"
        self.python.write_text(f'#!/bin/sh\ntouch {self.mark}\nexec {sys.executable} "$@"\n')
        self.python.chmod(0o755)

    def compile(self, *words: str, status: int = 0, **environment: str) -> tuple[bool, str]:
        """Whether Python was started, and what was printed."""
        self.mark.unlink(missing_ok=True)
        done = subprocess.run(
            [GNOMON, "compile", *words],
            cwd=self.repository.path,
            env={
                **os.environ,
                "GNOMON_PYTHON": str(self.python),
                "GNOMON_PYTHON_PACKAGE": str(ROOT / "python"),
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return self.mark.exists(), done.stdout


@pytest.fixture
def program(repository: Repository) -> Program:
    """Three definitions that are compiled."""
    for folder in ("group_bys", "group_bys/team", "joins", "joins/team"):
        repository.write(f"{folder}/__init__.py", "")
    repository.write("columns.json", '["user", "price"]')
    repository.write("helpers.py", "length = 7\n")
    repository.write(SHARED, IMPORTS + SOURCE)
    repository.write(X, IMPORTS + GROUP_BY)
    repository.write(Y, IMPORTS + GROUP_BY.replace("v1", "v2"))
    repository.write(JOIN, IMPORTS + LEFT)
    program = Program(repository)
    assert program.compile()[0]
    assert repository.files() == [
        "production/group_bys/team/x.v1",
        "production/group_bys/team/y.v2",
        "production/joins/team/j.v1",
    ]
    return program


def test_nothing_changed_needs_no_python(program: Program) -> None:
    for path in ([], ["."], ["group_bys"], ["group_bys/team/"], [X], [X, JOIN], ["--check"]):
        started, printed = program.compile(*path)
        assert not started, path
        assert "Nothing to write" in printed


def test_it_says_what_python_says(program: Program) -> None:
    for path in (".", "group_bys", "joins/team", X):
        for extra in ({}, {"FORCE_COLOR": "1"}, {"FORCE_COLOR": "1", "NO_COLOR": "1"}):
            environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), **extra}
            words = ["-m", "gnomon.compile", "--chronon_root", ".", "--conf", path]
            python = subprocess.run(
                [sys.executable, *words],
                cwd=program.repository.path,
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            assert program.compile(path, **extra) == (False, python.stdout)


def test_another_folder_can_hold_the_repository(program: Program) -> None:
    inner = program.repository.path / "group_bys"
    done = subprocess.run(
        [GNOMON, "-C", "./.././group_bys/..", "compile", X],
        cwd=inner,
        env={**os.environ, "GNOMON_PYTHON": "/bin/false"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert f"Up to date - {program.repository.path}/{OUT}" in done.stdout


def append(path: str) -> Callable[[Repository], object]:
    return lambda repository: repository.write(path, repository.read(path) + "\n")


def remove(path: str) -> Callable[[Repository], object]:
    return lambda repository: (repository.path / path).unlink()


CHANGES: dict[str, Callable[[Repository], object]] = {
    "the definition": append(X),
    "a file that it imports": append(SHARED),
    "a helper at the root": append("helpers.py"),
    "a file that is read": append("columns.json"),
    "a package": append("group_bys/team/__init__.py"),
    "teams.json": append("teams.json"),
    "a compiled file": append(OUT),
    "a compiled file that is gone": remove(OUT),
    "a helper that is gone": remove("helpers.py"),
    "a new definition": lambda repository: repository.write(
        "group_bys/team/z.py", IMPORTS + GROUP_BY
    ),
    "no cache": remove(".gnomon/compile.json"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_any_input_or_output_starts_python(program: Program, name: str) -> None:
    CHANGES[name](program.repository)
    gone = name == "a helper that is gone"
    assert program.compile(status=1 if gone else 0)[0]
    if not gone:
        assert program.compile()[0] is False


def test_what_is_not_asked_for_does_not_matter(program: Program) -> None:
    append(Y)(program.repository)
    assert not program.compile(X)[0]
    assert program.compile(Y)[0]


def test_a_new_value_of_a_helper_reaches_the_compiled_file(program: Program) -> None:
    program.repository.write("helpers.py", "length = 9\n")
    assert program.compile("--force")[0]
    assert '"length": 9' in program.repository.read(OUT)


def test_flags_that_ask_for_more_start_python(program: Program) -> None:
    for flag in ("--force", "--json", "--features", "--tables"):
        assert program.compile(flag)[0], flag


def test_a_cache_that_is_not_as_described_does_not_count(program: Program) -> None:
    path = program.repository.path / ".gnomon" / "compile.json"
    good = path.read_text()
    for bad in (
        "",
        "{",
        "[]",
        good.replace('"format":1', '"format":2'),
        good.replace('"version":"', '"version":"9'),
        good.replace('"production"', '"elsewhere"'),
        good.replace('"units":', '"nothing":'),
        good.replace('"inputs":["', '"inputs":["../../etc/'),
    ):
        assert bad != good
        path.write_text(bad)
        assert program.compile()[0], bad[:80]


def test_a_path_that_is_no_definition_is_pythons_to_explain(program: Program) -> None:
    for path in ("nowhere", "group_bys/none.py", "../group_bys", "helpers.py", "/etc"):
        assert program.compile(path, status=1)[0], path
