"""One run of the compiler: files in, records out.

A file is loaded, its objects get their names, are completed (`finish`), checked (`rules`) and
turned into text. A file with an error gives no objects; other files go on.
"""

from __future__ import annotations

import os

from gnomon.chronon import _columns, _context, _tables
from gnomon.chronon._problem import ERROR, NOTE, WARNING, Problem
from gnomon.chronon._writer import WrongValue, to_json, wrong_values
from gnomon.chronon.repo import (
    GROUP_BY_FOLDER_NAME,
    JOIN_FOLDER_NAME,
    STAGING_QUERY_FOLDER_NAME,
    TEAMS_FILE_PATH,
    teams,
)

from . import failures, rules
from .compiled import CompiledFiles, name_of, output_path, read_text
from .finish import finished
from .loader import Loader, module_name, python_files
from .preserve import kept_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import ModuleType
    from typing import Any

    from .positions import Positions

KINDS = {
    GROUP_BY_FOLDER_NAME: "GroupBy",
    JOIN_FOLDER_NAME: "Join",
    STAGING_QUERY_FOLDER_NAME: "StagingQuery",
}
FOLDERS = {kind: folder for folder, kind in KINDS.items()}

NEW, CHANGED, UNCHANGED, SKIPPED, REFUSED = "new", "changed", "unchanged", "skipped", "refused"


class Options:
    """What the user may choose.

    force: overwrite online objects, write offline GroupBys, compile dependents too.
    keep_environment: keep the modeToEnvMap of compiled files.
    drop_sample_percent: let a Join's samplePercent go when the definition no longer has it.
    """

    def __init__(
        self,
        force: bool = False,
        keep_environment: bool = False,
        drop_sample_percent: bool = False,
    ) -> None:
        self.force = force
        self.keep_environment = keep_environment
        self.drop_sample_percent = drop_sample_percent


class Unit:
    """One definition file. `objects` are the names and texts that it gave."""

    def __init__(self, root: str, path: str) -> None:
        self.path = os.path.relpath(path, root).replace(os.sep, "/")
        self.folder = self.path.split("/")[0]
        self.module = module_name(root, path)
        self.failed = False
        self.objects: list[Compiled] = []


class Compiled:
    """An object with its text, or with the reason why it has none (`status`)."""

    def __init__(self, obj: Any, name: str, output: str, unit: Unit, via: str) -> None:
        self.obj = obj  # finished: not the user's own object
        self.kind = type(obj).__name__
        self.name = name
        self.output = output
        self.unit = unit
        self.via = via  # "source", "join" (a GroupBy of a Join) or "dependent"
        self.text = ""
        self.old_text: str | None = None
        self.status = REFUSED
        self.columns: dict[str, list[str]] = {}  # output columns; of a Join also their origins
        self.tables: dict[str, list[str] | None] = {}  # job mode -> tables that it writes

    @property
    def team(self) -> str:
        return self.name.split(".")[0]

    def describe(self) -> None:
        """Fills in columns and tables. The user's objects are as their file sees them only now."""
        if self.kind == "Join":
            self.columns = _columns.join_columns(self.obj)
        elif self.kind == "GroupBy":
            self.columns = {
                "key_columns": list(self.obj.keyColumns or ()),
                "output_columns": _columns.group_by_output_columns(self.obj),
            }
        self.tables = _tables.get_modes_tables(self.obj)


