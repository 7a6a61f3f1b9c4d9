"""A repository of definitions, its warehouse and its store: define, plan, backfill, upload, fetch.

    import gnomon

    with gnomon.Session("my_repository") as session:
        session.compile()
        session.backfill("my_team.purchases.v1", end_ds="2023-12-01")
        session.upload("my_team.purchases.v1", ds="2023-12-01")
        session.fetch("my_team/purchases.v1", {"user_id": "user_1"})

Days (`ds`) are texts "YYYY-MM-DD" or dates. Times are milliseconds since 1970-01-01T00:00Z, or
datetimes that know their zone. Whatever fails raises `gnomon.GnomonError`.
"""

from __future__ import annotations

import os

from gnomon import _gnomon
from gnomon._errors import GnomonError

# A process that only fetches is to start quickly, so what other calls need is imported in them.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType
    from typing import Any, Literal, overload

    from gnomon._types import (
        ArrowStream,
        BackfillReport,
        Problem,
        Progress,
        Rows,
        UploadReport,
    )

    Day = str | datetime.date
    Time = int | datetime.datetime
    Keys = Mapping[str, Any]
    Features = dict[str, Any]
    Explicit = Literal["explicit"]
    Chronon = Literal["chronon"]

_LEVELS = {"definition": 0, "data": 1}
_MODES = {"explicit": 0, "chronon": 1}

if not TYPE_CHECKING:

    def overload(function):
        """Says nothing while running."""
        return function


