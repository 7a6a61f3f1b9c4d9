"""Every code has a page, and a case that raises it, whose whole message is a golden file."""

from __future__ import annotations

import fcntl
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
import spark_peer
import test_compile_rules as rules
from define_kit import IMPORTS, ROOT, Repository
from program_kit import (
    GNOMON,
    GOLDEN,
    HEAD,
    NOW_MS,
    World,
    buys,
    check_golden,
    day,
    make_world,
    plain,
    shown,
    surroundings,
)
from test_define_errors import BAD, HAS_COLUMNS, fixed, prepared

V1, LIVE = "team.buys.v1", "team/live.v1"
COMPILED = "production/group_bys/team/buys.v1"
KEY = '{"user": "u1"}'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    return made.copy(tmp_path / "repo")


class Case(NamedTuple):
    """A command that fails: `prepare` breaks the world before."""

    name: str  # begins with the code
    arguments: list[str]
    status: int
    prepare: Callable[[World], Any] = lambda world: None
    environment: tuple[tuple[str, str], ...] = ()
    stdin: str = ""


def definition(old: str, new: str) -> Callable[[World], None]:
    """The compiled file with a mistake in it."""
    return lambda world: world.change(COMPILED, old, new)


def setting(text: str) -> Callable[[World], None]:
    return lambda world: world.write("gnomon.toml", text)


def select_price(expression: str) -> Callable[[World], None]:
    return definition('"price": "price"', f'"price": "{expression}"')


CHAINED = f"""{HEAD}
from joins.team import train
v1 = GroupBy(
    sources=[Source(joinSource=JoinSource(join=train.v1, query=Query(
        selects=select("user", price="team_buys_v1_price_sum_3d"), time_column="ts")))],
    keys=["user"],
    aggregations=[Aggregation(input_column="price", operation=Operation.SUM,
                              windows=[Window(length=3, timeUnit=TimeUnit.DAYS)])],
    backfill_start_date="2025-01-04",
)
"""


def chained(world: World) -> None:
    """A GroupBy over the rows that a Join gives."""
    world.change("joins/team/train.py", 'table="raw.views",', 'table="raw.views", topic="views",')
    world.write("group_bys/team/chained.py", CHAINED)
    done = world.run("compile", "--force")
    assert done.returncode == 0, done.stderr


def drop_output(world: World) -> None:
    subprocess.run(["rm", "-r", world.path / "warehouse/ns"], check=True)


def other_format(world: World) -> None:
    """The number of the format in the store's file, which is that of no version."""
    (file,) = (world.path / "store").rglob("TEAM_BUYS_V1_BATCH/gen-*.lmdb")
    content = bytearray(file.read_bytes())
    at = [m.end() for m in re.finditer(b"meta", bytes(content))]
    assert at
    for place in at:
        content[place : place + 4] = (99).to_bytes(4, "little")
    file.write_bytes(bytes(content))


def scribble(world: World) -> None:
    for file in (world.path / "store").rglob("gen-*.lmdb"):
        file.write_bytes(b"this is not a store" * 1000)


def empty_days(world: World) -> None:
    for file in (world.path / "warehouse/raw/buys").iterdir():
        subprocess.run(["rm", "-r", file], check=True)


def typed(column: str, values: pa.Array, number: int = 0) -> Callable[[World], None]:
    """One day of the table with another column."""

    def change(world: World) -> None:
        rows = buys(number)
        at = rows.schema.get_field_index(column)
        world.write_rows(
            f"warehouse/raw/buys/ds={day(number)}/rows.parquet",
            rows.set_column(at, column, values),
        )

    return change


def all_days(change: Callable[[pa.Table], pa.Table]) -> Callable[[World], None]:
    def apply(world: World) -> None:
        for number in range(12):
            world.write_rows(
                f"warehouse/raw/buys/ds={day(number)}/rows.parquet", change(buys(number))
            )

    return apply


def then(*steps: Callable[[World], Any]) -> Callable[[World], None]:
    def run(world: World) -> None:
        for step in steps:
            step(world)

    return run


def command(*arguments: str) -> Callable[[World], None]:
    def run(world: World) -> None:
        done = world.run(*arguments)
        assert done.returncode == 0, done.stderr

    return run


