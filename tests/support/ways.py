"""The practice sells in each of the three ways, through gateways that reserve money and one that cannot.

A story begins with ``sold`` (checked out) or ``waiting`` (its money is there as well, and somebody is to
answer), and ends with ``assert_all_is_well``. The gateway is a sandbox's handle: ``reserving`` is Toy, which
reserves for ten days, or Stripe where a test is one for EACH_THAT_RESERVES; ``sandbox`` is PhonePe and takes
money at once, and ``either_gateway`` is Toy and then PhonePe.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking
from holdfast.catalog.terms import Terms, Way
from holdfast.flows.actors import Shopper
from holdfast.flows.approval import approve_booking, decline_booking
from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.checkout import Wish, check_out
from holdfast.flows.paying import Checkout, pay
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.resolving import resolve
from holdfast.flows.settlement import settle
from holdfast.orders.models import Order
from holdfast.payments.gateways import GATEWAYS
from holdfast.payments.gateways.base import Redirect, Start
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import Transition, User
from holdfast.surfaces.astrology.terms import TERMS
from tests.support.practice import NOW, Practice, new_member, new_user, wish
from tests.support.sandbox import Sandbox
from tests.support.stripe import in_toys_words
from tests.support.toy import WINDOW, Toy
from tests.support.worker import work

TRADE = "astrology"
TO_THE_BUSINESS = "waits_for_you"
PRICE = 199_900
# Ten in the morning, twelve days after NOW: beyond the end of every authorization.
FAR = (NOW + timedelta(days=12)).date().isoformat()
SOON = NOW + timedelta(minutes=1)  # when the money comes

AT_ONCE = TERMS
FIRST = replace(TERMS, needs_approval=True)
HOLD = replace(TERMS, way=Way.HOLD_THEN_PAY, needs_approval=True, failed_payment_frees=False)
HOLD_AT_ONCE = replace(HOLD, needs_approval=False)
AUTHORIZE = replace(TERMS, way=Way.AUTHORIZE_THEN_APPROVE, failed_payment_frees=False)
ASKING = {"first": FIRST, "hold": HOLD, "authorize": AUTHORIZE}
BOOKS_AT_ONCE = {"hold": HOLD, "authorize": AUTHORIZE}
# The sandbox lives by the real clock, five days behind NOW: so this ends some five days after NOW.
BEHIND = timedelta(days=5)
RESERVED_FOR = timedelta(days=10)


EACH_THAT_RESERVES = pytest.mark.parametrize("reserving", ["toy", "stripe"], indirect=True)


@pytest.fixture
def reserving(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """The practice sells through Toy, or Stripe if a test wants that, whose authorizations end alike.

    Toy's clock is five days behind NOW, and Stripe's is not.
    """
    if getattr(request, "param", "toy") == "toy":
        handle, stands_for = request.getfixturevalue("toy_gateway"), RESERVED_FOR
    else:
        handle, stands_for = in_toys_words(request.getfixturevalue("stripe_gateway")), RESERVED_FOR - BEHIND
    handle.add_merchant("HOLDFAST_DEMO", capture_window=str(int(stands_for.total_seconds())))
    yield handle
    handle.add_merchant("HOLDFAST_DEMO", capture_window=str(int(WINDOW.total_seconds())))


class OnlyReserves(Toy):
    """An account that reserves money whatever it is asked to do."""

    def start(self, wanted: Start, *, now: datetime) -> Redirect:
        return super().start(replace(wanted, capture=False), now=now)


@pytest.fixture
def only_reserving(reserving: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The practice sells through such an account."""
    monkeypatch.setitem(GATEWAYS, Toy.name, OnlyReserves)
    return reserving


@pytest.fixture(params=["phonepe", "toy"])
def either_gateway(request: pytest.FixtureRequest, practice: Practice, sandbox: Sandbox) -> Sandbox:
    """The practice sells through a gateway that takes money at once, and then through one that reserves."""
    handle: Sandbox = request.getfixturevalue("reserving") if request.param == "toy" else sandbox
    return handle


