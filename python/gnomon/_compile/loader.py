"""Runs the repository's Python files, each once, and knows who imports, reads and changes what.

Files are run one after another in one process, yet each must compile to what it would in a process
of its own: names and changes made by a file that it does not import must not show. So the loader
records every import, and keeps the changes that a file makes to other files' objects in a journal,
from which they are taken back and made again (see `gnomon.chronon._context.change`).
"""

from __future__ import annotations

import builtins
import importlib
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader

from gnomon.chronon.repo import (
    GROUP_BY_FOLDER_NAME,
    JOIN_FOLDER_NAME,
    STAGING_QUERY_FOLDER_NAME,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import CodeType, ModuleType
    from typing import Any, Callable

    from gnomon.chronon._problem import Problem

    Change = tuple[Any, Callable[[], None]]  # what it changes, and how


_FOLDERS = (GROUP_BY_FOLDER_NAME, JOIN_FOLDER_NAME, STAGING_QUERY_FOLDER_NAME)


class _FileLoader(SourceFileLoader):
    """Loads one file and tells the repository's loader when it runs."""

    def __init__(self, name: str, path: str, owner: Loader) -> None:
        super().__init__(name, path)
        self._owner = owner

    def exec_module(self, module: ModuleType) -> None:
        with self._owner.running(self.name):
            super().exec_module(module)

    def get_code(self, fullname: str) -> CodeType:
        """Compiles the source. Bytecode that was kept is compared by seconds and size alone, so a
        date that is changed twice in a second would go unseen; and none is left in the repository.
        """
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _Running:
    """The block in which a module runs."""

    def __init__(self, stack: list[str], name: str) -> None:
        self._stack = stack
        self._name = name

    def __enter__(self) -> None:
        self._stack.append(self._name)

    def __exit__(self, *exc_info: object) -> None:
        self._stack.pop()


class Loader:
    """The repository at `root`, as modules. It is also the `Context` of the builders."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.paths: dict[str, str] = {}  # module -> its file, for the modules that have run
        self._hidden: dict[str, ModuleType] = {}  # modules of another repository
        self._spaces: set[str] = set()  # folders without __init__.py, as modules
        self._imports: dict[str, dict[str, None]] = {}  # module -> modules that it imports
        self._reads: dict[str, dict[str, None]] = {}  # module -> other files that it reads
        self._changes: dict[str, list[Change]] = {}  # module -> changes to others' objects
        self._changed: list[tuple[Any, dict[str, Any]]] = []  # what is changed now, and as it was
        self._shown: dict[str, None] = {}  # modules whose changes are in effect
        self._stack: list[str] = []
        self._import = builtins.__import__
        self._import_module = importlib.import_module

    # --- as a context of the builders ---

    def module(self) -> str:
        return self._stack[-1] if self._stack else ""

    def reachable(self) -> list[str]:
        return self.closure(self.module())

    def report(self, problem: Problem) -> None:
        problem.module = problem.module or self.module()
        self.problems.append(problem)

    def change(self, owner: Any, target: Any, apply: Callable[[], None]) -> None:
        here = self.module()
        site = getattr(owner, "_at", None)
        if here and site is not None and site[-1] != here:
            self._changes.setdefault(here, []).append((target, apply))
            self._apply(target, apply)
        else:
            apply()

    # --- loading ---

    def install(self) -> None:
        """Starts to find the repository's modules and to watch imports."""
        for name in [name for name in sys.modules if name.split(".")[0] in _FOLDERS]:
            self._hidden[name] = sys.modules.pop(name)
        sys.meta_path.insert(0, self)
        builtins.__import__ = self._watched_import
        importlib.import_module = self._watched_import_module
        _watch_reads(self)

    def remove(self) -> None:
        """Ends both, and forgets the repository's modules."""
        sys.meta_path.remove(self)
        builtins.__import__ = self._import
        importlib.import_module = self._import_module
        _watch_reads(None)
        for name in [*self.paths, *self._spaces]:
            sys.modules.pop(name, None)
        sys.modules.update(self._hidden)
        self._hidden.clear()

    def load(self, name: str) -> ModuleType:
        """Runs a module, and what it imports, unless they have run; raises what their code does.

        Afterwards the objects that it sees are as in a process that has run this module alone.
        """
        for target, before in reversed(self._changed):
            _restore(target, before)
        self._changed.clear()
        self._shown.clear()
        self._show(name)
        return self._import_module(name)

    def closure(self, name: str) -> list[str]:
        """The module and all repository modules that it imports, in the order in which they start.

        This is the order of a process that loads this module alone.
        """
        started: dict[str, None] = {}
        self._walk(name, started, [])
        return list(started)

    def _walk(self, name: str, started: dict[str, None], ended: list[str]) -> None:
        """Notes a module and its imports in the order in which they start and in which they end."""
        if name in started or name not in self.paths:
            return
        for package in _packages(name):
            self._walk(package, started, ended)
        started[name] = None
        for imported in self._imports.get(name, ()):
            self._walk(imported, started, ended)
        ended.append(name)

    def inputs(self, name: str) -> list[str]:
        """All files that a module depends on, absolute, sorted; itself included."""
        files = set()
        for module in self.closure(name):
            if module in self.paths:
                files.add(self.paths[module])
            files.update(self._reads.get(module, ()))
        return sorted(files)

    def running(self, name: str) -> _Running:
        """The block in which `name` runs."""
        self._shown[name] = None
        return _Running(self._stack, name)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: Any = None
    ) -> ModuleSpec | None:
        """Part of the import system: finds modules in the repository's folders."""
        parent = name.rpartition(".")[0]
        if parent and parent not in self.paths and parent not in self._spaces:
            return None  # of an installed package, which may well lie inside the repository
        for folder in [self.root] if path is None else path:
            stem = os.path.join(folder, name.rpartition(".")[2])
            file = os.path.join(stem, "__init__.py")
            if os.path.isfile(file):
                return self._spec(name, file, stem)
            if os.path.isfile(stem + ".py"):
                return self._spec(name, stem + ".py", None)
            if os.path.isdir(stem) and (path is not None or _is_free(name)):
                self._spaces.add(name)
                spec = ModuleSpec(name, None, is_package=True)
                spec.submodule_search_locations = [stem]
                return spec
        return None

    def note_read(self, path: str) -> None:
        """Told of every file that is opened while a module runs."""
        if self._stack and not path.endswith((".py", ".pyc")):
            full = os.path.abspath(path)
            if self._is_inside(full):
                self._reads.setdefault(self._stack[-1], {})[full] = None

    def _spec(self, name: str, file: str, package: str | None) -> ModuleSpec:
        self.paths[name] = file
        loader = _FileLoader(name, file, self)
        spec = ModuleSpec(name, loader, origin=file, is_package=package is not None)
        spec.has_location = True
        if package is not None:
            spec.submodule_search_locations = [package]
        return spec

    def _is_inside(self, path: str) -> bool:
        return path == self.root or path.startswith(self.root + os.sep)

    # --- watching imports ---

    def _watched_import(
        self,
        name: str,
        globals: Any = None,
        locals: Any = None,
        fromlist: Any = (),
        level: int = 0,
    ) -> ModuleType:
        module = self._import(name, globals, locals, fromlist, level)
        if self._stack:
            if level:
                self._note_import(module.__name__)
            else:
                self._note_import(name)
            for item in fromlist or ():
                self._note_import(f"{module.__name__}.{item}")
        return module

    def _watched_import_module(self, name: str, package: str | None = None) -> ModuleType:
        module = self._import_module(name, package)
        if self._stack:
            self._note_import(module.__name__)
        return module

    def _note_import(self, name: str) -> None:
        here = self._stack[-1]
        if name in self.paths and name != here:
            known = self._imports.setdefault(here, {})
            if name not in known:
                known[name] = None
                self._show(name)

    # --- the journal of changes ---

    def _show(self, name: str) -> None:
        """Puts the changes that a module and its imports made into effect, innermost first."""
        ended: list[str] = []
        self._walk(name, {}, ended)
        for module in ended:
            if module not in self._shown:
                self._shown[module] = None
                for target, apply in self._changes.get(module, ()):
                    self._apply(target, apply)

    def _apply(self, target: Any, apply: Callable[[], None]) -> None:
        own = target.__dict__
        before = {k: dict(v) if isinstance(v, dict) else v for k, v in own.items()}
        self._changed.append((target, before))
        apply()


