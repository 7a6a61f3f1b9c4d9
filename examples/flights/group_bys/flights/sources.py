"""Where the features come from: a table of departures by day, and a list of aircraft by day."""

from ai.chronon.api.ttypes import EntitySource, EventSource, Source
from ai.chronon.group_by import TimeUnit, Window
from ai.chronon.query import Query, select

DAY, WEEK, MONTH = (Window(length=n, timeUnit=TimeUnit.DAYS) for n in (1, 7, 30))


def departures(*columns: str, **expressions: str) -> Source:
    """Flights that left, at the time they were to leave."""
    query = Query(
        selects=select(*columns, **expressions),
        wheres=["dep_delay IS NOT NULL"],
        time_column="ts",
        start_partition="2013-01-01",
    )
    return Source(events=EventSource(table="raw.flights", query=query))


def planes() -> Source:
    """Every aircraft that is registered on a day."""
    query = Query(
        selects=select("tailnum", "manufacturer", "model", "seats", "engines"),
        start_partition="2013-12-24",
    )
    return Source(entities=EntitySource(snapshotTable="raw.planes", query=query))
