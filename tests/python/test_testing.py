"""`gnomon test` and `gnomon.testing`: what passes, what fails and how it is told."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from pathlib import Path

import pytest
from program_kit import BUYS, LIVE, TEAMS, TOML, World, check_golden, shown, surroundings

GIVEN = """\
given:
  raw.buys:
    - {user: u1, price: 2.0, kind: book, ts: 2025-01-01T10:00}
    - {user: u1, price: 3.5, kind: game, ts: 2025-01-02T10:00}
    - {user: u2, price: 1.0, kind: book, ts: 2025-01-02T11:00}
"""
BEGIN = f"""\
# Purchases of two users.
conf: team.buys.v1
{GIVEN}tests:
"""
RIGHT = """\
  - name: prices of three days are added
    batch:
      - {ds: 2025-01-02, user: u1, price_sum_3d: 5.5, kind_last2: [game, book]}
      - {ds: 2025-01-02, user: u2, price_sum_3d: 1.0, kind_last2: [book]}
      - {ds: 2025-01-05, user: u1, price_sum_3d: null, kind_last2: [game, book]}
      - {ds: 2025-01-05, user: u2, price_sum_3d: null, kind_last2: [book]}
    online:
      - at: 2025-01-03T12:00
        keys: {user: u1}
        values: {price_sum_3d: 5.5, kind_last2: [game, book]}
      - {at: 2025-01-05T00:00, keys: {user: u1}, upload: 2025-01-01, values: {price_sum_3d: 2.0,
         kind_last2: [book]}}
      - {at: 2025-01-03T12:00, keys: {user: nobody}, values: {price_sum_3d: null, kind_last2: null}}
  - name: rows of the day asked come as a stream
    conf: team.live.v1
    online:
      - at: 2025-01-02T10:30
        keys: {user: u1}
        values: {price_sum_3d: 5.5, kind_last2: [game, book]}
      - {at: 2025-01-02T09:30, keys: {user: u1}, values: {price_sum_3d: 2, kind_last2: [book]}}
      - {at: 1735815600000, keys: {user: u1}, values: {price_sum_3d: 5.5, kind_last2: [game, book]}}
  - name: a sum of tenths is what one writes
    given:
      raw.buys:
        rows:
          - {ds: 2025-01-01, user: u1, price: 0.1, kind: null, ts: 1735689600000}
          - {ds: 2025-01-01, user: u1, price: 0.2, ts: 1735689600000}
        types: {kind: string}
    batch:
      - {ds: 2025-01-01, user: u1, price_sum_3d: 0.3, kind_last2: null}
"""
WRONG = """\
  - name: wrong on purpose
    partial: true
    batch:
      - {ds: 2025-01-02, user: u1, price_sum_3d: 6}
      - ds: 2025-01-03
        user: u3
        price_sum_3d: 7
    online:
      - {at: 2025-01-03T12:00, keys: {user: u1}, values: {price_sum_3d: 6.5}}
  - name: exactly is not nearly
    tolerance: 0
    given:
      raw.buys: [{user: u1, price: 0.1, kind: null, ts: 2025-01-01}, {user: u1, price: 0.2,
        ts: 2025-01-01}]
    batch:
      - {ds: 2025-01-01, user: u1, price_sum_3d: 0.3, kind_last2: null}
"""
MISTAKES = {
    "GC017": """\
conf: team.buys.v1
tests:
  - batch: []
  - name: nothing
  - {name: no table, batch: [{ds: 2025-01-02, user: u1, price_sum_3d: 1.0, kind_last2: []}]}
  - {name: no rows, given: {raw.buys: []}, batch: [{ds: 2025-01-02}]}
  - {name: kinds, given: [], partial: 1, batch: {}}
  - name: lacking
    given: {raw.buys: [{user: u1, price: 2.0, kind: book, ts: 2025-01-01}]}
    batch: [{user: u1, price_sum_3d: 2.0}]
    online: [{at: 2025-01-03, keys: {}, values: {}}, {at: 2025-01-03}]
  - name: lacking a day
    given: {raw.buys: [{user: u1, price: 2.0, kind: book}]}
    batch: [{ds: 2025-01-01, user: u1, price_sum_3d: 2.0, kind_last2: []}]
