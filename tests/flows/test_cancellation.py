"""Cancellation: the booking ends, its time is free, and its money goes back by the terms, once."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.core import mail
from django.db.models import F

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.flows.audit import audit, look_for_wrongs
from holdfast.flows.bookings import booking_by_reference
from holdfast.flows.cancellation import Owed, cancel_booking, preview_cancellation
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.refunds import pursue
from holdfast.flows.returning import standing
from holdfast.flows.watching import money_waiting_on_a_person
from holdfast.kernel.errors import Conflict, MoveRefused, NotFound
from holdfast.kernel.money import Money
from holdfast.orders.models import Order
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.db import transaction
from holdfast.platform.models import Transition, User
from tests.flows.books import everything, jobs
from tests.flows.died import Died, died_after
from tests.support.booked import booked
from tests.support.practice import NOW, Practice, new_member, new_practice, new_user
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.without import without
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-11", "AST-9")
START = NOW + timedelta(days=1)
A_SECOND, A_MINUTE = timedelta(seconds=1), timedelta(minutes=1)
LONG_BEFORE = NOW - timedelta(days=6)  # a week before the start
HALF, ALL = Money(99_950, "INR"), Money(199_900, "INR")


def cancel(reference: str, *, by: User, now: datetime = NOW) -> Owed:
    return cancel_booking(reference, by=by, trade="astrology", now=now)


@pytest.fixture
def reference(practice: Practice, sandbox: Sandbox, customer: User) -> str:
    """The customer's booking, made and paid for a week before it starts."""
    return booked(practice, sandbox, user=customer, now=LONG_BEFORE)


def refunds() -> list[tuple[int, str]]:
    return list(Transaction.objects.filter(kind="refund").order_by("pk").values_list("amount", "state"))


def at_the_gateway(sandbox: Sandbox) -> int:
    payment = Payment.objects.get().reference
    return next(int(one["refunded"]) for one in sandbox.ledger() if one["reference"] == payment)


def the_refund_is_through(sandbox: Sandbox) -> None:
    """Sent by the worker; the gateway takes its two steps, and we ask again."""
    work()
    for minutes in (2, 4):
        sandbox.advance(10)
        reconcile(now=NOW + minutes * A_MINUTE)


def until_it_is_given_up() -> None:
    """The gateway refuses, and refuses again, until the money waits for a person."""
    while refund := Transaction.objects.filter(kind="refund", state="pending").first():
        pursue(refund.pk, now=NOW)


def test_a_customer_who_cancels_gets_back_what_the_terms_allow(
    practice: Practice, sandbox: Sandbox, customer: User, reference: str
) -> None:
    owed = cancel(reference, by=customer)

    assert owed == Owed(HALF, 50)
    assert Booking.objects.get().state == "canceled"
    assert (Order.objects.get().state, Order.objects.get().reason) == ("canceled", "canceled")
    assert Allocation.objects.get().state == "released"
    assert refunds() == [(99_950, "pending")]
    assert jobs() == {"email": 2, "refund": 1}
    assert look_for_wrongs(now=NOW) == []

    the_refund_is_through(sandbox)

    assert refunds() == [(99_950, "succeeded")]
    assert at_the_gateway(sandbox) == 99_950
    assert look_for_wrongs(now=NOW) == []
    payment = Payment.objects.get()
    assert payment.wins
    assert not money_waiting_on_a_person().exists()
    seen = standing(payment.reference, now=NOW)
    assert (seen.status, seen.booking_reference) == ("PARTIALLY_REFUNDED", reference)


def test_a_payment_that_goes_back_whole_wins_no_longer_and_is_still_the_bookings(
    practice: Practice, sandbox: Sandbox, customer: User, reference: str
) -> None:
    owed = cancel(reference, by=customer, now=LONG_BEFORE)

    payment = Payment.objects.get()
    assert owed == Owed(ALL, 100)
    assert not payment.wins
    assert booking_by_reference(reference, trade="astrology").payment_reference == payment.reference
    assert look_for_wrongs(now=NOW) == []
    the_refund_is_through(sandbox)
    assert at_the_gateway(sandbox) == 199_900
    seen = standing(payment.reference, now=NOW)
    assert (seen.status, seen.booking_reference, seen.reason) == ("REFUNDED", reference, "canceled")
    assert look_for_wrongs(now=NOW) == []


