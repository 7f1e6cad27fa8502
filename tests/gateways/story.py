"""One payment at a gateway, told from the checkout to the last look, whatever the gateway does on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from holdfast.booking.models import Booking
from holdfast.flows.paying import Checkout
from holdfast.flows.reconciliation import reconcile
from holdfast.payments.models import Transaction
from tests.flows.books import standing_of
from tests.flows.door import PATH, deliver
from tests.support.practice import NOW, Practice, held, payment_of
from tests.support.sandbox import Sandbox
from tests.support.worker import work

PRICE = 199_900
BOOKED = ("captured", "completed", "taken")
OPEN = ("pending", "placed", "held")
# When the reconciler comes by: while the payment is young, and until long after its hold has run out.
LOOKS = tuple(NOW + timedelta(minutes=minutes) for minutes in (1, 2, 3, 5, 8, 20, 40, 60))

Fault = tuple[str, int, dict[str, Any]]


def fault(name: str, times: int = 1, **extra: Any) -> Fault:
    """What the gateway is to do wrong, how often, and with what said besides."""
    return name, times, extra


def paid(practice: Practice, sandbox: Sandbox, *faults: Fault) -> Checkout:
    """The gateway is in a mood, somebody checks out, and pays."""
    for name, times, extra in faults:
        sandbox.arm(name, times, **extra)
    checkout = held(practice)
    sandbox.settle(checkout.reference)
    return checkout


def happened(sandbox: Sandbox, armed: Fault) -> bool:
    """Whether the gateway has done it at least once."""
    name, times, _ = armed
    left: int = sum(one["times"] for one in sandbox.armed() if one["fault"] == name)
    return left < times


def deliver_all(sandbox: Sandbox, checkout: Checkout, *, backwards: bool = False) -> list[int]:
    """Every webhook that was sent about a payment arrives, and the worker works; the statuses answered."""
    sent = sandbox.webhooks(checkout.reference)
    arriving = sent[::-1] if backwards else sent
    path = PATH.replace("phonepe", sandbox.gateway)
    statuses = [deliver(one["body"].encode(), one["headers"], path=path) for one in arriving]
    work()
    return statuses


def look_on(sandbox: Sandbox) -> None:
    """The reconciler does its rounds, and the gateway's clock goes on."""
    for when in LOOKS:
        reconcile(now=when)
        sandbox.advance(3)
    work()


def booked_once(checkout: Checkout) -> bool:
    """One booking, its price taken once, and nothing given back."""
    payment = payment_of(checkout)
    assert standing_of(checkout.reference) == BOOKED
    assert (payment.captured, payment.refunding, payment.refunded) == (PRICE, 0, 0)
    assert [one.kind for one in Transaction.objects.filter(payment=payment)] == ["purchase"]
    return Booking.objects.filter(line__order_id=payment.order_id).count() == 1
