"""W7: a tree of 1,000 definitions compiled: all of it, and again without a change.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import os
import pathlib
import shutil
from typing import Any

import measure
import repository

FILES, DEFINITIONS = 100, 10
ORACLE = repository.ROOT / ".deps" / "oracle-chronon" / "bin"
TEAMS = """{
  "default": {"namespace": "features", "table_properties": {"source": "bench"}},
  "bench": {"description": "W7", "namespace": "bench"}
}
"""
FILE = '''"""Purchases of segment {file}."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.group_by import Aggregation, GroupBy, Operation, TimeUnit, Window
from ai.chronon.query import Query, select

WEEK, MONTH = (Window(length=n, timeUnit=TimeUnit.DAYS) for n in (7, 30))


def purchases(segment):
    return GroupBy(
        sources=[
            Source(
                events=EventSource(
                    table=f"data.purchases_{file}",
                    query=Query(
                        selects=select("user_id", price="amount / 100.0", item="UPPER(item)"),
                        wheres=[f"segment = {{segment}}", "amount IS NOT NULL"],
                        time_column="ts",
                        start_partition="2023-01-01",
                    ),
                )
            )
        ],
        keys=["user_id"],
        aggregations=[
            Aggregation(input_column="price", operation=Operation.SUM, windows=[WEEK, MONTH]),
            Aggregation(input_column="price", operation=Operation.AVERAGE, windows=[WEEK]),
            Aggregation(input_column="item", operation=Operation.LAST_K(10), windows=[MONTH]),
            Aggregation(input_column="price", operation=Operation.MAX),
        ],
        online=True,
        tags={{"segment": str(segment)}},
    )


'''


def make_tree(root: pathlib.Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    folder = root / "group_bys" / "bench"
    folder.mkdir(parents=True)
    (root / "teams.json").write_text(TEAMS)
    for package in (folder, folder.parent):
        (package / "__init__.py").write_text("")
    for i in range(FILES):
        names = "".join(f"v{k} = purchases({i * DEFINITIONS + k})\n" for k in range(DEFINITIONS))
        (folder / f"purchases_{i:03d}.py").write_text(FILE.format(file=i) + names)


def compiled(root: pathlib.Path) -> dict[str, bytes]:
    folder = root / "production"
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*.v*")}


def check(ours: dict[str, bytes], theirs: dict[str, bytes]) -> dict[str, int]:
    different = sum(ours.get(name) != text for name, text in theirs.items())
    print(f"    {len(theirs)} files of chronon-ai's, {len(ours)} of ours, {different} different")
    if different or len(theirs) != FILES * DEFINITIONS or len(ours) != len(theirs):
        raise SystemExit("bench: the compiled files differ: nothing to time")
    return {"compared": len(theirs), "different": different}


def run(work: pathlib.Path) -> dict[str, Any]:
    root = work / "w7"
    make_tree(root)
    log = str(work / "w7.log")
    ours = [repository.gnomon(), "compile", "-C", str(root), "--yes"]
    theirs = [
        *("env", "-C", str(root), f"PYTHONPATH={root}", str(ORACLE / "python")),
        *(str(ORACLE / "compile.py"), "--conf", "group_bys", "--force-overwrite", "--yes"),
    ]
    os.environ.setdefault("GNOMON_PYTHON_PACKAGE", str(repository.ROOT / "python"))

    def everything(command: list[str]) -> measure.Cost:
        for name in ("production", ".gnomon"):
            shutil.rmtree(root / name, ignore_errors=True)
        return measure.run(command, log)

    def gnomon_again() -> measure.Cost:
        everything(ours)
        return measure.run(ours, log)

    if not ORACLE.exists():
        raise SystemExit("bench: chronon-ai is not installed: run ./dev test once")
    everything(theirs)
    expected = compiled(root)
    everything(ours)
    cells = check(compiled(root), expected)
    return {
        "workload": f"W7 compile {FILES * DEFINITIONS} definitions in {FILES} files",
        "settings": {},
        "cells": cells,
        "ours": "gnomon",
        "costs": measure.in_turn(
            {
                "gnomon": lambda: everything(ours),
                "gnomon, no change": gnomon_again,
                "chronon-ai": lambda: everything(theirs),
            }
        ),
    }
