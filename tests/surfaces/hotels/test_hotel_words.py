"""Every state has this trade's word and its place on the guest's page."""

from __future__ import annotations

from typing import get_args

import pytest

from holdfast.booking.lifecycle import BOOKING
from holdfast.pages.stay import STANDS
from holdfast.surfaces.hotels.schemas import STATUS
from holdfast.surfaces.hotels.terms import WORDS

pytestmark = pytest.mark.spec("HOT-8")


def test_every_state_of_a_booking_and_a_draft_has_its_word_and_is_told_on_the_page() -> None:
    states = {"open", *BOOKING.states}

    assert set(WORDS) == states
    assert set(STANDS) == states


def test_each_word_is_of_one_state_and_is_documented() -> None:
    assert sorted(WORDS.values()) == sorted(get_args(STATUS))
