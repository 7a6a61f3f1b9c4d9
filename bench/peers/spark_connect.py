"""PySpark's own client reads a query's rows, and says what that cost its process.

usage: spark_connect.py URL SQL toArrow|collect     SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import resource
import sys
import time

from pyspark.sql import SparkSession

url, sql, way = sys.argv[1:]
spark = SparkSession.builder.remote(url).getOrCreate()
cpu, wall = time.process_time(), time.monotonic()
frame = spark.sql(sql)
rows = frame.toArrow().num_rows if way == "toArrow" else len(frame.collect())
cpu, wall = time.process_time() - cpu, time.monotonic() - wall
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"rows": rows, "cpu_s": cpu, "wall_s": wall, "peak_mib": peak}), flush=True)
os._exit(0)  # its exit hook may wait for the server for minutes
