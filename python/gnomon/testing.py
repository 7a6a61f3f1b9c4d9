"""Definitions tested on small rows, from Python.

    from gnomon.testing import check

    def test_prices_are_added():
        check(
            "my_team.purchases.v1",
            given={"data.purchases": [
                {"ds": "2025-01-01", "user_id": "u1", "price": 2.0, "ts": "2025-01-01T10:00"},
            ]},
            batch=[{"ds": "2025-01-03", "user_id": "u1", "price_sum_3d": 2.0}],
            online=[{"at": "2025-01-04T12:00", "keys": {"user_id": "u1"},
                     "values": {"price_sum_3d": None}}],
        )

The rows become tables of the test's own; the repository's warehouse and store are not touched. The
definition is the compiled one. With `pytest_plugins = ["gnomon.testing"]` in conftest.py pytest
also runs the files named *.test.yaml, as `gnomon test` does.
"""

from __future__ import annotations

import datetime
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon import _gnomon

if TYPE_CHECKING:
    import pytest

Row = Mapping[str, Any]
_TEXT = 0


def check(
    conf: str,
    given: Mapping[str, Iterable[Row] | Mapping[str, Any]],
    *,
    batch: Iterable[Row] = (),
    online: Iterable[Row] = (),
    partial: bool = False,
    tolerance: float | None = None,
    repo: str | os.PathLike[str] = ".",
    boundary: str | None = None,
) -> None:
    """Raises AssertionError, with the differences, unless the definition makes these rows.

    conf: a compiled GroupBy: "my_team.purchases.v1".
    given: the rows of each table that it reads; or {"types": {column: type}, "rows": rows}.
    batch: every row that it makes on the days named here.
    online: fetches {"at", "keys", "values"}; "upload" is the day uploaded, else that before "at".
    partial: features that are not named may be anything.
    tolerance: real numbers this near, in parts of the larger, are equal; None: 1e-9.
    """
    case: dict[str, Any] = {"name": conf, "conf": conf, "given": _tables(given)}
    rows, fetches = list(batch), list(online)
    if rows:
        case["batch"] = rows
    if fetches:
        case["online"] = fetches
    if partial:
        case["partial"] = True
    if tolerance is not None:
        case["tolerance"] = tolerance
    with tempfile.TemporaryDirectory(prefix="gnomon-test-") as folder:
        # JSON is YAML; a row a line, so that what is told points at it.
        path = Path(folder, "check.test.yaml")
        path.write_text(json.dumps({"tests": [case]}, indent=1, default=_written), "utf-8")
        told, wrong, _, failed = _run(repo, str(path), boundary)
    if failed or wrong:
        raise AssertionError("\n" + (wrong or told))


def _tables(given: Mapping[str, Iterable[Row] | Mapping[str, Any]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, rows in given.items():
        out[name] = dict(rows) if isinstance(rows, Mapping) else list(rows)
    return out


def _written(value: object) -> object:
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise TypeError(f"{value!r} does not know its zone")
        utc = value.astimezone(datetime.timezone.utc)
        return utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no value of a test")


def _run(
    repo: str | os.PathLike[str], path: str, boundary: str | None = None
) -> tuple[str, str, int, int]:
    session = _gnomon.Session(os.fspath(repo), None, None, [], 0, 0, 0, boundary, None)
    try:
        return session.test(path, None, _TEXT)
    finally:
        session.close()


def _repository(path: Path) -> Path:
    """The folder above that has a teams.json."""
    for folder in path.resolve().parents:
        if (folder / "teams.json").is_file():
            return folder
    return path.parent


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Takes *.test.yaml and *.test.yml for files of tests."""
    if not file_path.name.endswith((".test.yaml", ".test.yml")):
        return None
    import pytest

    class Tests(pytest.Item):
        def runtest(self) -> None:
            told, wrong, _, failed = _run(_repository(file_path), str(file_path.resolve()))
            if failed or wrong:
                raise AssertionError("\n" + (wrong or told))

        def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
            if isinstance(excinfo.value, AssertionError):
                return str(excinfo.value).strip()
            return super().repr_failure(excinfo, style)

        def reportinfo(self) -> tuple[Path, int, str]:
            return self.path, 0, self.name

    class File(pytest.File):
        def collect(self) -> Iterable[pytest.Item]:
            yield Tests.from_parent(self, name="tests")

    return File.from_parent(parent, path=file_path)
