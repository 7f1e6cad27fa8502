"""The pages of this trade, at the addresses that its terms name."""

from __future__ import annotations

from django.urls import path

from holdfast.pages import hotel, stay

from .form import FORM
from .terms import TRADE

HERE = {"trade": TRADE}

urlpatterns = [
    path("hotels/<slug:slug>/", hotel.hotel, HERE, name="hotel"),
    path("rooms/<int:offering_id>/", hotel.book, {"form": FORM}, name="book_hotels"),
    path("stays/paid/<slug:reference>/", stay.paid, HERE, name="stay_paid"),
    path("stays/<slug:reference>/", stay.stay, name="stay"),
    path("stays/<slug:reference>/pay/", stay.pay, name="pay_for_stay"),
    path("stays/<slug:reference>/cancel/", stay.cancel, name="cancel_stay"),
]
