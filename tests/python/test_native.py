"""gnomon.Session: the five steps from Python, in the forms that keys, rows and errors have."""

from __future__ import annotations

import datetime
import gc
import json
import math
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gnomon
import pyarrow as pa
import pytest
from native_kit import DS, END_MS, SNAPSHOT, TEMPORAL, USERS, expected, purchases, write_repository

ROWS = purchases()
CONF = "shop.buys.daily"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[gnomon.Session]:
    """A repository that is compiled and uploaded."""
    folder = write_repository(tmp_path_factory.mktemp("native"))
    with gnomon.Session(folder, clock=END_MS + 1000) as opened:
        opened.compile()
        for conf in (CONF, "shop.buys.live"):
            assert opened.upload(conf, ds=DS) == (40, opened.upload(conf, ds=DS).bytes, END_MS)
        yield opened


# ---- define, plan, backfill, upload ----


def test_compile_gives_the_files_it_wrote_and_then_none(tmp_path: Path) -> None:
    with gnomon.Session(write_repository(tmp_path)) as session:
        wrote = [f"production/group_bys/shop/buys.{name}" for name in ("daily", "live")]
        assert session.compile() == wrote
        assert session.compile() == []
        names = [entry["name"] for entry in session.definitions()]
        assert names == ["shop.buys.daily", "shop.buys.live"]


def test_compile_raises_the_first_error_at_its_line(tmp_path: Path) -> None:
    broken = write_repository(tmp_path) / "group_bys" / "shop" / "buys.py"
    broken.write_text("import nothing_of_that_name\n")
    with pytest.raises(gnomon.GnomonError, match="nothing_of_that_name") as raised:
        gnomon.Session(tmp_path).compile()
    assert (raised.value.code, raised.value.where) == ("INVALID", "group_bys/shop/buys.py:1")


def test_validate_lists_problems_and_raises_nothing(session: gnomon.Session) -> None:
    assert [p for p in session.validate() if p.severity == "error"] == []
    other = gnomon.Session(session.repo, tables={"purchases": "/nowhere/at/all.csv"})
    problems = other.validate(CONF)
    assert [p.severity for p in problems] == ["error"]
    assert "there is no table" in problems[0].message
    assert other.validate(CONF, level="definition") == []
    with pytest.raises(ValueError, match="level is one of definition, data"):
        other.validate(level="deep")


def test_backfill_computes_what_is_missing_and_tells_how_far_it_is(tmp_path: Path) -> None:
    told: list[tuple[str, int, int, str]] = []
    with gnomon.Session(write_repository(tmp_path), threads=2, memory_bytes=1 << 30) as session:
        session.compile()
        assert session.plan(CONF, end_ds=DS)["steps"][0]["first"] == DS
        days = {"start_ds": datetime.date(2023, 11, 29), "end_ds": DS}
        report = session.backfill(CONF, **days, progress=lambda *heard: told.append(heard))
        assert (report.partitions, report.rows, report.skipped) == (3, 120, 0)
        assert told and told[0][3] == "rows"
        assert session.backfill(CONF, **days) == (0, 0, 0, 3)
        rows = session.sql(f"SELECT * FROM shop.shop_buys_daily WHERE ds = '{DS}'").to_dicts()
        assert len(rows) == 40
        for row in rows:
            wanted = {"user_id": row["user_id"], **expected(ROWS, row["user_id"]), "ds": DS}
            assert row == wanted
        table = pa.table(session.sql("SELECT count(*) AS n FROM shop.shop_buys_daily"))
        assert table.to_pylist() == [{"n": 120}]


def test_describe_and_the_tables_of_the_library(session: gnomon.Session) -> None:
    assert "user_id" in json.dumps(session.describe(CONF))
    assert "aggregations" in json.dumps(gnomon.schema("group_by"))
    assert "GD001" in gnomon.explain("GD001")
    assert session.metadata_upload() == 2


def test_what_is_there_can_be_looked_at(tmp_path: Path) -> None:
    with gnomon.Session(write_repository(tmp_path), clock=END_MS) as session:
        session.compile()
        session.backfill(CONF, end_ds=DS)
        session.upload(CONF, ds=DS)
        table = "shop.shop_buys_daily"
        stats = session.stats(CONF, start_ds=DS, end_ds=DS)
        assert (stats["table"], stats["rows"]) == (table, 40)
        differences = session.diff(table, table, keys=["user_id", "ds"])
        assert (differences["paired_rows"], differences["only_left"]) == (40, 0)
        explained = session.explain(CONF, {"user_id": USERS[0]}, at=END_MS)
        values = {window["name"]: window["value"] for window in explained["windows"]}
        assert values["price_sum_7d"] == expected(ROWS, USERS[0])["price_sum_7d"]
        analyzed = session.analyze(CONF, end_ds=DS, hitters_max=5)
        assert len(analyzed["heavy_hitters"]["user_id"]) == 5
        with pytest.raises(gnomon.GnomonError, match="no_table"):
            session.stats("shop.no_table")


