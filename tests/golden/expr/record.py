#!/usr/bin/env python3
"""Asks a real Spark what the expressions of *.cases give, and writes its answers beside them.

    python3 -m venv V && V/bin/pip install -r deps/oracle-spark.txt
    V/bin/python tests/golden/expr/record.py [FAMILY...]     # writes FAMILY.jsonl
    V/bin/python tests/golden/expr/record.py --check 0.1     # a seeded tenth, compared, not written

The server is oracle.py's.

A case is an expression with inputs in braces: `{int} + {int}`, `upper({string})`. An input is a list
of inputs.txt: its type and its values. One input gives a row a value; several give all
combinations, the last changing fastest, or ROWS_MAX of them spread evenly. Every case is asked with
and without ANSI.

The first line of a .jsonl file holds the lists that the cases use. Then a line a case: the
expression over columns a, b, …; their lists; and per mode the type with an answer a row, or why
Spark refuses. Answers: integers, dates (days), timestamps and intervals (microseconds) as numbers;
reals and decimals as text; bytes as hex; maps as pairs; {"error": CLASS} for a row that fails."""

import argparse
import glob
import itertools
import json
import logging
import os
import random
import re
import sys
import time

import oracle

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS_MAX = 64
ALONE_MAX = 6  # rows asked alone of a case that is checked again
MODES = (("plain", "false"), ("ansi", "true"))


# ---- cases


def read_inputs():
    """name -> (type, [literal, ...]). Values are parted by " | "; lines go on when indented."""
    lists, name = {}, None
    for line in open(os.path.join(HERE, "inputs.txt"), encoding="utf-8"):
        line = line.rstrip("\n")
        if not line.strip() or line.startswith("#"):
            continue
        if not line[0].isspace():
            name, kind, line = re.match(r"(\w+) (\S+):(.*)", line).groups()
            lists[name] = (kind, [])
        lists[name][1].extend(v.strip() for v in line.split(" | ") if v.strip())
    return lists


def all_families():
    return [os.path.basename(p)[:-6] for p in glob.glob(os.path.join(HERE, "*.cases"))]


def read_cases(family, lists):
    for line in open(os.path.join(HERE, family + ".cases"), encoding="utf-8"):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        used = []

        def column(match):
            name, _, same = match.group(1).partition("#")
            if name not in lists:
                return match.group(0)  # a brace of a regular expression
            key = (name, same or len(used))
            if same and key in used:
                return "abcdefgh"[used.index(key)]
            used.append(key)
            return "abcdefgh"[len(used) - 1]

        text = re.sub(r"\{(\w+(?:#\d)?)\}", column, line)
        names = [name for name, _ in used]
        yield text, names


def choose_rows(names, lists):
    """Which value of each list a row takes; the tests choose alike."""
    rows = list(itertools.product(*[range(len(lists[n][1])) for n in names]))
    if len(rows) > ROWS_MAX:
        rows = [rows[i * len(rows) // ROWS_MAX] for i in range(ROWS_MAX)]
    return rows


# ---- answers


def plain(array):
    """An Arrow array as JSON values."""
    import pyarrow as pa
    import pyarrow.types as t

    kind = array.type
    if isinstance(array, pa.ChunkedArray):
        return list(itertools.chain.from_iterable(plain(c) for c in array.chunks))
    valid = [v.is_valid for v in array]
    if t.is_date(kind):
        values = array.cast(pa.int32()).to_pylist()
    elif t.is_duration(kind):
        values = array.cast(pa.int64()).to_pylist()
    elif t.is_timestamp(kind):
        values = array.cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()
    elif t.is_float32(kind):
        import numpy
        values = [real(v, lambda x: repr(float(str(numpy.float32(x))))) for v in array.to_pylist()]
    elif t.is_floating(kind):
        values = [real(v, repr) for v in array.to_pylist()]
    elif t.is_decimal(kind):
        values = [None if v is None else format(v, "f") for v in array.to_pylist()]
    elif t.is_binary(kind):
        values = [None if v is None else v.hex() for v in array.to_pylist()]
    elif t.is_list(kind) or t.is_large_list(kind):
        values = [plain(v.values) if v.is_valid else None for v in array]
    elif t.is_map(kind):
        values = []
        for v in array:
            if not v.is_valid:
                values.append(None)
                continue
            entries = v.values
            values.append([list(p) for p in zip(plain(entries.field(0)), plain(entries.field(1)))])
    elif t.is_struct(kind):
        fields = [plain(array.field(i)) for i in range(kind.num_fields)]
        values = [[f[i] for f in fields] for i in range(len(array))]
    else:
        values = array.to_pylist()
    return [v if ok else None for v, ok in zip(values, valid)]


def real(value, text):
    if value is None:
        return None
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), text(value))


