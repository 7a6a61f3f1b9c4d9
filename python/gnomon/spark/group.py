"""Groups, to be aggregated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnomon.spark import _remote, udf
from gnomon.spark._errors import InvalidPlan, Unsupported
from gnomon.spark.column import Column, call, named, to_literal
from gnomon.spark.udf import GROUPED_MAP_PANDAS

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

    # ---- functions in Python ----

    def _mapped(self, func: Any, schema: Any, kind: int) -> DataFrame:
        given = udf.type_of(schema, self._df._session)
        return self._df._of_function(
            "group_map",
            given,
            input=self._df,
            grouping_expressions=self._grouping,
            func=udf.inline(func, kind, given, self._df._named_columns()),
        )

    def applyInPandas(self, func: Any, schema: Any) -> DataFrame:
        """What a function gives for each group, a frame of pandas'."""
        whole, parts = udf.GROUPED_MAP_PANDAS, udf.GROUPED_MAP_PANDAS_ITER
        return self._mapped(func, schema, parts if udf.iterates(func) else whole)

    def applyInArrow(self, func: Any, schema: Any) -> DataFrame:
        """What a function gives for each group, a table of Arrow's."""
        whole, parts = udf.GROUPED_MAP_ARROW, udf.GROUPED_MAP_ARROW_ITER
        return self._mapped(func, schema, parts if udf.iterates(func) else whole)

    def apply(self, udf: Any) -> DataFrame:
        """applyInPandas, with a function that pandas_udf(f, schema, 201) made."""
        if getattr(udf, "evalType", None) != GROUPED_MAP_PANDAS:
            raise InvalidPlan("a function of groups is wanted", hint="applyInPandas takes any")
        return self.applyInPandas(udf.func, udf.returnType)

    def cogroup(self, other: GroupedData) -> CogroupedOps:
        return CogroupedOps(self, other)

    def applyInPandasWithState(
        self,
        func: Any,
        outputStructType: Any,
        stateStructType: Any,
        outputMode: str,
        timeoutConf: str,
    ) -> DataFrame:
        def text(schema: Any) -> str:
            return schema if isinstance(schema, str) else str(schema.json())

        given = udf.type_of(outputStructType, self._df._session)
        kind = udf.GROUPED_MAP_PANDAS_STATE
        return self._df._of_function(
            "apply_in_pandas_with_state",
            given,
            input=self._df,
            grouping_expressions=self._grouping,
            func=udf.inline(func, kind, given, self._df._named_columns()),
            output_schema=text(outputStructType),
            state_schema=text(stateStructType),
            output_mode=outputMode,
            timeout_conf=timeoutConf,
        )

    def transformWithState(
        self,
        statefulProcessor: Any,
        outputStructType: Any,
        outputMode: str,
        timeMode: str,
        initialState: GroupedData | None = None,
        eventTimeColumnName: str = "",
    ) -> DataFrame:
        """Rows that a processor makes of those of a stream, and of what it remembers."""
        kinds = udf.TRANSFORM_STATE, udf.TRANSFORM_STATE_INIT
        given = outputStructType, outputMode, timeMode, initialState, eventTimeColumnName
        return self._transformed(statefulProcessor, kinds, *given)

    def transformWithStateInPandas(
        self,
        statefulProcessor: Any,
        outputStructType: Any,
        outputMode: str,
        timeMode: str,
        initialState: GroupedData | None = None,
        eventTimeColumnName: str = "",
    ) -> DataFrame:
        kinds = udf.TRANSFORM_STATE_PANDAS, udf.TRANSFORM_STATE_PANDAS_INIT
        given = outputStructType, outputMode, timeMode, initialState, eventTimeColumnName
        return self._transformed(statefulProcessor, kinds, *given)

    def _transformed(
        self,
        processor: Any,
        kinds: tuple[int, int],
        schema: Any,
        output_mode: str,
        time_mode: str,
        first: GroupedData | None,
        event_time: str,
    ) -> DataFrame:
        given = udf.type_of(schema, self._df._session)
        function = udf.inline(
            _remote.stateful(processor, time_mode, first is not None),
            kinds[first is not None],
            given,
            self._df._named_columns(),
        )
        return self._df._of_function(
            "group_map",
            given,
            input=self._df,
            grouping_expressions=self._grouping,
            func={**function, "function_name": type(processor).__name__},
            initial_input=first._df if first else None,
            initial_grouping_expressions=first._grouping if first else [],
            output_mode=output_mode,
            transform_with_state_info={
                "time_mode": time_mode,
                "event_time_column_name": event_time,
                "output_schema": given._proto(),
            },
        )

    def pivot(self, pivot_col: str, values: list[Any] | None = None) -> GroupedData:
        if self._kind != "GROUPBY":
            raise Unsupported(f"a pivot after {self._kind.lower()}", code="SPARKC_E_UNSUPPORTED")
        pivot = {"col": self._df[pivot_col], "values": [to_literal(v) for v in values or ()]}
        return GroupedData(self._df, "PIVOT", self._grouping, pivot)


class CogroupedOps:
    """Groups of two data frames by the same keys."""

    def __init__(self, gd1: GroupedData, gd2: GroupedData) -> None:
        self._left, self._right = gd1, gd2

    def applyInPandas(self, func: Any, schema: Any) -> DataFrame:
        return self._mapped(func, schema, udf.COGROUPED_MAP_PANDAS)

    def applyInArrow(self, func: Any, schema: Any) -> DataFrame:
        return self._mapped(func, schema, udf.COGROUPED_MAP_ARROW)

    def _mapped(self, func: Any, schema: Any, kind: int) -> DataFrame:
        given = udf.type_of(schema, self._left._df._session)
        return self._left._df._of_function(
            "co_group_map",
            given,
            input=self._left._df,
            input_grouping_expressions=self._left._grouping,
            other=self._right._df,
            other_grouping_expressions=self._right._grouping,
            func=udf.inline(func, kind, given),
        )
