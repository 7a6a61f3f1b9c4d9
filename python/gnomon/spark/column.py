"""Columns: expressions that Spark will compute. Operators and methods are PySpark's."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gnomon.spark import _spark, types
from gnomon.spark._errors import missing

if TYPE_CHECKING:
    from gnomon.spark.dataframe import DataFrame
    from gnomon.spark.window import WindowSpec

EPOCH = datetime.datetime(1970, 1, 1)
EPOCH_UTC = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)


# ---- literals ----


def _timestamp_us(value: datetime.datetime) -> int:
    """Without a zone, the clock of this machine is meant, as in PySpark."""
    return (value.astimezone(datetime.timezone.utc) - EPOCH_UTC) // MICROSECOND


def _time_ns(value: datetime.time) -> int:
    at = datetime.datetime.combine(EPOCH.date(), value.replace(tzinfo=None))
    return (at - EPOCH) // MICROSECOND * 1000


def literal_of(value: Any, kind: types.DataType | None = None) -> dict[str, Any]:
    """The fields of a Literal message."""
    kind = kind or types.of_value(value)
    if value is None:
        return {"null": kind._proto()}
    if isinstance(kind, types.DecimalType):
        digits = {"value": str(value), "precision": kind.precision, "scale": kind.scale}
        return {"decimal": digits}
    if isinstance(kind, types.TimestampType):
        return {"timestamp": _timestamp_us(value)}
    if isinstance(kind, types.TimestampNTZType):
        return {"timestamp_ntz": (value - EPOCH) // MICROSECOND}
    if isinstance(kind, types.DateType):
        return {"date": value.toordinal() - EPOCH.toordinal()}
    if isinstance(kind, types.TimeType):
        return {"time": {"precision": kind.precision, "nano": _time_ns(value)}}
    if isinstance(kind, types.DayTimeIntervalType):
        return {"day_time_interval": value // MICROSECOND}
    if isinstance(kind, types.ArrayType):
        elements = [literal_of(item, kind.elementType) for item in value]
        return {"array": {"element_type": kind.elementType._proto(), "elements": elements}}
    return {kind._name: value}


class Column:
    """An expression: of columns, literals and functions. Immutable; nothing is sent to make one."""

    def __init__(
        self,
        native: _spark.Expr,
        label: str = "",
        shown: Sequence[Any] = (),
        parts: Sequence[Column] = (),
    ) -> None:
        self._native = native
        self._label, self._shown = label, tuple(shown)  # for people; put together when asked
        self._parts = tuple(parts)  # of a CASE its branches, of a struct its fields
        self._else = False  # of a CASE: it has an ELSE
        self._order = False  # it is an order

    # ---- operators ----

    def __eq__(self, other: object) -> Column:  # type: ignore[override]
        return call("==", self, other)

    def __ne__(self, other: object) -> Column:  # type: ignore[override]
        return call("not", call("==", self, other))

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: Any) -> Column:
        return call("<", self, other)

    def __le__(self, other: Any) -> Column:
        return call("<=", self, other)

    def __gt__(self, other: Any) -> Column:
        return call(">", self, other)

    def __ge__(self, other: Any) -> Column:
        return call(">=", self, other)

    def __add__(self, other: Any) -> Column:
        return call("+", self, other)

    def __radd__(self, other: Any) -> Column:
        return call("+", other, self)

    def __sub__(self, other: Any) -> Column:
        return call("-", self, other)

    def __rsub__(self, other: Any) -> Column:
        return call("-", other, self)

    def __mul__(self, other: Any) -> Column:
        return call("*", self, other)

    def __rmul__(self, other: Any) -> Column:
        return call("*", other, self)

    def __truediv__(self, other: Any) -> Column:
        return call("/", self, other)

    def __rtruediv__(self, other: Any) -> Column:
        return call("/", other, self)

    __div__, __rdiv__ = __truediv__, __rtruediv__

    def __mod__(self, other: Any) -> Column:
        return call("%", self, other)

    def __rmod__(self, other: Any) -> Column:
        return call("%", other, self)

    def __pow__(self, other: Any) -> Column:
        return call("power", self, other)

    def __rpow__(self, other: Any) -> Column:
        return call("power", other, self)

    def __neg__(self) -> Column:
        return call("negative", self)

    def __and__(self, other: Any) -> Column:
        return call("and", self, other)

    def __rand__(self, other: Any) -> Column:
        return call("and", self, other)

    def __or__(self, other: Any) -> Column:
        return call("or", self, other)

    def __ror__(self, other: Any) -> Column:
        return call("or", self, other)

    def __invert__(self) -> Column:
        return call("not", self)

    def __contains__(self, item: Any) -> None:
        raise ValueError("Spark computes a column later: write column.contains(item)")

    def __bool__(self) -> bool:
        raise ValueError("Spark computes a column later: write & for and, | for or, ~ for not")

    __nonzero__ = __bool__

    def __iter__(self) -> None:
        raise TypeError("a column cannot be gone through")

    def __getitem__(self, k: Any) -> Column:
        if isinstance(k, slice):
            if k.step is not None:
                raise ValueError("a slice of a column has no step")
            return self.substr(k.start, k.stop)
        return expression("unresolved_extract_value", child=self, extraction=to_literal(k))

    def __getattr__(self, item: str) -> Column:
        if item.startswith("_"):
            raise AttributeError(item)
        return self[item]

    def __repr__(self) -> str:
        return f"Column<'{_text_of(self)}'>"

    def eqNullSafe(self, other: Any) -> Column:
        return call("<=>", self, other)

    def bitwiseOR(self, other: Any) -> Column:
        return call("|", self, other)

    def bitwiseAND(self, other: Any) -> Column:
        return call("&", self, other)

    def bitwiseXOR(self, other: Any) -> Column:
        return call("^", self, other)

    # ---- what it asks ----

    def isNull(self) -> Column:
        return call("isNull", self)

    def isNotNull(self) -> Column:
        return call("isNotNull", self)

    def isNaN(self) -> Column:
        return call("isNaN", self)

    def contains(self, other: Any) -> Column:
        return call("contains", self, other)

    def startswith(self, other: Any) -> Column:
        return call("startsWith", self, other)

    def endswith(self, other: Any) -> Column:
        return call("endsWith", self, other)

    def like(self, other: str) -> Column:
        return call("like", self, other)

    def rlike(self, other: str) -> Column:
        return call("rlike", self, other)

    def ilike(self, other: str) -> Column:
        return call("ilike", self, other)

    def between(self, lowerBound: Any, upperBound: Any) -> Column:
        return call("and", call(">=", self, lowerBound), call("<=", self, upperBound))

    def isin(self, *cols: Any) -> Column:
        from gnomon.spark.dataframe import DataFrame

        if len(cols) == 1 and isinstance(cols[0], DataFrame):
            return subquery(cols[0], "IN", in_subquery_values=list(self._parts or (self,)))
        if len(cols) == 1 and isinstance(cols[0], (list, set)):
            cols = tuple(cols[0])
        return call("in", self, *cols)

    # ---- shapes ----

    def alias(self, *alias: str, **kwargs: Any) -> Column:
        metadata = kwargs.pop("metadata", None)
        if kwargs:
            raise TypeError(f"alias() knows metadata=, not {', '.join(kwargs)}")
        if metadata is not None and len(alias) != 1:
            raise ValueError("metadata is for one name")
        text = json.dumps(metadata) if metadata is not None else None
        return expression("alias", expr=self, name=list(alias), metadata=text)

    name = alias

    def cast(self, dataType: types.DataType | str) -> Column:
        return expression("cast", expr=self, **_cast_to(dataType))

    astype = cast

    def try_cast(self, dataType: types.DataType | str) -> Column:
        return expression("cast", expr=self, eval_mode="EVAL_MODE_TRY", **_cast_to(dataType))

    def substr(self, startPos: int | Column, length: int | Column) -> Column:
        if isinstance(startPos, Column) != isinstance(length, Column):
            raise TypeError("both of startPos and length are int, or both are columns")
        return call("substr", self, startPos, length)

    def getItem(self, key: Any) -> Column:
        return self[key]

    def getField(self, name: Any) -> Column:
        return self[name]

    def withField(self, fieldName: str, col: Column) -> Column:
        return expression(
            "update_fields", struct_expression=self, field_name=fieldName, value_expression=col
        )

    def dropFields(self, *fieldNames: str) -> Column:
        if not fieldNames:
            raise ValueError("dropFields wants a name")
        out = self
        for name in fieldNames:
            out = expression("update_fields", struct_expression=out, field_name=name)
        return out

    def when(self, condition: Column, value: Any) -> Column:
        if not self._parts or self._else:
            raise TypeError("when() follows when(), and no otherwise()")
        return case([*self._parts, condition, to_literal(value)])

    def otherwise(self, value: Any) -> Column:
        if not self._parts or self._else:
            raise TypeError("otherwise() follows when(), once")
        return case([*self._parts, to_literal(value)], has_else=True)

    def over(self, window: WindowSpec) -> Column:
        return expression("window", window_function=self, **window._fields())

    def to_plan(self, session: Any) -> Any:
        instead = "a plan is bytes, and whole: spark.range(1).select(column)._native.encode()"
        raise missing("Column", "to_plan", instead)

    def outer(self) -> Column:
        return self

    def transform(self, f: Any) -> Column:
        out: Any = f(self)
        if not isinstance(out, Column):
            raise TypeError("what transform() gets gives a Column")
        return out

    # ---- orders ----

    def asc(self) -> Column:
        return self.asc_nulls_first()

    def desc(self) -> Column:
        return self.desc_nulls_last()

    def asc_nulls_first(self) -> Column:
        return order(self, "ASCENDING", "FIRST")

    def asc_nulls_last(self) -> Column:
        return order(self, "ASCENDING", "LAST")

    def desc_nulls_first(self) -> Column:
        return order(self, "DESCENDING", "FIRST")

    def desc_nulls_last(self) -> Column:
        return order(self, "DESCENDING", "LAST")


# ---- making ----


def _text_of(value: Any) -> str:
    if not isinstance(value, Column):
        return repr(value) if isinstance(value, (str, int, float, bytes)) else type(value).__name__
    if not value._shown:
        return value._label
    return f"{value._label}({', '.join(map(_text_of, value._shown))})"


def expression(type: str, /, **fields: Any) -> Column:
    """An expression by the protocol's own names; a field that is None is left out."""
    shown = [value for value in fields.values() if value is not None]
    column = Column(_spark.expression(type, fields), type, shown)
    column._order = type == "sort_order"
    return column


