"""What the compiler keeps between files and between runs."""

from __future__ import annotations

import json
from typing import Any

from define_kit import IMPORTS, Records, Repository

EVENTS = """Source(events=EventSource(table="raw.buys", query=Query(
    selects=select("user", "price"), time_column="ts")))"""
LEFT = """Source(events=EventSource(table="raw.views", query=Query(
    selects=select("id", "user"), time_column="ms")))"""
GBS, JOIN = "group_bys/team/gbs.py", "joins/team/train.py"
V1, TRAIN = "production/group_bys/team/gbs.v1", "production/joins/team/train.v1"


def group_bys(**options: str) -> str:
    """A file with one online GroupBy."""
    base = {"online": "True", **options}
    rest = ", ".join(f"{name}={value}" for name, value in base.items())
    return f"""{IMPORTS}
v1 = GroupBy(sources={EVENTS}, keys=["user"], {rest},
             aggregations=[Aggregation("price", Operation.SUM)])
"""


def joins(**options: str) -> str:
    """A file with one Join of it."""
    rest = "".join(f", {name}={value}" for name, value in options.items())
    return f"""{IMPORTS}
from group_bys.team import gbs
v1 = Join(left={LEFT}, right_parts=[JoinPart(gbs.v1)]{rest})
"""


def written(repository: Repository, **texts: str) -> Repository:
    repository.write(GBS, texts.get("gbs", group_bys()))
    repository.write(JOIN, texts.get("join", joins()))
    return repository


def codes(answer: Records) -> list[str]:
    return [entry["code"] for entry in answer.problems]


def compiled(repository: Repository, *arguments: str) -> Records:
    answer = repository.define("--root", ".", "--write", *arguments)
    assert answer.errors == [], answer.errors
    return answer


def test_a_join_writes_its_group_bys_that_have_jobs(repository: Repository) -> None:
    answer = compiled(written(repository), JOIN)
    assert repository.files() == [V1, TRAIN]
    assert answer.objects["team.gbs.v1"]["via"] == "join"
    own = repository.json(V1)["metaData"]
    inside = repository.json(TRAIN)["joinParts"][0]["groupBy"]["metaData"]
    assert own["outputNamespace"] == "ns"
    assert own["tableProperties"] == {"made_by": "tests"}
    assert {
        k: v for k, v in own.items() if k not in ("outputNamespace", "tableProperties")
    } == inside


def test_a_group_by_without_jobs_is_not_written_unless_forced(repository: Repository) -> None:
    written(repository, gbs=group_bys(online="None"))
    answer = compiled(repository)
    assert codes(answer) == ["GD061"]
    assert repository.files() == [TRAIN]
    assert answer.objects["team.gbs.v1"]["status"] == "skipped"
    compiled(repository, "--force")
    assert repository.files() == [V1, TRAIN]


def test_dependents_must_be_compiled_in_the_same_run_or_by_force(repository: Repository) -> None:
    written(repository)
    compiled(repository)
    changed = group_bys(description='"new"')
    repository.write(GBS, changed)
    answer = repository.define("--root", ".", "--write", GBS)
    error = answer.only_error()
    assert error["code"] == "GD059"
    assert "'team.train.v1'" in error["message"]
    assert repository.json(V1)["metaData"]["description"] == "new"
    assert "description" not in repository.read(TRAIN)
    answer = compiled(repository, GBS, "--force")
    assert answer.objects["team.train.v1"]["via"] == "dependent"
    assert "description" in repository.read(TRAIN)
    repository.write(GBS, group_bys(description='"newer"'))
    compiled(repository)
    assert "newer" in repository.read(TRAIN)


def test_a_dependent_whose_file_is_gone_is_a_warning(repository: Repository) -> None:
    written(repository)
    compiled(repository)
    (repository.path / JOIN).unlink()
    repository.write(GBS, group_bys(description='"new"'))
    assert codes(repository.define("--root", ".", "--write", GBS)) == ["GD064"]
    repository.write(JOIN, joins().replace("v1 = Join", "v2 = Join"))
    (repository.path / ".gnomon" / "compile.json").unlink()
    assert codes(repository.define("--root", ".", "--write")) == ["GD064"]


