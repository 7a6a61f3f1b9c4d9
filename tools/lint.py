#!/usr/bin/env python3
"""Runs every check that is not a test, two at a time, and shows the output of those that fail.

Without it: ten commands to remember, of which the slowest is forgotten first.

usage: lint.py [NAME...]   (all of them, or those whose names begin so)
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import time
import xml.etree.ElementTree
from dataclasses import dataclass

BUILD = "build/release"
SKIPPED = {".git", ".deps", "build", "golden", "__pycache__"}


@dataclass
class Result:
    name: str
    seconds: float
    output: str
    passed: bool


def files(*patterns: str) -> "list[str]":
    """The repository's files, whether git knows them yet or not."""
    found = []
    for folder, folders, names in os.walk("."):
        folders[:] = sorted(x for x in folders if x not in SKIPPED)
        paths = [pathlib.Path(folder, x) for x in names]
        found += [str(p) for p in paths if any(p.match(pattern) for pattern in patterns)]
    return sorted(found)


def checks() -> "dict[str, list[str]]":
    """Slowest first. Each is a command that prints what is wrong and then fails."""
    script = [sys.executable]
    return {
        "clang-tidy": [*script, "tools/tidy.py", BUILD],
        "headers": [*script, "tools/check_headers.py", BUILD],
        "mypy": ["mypy"],
        "clang-format": ["clang-format", "--dry-run", "--Werror", *files("*.c", "*.h")],
        "layers": [*script, "tools/check_layers.py", BUILD],
        "docs": [*script, "tools/check_docs.py"],
        "exports": [*script, "tools/check_exports.py", BUILD],
        "tests-registered": [*script, "tools/check_tests_registered.py"],
        "files": [*script, "tools/check_files.py"],
        "meson-format": ["meson", "format", "--check-only", *files("meson.build")],
        "ruff": ["ruff", "check", "--quiet", "."],
        "ruff-format": ["ruff", "format", "--quiet", "--diff", "."],
        "codespell": ["codespell"],
        "shell": ["shellcheck", "-x", "dev", ".ci/run", *files("*.sh")],
    }


def run(name: str, command: "list[str]") -> Result:
    start = time.monotonic()
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    result = Result(name, time.monotonic() - start, ran.stdout.rstrip(), ran.returncode == 0)
    print(f"  {'ok  ' if result.passed else 'FAIL'} {name} ({result.seconds:.1f} s)", flush=True)
    return result


def write_junit(results: "list[Result]", path: pathlib.Path) -> None:
    suite = xml.etree.ElementTree.Element("testsuite", name="lint")
    for result in results:
        case = xml.etree.ElementTree.SubElement(
            suite, "testcase", classname="lint", name=result.name
        )
        if not result.passed:
            xml.etree.ElementTree.SubElement(case, "failure")
    path.parent.mkdir(parents=True, exist_ok=True)
    xml.etree.ElementTree.ElementTree(suite).write(path)


def main() -> int:
    names = sys.argv[1:]
    wanted = {n: c for n, c in checks().items() if not names or n.startswith(tuple(names))}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, wanted.keys(), wanted.values()))
    for result in results:
        if not result.passed:
            print(f"\n---- {result.name}\n{result.output}")
    failed = sum(not result.passed for result in results)
    write_junit(results, pathlib.Path("build/lint/lint.xml"))
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
