"""W1 in Spark, local[2]: day partials a key first, kept by key in memory, then every partition from
the partials of its 30 days. One process for all rounds, since a JVM gets faster as it goes on: for
every line it reads it runs the whole backfill, and says what that cost.

usage: snapshot_spark.py EVENTS OUT FIRST_DAY_MS DAYS      SPDX-License-Identifier: Apache-2.0
"""

import datetime
import json
import os
import shutil
import sys
import time

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

DAY_MS = 86400000
TICK = os.sysconf("SC_CLK_TCK")
SETTINGS = {
    "spark.driver.memory": "6g",
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC -XX:ParallelGCThreads=2",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.ui.enabled": "false",
    "spark.driver.host": "localhost",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.session.timeZone": "UTC",
}


def day_partials(spark: SparkSession, events: str, first: int, last: int) -> DataFrame:
    return (
        spark.read.parquet(events)
        .where(f"ts >= {(first - 29) * DAY_MS} AND ts < {(last + 1) * DAY_MS}")
        .withColumn("day", f.expr(f"CAST(ts DIV {DAY_MS} AS INT)"))
        .withColumn("position", f.monotonically_increasing_id())
        .repartition(2, "user_id")
        .groupBy("user_id", "day")
        .agg(
            f.sum("amount").alias("total"),
            f.count("amount").alias("n"),
            f.min("amount").alias("least"),
            f.max("amount").alias("most"),
            f.sum("quantity").alias("pieces"),
            f.expr("slice(sort_array(collect_list(struct(ts, position, category)), false), 1, 10)")
            .getField("category")
            .alias("newest"),
            f.collect_set("category").alias("kinds"),
        )
    )


def partition(partials: DataFrame, day: int) -> DataFrame:
    week, today = f"day > {day - 7}", f"day = {day}"

    def some(column: str, when: str) -> str:
        return f"sum(CASE WHEN {when} THEN {column} END)"

    newest = f.expr(
        "slice(flatten(transform(sort_array(collect_list(struct(day, newest)), false),"
        " x -> x.newest)), 1, 10)"
    )
    return (
        partials.where(f"day BETWEEN {day - 29} AND {day}")
        .groupBy("user_id")
        .agg(
            f.expr(some("total", today)).alias("amount_sum_1d"),
            f.expr(some("total", week)).alias("amount_sum_7d"),
            f.expr("sum(total)").alias("amount_sum_30d"),
            f.expr(f"{some('total', week)} / {some('n', week)}").alias("amount_average_7d"),
            f.expr("sum(total) / sum(n)").alias("amount_average_30d"),
            f.expr("sum(n)").alias("amount_count_30d"),
            f.expr(some("pieces", week)).alias("quantity_sum_7d"),
            f.expr("sum(pieces)").alias("quantity_sum_30d"),
            f.expr("min(least)").alias("amount_min_30d"),
            f.expr("max(most)").alias("amount_max_30d"),
            newest.alias("category_last10_30d"),
            f.expr("CAST(size(array_distinct(flatten(collect_list(kinds)))) AS BIGINT)").alias(
                "category_approx_unique_count_30d"
            ),
        )
        .sortWithinPartitions("user_id")
    )


def backfill(spark: SparkSession, events: str, out: str, first: int, days: int) -> None:
    shutil.rmtree(out, ignore_errors=True)
    partials = day_partials(spark, events, first, first + days - 1).cache()
    for day in range(first, first + days):
        name = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
        partition(partials, day).write.parquet(f"{out}/ds={name}")
    partials.unpersist(blocking=True)


def cpu_seconds(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICK


def peak_mib(pid: int) -> float:
    with open(f"/proc/{pid}/status") as status:
        return next(int(x.split()[1]) for x in status if x.startswith("VmHWM")) / 1024


def main() -> None:
    events, out, first_ms, days = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
    builder = SparkSession.builder.master("local[2]").appName("w1")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    jvm = spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid()
    pids = [os.getpid(), jvm]
    for _ in sys.stdin:
        cpu, wall = cpu_seconds(pids), time.monotonic()
        backfill(spark, events, out, first_ms // DAY_MS, days)
        cost = {
            "cpu_s": cpu_seconds(pids) - cpu,
            "wall_s": time.monotonic() - wall,
            "peak_mib": peak_mib(jvm),
        }
        print(json.dumps(cost), flush=True)
    spark.stop()


main()
