"""Two results cell by cell: exact values equal, floating sums within 1e-9 of each other.

SPDX-License-Identifier: Apache-2.0
"""

from __future__ import annotations

import pathlib

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.dataset

TOLERANCE = 1e-9


def read_partitions(folder: pathlib.Path, ds: str) -> pyarrow.Table:
    files = sorted((folder / f"ds={ds}").glob("*.parquet"))
    return pyarrow.concat_tables([pyarrow.parquet.ParquetFile(f).read() for f in files])


def equal_cells(a: pyarrow.ChunkedArray, b: pyarrow.ChunkedArray) -> numpy.ndarray:
    a, b = a.combine_chunks(), b.combine_chunks()
    nulls = numpy.array(a.is_null()), numpy.array(b.is_null())
    if pyarrow.types.is_floating(a.type):
        x, y = (numpy.nan_to_num(v.to_numpy(zero_copy_only=False)) for v in (a, b))
        same = numpy.abs(x - y) <= TOLERANCE * numpy.maximum(1.0, numpy.maximum(abs(x), abs(y)))
    elif pyarrow.types.is_nested(a.type):
        same = numpy.array([x == y for x, y in zip(a.to_pylist(), b.to_pylist())])
    else:
        same = numpy.array(pyarrow.compute.equal(a, b.cast(a.type)).fill_null(True))
    return (nulls[0] == nulls[1]) & (nulls[0] | same)


def near_cells(a: pyarrow.ChunkedArray, b: pyarrow.ChunkedArray, bound: float) -> numpy.ndarray:
    """Estimates `a` of the counts `b`: off by one, or by that part of the count."""
    x, y = (v.to_numpy(zero_copy_only=False).astype("float64") for v in (a, b))
    return (numpy.isnan(x) & numpy.isnan(y)) | (numpy.abs(x - y) <= numpy.maximum(1, bound * y))


def tables(
    ours: pyarrow.Table, theirs: pyarrow.Table, key: str, bounds: dict[str, float]
) -> tuple[int, int]:
    """Cells compared and cells different. Rows are brought into the order of their keys. Columns
    with a bound are estimates."""
    if ours.num_rows != theirs.num_rows:
        raise SystemExit(f"bench: {ours.num_rows} rows against {theirs.num_rows}: nothing to time")
    ours, theirs = ours.sort_by(key), theirs.sort_by(key)
    compared = different = 0
    for name in ours.column_names:
        if name in bounds:
            same = near_cells(ours[name], theirs[name], bounds[name])
        else:
            same = equal_cells(ours[name], theirs[name])
        compared += len(same)
        different += int(len(same) - same.sum())
    return compared, different
