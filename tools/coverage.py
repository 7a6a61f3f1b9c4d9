#!/usr/bin/env python3
"""Prints the lines and branches that the tests reached, by module.

Without it: gcovr's own table has a line a file, and says nothing about the module that has none.

usage: coverage.py BUILD-FOLDER
"""

import collections
import json
import pathlib
import subprocess
import sys


def measure(build: pathlib.Path) -> "list[dict[str, object]]":
    summary = build / "coverage.json"
    command = ["gcovr", "--root", ".", "--filter", "src/", "--filter", "cli/"]
    command += ["--gcov-ignore-parse-errors=all", "--json-summary", str(summary), str(build)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    files: list[dict[str, object]] = json.loads(summary.read_text())["files"]
    return files


def module(name: str) -> str:
    parts = pathlib.PurePath(name).parts[:-1]
    return "/".join(parts[1:3]) if parts[0] == "src" else parts[0]


def percent(covered: int, total: int) -> str:
    return f"{100 * covered / total:.1f} %" if total else "-"


def main() -> int:
    keys = ("line_covered", "line_total", "branch_covered", "branch_total")
    sums: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0, 0, 0])
    for file in measure(pathlib.Path(sys.argv[1])):
        for row in (module(str(file["filename"])), "all"):
            sums[row] = [a + int(str(file[key])) for a, key in zip(sums[row], keys)]
    print(f"{'module':<20}{'lines':>10}{'branches':>10}")
    for name in sorted(sums, key=lambda x: (x == "all", x)):
        lines, of_lines, branches, of_branches = sums[name]
        print(f"{name:<20}{percent(lines, of_lines):>10}{percent(branches, of_branches):>10}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
