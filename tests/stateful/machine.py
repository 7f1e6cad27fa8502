"""The machine: everybody who takes part, what is checked after each step, and how every story ends."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from holdfast.flows.webhooks import receive
from tests.stateful.agreement import (
    Books,
    check_audit,
    check_end,
    check_money,
    check_promises,
    check_promo,
    check_seats,
    check_times,
    place_of,
)
from tests.stateful.business import Business
from tests.stateful.customers import Customers
from tests.stateful.reference import Place
from tests.stateful.story import PLACES, some_gateway, some_place, some_way
from tests.stateful.surroundings import Surroundings, webhooks_about

# After the last step: the worker comes by at these times, and a person once more after each of them.
ENDING = tuple(
    timedelta(hours=hours)
    for hours in (0.05, 0.2, 0.5, 2, 6, 14, 24, 26, 48, 72, 96, 96, 200, 200, 400, 800, 1600)
)


class Machine(Customers, Business, Surroundings):
    """Customers, the business and their surroundings, in any order."""

    @initialize(first=some_place, second=some_place, ways=st.tuples(some_way, some_way), method=some_gateway)
    def two_have_bought(self, first: Place, second: Place, ways: tuple[str, str], method: str) -> None:
        """No story is about nobody."""
        self.buy(0, first, ways[0], method, promo=False, pays=True)
        self.buy(1, second, ways[1], method, promo=True, pays=True)

    @invariant()
    def all_agree(self) -> None:
        """After every step, and at the end as well."""
        try:
            self._compare()
        except BaseException:
            self.is_broken = True
            note(self.books.told())
            raise

    def _compare(self) -> None:
        self.books = books = Books.read(self.clockwork)
        for sale in self.sales:
            booking = books.bookings.get(sale.order)
            if booking is not None:
                sale.is_at(place_of(booking, PLACES))
        self.forget_moves()
        check_seats()
        check_times(books, self.sales)
        check_money(books, self.sales)
        check_promises(books, self.sales)
        check_promo()
        check_audit(self.clockwork.now)
        for sale in self.sales:
            sale.was_confirmed = sale.was_confirmed or books.stands(sale)

    def teardown(self) -> None:
        """The gateways are well again, time goes on, everything is told and done; then all must agree."""
        clockwork = self.clockwork
        if self.is_broken:
            return
        clockwork.die_in(0)
        next(iter(clockwork.at.values())).disarm()
        for pause in ENDING:
            clockwork.wait(pause)
            self._tell_all()
            clockwork.run_down()
            self.act_as_the_person()
            clockwork.run_down()
        note(f"    # {clockwork.now:%d %H:%M:%S} all is well again, and all has been done that was due")
        self.all_agree()
        note(self.books.told())
        assert not clockwork.still_due(), f"at {clockwork.now} there is still to come {clockwork.still_due()}"
        check_end(self.books, self.sales)

    def _tell_all(self) -> None:
        """A gateway sends its webhooks until it is heard, so in the end all of them are."""
        for sale in self.sales:
            for payment in self.payments_of(sale):
                for call in webhooks_about(self.clockwork, payment.account.gateway, payment.reference):
                    receive(call, now=self.clockwork.now)
