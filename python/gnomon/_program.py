"""`gnomon` of a wheel: becomes the program that lies in the package, beside the engine."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    package = Path(__file__).resolve().parent
    os.environ.setdefault("GNOMON_ENGINE_PATH", str(package))
    os.environ.setdefault("GNOMON_PYTHON", sys.executable)
    os.execv(package / "gnomon", ["gnomon", *sys.argv[1:]])