def second_source(world: World) -> None:
    """The same source once more, in which the price is a text."""
    text = json.loads(world.read(COMPILED))
    again = json.loads(json.dumps(text["sources"][0]))
    again["events"]["query"]["selects"]["price"] = "CAST(price AS STRING)"
    text["sources"].append(again)
    world.write(COMPILED, json.dumps(text, indent=1))


def changed_source(world: World) -> None:
    world.change("group_bys/team/buys.py", "v1 =", "# another\nv1 =")


def derivation(world: World) -> None:
    text = json.loads(world.read(COMPILED))
    expression = "element_at(array(price_sum_3d), 0)"
    text["derivations"] = [{"name": "first", "expression": expression}]
    world.write(COMPILED, json.dumps(text, indent=1))


def one_large_key(world: World) -> None:
    """A key whose last 1.5 million texts are asked for."""
    world.change(COMPILED, '"k": "2"', '"k": "1500000"')
    rows = 1_500_000
    start = 1_735_689_600_000
    columns = {
        "user": pa.array(["u"] * rows),
        "price": pa.array([1.0] * rows),
        "kind": pa.array(["a text of some forty characters, always"] * rows),
        "ts": pa.array(range(start, start + rows)),
    }
    world.write_rows(f"warehouse/raw/buys/ds={day(0)}/rows.parquet", pa.table(columns))


FETCH = ["fetch", "team/buys.v1", "-k"]
VALIDATE = ["validate", V1, "--clock", NOW_MS]
BACKFILL = ["backfill", V1, "--end-ds", day(10)]

COMMAND_LINE = [
    Case("GC001-unknown-command", ["backfil", V1], 64),
    Case("GC001-help-of-nothing", ["help", "fetsh"], 64),
    Case("GC002-unknown-flag", ["backfill", V1, "--start-day", day(1)], 64),
    Case("GC002-unknown-letter", ["list", "-x"], 64),
    Case("GC003-no-command", [], 64),
    Case("GC003-missing-argument", ["backfill"], 64),
    Case("GC003-missing-value", ["backfill", V1, "--ds"], 64),
    Case("GC003-no-key", ["fetch", "team/buys.v1"], 64),
    Case("GC004-wrong-choice", ["sql", "SHOW TABLES", "--output", "yaml"], 64),
    Case("GC004-no-number", ["show", V1, "--rows", "many"], 64),
    Case("GC004-out-of-range", ["backfill", V1, "--step-days", "0"], 64),
    Case("GC004-no-size", ["backfill", V1, "--memory", "lots"], 64),
    Case("GC004-no-shell", ["completion", "tcsh"], 64),
    Case("GC005-one-too-many", ["list", V1], 64),
    Case("GC005-value-of-a-switch", ["list", "--json=yes"], 64),
    Case("GC006-module-not-compiled", ["backfill", "team.buyz.v1"], 66),
    Case(
        "GC007-nothing-compiled",
        ["list"],
        66,
        lambda w: w.path.joinpath("production").rename(w.path / "elsewhere"),
    ),
    Case("GC008-no-repository", ["-C", "nowhere", "list"], 66),
    Case("GC009-toml", ["list"], 65, setting("[store]\nurl = lmdb:store\n")),
    Case("GC010-unknown-setting", ["list"], 65, setting('[engine]\nmemoryy = "1GiB"\n')),
    Case("GC010-unknown-section", ["list"], 65, setting("[enigne]\nthreads = 2\n")),
    Case("GC011-wrong-value", ["list"], 65, setting("[engine]\nthreads = 0\n")),
    Case("GC012-no-file", ["put", LIVE, "--events", "evnets.jsonl"], 66),
    Case("GC012-folder-of-a-plan", ["plan", V1, "--out", "no/such/plan.json"], 66),
    Case("GC013-unknown-code", ["explain", "GD999"], 66),
    Case("GC014-unknown-kind", ["schema", "groupby"], 66),
    Case(
        "GC015-no-engine",
        ["sql", "SELECT 1"],
        66,
        environment=(("GNOMON_ENGINE_PATH", "/nowhere"),),
    ),
    Case(
        "GC016-no-python", ["compile"], 69, changed_source, (("GNOMON_PYTHON", "/nowhere/python"),)
    ),
]

