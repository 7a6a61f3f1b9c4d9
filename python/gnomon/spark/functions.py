"""Spark's functions, under PySpark's names: `from gnomon.spark import functions as F`."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gnomon.spark import _spark
from gnomon.spark._table import FUNCTIONS
from gnomon.spark.column import (
    Column,
    call,
    case,
    expression,
    named,
    to_column,
    to_literal,
)
from gnomon.spark.udf import arrow_udf, pandas_udf, udf  # noqa: F401
from gnomon.spark.udtf import (  # noqa: F401
    AnalyzeArgument,
    AnalyzeResult,
    OrderingColumn,
    PartitioningColumn,
    SelectedColumn,
    SkipRestOfInputTableException,
    arrow_udtf,
    udtf,
)

if TYPE_CHECKING:
    from gnomon.spark.dataframe import DataFrame

    def __getattr__(name: str) -> Callable[..., Column]: ...


_variables = itertools.count()


# ---- names and values ----


def col(col: str) -> Column:
    return named(col)


column = col


def lit(col: Any) -> Column:
    return to_literal(col)


def expr(str: str) -> Column:
    """SQL as it is; never put a value of a user in it."""
    return expression("expression_string", expression=str)


def broadcast(df: DataFrame) -> DataFrame:
    return df.hint("broadcast")


def asc(col: Any) -> Column:
    return to_column(col).asc()


def asc_nulls_first(col: Any) -> Column:
    return to_column(col).asc_nulls_first()


def asc_nulls_last(col: Any) -> Column:
    return to_column(col).asc_nulls_last()


def desc(col: Any) -> Column:
    return to_column(col).desc()


def desc_nulls_first(col: Any) -> Column:
    return to_column(col).desc_nulls_first()


def desc_nulls_last(col: Any) -> Column:
    return to_column(col).desc_nulls_last()


def when(condition: Column, value: Any) -> Column:
    if not isinstance(condition, Column):
        raise TypeError("the condition of when() is a Column")
    return case([condition, to_literal(value)])


def call_function(funcName: str, *cols: Any) -> Column:
    arguments = [to_column(c) for c in cols]
    return expression("call_function", function_name=funcName, arguments=arguments)


def call_udf(udfName: str, *cols: Any) -> Column:
    return call(udfName, *(to_column(c) for c in cols))


# ---- functions of columns that do not fit a row ----


def log(arg1: Any, arg2: Any = None) -> Column:
    if arg2 is None:
        return call("ln", to_column(arg1))
    return call("log", to_literal(arg1), to_column(arg2))


def _trim(function: str, col: Any, trim: Any) -> Column:
    return call(function, *(to_column(c) for c in (trim, col) if c is not None))


def trim(col: Any, trim: Any = None) -> Column:
    return _trim("trim", col, trim)


def ltrim(col: Any, trim: Any = None) -> Column:
    return _trim("ltrim", col, trim)


def rtrim(col: Any, trim: Any = None) -> Column:
    return _trim("rtrim", col, trim)


def window(
    timeColumn: Any,
    windowDuration: str,
    slideDuration: str | None = None,
    startTime: str | None = None,
) -> Column:
    durations = [windowDuration]
    if slideDuration is not None or startTime is not None:
        durations.append(slideDuration if slideDuration is not None else windowDuration)
    if startTime is not None:
        durations.append(startTime)
    return call("window", to_column(timeColumn), *durations)


def _make_timestamp(name: str, parts: list[Any], date: Any, time: Any, zone: Any) -> Column:
    if date is not None or time is not None:
        if any(part is not None for part in parts):
            raise ValueError("years to secs are given, or date and time, not both")
        parts = [date, time]
    if any(part is None for part in parts):
        raise ValueError(f"{name} wants years to secs, or date and time")
    return call(name, *(to_column(part) for part in parts + ([] if zone is None else [zone])))


def make_timestamp(
    years: Any = None,
    months: Any = None,
    days: Any = None,
    hours: Any = None,
    mins: Any = None,
    secs: Any = None,
    timezone: Any = None,
    date: Any = None,
    time: Any = None,
) -> Column:
    parts = [years, months, days, hours, mins, secs]
    return _make_timestamp("make_timestamp", parts, date, time, timezone)


def try_make_timestamp(
    years: Any = None,
    months: Any = None,
    days: Any = None,
    hours: Any = None,
    mins: Any = None,
    secs: Any = None,
    timezone: Any = None,
    date: Any = None,
    time: Any = None,
) -> Column:
    parts = [years, months, days, hours, mins, secs]
    return _make_timestamp("try_make_timestamp", parts, date, time, timezone)


def make_timestamp_ntz(
    years: Any = None,
    months: Any = None,
    days: Any = None,
    hours: Any = None,
    mins: Any = None,
    secs: Any = None,
    date: Any = None,
    time: Any = None,
) -> Column:
    parts = [years, months, days, hours, mins, secs]
    return _make_timestamp("make_timestamp_ntz", parts, date, time, None)


def try_make_timestamp_ntz(
    years: Any = None,
    months: Any = None,
    days: Any = None,
    hours: Any = None,
    mins: Any = None,
    secs: Any = None,
    date: Any = None,
    time: Any = None,
) -> Column:
    parts = [years, months, days, hours, mins, secs]
    return _make_timestamp("try_make_timestamp_ntz", parts, date, time, None)


# ---- functions of functions ----


def _lambda(f: Callable[..., Column]) -> Column:
    """A Python function as Spark's: called once, with its parameters as columns."""
    if not callable(f):
        raise TypeError(f"a function is wanted, not {f!r}")
    count = len(inspect.signature(f).parameters)
    if not 1 <= count <= 3:
        raise ValueError("a function takes one to three columns")
    variables = [
        expression("unresolved_named_lambda_variable", name_parts=[f"{name}_{next(_variables)}"])
        for name in "xyz"[:count]
    ]
    body = f(*variables)
    if not isinstance(body, Column):
        raise ValueError(f"the function gave {body!r}, no Column")
    return expression("lambda_function", function=body, arguments=variables)


