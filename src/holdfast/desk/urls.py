"""The desk's addresses."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import URLPattern, path

from holdfast.catalog.terms import Terms

from . import agenda, answering, counter, dues, views

OF_ONE = [
    path("bookings/<slug:reference>/", views.booking, name="booking"),
    path("bookings/<slug:reference>/accept/", answering.accept, name="accept"),
    path("bookings/<slug:reference>/decline/", answering.decline, name="decline"),
    path("payments/<slug:reference>/", views.payment, name="payment"),
]


def addresses(trades: Mapping[str, Terms]) -> list[URLPattern]:
    """All of them. ``trades`` are those that staff may book others in for, with their terms."""
    return [
        path("", agenda.front, name="front"),
        path("book/", counter.book, {"trades": trades}, name="book"),
        path("bookings/<slug:reference>/dues/<int:due_id>/link/", dues.link, name="pay_link"),
        path("bookings/<slug:reference>/dues/<int:due_id>/mail/", dues.mail, name="mail_pay_link"),
        *OF_ONE,
    ]
