"""Any story that customers, the business and their surroundings can tell ends with everybody in agreement."""

from __future__ import annotations

import pytest

from tests.stateful.telling import tell
from tests.support.sandbox import Sandbox


@pytest.mark.parametrize(("chapter", "reserving"), [(0, "toy"), (1, "stripe")])
def test_whatever_happens_time_and_money_agree(own_sandbox: Sandbox, chapter: int, reserving: str) -> None:
    tell(own_sandbox, chapter=chapter, steps=25, reserving=reserving)


@pytest.mark.long
@pytest.mark.parametrize("reserving", ["toy", "stripe"])
@pytest.mark.parametrize("chapter", range(100, 130))
def test_whatever_happens_for_longer_time_and_money_agree(
    own_sandbox: Sandbox, chapter: int, reserving: str
) -> None:
    tell(own_sandbox, chapter=chapter, steps=40, reserving=reserving)
