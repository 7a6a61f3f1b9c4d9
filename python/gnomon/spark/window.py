"""Windows: the rows around the one that a function is computed for."""

from __future__ import annotations

from typing import Any

from gnomon.spark.column import Column, to_column, to_order

LONG_MIN, LONG_MAX = -(1 << 63), (1 << 63) - 1
INT_MIN, INT_MAX = -(1 << 31), (1 << 31) - 1


def _flat(cols: tuple[Any, ...]) -> list[Any]:
    return list(cols[0]) if len(cols) == 1 and isinstance(cols[0], (list, tuple)) else list(cols)


def _bound(offset: int, unbounded: int, row: bool) -> dict[str, Any]:
    if offset == 0:
        return {"current_row": True}
    if offset == unbounded:
        return {"unbounded": True}
    if row and not INT_MIN <= offset <= INT_MAX:
        raise ValueError(f"{offset} rows are more than a frame takes")
    return {"value": {"literal": {"integer" if row else "long": offset}}}


class WindowSpec:
    """Which rows, in which order, from where to where."""

    def __init__(
        self,
        partitionSpec: list[Column],
        orderSpec: list[Column],
        frame: dict[str, Any] | None,
    ) -> None:
        self._partition, self._order, self._frame = partitionSpec, orderSpec, frame

    def partitionBy(self, *cols: Any) -> WindowSpec:
        return WindowSpec([to_column(c) for c in _flat(cols)], self._order, self._frame)

    def orderBy(self, *cols: Any) -> WindowSpec:
        return WindowSpec(self._partition, [to_order(c) for c in _flat(cols)], self._frame)

    def rowsBetween(self, start: int, end: int) -> WindowSpec:
        return self._framed(start, end, "ROW")

    def rangeBetween(self, start: int, end: int) -> WindowSpec:
        return self._framed(start, end, "RANGE")

    def _framed(self, start: int, end: int, kind: str) -> WindowSpec:
        frame = {
            "frame_type": f"FRAME_TYPE_{kind}",
            "lower": _bound(max(start, LONG_MIN), LONG_MIN, kind == "ROW"),
            "upper": _bound(min(end, LONG_MAX), LONG_MAX, kind == "ROW"),
        }
        return WindowSpec(self._partition, self._order, frame)

    def _fields(self) -> dict[str, Any]:
        return {
            "partition_spec": self._partition,
            "order_spec": self._order,
            "frame_spec": self._frame,
        }


_EMPTY = WindowSpec([], [], None)


class Window:
    """Where windows begin: Window.partitionBy("a").orderBy("b").rowsBetween(-2, 0)."""

    unboundedPreceding = LONG_MIN
    unboundedFollowing = LONG_MAX
    currentRow = 0

    @staticmethod
    def partitionBy(*cols: Any) -> WindowSpec:
        return _EMPTY.partitionBy(*cols)

    @staticmethod
    def orderBy(*cols: Any) -> WindowSpec:
        return _EMPTY.orderBy(*cols)

    @staticmethod
    def rowsBetween(start: int, end: int) -> WindowSpec:
        return _EMPTY.rowsBetween(start, end)

    @staticmethod
    def rangeBetween(start: int, end: int) -> WindowSpec:
        return _EMPTY.rangeBetween(start, end)
