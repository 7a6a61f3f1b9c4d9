"""Data frames: lazy, immutable descriptions of rows on the server. Signatures are PySpark's."""

from __future__ import annotations

import contextlib
import json
import random
import sys
import uuid
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from gnomon.spark import _notebook, _remote, _spark, udf
from gnomon.spark._errors import InvalidPlan, SparkConnectError, missing
from gnomon.spark.column import (
    Column,
    call,
    expression,
    literal_of,
    named,
    subquery,
    to_column,
    to_literal,
    to_order,
)
from gnomon.spark.execution import ExecutionInfo
from gnomon.spark.group import GroupedData
from gnomon.spark.readwriter import DataFrameWriter, DataFrameWriterV2, MergeIntoWriter
from gnomon.spark.storage import StorageLevel
from gnomon.spark.types import DataType, NumericType, Row, StructType, from_proto, make_row

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped,unused-ignore]
    import polars
    import pyarrow  # type: ignore[import-untyped,unused-ignore]

    from gnomon.spark.observation import Observation
    from gnomon.spark.session import Session

EXPLAIN_MODES = ("simple", "extended", "codegen", "cost", "formatted")
JOIN_TYPES = {
    "inner": "INNER",
    "cross": "CROSS",
    **dict.fromkeys(("outer", "full", "fullouter"), "FULL_OUTER"),
    **dict.fromkeys(("left", "leftouter"), "LEFT_OUTER"),
    **dict.fromkeys(("right", "rightouter"), "RIGHT_OUTER"),
    **dict.fromkeys(("semi", "leftsemi"), "LEFT_SEMI"),
    **dict.fromkeys(("anti", "leftanti"), "LEFT_ANTI"),
}
NOT_HERE = {
    "rdd": "Spark Connect has none: mapInArrow, mapInPandas, foreachPartition",
    "toJSON": 'Spark Connect has none: select(F.to_json(F.struct("*")))',
    "pandas_api": "to_pandas() fetches rows; mapInPandas, applyInPandas run pandas there",
    "plot": "to_pandas() or to_polars(), which plot",
}
NO_VALUE: Any = object()


def _flat(items: Sequence[Any]) -> list[Any]:
    """What was given as one list, as a list; what was given one by one, too."""
    if len(items) == 1 and isinstance(items[0], (list, tuple)):
        return list(items[0])
    return list(items)


def _names(names: Any) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())


def _join_type(how: str | None) -> str:
    kind = JOIN_TYPES.get((how or "inner").lower().replace("_", ""))
    if kind is None:
        raise InvalidPlan(f"there is no join {how}", hint=f"choose of {', '.join(JOIN_TYPES)}")
    return f"JOIN_TYPE_{kind}"


def _condition(on: Any) -> tuple[list[str], Column | None]:
    """The names that both sides have, or the condition."""
    if on is None or isinstance(on, str):
        return _names(on), None
    if isinstance(on, Column):
        return [], on
    if on and all(isinstance(c, Column) for c in on):
        both = on[0]
        for c in on[1:]:
            both = both & c
        return [], both
    return list(on), None


