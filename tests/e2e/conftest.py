"""The demo, running: as a newcomer has it after ``make demo``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdfast.project.embedded import EmbeddedPostgres
from tests.support.demo import RunningDemo
from tests.support.newcomer import Demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = RunningDemo(tmp_path_factory.mktemp("demo") / "home")
    running.wait_for("Holdfast is ready")
    yield Demo(running)
    running.end()
    EmbeddedPostgres(running.home).stop()
