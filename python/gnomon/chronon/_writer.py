"""Structs to JSON text, byte for byte as chronon-ai writes it, and back.

The form: members in the order of field ids, unset ones left out, enumerations as ints, booleans as
1 and 0, doubles as Python prints them, text in ASCII with escapes, two spaces of indent, no newline
at the end. An int given for a double is written as a double; any other value of a wrong type is
refused, with its path.

Objects are read by attribute and class name, so those of chronon-ai can be written too.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as quote

import gnomon.chronon.api.ttypes  # noqa: F401  (fills the tables below)
from gnomon.chronon._struct import ENUMS, STRUCTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Write = Callable[[Any, str], str]
    Read = Callable[[Any], Any]

_INDENT = "  "


class WrongValue(TypeError):
    """A value does not fit its field. `path` leads to it; `owner` is the innermost struct."""

    def __init__(self, wanted: str, value: object, hint: str = "") -> None:
        self.wanted = wanted
        self.value = value
        self.hint = hint
        self.path = ""
        self.field = ""
        self.owner: object = None
        super().__init__()

    def __str__(self) -> str:
        return f"{self.path or 'the value'} must be {self.wanted}, not {shown(self.value)}"

    def _after(self) -> str:
        return "." + self.path if self.path and self.path[0] != "[" else self.path

    def inside_item(self, step: str) -> None:
        """Notes the step of a list or map that leads here."""
        self.path = step + self._after()
        if self.owner is None:
            self.field = step + self.field

    def inside_field(self, name: str, owner: object) -> None:
        """Notes the field that leads here; the first owner is the innermost."""
        self.path = name + self._after()
        if self.owner is None:
            self.field = name + self.field
            self.owner = owner


def shown(value: object) -> str:
    """A value in an error message: short, with its type where the text does not show it."""
    if isinstance(value, (str, int, float, list, tuple, dict, set)):
        text = repr(value)
        return text if len(text) <= 60 else text[:57] + "..."
    if callable(value):
        return "a function"
    return f"a {type(value).__name__}"


def to_json(value: Any) -> str:
    """The JSON text of a struct."""
    return _writer(type(value).__name__)(value, "")


def from_json(text: str, struct: Any) -> Any:
    """An object of class `struct` (or of the struct with that class's name) from JSON text."""
    return _reader(struct.__name__)(json.loads(text))


# --- writing --------------------------------------------------------------------------------------


def _write_string(value: Any, pad: str) -> str:
    if isinstance(value, str):
        return quote(value)
    raise WrongValue("text", value)


def _write_bool(value: Any, pad: str) -> str:
    if value is True:
        return "1"
    if value is False:
        return "0"
    raise WrongValue("True or False", value)


def _write_int(value: Any, pad: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        if -(2**31) <= value < 2**31:
            return int.__repr__(value)
        raise WrongValue("a whole number of 32 bits", value)
    raise WrongValue("a whole number", value)


def _write_double(value: Any, pad: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(value, float) and value - value == 0.0:
        return float.__repr__(value)
    raise WrongValue("a finite number", value)


def _enum_writer(name: str) -> Write:
    names = ENUMS[name]._VALUES_TO_NAMES

    def write_enum(value: Any, pad: str) -> str:
        if isinstance(value, int) and not isinstance(value, bool) and value in names:
            return int.__repr__(value)
        hint = f"it needs an argument, as in {name}.LAST_K(3)" if callable(value) else ""
        raise WrongValue(f"one of {name}.*", value, hint)

    return write_enum


def _list_writer(item: str) -> Write:
    write_item = _writer(item)

    def write_list(value: Any, pad: str) -> str:
        if isinstance(value, str):
            raise WrongValue("a list", value, f"write [{value!r}]")
        if isinstance(value, (dict, set, frozenset)) or not hasattr(value, "__len__"):
            raise WrongValue("a list", value)
        inner = pad + _INDENT
        rows: list[str] = []
        for entry in value:
            try:
                rows.append(inner + write_item(entry, inner))
            except WrongValue as wrong:
                wrong.inside_item(f"[{len(rows)}]")
                raise
        return "[\n" + ",\n".join(rows) + "\n" + pad + "]" if rows else "[]"

    return write_list


def _map_writer(item: str) -> Write:
    write_item = _writer(item)

    def write_map(value: Any, pad: str) -> str:
        if not isinstance(value, dict):
            raise WrongValue("a dict", value)
        inner = pad + _INDENT
        rows: list[str] = []
        for key, entry in value.items():
            if not isinstance(key, str):
                raise WrongValue("a dict with text as keys", value)
            try:
                rows.append(f"{inner}{quote(key)}: {write_item(entry, inner)}")
            except WrongValue as wrong:
                wrong.inside_item(f"[{key!r}]")
                raise
        return "{\n" + ",\n".join(rows) + "\n" + pad + "}" if rows else "{}"

    return write_map


def _struct_writer(name: str) -> Write:
    table: list[tuple[str, str, Write, Any]] = [
        (row.name, f"{quote(row.name)}: ", _writer(row.type), row.default)
        for row in STRUCTS[name].FIELDS
    ]

    def write_struct(value: Any, pad: str) -> str:
        if type(value).__name__ != name and name not in (k.__name__ for k in type(value).__mro__):
            raise WrongValue(_article(name), value)
        inner = pad + _INDENT
        rows: list[str] = []
        for field, label, write, default in table:
            content = getattr(value, field, None)
            if content is None:
                if default is None:
                    continue
                content = default
            try:
                rows.append(inner + label + write(content, inner))
            except WrongValue as wrong:
                wrong.inside_field(field, value)
                raise
        return "{\n" + ",\n".join(rows) + "\n" + pad + "}" if rows else "{}"

    return write_struct


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIO' else 'a'} {name}"


_SCALARS: dict[str, Write] = {
    "string": _write_string,
    "bool": _write_bool,
    "i32": _write_int,
    "double": _write_double,
}
_WRITERS: dict[str, Write] = dict(_SCALARS)


def _writer(kind: str) -> Write:
    """The writer of a type, made on first use. Structs may contain themselves, hence the detour."""
    if kind in _WRITERS:
        return _WRITERS[kind]

    def not_yet(value: Any, pad: str) -> str:
        return _WRITERS[kind](value, pad)

    _WRITERS[kind] = not_yet
    if kind.startswith("list<"):
        _WRITERS[kind] = _list_writer(kind[5:-1])
    elif kind.startswith("map<string,"):
        _WRITERS[kind] = _map_writer(kind[11:-1])
    elif kind in ENUMS:
        _WRITERS[kind] = _enum_writer(kind)
    elif kind in STRUCTS:
        _WRITERS[kind] = _struct_writer(kind)
    else:
        del _WRITERS[kind]
        raise WrongValue("a Chronon object", kind)
    return _WRITERS[kind]


# --- checking ---


def wrong_values(value: Any, kind: str = "") -> Iterator[WrongValue]:
    """Everything in a value that its type does not allow, where `to_json` stops at the first."""
    kind = kind or type(value).__name__
    parts = list(_parts(value, kind))
    if not parts:
        try:
            _writer(kind)(value, "")
        except WrongValue as error:
            yield error
    for field, step, inner, inner_kind in parts:
        for wrong in wrong_values(inner, inner_kind):
            if field:
                wrong.inside_field(field, value)
            else:
                wrong.inside_item(step)
            yield wrong


def _parts(value: Any, kind: str) -> Iterator[tuple[str, str, Any, str]]:
    """(field, step, value, type) of what a struct, list or map of the right type holds."""
    if kind.startswith("list<") and isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield "", f"[{index}]", item, kind[5:-1]
    elif kind.startswith("map<string,") and isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            for key, item in value.items():
                yield "", f"[{key!r}]", item, kind[11:-1]
    elif kind in STRUCTS and any(base.__name__ == kind for base in type(value).__mro__):
        for row in STRUCTS[kind].FIELDS:
            if getattr(value, row.name, None) is not None:
                yield row.name, "", getattr(value, row.name), row.type


# --- reading --------------------------------------------------------------------------------------


def _reader(kind: str) -> Read:
    """The reader of a type. It takes what other writers may have left: true for 1, 5 for 5.0."""
    if kind.startswith("list<"):
        read_item = _reader(kind[5:-1])
        return lambda value: [read_item(entry) for entry in value]
    if kind.startswith("map<string,"):
        read_entry = _reader(kind[11:-1])
        return lambda value: {key: read_entry(entry) for key, entry in value.items()}
    if kind in STRUCTS:
        return lambda value: _read_struct(kind, value)
    return {"string": str, "bool": bool, "double": float}.get(kind, int)


def _read_struct(name: str, value: dict[str, Any]) -> Any:
    found = {
        row.name: _reader(row.type)(value[row.name])
        for row in STRUCTS[name].FIELDS
        if value.get(row.name) is not None
    }
    return STRUCTS[name](**found)
