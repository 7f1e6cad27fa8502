"""The customer comes back, asks, or lets go: where a payment stands and where the browser goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

import structlog

from holdfast.kernel.errors import Conflict, NotFound
from holdfast.kernel.money import Money
from holdfast.orders.actions import lock
from holdfast.payments.gateways.base import Outcome, Unknown
from holdfast.payments.models import Payment
from holdfast.payments.queries import may_look_now, payment_by_reference
from holdfast.platform.db import transaction

from .actors import Shopper
from .asking import StillUnknown
from .decisions import UNDECIDED, says_unpaid
from .ending import free
from .settlement import apply, ask, settle
from .story import ENDED_WITHOUT_MONEY, LATE_MONEY_COMES_WITHIN

log = structlog.get_logger(__name__)

A_MOMENT = timedelta(seconds=2)
AT_ONCE = timedelta(milliseconds=300)  # for who has just come back: what was said a second ago may be old
PAID_MEANWHILE = "This has been paid for meanwhile."

# The order's state, in the words that a payment has on the wire.
STANDS = {"completed": "SUCCESS", "placed": "PENDING", "canceled": "CANCELLED", "expired": "FAILED"}


@dataclass(frozen=True)
class Standing:
    """Where a payment stands. ``status`` is its word on the wire; a payment that succeeded keeps its booking,
    canceled or not, also when it has been given back since.
    """

    reference: str
    status: str
    booking_reference: str | None
    reason: str | None
    amount: Money
    title: str
    quarantined: bool  # its money has come and does not match: somebody of the business looks into it
    payment_url: str
    address: str  # where the browser goes now; empty while the payment is pending


def standing(
    reference: str,
    *,
    now: datetime,
    of_user: int | None = None,
    trade: str | None = None,
    every: timedelta = A_MOMENT,
    ended_too: bool = True,
) -> Standing:
    """Where a payment stands, asking the gateway first if it has no money yet.

    With ``ended_too`` that goes for an attempt that has failed as well, for gateways do take money after
    they said no: the customer has tried again on their page, and it worked.

    Raises NotFound, also for another's payment when ``of_user`` says whose it must be.

    Whatever a browser brings along proves nothing, so nothing but the reference is taken from it; and
    however often it comes, the gateway is asked once in a moment (``every``).
    """
    payment = _payment(reference, of_user=of_user, trade=trade)
    asked = payment.order.state == "placed" or (ended_too and _may_still_be_paid(payment, now=now))
    if asked and may_look_now(payment.pk, now=now, every=every):
        try:
            settle(payment.pk, now=now)
        except Unknown as unknown:
            log.warning("return_unknown", reference=reference, why=str(unknown))
        payment = _payment(reference)
    return _standing_of(payment)


def _may_still_be_paid(payment: Payment, *, now: datetime) -> bool:
    is_young = now - payment.created_at <= LATE_MONEY_COMES_WITHIN
    return is_young and payment.state in (*UNDECIDED, *ENDED_WITHOUT_MONEY)


def release_hold(reference: str, *, by: Shopper, now: datetime) -> Standing:
    """The holder lets an unpaid time go. Raises NotFound, and Conflict if it has been paid meanwhile.

    The gateway is asked first: the time is given up only when it says that no money has come.
    Raises StillUnknown when it does not say. Money that waits for a person keeps its time as well.
    """
    payment = _payment(reference, of_user=by.user.pk)
    if payment.order.state == "placed":
        try:
            outcome = ask(payment, now=now)
        except Unknown as unknown:
            raise StillUnknown from unknown
        apply(payment, outcome, now=now)
        _let_go(payment, outcome, by=by, now=now)
    after = _standing_of(_payment(reference))
    if after.status == "SUCCESS":
        raise Conflict(PAID_MEANWHILE)
    return after


def _let_go(payment: Payment, outcome: Outcome, *, by: Shopper, now: datetime) -> None:
    """Cancel the order if it still stands unpaid, on the gateway's word that it is."""
    with transaction():
        order = lock(payment.order_id)
        if order.state != "placed":
            return
        if order.payments.filter(captured__gt=0).exists():
            raise Conflict(PAID_MEANWHILE)
        if not says_unpaid(outcome, reference=payment.reference, gateway_reference=payment.gateway_reference):
            raise StillUnknown
        free(order, event="cancel", reason="canceled", by=str(by), now=now)


def _payment(reference: str, *, of_user: int | None = None, trade: str | None = None) -> Payment:
    payment = payment_by_reference(reference)
    if payment is None or (trade and payment.order.trade != trade):
        raise NotFound("There is no such payment.")
    if of_user is not None and payment.order.customer.user_id != of_user:
        raise NotFound("There is no such payment.")
    return payment


def _standing_of(payment: Payment) -> Standing:
    order = payment.order
    line = order.lines.select_related("booking").get()
    booking = getattr(line, "booking", None) if payment.has_won else None
    status = "SUCCESS" if booking else STANDS.get(order.state, "PENDING")
    if not booking and order.state == "completed":
        status = "FAILED"  # another payment of the same order won
    if payment.refunded:
        status = "REFUNDED" if payment.refunded == payment.captured else "PARTIALLY_REFUNDED"
    if payment.quarantined:
        status = "FAILED"  # it pays nothing until a person has looked
    reason = None if status in ("SUCCESS", "PENDING") else order.reason or "error"
    return Standing(
        reference=payment.reference,
        status=status,
        booking_reference=booking.reference if booking else None,
        reason=reason,
        amount=payment.money,
        title=line.title,
        quarantined=payment.quarantined,
        payment_url=payment.payment_url,
        address=_address(payment, booking.reference if booking else None, reason),
    )


def _address(payment: Payment, booking: str | None, reason: str | None) -> str:
    """The front end's page for how it ended, or our own when no front end was given."""
    terms = payment.order.terms
    if booking is None and reason is None:
        return ""
    template = terms.success_address if booking else terms.failed_address
    filled = template.format(payment=quote(payment.reference), booking=quote(booking or ""), reason=reason)
    return payment.order.return_base + filled
