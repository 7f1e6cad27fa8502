"""The pages of this trade, at the addresses that its terms name."""

from __future__ import annotations

from django.urls import path

from holdfast.pages import booking, payment
from holdfast.pages.endings import Endings

from .form import FORM
from .present import contact
from .terms import TRADE

ENDINGS = Endings(
    trade=TRADE,
    payment_key="merchant_order_id",
    booking_key="astro_book_id",
    success_path="/astro-booking-success",
    confirmation_path="/confirmation",
    contact=contact,
)

urlpatterns = [
    path("services/<int:offering_id>/", booking.book, {"form": FORM}, name="book_astrology"),
    path("astro-booking-success", payment.success, {"endings": ENDINGS}),
    path("astro-booking-failed", payment.failed, {"endings": ENDINGS}),
    path("confirmation", payment.confirmation, {"endings": ENDINGS}),
]
