"""The native clients of Spark Connect that W8 is compared with, where they can be had.

Apache's Go and Rust clients are libraries: small programs of ours in `peers/` use them, each built
here where its toolchain is. The ADBC driver in Go is a ready-made library.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import importlib.util
import os
import pathlib
import shutil
import subprocess

import repository

FOLDER = repository.ROOT / ".deps" / "bench-spark"
PEERS = pathlib.Path(__file__).parent / "peers"
BUILD_SECONDS = 1800


class Absent(Exception):
    """Why a peer is not compared with."""


def build(folder: str, command: list[str], settings: dict[str, str]) -> None:
    """Runs a build in a folder of `peers/`; the network or the toolchain may not be up to it."""
    log = FOLDER / f"{folder}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    if not shutil.which(command[0]):
        raise Absent(f"there is no {command[0]} here")
    if not log.exists():
        print(f"    building {folder}: takes minutes, the first time", flush=True)
    try:
        with open(log, "w") as out:
            subprocess.run(
                command,
                cwd=PEERS / folder,
                env={**os.environ, **settings},
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=BUILD_SECONDS,
                check=True,
            )
    except (subprocess.SubprocessError, OSError) as problem:
        raise Absent(f"it does not build, see {log.relative_to(repository.ROOT)}") from problem


def go_client() -> list[str]:
    settings = {
        "GOMODCACHE": str(FOLDER / "go" / "mod"),
        "GOCACHE": str(FOLDER / "go" / "build"),
        "GOFLAGS": "-modcacherw -mod=readonly",
        "GOTOOLCHAIN": "local",
    }
    program = FOLDER / "spark_go"
    build("spark_go", ["go", "build", "-o", str(program), "."], settings)
    return [str(program)]


def rust_client() -> list[str]:
    settings = {"CARGO_TARGET_DIR": str(FOLDER / "rust")}
    build("spark_rust", ["cargo", "build", "--release", "--locked"], settings)
    return [str(FOLDER / "rust" / "release" / "spark_rust")]


def go_driver() -> str:
    """The file of the ADBC driver, which deps/bench.txt pins."""
    found = importlib.util.find_spec("adbc_driver_spark")
    if not found or not found.origin:
        raise Absent("the package adbc-driver-spark is not installed")
    return str(pathlib.Path(found.origin).parent / "libadbc_driver_spark.so")
