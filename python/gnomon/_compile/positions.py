"""Lines and columns in the user's files.

The builders note which call made each object (`Site`). Here the call is found in the syntax tree of
its file, and with it the place of every argument. Lines and columns count from 1; a column is a
character; ends are exclusive.
"""

from __future__ import annotations

import ast
import sys
from itertools import islice

from gnomon.chronon._struct import STRUCTS, names_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType
    from typing import Any, NamedTuple

    from gnomon.chronon._context import Site

    class Place(NamedTuple):
        """A stretch of text on one line of a file."""

        file: str
        line: int
        col: int
        end_col: int


else:

    def Place(*parts):
        return parts


# Arguments of builders that are not the field of the same name in camelCase.
_FIELDS: dict[str, dict[str, str]] = {
    "GroupBy": {"keys": "keyColumns"},
    "Join": {"right_parts": "joinParts"},
    "ExternalSource": {
        "key_fields": "keySchema",
        "value_fields": "valueSchema",
        "factory_name": "factoryConfig.factoryName",
        "factory_params": "factoryConfig.factoryParams",
    },
    "Model": {"inference_spec": "inferenceSpec"},
}
_METADATA = {
    "name": "name",
    "online": "online",
    "production": "production",
    "dependencies": "dependencies",
    "env": "modeToEnvMap",
    "table_properties": "tableProperties",
    "output_namespace": "outputNamespace",
    "offline_schedule": "offlineSchedule",
    "historical_backfill": "historicalBackfill",
    "deprecation_date": "deprecationDate",
    "description": "description",
    "sample_percent": "samplePercent",
    "consistency_sample_percent": "consistencySamplePercent",
}
_WITH_METADATA = ("GroupBy", "Join", "ExternalSource", "Model")


def field_of(kind: str, argument: str) -> str:
    """The field, as a path, that an argument of a builder fills: `keys` fills `keyColumns`."""
    special = _FIELDS.get(kind, {}).get(argument)
    if special is not None:
        return special
    first, *others = argument.split("_")
    camel = first + "".join(other.capitalize() for other in others)
    if kind in STRUCTS and camel in names_of(STRUCTS[kind]):
        return camel
    if kind in _WITH_METADATA:
        meta = "metadata" if kind == "ExternalSource" else "metaData"
        return f"{meta}.{_METADATA.get(argument, 'customJson')}"
    return camel


class Positions:
    """The syntax trees of the files that came up, each read once."""

    def __init__(self) -> None:
        self._files: dict[str, _Tree | None] = {}
        self._lines: dict[str, list[str]] = {}

    def argument(self, site: Site, kind: str, field: str) -> Place | None:
        """The argument that fills a field, as near as the text shows it.

        `field` is a path below the object (`windows[0].length`) or an argument's name. Where the
        argument is not in the call, the call itself is the place.
        """
        tree, node = self._find(site, kind)
        if tree is None or node is None:
            return None
        best = tree.place(node.func)
        longest = -1
        for path, place in self._arguments(tree, node, site, kind):
            if len(path) > longest and _is_start(path, field):
                best, longest = place, len(path)
        return best

    def of_object(self, obj: Any, file: str) -> dict[str, list[Any]]:
        """Path -> [line, col], or [line, col, file] elsewhere, for all that calls show.

        The path is that of the compiled file: `aggregations[2].inputColumn`.
        """
        found: dict[str, list[Any]] = {}
        self._collect(obj, "", file, found)
        return found

    def assignment(self, path: str, variable: str) -> Place | None:
        """The last assignment to a variable at the top level of a file."""
        tree = self._tree(path)
        node = tree.variables.get(variable) if tree else None
        return tree.place(node) if tree and node else None

    def line(self, path: str, number: int) -> str:
        """A line of a file, without its end; '' past the last one."""
        if path not in self._lines:
            try:
                self._lines[path] = _read_lines(path)
            except OSError:
                self._lines[path] = []
        lines = self._lines[path]
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def _collect(self, value: Any, path: str, file: str, found: dict[str, list[Any]]) -> None:
        kind = type(value).__name__
        if kind not in STRUCTS:
            if isinstance(value, (list, tuple)):
                for index, item in enumerate(value):
                    self._collect(item, f"{path}[{index}]", file, found)
            return
        dot = path + "." if path else ""
        site = getattr(value, "_at", None)
        tree, node = self._find(site, kind) if site else (None, None)
        if tree is not None and node is not None:
            found[path or "."] = _entry(tree.place(node.func), file)
            for inner, place in self._arguments(tree, node, site, kind):
                found[dot + inner] = _entry(place, file)
        for name in names_of(STRUCTS[kind]):
            inner_value = getattr(value, name, None)
            if inner_value is not None:
                self._collect(inner_value, dot + name, file, found)

    def _find(self, site: Site | None, kind: str) -> tuple[_Tree | None, ast.Call | None]:
        if site is None:
            return None, None
        code, lasti, line, builder, _ = site
        tree = self._tree(code.co_filename)
        return tree, tree.call(code, lasti, line, builder, kind) if tree else None

    def _tree(self, path: str) -> _Tree | None:
        if path not in self._files:
            try:
                self._files[path] = _Tree(path)
            except (OSError, SyntaxError, ValueError):
                self._files[path] = None
        return self._files[path]

    def _arguments(
        self, tree: _Tree, node: ast.Call, site: Any, kind: str
    ) -> Iterator[tuple[str, Place]]:
        """(field path, place) of a call's arguments and of what is written inside them."""
        builder: CodeType | None = site[3]
        if builder is not None:
            names = list(builder.co_varnames[: builder.co_argcount])
        else:
            names = names_of(STRUCTS[kind]) if kind in STRUCTS else []
        pairs: list[tuple[str, ast.expr]] = []
        for name, value in zip(names, node.args):
            if isinstance(value, ast.Starred):
                break
            pairs.append((name, value))
        pairs += [(word.arg, word.value) for word in node.keywords if word.arg is not None]
        for name, value in pairs:
            field = field_of(kind, name) if builder is not None else name
            yield from _inside(tree, value, field)
            if field != name and "." in field:
                yield name, tree.place(value)


