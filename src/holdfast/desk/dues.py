"""What a booking's order asks for, at the desk: what is paid and what is not, and links to pay the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from holdfast.booking.models import Booking
from holdfast.flows.pay_links import link_for, mail_link
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import HoldfastError, Invalid
from holdfast.kernel.wording import amount_in_words
from holdfast.orders.models import Due
from holdfast.payments.queries import open_dues
from holdfast.platform.models import User
from holdfast.web.errors import status_of
from holdfast.web.throttles import limit

from .entry import acting_at_the_desk
from .scope import bookings_open_to

KINDS = {
    Due.Kind.FULL.value: "The price",
    Due.Kind.DEPOSIT.value: "The deposit",
    Due.Kind.BALANCE.value: "The balance",
    Due.Kind.DIFFERENCE.value: "The difference for a new time",
}
ENDED = ("canceled", "expired")  # an order's; what it asked for and did not get, it asks for no more


@dataclass(frozen=True)
class Asked:
    """One due as the desk shows it. ``until`` is when an unpaid time is freed."""

    pk: int
    what: str
    amount: str
    due_at: datetime
    until: datetime | None
    is_paid: bool


def dues_of(booking: Booking) -> list[Asked]:
    """What is asked for, by the business's clock, for the fragment ``desk/dues.html``: two queries."""
    order, zone = booking.line.order, booking.business.zone
    unpaid = set(open_dues(order.pk).values_list("pk", flat=True))
    asked = Due.objects.filter(order=order, withdrawn_at=None, amount__gt=0).order_by("due_at", "pk")
    freed = order.expires_at.astimezone(zone) if order.expires_at and order.state == "placed" else None
    return [
        Asked(
            pk=due.pk,
            what=KINDS[due.kind],
            amount=amount_in_words(due.money),
            due_at=due.due_at.astimezone(zone),
            until=freed if due.pk in unpaid else None,
            is_paid=due.pk not in unpaid,
        )
        for due in asked.select_related("order")
        if due.pk not in unpaid or order.state not in ENDED
    ]


@acting_at_the_desk
def link(request: HttpRequest, user: User, reference: str, due_id: int) -> HttpResponse:
    """A new link, to be copied: it is shown this once."""
    booking = get_object_or_404(bookings_open_to(user), reference=reference)
    told: dict[str, Any]
    try:
        limit(request, "start_by_user", user=user.pk)
        made = link_for(reference, due_id, by=user, trade=booking.trade, now=utc_now())
        told, status = {"link": made}, 200
    except HoldfastError as no:
        told, status = {"refused": _why(no)}, status_of(no)
    return render(request, "desk/pay_link.html", {"reference": reference, **told}, status=status)


@acting_at_the_desk
def mail(request: HttpRequest, user: User, reference: str, due_id: int) -> HttpResponse:
    """A link is sent to the customer, or to the address that was entered where none is known."""
    booking = get_object_or_404(bookings_open_to(user), reference=reference)
    told: dict[str, Any]
    try:
        limit(request, "start_by_user", user=user.pk)
        email = request.POST.get("email", "").strip()
        sent = mail_link(reference, due_id, by=user, trade=booking.trade, now=utc_now(), email=email)
        told, status = {"sent": sent}, 200
    except HoldfastError as no:
        told, status = {"refused": _why(no)}, status_of(no)
    return render(request, "desk/pay_link.html", {"reference": reference, **told}, status=status)


def _why(no: HoldfastError) -> str:
    if isinstance(no, Invalid):
        return " ".join(text for texts in no.fields.values() for text in texts)
    return no.message