def _is_free(name: str) -> bool:
    """Whether no module or package is installed under a name (a mere folder does not count)."""
    spec = PathFinder.find_spec(name)
    return spec is None or spec.origin is None


def _packages(module: str) -> Iterator[str]:
    """The packages that a module is in, outermost first."""
    end = module.find(".")
    while end >= 0:
        yield module[:end]
        end = module.find(".", end + 1)


def _restore(target: Any, before: dict[str, Any]) -> None:
    """Gives an object its attributes of before; dicts keep their identity, others may hold them."""
    own = target.__dict__
    for name, value in before.items():
        now = own.get(name)
        if isinstance(value, dict) and isinstance(now, dict):
            now.clear()
            now.update(value)
        else:
            own[name] = value


_reader: Loader | None = None
_hooked = False


def _watch_reads(loader: Loader | None) -> None:
    """Tells `loader`, from now on, which files are opened."""
    global _reader, _hooked
    _reader = loader
    if loader is not None and not _hooked:
        sys.addaudithook(_on_event)
        _hooked = True


def _on_event(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _reader is not None:
        path, mode = arguments[0], arguments[1]
        if isinstance(path, str) and (mode is None or "r" in mode):
            _reader.note_read(path)


def python_files(folder: str) -> Iterator[str]:
    """The Python files under a folder, sorted; folders that begin with a dot are left out."""
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "__pycache__")
        yield from (os.path.join(path, file) for file in sorted(files) if file.endswith(".py"))


def module_name(root: str, path: str) -> str:
    """The module of a file: `group_bys/fleet/daily.py` is `group_bys.fleet.daily`."""
    return os.path.relpath(path, root)[:-3].replace(os.sep, ".")
