"""Amounts and times in templates, worded as ``kernel.wording`` words them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django import template
from django.urls import NoReverseMatch, reverse

from holdfast.kernel.money import Money
from holdfast.kernel.wording import amount_in_words, day_in_words, hours_in_words

if TYPE_CHECKING:
    from holdfast.flows.bookings import BookingView
    from holdfast.flows.catalogue import Offering

register = template.Library()
register.filter("amount", amount_in_words)
register.filter("day", day_in_words)


@register.filter
def hours(booking: BookingView) -> str:
    """From when to when, with the zone."""
    return hours_in_words(booking.starts_at, booking.ends_at)


@register.filter
def clock(moment: datetime) -> str:
    """The hour and the minute, in the zone that the moment carries."""
    return f"{moment:%H:%M}"


@register.filter
def price(offering: Offering) -> str:
    return amount_in_words(Money(offering.price, offering.business.currency))


@register.filter
def minutes(offering: Offering) -> int:
    return int(offering.duration.total_seconds() // 60)


@register.filter
def booking_page(offering: Offering) -> str:
    """Where an offering is booked; empty if its trade is not booked on a page."""
    try:
        return reverse(f"book_{offering.trade}", args=[offering.pk])
    except NoReverseMatch:
        return ""
