"""W1 in DuckDB: day partials a key first, then every partition from the partials of its 30 days.

usage: snapshot_duckdb.py EVENTS OUT FIRST_DAY_MS DAYS      SPDX-License-Identifier: Apache-2.0
"""

import datetime
import pathlib
import sys

import duckdb

DAY_MS = 86400000
PARTIALS = """
CREATE TABLE partials AS
SELECT user_id, CAST(ts // 86400000 AS INTEGER) AS day, sum(amount) AS total, count(amount) AS n,
       min(amount) AS least, max(amount) AS most, sum(quantity)::BIGINT AS pieces,
       max_by(category, (ts, file_row_number), 10) AS newest, list(DISTINCT category) AS kinds
FROM read_parquet($events, file_row_number = true)
WHERE ts >= $from_ms AND ts < $to_ms
GROUP BY ALL ORDER BY day
"""
PARTITION = """
COPY (
  SELECT user_id,
         sum(total) FILTER (day = {day}) AS amount_sum_1d,
         sum(total) FILTER (day > {day} - 7) AS amount_sum_7d,
         sum(total) AS amount_sum_30d,
         sum(total) FILTER (day > {day} - 7) / sum(n) FILTER (day > {day} - 7)
           AS amount_average_7d,
         sum(total) / sum(n) AS amount_average_30d,
         sum(n)::BIGINT AS amount_count_30d,
         sum(pieces) FILTER (day > {day} - 7)::BIGINT AS quantity_sum_7d,
         sum(pieces)::BIGINT AS quantity_sum_30d,
         min(least) AS amount_min_30d,
         max(most) AS amount_max_30d,
         flatten(list(newest ORDER BY day DESC))[1:10] AS category_last10_30d,
         len(list_distinct(flatten(list(kinds)))) AS category_approx_unique_count_30d
  FROM partials
  WHERE day BETWEEN {day} - 29 AND {day}
  GROUP BY user_id ORDER BY user_id
) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
"""


def main() -> None:
    events, out, first_ms, days = sys.argv[1], pathlib.Path(sys.argv[2]), *map(int, sys.argv[3:])
    first = first_ms // DAY_MS
    engine = duckdb.connect(config={"threads": 2})
    span = {"from_ms": (first - 29) * DAY_MS, "to_ms": (first + days) * DAY_MS}
    engine.execute(PARTIALS, {"events": events, **span})
    for day in range(first, first + days):
        folder = out / f"ds={datetime.date(1970, 1, 1) + datetime.timedelta(days=day)}"
        folder.mkdir(parents=True)
        engine.execute(PARTITION.format(day=day, file=folder / "part.parquet"))


main()
