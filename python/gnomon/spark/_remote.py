"""Functions around a user's, which run on the server. Only what is within `def` goes there: each is
sent by its code, and what it uses of pyspark is found there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from gnomon.spark._pickle import Called, There
from gnomon.spark.types import StructType


def each(f: Callable[[Any], None]) -> Callable[[Any], None]:
    def call_with(row: Any) -> None:
        f(row)

    return call_with


def each_part(f: Callable[[Iterator[Any]], None], schema: StructType) -> Callable[..., Any]:
    """Arrow's batches as pyspark's rows."""
    to_rows: Any = There("pyspark.sql.conversion", "ArrowTableToRowsConversion.convert")

    def call_with(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow  # type: ignore[import-untyped,unused-ignore]

        tables = (pyarrow.Table.from_batches([batch]) for batch in batches)
        f(row for table in tables for row in to_rows(table, schema))
        return iter(())

    return call_with


def each_of_stream(f: Any) -> tuple[Any, ...]:
    """What a stream's `foreach` sends: the function, and how rows come."""
    made = There("pyspark.sql.streaming.readwriter", "DataStreamWriter._construct_foreach_function")
    plain = There("pyspark.serializers", "CPickleSerializer")
    rows = There("pyspark.serializers", "AutoBatchedSerializer")(plain())
    return made(f), None, rows, rows


def stateful(processor: Any, time_mode: str, has_first_state: bool) -> Called:
    """The function that calls a processor."""
    owner = "pyspark.sql.streaming.stateful_processor_util"
    made = There(owner, "TransformWithStateInPandasUdfUtils")(processor, time_mode)
    name = "transformWithStateWithInitStateUDF" if has_first_state else "transformWithStateUDF"
    return made.member(name)
