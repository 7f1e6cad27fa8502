"""What a consultation asks for on its booking page. The rules are the API's own."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from holdfast.flows.catalogue import Offering
from holdfast.flows.checkout import Wish
from holdfast.kernel.errors import Invalid
from holdfast.pages.booking import Field, Form
from holdfast.web.errors import fields_of

from .api import wish_of
from .schemas import BookWithPayment
from .terms import FIELDS, TRADE

GENDERS = (("FEMALE", "Female"), ("MALE", "Male"), ("OTHER", "Other"))


def fields(offering: Offering) -> tuple[Field, ...]:
    spoken = tuple((language, language) for language in offering.languages)
    return (
        Field("language", "Language", "choice" if spoken else "text", spoken),
        Field("birth_date", "Date of birth", "date"),
        Field("birth_time", "Time of birth", "time"),
        Field("birth_place", "Place of birth"),
        Field("gender", "Gender", "choice", GENDERS),
        Field("contact_email", "Email", "email", autocomplete="email"),
        Field("contact_phone", "Phone", "tel", autocomplete="tel", longest=20),
        Field("questions", "Questions", "lines", required=False, longest=2000),
    )


def wish(offering: Offering, said: Mapping[str, str]) -> Wish:
    """What was written on the page, as the API would read it. Raises Invalid."""
    asked = {field.name for field in fields(offering)} | {"preferred_date", "preferred_time"}
    body = {name: text for name, text in said.items() if name in asked and text}
    try:
        return wish_of(BookWithPayment.model_validate(body | {"service": offering.pk}))
    except ValidationError as wrong:
        raise Invalid(
            fields_of([{**found, "loc": ("form", *found["loc"])} for found in wrong.errors()])
        ) from None


FORM = Form(trade=TRADE, fields=fields, wish=wish, names=FIELDS)
