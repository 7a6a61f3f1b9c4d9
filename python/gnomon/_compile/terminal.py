"""What the compiler says to people: upstream's lines for objects, carets for problems."""

from __future__ import annotations

import json
import os
import sys

from gnomon.chronon._problem import ERROR, NOTE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

_BLUE, _GREEN, _YELLOW, _RED, _BOLD, _OFF = (
    "\033[34m",
    "\033[32m",
    "\033[33m",
    "\033[91m",
    "\033[1m",
    "\033[0m",
)
_LABEL = 25  # columns of the label before the dash


def wants_colour(stream: TextIO) -> bool:
    """Whether a stream is to be coloured: terminals are, unless the environment says otherwise."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


class Printer:
    """Prints to one stream, in colour where that is wanted."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._colour = wants_colour(stream)

    def line(self, text: str = "") -> None:
        """A line as it is."""
        self.stream.write(text + "\n")

    def labelled(self, label: str, value: str) -> None:
        """`           GroupBy Team - fleet`"""
        self.line(f"{label:>{_LABEL}} - {self.painted(_BLUE, value)}")

    def warning(self, text: str) -> None:
        """A line in yellow."""
        self.line(self.painted(_YELLOW, text))

    def error(self, label: str, value: str) -> None:
        """A labelled line in red."""
        self.line(self.painted(_RED, f"{label:>{_LABEL}} - {value}"))

    def names(self, label: str, value: str) -> None:
        """A labelled list of columns."""
        self.line(f"{label:>{_LABEL}} - {self.painted(_GREEN, value)}")

    def tables(self, label: str, tables: dict[str, Any]) -> None:
        """A labelled JSON object between the marks that scripts look for."""
        pad = " " * (_LABEL + 2)
        text = "\n".join(pad + line for line in json.dumps(tables, indent=2).splitlines())
        start, end = "json.start", "json.end\n"
        self.line(f"{label:>{_LABEL}} - \n{start:>{_LABEL}} ")
        self.line(f"{self.painted(_GREEN, text)} \n{end:>{_LABEL}}")

    def painted(self, colour: str, text: str) -> str:
        """Text in a colour, or as it is."""
        return f"{colour}{text}{_OFF}" if self._colour else text

    def problem(self, entry: dict[str, Any]) -> None:
        """A problem with its line and a caret, from its record."""
        colour = {ERROR: _RED, NOTE: _BLUE}.get(entry["severity"], _YELLOW)
        head = self.painted(colour, f"{entry['severity']}[{entry['code']}]")
        self.line(f"{head}: {self.painted(_BOLD, entry['message'])}")
        if entry["file"]:
            self._place(entry, colour)
        if entry["hint"]:
            self.line(f"   = help: {entry['hint']}")
        if entry["severity"] == ERROR:
            self.line(f"   = more: gnomon explain {entry['code']}")

    def _place(self, entry: dict[str, Any], colour: str) -> None:
        where = entry["file"]
        for part in ("line", "col"):
            if entry[part]:
                where += f":{entry[part]}"
        self.line(f"  --> {where}")
        if entry["source"]:
            gutter = len(str(entry["line"]))
            self.line(f"{' ' * gutter} |")
            self.line(f"{entry['line']} | {entry['source']}")
            if entry["col"]:
                width = max(1, entry["end_col"] - entry["col"])
                indent = "".join(
                    "\t" if letter == "\t" else " "
                    for letter in entry["source"][: entry["col"] - 1]
                )
                self.line(f"{' ' * gutter} | {indent}{self.painted(colour, '^' * width)}")


def ask(question: str, default: bool) -> bool:
    """A yes-or-no question at the terminal; Enter takes the default."""
    choices = "[Y/n]" if default else "[y/N]"
    while True:
        sys.stderr.write(f"{question} {choices}: ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
        word = answer.strip().lower()
        if not answer or not word:
            return default
        if word in ("y", "yes", "n", "no"):
            return word[0] == "y"
