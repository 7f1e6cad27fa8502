"""How a cart is sold: payment first, nobody approves; a payment that fails leaves its time held a while."""

from __future__ import annotations

from holdfast.catalog.terms import DAY, Terms, Way

TRADE = "puja"
CONSULTATIONS = "astrology"  # another trade's offerings, which a cart may hold as well

TERMS = Terms(
    way=Way.PAYMENT_FIRST,
    booking_reference="BK-{random}",
    payment_reference="MT{random}",
    success_address="/puja-booking-success?merchant_transaction_id={payment}&book_id={booking}",
    failed_address="/puja-booking-failed?merchant_transaction_id={payment}&reason={reason}",
    confirmation_address="/puja-booking?book_id={booking}",
    pay_within=600,
    margin=90,
    reserve_for=900,
    failed_payment_frees=False,
    reopens=True,
    refund_shares=((7 * DAY, 100), (DAY, 50), (0, 0)),
    may_reschedule=True,
    reschedule_notice=DAY,
    provider_word="pujari",
)

# What the engine speaks of, by the names that this trade's callers have sent.
FIELDS = {
    "date": "selected_date",
    "time": "selected_time",
    "package": "package_id",
    "return_url": "redirect_url",
}

# A cart's states: it is active until it is paid, and a deleted one is there no more.
CART_WORDS = {
    "open": "ACTIVE",
    "placed": "ACTIVE",
    "completed": "CONVERTED",
    "expired": "ABANDONED",
}

# A booking's states in this trade's words. Nothing is a booking before it is paid.
WORDS = {
    # Only where an offering's own terms book before the money is in, or ask for approval.
    "pending_payment": "PENDING_PAYMENT",
    "pending_approval": "PENDING",
    "expired": "EXPIRED",
    "confirmed": "CONFIRMED",
    "in_progress": "IN_PROGRESS",
    "completed": "COMPLETED",
    "declined": "REJECTED",
    "canceled": "CANCELLED",
    "no_show": "NO_SHOW",
}

# What failed, above the reason why.
CART_REFUSED = "Cart payment processing failed"
GATEWAY_REFUSED = "Payment processing failed"
