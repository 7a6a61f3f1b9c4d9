"""A client in Python sends a table of Arrow to the server, which sums it up; says what that cost.

The two clients have one interface, so these are the same lines for both.

usage: spark_ingest.py pyspark.sql|gnomon.spark URL ROWS      SPDX-License-Identifier: Apache-2.0
"""

import importlib
import json
import os
import resource
import sys
import time

import pyarrow

module, url, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
numbers = pyarrow.array(range(rows), pyarrow.int64())
texts = pyarrow.array([str(i) for i in range(rows)])
table = pyarrow.table({"id": numbers, "d": numbers, "s": texts})
spark = importlib.import_module(module).SparkSession.builder.remote(url).getOrCreate()
cpu, wall = time.process_time(), time.monotonic()
frame = spark.createDataFrame(table).selectExpr("count(*)", "sum(id)", "sum(d)", "sum(length(s))")
sums = list(frame.collect()[0])
cpu, wall = time.process_time() - cpu, time.monotonic() - wall
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
said = {"rows": sums[0], "sums": sums[1:], "cpu_s": cpu, "wall_s": wall, "peak_mib": peak}
print(json.dumps(said), flush=True)
spark.stop()  # else the server keeps the rows
os._exit(0)  # PySpark's exit hook may wait for the server for minutes
