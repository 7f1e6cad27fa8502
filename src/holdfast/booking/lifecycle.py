"""The life of a booking. A trade's own words for these states are in its surface."""

from __future__ import annotations

from holdfast.kernel.lifecycle import Lifecycle

BOOKING = Lifecycle(
    subject="booking",
    initial=("pending_payment", "pending_approval", "confirmed"),
    rows=(
        ("pending_payment", "authorize", "pending_approval"),
        ("pending_payment", "confirm", "confirmed"),
        ("pending_payment", "expire", "expired"),
        ("pending_payment", "cancel", "canceled"),
        ("pending_approval", "approve", "confirmed"),
        ("pending_approval", "decline", "declined"),
        ("pending_approval", "cancel", "canceled"),
        ("pending_approval", "lose_authorization", "pending_payment"),
        ("confirmed", "begin", "in_progress"),
        ("confirmed", "complete", "completed"),
        ("confirmed", "reschedule", "confirmed"),
        ("confirmed", "cancel", "canceled"),
        ("confirmed", "miss", "no_show"),
        ("in_progress", "complete", "completed"),
        ("expired", "authorize", "pending_approval"),
        ("expired", "confirm", "confirmed"),
    ),
)
