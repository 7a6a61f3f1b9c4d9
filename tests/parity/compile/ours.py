"""Answers cases with gnomon, in the form of `chronon_driver.py`."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpus import Case
from gnomon import compile as compiler


@contextlib.contextmanager
def current_folder(path: Path) -> Iterator[None]:
    """The block runs in another folder."""
    before = os.getcwd()
    os.chdir(path)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def _kept(said: io.StringIO) -> Iterator[None]:
    """What the block prints goes to `said`."""
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        yield


def answer(case: Case) -> dict[str, Any]:
    """Runs the case's commands; the answer has `said`, what they printed, too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        said = io.StringIO()
        refused = False
        for files, arguments in case.stages():
            write(folder, files)
            with current_folder(folder), _kept(said):
                status = compiler.main([*arguments, "--chronon_root", name, "-y"])
            refused = refused or status != 0
        return {
            "id": case.id,
            "refused": refused,
            "files": compiled_files(folder),
            "said": said.getvalue(),
        }


def write(folder: Path, files: dict[str, str]) -> None:
    """Writes a repository's files."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def compiled_files(folder: Path) -> dict[str, str]:
    """The files below the output folder, as text."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for top in ("production", "out")
        for path in sorted((folder / top).rglob("*"))
        if path.is_file()
    }
