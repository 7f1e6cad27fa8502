"""The lives of a payment and of a transaction."""

from __future__ import annotations

from holdfast.kernel.lifecycle import Lifecycle

# Gateways do take money after they said no, so the ends without money lead forward, never back.
PAYMENT = Lifecycle(
    subject="payment",
    initial=("created",),
    rows=(
        ("created", "start", "pending"),
        *(
            (state, "authorize", "authorized")
            for state in ("created", "pending", "failed", "canceled", "expired")
        ),
        *(
            (state, "capture", "captured")
            for state in ("created", "pending", "authorized", "failed", "canceled", "expired")
        ),
        *((state, "fail", "failed") for state in ("created", "pending")),
        *((state, "cancel", "canceled") for state in ("created", "pending")),
        *((state, "expire", "expired") for state in ("created", "pending")),
        ("authorized", "void", "voided"),
        ("authorized", "lapse", "expired"),
    ),
)

TRANSACTION = Lifecycle(
    subject="transaction",
    # Owed: it waits for its turn, because the gateway has another refund of the same payment in hand.
    initial=("owed", "pending", "succeeded"),
    rows=(
        ("owed", "send", "pending"),
        ("pending", "succeed", "succeeded"),
        ("pending", "fail", "failed"),
        ("pending", "lose_sight", "unknown"),
        ("unknown", "succeed", "succeeded"),
        ("unknown", "fail", "failed"),
    ),
)
