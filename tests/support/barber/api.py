"""Haircuts over HTTP: parse, one call, present."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from holdfast.flows import catalogue
from holdfast.flows.actors import Shopper
from holdfast.flows.approval import approve_booking
from holdfast.flows.bookings import booking_seen_by
from holdfast.flows.checkout import Choice, Wish, reserve
from holdfast.flows.paying import pay
from holdfast.kernel.clock import utc_now
from holdfast.web.answers import BAD, MISSING, SIGNED_IN, THROTTLED, Problem, documented
from holdfast.web.auth import signed_in, who
from holdfast.web.naming import named
from holdfast.web.throttles import limit

from .terms import FIELDS, TERMS, TRADE, WORDS

router = Router(tags=["barber"])


class Cut(Schema):
    cut: int
    at: datetime  # naive, by the barber's clock


class Reserved(Schema):
    booking: str
    state: str
    payment_url: str | None


class State(Schema):
    state: str


@router.post(
    "/cuts/",
    response=documented({200: Reserved, 409: Problem, 503: Problem}, BAD, SIGNED_IN, THROTTLED),
    auth=signed_in,
)
def book(request: HttpRequest, body: Cut) -> dict[str, Any]:
    """Book a cut, and go on to pay for it."""
    limit(request, "start_by_user", user=who(request).pk)
    shopper, now = Shopper(who(request), None), utc_now()
    wish = Wish((Choice(catalogue.offering(body.cut, trade=TRADE), body.at),), "", TERMS)
    with named(FIELDS):
        held = reserve(wish, by=shopper, now=now)
    opened = pay(held.placed.due.pk, by=shopper, now=now)
    booking = held.bookings[0]
    return {"booking": booking.reference, "state": WORDS[booking.state], "payment_url": opened.payment_url}


@router.post(
    "/cuts/{reference}/accept/",
    response=documented({200: State, 409: Problem}, BAD, SIGNED_IN, MISSING, THROTTLED),
    auth=signed_in,
)
def accept(request: HttpRequest, reference: str) -> dict[str, Any]:
    """The barber accepts."""
    limit(request, "look_up")
    approve_booking(reference, by=who(request), trade=TRADE, now=utc_now())
    return {"state": WORDS[booking_seen_by(who(request), reference, trade=TRADE).state]}
