"""compile.py: flags, lines, exit status, questions."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from define_kit import IMPORTS, ROOT, Repository

EVENTS = """Source(events=EventSource(table="raw.buys", query=Query(
    selects=select("user", "price"), time_column="ts")))"""
X, OUT = "group_bys/team/x.py", "production/group_bys/team/x.v1"
JOIN, TRAIN = "joins/team/train.py", "production/joins/team/train.v1"


def text(**options: str) -> str:
    rest = "".join(f", {name}={value}" for name, value in options.items())
    return f"""{IMPORTS}
v1 = GroupBy(sources={EVENTS}, keys=["user"], online=True{rest},
             aggregations=[Aggregation("price", Operation.SUM)])
"""


def join(**options: str) -> str:
    rest = "".join(f", {name}={value}" for name, value in options.items())
    return f"""{IMPORTS}
from group_bys.team import x
left = Source(events=EventSource(table="raw.views", query=Query(
    selects=select("id", "user"), time_column="ms")))
v1 = Join(left=left, right_parts=[JoinPart(x.v1)]{rest})
"""


def test_the_lines_are_chronons(repository: Repository) -> None:
    repository.write(X, text())
    root = repository.path.resolve()
    done = repository.compile("--conf", X)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"  Using chronon root path - {root}",
        f"     Input group_bys from - {root}/{X}",
        "             GroupBy Team - team",
        "             GroupBy Name - x.v1",
        f"       Writing GroupBy to - {root}/{OUT}",
        f"Successfully wrote 1 GroupBy objects to {root}/production",
    ]
    again = repository.compile("--conf", X)
    assert again.stdout.splitlines()[4:] == [
        f"               Up to date - {root}/{OUT}",
        f"Nothing to write: {root}/production is up to date",
    ]


def test_all_flags_of_chronon_are_taken(repository: Repository, tmp_path: Path) -> None:
    repository.write(X, text())
    done = repository.compile(
        f"--chronon_root={repository.path}",
        "--input_path",
        X,
        "--output_root",
        "made",
        "--debug",
        "--force-overwrite",
        "--feature-display",
        "--table-display",
        "--yes",
    )
    assert done.returncode == 0, done.stderr
    assert repository.files("made") == ["made/group_bys/team/x.v1"]
    assert "Output GroupBy Features - ['price_sum', 'user']" in done.stdout
    assert '"ns.team_x_v1_upload"' in done.stdout
    assert f"\t{X}" in done.stdout
    assert "Force overwrite GroupBy x.v1" in done.stdout


def test_a_joins_columns_are_shown_by_origin(repository: Repository) -> None:
    repository.write(X, text())
    repository.write(
        JOIN,
        join(
            derivations="[Derivation('*', '*'), Derivation('half', 'team_x_v1_price_sum / 2')]",
            online_external_parts="[ExternalPart(ContextualSource([('a', DataType.LONG)]))]",
        ),
    )
    shown = repository.compile("--conf", JOIN, "--feature-display", "--table-display").stdout
    for label, names in (
        ("Key Columns", "['user']"),
        ("Left Columns", "['id', 'user', 'ts']"),
        ("Internal Columns", "['team_x_v1_price_sum']"),
        ("External Columns", "['ext_contextual_a']"),
        ("Output Columns", "['team_x_v1_price_sum', 'ext_contextual_a', 'half']"),
    ):
        assert f"{label:>25} - \n{names}\n" in shown
    tables = re.search(r"json\.start \n(.*) \n +json\.end", shown, re.DOTALL)
    assert tables is not None
    assert '"join_parts"' in tables.group(1)
    assert '"ns.team_train_v1_daily_stats"' in tables.group(1)


def test_an_error_ends_with_status_1_and_other_files_are_written(repository: Repository) -> None:
    repository.write(X, text())
    repository.write("group_bys/team/bad.py", text(derivations='[Derivation("a", "b")]'))
    done = repository.compile("--conf", "group_bys/team")
    assert done.returncode == 1
    assert repository.files() == [OUT]
    assert "  Could not write GroupBy - bad.v1" in done.stdout
    assert "error[GD053]: derivation 'a' renames 'b', which is no column" in done.stderr
    assert "  --> group_bys/team/bad.py:" in done.stderr
    assert done.stderr.endswith("1 error\n")


def test_the_caret_is_under_the_argument(repository: Repository) -> None:
    repository.write(X, text(historical_backfill="True"))
    lines = repository.compile("--conf", X).stderr.splitlines()
    number = lines[1].split(":")[1]
    assert lines[1] == f"  --> {X}:{number}:{lines[4].index('^') - len(number) - 2}"
    assert lines[3].startswith(f"{number} | ")
    start = lines[4].index("^")
    assert lines[3][start : start + 4] == "True"
    assert lines[5].startswith("   = help: add backfill_start_date")
    assert lines[6] == "   = more: gnomon explain GD034"


def test_wrong_usage_ends_with_status_1(repository: Repository) -> None:
    for arguments in ((), ("--conf",), ("--conf", X, "--fource"), ("--conf", "nowhere.py")):
        done = repository.compile(*arguments)
        assert done.returncode == 1, arguments
        assert done.stderr


def test_debug_shows_the_traceback(repository: Repository) -> None:
    repository.write(X, "def f():\n    return {}['key']\nf()\n")
    assert "Traceback" not in repository.compile("--conf", X).stderr
    assert "Traceback" in repository.compile("--conf", X, "--debug").stderr


def test_check_writes_nothing_and_tells_by_its_status(repository: Repository) -> None:
    repository.write(X, text())
    assert repository.compile("--conf", X, "--check").returncode == 2
    assert repository.files() == []
    assert repository.compile("--conf", X).returncode == 0
    assert repository.compile("--conf", X, "--check").returncode == 0
    repository.write(X, text(description='"new"'))
    before = repository.read(OUT)
    done = repository.compile("--conf", X, "--check", "--diff")
    assert done.returncode == 2
    assert repository.read(OUT) == before
    assert f"--- a/{OUT}\n+++ b/{OUT}\n" in done.stdout
    assert '\n+    "description": "new"\n' in done.stdout
    repository.write(X, "import nothing_of_that_name\n")
    assert repository.compile("--conf", X, "--check").returncode == 1


def test_diff_shows_a_new_file_against_nothing(repository: Repository) -> None:
    repository.write(X, text())
    done = repository.compile("--conf", X, "--diff")
    assert f"--- /dev/null\n+++ b/{OUT}\n" in done.stdout
    assert repository.files() == [OUT]


def test_json_prints_records(repository: Repository) -> None:
    import json

    repository.write(X, text())
    done = repository.compile("--conf", X, "--json")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["kind"] for record in records] == ["object", "summary"]
    assert records[-1]["wrote"] == 1


def test_the_whole_repository_is_compiled_in_one_go(repository: Repository) -> None:
    repository.write(X, text())
    repository.write(JOIN, join(online="True"))
    done = repository.compile("--conf", ".")
    assert done.returncode == 0, done.stderr
    assert repository.files() == [OUT, TRAIN]
    assert done.stdout.count("Successfully wrote") == 2


def test_colour_is_for_terminals_and_for_those_who_ask(repository: Repository) -> None:
    repository.write(X, text())
    assert "\033[" not in repository.compile("--conf", X).stdout
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), "FORCE_COLOR": "1"}
    for extra, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        shutil.rmtree(repository.path / "production")  # else there is nothing to tell
        done = subprocess.run(
            [sys.executable, "-m", "gnomon.compile", "--conf", X],
            cwd=repository.path,
            env={**environment, **extra},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ("\033[34mteam\033[0m" in done.stdout) == coloured


def test_no_temporary_file_is_left_and_a_failed_write_leaves_the_old_file(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gnomon._compile.output import publish

    path = repository.path / "folder" / "file"
    publish(str(path), "old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        publish(str(path), "new")
    assert path.read_text() == "old"
    assert os.listdir(path.parent) == ["file"]


def at_a_terminal(repository: Repository, answers: str, *arguments: str) -> str:
    """Runs compile.py with a terminal as its input; gives what it asked and said."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gnomon.compile", *arguments],
        cwd=repository.path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    os.write(ours, answers.encode())
    said, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, said
    return said


