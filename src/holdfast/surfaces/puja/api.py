"""Pujas on offer over HTTP: parse, one call, present. Described in docs/api/puja.md."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import StringConstraints

from holdfast.flows import catalogue
from holdfast.web.answers import BAD, MISSING, THROTTLED, documented
from holdfast.web.fields import PlainText
from holdfast.web.paging import Page, Paging, paged
from holdfast.web.slots import DaySlots, SpanSlots, slots_answer
from holdfast.web.throttles import limit

from . import present
from .schemas import CategoriesOut, PackageSlotQuery, PujaOut
from .terms import TRADE

router = Router(tags=["puja"])

Said = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100), PlainText]


@router.get("/services/", response=documented({200: Page[PujaOut]}, BAD, THROTTLED), auth=None)
def services(
    request: HttpRequest,
    paging: Query[Paging],
    business: str | None = None,
    category: Said | None = None,
    search: Said | None = None,
) -> dict[str, Any]:
    """The pujas on offer, each with its packages."""
    limit(request, "look_up")
    found = catalogue.offerings(TRADE, business=business, category=category, search=search)
    return paged(request, catalogue.with_packages(found), paging, present.services)


@router.get("/categories/", response=documented({200: CategoriesOut}, BAD, THROTTLED), auth=None)
def categories(request: HttpRequest, business: str | None = None) -> dict[str, Any]:
    """The categories that pujas are in, with how many are in each."""
    limit(request, "look_up")
    return present.categories(catalogue.categories(TRADE, business=business))


@router.get(
    "/services/{int:service_id}/", response=documented({200: PujaOut}, BAD, MISSING, THROTTLED), auth=None
)
def service(request: HttpRequest, service_id: int) -> dict[str, Any]:
    """One puja with its packages."""
    limit(request, "look_up")
    offering = catalogue.offering(service_id, trade=TRADE)
    return present.service(offering, catalogue.packages_of(offering))


@router.get(
    "/services/{int:service_id}/slots/",
    response=documented({200: DaySlots | SpanSlots}, BAD, MISSING, THROTTLED),
    by_alias=True,
    auth=None,
)
def slots(request: HttpRequest, service_id: int, query: Query[PackageSlotQuery]) -> dict[str, Any]:
    """The free times of a puja; with ``package``, those at which that one fits."""
    limit(request, "look_up")
    offering = catalogue.offering(service_id, trade=TRADE)
    if query.package is not None:
        offering = catalogue.sold(service_id, package_id=query.package, trade=TRADE)
    return slots_answer(offering, query)
