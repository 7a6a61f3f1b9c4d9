"""Which options builders have, and which of them the corpus uses.

An option is a parameter of a builder (`GroupBy.lag`), its further keywords (`GroupBy.**`), a member
of an enumeration or of DataType (`Operation.SUM`), or a field of a struct (`struct MetaData.team`).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from typing import Any

from corpus import Case
from gnomon.chronon import group_by, join, model, query, staging_query
from gnomon.chronon._struct import STRUCTS, Enumeration
from gnomon.chronon.api import ttypes

MODULES = (group_by, join, model, query, staging_query)
ENUMERATIONS = ("Operation", "TimeUnit", "Accuracy", "DataType")
# Chronon's engine makes these; no definition holds one.
NOT_DEFINED = ("AggregationPart", "GroupByServingInfo")
INNER = ("collector", "generic_collector")


def is_builder(name: str, value: Any) -> bool:
    """Whether a member of a module is a function for definitions."""
    code = getattr(value, "__code__", None)
    public = name[0].isupper() or name in ("select", "get_staging_query_dependencies")
    return code is not None and public and name not in INNER


def parameters(function: Any) -> list[str]:
    """A function's parameters; `*` and `**` for any more."""
    code = function.__code__
    names = list(code.co_varnames[: code.co_argcount])
    return names + ["*"] * bool(code.co_flags & 4) + ["**"] * bool(code.co_flags & 8)


def builders() -> dict[str, list[str]]:
    """Function -> parameters."""
    return {
        name: parameters(value)
        for module in MODULES
        for name, value in vars(module).items()
        if is_builder(name, value)
    }


def there_are() -> set[str]:
    """All options."""
    found = {f"{name}.{option}" for name, options in builders().items() for option in options}
    for name in ENUMERATIONS:
        members = getattr(join if name == "DataType" else group_by, name)
        names = [word for word in dir(members) if word.isupper() and word[0] != "_"]
        found |= {f"{name}.{word}" for word in names}
    for struct in STRUCTS.values():
        if struct.__name__ not in NOT_DEFINED and struct.__module__ == ttypes.__name__:
            found |= {f"struct {struct.__name__}.{row.name}" for row in struct.FIELDS}
    return found


def used(cases: Iterable[Case], answers: dict[str, dict[str, Any]]) -> set[str]:
    """The options that cases use, and the fields that their compiled files have."""
    known = builders()
    found: set[str] = set()
    for case in cases:
        for files, _ in case.stages():
            for path, text in files.items():
                if path.endswith(".py"):
                    found.update(_in_source(text, known))
        if not answers[case.id]["refused"]:
            for path, text in answers[case.id]["files"].items():
                found.update(_in_compiled(path, json.loads(text)))
    return found & there_are()


def _in_source(text: str, known: dict[str, list[str]]) -> Iterator[str]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"
        if isinstance(node, ast.Call):
            yield from _in_call(node, known)


def _in_call(node: ast.Call, known: dict[str, list[str]]) -> Iterator[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    options = known.get(name)
    if options is None:
        return
    for index, _ in enumerate(node.args):
        option = options[index] if index < len(options) else "*"
        yield f"{name}.{option if option != '**' else '*'}"
    for word in node.keywords:
        yield f"{name}.{word.arg if word.arg in options else '**'}"


_FOLDERS = {"group_bys": "GroupBy", "joins": "Join", "staging_queries": "StagingQuery"}


def _in_compiled(path: str, content: Any) -> Iterator[str]:
    kind = next(kind for folder, kind in _FOLDERS.items() if f"{folder}/" in path)
    yield from _in_value(kind, content)


def _in_value(kind: str, value: Any) -> Iterator[str]:
    if kind.startswith("list<"):
        for item in value:
            yield from _in_value(kind[5:-1], item)
    elif kind in STRUCTS:
        for row in STRUCTS[kind].FIELDS:
            if row.name in value:
                yield f"struct {kind}.{row.name}"
                yield from _in_value(row.type, value[row.name])


def surface() -> dict[str, Any]:
    """Our API in a form that `chronon_driver.py --surface` gives for chronon-ai's."""
    structs = {
        name: [[row.id, row.name] for row in struct.FIELDS]
        for name, struct in sorted(STRUCTS.items())
        if struct.__module__ == ttypes.__name__
    }
    enums = {
        name: value._NAMES_TO_VALUES
        for name, value in sorted(vars(ttypes).items())
        if isinstance(value, type) and issubclass(value, Enumeration) and value is not Enumeration
    }
    return {"builders": dict(sorted(builders().items())), "structs": structs, "enums": enums}
