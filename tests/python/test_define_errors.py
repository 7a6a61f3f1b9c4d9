"""Every problem in a definition has a code, the user's line and column, and a hint."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import pytest
from define_kit import IMPORTS, ROOT, Records, Repository
from gnomon._codes import CODES

QUERY = 'Query(selects=select("user", "price"), time_column="ts")'
EVENTS = f'Source(events=EventSource(table="raw.buys", query={QUERY}))'
SUM = 'Aggregation("price", Operation.SUM)'
DAYS = "[Window(7, TimeUnit.DAYS)]"
LEFT = 'Source(events=EventSource(table="raw.views", query=Query(selects=select("id", "user"), ' + (
    'time_column="ms")))'
)
# Since Python 3.11 exceptions know their columns; since 3.10 NameErrors know their names.
HAS_COLUMNS = sys.version_info >= (3, 11)
GOOD = f'v1 = GroupBy(sources={EVENTS}, keys=["user"], aggregations=[{SUM}], online=True)\n'


def group_by(**options: str) -> str:
    """A GroupBy over several lines, so that a line tells which argument is meant."""
    base = {"sources": EVENTS, "keys": '["user"]', "aggregations": f"[{SUM}]", "online": "True"}
    lines = [f"    {name}={value}," for name, value in {**base, **options}.items()]
    return "\n".join(["v1 = GroupBy(", *lines, ")", ""])


def join(**options: str) -> str:
    base = {"left": LEFT, "right_parts": "[JoinPart(group_by=gbs.v1)]"}
    lines = [f"    {name}={value}," for name, value in {**base, **options}.items()]
    return "\n".join(["from group_bys.team import gbs", "v1 = Join(", *lines, ")", ""])


class Bad(NamedTuple):
    """A file with one mistake: its code, what is said, and the text that the caret is under."""

    code: str
    text: str
    message: str
    under: str
    hint: str = ""
    path: str = "group_bys/team/x.py"


ENTITY = (
    'Source(entities=EntitySource(snapshotTable="raw.users", '
    'query=Query(selects=select("user", "price"))))'
)
STREAM = EVENTS.replace("query=", 'topic="t", query=')
NO_TIME = EVENTS.replace(', time_column="ts"', "")
JOIN_PATH = "joins/team/x.py"

BAD = [
    Bad("GD001", "import pandaz\n", "module 'pandaz' is not found", "import pandaz", "install it"),
    Bad(
        "GD001",
        "from group_bys.team.gsb import v1\n",
        "module 'group_bys.team.gsb' is not found",
        "from group_bys.team.gsb import v1",
        "did you mean 'group_bys.team.gbs'?",
    ),
    Bad("GD001", "import ai.chronon.spark\n", "'ai.chronon.spark'", "import ai.chronon.spark"),
    Bad("GD002", "x = 1 / 0\n", "ZeroDivisionError: division by zero", "1 / 0"),
    Bad("GD002", "import sys\nsys.exit(3)\n", "ends the program", "sys.exit(3)"),
    Bad("GD003", "v1 = GroupBy(\n", "this is not Python", "("),
    Bad(
        "GD004",
        "from ai.chronon.group_by import GruopBy\n",
        "'ai.chronon.group_by' has no 'GruopBy'",
        "from ai.chronon.group_by import GruopBy",
        "did you mean 'GroupBy'?",
    ),
    Bad("GD004", "x = selct('a')\n", "name 'selct' is not defined", "selct", "'select'"),
    Bad("GD004", "x = Operation.SUMM\n", "no attribute 'SUMM'", "Operation.SUMM", "'SUM'"),
    Bad("GD010", group_by(keys='"user"'), "keys must be a list", "GroupBy", "write keys=['user']"),
    Bad(
        "GD010",
        group_by(sources=EVENTS.replace("selects", 'wheres="a = 1", selects')),
        "wheres must be a list, not 'a = 1'",
        '"a = 1"',
        "write ['a = 1']",
    ),
    Bad(
        "GD010",
        group_by(aggregations='[Aggregation("price", Operation.LAST_K)]'),
        "operation must be one of Operation.*, not a function",
        "Operation.LAST_K",
        "LAST_K(3)",
    ),
    Bad(
        "GD010",
        group_by(aggregations='[Aggregation("price", Operation.SUM, ["7d"])]'),
        "windows[0] must be a Window",
        "Aggregation",
    ),
    Bad(
        "GD010",
        group_by(table_properties='{"a": 1}'),
        "metaData.tableProperties['a'] must be text, not 1",
        '{"a": 1}',
    ),
    Bad("GD010", group_by(online="1"), "metaData.online must be True or False, not 1", "1"),
    Bad("GD010", group_by(extra="object()"), "customJson cannot hold", "GroupBy"),
    Bad(
        "GD011", "x = Query(select={})\n", "'select'", "Query(select={})", "did you mean 'selects'?"
    ),
    Bad("GD011", "x = EventSource(tabel='a')\n", "'tabel'", "EventSource(tabel='a')", "'table'"),
    Bad(
        "GD011",
        "x = ttypes.GroupBy(online=True)\n",
        "'online'",
        "ttypes.GroupBy(online=True)",
        "the plain struct; import the one of ai.chronon.group_by",
    ),
    Bad("GD020", group_by(sources="[]"), "needs a source", "GroupBy"),
    Bad("GD020", group_by(sources='"raw.buys"'), "str is not a source", "GroupBy"),
    Bad("GD020", group_by(sources="Source()"), "this one has none", "Source"),
    Bad(
        "GD020",
        group_by(sources='EventSource(table="raw.buys")'),
        "this EventSource has no query",
        "EventSource",
        "add query=",
    ),
    Bad(
        "GD021",
        group_by(sources=EVENTS.replace('"user",', '"user", ts="a",')),
        "select 'ts' is 'a' but timeColumn is 'ts'",
        'select("user", ts="a", "price")',
    ),
    Bad(
        "GD022",
        group_by(sources=EVENTS.replace("time_column", 'reversal_column="r", time_column')),
        "reversal_column is for entities",
        '"r"',
    ),
    Bad("GD023", group_by(sources=NO_TIME), "an event source needs a timeColumn", "Query"),
    Bad(
        "GD023",
        group_by(sources=ENTITY, aggregations=f'[Aggregation("price", Operation.SUM, {DAYS})]'),
        "an entity source with windowed aggregations needs a timeColumn",
        "Query",
    ),
    Bad(
        "GD024", group_by(sources=STREAM, accuracy="Accuracy.SNAPSHOT"), "exclude each other", '"t"'
    ),
    Bad(
        "GD025",
        f"""from joins.team import quiet
