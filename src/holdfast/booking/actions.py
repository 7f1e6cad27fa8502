"""Making bookings."""

from __future__ import annotations

from datetime import datetime

from holdfast.kernel.ids import new_reference
from holdfast.orders.models import Line, Order
from holdfast.platform.db import transaction_required
from holdfast.platform.moves import remember_births

from .models import Booking


@transaction_required
def confirm(order: Order, line: Line, *, by: str, now: datetime) -> Booking:
    """Make the confirmed booking of a paid line, named in its trade's format by today's date there."""
    today = now.astimezone(line.offering.business.zone).date()
    booking = Booking.objects.create(
        line=line,
        business_id=order.business_id,
        customer_id=order.customer_id,
        provider_id=line.provider_id,
        trade=order.trade,
        reference=new_reference(order.terms.booking_reference, offering=line.offering_id, day=today),
        state="confirmed",
        starts_at=line.starts_at,
        ends_at=line.ends_at,
        created_at=now,
    )
    remember_births([booking], by=by, at=now)
    return booking
