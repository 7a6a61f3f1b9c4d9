"""The extension; `gnomon.Session` is what to call. Arguments are by position."""

from collections.abc import Callable
from typing import Any, final

from gnomon._types import ArrowStream, Progress

@final
class Stream:
    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...
    def json_lines(self) -> str: ...

@final
class Fetcher:
    def get(
        self, keys: list[dict[str, Any]], at_ms: int | list[int], /
    ) -> list[dict[str, Any]]: ...
    def names(self) -> tuple[tuple[str, ...], tuple[str, ...]]: ...

@final
class Session:
    def __init__(
        self,
        repo: str,
        warehouse: str | None,
        store: str | None,
        tables: list[str],
        threads: int,
        memory_bytes: int,
        clock_ms: int,
        boundary: str | None,
        log: Callable[[int, str, str, dict[str, str]], None] | None,
    ) -> None: ...
    def close(self) -> None: ...
    def validate(self, confs: list[str], level: int, /) -> str: ...
    def definitions(self) -> str: ...
    def describe(self, conf: str, /) -> str: ...
    def plan(
        self,
        conf: str,
        start_ds: str | None,
        end_ds: str | None,
        step_days: int,
        run_first_hole: bool,
        parallelism: int,
        /,
    ) -> str: ...
    def backfill(
        self,
        conf: str,
        start_ds: str | None,
        end_ds: str | None,
        step_days: int,
        run_first_hole: bool,
        parallelism: int,
        progress: Progress | None,
        /,
    ) -> tuple[int, int, int, int]: ...
    def upload(
        self, conf: str, ds: str | None, progress: Progress | None, /
    ) -> tuple[int, int, int]: ...
    def metadata_upload(self, confs: list[str], /) -> int: ...
    def put(self, name: str, lines: bytes, /) -> int: ...
    def put_arrow(self, name: str, rows: ArrowStream, /) -> int: ...
    def fetcher(self, name: str, /) -> Fetcher: ...
    def fetch_json(self, name: str, requests: bytes, mode: int, /) -> str: ...
    def fetch_arrow(self, name: str, keys: ArrowStream, at_ms: int, /) -> Stream: ...
    def sql(self, statement: str, /) -> Stream: ...
    def diff(
        self,
        left: str,
        right: str,
        keys: str | None,
        tolerance: float,
        sample: float,
        examples: int,
        /,
    ) -> str: ...
    def stats(self, table: str, start_ds: str | None, end_ds: str | None, /) -> str: ...
    def explain(self, conf: str, key: str, at_ms: int, rows_max: int, /) -> str: ...
    def analyze(
        self, conf: str, start_ds: str | None, end_ds: str | None, hitters_max: int, /
    ) -> str: ...
    def test(
        self, path: str | None, only: str | None, form: int, /
    ) -> tuple[str, str, int, int]: ...

def schema(kind: str, /) -> str: ...
def explain(code: str, /) -> str: ...
def version() -> str: ...