source = JoinSource(join=quiet.v1, query={QUERY})
v1 = GroupBy(sources=source, keys=["user"], aggregations=[{SUM}], online=True)
""",
        "has no topic on its left side",
        "quiet.v1",
    ),
    Bad("GD026", group_by(is_incremental="True", sources=ENTITY), "needs event sources", "True"),
    Bad("GD027", group_by(upload_schedule='"@dayly"'), "'@dayly' is not one of", '"@dayly"'),
    Bad(
        "GD028",
        group_by(sources=f"[{EVENTS}, {EVENTS.replace('select(', 'select(other=1, ')}]").replace(
            "other=1", 'other="1"'
        ),
        "sources 1 and 2 select different columns: 'other'",
        'select(other="1", "user", "price")',
    ),
    Bad("GD029", group_by(keys='["ts"]'), "key 'ts' is not selected", '["ts"]'),
    Bad("GD030", group_by(aggregations="None"), "is for entity sources", "None"),
    Bad(
        "GD031",
        group_by(aggregations="[Aggregation(operation=Operation.SUM)]"),
        "needs an input_column",
        "Aggregation",
    ),
    Bad(
        "GD032",
        group_by(aggregations='[Aggregation("price", Operation.APPROX_PERCENTILE([2]))]'),
        "numbers from 0 to 1, not [2]",
        "Operation.APPROX_PERCENTILE([2])",
    ),
    Bad(
        "GD033",
        group_by(
            aggregations='[Aggregation("price", Operation.SUM, [Window(1, TimeUnit.HOURS)])]',
            backfill_start_date='"2024-01-01"',
        ),
        "the 1-hour window of 'price' is finer than the days that backfill_start_date gives",
        "Window(1, TimeUnit.HOURS)",
    ),
    Bad("GD034", group_by(historical_backfill="True"), "backfill_start_date is not", "True"),
    Bad(
        "GD035",
        f"import copy\nsource = {EVENTS}\n{GOOD}source.events.query.selects = None\n"
        "from ai.chronon.utils import get_columns\nget_columns(source)\n",
        "does not say which columns",
        "Query",
    ),
    Bad(
        "GD040",
        join(right_parts='[JoinPart(gbs.v1, {"id": "usr"})]'),
        "'usr' is not a key of 'team.gbs.v1'",
        "JoinPart",
        "did you mean ''user''?",
        JOIN_PATH,
    ),
    Bad(
        "GD041",
        join(left=LEFT.replace("query=", "isCumulative=True, query=")),
        "cannot be cumulative events",
        "True",
        path=JOIN_PATH,
    ),
    Bad(
        "GD042",
        join(left=LEFT.replace('"user")', '"user", ts="a")')),
        "'ts' is reserved",
        'select("id", "user", ts="a")',
        path=JOIN_PATH,
    ),
    Bad(
        "GD043",
        join(online_external_parts="[ExternalPart(ContextualSource([])) for _ in (1, 2)]"),
        "'contextual' is there twice",
        "ExternalPart",
        path=JOIN_PATH,
    ),
    Bad("GD044", join(bootstrap_from_log="True"), "sample_percent above 0", "Join", "", JOIN_PATH),
    Bad(
        "GD045",
        join(label_part="LabelPart([JoinPart(gbs.v1)], 7, 7)"),
        "one aggregation with one window",
        "GroupBy",
        path=JOIN_PATH,
    ),
    Bad(
        "GD046",
        'x = ExternalSource("contextual", "team", [], [])\n',
        "'contextual' is reserved",
        "ExternalSource",
        "ContextualSource",
        JOIN_PATH,
    ),
    Bad(
        "GD047", "x = DataType.MAP(DataType.INT, DataType.INT)\n", "must be STRING", "DataType.MAP"
    ),
    Bad(
        "GD048",
        join(right_parts=f"[JoinPart({GOOD[5:-1]})]"),
        "this GroupBy has no name",
        "GroupBy",
        path=JOIN_PATH,
    ),
    Bad(
        "GD050",
        join(online="True", right_parts="[JoinPart(gbs.offline)]"),
        "its GroupBy 'team.gbs.offline' is not",
        "GroupBy",
        "online=True",
        JOIN_PATH,
    ),
    Bad(
        "GD051",
        join(production="True", right_parts="[JoinPart(gbs.trial)]"),
        "says production=False",
        "False",
        path=JOIN_PATH,
    ),
    Bad(
        "GD053",
        group_by(derivations='[Derivation("a", "price_smu")]'),
        "renames 'price_smu', which is no column",
        '"price_smu"',
        "did you mean 'price_sum'?",
    ),
    Bad(
        "GD054",
        group_by(derivations='[Derivation("*", "*"), Derivation("price_sum", "1 + 1")]'),
        "has the name of another column",
        '"price_sum"',
    ),
    Bad(
        "GD055", group_by(deprecation_date='"soon"'), "'soon' of 'team.x.v1' is not a day", '"soon"'
    ),
    Bad(
        "GD056",
        group_by(
            sources=NO_TIME.replace("query=", "isCumulative=True, query="),
            accuracy="Accuracy.SNAPSHOT",
        ),
        "cumulative events of 'raw.buys' need a timeColumn",
        "Query",
    ),
    Bad(
        "GD057",
        "v1 = StagingQuery(\n    query=\"SELECT '{{ start_date }}'\",\n    createView=True)\n",
        "cannot use 'start_date'",
        "\"SELECT '{{ start_date }}'\"",
        path="staging_queries/team/x.py",
    ),
]

GBS = f"""{GOOD}offline = GroupBy(sources={EVENTS}, keys=["user"], aggregations=[{SUM}])
trial = GroupBy(sources={EVENTS}, keys=["user"], aggregations=[{SUM}], online=True,
                production=False)
