"""What becomes of an order once the customer has acted, or time has passed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from sandbox.errors import Closed
from sandbox.faults import Armed
from sandbox.phonepe.books import COMPLETED, CONFIRMED, FAILED, PENDING, Attempt, Books, Order, Refund
from sandbox.phonepe.notices import Notices
from sandbox.world import World

REFUND_STEP = 2_000  # ms in each of a refund's states, unless it is read before

STORY_FAULTS = {
    "amount_higher": "The customer pays `amount` (100) paisa more than was asked.",
    "amount_lower": "The customer pays `amount` (100) paisa less than was asked.",
    "pending_then_completed": "A payment stays PENDING for `reads` (3) status reads, then is COMPLETED;"
    " with `seconds`, it is after that time instead.",
    "attempt_failed_then_completed": "The first attempt fails, the order stays PENDING; the customer's second"
    " succeeds after `reads` (1) status reads, or after `seconds` instead.",
    "failed_then_completed": "An order goes FAILED, and is COMPLETED `seconds` (3) later after all; with"
    " `reads`, after so many status reads instead.",
    "success_after_expiry": "The bank answers only `seconds` (60) after the order's expiry, when it is long"
    " FAILED: it becomes COMPLETED, and no webhook says so.",
}
LATE_SUCCESS = {
    "late_success": "A customer can still pay an order that has failed or expired.",
}
REFUND_STORY_FAULTS = {
    "refund_stuck": "A refund stays PENDING for `seconds` (three days).",
    "refund_fails": "A refund is accepted, and FAILED in the end.",
}
DASHBOARD = {
    "dashboard_refund": "The next order that is paid, or read as paid, is refunded from the dashboard:"
    " `amount` of it (all).",
}


class Stories:
    def __init__(self, world: World, books: Books, notices: Notices, *, gateway: str) -> None:
        self.world = world
        self.books = books
        self.notices = notices
        self.gateway = gateway

    # -- the customer -------------------------------------------------------------------------------------

    def settle(self, order: Order, outcome: str) -> Order:
        """Do what the customer chose. Choosing twice changes nothing; Closed if it is too late to pay."""
        order = self.expired(order)
        if order.state == PENDING and not order.under_way:
            return OUTCOMES[outcome](self, order)
        if outcome != "pay" or order.state != FAILED or order.under_way:
            return order
        if self.world.faults.take(self.gateway, LATE_SUCCESS, order.merchant_order_id):
            return self.complete(order)
        raise Closed(order.merchant_order_id)

    def can_be_paid(self, order: Order) -> bool:
        late = self.world.faults.peek(self.gateway, LATE_SUCCESS, order.merchant_order_id)
        return order.state == PENDING or (order.state == FAILED and late is not None)

    def pay(self, order: Order) -> Order:
        fault = self.world.faults.take(self.gateway, STORY_FAULTS, order.merchant_order_id)
        return PAYMENTS[fault.fault](self, order, fault) if fault else self.complete(order)

    def fail(self, order: Order, *, code: str = "PAYMENT_ERROR", detail: str = "TXN_AUTO_FAILED") -> Order:
        """An attempt fails, and its order with it."""
        self.attempt(order, FAILED, code, detail)
        order = self.save(order, state=FAILED, error_code=code, detailed_error_code=detail)
        self.notices.tell_order(order)
        return order

    def complete(self, order: Order, *, paid: int | None = None) -> Order:
        """The money is there, whatever was thought of the order before."""
        amount = order.amount if paid is None else paid
        self.attempt(order, COMPLETED, amount=amount)
        quiet = order.quietly
        order = self.save(
            order,
            state=COMPLETED,
            paid=amount,
            error_code=None,
            detailed_error_code=None,
            completes_after_reads=None,
            completes_at=None,
        )
        if not quiet:
            self.notices.tell_order(order)
        self.refund_from_dashboard(order)
        return order

    # -- time, and those who ask --------------------------------------------------------------------------

    def tick(self) -> None:
        """Fail what has expired, complete what was late, move refunds along."""
        now = self.world.clock.now()
        for order in self.books.orders("state = ? AND expire_at <= ?", PENDING, now):
            self.expired(order)
        for order in self.books.orders("completes_at <= ?", now):
            self.complete(order)
        for refund in self.books.refunds("state IN (?, ?) AND moves_at <= ?", PENDING, CONFIRMED, now):
            self.advance(refund)

    def expired(self, order: Order) -> Order:
        """The order, FAILED if its time is over."""
        if order.state != PENDING or order.expire_at > self.world.clock.now():
            return order
        attempts = self.books.attempts(order)
        if attempts and attempts[-1].state == PENDING:
            self.attempt(order, FAILED, "TRANSACTION_TIMEOUT", "TRANSACTION_TIMEOUT")
        order = self.save(order, state=FAILED)
        self.notices.tell_order(order)
        return order

    def read(self, order: Order) -> Order:
        """The order as a status read finds it; for some, being read is what they wait for."""
        order = self.expired(order)
        if order.completes_after_reads == 0:
            return self.complete(order)
        if order.completes_after_reads is not None:
            return self.save(order, completes_after_reads=order.completes_after_reads - 1)
        if order.state == COMPLETED:
            self.refund_from_dashboard(order)
        return order

    # -- refunds ------------------------------------------------------------------------------------------

    def refund(self, order: Order, *, reference: str, amount: int) -> Refund:
        """Begin to give ``amount`` of an order back. The caller has checked that there is as much left."""
        now = self.world.clock.now()
        fault = self.world.faults.take(self.gateway, REFUND_STORY_FAULTS, reference, order.merchant_order_id)
        stuck = fault is not None and fault.fault == "refund_stuck"
        stuck_until = now + fault.whole("seconds", 3 * 86_400) * 1000 if fault and stuck else 0
        return self.books.save_refund(
            Refund(
                refund_id=new_id("OMR"),
                client_id=order.client_id,
                merchant_refund_id=reference,
                order_id=order.order_id,
                amount=amount,
                state=PENDING,
                timestamp=now,
                moves_at=max(now + REFUND_STEP, stuck_until),
                stuck_until=stuck_until,
                ends_as=FAILED if fault and fault.fault == "refund_fails" else COMPLETED,
            )
        )

    def advance(self, refund: Refund) -> Refund:
        """One step further: PENDING, CONFIRMED, then its end. Nothing moves while it is stuck."""
        now = self.world.clock.now()
        if refund.state not in (PENDING, CONFIRMED) or refund.stuck_until > now:
            return refund
        state = CONFIRMED if refund.state == PENDING else refund.ends_as
        error = "BANK_ERROR" if state == FAILED else None
        refund = replace(refund, state=state, timestamp=now, moves_at=now + REFUND_STEP, error_code=error)
        self.books.save_refund(refund)
        self.notices.tell_refund(refund)
        return refund

    def refundable(self, order: Order) -> int:
        """What is left of an order's money, counting refunds that are still under way as gone."""
        refunds = self.books.refunds("order_id = ? AND state <> ?", order.order_id, FAILED)
        return (order.paid or 0) - sum(refund.amount for refund in refunds)

    def refund_from_dashboard(self, order: Order) -> None:
        """If that is armed: money goes back, and the merchant's systems had no part in it."""
        left = self.refundable(order)
        if left <= 0:
            return
        fault = self.world.faults.take(self.gateway, DASHBOARD, order.merchant_order_id)
        if fault is None:
            return
        reference = f"DASHBOARD-{new_id('R')}"
        refund = self.refund(order, reference=reference, amount=min(fault.whole("amount", left), left))
        done = replace(refund, state=COMPLETED, timestamp=self.world.clock.now())
        self.notices.tell_refund(self.books.save_refund(done))

    # -- details ------------------------------------------------------------------------------------------

    def wait(self, order: Order, fault: Armed, *, reads: int | None, seconds: int | None = None) -> Order:
        """Let an order be completed later: after so many reads, or so many seconds."""
        extra = fault.extra
        if "seconds" in extra or "reads" in extra:
            reads = fault.whole("reads", 0) if "reads" in extra else None
            seconds = fault.whole("seconds", 0) if "seconds" in extra else None
        at = None if seconds is None else self.world.clock.now() + seconds * 1000
        return self.save(order, completes_after_reads=reads, completes_at=at)

    def attempt(
        self, order: Order, state: str, code: str | None = None, detail: str | None = None, *, amount: int = 0
    ) -> Attempt:
        """Give the attempt that is under way its end, or write a new one down."""
        last = self.books.attempts(order)[-1:]
        under_way = [attempt for attempt in last if attempt.state == PENDING]
        attempt = Attempt(
            transaction_id=under_way[0].transaction_id if under_way else new_id("OM"),
            order_id=order.order_id,
            payment_mode="UPI_QR",
            timestamp=self.world.clock.now(),
            amount=amount or order.amount,
            state=state,
            error_code=code,
            detailed_error_code=detail,
        )
        return self.books.save_attempt(attempt)

    def save(self, order: Order, **changes: object) -> Order:
        return self.books.save_order(replace(order, **changes))  # type: ignore[arg-type]  # names of fields