# ---- fetch ----


def test_a_dict_of_keys_gives_a_dict_of_features(session: gnomon.Session) -> None:
    for user in USERS[:5]:
        assert session.fetch(SNAPSHOT, {"user_id": user}) == expected(ROWS, user)


def test_many_keys_are_answered_in_their_order(session: gnomon.Session) -> None:
    keys = [{"user_id": user} for user in [*USERS, "nobody", None] * 60]  # more than a round
    answers = session.fetch(SNAPSHOT, keys)
    assert answers == [expected(ROWS, key["user_id"] or "") for key in keys]
    assert session.fetch(SNAPSHOT, []) == []


def test_arrow_keys_give_arrow_features(session: gnomon.Session) -> None:
    keys = pa.table({"user_id": [*USERS, "nobody", None]})
    rows = session.fetch(SNAPSHOT, keys)
    table = pa.table(rows)
    assert table.column_names == list(expected(ROWS, ""))
    assert table.to_pylist() == [expected(ROWS, user or "") for user in keys["user_id"].to_pylist()]
    with pytest.raises(ValueError, match="read already"):
        pa.table(rows)
    dicts = session.fetch(SNAPSHOT, keys).to_dicts()
    assert dicts == table.to_pylist()


def test_as_chronon_what_is_missing_has_no_features(session: gnomon.Session) -> None:
    keys = [{"user_id": user} for user in (USERS[0], "nobody", None)]
    answers = session.fetch(SNAPSHOT, keys, mode="chronon")
    assert answers == [expected(ROWS, USERS[0]), None, None]
    assert session.fetch(SNAPSHOT, keys[1], mode="chronon") is None
    with pytest.raises(ValueError, match="mode is one of"):
        session.fetch(SNAPSHOT, keys, mode="other")
    for mode in ("explicit", "chronon"):
        with pytest.raises(gnomon.GnomonError, match="is missing") as raised:
            session.fetch(SNAPSHOT, [keys[0], {}], mode=mode)
        error = raised.value
        assert (error.code, error.where, error.diagnostic) == ("ARG", "keys[1]", "GO007")
        assert "key" in gnomon.explain(error.diagnostic)


def test_live_rows_count_from_the_next_fetch_on_and_at_their_time(session: gnomon.Session) -> None:
    user, hour = USERS[7], 3_600_000
    live = [{"user_id": user, "price": 1.5 * n, "item": "x", "ts": END_MS + n} for n in (1, 2)]
    assert session.put(TEMPORAL, live[:1]) == 1
    moment = datetime.datetime.fromtimestamp(live[1]["ts"] / 1000, datetime.timezone.utc)
    row = {name: value for name, value in live[1].items() if name != "ts"}
    assert session.put(TEMPORAL, [{"ts": moment, "row": row}]) == 1
    keys, times = [{"user_id": user}] * 2, [END_MS + 2, END_MS + 10]
    answers = session.fetch(TEMPORAL, keys, at=times)
    assert answers[0]["price_count"] == expected(ROWS, user)["price_count"] + 1
    assert answers[1]["price_last3"][:2] == [3.0, 1.5]
    assert answers == session.fetch(TEMPORAL, keys, at=times, mode="chronon")
    at = datetime.datetime(2023, 12, 2, 1, tzinfo=datetime.timezone.utc)
    assert session.fetch(TEMPORAL, keys[0], at=at) == session.fetch(
        TEMPORAL, keys[0], at=END_MS + hour
    )
    with pytest.raises(ValueError, match="2 keys have 1 times"):
        session.fetch(TEMPORAL, keys, at=times[:1])
    with pytest.raises(ValueError, match="no time zone"):
        session.fetch(TEMPORAL, keys, at=datetime.datetime(2023, 12, 2))


def test_arrow_rows_can_be_put(session: gnomon.Session) -> None:
    user = USERS[9]
    rows = [{"user_id": user, "price": float(n), "item": "y", "ts": END_MS + n} for n in range(5)]
    assert session.put(TEMPORAL, pa.Table.from_pylist(rows)) == 5
    answer = session.fetch(TEMPORAL, {"user_id": user}, at=END_MS + 10)
    assert answer["price_last3"] == [4.0, 3.0, 2.0]


