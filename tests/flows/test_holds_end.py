"""A hold that is over is not brought back by a gateway's answer that comes too late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.flows.ending import expire_orders
from holdfast.flows.holds import hold_longer
from holdfast.platform.db import transaction
from tests.flows.books import standing_of
from tests.support.practice import NOW, Practice, held, payment_of

AFTER = NOW + timedelta(minutes=13)
MUCH_LATER = NOW + timedelta(minutes=25)


@pytest.mark.spec("BC-4", "BC-5")
def test_a_hold_that_a_rival_has_had_is_not_kept_longer(practice: Practice) -> None:
    slow = held(practice)
    payment = payment_of(slow)
    order = payment.order
    agreed = order.expires_at
    rival = held(practice, now=AFTER)

    with transaction():
        hold_longer(order, payment.due, until=MUCH_LATER)

    order.refresh_from_db()
    assert (order.state, order.expires_at) == ("placed", agreed)
    assert expire_orders(now=AFTER) == 1
    assert standing_of(slow.reference) == ("pending", "expired", "released")
    assert standing_of(rival.reference) == ("pending", "placed", "held")


@pytest.mark.spec("BC-4")
def test_a_hold_that_still_stands_is_kept_longer_with_its_order(practice: Practice) -> None:
    payment = payment_of(held(practice))
    order = payment.order

    with transaction():
        hold_longer(order, payment.due, until=MUCH_LATER)

    assert expire_orders(now=AFTER) == 0
    assert expire_orders(now=MUCH_LATER) == 1
