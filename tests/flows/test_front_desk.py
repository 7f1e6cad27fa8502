"""The front desk: who comes gets a room, who leaves frees it, and no room is out twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

import pytest

from holdfast.booking.models import Booking, Stay
from holdfast.catalog.models import Room
from holdfast.catalog.terms import Way
from holdfast.flows.blocks import block
from holdfast.flows.completion import begin_booking, complete_booking, miss_booking
from holdfast.flows.rescheduling import reschedule_booking
from holdfast.flows.stays import (
    StayView,
    check_in,
    check_out,
    free_rooms_for,
    rooms_by_night,
    stays_of_hotel,
    views_of_stays,
)
from holdfast.kernel.errors import Conflict, Forbidden, Invalid, NotFound, SlotTaken
from holdfast.kernel.period import Period
from holdfast.platform.models import Transition
from holdfast.surfaces.hotels.terms import TERMS, TRADE
from tests.support.hotel import (
    ROOMS,
    SLUG,
    Hotel,
    again,
    day,
    new_hotel,
    new_room_type,
    nights_kept,
    stay,
)
from tests.support.meeting import without_locks
from tests.support.practice import NOW, new_user
from tests.support.racing import kinds, race
from tests.support.statements import count_statements
from tests.support.ways import assert_all_is_well
from tests.support.without import without

pytestmark = pytest.mark.spec("HOT-8")
ON_THE_SPOT = replace(TERMS, way=Way.HOLD_THEN_PAY, on_the_spot=True)


@pytest.fixture
def hotel(db: None, cheap_passwords: None) -> Hotel:
    return new_hotel()


def confirmed(hotel: Hotel, first: int = 10, last: int = 13, **over: Any) -> StayView:
    """It is paid for when its guests leave."""
    return stay(hotel, first, last, terms=ON_THE_SPOT, **over)


def at(hotel: Hotel, number: int, clock: str = "16:00") -> datetime:
    """A moment of a day, by the hotel's clock."""
    return datetime.combine(day(number), time.fromisoformat(clock), hotel.business.zone)


def come(hotel: Hotel, seen: StayView, number: int = 10, **how: Any) -> None:
    check_in(seen.booking_id, by=hotel.staff, now=at(hotel, number), **how)


def leave(hotel: Hotel, seen: StayView, number: int, clock: str = "10:00") -> None:
    check_out(seen.booking_id, by=hotel.staff, now=at(hotel, number, clock))


def test_who_comes_has_the_first_free_room_or_the_one_that_is_chosen(hotel: Hotel) -> None:
    one, other, third = (confirmed(hotel) for _ in range(ROOMS))
    free = free_rooms_for(one.booking_id, by=hotel.staff, now=at(hotel, 10))

    come(hotel, one)
    come(hotel, other, room=hotel.rooms[2].pk)
    come(hotel, third)

    assert [room.name for room in free] == ["201", "202", "203"]
    assert [again(hotel, seen).room for seen in (one, other, third)] == ["201", "203", "202"]
    assert again(hotel, one).state == "in_progress"
    assert again(hotel, one).checked_in_at == at(hotel, 10)
    told = Transition.objects.filter(subject="booking", event="begin").order_by("pk")
    assert list(told.values_list("reason", flat=True)) == ["room 201", "room 203", "room 202"]
    assert_all_is_well(now=at(hotel, 10))


def test_guests_may_come_from_the_morning_of_their_day_on_and_not_before(hotel: Hotel) -> None:
    seen = confirmed(hotel)

    for early in (at(hotel, 9, "23:59"), NOW):
        with pytest.raises(Conflict):
            check_in(seen.booking_id, by=hotel.staff, now=early)
    untouched = again(hotel, seen)
    check_in(seen.booking_id, by=hotel.staff, now=at(hotel, 10, "00:00"))

    assert (untouched.state, untouched.room) == ("confirmed", "")
    assert again(hotel, seen).state == "in_progress"


