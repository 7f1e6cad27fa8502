"""What mail says of a service and of its business: when it is, what it costs, whom to ask."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings

from holdfast.catalog.models import Business, Member
from holdfast.kernel.money import Money
from holdfast.kernel.wording import amount_in_words, day_in_words, first_and_more, hours_in_words
from holdfast.orders.guest_keys import new_guest_key
from holdfast.orders.models import Line, Order
from holdfast.orders.queries import line_total
from holdfast.platform.models import User


def about(line: Line) -> dict[str, Any]:
    """What every mail about one service may say of it; ``price`` is with its fees, taxes and discounts."""
    terms = line.order.terms
    return {
        "business": line.offering.business,
        "provider": str(line.provider) if line.provider else "",
        "provider_word": terms.provider_word,
        "place": place_of(line),
        "title": line.title,
        "day": day_in_words(when(line)),
        "hours": hours_in_words(when(line), line.ends_at),
        "price": amount_in_words(Money(line_total(line), line.order.currency)),
        "site": settings.HOLDFAST_PUBLIC_URL,
    }


def about_all(lines: Sequence[Line]) -> dict[str, Any]:
    """What a mail about a payment may say of all that it pays for."""
    return {
        "business": lines[0].offering.business,
        "title": first_and_more([line.title for line in lines]),
        "services": [
            (line.title, day_in_words(when(line)), hours_in_words(when(line), line.ends_at)) for line in lines
        ],
        "site": settings.HOLDFAST_PUBLIC_URL,
    }


def when(line: Line) -> datetime:
    """The start by the clock on the business's wall."""
    return line.starts_at.astimezone(line.offering.business.zone)


def place_of(line: Line) -> str:
    """Where a service is given: an address, or a link to a meeting; empty where nobody has said."""
    packaged = line.package.location if line.package else ""
    return str(line.details.get("place") or packaged or line.offering.place)


def moment(iso: str, business: Business) -> str:
    """A moment that a message told as ISO 8601: ``Thursday, 26 November 2026, 10:00 (Asia/Kolkata time)``."""
    local = datetime.fromisoformat(iso).astimezone(business.zone)
    return f"{day_in_words(local)}, {local:%H:%M} ({local.tzinfo} time)"


def customers_address(line: Line) -> str:
    """The address given for this booking; else the customer's own."""
    return line.details.get("contact_email") or line.order.customer.email


def businesss_address(business: Business) -> str:
    """Where the business wants its mail; else its first owner's address, for somebody must hear."""
    if business.email:
        return business.email
    owners = User.objects.filter(memberships__business=business, memberships__role=Member.Role.OWNER)
    return owners.filter(is_active=True).order_by("pk").values_list("email", flat=True).first() or ""


def confirmation_page(order: Order, reference: str) -> str:
    """The customer's page of a booking."""
    address = order.terms.confirmation_address.format(booking=quote(reference))
    return f"{settings.HOLDFAST_PUBLIC_URL}{address}"


def customers_page(order: Order, reference: str, *, now: datetime) -> str:
    """The same as mail leads there: with a key of its own, where the terms ask for one."""
    page = confirmation_page(order, reference)
    return f"{page}?key={new_guest_key(order, now=now)}" if order.terms.keyed else page


def desk_page(kind: str, reference: str) -> str:
    """The desk's page of ``bookings`` or ``payments``."""
    return f"{settings.HOLDFAST_PUBLIC_URL}/desk/{kind}/{quote(reference)}/"