def test_numbers_that_are_none_can_be_put(session: gnomon.Session) -> None:
    event = {"user_id": USERS[11], "price": math.nan, "item": None, "ts": END_MS + 1}
    assert session.put(TEMPORAL, [event]) == 1
    answer = session.fetch(TEMPORAL, {"user_id": USERS[11]}, at=END_MS + 2)
    assert answer["price_last3"][0] == "NaN"
    assert answer["price_count"] == expected(ROWS, USERS[11])["price_count"] + 1


def test_later_uploads_are_noticed(session: gnomon.Session) -> None:
    fetcher = session.fetcher(SNAPSHOT)
    assert (fetcher.keys, fetcher.features) == (("user_id",), tuple(expected(ROWS, "")))
    session.upload(CONF, ds="2023-11-25")
    earlier = END_MS - 6 * 86_400_000
    assert fetcher.get({"user_id": USERS[3]}) == expected(ROWS, USERS[3], earlier)
    session.upload(CONF, ds=DS)
    assert fetcher.get({"user_id": USERS[3]}) == expected(ROWS, USERS[3])


def test_without_a_session_of_ones_own(session: gnomon.Session) -> None:
    answer = gnomon.fetch(SNAPSHOT, {"user_id": USERS[0]}, repo=session.repo)
    assert answer == expected(ROWS, USERS[0])


def test_threads_share_a_session(session: gnomon.Session) -> None:
    wrong: list[Any] = []

    def ask(first: int) -> None:
        for n in range(400):
            user = USERS[(first + n) % len(USERS)]
            answer = session.fetch(SNAPSHOT, [{"user_id": user}] * 3)
            if answer != [expected_of[user]] * 3:
                wrong.append((user, answer))

    expected_of = {user: expected(ROWS, user) for user in USERS}
    threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# ---- what goes wrong ----

WRONG: list[tuple[str, str, str, Any]] = [
    ("NOTFOUND", "", "not in the store", lambda s: s.fetch("shop/none.v1", {"a": 1})),
    ("ARG", "keys[1]", "key 'user_id' is missing",
     lambda s: s.fetch(SNAPSHOT, [{"user_id": "a"}, {"user": "a"}])),
    ("ARG", "keys[0]", "another type", lambda s: s.fetch(SNAPSHOT, {"user_id": 7})),
    ("INVALID", "keys[0]", "before the batch end",
     lambda s: s.fetch(TEMPORAL, {"user_id": "user_1"}, at=END_MS - 5)),
    ("UNSUPPORTED", "", "not TEMPORAL", lambda s: s.put(SNAPSHOT, [{"ts": END_MS}])),
    ("PARSE", "event 2", "whole number", lambda s: s.put(TEMPORAL, [{"ts": 1}, {"ts": "x"}])),
    ("NOTFOUND", "", "nothing.v1", lambda s: s.backfill("team.nothing.v1")),
    ("ARG", "", "2023-13-01", lambda s: s.upload(CONF, ds="2023-13-01")),
    ("NOTFOUND", "", "no_table", lambda s: s.sql("SELECT * FROM no_table")),
    ("TYPE", "", "another type",
     lambda s: s.fetch(SNAPSHOT, pa.table({"user_id": [1]}))),
    ("INVALID", "", "no column 'user_id'", lambda s: s.fetch(SNAPSHOT, pa.table({"user": ["a"]}))),
    ("NOTFOUND", "", "not a folder", lambda s: gnomon.Session("/nowhere/at/all")),
]  # fmt: skip


@pytest.mark.parametrize(("code", "where", "message", "call"), WRONG)
def test_what_fails_raises_one_exception_with_its_code(
    session: gnomon.Session, code: str, where: str, message: str, call: Any
) -> None:
    with pytest.raises(gnomon.GnomonError) as raised:
        call(session)
    error = raised.value
    assert (error.code, error.retriable) == (code, False)
    assert message in error.message, error
    assert error.where.startswith(where), error
    assert error.message in str(error) and error.hint in str(error)


def test_types_that_no_key_has_are_refused(session: gnomon.Session) -> None:
    for keys in ([{"user_id": object()}], [{"user_id": 2**70}]):
        with pytest.raises((TypeError, OverflowError)):
            session.fetch(SNAPSHOT, keys)
    with pytest.raises(TypeError, match="a column's value cannot be"):
        session.put(TEMPORAL, [{"ts": 1, "user_id": object()}])