class Compiler:
    """The compiler of one repository: `find_units`, then `compile`, once."""

    def __init__(self, root: str, output_root: str = "production", options: Any = None) -> None:
        self.root = os.path.abspath(root)
        self.output_root = output_root.strip("/")
        self.options = options or Options()
        self.problems: list[Problem] = []
        self.units: list[Unit] = []
        self.objects: list[Compiled] = []
        self.loader = Loader(self.root)
        self._outputs: set[str] = set()
        self.fresh: set[tuple[str, str]] = set()  # (class, name) of what is known to be up to date
        self._teams = os.path.join(self.root, TEAMS_FILE_PATH)
        self._compiled = CompiledFiles(self.root, self.output_root, self._unreadable)
        self._seen: set[tuple[Any, ...]] = set()
        self._positions: Positions | None = None

    @property
    def positions(self) -> Positions:
        """Lines and columns; made when first needed, as most runs need none."""
        if self._positions is None:
            from .positions import Positions

            self._positions = Positions()
        return self._positions

    @property
    def failed(self) -> bool:
        """Whether there was an error."""
        return any(problem.severity == ERROR for problem in self.problems)

    def find_units(self, paths: Sequence[str]) -> None:
        """Finds the files to compile below paths relative to the root; none means all of it."""
        self.units = [Unit(self.root, path) for path in self._files(paths)]

    def compile(self) -> None:
        """Compiles `units`. Results are in `objects` and `problems`."""
        teams.loaded_jsons.clear()
        self.loader.install()
        before, _context.active = _context.active, self.loader
        try:
            for unit in self.units:
                self._announce(unit)
            for unit in self.units:
                self._compile_unit(unit)
            self._compile_dependents()
        finally:
            _context.active = before
            self.loader.remove()

    def inputs(self, unit: Unit) -> list[str]:
        """The files that a unit depends on, relative to the root."""
        files = [*self.loader.inputs(unit.module), self._teams]
        return sorted({os.path.relpath(file, self.root).replace(os.sep, "/") for file in files})

    # --- which files ---

    def _files(self, paths: Sequence[str]) -> list[str]:
        whole = [folder for folder in KINDS if os.path.isdir(os.path.join(self.root, folder))]
        found: dict[str, None] = {}
        for path in paths or whole:
            full = os.path.normpath(os.path.join(self.root, path))
            inside = os.path.relpath(full, self.root).replace(os.sep, "/")
            if inside == ".":
                found.update(dict.fromkeys(self._files(whole)))
            elif inside.split("/")[0] not in KINDS:
                self._misplaced(path, f"is not under {', '.join(f'{k}/' for k in KINDS)}")
            elif os.path.isdir(full):
                found.update(dict.fromkeys(python_files(full)))
            elif not os.path.isfile(full):
                self._misplaced(path, "does not exist")
            elif not full.endswith(".py"):
                self._misplaced(path, "is not a Python file")
            else:
                found[full] = None
        if not paths and not whole:
            self._misplaced(self.root, f"has none of the folders {', '.join(KINDS)}")
        return list(found)

    def _misplaced(self, path: str, why: str) -> None:
        hint = "paths start at the repository's root, as in group_bys/team/file.py"
        self._tell(Problem("GD005", f"'{path}' {why}", hint))

    # --- problems ---

    def _tell(self, problem: Problem) -> None:
        """Keeps a problem, once, with its position."""
        if not problem.file and problem.site is not None:
            self._locate(problem)
        if problem.file:
            full = os.path.join(self.root, problem.file)
            inside = os.path.relpath(full, self.root)
            problem.file = full if inside.startswith("..") else inside
        key = (problem.code, problem.message, problem.file, problem.line, problem.col)
        if key not in self._seen:
            self._seen.add(key)
            self.problems.append(problem)

    def _locate(self, problem: Problem) -> None:
        site: Any = problem.site
        kind = type(problem.subject).__name__ if problem.subject is not None else ""
        place = self.positions.argument(site, kind, problem.field)
        if place is not None:
            problem.file, problem.line, problem.col, problem.end_col = place
        else:
            problem.file, problem.line = site[0].co_filename, site[2]

    def _unreadable(self, path: str, why: str) -> None:
        hint = "compile its definition again, or remove it"
        self._tell(Problem("GD008", f"'{path}' is passed over: {why}", hint, severity=WARNING))

    def _failed_in(self, module: str) -> bool:
        """Whether the module, or one that it imports, has an error."""
        modules = set(self.loader.closure(module))
        return any(
            problem.severity == ERROR and problem.module in modules
            for problem in self.loader.problems
        )

    # --- loading ---

    def _load(self, unit: Unit) -> ModuleType | None:
        """The module of a unit; None if it, or what it imports, has an error."""
        known = len(self.loader.problems)
        module = None
        try:
            module = self.loader.load(unit.module)
        except (Exception, SystemExit) as error:
            path = os.path.join(self.root, unit.path)
            for problem in failures.problems_of(error, self.root, path):
                self.loader.report(problem)
            unit.failed = True
        for problem in self.loader.problems[known:]:
            self._tell(problem)
        if module is not None and self._failed_in(unit.module):
            if not unit.failed:
                self._check_values(unit, module)
            unit.failed = True
        return None if unit.failed else module

    def _check_values(self, unit: Unit, module: ModuleType) -> None:
        """Finds what else is wrong in a file that has errors already."""
        for name, obj in self._named(unit, module):
            self._text_of(obj, name)

    def _named(self, unit: Unit, module: ModuleType) -> Iterator[tuple[str, Any]]:
        """The unit's objects of its kind, by name; one held by two variables comes once."""
        kind = KINDS[unit.folder]
        stem = unit.module.partition(".")[2]
        names: dict[int, tuple[str, Any]] = {}
        for variable, value in list(vars(module).items()):
            if type(value).__name__ == kind and not isinstance(value, type):
                names[id(value)] = (f"{stem}.{variable}", value)
        return iter(names.values())

    def _announce(self, unit: Unit) -> None:
        """Loads a unit and makes known which objects of this run use which others."""
        module = self._load(unit)
        if module is None:
            return
        empty = True
        for name, obj in self._named(unit, module):
            empty = False
            self._compiled.announce(unit.folder, _outline(name, obj))
        if empty and len(self.units) == 1:
            kind = KINDS[unit.folder]
            problem = Problem("GD009", f"'{unit.path}' has no {kind}", severity=WARNING)
            problem.file = unit.path
            self._tell(problem)

    # --- compiling ---

    def _compile_unit(self, unit: Unit) -> None:
        if unit.failed:
            return
        module = self._load(unit)
        if module is None:
            return
        inline = (
            [value for value in vars(module).values() if type(value).__name__ == "GroupBy"]
            if unit.folder == JOIN_FOLDER_NAME
            else []
        )
        for name, obj in self._named(unit, module):
            compiled = self._compile_object(obj, name, unit, "source", inline)
            if compiled is not None and compiled.text and compiled.kind == "Join":
                self._compile_parts(obj, unit)

    def _compile_parts(self, join: Any, unit: Unit) -> None:
        """The GroupBys of a Join that have jobs of their own."""
        for part in join.joinParts or ():
            group_by = part.groupBy
            name = group_by.metaData.name
            if rules.is_needed(group_by) and not self._has(GROUP_BY_FOLDER_NAME, name):
                self._compile_object(group_by, name, unit, "join")

    def _has(self, folder: str, name: str) -> bool:
        """Whether this run compiles the object from its own file, or has done so already."""
        output = output_path(self.output_root, folder, name)
        return self._compiled.is_new(folder, name) or output in self._outputs

    def _compile_object(
        self, obj: Any, name: str, unit: Unit, via: str, inline: Iterable[Any] = ()
    ) -> Compiled | None:
        folder = FOLDERS[type(obj).__name__]
        try:
            complete = finished(obj, name, self._teams, list(inline))
        except Exception as error:
            for problem in failures.problems_of(error, self.root, unit.path):
                self._tell(problem)
            unit.failed = True
            return None
        output = output_path(self.output_root, folder, name)
        compiled = Compiled(complete, name, output, unit, via)
        self.objects.append(compiled)
        self._outputs.add(output)
        unit.objects.append(compiled)
        if compiled.kind == "GroupBy":
            if not rules.is_needed(complete) and not self.options.force:
                self._skip(compiled)
                return compiled
            rules.inherit_production(complete, self._compiled)
        problems = list(rules.problems_of(complete, self._compiled))
        for problem in problems:
            self._tell(problem)
        if any(problem.severity == ERROR for problem in problems):
            unit.failed = True
            return compiled
        self._write(compiled, folder)
        self._warn_of_ends(compiled)
        return compiled

    def _skip(self, compiled: Compiled) -> None:
        compiled.status = SKIPPED
        self._tell(
            Problem(
                "GD061",
                f"GroupBy '{compiled.name}' is not written: "
                "it is neither online nor has a backfill_start_date",
                "set one of them, or use it in a Join",
                compiled.obj,
                severity=NOTE,
            )
        )

    def _write(self, compiled: Compiled, folder: str) -> None:
        """Gives an object its text and status."""
        old_text = read_text(os.path.join(self.root, compiled.output))
        compiled.old_text = old_text
        if compiled.kind == "Join" and old_text:
            self._keep_sample_percent(compiled)
        text = self._text_of(compiled.obj, compiled.name)
        if text is None:
            compiled.unit.failed = True
            return
        if old_text and self.options.keep_environment:
            text = kept_environment(text, old_text)
        if old_text is None:
            compiled.status = NEW
        elif old_text == text:
            compiled.status = UNCHANGED
        else:
            compiled.status = CHANGED
            if not self.options.force and self._changes_served(compiled, folder, text):
                return
        compiled.text = text
        compiled.describe()

    def _text_of(self, obj: Any, name: str) -> str | None:
        """The text of an object; None, and a problem, if it holds something it cannot."""
        try:
            return to_json(obj)
        except WrongValue:
            for wrong in wrong_values(obj):
                problem = Problem("GD010", f"{name}: {wrong}", wrong.hint)
                problem.subject, problem.field = wrong.owner, wrong.field
                problem.site = getattr(wrong.owner, "_at", None) or getattr(obj, "_at", None)
                self._tell(problem)
            return None

    def _changes_served(self, compiled: Compiled, folder: str, text: str) -> bool:
        old = self._compiled.old(folder, compiled.name)
        if not rules.changes_served(text, old, compiled.kind):
            return False
        self._tell(
            Problem(
                "GD058",
                f"{compiled.kind} '{compiled.name}' is online and would compute something else",
                "make it a new variable, or pass --force-overwrite",
                compiled.obj,
            )
        )
        compiled.unit.failed = True
        compiled.status = REFUSED
        return True

    def _keep_sample_percent(self, compiled: Compiled) -> None:
        if compiled.obj.metaData.samplePercent is not None or self.options.drop_sample_percent:
            return
        old = self._compiled.old(JOIN_FOLDER_NAME, compiled.name)
        percent = old["metaData"].get("samplePercent") if old else None
        if percent:
            compiled.obj.metaData.samplePercent = percent
            self._tell(
                Problem(
                    "GD062",
                    f"samplePercent {percent} of Join '{compiled.name}' is kept; "
                    "the definition no longer sets it",
                    "set sample_percent, or pass --yes to switch logging off",
                    compiled.obj,
                    severity=WARNING,
                )
            )

    # --- dependents ---

    def _dependents(self, compiled: Compiled) -> tuple[str, list[dict[str, Any]]]:
        """What is compiled from this object and its folder."""
        if compiled.kind == "GroupBy":
            return JOIN_FOLDER_NAME, self._compiled.joins_with(compiled.name)
        if compiled.kind == "Join":
            return GROUP_BY_FOLDER_NAME, self._compiled.group_bys_on(compiled.name)
        return "", []

    def _warn_of_ends(self, compiled: Compiled) -> None:
        obj = compiled.obj
        if compiled.kind == "StagingQuery" or compiled.via != "source":
            return
        if compiled.kind == "Join":
            upstream = [part.groupBy for part in obj.joinParts or ()]
        else:
            upstream = [s.joinSource.join for s in obj.sources or () if s.joinSource]
        _, downstream = self._dependents(compiled)
        for problem in rules.deprecations(obj, downstream, upstream):
            self._tell(problem)

    def _compile_dependents(self) -> None:
        """Compiles dependents outside this run if forced to; else says that it has to be done."""
        for compiled in [c for c in self.objects if c.via == "source" and c.text]:
            folder, users = self._dependents(compiled)
            missing = []
            for user in users:
                name = name_of(user)
                path = _source_path(folder, name)
                up_to_date = (KINDS[folder], name) in self.fresh
                if path is None or up_to_date or self._has(folder, name):
                    continue
                unit = next((unit for unit in self.units if unit.path == path), None)
                if unit is not None and unit.failed:
                    continue
                if unit is not None or not os.path.isfile(os.path.join(self.root, path)):
                    self._orphan(folder, name, path)
                elif self.options.force:
                    self._compile_dependent(folder, name, path)
                else:
                    missing.append(name)
            if missing:
                self._stale(compiled, missing)

    def _stale(self, compiled: Compiled, dependents: list[str]) -> None:
        listed = ", ".join(f"'{name}'" for name in sorted(dependents))
        self._tell(
            Problem(
                "GD059",
                f"{listed} must be compiled too: compiled from {compiled.kind} '{compiled.name}'",
                "compile the whole repository, or pass --force-overwrite",
                compiled.obj,
            )
        )
        compiled.unit.failed = True

    def _orphan(self, folder: str, name: str, path: str) -> None:
        file = output_path(self.output_root, folder, name)
        self._tell(
            Problem(
                "GD064",
                f"'{file}' has no definition: there is no '{path}' with it",
                "remove the compiled file",
                severity=WARNING,
            )
        )

    def _compile_dependent(self, folder: str, name: str, path: str) -> None:
        unit = Unit(self.root, os.path.join(self.root, path))
        module = self._load(unit)
        if module is None:
            return
        objects = dict(self._named(unit, module))
        if name not in objects:
            self._orphan(folder, name, path)
            return
        self._compile_object(objects[name], name, unit, "dependent")


def _source_path(folder: str, name: str) -> str | None:
    """The file that an object's name stands for; None for a name without a file."""
    parts = name.split(".")
    if len(parts) < 3:
        return None
    return "/".join((folder, *parts[:-1])) + ".py"


def _outline(name: str, obj: Any) -> dict[str, Any]:
    """What others have to know of an object, in the form of its compiled file."""
    meta = obj.metaData
    outline: dict[str, Any] = {
        "metaData": {
            "name": name,
            "online": getattr(meta, "online", None),
            "production": getattr(meta, "production", None),
            "deprecationDate": getattr(meta, "deprecationDate", None),
        }
    }
    for part in getattr(obj, "joinParts", None) or ():
        used = {"metaData": {"name": part.groupBy.metaData.name}}
        outline.setdefault("joinParts", []).append({"groupBy": used})
    for source in getattr(obj, "sources", None) or ():
        if source.joinSource:
            used = {"join": {"metaData": {"name": source.joinSource.join.metaData.name}}}
            outline.setdefault("sources", []).append({"joinSource": used})
    return outline
