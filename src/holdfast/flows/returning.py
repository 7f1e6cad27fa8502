"""The customer comes back, asks, or lets go: where a payment stands and where the browser goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

import structlog
from django.db.models import Q, QuerySet

from holdfast.kernel.errors import Conflict, NotFound
from holdfast.kernel.money import Money
from holdfast.kernel.wording import first_and_more
from holdfast.orders.actions import lock, withdraw_all
from holdfast.orders.models import Order
from holdfast.orders.queries import services_for
from holdfast.payments.gateways.base import Outcome, Unknown
from holdfast.payments.models import Payment
from holdfast.payments.queries import may_look_now, open_dues, payment_by_reference
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

# A payment without money that may not come to any more, by the state of its order: its word on the wire.
ENDS = {
    "open": "FAILED",
    "placed": "FAILED",
    "completed": "FAILED",
    "expired": "FAILED",
    "canceled": "CANCELLED",
}


@dataclass(frozen=True)
class Standing:
    """Where a payment stands. ``status`` is its word on the wire: PENDING, AUTHORIZED, SUCCESS, FAILED,
    CANCELLED, REFUNDED or PARTIALLY_REFUNDED.

    A payment that a booking was made of keeps it, canceled or not, also when it has been given back since; of
    several, the first that was chosen.
    """

    reference: str
    status: str
    booking_reference: str | None
    reason: str | None
    amount: Money
    title: str
    quarantined: bool  # its money has come and does not match: somebody of the business looks into it
    kept: bool  # its time is still held, so that it can be paid for in another attempt
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
    waits = payment.order.state == "placed" or _is_asked_for(payment)
    asked = waits or (ended_too and _may_still_be_paid(payment, now=now))
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

    The gateway is asked first, about every attempt at paying that may come to something: the time is given
    up only when it says of each that no money has come. Raises StillUnknown when it does not say. Money that
    waits for a person keeps its time as well.
    """
    payment = _payment(reference, of_user=by.user.pk)
    if _is_placed_for(payment):
        _ask_and_let_go(payment, by=by, now=now)
    after = _standing_of(_payment(reference))
    if after.status == "SUCCESS" or Payment.objects.filter(order=payment.order_id, wins=True).exists():
        raise Conflict(PAID_MEANWHILE)
    return after


def release_order(order_id: int, *, by: Shopper, now: datetime, for_good: bool) -> None:
    """The same for an order, whose customer the caller knows. ``for_good``, a cart is not open again."""
    payment = Payment.objects.select_related("order").filter(order=order_id).order_by("-pk").first()
    assert payment is not None, "what is placed has a payment"
    _ask_and_let_go(payment, by=by, now=now, for_good=for_good)


def _ask_and_let_go(payment: Payment, *, by: Shopper, now: datetime, for_good: bool = False) -> None:
    said = {attempt.pk: _said_of(attempt, now=now) for attempt in _may_come_to_money(payment)}
    _let_go(payment.order_id, said, by=by, now=now, for_good=for_good)


def _is_placed_for(payment: Payment) -> bool:
    """Whether what it is to pay is held: an attempt of before a cart was placed anew is for nothing."""
    return payment.order.state == "placed" and payment.due.withdrawn_at is None


def _may_come_to_money(payment: Payment) -> list[Payment]:
    """Every undecided attempt at an order, and this one also when it has failed."""
    those = Q(state__in=UNDECIDED) | Q(pk=payment.pk, state__in=ENDED_WITHOUT_MONEY)
    return list(_attempts(payment.order_id).select_related("account").filter(those).order_by("pk"))


def _attempts(order_id: int) -> QuerySet[Payment]:
    """At what is still asked for; money that comes for anything else goes back by itself."""
    return Payment.objects.filter(order=order_id, due__withdrawn_at=None)


def _said_of(attempt: Payment, *, now: datetime) -> Outcome:
    """The gateway's word on one attempt, which is settled by it. Raises StillUnknown."""
    try:
        outcome = ask(attempt, now=now)
    except Unknown as unknown:
        raise StillUnknown from unknown
    apply(attempt, outcome, now=now)
    return outcome


