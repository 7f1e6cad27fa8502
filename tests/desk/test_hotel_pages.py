"""A hotel at the desk: its rooms by night, who arrives, leaves and stays, and who may see that."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from holdfast.availability.models import Block
from holdfast.booking.models import Booking, Stay
from holdfast.flows.approval import approve_booking
from holdfast.flows.ending import expire_orders
from holdfast.flows.stays import stay_of
from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User
from holdfast.surfaces.hotels.terms import TRADE
from tests.desk.conftest import browser_of
from tests.flows.books import everything
from tests.support.hotel import GUEST, Hotel, authorized, day, new_hotel, nights_kept, sells_through
from tests.support.hotel import stay as held
from tests.support.practice import Practice, new_member, new_user
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements
from tests.support.ways import SOON
from tests.support.worker import work

pytestmark = pytest.mark.spec("HOT-8", "DESK-3")
A_DAY = timedelta(days=1)


@pytest.fixture
def hotel(practice: Practice, reserving: Sandbox) -> Hotel:
    made = new_hotel()
    sells_through(made, practice)
    return made


def today_at(hotel: Hotel) -> date:
    return utc_now().astimezone(hotel.business.zone).date()


def guest(hotel: Hotel, gateway: Sandbox, *, came: int = 0, nights: int = 2) -> Booking:
    """A confirmed stay that begins as the day of ``came`` days ago does. Pages live by the real clock."""
    seen = authorized(hotel, gateway)
    approve_booking(seen.booking_id, by=hotel.staff, trade=TRADE, now=SOON)
    starts_at = datetime.combine(today_at(hotel) - A_DAY * came, time(), tzinfo=hotel.business.zone)
    ends_at = starts_at + A_DAY * nights + timedelta(hours=11)
    Booking.objects.filter(reference=seen.booking_id).update(starts_at=starts_at, ends_at=ends_at)
    return Booking.objects.get(reference=seen.booking_id)


def do(user: User, booking: Booking, what: str, **said: str) -> Any:
    told = {"from": "stays", "business": booking.business.slug} | said
    return browser_of(user).post(f"/desk/bookings/{booking}/{what}/", told, follow=True)


def stays(user: User, **asked: str) -> Any:
    return browser_of(user).get("/desk/stays/", asked)


def parts(page: Any) -> dict[str, list[str]]:
    house = page.context["house"]
    lists = {"arriving": house.arriving, "leaving": house.leaving, "staying": house.staying}
    return {name: [one.reference for one in found] for name, found in lists.items()}


def walk_in(hotel: Hotel, check_in: date, check_out: date, *, guests: str = "2") -> dict[str, str]:
    """What the counter's form says of somebody who pays in cash."""
    days = {"date": check_in.isoformat(), "check_out": check_out.isoformat(), "guests": guests}
    who = {"name": "A walk-in", "phone": "+49 30 1234567", "caller": "new", "pays": "cash"}
    return {"business": hotel.business.slug, "offering": str(hotel.offering.pk)} | days | who


def counter(hotel: Hotel, said: dict[str, str]) -> Any:
    return browser_of(hotel.staff).post("/desk/book/", said)


def in_words(page: Any) -> str:
    main = page.content.decode().partition("<main")[2].partition("</main")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def test_each_stay_of_a_day_is_in_one_list(hotel: Hotel, reserving: Sandbox) -> None:
    arrives = guest(hotel, reserving)
    leaves = guest(hotel, reserving, came=2)
    stayed = guest(hotel, reserving, came=1, nights=3)

    page = stays(hotel.staff)

    assert parts(page) == {
        "arriving": [arrives.reference],
        "leaving": [leaves.reference],
        "staying": [stayed.reference],
    }
    shown = in_words(page)
    assert "Double room, 2 nights, 2 guests" in shown
    assert GUEST.email in shown
    tomorrow = stays(hotel.staff, date=(today_at(hotel) + A_DAY).isoformat())
    assert parts(tomorrow)["arriving"] == []
    assert parts(tomorrow)["staying"] == [stayed.reference, arrives.reference]


