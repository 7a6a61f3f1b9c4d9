#!/usr/bin/env python3
"""Adds up what the test runners left in a folder; the last line is "N passed, N failed".

Without it: Meson's own JUnit file counts a test program that crashes, hangs or leaks after its
last case as passed, and a program that prints nothing as skipped. Here each of them is a failure.

  PART.json   Meson's testlog.json: a line a program, with the TAP it printed
  PART.xml    a JUnit file (pytest's, tools/lint.py's)
  failed      a line for each runner that ended with an error
"""

import json
import pathlib
import re
import sys
import xml.etree.ElementTree
from dataclasses import dataclass, field

TAP_CASE = re.compile(r"^(not )?ok\b\s*\d*\s*-?\s*(.*)$", re.MULTILINE)
TAP_SKIPPED_ALL = re.compile(r"^1\.\.0\b", re.MULTILINE)


@dataclass
class Count:
    passed: int = 0
    skipped: int = 0
    failures: "list[str]" = field(default_factory=list)


def count_program(line: str, count: Count) -> None:
    """One test program: its cases, and whether it ended as a good program ends."""
    program = json.loads(line)
    text = program.get("stdout") or ""
    failures = []
    cases = TAP_CASE.findall(text)
    for failed, title in cases:
        if failed:
            failures.append(f"{program['name']}: {title}")
        elif "# skip" in title.lower():
            count.skipped += 1
        else:
            count.passed += 1
    ended = f"{program['result'].lower()}, exit status {program.get('returncode')}"
    if not cases and program["result"] == "OK":
        count.passed += 1  # a program that speaks by its exit status
    elif not cases and (program.get("returncode") == 77 or TAP_SKIPPED_ALL.search(text)):
        count.skipped += 1
    elif not cases and program["result"] == "SKIP":
        failures.append(f"{program['name']}: no case was run")
    elif program["result"] not in ("OK", "SKIP") and not failures:
        failures.append(f"{program['name']}: {ended}")
    count.failures += failures


def count_junit(path: pathlib.Path, count: Count) -> None:
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname', '')}: {case.get('name', '')}"
        if case.find("failure") is not None or case.find("error") is not None:
            count.failures.append(name)
        elif case.find("skipped") is not None:
            count.skipped += 1
        else:
            count.passed += 1


def count_part(path: pathlib.Path) -> Count:
    count = Count()
    if path.suffix == ".xml":
        count_junit(path, count)
    else:
        for line in path.read_text().splitlines():
            count_program(line, count)
    return count


def main() -> int:
    folder = pathlib.Path(sys.argv[1])
    parts = sorted(p for p in folder.iterdir() if p.suffix in (".json", ".xml"))
    total = Count()
    print(f"{'part':<12}{'passed':>8}{'failed':>8}{'skipped':>9}")
    for path in parts:
        count = count_part(path)
        print(f"{path.stem:<12}{count.passed:>8}{len(count.failures):>8}{count.skipped:>9}")
        total.passed += count.passed
        total.skipped += count.skipped
        total.failures += [f"{path.stem}: {x}" for x in count.failures]
    broken = folder / "failed"
    if broken.exists() and not total.failures:
        total.failures += [f"{x} ended with an error" for x in broken.read_text().splitlines()]
    if total.passed == 0 and not total.failures:
        total.failures.append("no test was run")
    for failure in total.failures:
        print(f"failed: {failure}")
    print(f"{total.passed} passed, {len(total.failures)} failed")
    return 1 if total.failures else 0


if __name__ == "__main__":
    sys.exit(main())