PLANS = [
    Case("GP001-not-a-day", ["backfill", V1, "--ds", "2025-02-30"], 64),
    Case("GP002-end-before-start", ["plan", V1, "--start-ds", day(7), "--end-ds", day(5)], 64),
    Case(
        "GP004-too-many-steps",
        [
            "plan",
            V1,
            "--start-ds",
            "1990-01-01",
            "--end-ds",
            day(5),
            "--step-days",
            "1",
            "--run-first-hole",
        ],
        65,
        then(
            empty_days,
            lambda w: (w.path / "warehouse/raw/buys").rmdir(),
            lambda w: w.write_rows("warehouse/raw/buys.parquet", buys(0)),
        ),
    ),
    Case("GP006-nothing-to-do", ["backfill", V1, "--end-ds", day(9)], 0),
    Case("GP007-earlier-days", ["backfill", V1, "--start-ds", day(1), "--end-ds", day(9)], 0),
    Case("GP008-without-input", ["backfill", V1, "--end-ds", "2025-02-01"], 0),
    Case("GP009-no-plan", ["backfill", "--plan", "gnomon.toml"], 65),
    Case(
        "GP010-world-changed",
        ["backfill", "--plan", "plan.json"],
        75,
        then(
            command("plan", V1, "--end-ds", day(11), "--out", "plan.json"),
            lambda w: w.write_rows(f"warehouse/raw/buys/ds={day(11)}/more.parquet", buys(11)),
        ),
    ),
    Case("GP011-a-join", ["backfill", "team.train.v1"], 65),
    Case("GP011-a-join-source", ["backfill", "team.chained.v1"], 65, chained),
]

STORES = [
    Case("GO001-no-scheme", [*FETCH, KEY, "--store", "store"], 64),
    Case("GO001-unknown-scheme", [*FETCH, KEY, "--store", "ldmb:store"], 65),
    Case("GO002-store-unreachable", [*FETCH, KEY, "--store", "lmdb:/mnt/nowhere/store"], 69),
    Case("GO003-a-file", [*FETCH, KEY, "--store", "lmdb:gnomon.toml"], 65),
    Case("GO003-not-a-store", [*FETCH, KEY], 65, scribble),
    Case("GO004-other-version", [*FETCH, KEY], 65, other_format),
    Case("GO006-not-uploaded", ["fetch", "team/byus.v1", "-k", KEY], 66),
    Case("GO006-empty-store", [*FETCH, KEY, "--store", "lmdb:fresh"], 66),
    Case("GO007-key-missing", [*FETCH, "{}"], 64),
    Case("GO008-unknown-key", [*FETCH, '{"usr": "u1"}'], 64),
    Case("GO009-key-of-another-type", [*FETCH, '{"user": 1}'], 65),
    Case("GO010-bad-json", [*FETCH, "{user: u1}"], 65),
    Case("GO010-no-object", [*FETCH, '"u1"'], 65),
    Case("GO011-too-early", ["fetch", LIVE, "-k", KEY, "--at-ms", "1000000000000"], 65),
    Case("GO013-no-live-rows", ["put", "team/buys.v1", "--events", "-"], 65, stdin='{"ts": 1}'),
    Case("GO014-no-event", ["put", LIVE, "--events", "-"], 65, stdin='{"ts": "today"}'),
    Case("GO014-not-json", ["put", LIVE, "--events", "-"], 65, stdin="{ts: 1}"),
    Case("GO016-nothing-to-load", ["upload", V1, "--ds", "2020-01-01", "--from-table"], 66),
]

RESOURCES = [
    Case("GR002-read-only", ["init", "/sys/gnomon"], 77),
    Case(
        "GR002-read-only-store", ["upload", V1, "--ds", day(9), "--store", "lmdb:/sys/gnomon"], 77
    ),
    Case(
        "GR004-one-large-key", [*BACKFILL, "--memory", "160M", "--threads", "1"], 65, one_large_key
    ),
    Case("GR003-budget", [*BACKFILL, "--memory", "1M", "--threads", "1"], 75),
]