def _higher(name: str, columns: list[Any], *functions: Callable[..., Column] | None) -> Column:
    lambdas = [_lambda(f) for f in functions if f is not None]
    return call(name, *(to_column(c) for c in columns), *lambdas)


def aggregate(col: Any, initialValue: Any, merge: Any, finish: Any = None) -> Column:
    return _higher("aggregate", [col, initialValue], merge, finish)


def reduce(col: Any, initialValue: Any, merge: Any, finish: Any = None) -> Column:
    return _higher("reduce", [col, initialValue], merge, finish)


def array_sort(col: Any, comparator: Any = None) -> Column:
    return _higher("array_sort", [col], comparator)


def exists(col: Any, f: Any) -> Column:
    return _higher("exists", [col], f)


def filter(col: Any, f: Any) -> Column:
    return _higher("filter", [col], f)


def forall(col: Any, f: Any) -> Column:
    return _higher("forall", [col], f)


def map_filter(col: Any, f: Any) -> Column:
    return _higher("map_filter", [col], f)


def map_zip_with(col1: Any, col2: Any, f: Any) -> Column:
    return _higher("map_zip_with", [col1, col2], f)


def transform(col: Any, f: Any) -> Column:
    return _higher("transform", [col], f)


def transform_keys(col: Any, f: Any) -> Column:
    return _higher("transform_keys", [col], f)


def transform_values(col: Any, f: Any) -> Column:
    return _higher("transform_values", [col], f)


def zip_with(left: Any, right: Any, f: Any) -> Column:
    return _higher("zip_with", [left, right], f)


globals().update({name: function for name, function in FUNCTIONS.items() if name not in globals()})


class partitioning:
    """Transforms of a table's partitions: .partitionedBy(F.partitioning.days("t"))."""

    bucket = staticmethod(FUNCTIONS["bucket"])
    years = staticmethod(FUNCTIONS["years"])
    months = staticmethod(FUNCTIONS["months"])
    days = staticmethod(FUNCTIONS["days"])
    hours = staticmethod(FUNCTIONS["hours"])


def _reset_variables() -> None:
    """Names of parameters begin anew, for tests that compare plans."""
    global _variables
    _variables = itertools.count()
    _spark._reset_plan_ids()
