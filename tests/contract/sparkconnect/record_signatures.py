#!/usr/bin/env python3
"""Writes tests/golden/sparkconnect/signatures.txt: what PySpark 4.1.1's Connect classes take.

Without it: "PySpark's signatures" is a claim that nobody counts.

usage: .deps/oracle-spark/bin/python tests/contract/sparkconnect/record_signatures.py

A line: a class or `functions`, a name, its parameters (or `-` for a property).
"""

from __future__ import annotations

import inspect
import os
import sys
from typing import Any

from programs import PROGRAMS

GOLDEN = PROGRAMS.parents[2] / "golden" / "sparkconnect" / "signatures.txt"


def text_of(function: Any) -> str:
    """Parameters without their types, which are each side's own."""
    parts = []
    for p in inspect.signature(function).parameters.values():
        if p.name in ("self", "cls"):
            continue
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**", p.KEYWORD_ONLY: "kw "}.get(p.kind, "")
        default = p.default
        known = default is None or isinstance(default, (bool, int, float, str))
        shown = "" if default is p.empty else f"={default!r}" if known else "=..."
        parts.append(star + p.name + shown)
    return f"({', '.join(parts)})"


def lines_of(owner: Any, label: str, names: list[str]) -> list[str]:
    lines = []
    for name in names:
        member = inspect.getattr_static(owner, name)
        if isinstance(member, (staticmethod, classmethod)):
            member = member.__func__
        lines.append(f"{label} {name} {text_of(member) if callable(member) else '-'}")
    return lines


def main() -> int:
    import pyspark.sql.functions as listed
    from pyspark.sql.connect import functions
    from pyspark.sql.connect.catalog import Catalog
    from pyspark.sql.connect.column import Column
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.group import GroupedData
    from pyspark.sql.connect.readwriter import (
        DataFrameReader,
        DataFrameWriter,
        DataFrameWriterV2,
    )
    from pyspark.sql.connect.session import SparkSession
    from pyspark.sql.connect.streaming.readwriter import DataStreamReader, DataStreamWriter
    from pyspark.sql.connect.window import Window

    names = sorted(name for name in listed.__all__ if hasattr(functions, name))
    lines = lines_of(functions, "functions", names)
    owners = (DataFrame, Column, GroupedData, DataFrameReader, DataFrameWriter, DataFrameWriterV2)
    for owner in (*owners, SparkSession, Window, Catalog, DataStreamReader, DataStreamWriter):
        lines += lines_of(owner, owner.__name__, [n for n in dir(owner) if not n.startswith("_")])
    GOLDEN.write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} signatures")
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)
