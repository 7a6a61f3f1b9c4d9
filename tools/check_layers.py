#!/usr/bin/env python3
"""Names every call and include that goes the wrong way between modules.

Without it: an upward call links as long as some program happens to link both modules, and is found
when somebody tries to use the lower one alone; and an outside library's header spreads from the
one folder that can be replaced to many.

usage: check_layers.py BUILD-FOLDER
"""

import pathlib
import re
import subprocess
import sys

BELOW_PLAN = {"def", "agg", "expr", "data", "wire", "base"}
INTERFACES = BELOW_PLAN | {"plan", "engine", "table", "store"}

# Who may use whom. A driver (engine/duckdb) may use its interface and what that may use.
MAY_USE = {
    "base": set(),
    "data": {"base"},
    "wire": {"data", "base"},
    "def": {"agg", "expr", "data", "wire", "base"},
    "agg": {"data", "wire", "base"},
    "expr": {"data", "wire", "base"},
    "plan": BELOW_PLAN,
    "sparkconnect": {"wire", "data", "base"},
    "adbc": {"sparkconnect", "data", "wire", "base"},
    "engine": BELOW_PLAN | {"plan"},
    "table": {"engine", "data", "wire", "base"},
    "store": {"data", "wire", "base"},
    "flow": INTERFACES,
    "serve": INTERFACES | {"flow"},
    "job": INTERFACES | {"flow"},
    "registry": {"def", "data", "base"},
}

# Each outside library has one folder; zstd is small, and used as pages and as plans ask for it.
OUTSIDE_HEADERS = {
    "adbc.h": "src/adbc",
    "duckdb.h": "src/engine/duckdb",
    "lmdb.h": "src/store/lmdb",
    "nanoarrow/": "src/data",
    "xxhash.h": "src/base",
    "yyjson.h": "src/wire",
    "yaml.h": "src/wire",
    "nghttp2/": "src/wire",
    "openssl/": "src/wire",
    "protobuf-c/": "src/sparkconnect",
    "curl/": "src/wire",
    "zlib.h": "src/wire",
    "zstd.h": ("src/table", "src/sparkconnect"),
    "Python.h": "python",
    "cmocka.h": "tests/kit",
    "microhttpd.h": "src/serve/mhd",
}

# What no module but base calls: memory goes through gn_alloc, text and numbers through base.
BANNED = {
    *("malloc", "calloc", "realloc", "reallocarray", "free", "strdup", "strndup"),
    *("strcpy", "strcat", "strncpy", "strncat", "strtok", "sprintf", "vsprintf", "gets"),
    *("atoi", "atol", "atof", "strtol", "strtoll", "strtoul", "strtoull", "strtod", "strtof"),
    *("gmtime", "localtime", "ctime", "mktime", "setlocale"),
    *("rand", "srand", "random", "printf", "puts", "putchar"),
}


def module_of(path: pathlib.PurePath) -> str:
    """src/store/lmdb/x.c is of "store/lmdb", src/data/nanoarrow/... of "data"."""
    parts = path.parts[path.parts.index("src") + 1 : -1]
    driver = len(parts) > 1 and parts[0] in ("engine", "table", "store")
    return "/".join(parts[:2]) if driver else parts[0]


def top(module: str) -> str:
    return module.split("/")[0]


def may_use(user: str, used: str) -> bool:
    if user == used:
        return True
    kind = top(user)
    if "/" in used:  # a driver: nobody but its own interface, which lists them, names it
        return top(used) == user
    return used in MAY_USE.get(kind, set()) or used == kind


def symbols(archive: pathlib.Path, which: str) -> "list[tuple[str, str]]":
    """(object, symbol) pairs; "defined" or "undefined"."""
    ran = subprocess.run(
        ["nm", "--print-file-name", "--extern-only", f"--{which}-only", str(archive)],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [x.rsplit(":", 1) for x in ran.stdout.splitlines()]
    return [(where, rest.split()[-1]) for where, rest in lines]


def plain(symbol: str) -> str:
    """The name as written in C: the fortified variants lose their dress."""
    dressed = re.fullmatch(r"__(?:isoc99_)?(\w+?)(?:_chk)?", symbol)
    return dressed.group(1) if dressed else symbol


def wrong_calls(build: pathlib.Path) -> "list[str]":
    archives = sorted((build / "src").rglob("libgni_*.a"))
    archives += sorted((build / "src").rglob("libgnomon-*-*.a"))  # drivers in modules of their own
    if not archives:
        return [f"{build} has no libgni_*.a: build first"]
    owners: dict[str, list[str]] = {}
    for archive in archives:
        for _, symbol in symbols(archive, "defined"):
            owners.setdefault(symbol, []).append(module_of(archive))
    problems = set()
    for archive in archives:
        user = module_of(archive)
        for where, symbol in symbols(archive, "undefined"):
            used = owners.get(symbol, [])
            if used and not any(may_use(user, x) for x in used):
                problems.add(f"{user} uses {symbol} of {used[0]}")
            elif symbol.startswith("gnp_") and used and top(user) not in map(top, used):
                problems.add(f"{user} uses {symbol}, which is private to {used[0]}")
            if plain(symbol) in BANNED and user != "base" and ".deps" not in where:
                object_name = where.rsplit(":", 1)[-1]
                problems.add(
                    f"{user} calls {plain(symbol)}, which base is there for ({object_name})"
                )
    return sorted(problems)


def wrong_include(path: pathlib.Path, line: str, modules: "set[str]") -> "str | None":
    found = re.match(r'\s*#\s*include\s*([<"])([^">]+)', line)
    if not found:
        return None
    bracket, header = found.groups()
    for outside, folder in OUTSIDE_HEADERS.items():
        hit = header == outside or (outside.endswith("/") and header.startswith(outside))
        folders = folder if isinstance(folder, tuple) else (folder,)
        if hit and not any(str(path).startswith(f + "/") for f in folders):
            return f"<{header}> belongs to {' and '.join(f'{f}/' for f in folders)}"
    if path.parts[0] in ("cli", "python", "examples"):
        public = bracket == "<" or header.split("/")[0] not in modules
        return None if public else f'"{header}" is inside the library; use <gnomon/...>'
    if path.parts[0] != "src" or bracket == "<" or header.split("/")[0] not in modules:
        return None
    user, used = module_of(path), module_of(pathlib.PurePath("src", header))
    if not may_use(user, used):
        return f'{user} must not know "{header}"'
    if header.endswith("_private.h") and top(user) != top(used):
        return f'"{header}" is private to {used}'
    return None


def wrong_includes(root: pathlib.Path) -> "list[str]":
    modules = {p.name for p in (root / "src").iterdir() if p.is_dir()}
    problems = []
    for folder in ("src", "cli", "python", "examples", "tests"):
        for path in sorted((root / folder).rglob("*.[ch]")):
            inside = path.relative_to(root)
            for number, line in enumerate(path.read_text().splitlines(), 1):
                problem = wrong_include(inside, line, modules)
                if problem:
                    problems.append(f"{inside}:{number}: {problem}")
    return problems


def main() -> int:
    problems = wrong_calls(pathlib.Path(sys.argv[1])) + wrong_includes(pathlib.Path.cwd())
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
