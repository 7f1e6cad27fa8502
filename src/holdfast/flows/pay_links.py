"""Links to pay: staff make one for a due, and whoever holds it sees what is asked for and pays it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from holdfast.booking.models import Booking
from holdfast.kernel.errors import Conflict, HoldExpired, Invalid, NotFound
from holdfast.kernel.money import Money
from holdfast.kernel.wording import first_and_more
from holdfast.orders.dues import COMES_LATER
from holdfast.orders.models import Due, Order
from holdfast.orders.queries import services_for
from holdfast.payments.links import due_behind, new_key, page_of
from holdfast.payments.models import Payment
from holdfast.payments.queries import account_for, payment_by_reference
from holdfast.platform.db import transaction, transaction_required
from holdfast.platform.models import Customer, User
from holdfast.platform.outbox import post

from .callers import is_address
from .changing import Change, change_from_inside
from .paying import NOT_YET, OVER, PAID, Checkout, pay_due, refuse_unpayable

log = structlog.get_logger(__name__)

LINK = "link"  # the actor: whoever holds one
NOWHERE_TO_PAY = "This business takes no payments over the network yet."
GONE = "Nothing is asked for here any more."
SEEN_TO = "Money has come for this already, and somebody of the business is looking into it."


class Stands(StrEnum):
    """Where what a link asks for stands."""

    OPEN = "open"
    LOOKED_INTO = "looked into"  # money has come, and does not match: a person sees to it
    PAID = "paid"
    NOT_YET = "not yet"
    RUN_OUT = "run out"
    OVER = "over"


# What paying would be refused with, and what that means.
REFUSED = {PAID: Stands.PAID, NOT_YET: Stands.NOT_YET, OVER: Stands.OVER}


@dataclass(frozen=True)
class AskedFor:
    """What a link is for. Times are in the business's zone; ``until`` is when an unpaid time is freed."""

    business: str
    email: str
    phone: str
    title: str
    starts_at: datetime
    ends_at: datetime
    kind: str
    amount: Money
    due_at: datetime
    until: datetime | None
    stands: Stands

    @property
    def is_part(self) -> bool:
        """Whether it is less than all of the price."""
        return self.kind != Due.Kind.FULL.value


def link_for(reference: str, due_id: int, *, by: User, trade: str, now: datetime) -> str:
    """A new address under which a booking's open due is paid, for whoever it is given to.

    Raises NotFound and Forbidden as for all that only the business may do, Conflict for a due that is asked
    for no more, and Invalid where the business takes no payments over the network.
    """
    change = change_from_inside(reference, by=by, trade=trade)
    with transaction():
        key = new_key(_asked_of(change, due_id, now=now), by=change.by, now=now)
    log.info("pay_link_made", booking=reference, due=due_id, by=change.by)
    return page_of(key)


def mail_link(reference: str, due_id: int, *, by: User, trade: str, now: datetime, email: str = "") -> str:
    """Send such a link to the booking's customer, to the address that is known, or else to ``email``.

    An address that was not known is kept with the customer. Answers where it goes. Raises as ``link_for``,
    and Invalid where no address is known.
    """
    change = change_from_inside(reference, by=by, trade=trade)
    with transaction():
        booking = Booking.objects.select_related("line__order", "customer").get(pk=change.booking_id)
        to: str = booking.line.details.get("contact_email") or _known_or_kept(booking.customer, email)
        post_link(_asked_of(change, due_id, now=now), by=change.by, now=now)
    log.info("pay_link_mailed", booking=reference, due=due_id, by=change.by)
    return to


@transaction_required
def post_link(due: Due, *, by: str, now: datetime) -> None:
    """Have a link to pay this due sent. Its key is made when the mail is, so that no queue holds one."""
    step = f"{due.pk}.{int(now.timestamp())}"
    post("email", name="pay_link", due=due.pk, by=by, step=step)


def asked_for(key: str, *, now: datetime) -> AskedFor:
    """What a link is for, and where that stands. Raises NotFound."""
    due = _due_behind(key)
    order = due.order
    business = order.business
    lines = list(services_for(due))
    zone = business.zone
    return AskedFor(
        business=business.name,
        email=business.email,
        phone=business.phone,
        title=first_and_more([line.title for line in lines]),
        starts_at=lines[0].starts_at.astimezone(zone),
        ends_at=lines[0].ends_at.astimezone(zone),
        kind=due.kind,
        amount=due.money,
        due_at=due.due_at.astimezone(zone),
        until=_until(due, order),
        stands=_standing_of(due, now=now),
    )


def pay_by_link(key: str, *, now: datetime, method: str = "") -> Checkout:
    """Open a payment of what a link asks for. Raises NotFound, Conflict while money that has come for it is
    looked into, and otherwise as ``paying.pay``.
    """
    due = _due_behind(key)
    if _is_looked_into(due):
        raise Conflict(SEEN_TO)
    return pay_due(due, by=LINK, now=now, method=method)


def trade_of(payment_reference: str) -> str:
    """The trade that a payment is of. Raises NotFound."""
    payment = payment_by_reference(payment_reference)
    if payment is None:
        raise NotFound(GONE)
    return payment.order.trade


def _due_behind(key: str) -> Due:
    due = due_behind(key)
    if due is None:
        raise NotFound(GONE)
    return due


@transaction_required
def _asked_of(change: Change, due_id: int, *, now: datetime) -> Due:
    """This due of the booking's order, if it is asked for. Raises NotFound, Conflict and Invalid."""
    due = Due.objects.select_related("order").filter(pk=due_id, order=change.order_id).first()
    if due is None:
        raise NotFound("There is no such payment to be made.")
    try:
        _refuse_unpayable(due, now=now)
    except Conflict as no:
        if no.message != NOT_YET:  # a link to a balance may be given away before the deposit has come
            raise
    refuse_without_gateway(due.order.business_id)
    return due


def refuse_without_gateway(business_id: int) -> None:
    """Raises Invalid for a business that no link could be paid at."""
    if account_for(business_id) is None:
        raise Invalid({"pays": [NOWHERE_TO_PAY]})


def _known_or_kept(customer: Customer, email: str) -> str:
    if not customer.email:
        if not email:
            raise Invalid({"email": ["No address is known: please enter one."]})
        if not is_address(email):
            raise Invalid({"email": ["This is not an email address."]})
        customer.email = email
        customer.save(update_fields=["email"])
    return customer.email


def _until(due: Due, order: Order) -> datetime | None:
    """When the time is freed unless this is paid; None for what comes later, whose time is taken."""
    if due.kind in COMES_LATER or order.expires_at is None:
        return None
    return order.expires_at.astimezone(order.business.zone)


def _standing_of(due: Due, *, now: datetime) -> Stands:
    if _is_looked_into(due):
        return Stands.LOOKED_INTO
    try:
        with transaction():
            _refuse_unpayable(due, now=now)
    except HoldExpired:
        return Stands.RUN_OUT
    except Conflict as no:
        return REFUSED[no.message]
    return Stands.OPEN


def _is_looked_into(due: Due) -> bool:
    latest = Payment.objects.filter(due=due).order_by("-pk").first()
    return latest is not None and latest.is_looked_into


@transaction_required
def _refuse_unpayable(due: Due, *, now: datetime) -> None:
    attempts = list(Payment.objects.select_related("due").filter(due=due))
    refuse_unpayable(due.order, due, attempts, now=now)
