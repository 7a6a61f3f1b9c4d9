"""Fixtures of the Python tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from define_kit import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty repository with one team, `team`, in namespace `ns`."""
    return Repository(tmp_path)
