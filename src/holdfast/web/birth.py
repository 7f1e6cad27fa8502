"""What a consultation wants to know of who asks, in whichever trade it is sold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import StringConstraints

from holdfast.catalog.models import Offering
from holdfast.kernel.errors import Invalid

from .contact import check_phone
from .fields import Birthday, Clock, Email, MayBeNull, PlainText, Text

Gender = Literal["MALE", "FEMALE", "OTHER"]
Questions = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000), PlainText, MayBeNull]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20), PlainText]


class BirthDetails(Schema):
    """The chart's day, hour and place, what is asked, and whom to write to."""

    language: Text
    birth_place: Text
    birth_date: Birthday
    birth_time: Clock
    gender: Gender
    questions: Questions = ""
    contact_email: Email
    contact_phone: Phone


def birth_details(said: BirthDetails, *, offering: Offering) -> dict[str, Any]:
    """The details as they are kept with the booking. Raises Invalid for what this offering does not take."""
    problems = check_phone("contact_phone", said.contact_phone, country=offering.business.country)
    if offering.languages and said.language not in offering.languages:
        problems["language"] = [f"Offered in: {', '.join(offering.languages)}."]
    if problems:
        raise Invalid(problems)
    kept = {name: getattr(said, name) for name in BirthDetails.model_fields}
    return {**kept, "birth_date": said.birth_date.isoformat()}