def test_a_room_with_guests_in_it_or_of_another_type_is_not_given(hotel: Hotel) -> None:
    one, other = confirmed(hotel), confirmed(hotel)
    _, suites = new_room_type(hotel.business, "Suite", rooms=1)
    come(hotel, one)
    Room.objects.filter(name="202").update(active=False)

    with pytest.raises(Conflict, match="guests in room 201"):
        come(hotel, other, room=hotel.rooms[0].pk)
    for wrong in (suites.rooms.get().pk, hotel.rooms[1].pk, 10**12):
        with pytest.raises(NotFound):
            come(hotel, other, room=wrong)
    Room.objects.filter(name="203").update(active=False)
    with pytest.raises(Conflict, match="No room"):
        come(hotel, other)

    untouched = again(hotel, other)
    assert (untouched.state, untouched.room, untouched.checked_in_at) == ("confirmed", "", None)


def test_who_leaves_early_frees_the_room_and_the_nights_that_have_not_begun(hotel: Hotel) -> None:
    seen = confirmed(hotel)
    come(hotel, seen)
    leave(hotel, seen, 11)

    left = again(hotel, seen)
    assert (left.state, left.room, left.checked_out_at) == ("completed", "201", at(hotel, 11, "10:00"))
    assert nights_kept(seen) == ["taken", "released", "released"]
    come(hotel, following := confirmed(hotel, 11, 13, now=at(hotel, 11, "10:30")), 11)
    assert again(hotel, following).room == "201"
    assert_all_is_well(now=at(hotel, 11))


def test_who_leaves_in_the_afternoon_keeps_the_night_that_has_begun(hotel: Hotel) -> None:
    seen = confirmed(hotel)
    come(hotel, seen)

    leave(hotel, seen, 11, "14:00")

    assert nights_kept(seen) == ["taken", "taken", "released"]


def test_nobody_leaves_who_has_not_come(hotel: Hotel) -> None:
    seen = confirmed(hotel)

    with pytest.raises(Conflict):
        leave(hotel, seen, 12)

    assert again(hotel, seen).state == "confirmed"
    assert nights_kept(seen) == ["taken"] * 3


def test_of_who_does_not_come_the_nights_that_are_left_are_free(hotel: Hotel) -> None:
    seen = confirmed(hotel)
    with pytest.raises(Conflict):
        miss_booking(seen.booking_id, by=hotel.staff, trade=TRADE, now=at(hotel, 10, "14:59"))

    miss_booking(seen.booking_id, by=hotel.staff, trade=TRADE, now=at(hotel, 11, "09:00"))

    assert again(hotel, seen).state == "no_show"
    assert nights_kept(seen) == ["taken", "released", "released"]


def test_whoever_says_that_a_stay_begins_gives_it_a_room_all_the_same(hotel: Hotel) -> None:
    seen = confirmed(hotel)

    begin_booking(seen.booking_id, by=hotel.staff, trade=TRADE, now=at(hotel, 10))
    begun = again(hotel, seen)
    complete_booking(seen.booking_id, by=hotel.staff, trade=TRADE, now=at(hotel, 13, "10:00"))

    assert (begun.state, begun.room) == ("in_progress", "201")
    assert not Stay.objects.filter(room__isnull=False, checked_out_at=None).exists()


@pytest.mark.spec("GEN-2")
def test_only_the_hotels_own_staff_is_let_in(hotel: Hotel) -> None:
    guest, other = new_user(), new_hotel("old-mill")
    seen = confirmed(hotel, user=guest)

    for stranger, refusal in ((other.staff, NotFound), (new_user(), NotFound), (guest, Forbidden)):
        for ask in (partial(check_in, now=at(hotel, 10)), partial(free_rooms_for, now=NOW)):
            with pytest.raises(refusal):
                ask(seen.booking_id, by=stranger)
    for stranger in (other.staff, guest):
        with pytest.raises(NotFound):
            stays_of_hotel(SLUG, by=stranger)

    assert again(hotel, seen).state == "confirmed"


