"""Beside the practice: rivals to book with, and a door at which the sandbox's webhooks really arrive."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flows.door import Door, open_door
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox
from tests.support.stripe import stripe_gateway  # noqa: F401 - a fixture, for pytest to find here
from tests.support.toy import toy_gateway  # noqa: F401 - as above
from tests.support.ways import either_gateway, only_reserving, reserving  # noqa: F401 - fixtures, as above


@pytest.fixture
def door(practice: Practice, sandbox: Sandbox) -> Iterator[Door]:
    """Webhooks of the sandbox's default merchant arrive here until the test ends."""
    with open_door() as opened:
        sandbox.add_merchant("HOLDFAST_DEMO", webhook_url=opened.url)
        yield opened
        sandbox.add_merchant("HOLDFAST_DEMO", webhook_url="")