class Session:
    """An open repository.

    repo: the folder with gnomon.toml, teams.json and production/.
    warehouse, store: in place of what gnomon.toml says: a folder, "lmdb:FOLDER" or "memory:".
    tables: where tables are, by name: {"ns.purchases": "/data/purchases.parquet"}.
    threads, memory_bytes: budget of the whole process; None: a thread a core, 80 % of the memory.
    clock: what "now" is; None: the system's clock.
    boundary: "chronon" or "exact": how events exactly at a window's edge count.

    Any number of threads may fetch and put. Of the calls that may take long (backfill, upload, sql
    and others that read tables) one at a time runs in a session, another raises `BUSY`; Ctrl-C ends
    them.
    What the library has to tell goes to the logger `gnomon`.
    """

    def __init__(
        self,
        repo: str | os.PathLike[str] = ".",
        *,
        warehouse: str | os.PathLike[str] | None = None,
        store: str | None = None,
        tables: Mapping[str, str | os.PathLike[str]] | None = None,
        threads: int | None = None,
        memory_bytes: int | None = None,
        clock: Time | None = None,
        boundary: str | None = None,
    ) -> None:
        self.repo = os.fspath(repo)
        self._fetchers: dict[str, Fetcher] = {}
        self._session = _gnomon.Session(
            self.repo,
            None if warehouse is None else os.fspath(warehouse),
            store,
            [f"{name}={os.fspath(path)}" for name, path in (tables or {}).items()],
            threads or 0,
            memory_bytes or 0,
            _milliseconds(clock),
            boundary,
            _log,
        )

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the session. Fetchers and rows that were given away stay usable."""
        self._fetchers.clear()
        self._session.close()

    # --- define ---

    def compile(self, *paths: str, force: bool = False) -> list[str]:
        """Compiles definitions (Python files) below the repository; none: all of it.

        Gives the files written, relative to the repository. With an error of a definition nothing
        of its file is written, and the first of all errors is raised; `gnomon compile` shows all.
        """
        from gnomon._compile import finder
        from gnomon._compile.compiler import Options
        from gnomon._compile.session import Request, run
        from gnomon.chronon._problem import ERROR

        finder.impose()
        done = run(Request(self.repo, paths, options=Options(force), write=True))
        for problem in done.compiler.problems:
            if problem.severity == ERROR:
                place = f"{problem.file}:{problem.line}" if problem.line else problem.file
                raise GnomonError(
                    "INVALID", problem.message, place, problem.hint, diagnostic=problem.code
                )
        written = ("new", "changed") if not force else ("new", "changed", "unchanged")
        return [compiled.output for compiled in done.objects if compiled.status in written]

    def validate(self, *confs: str, level: str = "data") -> list[Problem]:
        """Everything that is wrong with compiled definitions; none named: all below production/.

        level: "definition" reads the files alone; "data" also looks at tables, columns, types,
        times and partitions.
        """
        text = self._session.validate(list(confs), _choice("level", level, _LEVELS))
        return [_problem(entry) for entry in _json_objects(text)]

    def definitions(self) -> list[dict[str, Any]]:
        """The compiled definitions: name, kind, team, online, description, file."""
        return _json_objects(self._session.definitions())

    def describe(self, conf: str) -> dict[str, Any]:
        """One definition: keys, features with types, tables, sources, settings and their origin.

        conf: a compiled file, "group_bys/team/file.var" or "team.file.var"; so everywhere.
        """
        return _json_object(self._session.describe(conf))

    # --- plan and backfill ---

    def plan(
        self,
        conf: str,
        *,
        start_ds: Day | None = None,
        end_ds: Day | None = None,
        step_days: int = 0,
        run_first_hole: bool = False,
        parallelism: int = 0,
    ) -> dict[str, Any]:
        """What `backfill` would read and write, with estimates and where each setting is from."""
        plan = self._session.plan(
            conf, _day(start_ds), _day(end_ds), step_days, run_first_hole, parallelism
        )
        return _json_object(plan)

    def backfill(
        self,
        conf: str,
        *,
        start_ds: Day | None = None,
        end_ds: Day | None = None,
        step_days: int = 0,
        run_first_hole: bool = False,
        parallelism: int = 0,
        progress: Progress | None = None,
    ) -> BackfillReport:
        """Computes the missing partitions of a GroupBy's table, each whole or not at all.

        start_ds: None: the definition's backfillStartDate, else end_ds.
        end_ds: the last day, included; None: yesterday.
        step_days: days of one scan; 0: 30. parallelism: threads; 0: the session's.
        run_first_hole: also fill days before the first partition that exists.
        progress: see `gnomon.Progress`; what it raises ends the backfill.

        After Ctrl-C the partitions that were finished stay; running again goes on from there.
        """
        from gnomon._types import BackfillReport

        return BackfillReport(
            *self._session.backfill(
                conf,
                _day(start_ds),
                _day(end_ds),
                step_days,
                run_first_hole,
                parallelism,
                progress,
            )
        )

    # --- upload ---

    def upload(
        self,
        conf: str,
        *,
        ds: Day | None = None,
        progress: Progress | None = None,
    ) -> UploadReport:
        """Brings the values (SNAPSHOT) or states (TEMPORAL) at the end of a day into the store.

        ds: None: yesterday. Readers see the upload before or this one, never a mix.
        """
        from gnomon._types import UploadReport

        return UploadReport(*self._session.upload(conf, _day(ds), progress))

    def metadata_upload(self, *confs: str) -> int:
        """Brings definitions into the store, where Chronon's fetchers look; gives how many."""
        return self._session.metadata_upload(list(confs))

    def put(self, name: str, events: Iterable[Mapping[str, Any]] | ArrowStream) -> int:
        """Puts live rows of a TEMPORAL GroupBy into the store; gives how many.

        events: dicts {"ts": time, "row": {column: value}} or {"ts": time, column: value, …}, or
        Arrow rows with a column `ts` of int64 milliseconds; columns are those that the sources
        select. They count from the next fetch on. A row without ts or with no key is left out.
        With a wrong row nothing is put.
        """
        rows: Any = events
        if hasattr(rows, "__arrow_c_stream__"):
            return self._session.put_arrow(name, rows)
        return self._session.put(name, _json_lines(rows))

    # --- fetch ---

    def fetcher(self, name: str) -> Fetcher:
        """A GroupBy opened for fetching; later uploads are noticed by themselves."""
        return Fetcher(self._session.fetcher(name))

    @overload
    def fetch(
        self, name: str, keys: Keys, *, at: Time | None = None, mode: Explicit = "explicit"
    ) -> Features: ...
    @overload
    def fetch(
        self,
        name: str,
        keys: Sequence[Keys],
        *,
        at: Time | Sequence[Time] | None = None,
        mode: Explicit = "explicit",
    ) -> list[Features]: ...
    @overload
    def fetch(
        self, name: str, keys: ArrowStream, *, at: Time | None = None, mode: Explicit = "explicit"
    ) -> Rows: ...
    @overload
    def fetch(
        self, name: str, keys: Keys, *, at: Time | None = None, mode: Chronon
    ) -> Features | None: ...
    @overload
    def fetch(
        self,
        name: str,
        keys: Sequence[Keys],
        *,
        at: Time | Sequence[Time] | None = None,
        mode: Chronon,
    ) -> list[Features | None]: ...
    def fetch(self, name: str, keys: Any, *, at: Any = None, mode: str = "explicit") -> Any:
        """Features of keys, in their order.

        keys: a dict {key column: value} for one dict {feature: value}; a list of them for a list;
        or Arrow rows, one column a key, for Arrow rows with one column a feature.
        at: the time asked for, or with a list of keys a list of times; None: now.
        mode: "explicit": a key that the store does not know has features None. "chronon": as
        upstream answers: no features at all (None) for an unknown key or one with a null.

        Integers, floats, texts, booleans and bytes are Python's; days and times are integers;
        lists, maps and structs are lists and dicts, in which not-a-number is the text "NaN".
        """
        if mode != "explicit" and _choice("mode", mode, _MODES):
            return self._fetch_as_chronon(name, keys, at)
        if hasattr(keys, "__arrow_c_stream__"):
            from gnomon._types import Rows

            return Rows(self._session.fetch_arrow(name, keys, _milliseconds(at)))
        try:
            return self._known_fetcher(name).get(keys, at=at)
        except GnomonError as error:
            if error.code != "CONFLICT":  # uploaded with other features since it was opened
                raise
        self._fetchers.pop(name, None)
        return self._known_fetcher(name).get(keys, at=at)

    def _known_fetcher(self, name: str) -> Fetcher:
        known = self._fetchers.get(name)
        if known is None:
            known = self._fetchers[name] = self.fetcher(name)
        return known

    def _fetch_as_chronon(self, name: str, keys: Any, at: Any) -> Any:
        one = hasattr(keys, "keys")
        requests = [keys] if one else list(keys)
        lines = (
            {"keys": dict(request), "at_ms": _milliseconds(time)}
            for request, time in zip(requests, _times(at, len(requests)))
        )
        text = self._session.fetch_json(name, _json_lines(lines), _MODES["chronon"])
        answers = [_answer(i, entry) for i, entry in enumerate(_json_objects(text))]
        return answers[0] if one else answers

    # --- tables ---

    def sql(self, statement: str) -> Rows:
        """Rows of a SELECT, SHOW TABLES [LIKE] or DESCRIBE [EXTENDED] over the warehouse."""
        from gnomon._types import Rows

        return Rows(self._session.sql(statement))

    # --- looking at what is there ---

    def explain(
        self, conf: str, key: Keys, *, at: Time | None = None, rows_max: int = 100
    ) -> dict[str, Any]:
        """Where the features of one key at one time come from: rows, windows, values."""
        text = _json_lines([dict(key)]).decode()
        return _json_object(self._session.explain(conf, text, _milliseconds(at), rows_max))

    def stats(
        self, table: str, *, start_ds: Day | None = None, end_ds: Day | None = None
    ) -> dict[str, Any]:
        """Nulls, distinct values, quantiles and histograms of each column of a table.

        table: "ns.t", or a definition for its output table. start_ds, end_ds: days, both included.
        """
        return _json_object(self._session.stats(table, _day(start_ds), _day(end_ds)))

    def diff(
        self,
        left: str,
        right: str,
        *,
        keys: Sequence[str] = (),
        tolerance: float = 0.0,
        sample: float = 0.0,
        examples: int = 3,
    ) -> dict[str, Any]:
        """How two tables, or two definitions, differ.

        keys: columns that tell rows apart; none: those of the GroupBy whose table `left` is.
        tolerance: real numbers that differ by at most this part of the larger are equal.
        sample: part of the keys to look at, by their hash; 0: all. examples: rows of each column.
        """
        return _json_object(
            self._session.diff(
                left, right, ",".join(keys) or None, tolerance, sample, examples or -1
            )
        )

    def analyze(
        self,
        conf: str,
        *,
        start_ds: Day | None = None,
        end_ds: Day | None = None,
        hitters_max: int = 128,
    ) -> dict[str, Any]:
        """What a run over some days would read: frequent keys, rows by year, types."""
        return _json_object(self._session.analyze(conf, _day(start_ds), _day(end_ds), hitters_max))


