"""`gnomon` of a wheel: becomes the program that lies in the package, beside the library."""

from __future__ import annotations

import os
import sys


def find() -> str:
    """The path of the program: in the package, or where an editable installation was built."""
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gnomon")
    if os.path.isfile(beside):
        return beside
    from importlib import resources

    return str(resources.files("gnomon").joinpath("gnomon"))


def main() -> None:
    """Becomes the program. `gnomon compile` is to run this very Python."""
    os.environ.setdefault("GNOMON_PYTHON", sys.executable)
    os.execv(find(), ["gnomon", *sys.argv[1:]])
