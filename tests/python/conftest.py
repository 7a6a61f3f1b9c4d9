"""Fixtures of the Python tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from define_kit import Repository
from spark_kit import run_server

if TYPE_CHECKING:
    from gnomon.spark import Session


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository with one team, `team`, in namespace `ns`."""
    return Repository(tmp_path)


@pytest.fixture(scope="session")
def spark_server() -> Iterator[tuple[str, str]]:
    """The URL of a Spark server, and of the same behind a proxy that breaks connections."""
    yield from run_server()


@pytest.fixture
def spark(spark_server: tuple[str, str]) -> Iterator[Session]:
    from gnomon.spark import Session

    with Session(spark_server[0]) as session:
        yield session
