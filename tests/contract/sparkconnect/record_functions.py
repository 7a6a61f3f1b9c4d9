#!/usr/bin/env python3
"""Writes tests/golden/sparkconnect/functions.txt: what PySpark 4.1.1 sends for its functions.

Without it: a function that is called by another name, or with arguments in another order, is found
when a query of a user fails.

usage: .deps/oracle-spark/bin/python -W ignore tests/contract/sparkconnect/record_functions.py

A line: name, number of arguments, the expression in hexadecimal; the arguments are the columns c0,
c1, … Only calls whose arguments go out as they came are kept: where PySpark fills in a default,
ours leaves that to the server. Names that are no function of columns follow with a dash.
"""

import os
import pathlib
import sys
from typing import Any

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "golden" / "sparkconnect" / "functions.txt"
MOST = 8


def sent(function: "Any", columns: "list[Any]") -> "Any":
    """The function that is called, or None where that is no plain call."""
    from pyspark.sql.connect.column import Column

    try:
        column = function(*columns)
        expression = column._expr.to_plan(None) if isinstance(column, Column) else None
    except Exception:  # a wrong number of arguments is told in many ways
        return None
    if expression is None or expression.WhichOneof("expr_type") != "unresolved_function":
        return None
    names = [
        a.unresolved_attribute.unparsed_identifier for a in expression.unresolved_function.arguments
    ]
    return expression if names == [f"c{i}" for i in range(len(columns))] else None


def main() -> int:
    os.environ.pop("SPARK_REMOTE", None)
    import pyspark.sql.functions
    from pyspark.sql.connect.functions import builtin

    lines = []
    for name in sorted(n for n in pyspark.sql.functions.__all__ if hasattr(builtin, n)):
        calls = []
        for count in range(MOST + 1):
            columns = [builtin.col(f"c{i}") for i in range(count)]
            expression = sent(getattr(builtin, name), columns)
            if expression is not None:
                data = expression.SerializeToString(deterministic=True).hex()
                calls.append(f"{name} {count} {data}")
        lines += calls or [f"{name} -"]
    GOLDEN.write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} lines")
    sys.stdout.flush()
    os._exit(0)  # PySpark would ask the server for its leave, for ten minutes


if __name__ == "__main__":
    sys.exit(main())
