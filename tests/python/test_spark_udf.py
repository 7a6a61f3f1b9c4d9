"""Functions in Python that a real Spark 4.1.1 runs, with the Python of these tests' version."""

from __future__ import annotations

import pickle
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

spark_module = pytest.importorskip("gnomon.spark", reason="built without the Spark client")
cloudpickle = pytest.importorskip("cloudpickle")

from gnomon.spark import InvalidPlan, Remote, Row, Session, Unsupported, _pickle, udf  # noqa: E402
from gnomon.spark import functions as F  # noqa: E402
from gnomon.spark import types as T  # noqa: E402
from gnomon.spark.datasource import DataSource, DataSourceReader, InputPartition  # noqa: E402
from gnomon.spark.stateful import StatefulProcessor  # noqa: E402
from spark_kit import ORACLE  # noqa: E402

# Functions of a module are sent by its name, which the server does not know.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def on_the_server(item: Any) -> str:
    """What an item is there: its repr by the oracle's Python, which has pyspark and no gnomon."""
    script = "import pickle, sys; print(repr(pickle.loads(sys.stdin.buffer.read())))"
    done = subprocess.run(
        [str(ORACLE), "-c", script], input=_pickle.dumps(item), capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


# ---- what is sent ----


def test_ours_become_pysparks_on_the_way() -> None:
    if not ORACLE.exists():
        pytest.skip("Spark is not installed: ./dev setup brings it")
    schema = T.StructType([T.StructField("a", T.ArrayType(T.DecimalType(5, 2)), False)])
    assert on_the_server(
        [schema, Row(a=1, b="x"), T.LongType, _pickle.There("sys", "maxsize")]
    ) == (
        "[StructType([StructField('a', ArrayType(DecimalType(5,2), True), False)]), "
        "Row(a=1, b='x'), <class 'pyspark.sql.types.LongType'>, 9223372036854775807]"
    )


def test_what_cannot_be_sent_is_said() -> None:
    session = Session("sc://localhost:1", keep_session=True)
    with pytest.raises(InvalidPlan, match="cannot be sent"):
        _pickle.dumps(lambda row: session.range(1))


def test_without_cloudpickle_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    _pickle._pickler.cache_clear()
    try:
        with pytest.raises(Unsupported, match="pip install cloudpickle"):
            F.udf(lambda x: x, "int")("a")
    finally:
        _pickle._pickler.cache_clear()


def test_hints_say_the_kind_of_a_function() -> None:
    pa = pytest.importorskip("pyarrow")

    def scalar(a: pa.Array, b: pa.Array) -> pa.Array: ...
    def parts(a: Iterator[pa.Array]) -> Iterator[pa.Array]: ...
    def pairs(a: Iterator[tuple[pa.Array, pa.Array]]) -> Iterator[pa.Array]: ...
    def figure(a: pa.Array) -> float: ...
    def plain(a: int) -> int: ...
    def half(a: pa.Array, b) -> pa.Array: ...  # type: ignore[no-untyped-def]

    # Hints that name what only a function knows are not found by their text.
    for f in (scalar, parts, pairs, figure, half):
        f.__annotations__ = {
            k: eval(v, globals(), {"pa": pa}) for k, v in f.__annotations__.items()
        }
    assert [udf.kind_of(f) for f in (scalar, parts, pairs, figure, plain, half)] == [
        udf.SCALAR_ARROW, udf.SCALAR_ITER_ARROW, udf.SCALAR_ITER_ARROW, udf.GROUPED_AGG_ARROW,
        None, None,
    ]  # fmt: skip


# ---- rows, batches, groups ----


def test_a_function_of_rows(spark: Session) -> None:
    factor = 3

    @F.udf("long")
    def times(x: int, y: int = 1) -> int:
        return x * y * factor

    df = spark.range(3)
    rows = df.select(times("id"), times(F.col("id"), y=F.lit(2)), F.udf(lambda x: f"<{x}>")("id"))
    assert rows.collect() == [(0, 0, "<0>"), (3, 6, "<1>"), (6, 12, "<2>")]
    arrow = F.udf(lambda x: {"a": x, "b": [str(x)]}, "a INT, b ARRAY<STRING>", useArrow=True)
    assert df.select(arrow("id").alias("s")).tail(1) == [((2, ["2"]),)]
    pair = T.StructType([T.StructField("x", T.IntegerType()), T.StructField("y", T.StringType())])
    made = F.udf(lambda x: Row(x=x, y="y"), pair)
    assert df.limit(1).select(made("id").alias("r")).collect() == [((0, "y"),)]


def test_functions_have_names_in_sql(spark: Session) -> None:
    spark.udf.register("plus_one", lambda x: x + 1, T.LongType())
    assert spark.sql("SELECT plus_one(41)").collect() == [(42,)]
    spark.catalog.registerFunction("shout", lambda s: s.upper())
    assert spark.sql("SELECT shout('a')").collect() == [("A",)]
    assert spark.range(1).select(F.call_udf("plus_one", "id")).collect() == [(1,)]
    with pytest.raises(Remote, match=r"no\.such\.Class"):
        spark.udf.registerJavaFunction("java", "no.such.Class", "int")
    with pytest.raises(Remote, match=r"no\.such\.Class"):
        spark.udf.registerJavaUDAF("java", "no.such.Class")
    with pytest.raises(InvalidPlan, match="type already"):
        spark.udf.register("again", F.udf(lambda x: x, "int"), "int")


def test_functions_of_pandas_and_of_arrow(spark: Session) -> None:
    double = F.pandas_udf(lambda s: s * 2, "long")
    mean = F.pandas_udf(lambda s: s.mean(), "double", udf.GROUPED_AGG_PANDAS)
    more = F.arrow_udf(lambda a: a.cast("int64"), "long")
    df = spark.range(4)
    assert [row[0] for row in df.select(double("id")).collect()] == [0, 2, 4, 6]
    assert [row[0] for row in df.select(more("id")).collect()] == [0, 1, 2, 3]
    means = df.groupBy((F.col("id") % 2).alias("k")).agg(mean("id")).orderBy("k")
    assert means.collect() == [(0, 1.0), (1, 2.0)]


def test_functions_of_batches_and_of_groups(spark: Session) -> None:
    def arrow_rows(batches: Any) -> Any:
        for batch in batches:
            yield batch.filter(batch.column(0).to_numpy() > 2)

    def pandas_rows(frames: Any) -> Any:
        for frame in frames:
            yield frame + 10

    df = spark.range(5)
    assert df.mapInArrow(arrow_rows, "id long").collect() == [(3,), (4,)]
    assert df.limit(2).mapInPandas(pandas_rows, "id long").collect() == [(10,), (11,)]
    groups = df.withColumn("k", F.col("id") % 2).groupBy("k")
    total = groups.applyInPandas(lambda g: g.sum().to_frame().T, "id long, k long")
    assert sorted(total.collect()) == [(4, 2), (6, 0)]
    assert total.columns == ["id", "k"]
    same = F.pandas_udf(lambda g: g.head(1), "id long, k long", udf.GROUPED_MAP_PANDAS)
    assert sorted(groups.apply(same).collect()) == [(0, 0), (1, 1)]
    with pytest.raises(InvalidPlan, match="function of groups"):
        groups.apply(F.udf(lambda g: g, "int"))
    firsts = groups.applyInArrow(lambda table: table.slice(0, 1), "id long, k long")
    assert sorted(firsts.collect()) == [(0, 0), (1, 1)]
    other = spark.range(3).withColumn("k", F.col("id") % 2).groupBy("k")

    def both(left: Any, right: Any) -> Any:
        return left.assign(id=len(left) * 10 + len(right)).head(1)

    pairs = groups.cogroup(other).applyInPandas(both, "id long, k long")
    assert sorted(pairs.collect()) == [(21, 1), (32, 0)]
    arrow_pairs = groups.cogroup(other).applyInArrow(lambda a, b: b, "id long, k long")
    assert sorted(arrow_pairs.collect()) == [(0, 0), (1, 1), (2, 0)]


def test_each_row_and_each_part_are_seen(spark: Session, tmp_path: Path) -> None:
    folder = str(tmp_path)

    def see(row: Any) -> None:
        with open(f"{folder}/{row.id}", "w") as out:
            out.write(repr(row))

    def count(rows: Any) -> None:
        with open(f"{folder}/count", "a") as out:
            out.write(f"{sum(row.id for row in rows)}\n")

    df = spark.range(3, numPartitions=1)
    df.foreach(see)
    assert (tmp_path / "2").read_text() == "Row(id=2)"
    df.foreachPartition(count)
    assert (tmp_path / "count").read_text() == "3\n"


def test_an_error_of_a_function_says_where(spark: Session) -> None:
    with pytest.raises(Remote, match="ZeroDivisionError"):
        spark.range(1).select(F.udf(lambda x: 1 // x, "int")("id")).collect()


def test_modules_of_this_machine_are_found_there(spark: Session, tmp_path: Path) -> None:
    name = f"helper_{uuid.uuid4().hex}"
    (tmp_path / f"{name}.py").write_text("def twice(x):\n    return 2 * x\n")
    spark.addArtifact(str(tmp_path / f"{name}.py"), pyfile=True)

    def twice(x: int) -> int:
        import importlib

        result: int = importlib.import_module(name).twice(x)
        return result

    assert spark.range(2).select(F.udf(twice, "long")("id")).collect() == [(0,), (2,)]


# ---- streams ----


def run_stream(spark: Session, folder: Path, given: Callable[[Any], Any]) -> None:
    spark.range(5).write.mode("overwrite").parquet(str(folder / "in"))
    stream = spark.readStream.schema("id LONG").parquet(str(folder / "in"))
    writer = given(stream.writeStream).option("checkpointLocation", str(folder / "state"))
    query = writer.trigger(availableNow=True).start()
    assert query.awaitTermination(60) and query.exception() is None


def test_each_batch_and_each_row_of_a_stream_is_seen(spark: Session, tmp_path: Path) -> None:
    folder = str(tmp_path)

    def batch(df: Any, number: int) -> None:
        df.selectExpr("sum(id)", f"{number}").write.mode("append").json(f"{folder}/out")

    run_stream(spark, tmp_path, lambda writer: writer.foreachBatch(batch))
    assert spark.read.json(f"{folder}/out").collect() == [(0, 10)]

    class Writer:
        def open(self, part: int, epoch: int) -> bool:
            self.sum = 0
            return True

        def process(self, row: Any) -> None:
            self.sum += row.id

        def close(self, error: Any) -> None:
            with open(f"{folder}/total", "a") as out:
                out.write(f"{self.sum}\n")

    (tmp_path / "rows").mkdir()
    run_stream(spark, tmp_path / "rows", lambda writer: writer.foreach(Writer()))
    assert sum(map(int, (tmp_path / "total").read_text().split())) == 10


class Doubled(StatefulProcessor):
    """How often a key came, and twice that."""

    def init(self, handle: Any) -> None:
        self.seen = handle.getValueState("seen", T.StructType([T.StructField("n", T.LongType())]))

    def handleInputRows(self, key: Any, rows: Any, timerValues: Any) -> Iterator[Any]:
        count = sum(1 for _ in rows)
        self.seen.update((count,))
        yield Row(k=key[0], n=2 * self.seen.get()[0])


def test_a_processor_keeps_state_for_each_key(spark: Session, tmp_path: Path) -> None:
    provider = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    spark.conf.set("spark.sql.streaming.stateStore.providerClass", provider)
    spark.range(5).write.parquet(str(tmp_path / "in"))
    stream = spark.readStream.schema("id LONG").parquet(str(tmp_path / "in"))
    keys = stream.withColumn("k", F.col("id") % 2).groupBy("k")
    made = keys.transformWithState(Doubled(), "k long, n long", "Update", "None")
    query = (
        made.writeStream.foreachBatch(lambda df, _: df.write.json(f"{tmp_path}/out"))
        .option("checkpointLocation", str(tmp_path / "state"))
        .outputMode("update")
        .trigger(availableNow=True)
        .start()
    )
    assert query.awaitTermination(90) and query.exception() is None
    assert sorted(spark.read.json(f"{tmp_path}/out").collect()) == [(0, 6), (1, 4)]


# ---- functions that give a table, and sources ----


class Words:
    def eval(self, text: str, times: int = 1) -> Iterator[tuple[str]]:
        for word in text.split():
            yield (word * times,)


class Sum:
    """Its schema is what it is asked for; it takes a table."""

    def __init__(self) -> None:
        self.sum = 0

    @staticmethod
    def analyze(rows: F.AnalyzeArgument, name: F.AnalyzeArgument) -> F.AnalyzeResult:
        # No assert, which pytest rewrites into what the server has not.
        known = rows.isTable and name.isConstantExpression
        schema = T.StructType().add(name.value if known else "unknown", T.LongType())
        return F.AnalyzeResult(schema, withSinglePartition=True)

    def eval(self, row: Any, name: str) -> None:
        self.sum += row["id"]

    def terminate(self) -> Iterator[tuple[int]]:
        yield (self.sum,)


def test_functions_that_give_a_table(spark: Session) -> None:
    words = F.udtf(Words, returnType="word STRING")
    assert words(F.lit("a b")).collect() == [("a",), ("b",)]
    assert words(F.lit("a b"), times=F.lit(2)).collect() == [("aa",), ("bb",)]
    spark.udtf.register("words", words)
    assert spark.sql("SELECT * FROM words('x y')").collect() == [("x",), ("y",)]
    summed = F.udtf(Sum)(spark.range(5).asTable(), F.lit("total"))
    assert (summed.columns, summed.collect()) == (["total"], [(10,)])
    with pytest.raises(InvalidPlan, match="what it gives"):
        F.udtf(Words)
    with pytest.raises(InvalidPlan, match="class with eval"):
        F.udtf(int, returnType="a INT")


class Squares(DataSource):
    @classmethod
    def name(cls) -> str:
        return "squares"

    def schema(self) -> str:
        return "n INT, square INT"

    def reader(self, schema: Any) -> DataSourceReader:
        return SquaresReader(int(self.options["to"]))


class SquaresReader(DataSourceReader):
    def __init__(self, to: int) -> None:
        self.to = to

    def partitions(self) -> list[InputPartition]:
        return [InputPartition(n) for n in range(self.to)]

    def read(self, partition: InputPartition) -> Iterator[Any]:
        yield partition.value, partition.value**2


def test_sources_in_python_are_read_by_their_names(spark: Session) -> None:
    spark.dataSource.register(Squares)
    rows = spark.read.format("squares").option("to", 3).load().orderBy("n").collect()
    assert rows == [(0, 0), (1, 1), (2, 4)]


def test_what_is_not_here_says_what_is() -> None:
    session = Session("sc://localhost:1", keep_session=True)
    df = session.range(1)
    for owner, name in ((df, "rdd"), (df, "toJSON"), (df, "pandas_api"), (df, "plot")):
        with pytest.raises(Unsupported, match=f"DataFrame.{name} is not here\n  .*[a-z]"):
            getattr(owner, name)
        assert not hasattr(owner, name)
    for name in ("client", "profile", "Hook"):
        with pytest.raises(Unsupported, match=f"Session.{name} is not here\n  .*[a-z]"):
            getattr(session, name)
    with pytest.raises(Unsupported, match=r"addListener is not here\n  .*recentProgress"):
        session.streams.addListener(object())
    with pytest.raises(Unsupported, match="to_plan is not here"):
        F.col("a").to_plan(session)


def test_bytes_are_a_plain_pickle() -> None:
    assert pickle.loads(_pickle.dumps([1, {"a": (2.5, None)}])) == [1, {"a": (2.5, None)}]
