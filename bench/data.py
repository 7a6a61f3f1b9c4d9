"""The one generator: the same seed gives the same Parquet file, and every engine reads that file.

Events: keys Zipf 1.1 and one that has 5 % of all, times over 90 days, two numbers, one category.
Profiles: one row a key with as many numbers as there are features, for the online store.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import pathlib

import numpy
import pyarrow
import pyarrow.parquet

SEED = 20240310
DAYS = 90
FIRST_DAY = "2023-12-01"  # the last is 2024-02-28
FIRST_MS = 1701388800000
DAY_MS = 86400000
KEYS = 100_000
HOT_SHARE = 0.05
EXPONENT = 1.1
CATEGORIES = 50
CATEGORY_NAMES = pyarrow.array([f"category_{i}" for i in range(CATEGORIES)])
ROW_GROUP_ROWS = 122_880
VERSION = 1  # of the generator; part of the file's name


def write(table: pyarrow.Table, path: pathlib.Path) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".fresh")
    pyarrow.parquet.write_table(table, fresh, compression="zstd", row_group_size=ROW_GROUP_ROWS)
    fresh.rename(path)
    return path


def zipf_keys(rng: numpy.random.Generator, rows: int, keys: int, exponent: float) -> numpy.ndarray:
    """The r-th key has a share of r to the minus exponent; ranks are shuffled over the ids."""
    share = numpy.arange(1, keys + 1, dtype="float64") ** -exponent
    edges = numpy.cumsum(share / share.sum())
    ranks = numpy.minimum(numpy.searchsorted(edges, rng.random(rows)), keys - 1)
    return rng.permutation(keys)[ranks]


def events(folder: pathlib.Path, rows: int) -> pathlib.Path:
    path = folder / f"events-{rows}-v{VERSION}.parquet"
    if path.exists():
        return path
    rng = numpy.random.default_rng([SEED, rows])
    user = zipf_keys(rng, rows, KEYS - 1, EXPONENT) + 1
    user[rng.random(rows) < HOT_SHARE] = 0
    table = pyarrow.table(
        {
            "user_id": user.astype("int64"),
            "ts": numpy.sort(rng.integers(FIRST_MS, FIRST_MS + DAYS * DAY_MS, rows)),
            "amount": numpy.round(rng.gamma(2.0, 20.0, rows), 2),
            "quantity": rng.integers(1, 20, rows),
            "category": CATEGORY_NAMES.take(pyarrow.array(rng.integers(0, CATEGORIES, rows))),
        }
    )
    return write(table, path)


def profiles(folder: pathlib.Path, keys: int, features: int) -> pathlib.Path:
    path = folder / f"profiles-{keys}-{features}-v{VERSION}.parquet"
    if path.exists():
        return path
    rng = numpy.random.default_rng([SEED, keys, features])
    last_day_ms = FIRST_MS + (DAYS - 1) * DAY_MS
    columns = {
        "user_id": rng.permutation(keys).astype("int64"),
        "ts": rng.integers(last_day_ms, last_day_ms + DAY_MS, keys),
    }
    for i in range(features):
        columns[f"f{i:02d}"] = numpy.round(rng.normal(0.0, 100.0, keys), 3)
    return write(pyarrow.table(columns), path)