def test_guests_are_given_the_room_that_was_chosen_and_leave_it(hotel: Hotel, reserving: Sandbox) -> None:
    booking, room = guest(hotel, reserving), hotel.rooms[1]

    arrived = do(hotel.staff, booking, "check-in", room=str(room.pk))
    there = Stay.objects.get(booking=booking)
    left = do(hotel.staff, booking, "check-out")

    assert "A guest is in room 202." in in_words(arrived)
    assert "in the house" in in_words(arrived)
    assert there.room == room
    assert "A guest has left: the room is free." in in_words(left)
    booking.refresh_from_db()
    assert booking.state == "completed"
    assert "2 guests, room 202" in in_words(browser_of(hotel.staff).get(f"/desk/bookings/{booking}/"))


def test_without_a_choice_it_is_the_first_free_room_and_an_occupied_one_is_not_on_offer(
    hotel: Hotel, reserving: Sandbox
) -> None:
    first, second = guest(hotel, reserving), guest(hotel, reserving)

    do(hotel.staff, first, "check-in")
    page = stays(hotel.staff)
    taken = do(hotel.staff, second, "check-in", room=str(hotel.rooms[0].pk))

    assert Stay.objects.get(booking=first).room == hotel.rooms[0]
    offered = [[door.name for door in one.rooms] for one in page.context["house"].arriving]
    assert offered == [[], ["202", "203"]]
    assert taken.status_code == 409
    assert "There are guests in room 201." in in_words(taken)
    assert Stay.objects.get(booking=second).room is None


def test_who_has_not_come_and_who_has_not_left_is_said_today(hotel: Hotel, reserving: Sandbox) -> None:
    guest(hotel, reserving, came=1, nights=3)
    overstays = guest(hotel, reserving)
    do(hotel.staff, overstays, "check-in")
    earlier = datetime.combine(today_at(hotel) - A_DAY * 3, time(), tzinfo=hotel.business.zone)
    Booking.objects.filter(pk=overstays.pk).update(starts_at=earlier, ends_at=earlier + A_DAY * 2)

    shown = in_words(stays(hotel.staff))

    assert "has not come yet" in shown
    assert "was to leave before" in shown


def test_nobody_came_frees_the_nights_that_are_left(hotel: Hotel, reserving: Sandbox) -> None:
    booking = guest(hotel, reserving)

    page = do(hotel.staff, booking, "miss")

    booking.refresh_from_db()
    assert booking.state == "no_show"
    assert "Nobody came. The money stays here" in in_words(page)
    assert parts(page)["arriving"] == []


def test_a_booking_by_the_night_is_checked_in_on_its_own_page_too(hotel: Hotel, reserving: Sandbox) -> None:
    booking, browser = guest(hotel, reserving), browser_of(hotel.staff)

    before = browser.get(f"/desk/bookings/{booking}/")
    browser.post(f"/desk/bookings/{booking}/check-in/", {"room": str(hotel.rooms[2].pk)})
    after = browser.get(f"/desk/bookings/{booking}/")

    may = before.context["may"]
    assert [door.name for door in may.rooms] == ["201", "202", "203"]
    assert (may.moves, [act for act, _ in may.buttons]) == (False, ["miss"])
    assert "2 guests, room 203" in in_words(after)
    assert [act for act, _ in after.context["may"].buttons] == ["check-out"]


def test_a_room_that_is_none_is_refused_and_nothing_moves(hotel: Hotel, reserving: Sandbox) -> None:
    booking = guest(hotel, reserving)
    before = everything()

    answers = [do(hotel.staff, booking, "check-in", room=room) for room in ("x", "9" * 30, "0")]

    assert [answer.status_code for answer in answers] == [400, 400, 404]
    assert everything() == before


@pytest.mark.spec("HOT-9")
def test_the_rooms_of_each_night_are_counted(hotel: Hotel) -> None:
    held(hotel, 10, 12)
    held(hotel, 11, 12)
    browser = browser_of(hotel.staff)
    said = {"business": hotel.business.slug, "resource": str(hotel.pool.pk), "do": "block", "seats": "1"}
    browser.post("/desk/block/", said | {"first": day(9).isoformat(), "last": day(10).isoformat()})

    page = browser.get("/desk/rooms/", {"first": day(9).isoformat()})

    (rooms,) = page.context["types"]
    assert [(one.free, one.sold, one.blocked) for one in rooms.nights[:4]] == [
        (2, 0, 1),
        (1, 1, 1),
        (1, 2, 0),
        (3, 0, 0),
    ]
    assert len(rooms.nights) == 14
    assert f"/desk/stays/?business={hotel.business.slug}&amp;date={day(9)}" in page.content.decode()


