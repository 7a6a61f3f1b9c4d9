"""Spark's data types, and rows. Names and arguments are PySpark's."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Iterator
from typing import Any

Proto = dict[str, Any]


class DataType:
    """A type of values. Equal when all that says what it is is equal."""

    _name = ""  # in Spark's JSON
    _member = ""  # of the protocol's message
    _simple = ""  # in DDL, where it differs from _name

    @classmethod
    def typeName(cls) -> str:
        return cls._name

    def simpleString(self) -> str:
        return self._simple or self._name

    def jsonValue(self) -> Any:
        return self._name

    def json(self) -> str:
        return json.dumps(self.jsonValue(), separators=(",", ":"), sort_keys=True)

    def _proto(self) -> Proto:
        return {self._member or self._name: self._proto_fields()}

    def _proto_fields(self) -> Proto:
        return {}

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(self.simpleString())

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class NullType(DataType):
    _name, _member = "void", "null"


class AtomicType(DataType):
    pass


class NumericType(AtomicType):
    pass


class IntegralType(NumericType):
    pass


class FractionalType(NumericType):
    pass


class BinaryType(AtomicType):
    _name = "binary"


class BooleanType(AtomicType):
    _name = "boolean"


class DateType(AtomicType):
    _name = "date"


class TimestampType(AtomicType):
    _name = "timestamp"


class TimestampNTZType(AtomicType):
    _name = "timestamp_ntz"


class ByteType(IntegralType):
    _name, _simple = "byte", "tinyint"


class ShortType(IntegralType):
    _name, _simple = "short", "smallint"


class IntegerType(IntegralType):
    _name, _simple = "integer", "int"


class LongType(IntegralType):
    _name, _simple = "long", "bigint"


class FloatType(FractionalType):
    _name = "float"


class DoubleType(FractionalType):
    _name = "double"


class VariantType(AtomicType):
    _name = "variant"


class CalendarIntervalType(DataType):
    _name, _member = "interval", "calendar_interval"


class StringType(AtomicType):
    _name = "string"

    def __init__(self, collation: str = "UTF8_BINARY") -> None:
        self.collation = collation

    def simpleString(self) -> str:
        return "string" if self.collation == "UTF8_BINARY" else f"string collate {self.collation}"

    def jsonValue(self) -> str:
        return self.simpleString()

    def _proto_fields(self) -> Proto:
        return {"collation": self.collation}


class _Sized(AtomicType):
    def __init__(self, length: int) -> None:
        self.length = length

    def simpleString(self) -> str:
        return f"{self._name}({self.length})"

    def jsonValue(self) -> str:
        return self.simpleString()

    def _proto_fields(self) -> Proto:
        return {"length": self.length}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.length})"


class CharType(_Sized):
    _name = "char"


class VarcharType(_Sized):
    _name, _member = "varchar", "var_char"


class TimeType(AtomicType):
    _name = "time"

    def __init__(self, precision: int = 6) -> None:
        self.precision = precision

    def simpleString(self) -> str:
        return f"time({self.precision})"

    def jsonValue(self) -> str:
        return self.simpleString()

    def _proto_fields(self) -> Proto:
        return {"precision": self.precision}


class DecimalType(FractionalType):
    _name = "decimal"

    def __init__(self, precision: int = 10, scale: int = 0) -> None:
        self.precision, self.scale = precision, scale

    def simpleString(self) -> str:
        return f"decimal({self.precision},{self.scale})"

    def jsonValue(self) -> str:
        return self.simpleString()

    def _proto_fields(self) -> Proto:
        return {"scale": self.scale, "precision": self.precision}

    def __repr__(self) -> str:
        return f"DecimalType({self.precision},{self.scale})"


class _Interval(AtomicType):
    _units: tuple[str, ...] = ()
    _full = (0, 0)

    def __init__(self, startField: int | None = None, endField: int | None = None) -> None:
        if startField is None and endField is None:
            startField, endField = self._full
        elif endField is None:
            endField = startField
        self.startField, self.endField = int(startField or 0), int(endField or 0)

    def simpleString(self) -> str:
        start, end = self._units[self.startField], self._units[self.endField]
        return f"interval {start}" if start == end else f"interval {start} to {end}"

    def jsonValue(self) -> str:
        return self.simpleString()

    def _proto_fields(self) -> Proto:
        return {"start_field": self.startField, "end_field": self.endField}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.startField}, {self.endField})"


class DayTimeIntervalType(_Interval):
    _name = "day_time_interval"
    DAY, HOUR, MINUTE, SECOND = range(4)
    _units, _full = ("day", "hour", "minute", "second"), (0, 3)


class YearMonthIntervalType(_Interval):
    _name = "year_month_interval"
    YEAR, MONTH = range(2)
    _units, _full = ("year", "month"), (0, 1)


class _Spatial(AtomicType):
    def __init__(self, srid: int | str) -> None:
        self.srid = -1 if srid == "ANY" else int(srid)

    def simpleString(self) -> str:
        return f"{self._name}({'any' if self.srid < 0 else self.srid})"

    def jsonValue(self) -> str:
        return self.simpleString()

    def _proto_fields(self) -> Proto:
        return {"srid": self.srid}


class GeometryType(_Spatial):
    _name = "geometry"


class GeographyType(_Spatial):
    _name = "geography"


class ArrayType(DataType):
    _name = "array"

    def __init__(self, elementType: DataType, containsNull: bool = True) -> None:
        self.elementType, self.containsNull = elementType, containsNull

    def simpleString(self) -> str:
        return f"array<{self.elementType.simpleString()}>"

    def jsonValue(self) -> Proto:
        element = self.elementType.jsonValue()
        return {"type": "array", "elementType": element, "containsNull": self.containsNull}

    def _proto_fields(self) -> Proto:
        return {"element_type": self.elementType._proto(), "contains_null": self.containsNull}

    def __repr__(self) -> str:
        return f"ArrayType({self.elementType!r}, {self.containsNull})"


class MapType(DataType):
    _name = "map"

    def __init__(
        self,
        keyType: DataType,
        valueType: DataType,
        valueContainsNull: bool = True,
    ) -> None:
        self.keyType, self.valueType, self.valueContainsNull = keyType, valueType, valueContainsNull

    def simpleString(self) -> str:
        return f"map<{self.keyType.simpleString()},{self.valueType.simpleString()}>"

    def jsonValue(self) -> Proto:
        return {
            "type": "map",
            "keyType": self.keyType.jsonValue(),
            "valueType": self.valueType.jsonValue(),
            "valueContainsNull": self.valueContainsNull,
        }

    def _proto_fields(self) -> Proto:
        return {
            "key_type": self.keyType._proto(),
            "value_type": self.valueType._proto(),
            "value_contains_null": self.valueContainsNull,
        }

    def __repr__(self) -> str:
        return f"MapType({self.keyType!r}, {self.valueType!r}, {self.valueContainsNull})"


class StructField(DataType):
    def __init__(
        self,
        name: str,
        dataType: DataType,
        nullable: bool = True,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self.name, self.dataType, self.nullable = name, dataType, nullable
        self.metadata = metadata or {}

    def simpleString(self) -> str:
        return f"{self.name}:{self.dataType.simpleString()}"

    def jsonValue(self) -> Proto:
        return {
            "name": self.name,
            "type": self.dataType.jsonValue(),
            "nullable": self.nullable,
            "metadata": self.metadata,
        }

    def _proto_fields(self) -> Proto:
        return {
            "name": self.name,
            "data_type": self.dataType._proto(),
            "nullable": self.nullable,
            "metadata": json.dumps(self.metadata) if self.metadata else None,
        }

    def __repr__(self) -> str:
        return f"StructField({self.name!r}, {self.dataType!r}, {self.nullable})"


class StructType(DataType):
    _name = "struct"

    def __init__(self, fields: list[StructField] | None = None) -> None:
        self.fields: list[StructField] = list(fields or [])

    @property
    def names(self) -> list[str]:
        return [field.name for field in self.fields]

    def add(
        self,
        field: str | StructField,
        data_type: str | DataType | None = None,
        nullable: bool = True,
        metadata: dict[str, Any] | None = None,
    ) -> StructType:
        if not isinstance(field, StructField):
            if data_type is None:
                raise ValueError("a field wants a type")
            kind = from_name(data_type) if isinstance(data_type, str) else data_type
            field = StructField(field, kind, nullable, metadata)
        self.fields.append(field)
        return self

    def fieldNames(self) -> list[str]:
        return self.names

    def simpleString(self) -> str:
        return f"struct<{','.join(field.simpleString() for field in self.fields)}>"

    def jsonValue(self) -> Proto:
        return {"type": "struct", "fields": [field.jsonValue() for field in self.fields]}

    def _proto_fields(self) -> Proto:
        return {"fields": [field._proto_fields() for field in self.fields]}

    def __iter__(self) -> Iterator[StructField]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __getitem__(self, key: str | int) -> StructField:
        if isinstance(key, int):
            return self.fields[key]
        for field in self.fields:
            if field.name == key:
                return field
        raise KeyError(key)

    def __repr__(self) -> str:
        return f"StructType({self.fields!r})"


class UserDefinedType(DataType):
    """A type of somebody's own: its values come as those of the SQL type beneath."""

    _name = "udt"

    def __init__(self, sql_type: DataType, python_class: str | None = None) -> None:
        self.sql_type, self.python_class = sql_type, python_class

    def simpleString(self) -> str:
        return "udt"


