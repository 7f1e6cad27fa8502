"""A stay from the first question to the last night: quoted, held, reserved, accepted, and lived in."""

from __future__ import annotations

import pytest

from holdfast.flows.approval import approve_booking
from holdfast.kernel.money import Money
from holdfast.surfaces.hotels.terms import TRADE
from tests.support.hotel import (
    NIGHT,
    Hotel,
    again,
    new_hotel,
    nights_kept,
    paid,
    sells_through,
    stay,
)
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox
from tests.support.ways import SOON, assert_all_is_well


@pytest.fixture
def hotel(practice: Practice, reserving: Sandbox) -> Hotel:
    """It sells through Toy, which reserves."""
    made = new_hotel()
    sells_through(made, practice)
    return made


@pytest.mark.spec("HOT-1", "HOT-4")
def test_a_stay_is_held_reserved_and_confirmed_when_the_hotel_accepts_it(
    hotel: Hotel, reserving: Sandbox
) -> None:
    held = stay(hotel, 10, 13)
    waits = paid(hotel, reserving, held)
    approve_booking(held.booking_id, by=hotel.staff, trade=TRADE, now=SOON)

    confirmed = again(hotel, held)
    assert held.booking_id.startswith("HB-")
    assert [held.state, waits.state, confirmed.state] == ["pending_payment", "pending_approval", "confirmed"]
    assert [held.charged_at_once, confirmed.charged_at_once] == [False, False]
    assert waits.payment_authorized_at == SOON
    assert waits.paid_at is None
    assert confirmed.paid_at is not None
    assert confirmed.decision_made_by == hotel.staff.email
    assert confirmed.total == Money(3 * NIGHT, "EUR")
    assert nights_kept(held) == ["taken"] * 3
    assert_all_is_well()