def error_class(error):
    text = str(getattr(error, "message", None) or error)
    match = re.search(r"\[([A-Z0-9_.]+)\]", text)
    return match.group(1) if match else text.split("\n")[0][:120]


def ask(spark, lists, text, names, rows):
    """The type and the answers of one mode."""
    def select(some):
        if not names:
            return "SELECT %s AS v" % text
        columns = ["CAST(%s AS %s)" for _ in names]
        tuples = []
        for row in some:
            cells = [c % (lists[n][1][i], lists[n][0]) for c, n, i in zip(columns, names, row)]
            tuples.append("(%s)" % ", ".join(cells))
        letters = ", ".join("abcdefgh"[: len(names)])
        return "SELECT %s AS v FROM VALUES %s AS t(%s)" % (text, ", ".join(tuples), letters)

    some = rows[:1] if names else rows
    try:
        kind = spark.sql(select(some)).schema.fields[0].dataType.simpleString()
    except Exception as error:  # noqa: BLE001: whatever Spark says is the answer
        return {"refused": error_class(error)}
    if not names:
        rows = [()]
    try:
        return {"type": kind, "out": plain(spark.sql(select(rows)).toArrow().column(0))}
    except Exception:  # noqa: BLE001: some row fails: one at a time
        out = []
        for row in rows:
            try:
                out.append(plain(spark.sql(select([row])).toArrow().column(0))[0])
            except Exception as error:  # noqa: BLE001
                out.append({"error": error_class(error)})
        return {"type": kind, "out": out}


def record(spark, lists, text, names):
    line = {"e": text, "in": names}
    rows = choose_rows(names, lists)
    for mode, ansi in MODES:
        spark.conf.set("spark.sql.ansi.enabled", ansi)
        line[mode] = ask(spark, lists, text, names, rows)
    return line


def dump(out, what):
    out.write(json.dumps(what, ensure_ascii=False, separators=(",", ":")) + "\n")


def record_family(spark, family, lists, path):
    began = time.time()
    cases = list(read_cases(family, lists))
    used = {n: [lists[n][0]] + lists[n][1] for n in sorted({n for _, names in cases for n in names})}
    with open(path + ".tmp", "w", encoding="utf-8") as out:
        dump(out, {"spark": spark.version, "lists": used})
        for text, names in cases:
            try:
                dump(out, record(spark, lists, text, names))
            except Exception as error:
                raise SystemExit("%s: %s" % (text, error)) from error
    os.replace(path + ".tmp", path)
    print("%s: %d cases, %.0f s" % (family, len(cases), time.time() - began), flush=True)


def check_again(spark, path, part, chosen):
    """Asks a part of a family's cases again: how many, and those that changed."""
    asked, changed = 0, []
    with open(path, encoding="utf-8") as lines:
        lists = {n: (v[0], v[1:]) for n, v in json.loads(next(lines))["lists"].items()}
        for line in lines:
            if chosen.random() >= part:
                continue
            asked += 1
            old = json.loads(line)
            for mode, ansi in MODES:
                if not same_again(spark, lists, old, mode, ansi, chosen):
                    changed.append("%s (%s)" % (old["e"], mode))
    return asked, changed


def same_again(spark, lists, old, mode, ansi, chosen):
    """Rows are asked together where none failed; where some did, alone, and only a few of them."""
    spark.conf.set("spark.sql.ansi.enabled", ansi)
    rows, answer = choose_rows(old["in"], lists), old[mode]
    if any(isinstance(v, dict) for v in answer.get("out", [])):
        keep = sorted(chosen.sample(range(len(rows)), min(len(rows), ALONE_MAX)))
        rows = [rows[i] for i in keep]
        answer = dict(answer, out=[answer["out"][i] for i in keep])
    return ask(spark, lists, old["e"], old["in"], rows) == answer


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("families", nargs="*")
    parser.add_argument("--check", type=float, help="compare this part of the recorded answers instead")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    families = args.families or sorted(f for f in all_families() if not f.startswith("query"))
    logging.disable(logging.ERROR)  # refusals are answers here, not news
    wrong = 0
    with oracle.server() as address:
        spark = oracle.session(address)
        for family in families:
            path = os.path.join(HERE, family + ".jsonl")
            if not args.check:
                record_family(spark, family, read_inputs(), path)
                continue
            asked, changed = check_again(spark, path, args.check, random.Random("%s %d" % (family, args.seed)))
            print(json.dumps({"family": family, "asked": asked, "changed": changed}), flush=True)
            wrong += len(changed)
        spark.stop()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