@pytest.mark.spec("DESK-2")
def test_rooms_are_taken_out_of_use_by_the_night_and_as_many_as_are_free(hotel: Hotel) -> None:
    held(hotel, 10, 12)
    browser = browser_of(hotel.staff)
    nights = {"first": day(10).isoformat(), "last": day(11).isoformat()}
    said = {"business": hotel.business.slug, "resource": str(hotel.pool.pk)} | nights

    looked = browser.post("/desk/block/", said | {"seats": "2"})
    refused = browser.post("/desk/block/", said | {"do": "block"})
    wrong = browser.post("/desk/block/", said | {"do": "block", "seats": "4"})
    made = browser.post("/desk/block/", said | {"do": "block", "seats": "2"})

    assert "First night" in looked.content.decode()
    assert "Nothing is in the way. 2 of 3 are free for all of that time." in in_words(looked)
    assert (refused.status_code, wrong.status_code, made.status_code) == (409, 400, 303)
    block, zone = Block.objects.get(), hotel.business.zone
    assert block.seats == 2
    assert [block.period.lower, block.period.upper] == [
        datetime.combine(day(n), time(12), tzinfo=zone) for n in (10, 12)
    ]


@pytest.mark.spec("GEN-2")
@pytest.mark.spec("BC-19")
def test_another_hotel_is_not_there_and_who_runs_none_is_told_so(
    practice: Practice, hotel: Hotel, reserving: Sandbox
) -> None:
    other = new_hotel("old-mill")
    booking = guest(hotel, reserving)
    before = everything()

    seen = {address: browser_of(other.staff).get(address) for address in ("/desk/stays/", "/desk/rooms/")}
    asked = [
        browser_of(other.staff).get(f"/desk/{page}/", {"business": hotel.business.slug}).status_code
        for page in ("stays", "rooms")
    ]
    acts = [do(other.staff, booking, what).status_code for what in ("check-in", "check-out", "miss")]
    without = browser_of(new_member(practice, "staff")).get("/desk/stays/")

    assert {page.context["business"] for page in seen.values()} == {other.business}
    assert parts(seen["/desk/stays/"])["arriving"] == []
    assert asked == [404, 404]
    assert acts == [404, 404, 404]
    assert "None of the businesses that you run sells by the night." in in_words(without)
    assert "/desk/rooms/" not in without.content.decode()
    assert stays(new_user()).status_code == 403
    assert everything() == before


def test_a_stay_reads_sensibly_where_other_bookings_do(hotel: Hotel, reserving: Sandbox) -> None:
    waits = authorized(hotel, reserving)
    browser = browser_of(hotel.staff)

    queue = in_words(browser.get("/desk/approvals/"))
    agenda = in_words(browser.get("/desk/", {"date": day(10).isoformat()}))
    week = browser.get("/desk/", {"date": day(10).isoformat(), "view": "week"})

    nights = f"{day(10):%A}, {day(10).day} {day(10):%B %Y} – {day(12):%A}, {day(12).day} {day(12):%B %Y}"
    assert f"{nights} , 2 guests" in queue
    assert "reserved" in queue
    assert f"15:00 – {day(12):%a} {day(12).day} {day(12):%b}, 11:00" in agenda
    assert "Double room, 2 nights 2 guests" in agenda
    assert [entry.can for entry in week.context["appointments"]] == [(("accept", "Accept"),)]
    assert waits.booking_id in queue


@pytest.mark.spec("DESK-1")
def test_a_walk_in_is_booked_for_tonight_whatever_the_hour_and_can_be_checked_in(
    practice: Practice, mailoutbox: Any
) -> None:
    hotel = new_hotel(check_in_from=time(0))  # which is over
    tonight = today_at(hotel)
    said = walk_in(hotel, tonight, tonight + A_DAY * 2)

    looked = counter(hotel, said | {"do": "show"})
    answer = counter(hotel, said | {"do": "book", "amount": "200.00", "email": GUEST.email})
    work()

    undated = browser_of(hotel.staff).get("/desk/book/", {"check_out": said["check_out"]})
    assert "3 rooms are free for these nights." in in_words(looked)
    assert undated.context["said"].date == tonight.isoformat()
    assert "It costs €200.00" in in_words(looked)
    booking = Booking.objects.get()
    assert (answer.status_code, booking.state, booking.stay.guests) == (303, "confirmed", 2)
    assert nights_kept(stay_of(booking.reference, business=hotel.business.slug)) == ["taken", "taken"]
    assert [mail.subject for mail in mailoutbox if GUEST.email in mail.to] == [
        f"Booking Confirmed - {booking}"
    ]
    assert "A walk-in is in room 201." in in_words(do(hotel.staff, booking, "check-in"))


