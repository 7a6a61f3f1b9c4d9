"""What surrounds the building of objects: nothing in a notebook, a `Context` inside a compile.

The builders ask here where they were called from, which definition file is running, and whom to
tell about a problem. Outside a compile every answer is cheap and empty.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Callable, NamedTuple, Protocol

    from gnomon.chronon._problem import Problem

    class Site(NamedTuple):
        """A call in the user's code that made an object.

        `lasti` is the byte offset of the call in `code`; `builder` is the code of the function that
        was called, None for a struct's own constructor; `module` is the file that was running.
        """

        code: CodeType
        lasti: int
        line: int
        builder: CodeType | None
        module: str

    class Context(Protocol):
        """One compile: it knows the repository and the definition file that is running."""

        root: str

        def module(self) -> str:
            """Name of the repository module that is being executed; '' when none is."""

        def reachable(self) -> list[str]:
            """That module and all it imports, in the order in which a fresh process loads them."""

        def report(self, problem: Problem) -> None:
            """Keeps a problem for the end of the compile."""

        def change(self, owner: Any, target: Any, apply: Callable[[], None]) -> None:
            """See the function of that name."""


else:

    def Site(*parts):
        return parts


_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

active: Context | None = None


def call_site() -> Site | None:
    """The innermost call made by a definition file, or by what it calls; None outside a compile."""
    if active is None or not active.module():
        return None
    called = sys._getframe(1)
    frame = called
    while frame.f_code.co_filename.startswith(_PACKAGE):
        if frame.f_back is None:
            return None
        called, frame = frame, frame.f_back
    builder = None if called.f_code.co_name == "__init__" else called.f_code
    return Site(frame.f_code, frame.f_lasti, frame.f_lineno, builder, active.module())


def change(owner: Any, target: Any, apply: Callable[[], None]) -> None:
    """Runs `apply`, which changes attributes or dicts of `target`, a part of `owner`.

    A file may change an object that another file made (a source without the columns it needs, a
    GroupBy without a name). The compile takes such changes back before it turns to a file that
    does not import the changer, so that what a file compiles to depends on that file alone.
    """
    if active is None:
        apply()
    else:
        active.change(owner, target, apply)