def _number(value: Any) -> Any:
    """A number of a replacement: all are doubles."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _seed(seed: int | None) -> int:
    return random.randint(0, sys.maxsize) if seed is None else int(seed)


class DataFrame:
    """Rows that a server will compute when they are asked for."""

    def __init__(self, native: _spark.Frame, session: Session) -> None:
        self._native = native
        self._session = session
        self._cached_schema: StructType | None = None
        self._execution: ExecutionInfo | None = None

    def _step(self, type: str, same_schema: bool = False, /, **fields: Any) -> DataFrame:
        """The next relation, over this one."""
        out = self._session._relation(type, input=self, **fields)
        if same_schema:
            out._cached_schema = self._cached_schema
        return out

    def _col(self, name: str, is_metadata_column: bool = False) -> Column:
        return named(name, self, is_metadata_column)

    # ---- columns ----

    def select(self, *cols: Any) -> DataFrame:
        return self._step("project", expressions=[to_column(c) for c in _flat(cols)])

    def selectExpr(self, *expr: Any) -> DataFrame:
        texts: list[str] = []
        for item in _flat(expr):
            texts.extend([item] if isinstance(item, str) else item)
        columns = [expression("expression_string", expression=text) for text in texts]
        return self._step("project", expressions=columns)

    def withColumn(self, colName: str, col: Column) -> DataFrame:
        if not isinstance(col, Column):
            raise TypeError("withColumn wants a Column: F.lit(value) makes one")
        return self._with([(colName, col, None)])

    def withColumns(self, *colsMap: dict[str, Column]) -> DataFrame:
        (columns,) = colsMap
        return self._with([(name, column, None) for name, column in columns.items()])

    def withMetadata(self, columnName: str, metadata: dict[str, Any]) -> DataFrame:
        return self._with([(columnName, self._col(columnName), json.dumps(metadata))])

    def _with(self, columns: list[tuple[str, Column, str | None]]) -> DataFrame:
        aliases = [{"expr": c, "name": [name], "metadata": m} for name, c, m in columns]
        return self._step("with_columns", aliases=aliases)

    def withColumnRenamed(self, existing: str, new: str) -> DataFrame:
        return self.withColumnsRenamed({existing: new})

    def withColumnsRenamed(self, colsMap: dict[str, str]) -> DataFrame:
        renames = [{"col_name": old, "new_col_name": new} for old, new in colsMap.items()]
        return self._step("with_columns_renamed", renames=renames)

    def drop(self, *cols: Any) -> DataFrame:
        names = [c for c in cols if isinstance(c, str)]
        columns = [c for c in cols if not isinstance(c, str)]
        return self._step("drop", columns=columns, column_names=names)

    def toDF(self, *cols: str) -> DataFrame:
        return self._step("to_df", column_names=list(cols))

    def to(self, schema: StructType) -> DataFrame:
        out = self._step("to_schema", schema=schema._proto())
        out._cached_schema = schema
        return out

    def alias(self, alias: str) -> DataFrame:
        return self._step("subquery_alias", True, alias=alias)

    def unpivot(
        self,
        ids: Any,
        values: Any,
        variableColumnName: str,
        valueColumnName: str,
    ) -> DataFrame:
        def columns(given: Any) -> list[Column]:
            return [to_column(c) for c in (given if isinstance(given, (list, tuple)) else [given])]

        return self._step(
            "unpivot",
            ids=columns(ids),
            values=None if values is None else {"values": columns(values)},
            variable_column_name=variableColumnName,
            value_column_name=valueColumnName,
        )

    melt = unpivot

    def transpose(self, indexColumn: Any = None) -> DataFrame:
        index = [] if indexColumn is None else [to_column(indexColumn)]
        return self._step("transpose", index_columns=index)

    def colRegex(self, colName: str) -> Column:
        return expression("unresolved_regex", col_name=colName, plan_id=self)

    def metadataColumn(self, colName: str) -> Column:
        return self._col(colName, True)

    def __getitem__(self, item: Any) -> Any:
        if isinstance(item, str):
            return self._col(item)
        if isinstance(item, Column):
            return self.filter(item)
        if isinstance(item, (list, tuple)):
            return self.select(*item)
        return named(self.columns[item])

    def __getattr__(self, name: str) -> Column:
        if name in NOT_HERE:
            raise missing("DataFrame", name, NOT_HERE[name])
        if name.startswith("_") or name not in self.columns:
            raise AttributeError(f"a data frame without a column {name}")
        return self._col(name)

    # ---- rows ----

    def filter(self, condition: Column | str) -> DataFrame:
        if isinstance(condition, str):
            condition = expression("expression_string", expression=condition)
        return self._step("filter", True, condition=condition)

    where = filter

    def limit(self, num: int) -> DataFrame:
        return self._step("limit", True, limit=num)

    def offset(self, num: int) -> DataFrame:
        return self._step("offset", True, offset=num)

    def distinct(self) -> DataFrame:
        return self.dropDuplicates()

    def dropDuplicates(self, subset: list[str] | None = None) -> DataFrame:
        return self._deduplicate(subset, False)

    drop_duplicates = dropDuplicates

    def dropDuplicatesWithinWatermark(self, subset: list[str] | None = None) -> DataFrame:
        return self._deduplicate(subset, True)

    def _deduplicate(self, subset: list[str] | None, within_watermark: bool) -> DataFrame:
        if isinstance(subset, str):
            raise TypeError("a list of names is wanted")
        return self._step(
            "deduplicate",
            True,
            column_names=list(subset or ()),
            all_columns_as_keys=subset is None,
            within_watermark=within_watermark,
        )

    def sort(self, *cols: Any, **kwargs: Any) -> DataFrame:
        return self._sort(cols, kwargs, True)

    orderBy = sort

    def sortWithinPartitions(self, *cols: Any, **kwargs: Any) -> DataFrame:
        return self._sort(cols, kwargs, False)

    def _sort(self, cols: tuple[Any, ...], kwargs: dict[str, Any], is_global: bool) -> DataFrame:
        ascending = kwargs.pop("ascending", True)
        if kwargs:
            raise TypeError(f"sort() knows ascending=, not {', '.join(kwargs)}")
        columns = [self._ordinal(c) for c in _flat(cols)]
        up = ascending if isinstance(ascending, list) else [ascending] * len(columns)
        order = [to_order(c) if asc else c.desc() for c, asc in zip(columns, up)]
        return self._step("sort", True, order=order, is_global=is_global)

    def _ordinal(self, c: Any) -> Column:
        """A column by its place: 1 is the first, -1 the first too, downwards."""
        if not isinstance(c, int) or isinstance(c, bool):
            return to_column(c)
        if c == 0:
            raise IndexError("columns are counted from 1")
        column = named(self.columns[abs(c) - 1])
        return column if c > 0 else column.desc()

    def sample(
        self,
        withReplacement: Any = None,
        fraction: Any = None,
        seed: int | None = None,
    ) -> DataFrame:
        if not isinstance(withReplacement, bool) and withReplacement is not None:
            withReplacement, fraction, seed = None, withReplacement, fraction
        return self._step(
            "sample",
            True,
            lower_bound=0.0,
            upper_bound=float(fraction),
            with_replacement=bool(withReplacement),
            seed=_seed(seed),
            deterministic_order=False,
        )

    def randomSplit(self, weights: list[float], seed: int | None = None) -> list[DataFrame]:
        if any(w < 0 for w in weights) or sum(weights) <= 0:
            raise InvalidPlan("weights are not negative, and not all 0")
        seed, total, bounds = _seed(seed), sum(weights), [0.0]
        for weight in weights:
            bounds.append(bounds[-1] + weight / total)
        return [
            self._step(
                "sample",
                True,
                lower_bound=low,
                upper_bound=high,
                with_replacement=False,
                seed=seed,
                deterministic_order=True,
            )
            for low, high in zip(bounds, bounds[1:])
        ]

    def sampleBy(self, col: Any, fractions: dict[Any, float], seed: int | None = None) -> DataFrame:
        strata = [{"stratum": literal_of(k), "fraction": float(v)} for k, v in fractions.items()]
        return self._step("sample_by", col=to_column(col), fractions=strata, seed=_seed(seed))

    # ---- two data frames ----

    def join(self, other: DataFrame, on: Any = None, how: str | None = None) -> DataFrame:
        names, condition = _condition(on)
        return self._session._relation(
            "join",
            left=self,
            right=other,
            join_condition=condition,
            join_type=_join_type(how),
            using_columns=names,
        )

    def crossJoin(self, other: DataFrame) -> DataFrame:
        return self.join(other, None, "cross")

    def lateralJoin(
        self, other: DataFrame, on: Column | None = None, how: str | None = None
    ) -> DataFrame:
        return self._session._relation(
            "lateral_join", left=self, right=other, join_condition=on, join_type=_join_type(how)
        )

    def _joinAsOf(
        self,
        other: DataFrame,
        leftAsOfColumn: Any,
        rightAsOfColumn: Any,
        on: Any = None,
        how: str | None = None,
        *,
        tolerance: Column | None = None,
        allowExactMatches: bool = True,
        direction: str = "backward",
    ) -> DataFrame:
        def side(df: DataFrame, column: Any) -> Column:
            return column if isinstance(column, Column) else df._col(column)

        names, condition = _condition(on)
        return self._session._relation(
            "as_of_join",
            left=self,
            right=other,
            left_as_of=side(self, leftAsOfColumn),
            right_as_of=side(other, rightAsOfColumn),
            join_expr=condition,
            using_columns=names,
            join_type=how or "inner",
            tolerance=tolerance,
            allow_exact_matches=allowExactMatches,
            direction=direction,
        )

    join_as_of = _joinAsOf

    def _set(
        self, other: DataFrame, kind: str, all: bool, by_name: bool = False, missing: bool = False
    ) -> DataFrame:
        out = self._session._relation(
            "set_op",
            left_input=self,
            right_input=other,
            set_op_type=f"SET_OP_TYPE_{kind}",
            is_all=all,
            by_name=by_name,
            allow_missing_columns=missing,
        )
        if self._cached_schema is not None and self._cached_schema == other._cached_schema:
            out._cached_schema = self._cached_schema
        return out

    def union(self, other: DataFrame) -> DataFrame:
        return self._set(other, "UNION", True)

    unionAll = union

    def unionByName(self, other: DataFrame, allowMissingColumns: bool = False) -> DataFrame:
        return self._set(other, "UNION", True, True, allowMissingColumns)

    def intersect(self, other: DataFrame) -> DataFrame:
        return self._set(other, "INTERSECT", False)

    def intersectAll(self, other: DataFrame) -> DataFrame:
        return self._set(other, "INTERSECT", True)

    def subtract(self, other: DataFrame) -> DataFrame:
        return self._set(other, "EXCEPT", False)

    def exceptAll(self, other: DataFrame) -> DataFrame:
        return self._set(other, "EXCEPT", True)

    # ---- groups ----

    def _grouped(self, kind: str, cols: Sequence[Any], sets: Any = None) -> GroupedData:
        return GroupedData(self, kind, [self._ordinal(c) for c in cols], grouping_sets=sets)

    def groupBy(self, *cols: Any) -> GroupedData:
        return self._grouped("GROUPBY", _flat(cols))

    groupby = groupBy

    def rollup(self, *cols: Any) -> GroupedData:
        return self._grouped("ROLLUP", _flat(cols))

    def cube(self, *cols: Any) -> GroupedData:
        return self._grouped("CUBE", _flat(cols))

    def groupingSets(self, groupingSets: Sequence[Sequence[Any]], *cols: Any) -> GroupedData:
        sets = [[to_column(c) for c in one] for one in groupingSets]
        return self._grouped("GROUPING_SETS", cols, sets)

    def agg(self, *exprs: Any) -> DataFrame:
        return self.groupBy().agg(*exprs)

    def observe(self, observation: Observation | str, *exprs: Column) -> DataFrame:
        if not exprs or not all(isinstance(c, Column) for c in exprs):
            raise TypeError("observe wants columns")
        if not isinstance(observation, str):
            observation._bind(self, exprs)
        name = observation if isinstance(observation, str) else observation._name
        return self._step("collect_metrics", True, name=name, metrics=list(exprs))

    # ---- nulls and figures ----

    @property
    def na(self) -> DataFrameNaFunctions:
        return DataFrameNaFunctions(self)

    @property
    def stat(self) -> DataFrameStatFunctions:
        return DataFrameStatFunctions(self)

    def fillna(self, value: Any, subset: Any = None) -> DataFrame:
        def scalar(v: Any) -> dict[str, Any]:
            if isinstance(v, int) and not isinstance(v, bool):
                return {"long": v}
            return literal_of(v)

        names, values = _names(subset), [value]
        if isinstance(value, dict):
            names, values = list(value), list(value.values())
        return self._step("fill_na", cols=names, values=[scalar(v) for v in values])

    def dropna(self, how: str = "any", thresh: int | None = None, subset: Any = None) -> DataFrame:
        if how not in ("any", "all", None):
            raise InvalidPlan(f'how is "any" or "all", not {how}')
        least = thresh if thresh is not None else 1 if how == "all" else None
        return self._step("drop_na", cols=_names(subset), min_non_nulls=least)

    def replace(self, to_replace: Any, value: Any = NO_VALUE, subset: Any = None) -> DataFrame:
        if isinstance(to_replace, dict):
            pairs = to_replace
        else:
            if value is NO_VALUE:
                raise TypeError("replace wants a value where to_replace is no dict")
            old = list(to_replace) if isinstance(to_replace, (list, tuple)) else [to_replace]
            new = list(value) if isinstance(value, (list, tuple)) else [value] * len(old)
            if len(old) != len(new):
                raise InvalidPlan("to_replace and value are of different lengths")
            pairs = dict(zip(old, new))
        replacements = [
            {"old_value": literal_of(_number(k)), "new_value": literal_of(_number(v))}
            for k, v in pairs.items()
        ]
        return self._step("replace", cols=_names(subset), replacements=replacements)

    def describe(self, *cols: Any) -> DataFrame:
        return self._step("describe", cols=_flat(cols))

    def summary(self, *statistics: str) -> DataFrame:
        return self._step("summary", statistics=_flat(statistics))

    def cov(self, col1: str, col2: str) -> float:
        return float(self._step("cov", col1=col1, col2=col2)._cell())

    def corr(self, col1: str, col2: str, method: str | None = None) -> float:
        if method not in (None, "pearson"):
            raise InvalidPlan(f'method is "pearson", not {method}')
        return float(self._step("corr", col1=col1, col2=col2, method="pearson")._cell())

    def crosstab(self, col1: str, col2: str) -> DataFrame:
        return self._step("crosstab", col1=col1, col2=col2)

    def freqItems(self, cols: Any, support: float | None = None) -> DataFrame:
        return self._step("freq_items", cols=list(cols), support=support or 0.01)

    def approxQuantile(self, col: Any, probabilities: Any, relativeError: float) -> Any:
        fields: dict[str, Any] = {
            "cols": _names(col),
            "probabilities": [float(p) for p in probabilities],
            "relative_error": float(relativeError),
        }
        found = self._step("approx_quantile", **fields)._cell()
        return found[0] if isinstance(col, str) else found

    # ---- how it is run ----

    def repartition(self, numPartitions: Any, *cols: Any) -> DataFrame:
        if not isinstance(numPartitions, int):
            return self._by([to_column(c) for c in (numPartitions, *cols)], None)
        if not cols:
            return self._step(
                "repartition", True, num_partitions=self._positive(numPartitions), shuffle=True
            )
        return self._by([to_column(c) for c in cols], numPartitions)

    def repartitionByRange(self, numPartitions: Any, *cols: Any) -> DataFrame:
        if not isinstance(numPartitions, int):
            return self._by([to_order(c) for c in (numPartitions, *cols)], None)
        return self._by([to_order(c) for c in cols], numPartitions)

    def repartitionById(self, numPartitions: int, partitionIdCol: Any) -> DataFrame:
        direct = expression("direct_shuffle_partition_id", child=to_column(partitionIdCol))
        return self._by([direct], numPartitions)

    def _by(self, columns: list[Column], count: int | None) -> DataFrame:
        if not columns:
            raise InvalidPlan("columns are wanted")
        return self._step(
            "repartition_by_expression",
            True,
            partition_exprs=columns,
            num_partitions=None if count is None else self._positive(count),
        )

    @staticmethod
    def _positive(count: int) -> int:
        if count <= 0:
            raise InvalidPlan(f"{count} partitions: at least one is wanted")
        return count

    def coalesce(self, numPartitions: int) -> DataFrame:
        count = self._positive(numPartitions)
        return self._step("repartition", True, num_partitions=count, shuffle=False)

    def hint(self, name: str, *parameters: Any) -> DataFrame:
        given = parameters
        if len(given) == 1 and isinstance(given[0], list):
            given = tuple(given[0])
        return self._step("hint", True, name=name, parameters=[to_literal(p) for p in given])

    def withWatermark(self, eventTime: str, delayThreshold: str) -> DataFrame:
        return self._step("with_watermark", event_time=eventTime, delay_threshold=delayThreshold)

    def transform(self, func: Callable[..., DataFrame], *args: Any, **kwargs: Any) -> DataFrame:
        out = func(self, *args, **kwargs)
        if not isinstance(out, DataFrame):
            raise TypeError(f"the function gave {type(out).__name__}, no DataFrame")
        return out

    # ---- functions in Python ----

    def mapInPandas(
        self, func: Any, schema: Any, barrier: bool = False, profile: Any = None
    ) -> DataFrame:
        """What a function gives for an iterator of pandas' frames, on the server."""
        return self._map_parts(func, schema, udf.MAP_PANDAS, barrier, profile)

    def mapInArrow(
        self, func: Any, schema: Any, barrier: bool = False, profile: Any = None
    ) -> DataFrame:
        """What a function gives for an iterator of Arrow's batches, on the server."""
        return self._map_parts(func, schema, udf.MAP_ARROW, barrier, profile)

    def _map_parts(
        self, func: Any, schema: Any, kind: int, barrier: bool, profile: Any
    ) -> DataFrame:
        given = udf.type_of(schema, self._session)
        return self._of_function(
            "map_partitions",
            given,
            input=self,
            func=udf.inline(func, kind, given, self._named_columns()),
            is_barrier=barrier,
            profile_id=None if profile is None else int(profile.id),
        )

    def _named_columns(self) -> list[Column]:
        return [named(name) for name in self.columns]

    def _of_function(self, type: str, schema: DataType, /, **fields: Any) -> DataFrame:
        """A relation whose rows a function in Python makes: their types are known."""
        out = self._session._relation(type, **fields)
        out._cached_schema = schema if isinstance(schema, StructType) else None
        return out

    def foreach(self, f: Callable[[Any], None]) -> None:
        """Calls a function with each row, on the server."""
        nothing = udf.udf(_remote.each(f), StructType())
        row = call("struct", *self._named_columns())
        self.select(row.alias("row")).select(nothing("row")).collect()

    def foreachPartition(self, f: Callable[[Iterator[Any]], None]) -> None:
        """Calls a function with the rows of each part, on the server."""
        self.mapInArrow(_remote.each_part(f, self.schema), StructType()).collect()

    # ---- as a value in another query ----

    def scalar(self) -> Column:
        return subquery(self, "SCALAR")

    def exists(self) -> Column:
        return subquery(self, "EXISTS")

    def asTable(self) -> TableArg:
        return TableArg(self)

    # ---- rows that come ----

    def _execute(self, **options: Any) -> _spark.Stream:
        defaults = {"rows_max": self._session.rows_max, "bytes_max": self._session.bytes_max}
        operation_id, self._execution = str(uuid.uuid4()), ExecutionInfo()
        self._session._executions[operation_id] = self._execution
        return self._native.execute(**{**defaults, **options, "operation_id": operation_id})

    @property
    def executionInfo(self) -> ExecutionInfo | None:
        """What the server told of the last run; None before the first."""
        return self._execution

    def _cell(self) -> Any:
        """The one value of the one row."""
        _, rows = self._native.execute().rows()
        return rows[0][0]

    def collect(self, *, rows_max: int = 0, bytes_max: int = 0) -> list[Row]:
        given = {"rows_max": rows_max, "bytes_max": bytes_max}
        names, rows = self._execute(**{k: v for k, v in given.items() if v}).rows()
        return [make_row(names, row) for row in rows]

    def toLocalIterator(self, prefetchPartitions: bool = False) -> Iterator[Row]:
        stream = self._execute()
        while (batch := stream.next_rows()) is not None:
            names, rows = batch
            for row in rows:
                yield make_row(names, row)

    def take(self, num: int) -> list[Row]:
        return self.limit(num).collect()

    def tail(self, num: int) -> list[Row]:
        return self._step("tail", limit=num).collect()

    def head(self, n: int | None = None) -> Any:
        if n is not None:
            return self.take(n)
        rows = self.take(1)
        return rows[0] if rows else None

    def first(self) -> Row | None:
        rows = self.take(1)
        return rows[0] if rows else None

    def count(self) -> int:
        return int(self.agg(call("count", 1))._cell())

    def isEmpty(self) -> bool:
        return not self.select().take(1)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._execute().__arrow_c_stream__(requested_schema)

    def toArrow(self) -> pyarrow.Table:
        """All rows; `to_arrow` is the one for notebooks."""
        import pyarrow

        return pyarrow.RecordBatchReader.from_stream(self._execute()).read_all()

    def to_arrow(self, n: int | None = 10_000) -> pyarrow.Table:
        """The first n rows; where there are more, the schema's metadata has gnomon.cut."""
        import pyarrow

        if n is None:
            return self.toArrow()
        table = pyarrow.RecordBatchReader.from_stream(self.limit(n + 1)._execute()).read_all()
        if table.num_rows <= n:
            return table
        return table.slice(0, n).replace_schema_metadata({"gnomon.cut": f"the first {n} rows"})

    def to_batches(self) -> pyarrow.RecordBatchReader:
        """All rows, a batch at a time."""
        import pyarrow

        return pyarrow.RecordBatchReader.from_stream(self._execute())

    def toPandas(self) -> pandas.DataFrame:
        return self.toArrow().to_pandas()

    def to_pandas(self, n: int | None = 10_000) -> pandas.DataFrame:
        return self.to_arrow(n).to_pandas()

    def to_polars(self, n: int | None = 10_000) -> polars.DataFrame:
        import polars

        return polars.DataFrame(self if n is None else self.limit(n))

    # ---- questions ----

    def _analyze(self, type: str, /, **fields: Any) -> Any:
        return self._session._analyze(type, **fields)

    def _plan(self) -> dict[str, Any]:
        return {"root": self}

    @property
    def schema(self) -> StructType:
        if self._cached_schema is None:
            message = self._analyze("schema", plan=self._plan())["schema"]
            schema = from_proto(message)
            assert isinstance(schema, StructType)
            self._cached_schema = schema
        return StructType(list(self._cached_schema.fields))

    @property
    def columns(self) -> list[str]:
        return self.schema.names

    @property
    def dtypes(self) -> list[tuple[str, str]]:
        return [(field.name, field.dataType.simpleString()) for field in self.schema]

    def printSchema(self, level: int | None = None) -> None:
        fields: dict[str, Any] = {"plan": self._plan(), "level": level or None}
        print(self._analyze("tree_string", **fields)["tree_string"])

    def explain(self, extended: Any = None, mode: str | None = None) -> None:
        print(self._explain_string(extended, mode))

    def _explain_string(self, extended: Any = None, mode: str | None = None) -> str:
        if extended is not None and mode is not None:
            raise InvalidPlan("extended and mode are two ways to say the same")
        chosen = mode or (extended if isinstance(extended, str) else None)
        chosen = (chosen or ("extended" if extended else "simple")).lower()
        if chosen not in EXPLAIN_MODES:
            raise InvalidPlan(f"there is no explain mode {chosen}", hint=", ".join(EXPLAIN_MODES))
        return self._native.explain(EXPLAIN_MODES.index(chosen) + 1)

    def isLocal(self) -> bool:
        return bool(self._analyze("is_local", plan=self._plan()).get("is_local", False))

    @property
    def isStreaming(self) -> bool:
        return bool(self._analyze("is_streaming", plan=self._plan()).get("is_streaming", False))

    def inputFiles(self) -> list[str]:
        return list(self._analyze("input_files", plan=self._plan()).get("files", []))

    def sameSemantics(self, other: DataFrame) -> bool:
        plans = {"target_plan": self._plan(), "other_plan": other._plan()}
        return bool(self._analyze("same_semantics", **plans).get("result", False))

    def semanticHash(self) -> int:
        return int(self._analyze("semantic_hash", plan=self._plan()).get("result", 0))

    def persist(self, storageLevel: StorageLevel = StorageLevel.MEMORY_AND_DISK_DESER) -> DataFrame:
        self._analyze("persist", relation=self, storage_level=storageLevel._fields())
        return self

    def cache(self) -> DataFrame:
        return self.persist()

    def unpersist(self, blocking: bool = False) -> DataFrame:
        self._analyze("unpersist", relation=self, blocking=blocking)
        return self

    @property
    def storageLevel(self) -> StorageLevel:
        level = self._analyze("get_storage_level", relation=self).get("storage_level", {})
        return StorageLevel._of(level)

    @property
    def is_cached(self) -> bool:
        return self.storageLevel != StorageLevel.NONE

    # ---- pictures ----

    def _show_string(self, n: int = 20, truncate: Any = True, vertical: bool = False) -> str:
        width = 20 if truncate is True else int(truncate)
        fields: dict[str, Any] = {"num_rows": n, "truncate": width, "vertical": vertical}
        return str(self._step("show_string", **fields)._cell())

    def show(self, n: int = 20, truncate: Any = True, vertical: bool = False) -> None:
        print(self._show_string(n, truncate, vertical))

    def html_string(self, n: int = 20, truncate: int = 20) -> str:
        return str(self._step("html_string", num_rows=n, truncate=truncate)._cell())

    def __repr__(self) -> str:
        try:
            return f"DataFrame[{', '.join(f'{name}: {kind}' for name, kind in self.dtypes)}]"
        except (SparkConnectError, ValueError) as error:
            return f"DataFrame[{str(error).splitlines()[0]}]"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return _notebook.bundle(self)

    def __dir__(self) -> list[str]:
        known = self._cached_schema.names if self._cached_schema else []
        return sorted({*super().__dir__(), *known})

    def _ipython_key_completions_(self) -> list[str]:
        return self.columns

    # ---- side effects ----

    def _view(self, name: str, is_global: bool, replace: bool) -> None:
        self._session._command(
            "create_dataframe_view", input=self, name=name, is_global=is_global, replace=replace
        )

    def createTempView(self, name: str) -> None:
        self._view(name, False, False)

    def createOrReplaceTempView(self, name: str) -> None:
        self._view(name, False, True)

    registerTempTable = createOrReplaceTempView

    def createGlobalTempView(self, name: str) -> None:
        self._view(name, True, False)

    def createOrReplaceGlobalTempView(self, name: str) -> None:
        self._view(name, True, True)

    def checkpoint(self, eager: bool = True) -> DataFrame:
        return self._checkpoint(False, eager, None)

    def localCheckpoint(
        self,
        eager: bool = True,
        storageLevel: StorageLevel | None = None,
    ) -> DataFrame:
        return self._checkpoint(True, eager, storageLevel)

    def _checkpoint(self, local: bool, eager: bool, level: StorageLevel | None) -> DataFrame:
        answer = self._session._command(
            "checkpoint_command",
            relation=self,
            local=local,
            eager=eager,
            storage_level=level._fields() if level else None,
        )
        relation = answer["checkpoint_command_result"]["relation"]
        out = self._session._relation("cached_remote_relation", **relation)
        weakref.finalize(out, _forget, weakref.ref(self._session), relation)
        return out

    @property
    def write(self) -> DataFrameWriter:
        return DataFrameWriter(self)

    def writeTo(self, table: str) -> DataFrameWriterV2:
        return DataFrameWriterV2(self, table)

    def mergeInto(self, table: str, condition: Column) -> MergeIntoWriter:
        return MergeIntoWriter(self, table, condition)

    @property
    def writeStream(self) -> Any:
        from gnomon.spark.experimental import DataStreamWriter

        return DataStreamWriter(self)

    @property
    def sparkSession(self) -> Session:
        return self._session

    def _numeric_names(self) -> list[str]:
        return [field.name for field in self.schema if isinstance(field.dataType, NumericType)]