# ---- by name, and from the protocol ----

PLAIN: dict[str, type[DataType]] = {
    kind._member or kind._name: kind
    for kind in (
        NullType, BinaryType, BooleanType, DateType, TimestampType, TimestampNTZType, ByteType,
        ShortType, IntegerType, LongType, FloatType, DoubleType, VariantType, CalendarIntervalType,
    )
}  # fmt: skip
_NAMED: tuple[type[DataType], ...] = (*PLAIN.values(), StringType, DecimalType)
BY_NAME = {name: kind for kind in _NAMED for name in (kind._name, kind._simple) if name}


def from_name(name: str) -> DataType:
    """A type without parts by its name; whole DDL is for the server to read."""
    kind = BY_NAME.get(name.lower())
    if kind is None:
        raise ValueError(f"{name} is no plain type: give a DataType")
    return kind()


def _struct_field(field: Proto) -> StructField:
    metadata = json.loads(field["metadata"]) if field.get("metadata") else None
    return StructField(
        field.get("name", ""),
        from_proto(field["data_type"]),
        field.get("nullable", False),
        metadata,
    )


def from_proto(message: Proto) -> DataType:
    """A type of a DataType message, as JSON in the protocol's names."""
    ((kind, m),) = message.items()
    if kind in PLAIN:
        return PLAIN[kind]()
    if kind == "string":
        return StringType(m.get("collation") or "UTF8_BINARY")
    if kind in ("char", "var_char"):
        return (CharType if kind == "char" else VarcharType)(m.get("length", 0))
    if kind == "decimal":
        return DecimalType(m.get("precision", 10), m.get("scale", 0))
    if kind == "time":
        return TimeType(m.get("precision", 6))
    if kind in ("day_time_interval", "year_month_interval"):
        made = DayTimeIntervalType if kind == "day_time_interval" else YearMonthIntervalType
        return made(m.get("start_field"), m.get("end_field"))
    if kind in ("geometry", "geography"):
        return (GeometryType if kind == "geometry" else GeographyType)(m.get("srid", 0))
    if kind == "array":
        return ArrayType(from_proto(m["element_type"]), m.get("contains_null", False))
    if kind == "map":
        key, value = from_proto(m["key_type"]), from_proto(m["value_type"])
        return MapType(key, value, m.get("value_contains_null", False))
    if kind == "struct":
        return StructType([_struct_field(field) for field in m.get("fields", [])])
    if kind == "udt":
        return UserDefinedType(from_proto(m["sql_type"]), m.get("python_class"))
    raise NotImplementedError(f"Spark's type {kind}")


