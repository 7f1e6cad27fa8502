"""How coaching is sold: the time is held, then paid for, then the coach accepts it."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.catalog.terms import DAY, Terms, Way

TRADE = "coaching"

TERMS = Terms(
    way=Way.HOLD_THEN_PAY,
    booking_reference="COACH-{random}",
    payment_reference="PAY-{random}",
    success_address="/payment/done/{payment}/",
    failed_address="/payment/done/{payment}/",
    confirmation_address="/booking/confirmation?booking={booking}",
    pay_within=600,
    margin=90,
    reserve_for=1800,
    failed_payment_frees=False,
    needs_approval=True,
    approve_within=2 * DAY,
    refund_shares=((7 * DAY, 100), (DAY, 50), (0, 0)),
    may_reschedule=True,
    reschedule_notice=DAY,
    provider_may_cancel=True,
    provider_word="coach",
    pay_address="/payment/confirm/{id}/",
)

# What the engine speaks of, by the names that this trade's callers have sent.
FIELDS = {"date": "date", "time": "start_time", "offering": "course_id"}

# Our states in this trade's words, of which there are five.
WORDS = {
    "pending_payment": "pending",
    "pending_approval": "paid",
    "confirmed": "confirmed",
    "in_progress": "confirmed",
    "completed": "done",
    "declined": "canceled",
    "canceled": "canceled",
    "expired": "canceled",
    "no_show": "canceled",
}
STATUSES = tuple(dict.fromkeys(WORDS.values()))
# Where two of our states share a word, the reason tells them apart.
REASONS = {state: state for state, word in WORDS.items() if list(WORDS.values()).count(word) > 1}

# What is answered, word by word, as this trade's callers know it.
CREATED = "Booking created successfully"
MARKED = "Booking marked as paid successfully"
NO_BOOKING = "Booking not found"
NO_COURSE = "Course not found"
NOT_YOURS = "You are not authorized to update this booking"


@dataclass(frozen=True)
class Only:
    """Bookings of which status something can be done with, and what that is."""

    those: tuple[str, ...]
    can_be: str

    def refusal(self, status: str) -> str:
        which = " or ".join((", ".join(self.those[:-1]), self.those[-1])) if self.those[1:] else self.those[0]
        return f"Only {which} bookings can be {self.can_be}. Current status: {status}"


TO_MARK = Only(("pending",), "marked as paid")
TO_PAY = Only(("pending",), "paid for")
TO_RECORD = Only(("pending",), "recorded as paid")
TO_ACCEPT = Only(("paid",), "accepted")
TO_REJECT = Only(("paid",), "rejected")
TO_FINISH = Only(("confirmed",), "marked as done")
TO_CANCEL = Only(("pending", "paid", "confirmed"), "canceled")
