"""Files: written whole or not at all."""

from __future__ import annotations

import contextlib
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .compiler import Compiled


def publish(path: str, text: str) -> None:
    """Replaces a file in one step; a reader, or a crash, sees the old text or the new."""
    folder, name = os.path.split(path)
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def write_all(root: str, objects: Iterable[Compiled], rewrite: bool = False) -> int:
    """Writes the texts that differ from what is there, or all; gives the number of files."""
    count = 0
    for compiled in objects:
        if compiled.text and (rewrite or compiled.old_text != compiled.text):
            publish(os.path.join(root, compiled.output), compiled.text)
            count += 1
    return count


def difference(compiled: Compiled) -> list[str]:
    """The unified diff of an object's file, old to new; empty when it stays."""
    if not compiled.text or compiled.text == compiled.old_text:
        return []
    from difflib import unified_diff

    old: str | None = compiled.old_text
    return list(
        unified_diff(
            [] if old is None else old.splitlines(),
            compiled.text.splitlines(),
            "/dev/null" if old is None else f"a/{compiled.output}",
            f"b/{compiled.output}",
            lineterm="",
        )
    )
