"""One request to compile: asks the cache, compiles the rest, writes, and keeps the cache."""

from __future__ import annotations

import contextlib
import os
import sys
import time

from gnomon._cache import Cache
from gnomon.chronon._problem import ERROR, NOTE

from .compiler import CHANGED, NEW, REFUSED, SKIPPED, UNCHANGED, Compiler, Options
from .output import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .compiler import Compiled


class Request:
    """What to compile, and how.

    paths: files and folders relative to the root; none means the whole repository.
    write: replace compiled files. cache: pass over what is up to date.
    """

    def __init__(
        self,
        root: str,
        paths: Sequence[str] = (),
        output_root: str = "production",
        options: Any = None,
        write: bool = False,
        cache: bool = True,
    ) -> None:
        self.root = root
        self.paths = list(paths)
        self.output_root = output_root.strip("/")
        self.options: Options = options or Options()
        self.write = write
        self.cache = cache and not self.options.force


class Session:
    """A request that has been carried out; see `run`."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.compiler = Compiler(request.root, request.output_root, request.options)
        self.cache = Cache(self.compiler.root, request.output_root)
        self.fresh: dict[str, list[list[str]]] = {}  # file -> (class, name, output) up to date
        self.wrote = 0  # files
        self.seconds = 0.0

    @property
    def objects(self) -> list[Compiled]:
        return self.compiler.objects

    def count(self, status: str) -> int:
        """How many objects have a status."""
        return sum(compiled.status == status for compiled in self.objects)

    def errors(self) -> int:
        """How many problems are errors."""
        return sum(problem.severity == ERROR for problem in self.compiler.problems)

    def differences(self) -> int:
        """How many compiled files differ, or would, from what was there."""
        return self.count(NEW) + self.count(CHANGED)

    def summary(self) -> dict[str, Any]:
        """The counts of the run."""
        problems = self.compiler.problems
        return {
            "kind": "summary",
            "files": len(self.compiler.units) + len(self.fresh),
            "objects": len(self.objects) + sum(len(objects) for objects in self.fresh.values()),
            "new": self.count(NEW),
            "changed": self.count(CHANGED),
            "unchanged": self.count(UNCHANGED)
            + sum(len(objects) for objects in self.fresh.values()),
            "skipped": self.count(SKIPPED),
            "refused": self.count(REFUSED),
            "wrote": self.wrote,
            "errors": self.errors(),
            "warnings": sum(problem.severity == "warning" for problem in problems),
            "seconds": round(self.seconds, 6),
        }


def prepare(request: Request) -> Session:
    """Compiles what a request asks for and writes nothing. What user files print goes to stderr."""
    started = time.monotonic()
    session = Session(request)
    compiler = session.compiler
    compiler.find_units(request.paths)
    if request.cache:
        _leave_out_fresh(session)
    if compiler.units:
        with contextlib.redirect_stdout(sys.stderr):
            compiler.compile()
    session.seconds = time.monotonic() - started
    return session


def publish(session: Session) -> None:
    """Writes what a session compiled, if it was asked to, and keeps the cache."""
    request, compiler = session.request, session.compiler
    if request.write and compiler.units:
        started = time.monotonic()
        session.wrote = write_all(compiler.root, session.objects, rewrite=request.options.force)
        _keep(session)
        from .origins import keep

        keep(compiler, session.objects)
        session.seconds += time.monotonic() - started


def run(request: Request) -> Session:
    """Carries out a request."""
    session = prepare(request)
    publish(session)
    return session


def _leave_out_fresh(session: Session) -> None:
    compiler = session.compiler
    stale = []
    for unit in compiler.units:
        if session.cache.is_fresh(unit.path):
            session.fresh[unit.path] = session.cache.units[unit.path]["objects"]
        else:
            stale.append(unit)
    compiler.units = stale
    compiler.fresh = {(o[0], o[1]) for objects in session.fresh.values() for o in objects}


def _keep(session: Session) -> None:
    """Notes in the cache what is up to date now."""
    compiler, cache = session.compiler, session.cache
    troubled = {
        os.path.normpath(problem.file) for problem in compiler.problems if problem.severity != NOTE
    }
    for unit in compiler.units:
        inputs = compiler.inputs(unit)
        objects = [compiled for compiled in unit.objects if compiled.text]
        if unit.failed or troubled.intersection(inputs):
            cache.forget(unit.path)
        else:
            cache.keep(unit.path, inputs, objects)
    cache.save()
