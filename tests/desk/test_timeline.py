"""The timeline: all that happened around a booking and its payments, with who and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from holdfast.booking.models import Rescheduling
from holdfast.desk.story import story_of
from holdfast.flows.actors import Shopper
from holdfast.flows.checkout import check_out
from holdfast.flows.ending import expire_orders
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.flows.timeline import Entry, timeline_of
from holdfast.orders.models import Line, PromoCode
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import Transition
from tests.desk.conftest import Books, booked, call_from_the_gateway
from tests.support.carts import filled, wanted
from tests.support.practice import NOW, Practice, new_user, payment_of, wish
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements
from tests.support.ways import AUTHORIZE, HOLD, SOON, TRADE, Sold, sold, waiting

pytestmark = pytest.mark.spec("GEN-14")


def of(kind: str, told: list[Entry]) -> list[Entry]:
    return [entry for entry in told if entry.kind == kind]


def transitions_of(order_id: int) -> list[Transition]:
    """Every transition row of an order and of what belongs to it, read the plain way."""
    payments = list(Payment.objects.filter(order_id=order_id))
    moves = Rescheduling.objects.filter(booking__line__order_id=order_id)
    subjects = {
        "order": [order_id],
        "payment": [payment.pk for payment in payments],
        "booking": [line.pk for line in Line.objects.filter(order_id=order_id)],
        "rescheduling": [move.pk for move in moves],
        "transaction": [moved.pk for moved in Transaction.objects.filter(payment__in=payments)],
    }
    return [t for t in Transition.objects.order_by("at", "pk") if t.subject_id in subjects[t.subject]]


def test_it_has_every_transition_with_who_and_why(books: Books) -> None:
    moved = Rescheduling.objects.get().booking.line.order_id
    for order_id in (payment_of(books.paid).order_id, payment_of(books.too_late).order_id, moved):
        told = of("transition", timeline_of(order_id))

        rows = transitions_of(order_id)
        assert len(rows) >= 5
        assert [(t.at, t.actor, t.before, t.after, t.reason) for t in rows] == [
            (entry.at, entry.actor, entry.before, entry.after, entry.why) for entry in told
        ]
        assert all(entry.actor for entry in told)


def test_it_tells_a_paid_booking_from_the_hold_to_the_email(books: Books) -> None:
    payment = payment_of(books.paid)

    told = timeline_of(payment.order_id)

    # The email and the event are of the worker's and the gateway's real moment, not of the test's.
    in_order = [(entry.kind, entry.what, entry.after) for entry in told]
    assert [told for told in in_order if told[0] in ("transition", "money")] == [
        ("transition", f"order {payment.order_id}: create", "placed"),
        ("transition", f"payment {payment.reference}: create", "created"),
        ("transition", f"payment {payment.reference}: start", "pending"),
        ("transition", f"payment {payment.reference}: capture", "captured"),
        ("transition", f"order {payment.order_id}: complete", "completed"),
        ("transition", f"booking {books.booking.reference}: create", "confirmed"),
        ("money", "purchase of INR 1999.00", "succeeded"),
    ]
    assert [entry.what for entry in of("email", told)] == ["email “confirmed” sent"]
    [event] = of("event", told)
    assert (event.actor, event.what, event.after) == (
        "gateway:phonepe",
        "event checkout.order.completed",
        "settled",
    )


def test_it_tells_how_late_money_went_back_and_why(books: Books) -> None:
    told = timeline_of(payment_of(books.too_late).order_id)

    back = [entry for entry in told if entry.what.startswith("refund of INR 1999.00")]
    assert (back[0].after, back[0].actor) == ("pending", "gateway:phonepe")
    assert "slot_lost" in {entry.why for entry in back}
    assert ("clock", "expired") in {(entry.actor, entry.why) for entry in told}


def told_of(story: Sold) -> list[tuple[str, str, str, str]]:
    """What happened to a story's payment, booking and money: who, what, and to where."""
    kinds = ("payment", "booking", "capture", "void", "authorize", "refund", "purchase", "move")
    return [
        (entry.actor, entry.what.partition(" ")[0], entry.what.rpartition(": ")[2], entry.after)
        for entry in timeline_of(story.order.pk)
        if entry.what.startswith(kinds)
    ]