TABLES = [
    Case("GT001-no-table", BACKFILL, 66, definition("raw.buys", "raw.buyz")),
    Case("GT001-in-sql", ["sql", "DESCRIBE raw.buyz"], 66),
    Case(
        "GT002-sum-of-text",
        BACKFILL,
        65,
        definition('"inputColumn": "price"', '"inputColumn": "kind"'),
    ),
    Case(
        "GT002-time-is-a-double",
        BACKFILL,
        65,
        definition('"timeColumn": "ts"', '"timeColumn": "price"'),
    ),
    Case(
        "GT003-folders-differ",
        BACKFILL,
        65,
        lambda w: w.write_rows(f"warehouse/raw/buys/year=2025/ds={day(0)}/rows.parquet", buys(0)),
    ),
    Case(
        "GT004-seconds",
        VALIDATE,
        0,
        definition('"timeColumn": "ts"', '"timeColumn": "ts DIV 1000"'),
    ),
    Case(
        "GT005-coverage",
        VALIDATE,
        0,
        definition('"backfillStartDate": "2025-01-04"', '"backfillStartDate": "2025-01-01"'),
    ),
    Case("GT006-no-column", BACKFILL, 66, select_price("prise")),
    Case(
        "GT007-no-time",
        ["upload", "team.live.v1", "--ds", day(9)],
        65,
        lambda w: w.change(
            "production/group_bys/team/live.v1", '"timeColumn": "ts"', '"setups": []'
        ),
    ),
    Case(
        "GT008-missing-days",
        VALIDATE,
        0,
        lambda w: subprocess.run(
            [
                "rm",
                "-r",
                w.path / f"warehouse/raw/buys/ds={day(4)}",
                w.path / f"warehouse/raw/buys/ds={day(5)}",
            ],
            check=True,
        ),
    ),
    Case(
        "GT009-null-times",
        VALIDATE,
        0,
        definition('"timeColumn": "ts"', '"timeColumn": "IF(kind = \'book\', ts, NULL)"'),
    ),
    Case("GT010-future", ["validate", V1, "--clock", "1735689600000"], 0),
    Case("GT011-no-name", BACKFILL, 64, definition("raw.buys", "../buys")),
    Case("GT001-configured", BACKFILL, 66, setting('[tables."raw.buys"]\npath = "b.parquet"\n')),
    Case(
        "GT012-format",
        BACKFILL,
        64,
        then(
            setting('[tables."raw.buys"]\npath = "../buys.xlsx"\n'),
            lambda w: w.write("buys.xlsx", ""),
        ),
    ),
    Case("GT013-other-columns", BACKFILL, 65, select_price("CAST(price AS BIGINT)")),
    Case(
        "GT014-only-read",
        BACKFILL,
        65,
        then(drop_output, setting('[tables."ns.team_buys_v1"]\npath = "old.csv"\n')),
    ),
    Case(
        "GT015-other-version",
        BACKFILL,
        65,
        lambda w: [
            record.write_text(re.sub(r'("format": ?)\d+', r"\g<1>99", record.read_text()))
            for record in (w.path / "warehouse/ns/team_buys_v1").glob("*.json")
        ],
    ),
    Case("GT017-two-types", BACKFILL, 65, second_source),
    Case("GT018-not-for-reading", ["sql", "DROP TABLE raw.buys"], 65),
    Case("GT019-engine", ["sql", "SELECT prise FROM raw.buys"], 65),
    Case(
        "GT019-not-parquet",
        BACKFILL,
        65,
        lambda w: w.write(f"warehouse/raw/buys/ds={day(8)}/rows.parquet", "this is no parquet"),
    ),
    Case("GX001-parse", VALIDATE, 65, select_price("price * * 2")),
    Case("GX002-not-offered", VALIDATE, 65, select_price("count(price) OVER (PARTITION BY kind)")),
    Case("GX003-unknown-function", VALIDATE, 65, select_price("coalezce(price, 0)")),
    Case("GX005-of-a-value", BACKFILL, 65, then(drop_output, derivation)),
    Case(
        "GX005-in-the-engine",
        BACKFILL,
        65,
        then(drop_output, select_price("element_at(array(price), 0)")),
    ),
    Case("GX004-types", VALIDATE, 65, select_price("price + array(1)")),
]


