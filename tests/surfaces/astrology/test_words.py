"""Every state of a booking has a word, whatever the terms of an offering."""

from __future__ import annotations

import pytest

from holdfast.booking.lifecycle import BOOKING
from holdfast.surfaces.astrology.terms import WORDS


@pytest.mark.spec("AST-8")
def test_every_state_has_a_word_and_none_is_pending() -> None:
    assert set(WORDS) == set(BOOKING.states)
    assert "PENDING" not in WORDS.values()
