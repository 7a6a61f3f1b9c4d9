"""Seeded nonsense: definitions, settings, keys, events, plans, files and options that are broken at
random. The program may refuse or do its work; it never dies, hangs, or fails without a message."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from program_kit import NOW_MS, World, day, make_world

SEED = int(os.environ.get("GN_SEED", "20250114"))
ROUNDS = int(os.environ.get("GN_ROUNDS", "3"))  # of every kind, of ten inputs each
V1 = "team.buys.v1"
COMPILED = "production/group_bys/team/buys.v1"
STRANGE = [
    "",
    "\0",
    "é",
    "'",
    '"',
    "\\",
    "{",
    "[",
    "-1",
    "1e999",
    "null",
    "9" * 40,
    "\ud7ff",
    "%s%n",
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


def check(world: World, *arguments: str, stdin: str = "") -> None:
    """Success, or a status of the manual with a message that has a code. Never a signal."""
    done = world.run(*arguments, stdin=stdin, timeout=60)
    said = f"gnomon {arguments!r} <<< {stdin!r}\n{done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Sanitizer" not in done.stderr, said
    assert "runtime error" not in done.stderr, said
    assert done.returncode in (0, 1, 2, 64, 65, 66, 69, 73, 75, 77), said
    if done.returncode not in (0, 2):
        assert re.search(
            r"error\[G[A-Z]\d{3}\]: .|\"code\":\"G[A-Z]\d{3}\"|^fail ",
            (done.stderr + done.stdout),
            re.MULTILINE,
        ), said
        assert "[GE018]" not in done.stderr, said


def cut(text: str, generator: random.Random) -> str:
    """A few bytes less, more, or others."""
    for _ in range(generator.randrange(1, 4)):
        at = generator.randrange(len(text) + 1)
        end = min(len(text), at + generator.randrange(0, 12))
        new = generator.choice([*STRANGE, text[at:end] * 2, ""])
        text = text[:at] + new + text[end:]
    return text


def places(node: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    found = [path]
    items = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else []
    )
    for key, value in items:
        found.extend(places(value, (*path, key)))
    return found


VALUES: list[object] = [
    None, True, 0, -1, 2**31, 2**63, 1.5, "", "ts", "user", "a b", "((", "price +", [], {}, [[]],
    {"a": 1}, ["price"], "x" * 5000, "2025-13-01", "sum(price) over ()", "`", "/*", "ns.t/ds=1",
]  # fmt: skip


def changed(text: str, generator: random.Random) -> str:
    """Well-formed JSON in which something means nothing."""
    root = json.loads(text)
    for _ in range(generator.randrange(1, 3)):
        path = generator.choice(places(root))
        if not path:
            continue
        holder = root
        for key in path[:-1]:
            holder = holder[key]
        action = generator.randrange(4)
        if action == 0 and isinstance(holder, dict):
            del holder[path[-1]]
        elif action == 1 and isinstance(holder, dict):
            holder[str(path[-1]) + generator.choice(["s", "_", "X"])] = holder.pop(path[-1])
        elif action == 2 and isinstance(holder, list):
            holder.append(holder[path[-1]])
        else:
            holder[path[-1]] = generator.choice(VALUES)
    return json.dumps(root, indent=1)


def a_definition(world: World, generator: random.Random) -> None:
    text = world.read(COMPILED)
    change = generator.choice([cut, changed, changed])
    (world.path / COMPILED).write_text(change(text, generator), errors="surrogatepass")
    command = generator.choice(
        [
            ["validate", V1, "--clock", NOW_MS],
            ["validate", "--level", "definition", "--json"],
            ["plan", V1, "--end-ds", day(10)],
            ["backfill", V1, "--end-ds", day(10)],
            ["upload", V1, "--ds", day(9)],
            ["metadata-upload"],
            ["show", V1],
            ["list"],
        ]
    )
    check(world, *command)


def a_setting(world: World, generator: random.Random) -> None:
    text = (
        '[warehouse]\nroot = "warehouse"\npartition_column = "ds"\n[store]\nurl = "lmdb:store"\n'
        '[engine]\nthreads = 2\nmemory = "1GiB"\n[tables."raw.other"]\npath = "other.csv"\n'
    )
    (world.path / "gnomon.toml").write_text(cut(text, generator), errors="surrogatepass")
    check(world, *generator.choice([["list"], ["sql", "SHOW TABLES"], ["doctor"]]))


def teams(world: World, generator: random.Random) -> None:
    text = (
        '{"default": {"namespace": "d"}, "team": {"namespace": "ns", "production": '
        '{"backfill": {"EXECUTOR_MEMORY": "2G", "EXECUTOR_CORES": "2"}}}}'
    )
    change = generator.choice([cut, changed])
    (world.path / "teams.json").write_text(change(text, generator), errors="surrogatepass")
    check(world, "plan", V1, "--end-ds", day(9))


def a_key(world: World, generator: random.Random) -> None:
    change = generator.choice([cut, changed])
    key = change('{"user": "u1"}', generator).replace("\0", "")
    check(world, "fetch", generator.choice(["team/buys.v1", "team/live.v1"]), "-k", key)


def requests(world: World, generator: random.Random) -> None:
    line = '{"name": "team/live.v1", "keys": {"user": "u2"}, "at_ms": 1736800000000}'
    lines = [generator.choice([cut, changed])(line, generator) for _ in range(3)]
    text = "\n".join([line, *lines]).encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    check(world, "fetch", "team/live.v1", "--requests", "-", stdin=text)


def events(world: World, generator: random.Random) -> None:
    line = '{"ts": 1736800000000, "row": {"user": "u2", "price": 2.5, "kind": "book"}}'
    text = generator.choice([cut, changed])(line, generator).replace("\n", " ")
    check(world, "put", "team/live.v1", "--events", "-", stdin=text)
    check(world, "fetch", "team/live.v1", "-k", '{"user": "u2"}')


def a_plan(world: World, generator: random.Random) -> None:
    text = world.run("plan", V1, "--end-ds", day(10), "--json").stdout
    change = generator.choice([cut, changed])
    (world.path / "plan.json").write_text(change(text, generator), errors="surrogatepass")
    check(world, "backfill", "--plan", "plan.json")


def a_statement(world: World, generator: random.Random) -> None:
    text = generator.choice(
        [
            "SELECT user, sum(price) FROM raw.buys WHERE ds = '2025-01-01' GROUP BY user",
            "SHOW TABLES IN raw LIKE '*uy*'",
            "DESCRIBE EXTENDED raw.buys",
        ]
    )
    check(world, "sql", cut(text, generator).replace("\0", ""))


def options(world: World, generator: random.Random) -> None:
    verb = generator.choice(["backfill", "plan", "list", "show", "sql", "fetch", "init"])
    names = ["--ds", "--end-ds", "--rows", "--output", "--store", "--table", "--memory",
             "--threads", "--clock", "--boundary", "-C", "--color", "-k", "--plan",
             "--at-ms", "-"]  # fmt: skip
    values = [*STRANGE, day(3), "/dev/null", "a=b", "0", "2G", "lmdb:", ":", "lmdb:/dev/null/x"]
    words = [verb]
    for _ in range(generator.randrange(1, 4)):
        words.append(generator.choice(names))
        words.append(generator.choice(values).replace("\0", ""))
    if verb == "init":
        words = ["init", "/dev/null/x", *words[1:]]
    check(world, *words)


def a_file(world: World, generator: random.Random) -> None:
    """Bytes of a table or of the store are not what was written."""
    pattern = generator.choice(
        [
            "warehouse/raw/buys/*/*",
            "store/*/gen-*",
            "store/*/CURRENT",
            "warehouse/ns/*/*.json",
            ".gnomon/positions/**/*.v1.json",
        ]
    )
    file = generator.choice(sorted(world.path.glob(pattern)))
    content = bytearray(file.read_bytes())
    for _ in range(generator.randrange(1, 8)):
        if content:
            content[generator.randrange(len(content))] = generator.randrange(256)
    if generator.randrange(3) == 0:
        content = content[: generator.randrange(len(content) + 1)]
    file.write_bytes(bytes(content))
    check(world, "backfill", V1, "--end-ds", day(10))
    check(world, "fetch", "team/buys.v1", "-k", '{"user": "u1"}')
    check(world, "validate", V1)


KINDS: list[Callable[[World, random.Random], None]] = [
    a_definition, a_definition, a_setting, teams, a_key, requests, events, a_plan, a_statement,
    options, a_file,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(KINDS) * ROUNDS))
def test_broken_input_is_refused_with_a_message(number: int, made: World, tmp_path: Path) -> None:
    break_it = KINDS[number % len(KINDS)]
    for turn in range(10):
        seed = SEED * 1000 + number * 10 + turn
        print(f"GN_SEED={SEED} kind={break_it.__name__} seed={seed}")
        break_it(made.copy(tmp_path / str(turn)), random.Random(seed))
