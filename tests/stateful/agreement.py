"""What must hold after every step, and what must hold when everything is settled.

Compared are three parties: the books, what the gateways have in their own, and what the customers were
promised. Seats are compared two by two, and money by adding it up: no query of production's is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from holdfast.availability.models import Allocation
from holdfast.booking.models import Booking, Rescheduling
from holdfast.catalog.models import Resource
from holdfast.flows.audit import Wrong, look_for_wrongs
from holdfast.orders.models import Line, Order, Redemption
from holdfast.payments.models import Payment, Transaction
from holdfast.platform.models import Transition
from tests.stateful.reference import Place, Sale
from tests.stateful.shop import PROMO_LIMIT
from tests.support.clockwork import Clockwork

LIVE = ("pending_approval", "confirmed", "in_progress", "completed")
STANDS = ("confirmed", "in_progress", "completed")
TAKEN = ("COMPLETED", "captured")
RESERVED = ("authorized", "capturing")
TRIES = 3  # of a refund or a void, until a person is called


@dataclass(frozen=True)
class AtGateway:
    """What a gateway has in its own books of one payment."""

    taken: int
    reserved: int
    refunded: int


NOTHING = AtGateway(0, 0, 0)


def at_gateways(clockwork: Clockwork, references: Iterable[str]) -> dict[str, AtGateway]:
    """These payments as the gateways have them; a gateway that has never heard of one has nothing."""
    found = dict.fromkeys(references, NOTHING)
    for handle in clockwork.at.values():
        for entry in handle.ledger():
            if entry["reference"] in found:
                found[entry["reference"]] = AtGateway(
                    taken=entry["amount"] if entry["state"] in TAKEN else 0,
                    reserved=entry["amount"] if entry["state"] in RESERVED else 0,
                    refunded=entry["refunded"],
                )
    return found


@dataclass(frozen=True)
class Books:
    """The rows of one moment, with what the gateways say."""

    now: datetime
    orders: dict[int, Order]
    owners: dict[int, str]  # under which their time is kept, by order
    bookings: dict[int, Booking]
    payments: list[Payment]
    gateways: dict[str, AtGateway]

    @classmethod
    def read(cls, clockwork: Clockwork) -> Books:
        payments = list(Payment.objects.select_related("account", "due").order_by("pk"))
        bookings = Booking.objects.select_related("line__offering")
        return cls(
            clockwork.now,
            Order.objects.in_bulk(),
            {line.order_id: line.owner for line in Line.objects.filter(kind="service")},
            {booking.line.order_id: booking for booking in bookings},
            payments,
            at_gateways(clockwork, [payment.reference for payment in payments]),
        )

    def told(self) -> str:
        """All of it, for whoever reads of a failure."""
        lines = [f"at {self.now}"]
        for payment in self.payments:
            order, booking = self.orders[payment.order_id], self.bookings.get(payment.order_id)
            moved = [f"{one.kind} {one.amount} {one.state}" for one in payment.transactions.order_by("pk")]
            lines += [
                f"order {order.pk} is {order.state}, its booking {booking.state if booking else 'none'}",
                f"    {payment.due.kind} {payment} is {payment.state}, next look {payment.next_look_at}",
                f"    of {payment.amount}: {', '.join(moved)}; {self.gateways[payment.reference]}",
            ]
        return "\n".join(lines)

    @property
    def waits_for_a_person(self) -> bool:
        """Whether there is money that no gateway and no worker will see to."""
        by_hand = any(one.refunding for one in self.payments if one.account.gateway == "offline")
        return by_hand or any(one.left and not one.wins for one in self.payments)

    def of(self, sale: Sale) -> list[Payment]:
        return [payment for payment in self.payments if payment.order_id == sale.order]

    def net(self, sale: Sale) -> int:
        """What the business has of a sale, by the gateways' word and by what went from hand to hand."""
        at_theirs = [self.gateways[payment.reference] for payment in self.of(sale)]
        return sum(one.taken - one.refunded for one in at_theirs) + sale.cash - sale.handed_back

    def stands(self, sale: Sale) -> bool:
        booking = self.bookings.get(sale.order)
        return booking is not None and booking.state in STANDS

    def keeps(self, sale: Sale) -> bool:
        """Whether nobody else may have its time now."""
        order, booking = self.orders[sale.order], self.bookings.get(sale.order)
        is_held = order.state == "placed" and order.expires_at is not None and order.expires_at >= self.now
        return is_held or (booking is not None and booking.state in LIVE)


def check_seats() -> None:
    """No seat is two people's at a time: every pair is looked at. A move may meet what it moves away from."""
    kept = Allocation.objects.filter(state__in=("held", "taken")).order_by("pk")
    moves = {move.owner: f"line:{move.booking_id}" for move in Rescheduling.objects.all()}
    for one, other in combinations(kept, 2):
        same = (one.resource_id, one.seat) == (other.resource_id, other.seat)
        overlap = one.period.lower < other.period.upper and other.period.lower < one.period.upper
        is_own = moves.get(one.owner, one.owner) == moves.get(other.owner, other.owner)
        assert is_own or not (same and overlap), f"{one} and {other} have one seat at one time"


