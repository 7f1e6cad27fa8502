"""What the business does: accept and decline, take cash, give some back, see to what waits for a person."""

from __future__ import annotations

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from holdfast.flows.approval import approve_booking, decline_booking
from holdfast.flows.recording import Method, Taken, record_payment
from holdfast.flows.refunds import give_back_what_waits, leave_to_a_person, record_refund, refund_some
from holdfast.kernel.errors import Conflict
from holdfast.kernel.money import Money
from holdfast.payments.models import Payment, Transaction
from tests.stateful.shop import TRADE
from tests.stateful.story import Story, promptly, some_sale

BY = "staff:1"


class Business(Story):
    """Its owner, who answers and has the cash box."""

    @precondition(lambda self: self.any_sale(self.waits_for_an_answer))
    @rule(nth=some_sale, prompt=promptly)
    def accept(self, nth: int, prompt: bool) -> None:
        sale = self.pick(nth, self.waits_for_an_answer)
        booking = self.booking_of(sale)
        if booking is None:
            return
        with self.step(f"the business accepts {sale}"):
            sale.answered = sale.answered or booking.state == "pending_approval"
            now, by = self.clockwork.now, self.shop.staff
            self.clockwork.mortal(partial(approve_booking, booking.reference, by=by, trade=TRADE, now=now))
        self.follow_up(prompt)

    @precondition(lambda self: self.any_sale(self.waits_for_an_answer))
    @rule(nth=some_sale, prompt=promptly)
    def decline(self, nth: int, prompt: bool) -> None:
        sale = self.pick(nth, self.waits_for_an_answer)
        booking = self.booking_of(sale)
        if booking is None:
            return
        with self.step(f"the business declines {sale}"):
            decline_booking(booking.reference, by=self.shop.staff, trade=TRADE, now=self.clockwork.now)
        self.follow_up(prompt)

    @precondition(lambda self: self.any_sale(self.lives))
    @rule(nth=some_sale, short_by=st.sampled_from([0, 0, 0, 100]))
    def take_cash(self, nth: int, short_by: int) -> None:
        sale = self.pick(nth, lambda one: self.state_of(one) == "pending_payment")
        booking = self.booking_of(sale)
        if booking is None:
            return
        with self.step(f"the business takes cash for {sale}") as came:
            taken = Taken(Money(sale.price - short_by, "INR"), Method.CASH)
            by, now = self.shop.staff, self.clockwork.now
            came(record_payment(booking.reference, taken, by=by, trade=TRADE, now=now))
            assert not short_by, "it is not all of the price"
            sale.cash += taken.amount.amount

    @precondition(lambda self: self.any_sale(self.is_paid))
    @rule(nth=some_sale, amount=st.sampled_from([100, 5_000, 30_000]), prompt=promptly)
    def give_some_back(self, nth: int, amount: int, prompt: bool) -> None:
        sale = self.pick(nth, self.is_paid)
        winners = Payment.objects.filter(order_id=sale.order, wins=True, captured__gt=0)
        payment = winners.order_by("pk").first()
        if payment is None or amount >= payment.left:  # giving all of it back is called canceling
            return
        with self.step(f"the business gives {amount} of {sale} back"):
            now = self.clockwork.now
            refund_some(payment.pk, Money(amount, "INR"), reason="kindness", by=BY, now=now)
            if sale.ended_by:
                sale.kept -= amount
            else:
                sale.promised_back += amount
        self.follow_up(prompt)

    @precondition(lambda self: self.books.waits_for_a_person)
    @rule()
    def see_to_what_waits(self) -> None:
        """Somebody goes through all that waits for a person."""
        with self.step("the business sees to what waits for a person"):
            self.act_as_the_person()

    def act_as_the_person(self) -> None:
        for payment in Payment.objects.filter(quarantined=True).order_by("pk"):
            self.try_to(partial(give_back_what_waits, payment.pk, by=BY, now=self.clockwork.now))
        failed = Transaction.objects.filter(kind="refund", state="failed", payment__refunding=0)
        for refund in failed.order_by("pk"):
            self._take_over(refund)
        by_hand = Transaction.objects.filter(kind="refund", by_hand=True, state="pending")
        for refund in by_hand.select_related("payment").order_by("pk"):
            record_refund(refund.pk, by=BY, now=self.clockwork.now)
            sale = next(one for one in self.sales if one.order == refund.payment.order_id)
            sale.handed_back += refund.amount

    def _take_over(self, refund: Transaction) -> None:
        """A refund that its gateway has refused for good; while it is tried anew, that is refused to us."""
        latest = Transaction.objects.filter(kind="refund", payment=refund.payment_id).latest("pk")
        if latest.pk != refund.pk:
            return
        try:
            leave_to_a_person(refund.pk, by=BY, now=self.clockwork.now)
        except Conflict:
            return
