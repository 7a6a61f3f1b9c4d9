"""Which definitions are up to date: `<repository>/.gnomon/compile.json`.

A definition file need not be run again while all that went into its compiled files, and these
themselves, are as they were. The C program checks this file before it starts Python. It holds one
JSON object:

    {
      "format": 1,                      this description; another number: ignore the file
      "version": "0.1.0",               gnomon's version; another one: ignore the file
      "output_root": "production",      the folder of compiled files; another one: ignore the file
      "files": {                        SHA-256 (hex) of every file below, path relative to the root
        "group_bys/fleet/daily.py": "9f86d081…",
        "group_bys/fleet/sources.py": "60303ae2…",
        "production/group_bys/fleet/daily.v1": "fd61a03a…",
        "teams.json": "a4e624d6…"
      },
      "units": {                        one entry a definition file that compiled without error
        "group_bys/fleet/daily.py": {
          "inputs": ["group_bys/fleet/daily.py", "group_bys/fleet/sources.py", "teams.json"],
          "outputs": ["production/group_bys/fleet/daily.v1"],
          "objects": [["GroupBy", "fleet.daily.v1", "production/group_bys/fleet/daily.v1"]]
        }
      }
    }

A unit is up to date when it is listed and each of its inputs and outputs exists with the digest in
`files`. `inputs` are the file, the repository's modules that it imports, directly or not, files of
the repository that they read, and teams.json; installed packages and environment variables are not
watched. A file with a warning is not listed, so that the warning comes again. What is compiled with
force, or to show features or tables, does not ask the cache. A cache that cannot be read counts as
empty; it may be removed at any time.
"""

from __future__ import annotations

import hashlib
import json
import os

from gnomon import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from gnomon._compile.compiler import Compiled

FORMAT = 1
FOLDER = ".gnomon"
FILE = "compile.json"


class Cache:
    """The cache of one repository and output folder."""

    def __init__(self, root: str, output_root: str) -> None:
        self.root = os.path.abspath(root)
        self.path = os.path.join(self.root, FOLDER, FILE)
        self._head = {"format": FORMAT, "version": __version__, "output_root": output_root}
        self._now: dict[str, str | None] = {}
        content = self._read()
        self._files: dict[str, str] = content.get("files", {})
        self.units: dict[str, dict[str, Any]] = content.get("units", {})

    def _read(self) -> dict[str, Any]:
        try:
            with open(self.path, encoding="utf-8") as file:
                content = json.load(file)
        except (OSError, ValueError):
            return {}
        if not isinstance(content, dict):
            return {}
        same = all(content.get(key) == value for key, value in self._head.items())
        return content if same else {}

    def is_fresh(self, unit: str) -> bool:
        """Whether a definition file (relative to the root) is up to date."""
        entry = self.units.get(unit)
        if entry is None:
            return False
        return all(
            self._digest(path) == self._files.get(path, "")
            for path in (*entry["inputs"], *entry["outputs"])
        )

    def forget(self, unit: str) -> None:
        """The file is no longer up to date."""
        self.units.pop(unit, None)

    def keep(self, unit: str, inputs: Sequence[str], objects: Sequence[Compiled]) -> None:
        """The file is up to date from now on; `objects` are those that it compiled to."""
        listed = [[obj.kind, obj.name, obj.output] for obj in objects]
        outputs = sorted(obj.output for obj in objects)
        self.units[unit] = {"inputs": list(inputs), "outputs": outputs, "objects": listed}
        for obj in objects:
            self._now[obj.output] = hashlib.sha256(obj.text.encode()).hexdigest()

    def save(self) -> None:
        """Writes the cache; a folder that cannot be written does not matter."""
        self.units = {unit: e for unit, e in self.units.items() if self._digest(unit) is not None}
        paths: list[str] = sorted(
            {p for u in self.units.values() for p in (*u["inputs"], *u["outputs"])}
        )
        files = {}
        for path in paths:
            digest = self._digest(path)
            if digest is not None:
                files[path] = digest
        content = {**self._head, "files": files, "units": self.units}
        try:
            from gnomon._compile.output import publish

            ignore = os.path.join(self.root, FOLDER, ".gitignore")
            if not os.path.exists(ignore):
                publish(ignore, "*\n")
            publish(self.path, json.dumps(content, separators=(",", ":"), sort_keys=True))
        except OSError:
            pass

    def _digest(self, path: str) -> str | None:
        if path not in self._now:
            try:
                with open(os.path.join(self.root, path), "rb") as file:
                    self._now[path] = hashlib.sha256(file.read()).hexdigest()
            except OSError:
                self._now[path] = None
        return self._now[path]
