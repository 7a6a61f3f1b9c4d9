"""PySpark's own client reads a query's rows, and says what that cost its process.

usage: spark_connect.py URL SQL toArrow|collect|check     SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import resource
import sys
import time

from pyspark.sql import SparkSession


def sum_of(values: list[int | str]) -> int:
    """The order of rows counts."""
    total = 0
    for value in values:
        numbers = [value] if isinstance(value, int) else [*value.encode(), len(value.encode())]
        for number in numbers:
            total = (total * 31 + number) % 2**64
    return total


url, sql, way = sys.argv[1:]
spark = SparkSession.builder.remote(url).getOrCreate()
cpu, wall = time.process_time(), time.monotonic()
frame = spark.sql(sql)
answer = frame.collect() if way == "collect" else frame.toArrow()
cpu, wall = time.process_time() - cpu, time.monotonic() - wall
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
sums = [sum_of(column.to_pylist()) for column in answer.columns] if way == "check" else []
said = {"rows": len(answer), "sums": sums, "cpu_s": cpu, "wall_s": wall, "peak_mib": peak}
print(json.dumps(said), flush=True)
os._exit(0)  # its exit hook may wait for the server for minutes