"""


def prepared(repository: Repository) -> Repository:
    repository.write("group_bys/team/gbs.py", IMPORTS + GBS)
    quiet = (
        f"from group_bys.team import gbs\nv1 = Join(left={LEFT}, right_parts=[JoinPart(gbs.v1)])\n"
    )
    repository.write("joins/team/quiet.py", IMPORTS + quiet)
    return repository


def fixed(text: str) -> str:
    """`select` takes keywords last: puts the case's text in an order that Python accepts."""
    return text.replace(
        'select("user", ts="a", "price")', 'select("user", "price", ts="a")'
    ).replace('select(other="1", "user", "price")', 'select("user", "price", other="1")')


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.code}-{bad.message[:30]}")
def test_a_mistake_is_told_with_its_code_place_and_hint(bad: Bad, repository: Repository) -> None:
    prepared(repository).write(bad.path, IMPORTS + fixed(bad.text))
    answer = repository.define("--root", ".", bad.path)
    assert answer.status == 1
    problem = next(entry for entry in answer.errors if entry["code"] == bad.code)
    assert bad.message in problem["message"]
    if HAS_COLUMNS or (problem["col"] and bad.code != "GD003"):
        assert bad.hint in problem["hint"]
        assert under(problem) == fixed(bad.under), problem
    else:
        assert fixed(bad.under).split("(")[0] in problem["source"]
    assert problem["file"] in (bad.path, "group_bys/team/gbs.py")
    assert problem["message"][0].islower() or problem["message"][0] in "'ZJGSE", problem["message"]
    assert not problem["message"].endswith(".")


