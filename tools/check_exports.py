#!/usr/bin/env python3
"""Compares what libgnomon.so and libsparkconnect.so export with tools/exports.txt.

Without it: a symbol that leaks becomes part of the binary interface the day somebody links to it,
and one that vanishes breaks a program that was not compiled again.

usage: check_exports.py BUILD-FOLDER [--update]   (--update adds names, and never removes one)
"""

import pathlib
import re
import subprocess
import sys

OURS = re.compile("gn_|sparkc_")
LIBRARIES = ("libgnomon.so", "libsparkconnect.so")
LIST = pathlib.Path("tools/exports.txt")


def exported(library: pathlib.Path) -> "set[str]":
    ran = subprocess.run(
        ["nm", "--dynamic", "--defined-only", str(library)],
        capture_output=True,
        text=True,
        check=True,
    )
    return {line.split()[-1] for line in ran.stdout.splitlines()}


def listed(path: pathlib.Path) -> "set[str]":
    lines = path.read_text().splitlines() if path.exists() else []
    return {line for line in lines if line and not line.startswith("#")}


def compare(now: "set[str]", promised: "set[str]") -> "list[str]":
    strange = [f"{x} is exported, but is no gn_ name" for x in now if not OURS.match(x)]
    new = [f"{x} is exported, but not in {LIST}: run again with --update" for x in now - promised]
    gone = [f"{x} is promised in {LIST}, but not exported" for x in promised - now]
    return sorted(strange + new + gone)


def main() -> int:
    libraries = [x for name in LIBRARIES for x in pathlib.Path(sys.argv[1]).rglob(name)]
    if not libraries:
        print(f"{sys.argv[1]} has no {LIBRARIES[0]}: build first")
        return 1
    now = set().union(*map(exported, libraries))
    promised = listed(LIST)
    if "--update" in sys.argv:
        promised |= {name for name in now if OURS.match(name)}
        header = (
            "# What our libraries export; tools/check_exports.py keeps it, and it only grows.\n"
        )
        LIST.write_text(header + "".join(f"{x}\n" for x in sorted(promised)))
    problems = compare(now, promised)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
