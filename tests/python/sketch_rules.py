"""How columns of sketches are held against Chronon's, whose answers depend on coins and on how
often a state was copied on its way."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import datasketches as ds
import pyarrow.parquet as pq

SKETCHES = ("_approx_unique_count", "_approx_percentile", "_approx_histogram_k")
# Chronon's rank error of a KLL sketch with k = 128, and its error of a CPC sketch with lgK = 8 as
# seen: a fifth. Riders with more values than k in a window: the others' percentiles are exact.
RANK_ERROR = 0.02
COUNT_ERROR = 0.2
BUSY_RIDERS = ("r000", "r001")
EXACT_VALUES = 128
DAY_MS, HOUR_MS = 86_400_000, 3_600_000


def is_sketch(column: str) -> bool:
    return any(name in column for name in SKETCHES)


def is_open(column: str) -> bool:
    """More distinct values than k: any choice of items is as good."""
    return column.startswith(("city2_approx", "zone2_approx"))


def same_counts(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same_counts(ours[k], theirs[k]) for k in theirs)
    if ours is None or theirs is None:
        return ours is theirs
    return bool(abs(ours - theirs) <= max(1, COUNT_ERROR * max(ours, theirs)))


class Trips:
    """The values that a rider's window really holds."""

    def __init__(self, data: Path, events: Path) -> None:
        self.rows: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
        for row in pq.read_table(data / "trips.parquet").to_pylist():
            if row["rider_id"] in BUSY_RIDERS:
                self.rows[row["rider_id"]].append((row["ts"], row))
        self.live: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
        for line in map(json.loads, events.open()):
            row = line["row"]
            if line["group_by"] == "fleet.live.others" and row.get("rider_id") in BUSY_RIDERS:
                self.live[row["rider_id"]].append((row["ts"], row))

    def values(self, rider: str, column: str, end_ms: int, online: bool) -> list[float]:
        name, _, rest = column.partition("_approx_percentile")
        window = re.match(r"_(\d+)([dh])", rest)
        start_ms = -(2**62)
        if window:
            length_ms = int(window[1]) * (DAY_MS if window[2] == "d" else HOUR_MS)
            hop_ms = DAY_MS if length_ms >= 12 * DAY_MS else HOUR_MS
            hop_ms = hop_ms if length_ms >= 12 * HOUR_MS else HOUR_MS // 12
            start_ms = (end_ms - length_ms) // hop_ms * hop_ms
        rows = self.rows[rider] + (self.live[rider] if online else [])
        return sorted(
            float(row[name])
            for ts, row in rows
            if start_ms <= ts < end_ms and row[name] is not None
        )


def rank_error(values: list[float], answer: float, rank: float) -> float:
    low = bisect_left(values, answer - 1e-6 * abs(answer)) / len(values)
    high = bisect_right(values, answer + 1e-6 * abs(answer)) / len(values)
    return max(low - rank, rank - high, 0.0)


def ranks_hold(values: list[float], answers: list[float], ranks: list[float]) -> bool:
    return len(answers) == len(ranks) and all(
        rank_error(values, answer, rank) <= RANK_ERROR for answer, rank in zip(answers, ranks)
    )


def end_of_day(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp() * 1000) + DAY_MS


def same_floats(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same_floats(ours[k], theirs[k]) for k in theirs)
    if ours is None or theirs is None:
        return ours is theirs
    return len(ours) == len(theirs) and all(
        math.isclose(a, b, rel_tol=1e-6) for a, b in zip(ours, theirs)
    )


# ---- states ----------------------------------------------------------------------------------


def same_states(path: str, ours: bytes, theirs: bytes) -> bool:
    """Saved sketches: both read by the DataSketches package."""
    if "_approx_unique_count" in path:
        a, b = ds.cpc_sketch.deserialize(ours), ds.cpc_sketch.deserialize(theirs)
        return bool(a.lg_k == b.lg_k) and same_counts(a.get_estimate(), b.get_estimate())
    x, y = ds.kll_floats_sketch.deserialize(ours), ds.kll_floats_sketch.deserialize(theirs)
    if x.n != y.n or x.k != y.k:
        return False
    ranks = [(i + 0.5) / 40 for i in range(40)]
    if x.n <= EXACT_VALUES:
        return same_floats([x.get_quantile(r) for r in ranks], [y.get_quantile(r) for r in ranks])
    # each is off by the rank error at most, so one's median is within twice that of the other's
    return all(
        y.get_quantile(max(r - 2 * RANK_ERROR, 0.0))
        <= x.get_quantile(r)
        <= y.get_quantile(min(r + 2 * RANK_ERROR, 1.0))
        for r in ranks
    )
