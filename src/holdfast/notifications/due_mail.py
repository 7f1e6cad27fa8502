"""What mail tells of a due: that it is to be paid, and where."""

from __future__ import annotations

from datetime import datetime

from holdfast.booking.models import Booking
from holdfast.kernel.money import Money
from holdfast.kernel.wording import amount_in_words
from holdfast.orders.models import Due, Line
from holdfast.orders.queries import services_of
from holdfast.payments.links import new_key, page_of
from holdfast.payments.queries import open_dues

from .said import about_all, customers_address, moment
from .sending import Fact

WHAT = {
    Due.Kind.FULL.value: "your booking",
    Due.Kind.DEPOSIT.value: "the deposit",
    Due.Kind.BALANCE.value: "the balance",
    Due.Kind.DIFFERENCE.value: "the difference for the new time",
}


def pay_link(due_id: int, *, now: datetime, by: str) -> Fact | None:
    """A link to pay this due with, made as the mail is; nothing once it is asked for no more.

    ``by`` is who has it sent.
    """
    due = Due.objects.select_related("order__customer").get(pk=due_id)
    if not open_dues(due.order_id).filter(pk=due.pk).exists():
        return None
    order = due.order
    lines = list(
        services_of(order).select_related("offering__business", "order__customer", "provider__resource")
    )
    is_held = order.state == "placed" and order.expires_at is not None
    context = about_all(lines)
    told = {
        "reference": _reference(lines[0]),
        "amount": amount_in_words(Money(due.amount, order.currency)),
        "what": WHAT[due.kind],
        "until": moment(str(order.expires_at), lines[0].offering.business) if is_held else "",
        "page": page_of(new_key(due, by=by, now=now)),
    }
    subject = f"Please pay {told['amount']}: {context['title']}"
    return Fact("due", due.pk, customers_address(lines[0]), subject, context | told)


def _reference(line: Line) -> str:
    """What to name it by when one asks: the booking, where there is one already."""
    booking = Booking.objects.filter(pk=line.pk).first()
    return booking.reference if booking else f"order {line.order_id}"
