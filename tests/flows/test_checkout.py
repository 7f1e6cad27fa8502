"""Checking out: the time is held, the payment is open, and nothing is a booking."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.catalog.models import Offering
from holdfast.flows.actors import Shopper
from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.checkout import check_out
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.returning import release_hold
from holdfast.kernel.errors import AlreadyHeld, Invalid, SlotTaken, TooMany, Unavailable
from holdfast.kernel.money import Money
from holdfast.orders.models import Order
from holdfast.payments.models import GatewayAccount, Payment
from holdfast.surfaces.astrology.terms import TERMS
from tests.flows.books import everything, jobs, nothing_booked, standing_of
from tests.support.practice import DAY, NOW, Practice, held, new_user, payment_of, wish
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox

RIVALS = 40
TIMES = ("10:00", "10:30", "11:00", "11:30", "12:00", "12:30", "13:00", "13:30", "14:00", "14:30", "15:00")


@pytest.mark.spec("AST-2", "AST-3")
def test_the_time_is_held_and_the_payment_is_open_at_the_gateway(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)

    assert re.fullmatch(rf"ASTRO_ORDER_{practice.offering.pk}_[0-9A-Z]{{16}}", checkout.reference)
    assert checkout.payment_url
    assert checkout.payment_url.startswith(sandbox.url)
    assert (checkout.amount.amount, checkout.amount.decimal) == (199_900, "1999.00")
    assert standing_of(checkout.reference) == ("pending", "placed", "held")
    assert Allocation.objects.get().held_until == NOW + TERMS.hold_for
    known = next(entry for entry in sandbox.ledger() if entry["reference"] == checkout.reference)
    assert (known["amount"], known["currency"], known["state"]) == (199_900, "INR", "PENDING")


@pytest.mark.spec("AST-2", "AST-8")
def test_nothing_is_a_booking_before_it_is_paid(practice: Practice) -> None:
    held(practice)

    assert nothing_booked()
    assert jobs() == {}


@pytest.mark.spec("BC-7")
def test_the_intent_is_written_down_before_the_gateway_hears_of_it(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("pay_500_after")

    checkout = held(practice)

    assert checkout.payment_url is None
    payment = payment_of(checkout)
    assert (payment.state, payment.amount, payment.currency) == ("created", 199_900, "INR")
    assert payment.next_look_at
    assert [entry["state"] for entry in sandbox.ledger() if entry["reference"] == checkout.reference] == [
        "PENDING"
    ]


@pytest.mark.spec("BC-1")
def test_of_forty_customers_who_ask_at_once_one_holds_the_time(practice: Practice, sandbox: Sandbox) -> None:
    users = [new_user() for _ in range(RIVALS)]
    before = sandbox.calls().get("pay", 0)

    results = race([partial(held, practice, user=user) for user in users])

    assert kinds(results) == {"Checkout": 1, "SlotTaken": RIVALS - 1}
    assert Order.objects.count() == Payment.objects.count() == Allocation.objects.count() == 1
    assert sandbox.calls()["pay"] - before == 1
    loser = next(result for result in results if isinstance(result, SlotTaken))
    assert len(loser.nearest) == 5
    assert wish(practice).choices[0].starts_at not in [
        slot.period.start.astimezone(practice.business.zone).replace(tzinfo=None) for slot in loser.nearest
    ]


@pytest.mark.spec("BC-4")
def test_a_time_that_is_held_is_refused_with_the_nearest_free_ones(practice: Practice) -> None:
    held(practice, at="10:00")
    before = everything()

    with pytest.raises(SlotTaken) as refused:
        held(practice, at="10:00")

    zone = practice.business.zone
    nearest = [slot.period.start.astimezone(zone) for slot in refused.value.nearest]
    assert [f"{start:%H:%M}" for start in nearest] == ["09:00", "09:30", "10:30", "11:00", "11:30"]
    assert {f"{start:%Y-%m-%d}" for start in nearest} == {DAY}
    assert everything() == before


@pytest.mark.spec("BC-5")
def test_a_hold_that_has_run_out_gives_way_before_the_sweeper_has_come(practice: Practice) -> None:
    first = held(practice)

    second = held(practice, now=NOW + TERMS.hold_for + timedelta(seconds=1))

    assert standing_of(second.reference) == ("pending", "placed", "held")
    assert standing_of(first.reference) == ("pending", "placed", "released")


WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "a date that has passed": ("date", {"day": (NOW - timedelta(days=1)).date().isoformat()}),
    "a time that has passed": ("time", {"day": NOW.date().isoformat(), "at": "09:30"}),
    "before opening": ("time", {"at": "08:30"}),
    "after closing": ("time", {"at": "19:00"}),
    "beside the steps": ("time", {"at": "10:07"}),
    "too far ahead": ("time", {"day": (NOW + timedelta(days=500)).date().isoformat()}),
}


@pytest.mark.spec("AST-2")
@pytest.mark.parametrize("what", WRONG)
def test_a_time_that_is_not_open_is_refused_by_its_field(practice: Practice, what: str) -> None:
    field, when = WRONG[what]

    with pytest.raises(Invalid) as refused:
        held(practice, **when)

    assert list(refused.value.fields) == [field]
    assert not Order.objects.exists()


@pytest.mark.spec("GEN-9", "BC-15")
def test_a_time_that_the_clock_skips_is_refused_in_words(practice: Practice) -> None:
    practice.business.timezone = "Europe/Berlin"
    practice.business.save()
    practice.person.weekly_hours.update(opens="00:00", closes="00:00")
    march_ends = date(NOW.year + 1, 3, 31)
    last_sunday = march_ends - timedelta(days=(march_ends.weekday() + 1) % 7)

    with pytest.raises(Invalid) as refused:
        held(practice, day=last_sunday.isoformat(), at="02:30")

    assert "does not exist" in refused.value.fields["time"][0]
    assert not Order.objects.exists()


@pytest.mark.spec("GEN-8", "BC-24")
def test_a_foreign_return_address_is_refused_and_holds_nothing(practice: Practice) -> None:
    foreign = replace(wish(practice), return_url="https://evil.example")

    with pytest.raises(Invalid) as refused:
        check_out(foreign, by=Shopper(new_user(), None), now=NOW)

    assert list(refused.value.fields) == ["return_url"]
    assert not Order.objects.exists()


@pytest.mark.spec("GEN-6")
def test_a_customer_holds_three_unpaid_times_and_no_more(practice: Practice, sandbox: Sandbox) -> None:
    user = new_user()
    first, *_ = [held(practice, user=user, at=at) for at in TIMES[:3]]
    before = everything()

    with pytest.raises(TooMany) as refused:
        held(practice, user=user, at=TIMES[3])

    assert refused.value.retry_after == TERMS.hold_for.total_seconds()
    assert everything() == before
    release_hold(first.reference, by=Shopper(user, None), now=NOW)
    held(practice, user=user, at=TIMES[3])


@pytest.mark.spec("GEN-6")
def test_of_one_customers_many_requests_at_once_three_hold(practice: Practice) -> None:
    user = new_user()

    results = race([partial(held, practice, user=user, at=at) for at in TIMES])

    assert kinds(results) == {"Checkout": 3, "TooMany": len(TIMES) - 3}
    assert Allocation.objects.filter(state="held").count() == 3


@pytest.mark.spec("GEN-6")
def test_an_address_holds_a_few_more_and_another_address_is_not_counted(
    practice: Practice, settings: Any
) -> None:
    settings.HOLDFAST_HOLDS_AN_ADDRESS = 4
    for at in TIMES[:4]:
        held(practice, at=at)

    with pytest.raises(TooMany):
        held(practice, at=TIMES[4])

    check_out(wish(practice, at=TIMES[4]), by=Shopper(new_user(), "192.0.2.99"), now=NOW)
    check_out(wish(practice, at=TIMES[5]), by=Shopper(new_user(), None), now=NOW)
    assert Allocation.objects.filter(state="held").count() == 6


@pytest.mark.spec("GEN-6")
def test_a_hold_that_has_run_out_counts_no_more(practice: Practice) -> None:
    user = new_user()
    for at in TIMES[:3]:
        held(practice, user=user, at=at)

    held(practice, user=user, at=TIMES[3], now=NOW + TERMS.hold_for + timedelta(seconds=1))


@pytest.mark.spec("GEN-6")
def test_who_asks_for_his_own_held_time_again_is_shown_the_way_to_pay_it(practice: Practice) -> None:
    user = new_user()
    checkout = held(practice, user=user)
    before = everything()

    with pytest.raises(AlreadyHeld) as refused:
        held(practice, user=user)

    assert refused.value.reference == checkout.reference
    assert refused.value.payment_url == checkout.payment_url
    assert everything() == before


@pytest.mark.spec("GEN-5")
@pytest.mark.parametrize("fault", ["pay_500_before", "pay_reset_before", "pay_429"])
def test_a_start_that_never_reached_the_gateway_frees_its_time(
    practice: Practice, sandbox: Sandbox, fault: str
) -> None:
    sandbox.arm(fault)
    checkout = held(practice)
    assert checkout.payment_url is None

    reconcile(now=NOW + timedelta(seconds=31))

    assert standing_of(checkout.reference) == ("failed", "expired", "released")
    assert nothing_booked()


@pytest.mark.spec("BC-7")
@pytest.mark.parametrize(
    "fault", ["pay_500_after", "pay_reset_after", "pay_truncated", "pay_empty", "pay_html"]
)
def test_a_start_whose_answer_is_lost_is_asked_about_and_its_time_is_freed(
    practice: Practice, sandbox: Sandbox, fault: str
) -> None:
    sandbox.arm(fault)
    checkout = held(practice)
    assert checkout.payment_url is None

    reconcile(now=NOW + timedelta(seconds=31))

    payment, order, kept = standing_of(checkout.reference)
    assert (payment in ("created", "pending"), order, kept) == (True, "expired", "released")
    assert payment_of(checkout).next_look_at


@pytest.mark.spec("BC-9")
def test_money_for_a_start_whose_answer_was_lost_still_becomes_a_booking(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("pay_500_after")
    checkout = held(practice)
    reconcile(now=NOW + timedelta(seconds=31))
    sandbox.settle(checkout.reference)

    reconcile(now=NOW + timedelta(minutes=10))

    assert standing_of(checkout.reference) == ("captured", "completed", "taken")


@pytest.mark.parametrize("fault", ["pay_bom", "pay_trailing_comma", "pay_duplicate_key"])
def test_a_start_that_is_answered_sloppily_is_answered(
    practice: Practice, sandbox: Sandbox, fault: str
) -> None:
    sandbox.arm(fault)

    assert held(practice).payment_url


def test_a_definite_no_holds_nothing_and_says_so_at_once(practice: Practice) -> None:
    Offering.objects.filter(pk=practice.offering.pk).update(price=99)  # PhonePe takes no less than a rupee

    with pytest.raises(Unavailable):
        held(practice)

    payment = Payment.objects.get()
    assert standing_of(payment.reference) == ("failed", "expired", "released")
    assert nothing_booked()


@pytest.mark.spec("BC-23")
def test_a_gateway_that_is_known_to_be_ill_is_not_asked_and_nothing_is_held(
    practice: Practice, sandbox: Sandbox
) -> None:
    sandbox.arm("pay_500_before", 100)
    for at in TIMES[:5]:
        held(practice, at=at)
    calls = sandbox.calls()["pay"]
    before = everything()

    with pytest.raises(Unavailable):
        held(practice, at=TIMES[5])

    assert sandbox.calls()["pay"] == calls
    assert everything() == before


def test_a_business_that_takes_no_payments_sells_nothing(practice: Practice) -> None:
    GatewayAccount.objects.update(active=False)

    with pytest.raises(Unavailable):
        held(practice)

    assert not Order.objects.exists()


@pytest.mark.spec("DESK-4")
def test_what_is_sold_on_the_spot_is_booked_at_once_and_owed_at_the_start(practice: Practice) -> None:
    wanted = replace(wish(practice), terms=replace(TERMS, on_the_spot=True))

    done = check_out(wanted, by=Shopper(new_user(), None), now=NOW)

    booking = Booking.objects.get()
    assert (done.payment_url, done.amount) == (None, Money(0, "INR"))
    assert booking.reference in done.success_url
    assert booking.state == "confirmed"
    due = booking.line.order.dues.get()
    assert (due.kind, due.amount, due.due_at) == ("balance", 199_900, booking.starts_at)
    assert look_for_wrongs(now=NOW) == []
