"""Settlement: the gateway's word, decided and carried out once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.flows.settlement import settle
from holdfast.payments.models import Transaction
from tests.support.practice import NOW, TODAY, Practice, held, payment_of
from tests.support.sandbox import Sandbox

LATER = NOW + timedelta(minutes=1)


@pytest.mark.spec("AST-4")
def test_a_paid_order_becomes_a_confirmed_booking_with_its_money(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)

    settle(payment_of(checkout).pk, now=LATER)

    booking = Booking.objects.get()
    assert booking.state == "confirmed"
    assert booking.reference.startswith(f"ASTRO_BOOK_{TODAY:%Y%m%d}_")
    assert payment_of(checkout).wins
    assert payment_of(checkout).captured == 199900
    assert [t.kind for t in Transaction.objects.all()] == ["purchase"]
    assert Allocation.objects.get().state == "taken"


def test_settling_twice_changes_nothing(practice: Practice, sandbox: Sandbox) -> None:
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=LATER)

    settle(payment_of(checkout).pk, now=LATER)

    assert Booking.objects.count() == 1
    assert Transaction.objects.count() == 1