""",
    "GC018": f"""\
conf: team.buys.v1
{GIVEN}givn: {{}}
tests: []
""",
    "GC018-members": BEGIN
    + """\
  - name: members
    batchs: []
    batch: [{ds: 2025-01-02, user: u1, price_sum_3: 5.5}]
  - name: features
    batch: [{ds: 2025-01-02, usr: u1, price_sum_3: 5.5}]
    partial: true
    online: [{at: 2025-01-03, keys: {usr: u1}, values: {price_sum_3: 5.5, xyz: 1}}]
""",
    "GC019": """\
conf: team.buys.v1
tests:
  - name: rows
    given:
      raw.buys:
        - {user: u1, price: 2, kind: book, ts: yesterday}
        - {user: u1, price: two, kind: book, ts: 2025-01-01}
        - {user: u1, price: 2, kind: book, ds: 1, ts: 2025-01-01}
    batch: [{ds: 2025-01-02, user: u1, price_sum_3d: 6, kind_last2: []}]
  - name: types
    given: {raw.buys: {types: {price: numbre, kind: 1}, rows: [{user: u1, ds: 2025-01-01}]}}
    batch: [{ds: 2025-01-02, user: u1, price_sum_3d: 6, kind_last2: []}]
  - name: expected
    given: {raw.buys: [{user: u1, price: 2.0, kind: book, ts: 2025-01-01}]}
    batch: [{ds: soon, user: 1, price_sum_3d: many, kind_last2: book}]
    online:
      - {at: later, upload: never, keys: {user: 1}, values: {price_sum_3d: x, kind_last2: [1]}}
""",
    "GC020": "conf: team.buys.v1\ntests:\n  - name: a: b\n",
    "GC020-twice": "conf: team.buys.v1\nconf: team.buys.v2\ntests: []\n",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = World(tmp_path_factory.mktemp("tested"))
    world.write("teams.json", TEAMS)
    world.write("gnomon.toml", TOML)
    world.write("group_bys/team/buys.py", BUYS)
    world.write("group_bys/team/live.py", LIVE)
    done = world.run("compile")
    assert done.returncode == 0, done.stderr
    return world


def test_tests_that_hold_pass(world: World) -> None:
    world.write("group_bys/team/buys.test.yaml", BEGIN + RIGHT)
    done = world.run("test")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "ok    prices of three days are added",
        "ok    rows of the day asked come as a stream",
        "ok    a sum of tenths is what one writes",
        "3 passed, 0 failed",
    ]
    assert not list((world.path / ".gnomon" / "test").iterdir())
    assert not (world.path / "warehouse").exists()
    assert not (world.path / "store").exists()


def test_a_difference_is_told_with_its_lines(world: World) -> None:
    world.write("wrong/buys.test.yaml", BEGIN + WRONG)
    for name, more in (("test-fails", []), ("test-fails-json", ["--json"])):
        done = world.run("test", "wrong", *more)
        assert done.returncode == 1
        check_golden(name, shown(world, ["test", "wrong", *more], done))
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told[-1] == {"passed": 0, "failed": 2}
    assert [d["line"] for d in told[0]["differences"] if "line" in d] == [12, 13, 17]


def test_tests_are_chosen_by_name_and_by_file(world: World) -> None:
    world.write("some/buys.test.yml", BEGIN + RIGHT + WRONG)
    done = world.run("test", "some/buys.test.yml", "--only", "stream")
    assert done.stdout == "ok    rows of the day asked come as a stream\n1 passed, 0 failed\n"
    done = world.run("test", "some", "--only", "no such test")
    assert done.returncode == 66
    check_golden("GC021", shown(world, ["test", "some", "--only", "no such test"], done))
    done = world.run("test", "no/such/folder")
    assert done.returncode == 66


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place(world: World, name: str) -> None:
    path = f"mistakes/{name}.test.yaml"
    world.write(path, MISTAKES[name])
    done = world.run("test", path)
    assert done.returncode == 65
    assert f"error[{name[:5]}]" in done.stderr
    check_golden(f"test-{name}", shown(world, ["test", path], done))


def test_a_definition_that_cannot_be_computed_fails_its_test(world: World) -> None:
    text = (BEGIN + RIGHT).replace("price: 2.0,", "prise: 2.0,").replace("price: 3.5,", "")
    world.write("column/buys.test.yaml", text.replace("price: 1.0,", "").split("  - name: rows")[0])
    done = world.run("test", "column")
    assert done.returncode == 1
    assert "fail  prices of three days are added" in done.stdout
    assert "error[GT006]" in done.stdout
    assert "did you mean" in done.stdout and "'prise'" in done.stdout


PYTHON = """\
import datetime
import pytest
from gnomon.testing import check

