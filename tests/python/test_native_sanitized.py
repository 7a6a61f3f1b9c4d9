"""The extension's tests once more, with the address sanitizer in the process.

A reference too few is a read of freed memory there, since Python's own allocator is left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("GNOMON_ASAN_BUILD", ROOT / "build" / "asan"))
EXTENSIONS = ["_gnomon.abi3.so", "spark/_spark.abi3.so"]  # in the package; flat in the build
COUNTS_MEMORY = "not hundred_thousand and not keep_nothing and not little_in_it"


def package_in(folder: Path) -> Path:
    """The package as it is, but for its extensions."""
    for path in (ROOT / "python" / "gnomon").rglob("*"):
        if path.is_dir() or path.suffix in (".so", ".pyc"):
            continue
        link = folder / path.relative_to(ROOT / "python")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    for name in EXTENSIONS:
        (folder / "gnomon" / name).symlink_to(BUILD / "python" / Path(name).name)
    return folder


def runtime(name: str) -> str:
    found = subprocess.run(["gcc", f"-print-file-name={name}"], capture_output=True, text=True)
    return found.stdout.strip()


@pytest.mark.skipif(
    not all((BUILD / "python" / Path(name).name).exists() for name in EXTENSIONS),
    reason="there is no build/asan; ./dev test makes it",
)
@pytest.mark.parametrize("tests", ["test_native.py", "test_spark_plans.py"])
def test_no_reference_is_given_back_twice(tests: str, tmp_path: Path) -> None:
    package = package_in(tmp_path)
    options = ["-q", "-p", "no:cacheprovider", "-o", f"pythonpath={package}", "-k", COUNTS_MEMORY]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(ROOT / "tests" / "python" / tests)],
        cwd=ROOT,
        env={
            **os.environ,
            "LD_PRELOAD": f"{runtime('libasan.so')} {runtime('libubsan.so')}",
            "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=0",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
            "PYTHONMALLOC": "malloc",
            "GNOMON_ENGINE_PATH": str(BUILD / "src" / "engine" / "duckdb"),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert " passed" in done.stdout and "skipped" not in done.stdout
