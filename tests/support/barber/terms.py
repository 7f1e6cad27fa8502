"""How a barber sells: hold, then pay, then the barber accepts."""

from __future__ import annotations

from holdfast.catalog.terms import Terms, Way

TRADE = "barber"
TERMS = Terms(
    way=Way.HOLD_THEN_PAY,
    booking_reference="CUT-{random}",
    payment_reference="CUTPAY-{random}",
    success_address="/cut?done={booking}",
    failed_address="/cut?failed={reason}",
    confirmation_address="/cut?done={booking}",
    reserve_for=3600,
    failed_payment_frees=False,
    needs_approval=True,
)
FIELDS = {"time": "at", "date": "at", "offering": "cut"}
WORDS = {"pending_payment": "to pay", "pending_approval": "asked", "confirmed": "on", "declined": "off"}