ROWS = [
    {"user": "u1", "price": 2.0, "kind": "book", "ts": "2025-01-01T10:00"},
    {"user": "u1", "price": 3.5, "kind": "game",
     "ts": datetime.datetime(2025, 1, 2, 10, tzinfo=datetime.timezone.utc)},
]

def test_right():
    check(
        "team.buys.v1",
        given={"raw.buys": ROWS},
        batch=[{"ds": datetime.date(2025, 1, 2), "user": "u1", "price_sum_3d": 5.5}],
        online=[{"at": "2025-01-03", "keys": {"user": "u1"}, "values": {"price_sum_3d": 5.5}}],
        partial=True,
    )

def test_types():
    check(
        "team.buys.v1",
        given={"raw.buys": {"types": {"price": "float"}, "rows": ROWS}},
        batch=[{"ds": "2025-01-02", "user": "u1", "price_sum_3d": 5.5,
                "kind_last2": ["game", "book"]}],
        tolerance=0,
    )

def test_wrong():
    with pytest.raises(AssertionError) as raised:
        check("team.buys.v1", {"raw.buys": ROWS}, partial=True,
              batch=[{"ds": "2025-01-02", "user": "u1", "price_sum_3d": 6.0}])
    assert "- price_sum_3d: 6.0" in str(raised.value)
    assert "+ price_sum_3d: 5.5" in str(raised.value)

def test_mistaken():
    with pytest.raises(AssertionError, match="GC018"):
        check("team.buys.v1", {"raw.buys": ROWS}, batch=[{"ds": "2025-01-02", "usr": "u1"}])
"""


def run_pytest(folder: Path, *paths: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths],
        cwd=folder,
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_same_from_python(world: World) -> None:
    pytest.importorskip("gnomon._gnomon")
    world.write("test_definitions.py", PYTHON)
    done = run_pytest(world.path, "test_definitions.py")
    assert "4 passed" in done.stdout, done.stdout


def test_pytest_runs_the_files_of_tests(world: World) -> None:
    pytest.importorskip("gnomon._gnomon")
    world.write("collected/conftest.py", "")
    world.write("conftest.py", 'pytest_plugins = ["gnomon.testing"]\n')
    world.write("collected/right.test.yaml", BEGIN + RIGHT)
    world.write("collected/wrong.test.yaml", BEGIN + WRONG)
    done = run_pytest(world.path, "collected")
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "- price_sum_3d: 6.0" in done.stdout


def test_a_time_without_a_zone_is_refused() -> None:
    testing = pytest.importorskip("gnomon.testing")
    with pytest.raises(TypeError, match="does not know its zone"):
        testing.check("x", {"t": [{"ts": datetime.datetime(2025, 1, 1)}]})
