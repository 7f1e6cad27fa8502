"""The life of an order."""

from __future__ import annotations

from holdfast.kernel.lifecycle import Lifecycle

ORDER = Lifecycle(
    subject="order",
    initial=("open", "placed"),
    rows=(
        ("open", "place", "placed"),
        ("open", "cancel", "canceled"),
        ("placed", "complete", "completed"),
        ("placed", "reopen", "open"),
        ("open", "revive", "placed"),
        ("placed", "expire", "expired"),
        ("open", "expire", "expired"),
        ("placed", "cancel", "canceled"),
        ("expired", "revive", "placed"),
        ("completed", "lose_money", "placed"),
        ("completed", "cancel", "canceled"),
    ),
)
