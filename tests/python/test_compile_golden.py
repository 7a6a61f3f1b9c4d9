"""The golden definitions compile to the bytes that Chronon's own compiler wrote for them."""

from __future__ import annotations

import shutil
from pathlib import Path

from define_kit import ROOT, Repository

GOLDEN = ROOT / "tests" / "golden"


def golden_repository(path: Path) -> Repository:
    shutil.copytree(GOLDEN / "defs", path, dirs_exist_ok=True)
    repository = Repository.__new__(Repository)
    repository.path = path
    return repository


def compiled_bytes(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def check_equal(repository: Repository) -> None:
    ours = compiled_bytes(repository.path / "production")
    theirs = compiled_bytes(GOLDEN / "compiled")
    assert len(theirs) > 40
    assert sorted(ours) == sorted(theirs)
    for name, text in theirs.items():
        assert ours[name] == text, name


def test_the_whole_repository_at_once_gives_chronons_bytes(tmp_path: Path) -> None:
    repository = golden_repository(tmp_path)
    answer = repository.define("--root", ".", "--write")
    assert answer.status == 0, answer.problems
    check_equal(repository)


def test_file_by_file_with_compile_py_gives_chronons_bytes(tmp_path: Path) -> None:
    repository = golden_repository(tmp_path)
    for conf in (
        "joins/fleet/sets.py",
        "group_bys/fleet/people.py",
        "group_bys/fleet/live.py",
        "group_bys/fleet/daily.py",
        "staging_queries/fleet/daily.py",
    ):
        done = repository.compile("--conf", conf, "--chronon_root", ".", "--force-overwrite", "-y")
        assert done.returncode == 0, done.stderr
    check_equal(repository)


def test_compiling_twice_changes_nothing(tmp_path: Path) -> None:
    repository = golden_repository(tmp_path)
    assert repository.compile("--conf", ".").returncode == 0
    assert repository.compile("--conf", ".", "--check").returncode == 0
    check_equal(repository)
    shutil.rmtree(repository.path / ".gnomon")
    assert repository.compile("--conf", ".", "--check").returncode == 0


def test_the_developer_guides_own_files_compile_with_its_own_command(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "guide", tmp_path, dirs_exist_ok=True)
    repository = Repository.__new__(Repository)
    repository.path = tmp_path
    conf = "group_bys/my_team/user_purchase_features.py"
    done = repository.compile("--conf", conf, "--force-overwrite")
    assert (done.returncode, done.stderr) == (0, "")
    name = "production/group_bys/my_team/user_purchase_features.v1"
    assert repository.files() == [name]
    compiled = repository.json(name)
    assert compiled["metaData"]["name"] == "my_team.user_purchase_features.v1"
    assert compiled["metaData"]["outputNamespace"] == "default"
    assert [part["operation"] for part in compiled["aggregations"]] == [7, 6, 8, 13]
    assert compiled["aggregations"][3]["argMap"] == {"k": "10"}
    record = repository.define("--root", ".", "--no-cache").of("object")[0]
    assert record["features"][6:10] == [
        "purchase_price_average_1d",
        "purchase_price_average_7d",
        "purchase_price_average_30d",
        "purchase_price_last10",
    ]
