"""A live process for all tests of it, with its notifier; and bookings that move when a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.live import Live, start_live, start_notifier
from tests.support.toy import toy_gateway  # noqa: F401 - a fixture, and so is the next
from tests.support.ways import reserving  # noqa: F401 - as above


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
def speeches(settings: Any) -> None:
    """Each trade has a word of its own for the channel of a business."""
    settings.HOLDFAST_TRADES = "tests.live.speeches.SPEECHES"


@pytest.fixture
def hotel(practice: Any, reserving: Any) -> Any:  # noqa: F811 - the fixture
    """It sells through Toy, which reserves."""
    from tests.support.hotel import new_hotel, sells_through

    made = new_hotel()
    sells_through(made, practice)
    return made


@pytest.fixture
def academy(practice: Any) -> Any:
    from tests.support.academy import academy_of

    return academy_of(practice)