def _other_amount(sign: int) -> Callable[[Stories, Order, Armed], Order]:
    def pay(stories: Stories, order: Order, fault: Armed) -> Order:
        return stories.complete(order, paid=max(order.amount + sign * fault.whole("amount", 100), 1))

    return pay


def _pending_then_completed(stories: Stories, order: Order, fault: Armed) -> Order:
    stories.attempt(order, PENDING)
    return stories.wait(order, fault, reads=3)


def _attempt_failed_then_completed(stories: Stories, order: Order, fault: Armed) -> Order:
    stories.attempt(order, FAILED, "INSUFFICIENT_FUNDS", "ZM")
    order = stories.wait(order, fault, reads=1)
    stories.notices.tell_order(order)
    return order


def _failed_then_completed(stories: Stories, order: Order, fault: Armed) -> Order:
    return stories.wait(stories.fail(order, code="BANK_ERROR", detail="XC"), fault, reads=None, seconds=3)


def _success_after_expiry(stories: Stories, order: Order, fault: Armed) -> Order:
    stories.attempt(order, PENDING)
    late = order.expire_at + fault.whole("seconds", 60) * 1000
    return stories.save(order, completes_at=late, quietly=True)


PAYMENTS: dict[str, Callable[[Stories, Order, Armed], Order]] = {
    "amount_higher": _other_amount(1),
    "amount_lower": _other_amount(-1),
    "pending_then_completed": _pending_then_completed,
    "attempt_failed_then_completed": _attempt_failed_then_completed,
    "failed_then_completed": _failed_then_completed,
    "success_after_expiry": _success_after_expiry,
}
OUTCOMES: dict[str, Callable[[Stories, Order], Order]] = {
    "pay": Stories.pay,
    "fail": Stories.fail,
    "cancel": lambda stories, order: stories.fail(order, code="USER_CANCEL", detail="USER_CANCEL"),
}


def new_id(prefix: str) -> str:
    """An id in the manner of PhonePe's own: a prefix and digits."""
    return f"{prefix}{secrets.randbelow(10**22):022d}"
