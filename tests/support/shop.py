"""Orders of one line or several, what they ask for and when, and who pays it.

A story begins with ``ordered`` (checked out) or ``bought`` (and what was due then is paid as well), goes on
with ``paid``, ``canceled`` and ``moved``, and ends with ``assert_all_is_well``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from holdfast.availability.lifecycle import KEEPS_TIME
from holdfast.availability.models import Allocation
from holdfast.availability.queries import as_period
from holdfast.booking.models import Booking, Rescheduling
from holdfast.catalog.models import Offering, Provider, Resource
from holdfast.catalog.terms import Terms
from holdfast.flows.actors import Shopper
from holdfast.flows.cancellation import Owed, cancel_booking
from holdfast.flows.checkout import Choice, Wish, check_out, reserve
from holdfast.flows.paying import Checkout, pay
from holdfast.flows.reconciliation import reconcile
from holdfast.flows.rescheduling import Rescheduled, reschedule_booking
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.kernel.period import Period
from holdfast.orders.dues import Kind
from holdfast.orders.models import Due, Line, Order
from holdfast.orders.queries import services_of
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import User
from tests.support.practice import NOW, Practice, choice, new_user
from tests.support.sandbox import Sandbox
from tests.support.ways import FAR, HOLD_AT_ONCE, PRICE, SOON, TRADE
from tests.support.worker import work

# The customer holds the time, and pays before a quarter of an hour is over; the order is a cart until then.
CART = replace(HOLD_AT_ONCE, reopens=True)
DEPOSIT_PERCENT = 20
DEPOSIT = replace(HOLD_AT_ONCE, deposit_percent=DEPOSIT_PERCENT)
LATE = NOW + timedelta(minutes=20)  # every hold is over


@dataclass(frozen=True)
class Story:
    """One order, and who made it."""

    order_id: int
    user: User

    @property
    def order(self) -> Order:
        return Order.objects.get(pk=self.order_id)

    @property
    def bookings(self) -> list[Booking]:
        """As they stand now, in the order in which they were chosen."""
        return list(Booking.objects.filter(line__order_id=self.order_id).order_by("pk"))

    @property
    def booking(self) -> Booking:
        return self.bookings[0]

    @property
    def states(self) -> list[str]:
        """The order's, and its bookings'."""
        return [self.order.state, *(one.state for one in self.bookings)]

    @property
    def lines(self) -> list[Line]:
        return list(services_of(self.order))

    @property
    def when(self) -> Period:
        """The first booking's time, which its line's agrees with."""
        assert self.lines[0].period == self.booking.period
        return self.booking.period

    @property
    def adds_up(self) -> bool:
        """Whether its total is what its lines make."""
        return self.order.total == sum(self.order.lines.values_list("price", flat=True))

    @property
    def payments(self) -> list[Payment]:
        found = Payment.objects.select_related("order", "due", "account")
        return list(found.filter(order_id=self.order_id).order_by("pk"))

    @property
    def payment(self) -> Payment:
        """The latest."""
        return self.payments[-1]

    def due(self, kind: Kind = Kind.FULL) -> Due:
        """The one of this kind that was asked for last."""
        due = Due.objects.filter(order_id=self.order_id, kind=kind).order_by("pk").last()
        assert due is not None
        return due

    def asks(self) -> list[tuple[str, int]]:
        """What it asks for, and has not been paid."""
        dues = Due.objects.filter(order_id=self.order_id, withdrawn_at=None).exclude(payments__wins=True)
        return [(due.kind, due.amount) for due in dues.order_by("pk")]

    def refunds(self) -> list[tuple[int, str]]:
        """Every refund of the order: how much, and what came of it."""
        rows = Transaction.objects.filter(payment__order_id=self.order_id, kind="refund").order_by("pk")
        return list(rows.values_list("amount", "state"))

    def keeps(self, *, which: int = 0) -> list[tuple[Period, str]]:
        """What time is kept for one of its services, and how."""
        return kept_for(self.lines[which].owner)


def kept_for(owner: str) -> list[tuple[Period, str]]:
    rows = Allocation.objects.filter(owner=owner, state__in=KEEPS_TIME).order_by("period")
    return [(as_period(row.period), row.state) for row in rows]


def waiting_moves(story: Story) -> list[Rescheduling]:
    return list(Rescheduling.objects.filter(booking__line__order_id=story.order_id, state="waiting"))


def another(practice: Practice, *, price: int = PRICE, **over: Any) -> Offering:
    """Another service of the same astrologer."""
    like = practice.offering
    made = Offering.objects.create(
        business=practice.business,
        trade=like.trade,
        title=over.pop("title", "A longer talk"),
        price=price,
        duration=over.pop("duration", like.duration),
        horizon=like.horizon,
        **over,
    )
    made.resources.add(practice.person)
    return made


def colleague(practice: Practice, *, price: int = PRICE, **over: Any) -> Offering:
    """A service of another astrologer, who keeps the same hours."""
    person = Resource.objects.create(
        business=practice.business, kind=Resource.Kind.PERSON, name="Colleague", keeps_hours=False
    )
    Provider.objects.create(resource=person)
    made = another(practice, price=price, **over)
    made.resources.set([person, *Resource.objects.filter(pk__in=over.get("rooms", ()))])
    return made


def at(offering: Offering, clock: str, *, day: str = FAR) -> Choice:
    return choice(offering, day=day, at=clock)


def three_of(practice: Practice) -> tuple[Choice, ...]:
    """Three services that cost 999.00, 1,999.00 and 500.01, one after the other."""
    prices = (("10:00", 99_900), ("11:00", PRICE), ("12:00", 50_001))
    return tuple(at(another(practice, price=price), clock) for clock, price in prices)


def wanted(*choices: Choice, terms: Terms = CART, **over: Any) -> Wish:
    return Wish(choices=choices, return_url="https://yourapp.com", terms=terms, **over)


def ordered(
    *choices: Choice, terms: Terms = CART, user: User | None = None, now: datetime = NOW, **over: Any
) -> Story:
    """Check out: the times are held, and a payment of what is due now is open."""
    user = user or new_user()
    check_out(wanted(*choices, terms=terms, **over), by=Shopper(user, None), now=now)
    order = Order.objects.filter(customer__user=user).latest("pk")
    return Story(order.pk, user)


def reserved(
    *choices: Choice, terms: Terms = CART, user: User | None = None, now: datetime = NOW, **over: Any
) -> Story:
    """The times are held, and nothing is open to pay them."""
    user = user or new_user()
    held = reserve(wanted(*choices, terms=terms, **over), by=Shopper(user, None), now=now)
    return Story(held.placed.order.pk, user)


def bought(
    gateway: Sandbox,
    *choices: Choice,
    terms: Terms = CART,
    user: User | None = None,
    now: datetime = NOW,
    **over: Any,
) -> Story:
    """Check out, and pay what is due now a minute later."""
    story = ordered(*choices, terms=terms, user=user, now=now, **over)
    comes_in(gateway, story.payment.reference, now=now + (SOON - NOW))
    return story


def paying(story: Story, kind: Kind, *, now: datetime = SOON, **how: Any) -> Checkout:
    """Its customer opens a payment of what is due."""
    return pay(story.due(kind).pk, by=Shopper(story.user, None), now=now, **how)


def paid(gateway: Sandbox, story: Story, kind: Kind, *, now: datetime = SOON) -> Payment:
    """Its customer pays what is due, and we hear of it."""
    return comes_in(gateway, paying(story, kind, now=now).reference, now=now)


def comes_in(gateway: Sandbox, reference: str, *, now: datetime = SOON) -> Payment:
    """The customer pays at the gateway's page, and we hear of it."""
    gateway.settle(reference)
    return heard_of(reference, now=now)


