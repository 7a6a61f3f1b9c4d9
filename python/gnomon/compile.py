"""`compile.py`: Chronon's compiler under its own name and flags.

    compile.py --conf group_bys/team/file.py
    compile.py --conf joins/team --force-overwrite --feature-display
    compile.py --conf . --check          nothing is written; exit status 2 if something would change

It writes `<output_root>/<folder>/<team>/<file>.<variable>` for each object, and for Joins also
their GroupBys that are online or have an offline table. Exit status is 0, or 1 if there was any
error; the objects without errors are written all the same. Questions are asked at a terminal only,
and only when there is something to lose: environment variables or a samplePercent of compiled
files.
"""

from __future__ import annotations

import argparse
import os
import sys

from gnomon._compile.terminal import Printer, ask
from gnomon.chronon._problem import ERROR, NOTE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from gnomon._compile.compiler import Compiled
    from gnomon._compile.session import Request, Session

OK, FAILED, WOULD_CHANGE = 0, 1, 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(
            FAILED,
            f"error[GC004]: {message}\n   = help: see: {self.prog} --help\n"
            "   = more: gnomon explain GC004\n",
        )


def _parser() -> _Parser:
    parser = _Parser(
        prog="compile.py",
        description="Compiles Chronon definitions (Python) into the files that jobs read (JSON).",
        epilog="example: compile.py --conf group_bys/my_team/purchases.py",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "--chronon_root",
        default=os.environ.get("CHRONON_ROOT") or os.getcwd(),
        help="root of the repository; else $CHRONON_ROOT, else the current folder",
    )
    add(
        "--input_path",
        "--conf",
        dest="input_path",
        required=True,
        help="file or folder to compile, relative to the root; '.' is the whole repository",
    )
    add("--output_root", default="production", help="folder of compiled files below the root")
    add("--debug", action="store_true", help="show what files import, and whole tracebacks")
    add(
        "--force-overwrite",
        action="store_true",
        help="replace online objects, write GroupBys without jobs, and compile dependents",
    )
    add("--feature-display", action="store_true", help="show the output columns")
    add("--table-display", action="store_true", help="show the tables of each job")
    add("--yes", "-y", action="store_true", help="ask nothing; let go what is not defined")
    add("--check", action="store_true", help="write nothing; exit 2 if a file would change")
    add("--diff", action="store_true", help="show how files change, as a unified diff")
    add("--json", action="store_true", help="print records, one JSON object a line")
    return parser


def main(argv: list[str] | None = None) -> int:
    """The program. Gives the exit status."""
    arguments = _parser().parse_args(argv)
    from gnomon._compile import finder
    from gnomon._compile.compiler import Options
    from gnomon._compile.session import Request, prepare, publish

    finder.impose()
    request = Request(
        os.path.expanduser(arguments.chronon_root),
        [arguments.input_path],
        arguments.output_root,
        Options(arguments.force_overwrite, False, arguments.yes),
        write=not arguments.check,
        cache=not (arguments.feature_display or arguments.table_display or arguments.json),
    )
    session = prepare(request)
    if not arguments.yes and not arguments.check and sys.stdin is not None and sys.stdin.isatty():
        session = _after_questions(session, request)
    publish(session)
    if arguments.json:
        _print_records(session)
    else:
        _Report(session, arguments).print()
    if session.errors():
        return FAILED
    return WOULD_CHANGE if arguments.check and session.differences() else OK


def _after_questions(session: Session, request: Request) -> Session:
    """Asks what to keep of compiled files, and compiles again if the answer is not the default."""
    from gnomon._compile.preserve import kept_environment
    from gnomon._compile.session import prepare

    options = request.options
    changed = [c for c in session.objects if c.text and c.old_text]
    if any(kept_environment(c.text, c.old_text or "") != c.text for c in changed):
        options.keep_environment = not ask(
            "Do you want to update existing env variables in these files?", default=True
        )
    kept = [p for p in session.compiler.problems if p.code == "GD062"]
    if kept:
        for problem in kept:
            sys.stderr.write(f"{problem.message}\n")
        options.drop_sample_percent = ask(
            "Do you want to disable logging for these Joins?", default=False
        )
    again = options.keep_environment or options.drop_sample_percent
    return prepare(request) if again else session


def _print_records(session: Session) -> None:
    import json

    from gnomon._define import session_records

    for entry in session_records(session, positions=True):
        sys.stdout.write(json.dumps(entry, separators=(",", ":")) + "\n")


