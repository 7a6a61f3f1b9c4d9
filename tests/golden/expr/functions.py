#!/usr/bin/env python3
"""Asks a real Spark's own registry for its functions, and writes functions.tsv beside this script.

    V/bin/python tests/golden/expr/functions.py     # V: see record.py

A line a function: its name and the group that Spark's own documentation puts it in. Aggregates,
generators, table and window functions are left out: what is left is the denominator of "how many of Spark's
functions do we know". Without it, coverage would be counted against a list that we chose."""

import os

HERE = os.path.dirname(os.path.abspath(__file__))
LEFT_OUT = {"agg_funcs", "generator_funcs", "table_funcs", "window_funcs"}


def main():
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
    utils = spark.sparkContext._jvm.org.apache.spark.sql.api.python.PythonSQLUtils
    rows, left_out = set(), 0
    for info in utils.listBuiltinFunctionInfos():
        if info.getGroup() in LEFT_OUT:
            left_out += 1
        else:
            rows.add((info.getGroup().removesuffix("_funcs") or "other", info.getName()))
    with open(os.path.join(HERE, "functions.tsv"), "w", encoding="utf-8") as out:
        out.write("# The scalar functions of Spark %s: group, name. Written by functions.py.\n" % spark.version)
        out.writelines("%s\t%s\n" % row for row in sorted(rows))
    print("%d functions, %d aggregates, generators and window functions left out" % (len(rows), left_out))
    spark.stop()


if __name__ == "__main__":
    main()
