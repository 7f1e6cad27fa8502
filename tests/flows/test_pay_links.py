"""Links to pay: who makes them, what whoever holds one sees, and what comes of paying."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from holdfast.booking.models import Booking
from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.callers import Caller
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.counter import Pays, Wanted, book_at_the_counter
from holdfast.flows.ending import expire_orders
from holdfast.flows.pay_links import LINK, Stands, asked_for, link_for, mail_link, pay_by_link
from holdfast.flows.paying import Checkout, pay_due
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import Conflict, Forbidden, HoldExpired, Invalid, NotFound
from holdfast.kernel.money import Money
from holdfast.orders.models import Due, Order
from holdfast.payments.models import PayLink, Payment, Transaction
from holdfast.platform.models import Transition, User
from holdfast.surfaces.astrology.terms import TERMS
from tests.flows.books import everything
from tests.support.booked import booked
from tests.support.practice import NOW, Practice, choice, new_member, new_practice, new_user, payment_of
from tests.support.racing import race
from tests.support.sandbox import Sandbox
from tests.support.shop import catch_up, goes_back
from tests.support.without import without

pytestmark = pytest.mark.spec("DESK-4")
PRICE = 199_900
SOON = NOW + timedelta(minutes=5)
TRADE = "astrology"
CASH = Taken(Money(PRICE, "INR"), Method.CASH)


@pytest.fixture
def staff(practice: Practice) -> User:
    return new_member(practice, "staff")


@pytest.fixture
def asked(practice: Practice, staff: User) -> Booking:
    """Somebody who was booked in and pays later."""
    return booked_in(practice, staff)


def booked_in(practice: Practice, staff: User, **said: Any) -> Booking:
    chosen = choice(practice.offering)
    told: dict[str, Any] = {"pays": Pays.LATER, "caller": Caller(name="A caller", phone="9876543210")}
    wanted = Wanted(chosen.offering, chosen.starts_at, terms=TERMS, **(told | said))
    return book_at_the_counter(wanted, by=staff, now=NOW)


def due_of(booking: Booking) -> Due:
    return Due.objects.get(order=booking.line.order_id, withdrawn_at=None)


def key_of(booking: Booking, staff: User) -> str:
    address = link_for(booking.reference, due_of(booking).pk, by=staff, trade=TRADE, now=NOW)
    return address.rstrip("/").rpartition("/")[2]


def state_of(booking: Booking) -> str:
    return Booking.objects.get(pk=booking.pk).state


def test_a_link_is_kept_as_a_digest_of_many_random_bits(asked: Booking, staff: User) -> None:
    keys = {key_of(asked, staff) for _ in range(3)}

    assert len(keys) == 3
    assert all(len(key) == 32 for key in keys)  # of 32 letters: 160 bits
    kept = PayLink.objects.values_list("digest", "made_by")
    assert not any(digest in keys for digest, _ in kept)
    assert {by for _, by in kept} == {f"staff:{staff.pk}"}


def test_whoever_holds_a_link_sees_what_is_asked_for_and_pays_it(
    practice: Practice, sandbox: Sandbox, asked: Booking, staff: User
) -> None:
    key = key_of(asked, staff)

    seen = asked_for(key, now=SOON)
    checkout = pay_by_link(key, now=SOON)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=SOON)

    assert (seen.business, seen.title, seen.amount) == (
        "Jyoti",
        "Gemstone Consultation",
        Money(PRICE, "INR"),
    )
    assert (seen.stands, seen.until) == (Stands.OPEN, NOW + timedelta(hours=24))
    assert state_of(asked) == "confirmed"
    assert asked_for(key, now=SOON).stands is Stands.PAID
    begun = Transition.objects.get(subject="payment", subject_id=payment_of(checkout).pk, seq=0)
    assert begun.actor == "link"
    with pytest.raises(Conflict):
        pay_by_link(key, now=SOON)
    assert look_for_wrongs(now=SOON) == []


def test_asked_again_the_open_payment_is_the_same(sandbox: Sandbox, asked: Booking, staff: User) -> None:
    catch_up(sandbox, now=NOW)
    key = key_of(asked, staff)

    first, second = pay_by_link(key, now=SOON), pay_by_link(key, now=SOON)

    assert first == second
    assert Payment.objects.count() == 1


@pytest.mark.spec("BC-12")
def test_of_a_link_that_is_paid_twice_at_once_one_wins_and_one_goes_back(
    sandbox: Sandbox, asked: Booking, staff: User
) -> None:
    opened = two_opened(asked, staff)
    for one in opened:
        sandbox.settle(one.reference)

    race([partial(settle, payment_of(one).pk, now=SOON) for one in opened])
    goes_back(sandbox)

    assert state_of(asked) == "confirmed"
    assert Payment.objects.filter(wins=True).count() == 1
    refunds = Transaction.objects.filter(kind="refund")
    assert [refund.payment.wins for refund in refunds] == [False]
    assert [refund.amount for refund in refunds] == [PRICE]
    assert look_for_wrongs(now=SOON) == []


def two_opened(asked: Booking, staff: User) -> list[Checkout]:
    """Two payment pages for what one link asks for: the second was asked for anew."""
    first = pay_by_link(key_of(asked, staff), now=SOON)
    due = Due.objects.select_related("order__business").get(order=asked.line.order_id)
    return [first, pay_due(due, by=LINK, now=SOON, anew=True)]


@pytest.mark.spec("BC-12")
def test_without_the_constraint_under_it_the_order_lock_still_lets_one_win(
    sandbox: Sandbox, asked: Booking, staff: User
) -> None:
    opened = two_opened(asked, staff)
    for one in opened:
        sandbox.settle(one.reference)

    with without(Payment, "one_payment_wins_a_due"):
        race([partial(settle, payment_of(one).pk, now=SOON) for one in opened])

        assert Payment.objects.filter(wins=True).count() == 1


def test_a_failed_attempt_keeps_the_time_for_another(sandbox: Sandbox, asked: Booking, staff: User) -> None:
    key = key_of(asked, staff)
    failed = pay_by_link(key, now=SOON)
    sandbox.settle(failed.reference, "fail")
    settle(payment_of(failed).pk, now=SOON)

    again = pay_by_link(key, now=SOON)
    sandbox.settle(again.reference)
    settle(payment_of(again).pk, now=SOON)

    assert again.reference != failed.reference
    assert state_of(asked) == "confirmed"


def test_a_link_of_a_time_that_has_run_out_says_so_and_takes_nothing(asked: Booking, staff: User) -> None:
    key = key_of(asked, staff)
    later = NOW + timedelta(hours=25)

    expire_orders(now=later)

    assert asked_for(key, now=later).stands is Stands.RUN_OUT
    with pytest.raises(HoldExpired):
        pay_by_link(key, now=later)
    assert Payment.objects.count() == 0


def test_a_link_of_what_was_canceled_says_so_and_takes_nothing(asked: Booking, staff: User) -> None:
    key = key_of(asked, staff)

    cancel_booking(asked.reference, by=staff, trade=TRADE, now=SOON)

    assert asked_for(key, now=SOON).stands is Stands.OVER
    with pytest.raises(Conflict):
        pay_by_link(key, now=SOON)
    assert Payment.objects.count() == 0


def test_money_that_comes_after_it_was_canceled_goes_back(
    sandbox: Sandbox, asked: Booking, staff: User
) -> None:
    checkout = pay_by_link(key_of(asked, staff), now=SOON)
    cancel_booking(asked.reference, by=staff, trade=TRADE, now=SOON)

    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=SOON)
    goes_back(sandbox)

    payment = payment_of(checkout)
    assert (payment.wins, payment.refunded) == (False, PRICE)
    assert look_for_wrongs(now=SOON) == []


def test_a_balance_is_paid_by_a_link_when_the_deposit_has_been(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    terms = replace(TERMS, deposit_percent=25, balance_before=3600)
    chosen = choice(practice.offering)
    wanted = Wanted(chosen.offering, chosen.starts_at, terms, Caller(name="A caller", phone="1"), Pays.LATER)
    booking = book_at_the_counter(wanted, by=staff, now=NOW)
    deposit, balance = Due.objects.order_by("pk")
    keys = [
        link_for(booking.reference, due.pk, by=staff, trade=TRADE, now=NOW).split("/")[-2]
        for due in (deposit, balance)
    ]
    assert [asked_for(key, now=SOON).stands for key in keys] == [Stands.OPEN, Stands.NOT_YET]

    for key in keys:
        checkout = pay_by_link(key, now=SOON)
        sandbox.settle(checkout.reference)
        settle(payment_of(checkout).pk, now=SOON)

    assert [asked_for(key, now=SOON).stands for key in keys] == [Stands.PAID, Stands.PAID]
    assert sum(Payment.objects.values_list("captured", flat=True)) == PRICE
    assert look_for_wrongs(now=SOON) == []


def test_what_is_owed_on_the_spot_is_paid_by_a_link_as_well(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    booking = booked_in(practice, staff, pays=Pays.ON_THE_SPOT)

    checkout = pay_by_link(key_of(booking, staff), now=SOON)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=SOON)

    assert payment_of(checkout).wins
    assert look_for_wrongs(now=SOON) == []


def test_no_link_is_made_for_what_has_been_paid(asked: Booking, staff: User) -> None:
    due = due_of(asked)
    record_payment(asked.reference, CASH, by=staff, trade=TRADE, now=SOON)

    with pytest.raises(Conflict):
        link_for(asked.reference, due.pk, by=staff, trade=TRADE, now=SOON)

    assert PayLink.objects.count() == 0


def test_a_link_is_mailed_to_the_address_that_is_known_or_entered(asked: Booking, staff: User) -> None:
    due = due_of(asked)
    with pytest.raises(Invalid) as refused:
        mail_link(asked.reference, due.pk, by=staff, trade=TRADE, now=NOW)

    entered = mail_link(asked.reference, due.pk, by=staff, trade=TRADE, now=NOW, email="caller@example.com")
    again = mail_link(asked.reference, due.pk, by=staff, trade=TRADE, now=SOON, email="other@example.com")

    assert list(refused.value.fields) == ["email"]
    assert entered == again == "caller@example.com"


@pytest.mark.spec("GEN-2")
@pytest.mark.spec("BC-19")
def test_only_who_runs_the_business_or_gives_it_makes_a_link(
    practice: Practice, sandbox: Sandbox, asked: Booking
) -> None:
    due = due_of(asked)
    elsewhere = new_member(new_practice(sandbox, slug="other"), "owner")
    before = everything()

    for user in (new_user(), elsewhere, new_member(practice, "provider")):
        with pytest.raises(NotFound):
            link_for(asked.reference, due.pk, by=user, trade=TRADE, now=NOW)

    assert (PayLink.objects.count(), everything()) == (0, before)


def test_a_customer_makes_no_link_for_what_is_their_own(practice: Practice, sandbox: Sandbox) -> None:
    buyer = new_user()
    reference = booked(practice, sandbox, user=buyer)
    due = Due.objects.get(order=Order.objects.get())

    with pytest.raises(Forbidden):
        link_for(reference, due.pk, by=buyer, trade=TRADE, now=NOW)


@pytest.mark.spec("BC-19")
def test_a_due_of_another_booking_makes_no_link(practice: Practice, asked: Booking, staff: User) -> None:
    chosen = choice(practice.offering, at="12:00")
    wanted = Wanted(chosen.offering, chosen.starts_at, TERMS, Caller(name="B", phone="1"), Pays.LATER)
    other = book_at_the_counter(wanted, by=staff, now=NOW)

    with pytest.raises(NotFound):
        link_for(asked.reference, due_of(other).pk, by=staff, trade=TRADE, now=NOW)


@pytest.mark.parametrize("key", ["", "x", "a" * 32])
def test_what_is_no_key_opens_nothing(db: None, key: str) -> None:
    with pytest.raises(NotFound):
        asked_for(key, now=NOW)
    with pytest.raises(NotFound):
        pay_by_link(key, now=NOW)
