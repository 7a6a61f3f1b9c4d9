"""The C of the guide to Spark Connect: its pieces make a program that compiles by the guide's own
command against what is installed, and prints what the guide says, against a real Spark.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from install_kit import BUILD, ROOT, STRICT, Installed, run

GUIDE = ROOT / "docs" / "guide" / "spark.md"
if not (BUILD / "src" / "sparkconnect" / "libsparkconnect.so").exists():
    pytest.skip("built without the Spark client", allow_module_level=True)


def blocks(language: str) -> list[str]:
    text = GUIDE.read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands() -> tuple[str, str, str]:
    """How the guide compiles the program and runs it, and what it says that prints."""
    (console,) = blocks("console")
    compiling, running, *said = console.splitlines()
    return compiling.removeprefix("$ "), running.removeprefix("$ "), "\n".join([*said, ""])


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installed, Path]:
    """The guide's program, compiled by its command with every warning an error."""
    folder = tmp_path_factory.mktemp("guide")
    installed = Installed(folder / "root")
    (folder / "events.c").write_text("\n".join(blocks("c")))
    words = shlex.split(commands()[0])
    asked = words.index("$(pkg-config")
    end = words.index("sparkconnect)")
    flags = installed.flags("sparkconnect", *words[asked + 1 : end])
    place = [str(folder / word) if word in ("events.c", "events") else word for word in words]
    run(*place[:asked], *STRICT, *flags, *place[end + 1 :])
    return installed, folder / "events"


def test_the_guides_program_prints_what_the_guide_says(
    program: tuple[Installed, Path], spark_server: tuple[str, str]
) -> None:
    installed, events = program
    running, said = commands()[1:]
    assert running == "SPARK_REMOTE=sc://localhost:15002 ./events"
    printed = installed.run(events, SPARK_REMOTE=spark_server[0])
    assert re.fullmatch(".*".join(map(re.escape, said.split("…"))), printed), printed


def test_the_guides_program_says_what_failed(program: tuple[Installed, Path]) -> None:
    installed, events = program
    search = {"LD_LIBRARY_PATH": str(installed.libraries)}
    failed = subprocess.run(
        events,
        env={**os.environ, **search, "SPARK_REMOTE": "sc://localhost/;no_such"},
        capture_output=True,
        text=True,
    )
    assert failed.returncode == 1
    assert failed.stderr.startswith("invalid plan: "), failed.stderr
