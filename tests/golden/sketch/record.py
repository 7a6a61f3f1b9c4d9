"""Records what Apache DataSketches makes of known values, and the sketches that Chronon uploaded.

    python tests/golden/sketch/record.py     (the venv of ./dev, which has `datasketches`)

Writes oracle.jsonl: one sketch a line, its bytes in hexadecimal and what the package says of it.
The values are those of tests/unit/agg/sketch_kit.c.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasketches as ds
import pyarrow.parquet as pq

FOLDER = Path(__file__).parent
CHRONON = FOLDER.parent / "chronon"
RANKS = [0.0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0]
SCATTER = 2654435761


def scattered(i: int) -> int:
    return i * SCATTER % 2**32


def distinct_value(kind: str, i: int) -> Any:
    return {"long": 3 * i, "double": i / 4 - 100, "text": f"v{i}"}[kind]


def real_value(i: int) -> float:
    return (scattered(i) >> 8) / 256


def frequent_value(kind: str, i: int) -> Any:
    x = scattered(i)
    value = x % 5 if x >> 28 < 12 else x % 1000
    return {"long": value, "double": value / 4, "text": f"v{value}"}[kind]


def cpc_of(lg_k: int, kind: str, first: int, count: int) -> Any:
    sketch = ds.cpc_sketch(lg_k)
    for i in range(first, first + count):
        sketch.update(distinct_value(kind, i))
    return sketch


def cpc() -> Iterator[dict[str, Any]]:
    counts = [0, 1, 2, 5, 23, 24, 25, 100, 127, 128, 200, 500, 700, 900, 2000, 5000, 100_000]
    for lg_k in (4, 8, 11):
        for kind in ("long", "double", "text"):
            for count in counts if kind == "long" else [7, 1000]:
                for merged in (False, True):
                    sketch = cpc_of(lg_k, kind, 0, count)
                    if merged:
                        union = ds.cpc_union(lg_k)
                        union.update(sketch)
                        union.update(cpc_of(lg_k, kind, count // 2, count))
                        sketch = union.get_result()
                    yield {
                        "sketch": "cpc",
                        "k": lg_k,
                        "values": kind,
                        "count": count,
                        "merged": merged,
                        "bytes": sketch.serialize().hex(),
                        "estimate": sketch.get_estimate(),
                    }


def quantiles(sketch: Any) -> list[float]:
    """At the ends Chronon's library gives the extremes, the package an item that is still there."""
    ends = {0.0: sketch.get_min_value(), 1.0: sketch.get_max_value()}
    return [ends.get(rank, sketch.get_quantile(rank)) for rank in RANKS]


def kll() -> Iterator[dict[str, Any]]:
    for k in (8, 20, 128, 200):
        for count in (0, 1, 2, 8, 9, 128, 129, 1000, 20_000):
            sketch = ds.kll_floats_sketch(k)
            for i in range(count):
                sketch.update(real_value(i))
            yield {
                "sketch": "kll",
                "k": k,
                "count": count,
                "bytes": sketch.serialize().hex(),
                "ranks": RANKS,
                "quantiles": quantiles(sketch) if count else [],
            }


def frequent() -> Iterator[dict[str, Any]]:
    serdes = {"long": ds.PyLongsSerDe(), "double": ds.PyDoublesSerDe(), "text": ds.PyStringsSerDe()}
    for lg in (3, 4, 7):
        for kind, serde in serdes.items():
            for count in (0, 1, 5, 30, 5000):
                sketch = ds.frequent_items_sketch(lg)
                for i in range(count):
                    sketch.update(frequent_value(kind, i))
                rows = sketch.get_frequent_items(ds.frequent_items_error_type.NO_FALSE_NEGATIVES, 0)
                yield {
                    "sketch": "frequent",
                    "k": 2**lg,
                    "values": kind,
                    "count": count,
                    "bytes": sketch.serialize(serde).hex(),
                    "items": {str(r[0]): r[1] for r in sorted(rows, key=lambda r: str(r[0]))},
                }


# ---- what Chronon uploaded, made by the Java library --------------------------------------------


def sketches_in(schema: Any, value: Any, name: str) -> Iterator[tuple[str, bytes]]:
    if value is None:
        return
    if isinstance(schema, list):
        schema = schema[1]
    if isinstance(value, bytes) and "_approx_" in name:
        yield name, value
    elif isinstance(value, dict) and schema["type"] == "record":
        for field in schema["fields"]:
            yield from sketches_in(field["type"], value[field["name"]], field["name"])
    elif isinstance(value, dict):
        for item in value.values():
            yield from sketches_in(schema["values"], item, name)
    elif isinstance(value, list):
        for item in value:
            yield from sketches_in(schema["items"], item, name)


def java() -> Iterator[dict[str, Any]]:
    sys.path.insert(0, str(FOLDER.parents[1] / "python"))
    from test_chronon_golden import Avro  # the reader of those bytes

    seen: dict[str, set[bytes]] = {"cpc": set(), "kll": set()}
    for path in sorted((CHRONON / "expected" / "upload_schemas").glob("fleet.live.*.json")):
        schema = json.loads(path.read_text())["value"]
        table = CHRONON / "expected" / "upload" / f"{path.stem}.parquet"
        if "_approx_" not in json.dumps(schema) or not table.exists():
            continue
        for row in pq.read_table(table).to_pylist():
            if row["key_bytes"] == b"group_by_serving_info":
                continue
            for name, data in sketches_in(schema, Avro(row["value_bytes"]).read(schema), ""):
                kind = "cpc" if "_unique_" in name else "kll"
                if data in seen[kind] or len(seen[kind]) >= 60:
                    continue
                seen[kind].add(data)
                if kind == "cpc":
                    cpc_sketch = ds.cpc_sketch.deserialize(data)
                    yield {
                        "sketch": "cpc",
                        "java": True,
                        "k": cpc_sketch.lg_k,
                        "bytes": data.hex(),
                        "estimate": cpc_sketch.get_estimate(),
                    }
                else:
                    kll_sketch = ds.kll_floats_sketch.deserialize(data)
                    yield {
                        "sketch": "kll",
                        "java": True,
                        "k": kll_sketch.k,
                        "bytes": data.hex(),
                        "ranks": RANKS,
                        "quantiles": quantiles(kll_sketch),
                    }


def main() -> None:
    with (FOLDER / "oracle.jsonl").open("w") as out:
        for maker in (cpc, kll, frequent, java):
            count = 0
            for line in maker():
                out.write(json.dumps(line) + "\n")
                count += 1
            print(f"{maker.__name__}: {count} sketches")


if __name__ == "__main__":
    main()
