"""Feast over the profiles of W4: fills its online store, or answers from it and says at what cost.

usage: feast_store.py fill FOLDER PROFILES.parquet STORE     STORE is sqlite, or redis:HOST:PORT
       feast_store.py ask FOLDER KEYS

`ask` reads requests from standard input, one JSON object a line: {"show": [key, ...]} prints their
features, {"requests": n, "batch": b} answers n requests of b keys each and prints what one cost.
SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import random
import sys
import time
from typing import Any

os.environ.setdefault("FEAST_USAGE", "False")

import feast
import feast.types
import pyarrow.parquet

VIEW, KEY = "bench_profiles12_v1", "user_id"
ROWS_AT_ONCE = 20_000
SETTINGS = """\
project: bench
provider: local
registry:
  path: {folder}/registry.db
  cache_ttl_seconds: 0  # read once
online_store:
  {store}
entity_key_serialization_version: 3
"""


def store_settings(folder: pathlib.Path, store: str) -> str:
    if store == "sqlite":
        return f"type: sqlite\n  path: {folder}/online.db"
    return f"type: redis\n  connection_string: {store.removeprefix('redis:')}"


def fill(folder: pathlib.Path, profiles: str, store: str) -> None:
    """A view of all columns, and every row of the file in the online store."""
    folder.mkdir(parents=True, exist_ok=True)
    text = SETTINGS.format(folder=folder, store=store_settings(folder, store))
    (folder / "feature_store.yaml").write_text(text)
    made = feast.FeatureStore(repo_path=str(folder))
    table = pyarrow.parquet.read_table(profiles)
    user = feast.Entity(name="user", join_keys=[KEY], value_type=feast.ValueType.INT64)
    view = feast.FeatureView(
        name=VIEW,
        entities=[user],
        ttl=datetime.timedelta(days=0),
        schema=[
            feast.Field(name=KEY, dtype=feast.types.Int64),
            *(feast.Field(name=x, dtype=feast.types.Float64) for x in table.column_names[2:]),
        ],
        source=feast.FileSource(path=profiles, timestamp_field="ts"),
    )
    made.apply([user, view])
    for begin in range(0, table.num_rows, ROWS_AT_ONCE):
        rows = table.slice(begin, ROWS_AT_ONCE).to_pandas()
        rows["ts"] = rows["ts"].astype("datetime64[ms]").dt.tz_localize("UTC")
        made.write_to_online_store(VIEW, df=rows)


class Asker:
    def __init__(self, folder: str, keys: int) -> None:
        self.store = feast.FeatureStore(repo_path=folder)
        fields = self.store.get_feature_view(VIEW).features
        self.names = [field.name for field in fields]
        self.features = [f"{VIEW}:{name}" for name in self.names]
        self.keys, self.random = keys, random.Random(20240310)

    def answer(self, keys: list[int]) -> Any:
        rows = [{KEY: key} for key in keys]
        return self.store.get_online_features(features=self.features, entity_rows=rows)

    def show(self, keys: list[int]) -> list[list[float]]:
        found = self.answer(keys).to_dict()
        columns = [found[name] for name in self.names]
        return [list(row) for row in zip(*columns)]

    def measure(self, requests: int, batch: int) -> dict[str, float]:
        asked = [[self.random.randrange(self.keys) for _ in range(batch)] for _ in range(requests)]
        begin_cpu, begin = time.process_time(), time.perf_counter()
        for keys in asked:
            self.answer(keys)
        cpu, wall = time.process_time() - begin_cpu, time.perf_counter() - begin
        return {"cpu_us": cpu / requests * 1e6, "wall_us": wall / requests * 1e6}


def ask(folder: str, keys: int) -> None:
    asker = Asker(folder, keys)
    for line in sys.stdin:
        asked = json.loads(line)
        found = asker.show(asked["show"]) if "show" in asked else asker.measure(**asked)
        print(json.dumps(found), flush=True)


if sys.argv[1] == "fill":
    fill(pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4])
else:
    ask(sys.argv[2], int(sys.argv[3]))
