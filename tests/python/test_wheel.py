"""The wheel: what it holds, whom it fits, and that it works where there is nothing else of ours."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GNOMON = Path(os.environ.get("GNOMON", ROOT / "build" / "release" / "cli" / "gnomon"))
RELEASE = GNOMON.parents[1]
FEATURES = ["price_sum_1d", "price_sum_7d", "price_sum_30d", "price_last3"]
FETCH = """
import gnomon
with gnomon.Session("features") as session:
    answer = session.fetch("my_team/purchases.v1", {"user_id": "user_1"})
print(list(answer), answer["price_sum_30d"])
"""


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> str:
    kept = {"PATH", "HOME", "LANG", "TMPDIR"}
    clean = {name: value for name, value in os.environ.items() if name in kept}
    done = subprocess.run(
        command, cwd=cwd, env={**clean, **environment}, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as pip would, but in a copy of the release build: only what differs is compiled."""
    folder = tmp_path_factory.mktemp("dist")
    build = ROOT / "build" / "wheel"
    shutil.rmtree(build, ignore_errors=True)
    shutil.copytree(RELEASE, build, symlinks=True)
    quick = [f"-Cbuild-dir={build}", "-Csetup-args=-Db_ndebug=false"]
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder, *quick, ".")
    (built,) = folder.glob("*.whl")
    return built


def environment_with(wheel: Path, python: str, folder: Path) -> Path:
    """A new virtual environment that has the wheel and nothing else; gives its bin/."""
    run(python, "-m", "venv", folder)
    pip = [folder / "bin" / "python", "-m", "pip", "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel)
    return folder / "bin"


def pythons() -> list[str]:
    """Every Python from 3.9 on that is on PATH and runs."""
    found = []
    for minor in range(9, 20):
        name = f"python3.{minor}"
        try:
            subprocess.run([name, "-m", "venv", "-h"], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        found.append(name)
    return found


@pytest.mark.parametrize("python", pythons())
def test_the_small_example_works_with_nothing_else_around(
    wheel: Path, python: str, tmp_path: Path
) -> None:
    installed = environment_with(wheel, python, tmp_path / "venv")
    gnomon = installed / "gnomon"
    run(gnomon, "init", "features", cwd=tmp_path)
    repo, conf = tmp_path / "features", "my_team.purchases.v1"
    run(gnomon, "compile", cwd=repo)
    run(gnomon, "backfill", conf, "--ds", "2023-12-01", cwd=repo)
    run(gnomon, "upload", conf, "--ds", "2023-12-01", cwd=repo)
    key = json.dumps({"user_id": "user_1"})
    answer = json.loads(run(gnomon, "fetch", "my_team/purchases.v1", "-k", key, cwd=repo))
    assert list(answer["values"]) == FEATURES
    assert answer["values"]["price_sum_30d"] > 0
    from_python = run(installed / "python", "-c", FETCH, cwd=tmp_path)
    assert from_python == f"{FEATURES} {answer['values']['price_sum_30d']}\n"
    for tool in ("compile.py", "run.py"):
        assert "usage" in run(installed / tool, "--help", cwd=tmp_path)


def test_it_holds_the_library_once_and_the_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    binaries = [name for name in names if name.endswith(".so") or name == "gnomon/gnomon"]
    assert sorted(binaries) == [
        "gnomon/_gnomon.abi3.so",
        "gnomon/gnomon",
        "gnomon/gnomon-engine-duckdb.so",
        "gnomon/gnomon-http.so",
        "gnomon/libgnomon.so",
    ]
    assert {"gnomon/py.typed", "gnomon/_gnomon.pyi", "gnomon/_session.py"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or name.endswith((".c", ".h"))]


def test_its_tag_is_that_of_the_oldest_python(wheel: Path) -> None:
    assert re.fullmatch(r"gnomon-[\d.]+-cp39-abi3-linux_\w+\.whl", wheel.name)


def test_only_symbols_of_the_stable_interface_are_used(wheel: Path, tmp_path: Path) -> None:
    """Each symbol that the extension takes from Python is one that the headers, told to show the
    limited interface of 3.9 alone, declare."""
    zipfile.ZipFile(wheel).extract("gnomon/_gnomon.abi3.so", tmp_path)
    listed = run("nm", "-D", "--undefined-only", tmp_path / "gnomon" / "_gnomon.abi3.so")
    used = sorted(
        {line.split()[-1] for line in listed.splitlines() if " _Py" in line or " Py" in line}
    )
    assert len(used) > 30
    headers = run(
        sys.executable, "-c", "import sysconfig; print(sysconfig.get_path('include'))"
    ).strip()
    program = tmp_path / "uses.c"
    lines = [f"const void *p{n} = (const void *)&{name};" for n, name in enumerate(used)]
    program.write_text(
        "\n".join(["#define PY_SSIZE_T_CLEAN", "#include <Python.h>", *lines]) + "\n"
    )
    limited = ["-DPy_LIMITED_API=0x03090000", "-I", headers]
    run("gcc", "-std=c17", "-Werror", *limited, "-c", program, "-o", tmp_path / "uses.o")
