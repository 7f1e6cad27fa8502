"""Courses, coaches and free times over HTTP, and booking one. Described in docs/api/coaching.md."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from holdfast.flows import catalogue
from holdfast.flows.actors import Shopper
from holdfast.flows.bookings import booking_by_id
from holdfast.flows.checkout import Choice, Held, Wish, reserve
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import AlreadyHeld, NotFound, SlotTaken
from holdfast.web.answers import BAD, MISSING, SIGNED_IN, THROTTLED, Problem, SlotProblem, documented
from holdfast.web.auth import signed_in, who
from holdfast.web.fields import Id
from holdfast.web.naming import named
from holdfast.web.paging import Page, Paging, paged
from holdfast.web.slots import SlotQuery, slots_answer, slots_out
from holdfast.web.throttles import client_address, limit

from . import present
from .schemas import Coach, Course, CourseDay, CourseSpan, Create, Created
from .terms import FIELDS, NO_COURSE, TERMS, TRADE

router = Router(tags=["coaching"])

LOOKED_UP = documented({}, BAD, MISSING, THROTTLED)


class Overlap(SlotTaken):
    """This time slot conflicts with an existing booking"""


@router.get("/courses/", response=documented({200: Page[Course]}, BAD, THROTTLED), auth=None)
def courses(
    request: HttpRequest, paging: Query[Paging], business: str | None = None, coach: Id | None = None
) -> dict[str, Any]:
    """The courses on offer, one-to-one and classes, each with its coach."""
    limit(request, "look_up")
    found = catalogue.with_resources(catalogue.offerings(TRADE, business=business)).order_by("pk")
    if coach is not None:
        found = found.filter(resources__provider=coach)
    return paged(request, found, paging, present.courses)


@router.get("/course/{int:course_id}/", response=documented({200: Course}, LOOKED_UP), auth=None)
def course(request: HttpRequest, course_id: int) -> dict[str, Any]:
    """One course."""
    limit(request, "look_up")
    return present.course(course_on_offer(course_id))


@router.get(
    "/course/{int:course_id}/slots/",
    response=documented({200: CourseDay | CourseSpan}, LOOKED_UP),
    by_alias=True,
    auth=None,
)
def slots(request: HttpRequest, course_id: int, query: Query[SlotQuery]) -> dict[str, Any]:
    """The free times of a course; of a class, with the places that are left."""
    limit(request, "look_up")
    offering = course_on_offer(course_id)
    return slots_answer(offering, query, told=partial(present.course_slots, offering))


@router.get("/coaches/", response=documented({200: Page[Coach]}, BAD, THROTTLED), auth=None)
def coaches(request: HttpRequest, paging: Query[Paging], business: str | None = None) -> dict[str, Any]:
    """Whoever gives a course that is on offer."""
    limit(request, "look_up")
    return paged(request, catalogue.providers(TRADE, business=business), paging, present.coaches)


@router.post(
    "/course/{int:course_id}/create/",
    response=documented({200: Created, 409: SlotProblem | Problem}, BAD, SIGNED_IN, MISSING, THROTTLED),
    auth=signed_in,
)
def create(request: HttpRequest, course_id: int, body: Create) -> dict[str, Any]:
    """Reserve a time of a course. It is ``pending`` until it is paid, and free again if it is not."""
    shopper = Shopper(who(request), client_address(request))
    limit(request, "start_by_address", "start_by_user", user=shopper.user.pk)
    offering = course_on_offer(course_id)
    try:
        with named(FIELDS):
            held = reserve(wish_of(offering, body), by=shopper, now=utc_now())
    except SlotTaken as taken:
        raise Overlap(slots_out(taken.nearest, offering.business.zone)) from None
    except AlreadyHeld:
        raise Overlap from None  # by oneself
    return _created(held)


def course_on_offer(course_id: int) -> catalogue.Offering:
    """A course with its business. Raises NotFound in this trade's words."""
    try:
        return catalogue.offering(course_id, trade=TRADE)
    except NotFound:
        raise NotFound(NO_COURSE) from None


def wish_of(offering: catalogue.Offering, body: Create) -> Wish:
    """The request as a wish. Its booking is named before it is paid, so a course is never paid for first."""
    terms = TERMS.changed_by(offering.terms)
    details = {"note": body.note} if body.note else {}
    return Wish(
        choices=(Choice(offering, body.starts_at, details),),
        return_url="",
        terms=terms if terms.books_at_once else replace(terms, way=TERMS.way),
    )


def _created(held: Held) -> dict[str, Any]:
    view = booking_by_id(held.placed.line.pk, trade=TRADE)
    until = held.placed.order.expires_at if held.placed.order.state == "placed" else None
    return present.created(view, reserved_until=until)