def heard_of(reference: str, *, now: datetime = SOON) -> Payment:
    """We ask the gateway what became of it; the payment as it stands then."""
    settle(Payment.objects.get(reference=reference).pk, now=now)
    return Payment.objects.get(reference=reference)


def canceled(story: Story, *, which: int = 0, by: User | None = None, now: datetime = SOON) -> Owed:
    reference = story.bookings[which].reference
    return cancel_booking(reference, by=by or story.user, trade=TRADE, now=now)


def moved(
    story: Story,
    clock: str,
    *,
    to: Offering | None = None,
    by: User | None = None,
    day: str = FAR,
    now: datetime = SOON,
) -> Rescheduled:
    starts_at = datetime.fromisoformat(f"{day}T{clock}")
    target = Offering.objects.select_related("business").get(pk=to.pk) if to else None
    reference = story.booking.reference
    return reschedule_booking(
        reference, starts_at, by=by or story.user, trade=TRADE, now=now, offering=target
    )


def catch_up(gateway: Sandbox, *, now: datetime) -> None:
    """The gateway's clock goes from the real time up to ``now``: its deadlines are then ahead of us."""
    gateway.advance((now - utc_now()).total_seconds())


def goes_back(gateway: Sandbox, *, now: datetime = LATE, rounds: int = 3) -> None:
    """The worker sends what is owed, the gateway takes its steps, and we ask again until it is done."""
    for number in range(1, rounds + 1):
        work()
        gateway.advance(10)
        reconcile(now=now + timedelta(minutes=2 * number))


def share(amounts: Sequence[int], percent: int) -> list[int]:
    """So many percent of each, half a unit rounded up."""
    return [(amount * percent + 50) // 100 for amount in amounts]
