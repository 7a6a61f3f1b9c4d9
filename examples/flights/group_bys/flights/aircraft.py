"""Where each aircraft has been, and how far."""

from ai.chronon.group_by import Aggregation, GroupBy, Operation

from group_bys.flights.sources import DAY, MONTH, WEEK, departures

v1 = GroupBy(
    sources=[departures("tailnum", "dest", "distance")],
    keys=["tailnum"],
    aggregations=[
        Aggregation(input_column="distance", operation=Operation.SUM, windows=[DAY, WEEK, MONTH]),
        Aggregation(input_column="distance", operation=Operation.SUM),
        Aggregation(input_column="dest", operation=Operation.LAST_K(5), windows=[MONTH]),
        Aggregation(input_column="dest", operation=Operation.UNIQUE_COUNT, windows=[MONTH]),
    ],
    online=True,
    backfill_start_date="2013-11-01",
)
