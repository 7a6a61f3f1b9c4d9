"""The compiler as a process: requests in, records out, one JSON object a line.

`gnomon compile` starts `python -m gnomon._define` and speaks this protocol with it; other tools may
do the same. Standard output carries records only; what definition files print goes to stderr.

Requests
    With paths or options as arguments there is one request, and exit status 1 if it had errors:

        python -m gnomon._define [--root DIR] [--output-root DIR] [--write] [--force]
            [--keep-env] [--yes] [--no-cache] [--no-positions] [PATH…]
        python -m gnomon._define --codes      the table of problem codes: {"code","title","text"}

    Without arguments requests are read from stdin until it ends, one object a line; every member
    but "root" may be left out, these are the defaults:

        {"root": "/repo", "paths": [], "output_root": "production", "write": false, "force": false,
         "keep_env": false, "yes": false, "cache": true, "positions": true}

    "paths" are files and folders relative to the root; none means the whole repository. "write"
    replaces compiled files (each atomically) and notes them in the cache. "force" overwrites online
    objects, writes GroupBys without jobs, and compiles dependents. "keep_env" keeps the
    modeToEnvMap of compiled files. "yes" lets a samplePercent go that a definition no longer sets.

Records
    {"kind": "object"}    an object; members:
        type, class       "group_bys", "GroupBy"
        name, team        "fleet.daily.v1", "fleet"
        file, line        its definition, relative to the root; line of its variable, 0 if none
        status            "new", "changed", "unchanged"; "skipped" (nothing to do), "refused"
        via               "source"; "join" for a GroupBy written because a Join has it; "dependent"
        output            its compiled file, relative to the root
        json              the exact text of that file; absent, as all below, if it has none
        features, keys    output columns without keys' prefixes, after derivations; key columns
        tables            job mode -> tables it writes, null for a job that writes none
        positions         path in the compiled file -> [line, column], or [line, column, file] for
                          what another file wrote: {"aggregations[2].inputColumn": [31, 22]}
    {"kind": "fresh"}     file, objects: up to date by the cache; objects are [class, name, output]
    {"kind": "problem"}   code, severity ("error", "warning", "note"), message, hint, file, line,
                          col, end_col; lines and columns count from 1 and are 0 where unknown,
                          end_col is exclusive; source: the text of the line
    {"kind": "summary"}   the last of a request: files, objects, new, changed, unchanged, skipped,
                          refused, wrote, errors, warnings, seconds
    {"kind": "failure"}   in place of all these: the request itself is wrong; message
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TextIO

    from gnomon._compile.compiler import Compiled
    from gnomon._compile.session import Session
    from gnomon.chronon._problem import Problem

_SWITCHES = {
    "--write": ("write", True),
    "--force": ("force", True),
    "--keep-env": ("keep_env", True),
    "--yes": ("yes", True),
    "--no-cache": ("cache", False),
    "--no-positions": ("positions", False),
}
_VALUES = {"--root": "root", "--output-root": "output_root"}
_DEFAULTS: dict[str, Any] = {
    "root": ".",
    "paths": [],
    "output_root": "production",
    "write": False,
    "force": False,
    "keep_env": False,
    "yes": False,
    "cache": True,
    "positions": True,
}


def records(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Carries out a request; the records of its answer."""
    from gnomon._compile import finder
    from gnomon._compile.compiler import Options
    from gnomon._compile.session import Request, run

    wrong = _wrong(request)
    if wrong:
        yield {"kind": "failure", "message": wrong}
        return
    asked = {**_DEFAULTS, **request}
    finder.impose()
    options = Options(asked["force"], asked["keep_env"], asked["yes"])
    session = run(
        Request(
            asked["root"],
            asked["paths"],
            asked["output_root"],
            options,
            asked["write"],
            asked["cache"],
        )
    )
    yield from session_records(session, asked["positions"])


def session_records(session: Session, positions: bool) -> Iterator[dict[str, Any]]:
    """The records of a request that has been carried out."""
    for problem in session.compiler.problems:
        yield problem_record(session, problem)
    for file, objects in session.fresh.items():
        yield {"kind": "fresh", "file": file, "objects": objects}
    for compiled in session.objects:
        yield object_record(session, compiled, positions)
    yield session.summary()


