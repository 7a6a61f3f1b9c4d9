"""gnomon.spark against a real Spark 4.1.1; the milestones 0 to 6."""

from __future__ import annotations

import datetime
import decimal
import os
import signal
import subprocess
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

spark_module = pytest.importorskip("gnomon.spark", reason="built without the Spark client")

from gnomon.spark import (  # noqa: E402
    InvalidPlan,
    Observation,
    Remote,
    Row,
    Session,
    SparkConnectError,
    StorageLevel,
    Transport,
    Window,
    experimental,
    explain,
    preview,
    sample,
)
from gnomon.spark import functions as F  # noqa: E402
from gnomon.spark import types as T  # noqa: E402
from spark_kit import ORACLE  # noqa: E402

TYPES = """
SELECT CAST(1 AS TINYINT) b, CAST(2 AS SMALLINT) s, 3 i, 4L l, CAST(1.5 AS FLOAT) f, 2.5D d,
 true t, 'zażółć' u, X'00FF' z, CAST(-12.345 AS DECIMAL(20,3)) dc,
 CAST(99999999999999999999999999999999999999 AS DECIMAL(38,0)) big, DATE'1582-10-01' da,
 TIMESTAMP'2024-02-29 12:34:56.789012' ts, TIMESTAMP_NTZ'2024-02-29 12:34:56.789012' nt,
 INTERVAL '1 02:03:04.5' DAY TO SECOND iv, ARRAY(1, NULL, 3) a, ARRAY(ARRAY('x'), ARRAY()) aa,
 MAP('k', 1, 'l', NULL) m, NAMED_STRUCT('x', 1, 'y', ARRAY(NAMED_STRUCT('z', 'q'))) st,
 NULL n, CAST(NULL AS INT) ni, MAP(1, NAMED_STRUCT('a', DATE'2020-01-01')) ms
"""


# ---- milestones 0 and 1: a session, SQL ----


def test_the_server_says_its_version(spark: Session) -> None:
    assert spark.version == "4.1.1"
    assert uuid.UUID(spark.session_id)


def test_select_1_and_a_count(spark: Session) -> None:
    assert spark.sql("SELECT 1").collect() == [(1,)]
    assert spark.range(1000).count() == 1000


def test_values_of_arguments_never_become_text(spark: Session) -> None:
    evil = "x'; DROP TABLE t; --"
    assert spark.sql("SELECT :v AS v, :n + 1 AS n", {"v": evil, "n": 1}).collect() == [(evil, 2)]
    assert spark.sql("SELECT ?, ?", [decimal.Decimal("1.25"), None]).collect() == [
        (decimal.Decimal("1.25"), None)
    ]
    ids = spark.range(5)
    assert spark.sql("SELECT sum(id) FROM {ids} WHERE id > :x", {"x": 2}, ids=ids).collect() == [
        (7,)
    ]


# ---- milestone 2: reading and shaping ----


def test_parquet_is_written_read_and_filtered(spark: Session, tmp_path: Path) -> None:
    path = str(tmp_path / "numbers")
    spark.range(100).withColumn("even", F.col("id") % 2 == 0).write.parquet(path, mode="overwrite")
    read = spark.read.parquet(path)
    assert read.filter((F.col("id") > 90) & F.col("even")).orderBy("id").collect() == [
        (92, True), (94, True), (96, True), (98, True)
    ]  # fmt: skip
    assert read.schema.simpleString() == "struct<id:bigint,even:boolean>"
    assert read.columns == ["id", "even"]
    assert all(name.endswith(".parquet") for name in read.inputFiles())
    spark.range(3).write.csv(str(tmp_path / "csv"), header=True)
    assert spark.read.csv(str(tmp_path / "csv"), schema="id INT", header=True).count() == 3


