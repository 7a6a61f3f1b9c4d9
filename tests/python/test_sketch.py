"""The sketches that we store, read by Apache DataSketches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import datasketches as ds
import pytest

OURS = Path(__file__).resolve().parents[1] / "golden" / "sketch" / "ours.jsonl"
LINES = [json.loads(line) for line in OURS.open()]


def lines_of(sketch: str) -> list[dict[str, Any]]:
    return [line for line in LINES if line["sketch"] == sketch]


def name_of(line: dict[str, Any]) -> str:
    return f"k{line['k']}-{line['count']}"


@pytest.mark.parametrize("line", lines_of("cpc"), ids=name_of)
def test_a_cpc_sketch_says_the_same_there_and_is_what_it_writes(line: dict[str, Any]) -> None:
    data = bytes.fromhex(line["bytes"])
    sketch = ds.cpc_sketch.deserialize(data)
    assert sketch.lg_k == line["k"]
    assert sketch.get_estimate() == line["estimate"]
    assert sketch.get_lower_bound(3) <= line["count"] <= sketch.get_upper_bound(3)
    union = ds.cpc_union(line["k"])
    for i in range(line["count"]):
        sketch.update(i)  # nothing new
    union.update(sketch)
    assert union.get_result().serialize() == data


@pytest.mark.parametrize("line", lines_of("kll"), ids=name_of)
def test_a_kll_sketch_says_the_same_there(line: dict[str, Any]) -> None:
    sketch = ds.kll_floats_sketch.deserialize(bytes.fromhex(line["bytes"]))
    assert (sketch.k, sketch.n) == (line["k"], line["count"])
    for rank, quantile in line["quantiles"]:
        assert sketch.get_quantile(rank) == quantile
    other = ds.kll_floats_sketch(line["k"])
    other.merge(sketch)
    other.update(1.5)
    assert other.n == line["count"] + 1


@pytest.mark.parametrize("line", lines_of("frequent"), ids=name_of)
def test_a_sketch_of_frequent_items_says_the_same_there(line: dict[str, Any]) -> None:
    data = bytes.fromhex(line["bytes"])
    sketch = ds.frequent_items_sketch.deserialize(data, ds.PyStringsSerDe())
    assert sketch.num_active_items == len(line["items"])
    if not line["items"]:
        return  # the package takes a sketch without counters for an empty one
    assert sketch.total_weight == line["count"]
    for item, count in line["items"].items():
        assert sketch.get_lower_bound(item) == count
        assert sketch.get_upper_bound(item) == count + line["offset"]
