"""Groups, to be aggregated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.spark._errors import Unsupported
from gnomon.spark.column import Column, call, named, to_literal

if TYPE_CHECKING:
    from gnomon.spark.dataframe import DataFrame


class GroupedData:
    """What groupBy, rollup, cube and groupingSets give."""

    def __init__(
        self,
        df: DataFrame,
        kind: str,
        grouping: list[Column],
        pivot: dict[str, Any] | None = None,
        grouping_sets: list[list[Column]] | None = None,
    ) -> None:
        self._df, self._kind, self._grouping = df, kind, grouping
        self._pivot, self._sets = pivot, grouping_sets

    def agg(self, *exprs: Any) -> DataFrame:
        if not exprs:
            raise ValueError("agg wants aggregates")
        if len(exprs) == 1 and isinstance(exprs[0], dict):
            exprs = tuple(call(function, named(name)) for name, function in exprs[0].items())
        if not all(isinstance(c, Column) for c in exprs):
            raise TypeError("aggregates are columns: F.sum(...)")
        sets = [{"grouping_set": one} for one in self._sets] if self._sets is not None else []
        return self._df._step(
            "aggregate",
            group_type=f"GROUP_TYPE_{self._kind}",
            grouping_expressions=self._grouping,
            aggregate_expressions=list(exprs),
            pivot=self._pivot,
            grouping_sets=sets,
        )

    def _figure(self, function: str, cols: tuple[str, ...]) -> DataFrame:
        """Of the named columns; of all that hold numbers where none is named, which is asked."""
        names = cols or tuple(self._df._numeric_names())
        return self.agg(*(call(function, named(name)) for name in names))

    def sum(self, *cols: str) -> DataFrame:
        return self._figure("sum", cols)

    def avg(self, *cols: str) -> DataFrame:
        return self._figure("avg", cols)

    mean = avg

    def min(self, *cols: str) -> DataFrame:
        return self._figure("min", cols)

    def max(self, *cols: str) -> DataFrame:
        return self._figure("max", cols)

    def count(self) -> DataFrame:
        return self.agg(call("count", 1).alias("count"))

    def pivot(self, pivot_col: str, values: list[Any] | None = None) -> GroupedData:
        if self._kind != "GROUPBY":
            raise Unsupported(f"a pivot after {self._kind.lower()}", code="SPARKC_E_UNSUPPORTED")
        pivot = {"col": self._df[pivot_col], "values": [to_literal(v) for v in values or ()]}
        return GroupedData(self._df, "PIVOT", self._grouping, pivot)
