"""GroupBys held against what Chronon answered: tables, uploaded bytes, online answers.

Every case runs through the program, as a user runs it. Each test prints how many cells it compared.
"""

from __future__ import annotations

import json
import math
import shutil
import struct
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from program_kit import GNOMON
from sketch_rules import (
    BUSY_RIDERS,
    Trips,
    end_of_day,
    is_open,
    is_sketch,
    ranks_hold,
    same_counts,
    same_floats,
    same_states,
)

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden" / "chronon"
INDEX = json.loads((GOLDEN / "index.json").read_text())
BATCH_END_MS = 1741478400000
LONG_CUT = "city2_histogram"
TRIPS = Trips(GOLDEN / "data", GOLDEN / "online" / "events.jsonl")


def gnomon(repo: Path, *words: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
    run = subprocess.run([GNOMON, "-C", str(repo), *words], capture_output=True, text=True)
    if ok and run.returncode != 0:
        raise AssertionError(f"gnomon {' '.join(words)} gave {run.returncode}\n{run.stderr}")
    return run


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    shutil.copytree(ROOT / "tests" / "golden" / "compiled", folder / "production")
    shutil.copy(ROOT / "tests" / "golden" / "defs" / "teams.json", folder / "teams.json")
    lines = ["[warehouse]", 'root = "warehouse"']
    for name in ("trips", "riders", "complaints"):
        lines += [f'[tables."raw.{name}"]', f'path = "{GOLDEN / "data" / (name + ".parquet")}"']
    (folder / "gnomon.toml").write_text("\n".join(lines) + "\n")
    return folder


def plain(value: Any) -> Any:
    """Lists of pairs (a map, as pyarrow gives it) as dicts; everything else as it is."""
    if isinstance(value, list) and value and all(isinstance(v, tuple) for v in value):
        return {k: plain(v) for k, v in value}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def same(ours: Any, theirs: Any, tolerance: float = 1e-9) -> bool:
    if isinstance(theirs, dict) or isinstance(ours, dict):
        ours, theirs = ours or {}, theirs or {}
        return ours.keys() == theirs.keys() and all(
            same(ours[k], theirs[k], tolerance) for k in theirs
        )
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(ours) == len(theirs) and all(same(a, b, tolerance) for a, b in zip(ours, theirs))
    if isinstance(theirs, float) and isinstance(ours, (int, float)):
        return math.isclose(ours, theirs, rel_tol=tolerance, abs_tol=0.0) or ours == theirs
    return bool(ours == theirs and type(ours) is type(theirs))


def same_cut(ours: Any, theirs: Any) -> bool:
    """A histogram that keeps 2 entries. Chronon keeps any that reach the second largest count, in
    hash order, so it may even drop the largest; ours keeps the largest, ties by key."""
    if not isinstance(theirs, dict) or not isinstance(ours, dict):
        return bool(ours == theirs)
    shared = ours.keys() & theirs.keys()
    return (
        len(ours) == len(theirs)
        and all(ours[k] == theirs[k] for k in shared)
        and min(ours.values()) == min(theirs.values())
        and sorted(ours.values()) >= sorted(theirs.values())
    )


def both_nearly_zero(column: str, ours: Any, theirs: Any) -> bool:
    """A skew of symmetric values is what rounding leaves of zero."""
    return (
        "_skew" in column and ours is not None and theirs is not None and abs(ours - theirs) < 1e-12
    )


def conf_of(name: str) -> Path:
    return ROOT / "tests" / "golden" / "compiled" / "group_bys" / Path(*name.split(".", 1))


def percentiles_of(conf: Path, column: str) -> list[float]:
    name = column.split("_approx_percentile")[0]
    for part in json.loads(conf.read_text())["aggregations"]:
        if part["inputColumn"] == name and "percentiles" in part.get("argMap", {}):
            return [float(p) for p in json.loads(part["argMap"]["percentiles"])]
    raise AssertionError(f"{column} has no percentiles")


def same_sketch(conf: Path, rider: Any, column: str, end_ms: int, ours: Any, theirs: Any) -> bool:
    """Both are answers; of a busy rider's percentiles only ours is looked at, beside the truth."""
    if "_approx_unique_count" in column:
        return same_counts(ours, theirs)
    if "_approx_histogram_k" in column:
        return is_open(column) or same(ours, theirs)
    if rider not in BUSY_RIDERS or ours is None or isinstance(ours, dict):
        return same_floats(ours, theirs)
    values = TRIPS.values(rider, column, end_ms, online="daily" not in conf.name)
    return ranks_hold(values, ours, percentiles_of(conf, column))


def read_rows(path: Path, keys: list[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = {}
    for row in pq.read_table(path, partitioning=None).to_pylist():
        row = {name: plain(value) for name, value in row.items()}
        rows[tuple(row[k] for k in keys)] = row
    return rows


def read_table(folder: Path, keys: list[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = {}
    for part in sorted(folder.glob("ds=*")):
        for file in sorted(part.glob("*.parquet")):
            for row in pq.ParquetFile(file).read().to_pylist():
                row = {name: plain(value) for name, value in row.items()}
                row["ds"] = part.name[3:]
                rows[tuple(row[k] for k in keys)] = row
    return rows


def name_of(case: dict[str, Any]) -> str:
    return str(case["conf"]).split("/")[-2] + "." + str(case["conf"]).split("/")[-1]


def table_folder(repo: Path, table: str) -> Path:
    namespace, name = table.split(".")
    return repo / "warehouse" / namespace / name


def sensitive(case: dict[str, Any], row: dict[str, Any], column: str) -> bool:
    ties = case.get("tie_sensitive")
    return bool(ties) and row.get("rider_id") == "r-tie" and column in ties["columns"]


BACKFILLS = [c for c in INDEX["cases"] if c["command"] == "group-by-backfill"]
UPLOADS = [c for c in INDEX["cases"] if c["command"] == "group-by-upload"]


@pytest.mark.parametrize("case", BACKFILLS, ids=lambda c: c["id"])
def test_backfill_gives_chronons_table(case: dict[str, Any], repo: Path) -> None:
    gnomon(repo, "backfill", name_of(case), "--end-ds", case["options"]["end-date"])
    expected = read_rows(GOLDEN / case["expected"], case["sort_keys"])
    ours = read_table(table_folder(repo, case["output_table"]), case["sort_keys"])
    columns = list(next(iter(expected.values())))
    conf = (
        ROOT / "tests" / "golden" / "compiled" / "group_bys" / Path(*Path(case["conf"]).parts[-2:])
    )
    assert ours.keys() == expected.keys()
    compared, different, sketched, equal = 0, [], 0, 0
    for key, row in ours.items():
        for column in columns:
            if sensitive(case, row, column):
                continue
            compared += 1
            if is_sketch(column):
                theirs = expected[key][column]
                sketched += 1
                equal += same(row[column], theirs)
                end_ms = end_of_day(row["ds"])
                if not same_sketch(conf, row.get("rider_id"), column, end_ms, row[column], theirs):
                    different.append((key, column, row[column], theirs))
                continue
            check = same_cut if column.startswith(LONG_CUT) else same
            tolerance = 1e-6 if "distance_km" in column else 1e-9
            good = (
                check(row[column], expected[key][column])
                if check is same_cut
                else same(row[column], expected[key][column], tolerance)
                or both_nearly_zero(column, row[column], expected[key][column])
            )
            if not good:
                different.append((key, column, row[column], expected[key][column]))
    print(f"{case['id']}: {compared} cells compared, {len(different)} different")
    if sketched:
        print(f"{case['id']}: {sketched} of them of sketches, {equal} equal")
    assert compared > 0
    assert different == []


# ---- uploads -------------------------------------------------------------------------------


class Avro:
    """A reader of Avro's binary form for the schemas of uploads."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def long(self) -> int:
        shift = value = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return (value >> 1) ^ -(value & 1)

    def take(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]

    def blocks(self) -> int:
        count = self.long()
        if count < 0:
            self.long()
        return abs(count)

    def read(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return self.read(schema[self.long()])
        kind = schema["type"] if isinstance(schema, dict) else schema
        if kind == "null":
            return None
        if kind in ("int", "long"):
            return self.long()
        if kind == "boolean":
            return self.take(1) == b"\x01"
        if kind == "float":
            return struct.unpack("<f", self.take(4))[0]
        if kind == "double":
            return struct.unpack("<d", self.take(8))[0]
        if kind == "string":
            return self.take(self.long()).decode()
        if kind == "bytes":
            return self.take(self.long())
        if kind == "record":
            return {f["name"]: self.read(f["type"]) for f in schema["fields"]}
        items = []
        while (count := self.blocks()) > 0:
            for _ in range(count):
                if kind == "map":
                    key = self.take(self.long()).decode()
                    items.append((key, self.read(schema["values"])))
                else:
                    items.append(self.read(schema["items"]))
        return dict(items) if kind == "map" else items


def canonical(name: str, value: Any) -> Any:
    """Parts of a state that have no fixed order, put in one: sets and K lists' heaps."""
    if isinstance(value, dict):
        return {k: canonical(k if k not in ("payload",) else name, v) for k, v in value.items()}
    if isinstance(value, list):
        items = [canonical(name, v) for v in value]
        unordered = "unique_count" in name or any(
            k in name for k in ("_first2", "_last3", "_last1", "_last2", "_top", "_bottom")
        )
        return sorted(items, key=repr) if unordered else items
    return value


def upload_rows(rows: list[dict[str, Any]]) -> dict[bytes, bytes]:
    return {r["key_bytes"]: r["value_bytes"] for r in rows}


def bounded_of_texts(path: str) -> bool:
    """BOUNDED_UNIQUE_COUNT keeps texts as they are with us, as digests upstream."""
    return "bounded_unique_count" in path


def compare_states(ours: Any, theirs: Any, path: str, different: list[Any]) -> int:
    is_cut = LONG_CUT in path
    if isinstance(ours, bytes) and isinstance(theirs, bytes) and is_sketch(path):
        if not same_states(path, ours, theirs):
            different.append((path, ours.hex(), theirs.hex()))
        return 1
    if is_sketch(path) and ("_approx_unique_count" in path or is_open(path.split(".")[-1])):
        if not is_open(path.split(".")[-1]) and not same_counts(ours, theirs):
            different.append((path, ours, theirs))
        return 1
    if (
        not is_cut
        and isinstance(theirs, dict)
        and isinstance(ours, dict)
        and ours.keys() == theirs.keys()
    ):
        return sum(compare_states(ours[k], theirs[k], f"{path}.{k}", different) for k in theirs)
    if isinstance(theirs, list) and isinstance(ours, list) and len(ours) == len(theirs):
        if bounded_of_texts(path):
            return 1
        return sum(compare_states(a, b, path, different) for a, b in zip(ours, theirs)) or 1
    if bounded_of_texts(path) and isinstance(theirs, list):
        return 1  # an overflowed one: a marker upstream, the values kept with us
    check = same_cut if LONG_CUT in path else same
    tolerance = 1e-6 if "distance_km" in path else 1e-9
    good = check(ours, theirs) if check is same_cut else same(ours, theirs, tolerance)
    if not good and not both_nearly_zero(path, ours, theirs):
        different.append((path, ours, theirs))
    return 1


def value_schema(name: str, group_by: dict[str, Any]) -> Any:
    """The schema of a GroupBy's values; of element-wise lists Chronon has none that reads them."""
    path = GOLDEN / "expected" / "upload_schemas" / f"{name}.json"
    if path.exists():
        return json.loads(path.read_text())["value"]
    count = 6
    items = ["long" if a["operation"] == count else "double" for a in group_by["aggregations"]]
    fields = [
        {"name": f"column_{i}", "type": ["null", {"type": "array", "items": item}]}
        for i, item in enumerate(items)
    ]
    return {"type": "record", "name": "Lists", "fields": fields}


@pytest.mark.parametrize("case", UPLOADS, ids=lambda c: c["id"])
def test_upload_gives_chronons_bytes(case: dict[str, Any], repo: Path) -> None:
    name, conf = name_of(case), conf_of(name_of(case))
    run = gnomon(repo, "upload", name, "--ds", "2025-03-08", ok=False)
    if case.get("fails"):
        assert run.returncode == 65, run.stderr
        assert "null" in run.stderr and "filter" in run.stderr
        return
    assert run.returncode == 0, run.stderr
    theirs = upload_rows(pq.read_table(GOLDEN / case["expected"]).to_pylist())
    folder = table_folder(repo, case["output_table"]) / "ds=2025-03-08"
    rows = [
        r for f in sorted(folder.glob("*.parquet")) for r in pq.ParquetFile(f).read().to_pylist()
    ]
    ours = upload_rows(rows)
    info_ours = json.loads(ours.pop(b"group_by_serving_info"))
    info_theirs = json.loads(theirs.pop(b"group_by_serving_info"))
    for member in ("keyAvroSchema", "selectedAvroSchema", "inputAvroSchema", "batchEndDate"):
        assert info_ours.get(member) == info_theirs.get(member), member
    assert info_ours["groupBy"] == info_theirs["groupBy"]
    schema = value_schema(name, info_ours["groupBy"])
    assert ours.keys() == theirs.keys()
    compared, same_bytes, different = 0, 0, []
    for key, value in theirs.items():
        expected = Avro(value).read(schema)
        same_bytes += ours[key] == value
        reader = Avro(ours[key])
        mine = reader.read(schema)
        assert reader.at == len(ours[key])
        if b"r-tie" in key:
            continue
        rider = next((r for r in BUSY_RIDERS if r.encode() in key), None)
        for column in [c for c in expected if rider and "_approx_percentile" in c]:
            pair = mine.pop(column), expected.pop(column)
            compared += 1
            if not same_sketch(conf, rider, column, BATCH_END_MS, *pair):
                different.append((key, column, *pair))
        compared += compare_states(canonical("", mine), canonical("", expected), "", different)
    print(
        f"{case['id']}: {compared} values compared, {len(different)} different; "
        f"{same_bytes} of {len(theirs)} values are the same bytes"
    )
    assert compared > 0
    assert different == []


# ---- online --------------------------------------------------------------------------------

REQUESTS = [json.loads(line) for line in (GOLDEN / "online" / "requests.jsonl").open()]
ANSWERS = {a["n"]: a for a in map(json.loads, (GOLDEN / "online" / "answers.jsonl").open())}
ONLINE = sorted({r["name"] for r in REQUESTS})


def json_value(value: Any) -> Any:
    return {"NaN": math.nan}.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("name", ONLINE)
def test_online_answers_are_chronons(name: str, repo: Path, tmp_path: Path) -> None:
    store = f"lmdb:{tmp_path / 'store'}"
    gnomon(repo, "--store", store, "upload", name, "--ds", "2025-03-08")
    events = [
        line
        for line in (GOLDEN / "online" / "events.jsonl").open()
        if json.loads(line)["group_by"] == name
    ]
    if events:
        (tmp_path / "events.jsonl").write_text("".join(events))
        gnomon(repo, "--store", store, "put", name, "--events", str(tmp_path / "events.jsonl"))
    requests = [r for r in REQUESTS if r["name"] == name]
    lines = [json.dumps({"keys": r["keys"], "at_ms": r["at"]}) for r in requests]
    (tmp_path / "requests.jsonl").write_text("\n".join(lines) + "\n")
    run = gnomon(
        repo,
        "--store",
        store,
        "fetch",
        name,
        "--chronon",
        "--requests",
        str(tmp_path / "requests.jsonl"),
    )
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(requests)
    conf = conf_of(name)
    compared, different = 0, []
    counts: dict[str, int] = defaultdict(int)
    for request, ours in zip(requests, answers):
        theirs = ANSWERS[request["n"]]
        if theirs.get("no_response"):
            counts["no response"] += 1
            assert ours.get("no_response"), (request, ours)
            continue
        if "error" in theirs:
            # element-wise: Chronon's fetcher cannot read what its upload wrote, ours can
            counts["upstream fails"] += 1
            assert ours["values"], request
            continue
        if theirs["values"] is None:
            counts["no map"] += 1
            assert ours["values"] is None, (request, ours)
            continue
        tie = request["keys"].get("rider_id") == "r-tie"
        for column, value in theirs["values"].items():
            if tie and any(f"_{op}" in column for op in ("first", "last")):
                continue
            if column.endswith("_exception"):
                continue
            compared += 1
            if is_sketch(column):
                rider, mine = request["keys"].get("rider_id"), ours["values"].get(column, "absent")
                end_ms = BATCH_END_MS if "daily" in name else request["at"]
                if not same_sketch(conf, rider, column, end_ms, mine, value):
                    different.append((request, column, mine, value))
                continue
            check = (
                same_cut(ours["values"].get(column), value)
                if column.startswith(LONG_CUT)
                else same(
                    json_value(ours["values"].get(column, "absent")),
                    value,
                    1e-6 if "distance_km" in column else 1e-9,
                )
            )
            if not check:
                different.append((request, column, ours["values"].get(column, "absent"), value))
    print(f"{name}: {compared} cells compared, {len(different)} different; {dict(counts)}")
    assert compared > 0 or counts["upstream fails"]
    assert different == []
