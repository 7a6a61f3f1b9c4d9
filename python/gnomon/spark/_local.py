"""Rows of this process on their way to the server, as an Arrow stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.spark import types

if TYPE_CHECKING:
    import pyarrow  # type: ignore[import-untyped,unused-ignore]


def _arrow_type(kind: types.DataType) -> pyarrow.DataType:
    import pyarrow as pa

    plain = {
        types.NullType: pa.null,
        types.BooleanType: pa.bool_,
        types.ByteType: pa.int8,
        types.ShortType: pa.int16,
        types.IntegerType: pa.int32,
        types.LongType: pa.int64,
        types.FloatType: pa.float32,
        types.DoubleType: pa.float64,
        types.StringType: pa.string,
        types.CharType: pa.string,
        types.VarcharType: pa.string,
        types.BinaryType: pa.binary,
        types.DateType: pa.date32,
    }
    if type(kind) in plain:
        return plain[type(kind)]()
    if isinstance(kind, types.TimestampType):
        return pa.timestamp("us", tz="UTC")
    if isinstance(kind, types.TimestampNTZType):
        return pa.timestamp("us")
    if isinstance(kind, types.TimeType):
        return pa.time64("ns")
    if isinstance(kind, types.DayTimeIntervalType):
        return pa.duration("us")
    if isinstance(kind, types.DecimalType):
        return pa.decimal128(kind.precision, kind.scale)
    if isinstance(kind, types.ArrayType):
        return pa.list_(pa.field("element", _arrow_type(kind.elementType), kind.containsNull))
    if isinstance(kind, types.MapType):
        return pa.map_(_arrow_type(kind.keyType), _arrow_type(kind.valueType))
    if isinstance(kind, types.StructType):
        return pa.struct([pa.field(f.name, _arrow_type(f.dataType), f.nullable) for f in kind])
    raise NotImplementedError(f"rows with {kind.simpleString()} cannot be sent")


def _plain(value: Any, kind: types.DataType | None) -> Any:
    """As pyarrow takes it: rows as dicts, maps as pairs, clocks of this machine as instants."""
    if value is None:
        return None
    if isinstance(kind, types.TimestampType) or (kind is None and hasattr(value, "tzinfo")):
        return value.astimezone() if hasattr(value, "astimezone") else value
    if isinstance(kind, types.StructType):
        items = value.values() if isinstance(value, dict) else value
        return {f.name: _plain(item, f.dataType) for f, item in zip(kind, items)}
    if isinstance(kind, types.ArrayType):
        return [_plain(item, kind.elementType) for item in value]
    if isinstance(kind, types.MapType):
        return [(_plain(k, kind.keyType), _plain(v, kind.valueType)) for k, v in value.items()]
    if kind is None and isinstance(value, types.Row):
        return value.asDict(True)
    return value


def _records(data: list[Any]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The names that rows bring along, or _1, _2 ..., and the rows as tuples."""
    first = data[0]
    if isinstance(first, dict):
        names = list(dict.fromkeys(name for row in data for name in row))
        return names, [tuple(row.get(name) for name in names) for row in data]
    if not isinstance(first, (tuple, list)):
        return ["value"], [(row,) for row in data]
    given = getattr(first, "__fields__", None) or getattr(first, "_fields", None)
    return list(given or (f"_{i + 1}" for i in range(len(first)))), [tuple(row) for row in data]


def table(data: list[Any], schema: Any) -> pyarrow.Table:
    """Rows, dicts or plain values as an Arrow table."""
    import pyarrow as pa

    if isinstance(schema, types.StructType):
        if data and isinstance(data[0], dict):
            data = [tuple(row.get(name) for name in schema.names) for row in data]
        rows = [row if isinstance(row, (tuple, list)) else (row,) for row in data]
        columns = [
            pa.array([_plain(row[i], f.dataType) for row in rows], type=_arrow_type(f.dataType))
            for i, f in enumerate(schema)
        ]
        fields = [pa.field(f.name, c.type, f.nullable) for f, c in zip(schema, columns)]
        return pa.Table.from_arrays(columns, schema=pa.schema(fields))
    if not data:
        raise ValueError("no rows have no types: give a schema")
    names, records = _records(data)
    if isinstance(schema, (list, tuple)):
        names = [*schema, *names[len(schema) :]]
    columns = [pa.array([_plain(row[i], None) for row in records]) for i in range(len(names))]
    return pa.Table.from_arrays(columns, names=names)
