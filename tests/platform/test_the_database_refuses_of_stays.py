"""What the tables of hotels say by themselves, whoever writes to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.transaction import atomic

from holdfast.booking.models import Stay
from holdfast.catalog.models import Room, Season, StayFee, StayRules
from holdfast.orders.guest_keys import new_guest_key
from holdfast.orders.models import GuestKey, Order
from tests.support.hotel import Hotel, booking_of, day, new_hotel, stay
from tests.support.practice import NOW


@pytest.fixture
def hotel(db: None, cheap_passwords: None) -> Hotel:
    made = new_hotel()
    Season.objects.create(offering=made.offering, first_night=day(10), last_night=day(20), price=1)
    stay(made)
    with atomic():
        new_guest_key(Order.objects.get(), now=NOW)
    return made


def season(hotel: Hotel, first: int, last: int, **over: Any) -> None:
    span = {"first_night": day(first), "last_night": day(last)}
    Season.objects.create(offering=hotel.offering, price=1, **span, **over)


def fee(hotel: Hotel, **over: Any) -> None:
    StayFee.objects.create(**{"business": hotel.business, "title": "Fee", "price": 1, "per": "stay"} | over)


Broken = Callable[[Hotel], object]
BROKEN: dict[str, Broken] = {
    "a_night_has_one_season": lambda hotel: season(hotel, 20, 21),
    "a_season_has_a_night": lambda hotel: season(hotel, 31, 30),
    "a_season_asks_for_a_night": lambda hotel: season(hotel, 30, 31, minimum_stay=0),
    "a_room_takes_a_guest": lambda hotel: StayRules.objects.update(occupancy=0),
    "a_stay_may_be_as_long_as_it_must": lambda hotel: StayRules.objects.update(minimum_stay=31),
    "a_fee_has_its_measure": lambda hotel: fee(hotel, per="year"),
    "a_fee_is_dearer_than_its_tax": lambda hotel: fee(hotel, tax_rate=10_001),
    "a_pool_has_a_room_once": lambda hotel: Room.objects.create(pool=hotel.pool, name="201"),
    "somebody_stays": lambda hotel: Stay.objects.update(guests=0),
    "who_checks_in_has_a_room": lambda hotel: Stay.objects.update(checked_in_at=NOW),
    "who_checks_out_has_checked_in": lambda hotel: Stay.objects.update(checked_out_at=NOW),
    "only grows": lambda hotel: GuestKey.objects.update(digest="0" * 64),
    "holdfast_orders_guestkey only grows: DELETE": lambda hotel: GuestKey.objects.all()._raw_delete(
        "default"
    ),
}


@pytest.mark.spec("HOT-9")
@pytest.mark.parametrize("rule", BROKEN)
def test_the_tables_of_hotels_refuse_what_cannot_be_so(hotel: Hotel, rule: str) -> None:
    with pytest.raises(IntegrityError, match=rule), atomic():
        BROKEN[rule](hotel)


def test_a_drafts_reference_is_of_one_order(hotel: Hotel) -> None:
    stay(hotel, 20, 21)
    first, second = Order.objects.order_by("pk")
    Order.objects.filter(pk=first.pk).update(booking_reference="HB-1")

    with pytest.raises(IntegrityError, match="one_draft_a_booking_reference"), atomic():
        Order.objects.filter(pk=second.pk).update(booking_reference="HB-1")


def test_a_room_is_free_for_the_next_when_its_guests_have_left(hotel: Hotel) -> None:
    first, second = (booking_of(stay(hotel, 20 + n, 21 + n)).stay for n in range(2))
    room = hotel.rooms[0]
    Stay.objects.filter(pk=first.pk).update(room=room, checked_in_at=NOW)
    with pytest.raises(IntegrityError, match="one_stay_in_a_room"), atomic():
        Stay.objects.filter(pk=second.pk).update(room=room, checked_in_at=NOW)

    Stay.objects.filter(pk=first.pk).update(checked_out_at=NOW + timedelta(hours=1))

    assert Stay.objects.filter(pk=second.pk).update(room=room, checked_in_at=NOW) == 1
