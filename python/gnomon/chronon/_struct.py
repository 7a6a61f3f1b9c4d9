"""Structs and enumerations: the machinery under `api/ttypes.py`.

A struct is declared once, as annotated fields with their id, type and default:

    class Window(Struct):
        length: Optional[int] = field(1, "i32")
        timeUnit: Optional[int] = field(2, "TimeUnit")

From that table come the constructor (all arguments optional, by position or by name), equality,
`repr`, the JSON writer and the reader (`repo/serializer.py`).
"""

from __future__ import annotations

from gnomon.chronon import _context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar


class Field:
    """One row of a struct's table: name, id, type as Thrift spells it, and default."""

    __slots__ = ("default", "id", "name", "type")

    def __init__(self, id: int, type: str, default: Any) -> None:
        self.name = ""
        self.id = id
        self.type = type
        self.default = default


def field(id: int, type: str, default: Any = None) -> Any:
    """Declares a field; `default` other than None is copied into every new object."""
    return Field(id, type, default)


STRUCTS: dict[str, type[Struct]] = {}
ENUMS: dict[str, type[Enumeration]] = {}


class Struct:
    """An object of Chronon's model. Attributes are the struct's fields; more may be attached."""

    __slots__ = ("__dict__", "__weakref__", "_at")

    FIELDS: ClassVar[tuple[Field, ...]] = ()
    _at: Any  # where the user's code made it: a Site, or None; never part of the value

    def __init_subclass__(cls) -> None:
        rows = [(name, row) for name, row in vars(cls).items() if isinstance(row, Field)]
        for name, row in rows:
            row.name = name
            delattr(cls, name)
        if rows:
            cls.FIELDS = tuple(row for _, row in rows)
            STRUCTS[cls.__name__] = cls

    def __init__(self, *values: Any, **named: Any) -> None:
        own = self.__dict__
        for row in self.FIELDS:
            own[row.name] = None if row.default is None else list(row.default)
        if values:
            if len(values) > len(self.FIELDS):
                raise TypeError(
                    f"{type(self).__name__}() takes {len(self.FIELDS)} fields, not {len(values)}"
                )
            for row, value in zip(self.FIELDS, values):
                if row.name in named:
                    raise TypeError(f"{type(self).__name__}() got '{row.name}' twice")
                own[row.name] = value
        for name, value in named.items():
            if name not in own:
                raise TypeError(
                    f"{type(self).__name__}() got an unexpected keyword argument '{name}'"
                )
            own[name] = value
        self._at = _context.call_site()

    def validate(self) -> None:
        """Part of the interface of generated structs; every field is optional, so it passes."""

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({inside})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, self.__class__) and self.__dict__ == other.__dict__

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]


class Enumeration:
    """A named set of ints. The ints are what definitions carry."""

    _VALUES_TO_NAMES: ClassVar[dict[int, str]] = {}
    _NAMES_TO_VALUES: ClassVar[dict[str, int]] = {}

    def __init_subclass__(cls) -> None:
        members = vars(cls).items()
        names = {n: value for n, value in members if n[0] != "_" and isinstance(value, int)}
        if names:
            cls._NAMES_TO_VALUES = names
            cls._VALUES_TO_NAMES = {value: name for name, value in names.items()}
            ENUMS[cls.__name__] = cls


def shallow_copy(struct: Any) -> Any:
    """The same attributes in a new object of the same class (also for chronon-ai's objects)."""
    twin = struct.__class__.__new__(struct.__class__)
    twin.__dict__.update(struct.__dict__)
    if isinstance(struct, Struct):
        twin._at = struct._at
    return twin


def deep_copy(value: Any) -> Any:
    """A copy that shares nothing changeable; structs, lists and maps are copied too."""
    if isinstance(value, Struct):
        twin = shallow_copy(value)
        own = twin.__dict__
        for name, inner in own.items():
            own[name] = deep_copy(inner)
        return twin
    if isinstance(value, list):
        return [deep_copy(item) for item in value]
    if isinstance(value, dict):
        return {key: deep_copy(item) for key, item in value.items()}
    return value


def site_of(struct: object) -> Any | None:
    """Where the user's code made `struct`; None when that is not known."""
    return getattr(struct, "_at", None)


def names_of(struct: type[Struct]) -> list[str]:
    """The field names of a struct class, in the order of its constructor."""
    return [row.name for row in struct.FIELDS]