def test_it_tells_who_accepted_and_what_became_of_the_reserved_money(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)

    story.approve()

    customer, staff = f"customer:{story.user.pk}", f"staff:{story.owner.pk}"
    assert told_of(story) == [
        (customer, "booking", "create", "pending_payment"),
        (customer, "payment", "create", "created"),
        ("gateway:toy", "payment", "start", "pending"),
        ("gateway:toy", "payment", "authorize", "authorized"),
        ("gateway:toy", "booking", "await approval", "pending_approval"),
        (staff, "capture", "create", "pending"),
        ("gateway:toy", "capture", "succeed", "succeeded"),
        ("gateway:toy", "payment", "capture", "captured"),
        (staff, "booking", "approve", "confirmed"),
        ("gateway:toy", "authorize", "authorize of INR 1999.00", "succeeded"),
    ]


def test_it_tells_who_declined_and_why(practice: Practice, toy_gateway: Sandbox) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)

    story.decline(why="the astrologer is ill")

    declined = [entry for entry in timeline_of(story.order.pk) if entry.after in ("declined", "pending")]
    assert [(entry.what, entry.actor, entry.why) for entry in declined[1:]] == [
        (f"booking {story.booking}: decline", f"staff:{story.owner.pk}", "the astrologer is ill"),
        ("void of INR 1999.00: create", f"staff:{story.owner.pk}", "declined"),
    ]


def test_it_tells_where_a_booking_is_to_move(books: Books) -> None:
    move = Rescheduling.objects.get()

    told = timeline_of(move.booking.line.order_id)

    [born] = [entry for entry in told if entry.what.startswith("move of")]
    assert born.what == f"move of {move.booking} to {move.starts_at:%Y-%m-%d %H:%M} UTC: create"
    assert (born.actor, born.after) == (move.by, "waiting")


@pytest.mark.spec("GEN-10")
def test_it_tells_of_a_promo_codes_use_and_of_its_giving_back(practice: Practice, sandbox: Sandbox) -> None:
    PromoCode.objects.create(business=practice.business, code="DIWALI", percent=10)
    user, ends = new_user(), NOW + timedelta(hours=1)
    wanted = replace(wish(practice), promo_code="diwali")
    checkout = check_out(wanted, by=Shopper(user, None), now=NOW)

    expire_orders(now=ends)

    told = of("promo", timeline_of(payment_of(checkout).order_id))
    assert [(entry.at, entry.actor, entry.what, entry.why) for entry in told] == [
        (NOW, f"customer:{user.pk}", "promo code DIWALI, use 1: redeem", ""),
        (ends, "clock", "promo code DIWALI, use 1: give back", "expired"),
    ]


def test_money_that_a_person_took_has_the_persons_name(practice: Practice, sandbox: Sandbox) -> None:
    story = sold(practice, HOLD)
    taken = Taken(story.payment.money, Method.CASH)

    record_payment(story.booking.reference, taken, by=story.owner, trade=TRADE, now=SOON)

    [money] = of("money", timeline_of(story.order.pk))
    assert (money.actor, money.what) == (f"staff:{story.owner.pk}", "purchase of INR 1999.00")


def test_a_gateways_repeats_are_told_once_with_their_number(books: Books) -> None:
    call_from_the_gateway(books.paid)

    [event] = of("event", timeline_of(payment_of(books.paid).order_id))

    assert event.what == "event checkout.order.completed, delivered 2 times"


def test_it_costs_the_same_however_much_has_happened(
    books: Books, practice: Practice, sandbox: Sandbox
) -> None:
    plain = booked(practice, sandbox, at="15:00").line.order_id
    with count_statements() as for_little:
        timeline_of(plain)

    much = payment_of(books.too_late).order_id
    with count_statements() as for_much:
        timeline_of(much)

    assert len(for_much) == len(for_little) == 9, for_much


def test_the_admin_shows_it_with_a_payment_and_a_booking(books: Books, admins_browser: Client) -> None:
    payment = payment_of(books.paid)
    pages = (
        f"/admin/holdfast_payments/payment/{payment.pk}/change/",
        f"/admin/holdfast_booking/booking/{books.booking.pk}/change/",
        f"/admin/holdfast_orders/order/{payment.order_id}/change/",
    )

    for page in pages:
        shown = admins_browser.get(page)

        assert shown.context["timeline"] == timeline_of(payment.order_id)
        assert f"payment {payment.reference}: capture" in shown.content.decode()


def test_an_open_cart_is_not_said_to_hold_its_time(practice: Practice, sandbox: Sandbox) -> None:
    basket = filled(wanted(practice.offering))
    zone = practice.business.zone

    before = [told.sentence for told in story_of(basket.cart_id, zone)]
    basket.place()

    assert before == ["A cart was begun. It holds no time yet."]
    assert "The order was placed, and its time is held." in [
        told.sentence for told in story_of(basket.cart_id, zone)
    ]