class Fetcher:
    """A GroupBy opened for fetching. Any number of threads may share it."""

    def __init__(self, fetcher: Any) -> None:
        self._fetcher = fetcher
        self.keys: tuple[str, ...]
        self.features: tuple[str, ...]
        self.keys, self.features = fetcher.names()

    @overload
    def get(self, keys: Keys, *, at: Time | None = None) -> Features: ...
    @overload
    def get(
        self, keys: Sequence[Keys], *, at: Time | Sequence[Time] | None = None
    ) -> list[Features]: ...
    def get(self, keys: Any, *, at: Any = None) -> Features | list[Features]:
        """Features of one key, or of many in their order; see `Session.fetch`."""
        if type(keys) is dict:
            one: Features = self._fetcher.get([keys], _milliseconds(at))[0]
            return one
        if hasattr(keys, "keys"):
            return self.get(dict(keys), at=at)
        asked = [key if type(key) is dict else dict(key) for key in keys]
        several = isinstance(at, (list, tuple))
        times = [_milliseconds(t) for t in _times(at, len(asked))] if several else _milliseconds(at)
        many: list[Features] = self._fetcher.get(asked, times)
        return many


# --- arguments ---


def _choice(name: str, word: str, choices: Mapping[str, int]) -> int:
    if word not in choices:
        raise ValueError(f"{name} is one of {', '.join(choices)}, not '{word}'")
    return choices[word]


