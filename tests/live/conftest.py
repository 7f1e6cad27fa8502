"""A live process for all tests of it, with its notifier; and bookings that move when a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.live import Live, start_live, start_notifier


@pytest.fixture(scope="session")
def live_process(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("live")
    notifier = start_notifier(folder)
    live = start_live(folder)
    yield live
    live.program.stop()
    notifier.stop()


@pytest.fixture
def live(live_process: Live, db: None) -> Live:
    """A running live process, on a database that is empty at the start of every test."""
    return live_process


@pytest.fixture
def academy(practice: Any) -> Any:
    from tests.support.academy import academy_of

    return academy_of(practice)
