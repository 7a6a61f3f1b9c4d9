"""Where each part of a compiled file was written: `.gnomon/positions/<compiled file>.json`.

The program checks compiled files without Python. What it finds there it shows at the line of the
Python file, as long as the digests say that neither has changed since. It holds one JSON object:

    {
      "format": 1,
      "file": "group_bys/fleet/daily.py",
      "digests": {"group_bys/fleet/daily.py": "9f86d081…", "production/…/daily.v1": "fd61a03a…"},
      "positions": {"aggregations[2].inputColumn": [31, 22], "sources[0]": [4, 10, "shared.py"]}
    }

Files are relative to the repository's root; what was written outside of it has no position. To
find places takes longer than to compile, so a run over a whole large repository leaves them out:
they come when a file is compiled that somebody works on.
"""

from __future__ import annotations

import hashlib
import json
import os

from .output import publish

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .compiler import Compiled, Compiler

FORMAT = 1
FOLDER = ".gnomon/positions"
OBJECTS_MAX = 50  # of a run that notes positions; about 0.1 s


def keep(compiler: Compiler, objects: list[Compiled]) -> None:
    """Notes the positions of what was compiled; a folder that cannot be written does not matter."""
    if len(objects) > OBJECTS_MAX:
        return
    root = os.path.abspath(compiler.root)
    digests: dict[str, str | None] = {}
    for compiled in objects:
        if not compiled.text:
            continue
        source = os.path.join(compiler.root, compiled.unit.path)
        found = compiler.positions.of_object(compiled.obj, source)
        content = _content(root, compiled, found, digests)
        try:
            publish(os.path.join(root, FOLDER, compiled.output + ".json"), content)
        except OSError:
            return


def _content(
    root: str, compiled: Compiled, found: dict[str, Any], digests: dict[str, str | None]
) -> str:
    positions: dict[str, list[Any]] = {}
    files = {compiled.unit.path}
    for path, place in found.items():
        line, col, *other = place
        if other:
            file = os.path.relpath(other[0], root).replace(os.sep, "/")
            if file.startswith("../") or _digest(root, file, digests) is None:
                continue
            files.add(file)
            other = [file]
        positions[path] = [line, col, *other]
    held = {file: _digest(root, file, digests) for file in sorted(files)}
    held[compiled.output] = hashlib.sha256((compiled.text or "").encode()).hexdigest()
    entry = {"format": FORMAT, "file": compiled.unit.path, "digests": held, "positions": positions}
    return json.dumps(entry, separators=(",", ":"))


def _digest(root: str, file: str, digests: dict[str, str | None]) -> str | None:
    if file not in digests:
        try:
            with open(os.path.join(root, file), "rb") as opened:
                digests[file] = hashlib.sha256(opened.read()).hexdigest()
        except OSError:
            digests[file] = None
    return digests[file]
