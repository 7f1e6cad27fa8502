"""A stay from the first question to the last night: quoted, held, reserved, accepted, and lived in."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.availability.models import Allocation, WeeklyHours
from holdfast.availability.queries import free_slots
from holdfast.booking.models import Booking
from holdfast.catalog.models import Business, Offering, Resource, Season, StayFee
from holdfast.catalog.stay_rules import nights_of
from holdfast.flows.approval import approve_booking, decline_booking
from holdfast.flows.asking import StillUnknown
from holdfast.flows.ending import abandon_carts, expire_orders
from holdfast.flows.reminding import remind
from holdfast.flows.settlement import settle
from holdfast.flows.stays import (
    Guest,
    StayGuest,
    book_stay,
    cancel_by_key,
    draft_stay,
    open_session,
    preview_cancel_by_key,
    quote_of_stay,
    rooms_on_offer,
    stay_of,
    stay_with_key,
    stays_of_hotel,
    submit_stay,
    verify_stay,
    views_of_stays,
)
from holdfast.kernel.errors import (
    AlreadyHeld,
    CaptureFailed,
    Conflict,
    HoldExpired,
    Invalid,
    NotFound,
    SlotTaken,
    TooMany,
)
from holdfast.kernel.money import Money
from holdfast.orders.guest_keys import new_guest_key
from holdfast.orders.models import GuestKey, Order, PromoCode
from holdfast.payments.models import Payment
from holdfast.platform.db import transaction
from holdfast.platform.models import Customer
from holdfast.surfaces.hotels.terms import TRADE
from tests.support.hotel import (
    GUEST,
    NIGHT,
    ROOMS,
    SLUG,
    Hotel,
    again,
    authorized,
    booking_of,
    day,
    new_hotel,
    new_room_type,
    nights_kept,
    paid,
    sells_through,
    stay,
    wish,
)
from tests.support.practice import NOW, Practice, new_user
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.shop import catch_up
from tests.support.statements import count_statements
from tests.support.ways import SOON, assert_all_is_well
from tests.support.worker import work

GUEST_SEEN = StayGuest(GUEST.name, GUEST.email, GUEST.phone)


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


@pytest.mark.spec("HOT-1")
def test_a_quote_has_nights_by_season_fees_and_taxes_as_lines(hotel: Hotel) -> None:
    Season.objects.create(offering=hotel.offering, first_night=day(11), last_night=day(30), price=15_000)
    StayFee.objects.create(business=hotel.business, title="Cleaning", price=2_000, per="stay", tax_rate=1900)
    StayFee.objects.create(business=hotel.business, title="City tax", price=150, per="guest_night")
    StayFee.objects.create(business=hotel.business, title="Old fee", price=1, per="stay", active=False)
    other, _ = new_room_type(hotel.business, "Suite")
    StayFee.objects.create(business=hotel.business, title="Butler", price=1, per="night", offering=other)

    quote = quote_of_stay(hotel.offering, day(10), day(13), 2)

    assert [(line.kind.value, line.title, line.price, line.tax) for line in quote.lines] == [
        ("service", "Double room, 3 nights", NIGHT + 2 * 15_000, 0),
        ("fee", "Cleaning", 2_000, 0),
        ("fee", "City tax", 6 * 150, 0),
        ("tax", "VAT 7%", 0, 2_617),
        ("tax", "VAT 19%", 0, 319),
    ]
    assert quote.total == 42_900


@pytest.mark.spec("HOT-1")
def test_what_is_quoted_is_what_is_asked_for(hotel: Hotel) -> None:
    PromoCode.objects.create(business=hotel.business, code="TENTH", percent=10, total_limit=1)
    StayFee.objects.create(business=hotel.business, title="Cleaning", price=2_000, per="stay")

    held = stay(hotel, promo_code="tenth")

    assert [(line.kind, line.amount.amount) for line in held.lines] == [
        ("service", 20_000),
        ("discount", -2_000),
        ("fee", 2_000),
        ("tax", 0),
    ]
    assert held.total == Money(20_000, "EUR")
    session = open_session(held.booking_id, business=SLUG, now=NOW)
    assert session.amount == held.total


@pytest.mark.spec("HOT-1")
def test_every_room_type_says_what_it_costs_and_how_many_are_free_or_why_not(hotel: Hotel) -> None:
    suite, _ = new_room_type(hotel.business, "Suite", rooms=1, price=30_000, occupancy=4)
    single, _ = new_room_type(hotel.business, "Single room", price=6_000, occupancy=1)
    stay(hotel, 10, 12)
    stay(hotel, 11, 12, offering=suite)

    offers = rooms_on_offer(SLUG, check_in=day(10), check_out=day(13), guests=2, now=NOW)

    assert [(one.offering, one.available, one.why) for one in offers] == [
        (single, 0, "too_many_guests"),
        (hotel.offering, 2, None),
        (suite, 0, "taken"),
    ]
    assert [one.quote.total if one.quote else None for one in offers] == [None, 3 * NIGHT, 90_000]
    with pytest.raises(NotFound):
        rooms_on_offer("nowhere", check_in=day(10), check_out=day(13), guests=2, now=NOW)


@pytest.mark.spec("HOT-1")
@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"first": 12, "last": 12}, "check_out"),
        ({"first": 12, "last": 11}, "check_out"),
        ({"first": -1, "last": 2}, "check_in"),
        ({"first": 500, "last": 501}, "check_in"),
        ({"check_in": date(1, 1, 1)}, "check_in"),
        ({"check_out": date(9999, 12, 31)}, "check_out"),
        ({"guests": 0}, "guests"),
        ({"guests": 3}, "guests"),
        ({"guest": Guest("", "guest@example.com")}, "name"),
        ({"guest": Guest("A guest", "nowhere")}, "email"),
        ({"guest": Guest("A guest", "guest@example.com", "1" * 21)}, "phone"),
        ({"promo_code": "WHAT"}, "promo_code"),
    ],
)
def test_what_nobody_can_have_meant_is_refused_and_nothing_is_written(
    hotel: Hotel, over: dict[str, Any], field: str
) -> None:
    for book in (book_stay, draft_stay):
        with pytest.raises(Invalid) as refused:
            book(wish(hotel, **over), address=None, user=None, now=NOW)

        assert list(refused.value.fields) == [field]
    assert Order.objects.count() == Customer.objects.count() == 0


@pytest.mark.spec("HOT-9", "GEN-5")
def test_who_comes_when_all_rooms_are_gone_is_told_the_nearest_stays(hotel: Hotel) -> None:
    for _ in range(ROOMS):
        stay(hotel, 10, 12)

    with pytest.raises(SlotTaken) as refused:
        stay(hotel, 11, 13)

    zone = hotel.business.zone
    starts = [slot.period.start.astimezone(zone).date() for slot in refused.value.nearest]
    assert starts == [day(n) for n in (7, 8, 12, 13, 14)]
    assert Booking.objects.count() == Customer.objects.count() == ROOMS


@pytest.mark.spec("GEN-6")
def test_who_has_an_account_is_told_of_their_own_hold_and_guests_are_counted_by_address(
    hotel: Hotel, settings: Any
) -> None:
    settings.HOLDFAST_HOLDS_AN_ADDRESS = 2
    user = new_user()
    stay(hotel, 10, 12, user=user)

    with pytest.raises(AlreadyHeld):
        stay(hotel, 10, 12, user=user)
    for first in (20, 22):
        stay(hotel, first, first + 1, address="192.0.2.7")
    with pytest.raises(TooMany):
        stay(hotel, 24, 25, address="192.0.2.7")

    assert Booking.objects.count() == 3


@pytest.mark.spec("GEN-10", "BC-13")
def test_a_code_that_each_customer_may_use_so_often_is_for_those_whom_we_know(hotel: Hotel) -> None:
    PromoCode.objects.create(business=hotel.business, code="ONCE", percent=10, per_customer_limit=1)
    user = new_user()

    for book in (book_stay, draft_stay):
        with pytest.raises(Invalid) as refused:
            book(wish(hotel, promo_code="once"), address=None, user=None, now=NOW)
        assert refused.value.fields == {"promo_code": ["Please sign in to use this code."]}
    used = stay(hotel, 10, 12, user=user, promo_code="once")
    with pytest.raises(Invalid):
        stay(hotel, 20, 22, user=user, promo_code="once")

    assert used.total == Money(18_000, "EUR")
    assert Order.objects.count() == 1


# Drafts


@pytest.mark.spec("HOT-1", "HOT-8")
def test_a_draft_holds_nothing_and_costs_what_it_costs_when_it_is_submitted(hotel: Hotel) -> None:
    draft = draft_stay(wish(hotel), address=None, user=None, now=NOW)
    Offering.objects.filter(pk=hotel.offering.pk).update(price=2 * NIGHT)
    with pytest.raises(Conflict):
        open_session(draft.booking_id, business=SLUG, now=NOW)
    before = Allocation.objects.count()

    held = submit_stay(draft.booking_id, address=None, now=SOON)
    once_more = submit_stay(draft.booking_id, address=None, now=SOON)

    assert (draft.state, draft.total.amount, before) == ("open", 2 * NIGHT, 0)
    assert (held.booking_id, held.state) == (draft.booking_id, "pending_payment")
    assert held.total == Money(4 * NIGHT, "EUR")
    assert held.guest == draft.guest
    assert once_more == held
    assert nights_kept(held) == ["held", "held"]


@pytest.mark.spec("HOT-8")
def test_of_two_drafts_of_the_last_room_one_is_held_and_the_other_stays_a_draft(hotel: Hotel) -> None:
    drafts = [draft_stay(wish(hotel), address=None, user=None, now=NOW) for _ in range(ROOMS + 1)]

    for draft in drafts[:ROOMS]:
        submit_stay(draft.booking_id, address=None, now=SOON)
    with pytest.raises(SlotTaken):
        submit_stay(drafts[-1].booking_id, address=None, now=SOON)

    assert [again(hotel, one).state for one in drafts] == ["pending_payment"] * ROOMS + ["open"]


@pytest.mark.spec("HOT-8")
def test_a_draft_that_is_submitted_by_many_at_once_is_held_once(hotel: Hotel) -> None:
    draft = draft_stay(wish(hotel), address=None, user=None, now=NOW)

    results = race([partial(submit_stay, draft.booking_id, address=None, now=SOON) for _ in range(6)])

    assert kinds(results) == {"StayView": 6}
    assert nights_kept(draft) == ["held", "held"]


@pytest.mark.spec("HOT-8")
def test_submitting_what_never_was_a_draft_changes_nothing(hotel: Hotel) -> None:
    held = stay(hotel)

    assert submit_stay(held.booking_id, address=None, now=SOON, business=SLUG) == held
    for reference, business in ((held.booking_id, "old-mill"), ("", SLUG), ("HB-NOTHING", SLUG)):
        with pytest.raises(NotFound):
            submit_stay(reference, address=None, now=SOON, business=business)


def test_a_draft_that_was_left_is_over(hotel: Hotel, settings: Any) -> None:
    draft = draft_stay(wish(hotel, 100, 102), address=None, user=None, now=NOW)
    later = NOW + timedelta(days=settings.HOLDFAST_CARTS_KEPT_DAYS + 1)
    abandon_carts(now=later)

    with pytest.raises(Conflict):
        submit_stay(draft.booking_id, address=None, now=later)

    assert again(hotel, draft).state == "expired"
    assert Booking.objects.count() == 0


# Paying


@pytest.mark.spec("HOT-2")
def test_asking_twice_for_a_session_gives_the_same_open_one(hotel: Hotel, reserving: Sandbox) -> None:
    catch_up(reserving, now=NOW)
    held = stay(hotel)

    first, second = (open_session(held.booking_id, business=SLUG, now=NOW) for _ in range(2))

    assert first == second
    assert not first.charged_at_once
    assert again(hotel, held).session_id == first.session_id != ""
    assert Payment.objects.count() == 1


@pytest.mark.spec("HOT-2")
def test_of_two_sessions_the_one_that_is_paid_tells_of_the_stay(hotel: Hotel, reserving: Sandbox) -> None:
    """Somebody has opened both at once, and pays in the first."""
    held = stay(hotel)
    first, second = (open_session(held.booking_id, business=SLUG, now=NOW) for _ in range(2))
    assert first.reference != second.reference  # by the gateway's clock the first one has ended
    reserving.settle(first.reference)

    said = verify_stay(held.booking_id, business=SLUG, now=SOON)

    assert (said.payment_status, said.stay.state) == ("AUTHORIZED", "pending_approval")
    assert (said.stay.session_id, said.stay.payment_authorized_at) == (first.session_id, SOON)


@pytest.mark.spec("HOT-2")
def test_a_gateway_that_cannot_reserve_is_said_to_charge_at_once(practice: Practice) -> None:
    hotel = new_hotel()
    Business.objects.filter(pk=hotel.business.pk).update(currency="INR")
    hotel.business.refresh_from_db()
    sells_through(hotel, practice)

    held = stay(hotel)

    assert held.charged_at_once
    assert open_session(held.booking_id, business=SLUG, now=NOW).charged_at_once


@pytest.mark.spec("HOT-2")
def test_verifying_asks_the_gateway_and_says_where_it_stands(hotel: Hotel, reserving: Sandbox) -> None:
    held = stay(hotel)
    with pytest.raises(NotFound):
        verify_stay(held.booking_id, business=SLUG, now=NOW)
    session = open_session(held.booking_id, business=SLUG, now=NOW)
    unpaid = verify_stay(held.booking_id, business=SLUG, now=NOW)
    reserving.settle(session.reference)
    reserving.arm("look_up_500_before", only=session.reference)
    with pytest.raises(StillUnknown):
        verify_stay(held.booking_id, business=SLUG, now=SOON)
    reserving.disarm()

    said = verify_stay(held.booking_id, business=SLUG, now=SOON + timedelta(seconds=5))

    assert (unpaid.payment_status, unpaid.stay.state) == ("PENDING", "pending_payment")
    assert (said.payment_status, said.stay.state) == ("AUTHORIZED", "pending_approval")
    assert said.stay.payment_reference == said.stay.session_id  # Toy calls what it reserves by one name


@pytest.mark.spec("HOT-2", "HOT-3")
def test_who_pays_on_the_page_of_an_earlier_attempt_is_told_so(hotel: Hotel, reserving: Sandbox) -> None:
    held = stay(hotel)
    first = open_session(held.booking_id, business=SLUG, now=NOW)
    over = Payment.objects.get().expires_at
    assert over is not None
    second = open_session(held.booking_id, business=SLUG, now=over + timedelta(seconds=10))
    assert again(hotel, held).session_id == second.session_id != first.session_id

    reserving.settle(first.reference)
    settle(Payment.objects.get(reference=first.reference).pk, now=over + timedelta(seconds=20))
    said = verify_stay(held.booking_id, business=SLUG, now=over + timedelta(seconds=30))
    approve_booking(held.booking_id, by=hotel.staff, trade=TRADE, now=over + timedelta(seconds=40))

    assert (said.payment_status, said.stay.state) == ("AUTHORIZED", "pending_approval")
    assert said.stay.session_id == first.session_id
    assert said.stay.payment_authorized_at == over + timedelta(seconds=20)
    assert again(hotel, held).paid_at == over + timedelta(seconds=40)


def test_stays_are_shown_by_as_many_queries_however_many_there_are(hotel: Hotel) -> None:
    def cost() -> int:
        with count_statements() as statements:
            views_of_stays(stays_of_hotel(SLUG, by=hotel.staff))
        return len(statements)

    stay(hotel, 10, 12)
    with_one = cost()
    for first in (20, 30):
        stay(hotel, first, first + 1)

    assert cost() == with_one


@pytest.mark.spec("HOT-4")
def test_a_stay_is_paid_when_the_gateway_says_so_and_not_when_it_was_asked(
    hotel: Hotel, reserving: Sandbox
) -> None:
    waits = authorized(hotel, reserving)
    reserving.arm("capture_pending", reads=1)
    with pytest.raises(StillUnknown):
        approve_booking(waits.booking_id, by=hotel.staff, trade=TRADE, now=SOON)
    unpaid = again(hotel, waits)

    later = SOON + timedelta(hours=2)
    settle(Payment.objects.get().pk, now=later - timedelta(minutes=1))
    settle(Payment.objects.get().pk, now=later)

    confirmed = again(hotel, waits)
    assert (unpaid.state, unpaid.paid_at) == ("pending_approval", None)
    assert (confirmed.state, confirmed.payment_authorized_at) == ("confirmed", SOON)
    assert confirmed.paid_at == confirmed.decision_made_at == later


@pytest.mark.spec("HOT-4", "BC-2")
def test_a_stay_that_is_declined_frees_its_nights_and_its_money(hotel: Hotel, reserving: Sandbox) -> None:
    waits = authorized(hotel, reserving)

    decline_booking(waits.booking_id, by=hotel.staff, trade=TRADE, now=SOON, why="The roof leaks.")
    work()

    declined = again(hotel, waits)
    assert (declined.state, declined.reason) == ("declined", "The roof leaks.")
    assert declined.decision_made_by == hotel.staff.email
    assert nights_kept(waits) == ["released", "released"]
    assert Payment.objects.get().state == "voided"
    assert_all_is_well()


@pytest.mark.spec("HOT-5")
def test_whose_money_cannot_be_taken_keeps_the_nights_for_a_while_and_pays_anew(
    hotel: Hotel, reserving: Sandbox
) -> None:
    waits = authorized(hotel, reserving)
    reserving.arm("capture_declined", only=Payment.objects.get().reference, then="lapsed")
    with pytest.raises(CaptureFailed):
        approve_booking(waits.booking_id, by=hotel.staff, trade=TRADE, now=SOON)
    asked_again = again(hotel, waits)
    kept = nights_kept(waits)

    paid(hotel, reserving, asked_again)
    approve_booking(waits.booking_id, by=hotel.staff, trade=TRADE, now=SOON)

    confirmed = again(hotel, waits)
    assert (asked_again.state, kept) == ("pending_payment", ["held", "held"])
    assert asked_again.pay_by == SOON + timedelta(days=1)
    assert confirmed.state == "confirmed"
    assert confirmed.session_id not in ("", waits.session_id)
    assert [payment.wins for payment in Payment.objects.order_by("pk")] == [False, True]
    assert_all_is_well()


@pytest.mark.spec("GEN-13")
def test_nobody_is_written_to_at_an_address_that_anybody_may_have_typed(
    hotel: Hotel, reserving: Sandbox
) -> None:
    stay(hotel, address="203.0.113.9")
    paid_once = stay(hotel, address="203.0.113.9")
    paid(hotel, reserving, paid_once)
    reserving.arm("capture_declined", only=Payment.objects.get().reference, then="lapsed")
    with pytest.raises(CaptureFailed):
        approve_booking(paid_once.booking_id, by=hotel.staff, trade=TRADE, now=SOON)
    of_staff = stay(hotel, 20, 21)
    signed_in = stay(hotel, 20, 21, user=new_user(), address="203.0.113.9")

    expire_orders(now=NOW + timedelta(days=3))

    told = ProcrastinateJob.objects.filter(args__payload__name="expired").values_list("args", flat=True)
    assert {args["payload"]["booking"] for args in told} == {
        booking_of(one).pk for one in (paid_once, of_staff, signed_in)
    }


@pytest.mark.spec("BC-5", "BC-9")
def test_late_money_has_the_nights_again_or_goes_back(hotel: Hotel, reserving: Sandbox) -> None:
    late = [stay(hotel, 10, 12) for _ in range(2)]
    sessions = [open_session(one.booking_id, business=SLUG, now=NOW) for one in late]
    an_hour_later = NOW + timedelta(hours=1)
    expire_orders(now=an_hour_later)
    assert [again(hotel, one).state for one in late] == ["expired", "expired"]
    for first in (10, 11):
        stay(hotel, first, 12, now=an_hour_later)

    for session in sessions:
        reserving.settle(session.reference)
        settle(Payment.objects.get(reference=session.reference).pk, now=an_hour_later)
    work()

    assert [again(hotel, one).state for one in late] == ["pending_approval", "expired"]
    assert [sorted(nights_kept(one)) for one in late] == [["released"] * 2 + ["taken"] * 2, ["released"] * 2]
    assert [payment.state for payment in Payment.objects.order_by("pk")] == ["authorized", "voided"]
    assert_all_is_well(now=an_hour_later)


@pytest.mark.spec("HOT-5")
def test_who_asks_for_a_session_of_nights_that_are_held_no_longer_is_told_so(hotel: Hotel) -> None:
    held = stay(hotel)

    with pytest.raises(HoldExpired):
        open_session(held.booking_id, business=SLUG, now=NOW + timedelta(hours=1))

    assert Payment.objects.count() == 0


# With the guest's key


@pytest.mark.spec("HOT-8", "GEN-7", "GEN-11")
def test_a_guest_cancels_with_the_key_and_nobody_does_without(hotel: Hotel, reserving: Sandbox) -> None:
    waits, other = (authorized(hotel, reserving, first, first + 2) for first in (10, 20))
    with transaction():
        key, others = (new_guest_key(Order(pk=one.order_id), now=NOW) for one in (waits, other))
    for wrong, slug in (("", SLUG), (others, SLUG), (key, "old-mill"), (key.upper(), SLUG)):
        for ask in (preview_cancel_by_key, cancel_by_key):
            with pytest.raises(NotFound):
                ask(waits.booking_id, wrong, business=slug, now=SOON)
    assert again(hotel, waits) == waits

    seen = stay_with_key(waits.booking_id, key, business=SLUG)
    preview = preview_cancel_by_key(waits.booking_id, key, business=SLUG, now=SOON)
    owed = cancel_by_key(waits.booking_id, key, business=SLUG, now=SOON)
    work()

    assert seen.guest == GUEST_SEEN
    assert preview == owed
    assert (owed.refund, owed.percent) == (Money(2 * NIGHT, "EUR"), 100)
    assert [again(hotel, one).state for one in (waits, other)] == ["canceled", "pending_approval"]
    assert nights_kept(waits) == ["released", "released"]
    assert key not in str(GuestKey.objects.values())
    assert_all_is_well()


@pytest.mark.spec("GEN-2")
def test_a_stay_is_not_there_for_another_hotel(hotel: Hotel) -> None:
    new_hotel("old-mill")
    held = stay(hotel)
    draft = draft_stay(wish(hotel), address=None, user=None, now=NOW)

    for reference in (held.booking_id, draft.booking_id, "", "HB-NOTHING"):
        for ask in (stay_of, partial(open_session, now=NOW), partial(verify_stay, now=NOW)):
            with pytest.raises(NotFound):
                ask(reference, business="old-mill")


# All at once


@pytest.mark.spec("HOT-9", "BC-1", "BC-3")
def test_however_many_book_at_once_no_night_is_sold_more_often_than_there_are_rooms(hotel: Hotel) -> None:
    """From the request on: each of them writes down an order, and those who come too late leave nothing."""
    chance = random.Random(20300107)
    spans = [(first, first + chance.randint(1, 4)) for first in (chance.randint(10, 14) for _ in range(40))]

    results = race([partial(stay, hotel, *span) for span in spans])

    assert set(kinds(results)) == {"SlotTaken", "StayView"}
    nights = [night for one in Booking.objects.all() for night in nights_between(one)]
    sold = Counter(nights)
    refused = [span for span, result in zip(spans, results, strict=True) if isinstance(result, SlotTaken)]
    assert max(sold.values()) == ROOMS
    assert all(any(sold[day(n)] == ROOMS for n in range(*span)) for span in refused)
    assert Allocation.objects.count() == len(nights)
    assert Customer.objects.count() == kinds(results)["StayView"]


def nights_between(booking: Booking) -> list[date]:
    zone = booking.business.zone
    return nights_of(booking.starts_at.astimezone(zone).date(), booking.ends_at.astimezone(zone).date())


def test_what_has_the_rules_of_stays_and_is_not_sold_by_the_night_is_no_stay(hotel: Hotel) -> None:
    Offering.objects.filter(pk=hotel.offering.pk).update(by_night=False)

    with pytest.raises(Invalid):
        stay(hotel)


def test_what_is_sold_by_the_night_has_no_slots(hotel: Hotel) -> None:
    Resource.objects.filter(pk=hotel.pool.pk).update(keeps_hours=True)
    WeeklyHours.objects.create(resource=hotel.pool, weekday=0, opens=time(9), closes=time(9))

    assert free_slots(hotel.offering, first=day(10), last=day(20), now=NOW) == []


@pytest.mark.spec("GEN-7", "GEN-13")
def test_whatever_mail_brings_a_key_says_what_it_opens(hotel: Hotel, reserving: Sandbox) -> None:
    seen = authorized(hotel, reserving)
    approve_booking(seen.booking_id, by=hotel.staff, trade=TRADE, now=SOON)
    remind(now=datetime.combine(day(9), time(16), hotel.business.zone))
    work()

    told = [message for message in mail.outbox if message.to == [GUEST.email] and "?key=" in message.body]

    assert [message.subject.partition(" ")[0] for message in told] == ["Payment", "Booking", "Reminder:"]
    assert all("yours alone" in message.body for message in told)


def test_a_room_type_that_has_no_pool_yet_is_not_on_offer_and_keeps_no_other_from_it(hotel: Hotel) -> None:
    unfinished, _ = new_room_type(hotel.business, "Suite")
    unfinished.resources.clear()

    offers = rooms_on_offer(SLUG, check_in=day(10), check_out=day(12), guests=2, now=NOW)

    assert [(one.offering.title, one.available) for one in offers] == [("Double room", ROOMS)]
    with pytest.raises(Invalid):
        stay(hotel, offering=unfinished)