def _inside(tree: _Tree, value: ast.expr, path: str) -> Iterator[tuple[str, Place]]:
    """A value, and the items of a list, a dict or a `select(…)` that it is written as."""
    yield path, tree.place(value)
    if isinstance(value, (ast.List, ast.Tuple)):
        for index, item in enumerate(value.elts):
            if isinstance(item, ast.Starred):
                break
            yield from _inside(tree, item, f"{path}[{index}]")
    elif isinstance(value, ast.Dict):
        for key, item in zip(value.keys, value.values):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield from _inside(tree, item, f"{path}.{key.value}")
    elif isinstance(value, ast.Call) and path.endswith("selects"):
        for argument in value.args:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield f"{path}.{argument.value}", tree.place(argument)
        for word in value.keywords:
            if word.arg is not None:
                yield f"{path}.{word.arg}", tree.place(word.value)


def _is_start(path: str, field: str) -> bool:
    return field == path or (field.startswith(path) and field[len(path)] in ".[")


def _entry(place: Any, file: str) -> list[Any]:
    return [place[1], place[2]] if place[0] == file else [place[1], place[2], place[0]]


class _Tree:
    """One file: its lines, calls and top-level variables."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lines = _read_lines(path)
        self.variables: dict[str, ast.expr] = {}
        self._calls: dict[int, list[ast.Call]] = {}
        tree = ast.parse("\n".join(self.lines), path)
        for statement in tree.body:
            if isinstance(statement, ast.Assign):
                targets = statement.targets
            elif isinstance(statement, ast.AnnAssign):
                targets = [statement.target]
            else:
                continue
            self.variables.update((t.id, t) for t in targets if isinstance(t, ast.Name))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                self._calls.setdefault(node.lineno, []).append(node)

    def call(
        self, code: CodeType, lasti: int, line: int, builder: CodeType | None, kind: str
    ) -> ast.Call | None:
        """The call at an instruction, which made a struct called `kind`."""
        if sys.version_info >= (3, 11):
            first, last, col, end = next(islice(code.co_positions(), lasti // 2, None))
            for node in self._calls.get(first or line, ()):
                if (node.end_lineno, node.col_offset, node.end_col_offset) == (last, col, end):
                    return node
        # Older Pythons keep lines only. A call ends before the next one begins, and after those
        # inside it, so the calls of a line are made in the order of their ends.
        calls = sorted(self._calls.get(line, ()), key=_end)
        offsets = _call_offsets(code, line)
        if len(calls) == len(offsets) and lasti in offsets:
            return calls[offsets.index(lasti)]
        name = builder.co_name if builder is not None else kind
        named = [node for node in calls if _last_name(node.func) == name]
        return next(iter(named or calls[-1:]), None)

    def place(self, node: ast.expr) -> Place:
        """Where a node is; if it goes over several lines, its part of the first."""
        line = self.lines[node.lineno - 1] if node.lineno <= len(self.lines) else ""
        col = _character(line, node.col_offset)
        if node.end_lineno == node.lineno and node.end_col_offset is not None:
            end = _character(line, node.end_col_offset)
        else:
            end = len(line.rstrip()) + 1
        return Place(self.path, node.lineno, col, end)


def _read_lines(path: str) -> list[str]:
    with open(path, "rb") as file:
        return file.read().decode("utf-8", "replace").replace("\r\n", "\n").split("\n")


def _character(line: str, offset: int) -> int:
    """The column, from 1, of a byte offset into a line."""
    return len(line.encode("utf-8")[:offset].decode("utf-8", "replace")) + 1


def _end(node: ast.Call) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _call_offsets(code: CodeType, line: int) -> list[int]:
    """Where the calls of a line are in the byte code."""
    import dis

    offsets, current = [], 0
    for instruction in dis.get_instructions(code):
        current = instruction.starts_line or current
        if current == line and instruction.opname.startswith("CALL"):
            offsets.append(instruction.offset)
    return offsets


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
