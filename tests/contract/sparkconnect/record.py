#!/usr/bin/env python3
"""Writes tests/golden/sparkconnect/plans.txt: the bytes of plans as PySpark 4.1.1 makes them.

Without it: a plan that Spark accepts by chance, and one that means something else, look alike.

usage: .deps/oracle-spark/bin/python tests/contract/sparkconnect/record.py

A line: name, bytes in hexadecimal. No server is needed. Plan ids begin anew with each plan.
"""

import datetime
import os
import pathlib
import sys
from collections.abc import Callable
from typing import Any

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "golden" / "sparkconnect" / "plans.txt"


def programs(spark: "Any") -> "dict[str, Callable[[], Any]]":
    from pyspark.sql.connect import functions as F
    from pyspark.sql.connect.column import Column
    from pyspark.sql.connect.expressions import (
        ColumnReference,
        LambdaFunction,
        LiteralExpression,
        UnresolvedFunction,
        UnresolvedNamedLambdaVariable,
    )
    from pyspark.sql.connect.plan import SQL, LocalRelation
    from pyspark.sql.connect.window import Window

    def once(df: "Any") -> "Any":
        return df._plan

    def orders() -> "Any":
        return spark.table("orders")

    def joined() -> "Any":
        left, right = spark.table("a"), spark.table("b")
        same = UnresolvedFunction("==", [column_of(left, "id")._expr, column_of(right, "id")._expr])
        first = left.join(right, Column(same), "left_outer")
        return once(first.join(spark.table("c"), ["id", "day"], "inner"))

    def column_of(df: "Any", name: str) -> "Any":
        """df.id, without asking the server whether there is one."""
        return Column(ColumnReference(name, df._plan._plan_id))

    def subquery() -> "Any":
        df = orders()
        top = spark.table("limits").select("top")
        return once(df.filter(F.col("amount") < top.scalar()))

    def transformed() -> "Any":
        x = UnresolvedNamedLambdaVariable(["x"])
        body = UnresolvedFunction("+", [x, LiteralExpression._from_value(1)])
        mapped = UnresolvedFunction("transform", [F.col("xs")._expr, LambdaFunction(body, [x])])
        case = F.when(F.col("a").isNull(), 0).otherwise(F.col("a"))
        return once(spark.table("t").select(Column(mapped), case, F.col("a").isin(1, 2)))

    return {
        "range": lambda: once(spark.range(0, 10, 1, 4)),
        "range-without-partitions": lambda: once(spark.range(5, 100, 7)),
        "range-below-zero": lambda: once(spark.range(-3, 0, 1)),
        "sql": lambda: SQL("SELECT 1"),
        "limit": lambda: once(spark.range(10).limit(3)),
        "select": lambda: once(spark.range(10).select("id", "*", "t.*", "a.b")),
        "select-nothing": lambda: once(spark.range(10).select()),
        "count": lambda: once(spark.range(10).groupBy().agg(F.count(F.lit(1)))),
        "three-steps": lambda: once(spark.range(10).limit(5).select("id").limit(2)),
        "schema-only": lambda: LocalRelation(None, schema="a INT"),
        "filter": lambda: once(
            orders().filter((F.col("amount") > 2.5) & (F.col("country") == "PL"))
        ),
        "shaped": lambda: once(
            orders()
            .withColumn("twice", F.col("amount") * 2)
            .withColumnsRenamed({"a": "c", "b": "d"})
            .drop("country", "city")
            .orderBy(F.col("twice").desc(), "id")
            .offset(3)
            .alias("t")
        ),
        "grouped": lambda: once(
            orders()
            .groupBy("country")
            .agg(F.sum("amount").alias("total"), F.count_distinct("city"))
        ),
        "pivoted": lambda: once(
            orders().groupBy("country").pivot("year", [2023, 2024]).agg(F.sum("amount"))
        ),
        "joined": joined,
        "united": lambda: once(
            spark.table("a").unionByName(spark.table("b"), allowMissingColumns=True).distinct()
        ),
        "windowed": lambda: once(
            orders().select(
                F.sum("amount")
                .over(
                    Window.partitionBy("country")
                    .orderBy(F.col("day").desc(), "id")
                    .rowsBetween(-2, 0)
                )
                .alias("running")
            )
        ),
        "subquery": subquery,
        "read": lambda: once(
            spark.read.format("csv")
            .schema("a INT, b STRING")
            .options(header="true", sep=";")
            .load(["/data/a.csv", "/data/b.csv"])
        ),
        "literals": lambda: once(
            spark.range(1).select(
                F.lit(None),
                F.lit(False),
                F.lit(0),
                F.lit(1),
                F.lit(1 << 40),
                F.lit(-0.0),
                F.lit(""),
                F.lit(b"\x00\x01"),
                F.lit(datetime.date(1970, 1, 1) + datetime.timedelta(19000)),
                F.col("id").cast("decimal(10,2)"),
                F.col("m")["k"],
            )
        ),
        "transformed": transformed,
        "cleaned": lambda: once(
            spark.table("t")
            .dropna(how="all", subset=["a", "b"])
            .fillna(0, subset=["c"])
            .sample(False, 0.5, 7)
            .repartition(3, "a")
            .coalesce(1)
            .hint("broadcast")
        ),
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
