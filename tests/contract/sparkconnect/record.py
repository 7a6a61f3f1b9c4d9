#!/usr/bin/env python3
"""Writes tests/golden/sparkconnect/plans.txt: the bytes of plans as PySpark 4.1.1 makes them.

Without it: a plan that Spark accepts by chance, and one that means something else, look alike.

usage: .deps/oracle-spark/bin/python tests/contract/sparkconnect/record.py

A line: name, bytes in hexadecimal. No server is needed. Plan ids begin anew with each plan.
"""

import os
import pathlib
import sys
from collections.abc import Callable
from typing import Any

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "golden" / "sparkconnect" / "plans.txt"


def programs(spark: "Any") -> "dict[str, Callable[[], Any]]":
    from pyspark.sql.connect import functions as F
    from pyspark.sql.connect.plan import SQL, LocalRelation, ShowString

    def shown(df: "Any", rows: int, truncate: int, vertical: bool) -> "Any":
        return ShowString(child=df._plan, num_rows=rows, truncate=truncate, vertical=vertical)

    def once(df: "Any") -> "Any":
        return df._plan

    return {
        "range": lambda: once(spark.range(0, 10, 1, 4)),
        "range-without-partitions": lambda: once(spark.range(5, 100, 7)),
        "range-below-zero": lambda: once(spark.range(-3, 0, 1)),
        "sql": lambda: SQL("SELECT 1"),
        "limit": lambda: once(spark.range(10).limit(3)),
        "select": lambda: once(spark.range(10).select("id", "*", "t.*", "a.b")),
        "select-nothing": lambda: once(spark.range(10).select()),
        "count": lambda: once(spark.range(10).groupBy().agg(F.count(F.lit(1)))),
        "show": lambda: shown(spark.range(10), 20, 20, False),
        "show-vertical": lambda: shown(spark.range(10), 5, 0, True),
        "three-steps": lambda: once(spark.range(10).limit(5).select("id").limit(2)),
        "schema-only": lambda: LocalRelation(None, schema="a INT"),
    }


def main() -> int:
    os.environ.pop("SPARK_REMOTE", None)
    from pyspark.sql.connect.plan import LogicalPlan
    from pyspark.sql.connect.session import SparkSession

    spark = SparkSession(connection="sc://localhost:1/;user_id=none")
    lines = []
    for name, program in programs(spark).items():
        LogicalPlan._nextPlanId = 0
        relation = program().plan(None)
        lines.append(f"{name} {relation.SerializeToString(deterministic=True).hex()}")
    GOLDEN.write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} plans")
    sys.stdout.flush()
    os._exit(0)  # PySpark would ask the server for its leave, for ten minutes


if __name__ == "__main__":
    sys.exit(main())
