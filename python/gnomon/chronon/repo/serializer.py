"""Objects to the JSON of compiled files and back."""

from __future__ import annotations

from gnomon.chronon._writer import from_json, to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def thrift_simple_json(obj: Any) -> str:
    """The text of a compiled file. Raises TypeError, with the path, for a value of a wrong type."""
    return to_json(obj)


def thrift_simple_json_protected(obj: Any, obj_type: Any) -> str:
    """`thrift_simple_json`; the writer checks every value, so the text can always be read back."""
    return to_json(obj)


def json2thrift(json_str: str, thrift_class: Any) -> Any:
    """The object that a compiled file's text stands for. Unknown members are ignored."""
    return from_json(json_str, thrift_class)


def file2thrift(path: str, thrift_class: Any) -> Any:
    """The object in a compiled file."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        return from_json(text, thrift_class)
    except ValueError as error:
        raise ValueError(f"'{path}' is not a compiled {thrift_class.__name__}: {error}") from error


__all__ = [
    "file2thrift",
    "json2thrift",
    "thrift_simple_json",
    "thrift_simple_json_protected",
]
