#!/usr/bin/env python3
"""Asks a real Spark what the statements of query.cases give, and writes its answers beside them.

    V/bin/python tests/golden/expr/record_query.py              # writes query.jsonl
    V/bin/python tests/golden/expr/record_query.py --new        # keeps the answers that are there
    V/bin/python tests/golden/expr/record_query.py --check 0.1  # a seeded tenth, not written

V and the server are oracle.py's. The first line of query.jsonl has the tables, as statements too.
Then a line a statement, with and without ANSI ("same" where that changes nothing): its columns
(name, type, nullable) and rows, as record.py writes values; or why Spark refuses it, or how it
fails."""

import argparse
import json
import logging
import os
import random
import re
import sys

import oracle
import record

HERE = os.path.dirname(os.path.abspath(__file__))
MODES = (("plain", "false"), ("ansi", "true"))


def lines_of(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as lines:
        return lines.readlines()


def read_cases():
    tables, cases, lines = {}, [], []
    for line in lines_of("query.cases"):
        line = line.rstrip("\n")
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            lines[-1] += "\n" + line.strip()
        else:
            lines.append(line)
    for line in lines:
        table = re.match(r"table ([\w.]+): (.*)", line, re.DOTALL)
        if table:
            tables[table.group(1)] = table.group(2)
        else:
            cases.append(line)
    return tables, cases


def make_tables(spark, tables):
    """A view for each; one with a namespace is a real table there."""
    spark.conf.set("spark.sql.ansi.enabled", "false")
    for name, sql in tables.items():
        if "." in name:
            spark.sql("CREATE DATABASE IF NOT EXISTS " + name.split(".")[0]).toArrow()
            spark.sql("DROP TABLE IF EXISTS " + name).toArrow()
            spark.sql(f"CREATE TABLE {name} USING parquet AS {sql}").toArrow()
        else:
            spark.sql(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {sql}").toArrow()


def ask(spark, sql):
    try:
        fields = spark.sql(sql).schema.fields
    except Exception as error:
        return {"refused": record.error_class(error)}
    columns = [[f.name, f.dataType.simpleString(), f.nullable] for f in fields]
    try:
        table = spark.sql(sql).toArrow()
    except Exception as error:
        return {"columns": columns, "error": record.error_class(error)}
    cells = [record.plain(column) for column in table.columns]
    return {"columns": columns, "rows": [list(row) for row in zip(*cells)]}


def ask_modes(spark, sql):
    line = {"q": sql}
    for mode, ansi in MODES:
        spark.conf.set("spark.sql.ansi.enabled", ansi)
        line[mode] = ask(spark, sql)
    if line["ansi"] == line["plain"]:
        line["ansi"] = "same"
    return line


def read_answers(path, tables):
    with open(path, encoding="utf-8") as lines:
        if json.loads(next(lines))["tables"] != tables:
            sys.exit("the tables are others now: record all")
        return {line["q"]: line for line in map(json.loads, lines)}


def write_all(spark, tables, cases, known, path):
    with open(path + ".tmp", "w", encoding="utf-8") as out:
        record.dump(out, {"spark": spark.version, "tables": tables})
        for sql in cases:
            record.dump(out, known.get(sql) or ask_modes(spark, sql))
    os.replace(path + ".tmp", path)
    print(f"query: {len(cases)} statements", flush=True)


def unordered(line):
    """Rows sorted: without ORDER BY their order is nobody's promise."""
    for mode, _ in MODES:
        if "rows" in line[mode]:
            line[mode]["rows"].sort(key=json.dumps)
    return line


def check_again(spark, path, part, chosen):
    wrong = asked = 0
    with open(path, encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            old = json.loads(line)
            if chosen.random() >= part:
                continue
            asked += 1
            if unordered(ask_modes(spark, old["q"])) != unordered(old):
                wrong += 1
                print("changed: " + old["q"])
    print(f"{asked} statements asked again, {wrong} changed")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "--check", type=float, help="compare this part of the recorded answers instead"
    )
    parser.add_argument("--new", action="store_true", help="keep the answers that are there")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    tables, cases = read_cases()
    path = os.path.join(HERE, "query.jsonl")
    logging.disable(logging.ERROR)  # refusals are answers here, not news
    with oracle.server() as address:
        spark = oracle.session(address)
        make_tables(spark, tables)
        wrong = 0
        if args.check:
            wrong = check_again(spark, path, args.check, random.Random(args.seed))
        else:
            known = read_answers(path, tables) if args.new else {}
            write_all(spark, tables, cases, known, path)
        spark.stop()
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
