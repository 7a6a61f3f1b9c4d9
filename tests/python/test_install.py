"""What `meson install` installs: complete, and enough for programs of others."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from install_kit import GNOMON, ROOT, STRICT, Installed, run
from native_kit import DS, SNAPSHOT, USERS, expected, purchases, write_repository

CONSUMER = ROOT / "tests" / "install" / "consumer.c"
C99 = ["gcc", "-std=c99", *STRICT, str(CONSUMER)]
CXX11 = ["g++", "-x", "c++", "-std=c++11", *STRICT, str(CONSUMER), "-x", "none"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_repository(tmp_path_factory.mktemp("shop"))
    environment = {"GNOMON_PYTHON_PACKAGE": str(ROOT / "python")}
    run(GNOMON, "-C", folder, "compile", **environment)
    run(GNOMON, "-C", folder, "upload", "shop.buys.daily", "--ds", DS)
    return folder


def check_fetch(installed: Installed, program: Path, repo: Path) -> str:
    """Fetches with a consumer; gives the libraries that were in its process."""
    request = json.dumps({"keys": {"user_id": USERS[0]}})
    answer, _, libraries = installed.run(program, str(repo), "fetch", SNAPSHOT, request).partition(
        "\n"
    )
    assert json.loads(answer)["values"] == expected(purchases(), USERS[0])
    return libraries


def check_sql(installed: Installed, program: Path, repo: Path) -> str:
    statement = "SELECT count(*) AS n FROM purchases"
    answer, _, libraries = installed.run(program, str(repo), "sql", statement).partition("\n")
    assert json.loads(answer) == {"n": len(purchases())}
    return libraries


def test_everything_is_installed(installed: Installed) -> None:
    found = {
        str(path.relative_to(installed.folder))
        for path in installed.folder.rglob("*")
        if not path.is_dir() and "-packages" not in str(path)
    }
    names = {Path(path).name for path in found}
    headers = {path.name for path in (ROOT / "include" / "gnomon").glob("*.h")}
    modules = {"gnomon-engine-duckdb.so", "gnomon-http.so", "gnomon-spark.so"}
    packages = {"gnomon.pc", "gnomon-engine-duckdb.pc"}
    archives = {"libgnomon.a", "libgnomon-engine-duckdb.a"}
    completions = {"gnomon.bash", "gnomon.fish", "_gnomon"}
    assert headers | modules | packages | archives | completions | {"gnomon"} <= names
    assert "usr/local/share/man/man1/gnomon.1" in found
    assert "usr/local/include/gnomon/README.md" not in found
    manual = next(installed.folder.rglob("gnomon.1")).read_text()
    assert manual.startswith(".TH GNOMON 1") and "backfill" in manual


def test_the_program_runs_where_it_was_installed(installed: Installed, repo: Path) -> None:
    program = installed.folder / "usr" / "local" / "bin" / "gnomon"
    text = run(program, "-C", repo, "fetch", SNAPSHOT, "-k", json.dumps({"user_id": USERS[1]}))
    assert json.loads(text)["values"] == expected(purchases(), USERS[1])
    rows = run(program, "-C", repo, "sql", "SELECT count(*) AS n FROM purchases", "--json")
    assert json.loads(rows) == [{"n": len(purchases())}]


def test_tls_is_loaded_by_the_command_spark_alone(installed: Installed) -> None:
    program = installed.folder / "usr" / "local" / "bin" / "gnomon"
    assert "libssl" not in run("ldd", program)
    done = subprocess.run(
        [program, "spark", "dance", "sc://localhost"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "wants ping, sql" in done.stderr, done.stderr
    elsewhere = subprocess.run(
        [program, "spark", "ping", "sc://localhost:1", "--json"],
        env={**os.environ, "GNOMON_SPARK_PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert elsewhere.returncode == 66 and '"GC015"' in elsewhere.stderr


def test_a_c99_program_links_the_shared_library(
    installed: Installed, repo: Path, tmp_path: Path
) -> None:
    program = tmp_path / "consumer"
    run(*C99, "-o", program, *installed.flags("gnomon", "--cflags", "--libs"))
    libraries = check_fetch(installed, program, repo)
    assert "libgnomon.so" in libraries
    assert "duckdb" not in libraries and "libstdc++" not in libraries
    assert "gnomon-engine-duckdb.so" in check_sql(installed, program, repo)


def test_a_cxx11_program_links_the_static_library(
    installed: Installed, repo: Path, tmp_path: Path
) -> None:
    program = tmp_path / "consumer"
    flags = installed.flags("gnomon", "--static", "--cflags", "--libs")
    archive = ["-l:libgnomon.a" if flag == "-lgnomon" else flag for flag in flags]
    run(*CXX11, "-o", program, *archive)
    libraries = check_fetch(installed, program, repo)
    assert "libgnomon.so" not in libraries and "duckdb" not in libraries


def test_the_engine_can_be_linked_statically(
    installed: Installed, repo: Path, tmp_path: Path
) -> None:
    program = tmp_path / "consumer"
    run(*C99, "-o", program, *installed.flags("gnomon-engine-duckdb", "--cflags", "--libs"))
    for libraries in (check_fetch(installed, program, repo), check_sql(installed, program, repo)):
        assert "gnomon" not in libraries
