"""Checkout: hold the time, write down the payment, open it at the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings

from holdfast.availability.actions import claim
from holdfast.availability.queries import nearest_free_slots, resources_of, rules_of, wanted_by
from holdfast.catalog.models import Offering, Resource
from holdfast.catalog.terms import Terms
from holdfast.kernel.errors import MoveRefused, SlotTaken, Unavailable
from holdfast.kernel.ids import new_reference
from holdfast.kernel.money import Money
from holdfast.kernel.origins import return_base
from holdfast.kernel.period import Period
from holdfast.orders.actions import Item, Placed, place
from holdfast.orders.queries import quote_of
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
from holdfast.payments.queries import account_for
from holdfast.platform import metrics
from holdfast.platform.customers import customer_of
from holdfast.platform.db import retried_once, transaction
from holdfast.platform.moves import remember_births

from .actors import Shopper, gateway_actor
from .choosing import open_period, provider_among
from .ending import end_attempt
from .gateways import breaker_of, gateway_class, gateway_for
from .holds import hold_longer, refuse_squatting

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Wish:
    """What a customer asks for: ``starts_at`` is naive, by the clock on the business's wall."""

    offering: Offering
    starts_at: datetime
    details: dict[str, Any]
    return_url: str
    terms: Terms


@dataclass(frozen=True)
class Checkout:
    """An opened payment. ``payment_url`` is None while the gateway has not answered."""

    reference: str
    amount: Money
    payment_url: str | None
    success_url: str
    failed_url: str


def check_out(wish: Wish, *, by: Shopper, now: datetime) -> Checkout:
    """Hold the wished time and open a payment for it. Nothing is a booking yet.

    Raises Invalid for a time that is not open or a foreign return address, SlotTaken with the nearest
    slots, AlreadyHeld for the customer's own hold, TooMany for a fourth one, and Unavailable when the
    gateway cannot be asked; then nothing is held.
    """
    offering = wish.offering
    with metrics.checkout_counted(offering.trade):
        return_to = _return_base(wish)
        resources = list(resources_of(offering).select_related("provider"))
        period = open_period(offering, wish.starts_at, resources, now=now)
        account = _account(offering)
        try:
            placed, payment = _hold(wish, period, resources, account, return_to, by=by, now=now)
        except SlotTaken:
            raise SlotTaken(nearest_free_slots(offering, period.start, now=now)) from None
        log.info("held", order=placed.order.pk, reference=payment.reference)
        return _open_at_gateway(wish, placed, payment, account, now=now)


def _return_base(wish: Wish) -> str:
    """Where the browser goes after paying: an address that the business allows, or our own pages."""
    own = settings.HOLDFAST_PUBLIC_URL
    if not wish.return_url:
        return str(own)
    allowed = (*wish.offering.business.return_origins, own)
    return return_base(wish.return_url, allowed=allowed, field="redirect_url")


def _account(offering: Offering) -> GatewayAccount:
    account = account_for(offering.business_id)
    if account is None or offering.business.currency not in gateway_class(account).currencies:
        raise Unavailable("This business cannot take payments just now.")
    if breaker_of(account.pk).is_open:
        raise Unavailable
    return account


@retried_once
def _hold(
    wish: Wish,
    period: Period,
    resources: Sequence[Resource],
    account: GatewayAccount,
    return_to: str,
    *,
    by: Shopper,
    now: datetime,
) -> tuple[Placed, Payment]:
    """The one transaction of a checkout: the intent is written down before the gateway hears of it."""
    offering, terms = wish.offering, wish.terms
    rules = rules_of(offering)
    with transaction():
        customer = customer_of(by.user)
        refuse_squatting(customer, address=by.address, offering=offering, period=period, now=now)
        placed = place(
            [Item(offering, period, provider_among(resources), wish.details)],
            customer=customer,
            terms=terms,
            quote=quote_of([offering]),
            return_base=return_to,
            address=by.address,
            now=now,
        )
        claim(
            wanted_by(offering, resources, period),
            owner=placed.line.owner,
            until=now + terms.hold_for,
            now=now,
        )
        payment = write_intent(
            placed.due,
            order=placed.order,
            account=account,
            reference=new_reference(
                terms.payment_reference, offering=offering.pk, day=now.astimezone(rules.zone).date()
            ),
            first_look_at=now + gateway_class(account).next_look(age=timedelta(0)),
            now=now,
        )
        remember_births([placed.order, payment], by=str(by), at=now)
    return placed, payment


def _open_at_gateway(
    wish: Wish, placed: Placed, payment: Payment, account: GatewayAccount, *, now: datetime
) -> Checkout:
    """Ask the gateway for its payment page, outside of any transaction, and record its answer."""
    wanted = Start(
        reference=payment.reference,
        amount=payment.money,
        return_url=f"{settings.HOLDFAST_PUBLIC_URL}/pay/return/{payment.reference}/",
        pay_within=timedelta(seconds=wish.terms.pay_within),
        description=wish.offering.title[:80],
    )
    try:
        started = gateway_for(account).start(wanted, now=now)
    except (Refused, NotSent) as no:
        _give_up(payment, account, no, now=now)
        raise Unavailable from no
    except Unknown as unknown:
        metrics.gateway_unknowns.labels(account.gateway).inc()
        log.warning("start_unknown", reference=payment.reference, why=str(unknown))
        return _checkout(placed, payment, payment_url=None)
    _record_start(payment, placed, started, by=gateway_actor(account.gateway), now=now)
    return _checkout(placed, payment, payment_url=started.url)


def _give_up(payment: Payment, account: GatewayAccount, no: GatewayError, *, now: datetime) -> None:
    """Nothing was opened at the gateway, and nothing will be: hold nothing for it."""
    if isinstance(no, NotSent):
        metrics.gateway_unknowns.labels(account.gateway).inc()
    level = log.error if isinstance(no, BadCredentials) else log.warning
    level("start_failed", reference=payment.reference, why=str(no))
    end_attempt(
        payment, event="fail", reason="error", why=str(no), by=gateway_actor(account.gateway), now=now
    )


def _record_start(payment: Payment, placed: Placed, started: Started, *, by: str, now: datetime) -> None:
    """The gateway's page, and its own expiry: the hold never ends before it.

    A webhook may have been quicker than this answer. If it has settled the payment, nothing is left to do;
    if it only found that the payment is open, its page is still ours to write down.
    """
    page: dict[str, Any] = {
        "payment_url": started.url,
        "gateway_reference": started.gateway_reference,
        "expires_at": started.expires_at,
    }
    with transaction():
        if started.expires_at is not None:  # the order's row before the payment's: docs/locking.md
            keep_until = started.expires_at + timedelta(seconds=placed.order.terms.margin)
            hold_longer(placed.order, [placed.line], until=keep_until)
        try:
            payment.move("start", by=by, at=now, **page)
        except MoveRefused:
            Payment.objects.filter(pk=payment.pk, state="pending", payment_url="").update(**page)


def _checkout(placed: Placed, payment: Payment, *, payment_url: str | None) -> Checkout:
    terms, base = placed.order.terms, placed.order.return_base
    return Checkout(
        reference=payment.reference,
        amount=payment.money,
        payment_url=payment_url,
        success_url=base + terms.success_address.format(payment=payment.reference, booking="", reason=""),
        failed_url=base + terms.failed_address.format(payment=payment.reference, booking="", reason=""),
    )