def test_every_mode_of_explain_says_something(
    spark: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    df = spark.range(10).filter("id > 3")
    for mode in ("simple", "extended", "codegen", "cost", "formatted"):
        df.explain(mode=mode)
        assert "Range" in capsys.readouterr().out
    assert "Analyzed Logical Plan" in str(explain(df))
    with pytest.raises(InvalidPlan, match="no explain mode"):
        df.explain("loud")


# ---- milestone 3: groups and joins ----


def test_a_join_and_an_aggregate_are_right(spark: Session) -> None:
    facts = spark.range(10_000).select("id", (F.col("id") % 7).alias("k"))
    names = spark.createDataFrame([(k, f"name {k}") for k in range(0, 7, 2)], ["k", "name"])
    joined = facts.join(names, "k").groupBy("name").agg(F.sum("id").alias("s"), F.count("*"))
    expected = {
        f"name {k}": (sum(range(k, 10_000, 7)), len(range(k, 10_000, 7))) for k in range(0, 7, 2)
    }
    assert {row[0]: tuple(row[1:]) for row in joined.collect()} == expected
    assert facts.join(names, "k", "left_anti").count() == sum(
        len(range(k, 10_000, 7)) for k in (1, 3, 5)
    )


def test_windows_pivots_and_subqueries(spark: Session) -> None:
    df = spark.createDataFrame([("a", 1, 10), ("a", 2, 20), ("b", 1, 5)], ["k", "t", "v"])
    running = F.sum("v").over(Window.partitionBy("k").orderBy("t").rowsBetween(-1, 0))
    assert df.select("k", "t", running.alias("r")).orderBy("k", "t").collect() == [
        ("a", 1, 10), ("a", 2, 30), ("b", 1, 5)
    ]  # fmt: skip
    pivoted = df.groupBy("k").pivot("t", [1, 2]).agg(F.sum("v")).orderBy("k")
    assert pivoted.collect() == [("a", 10, 20), ("b", 5, None)]
    above = df.filter(F.col("v") > df.select(F.avg("v")).scalar())
    assert [row.v for row in above.collect()] == [20]
    xs = spark.sql("SELECT array(1, 2, 3) xs")
    assert xs.select(F.transform("xs", lambda x: x * 2).alias("y")).first().y == [2, 4, 6]


# ---- milestone 4: values, Arrow, notebooks ----


def test_values_are_pysparks_type_by_type(spark_server: tuple[str, str], spark: Session) -> None:
    script = (
        "import os, sys; from pyspark.sql import SparkSession;"
        "s = SparkSession.builder.remote(sys.argv[1]).getOrCreate();"
        "print(repr(s.sql(sys.argv[2]).collect()), flush=True); os._exit(0)"
    )
    command = [str(ORACLE), "-W", "ignore", "-c", script, spark_server[0], TYPES]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert repr(spark.sql(TYPES).collect()) == done.stdout.strip().splitlines()[-1]


def test_rows_are_tuples_with_names(spark: Session) -> None:
    row = spark.sql("SELECT 1 a, named_struct('x', 2) b").first()
    assert isinstance(row, Row) and isinstance(row, tuple)
    assert (row.a, row["b"].x, row.asDict(True)) == (1, 2, {"a": 1, "b": {"x": 2}})


def test_python_rows_come_back_as_they_were(spark: Session) -> None:
    schema = T.StructType(
        [
            T.StructField("i", T.IntegerType()),
            T.StructField("d", T.DecimalType(10, 2)),
            T.StructField("t", T.TimestampType()),
            T.StructField("a", T.ArrayType(T.StringType())),
            T.StructField("m", T.MapType(T.StringType(), T.LongType())),
            T.StructField("s", T.StructType([T.StructField("x", T.DateType())])),
        ]
    )
    when = datetime.datetime(2024, 2, 29, 1, 2, 3, 4)
    row = (1, decimal.Decimal("1.25"), when, ["x", None], {"k": 1}, (datetime.date(2020, 1, 1),))
    df = spark.createDataFrame([row, (None,) * 6], schema)
    assert df.schema == schema
    assert df.collect() == [row, (None,) * 6]


def test_arrow_is_cut_for_notebooks_and_says_so(spark: Session) -> None:
    pytest.importorskip("pyarrow")
    table = spark.range(100).to_arrow(10)
    assert table.num_rows == 10 and table.schema.metadata == {b"gnomon.cut": b"the first 10 rows"}
    whole = spark.range(10).to_arrow(10)
    assert whole.num_rows == 10 and not whole.schema.metadata
    assert spark.range(25_000).toArrow().num_rows == 25_000
    assert sum(batch.num_rows for batch in spark.range(25_000).to_batches()) == 25_000


def test_a_ceiling_is_an_error_that_names_it(spark_server: tuple[str, str]) -> None:
    with Session(spark_server[0], rows_max=10) as limited:
        assert len(limited.range(10).collect()) == 10
        with pytest.raises(SparkConnectError, match="rows_max") as caught:
            limited.range(11).collect()
        assert not caught.value.retryable


def test_a_notebook_shows_tabs_and_their_twins(spark: Session) -> None:
    df = spark.sql("SELECT id, '<b>' || id AS text FROM range(30)")
    shown = df._repr_mimebundle_()
    for tab in ("Schema", "Preview", "Explain", "Raw"):
        assert f"<summary>{tab}</summary>" in shown["text/html"]
    assert "&lt;b&gt;7" in shown["text/html"] and "<b>7" not in shown["text/html"]
    assert "the first 20 rows; there are more" in shown["text/plain"]
    assert "id: long" in shown["text/plain"]
    broken = spark.table("there_is_none")._repr_mimebundle_()
    assert "TABLE_OR_VIEW_NOT_FOUND" in broken["text/plain"]
    assert "<summary>Raw</summary>" in broken["text/html"]


def test_previews_and_samples(spark: Session) -> None:
    assert repr(preview(spark.range(3), 2)) == "id\n--\n0\n1\nthe first 2 rows; there are more"
    some = sample(spark.range(10_000), 100)
    assert 50 < len(some.rows) <= 100 and len({row[0] for row in some.rows}) == len(some.rows)
    assert len(sample(spark.range(5), 10).rows) == 5


# ---- milestone 5: control, errors ----


def test_bad_sql_and_a_bad_column_say_what_spark_says(spark: Session) -> None:
    with pytest.raises(Remote) as caught:
        spark.sql("SELEKT 1")
    assert (caught.value.error_class, caught.value.sqlstate) == ("PARSE_SYNTAX_ERROR", "42601")
    with pytest.raises(Remote) as caught:
        spark.range(1).select("nope").collect()
    assert caught.value.sqlstate == "42703"
    assert caught.value.parameters["objectName"] == "`nope`"
    assert not caught.value.retryable


def test_an_operation_is_interrupted_by_its_tag(spark: Session) -> None:
    spark.addTag("slow")
    threading.Timer(1.5, lambda: spark.interruptTag("slow")).start()
    with pytest.raises(Remote) as caught:
        spark.sql("SELECT count(*) FROM range(10000000000) a, range(1000) b").collect()
    assert caught.value.error_class == "OPERATION_CANCELED" or "CANCEL" in caught.value.code


def test_ctrl_c_ends_the_operation_on_the_server(spark: Session) -> None:
    df = spark.sql("SELECT count(*) FROM range(10000000000) a, range(1000) b")
    threading.Timer(1.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    begun = time.monotonic()
    # Who was started in the background ignores Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            df.collect()
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - begun < 60
    assert spark.interruptAll() == 0  # nothing of it is left
    assert spark.range(3).count() == 3


def test_a_released_session_is_over(spark_server: tuple[str, str]) -> None:
    session = Session(spark_server[0])
    session.conf.set("spark.sql.shuffle.partitions", 3)
    assert session.conf.get("spark.sql.shuffle.partitions") == "3"
    assert session.conf.get("no.such.setting", "other") == "other"
    df = session.range(1)
    session.stop()
    with pytest.raises(SparkConnectError):
        df.collect()
    with pytest.raises(ValueError, match="closed"):
        session.range(1)


def test_nobody_at_the_door_is_a_transport_error() -> None:
    with pytest.raises(Transport) as caught:
        Session("sc://localhost:1", retries_max=-1).range(1).collect()
    assert caught.value.retryable


# ---- milestone 6: reattaching ----


def test_rows_survive_a_proxy_that_breaks_connections(spark_server: tuple[str, str]) -> None:
    with Session(spark_server[1]) as session:
        # Batches that fit between two cuts, so no waits add up.
        session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 1000)
        rows = session.range(300_000).select("id", F.repeat(F.lit("x"), 20).alias("pad"))
        total, seen = 0, 0
        for row in rows.toLocalIterator():
            total, seen = total + row.id, seen + 1
    assert (seen, total) == (300_000, 300_000 * 299_999 // 2)


# ---- the rest of what a data frame is asked ----


def test_what_is_asked_of_a_plan(spark: Session) -> None:
    df = spark.range(10)
    assert (df.isStreaming, df.sameSemantics(spark.range(10))) == (False, True)
    assert df.semanticHash() == spark.range(10).semanticHash()
    assert df.persist().storageLevel == StorageLevel.MEMORY_AND_DISK_DESER and df.is_cached
    df.unpersist()
    assert spark.parse_ddl("a INT, b ARRAY<STRING>").names == ["a", "b"]
    assert "`a` INT" in spark.json_to_ddl(spark.parse_ddl("a INT").json()).replace(
        "a INT", "`a` INT"
    )
    assert [df.first(), df.tail(2), df.head(1), df.isEmpty()] == [(0,), [(8,), (9,)], [(0,)], False]


def test_observed_figures_have_their_types(spark: Session) -> None:
    seen = Observation("figures")
    figures = (F.count(F.lit(1)).alias("n"), F.max("id").alias("top"), F.lit("x").alias("s"))
    spark.range(50).observe(seen, *figures).collect()
    assert seen.get == {"n": 50, "top": 49, "s": "x"}


def test_what_a_run_took_is_told(spark: Session) -> None:
    df = spark.range(7).filter("id > 2").observe("seen", F.count(F.lit(1)).alias("n"))
    assert df.executionInfo is None
    assert len(df.collect()) == 4
    told = df.executionInfo
    assert told is not None and told.flows == [("seen", {"n": "4"})]
    rows = {n.name: m.value for n in told.metrics for m in n.metrics if m.name == "numOutputRows"}
    assert rows["Filter"] == 4
    assert "Filter: numOutputRows 4 (sum)" in told.metrics.toText()


def test_views_and_checkpoints(spark: Session) -> None:
    spark.range(5).createOrReplaceTempView("five")
    assert spark.table("five").count() == 5
    kept = spark.range(7).localCheckpoint()
    assert kept.count() == 7
    with pytest.raises(Remote, match="five"):
        spark.range(5).createTempView("five")


def test_progress_is_told(spark: Session) -> None:
    told: list[dict[str, Any]] = []
    spark.registerProgressHandler(lambda **state: told.append(state))
    spark.range(10_000_000).agg(F.sum(F.hash("id"))).collect()
    assert told and told[-1]["finished"]


def test_catalog_and_streams(spark: Session, tmp_path: Path) -> None:
    assert spark.catalog.currentDatabase() == "default"
    assert spark.catalog.tableExists("no_such") is False
    assert "default" in [row.name for row in spark.catalog.listDatabases()]
    query = (
        spark.readStream.format("rate")
        .load()
        .writeStream.format("memory")
        .queryName(f"q{uuid.uuid4().hex}")
        .option("checkpointLocation", str(tmp_path))
        .start()
    )
    assert query.isActive and [one.id for one in spark.streams.active] == [query.id]
    query.stop()
    assert not query.isActive and query.exception() is None
    assert isinstance(query, experimental.StreamingQuery)


def test_clones_have_settings_and_views(spark: Session) -> None:
    spark.conf.set("spark.sql.shuffle.partitions", 5)
    spark.range(2).createOrReplaceTempView("two")
    with spark.cloneSession() as twin:
        assert twin.session_id != spark.session_id
        assert twin.conf.get("spark.sql.shuffle.partitions") == "5"
        assert twin.table("two").count() == 2


# ---- files for the server ----


def test_a_file_is_copied_where_the_server_lets_clients_do_so(
    spark: Session, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("hi")
    source, copy = str(tmp_path / "a.txt"), str(tmp_path / "b.txt")
    with pytest.raises(Remote, match="not supported"):
        spark.copyFromLocalToFs(source, copy)
    spark.conf.set("spark.sql.artifact.copyFromLocalToFs.allowDestLocal", True)
    spark.copyFromLocalToFs(source, copy)
    assert Path(copy).read_text() == "hi"


def test_artifacts_are_files_of_this_machine_of_one_kind(spark: Session, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hi")
    path = str(tmp_path / "a.txt")
    spark.addArtifacts(f"file://{path}", file=True)
    spark.addArtifact(path, file=True)  # the same once more
    (tmp_path / "a.txt").write_text("other")
    with pytest.raises(Remote) as caught:
        spark.addArtifact(path, file=True)
    assert caught.value.error_class == "ARTIFACT_ALREADY_EXISTS"
    with pytest.raises(InvalidPlan, match="ending"):
        spark.addArtifact(path)
    with pytest.raises(InvalidPlan, match="one of pyfile"):
        spark.addArtifact(path, file=True, archive=True)
    with pytest.raises(InvalidPlan, match="only files of this machine"):
        spark.addArtifact("s3://bucket/a.jar")
    with pytest.raises(InvalidPlan, match="No such file"):
        spark.addArtifact(str(tmp_path / "none.jar"))
