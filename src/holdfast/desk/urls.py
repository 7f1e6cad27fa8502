"""The desk's addresses."""

from __future__ import annotations

from django.urls import path

from . import agenda, answering, views

app_name = "desk"
urlpatterns = [
    path("", agenda.front, name="front"),
    path("bookings/<slug:reference>/", views.booking, name="booking"),
    path("bookings/<slug:reference>/accept/", answering.accept, name="accept"),
    path("bookings/<slug:reference>/decline/", answering.decline, name="decline"),
    path("payments/<slug:reference>/", views.payment, name="payment"),
]
