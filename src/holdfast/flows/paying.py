"""Paying: a payment of what is due is written down, and opened at a gateway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db.models import Q

from holdfast.availability.queries import holds_all
from holdfast.booking.models import Booking
from holdfast.catalog.models import Business
from holdfast.catalog.terms import Way
from holdfast.kernel.errors import Conflict, HoldExpired, MoveRefused, NotFound, Unavailable
from holdfast.kernel.ids import new_reference
from holdfast.kernel.money import Money
from holdfast.orders.actions import lock
from holdfast.orders.dues import COMES_LATER
from holdfast.orders.models import Due, Order
from holdfast.orders.queries import owners_of, services_of
from holdfast.payments.actions import write_intent
from holdfast.payments.gateways.base import (
    BadCredentials,
    GatewayError,
    NotSent,
    Refused,
    Start,
    Started,
    Unknown,
)
from holdfast.payments.models import GatewayAccount, Payment
from holdfast.payments.queries import account_for, is_only_reserved
from holdfast.platform import metrics
from holdfast.platform.db import single_statement, transaction, transaction_required

from .actors import Shopper, gateway_actor
from .decisions import START_TAKES
from .ending import end_attempt
from .gateways import breaker_of, gateway_class, gateway_for
from .holds import hold_longer
from .moving import still_waits

log = structlog.get_logger(__name__)

ATTEMPTS = 10  # at one due; whoever needs more is not about to pay
PAID = "This has been paid."
OVER = "Nothing is to be paid for this any more."
NOT_YET = "This can be paid once it is booked."


@dataclass(frozen=True)
class Checkout:
    """An opened payment of an order. ``payment_url`` is None while the gateway has not answered.

    Where nothing was due there is no payment: its id is None as well, and its reference empty.
    """

    order_id: int
    payment_id: int | None
    reference: str
    amount: Money
    payment_url: str | None
    success_url: str
    failed_url: str


def pay(due_id: int, *, by: Shopper, now: datetime, method: str = "", anew: bool = False) -> Checkout:
    """Open a payment of what is due, at the gateway ``method`` or the business's first.

    While an earlier one is open there, or being opened, it is that one again, unless ``anew`` asks for
    another attempt; of two that are both paid in the end, one goes back. Raises NotFound for another's due,
    Conflict for one that asks for nothing, HoldExpired when its time is held no longer, and Unavailable as
    ``check_out`` does.
    """
    due = Due.objects.select_related("order__business", "order__customer").filter(pk=due_id).first()
    if due is None or due.order.customer.user_id != by.user.pk:
        raise NotFound("There is no such payment to be made.")
    return pay_due(due, by=str(by), now=now, method=method, anew=anew)


def pay_due(due: Due, *, by: str, now: datetime, method: str = "", anew: bool = False) -> Checkout:
    """The same for whoever has shown that they may pay it. ``due`` comes with its order's business."""
    account = account_of(due.order.business, method=method)
    payment, is_new = _attempt(due, account, anew=anew, by=by, now=now)
    if not is_new:
        return checkout_of(payment, payment.order, payment_url=payment.payment_url or None)
    log.info("payment_begun", order=payment.order_id, reference=payment.reference)
    return open_at_gateway(payment, payment.order, account, title=_title(payment.order), now=now)


def account_of(business: Business, *, method: str = "") -> GatewayAccount:
    """Where this business takes money, by ``method`` or its first. Raises Unavailable."""
    account = account_for(business.pk, gateway=method)
    if account is None or business.currency not in gateway_class(account).currencies:
        raise Unavailable("This business cannot take payments so just now.")
    if breaker_of(account.pk).is_open:
        raise Unavailable
    return account


def charges_at_once(order: Order, account: GatewayAccount | None = None) -> bool:
    """Whether who pays this order first is charged then, though the business is yet to accept: by its terms,
    or because the gateway, the business's first unless said, cannot reserve money.
    """
    if order.terms.way is not Way.AUTHORIZE_THEN_APPROVE:
        return True
    at = account or account_for(order.business_id)
    return at is None or not gateway_class(at).can_authorize()


@transaction_required
def intend(
    due: Due, *, order: Order, account: GatewayAccount, offering: int, by: str, now: datetime
) -> Payment:
    """Write down a payment as we mean to make it, before the gateway hears of it."""
    zone = account.business.zone
    return write_intent(
        due,
        order=order,
        account=account,
        reference=new_reference(
            order.terms.payment_reference, offering=offering, day=now.astimezone(zone).date()
        ),
        first_look_at=now + gateway_class(account).next_look(age=timedelta(0)),
        by=by,
        now=now,
    )


def open_at_gateway(
    payment: Payment, order: Order, account: GatewayAccount, *, title: str, now: datetime
) -> Checkout:
    """Ask the gateway for its payment page, outside of any transaction, and record its answer.

    Raises Unavailable when it certainly has opened none.
    """
    terms = order.terms
    reserves = terms.way is Way.AUTHORIZE_THEN_APPROVE and payment.due.kind in (
        Due.Kind.FULL,
        Due.Kind.DEPOSIT,
    )
    wanted = Start(
        reference=payment.reference,
        amount=payment.money,
        return_url=f"{settings.HOLDFAST_PUBLIC_URL}/pay/return/{payment.reference}/",
        pay_within=timedelta(seconds=terms.pay_within),
        description=_shown_as(title, order, account)[:80],
        capture=not (reserves and gateway_class(account).can_authorize()),
    )
    try:
        started = gateway_for(account).start(wanted, now=now)
    except (Refused, NotSent) as no:
        _give_up(payment, account, no, now=now)
        raise Unavailable from no
    except Unknown as unknown:
        metrics.gateway_unknowns.labels(account.gateway).inc()
        log.warning("start_unknown", reference=payment.reference, why=str(unknown))
        return checkout_of(payment, order, payment_url=None)
    _record_start(payment, order, started, by=gateway_actor(account.gateway), now=now)
    return checkout_of(payment, order, payment_url=started.url)