def test_an_online_object_is_not_replaced_by_one_that_computes_something_else(
    repository: Repository,
) -> None:
    written(repository)
    compiled(repository, GBS)
    before = repository.read(V1)
    repository.write(GBS, group_bys(accuracy="Accuracy.SNAPSHOT"))
    answer = repository.define("--root", ".", "--write", GBS)
    assert answer.only_error()["code"] == "GD058"
    assert answer.objects["team.gbs.v1"]["status"] == "refused"
    assert repository.read(V1) == before
    compiled(repository, GBS, "--force")
    assert repository.json(V1)["accuracy"] == 1


def test_production_is_inherited_from_joins_and_a_second_run_changes_nothing(
    repository: Repository,
) -> None:
    written(repository, join=joins(production="True"))
    compiled(repository)
    assert repository.json(V1)["metaData"]["production"] == 1
    assert "production" not in repository.json(TRAIN)["joinParts"][0]["groupBy"]["metaData"]
    again = compiled(repository, "--no-cache")
    assert again.summary["unchanged"] == 2
    repository.write(JOIN, joins(production="False"))
    compiled(repository)
    assert "production" not in repository.json(V1)["metaData"]


def test_a_group_by_cannot_say_false_under_a_compiled_join_that_says_true(
    repository: Repository,
) -> None:
    for switch in ("online", "production"):
        written(repository, join=joins(**{switch: "True"}), gbs=group_bys())
        compiled(repository, "--force")
        options = {"online": "True", "backfill_start_date": '"2024-01-01"', switch: "False"}
        repository.write(GBS, group_bys(**options))
        error = repository.define("--root", ".", GBS).only_error()
        assert error["code"] == "GD052"
        assert f"{switch}=False" in error["message"]


def test_deprecation_is_warned_of_in_both_directions(repository: Repository) -> None:
    written(repository, gbs=group_bys(deprecation_date='"2030-01-01"'))
    warned = compiled(repository, JOIN).problems
    assert [entry["code"] for entry in warned] == ["GD060"]
    assert "'team.train.v1' reads 'team.gbs.v1', which ends on 2030-01-01" in warned[0]["message"]
    answer = repository.define("--root", ".", GBS)
    said = " ".join(entry["message"] for entry in answer.problems if entry["code"] == "GD060")
    assert "'team.train.v1' reads it and has no deprecation_date" in said


def test_sample_percent_is_kept_unless_told_to_let_go(repository: Repository) -> None:
    written(repository, join=joins(sample_percent="5"))
    compiled(repository)
    assert '"samplePercent": 5.0' in repository.read(TRAIN)
    repository.write(JOIN, joins())
    assert codes(compiled(repository)) == ["GD062"]
    assert repository.json(TRAIN)["metaData"]["samplePercent"] == 5.0
    assert codes(compiled(repository, "--yes")) == []
    assert "samplePercent" not in repository.read(TRAIN)


def test_environments_are_kept_when_asked(repository: Repository) -> None:
    written(repository, gbs=group_bys(env='{"upload": {"A": "1"}}'))
    compiled(repository)
    repository.write(GBS, group_bys(env='{"upload": {"A": "2"}}'))
    compiled(repository, "--keep-env")
    assert repository.json(V1)["metaData"]["modeToEnvMap"] == {"upload": {"A": "1"}}
    inside = repository.json(TRAIN)["joinParts"][0]["groupBy"]["metaData"]
    assert inside["modeToEnvMap"] == {"upload": {"A": "1"}}
    compiled(repository, "--no-cache")
    assert repository.json(V1)["metaData"]["modeToEnvMap"] == {"upload": {"A": "2"}}


def test_a_compiled_file_that_is_no_json_is_passed_over_with_a_warning(
    repository: Repository,
) -> None:
    written(repository)
    repository.write("production/joins/team/broken.v1", "")
    answer = compiled(repository)
    assert codes(answer) == ["GD008"]
    assert "production/joins/team/broken.v1" in answer.problems[0]["message"]


