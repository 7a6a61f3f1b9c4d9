"""How busy and how punctual each airport of departure is."""

from ai.chronon.group_by import Aggregation, GroupBy, Operation

from group_bys.flights.sources import DAY, MONTH, WEEK, departures

v1 = GroupBy(
    sources=[departures("origin", "carrier", "dep_delay")],
    keys=["origin"],
    aggregations=[
        Aggregation(
            input_column="dep_delay", operation=Operation.AVERAGE, windows=[DAY, WEEK, MONTH]
        ),
        Aggregation(input_column="carrier", operation=Operation.HISTOGRAM, windows=[WEEK]),
        Aggregation(input_column="dep_delay", operation=Operation.VARIANCE, windows=[MONTH]),
    ],
    online=True,
    backfill_start_date="2013-11-01",
)
