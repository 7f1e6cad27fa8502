"""The pages of this trade, at the addresses that its terms and its callers name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.urls import path

from holdfast.flows.bookings import BookingView
from holdfast.pages import booking, payment, reserved
from holdfast.pages.endings import Endings

from .form import FORM
from .terms import TRADE


def no_contact(booking: BookingView, now: datetime) -> Mapping[str, str]:
    """Whoever has a booking's reference sees no address and nobody's name."""
    return {}


ENDINGS = Endings(
    trade=TRADE,
    payment_key="payment_id",
    booking_key="booking",
    success_path="/payment/done/",
    confirmation_path="/booking/confirmation",
    contact=no_contact,
)
HERE = {"trade": TRADE}

urlpatterns = [
    path("courses/<int:offering_id>/", booking.book, {"form": FORM}, name="book_coaching"),
    path("payment/confirm/<int:booking_id>/", reserved.confirm, HERE, name="payment_confirm"),
    path("payment/success/<int:booking_id>/", reserved.success, HERE, name="payment_success"),
    path("payment/done/<slug:reference>/", reserved.done, HERE, name="payment_done"),
    path("booking/history/", reserved.history, HERE, name="booking_history"),
    path("booking/confirmation", payment.confirmation, {"endings": ENDINGS}),
]
