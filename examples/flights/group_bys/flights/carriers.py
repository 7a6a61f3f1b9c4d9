"""How late each airline has been lately, in all and by the airport it left from."""

from ai.chronon.group_by import Aggregation, Derivation, GroupBy, Operation

from group_bys.flights.sources import DAY, MONTH, WEEK, departures

v1 = GroupBy(
    sources=[departures("carrier", "dep_delay", "origin", late="IF(dep_delay > 15, 1, 0)")],
    keys=["carrier"],
    aggregations=[
        Aggregation(
            input_column="dep_delay", operation=Operation.AVERAGE, windows=[DAY, WEEK, MONTH]
        ),
        Aggregation(
            input_column="dep_delay", operation=Operation.COUNT, windows=[DAY, WEEK, MONTH]
        ),
        Aggregation(input_column="late", operation=Operation.SUM, windows=[WEEK, MONTH]),
        Aggregation(input_column="dep_delay", operation=Operation.MAX, windows=[WEEK]),
        Aggregation(
            input_column="dep_delay", operation=Operation.COUNT, windows=[WEEK], buckets=["origin"]
        ),
        Aggregation(input_column="dep_delay", operation=Operation.COUNT),
    ],
    derivations=[
        Derivation(name="*", expression="*"),
        Derivation(name="late_share_7d", expression="ROUND(late_sum_7d / dep_delay_count_7d, 3)"),
    ],
    online=True,
    backfill_start_date="2013-11-01",
)
