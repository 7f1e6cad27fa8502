"""The desk's addresses."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "desk"
urlpatterns = [
    path("", views.front, name="front"),
    path("bookings/<slug:reference>/", views.booking, name="booking"),
    path("payments/<slug:reference>/", views.payment, name="payment"),
]
