"""Types of arguments and answers of `gnomon.Session`."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Protocol


class ArrowStream(Protocol):
    """Rows as Arrow: a pyarrow Table or RecordBatchReader, a polars DataFrame, …"""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows, by Arrow's PyCapsule protocol."""


#: Called as progress(step, done, total, unit), at most ten times a second; total 0 is not known.
Progress = Callable[[str, int, int, str], object]


class Problem(NamedTuple):
    """Something that is wrong with a definition. Lines and columns count from 1; 0: unknown."""

    code: str
    severity: str  # "error", "warning", "note"
    file: str
    line: int
    col: int
    message: str
    hint: str


class BackfillReport(NamedTuple):
    """What one backfill wrote."""

    partitions: int
    rows: int
    bytes: int
    skipped: int  # partitions that were there already


class UploadReport(NamedTuple):
    """What one upload brought into the store."""

    keys: int
    bytes: int
    batch_end_ms: int  # midnight after `ds`, in milliseconds since 1970-01-01T00:00Z


class Rows:
    """Rows of a table, read once: by whatever takes Arrow's PyCapsule protocol, or as dicts.

    pyarrow.table(rows), polars.DataFrame(rows), rows.to_dicts()
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._stream.__arrow_c_stream__(requested_schema)

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dict a row. Numbers and texts are Python's, times and days are texts."""
        import json

        return [json.loads(line) for line in self._stream.json_lines().splitlines()]