def test_a_closed_session_says_so_and_what_it_gave_away_lives_on(tmp_path: Path) -> None:
    session = gnomon.Session(write_repository(tmp_path))
    session.compile()
    session.upload(CONF, ds=DS)
    fetcher = session.fetcher(SNAPSHOT)
    rows = session.fetch(SNAPSHOT, pa.table({"user_id": USERS[:2]}))
    session.close()
    session.close()
    with pytest.raises(ValueError, match="the session is closed"):
        session.fetch(SNAPSHOT, {"user_id": "user_1"})
    assert fetcher.get({"user_id": USERS[0]}) == expected(ROWS, USERS[0])
    del fetcher
    assert pa.table(rows).to_pylist() == [expected(ROWS, user) for user in USERS[:2]]


# ---- long calls ----


def test_ctrl_c_ends_a_backfill_and_the_session_goes_on(tmp_path: Path) -> None:
    session = gnomon.Session(write_repository(tmp_path))
    session.compile()

    pressed = threading.Event()

    def on_press(*_: object) -> None:
        pressed.set()
        raise KeyboardInterrupt

    def press(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)
        assert pressed.wait(60)
        time.sleep(0.3)

    before = signal.signal(signal.SIGINT, on_press)
    try:
        with pytest.raises(KeyboardInterrupt):
            session.backfill(CONF, end_ds=DS, progress=press)
    finally:
        signal.signal(signal.SIGINT, before)
    assert session.backfill(CONF, end_ds=DS).partitions == 1


def test_what_progress_raises_ends_the_call(tmp_path: Path) -> None:
    session = gnomon.Session(write_repository(tmp_path))
    session.compile()

    def stop(*_: object) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        session.backfill(CONF, end_ds=DS, progress=stop)
    assert session.backfill(CONF, end_ds=DS).partitions == 1


def test_one_long_call_at_a_time(tmp_path: Path) -> None:
    session = gnomon.Session(write_repository(tmp_path))
    session.compile()
    raised: list[str] = []

    def second(*_: object) -> None:
        try:
            session.plan(CONF, end_ds=DS)
        except gnomon.GnomonError as error:
            raised.append(error.code)

    session.backfill(CONF, end_ds=DS, progress=second)
    assert set(raised) == {"BUSY"}


# ---- memory and processes ----


def test_a_hundred_thousand_fetches_keep_nothing(session: gnomon.Session) -> None:
    keys = [{"user_id": user} for user in [*USERS, "nobody"]] * 25

    def fetch(times: int) -> int:
        for _ in range(times):
            session.fetch(SNAPSHOT, keys)
        return sys.getallocatedblocks()

    def resident_bytes() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

    before, resident = fetch(2), resident_bytes()
    after = fetch(100)  # 102,500 keys
    assert after - before < 50
    assert resident_bytes() - resident < 4 << 20


def test_failures_keep_nothing(session: gnomon.Session) -> None:
    calls = (
        lambda: session.fetch(SNAPSHOT, [{"user_id": "a"}, {"user_id": 1}]),
        lambda: session.fetch(SNAPSHOT, pa.table({"user_id": [1]})),
        lambda: session.put(SNAPSHOT, [{"ts": 1}]),
        lambda: gnomon.Session("/nowhere/at/all"),
    )

    def fail(times: int) -> int:
        failed = 0
        for _ in range(times):
            for call in calls:
                try:
                    call()
                except gnomon.GnomonError:
                    failed += 1
        assert failed == 4 * times
        gc.collect()
        return sys.getallocatedblocks()

    counts = [fail(100) for _ in range(12)]  # pools of Arrow and Python settle meanwhile
    assert min(after - before for before, after in zip(counts, counts[1:])) < 10


def run_alone(script: str, *options: str) -> str:
    done = subprocess.run([sys.executable, *options, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_process_that_only_fetches_has_little_in_it(session: gnomon.Session) -> None:
    package = str(Path(gnomon.__file__).parents[1])
    script = (
        f"import sys; sys.path.insert(0, {package!r}); import gnomon\n"
        f"gnomon.fetch({SNAPSHOT!r}, {{'user_id': 'user_1'}}, repo={session.repo!r})\n"
        "print(*sorted(sys.modules), open('/proc/self/maps').read())"
    )
    loaded = run_alone(script, "-I", "-S")
    assert "libgnomon" in loaded
    for name in ("duckdb", "libstdc++", "logging", "datetime", "typing"):
        assert name not in loaded, name


def test_defining_needs_no_extension() -> None:
    package = str(Path(gnomon.__file__).parents[1])
    loaded = run_alone(
        f"import sys; sys.path.insert(0, {package!r}); import gnomon.compile\n"
        "print([name for name in sys.modules if name.startswith('gnomon.')])"
    )
    assert "gnomon._gnomon" not in loaded and "gnomon._session" not in loaded
