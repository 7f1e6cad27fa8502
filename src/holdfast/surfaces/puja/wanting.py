"""What a request asks to have put into a cart: a puja in one of its packages, or a consultation."""

from __future__ import annotations

from typing import Any

from holdfast.flows import catalogue
from holdfast.flows.carts import Wanted
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.web.birth import BirthDetails, birth_details
from holdfast.web.errors import MESSAGES
from holdfast.web.naming import named

from .schemas import ItemIn
from .terms import CONSULTATIONS, FIELDS, TRADE

REQUIRED = MESSAGES["missing"]
NO_SUCH_SERVICE = "There is no such service."

# Which field names the service, and whose trade it is of.
SERVICES = {
    "PUJA": ("puja_service", TRADE),
    "ASTROLOGY": ("astrology_service", CONSULTATIONS),
}


def wanted_of(body: ItemIn) -> Wanted:
    """The request as the flows know it, checked against what the service offers. Raises Invalid."""
    field, trade = SERVICES[body.service_type]
    offering = _offering(body, field, trade)
    asked = ASKED[body.service_type](body, offering)
    address = body.address.dict() if body.address else {}
    return Wanted(offering=offering, starts_at=body.starts_at, details={**asked, **address})


def names_of(body: ItemIn) -> dict[str, str]:
    """By what names this request's sender knows what the engine speaks of."""
    return {**FIELDS, "offering": SERVICES[body.service_type][0]}


def _offering(body: ItemIn, field: str, trade: str) -> catalogue.Offering:
    chosen: int | None = getattr(body, field)
    if chosen is None:
        raise Invalid({field: [REQUIRED]})
    try:
        with named(FIELDS):
            return catalogue.sold(chosen, package_id=body.package_id, trade=trade)
    except NotFound:
        raise Invalid({field: [NO_SUCH_SERVICE]}) from None


def _nothing_more(body: ItemIn, offering: catalogue.Offering) -> dict[str, Any]:
    return {}


def _birth(body: ItemIn, offering: catalogue.Offering) -> dict[str, Any]:
    said = {name: getattr(body, name) for name in BirthDetails.model_fields}
    missing = [name for name, value in said.items() if value is None]
    if missing:
        raise Invalid({name: [REQUIRED] for name in missing})
    return birth_details(BirthDetails.model_validate(said), offering=offering)


ASKED = {"PUJA": _nothing_more, "ASTROLOGY": _birth}
