"""What customers may look at before they buy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from holdfast.availability.places import places_left
from holdfast.availability.queries import free_slots
from holdfast.availability.slots import Slot
from holdfast.catalog.models import Business, Offering, Package, Provider
from holdfast.catalog.people import places_of, provider_of, providers, with_resources
from holdfast.catalog.queries import (
    categories,
    offering,
    offerings,
    on_offer,
    packages_of,
    seller,
    sellers,
    with_packages,
)
from holdfast.kernel.errors import Invalid

__all__ = [
    "Business",
    "Offering",
    "Package",
    "Provider",
    "categories",
    "free_slots",
    "offering",
    "offerings",
    "on_offer",
    "packages_of",
    "places_at",
    "places_of",
    "provider_of",
    "providers",
    "seller",
    "sellers",
    "sold",
    "with_packages",
    "with_resources",
]

CHOOSE_ONE = "Choose one of its packages."
NO_SUCH_PACKAGE = "There is no such package of this service."


def sold(offering_id: int, *, package_id: int | None, trade: str) -> Offering:
    """One active offering as it is sold: at the price of one of its packages, where it has some.

    Raises NotFound for the offering, and Invalid for its ``package``: an unknown one, or none where one must
    be chosen.
    """
    found = offering(offering_id, trade=trade)
    packages = {package.pk: package for package in packages_of(found)}
    if package_id is None:
        if packages:
            raise Invalid({"package": [CHOOSE_ONE]})
        return found.sold_as(None)
    if package_id not in packages:
        raise Invalid({"package": [NO_SUCH_PACKAGE]})
    return found.sold_as(packages[package_id])


def places_at(offering: Offering, slots: Sequence[Slot], *, now: datetime) -> list[int]:
    """How many may still book each of these slots: of what is no class one, or nobody."""
    left = places_left(offering.resources.all(), [slot.period for slot in slots], now=now)
    return [left.get(slot.period, 1) if slot.reason is None else 0 for slot in slots]
