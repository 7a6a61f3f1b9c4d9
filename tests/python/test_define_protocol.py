"""The compiler as a process: requests, records, positions."""

from __future__ import annotations

import json
import subprocess
import sys

from define_kit import IMPORTS, ROOT, Repository

TEXT = f"""{IMPORTS}
print("a definition says hello")
source = Source(
    events=EventSource(
        table="raw.buys",
        query=Query(
            selects=select("user", price="cents / 100"),
            wheres=["cents > 0", "kind = 'x'"],
            time_column="ts",
        ),
    )
)
v1 = GroupBy(
    sources=[source],
    keys=["user"],
    aggregations=[
        Aggregation(input_column="price", operation=Operation.SUM),
        Aggregation(
            input_column="price",
            operation=Operation.LAST_K(3),
            windows=[Window(7, TimeUnit.DAYS)],
        ),
    ],
    online=True,
    derivations=[Derivation("*", "*"), Derivation("double", "price_sum * 2")],
)
"""
X = "group_bys/team/x.py"


def line_of(text: str) -> int:
    """The number of the line of TEXT that starts with `text`."""
    lines = [line.strip() for line in TEXT.splitlines()]
    return next(index for index, line in enumerate(lines, 1) if line.startswith(text))


def test_an_object_is_told_with_all_that_is_known_of_it(repository: Repository) -> None:
    repository.write(X, TEXT)
    answer = repository.define("--root", ".")
    record = answer.objects["team.x.v1"]
    assert {key: record[key] for key in ("type", "class", "team", "file", "status", "via")} == {
        "type": "group_bys",
        "class": "GroupBy",
        "team": "team",
        "file": X,
        "status": "new",
        "via": "source",
    }
    assert record["line"] == line_of("v1 = GroupBy(")
    assert record["output"] == "production/group_bys/team/x.v1"
    assert record["features"] == ["price_sum", "price_last3_7d", "user", "double"]
    assert record["keys"] == ["user"]
    assert record["tables"] == {"upload": ["ns.team_x_v1_upload"]}
    assert json.loads(record["json"])["metaData"]["name"] == "team.x.v1"
    assert repository.files() == []


def test_what_a_file_prints_goes_to_stderr(repository: Repository) -> None:
    repository.write(X, TEXT)
    answer = repository.define_in_a_process("--root", ".")
    assert "a definition says hello" in answer.stderr
    assert [record["kind"] for record in answer.all] == ["object", "summary"]


def test_every_place_is_the_users_own(repository: Repository) -> None:
    repository.write(X, TEXT)
    positions = repository.define("--root", ".").objects["team.x.v1"]["positions"]
    lines = TEXT.splitlines()

    def text_at(path: str) -> str:
        line, col = positions[path]
        return lines[line - 1][col - 1 :]

    for path, text in {
        ".": "GroupBy(",
        "keyColumns[0]": '"user"]',
        "metaData.online": "True",
        "sources[0]": "Source(",
        "sources[0].events.table": '"raw.buys"',
        "sources[0].events.query.selects.user": '"user"',
        "sources[0].events.query.selects.price": '"cents / 100"',
        "sources[0].events.query.wheres[1]": "\"kind = 'x'\"",
        "sources[0].events.query.timeColumn": '"ts"',
        "aggregations[0].inputColumn": '"price", operation=Operation.SUM',
        "aggregations[1].operation": "Operation.LAST_K(3)",
        "aggregations[1].windows[0].length": "7, TimeUnit.DAYS",
        "derivations[1].expression": '"price_sum * 2"',
    }.items():
        assert text_at(path).startswith(text), path


def test_places_in_another_file_name_it(repository: Repository) -> None:
    repository.write("group_bys/team/shared.py", TEXT)
    repository.write(
        X,
        f"""{IMPORTS}
from group_bys.team.shared import source
v1 = GroupBy(sources=source, keys=["user"], aggregations=[Aggregation("price")], online=True)
""",
    )
    positions = repository.define("--root", ".").objects["team.x.v1"]["positions"]
    line, col, file = positions["sources[0].events.table"]
    assert (line, col) == (line_of('table="raw.buys"'), 15)
    assert file == str(repository.path.resolve() / "group_bys/team/shared.py")


def test_positions_may_be_left_out(repository: Repository) -> None:
    repository.write(X, TEXT)
    record = repository.define("--root", ".", "--no-positions").objects["team.x.v1"]
    assert "positions" not in record
    assert record["line"] == 0


def test_requests_on_stdin_are_answered_one_after_another(repository: Repository) -> None:
    file = repository.write(X, TEXT)
    other = TEXT.replace("raw.buys", "raw.sales")
    requests = [
        {"root": str(repository.path), "write": True},
        {"root": str(repository.path), "paths": [X], "cache": False, "positions": False},
        {"root": str(repository.path), "paths": "x"},
        {"root": str(repository.path), "forse": True},
        [],
    ]
    text = "\n".join(map(json.dumps, requests)) + "\nnot json\n\n"
    answer = repository.define_in_a_process(stdin=text)
    records = answer.all
    kinds = [record["kind"] for record in records]
    assert kinds == ["object", "summary", "object", "summary"] + ["failure"] * 4
    assert records[0]["status"] == "new"
    assert records[2]["status"] == "unchanged"
    assert "'paths' must be a list" in records[4]["message"]
    assert "unknown member 'forse'" in records[5]["message"]
    assert answer.status == 0
    file.write_text(other)
    answer = repository.define("--root", ".", "--force")
    assert answer.objects["team.x.v1"]["status"] == "changed"


def test_one_process_sees_files_that_change_between_requests(repository: Repository) -> None:
    repository.write(X, TEXT)
    process = subprocess.Popen(
        [sys.executable, "-m", "gnomon._define"],
        env={"PYTHONPATH": str(ROOT / "python")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def ask() -> str:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"root": str(repository.path)}) + "\n")
        process.stdin.flush()
        found = ""
        for line in process.stdout:
            record = json.loads(line)
            if record["kind"] == "summary":
                break
            found = record.get("json", "")
        return found

    assert "raw.buys" in ask()
    repository.write(X, TEXT.replace("raw.buys", "raw.sales_of_another_length"))
    assert "raw.sales_of_another_length" in ask()
    repository.write("teams.json", '{"team": {"namespace": "moved"}}')
    assert '"moved"' in ask()
    process.stdin.close()
    assert process.wait(timeout=30) == 0


def test_wrong_options_are_a_usage_error(repository: Repository) -> None:
    for arguments in (("--rot", "."), ("--root",)):
        answer = repository.define(*arguments)
        assert answer.status == 64
        assert answer.all == []
        assert "gnomon._define:" in answer.stderr


def test_the_codes_are_printed(repository: Repository) -> None:
    from gnomon._codes import CODES

    records = repository.define("--codes").all
    assert [record["code"] for record in records] == list(CODES)
    assert set(records[0]) == {"code", "title", "text"}
