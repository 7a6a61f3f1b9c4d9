"""What `meson install` installs, as programs of others find it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GNOMON = Path(os.environ.get("GNOMON", ROOT / "build" / "release" / "cli" / "gnomon"))
BUILD = GNOMON.parents[1]
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


class Installed:
    """An installation below a folder, as a package's build makes one."""

    def __init__(self, folder: Path) -> None:
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", folder)
        self.folder = folder
        self.libraries = next(folder.rglob("libgnomon.so")).parent

    def flags(self, package: str, *options: str) -> list[str]:
        """What pkg-config says, with this folder as the root of the system."""
        search = str(self.libraries / "pkgconfig")
        text = run(
            *("pkg-config", *options, package),
            PKG_CONFIG_PATH=search,
            PKG_CONFIG_SYSROOT_DIR=str(self.folder),
        )
        return text.split()

    def run(self, program: Path, *words: str, **environment: str) -> str:
        return run(program, *words, LD_LIBRARY_PATH=str(self.libraries), **environment)
