"""What a stay costs in statements: each is a round trip, and a promise of docs/bench.md."""

from __future__ import annotations

import pytest

from holdfast.flows.approval import approve_booking
from holdfast.flows.stays import rooms_on_offer
from holdfast.surfaces.hotels.terms import TRADE
from tests.support.hotel import (
    SLUG,
    Hotel,
    again,
    authorized,
    day,
    new_hotel,
    new_room_type,
    paid,
    sells_through,
    stay,
)
from tests.support.practice import NOW, Practice
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements
from tests.support.ways import SOON

FREE_ROOMS, A_STAY, AN_APPROVAL = 6, 21, 30


@pytest.fixture
def hotel(practice: Practice, reserving: Sandbox) -> Hotel:
    made = new_hotel()
    sells_through(made, practice)
    return made


@pytest.mark.spec("HOT-1")
def test_free_rooms_take_no_more_queries_than_promised_however_many_there_are(hotel: Hotel) -> None:
    def cost(nights: int) -> int:
        with count_statements() as statements:
            rooms_on_offer(SLUG, check_in=day(10), check_out=day(10 + nights), guests=2, now=NOW)
        return len(statements)

    with_one = cost(nights=1)
    for number in range(3):
        new_room_type(hotel.business, f"Suite {number}")
        stay(hotel, 10, 12)

    assert cost(nights=30) == with_one <= FREE_ROOMS


@pytest.mark.spec("HOT-4")
def test_a_stay_takes_no_more_statements_than_promised_to_book_and_to_approve(
    hotel: Hotel, reserving: Sandbox
) -> None:
    authorized(hotel, reserving)  # whatever is only done once has been done then
    with count_statements() as request:
        held = stay(hotel, 20, 23)
    paid(hotel, reserving, held)

    with count_statements() as approval:
        approve_booking(held.booking_id, by=hotel.staff, trade=TRADE, now=SOON)

    assert again(hotel, held).state == "confirmed"
    assert len(request) <= A_STAY, str(request)
    assert len(approval) <= AN_APPROVAL, str(approval)
