"""A gnomon repository made for a measurement: definitions as compiled files, tables by path.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
DAYS_UNIT = 1  # Chronon's TimeUnit.DAYS
EVENTS, ENTITIES = "events", "entities"


def use_build(folder: pathlib.Path) -> None:
    global BUILD
    BUILD = folder


def gnomon() -> str:
    return str(BUILD / "cli" / "gnomon")


def window(days: int) -> dict[str, int]:
    return {"length": days, "timeUnit": DAYS_UNIT}


class Repository:
    def __init__(self, folder: pathlib.Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        (folder / "gnomon.toml").write_text("")
        (folder / "teams.json").write_text(
            json.dumps({"default": {}, "bench": {"namespace": "bench"}})
        )

    def add_table(self, name: str, path: pathlib.Path) -> None:
        """The file where gnomon looks for the table: nothing is copied."""
        place = self.folder / "warehouse" / "default" / f"{name}.parquet"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(path.resolve())

    def add_group_by(self, name: str, group_by: dict[str, object]) -> None:
        meta = {
            "name": f"bench.{name}",
            "team": "bench",
            "outputNamespace": "bench",
            "online": 1,
            "production": 0,
        }
        path = self.folder / "production" / "group_bys" / "bench" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"metaData": meta, **group_by}, indent=2))

    def command(self, verb: str, *words: str) -> list[str]:
        return [gnomon(), verb, "-C", str(self.folder), *words]

    def run(self, verb: str, *words: str) -> str:
        done = subprocess.run(self.command(verb, *words), capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"bench: gnomon {verb} failed: {done.stderr}")
        return done.stdout

    def clear(self, *names: str) -> None:
        for name in names:
            shutil.rmtree(self.folder / name, ignore_errors=True)
