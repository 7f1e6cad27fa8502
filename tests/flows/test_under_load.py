"""Everything at once: settlements, sweeps, rivals and second thoughts about the same few times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import connection
from django.db.models import F

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.flows.actors import Shopper
from holdfast.flows.asking import StillUnknown
from holdfast.flows.audit import audit
from holdfast.flows.ending import expire_orders
from holdfast.flows.paying import Checkout
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.returning import release_hold
from holdfast.flows.settlement import settle
from holdfast.kernel.errors import Conflict, Unavailable
from holdfast.orders.models import Line, Order
from holdfast.payments.gateways.base import Unknown
from holdfast.payments.models import Payment
from holdfast.platform.db import transaction
from holdfast.platform.models import Customer
from tests.flows.door import Door
from tests.support.practice import NOW, Practice, held, new_user, payment_of
from tests.support.racing import race
from tests.support.sandbox import Sandbox

TIMES = ("10:00", "11:00", "12:00", "13:00")
AFTER = NOW + timedelta(minutes=13)
# A time that is gone; and a gateway that was not asked, because half of the threads were asking it.
MAY_HAPPEN = (Conflict, Unknown, StillUnknown, Unavailable)


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        counted: int = cursor.fetchone()[0]
        return counted


@pytest.mark.spec("BC-1", "BC-9", "BC-25")
@pytest.mark.parametrize("when", [NOW, AFTER], ids=["in time", "when the holds have run out"])
def test_money_and_time_agree_after_everything_has_happened_at_once(
    practice: Practice, sandbox: Sandbox, when: datetime
) -> None:
    before = deadlocks()
    users = {at: new_user() for at in TIMES}
    first = {at: held(practice, user=users[at], at=at) for at in TIMES}
    for at in TIMES[:3]:
        sandbox.settle(first[at].reference)
    stories: list[Callable[[], object]] = [partial(expire_orders, now=when), partial(reconcile, now=when)]
    for at, checkout in first.items():
        payment = payment_of(checkout).pk
        stories += [partial(settle, payment, now=when)] * 2
        stories += [partial(held, practice, user=new_user(), at=at, now=when) for _ in range(2)]
        stories += [partial(release_hold, checkout.reference, by=Shopper(users[at], None), now=when)]

    results = race(stories)

    unexpected = [one for one in results if isinstance(one, Exception) and not isinstance(one, MAY_HAPPEN)]
    assert unexpected == []
    assert deadlocks() == before
    assert sum(isinstance(one, Checkout) for one in results) <= len(TIMES)
    assert_the_books_agree()
    for checkout in first.values():
        settle(payment_of(checkout).pk, now=when)
    assert_the_books_agree()
    assert Payment.objects.filter(captured=199_900).count() == 3
    assert audit(now=when) == []


def assert_the_books_agree() -> None:
    """Every time is kept once; all money has its booking or goes back."""
    kept = Allocation.objects.filter(state__in=("held", "taken"))
    assert len(set(kept.values_list("period", flat=True))) == kept.count()
    won = Payment.objects.filter(wins=True)
    assert set(won.values_list("order__lines__booking", flat=True)) == set(
        Booking.objects.values_list("pk", flat=True)
    )
    assert kept.filter(state="taken").count() == Booking.objects.count()
    lost = Payment.objects.filter(captured__gt=0, wins=False)
    assert not lost.exclude(captured=F("refunding") + F("refunded")).exists()
    for order in Order.objects.exclude(state="placed"):
        held_still = Allocation.objects.filter(owner=order.lines.get().owner, state="held")
        assert not held_still.exists()


@pytest.mark.spec("BC-23")
def test_while_the_gateway_is_asked_no_row_is_locked(
    practice: Practice, sandbox: Sandbox, door: Door
) -> None:
    locked: list[str] = []

    def take_every_lock(payment: Payment) -> None:
        """Whatever the checkout still held, NOWAIT would raise here."""
        with transaction():
            for model in (Customer, Order, Line, Payment, Allocation):
                assert list(model._default_manager.select_for_update(nowait=True))
                locked.append(model.__name__)

    door.meanwhile = take_every_lock
    sandbox.arm("webhook_before_pay_answer")

    checkout = held(practice)

    assert checkout.payment_url
    assert locked == ["Customer", "Order", "Line", "Payment", "Allocation"]
