"""The lives of a booking and of a move that waits. A trade's own words are in its surface."""

from __future__ import annotations

from holdfast.kernel.lifecycle import Lifecycle

BOOKING = Lifecycle(
    subject="booking",
    initial=("pending_payment", "pending_approval", "confirmed"),
    rows=(
        ("pending_payment", "await_approval", "pending_approval"),
        ("pending_payment", "confirm", "confirmed"),
        ("pending_payment", "expire", "expired"),
        ("pending_payment", "cancel", "canceled"),
        ("pending_approval", "approve", "confirmed"),
        ("pending_approval", "decline", "declined"),
        ("pending_approval", "cancel", "canceled"),
        ("pending_approval", "lose_money", "pending_payment"),
        ("pending_approval", "reschedule", "pending_approval"),
        ("confirmed", "begin", "in_progress"),
        ("confirmed", "complete", "completed"),
        ("confirmed", "reschedule", "confirmed"),
        ("confirmed", "ask_again", "pending_approval"),
        ("confirmed", "cancel", "canceled"),
        ("confirmed", "miss", "no_show"),
        ("in_progress", "complete", "completed"),
        ("expired", "await_approval", "pending_approval"),
        ("expired", "confirm", "confirmed"),
    ),
)

# A move to a dearer time waits for the difference.
RESCHEDULING = Lifecycle(
    subject="rescheduling",
    initial=("waiting",),
    rows=(
        ("waiting", "carry_out", "done"),
        ("waiting", "expire", "expired"),
        ("waiting", "withdraw", "withdrawn"),
    ),
)
