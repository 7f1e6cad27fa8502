"""Folders to try HOLDFAST_HOME in. Nothing that is started there outlives its test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.project.embedded import EmbeddedPostgres
from holdfast.project.embedded_folders import OUTSIDE


def stop_and_forget(home: Path) -> None:
    if not home.exists():
        return
    server = EmbeddedPostgres(home)
    server.stop()
    if server.base.parent == OUTSIDE:
        shutil.rmtree(server.base)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may pass through, as a checkout under /srv would be."""
    path = Path("/tmp") / f"holdfast-test-{os.getpid()}"
    path.mkdir()
    path.chmod(0o755)
    yield path
    stop_and_forget(path / "home")
    shutil.rmtree(path)


@pytest.fixture
def closed_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that only its owner may pass through, as a home folder is."""
    path = tmp_path / "closed"
    path.mkdir(mode=0o700)
    yield path
    stop_and_forget(path / "home")
