"""The pages of this trade, at the addresses that its terms name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.urls import path

from holdfast.flows.bookings import BookingView
from holdfast.pages import payment
from holdfast.pages.endings import Endings

from .terms import TRADE


def no_contact(booking: BookingView, now: datetime) -> Mapping[str, str]:
    """Whoever has a booking's reference sees no address and nobody's name."""
    return {}


ENDINGS = Endings(
    trade=TRADE,
    payment_key="merchant_transaction_id",
    booking_key="book_id",
    success_path="/puja-booking-success",
    confirmation_path="/puja-booking",
    contact=no_contact,
)

urlpatterns = [
    path("puja-booking-success", payment.success, {"endings": ENDINGS}),
    path("puja-booking-failed", payment.failed, {"endings": ENDINGS}),
    path("puja-booking", payment.confirmation, {"endings": ENDINGS}),
]
