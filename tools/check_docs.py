#!/usr/bin/env python3
"""Checks that each public function says what a caller must know, in tags.

Without it: who frees what, and which codes a call can give, is found by reading the library's
source; and a code that was renamed lives on in the documentation.

A comment speaks for the declarations that follow it up to the next blank line, so that functions of
one kind are told once.
"""

import pathlib
import re
import sys

REQUIRED = ("own", "err", "thread", "since")
KNOWN = (*REQUIRED, "shape", "unit", "null", "cost", "source")
FUNCTION = re.compile(
    r"(?P<comment>/\*\*(?:(?!\*/).)*\*/)?\s*(?<!define )(?:GN|SPARKC)_API\s+(?P<text>[^;{]*)", re.S
)
CODE = re.compile(r"^\s*X\((?:E_)?(\w+),", re.MULTILINE)


def codes(root: pathlib.Path) -> "set[str]":
    files = [root / "include/gnomon/base.h", root / "include/sparkconnect/error.h"]
    return {x for file in files if file.exists() for x in CODE.findall(file.read_text())}


def tags(comment: str) -> "list[tuple[str, str]]":
    """("err", "NOTFOUND  no definition ...") and so on; text that continues is joined."""
    text = re.sub(r"^\s*\* ?", "", comment.strip("/* \n"), flags=re.MULTILINE)
    parts = re.split(r"^@(\w+)\s*", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2]))


def check_function(comment: str, name: str, known_codes: "set[str]") -> "list[str]":
    if not comment:
        return [f"{name} has no /** comment"]
    found = tags(comment)
    names = {tag for tag, _ in found}
    problems = [f"{name} lacks @{tag}" for tag in REQUIRED if tag not in names]
    problems += [f"{name} has @{tag}, which is no tag" for tag in sorted(names - set(KNOWN))]
    for tag, text in found:
        code = re.match(r"([A-Z]{2,})\b", text)
        if tag == "err" and code and code.group(1) not in known_codes:
            problems.append(f"{name} gives {code.group(1)}, which is no code of base.h")
        if not text.strip():
            problems.append(f"{name} says nothing after @{tag}")
    return problems


def check_header(path: pathlib.Path, known_codes: "set[str]") -> "list[str]":
    text = path.read_text()
    problems = []
    comment, told = "", 0
    for found in FUNCTION.finditer(text):
        name = re.search(r"(\w+)\s*\(", found["text"])
        if not name:
            continue
        if found["comment"] or "\n\n" in text[told : found.start("text")]:
            comment = found["comment"] or ""
        told = found.end()
        line = text.count("\n", 0, found.start("text")) + 1
        for problem in check_function(comment, name.group(1), known_codes):
            problems.append(f"{path}:{line}: {problem}")
    return problems


def main() -> int:
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    known_codes = codes(root)
    headers = sorted((root / "include").rglob("*.h"))
    problems = [p for header in headers for p in check_header(header, known_codes)]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
