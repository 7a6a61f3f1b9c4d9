"""W10: a process from its start to its first feature, and what has to be installed for it.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import pathlib
import sys
from typing import Any

import measure
import repository
import w4_upload

PEERS = {  # what is imported, and the packages that it comes in
    "polars": ["polars", "polars-runtime-32"],
    "duckdb": ["duckdb"],
    "pyarrow": ["pyarrow"],
}
ALONE = {  # each in an environment of its own, whose size counts whole
    "feast": repository.ROOT / ".deps" / "oracle-feast",
    "pyspark": repository.ROOT / ".deps" / "oracle-spark",
}
KEYS, FEATURES = 1000, 12


def size_mib(files: list[pathlib.Path]) -> float:
    return round(sum(f.stat().st_size for f in files) / 2**20, 1)


def package_files(package: str) -> list[pathlib.Path]:
    listed = importlib.metadata.files(package) or []
    paths = [pathlib.Path(str(f.locate())) for f in listed]
    return [p for p in paths if p.is_file() and "__pycache__" not in p.parts]


def run(work: pathlib.Path) -> dict[str, Any]:
    made = w4_upload.prepare(work, KEYS, FEATURES)
    name = f"bench.profiles{FEATURES}.v1"
    made.run("upload", name, "--ds", w4_upload.DS)
    log = str(made.folder / "log")
    fetch = made.command("fetch", name, "-k", '{"user_id": 42}')
    runs = {"gnomon fetch": lambda: measure.run(fetch, log)}
    build = repository.BUILD
    sizes = {"gnomon fetch": size_mib([build / "cli" / "gnomon", build / "src" / "libgnomon.so"])}
    for peer, packages in PEERS.items():
        if importlib.util.find_spec(peer) is None:
            print(f"    import {peer}: absent")
            continue
        command = [sys.executable, "-c", f"import {peer}"]
        runs[f"import {peer}"] = lambda command=command: measure.run(command, log)
        sizes[f"import {peer}"] = size_mib([f for x in packages for f in package_files(x)])
    for peer, folder in ALONE.items():
        python = folder / "bin" / "python"
        if not python.exists():
            print(f"    import {peer}: absent")
            continue
        command = [str(python), "-c", f"import {peer}"]
        runs[f"import {peer}"] = lambda command=command: measure.run(command, log)
        files = [f for f in folder.glob("lib/python3*/site-packages/**/*") if f.is_file()]
        sizes[f"import {peer}"] = size_mib([f for f in files if "__pycache__" not in f.parts])
    return {
        "workload": "W10 cold start: one process, one key",
        "settings": {"keys": KEYS, "features": FEATURES},
        "installed_mib": sizes,
        "costs": measure.in_turn(runs, pairs=11),
        "ours": "gnomon fetch",
    }
