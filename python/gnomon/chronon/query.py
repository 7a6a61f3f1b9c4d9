"""`Query` and `select`: what to read of a table."""

from __future__ import annotations

from gnomon.chronon.api import ttypes as api

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass


def Query(
    selects: dict[str, str] | None = None,
    wheres: list[str] | None = None,
    start_partition: str | None = None,
    end_partition: str | None = None,
    time_column: str | None = None,
    setups: list[str] | None = None,
    mutation_time_column: str | None = None,
    reversal_column: str | None = None,
    partition_column: str | None = None,
) -> api.Query:
    """What to read of a table.

    selects: output column -> Spark SQL expression of one row. None takes columns as they are.
    wheres: conditions that must all hold.
    start_partition, end_partition: first and last day to read, `yyyy-MM-dd`, both included.
    time_column: expression for the time of a row, in milliseconds since 1970-01-01 UTC.
    setups: SQL statements to run once before reading, for instance to register functions.
    mutation_time_column: entities only; time of a change in milliseconds.
    reversal_column: entities only; true marks the values before a change.
    partition_column: name of the table's day column where it is not `ds`.
    """
    return api.Query(
        selects,
        wheres,
        start_partition,
        end_partition,
        time_column,
        setups or [],
        mutation_time_column,
        reversal_column,
        partition_column,
    )


def select(*args: str, **kwargs: str) -> dict[str, str]:
    """`select("a", b="c + 1")` is `{"a": "a", "b": "c + 1"}`."""
    return {**{column: column for column in args}, **kwargs}
