"""Each check script meets a planted mistake, and says so; and a clean repository, and is silent."""

import json
import pathlib
import subprocess
import sys

import pytest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"


class Repository:
    """A small repository in a temporary folder."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.write("include/gnomon/base.h", BASE_HEADER)

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def archive(self, module: str, code: str) -> None:
        """Compiles `code` into the module's static library, as the build would."""
        folder = self.root / "build/src" / module
        folder.mkdir(parents=True)
        source = folder / "part.c"
        source.write_text(code)
        subprocess.run(["gcc", "-c", source, "-o", folder / "part.o"], check=True)
        library = folder / f"libgni_{module.replace('/', '_')}.a"
        subprocess.run(["ar", "rc", library, folder / "part.o"], check=True)

    def run(self, script: str, *arguments: str) -> "tuple[int, str]":
        ran = subprocess.run(
            [sys.executable, TOOLS / script, *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
        )
        return ran.returncode, ran.stdout + ran.stderr


BASE_HEADER = """\
/* SPDX-License-Identifier: Apache-2.0 */
#define GN_API
#define GN_CODES(X)            \\
  X(OK, 0)                     \\
  X(E_ARG, -1)
"""

GOOD_FUNCTION = """\
/**
 * Adds one.
 *
 * @own    nothing
 * @err    ARG  the number is too large
 * @thread any
 * @since  0.1
 */
GN_API int gn_more(int number);
"""


@pytest.fixture
def repository(tmp_path: pathlib.Path) -> Repository:
    return Repository(tmp_path)


# ---- layers


def test_a_call_downward_is_fine(repository: Repository) -> None:
    (repository.root / "src").mkdir()
    repository.archive("base", "int gni_low(void) { return 1; }")
    repository.archive("data", "int gni_low(void); int gni_data(void) { return gni_low(); }")
    assert repository.run("check_layers.py", "build") == (0, "")


def test_a_call_upward_is_named(repository: Repository) -> None:
    (repository.root / "src").mkdir()
    repository.archive("store", "int gni_store_close(void) { return 1; }")
    repository.archive(
        "agg", "int gni_store_close(void); int f(void) { return gni_store_close(); }"
    )
    status, said = repository.run("check_layers.py", "build")
    assert status == 1
    assert "agg uses gni_store_close of store" in said


def test_a_call_from_driver_to_driver_is_named(repository: Repository) -> None:
    (repository.root / "src").mkdir()
    repository.archive("store/lmdb", "int gni_there(void) { return 1; }")
    repository.archive("store/memory", "int gni_there(void); int f(void) { return gni_there(); }")
    status, said = repository.run("check_layers.py", "build")
    assert status == 1
    assert "store/memory uses gni_there of store/lmdb" in said


def test_malloc_outside_base_is_named(repository: Repository) -> None:
    (repository.root / "src").mkdir()
    code = "void *malloc(unsigned long); void *f(void) { return malloc(1); }"
    repository.archive("base", code)
    repository.archive("wire", code.replace("f(", "g("))
    status, said = repository.run("check_layers.py", "build")
    assert status == 1
    assert "wire calls malloc" in said
    assert "base calls" not in said


def test_no_build_is_no_pass(repository: Repository) -> None:
    (repository.root / "src").mkdir()
    status, said = repository.run("check_layers.py", "build")
    assert status == 1
    assert "build first" in said


@pytest.mark.parametrize(
    ("path", "line", "said"),
    [
        ("src/agg/a.c", '#include "store/store.h"', 'agg must not know "store/store.h"'),
        ("src/flow/a.c", "#include <lmdb.h>", "<lmdb.h> belongs to src/store/lmdb/"),
        ("src/flow/a.c", '#include "agg/agg_private.h"', "is private to agg"),
        ("cli/main.c", '#include "agg/agg.h"', "is inside the library"),
    ],
)
def test_an_include_of_the_wrong_thing_is_named(
    repository: Repository, path: str, line: str, said: str
) -> None:
    repository.archive("base", "int gni_low(void) { return 1; }")
    for module in ("agg", "store", "flow"):
        (repository.root / "src" / module).mkdir(parents=True)
    repository.write(path, line + "\n")
    status, output = repository.run("check_layers.py", "build")
    assert status == 1
    assert f"{path}:1: " in output
    assert said in output


# ---- headers


def test_headers_that_stand_alone_are_fine(repository: Repository) -> None:
    repository.write("src/data/data.h", "#include <gnomon/base.h>\nint gni_data(void);\n")
    assert repository.run("check_headers.py", "build") == (0, "")


def test_a_header_that_needs_another_is_named(repository: Repository) -> None:
    repository.write("src/data/data.h", "int gni_data(size_t size);\n")
    status, said = repository.run("check_headers.py", "build")
    assert status == 1
    assert "src/data/data.h does not stand alone" in said


def test_a_public_header_must_suit_cxx(repository: Repository) -> None:
    repository.write("include/gnomon/fetch.h", "int gn_fetch(int *restrict keys);\n")
    status, said = repository.run("check_headers.py", "build")
    assert status == 1
    assert "include/gnomon/fetch.h does not stand alone (g++ -std=c++11)" in said


# ---- documentation of public functions


def test_a_documented_function_is_fine(repository: Repository) -> None:
    repository.write("include/gnomon/more.h", GOOD_FUNCTION)
    assert repository.run("check_docs.py") == (0, "")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (" * @own    nothing\n", "", "gn_more lacks @own"),
        (" * @since  0.1\n", "", "gn_more lacks @since"),
        ("ARG  the", "FULL  the", "gn_more gives FULL, which is no code"),
        ("@thread", "@threads", "gn_more has @threads, which is no tag"),
        ("/**", "/*", "gn_more has no /** comment"),
    ],
)
def test_a_badly_documented_function_is_named(
    repository: Repository, before: str, after: str, said: str
) -> None:
    repository.write("include/gnomon/more.h", GOOD_FUNCTION.replace(before, after))
    status, output = repository.run("check_docs.py")
    assert status == 1
    assert said in output


