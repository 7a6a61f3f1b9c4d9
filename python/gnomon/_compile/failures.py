"""Exceptions in users' files, as problems at the user's line with a hint."""

from __future__ import annotations

import os
import sys

from gnomon.chronon._problem import DefinitionError, Problem, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any

_OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def problems_of(error: BaseException, root: str, path: str) -> list[Problem]:
    """What went wrong while the file at `path` ran, at the innermost line of the repository."""
    if isinstance(error, DefinitionError):
        problems = error.problems
    elif isinstance(error, SyntaxError) and error.filename:
        return [_syntax_error(error)]
    else:
        problems = [_problem(error, root)]
        problems[0].error = error
    file, line, col, end_col = _innermost(error.__traceback__, root) or (path, 1, 0, 0)
    for problem in problems:
        if not problem.file and problem.site is None:
            problem.file, problem.line = file, line
            problem.col, problem.end_col = col, end_col
    return problems


def _syntax_error(error: SyntaxError) -> Problem:
    problem = Problem("GD003", f"this is not Python: {error.msg}")
    problem.file = error.filename or ""
    problem.line = error.lineno or 1
    problem.col = error.offset or 0
    end = getattr(error, "end_offset", None) or 0
    problem.end_col = end if end > problem.col else 0
    return problem


def _problem(error: BaseException, root: str) -> Problem:
    text = str(error)
    if isinstance(error, ModuleNotFoundError):
        return _module_not_found(error, root)
    if isinstance(error, ImportError):
        return _bad_import(error, root)
    if isinstance(error, (NameError, AttributeError)):
        return Problem("GD004", text, _name_hint(error))
    if isinstance(error, SystemExit):
        return Problem("GD002", "the file ends the program", "remove the call of sys.exit")
    if isinstance(error, TypeError) and "()" in text:
        return Problem("GD011", f"wrong arguments: {text}", _argument_hint(error))
    return Problem("GD002", f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _module_not_found(error: ModuleNotFoundError, root: str) -> Problem:
    name = error.name or ""
    top = name.split(".")[0]
    message = f"module '{name}' is not found" if name else str(error)
    if name.startswith("ai."):
        hint = "gnomon provides ai.chronon's definition modules; this one is not among them"
    elif os.path.isdir(os.path.join(root, top)):
        near = did_you_mean(name, _modules_under(root, top))
        hint = near or f"there is no such file under {top}/; imports start at the repository's root"
    else:
        hint = (
            f"install it for {sys.executable}, or add its folder to PYTHONPATH; "
            f"modules of the repository are found from {root}"
        )
    return Problem("GD001", message, hint)


def _modules_under(root: str, top: str) -> Iterator[str]:
    from gnomon._compile.loader import module_name, python_files

    for path in python_files(os.path.join(root, top)):
        yield module_name(root, path)


def _bad_import(error: ImportError, root: str) -> Problem:
    """`from module import name` without such a name."""
    text = str(error)
    module = sys.modules.get(error.name or "")
    if not text.startswith("cannot import name '"):
        return Problem("GD004", f"import failed: {text}")
    name = text.split("'")[1]
    shown = (error.name or "").replace("gnomon.chronon", "ai.chronon")
    message = f"'{shown}' has no '{name}'"
    if "partially initialized" in text:
        hint = "two files import each other; move what both need into a third"
    else:
        hint = did_you_mean(name, [word for word in vars(module or os) if word[0] != "_"])
    return Problem("GD004", message, hint)


def _name_hint(error: Any) -> str:
    name = getattr(error, "name", None)
    if not name:
        return ""
    if isinstance(error, AttributeError):
        return did_you_mean(name, [word for word in dir(error.obj) if word[0] != "_"])
    frames = list(_frames(error.__traceback__))
    scope = {**frames[-1].tb_frame.f_globals, **frames[-1].tb_frame.f_locals} if frames else {}
    return did_you_mean(name, scope) or "is an import missing?"


def _argument_hint(error: TypeError) -> str:
    """For an unknown keyword: the parameter or field that it is nearest to."""
    text = str(error)
    if "unexpected keyword argument" not in text:
        return ""
    from gnomon.chronon import group_by, join, model, query
    from gnomon.chronon._struct import STRUCTS, names_of

    function = text.split("(")[0].split(".")[-1]
    word = text.split("'")[1]
    for module in (group_by, join, model, query):
        code = getattr(getattr(module, function, None), "__code__", None)
        parameters = code.co_varnames[: code.co_argcount] if code else ()
        if word in parameters:
            where = module.__name__.replace("gnomon", "ai", 1)
            return f"this {function} is the plain struct; import the one of {where} after it"
        near = did_you_mean(word, parameters)
        if near:
            return near
    return did_you_mean(word, names_of(STRUCTS[function])) if function in STRUCTS else ""


def _frames(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _innermost(traceback: TracebackType | None, root: str) -> tuple[str, int, int, int] | None:
    """File, line and columns of the innermost frame in the repository."""
    found = None
    for entry in _frames(traceback):
        file = entry.tb_frame.f_code.co_filename
        if file.startswith(root + os.sep) and not file.startswith(_OWN):
            found = entry
    if found is None:
        return None
    code = found.tb_frame.f_code
    file, line = code.co_filename, found.tb_lineno
    if sys.version_info >= (3, 11) and found.tb_lasti >= 0:
        first, last, col, end = list(code.co_positions())[found.tb_lasti // 2]
        if first == line and col is not None and end is not None:
            return file, line, col + 1, end + 1 if last == first else 0
    return file, line, 0, 0
