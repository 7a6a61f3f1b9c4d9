"""How the program behaves: streams, JSON, exit statuses, colour, help, completion, the manual."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from define_kit import ROOT
from program_kit import GNOMON, NOW_MS, World, day, make_world, surroundings

V1 = "team.buys.v1"
KEY = '{"user": "u1"}'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Never changed by a test."""
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(made: World, tmp_path: Path) -> World:
    return made.copy(tmp_path / "repo")


def verbs() -> list[str]:
    text = subprocess.run(
        [GNOMON, "--help"], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    part = text.split("Commands:\n")[1].split("\nEverywhere:")[0]
    return [line.split()[0] for line in part.splitlines()]


# ---- help ----


def test_help_is_one_text_under_all_its_names(made: World) -> None:
    for verb in verbs():
        told = made.run("help", verb)
        assert told.returncode == 0
        assert told.stderr == ""
        assert told.stdout.startswith(f"gnomon {verb}: ")
        assert "\nExamples:\n  gnomon" in told.stdout
        assert f"\nUsage: gnomon {verb} [OPTIONS]" in told.stdout
        for arguments in ((verb, "--help"), (verb, "-h"), ("--help", verb)):
            assert made.run(*arguments).stdout == told.stdout, arguments
    assert made.run("--help").stdout == made.run("help").stdout


def test_every_option_of_a_help_is_taken(made: World) -> None:
    for verb in verbs():
        for option in re.findall(r"^  .{4}(--[a-z-]+)", made.run("help", verb).stdout, re.M):
            done = made.run(verb, "--help", option)
            assert "[GC002]" not in done.stderr, (verb, option)


# ---- streams, JSON, quiet ----

SUCCESSES = [
    ["init", "fresh"],
    ["compile"],
    ["validate"],
    ["plan", V1, "--end-ds", day(10)],
    ["backfill", V1, "--end-ds", day(10)],
    ["upload", V1, "--ds", day(9)],
    ["metadata-upload"],
    ["put", "team/live.v1", "--events", "events.jsonl"],
    ["fetch", "team/buys.v1", "-k", KEY],
    ["list"],
    ["show", V1],
    ["show", V1, "--rows", "2"],
    ["sql", "SELECT 1 AS one"],
    ["schema", "group_by"],
    ["explain", "GD031"],
    ["explain", V1, "-k", KEY, "--at-ms", NOW_MS],
    ["analyze", V1, "--start-ds", day(8), "--end-ds", day(9)],
    ["diff", V1, V1],
    ["stats", V1],
    ["store", "ls"],
    ["store", "get", V1, "-k", KEY],
    ["test"],
    ["doctor"],
    ["version"],
]
TESTED = """\
conf: team.buys.v1
tests:
  - name: one price
    partial: true
    given: {raw.buys: [{user: u1, price: 2.5, kind: book, ts: 2025-01-01T10:00}]}
    batch: [{ds: 2025-01-01, user: u1, price_sum_3d: 2.5}]
"""


def parsed(text: str) -> list[object]:
    """One JSON value, or one a line."""
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("arguments", SUCCESSES, ids=lambda a: " ".join(a[:1] + a[2:3]))
def test_every_verb_answers_in_json(arguments: list[str], world: World) -> None:
    row = {"user": "u1", "price": 2.5, "kind": "book"}
    world.write("events.jsonl", json.dumps({"ts": 1_736_600_000_000, "row": row}) + "\n")
    world.write("buys.test.yaml", TESTED)
    done = world.run(*arguments, "--json", "--clock", NOW_MS)
    assert done.returncode == 0, done.stderr
    if arguments[0] != "validate":
        assert parsed(done.stdout)
    else:
        assert done.stdout == ""  # one object a problem, and there is none
    assert "\x1b" not in done.stdout + done.stderr


def test_no_verb_is_left_out_of_these() -> None:
    # These answer in another form: HTTP, scripts, another server's rows.
    assert set(verbs()) == {a[0] for a in SUCCESSES} | {"serve", "completion", "spark"}


def test_a_failure_for_programs_is_one_object_on_stderr(made: World) -> None:
    for arguments, code, status in (
        (["backfil"], "GC001", 64),
        (["list", "--al"], "GC002", 64),
        (["backfill", "team.buyz.v1"], "GC006", 66),
        (["sql", "SELEC 1"], "GT018", 65),
        (["fetch", "team/buys.v1", "-k", "{}"], "GO007", 64),
    ):
        done = made.run(*arguments, "--json")
        told = json.loads(done.stderr)
        assert (told["code"], told["exit_status"], done.returncode) == (code, status, status)
        assert told["severity"] == "error"
        assert told["message"]
        assert told["result"].startswith("GN_E_")


def test_data_is_on_stdout_and_all_else_on_stderr(world: World) -> None:
    filled = world.run("backfill", V1, "--end-ds", day(10))
    assert filled.stdout == ""
    assert filled.stderr.startswith("backfilled 1 partition, ")
    listed = world.run("list")
    assert listed.stderr == ""
    assert f"group_by       {V1}\n" in listed.stdout
    failed = world.run("sql", "SELECT nothing FROM raw.buys")
    assert failed.stdout == ""


def test_quiet_says_nothing_but_failures_and_verbose_says_more(world: World) -> None:
    arguments = ("backfill", V1, "--start-ds", day(1), "--end-ds", day(10))
    quiet = world.copy(world.path.parent / "quiet").run(*arguments, "-q")
    normal = world.run(*arguments)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    assert "warning[GP007]" in normal.stderr
    assert "backfilled" in normal.stderr
    failed = world.run("backfill", "team.buyz.v1", "-q")
    assert failed.stderr.startswith("error[GC006]")
    assert len(world.run(*arguments, "-v").stderr) >= len(world.run(*arguments).stderr)


# ---- colour, pipes, questions ----


def colored(world: World, *arguments: str, **environment: str) -> bool:
    return "\x1b[" in world.run("backfil", *arguments, environment=environment).stderr


def test_colour_is_off_unless_asked_for(made: World) -> None:
    assert not colored(made)
    assert not colored(made, NO_COLOR="1", FORCE_COLOR="1")
    assert not colored(made, "--color=never", FORCE_COLOR="1")
    assert not colored(made, CLICOLOR_FORCE="0")
    assert colored(made, FORCE_COLOR="1")
    assert colored(made, CLICOLOR_FORCE="1")
    assert colored(made, "--color=always")
    assert colored(made, "--color", "always", NO_COLOR="1")
    assert colored(made, NO_COLOR="", FORCE_COLOR="1")  # an empty one says nothing


def test_a_reader_that_leaves_is_no_failure(made: World) -> None:
    running = subprocess.Popen(
        [GNOMON, "sql", "SELECT l.*, r.user FROM raw.buys l, raw.buys r", "-o", "csv"],
        cwd=made.path,
        env=surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None and running.stderr is not None
    running.stdout.readline()
    running.stdout.close()
    told = running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=60) == -signal.SIGPIPE
    assert told == b""


@pytest.mark.parametrize("arguments", SUCCESSES, ids=lambda a: " ".join(a[:1] + a[2:3]))
def test_no_verb_asks_a_question_without_a_terminal(arguments: list[str], world: World) -> None:
    world.write("events.jsonl", "")
    world.write("buys.test.yaml", TESTED)
    done = subprocess.run(
        [GNOMON, *arguments, "--clock", NOW_MS],
        cwd=world.path,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr.rstrip().endswith("?")


# ---- verbs ----


def test_init_makes_what_compiles_and_keeps_what_is_there(tmp_path: Path) -> None:
    place = World(tmp_path)
    first = place.run("init", "features")
    assert first.returncode == 0
    assert first.stdout == ""
    assert "wrote features/teams.json" in first.stderr
    own = tmp_path / "features" / "teams.json"
    own.write_text(own.read_text().replace("my first features", "ours"))
    second = place.run("init", "features", "--json")
    assert [json.loads(line)["written"] for line in second.stdout.splitlines()] == [False] * 6
    assert "ours" in own.read_text()
    repository = World(tmp_path / "features")
    assert repository.run("compile").returncode == 0
    assert repository.run("validate").returncode == 0
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "notes.txt").write_text("mine")
    assert World(tmp_path / "others").run("init").returncode == 0
    assert (tmp_path / "others" / "notes.txt").read_text() == "mine"
    assert (tmp_path / "others" / "gnomon.toml").exists()


def test_a_dry_run_is_the_plan_and_writes_nothing(world: World) -> None:
    before = sorted(str(p) for p in (world.path / "warehouse").rglob("*"))
    arguments = (V1, "--end-ds", day(11), "--json")
    planned = world.run("plan", *arguments)
    for flag in ("--dry-run", "-n"):
        dry = world.run("backfill", *arguments, flag)
        assert (dry.returncode, dry.stdout) == (0, planned.stdout)
    assert json.loads(planned.stdout)["partitions"] == 2
    assert sorted(str(p) for p in (world.path / "warehouse").rglob("*")) == before


def test_a_written_plan_is_applied_exactly_and_once(world: World) -> None:
    told = world.run("plan", V1, "--end-ds", day(11), "--out", "plan.json", "--detailed-exitcode")
    assert told.returncode == 2
    assert told.stderr.endswith("gnomon backfill --plan plan.json\n")
    assert world.run("backfill", "--plan", "plan.json", "--json").stdout.startswith(
        '{"partitions":2,'
    )
    again = world.run("backfill", "--plan", "plan.json")
    assert again.returncode == 75
    assert "[GP010]" in again.stderr
    done = world.run("plan", V1, "--end-ds", day(11), "--detailed-exitcode")
    assert done.returncode == 0
    both = world.run("backfill", V1, "--plan", "plan.json")
    assert both.returncode == 64


def test_show_list_schema_and_version(made: World) -> None:
    shown = json.loads(made.run("show", V1, "--json").stdout)
    assert shown["keys"] == ["user"]
    assert shown["output_table"] == "ns.team_buys_v1"
    rows = json.loads(made.run("show", V1, "--rows", "3", "--json").stdout)
    assert len(rows) == 3
    kinds = [json.loads(line)["kind"] for line in made.run("list", "--json").stdout.splitlines()]
    assert sorted(kinds) == ["group_by", "group_by", "join"]
    for kind in ("group_by", "join", "staging_query", "model"):
        schema = json.loads(made.run("schema", kind).stdout)
        assert schema["$schema"].startswith("https://json-schema.org/")
    version = json.loads(made.run("version", "--json").stdout)["version"]
    assert made.run("--version").stdout == f"gnomon {version}\n"


def test_doctor_names_what_is_wrong_and_how_to_mend_it(world: World) -> None:
    sound = world.run("doctor", "--json")
    verdicts = {line["check"]: line for line in map(json.loads, sound.stdout.splitlines())}
    assert sound.returncode == 0, sound.stdout
    assert verdicts["engine"]["result"] == "ok"
    assert verdicts["definitions"]["result"] == "ok"
    broken = world.run("doctor", environment={"GNOMON_PYTHON": "/nowhere/python"})
    assert broken.returncode == 1
    assert re.search(r"^fail +python .*\n +-> install Python", broken.stdout, re.M)


def test_two_definitions_with_one_table_are_told_of(world: World) -> None:
    text = world.read("production/group_bys/team/buys.v1")
    world.write("production/group_bys/team/buys_v1", text.replace(V1, "team.buys_v1"))
    done = world.run("validate", "--level", "definition", "--json")
    problems = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 65
    assert "GD129" in {problem["code"] for problem in problems}


# ---- compiled files and their Python ----


def test_what_is_wrong_in_a_compiled_file_is_shown_in_python(world: World) -> None:
    world.change("group_bys/team/buys.py", '"price", "kind")', '"kind", price="prise + 1")')
    assert world.run("compile", "--force").returncode == 0
    problem = json.loads(world.run("validate", V1, "--json").stdout)
    lines = world.read("group_bys/team/buys.py").splitlines()
    assert problem["code"] == "GT006"
    assert problem["file"] == "group_bys/team/buys.py"
    assert lines[problem["line"] - 1][problem["column"] - 1 :].startswith('"prise + 1"')
    failed = world.run("backfill", V1, "--end-ds", day(10))
    place = f"  --> group_bys/team/buys.py:{problem['line']}:{problem['column']}: {V1}: "
    assert place in failed.stderr


def test_a_python_file_that_has_changed_since_is_not_pointed_at(world: World) -> None:
    world.change("group_bys/team/buys.py", '"price", "kind")', '"kind", price="prise + 1")')
    assert world.run("compile", "--force").returncode == 0
    world.write("group_bys/team/buys.py", "# moved\n" + world.read("group_bys/team/buys.py"))
    problem = json.loads(world.run("validate", V1, "--json").stdout)
    compiled = world.read("production/group_bys/team/buys.v1").splitlines()
    assert problem["file"].endswith("production/group_bys/team/buys.v1")
    assert compiled[problem["line"] - 1][problem["column"] - 1 :].startswith('"prise + 1"')
    assert world.run("compile").returncode == 0  # nothing to write, and the places are known again
    assert json.loads(world.run("validate", V1, "--json").stdout)["file"].endswith(".py")


# ---- Chronon's own entries ----

WRONG_RUNS = [
    ("GC003", ["--mode", "backfill"]),
    ("GC003", ["--mode", "fetch", "-k", KEY]),
    ("GC004", ["--parallelism", "many"]),
    ("GC004", ["--conf", "buys.v1"]),
    ("GC004", ["--conf-type", "features"]),
    ("GC004", ["--mode", "explore", "--conf", "production/group_bys/team/buys.v1"]),
    ("GP001", ["--conf", "production/group_bys/team/buys.v1", "--start-ds", "2025-01-01",
               "--end-ds", "2025-02-30", "--parallelism", "2"]),
    ("GP002", ["--conf", "production/group_bys/team/buys.v1", "--start-ds", day(4),
               "--end-ds", day(3)]),
    ("GP005", ["--conf", "production/group_bys/team/buys.v1", "--start-ds", day(4),
               "--end-ds", day(5), "--parallelism", "3"]),
    ("GP011", ["--mode", "streaming", "--conf", "production/group_bys/team/buys.v1"]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "arguments"), WRONG_RUNS, ids=lambda a: str(a)[:40])
def test_run_py_refuses_in_the_same_shape(code: str, arguments: list[str], made: World) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gnomon.run", *arguments],
        cwd=made.path,
        env=surroundings({"GNOMON": GNOMON}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.match(rf"error\[{code}\]: [^\n]*[^.\n]\n( +=|\Z)", done.stderr), done.stderr
    assert done.stderr.endswith(f"   = more: gnomon explain {code}\n")


# ---- completion and the manual ----


def complete(world: World, *words: str) -> list[str]:
    """What bash offers for the last word."""
    script = (
        'source <("$GNOMON" completion bash)\n'
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gnomon\n'
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "-c", script, "bash", GNOMON, *words],
        cwd=world.path,
        env=surroundings({"GNOMON": GNOMON}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_bash_completes_verbs_options_names_days_and_choices(made: World) -> None:
    assert complete(made, "back") == ["backfill"]
    assert complete(made, "help", "fet") == ["fetch"]
    assert set(verbs()) <= set(complete(made, ""))
    assert complete(made, "backfill", "--st") == ["--store", "--start-ds", "--step-days"]
    assert complete(made, "backfill", "team.") == [V1, "team.live.v1", "team.train.v1"]
    assert complete(made, "upload", "--ds", day(3), "team.l") == ["team.live.v1"]
    assert complete(made, "upload", V1, "--ds", "2025-01-1") == [day(11), day(10), day(9)]
    assert complete(made, "upload", V1, "--ds", "=", "2025-01-03") == [day(2)]
    assert complete(made, "sql", "--output", "js") == ["json", "jsonl"]
    assert complete(made, "sql", "-o", "c") == ["csv"]
    assert complete(made, "schema", "st") == ["staging_query"]
    assert complete(made, "completion", "z") == ["zsh"]
    assert complete(made, "store", "") == ["ls", "get", "stats", "compact", "gc"]
    assert complete(made, "store", "compact", "team.l") == ["team.live.v1"]
    assert complete(made, "store", "gc", "--dry") == ["--dry-run"]
    assert complete(made, "explain", "GO00")[0] == "GO001"
    assert complete(made, "-C", "") == []
    assert complete(made, "nothing", "") == []


def test_completion_says_nothing_where_nothing_is(tmp_path: Path) -> None:
    place = World(tmp_path)
    for words in (("backfill", ""), ("upload", "a.b", "--ds", ""), ("-C", "/nowhere", "list", "")):
        done = place.run("__complete", str(len(words)), *words)
        assert (done.returncode, done.stdout) == (0, ""), done


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_the_shells_own(shell: str, made: World) -> None:
    script = made.run("completion", shell).stdout
    assert "gnomon" in script
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_manual_names_everything_and_renders_without_a_warning(made: World) -> None:
    page = made.run("completion", "--man").stdout
    for verb in verbs():
        assert f'.SS "gnomon {verb}' in page
    for heading in ("NAME", "SYNOPSIS", "COMMANDS", "OPTIONS", "EXIT STATUS", "ENVIRONMENT"):
        assert f"\n.SH {heading}\n" in page
    for tool in (["mandoc", "-T", "lint", "-W", "warning"], ["groff", "-man", "-ww", "-z"]):
        if not shutil.which(tool[0]):
            continue
        done = subprocess.run(tool, input=page, text=True, capture_output=True, check=False)
        assert done.stdout + done.stderr == ""


def test_every_command_has_a_page_that_is_installed_and_renders(made: World) -> None:
    installed = (ROOT / "cli" / "meson.build").read_text(encoding="utf-8")
    for verb in verbs():
        page = made.run("completion", "--man", verb).stdout
        assert page.startswith(f".TH GNOMON\\-{verb.upper()}".replace("A-U", "A\\-U"))
        told = made.run(verb, "--help").stdout
        for option in re.findall(r"^ .{4}--([a-z-]+)", told, re.MULTILINE):
            assert "\\-\\-" + option.replace("-", "\\-") in page, (verb, option)
        assert f"'{verb}'" in installed, verb
        if not shutil.which("groff"):
            continue
        command = ["groff", "-man", "-ww", "-z"]
        done = subprocess.run(command, input=page, text=True, capture_output=True, check=False)
        assert done.stdout + done.stderr == "", verb
    assert made.run("completion", "--man", "backfil").returncode == 64


def test_a_description_is_listed_and_shown(world: World) -> None:
    said = 'What "they" bought,\nin three days.'
    world.change("group_bys/team/buys.py", "    online=True,", f"    description={said!r},")
    assert world.run("compile", "--force").returncode == 0
    listed = world.run("list").stdout.splitlines()
    assert 'group_by       team.buys.v1  What "they" bought, in three days.' in listed
    assert any(line.endswith("team.live.v1") for line in listed)
    rows = [json.loads(line) for line in world.run("list", "--json").stdout.splitlines()]
    assert [row["name"] for row in rows if row["description"] == said] == [V1]
    assert json.loads(world.run("show", V1, "--json").stdout)["description"] == said
    assert "What " in world.run("show", V1).stdout


def test_exit_statuses_of_the_help_are_those_of_the_manual(made: World) -> None:
    told = made.run("--help").stdout.split("Exit status:")[1]
    page = made.run("completion", "--man").stdout.split(".SH EXIT STATUS\n")[1]
    for status in re.findall(r"\b(\d+) [a-z]", told):
        assert f"\\fB{status}\\fR" in page, status


def test_an_interrupted_command_ends_with_130(made: World) -> None:
    tables = ", ".join(f"raw.buys AS t{number}" for number in range(7))
    running = subprocess.Popen(
        [GNOMON, "sql", f"SELECT sum(t0.price * t6.price) FROM {tables}"],
        cwd=made.path,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    told = ""
    for _ in range(2):  # the first asks it to end; before it listens, it simply ends
        try:
            _, told = running.communicate(timeout=1)
            break
        except subprocess.TimeoutExpired:
            os.kill(running.pid, signal.SIGINT)
    else:
        _, told = running.communicate(timeout=60)
    assert running.returncode == 130
    assert told == "" or told.startswith("error[GE017]: cancelled\n")