@dataclass(frozen=True)
class Sold:
    """A checkout in one of the ways, and who made it."""

    checkout: Checkout
    user: User
    owner: User  # of the business

    @property
    def payment(self) -> Payment:
        return Payment.objects.select_related("order", "due", "account").get(
            reference=self.checkout.reference
        )

    @property
    def order(self) -> Order:
        return self.payment.order

    @property
    def booking(self) -> Booking:
        return Booking.objects.get(line__order=self.order)

    @property
    def stands(self) -> tuple[str, str, str, str]:
        """The states of the payment, the order, the booking and the time; empty for what is not there."""
        bookings = Booking.objects.filter(line__order=self.order).values_list("state", flat=True)
        line = self.order.lines.filter(kind="service").first()
        kept = Allocation.objects.filter(owner=line.owner).order_by("pk").last() if line else None
        return self.payment.state, self.order.state, next(iter(bookings), ""), kept.state if kept else ""

    def approve(self, *, now: datetime = SOON, by: User | None = None) -> None:
        approve_booking(self.booking.reference, by=by or self.owner, trade=TRADE, now=now)

    def decline(self, *, now: datetime = SOON, by: User | None = None, why: str = "") -> None:
        decline_booking(self.booking.reference, by=by or self.owner, trade=TRADE, now=now, why=why)

    def pay_again(self, *, now: datetime, method: str = "") -> Sold:
        """Another attempt at the same due; the same story with that payment."""
        checkout = pay(self.payment.due_id, by=Shopper(self.user, None), now=now, method=method, anew=True)
        return replace(self, checkout=checkout)

    def resolve(self, *, now: datetime = SOON) -> bool:
        """What the worker does about a capture or a void that is under way, at this time."""
        movement = Transaction.objects.get(payment=self.payment, state__in=("pending", "unknown"))
        return resolve(movement.pk, now=now)

    @property
    def movements(self) -> list[tuple[str, str]]:
        """Every movement of the payment's money, in order: what it was, and what came of it."""
        rows = Transaction.objects.filter(payment=self.payment).order_by("pk")
        return list(rows.values_list("kind", "state"))


def wished(practice: Practice, terms: Terms, *, day: str = FAR, at: str = "10:00") -> Wish:
    return replace(wish(practice, day=day, at=at), terms=terms)


def sold(
    practice: Practice,
    terms: Terms,
    *,
    now: datetime = NOW,
    user: User | None = None,
    day: str = FAR,
    at: str = "10:00",
) -> Sold:
    """Check out by these terms: the time is held, and the payment is open at the practice's gateway."""
    user = user or new_user()
    checkout = check_out(wished(practice, terms, day=day, at=at), by=Shopper(user, None), now=now)
    return Sold(checkout, user, new_member(practice, "owner"))


def waiting(
    practice: Practice,
    gateway: Sandbox,
    terms: Terms,
    *,
    now: datetime = NOW,
    user: User | None = None,
    day: str = FAR,
    at: str = "10:00",
) -> Sold:
    """The same, and its customer has paid a minute later."""
    story = sold(practice, terms, now=now, user=user, day=day, at=at)
    paid(story, gateway, now=now + (SOON - NOW))
    return story


def paid(story: Sold, gateway: Sandbox, *, now: datetime = SOON) -> None:
    """The customer pays at the gateway, and we hear of it."""
    gateway.settle(story.checkout.reference)
    settle(story.payment.pk, now=now)


def emails() -> list[str]:
    """The name of every email that was written down to be sent to the customer, in order."""
    return [name for name in _emails() if name != TO_THE_BUSINESS]


def reminders() -> int:
    """How often the business was told that it must answer."""
    return _emails().count(TO_THE_BUSINESS)


def _emails() -> list[str]:
    jobs = ProcrastinateJob.objects.filter(task_name="deliver", args__kind="email").order_by("id")
    return [str(args["payload"]["name"]) for args in jobs.values_list("args", flat=True)]


def lapse(gateway: Sandbox) -> None:
    """Time passes at the gateway until every authorization that stands has lapsed."""
    gateway.advance(RESERVED_FOR.total_seconds() + 1)


def reserves(gateway: Sandbox, terms: Terms) -> bool:
    """Whether money for these terms is only reserved there."""
    return gateway.gateway == "toy" and terms.way is Way.AUTHORIZE_THEN_APPROVE


def assert_the_money_goes_back(gateway: Sandbox, story: Sold, *, now: datetime = SOON) -> None:
    """The worker sends what is owed, the gateway takes its steps, and we ask again until it is done."""
    work()
    for minutes in (2, 4):
        gateway.advance(10)
        reconcile(now=now + timedelta(minutes=minutes))
    state, refunded = at_the_gateway(gateway, story.checkout.reference)
    assert state == "voided" or refunded == PRICE
    assert not story.payment.kept
    assert_all_is_well(now=now)


def at_the_gateway(gateway: Sandbox, reference: str) -> tuple[str, int]:
    """How the gateway has a payment in its own books: its state, and how much of it went back."""
    entry = next(one for one in gateway.ledger() if one["reference"] == reference)
    return str(entry["state"]), int(entry["refunded"])


def calls_since(gateway: Sandbox, before: dict[str, int]) -> dict[str, int]:
    """The calls of the gateway's API that were made since ``before``, but for reads."""
    made = Counter(gateway.calls())
    made.subtract(before)
    return {call: times for call, times in sorted(made.items()) if times and not call.startswith("look_up")}


def asked_for(subject: str, event: str) -> list[str]:
    """Who has moved a row of this kind so, in order."""
    moves = Transition.objects.filter(subject=subject, event=event).order_by("pk")
    return list(moves.values_list("actor", flat=True))


def assert_all_is_well(*, now: datetime = SOON) -> None:
    """The audit finds nothing, and no message has been given up."""
    assert look_for_wrongs(now=now) == []
    assert not ProcrastinateJob.objects.filter(status="failed").exists()