class _Report:
    """The lines of a run for people."""

    def __init__(self, session: Session, arguments: Any) -> None:
        self.session = session
        self.arguments = arguments
        self.out = Printer(sys.stdout)
        self.err = Printer(sys.stderr)
        self.full_output = os.path.join(session.compiler.root, session.request.output_root)

    def print(self) -> None:
        """Prints the whole report: objects to stdout, problems to stderr."""
        root, path = self.session.compiler.root, self.arguments.input_path
        self.out.labelled("Using chronon root path", self.arguments.chronon_root)
        self.out.labelled(f"Input {path.split('/')[0]} from", os.path.join(root, path))
        if self.arguments.debug:
            self._inputs()
        for objects in self.session.fresh.values():
            for kind, name, output in objects:
                self._head(kind, name)
                self.out.labelled("Up to date", os.path.join(root, output))
        for compiled in self.session.objects:
            self._object(compiled)
        sys.stdout.flush()
        self._problems()
        self._summary()

    def _head(self, kind: str, name: str) -> None:
        team, _, rest = name.partition(".")
        self.out.labelled(f"{kind} Team", team)
        self.out.labelled(f"{kind} Name", rest)

    def _object(self, compiled: Compiled) -> None:
        self._head(compiled.kind, compiled.name)
        rest = compiled.name.partition(".")[2]
        path = os.path.join(self.session.compiler.root, compiled.output)
        if compiled.status == "skipped":
            self.out.warning(
                f"Skipping {compiled.kind} {rest}: neither online nor with a backfill_start_date"
            )
            if os.path.exists(path):
                self.out.warning(f"old file exists for skipped config: {path}")
        elif compiled.status == "refused":
            self.out.error(f"Could not write {compiled.kind}", rest)
        else:
            self._text(compiled, rest, path)

    def _text(self, compiled: Compiled, rest: str, path: str) -> None:
        force = self.session.request.options.force
        if force:
            self.out.warning(f"Force overwrite {compiled.kind} {rest}")
        if compiled.status == "unchanged" and not force:
            self.out.labelled("Up to date", path)
        else:
            verb = "Writing" if self.session.request.write else "Would write"
            self.out.labelled(f"{verb} {compiled.kind} to", path)
        if self.arguments.diff:
            from gnomon._compile.output import difference

            for line in difference(compiled):
                self.out.line(line)
        if compiled.via == "source" and self.arguments.feature_display:
            self._features(compiled)
        if compiled.via == "source" and self.arguments.table_display:
            self.out.tables(f"Output {compiled.kind} Tables", compiled.tables)

    def _features(self, compiled: Compiled) -> None:
        if compiled.kind == "GroupBy":
            columns = compiled.columns["output_columns"]
            self.out.names("Output GroupBy Features", str(columns))
        elif compiled.kind == "Join":
            from pprint import pformat

            for key, names in compiled.columns.items():
                listed = pformat(names, width=80, compact=True)
                self.out.names(key.replace("_", " ").title(), f"\n{listed}")

    def _problems(self) -> None:
        from gnomon._define import problem_record

        for problem in self.session.compiler.problems:
            if problem.severity == NOTE and problem.code == "GD061":
                continue  # told where the object is
            self.err.problem(problem_record(self.session, problem))
            if self.arguments.debug and problem.error is not None:
                self._trace(problem.error)

    def _trace(self, error: BaseException) -> None:
        from traceback import format_exception

        for part in format_exception(type(error), error, error.__traceback__):
            self.err.line(part.rstrip("\n"))

    def _inputs(self) -> None:
        for unit in self.session.compiler.units:
            self.out.line(f"{unit.path} is made from")
            for path in self.session.compiler.inputs(unit):
                self.out.line(f"\t{path}")

    def _summary(self) -> None:
        verb = "Successfully wrote" if self.session.request.write else "Would write"
        force = self.session.request.options.force
        for kind in ("GroupBy", "Join", "StagingQuery"):
            count = sum(
                compiled.kind == kind
                and bool(compiled.text)
                and (force or compiled.status != "unchanged")
                for compiled in self.session.objects
            )
            if count:
                self.out.line(f"{verb} {count} {kind} objects to {self.full_output}")
        errors = [p for p in self.session.compiler.problems if p.severity == ERROR]
        if errors:
            plural = "s" if len(errors) > 1 else ""
            self.err.line(self.err.painted("\033[91m", f"{len(errors)} error{plural}"))
        elif not self.session.differences() and not force:
            self.out.line(f"Nothing to write: {self.full_output} is up to date")


if __name__ == "__main__":
    sys.exit(main())
