"""What things cost, and whether a promo code may be used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce

from holdfast.catalog.models import Offering
from holdfast.kernel.errors import Invalid
from holdfast.platform.models import Customer

from .models import Due, Line, Order, PromoCode, Redemption, owner_of
from .pricing import Fee, Priced, Promo, Quote, quote


def quote_of(
    offerings: Sequence[Offering], *, promo: PromoCode | None = None, fees: Sequence[Fee] = ()
) -> Quote:
    """What these offerings of one business cost today, taxed as the business says. Raises Invalid as
    ``pricing.quote`` does.
    """
    business = offerings[0].business
    return quote(
        [priced(offering) for offering in offerings],
        currency=business.currency,
        promo=discount_of(promo) if promo else None,
        fees=fees,
        tax_name=business.tax_name,
        prices_include_tax=business.prices_include_tax,
    )


def priced(offering: Offering) -> Priced:
    """An offering at its price of today."""
    return Priced(offering.title, offering.price, offering.tax_rate, offering.pk)


def discount_of(promo: PromoCode) -> Promo:
    """What a promo code takes off, as pricing wants to know it."""
    return Promo(
        promo.code,
        percent=promo.percent,
        amount=promo.amount,
        applies_to=frozenset(offering.pk for offering in promo.offerings.all()),
        minimum_total=promo.minimum_total,
    )


def promo_for(
    business_id: int, code: str, *, offerings: Sequence[Offering], customer: Customer | None, now: datetime
) -> PromoCode:
    """The promo code that a customer has typed, if it may be used on these offerings now.

    Raises Invalid with a sentence on ``promo_code``. It is a friendly look beforehand, without a lock:
    ``promos.redeem`` has the last word on limits. Nobody's own uses are looked at without a customer.
    """
    promo = usable_promo(business_id, code, customer=customer, now=now)
    chosen, meant = {one.pk for one in offerings}, {one.pk for one in promo.offerings.all()}
    if meant and not meant & chosen:
        raise _wrong("This code is not for what you have chosen.")
    return promo


def usable_promo(business_id: int, code: str, *, customer: Customer | None, now: datetime) -> PromoCode:
    """The promo code that a customer may use now, whatever for. Raises Invalid as ``promo_for``."""
    promo = promo_named(business_id, code)
    if promo is None or (promo.valid_from is not None and now < promo.valid_from):
        raise _wrong("We do not know this code.")
    if promo.valid_until is not None and promo.valid_until <= now:
        raise _wrong("This code has expired.")
    if _used_up(promo, customer):
        raise _wrong("This code has been used as often as it may be.")
    return promo


def promo_named(business_id: int, code: str) -> PromoCode | None:
    """The promo code of a business that was typed so, whether or not it may be used."""
    if not code.strip():
        return None
    found = PromoCode.objects.filter(business_id=business_id, code__iexact=code.strip(), active=True)
    return found.prefetch_related("offerings").first()


def _wrong(sentence: str) -> Invalid:
    return Invalid({"promo_code": [sentence]})


def _used_up(promo: PromoCode, customer: Customer | None) -> bool:
    standing = Redemption.objects.filter(promo=promo, given_back_at=None)
    by_customer = standing.filter(customer=customer) if customer is not None else Redemption.objects.none()
    limits = ((standing, promo.total_limit), (by_customer, promo.per_customer_limit))
    return any(limit is not None and uses.count() >= limit for uses, limit in limits)


def services_of(order: Order) -> QuerySet[Line]:
    """The services of an order that stand, in the order in which they were chosen."""
    return _services(order.pk).filter(withdrawn_at=None)


def services_for(due: Due) -> QuerySet[Line]:
    """The services that a due asks money for, or has asked before it was withdrawn with them."""
    if due.withdrawn_at is not None:
        with_it = _services(due.order_id).filter(withdrawn_at=due.withdrawn_at)
        if with_it.exists():
            return with_it
    return _services(due.order_id).filter(withdrawn_at=None)


def _services(order_id: int) -> QuerySet[Line]:
    return Line.objects.filter(order=order_id, kind=Line.Kind.SERVICE.value).order_by("pk")


def owners_of(order: Order) -> list[str]:
    """The names under which an order's time is kept."""
    return [owner_of(line) for line in services_of(order).values_list("pk", flat=True)]


def line_total(line: Line) -> int:
    """What a service costs with the fees, taxes and discounts that are of it."""
    parts: int = Line.objects.filter(of=line).aggregate(total=Coalesce(Sum("price"), 0))["total"]
    return line.price + parts


def totals_of(order: Order) -> dict[int, int]:
    """What each service of an order that stands costs, by its line's id, with all that is of it."""
    lines = Line.objects.filter(order=order, withdrawn_at=None).order_by()
    rows = lines.values(service=Coalesce(F("of"), F("pk"))).annotate(total=Sum("price"))
    return {row["service"]: row["total"] for row in rows}
