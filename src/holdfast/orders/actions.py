"""Placing orders, and what is added to one and asked for it later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from holdfast.catalog.models import Offering, Provider
from holdfast.catalog.terms import Terms
from holdfast.kernel.period import Period
from holdfast.platform.db import transaction_required
from holdfast.platform.models import Customer
from holdfast.platform.moves import born
from holdfast.platform.prepared import Prepared
from holdfast.platform.rows import insert

from .dues import Kind as DueKind
from .dues import dues_for
from .models import Due, Line, Order
from .pricing import WHOLE_RATE, Kind, Quote, QuotedLine, half_up, tax_line


@dataclass(frozen=True)
class Item:
    """One service to be bought: what, when, by whom, and what the trade wants to know about it."""

    offering: Offering
    period: Period
    provider: Provider | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Placed:
    """A new order, with a line for each item in the items' order, and what it asks for."""

    order: Order
    lines: tuple[Line, ...]
    dues: tuple[Due, ...]

    @property
    def line(self) -> Line:
        """The line of the first item."""
        return self.lines[0]

    @property
    def due(self) -> Due:
        """What is to be paid first."""
        return self.dues[0]


@transaction_required
def place(
    items: Sequence[Item],
    *,
    customer: Customer,
    terms: Terms,
    quote: Quote,
    return_base: str,
    address: str | None,
    by: str,
    now: datetime,
    cart: Order | None = None,
) -> Placed:
    """Write down what is bought, as it was quoted and under these terms, and what is due when.

    ``quote`` is of the same items in the same order, all of one business and one trade. An open ``cart`` is
    placed instead of a new order: it has a trade of its own, and the caller has its lock.
    """
    business, trade = items[0].offering.business, items[0].offering.trade
    assert {item.offering.business_id for item in items} == {business.pk}
    assert cart is not None or {item.offering.trade for item in items} == {trade}
    placing = {"total": quote.total, "return_base": return_base, "address": address}
    placing["expires_at"] = now + terms.hold_for
    order = cart or Order(
        business=business,
        customer=customer,
        trade=trade,
        terms_placed=terms.as_json(),
        currency=quote.currency,
        state="placed",
        created_at=now,
        **placing,
    )
    if cart is not None:
        _place_again(cart, placing, by=by, now=now)
    lines = _services(order, items, quote)
    dues = _asked(order, terms, starts_at=min(item.period.start for item in items), now=now)
    if cart is None:
        born([order], by=by, at=now, bringing=(lines, dues))
    else:
        insert(lines)
        insert(dues)
    if quote.parts:
        insert([_part(part, of=lines[part.of or 0]) for part in quote.parts])
    return Placed(order, lines, dues)


def _place_again(cart: Order, placing: dict[str, Any], *, by: str, now: datetime) -> None:
    """What a cart was placed with before is withdrawn."""
    if cart.seq:
        withdraw_all(cart, now=now)
    cart.move("place", by=by, at=now, reason="", updated_at=now, **placing)


@transaction_required
def withdraw_all(order: Order, *, now: datetime) -> None:
    """An order that is not placed asks for nothing any more, and none of its lines stands.

    Money that comes for it later goes back. The caller has the order's lock.
    """
    Line.objects.filter(order=order, withdrawn_at=None).update(withdrawn_at=now)
    Due.objects.filter(order=order, withdrawn_at=None).update(withdrawn_at=now)
    Order.objects.filter(pk=order.pk).update(total=0)
    order.total = 0


def _services(order: Order, items: Sequence[Item], quote: Quote) -> tuple[Line, ...]:
    return tuple(
        Line(
            order=order,
            kind=Kind.SERVICE.value,
            offering=item.offering,
            provider=item.provider,
            package=item.offering.package,
            title=quoted.title,
            price=quoted.price,
            tax_rate=quoted.tax_rate,
            starts_at=item.period.start,
            ends_at=item.period.end,
            details=item.details,
        )
        for item, quoted in zip(items, quote.services, strict=True)
    )


def _part(quoted: QuotedLine, *, of: Line) -> Line:
    return Line(
        order_id=of.order_id,
        kind=quoted.kind.value,
        of=of,
        title=quoted.title,
        price=quoted.price,
        tax_rate=quoted.tax_rate,
        tax=quoted.tax,
    )


def _asked(order: Order, terms: Terms, *, starts_at: datetime, now: datetime) -> tuple[Due, ...]:
    asks = dues_for(
        order.total,
        deposit_percent=terms.deposit_percent,
        balance_before=timedelta(seconds=terms.balance_before),
        starts_at=starts_at,
        now=now,
        on_the_spot=terms.on_the_spot,
    )
    return tuple(Due(order=order, kind=ask.kind.value, amount=ask.amount, due_at=ask.due_at) for ask in asks)


@transaction_required
def add_line(order: Order, *, of: Line, title: str, price: int) -> Line:
    """Make a service of a placed order dearer by a fee, or with a price below 0 cheaper by a discount.

    Where the service is taxed, its tax follows, as the business's prices include it or not today; the
    order's total goes along with both, and is read anew. The caller has the order's lock.
    """
    kind = Kind.FEE if price >= 0 else Kind.DISCOUNT
    quoted = [QuotedLine(kind, title, price, tax_rate=of.tax_rate)]
    if of.tax_rate:
        quoted.append(_tax_on(price, order, of))
    return _add(order, of, quoted)


@transaction_required
def take_off(order: Order, *, of: Line, title: str, amount: int) -> Line:
    """Make a service of a placed order cheaper by exactly this much, with the tax that is in it.

    The order's total goes along, and is read anew. The caller has the order's lock.
    """
    if not of.tax_rate or order.business.prices_include_tax:
        return add_line(order, of=of, title=title, price=-amount)
    net = half_up(amount * WHOLE_RATE, WHOLE_RATE + of.tax_rate)
    tax = replace(_tax_on(-net, order, of), price=net - amount, tax=net - amount)
    return _add(order, of, [QuotedLine(Kind.DISCOUNT, title, -net, tax_rate=of.tax_rate), tax])


def _tax_on(price: int, order: Order, of: Line) -> QuotedLine:
    business = order.business
    return tax_line(
        price,
        of=None,
        rate=of.tax_rate,
        tax_name=business.tax_name,
        prices_include_tax=business.prices_include_tax,
    )


def _add(order: Order, of: Line, quoted: Sequence[QuotedLine]) -> Line:
    parts = [_part(one, of=of) for one in quoted]
    insert(parts)
    change = sum(one.price for one in quoted)
    Order.objects.filter(pk=order.pk).update(total=F("total") + change)
    order.refresh_from_db(fields=["total"])
    return parts[0]


@transaction_required
def ask_for(order: Order, kind: DueKind, amount: int, due_at: datetime) -> Due:
    """Ask for another amount. A second full due, deposit or balance is refused while the first one stands."""
    return Due.objects.create(order=order, kind=kind.value, amount=amount, due_at=due_at)


@transaction_required
def withdraw(due: Due, now: datetime) -> None:
    """Ask for this no more. Doing so twice changes nothing."""
    Due.objects.filter(pk=due.pk, withdrawn_at=None).update(withdrawn_at=now)
    due.refresh_from_db(fields=["withdrawn_at"])


@transaction_required
def lock(order_id: int) -> Order:
    """Take the order's row lock: the first lock of every story about an order."""
    order = _LOCKED.first(order_id=order_id)
    if order is None:
        raise Order.DoesNotExist
    return order


_LOCKED = Prepared(lambda order_id: Order.objects.select_for_update().filter(pk=order_id))
