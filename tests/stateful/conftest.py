"""Long stories have a sandbox of their own: what came before is nothing to them, nor they to others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.payments.gateways import GATEWAYS
from tests.support.sandbox import Sandbox, start_sandbox
from tests.support.toy import Toy


@pytest.fixture
def own_sandbox(db: None, cheap_passwords: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A fresh one, and Toy among the gateways."""
    monkeypatch.setitem(GATEWAYS, Toy.name, Toy)
    running = start_sandbox()
    yield running
    running.stop()