@pytest.mark.parametrize(
    ("notice", "owed"),
    [
        (timedelta(days=7), Owed(ALL, 100)),
        (timedelta(days=7) - A_SECOND, Owed(HALF, 50)),
        (timedelta(days=1), Owed(HALF, 50)),
        (timedelta(days=1) - A_SECOND, Owed(Money(0, "INR"), 0)),
        (A_SECOND, Owed(Money(0, "INR"), 0)),
    ],
)
def test_the_preview_says_what_canceling_then_gives_and_changes_nothing(
    customer: User, reference: str, notice: timedelta, owed: Owed
) -> None:
    before = everything()

    preview = preview_cancellation(reference, by=customer, trade="astrology", now=START - notice)

    assert preview == owed
    assert everything() == before
    assert cancel(reference, by=customer, now=START - notice) == owed
    assert [amount for amount, _ in refunds()] == ([owed.refund.amount] if owed.refund else [])


def test_terms_that_give_nothing_back_keep_the_money_with_the_business(
    sandbox: Sandbox, customer: User, reference: str
) -> None:
    cancel(reference, by=customer, now=START - A_SECOND)

    work()

    assert refunds() == []
    assert Payment.objects.get().wins
    assert not money_waiting_on_a_person().exists()
    assert look_for_wrongs(now=NOW) == []
    assert "Goes back: nothing, by the terms of this booking" in mail.outbox[-1].body


def test_an_order_has_the_terms_that_it_was_placed_under(
    practice: Practice, sandbox: Sandbox, customer: User
) -> None:
    theirs = booked(practice, sandbox, user=customer)
    order = Order.objects.get()
    kept = {**order.terms_placed, "refund_shares": [[3600, 33]]}
    Order.objects.filter(pk=order.pk).update(terms_placed=kept)

    assert cancel(theirs, by=customer) == Owed(Money(65_967, "INR"), 33)


def test_an_order_from_before_there_were_such_terms_has_the_usual_ones(
    customer: User, reference: str
) -> None:
    order = Order.objects.get()
    kept = {name: term for name, term in order.terms_placed.items() if name != "refund_shares"}
    Order.objects.filter(pk=order.pk).update(terms_placed=kept)

    assert cancel(reference, by=customer) == Owed(HALF, 50)


@pytest.mark.parametrize("role", ["owner", "manager", "staff"])
@pytest.mark.parametrize("now", [NOW, START - A_SECOND, START + A_MINUTE])
def test_a_business_that_cancels_gives_all_of_it_back(
    practice: Practice, reference: str, role: str, now: datetime
) -> None:
    member = new_member(practice, role)
    preview = preview_cancellation(reference, by=member, trade="astrology", now=now)

    owed = cancel(reference, by=member, now=now)

    assert owed == preview == Owed(ALL, 100)
    last = Transition.objects.filter(subject="booking").latest("seq")
    assert (last.event, last.actor) == ("cancel", f"staff:{member.pk}")
    work()
    assert "Jyoti had to cancel this." in mail.outbox[-1].body


def test_who_runs_the_business_cancels_an_own_booking_as_a_customer(
    practice: Practice, sandbox: Sandbox
) -> None:
    owner = new_member(practice, "owner")
    own = booked(practice, sandbox, user=owner)

    assert cancel(own, by=owner) == Owed(HALF, 50)
    last = Transition.objects.filter(subject="booking").latest("seq")
    assert last.actor == f"customer:{owner.pk}"


def test_a_platform_admin_cancels_for_the_business(reference: str) -> None:
    admin = User.objects.create_superuser("admin@example.com", "x")

    assert cancel(reference, by=admin) == Owed(ALL, 100)
    assert Transition.objects.filter(subject="booking").latest("seq").actor == f"admin:{admin.pk}"


@pytest.mark.spec("BC-19")
def test_nobody_else_cancels_it_nor_learns_that_it_is_there(
    practice: Practice, sandbox: Sandbox, reference: str
) -> None:
    other = new_practice(sandbox, slug="other")
    strangers = [new_user(), new_member(practice, "provider"), new_member(other, "owner")]
    before = everything()

    for stranger in strangers:
        with pytest.raises(NotFound):
            cancel(reference, by=stranger)
        with pytest.raises(NotFound):
            preview_cancellation(reference, by=stranger, trade="astrology", now=NOW)

    assert everything() == before


def test_a_booking_of_another_trade_is_not_found(customer: User, reference: str) -> None:
    with pytest.raises(NotFound):
        cancel_booking(reference, by=customer, trade="puja", now=NOW)


def test_what_has_begun_is_not_canceled_by_its_customer(customer: User, reference: str) -> None:
    before = everything()

    with pytest.raises(Conflict, match="This has begun"):
        cancel(reference, by=customer, now=START)
    with pytest.raises(Conflict, match="This has begun"):
        preview_cancellation(reference, by=customer, trade="astrology", now=START)

    assert everything() == before


@pytest.mark.spec("BC-12")
def test_a_booking_is_canceled_once(practice: Practice, customer: User, reference: str) -> None:
    cancel(reference, by=customer)
    before = everything()

    for who in (customer, new_member(practice, "owner")):
        with pytest.raises(MoveRefused):
            cancel(reference, by=who)
        with pytest.raises(MoveRefused):
            preview_cancellation(reference, by=who, trade="astrology", now=NOW)

    assert everything() == before