def _forget(session: weakref.ref[Session], relation: dict[str, Any]) -> None:
    """Tells the server that a checkpoint is no longer needed, when there is still a session."""
    alive = session()
    if alive is not None and not alive._closed:
        with contextlib.suppress(SparkConnectError):  # it goes with the session
            alive._command("remove_cached_remote_relation_command", relation=relation)


class TableArg:
    """A data frame as the argument of a function that takes a table."""

    def __init__(self, df: DataFrame, **options: Any) -> None:
        self._df, self._options = df, options

    def partitionBy(self, *cols: Any) -> TableArg:
        return self._with(partition_spec=[to_column(c) for c in _flat(cols)])

    def orderBy(self, *cols: Any) -> TableArg:
        return self._with(order_spec=[to_order(c) for c in _flat(cols)])

    def withSinglePartition(self) -> TableArg:
        return self._with(with_single_partition=True)

    def _with(self, **options: Any) -> TableArg:
        return TableArg(self._df, **{**self._options, **options})

    @property
    def _native(self) -> _spark.Expr:
        return subquery(self._df, "TABLE_ARG", table_arg_options=dict(self._options))._native


class DataFrameNaFunctions:
    """df.na: what is done about nulls."""

    def __init__(self, df: DataFrame) -> None:
        self.df = df

    def fill(self, value: Any, subset: Any = None) -> DataFrame:
        return self.df.fillna(value, subset)

    def drop(self, how: str = "any", thresh: int | None = None, subset: Any = None) -> DataFrame:
        return self.df.dropna(how, thresh, subset)

    def replace(self, to_replace: Any, value: Any = NO_VALUE, subset: Any = None) -> DataFrame:
        return self.df.replace(to_replace, value, subset)


class DataFrameStatFunctions:
    """df.stat: figures."""

    def __init__(self, df: DataFrame) -> None:
        self.df = df

    def cov(self, col1: str, col2: str) -> float:
        return self.df.cov(col1, col2)

    def corr(self, col1: str, col2: str, method: str | None = None) -> float:
        return self.df.corr(col1, col2, method)

    def crosstab(self, col1: str, col2: str) -> DataFrame:
        return self.df.crosstab(col1, col2)

    def freqItems(self, cols: Any, support: float | None = None) -> DataFrame:
        return self.df.freqItems(cols, support)

    def sampleBy(self, col: Any, fractions: dict[Any, float], seed: int | None = None) -> DataFrame:
        return self.df.sampleBy(col, fractions, seed)

    def approxQuantile(self, col: Any, probabilities: Any, relativeError: float) -> Any:
        return self.df.approxQuantile(col, probabilities, relativeError)