def _day(day: Day | None) -> str | None:
    return day if day is None or isinstance(day, str) else day.strftime("%Y-%m-%d")


def _times(at: Any, count: int) -> Sequence[Time | None]:
    """One time for each of `count` keys."""
    if not isinstance(at, (list, tuple)):
        return [at] * count
    if len(at) != count:
        raise ValueError(f"{count} keys have {len(at)} times")
    return at


def _milliseconds(time: Time | None) -> int:
    """A time in milliseconds; 0 is now."""
    if time is None or isinstance(time, int):
        return time or 0
    import datetime

    if time.tzinfo is None:
        raise ValueError(f"{time!r} knows no time zone")
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (time - epoch) // datetime.timedelta(milliseconds=1)


def _json_lines(objects: Iterable[Mapping[str, Any]]) -> bytes:
    import json

    encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=_jsonable).encode

    def line(item: Mapping[str, Any]) -> str:
        try:
            return encode(item) + "\n"
        except ValueError:  # JSON has no word for not-a-number; gnomon reads it as text
            return encode(_plain(item)) + "\n"

    return "".join(map(line, objects)).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value - value != 0:
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


def _jsonable(value: Any) -> Any:
    """What JSON has no form for, as gnomon reads it."""
    if isinstance(value, (bytes, bytearray)):
        import base64

        return base64.b64encode(value).decode()
    if hasattr(value, "tzinfo") and hasattr(value, "year"):
        return _milliseconds(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "items"):
        return dict(value)
    raise TypeError(f"a column's value cannot be {type(value)!r}")


# --- answers ---


def _json_objects(lines: str) -> list[dict[str, Any]]:
    import json

    return [json.loads(line) for line in lines.splitlines()]


def _json_object(text: str) -> dict[str, Any]:
    import json

    read: dict[str, Any] = json.loads(text)
    return read


def _problem(entry: Mapping[str, Any]) -> Problem:
    from gnomon._types import Problem

    return Problem(
        entry.get("code", ""),
        entry.get("severity", ""),
        entry.get("file", ""),
        entry.get("line", 0),
        entry.get("col", 0),
        entry.get("message", ""),
        entry.get("hint", ""),
    )


def _answer(index: int, answer: Mapping[str, Any]) -> dict[str, Any] | None:
    if "error" in answer:
        where = f"keys[{index}]: {answer['where']}" if answer.get("where") else f"keys[{index}]"
        code = str(answer["result"]).replace("GN_E_", "")
        hint, diagnostic = answer.get("hint", ""), answer.get("code", "")
        raise GnomonError(code, answer["error"], where, hint, diagnostic=diagnostic)
    values: dict[str, Any] | None = answer.get("values")
    return values


def _log(level: int, component: str, event: str, fields: Mapping[str, str]) -> None:
    import logging

    levels = (logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG)
    details = "".join(f" [{name}: {text}]" for name, text in fields.items())
    logging.getLogger(f"gnomon.{component}").log(levels[level], "%s%s", event, details)


# --- without a session of one's own ---

_sessions: dict[tuple[str, str | None], Session] = {}


def fetch(
    name: str,
    keys: Any,
    *,
    at: Any = None,
    mode: Any = "explicit",
    repo: str | os.PathLike[str] = ".",
    store: str | None = None,
) -> Any:
    """`Session.fetch` in a session that is opened once for a repository and a store, and kept."""
    place = (os.path.abspath(repo), store)
    session = _sessions.get(place)
    if session is None:
        session = _sessions.setdefault(place, Session(place[0], store=store))
    return session.fetch(name, keys, at=at, mode=mode)


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind of definition: "group_by", "join", "staging_query"."""
    return _json_object(_gnomon.schema(kind))


def explain(code: str) -> str:
    """The page of a diagnostic code such as GD107: what it means, and how to mend it."""
    return _gnomon.explain(code)
