"""The guide's chapters, command for command: what they print is what the guide says.

Blocks marked `console` hold commands after `$ `, with a here-document up to END, and what they
print; `[1]` is an exit status, `…` stands for anything. The chapters share one folder and one
shell, in order. GN_UPDATE=1 writes the answers into the guide.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from program_kit import GNOMON

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide"
CHAPTERS = sorted(GUIDE.glob("[1-9]-*.md"))
VARYING = ((re.compile(r"\bin \d+\.\d+ s\b"), "in … s"),)


@dataclass
class Command:
    """One command, the line after it in the file, and what it is said to print."""

    text: str
    first_line: int
    said: list[str] = field(default_factory=list)

    @property
    def open_document(self) -> bool:
        """Whether its here-document (<<'END') goes on."""
        return "<<'END'" in self.text and not self.text.endswith("\nEND")

    def matches(self, printed: list[str]) -> bool:
        pattern = "\n".join(".*".join(map(re.escape, line.split("…"))) for line in self.said)
        return re.fullmatch(pattern, "\n".join(printed)) is not None


def commands(path: Path) -> list[Command]:
    found: list[Command] = []
    inside = False
    for number, line in enumerate(path.read_text().splitlines()):
        if line.startswith("```"):
            inside = line == "```console"
        elif inside and found and found[-1].open_document:
            found[-1].text += "\n" + line
            found[-1].first_line = number + 1
        elif inside and line.startswith("$ "):
            found.append(Command(line[2:], number + 1))
        elif inside:
            found[-1].said.append(line)
    return found


class Shell:
    """One folder; the working folder stays from command to command."""

    def __init__(self, folder: Path) -> None:
        tools = folder / "bin"
        tools.mkdir()
        (tools / "gnomon").symlink_to(GNOMON)
        (tools / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (tools / "python3").chmod(0o755)
        self.root = self.folder = folder
        self.environment = {
            **os.environ,
            "PATH": f"{tools}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "python"),
            "LC_ALL": "C.UTF-8",
            "NO_COLOR": "1",
        }

    def run(self, command: str) -> list[str]:
        done = subprocess.run(
            ["bash", "-c", f"{command}\nstatus=$?; pwd > {self.root}/.pwd; exit $status"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        self.folder = Path((self.root / ".pwd").read_text().strip())
        printed = done.stdout.rstrip("\n").splitlines() if done.stdout.strip() else []
        for pattern, text in VARYING:
            printed = [pattern.sub(text, line) for line in printed]
        printed = [line.replace(str(self.root), "…") for line in printed]
        return printed + ([f"[{done.returncode}]"] if done.returncode else [])


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("guide"))


def rewrite(path: Path, answers: list[tuple[Command, list[str]]]) -> None:
    lines = path.read_text().splitlines()
    for command, printed in reversed(answers):
        end = command.first_line + len(command.said)
        if not command.matches(printed):
            lines[command.first_line : end] = printed
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_the_chapter_says_what_happens(chapter: Path, shell: Shell) -> None:
    answers = [(command, shell.run(command.text)) for command in commands(chapter)]
    assert answers
    if os.environ.get("GN_UPDATE"):
        rewrite(chapter, answers)
        return
    for command, printed in answers:
        said, got = "\n".join(command.said), "\n".join(printed)
        assert command.matches(printed), f"$ {command.text}\nsaid:\n{said}\nprinted:\n{got}"
