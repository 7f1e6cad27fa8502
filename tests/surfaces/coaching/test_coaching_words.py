"""Every state of a booking has one of the five words, whatever the terms of an offering."""

from __future__ import annotations

import pytest

from holdfast.booking.lifecycle import BOOKING
from holdfast.surfaces.coaching.terms import STATUSES, TO_CANCEL, WORDS


@pytest.mark.spec("COA-6")
def test_every_state_has_one_of_the_guides_words() -> None:
    assert set(WORDS) == set(BOOKING.states)
    assert set(STATUSES) == {"pending", "paid", "confirmed", "done", "canceled"}


@pytest.mark.spec("COA-6")
def test_a_refusal_names_all_that_it_is_for() -> None:
    assert TO_CANCEL.refusal("done") == (
        "Only pending, paid or confirmed bookings can be canceled. Current status: done"
    )
