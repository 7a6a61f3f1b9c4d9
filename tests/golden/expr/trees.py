#!/usr/bin/env python3
"""Asks a real Spark what random expressions give, and writes trees.jsonl beside this script.

    GN_TREES=17000 build/asan/tests/contract/expr/test-expr-random | V/bin/python tests/golden/expr/trees.py

V is record.py's. The program prints a line a column (name, type, a literal a row) and then a line a
tree. All of them are asked without ANSI, each once, many in a query; every eighth of the first 2,400 also under ANSI,
where rows fail, one query a row, for the first few rows. An answer that Arrow cannot carry is left out.
The first line of trees.jsonl is {"spark", "columns": [[name, type, literal, …], …]};
then a line an answer: {"e": tree, "type", "out": [cell a row]} or {"e", "refused"}, and "ansi": true where it was on."""

import logging
import os
import sys

import oracle
import record

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = 40
ANSI_EVERY = 8
ANSI_OF = 2400
ANSI_ROWS = 6


def read_program(lines):
    columns, trees = [], []
    for line in lines:
        line = line.rstrip("\n")
        if "\t" in line:
            columns.append(line.split("\t"))
        elif line and not line.startswith(("1..", "ok ", "#", "[")):
            trees.append(line)
    return columns, trees


def view(spark, columns, name, rows):
    """A temporary view of some of the rows; each has its number, to keep the order."""
    tuples = []
    for at in rows:
        cells = ["CAST(%s AS %s)" % (c[at + 2], c[1]) for c in columns]
        tuples.append("(%s)" % ", ".join([str(at), *cells]))
    names = ", ".join(["at", *(c[0] for c in columns)])
    spark.conf.set("spark.sql.ansi.enabled", "false")
    table = spark.sql("SELECT * FROM VALUES %s AS t(%s)" % (", ".join(tuples), names)).toArrow()
    spark.createDataFrame(table).createOrReplaceTempView(name)


def ask(spark, trees, name):
    """A dictionary a tree; those that are refused, or fail, are asked again alone."""
    select = ", ".join("%s AS v%d" % (tree, i) for i, tree in enumerate(trees))
    try:
        frame = spark.sql("SELECT at, %s FROM %s" % (select, name))
        kinds = [f.dataType.simpleString() for f in frame.schema.fields[1:]]
        table = frame.toArrow().sort_by("at")
    except Exception as error:  # noqa: BLE001: whatever Spark says is the answer
        if len(trees) == 1:
            return [{"e": trees[0], "refused": record.error_class(error)}]
        half = len(trees) // 2
        return ask(spark, trees[:half], name) + ask(spark, trees[half:], name)
    return [{"e": t, "type": k, "out": record.plain(table.column(i + 1))}
            for i, (t, k) in enumerate(zip(trees, kinds))]


def ask_ansi(spark, tree):
    answers = [ask(spark, [tree], "one%d" % at)[0] for at in range(ANSI_ROWS)]
    kinds = {a["type"] for a in answers if "type" in a}
    if not kinds:  # it is refused, or every row fails: the type says which
        try:
            kinds = {spark.sql("SELECT %s AS v FROM one0" % tree).schema.fields[0].dataType.simpleString()}
        except Exception:  # noqa: BLE001
            return dict(answers[0], ansi=True)
    out = [a["out"][0] if "out" in a else {"error": a["refused"]} for a in answers]
    return {"e": tree, "ansi": True, "type": kinds.pop(), "out": out}


def main():
    logging.disable(logging.ERROR)
    columns, trees = read_program(sys.stdin)
    with oracle.server() as address, open(os.path.join(HERE, "trees.jsonl.tmp"), "w", encoding="utf-8") as out:
        spark = oracle.session(address)
        # Else the optimizer computes a small table's expressions row by row before it simplifies them,
        # and a row fails that in a table of files does not.
        spark.conf.set("spark.sql.optimizer.excludedRules",
                       "org.apache.spark.sql.catalyst.optimizer.ConvertToLocalRelation")
        record.dump(out, {"spark": spark.version, "columns": columns})
        view(spark, columns, "given", range(len(columns[0]) - 2))
        plain = list(dict.fromkeys(trees))
        for begin in range(0, len(plain), BATCH):
            for answer in ask(spark, plain[begin:begin + BATCH], "given"):
                if "Invalid: " not in answer.get("refused", ""):  # Arrow's word, not Spark's
                    record.dump(out, answer)
            print("%d of %d" % (begin, len(plain)), file=sys.stderr, flush=True)
        for at in range(ANSI_ROWS):
            view(spark, columns, "one%d" % at, [at])
        spark.conf.set("spark.sql.ansi.enabled", "true")
        for tree in dict.fromkeys(trees[:ANSI_OF:ANSI_EVERY]):
            record.dump(out, ask_ansi(spark, tree))
        spark.stop()
    os.replace(os.path.join(HERE, "trees.jsonl.tmp"), os.path.join(HERE, "trees.jsonl"))


if __name__ == "__main__":
    main()
