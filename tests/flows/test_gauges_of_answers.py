"""Gauges of what somebody must do in time: answer bookings, give money back, look at what is reserved."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.flows.refunds import give_back_what_waits, record_refund
from holdfast.flows.settlement import settle
from holdfast.flows.watching import gauges, money_waiting_on_a_person
from holdfast.payments.models import Payment, Transaction
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox
from tests.support.ways import AUTHORIZE, HOLD, SOON, TRADE, sold, waiting

pytestmark = pytest.mark.spec("GEN-21")


def gauge(name: str, *, now: datetime = SOON) -> float:
    families = text_string_to_metric_families(gauges(now=now))
    read = {family.name: family.samples[0].value for family in families if family.samples}
    return float(read[f"holdfast_{name}"])


def test_a_booking_is_to_be_answered_until_it_is_and_soon_when_its_end_is_near(
    practice: Practice, sandbox: Sandbox
) -> None:
    before = gauge("bookings_to_answer")
    story = waiting(practice, sandbox, HOLD)
    by = story.booking.answer_by
    assert by is not None
    seen = [gauge("bookings_to_answer_soon", now=by - timedelta(hours=hours)) for hours in (13, 11)]
    waits = gauge("bookings_to_answer")

    story.approve()

    assert seen == [0, 1]
    assert (before, waits, gauge("bookings_to_answer")) == (0, 1, 0)


def test_money_is_reserved_until_it_is_taken(practice: Practice, toy_gateway: Sandbox) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    waits = gauge("payments_reserved")

    story.approve()

    assert (waits, gauge("payments_reserved")) == (1, 0)
    assert not money_waiting_on_a_person().exists()


@pytest.mark.spec("BC-21")
def test_reserved_money_that_pays_nothing_waits_on_a_person_until_it_is_being_set_free(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = sold(practice, AUTHORIZE)
    toy_gateway.arm("amount_lower", only=story.checkout.reference)
    toy_gateway.settle(story.checkout.reference)
    settle(story.payment.pk, now=SOON)
    waits = gauge("money_waiting_on_a_person")

    give_back_what_waits(story.payment.pk, by="admin:1", now=SOON)

    assert story.payment.is_reserved
    assert (waits, gauge("money_waiting_on_a_person")) == (1, 0)


@pytest.mark.spec("GEN-11")
def test_a_refund_by_hand_waits_on_a_person_until_somebody_says_that_it_was_made(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = sold(practice, HOLD)
    taken = Taken(story.payment.money, Method.CASH)
    record_payment(story.booking.reference, taken, by=story.owner, trade=TRADE, now=SOON)
    story.decline()
    waits = gauge("refunds_by_hand"), gauge("money_waiting_on_a_person")

    record_refund(Transaction.objects.get(kind="refund").pk, by="admin:1", now=SOON)

    assert waits == (1, 1)
    assert (gauge("refunds_by_hand"), gauge("money_waiting_on_a_person")) == (0, 0)


def test_money_that_left_without_us_waits_on_nobody(practice: Practice, sandbox: Sandbox) -> None:
    story = waiting(practice, sandbox, HOLD)
    payments = Payment.objects.filter(pk=story.payment.pk)

    payments.update(wins=False)
    kept = money_waiting_on_a_person().exists()
    payments.update(reversed=story.payment.captured)

    assert (kept, money_waiting_on_a_person().exists()) == (True, False)
