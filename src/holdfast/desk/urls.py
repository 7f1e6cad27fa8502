"""The desk's addresses."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import URLPattern, path

from holdfast.catalog.terms import Terms

from . import agenda, approvals, blocking, counter, dues, hotel
from .one import OF_ONE


def addresses(trades: Mapping[str, Terms]) -> list[URLPattern]:
    """All of them. ``trades`` are those that staff may book others in for, with their terms."""
    return [
        path("", agenda.front, name="front"),
        path("approvals/", approvals.approvals, name="approvals"),
        path("rooms/", hotel.rooms, name="rooms"),
        path("stays/", hotel.stays, name="stays"),
        path("book/", counter.book, {"trades": trades}, name="book"),
        path("block/", blocking.block_time, name="block"),
        path("blocks/<int:block_id>/lift/", blocking.lift_block, name="lift"),
        path("bookings/<slug:reference>/dues/<int:due_id>/link/", dues.link, name="pay_link"),
        path("bookings/<slug:reference>/dues/<int:due_id>/mail/", dues.mail, name="mail_pay_link"),
        *OF_ONE,
    ]