def _shown_as(title: str, order: Order, account: GatewayAccount) -> str:
    template, booking = order.terms.payment_title, ""
    if "{booking}" in template:
        made = Booking.objects.filter(line__order=order).order_by("pk")
        booking = made.values_list("reference", flat=True).first() or ""
    return template.format(title=title, business=account.business.name, booking=booking)


def checkout_of(payment: Payment, order: Order, *, payment_url: str | None) -> Checkout:
    """What a customer is told of a payment that is open."""
    terms, base = order.terms, order.return_base
    filled = {"payment": payment.reference, "booking": "", "reason": ""}
    return Checkout(
        order_id=order.pk,
        payment_id=payment.pk,
        reference=payment.reference,
        amount=payment.money,
        payment_url=payment_url,
        success_url=base + terms.success_address.format(**filled),
        failed_url=base + terms.failed_address.format(**filled),
    )


def _attempt(
    due: Due, account: GatewayAccount, *, anew: bool, by: str, now: datetime
) -> tuple[Payment, bool]:
    """The open attempt at a due, or a new one; and whether it is new."""
    with transaction():
        order = lock(due.order_id)
        due = Due.objects.get(pk=due.pk)
        attempts = Payment.objects.select_related("order", "due").filter(due=due).order_by("-pk")
        refuse_unpayable(order, due, list(attempts), now=now)
        if not anew and (there := attempts.filter(_is_open(now), account=account).first()) is not None:
            return there, False
        first = services_of(order).values_list("offering", flat=True)[0]
        payment = intend(due, order=order, account=account, offering=first, by=by, now=now)
    return payment, True


def _is_open(now: datetime) -> Q:
    """It has a page to pay on, or is being given one at this moment."""
    has_its_page = Q(state="pending", expires_at__gt=now) & ~Q(payment_url="")
    return has_its_page | Q(state="created", created_at__gt=now - START_TAKES, recorded_by="")


@transaction_required
def refuse_unpayable(order: Order, due: Due, attempts: list[Payment], *, now: datetime) -> None:
    """Raises Conflict for what is not to be paid now, and HoldExpired for time that is held no longer."""
    if any(payment.has_paid for payment in attempts):
        raise Conflict(PAID)
    if due.withdrawn_at is not None or len(attempts) >= ATTEMPTS:
        raise Conflict(OVER)
    if due.kind in COMES_LATER:
        if order.state != "completed":
            raise Conflict(NOT_YET if order.state == "placed" else OVER)
        if is_only_reserved(order.pk):  # it may be lost yet, and the booking with it
            raise Conflict(NOT_YET)
        if due.kind == Due.Kind.DIFFERENCE and not still_waits(due.pk):
            raise HoldExpired
        return
    has_run_out = order.expires_at is None or order.expires_at <= now
    if order.state != "placed" or has_run_out:
        raise HoldExpired if order.state in ("placed", "expired", "open") else Conflict(OVER)
    if not holds_all(*owners_of(order)):
        raise HoldExpired


def _title(order: Order) -> str:
    return str(services_of(order).values_list("title", flat=True)[0])


def _give_up(payment: Payment, account: GatewayAccount, no: GatewayError, *, now: datetime) -> None:
    """Nothing was opened at the gateway, and nothing will be: hold nothing for it."""
    if isinstance(no, NotSent):
        metrics.gateway_unknowns.labels(account.gateway).inc()
    level = log.error if isinstance(no, BadCredentials) else log.warning
    level("start_failed", reference=payment.reference, why=str(no))
    end_attempt(
        payment, event="fail", reason="error", why=str(no), by=gateway_actor(account.gateway), now=now
    )


def _record_start(payment: Payment, order: Order, started: Started, *, by: str, now: datetime) -> None:
    """The gateway's page, and its own expiry: the hold never ends before it.

    A webhook may have been quicker than this answer. If it has settled the payment, nothing is left to do;
    if it only found that the payment is open, its page is still ours to write down.
    """
    page: dict[str, Any] = {
        "payment_url": started.url,
        "gateway_reference": started.gateway_reference,
        "expires_at": started.expires_at,
    }
    if started.expires_at is not None:
        ahead = started.expires_at - now - timedelta(seconds=order.terms.pay_within)
        metrics.clock_skew.labels(payment.account.gateway).set(ahead.total_seconds())
        keep_until = started.expires_at + timedelta(seconds=order.terms.margin)
        with transaction():  # of its own, which is none at all where it is held so long already
            hold_longer(order, payment.due, until=keep_until)
    try:
        with single_statement():
            payment.move("start", by=by, at=now, **page)
    except MoveRefused:
        Payment.objects.filter(pk=payment.pk, state="pending", payment_url="").update(**page)
