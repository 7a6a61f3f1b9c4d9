"""Updates of the three sketches, beside those of Apache DataSketches' C++ library under its Python
package. Answers first: the package reads our bytes and must say of them what it says of its own.

KLL takes a numpy array at a time there. The other two are called once a value, so the time of as
many calls that do nothing (`is_empty`) is taken off theirs.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import json
import pathlib
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any

import measure
import numpy
import repository

COUNT, TURNS, SEED = 10_000_000, 7, 77001
CPC_K, KLL_K, FREQUENT_K = 8, 128, 8


def ours(kind: str, k: int, path: pathlib.Path) -> tuple[float, bytes]:
    command = [str(repository.BUILD / "bench" / "sketch"), kind, str(k), str(path), str(TURNS)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: this failed: {' '.join(command)}")
    said = json.loads(done.stdout)
    return statistics.median(said["cpu_s"]), bytes.fromhex(said["bytes"])


def theirs(fold: Callable[[], Any]) -> tuple[float, Any]:
    times, made = [], None
    for _ in range(TURNS):
        start = time.process_time()
        made = fold()
        times.append(time.process_time() - start)
    return statistics.median(times), made


def empty_calls(sketch: Any, count: int) -> None:
    for _ in range(count):
        sketch.is_empty()


def result(name: str, k: int, count: int, our_s: float, their_s: float) -> dict[str, Any]:
    costs = {"gnomon": our_s, "datasketches": their_s}
    return {
        "workload": f"{name}, k = {k}, {count} values, ns a value",
        "ours": "gnomon",
        "unit": "ns",
        "costs": {n: measure.Cost(s / count * 1e9, 0, 0) for n, s in costs.items()},
        "settings": {"k": k, "count": count, "turns": TURNS},
    }


def check(name: str, ours: float, theirs: float, allowed: float) -> None:
    if abs(ours - theirs) > allowed * max(abs(theirs), 1):
        raise SystemExit(f"bench: {name}: {ours} is not {theirs}")


def cpc(work: pathlib.Path, rng: Any) -> dict[str, Any]:
    import datasketches as ds

    path, count = work / "sketch-cpc.bin", COUNT // 10
    values = rng.integers(0, 1_000_000, count, dtype=numpy.uint64)
    values.tofile(path)
    numbers = values.tolist()

    def fold() -> Any:
        sketch = ds.cpc_sketch(CPC_K)
        update = sketch.update
        for value in numbers:
            update(value)
        return sketch

    our_s, data = ours("cpc", CPC_K, path)
    their_s, sketch = theirs(fold)
    idle_s, _ = theirs(lambda: empty_calls(sketch, count))
    union = ds.cpc_union(CPC_K)
    union.update(sketch)
    if union.get_result().serialize() != data:
        raise SystemExit("bench: the CPC sketches differ")
    return result("CPC, longs", CPC_K, count, our_s, their_s - idle_s)


def kll(work: pathlib.Path, rng: Any) -> dict[str, Any]:
    import datasketches as ds

    path = work / "sketch-kll.bin"
    values = rng.lognormal(3, 1, COUNT).astype(numpy.float32)
    values.tofile(path)

    def fold() -> Any:
        sketch = ds.kll_floats_sketch(KLL_K)
        sketch.update(values)
        return sketch

    our_s, data = ours("kll", KLL_K, path)
    their_s, _ = theirs(fold)
    read = ds.kll_floats_sketch.deserialize(data)
    for rank in (0.1, 0.5, 0.9):
        below = numpy.count_nonzero(values < read.get_quantile(rank)) / COUNT
        check("KLL", below, rank, read.normalized_rank_error(False))
    return result("KLL, floats", KLL_K, COUNT, our_s, their_s)


def frequent(work: pathlib.Path, rng: Any) -> dict[str, Any]:
    import datasketches as ds

    path, count = work / "sketch-frequent.bin", COUNT // 10
    values = numpy.minimum(rng.zipf(1.5, count), 100_000).astype(numpy.int64)
    values.tofile(path)
    texts = [f"v{value}" for value in values.tolist()]

    def fold() -> Any:
        sketch = ds.frequent_strings_sketch(3)
        update = sketch.update
        for text in texts:
            update(text)
        return sketch

    our_s, data = ours("frequent", FREQUENT_K, path)
    their_s, sketch = theirs(fold)
    idle_s, _ = theirs(lambda: empty_calls(sketch, count))
    read = ds.frequent_strings_sketch.deserialize(data)
    truth = numpy.count_nonzero(values == 1)
    if not read.get_lower_bound("v1") <= truth <= read.get_upper_bound("v1"):
        raise SystemExit("bench: the most frequent value is outside of its bounds")
    return result("frequent items, texts", FREQUENT_K, count, our_s, their_s - idle_s)


def run(work: pathlib.Path) -> list[dict[str, Any]]:
    rng = numpy.random.default_rng(SEED)
    return [cpc(work, rng), kll(work, rng), frequent(work, rng)]
