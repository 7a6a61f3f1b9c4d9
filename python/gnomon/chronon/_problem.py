"""Problems in definitions, and the exception that carries them.

A check calls `report`. Inside a compile the problem is kept and the file goes on, so that one run
shows everything that is wrong; anywhere else an error is raised at once.
"""

from __future__ import annotations

from gnomon.chronon import _context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

ERROR, WARNING, NOTE = "error", "warning", "note"


class Problem:
    """One thing to tell the user.

    `subject` is the object at fault and `field` the path inside it (`windows[0].length`), from
    which the compile finds line and column; `file`, `line`, `col` and `end_col` (1-based, end
    exclusive) are set once known.
    """

    __slots__ = (
        "code",
        "col",
        "end_col",
        "error",
        "field",
        "file",
        "hint",
        "line",
        "message",
        "module",
        "severity",
        "site",
        "subject",
    )

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "",
        subject: Any = None,
        field: str = "",
        severity: str = ERROR,
    ) -> None:
        self.code = code
        self.severity = severity
        self.message = message
        self.hint = hint
        self.subject = subject
        self.field = field
        self.site = getattr(subject, "_at", None) or _context.call_site()
        self.file = ""
        self.line = 0
        self.col = 0
        self.end_col = 0
        self.module = ""
        self.error: BaseException | None = None  # what the user's code raised

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class DefinitionError(AssertionError, ValueError):
    """A definition breaks a rule. Catchable as the AssertionError or ValueError of chronon-ai."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: list[Problem] = list(problems)
        super().__init__("\n".join(f"[{p.code}] {p}" for p in self.problems))


def report(problem: Problem) -> None:
    """Keeps a problem inside a compile; elsewhere raises an error, or logs what is less."""
    if _context.active is not None:
        _context.active.report(problem)
    elif problem.severity == ERROR:
        raise DefinitionError([problem])
    else:
        import logging

        logging.getLogger("gnomon").warning("%s", problem)


def fail(
    code: str, message: str, hint: str = "", subject: Any = None, field: str = ""
) -> DefinitionError:
    """The exception for a problem after which a builder cannot go on: `raise fail(…)`."""
    return DefinitionError([Problem(code, message, hint, subject, field)])


def require_list_of(kind: str, values: Any, what: str, example: str) -> None:
    """Refuses a list argument that is no list or holds something else than `kind`."""
    if values is None:
        return
    if type(values).__name__ == kind:
        raise fail("GD010", f"{what} must be a list, not one {kind}", f"write {what}=[…]")
    if isinstance(values, (str, dict)) or not hasattr(values, "__iter__"):
        raise fail("GD010", f"{what} must be a list of {kind}", f"write {what}=[{example}]")
    for index, value in enumerate(values):
        if not any(base.__name__ == kind for base in type(value).__mro__):
            raise fail(
                "GD010",
                f"{what}[{index}] must be a {kind}, not {value!r}"[:200],
                f"write {example}",
            )


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like `word`, if any is near enough to be a slip of the pen."""
    from difflib import get_close_matches

    found = get_close_matches(word, list(choices), 1, 0.6)
    return found[0] if found else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """A hint that names the nearest choice; '' when nothing is near."""
    best = nearest(word, choices)
    return f"did you mean '{best}'?" if best else ""