def test_lists_take_as_many_statements_whoever_is_on_them(hotel: Hotel) -> None:
    def cost() -> int:
        with count_statements() as statements:
            views_of_stays(stays_of_hotel(SLUG, by=hotel.staff))
        return len(statements)

    stay(hotel)
    with_one = cost()
    for first in (20, 30):
        stay(hotel, first, first + 1)
        come(hotel, confirmed(hotel, first, first + 1), first)

    assert cost() == with_one


def test_rooms_by_night_are_kept_blocked_and_free(hotel: Hotel) -> None:
    confirmed(hotel, 10, 12)
    stay(hotel, 11, 12)
    noon = at(hotel, 11, "12:00")
    block(hotel.pool, Period(noon, noon + timedelta(days=2)), by="staff:1", now=NOW, seats=1)

    (rows,) = rooms_by_night(SLUG, day(10), day(13), now=NOW)

    assert [(row.night, row.capacity, row.kept, row.blocked, row.free) for row in rows.nights] == [
        (day(10), 3, 1, 0, 2),
        (day(11), 3, 3, 1, 0),
        (day(12), 3, 1, 1, 2),
        (day(13), 3, 0, 0, 3),
    ]


# Moves


@pytest.mark.spec("GEN-12")
def test_staff_move_a_stay_to_other_nights_and_it_stays_as_long(hotel: Hotel) -> None:
    seen = confirmed(hotel, 10, 13)
    move = partial(reschedule_booking, seen.booking_id, by=hotel.staff, trade=TRADE, now=NOW)

    move(at(hotel, 12).replace(tzinfo=None))

    moved = again(hotel, seen)
    assert (moved.check_in, moved.check_out, moved.lines[0].title) == (
        day(12),
        day(15),
        "Double room, 3 nights",
    )
    assert sorted(nights_kept(seen)) == ["released"] * 3 + ["taken"] * 3
    for _ in range(ROOMS):
        confirmed(hotel, 20, 21)
    with pytest.raises(SlotTaken) as refused:
        move(at(hotel, 18).replace(tzinfo=None))
    assert refused.value.nearest
    with pytest.raises(Invalid):
        move(at(hotel, -1).replace(tzinfo=None))
    assert again(hotel, seen) == moved


# All at once


@pytest.mark.spec("HOT-8", "BC-1")
def test_of_many_who_want_one_room_one_has_it(hotel: Hotel) -> None:
    stays = [confirmed(hotel) for _ in range(ROOMS)]
    room = hotel.rooms[0].pk

    results = race([partial(come, hotel, seen, room=room) for seen in stays])

    assert kinds(results) == {"Conflict": ROOMS - 1, "NoneType": 1}
    assert Stay.objects.filter(room=room).count() == 1
    assert Booking.objects.filter(state="in_progress").count() == 1


def test_who_comes_at_once_gets_a_room_each(hotel: Hotel) -> None:
    """They choose one after the other, by the pool's lock; one stay comes twice, and has one."""
    stays = [confirmed(hotel) for _ in range(ROOMS)]

    results = race([partial(come, hotel, seen) for seen in (*stays, stays[0])])

    assert kinds(results) == {"MoveRefused": 1, "NoneType": ROOMS}
    assert {again(hotel, seen).room for seen in stays} == {"201", "202", "203"}


def hasty(hotel: Hotel) -> list[object]:
    """Two come at once, and both have chosen their room before either has it."""
    stories = [partial(come, hotel, confirmed(hotel)) for _ in range(2)]
    return without_locks(*stories, meet_before=f'UPDATE "{Stay._meta.db_table}"')


def test_those_who_forget_the_lock_are_stopped_by_the_index(hotel: Hotel) -> None:
    results = hasty(hotel)

    assert kinds(results) == {"Conflict": 1, "NoneType": 1}
    assert Stay.objects.filter(room=hotel.rooms[0]).count() == 1
    assert sorted(Booking.objects.values_list("state", flat=True)) == ["confirmed", "in_progress"]


def test_without_lock_and_index_one_room_is_given_twice(hotel: Hotel) -> None:
    """The negative control."""
    with without(Stay, "one_stay_in_a_room"):
        hasty(hotel)

        assert Stay.objects.filter(room=hotel.rooms[0]).count() == 2
