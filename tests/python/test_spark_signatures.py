"""Names and parameters of gnomon.spark are PySpark's, as recorded; the count may not fall."""

from __future__ import annotations

import inspect
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

spark = pytest.importorskip("gnomon.spark", reason="built without the Spark client")

from gnomon.spark import experimental, readwriter  # noqa: E402

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "sparkconnect" / "signatures.txt"
OWNERS: dict[str, Any] = {
    "functions": spark.functions,
    "DataFrame": spark.DataFrame,
    "Column": spark.Column,
    "GroupedData": spark.GroupedData,
    "DataFrameReader": readwriter.DataFrameReader,
    "DataFrameWriter": readwriter.DataFrameWriter,
    "DataFrameWriterV2": readwriter.DataFrameWriterV2,
    "SparkSession": spark.Session,
    "Window": spark.Window,
    "Catalog": experimental.Catalog,
    "DataStreamReader": experimental.DataStreamReader,
    "DataStreamWriter": experimental.DataStreamWriter,
}
# There by name, but it only says what is there instead.
REFUSED = {"Column to_plan"}
LEAST = {
    "functions": 495,
    "DataFrame": 112,
    "Column": 36,
    "GroupedData": 15,
    "DataFrameReader": 13,
    "DataFrameWriter": 18,
    "DataFrameWriterV2": 11,
    "SparkSession": 35,
    "Window": 7,
    "Catalog": 27,
    "DataStreamReader": 12,
    "DataStreamWriter": 12,
}


def text_of(function: Any) -> str:
    parts = []
    for p in inspect.signature(function).parameters.values():
        if p.name in ("self", "cls"):
            continue
        if p.kind == p.KEYWORD_ONLY and function.__qualname__ == "DataFrame.collect":
            continue  # our ceilings, which PySpark has not
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**", p.KEYWORD_ONLY: "kw "}.get(p.kind, "")
        known = p.default is None or isinstance(p.default, (bool, int, float, str))
        shown = "" if p.default is p.empty else f"={p.default!r}" if known else "=..."
        parts.append(star + p.name + shown)
    return f"({', '.join(parts)})"


def found(owner: Any, name: str) -> str:
    member = inspect.getattr_static(owner, name, None)
    if member is None:
        return "absent"
    if isinstance(member, (staticmethod, classmethod)):
        member = member.__func__
    return text_of(member) if callable(member) else "-"


def test_signatures_are_pysparks(capsys: pytest.CaptureFixture[str]) -> None:
    covered, total, missing = Counter[str](), Counter[str](), []
    for line in GOLDEN.read_text().splitlines():
        owner, name, expected = line.split(" ", 2)
        total[owner] += 1
        here = found(OWNERS[owner], name)
        if here == expected and f"{owner} {name}" not in REFUSED:
            covered[owner] += 1
        else:
            missing.append(f"  {owner}.{name}: {expected}, here {here}")
    with capsys.disabled():
        print()
        for owner, count in total.items():
            print(f"  {owner} {covered[owner]}/{count}")
    fallen = {owner: covered[owner] for owner, least in LEAST.items() if covered[owner] < least}
    assert not fallen, "\n".join([str(fallen), *missing])