def under(problem: dict[str, Any]) -> str:
    """The text under the caret."""
    end = problem["end_col"] or problem["col"] + 1
    return str(problem["source"][problem["col"] - 1 : end - 1])


def test_all_mistakes_of_all_files_are_told_in_one_run(repository: Repository) -> None:
    repository.write("group_bys/team/a.py", IMPORTS + group_by(aggregations="None", lag="0"))
    repository.write(
        "group_bys/team/b.py",
        IMPORTS
        + group_by(
            sources=NO_TIME,
            aggregations='[Aggregation("prise", Operation.SUM), Aggregation("price", 99)]',
            derivations='[Derivation("a", 5)]',
        ),
    )
    repository.write("group_bys/team/c.py", "import nothing_of_that_name\n")
    repository.write("group_bys/team/good.py", IMPORTS + GOOD)
    answer = repository.define("--root", ".", "--write")
    told = sorted((entry["file"][-4:], entry["code"]) for entry in answer.errors)
    assert told == [
        ("a.py", "GD030"),
        ("b.py", "GD010"),
        ("b.py", "GD010"),
        ("b.py", "GD023"),
        ("c.py", "GD001"),
    ]
    assert repository.files() == ["production/group_bys/team/good.v1"]


def test_a_file_that_uses_a_bad_file_is_not_written_and_the_mistake_is_told_once(
    repository: Repository,
) -> None:
    prepared(repository).write("group_bys/team/gbs.py", IMPORTS + group_by(aggregations="None"))
    answer = repository.define("--root", ".", "--write")
    assert answer.only_error()["file"] == "group_bys/team/gbs.py"
    assert repository.files() == []


def test_a_mistake_inside_a_helper_points_at_the_innermost_line_of_the_repository(
    repository: Repository,
) -> None:
    repository.write("shared.py", "def window(n):\n    return 1 / n\n")
    repository.write("group_bys/team/x.py", "from shared import window\nwindow(0)\n")
    error = repository.define("--root", ".").only_error()
    assert (error["file"], error["line"], error["source"]) == ("shared.py", 2, "    return 1 / n")


