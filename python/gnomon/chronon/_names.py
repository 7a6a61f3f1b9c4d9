"""Names of objects: module path and variable.

`group_bys/fleet/daily.py` with a variable `v1` is `fleet.daily.v1`, and its team is `fleet`. A
GroupBy gets its name when a JoinPart first needs it, so the module that holds it has to be found.
"""

from __future__ import annotations

import sys

from gnomon.chronon import _context
from gnomon.chronon._problem import fail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def object_name(module: ModuleType, obj: object) -> str | None:
    """The name of `obj` in a module; the last variable counts if several hold it."""
    variables = [variable for variable, value in vars(module).items() if value is obj]
    return f"{module.__name__.partition('.')[2]}.{variables[-1]}" if variables else None


def find_module(obj: object, folder: str) -> ModuleType | None:
    """The first loaded module under `folder` with a variable that holds `obj`.

    Inside a compile only modules that the running file imports are searched, in import order, so
    that the answer does not depend on what else is compiled.
    """
    names = list(sys.modules) if _context.active is None else _context.active.reachable()
    for name in names:
        module = sys.modules.get(name)
        if module is not None and name.startswith(folder) and object_name(module, obj):
            return module
    return None


def set_name(obj: Any, folder: str) -> bool:
    """Names `obj` after the module that holds it; False if none does."""
    module = find_module(obj, folder)
    if module is None:
        return False
    meta = obj.metaData
    name = object_name(module, obj)
    team = module.__name__.split(".")[1]

    def set_both() -> None:
        meta.name, meta.team = name, team

    if (meta.name, meta.team) != (name, team):
        _context.change(obj, meta, set_both)
    return True


def require_name(obj: Any, folder: str) -> None:
    """`set_name`, where an object without a module is an error."""
    if not set_name(obj, folder):
        kind = type(obj).__name__
        raise fail(
            "GD048",
            f"this {kind} has no name yet",
            f"assign it to a variable at the top level of a file under {folder}/ and import it",
            obj,
        )
