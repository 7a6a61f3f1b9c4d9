"""What each aircraft is, as registered on the day."""

from ai.chronon.group_by import GroupBy

from group_bys.flights.sources import planes

v1 = GroupBy(
    sources=[planes()],
    keys=["tailnum"],
    aggregations=None,
    online=True,
    backfill_start_date="2013-12-24",
)
