"""What a client must know of a trade: where to ask, what to send, what the answers mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Slot:
    """A time as the slots call lists it, by the clock of the business."""

    offering: int
    day: str
    time: str


@dataclass(frozen=True)
class Opened:
    """A payment that waits for its customer."""

    reference: str
    payment_url: str


@dataclass(frozen=True)
class Trade:
    """One front door. Addresses are templates of ``offering``, ``reference`` and ``booking``."""

    slots: str
    book: str
    status: str
    cancel: str
    reschedule: str
    body: Callable[[Slot], Json]
    opened: Callable[[Json], Opened]
    moved: Callable[[Slot], Json]
    outcome: Callable[[Json], tuple[str, str]]  # the payment's word, and the booking's reference or nothing


def _consultation(slot: Slot) -> Json:
    return {
        "service": slot.offering,
        "language": "Hindi",
        "preferred_date": slot.day,
        "preferred_time": slot.time,
        "birth_place": "Delhi, India",
        "birth_date": "1995-05-15",
        "birth_time": "08:30",
        "gender": "MALE",
        "questions": "Career guidance needed",
        "contact_email": "user@example.com",
        "contact_phone": "9876543210",
    }


def _astrology_opened(said: Json) -> Opened:
    payment = said["data"]["payment"]
    return Opened(payment["merchant_order_id"], payment["payment_url"])


TRADES = {
    "astrology": Trade(
        slots="/api/astrology/services/{offering}/slots/",
        book="/api/astrology/bookings/book-with-payment/",
        status="/api/astrology/bookings/status/?merchant_order_id={reference}",
        cancel="/api/astrology/bookings/{booking}/cancel/",
        reschedule="/api/astrology/bookings/{booking}/reschedule/",
        body=_consultation,
        opened=_astrology_opened,
        moved=lambda slot: {"preferred_date": slot.day, "preferred_time": slot.time},
        outcome=lambda said: (said["data"]["payment_status"], said["data"]["astro_book_id"] or ""),
    ),
}
