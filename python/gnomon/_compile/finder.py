"""Answers `import ai.chronon.…` with the modules of `gnomon.chronon`.

In the compile our modules always win, so that a definition gives the same file whatever is
installed. In a user's own interpreter (`offer`) an installed chronon-ai wins.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec, PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType
    from typing import Any

_OURS = "gnomon.chronon"
_THEIRS = "ai.chronon"


class _Alias:
    """A loader whose module exists already, under its own name."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # the import system has just replaced it


class _Folder:
    """A loader of the package `ai`, which holds nothing itself."""

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        return None


def _spec(name: str, loader: Any, package: bool) -> ModuleSpec:
    return ModuleSpec(name, loader, is_package=package)


class AliasFinder:
    """Finds `ai.chronon` and what is below it, and `ai` where there is no such package."""

    def __init__(self, wins: bool) -> None:
        self.wins = wins  # over an installed chronon-ai

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: Any = None
    ) -> ModuleSpec | None:
        """Part of the import system."""
        if name == "ai":
            return None if PathFinder.find_spec(name) else _spec(name, _Folder(), True)
        if name == _THEIRS:
            if not self.wins and PathFinder.find_spec(name, path) is not None:
                return None
        elif not name.startswith(_THEIRS + ".") or not _is_ours(_THEIRS):
            return None
        own = _OURS + name[len(_THEIRS) :]
        try:
            module = importlib.import_module(own)
        except ModuleNotFoundError as error:
            if error.name != own:
                raise
            return None
        return _spec(name, _Alias(module), hasattr(module, "__path__"))


def _is_ours(name: str) -> bool:
    module = sys.modules.get(name)
    return module is not None and module.__name__.startswith(_OURS)


def impose() -> None:
    """From now on `ai.chronon` is ours, whatever is installed."""
    _install(wins=True)
    for name in [name for name in sys.modules if name.startswith(_THEIRS)]:
        if not _is_ours(name):
            del sys.modules[name]


def offer() -> None:
    """From now on `ai.chronon` is ours where nothing else provides it."""
    _install(wins=False)


def _install(wins: bool) -> None:
    installed = [finder for finder in sys.meta_path if isinstance(finder, AliasFinder)]
    if installed:
        installed[0].wins = installed[0].wins or wins
    else:
        sys.meta_path.insert(0, AliasFinder(wins))