def _let_go(
    order_id: int, said: Mapping[int, Outcome], *, by: Shopper, now: datetime, for_good: bool
) -> None:
    """Cancel the order if it still stands unpaid, on the gateway's word that it is.

    A cart is open again instead, unless it is let go ``for_good``, and asks for nothing. An attempt that has
    been begun since the gateway was asked leaves the time as it is: StillUnknown.
    """
    with transaction():
        order = lock(order_id)
        if order.state != "placed":
            return
        attempts = list(_attempts(order.pk))
        if any(attempt.left or (attempt.is_reserved and attempt.quarantined) for attempt in attempts):
            raise Conflict(PAID_MEANWHILE)
        unpaid = {attempt.pk for attempt in attempts if _is_said_unpaid(attempt, said.get(attempt.pk))}
        undecided = {attempt.pk for attempt in attempts if attempt.state in UNDECIDED}
        if not unpaid >= undecided | set(said):
            raise StillUnknown
        stays = order.is_cart and not for_good
        free(order, event="expire" if stays else "cancel", reason="canceled", by=str(by), now=now)
        if stays:
            withdraw_all(order, now=now)


def _is_said_unpaid(attempt: Payment, outcome: Outcome | None) -> bool:
    return outcome is not None and says_unpaid(
        outcome, reference=attempt.reference, gateway_reference=attempt.gateway_reference
    )


def _payment(reference: str, *, of_user: int | None = None, trade: str | None = None) -> Payment:
    payment = payment_by_reference(reference)
    if payment is None or (trade and payment.order.trade != trade):
        raise NotFound("There is no such payment.")
    if of_user is not None and payment.order.customer.user_id != of_user:
        raise NotFound("There is no such payment.")
    return payment


def _standing_of(payment: Payment) -> Standing:
    order = payment.order
    services = list(services_for(payment.due).select_related("booking"))
    booking = getattr(services[0], "booking", None) if payment.has_won else None
    status = status_of(payment)
    reason = reason_of(payment, status)
    return Standing(
        reference=payment.reference,
        status=status,
        booking_reference=booking.reference if booking else None,
        reason=reason,
        amount=payment.money,
        title=first_and_more([service.title for service in services]),
        quarantined=payment.is_looked_into,
        kept=order.state == "placed",
        payment_url=payment.payment_url,
        address=_address(payment, booking.reference if booking else None, reason),
    )


def status_of(payment: Payment) -> str:
    """Its word on the wire, as a Standing says it."""
    gone = payment.refunded + payment.reversed
    said = (
        (payment.is_looked_into, "FAILED"),  # it pays nothing until a person has looked
        (gone > 0, "REFUNDED" if gone >= payment.captured else "PARTIALLY_REFUNDED"),
        (payment.has_won and payment.captured > 0, "SUCCESS"),
        (payment.wins, "AUTHORIZED"),
        (_is_asked_for(payment), "PENDING"),
    )
    return next((word for is_so, word in said if is_so), ENDS[payment.order.state])


def _is_asked_for(payment: Payment) -> bool:
    """Whether it is undecided, and what it is to pay is still asked for."""
    state = payment.order.state
    if payment.state not in UNDECIDED or state not in ("placed", "completed"):
        return False
    if payment.due.withdrawn_at is not None:
        return False
    return state == "placed" or open_dues(payment.order_id).filter(pk=payment.due_id).exists()


def reason_of(payment: Payment, status: str) -> str | None:
    """Why there is no booking, in the words of the failed page: the order's, or this attempt's own.

    None where its ``status`` says that there is one, or may be.
    """
    if status in ("SUCCESS", "PENDING", "AUTHORIZED"):
        return None
    own = payment.reason if payment.reason in Order.Reason.values else ""
    return payment.order.reason or own or Order.Reason.ERROR


def _address(payment: Payment, booking: str | None, reason: str | None) -> str:
    """The front end's page for how it ended, or our own when no front end was given."""
    terms = payment.order.terms
    if booking is None and reason is None:
        return ""
    template = terms.success_address if booking else terms.failed_address
    filled = template.format(payment=quote(payment.reference), booking=quote(booking or ""), reason=reason)
    return payment.order.return_base + filled
