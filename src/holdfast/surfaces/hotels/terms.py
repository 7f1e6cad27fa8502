"""How stays are sold: the rooms are held, the card authorized, and the hotel approves or declines."""

from __future__ import annotations

from holdfast.catalog.terms import DAY, Terms, Way

TRADE = "hotels"

TERMS = Terms(
    way=Way.AUTHORIZE_THEN_APPROVE,
    booking_reference="HB-{random}",
    payment_reference="HB-PAY-{random}",
    success_address="/stays/paid/{payment}/",
    failed_address="/stays/paid/{payment}/",
    confirmation_address="/stays/{booking}/",
    pay_within=31 * 60,  # Stripe's page stays open for 30 minutes at least, counted from when it is made
    margin=90,
    failed_payment_frees=False,
    # What a card's bank gives is mostly less, and then that is the time there is.
    approve_within=7 * DAY,
    pay_again_within=DAY,
    refund_shares=((7 * DAY, 100), (2 * DAY, 50), (0, 0)),
    may_reschedule=False,
    provider_word="hotel",
    subjects={
        "authorized": "Payment authorized — awaiting hotel confirmation ({booking})",
        "received": "Payment received — awaiting hotel confirmation ({booking})",
        "confirmed": "Booking Confirmed - {booking}",
        "declined": "Booking Update - {booking}",
    },
    keyed=True,
    payment_title="Hotel booking {booking} - {business}",
)

# What the engine speaks of, by the names that this trade's callers have sent.
FIELDS = {
    "offering": "room_type",
    "date": "check_in",
    "name": "guest_name",
    "email": "guest_email",
    "phone": "guest_phone",
    "return_url": "redirect_url",
}

LIVE_CHANNEL = "hotel"  # and the slug: hotel-lake-view

# Our states in this trade's words. An order that is open still is a draft.
WORDS = {
    "open": "DRAFT",
    "pending_payment": "PENDING_PAYMENT",
    "pending_approval": "PENDING_APPROVAL",
    "confirmed": "CONFIRMED",
    "in_progress": "CHECKED_IN",
    "completed": "CHECKED_OUT",
    "declined": "DECLINED",
    "canceled": "CANCELLED",
    "expired": "EXPIRED",
    "no_show": "NO_SHOW",
}