def call(function: str, *arguments: Any, distinct: bool = False) -> Column:
    """A function by Spark's name; what is no column is a literal."""
    columns = [to_literal(argument) for argument in arguments]
    fields = {"function_name": function, "arguments": columns, "is_distinct": distinct}
    parts = columns if function == "struct" else ()
    return Column(_spark.expression("unresolved_function", fields), function, columns, parts)


def case(branches: Sequence[Column], has_else: bool = False) -> Column:
    out = call("when", *branches)
    out._parts, out._else = tuple(branches), has_else
    return out


def order(child: Column, direction: str, nulls: str) -> Column:
    return expression(
        "sort_order",
        child=child,
        direction=f"SORT_DIRECTION_{direction}",
        null_ordering=f"SORT_NULLS_{nulls}",
    )


def subquery(df: DataFrame, kind: str, **fields: Any) -> Column:
    return expression(
        "subquery_expression",
        plan_id=df,
        subquery_type=f"SUBQUERY_TYPE_{kind}",
        **fields,
    )


def literal(value: Any, kind: types.DataType | None = None) -> Column:
    return Column(_spark.expression("literal", literal_of(value, kind)), str(value))


def to_literal(value: Any) -> Column:
    """A column as it is; a list as array(...); another value as a literal."""
    if isinstance(value, Column):
        return value
    if isinstance(value, list):
        if any(isinstance(item, Column) for item in value):
            raise ValueError("a list with columns in it is no literal: use array()")
        return call("array", *value)
    return literal(value)


def named(name: str, plan: DataFrame | None = None, metadata: bool = False) -> Column:
    """A column by its name; of one data frame, when it is given."""
    if name == "*":
        fields: dict[str, Any] = {"plan_id": plan}
        return Column(_spark.expression("unresolved_star", fields), name)
    if name.endswith(".*") and plan is None:
        return Column(_spark.expression("unresolved_star", {"unparsed_target": name}), name)
    fields = {"unparsed_identifier": name, "plan_id": plan, "is_metadata_column": metadata}
    return Column(_spark.expression("unresolved_attribute", fields), name)


def to_column(value: Any) -> Column:
    """A text as the column of that name; what is none, a literal."""
    return named(value) if isinstance(value, str) else to_literal(value)


def to_order(value: Any) -> Column:
    """An order as it is; another column ascends."""
    column = to_column(value)
    return column if column._order else column.asc()


def _cast_to(kind: types.DataType | str) -> dict[str, Any]:
    return {"type_str": kind} if isinstance(kind, str) else {"type": kind._proto()}


def decimal_literal(value: str, precision: int, scale: int) -> Column:
    return literal(decimal.Decimal(value), types.DecimalType(precision, scale))
