"""One customer after the other, each of whom books and pays: what a client of the bench does."""

from __future__ import annotations

from collections import deque
from itertools import cycle

from holdfast.flows import catalogue
from holdfast.flows.actors import Shopper
from holdfast.flows.checkout import Choice, Wish, check_out
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.payments.queries import payment_by_reference
from holdfast.platform.models import User
from holdfast.surfaces.astrology.terms import TERMS, TRADE
from tests.support.statements import count_statements

from .practice import DETAILS, Share, free_slots


class Booker:
    """Books slots that no other client asks for, each as the next of its customers."""

    def __init__(self, share: Share, *, first_day: int = 2) -> None:
        self._slots = free_slots(share, first_day=first_day)
        self._people = cycle(
            Shopper(User(pk=person.id, email=person.email, name="A customer"), person.address)
            for person in share.people
        )
        self._unpaid: deque[str] = deque()
        self._to_settle: deque[int] = deque()

    def request(self) -> None:
        """What a booking request does behind the door: read the offering, hold, open the payment."""
        offering, starts_at = next(self._slots)
        wish = Wish(
            choices=(Choice(catalogue.offering(offering, trade=TRADE), starts_at, DETAILS),),
            return_url="",
            terms=TERMS,
        )
        self._unpaid.append(check_out(wish, by=next(self._people), now=utc_now()).reference)

    def settle(self) -> None:
        """Settle the oldest payment that ``find_payments`` has found."""
        settle(self._to_settle.popleft(), now=utc_now())

    def find_payments(self) -> None:
        """Look up the payments that have been requested and not settled, as whoever is told of one does."""
        found = (payment_by_reference(reference) for reference in self._unpaid)
        self._to_settle.extend(payment.pk for payment in found if payment is not None)
        self._unpaid.clear()

    def book_and_pay(self) -> None:
        """The whole of it: the request, finding the payment by its reference, and the settlement."""
        self.request()
        self.find_payments()
        self.settle()

    def has_to_settle(self) -> bool:
        return bool(self._to_settle)

    def statements(self) -> dict[str, int]:
        """How many statements each half sends, BEGIN and COMMIT counted."""
        self.book_and_pay()  # whatever is only done once has been done then
        with count_statements() as request:
            self.request()
        self.find_payments()
        with count_statements() as settlement:
            self.settle()
        return {"request": len(request), "settlement": len(settlement)}