@pytest.mark.spec("DESK-1")
@pytest.mark.parametrize(("pays", "state"), [("spot", "confirmed"), ("link", "pending_payment")])
def test_a_walk_in_of_tonight_may_pay_later(
    practice: Practice, reserving: Sandbox, pays: str, state: str
) -> None:
    hotel = new_hotel(check_in_from=time(0))
    sells_through(hotel, practice)
    said = walk_in(hotel, today_at(hotel), today_at(hotel) + A_DAY)

    answer = counter(hotel, said | {"do": "book", "pays": pays, "keep": "1"})
    expire_orders(now=utc_now())

    booking = Booking.objects.get()
    assert (answer.status_code, booking.state) == (303, state)


@pytest.mark.spec("DESK-1")
@pytest.mark.spec("HOT-9")
def test_the_counter_sells_no_room_that_is_not_there_nor_to_more_than_it_takes(hotel: Hotel) -> None:
    for _ in range(3):
        held(hotel, 10, 12)
    before = everything()

    full = counter(hotel, walk_in(hotel, day(11), day(12)) | {"do": "book", "amount": "100.00"})
    crowd = counter(hotel, walk_in(hotel, day(20), day(21), guests="3") | {"do": "book", "amount": "100.00"})
    unsaid = counter(hotel, walk_in(hotel, day(20), day(21)) | {"do": "book", "check_out": ""})

    assert (full.status_code, crowd.status_code, unsaid.status_code) == (409, 400, 400)
    assert [start.date() for start in full.context["near"]] == [day(n) for n in (8, 9, 12, 13, 14)]
    assert "These are more guests than a room takes." in in_words(crowd)
    assert "Please say when they leave, and how many they are." in in_words(unsaid)
    assert everything() == before
    moved = counter(hotel, walk_in(hotel, day(11), day(12)) | {"near": f"{day(13)}T15:00"})
    assert (moved.context["said"].date, moved.context["said"].check_out) == (str(day(13)), str(day(14)))


@pytest.mark.spec("WEB-4")
def test_a_page_listens_to_its_own_businesses_and_may_connect_there(hotel: Hotel, settings: Any) -> None:
    settings.HOLDFAST_LIVE_URL = "http://127.0.0.1:9"
    new_hotel("old-mill")
    browser = browser_of(hotel.staff)

    pages = [browser.get(f"/desk/{page}") for page in ("", "approvals/", "rooms/", "stays/")]

    at = f"http://127.0.0.1:9/live/?channel=business-{hotel.business.slug}"
    assert [page.content.decode().count(f'sse-connect="{at}"') for page in pages] == [1, 1, 1, 1]
    assert all("connect-src 'self' http://127.0.0.1:9;" in page["Content-Security-Policy"] for page in pages)


@pytest.mark.spec("WEB-4")
def test_what_was_said_waits_for_whoever_did_it_while_the_page_reads_itself_anew(
    hotel: Hotel, reserving: Sandbox
) -> None:
    booking, browser = guest(hotel, reserving), browser_of(hotel.staff)
    browser.post(f"/desk/bookings/{booking}/check-in/", {"from": "stays", "business": booking.business.slug})

    refresh = browser.get("/desk/stays/", headers={"HX-Trigger": "house"})
    own = browser.get("/desk/stays/")

    assert "A guest is in room" not in in_words(refresh)
    assert "A guest is in room 201." in in_words(own)


def test_a_day_costs_as_much_with_three_stays_as_with_one(hotel: Hotel, reserving: Sandbox) -> None:
    browser = browser_of(hotel.staff)
    guest(hotel, reserving)
    browser.get("/desk/stays/")
    with count_statements() as with_one:
        browser.get("/desk/stays/")
    for came in (1, 2):
        guest(hotel, reserving, came=came)

    with count_statements() as with_three:
        page = browser.get("/desk/stays/")

    assert sum(len(found) for found in parts(page).values()) == 3
    assert len(with_three) == len(with_one), with_three
