"""Set-up: what is fetched is checked, what is done is not done again, what failed is said."""

import functools
import hashlib
import http.server
import io
import os
import pathlib
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def archive(files: "dict[str, str]") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


@pytest.fixture
def index(tmp_path: pathlib.Path) -> "Iterator[str]":
    """A package index on loopback that has one archive of one project."""
    folder = tmp_path / "index/tiny"
    folder.mkdir(parents=True)
    (folder / "tiny-1.tar.gz").write_bytes(
        archive({"tiny-1/src/a.c": "int a;\n", "tiny-1/src/b.txt": "b", "tiny-1/../evil.c": "e"})
    )
    page = '<a href="../tiny/tiny-1.tar.gz#sha256=0">tiny-1.tar.gz</a>'
    (folder / "index.html").write_text(page)
    handler = functools.partial(Quiet, directory=str(tmp_path / "index"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(index: str, folder: pathlib.Path, sha256: str) -> "subprocess.CompletedProcess[str]":
    manifest = folder / "archives.txt"
    manifest.write_text(f"# one\ntiny tiny-1.tar.gz {sha256} src/tiny tiny-1/src *.c\n")
    return subprocess.run(
        [sys.executable, ROOT / "tools/fetch.py", manifest, folder / "deps"],
        env={**os.environ, "PIP_INDEX_URL": index, "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
    )


def test_the_wanted_files_of_an_archive_are_unpacked(index: str, tmp_path: pathlib.Path) -> None:
    pinned = hashlib.sha256((tmp_path / "index/tiny/tiny-1.tar.gz").read_bytes()).hexdigest()
    ran = fetch(index, tmp_path, pinned)
    assert ran.returncode == 0, ran.stderr
    unpacked = [p for p in (tmp_path / "deps").rglob("*") if p.is_file()]
    assert unpacked == [tmp_path / "deps/src/tiny/a.c"]


def test_an_archive_with_another_digest_is_not_used(index: str, tmp_path: pathlib.Path) -> None:
    ran = fetch(index, tmp_path, "0" * 64)
    assert ran.returncode == 1
    assert f"but {'0' * 64} is pinned: not used" in ran.stderr
    assert not (tmp_path / "deps").exists()


def shell(folder: pathlib.Path, script: str) -> "subprocess.CompletedProcess[str]":
    """Runs `script` with the functions of tools/setup.sh, in a folder of its own."""
    return subprocess.run(
        ["sh", "-euc", f". {ROOT}/tools/setup.sh\n{script}"],
        cwd=folder,
        capture_output=True,
        text=True,
    )


ONCE = """
install_thing() { echo installed; }
alone once thing "a thing" manifest.txt
"""


def test_a_step_is_done_again_only_when_its_manifest_changes(tmp_path: pathlib.Path) -> None:
    manifest = tmp_path / "manifest.txt"
    manifest.write_text("thing 1\n")
    assert shell(tmp_path, ONCE).stdout == "installed\n"
    assert shell(tmp_path, ONCE).stdout == ""
    manifest.write_text("thing 2\n")
    assert shell(tmp_path, ONCE).stdout == "installed\n"


def test_a_step_that_failed_says_so_and_is_tried_again(tmp_path: pathlib.Path) -> None:
    (tmp_path / "manifest.txt").write_text("thing 1\n")
    failing = ONCE.replace("echo installed", "logged thing sh -c 'echo no route to host; exit 1'")
    ran = shell(tmp_path, failing)
    assert ran.returncode == 1
    assert "installing a thing" in ran.stderr
    assert "| no route to host" in ran.stderr
    assert "set-up stopped at: a thing" in ran.stderr
    assert shell(tmp_path, ONCE).stdout == "installed\n"


def test_missing_packages_are_listed(tmp_path: pathlib.Path) -> None:
    (tmp_path / "apt.txt").write_text("# needed\nlibc6\nno-such-package\n")
    ran = shell(tmp_path, "missing_packages apt.txt")
    assert ran.stdout == "no-such-package "


def test_a_verb_that_does_not_exist_is_an_error() -> None:
    ran = subprocess.run([ROOT / "dev", "tset"], capture_output=True, text=True)
    assert ran.returncode == 1
    assert "there is no verb 'tset'" in ran.stderr


def test_help_lists_every_verb() -> None:
    ran = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True)
    assert ran.returncode == 0
    for verb in ("setup", "build", "demo", "test", "wheel", "bench", "lint", "fmt", "clean"):
        assert f"./dev {verb}" in ran.stdout


def test_without_root_or_sudo_the_command_to_run_is_said(tmp_path: pathlib.Path) -> None:
    (tmp_path / "apt.txt").write_text("no-such-package\n")
    nobody = "id() { echo 1000; }; command() { [ $2 = apt-get ]; }; debian apt.txt"
    ran = shell(tmp_path, nobody)
    assert ran.returncode == 1
    assert "needs root or sudo: no-such-package" in ran.stderr
    assert "As root: apt-get install" in ran.stderr
