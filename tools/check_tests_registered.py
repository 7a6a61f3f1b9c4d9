#!/usr/bin/env python3
"""Finds the test file that no meson.build names.

Without it: a test that was written, passes by hand and was never registered is worse than none,
as everybody believes in it.
"""

import pathlib
import re
import sys


def named(meson_file: pathlib.Path) -> "set[str]":
    if not meson_file.exists():
        return set()
    code = re.sub(r"#.*", "", meson_file.read_text())
    return set(re.findall(r"'([^']*)'", code))


def is_registered(source: pathlib.Path, root: pathlib.Path) -> bool:
    subject = re.sub(r"^(test|fuzz)_", "", source.stem)
    folder = source.parent
    while True:
        inside = source.relative_to(folder)
        candidates = {str(inside), str(inside.with_suffix("")), source.stem, subject}
        if candidates & named(folder / "meson.build"):
            return True
        if folder == root:
            return False
        folder = folder.parent


def main() -> int:
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    sources = [s for f in ("tests", "fuzz") for s in sorted((root / f).rglob("*.c"))]
    problems = [s for s in sources if not is_registered(s, root)]
    for problem in problems:
        print(f"{problem}: no meson.build names it, so nothing runs it")
    python = [p for p in (root / "tests").rglob("*.py") if "def test_" in p.read_text()]
    for path in python:
        if not path.name.startswith("test_"):
            print(f"{path}: has tests, but pytest collects test_*.py only")
            problems.append(path)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