def test_teams_fill_in_what_the_user_left_out(repository: Repository) -> None:
    teams: dict[str, Any] = {"team": {"namespace": "ns"}}
    repository.write("teams.json", json.dumps(teams))
    own = '{"mine": "yes"}'
    written(repository, gbs=group_bys(output_namespace='"x"', table_properties=own))
    compiled(repository)
    meta = repository.json(V1)["metaData"]
    assert (meta["outputNamespace"], meta["tableProperties"]) == ("x", {"mine": "yes"})
    assert "tableProperties" not in repository.json(TRAIN)["metaData"]


# --- what a file compiles to depends on that file alone -------------------------------------------


def test_files_that_share_a_source_do_not_see_each_others_columns(repository: Repository) -> None:
    repository.write(
        "group_bys/team/sources.py",
        f"{IMPORTS}source = {EVENTS.replace(', ' + chr(34) + 'price' + chr(34), '')}\n",
    )
    for name in ("a", "b", "c"):
        repository.write(
            f"group_bys/team/{name}.py",
            f"""{IMPORTS}
from group_bys.team.sources import source
v1 = GroupBy(sources=source, keys=["user"], online=True,
             aggregations=[Aggregation("{name}", Operation.SUM)])
""",
        )
    repository.write(
        JOIN,
        f"""{IMPORTS}
from group_bys.team import b, a
v1 = Join(left={LEFT}, right_parts=[JoinPart(b.v1), JoinPart(a.v1)])
""",
    )
    compiled(repository)

    def columns(group_by: Any) -> list[str]:
        return list(group_by["sources"][0]["events"]["query"]["selects"])

    for name in ("a", "b", "c"):
        assert columns(repository.json(f"production/group_bys/team/{name}.v1")) == ["user", name]
    # the Join's file imports both, b first, so its copies have the columns of both, as they would
    # in a process that loads nothing but this file
    parts = repository.json(TRAIN)["joinParts"]
    assert [columns(part["groupBy"]) for part in parts] == [["user", "b", "a"]] * 2


def test_the_result_is_the_same_for_each_file_alone_and_for_all_together(
    repository: Repository,
) -> None:
    test_files_that_share_a_source_do_not_see_each_others_columns(repository)
    together = {name: repository.read(name) for name in repository.files()}
    for name in ("group_bys/team/c.py", JOIN, "group_bys/team/b.py", "group_bys/team/a.py"):
        repository.define("--root", ".", "--write", "--no-cache", name)
        for file, text in together.items():
            assert repository.read(file) == text, (name, file)


def test_names_given_by_one_join_do_not_reach_another(repository: Repository) -> None:
    repository.write(GBS, group_bys())
    repository.write("group_bys/team/alias.py", "from group_bys.team.gbs import v1\n")
    for join, module in (("x", "alias"), ("y", "gbs"), ("z", "alias")):
        repository.write(
            f"joins/team/{join}.py",
            f"""{IMPORTS}
from group_bys.team import {module}
v1 = Join(left={LEFT}, right_parts=[JoinPart({module}.v1)])
""",
        )
    compiled(repository)
    names = [
        repository.json(f"production/joins/team/{join}.v1")["joinParts"][0]["groupBy"]["metaData"]
        for join in ("x", "y", "z")
    ]
    assert [meta["name"] for meta in names] == ["team.alias.v1", "team.gbs.v1", "team.alias.v1"]


def test_a_group_by_in_a_joins_file_may_be_compiled_again_and_again(
    repository: Repository,
) -> None:
    inline = group_bys(name='"team.inline.own"').replace("v1 =", "own =")
    repository.write(
        JOIN, f"{inline}v1 = Join(left={LEFT}, right_parts=[JoinPart(own)], online=True)\n"
    )
    for flags in ((), ("--no-cache",), ("--force",)):
        compiled(repository, JOIN, *flags)
    assert repository.files() == ["production/group_bys/team/inline.own", TRAIN]
