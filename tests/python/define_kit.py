"""Repositories for the tests of definitions, compiled in processes of their own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from gnomon import _define

ROOT = Path(__file__).resolve().parents[2]
TEAMS = {"default": {"table_properties": {"made_by": "tests"}}, "team": {"namespace": "ns"}}

IMPORTS = """\
from ai.chronon.api import ttypes
from ai.chronon.api.ttypes import *
from ai.chronon.group_by import *
from ai.chronon.join import *
from ai.chronon.query import *
"""

EVENTS = """\
from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.group_by import *
from ai.chronon.query import Query, select
source = Source(events=EventSource(table="raw.buys", query=Query(
    selects=select("user", "price"), time_column="ts")))
"""


class Repository:
    """A repository with teams.json; `write` adds files, `compile` and `define` run the compiler."""

    def __init__(self, path: Path, teams: Any = TEAMS) -> None:
        self.path = path
        self.write("teams.json", json.dumps(teams))

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def read(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    def json(self, name: str) -> Any:
        return json.loads(self.read(name))

    def files(self, folder: str = "production") -> list[str]:
        found = [p for p in (self.path / folder).rglob("*") if p.is_file()]
        return sorted(str(p.relative_to(self.path)) for p in found)

    def compile(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs compile.py in the repository, as a process."""
        return self._run("gnomon.compile", arguments, "")

    def define(self, *arguments: str) -> Records:
        """Runs the compiler's protocol on the repository, in this process."""
        out, err = io.StringIO(), io.StringIO()
        before = os.getcwd()
        os.chdir(self.path)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = _define.main(list(arguments))
        finally:
            os.chdir(before)
        return Records(status, out.getvalue(), err.getvalue())

    def define_in_a_process(self, *arguments: str, stdin: str = "") -> Records:
        """The same in a process of its own."""
        done = self._run("gnomon._define", arguments, stdin)
        return Records(done.returncode, done.stdout, done.stderr)

    def _run(
        self, module: str, arguments: tuple[str, ...], stdin: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            key: value
            for key, value in os.environ.items()
            if key not in ("CHRONON_ROOT", "FORCE_COLOR", "CLICOLOR_FORCE")
        }
        environment["PYTHONPATH"] = str(ROOT / "python")
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.path,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


class Records:
    """What the protocol answered."""

    def __init__(self, status: int, stdout: str, stderr: str) -> None:
        self.status = status
        self.stderr = stderr
        self.all: list[dict[str, Any]] = [json.loads(line) for line in stdout.splitlines()]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [record for record in self.all if record["kind"] == kind]

    @property
    def objects(self) -> dict[str, dict[str, Any]]:
        return {record["name"]: record for record in self.of("object")}

    @property
    def problems(self) -> list[dict[str, Any]]:
        return self.of("problem")

    @property
    def errors(self) -> list[dict[str, Any]]:
        return [record for record in self.problems if record["severity"] == "error"]

    @property
    def summary(self) -> dict[str, Any]:
        return self.all[-1]

    def only_error(self) -> dict[str, Any]:
        assert len(self.errors) == 1, self.errors
        return self.errors[0]
