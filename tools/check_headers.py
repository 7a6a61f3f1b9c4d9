#!/usr/bin/env python3
"""Compiles each header alone: ours as C17, the public ones also as C99 and C++11.

Without it: a header that forgets an include works in every file that happens to include the right
thing first, and breaks in the user's; and a C17 word in a public header breaks C++ programs.

usage: check_headers.py BUILD-FOLDER
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wundef", "-Werror"]
PUBLIC = [
    ["gcc", "-std=c99", "-xc"],
    ["gcc", "-std=c17", "-D_POSIX_C_SOURCE=200809L", "-xc"],
    ["g++", "-std=c++11", "-xc++"],
]
INTERNAL = [["gcc", "-std=c17", "-D_POSIX_C_SOURCE=200809L", "-xc"]]


def includes(build: pathlib.Path) -> "list[str]":
    outside = [".deps/src", ".deps/src/yyjson", ".deps/duckdb/include", ".deps/src/adbc"]
    outside.append(str(build / "src/data"))
    outside.append(str(build / "src/sparkconnect/proto"))
    flags = ["-Iinclude", "-Isrc", "-Itests"]
    for folder in outside:
        flags += ["-isystem", folder]
    return flags


def compile_alone(header: pathlib.Path, compiler: "list[str]", flags: "list[str]") -> str:
    """What the compiler says of a file that is this one include, twice; "" when nothing."""
    text = f'#include "{header}"\n#include "{header}"\ntypedef int not_empty;\n'
    command = [*compiler, "-fsyntax-only", *WARNINGS, *flags, "-I.", "-"]
    ran = subprocess.run(command, input=text, capture_output=True, text=True)
    if ran.returncode == 0:
        return ""
    return f"{header} does not stand alone ({' '.join(compiler[:2])}):\n{ran.stderr}"


def jobs(build: pathlib.Path) -> "list[tuple[pathlib.Path, list[str], list[str]]]":
    public = [(h, c, ["-Iinclude"]) for h in pathlib.Path("include").rglob("*.h") for c in PUBLIC]
    flags = includes(build)
    internal = [
        (header, compiler, flags)
        for folder in ("src", "cli", "tests/kit")
        for header in pathlib.Path(folder).rglob("*.h")
        for compiler in INTERNAL
    ]
    return public + internal


def main() -> int:
    work = jobs(pathlib.Path(sys.argv[1]))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [p for p in pool.map(lambda job: compile_alone(*job), work) if p]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
