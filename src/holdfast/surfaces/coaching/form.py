"""What a course asks for on its booking page. The rules are the API's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.urls import reverse
from pydantic import ValidationError

from holdfast.availability.slots import Slot
from holdfast.flows.actors import Shopper
from holdfast.flows.catalogue import Offering, places_at, places_of, provider_of
from holdfast.flows.checkout import Wish, reserve
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import AlreadyHeld, Invalid
from holdfast.pages.booking import Field, Form, Words
from holdfast.web.errors import fields_of

from .courses import wish_of
from .schemas import Create
from .terms import FIELDS, TRADE

WORDS = Words(
    asks="Tell your coach",
    button="Reserve this time for",
    promise="The time is reserved for you while you pay. Your coach then accepts the booking, or gives all "
    "of your money back.",
)


def fields(offering: Offering) -> tuple[Field, ...]:
    return (Field("note", "What your coach should know", "lines", required=False, longest=2000),)


def wish(offering: Offering, said: Mapping[str, str]) -> Wish:
    """What was written on the page, as the API would read it. Raises Invalid."""
    body = {name: said[name] for name in ("date", "start_time", "note") if said.get(name)}
    try:
        return wish_of(offering, Create.model_validate(body))
    except ValidationError as wrong:
        raise Invalid(
            fields_of([{**found, "loc": ("form", *found["loc"])} for found in wrong.errors()])
        ) from None


def begin(wish: Wish, by: Shopper, now: datetime) -> str:
    """Reserve the time, and go and see what it costs; one's own is among one's bookings already."""
    try:
        held = reserve(wish, by=by, now=now)
    except AlreadyHeld:
        return reverse("booking_history")
    return reverse("payment_confirm", args=[held.placed.line.pk])


def about(offering: Offering) -> str:
    """Who gives it, and with how many others one takes part."""
    coach, places = provider_of(offering), places_of(offering)
    with_whom = f"With {coach}. {coach.profile}".strip() if coach else ""
    return f"{with_whom} A class of up to {places}.".strip() if places else with_whom


def notes(offering: Offering, slots: Sequence[Slot]) -> list[str]:
    """How many places of a class are left at each of these times."""
    if places_of(offering) is None:
        return []
    return [f"{left} left" for left in places_at(offering, slots, now=utc_now())]


FORM = Form(
    trade=TRADE,
    fields=fields,
    wish=wish,
    names=FIELDS,
    begin=begin,
    about=about,
    notes=notes,
    words=WORDS,
)