def of_value(value: Any) -> DataType:
    """The type of a literal, as PySpark's client infers it."""
    if value is None:
        return NullType()
    if isinstance(value, bool):
        return BooleanType()
    if isinstance(value, int):
        return IntegerType() if -(1 << 31) <= value < 1 << 31 else LongType()
    if isinstance(value, decimal.Decimal):
        return DecimalType(*decimal_shape(value))
    if isinstance(value, list):
        if not value or value[0] is None:
            raise TypeError("an empty list has no type: use array()")
        return ArrayType(of_value(value[0]), True)
    for kind, made in (
        (float, DoubleType), (str, StringType), ((bytes, bytearray), BinaryType),
        (datetime.datetime, TimestampType), (datetime.date, DateType), (datetime.time, TimeType),
        (datetime.timedelta, DayTimeIntervalType),
    ):  # fmt: skip
        if isinstance(value, kind):
            return made()
    raise TypeError(f"a literal cannot be of {type(value).__name__}")


def decimal_shape(value: decimal.Decimal) -> tuple[int, int]:
    """The fewest digits, and those after the point, that hold a number."""
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{value} is no decimal of Spark's")
    scale = max(0, -exponent)
    return max(len(digits) + max(0, exponent), scale, 1), scale


# ---- rows ----


class Row(tuple):  # type: ignore[type-arg]
    """A tuple whose items have names: Row(id=1, name="a"), row.id, row["id"]."""

    __fields__: tuple[str, ...]

    def __new__(cls, *args: Any, **kwargs: Any) -> Row:
        if args and kwargs:
            raise ValueError("values with names, or without, not both")
        row = tuple.__new__(cls, tuple(kwargs.values()) if kwargs else args)
        if kwargs:
            row.__fields__ = tuple(kwargs)
        return row

    def asDict(self, recursive: bool = False) -> dict[str, Any]:
        def plain(value: Any) -> Any:
            if isinstance(value, Row):
                return value.asDict(True)
            if isinstance(value, list):
                return [plain(item) for item in value]
            if isinstance(value, dict):
                return {key: plain(item) for key, item in value.items()}
            return value

        values = map(plain, self) if recursive else iter(self)
        return dict(zip(self.__fields__, values))

    def __contains__(self, item: object) -> bool:
        return (
            item in self.__fields__
            if hasattr(self, "__fields__")
            else tuple.__contains__(self, item)
        )

    def __call__(self, *args: Any) -> Row:
        return make_row(tuple(self), args)

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, (int, slice)):
            return tuple.__getitem__(self, item)
        try:
            return tuple.__getitem__(self, self.__fields__.index(item))
        except ValueError:
            raise KeyError(item) from None

    def __getattr__(self, item: str) -> Any:
        if item.startswith("__"):
            raise AttributeError(item)
        try:
            return tuple.__getitem__(self, self.__fields__.index(item))
        except ValueError:
            raise AttributeError(item) from None

    def __reduce__(self) -> Any:
        return (make_row, (self.__fields__, tuple(self))) if hasattr(self, "__fields__") else (
            Row, tuple(self)
        )  # fmt: skip

    def __repr__(self) -> str:
        if hasattr(self, "__fields__"):
            return f"Row({', '.join(f'{k}={v!r}' for k, v in zip(self.__fields__, self))})"
        return f"<Row({', '.join(repr(value) for value in self)})>"


def make_row(names: tuple[str, ...], values: tuple[Any, ...]) -> Row:
    row = tuple.__new__(Row, values)
    row.__fields__ = names
    return row


class VariantVal:
    """A value of Spark's VARIANT, as Spark encodes it."""

    def __init__(self, value: bytes, metadata: bytes) -> None:
        self.value, self.metadata = value, metadata

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VariantVal) and (self.value, self.metadata) == (
            other.value, other.metadata
        )  # fmt: skip

    def __hash__(self) -> int:
        return hash((self.value, self.metadata))

    def __repr__(self) -> str:
        return f"VariantVal({self.value!r}, {self.metadata!r})"