def check_times(books: Books, sales: Sequence[Sale]) -> None:
    """Who has a time by what was promised has it, nobody has another's, and nothing is kept for nobody."""
    rooms = {resource.pk: resource.kind for resource in Resource.objects.all()}
    kept: dict[str, list[Allocation]] = {}
    for one in Allocation.objects.filter(state__in=("held", "taken")):
        if one.state == "taken" or (one.held_until is not None and one.held_until >= books.now):
            kept.setdefault(one.owner, []).append(one)
    for sale in sales:
        mine = [
            (rooms[one.resource_id], one.period.lower, one.period.upper)
            for one in kept.pop(books.owners[sale.order], [])
        ]
        theirs = [(sale.place.room, sale.place.begins, sale.place.ends)] if books.keeps(sale) else []
        assert mine == theirs, f"{sale} keeps {mine}, and should keep {theirs}"
    moves = {move.owner for move in Rescheduling.objects.filter(state="waiting")}
    assert not set(kept) - moves, f"kept for nobody: {set(kept) - moves}"
    for one_sale, other in combinations([sale for sale in sales if books.keeps(sale)], 2):
        assert not one_sale.place.meets(other.place), f"{one_sale} and {other} have one time"


def check_money(books: Books, sales: Sequence[Sale]) -> None:
    """A booking that stands has its money, nobody is given more than was promised, none is made up."""
    for sale in sales:
        if sale.ended_by or books.stands(sale):
            least = sale.must_have(stands=books.stands(sale)) - sale.left_without_us
            assert books.net(sale) >= least, f"{sale}: of {least}, only {books.net(sale)} is there"
    for payment in books.payments:
        theirs = books.gateways[payment.reference]
        if payment.account.gateway != "offline":
            assert payment.captured in (0, theirs.taken), f"{payment} is not {theirs} as the books say"
        assert theirs.refunded <= theirs.taken, f"more than all of {payment} has gone back"


def check_promises(books: Books, sales: Sequence[Sale]) -> None:
    """What was confirmed stands, unless somebody has ended it; and nobody was confirmed without an answer."""
    for sale in sales:
        stands = books.stands(sale)
        booking = books.bookings.get(sale.order)
        is_asked_again = booking is not None and booking.state == "pending_approval" and sale.way in AGAIN
        ended = sale.ended_by or sale.answered or is_asked_again
        assert stands or not sale.was_confirmed or ended, f"{sale} was confirmed and is not any more"
        assert not stands or sale.answered or "approve" not in sale.way, f"nobody has accepted {sale}"


AGAIN = ("pay first, then approve",)


def check_promo() -> None:
    used = Redemption.objects.filter(given_back_at=None).count()
    assert used <= PROMO_LIMIT, f"the promo code has been used {used} times"


def check_audit(now: datetime) -> None:
    """The nightly audit finds nothing but what may be so for a while."""
    for wrong in look_for_wrongs(now=now):
        assert MAY_SPEAK.get(wrong.check, _never)(wrong), f"the audit says: {wrong}"


def _never(wrong: Wrong) -> bool:
    return False


def _for_a_while(wrong: Wrong) -> bool:
    """The clock has jumped, and the sweep or the look that is due has not come yet."""
    return True


def _waits_for_a_person(kind: str) -> Callable[[Wrong], bool]:
    def tried_often(wrong: Wrong) -> bool:
        failed = Transaction.objects.filter(payment=wrong.subject_id, kind=kind, state="failed")
        return failed.count() >= TRIES

    return tried_often


MAY_SPEAK: dict[str, Callable[[Wrong], bool]] = {
    "approval that nobody has given in time": _for_a_while,
    "move that waits beyond its hold": _for_a_while,
    "order placed beyond its hold": _for_a_while,
    "payment undecided for a day": _for_a_while,
    "refund by hand that nobody has made": _for_a_while,
    "money without an answer": _waits_for_a_person("refund"),
    "refund that came to nothing": _waits_for_a_person("refund"),
    "reserved money that nobody sets free": _waits_for_a_person("void"),
}


def check_end(books: Books, sales: Sequence[Sale]) -> None:
    """Everything agrees, to the last minor unit, and nothing is left to be done."""
    assert look_for_wrongs(now=books.now) == []
    assert not Allocation.objects.filter(state="held").exists(), "something is held still"
    for payment in books.payments:
        theirs = books.gateways[payment.reference]
        by_hand = sum(one.amount for one in payment.transactions.filter(by_hand=True, state="succeeded"))
        assert payment.state not in ("created", "pending", "authorized"), f"{payment} is {payment.state}"
        assert not theirs.reserved, f"{payment} is reserved still"
        assert payment.refunding == 0, f"{payment.refunding} of {payment} is still on its way back"
        if payment.account.gateway != "offline":
            ours = AtGateway(payment.captured, 0, payment.refunded - by_hand + payment.reversed)
            assert ours == theirs, f"{payment}: we say {ours}, the gateway {theirs}"
        assert payment.wins or not payment.left, f"{payment.left} of {payment} pays nothing"
    for sale in sales:
        should = sale.must_have(stands=books.stands(sale)) - sale.left_without_us
        told = [str(one) for one in Transition.objects.filter(subject="order", subject_id=sale.order)]
        assert books.net(sale) == should, (
            f"{sale}: {books.net(sale)} is there, and should be {should}; {told}"
        )


def place_of(booking: Booking, places: Iterable[Place]) -> Place:
    """Where a booking is, among the places that there are."""
    title, begins = booking.line.offering.title, booking.starts_at
    return next(place for place in places if (place.offering, place.begins) == (title, begins))
