"""The cache: what it holds, and that whatever goes into a file makes it old."""

from __future__ import annotations

import hashlib
import json

import gnomon
from define_kit import IMPORTS, Records, Repository

EVENTS = """Source(events=EventSource(table="raw.buys", query=Query(
    selects=select("user", "price"), time_column="ts")))"""
X, SHARED = "group_bys/team/x.py", "group_bys/team/shared.py"
OUT = "production/group_bys/team/x.v1"
CACHE = ".gnomon/compile.json"


def prepared(repository: Repository) -> Repository:
    repository.write("group_bys/__init__.py", "")
    repository.write("settings/windows.json", "[7, 30]")
    repository.write("helpers.py", "import json, os\n" + LOAD)
    repository.write(SHARED, f"{IMPORTS}source = {EVENTS}\n")
    repository.write(
        X,
        f"""{IMPORTS}
from group_bys.team.shared import source
import helpers
v1 = GroupBy(sources=source, keys=["user"], online=True, aggregations=[
    Aggregation("price", Operation.SUM,
                [Window(length, TimeUnit.DAYS) for length in helpers.windows()])])
""",
    )
    repository.define("--root", ".", "--write")
    return repository


LOAD = """
def windows():
    with open(os.path.join(os.path.dirname(__file__), "settings", "windows.json")) as file:
        return json.load(file)
"""


def fresh(answer: Records) -> list[str]:
    return [entry["file"] for entry in answer.of("fresh")]


def test_it_holds_what_its_description_says(repository: Repository) -> None:
    cache = prepared(repository).json(CACHE)
    assert (cache["format"], cache["version"]) == (1, gnomon.__version__)
    assert cache["output_root"] == "production"
    assert cache["units"][X] == {
        "inputs": [
            "group_bys/__init__.py",
            SHARED,
            X,
            "helpers.py",
            "settings/windows.json",
            "teams.json",
        ],
        "outputs": [OUT],
        "objects": [["GroupBy", "team.x.v1", OUT]],
    }
    for path, digest in cache["files"].items():
        content = (repository.path / path).read_bytes()
        assert digest == hashlib.sha256(content).hexdigest(), path
    assert repository.read(".gnomon/.gitignore") == "*\n"


def test_unchanged_files_are_not_run_again(repository: Repository) -> None:
    prepared(repository)
    answer = repository.define("--root", ".", "--write")
    assert X in fresh(answer)
    assert answer.objects == {}
    assert answer.summary["unchanged"] == 1
    assert answer.of("fresh")[2]["objects"] == [["GroupBy", "team.x.v1", OUT]]


def test_whatever_goes_into_a_file_makes_it_old(repository: Repository) -> None:
    prepared(repository)
    for path, text in (
        (X, repository.read(X) + "# more\n"),
        (SHARED, repository.read(SHARED) + "# more\n"),
        ("helpers.py", repository.read("helpers.py") + "# more\n"),
        ("settings/windows.json", "[7, 31]"),
        ("teams.json", '{"default": {}, "team": {"namespace": "other"}}'),
        ("group_bys/__init__.py", "# more\n"),
        (OUT, "{}"),
    ):
        repository.write(path, text)
        assert X not in fresh(repository.define("--root", ".")), path
        assert repository.define("--root", ".", "--write", "--force").status == 0, path
        assert X in fresh(repository.define("--root", ".", "--write")), path
    (repository.path / OUT).unlink()
    assert repository.define("--root", ".", "--write").objects["team.x.v1"]["status"] == "new"


def test_a_cache_of_another_version_format_or_folder_does_not_count(
    repository: Repository,
) -> None:
    prepared(repository)
    good = repository.json(CACHE)
    for change in ({"format": 2}, {"version": "0.0.0"}, {"output_root": "elsewhere"}):
        repository.write(CACHE, json.dumps({**good, **change}))
        assert fresh(repository.define("--root", ".")) == []
    for text in ("", "[]", "{"):
        repository.write(CACHE, text)
        assert fresh(repository.define("--root", ".")) == []


def test_force_no_cache_and_displays_do_not_ask_it(repository: Repository) -> None:
    prepared(repository)
    for flag in ("--force", "--no-cache"):
        assert fresh(repository.define("--root", ".", flag)) == []
    shown = repository.compile("--conf", X, "--feature-display")
    assert "price_sum_7d" in shown.stdout


def test_a_file_with_an_error_or_a_warning_is_not_kept(repository: Repository) -> None:
    prepared(repository)
    repository.write(X, repository.read(X).replace("online=True", "online=True, onlin=1"))
    repository.define("--root", ".", "--write", "--force")
    answer = repository.define("--root", ".", "--write")
    assert X not in fresh(answer)
    assert [entry["code"] for entry in answer.problems] == ["GD012"]
    repository.write(X, "import nothing_of_that_name\n")
    for _ in range(2):
        assert repository.define("--root", ".", "--write").only_error()["code"] == "GD001"


def test_a_run_that_does_not_write_leaves_it_alone(repository: Repository) -> None:
    prepared(repository)
    before = repository.read(CACHE)
    repository.write(X, repository.read(X) + "# more\n")
    repository.define("--root", ".")
    assert repository.compile("--conf", X, "--check").returncode == 0
    assert repository.read(CACHE) == before


def test_a_definition_that_is_gone_is_forgotten(repository: Repository) -> None:
    prepared(repository)
    (repository.path / X).unlink()
    repository.write(SHARED, repository.read(SHARED) + "# more\n")
    repository.define("--root", ".", "--write")
    assert X not in repository.json(CACHE)["units"]
    assert OUT not in repository.json(CACHE)["files"]
