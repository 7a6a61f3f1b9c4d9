#!/usr/bin/env python3
"""Runs the client's suites against several versions of Spark, and writes what passed as a table.

Without it: the guide would claim what somebody once saw.

usage: spark_compatibility.py BUILD-FOLDER PYTHON…    each a Python that has its own pyspark

BUILD-FOLDER holds the tests' programs. What a version does not pass is named under the table.
"""

import os
import pathlib
import re
import subprocess
import sys

PAGE = pathlib.Path("docs/guide/spark-compatibility.md")
LIMITED = [
    "--conf",
    "spark.connect.execute.reattachable.senderMaxStreamSize=123",
    "--conf",
    "spark.connect.authenticate.token=letmein",
]
SUITES: "dict[str, list[str]]" = {"live": [], "steps": [], "network": LIMITED}
SECONDS = 600
TRIES_MAX = 3
WORDS_MAX = 240
# Why a case does not pass on 4.0, where what the case says does not tell.
CLONE = "not in 4.0: copies of a session"
LACKING = {
    "a clone has the settings, and views of its own": CLONE,
    "a clone and its model do not see each other": CLONE,
    "tables and views are made": "the same refusal; 4.0 has no class for it yet",
    "models and pipelines are told": "not in 4.0: pipelines, and questions about kept models",
    "a row larger than many messages comes whole": "not in 4.0: results in chunks. The row came, "
    "whole and right, in one message",
    "many rows of ours are sent once": "4.0 keeps what is over 64 MB (4.1: over 1 MB); these 3 MB "
    "went with each query, as they should",
}

NOT_PASSED = (
    "Not passed, with the words of the server or of the check:\n\n"
    "| Spark | case | why | words |\n|---|---|---|---|\n"
)


def output_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def run_suite(build: str, suite: str, python: str, version: str, only: str = "") -> str:
    """What a suite prints, in whole or for the cases that hold a text."""
    program = f"{build}/tests/spark/test-spark-{suite}"
    command = [sys.executable, "tests/spark/with_server.py", *SUITES[suite], ".deps", program]
    environment = dict(
        os.environ,
        GNOMON_SPARK_PYTHON=python,
        GNOMON_SPARK_VERSION=version,
        CMOCKA_MESSAGE_OUTPUT="TAP",
        ASAN_OPTIONS="detect_leaks=0",  # of a case that ends early
    )
    if only:
        environment["GN_TEST"] = only
    try:
        return subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,  # what a case says stands before its result
            text=True,
            env=environment,
            timeout=SECONDS,
        ).stdout
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode()


def passed_in(text: str) -> "list[str]":
    return re.findall(r"^ok \d+ - (?!.*# SKIP)(.*)$", text, re.M)


def failed_in(text: str) -> "list[str]":
    return re.findall(r"^not ok \d+ - (.*?)(?: Could not run test.*)?$", text, re.M)


def words_of(text: str, case: str) -> str:
    """What a case said before it ended, on one line."""
    said: list[str] = []
    for line in text.splitlines():
        if line.startswith("not ok") and case in line:
            break
        if not re.match(r"\d+\.\.\d+$|#|ok |not ok|\d+ blocks of|\s*$", line):
            said.append(re.sub(r"\s*\(GN_SEED=\d+\)", "", line.strip()))
    return " ".join(said)[:WORDS_MAX].replace("|", "\\|") or "nothing"


def run_alone(build: str, suite: str, python: str, version: str, case: str) -> str:
    """A case without the others; again where the server did not start, as its port was taken."""
    text = ""
    for _ in range(TRIES_MAX):
        text = run_suite(build, suite, python, version, case)
        if case in passed_in(text) + failed_in(text):
            break
    return text


def judged(build: str, suite: str, python: str, version: str) -> "tuple[list[str], list[str]]":
    """The cases that passed, and rows for those that did not. What failed is run once more alone:
    a case that ends early can bring down the next."""
    text = run_suite(build, suite, python, version)
    good, rows = passed_in(text), []
    for case in failed_in(text):
        alone = run_alone(build, suite, python, version, case)
        if case in passed_in(alone):
            good.append(case)
        else:
            why = LACKING.get(case, "") if version.startswith("4.0") else ""
            rows.append(f"| {version} | {case} | {why} | {words_of(alone, case)} |")
    if not good and not rows:
        rows.append(f"| {version} | the suite '{suite}' | did not run | |")
    return good, rows


def row(version: str, good: int, bad: int) -> str:
    return f"| {version} | {good} of {good + bad} |"


def main() -> int:
    build, *pythons = sys.argv[1:]
    library = re.search(r"version: '([^']+)'", pathlib.Path("meson.build").read_text())
    lines, rows = [], []
    for python in pythons:
        version = output_of(python, "-c", "import pyspark; print(pyspark.__version__)")
        good: list[str] = []
        bad: list[str] = []
        for suite in SUITES:
            passed, failed = judged(build, suite, python, version)
            good += passed
            bad += failed
        lines.append(row(version, len(good), len(bad)))
        rows += bad
        print(lines[-1], *bad, sep="\n  ", flush=True)
    PAGE.write_text(
        "# Which Spark servers the client works with\n\n"
        f"libsparkconnect {library.group(1) if library else '?'}, whose protocol is that of "
        "Spark 4.1.1, ran its suites for real servers\n"
        "(`tests/spark`) against each of these. Written by `tools/spark_compatibility.py`.\n\n"
        "| Spark | cases passed |\n|---|---|\n"
        + "\n".join(lines)
        + "\n"
        + ("\n" + NOT_PASSED if rows else "")
        + "".join(f"{one}\n" for one in rows)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
