#!/usr/bin/env python3
"""Checks what every file and folder owes: a licence line, a short README, no loose ends.

Without it: a folder is explained by whoever happens to remember it, and "later" is never.
"""

import pathlib
import re
import sys

README_LINES = 20
CODE = ("include", "src", "cli", "python", "tests", "fuzz", "bench", "examples", "tools")
TEXT_SUFFIXES = {".c", ".h", ".py", ".pyi", ".sh", ".md", ".build", ".toml", ".txt", ".yml"}
LOOSE_END = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def files(root: pathlib.Path, folders: "tuple[str, ...]") -> "list[pathlib.Path]":
    found = [p for f in folders for p in (root / f).rglob("*") if p.is_file()]
    return sorted(p for p in found if "golden" not in p.parts and "__pycache__" not in p.parts)


def check_text(path: pathlib.Path) -> "list[str]":
    text = path.read_text()
    lines = text.splitlines()
    problems = []
    for number, line in enumerate(lines, 1):
        if LOOSE_END.search(line):
            problems.append(f"{path}:{number}: a loose end is left: {line.strip()}")
        if line != line.rstrip():
            problems.append(f"{path}:{number}: white space at the end")
    if text and not text.endswith("\n"):
        problems.append(f"{path}: no newline at the end")
    head = re.sub(r"\s*\n \*\s*", " ", text[:2000])  # a formatter may have broken the line
    if path.suffix in (".c", ".h") and "SPDX-License-Identifier: Apache-2.0" not in head:
        problems.append(f"{path}: no SPDX licence line")
    return problems


def check_readme(folder: pathlib.Path) -> "list[str]":
    readme = folder / "README.md"
    if not readme.exists():
        return [f"{folder} has no README.md"]
    count = len(readme.read_text().splitlines())
    if count > README_LINES:
        return [f"{readme} has {count} lines; ten to {README_LINES} are enough"]
    return []


def main() -> int:
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    texts = [p for p in files(root, (*CODE, "docs", "deps")) if p.suffix in TEXT_SUFFIXES]
    texts = [p for p in texts if p.name != "check_files.py"]
    problems = [problem for path in texts for problem in check_text(path)]
    sources = [p.relative_to(root) for p in files(root, CODE) if p.suffix in (".c", ".h", ".py")]
    # tests/unit/README.md is about tests/unit/agg, too.
    folders = {
        f for p in sources for f in [pathlib.Path(*p.parent.parts[:2])] if "tests" in p.parts
    }
    folders |= {
        p.parent for p in sources if p.parts[0] in ("include", "src", "cli", "fuzz", "tools")
    }
    for folder in sorted(root / f for f in folders):
        problems += check_readme(folder)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
