"""The timeline: all that happened around a booking and its payments, with who and why."""

from __future__ import annotations

import pytest
from django.test import Client

from holdfast.flows.timeline import Entry, timeline_of
from holdfast.orders.models import Line
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import Transition
from tests.desk.conftest import Books, booked, call_from_the_gateway
from tests.support.practice import Practice, payment_of
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements

pytestmark = pytest.mark.spec("GEN-14")


def of(kind: str, told: list[Entry]) -> list[Entry]:
    return [entry for entry in told if entry.kind == kind]


def transitions_of(order_id: int) -> list[Transition]:
    """Every transition row of an order and of what belongs to it, read the plain way."""
    payments = list(Payment.objects.filter(order_id=order_id))
    subjects = {
        "order": [order_id],
        "payment": [payment.pk for payment in payments],
        "booking": [line.pk for line in Line.objects.filter(order_id=order_id)],
        "transaction": [moved.pk for moved in Transaction.objects.filter(payment__in=payments)],
    }
    return [t for t in Transition.objects.order_by("at", "pk") if t.subject_id in subjects[t.subject]]


def test_it_has_every_transition_with_who_and_why(books: Books) -> None:
    for checkout in (books.paid, books.too_late):
        order_id = payment_of(checkout).order_id

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

    assert len(for_much) == len(for_little) == 7, for_much


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