def test_teams_json_is_checked(repository: Repository) -> None:
    repository.write("group_bys/team/x.py", IMPORTS + GOOD)
    for text, code, message in (
        ('{"teem": {"namespace": "n"}}', "GD007", "team 'team' is not in"),
        ('{"team": {}}', "GD007", "team 'team' has no 'namespace'"),
        ('{"team": {"namespace": "n"}', "GD006", "is not JSON"),
        ("[]", "GD006", "must hold one JSON object"),
    ):
        repository.write("teams.json", text)
        error = repository.define("--root", ".").only_error()
        assert error["code"] == code
        assert message in error["message"]
    assert "did you mean 'teem'?" in first_hint(repository, '{"teem": {}}')
    (repository.path / "teams.json").unlink()
    assert repository.define("--root", ".").only_error()["code"] == "GD006"


def first_hint(repository: Repository, teams: str) -> str:
    repository.write("teams.json", teams)
    return str(repository.define("--root", ".").only_error()["hint"])


def test_a_broken_teams_json_is_shown_at_its_line(repository: Repository) -> None:
    repository.write("group_bys/team/x.py", IMPORTS + GOOD)
    repository.write("teams.json", '{\n  "team": {"namespace": n}\n}')
    error = repository.define("--root", ".").only_error()
    assert (error["file"], error["line"]) == ("teams.json", 2)
    assert error["source"] == '  "team": {"namespace": n}'


def test_paths_are_checked(repository: Repository) -> None:
    repository.write("group_bys/team/x.txt", "")
    repository.write("elsewhere/x.py", "")
    for path, message in (
        ("group_bys/team/y.py", "does not exist"),
        ("group_bys/team/x.txt", "is not a Python file"),
        ("elsewhere/x.py", "is not under group_bys/, joins/, staging_queries/"),
        ("../x.py", "is not under"),
    ):
        error = repository.define("--root", ".", path).only_error()
        assert error["code"] == "GD005"
        assert message in error["message"]


def warnings(answer: Records) -> list[str]:
    assert answer.errors == []
    return [entry["code"] for entry in answer.problems]


def test_what_is_odd_but_allowed_is_a_warning_or_a_note(repository: Repository) -> None:
    slip = repository.write("group_bys/team/x.py", IMPORTS + group_by(onlin="True"))
    assert warnings(repository.define("--root", ".")) == ["GD012"]
    slip.write_text(IMPORTS + group_by(aggregations='[Aggregation("price", Operation.HISTOGRAM)]'))
    assert warnings(repository.define("--root", ".")) == ["GD063"]
    slip.write_text(IMPORTS + group_by(online="None"))
    assert warnings(repository.define("--root", ".")) == ["GD061"]
    slip.write_text("x = 1\n")
    assert warnings(repository.define("--root", ".", "group_bys/team/x.py")) == ["GD009"]


def test_every_code_is_explained_and_every_code_in_the_sources_exists() -> None:
    import re

    sources = [p for p in (ROOT / "python" / "gnomon").rglob("*.py") if p.name != "_codes.py"]
    told = {code for path in sources for code in re.findall(r"\"(GD\d{3})\"", path.read_text())}
    assert told == set(CODES)
    assert all(code < "GD100" for code in CODES)
    for title, text in CODES.values():
        assert title[0].islower() or title[0] in "'S"
        assert text.endswith(".")


def test_the_programs_register_has_the_same_codes() -> None:
    import re

    register = (ROOT / "src" / "base" / "register.c").read_text()
    assert set(re.findall(r'code = "(GD0\d\d)"', register)) == set(CODES)


def test_every_code_has_a_test() -> None:
    tests = "".join(path.read_text() for path in (ROOT / "tests" / "python").glob("test_*.py"))
    assert [code for code in CODES if f'"{code}"' not in tests] == []
