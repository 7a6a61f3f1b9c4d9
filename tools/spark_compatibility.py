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


def output_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def run_suite(build: str, suite: str, python: str) -> "tuple[list[str], list[str]]":
    """The cases that passed, and those that did not."""
    program = f"{build}/tests/spark/test-spark-{suite}"
    command = [sys.executable, "tests/spark/with_server.py", *SUITES[suite], ".deps", program]
    environment = dict(os.environ, GNOMON_SPARK_PYTHON=python, CMOCKA_MESSAGE_OUTPUT="TAP")
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=SECONDS
        )
        text = ran.stdout
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode()
    good = re.findall(r"^ok \d+ - (?!.*# SKIP)(.*)$", text, re.M)
    bad = re.findall(r"^not ok \d+ - (.*?)(?: Could not run test.*)?$", text, re.M)
    return good, bad or ([] if good else [f"the suite '{suite}' did not run"])


def row(version: str, good: int, bad: int) -> str:
    return f"| {version} | {good} of {good + bad} |"


def main() -> int:
    build, *pythons = sys.argv[1:]
    library = re.search(r"version: '([^']+)'", pathlib.Path("meson.build").read_text())
    lines, notes = [], []
    for python in pythons:
        version = output_of(python, "-c", "import pyspark; print(pyspark.__version__)")
        good, bad = [], []
        for suite in SUITES:
            passed, failed = run_suite(build, suite, python)
            good += passed
            bad += failed
        lines.append(row(version, len(good), len(bad)))
        notes += [f"- {version}: {name}" for name in bad]
        print(lines[-1], *bad, sep="\n  ", flush=True)
    PAGE.write_text(
        "# Which Spark servers the client works with\n\n"
        f"libsparkconnect {library.group(1) if library else '?'}, whose protocol is that of "
        "Spark 4.1.1, ran its suites for real servers\n"
        "(`tests/spark`) against each of these. Written by `tools/spark_compatibility.py`.\n\n"
        "| Spark | cases passed |\n|---|---|\n"
        + "\n".join(lines)
        + "\n"
        + ("\nNot passed:\n\n" if notes else "")
        + "".join(note + "\n" for note in notes)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