def object_record(session: Session, compiled: Compiled, positions: bool) -> dict[str, Any]:
    """A compiled object as a record."""
    from gnomon._compile.compiler import FOLDERS

    entry: dict[str, Any] = {
        "kind": "object",
        "type": FOLDERS[compiled.kind],
        "class": compiled.kind,
        "name": compiled.name,
        "team": compiled.team,
        "file": compiled.unit.path,
        "line": 0,
        "status": compiled.status,
        "via": compiled.via,
        "output": compiled.output,
    }
    path = os.path.join(session.compiler.root, compiled.unit.path)
    if positions:
        variable = compiled.name.rpartition(".")[2]
        place = session.compiler.positions.assignment(path, variable)
        entry["line"] = place[1] if place else 0
    if compiled.text:
        entry["json"] = compiled.text
        entry["features"] = compiled.columns.get("output_columns", [])
        entry["keys"] = compiled.columns.get("key_columns", [])
        entry["tables"] = compiled.tables
        if positions:
            entry["positions"] = session.compiler.positions.of_object(compiled.obj, path)
    return entry


def problem_record(session: Session, problem: Problem) -> dict[str, Any]:
    """A problem as a record."""
    compiler = session.compiler
    file = problem.file.replace(os.sep, "/")
    source = ""
    if problem.line:
        source = compiler.positions.line(os.path.join(compiler.root, file), problem.line)
    return {
        "kind": "problem",
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "file": file,
        "line": problem.line,
        "col": problem.col,
        "end_col": problem.end_col,
        "source": source,
    }


def _wrong(request: Any) -> str:
    """What is wrong with a request; '' if nothing is."""
    if not isinstance(request, dict):
        return "a request is a JSON object"
    for name, value in request.items():
        if name not in _DEFAULTS:
            return f"unknown member '{name}'"
        if type(value) is not type(_DEFAULTS[name]):
            return f"'{name}' must be a {type(_DEFAULTS[name]).__name__}"
    if not all(isinstance(path, str) for path in request.get("paths", ())):
        return "'paths' must hold texts"
    return ""


def _print(entry: dict[str, Any], out: TextIO) -> None:
    out.write(json.dumps(entry, separators=(",", ":")) + "\n")


def _parse(arguments: list[str]) -> dict[str, Any]:
    request: dict[str, Any] = {"paths": []}
    waiting: str | None = None
    for argument in arguments:
        if waiting is not None:
            request[waiting] = argument
            waiting = None
        elif argument in _VALUES:
            waiting = _VALUES[argument]
        elif argument in _SWITCHES:
            name, value = _SWITCHES[argument]
            request[name] = value
        elif argument.startswith("-"):
            raise ValueError(f"unknown option '{argument}'")
        else:
            request["paths"].append(argument)
    if waiting is not None:
        raise ValueError(f"'{arguments[-1]}' needs a value")
    return request


def _answer(request: Any, out: TextIO) -> int:
    errors = 1
    for entry in records(request):
        _print(entry, out)
        if entry["kind"] == "summary":
            errors = entry["errors"]
    out.flush()
    return 1 if errors else 0


def _serve(requests: TextIO, out: TextIO) -> int:
    for line in requests:
        if not line.strip():
            continue
        try:
            request = json.loads(line)
        except ValueError as error:
            _print({"kind": "failure", "message": f"the request is not JSON: {error}"}, out)
            out.flush()
            continue
        _answer(request, out)
    return 0


def _print_codes(out: TextIO) -> int:
    from gnomon._codes import CODES

    for code, (title, text) in CODES.items():
        _print({"code": code, "title": title, "text": text}, out)
    return 0


def main(arguments: list[str]) -> int:
    """The program; gives the exit status."""
    if arguments == ["--codes"]:
        return _print_codes(sys.stdout)
    if not arguments:
        return _serve(sys.stdin, sys.stdout)
    try:
        request = _parse(arguments)
    except ValueError as error:
        sys.stderr.write(f"gnomon._define: {error}\n")
        return 64
    return _answer(request, sys.stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
