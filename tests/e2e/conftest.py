"""The demo, running: as a newcomer has it who has started it once before."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.project.embedded import EmbeddedPostgres
from tests.support.demo import RunningDemo, used_home
from tests.support.newcomer import Demo


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    folder = Path(tempfile.mkdtemp(prefix="holdfast-newcomer-"))
    folder.chmod(0o755)  # as a checkout's
    used_home(folder / "home")
    running = RunningDemo(folder / "home")
    running.wait_for("Holdfast is ready")
    yield Demo(running)
    running.end()
    EmbeddedPostgres(running.home).stop()
    shutil.rmtree(folder)