QUESTION = "Do you want to update existing env variables"


def test_environments_are_asked_for_at_a_terminal_when_they_would_change(
    repository: Repository,
) -> None:
    repository.write(X, text(env='{"upload": {"A": "1"}}'))
    assert QUESTION not in at_a_terminal(repository, "", "--conf", X)
    for number, answer, kept in ((2, "n\n", "1"), (3, "what\ny\n", "3"), (4, "\n", "4")):
        repository.write(X, text(env=f'{{"upload": {{"A": "{number}"}}}}'))
        assert QUESTION in at_a_terminal(repository, answer, "--conf", X)
        assert repository.json(OUT)["metaData"]["modeToEnvMap"]["upload"]["A"] == kept
    repository.write(X, text(env='{"upload": {"A": "5"}}'))
    assert QUESTION not in at_a_terminal(repository, "", "--conf", X, "-y")


def test_a_vanishing_sample_percent_is_asked_for_at_a_terminal(repository: Repository) -> None:
    repository.write(X, text())
    repository.write(JOIN, join(sample_percent="5.0"))
    repository.compile("--conf", ".")
    repository.write(JOIN, join())
    assert "disable logging" in at_a_terminal(repository, "\n", "--conf", JOIN)
    assert repository.json(TRAIN)["metaData"]["samplePercent"] == 5.0
    at_a_terminal(repository, "y\n", "--conf", JOIN)
    assert "samplePercent" not in repository.json(TRAIN)["metaData"]
