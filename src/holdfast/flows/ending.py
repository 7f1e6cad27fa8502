"""How an order ends: its attempt failed, its hold ran out, its customer let go, its booking is canceled, or
it is a cart that was left.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import structlog
from django.conf import settings

from holdfast.availability.actions import release
from holdfast.booking.actions import end
from holdfast.kernel.errors import MoveRefused
from holdfast.orders.actions import lock
from holdfast.orders.models import Order
from holdfast.orders.promos import give_back_redemption
from holdfast.orders.queries import owners_of
from holdfast.payments.models import HAS_WON, Payment
from holdfast.platform import metrics
from holdfast.platform.db import transaction, transaction_required

from .actors import CLOCK
from .decisions import Hold, hold_has_run_out
from .entering import bookings_of, may_have_bookings, tell
from .sweeping import sweep

log = structlog.get_logger(__name__)


def end_attempt(payment: Payment, *, event: str, reason: str, why: str, by: str, now: datetime) -> None:
    """A payment that never reached its gateway: end it, and by the terms free the time that it held."""
    with transaction():
        order = lock(payment.order_id)
        try:
            payment.move(event, by=by, at=now, why=why, reason=reason, next_look_at=None)
        except MoveRefused:
            log.info("attempt_had_moved_on", reference=payment.reference)
            return
        if order.state == "placed" and order.terms.failed_payment_frees:
            free(order, event="expire", reason=reason, by=by, now=now)


@transaction_required
def free(order: Order, *, event: str, reason: str, by: str, now: datetime) -> None:
    """End an order and release all that it keeps, under the order's lock: its time and its promo code.

    Bookings of it that have not ended yet end with it. By its terms an order that ends unpaid is open again.
    """
    reopens = event == "expire" and order.terms.reopens
    order.move("reopen" if reopens else event, by=by, at=now, why=reason, reason=reason, expires_at=None)
    if may_have_bookings(order):
        end(bookings_of(order), event, by=by, now=now, why=reason)
    give_back_redemption(order, now=now)
    release(*owners_of(order))


def expire_orders(*, now: datetime, limit: int = 100) -> int:
    """End the orders whose hold is over. Money that comes later is late money, and is decided then."""
    run_out = Order.objects.filter(state="placed", expires_at__lte=now).order_by("expires_at")
    due = list(run_out.values_list("pk", flat=True)[:limit])
    return sweep(due, partial(expire_order, now=now), what="order")


def expire_order(order_id: int, *, now: datetime) -> None:
    """End one order, if its hold is over."""
    with transaction():
        end_if_run_out(lock(order_id), now=now)


@transaction_required
def end_if_run_out(order: Order, *, now: datetime) -> None:
    """End an order whose hold is over, as the sweep would do soon. The caller has its lock."""
    if hold_has_run_out(Hold(order.state, order.expires_at, now)):
        free(order, event="expire", reason="expired", by=CLOCK, now=now)
        if may_have_bookings(order) and not _may_be_a_strangers(order):
            tell([booking for booking in bookings_of(order) if booking.state == "expired"], "expired")
        metrics.holds_expired.inc()
        log.info("hold_expired", order=order.pk)


def _may_be_a_strangers(order: Order) -> bool:
    """Whether the address on an order may be anybody's: somebody without an account has typed it into a page
    and never paid. Mail to it would be mail that anybody can have sent to anyone.
    """
    if order.address is None or order.customer.user_id is not None:  # staff have written it down, or its user
        return False
    return not Payment.objects.filter(HAS_WON, order=order).exists()


def abandon_carts(*, now: datetime, limit: int = 100) -> int:
    """End the carts that nobody has touched for so many days as they are kept."""
    untouched_since = now - timedelta(days=settings.HOLDFAST_CARTS_KEPT_DAYS)
    left = Order.objects.filter(state="open", updated_at__lte=untouched_since).order_by("updated_at")
    ids = list(left.values_list("pk", flat=True)[:limit])
    return sweep(ids, partial(_abandon, untouched_since=untouched_since, now=now), what="cart")


def _abandon(order_id: int, *, untouched_since: datetime, now: datetime) -> None:
    with transaction():
        cart = lock(order_id)
        if cart.state == "open" and cart.updated_at is not None and cart.updated_at <= untouched_since:
            cart.move("expire", by=CLOCK, at=now, why="left for too long", reason=Order.Reason.EXPIRED)
            log.info("cart_abandoned", order=order_id)