def test_the_time_of_a_canceled_booking_is_free_again(
    practice: Practice, sandbox: Sandbox, customer: User, reference: str
) -> None:
    cancel(reference, by=customer)

    assert booked(practice, sandbox) != reference
    assert look_for_wrongs(now=NOW) == []


@pytest.mark.spec("BC-12")
def test_eight_who_cancel_at_once_get_one_refund(
    practice: Practice, sandbox: Sandbox, customer: User, reference: str
) -> None:
    people = [customer, new_member(practice, "owner")] * 4

    results = race([partial(cancel, reference, by=person) for person in people])

    [owed] = [result for result in results if isinstance(result, Owed)]
    assert kinds(results) == {"MoveRefused": 7, "Owed": 1}
    assert refunds() == [(owed.refund.amount, "pending")]
    assert jobs() == {"email": 2, "refund": 1}
    the_refund_is_through(sandbox)
    assert at_the_gateway(sandbox) == owed.refund.amount
    assert look_for_wrongs(now=NOW) == []


@pytest.mark.spec("BC-12")
def test_without_lock_and_comparison_the_half_goes_back_twice(customer: User, reference: str) -> None:
    """The negative control: who looks first and writes later refunds as long as the sum's CHECK allows."""
    looked = Barrier(3)

    def carelessly(key: str) -> None:
        assert Booking.objects.get().state == "confirmed"
        looked.wait(60)
        with transaction():
            Booking.objects.update(state="canceled")
            payment = Payment.objects.get()
            Transaction.objects.create(
                payment=payment, kind="refund", amount=HALF.amount, key=key, state="pending", created_at=NOW
            )
            Payment.objects.update(refunding=F("refunding") + HALF.amount)

    with without(Transaction, "one_open_refund_a_payment"):
        results = race([partial(carelessly, f"R{n}") for n in range(3)])
        made = refunds()

    assert kinds(results) == {"IntegrityError": 1, "NoneType": 2}
    assert made == [(99_950, "pending")] * 2


STEPS = (
    'UPDATE "holdfast_booking_booking"',
    'UPDATE "holdfast_orders_order"',
    'UPDATE "holdfast_availability_allocation"',
    'INSERT INTO "holdfast_payments_transaction"',
    'UPDATE "holdfast_payments_payment"',
    "procrastinate_defer_job",
)


@pytest.mark.spec("BC-7", "BC-12")
@pytest.mark.parametrize("step", STEPS)
def test_a_cancellation_that_is_killed_at_any_step_was_never_made(
    customer: User, reference: str, step: str
) -> None:
    before, waiting = everything(), jobs()

    with pytest.raises(Died), died_after(step):
        cancel(reference, by=customer)

    assert everything() == before
    assert jobs() == waiting
    assert cancel(reference, by=customer) == Owed(HALF, 50)


@pytest.mark.spec("BC-12")
def test_a_part_that_the_gateway_will_not_give_back_waits_for_a_person(
    sandbox: Sandbox, customer: User, reference: str
) -> None:
    sandbox.arm("refund_not_eligible", 100)
    cancel(reference, by=customer)

    until_it_is_given_up()

    assert set(refunds()) == {(99_950, "failed")}
    assert list(money_waiting_on_a_person()) == [Payment.objects.get()]
    assert [wrong.check for wrong in audit(now=NOW)] == ["refund that came to nothing"]


@pytest.mark.spec("BC-12")
def test_all_of_it_that_the_gateway_will_not_give_back_waits_for_a_person(
    sandbox: Sandbox, customer: User, reference: str
) -> None:
    sandbox.arm("refund_not_eligible", 100)
    cancel(reference, by=customer, now=LONG_BEFORE)

    until_it_is_given_up()

    assert list(money_waiting_on_a_person()) == [Payment.objects.get()]
    assert [wrong.check for wrong in audit(now=NOW)] == ["money without an answer"]


@pytest.mark.spec("GEN-13")
def test_a_cancellation_is_told_once_in_text_and_html(customer: User, reference: str) -> None:
    cancel(reference, by=customer)

    work()

    message: Any = mail.outbox[-1]
    booking = Booking.objects.get()
    assert [sent.subject.partition(":")[0] for sent in mail.outbox] == ["Confirmed", "Canceled"]
    assert message.to == ["user@example.com"]
    assert message.extra_headers["Message-ID"] == f"<canceled.booking.{booking.pk}@localhost>"
    for said in (str(message.body), str(message.alternatives[0][0])):
        assert "Gemstone Consultation is canceled" in said
        assert "₹999.50" in said
        assert reference in said
        assert "had to cancel" not in said
