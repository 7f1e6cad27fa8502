"""What a room asks for on its booking page. The rules are the API's own."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from holdfast.flows.catalogue import Offering
from holdfast.flows.stays import StayWish
from holdfast.kernel.errors import Invalid
from holdfast.pages.hotel import RoomForm
from holdfast.web.errors import fields_of

from .bookings import wish_of
from .schemas import BookRoom
from .terms import FIELDS, TRADE

ASKED = ("check_in", "check_out", "guests", "guest_name", "guest_email", "guest_phone", "promo_code")


def wish(offering: Offering, said: Mapping[str, str]) -> StayWish:
    """What was written on the page, as the API would read it. Raises Invalid."""
    body = {name: said[name] for name in ASKED if said.get(name)}
    try:
        return wish_of(offering.business.slug, BookRoom.model_validate({"room_type": offering.pk, **body}))
    except ValidationError as wrong:
        raise Invalid(
            fields_of([{**found, "loc": ("form", *found["loc"])} for found in wrong.errors()])
        ) from None


FORM = RoomForm(trade=TRADE, wish=wish, names=FIELDS)