@pytest.mark.parametrize(
    "case", COMMAND_LINE + PLANS + STORES + RESOURCES + TABLES, ids=lambda case: case.name
)
def test_a_failure_says_exactly_this(case: Case, world: World) -> None:
    case.prepare(world)
    done = world.run(*case.arguments, stdin=case.stdin, environment=dict(case.environment))
    text = shown(world, case.arguments, done)
    assert f"[{case.name[:5]}]" in done.stderr, text
    assert done.returncode == case.status, text
    check_golden(case.name, text)


def test_an_upload_waits_for_no_other(world: World) -> None:
    arguments = ["upload", V1, "--ds", day(9)]
    with open(next((world.path / "store").rglob("TEAM_BUYS_V1_BATCH/LOCK")), "r+b") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        done = world.run(*arguments)
    assert done.returncode == 75
    check_golden("GO005-another-upload", shown(world, arguments, done))


def test_a_full_disk_is_told(world: World) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [GNOMON, "list", "--json"],
            cwd=world.path,
            env=surroundings(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    done.stdout = ""
    assert done.returncode == 69
    check_golden("GR001-disk-full", shown(world, ["list", "--json"], done))


# ---- what a Spark server's refusals become ----

UNRESOLVED = "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column `nme` cannot be resolved"
OF_SPARK = {
    "GS003-token": (16, "Invalid authentication token", 77),
    "GS004-remote": (13, f"{UNRESOLVED}. SQLSTATE: 42703;\n'Project ['nme]", 69),
    "GS005-timeout": (4, "the deadline has passed", 75),
    "GS006-closed": (13, "[INVALID_HANDLE.SESSION_CLOSED] Session was closed.", 69),
    "GS008-ceiling": (8, "a message of 200 MB is above the limit of 128 MB", 65),
    "GS009-no-such-server": (12, "unknown service spark.connect.SparkConnectService", 65),
    "GS010-interrupted": (13, "[OPERATION_CANCELED] Operation has been canceled.", 130),
}


def ping(address: str, *options: str) -> tuple[list[str], subprocess.CompletedProcess[str]]:
    arguments = ["spark", "ping", address, *options]
    done = subprocess.run(
        [GNOMON, *arguments],
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return arguments, done


def check_ping(name: str, status: int, address: str, folder: Path, *options: str) -> None:
    """Golden but for the port."""
    arguments, done = ping(address, *options)
    assert (done.returncode, f"[{name[:5]}]" in done.stderr) == (status, True), done.stderr
    text = shown(World(folder), arguments, done)
    check_golden(name, re.sub(r"(127\.0\.0\.1|localhost):\d+", r"\1:PORT", text))


@pytest.mark.parametrize("name", OF_SPARK)
def test_what_a_spark_server_says_is_told_by_code(name: str, tmp_path: Path) -> None:
    code, message, status = OF_SPARK[name]
    with spark_peer.refusing(code, message) as address:
        check_ping(name, status, address, tmp_path)


def test_a_spark_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    check_ping("GS001-unreachable", 69, "sc://127.0.0.1:1", tmp_path, "--quiet")


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with spark_peer.self_signed(tmp_path) as address:
        check_ping("GS002-certificate", 77, f"{address};use_ssl=true", tmp_path)


@pytest.mark.parametrize("address", ["sc://localhost:port", "https://spark.example"])
def test_an_address_that_is_none_is_told(address: str, tmp_path: Path) -> None:
    name = "GS007-no-port" if address.startswith("sc:") else "GS007-another-kind"
    check_ping(name, 64, address, tmp_path)


# ---- what Python definitions are told ----

ONLY_IN_PYTHON = [
    "GD001", "GD002", "GD003", "GD004", "GD010", "GD011", "GD020", "GD035", "GD044", "GD046",
    "GD047", "GD048",
]  # fmt: skip


def first(code: str) -> Any:
    return next(bad for bad in BAD if bad.code == code)


def golden_of(name: str, repository: Repository, *arguments: str) -> int:
    done = repository.compile(*arguments)
    world = World(repository.path)
    text = f"exit status {done.returncode}\n\n" + done.stderr
    assert f"[{name[:5]}]" in done.stderr, text
    check_golden(name, plain(text, world))
    return done.returncode


@pytest.mark.skipif(not HAS_COLUMNS, reason="places are coarser before Python 3.11")
@pytest.mark.parametrize("code", ONLY_IN_PYTHON)
def test_a_definition_file_is_told_exactly_this(code: str, repository: Repository) -> None:
    bad = first(code)
    prepared(repository).write(bad.path, IMPORTS + fixed(bad.text))
    golden_of(f"{code}-python", repository, "--conf", bad.path)


def whole(repository: Repository, gbs: str, join: str = "") -> Repository:
    repository.write(rules.GBS, gbs)
    repository.write(rules.JOIN, join or rules.joins())
    return repository


def compiled_before(repository: Repository, gbs: str, join: str = "") -> None:
    rules.compiled(whole(repository, gbs, join), "--force")


def a_file(text: str) -> Callable[[Repository], None]:
    def write(repository: Repository) -> None:
        repository.write(rules.GBS, text)

    return write


def no_team(repository: Repository) -> None:
    whole(repository, rules.group_bys())
    repository.write("teams.json", '{"taem": {"namespace": "ns"}}')


def no_teams_file(repository: Repository) -> None:
    whole(repository, rules.group_bys())
    repository.write("teams.json", '{"team": {"namespace": "ns"}')


def broken_file(repository: Repository) -> None:
    whole(repository, rules.group_bys())
    repository.write("production/joins/team/broken.v1", "")


def off_under_a_join(repository: Repository) -> None:
    compiled_before(repository, rules.group_bys(), rules.joins(online="True"))
    options = {"backfill_start_date": '"2024-01-01"', "online": "False"}
    repository.write(rules.GBS, rules.group_bys(**options))


def other_meaning(repository: Repository) -> None:
    repository.write(rules.GBS, rules.group_bys())
    rules.compiled(repository, rules.GBS)
    repository.write(rules.GBS, rules.group_bys(accuracy="Accuracy.SNAPSHOT"))


def dependents(repository: Repository) -> None:
    compiled_before(repository, rules.group_bys())
    repository.write(rules.GBS, rules.group_bys(description='"new"'))


def deprecated(repository: Repository) -> None:
    whole(repository, rules.group_bys(deprecation_date='"2030-01-01"'))


def sampled(repository: Repository) -> None:
    compiled_before(repository, rules.group_bys(), rules.joins(sample_percent="5"))
    repository.write(rules.JOIN, rules.joins())


def orphaned(repository: Repository) -> None:
    compiled_before(repository, rules.group_bys())
    (repository.path / rules.JOIN).unlink()
    repository.write(rules.GBS, rules.group_bys(description='"new"'))


def test_a_note_is_told_to_programs(repository: Repository) -> None:
    repository.write(rules.GBS, rules.group_bys(online="None"))
    done = repository.compile("--conf", rules.GBS, "--json")
    (note,) = [line for line in done.stdout.splitlines() if '"kind":"problem"' in line]
    assert done.returncode == 0
    check_golden("GD061-python", plain(note + "\n", World(repository.path)))


HISTOGRAM = rules.group_bys().replace("Operation.SUM", "Operation.HISTOGRAM")
OF_REPOSITORIES: dict[str, tuple[Callable[[Repository], None], int, list[str]]] = {
    "GD005": (a_file(rules.group_bys()), 1, ["group_bys/team/no.py"]),
    "GD006": (no_teams_file, 1, [rules.GBS]),
    "GD007": (no_team, 1, [rules.GBS]),
    "GD008": (broken_file, 0, ["."]),
    "GD009": (a_file("x = 1\n"), 0, [rules.GBS]),
    "GD012": (a_file(rules.group_bys(onlin="True")), 0, [rules.GBS]),
    "GD052": (off_under_a_join, 1, [rules.GBS]),
    "GD058": (other_meaning, 1, [rules.GBS]),
    "GD059": (dependents, 1, [rules.GBS]),
    "GD060": (deprecated, 0, ["."]),
    "GD062": (sampled, 0, ["."]),
    "GD063": (a_file(HISTOGRAM), 0, [rules.GBS]),
    "GD064": (orphaned, 0, [rules.GBS]),
}


@pytest.mark.skipif(not HAS_COLUMNS, reason="places are coarser before Python 3.11")
@pytest.mark.parametrize("code", OF_REPOSITORIES)
def test_a_repository_is_told_exactly_this(code: str, repository: Repository) -> None:
    prepare, status, paths = OF_REPOSITORIES[code]
    prepare(repository)
    assert golden_of(f"{code}-python", repository, "--conf", *paths) == status


# ---- all of them ----

#: What the guide's section on troubles names, and the case that shows each.
OF_THE_GUIDE = {
    "module not found": "GD001-python",
    "invalid source": "GD020-python",
    "out of memory": "GR003-budget",
    "table not found": "GT001-no-table",
    "store unreachable": "GO002-store-unreachable",
    "invalid key": "GO008-unknown-key",
}


@pytest.mark.parametrize("trouble", OF_THE_GUIDE)
def test_the_guides_troubles_are_told_with_what_to_do(trouble: str) -> None:
    text = (GOLDEN / f"{OF_THE_GUIDE[trouble]}.txt").read_text(encoding="utf-8")
    assert re.search(r"^exit status [1-9]\d*$", text, re.MULTILINE)
    assert re.search(r"^error\[G[A-Z]\d{3}\]: .*[^.]$", text, re.MULTILINE)
    assert re.search(r"^ *= help: .", text, re.MULTILINE)
    assert re.search(r"^ *= more: gnomon explain G[A-Z]\d{3}$", text, re.MULTILINE)


def registered() -> dict[str, str]:
    """Code -> its page."""
    done = subprocess.run(
        [GNOMON, "explain", "all"],
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    pages = re.split(r"^### (?=G[A-Z]\d{3}: )", done.stdout, flags=re.MULTILINE)[1:]
    return {page[:5]: page for page in pages}


def test_every_code_has_a_page() -> None:
    pages = registered()
    assert len(pages) > 150
    for code, page in pages.items():
        assert re.match(rf"{code}: .*[^.\n]\n\n", page), page
        assert "\nFor example\n" in page
        assert "\nHow to mend it\n" in page
        done = subprocess.run(
            [GNOMON, "explain", code.lower()],
            env=surroundings(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout.strip() in page


def test_every_code_is_shown_whole_by_a_case_that_raises_it() -> None:
    told: set[str] = set()
    for file in (ROOT / "tests" / "golden").glob("messages/*.txt"):
        text = file.read_text(encoding="utf-8")
        told.update(re.findall(r"(?:error|warning|note)\[(G[A-Z]\d{3})\]: ", text))
        told.update(re.findall(r'^\{.*"code":"(G[A-Z]\d{3})"', text, re.MULTILINE))
    for file in (ROOT / "tests" / "golden").glob("diagnostics/*/expected.txt"):
        told.update(re.findall(r"\[(G[A-Z]\d{3})\]: ", file.read_text(encoding="utf-8")))
    in_c = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.c"))
    told.update(re.findall(r'CHECK_TEXT\(\w+[.]diagnostic, "(G[A-Z]\d{3})"\)', in_c))
    assert sorted(set(registered()) - told) == []


def sources() -> Iterator[tuple[Path, str]]:
    for folder, pattern in (("src", "*.c"), ("cli", "*.c"), ("python", "*.py")):
        for file in (ROOT / folder).rglob(pattern):
            yield file, file.read_text(encoding="utf-8")


def test_no_code_is_raised_that_is_not_registered_and_none_is_registered_in_vain() -> None:
    known = set(registered())
    raised: set[str] = {f"GE{number:03d}" for number in range(1, 19)}  # made of result codes
    for file, text in sources():
        if not file.name.startswith("register") and file.name != "_codes.py":
            raised.update(re.findall(r'["\[](G[A-Z]\d{3})["\]]', text))
    assert sorted(raised - known) == []
    assert sorted(known - raised) == []
