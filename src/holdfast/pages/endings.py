"""How a payment ends, in words that a customer understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from holdfast.flows.bookings import BookingView


@dataclass(frozen=True)
class Endings:
    """What differs from trade to trade on the pages after a payment.

    The keys are the trade's names for a payment and a booking in an address; the paths are relative to
    the site. ``contact`` says which contact details the confirmation shows now, by their labels.
    """

    trade: str
    payment_key: str
    booking_key: str
    success_path: str
    confirmation_path: str
    contact: Callable[[BookingView, datetime], Mapping[str, str]]


@dataclass(frozen=True)
class Ending:
    """A payment that made no booking: what happened, what became of the money, and what to do."""

    title: str
    what: str
    money: str


SHOULD_IT_COME = (
    "Nothing was taken as far as we know. Should your bank take the money after all, we notice by ourselves: "
    "you then get this time if it is still free, and otherwise all of your money back."
)
GOES_BACK = (
    "Your money goes back to where it came from, all of it, without your asking. A bank may take up to seven "
    "working days to show it."
)
GONE_BACK = (
    "Your money has been sent back to where it came from, all of it. A bank may take up to seven working "
    "days to show it."
)

ENDINGS = {
    "declined": Ending(
        "Your payment was declined",
        "The bank or the payment service said no, so nothing has been booked and the time is free again. "
        "Often another card or account works.",
        SHOULD_IT_COME,
    ),
    "canceled": Ending(
        "You canceled the payment",
        "Nothing has been booked, and the time is free again.",
        SHOULD_IT_COME,
    ),
    "expired": Ending(
        "The time to pay ran out",
        "We keep a time for a few minutes while it is being paid for. They have passed, so nothing has been "
        "booked and the time is free again.",
        SHOULD_IT_COME,
    ),
    "slot_lost": Ending(
        "Your payment came after the time was gone",
        "By the time your money reached us, somebody else had booked this time. We are sorry.",
        GOES_BACK,
    ),
    "released": Ending(
        "You let this time go",
        "Nothing has been booked, and the time is free again for anybody.",
        "Should money still reach us, all of it goes back to where it came from, without your asking.",
    ),
    "quarantined": Ending(
        "Your payment needs to be looked into",
        "Money has reached us, but not as it was asked for, so nothing has been booked by itself. The "
        "business has been told, and somebody there looks into it.",
        "You need not pay again. Keep the payment's reference; if you hear nothing, write to the business.",
    ),
    "error": Ending(
        "The payment did not go through",
        "Something went wrong on the way to the payment service, so nothing has been booked.",
        SHOULD_IT_COME,
    ),
}

# What is said instead of it where the time stays held for another attempt.
STILL_KEPT = (
    "Your time is still kept for you, for a little while: go back to where you came from, and pay again."
)
KEPT = {
    "declined": "The bank or the payment service said no, so nothing has been booked yet. "
    f"{STILL_KEPT} Often another card or account works.",
    "canceled": f"Nothing has been booked yet. {STILL_KEPT}",
    "expired": f"This payment was open for a few minutes, and they have passed. {STILL_KEPT}",
    "error": "Something went wrong on the way to the payment service, so nothing has been booked yet. "
    f"{STILL_KEPT}",
}

# A booking's state, as its confirmation says it.
STATES = {
    "pending_payment": "Your booking waits for your payment",
    "pending_approval": "Your booking waits for approval",
    "confirmed": "Your booking is confirmed",
    "in_progress": "Your booking is under way",
    "completed": "Your booking is completed",
    "declined": "Your booking was declined",
    "canceled": "Your booking is canceled",
    "expired": "Your booking has run out",
    "no_show": "Your booking was missed",
}


def ending_of(reason: str | None, *, refunded: bool, kept: bool = False) -> Ending:
    """What to tell about a payment that ended for ``reason``; ``kept`` says that its time is still held."""
    said = reason if reason in ENDINGS else "error"
    assert said is not None
    ending = ENDINGS[said]
    what = KEPT.get(said, ending.what) if kept else ending.what
    return Ending(ending.title, what, GONE_BACK if refunded else ending.money)
