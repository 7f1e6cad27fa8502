"""Stays: quoted, held, paid for, answered as any booking is, and lived in. What trades and the desk call."""

from __future__ import annotations

from holdfast.catalog.room_types import RoomType

from .front_desk import (
    RoomNight,
    RoomsByNight,
    check_in,
    check_out,
    free_rooms_for,
    rooms_by_night,
    stays_of_hotel,
)
from .stay_booking import Guest, StayWish, book_stay, draft_stay, submit_stay
from .stay_payments import (
    Session,
    Verified,
    cancel_by_key,
    open_session,
    preview_cancel_by_key,
    verify_stay,
)
from .stay_views import StayGuest, StayLine, StayView, stay_of, stay_with_key, views_of_stays
from .staying import RoomOffer, quote_of_stay, room_types_of, rooms_on_offer

__all__ = [
    "Guest",
    "RoomNight",
    "RoomOffer",
    "RoomType",
    "RoomsByNight",
    "Session",
    "StayGuest",
    "StayLine",
    "StayView",
    "StayWish",
    "Verified",
    "book_stay",
    "cancel_by_key",
    "check_in",
    "check_out",
    "draft_stay",
    "free_rooms_for",
    "open_session",
    "preview_cancel_by_key",
    "quote_of_stay",
    "room_types_of",
    "rooms_by_night",
    "rooms_on_offer",
    "stay_of",
    "stay_with_key",
    "stays_of_hotel",
    "submit_stay",
    "verify_stay",
    "views_of_stays",
]
