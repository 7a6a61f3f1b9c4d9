#!/usr/bin/env python3
"""Runs the workloads named (without a name all but the largest) and prints how we compare.

usage: run.py [NAME...]      SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import dataclasses
import datetime
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
from typing import Any

os.environ.setdefault("POLARS_MAX_THREADS", "2")
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import measure
import repository
import sketches
import w1_snapshot
import w4_upload
import w5_feast
import w5_fetch
import w6_feast
import w6_http
import w6_upload
import w7_compile
import w8_spark
import w10_cold_start

WORKLOADS = {
    "sketches": sketches.run,
    "w1": lambda work: [w1_snapshot.run(work)],
    "w1-10m": lambda work: [w1_snapshot.run(work, 10_000_000)],
    "w1-100m": lambda work: [w1_snapshot.run_large(work)],
    "w4": lambda work: [w4_upload.run(work)],
    "w4-64": lambda work: [w4_upload.run(work, features=64)],
    "w5": w5_fetch.run,
    "w5-feast": lambda work: [w5_feast.run(work)],
    "w6": lambda work: [w6_http.run(work)],
    "w6-feast": lambda work: [w6_feast.run(work)],
    "w6-upload": lambda work: [w6_upload.run(work)],
    "w7": lambda work: [w7_compile.run(work)],
    "w8": w8_spark.run,
    "w8-10m": lambda work: w8_spark.run(work, 10_000_000),
    "w10": lambda work: [w10_cold_start.run(work)],
}
BY_NAME_ONLY = {"w1-100m"}  # takes minutes, and 12 GiB to make its events


def versions() -> dict[str, str]:
    said = subprocess.run([repository.gnomon(), "version"], capture_output=True, text=True)
    found = {"gnomon": said.stdout.split("\n")[0]}
    for package in ("polars", "duckdb", "pyarrow", "numpy", "datasketches"):
        found[package] = importlib.metadata.version(package)
    return found


def show(result: dict[str, Any]) -> None:
    """A line a competitor; then what else the workload found out."""
    print(f"  {result['workload']}")
    ours = result["costs"][result["ours"]]
    unit = result.get("unit", "s")
    for name, cost in result["costs"].items():
        line = f"    {name:24} {cost.cpu_s:9.3f} CPU-{unit}"
        if cost.wall_s:
            line += f" {cost.wall_s:9.3f} {unit}"
        if cost.peak_mib:
            line += f" {cost.peak_mib:8.0f} MiB"
        if name != result["ours"]:
            line += f"  {cost.cpu_s / ours.cpu_s:8.2f} x our CPU"
        print(line)
    known = {"workload", "costs", "ours", "unit", "settings", "cells"}
    for name in sorted(result.keys() - known):
        print(f"    {name}: {result[name]}")


def main() -> None:
    if "GNOMON_BENCH_BUILD" in os.environ:
        repository.use_build(pathlib.Path(os.environ["GNOMON_BENCH_BUILD"]).resolve())
    names = sys.argv[1:] or [x for x in WORKLOADS if x not in BY_NAME_ONLY]
    unknown = [x for x in names if x not in WORKLOADS]
    if unknown:
        sys.exit(f"bench: no workload '{unknown[0]}': there are {', '.join(WORKLOADS)}")
    work = repository.ROOT / "build" / "bench"
    work.mkdir(parents=True, exist_ok=True)
    for name in names:
        print(name, flush=True)
        results = WORKLOADS[name](work)
        for result in results:
            show(result)
            result["costs"] = {k: dataclasses.asdict(v) for k, v in result["costs"].items()}
        record = {
            "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "machine": measure.machine(),
            "versions": versions(),
            "results": results,
        }
        path = work / f"{name}.json"
        path.write_text(json.dumps(record, indent=2) + "\n")
        print(f"  written to {path.relative_to(repository.ROOT)}")


if __name__ == "__main__":
    main()
