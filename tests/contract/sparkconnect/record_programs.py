#!/usr/bin/env python3
"""Writes programs.txt and coverage.txt of tests/golden/sparkconnect: PySpark 4.1.1's plans.

Without it: gnomon.spark's plans are compared with what we believe PySpark sends.

usage: .deps/oracle-spark/bin/python tests/contract/sparkconnect/record_programs.py
       ... record_programs.py --show 'df.limit(3)'     the plan of one program, as text

A line: the sha256 of the bytes, the program. Beside those of programs.txt, there are calls of every
function of PySpark's Connect list, made from its signature. No server is needed.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import sys
import types
import warnings
from collections import Counter
from typing import Any

from programs import PROGRAMS, Sent, programs, run

GOLDEN = PROGRAMS.parents[2] / "golden" / "sparkconnect"
PYTHON_ONLY = {"udf", "pandas_udf", "arrow_udf", "udtf", "arrow_udtf"}  # run Python on the server


# ---- PySpark without a server ----


def capture() -> None:
    """Actions raise what they would send."""
    from pyspark.sql.connect.catalog import Catalog
    from pyspark.sql.connect.client import SparkConnectClient
    from pyspark.sql.connect.plan import LogicalPlan

    def send_plan(self: Any, client: Any) -> Any:
        raise Sent(self.plan(None).SerializeToString(deterministic=True))

    def send_command(self: Any, command: Any, *unused: Any) -> Any:
        raise Sent(command.SerializeToString(deterministic=True))

    def send_catalog(self: Any, catalog: Any) -> Any:
        return send_plan(catalog, None)

    LogicalPlan.to_proto = send_plan
    SparkConnectClient.execute_command = send_command
    Catalog._execute_and_fetch = send_catalog


def fill(message: Any, fields: dict[str, Any]) -> None:
    """Fields by their names, as gnomon.spark takes them."""
    for name, value in fields.items():
        field = message.DESCRIPTOR.fields_by_name[name]
        if field.message_type is not None:
            put_message(message, field, value)
        elif field.is_repeated:
            getattr(message, name).extend(value)
        elif field.enum_type is not None and isinstance(value, str):
            setattr(message, name, field.enum_type.values_by_name[value].number)
        else:
            setattr(message, name, value)


def put_message(message: Any, field: Any, value: Any) -> None:
    target = getattr(message, field.name)
    if not field.is_repeated:
        target.SetInParent()
        put_one(target, value)
    elif field.message_type.GetOptions().map_entry:
        nested = field.message_type.fields_by_name["value"].message_type is not None
        for key, item in value.items():
            if nested:
                put_one(target[key], item)
            else:
                target[key] = item
    else:
        for item in value:
            put_one(target.add(), item)


def put_one(target: Any, value: Any) -> None:
    if isinstance(value, dict):
        fill(target, value)
        return
    made = value._plan.plan(None) if "_plan" in vars(value) else value.to_plan(None)
    if made.DESCRIPTOR.name != target.DESCRIPTOR.name:  # the literal of an expression
        made = getattr(made, made.WhichOneof("expr_type"))
    target.CopyFrom(made)


def raw_builders(spark: Any) -> types.SimpleNamespace:
    import pyspark.sql.connect.proto as proto
    from pyspark.sql.connect.column import Column
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.expressions import Expression
    from pyspark.sql.connect.plan import LogicalPlan

    class RawPlan(LogicalPlan):
        def __init__(self, type: str, fields: dict[str, Any]) -> None:
            super().__init__(None)
            self.type, self.fields = type, fields

        def plan(self, session: Any) -> Any:
            out = self._create_proto_relation()
            getattr(out, self.type).SetInParent()
            fill(getattr(out, self.type), self.fields)
            return out

    class RawExpression(Expression):
        def __init__(self, type: str, fields: dict[str, Any]) -> None:
            self.type, self.fields = type, fields

        def to_plan(self, session: Any) -> Any:
            out = proto.Expression()
            getattr(out, self.type).SetInParent()
            fill(getattr(out, self.type), self.fields)
            return out

        def __repr__(self) -> str:
            return self.type

    def command(type: str, /, **fields: Any) -> None:
        out = proto.Command()
        getattr(out, type).SetInParent()
        fill(getattr(out, type), fields)
        raise Sent(out.SerializeToString(deterministic=True))

    return types.SimpleNamespace(
        relation=lambda type, /, **fields: DataFrame(RawPlan(type, fields), spark),
        expression=lambda type, /, **fields: Column(RawExpression(type, fields)),
        command=command,
    )


def world(spark: Any) -> dict[str, Any]:
    import pyspark.sql.types as T
    from pyspark import StorageLevel
    from pyspark.sql.connect import functions as F
    from pyspark.sql.connect.expressions import UnresolvedNamedLambdaVariable
    from pyspark.sql.connect.plan import LogicalPlan
    from pyspark.sql.connect.window import Window

    LogicalPlan._nextPlanId = 0
    UnresolvedNamedLambdaVariable._nextVarNameId = 0
    names = {"spark": spark, "F": F, "T": T, "Window": Window, "StorageLevel": StorageLevel}
    names.update(df=spark.table("df"), other=spark.table("other"), raw=raw_builders(spark))
    return names


def encode(made: Any) -> bytes:
    return bytes(made._plan.plan(None).SerializeToString(deterministic=True))


# ---- programs made from signatures ----


def calls_of(name: str, function: Any) -> list[str]:
    """All arguments as names; as columns; only those that must be; as numbers."""
    positional, required, numbers = [], [], []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind == parameter.VAR_POSITIONAL:
            given = [f"{parameter.name}1", f"{parameter.name}2"]
            positional += given
            required += given
            numbers += given
        elif parameter.kind == parameter.POSITIONAL_OR_KEYWORD and parameter.name != "options":
            positional.append(parameter.name)
            numbers.append(parameter.name)
            if parameter.default is parameter.empty:
                required.append(parameter.name)
    lists = [
        [repr(p) for p in positional],
        [f"F.col({p!r})" for p in positional],
        [repr(p) for p in required],
        [repr(p) if i == 0 else str(i + 1) for i, p in enumerate(numbers)],
    ]
    return list(dict.fromkeys(f"df.select(F.{name}({', '.join(one)}))" for one in lists))


def derived(spark: Any) -> list[str]:
    """The calls that PySpark takes; a program of a function must be among all."""
    import pyspark.sql.functions as listed
    from pyspark.sql.connect import functions as F

    out = []
    for name in sorted(set(listed.__all__)):
        function = getattr(F, name, None)
        if function is None or inspect.isclass(function) or name in PYTHON_ONLY:
            continue
        for program in calls_of(name, function):
            try:
                run(program, world(spark), encode)
            except Exception:
                continue
            out.append(program)
    return out


# ---- what of the protocol was exercised ----


def members(descriptor: Any) -> list[Any]:
    return [field for field in descriptor.fields if field.name != "common"]


def visit(message: Any, seen: Counter[str]) -> None:
    for field, value in message.ListFields():
        seen[f"{message.DESCRIPTOR.full_name}.{field.name}"] += 1
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for item in value.values():
                    visit(item, seen)
        elif field.is_repeated:
            for item in value:
                visit(item, seen)
        else:
            visit(value, seen)


def reachable(descriptor: Any, found: dict[str, Any]) -> None:
    if descriptor.full_name in found or not descriptor.full_name.startswith("spark.connect."):
        return
    found[descriptor.full_name] = descriptor
    for field in descriptor.fields:
        if field.message_type is None:
            continue
        reachable(field.message_type, found)


def coverage(seen: Counter[str]) -> list[str]:
    import pyspark.sql.connect.proto as proto

    lines = []
    for kind, oneof in (
        (proto.Relation, "rel_type"),
        (proto.Expression, "expr_type"),
        (proto.Command, "command_type"),
    ):
        descriptor = kind.DESCRIPTOR
        names = [field.name for field in descriptor.oneofs_by_name[oneof].fields]
        missing = [n for n in names if not seen[f"{descriptor.full_name}.{n}"]]
        reached = f"{len(names) - len(missing)}/{len(names)}"
        lines.append(f"{descriptor.name} {reached} without {' '.join(missing)}")
    found: dict[str, Any] = {}
    for kind in (proto.Relation, proto.Command):
        reachable(kind.DESCRIPTOR, found)
    fields = [
        f"{name}.{field.name}"
        for name, descriptor in sorted(found.items())
        if not descriptor.GetOptions().map_entry
        for field in descriptor.fields
    ]
    missing = [name for name in fields if not seen[name]]
    lines.append(f"fields {len(fields) - len(missing)}/{len(fields)} without")
    lines += [f"  {name.removeprefix('spark.connect.')}" for name in missing]
    return lines


def parse(data: bytes, is_command: bool) -> Any:
    import pyspark.sql.connect.proto as proto

    message = (proto.Command if is_command else proto.Relation)()
    message.ParseFromString(data)
    return message


def main(arguments: list[str]) -> int:
    os.environ.pop("SPARK_REMOTE", None)
    warnings.simplefilter("ignore")
    from pyspark.sql.connect.session import SparkSession

    spark = SparkSession(connection="sc://localhost:1/;user_id=none")
    capture()
    if arguments[:1] == ["--show"]:
        data = run(arguments[1], world(spark), encode)
        print(data.hex(), parse(data, False), sep="\n")
        return 0
    every = [*programs(), *derived(spark)]
    lines, seen = [], Counter[str]()
    for program in dict.fromkeys(every):
        try:
            data = run(program, world(spark), encode)
        except Exception as error:
            sys.exit(f"{program}\n    {type(error).__name__}: {error}")
        lines.append(f"{hashlib.sha256(data).hexdigest()} {program}")
        commands = (".write", ".merge", "raw.command", "checkpoint", "Checkpoint", "TempView(")
        is_command = any(word in program for word in commands) and "dropGlobal" not in program
        visit(parse(data, is_command and "dropTempView" not in program), seen)
    (GOLDEN / "programs.txt").write_text("\n".join(lines) + "\n")
    (GOLDEN / "coverage.txt").write_text("\n".join(coverage(seen)) + "\n")
    print(f"{len(lines)} programs")
    return 0


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(status)  # PySpark would ask the server for its leave, for ten minutes
