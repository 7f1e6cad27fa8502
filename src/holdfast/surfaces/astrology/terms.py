"""How consultations are sold: payment first, nobody approves, a failed payment frees the time at once."""

from __future__ import annotations

from holdfast.catalog.terms import DAY, Terms, Way

TRADE = "astrology"

TERMS = Terms(
    way=Way.PAYMENT_FIRST,
    booking_reference="ASTRO_BOOK_{date}_{random}",
    payment_reference="ASTRO_ORDER_{offering}_{random}",
    success_address="/astro-booking-success?merchant_order_id={payment}&astro_book_id={booking}",
    failed_address="/astro-booking-failed?merchant_order_id={payment}&reason={reason}",
    confirmation_address="/confirmation?astro_book_id={booking}",
    pay_within=600,
    margin=90,
    failed_payment_frees=True,
    refund_shares=((7 * DAY, 100), (DAY, 50), (0, 0)),
    may_reschedule=True,
    reschedule_notice=DAY,
    provider_word="astrologer",
)

# What the engine speaks of, by the names that this trade's callers have sent.
FIELDS = {
    "date": "preferred_date",
    "time": "preferred_time",
    "offering": "service",
    "return_url": "redirect_url",
}

# Our states in this trade's words. Nothing is a booking before it is paid, so there is no PENDING.
WORDS = {
    # Only where an offering's own terms book before the money is in, or ask for approval.
    "pending_payment": "PENDING_PAYMENT",
    "pending_approval": "PENDING_APPROVAL",
    "expired": "EXPIRED",
    "confirmed": "CONFIRMED",
    "in_progress": "IN_PROGRESS",
    "completed": "COMPLETED",
    "declined": "REJECTED",
    "canceled": "CANCELLED",
    "no_show": "NO_SHOW",
}
