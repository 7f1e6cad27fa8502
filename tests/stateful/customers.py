"""What customers do: hold a time, pay, come back, let go, cancel, move."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from holdfast.booking.models import Rescheduling
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.checkout import check_out, reserve
from holdfast.flows.paying import pay
from holdfast.flows.rescheduling import Rescheduled, reschedule_booking
from holdfast.flows.returning import release_hold, standing
from holdfast.kernel.errors import SlotTaken
from holdfast.orders.models import Due
from tests.stateful.reference import Move, Place, Sale
from tests.stateful.shop import PRICES, TIMES, TRADE
from tests.stateful.story import (
    MOST_SALES,
    Story,
    promptly,
    some_customer,
    some_gateway,
    some_place,
    some_sale,
    some_way,
)
from tests.support.sandbox import SandboxError


class Customers(Story):
    """Three of them."""

    @precondition(lambda self: len(self.sales) < MOST_SALES)
    @rule(
        customer=some_customer,
        place=some_place,
        way=some_way,
        method=some_gateway,
        promo=st.booleans(),
        pays=st.booleans(),
    )
    def buy(self, customer: int, place: Place, way: str, method: str, promo: bool, pays: bool) -> None:
        """Somebody wants a time; and may pay at once, so that more stories come to what follows from it."""
        sale = self._check_out(customer, place, way, method, promo=promo)
        if sale is None or not pays:
            return
        if way == "hold, then pay":
            self._open_a_page(sale, method, anew=False)
        self._on_the_page(sale, 0, "pay")
        self._come_back(sale, 0)

    def _check_out(self, customer: int, place: Place, way: str, method: str, *, promo: bool) -> Sale | None:
        """Who wants a time has it exactly if nobody else does."""
        wish = self.shop.wish(place.offering, place.time, way, self.called[method], promo)
        begin = reserve if way == "hold, then pay" else check_out
        others = self.others_keep(place)
        sale = None
        with self.step(f"customer {customer} wants the {place}, to {way}") as came:
            try:
                who = self.shop.shopper(customer)
                said: object = self.try_to(
                    lambda: self.clockwork.mortal(partial(begin, wish, by=who, now=self.clockwork.now))
                )
            finally:
                sale = self.adopt(customer, way, place, promo=promo)
            came(sale)
            came(said)
            assert not (others and sale), f"{sale} has a time that somebody else has"
            assert others or not isinstance(said, SlotTaken), "nobody has this time, and it was refused"
        return sale

    @precondition(lambda self: self.any_sale(self.can_pay))
    @rule(nth=some_sale, method=some_gateway, anew=st.booleans())
    def open_a_page(self, nth: int, method: str, anew: bool) -> None:
        """The customer is about to pay what is asked for: the price, or the difference of a move."""
        self._open_a_page(self.pick(nth, self.can_pay), method, anew=anew)

    def _open_a_page(self, sale: Sale, method: str, *, anew: bool) -> None:
        method = self.called[method]
        with self.step(f"the customer of {sale} opens a page at {method}") as came:
            asked = Due.objects.filter(order_id=sale.order, withdrawn_at=None)
            due = asked.filter(pk=sale.move.due) if sale.move else asked.filter(kind="full")
            if (found := due.first()) is not None:
                who, now = self.shop.shopper(sale.customer), self.clockwork.now
                came(self.clockwork.mortal(partial(pay, found.pk, by=who, now=now, method=method, anew=anew)))

    @precondition(lambda self: self.any_sale(self.can_pay))
    @rule(nth=some_sale, method=some_gateway, looks=st.booleans())
    def pay_twice(self, nth: int, method: str, looks: bool) -> None:
        """Two tabs are open, and both are paid."""
        sale = self.pick(nth, self.can_pay)
        for _ in range(2):
            self._open_a_page(sale, method, anew=True)
        for page in range(2):
            self._on_the_page(sale, page, "pay")
            if looks:
                self._come_back(sale, page)

    @precondition(lambda self: self.any_sale(self.has_a_page))
    @rule(
        nth=some_sale,
        which=st.integers(0, 2),
        outcome=st.sampled_from(["pay", "pay", "pay", "fail", "cancel"]),
    )
    def on_the_page(self, nth: int, which: int, outcome: str) -> None:
        """The customer does what can be done on a page of the gateway's, be it an old one."""
        self._on_the_page(self.pick(nth, self.has_a_page), which, outcome)

    def _on_the_page(self, sale: Sale, which: int, outcome: str) -> None:
        payment = self.payment_of(sale, which)
        if payment is None:
            return
        with self.step(f"the customer of {sale} does this on page {which}: {outcome}") as came:
            try:
                came(self.clockwork.at[payment.account.gateway].settle(payment.reference, outcome))
            except SandboxError as no:
                came(str(no))

    @precondition(lambda self: self.any_sale(self.has_a_page))
    @rule(nth=some_sale, which=st.integers(0, 1))
    def come_back(self, nth: int, which: int) -> None:
        self._come_back(self.pick(nth, self.has_a_page), which)

    def _come_back(self, sale: Sale, which: int) -> None:
        payment = self.payment_of(sale, which)
        if payment is None:
            return
        with self.step(f"the customer of {sale} comes back from page {which}") as came:
            look = partial(standing, payment.reference, now=self.clockwork.now)
            came(self.clockwork.mortal(look).status)

    @precondition(lambda self: self.any_sale(self.has_a_page))
    @rule(nth=some_sale)
    def let_go(self, nth: int) -> None:
        sale = self.pick(nth, self.has_a_page)
        payment = self.payment_of(sale, 0)
        if payment is None:
            return
        with self.step(f"the customer of {sale} lets it go") as came:
            who = self.shop.shopper(sale.customer)
            came(release_hold(payment.reference, by=who, now=self.clockwork.now).status)

    @precondition(lambda self: self.any_sale(self.lives))
    @rule(nth=some_sale, by_business=st.booleans(), prompt=promptly)
    def cancel(self, nth: int, by_business: bool, prompt: bool) -> None:
        """A booking ends, and what the terms owe for it is what is promised."""
        sale = self.pick(nth, self.lives)
        booking = self.booking_of(sale)
        if booking is None:
            return
        who = "the business" if by_business else "the customer"
        is_paid = booking.state in ("pending_approval", "confirmed")
        reserved = any(one.wins and one.is_reserved for one in self.payments_of(sale))
        with self.step(f"{who} cancels {sale}") as came:
            now, by = self.clockwork.now, self.who(sale, by_business=by_business)
            owed = cancel_booking(booking.reference, by=by, trade=TRADE, now=now)
            came(owed)
            notice = sale.place.begins - now
            back = sale.back_when_canceled(by_business=by_business or reserved, notice=notice)
            assert owed.refund.amount == (back if is_paid else 0), f"{back} should be promised"
            sale.kept = sale.must_have(stands=True) - back if is_paid else 0
            sale.ended_by = who
            sale.move = None
        self.follow_up(prompt)

    @precondition(lambda self: self.any_sale(self.is_paid))
    @rule(nth=some_sale, to=some_place, by_business=st.booleans(), pays=st.booleans(), method=some_gateway)
    def move(self, nth: int, to: Place, by_business: bool, pays: bool, method: str) -> None:
        """A booking moves to a time that nobody else has, or is to when the difference has been paid."""
        sale = self.pick(nth, self.is_paid)
        booking = self.booking_of(sale)
        if booking is None:
            return
        others = self.others_keep(to, but=sale)
        who = "the business" if by_business else "the customer"
        with self.step(f"{who} moves {sale} to the {to}") as came:
            now, by = self.clockwork.now, self.who(sale, by_business=by_business)
            notice, is_reserved = sale.place.begins - now, self._is_reserved(sale)
            said = self.try_to(
                lambda: reschedule_booking(
                    booking.reference, TIMES[to.time], by=by, trade=TRADE, now=now, offering=self.offering(to)
                )
            )
            came(said)
            assert others or not isinstance(said, SlotTaken), "nobody has this time, and it was refused"
            if isinstance(said, Rescheduled):
                assert not others, f"{sale} has a time that somebody else has"
                free = by_business or is_reserved or to.offering == sale.place.offering
                self._moved(sale, to, said, notice, at_its_price=free)
        if pays and sale.move is not None:
            self._open_a_page(sale, method, anew=False)
            self._on_the_page(sale, 0, "pay")

    def _moved(self, sale: Sale, to: Place, said: Rescheduled, notice: Any, *, at_its_price: bool) -> None:
        sale.move = None
        dearer_by = 0 if at_its_price else PRICES[to.offering] - sale.costs
        cheaper_by = 0 if at_its_price else sale.cheaper_by(to, notice=notice)
        assert (said.due.amount if said.due else 0) == max(0, dearer_by), f"{dearer_by} is the difference"
        back = min(cheaper_by, max(0, sale.price - sale.promised_back))
        assert said.refund.amount == back, f"{back} should come back"
        if said.due is None:
            sale.place = to
            sale.worth -= cheaper_by
            sale.costs = sale.costs if at_its_price else PRICES[to.offering]
        else:
            sale.move = Move(to, said.due.pk, said.due.amount)

    def _is_reserved(self, sale: Sale) -> bool:
        return any(one.wins and one.is_reserved for one in self.payments_of(sale))

    def forget_moves(self) -> None:
        """Moves that have been carried out, or given up, wait no longer."""
        waiting = set(Rescheduling.objects.filter(state="waiting").values_list("due", flat=True))
        for sale in self.sales:
            if sale.move is not None and sale.move.due not in waiting:
                sale.move = None
