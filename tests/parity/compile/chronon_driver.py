"""Answers cases with chronon-ai. Runs under the Python of the oracle's own environment.

Cases come on stdin, answers go to stdout, a JSON object a line: {"id", "refused", "files"}. Every
command runs in a process of its own (a fork, so that chronon-ai is imported once). `refused` is
true if a command failed or said that it could not write something; `files` are the compiled ones.
"""

import json
import os
import shutil
import sys
import tempfile

from ai.chronon.repo import compile as chronon_compile

REFUSALS = ("Could not write", "Cannot overwrite", "Failed to extract")


def run(folder, arguments):
    """One command in the repository: (exit status, what it printed)."""
    out = os.path.join(folder, ".out")
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        with open(out, "w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        sys.path.insert(0, folder)
        status = 1
        try:
            chronon_compile.extract_and_convert.main(
                [*arguments, "--chronon_root", folder, "-y"], standalone_mode=False
            )
            status = 0
        except BaseException as error:  # every failure is an answer
            print(f"{type(error).__name__}: {error}")
        sys.stdout.flush()
        os._exit(status)
    _, state = os.waitpid(child, 0)
    with open(out) as file:
        text = file.read()
    os.unlink(out)
    return state, text


def write(folder, files):
    """Writes a repository's files."""
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def compiled_files(folder):
    """The files below the output folder, as text."""
    found = {}
    for top in ("production", "out"):
        for path, _, names in os.walk(os.path.join(folder, top)):
            for name in names:
                full = os.path.join(path, name)
                with open(full, encoding="utf-8") as file:
                    found[os.path.relpath(full, folder)] = file.read()
    return dict(sorted(found.items()))


def answer(case):
    """The answer to one case."""
    folder = tempfile.mkdtemp()
    try:
        refused = False
        for files, arguments in case["stages"]:
            write(folder, files)
            state, text = run(folder, arguments)
            refused = refused or state != 0 or any(word in text for word in REFUSALS)
        return {"id": case["id"], "refused": refused, "files": compiled_files(folder)}
    finally:
        shutil.rmtree(folder)


def surface():
    """chronon-ai's builders with their parameters, its structs and its enumerations."""
    from ai.chronon import group_by, join, model, query, staging_query
    from ai.chronon.api import ttypes

    builders = {}
    for module in (group_by, join, model, query, staging_query):
        for name, value in vars(module).items():
            code = getattr(value, "__code__", None)
            if code and (name[0].isupper() or name in ("select", "get_staging_query_dependencies")):
                names = list(code.co_varnames[: code.co_argcount])
                names += ["*"] * bool(code.co_flags & 4) + ["**"] * bool(code.co_flags & 8)
                builders[name] = names
    classes = [(name, value) for name, value in vars(ttypes).items() if isinstance(value, type)]
    structs = {
        name: [[row[0], row[2]] for row in value.thrift_spec if row]
        for name, value in classes
        if hasattr(value, "thrift_spec") and value.__module__ == ttypes.__name__
    }
    enums = {
        name: value._NAMES_TO_VALUES
        for name, value in classes
        if hasattr(value, "_NAMES_TO_VALUES") and value.__module__ == ttypes.__name__
    }
    return {"builders": builders, "structs": structs, "enums": enums}


def main():
    """Answers all cases, or says what there is."""
    if "--surface" in sys.argv:
        print(json.dumps(surface(), sort_keys=True))
        return
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line)), sort_keys=True), flush=True)


if __name__ == "__main__":
    main()