# ---- exported names


def library(repository: Repository, code: str) -> None:
    folder = repository.root / "build"
    folder.mkdir(exist_ok=True)
    (repository.root / "tools").mkdir(exist_ok=True)
    target = str(folder / "libgnomon.so")
    command = ["gcc", "-shared", "-nostdlib", "-fPIC", "-xc", "-", "-o", target]
    subprocess.run(command, input=code, text=True, check=True)


def test_exports_are_compared_both_ways(repository: Repository) -> None:
    library(repository, "int gn_one(void) { return 1; } int leaked(void) { return 2; }")
    repository.write("tools/exports.txt", "# promised\ngn_one\ngn_two\n")
    status, said = repository.run("check_exports.py", "build")
    assert status == 1
    assert "leaked is exported, but is no gn_ name" in said
    assert "leaked is exported, but not in" in said
    assert "gn_two is promised" in said
    assert "gn_one" not in said


def test_update_adds_and_never_removes(repository: Repository) -> None:
    library(repository, "int gn_one(void) { return 1; }")
    repository.write("tools/exports.txt", "gn_gone\n")
    status, said = repository.run("check_exports.py", "build", "--update")
    assert status == 1
    assert "gn_gone is promised" in said
    names = (repository.root / "tools/exports.txt").read_text().splitlines()[1:]
    assert names == ["gn_gone", "gn_one"]


# ---- registered tests


def test_a_test_nobody_runs_is_named(repository: Repository) -> None:
    repository.write("tests/unit/agg/meson.build", "foreach subject : ['sum']\nendforeach\n")
    repository.write("tests/unit/agg/test_sum.c", "")
    repository.write("tests/unit/agg/test_forgotten.c", "")
    repository.write("tests/python/check_names.py", "def test_names():\n    pass\n")
    status, said = repository.run("check_tests_registered.py")
    assert status == 1
    assert "test_forgotten.c: no meson.build names it" in said
    assert "check_names.py: has tests" in said
    assert "test_sum" not in said


# ---- files and folders


def test_files_owe_a_licence_and_folders_a_readme(repository: Repository) -> None:
    loose = "TO" + "DO"
    repository.write("src/agg/sum.c", f"/* {loose} later */ \nint a;")
    status, said = repository.run("check_files.py")
    assert status == 1
    assert "src/agg/sum.c:1: a loose end is left" in said
    assert "src/agg/sum.c:1: white space at the end" in said
    assert "src/agg/sum.c: no newline at the end" in said
    assert "src/agg/sum.c: no SPDX licence line" in said
    assert "src/agg has no README.md" in said


# ---- totals


def program(name: str, result: str, text: str, status: int = 0) -> str:
    return json.dumps({"name": name, "result": result, "stdout": text, "returncode": status})


def test_totals_count_the_program_that_died_after_its_last_case(repository: Repository) -> None:
    lines = [
        program("good", "OK", "1..2\nok 1 - a\nok 2 - b # SKIP no server\n"),
        program("bad", "FAIL", "1..2\nok 1 - a\nnot ok 2 - sum is wrong\n", 1),
        program("leaks", "ERROR", "1..1\nok 1 - a\n", 1),
        program("silent", "SKIP", ""),
        program("replay", "OK", "Running: found/1\n"),
    ]
    repository.write("results/asan.json", "\n".join(lines) + "\n")
    repository.write(
        "results/python.xml",
        "<testsuite><testcase classname='p' name='a'/>"
        "<testcase classname='p' name='b'><error/></testcase></testsuite>",
    )
    status, said = repository.run("totals.py", "results")
    assert status == 1
    assert "failed: asan: bad: sum is wrong" in said
    assert "failed: asan: leaks: error, exit status 1" in said
    assert "failed: asan: silent: no case was run" in said
    assert "failed: python: p: b" in said
    assert said.splitlines()[-1] == "5 passed, 4 failed"


def test_totals_of_nothing_are_a_failure(repository: Repository) -> None:
    (repository.root / "results").mkdir()
    assert repository.run("totals.py", "results")[1].endswith("0 passed, 1 failed\n")
    repository.write("results/good.json", program("good", "OK", "1..1\nok 1 - a\n"))
    assert repository.run("totals.py", "results")[1].endswith("1 passed, 0 failed\n")
    repository.write("results/failed", "pytest\n")
    assert repository.run("totals.py", "results")[1].endswith("1 passed, 1 failed\n")
