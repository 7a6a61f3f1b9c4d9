#!/usr/bin/env python3
"""Runs clang-tidy over src/, cli/ and python/; files that did not change since are not read again.

Without it: clang-tidy takes seconds a file, so it is run weekly, and its findings come when nobody
remembers the code. What counts as "changed" is the file, what it includes of ours, how it is
compiled, and the checks.

usage: tidy.py BUILD-FOLDER [FILE...]
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

CACHE = pathlib.Path(".deps/cache/clang-tidy")
ROOT = pathlib.Path.cwd()
# What gcc knows and clang does not; and ccache, which is no compiler.
GCC_ONLY = {"-fanalyzer", "-Wlogical-op", "-Wduplicated-cond"}


def ours(build: pathlib.Path) -> "dict[pathlib.Path, list[str]]":
    """Each file of ours that is compiled, and how."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        if source.suffix != ".c" or not source.is_relative_to(ROOT):
            continue
        if source.relative_to(ROOT).parts[0] in ("src", "cli", "python"):
            found[source] = shlex.split(entry["command"])
    return found


def state_of(source: pathlib.Path, command: "list[str]", build: pathlib.Path) -> str:
    """A digest of everything the answer depends on."""
    flags = [x for x in command[1:] if x.startswith(("-I", "-D", "-isystem", "-std"))]
    paired = [b for a, b in zip(command, command[1:]) if a == "-isystem"]
    flags += [x for folder in paired for x in ("-isystem", folder)]
    flags = [x for x in flags if x != "-isystem"] + [f"-isystem{x}" for x in paired]
    ran = subprocess.run(
        ["gcc", "-MM", *flags, str(source)], cwd=build, capture_output=True, text=True
    )
    names = ran.stdout.replace("\\\n", " ").split()[1:] or [str(source)]
    digest = hashlib.sha256(" ".join(command).encode())
    digest.update((ROOT / ".clang-tidy").read_bytes() + (ROOT / "tools/analyzer.h").read_bytes())
    for name in names:
        digest.update((build / name).read_bytes())
    return digest.hexdigest()


def check(source: pathlib.Path, command: "list[str]", build: pathlib.Path) -> str:
    """What clang-tidy finds in the file; "" when nothing."""
    stamp = CACHE / state_of(source, command, build)
    if stamp.exists():
        return ""
    told = ["--extra-arg=-Wno-everything"]
    if source.is_relative_to(ROOT / "src") and not source.is_relative_to(ROOT / "src/base"):
        told.append(f"--extra-arg=-include{ROOT / 'tools/analyzer.h'}")
    ran = subprocess.run(
        ["clang-tidy", "--quiet", "-p", str(build), *told, str(source)],
        capture_output=True,
        text=True,
    )
    if ran.returncode == 0:
        stamp.touch()
        return ""
    return ran.stdout.strip() or ran.stderr.strip()


def main() -> int:
    build = pathlib.Path(sys.argv[1]).resolve()
    only = {pathlib.Path(x).resolve() for x in sys.argv[2:]}
    CACHE.mkdir(parents=True, exist_ok=True)
    work = [(s, c, build) for s, c in sorted(ours(build).items()) if not only or s in only]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        findings = [x for x in pool.map(lambda job: check(*job), work) if x]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
