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

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: Any = None
    ) -> ModuleSpec | None:
        if name == "ai":
            if PathFinder.find_spec(name) is not None:
                return None
            return _spec(name, _Folder(), True)
        if name != _THEIRS and not name.startswith(_THEIRS + "."):
            return None
        own = _OURS + name[len(_THEIRS) :]
        try:
            module = importlib.import_module(own)
        except ModuleNotFoundError as error:
            if error.name != own:
                raise
            return None
        package = hasattr(module, "__path__")
        return _spec(name, _Alias(module), package)


def impose() -> None:
    """From now on `ai.chronon` is ours, whatever is installed."""
    if not any(isinstance(finder, AliasFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, AliasFinder())
    for name in [name for name in sys.modules if name.startswith(_THEIRS)]:
        if not sys.modules[name].__name__.startswith(_OURS):
            del sys.modules[name]


def offer() -> None:
    """From now on `ai.chronon` is ours where nothing else provides it."""
    if not any(isinstance(finder, AliasFinder) for finder in sys.meta_path):
        sys.meta_path.append(AliasFinder())
