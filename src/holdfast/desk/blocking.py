"""Blocking time off: see what it would touch, block, lift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from holdfast.availability.models import Block
from holdfast.availability.seats import seats_left
from holdfast.availability.slots import nights, reached
from holdfast.catalog.models import Business, Resource
from holdfast.flows.actors import insider
from holdfast.flows.blocks import InTheWay, block, blocks_of, in_the_way, lift
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Conflict, HoldfastError, Invalid, TooMany
from holdfast.kernel.period import Period
from holdfast.platform.models import User
from holdfast.web.errors import status_of
from holdfast.web.throttles import limit

from .days import day_in
from .entry import acting_at_the_desk, working_at_the_desk
from .scope import bookings_open_to, business_of, businesses_of, resources_open_to

SEE_OTHER = 303
A_DAY = timedelta(days=1)
LONGEST = timedelta(days=366)
BLOCKS_SHOWN_FOR = timedelta(days=366)
WHY_AT_MOST = 200
LONGEST_COUNT = 6  # digits


@dataclass(frozen=True)
class Touched:
    """What is in the way, by the business's clock: a booking, a block, or a time that is being paid for."""

    reference: str  # empty for what is no booking, or none that this user may see
    what: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Standing:
    """A block that stands, by the business's clock."""

    pk: int
    starts_at: datetime
    ends_at: datetime
    why: str
    seats: int  # of a pool; 0 where there is one alone


@working_at_the_desk
def block_time(request: HttpRequest, user: User) -> HttpResponse:
    """Choose who or what, from when to when; see what that would touch; block it."""
    asked = (request.POST if request.method == "POST" else request.GET).dict()
    business = business_of(user, asked.get("business", ""))
    resources = list(resources_open_to(user, business))
    chosen = _chosen(resources, asked.get("resource", ""))
    if request.POST.get("do") != "block" or chosen is None:
        return _page(request, user, business, resources, asked)
    now = utc_now()
    try:
        limit(request, "start_by_user", user=user.pk)
        why = asked.get("why", "").strip()[:WHY_AT_MOST]
        by = insider(user, business.pk)
        period, seats = period_for(chosen, asked), _seats(chosen, asked)
        block(chosen, period, by=by, now=now, why=why, seats=seats)
    except (Conflict, Invalid, TooMany) as no:
        return _page(request, user, business, resources, asked, refused=no)
    messages.success(request, f"The time of {chosen} is blocked.")
    return _back(business, chosen)


@acting_at_the_desk
def lift_block(request: HttpRequest, user: User, block_id: int) -> HttpResponse:
    """Give a block's time back."""
    found = get_object_or_404(Block.objects.select_related("resource__business"), pk=block_id)
    business = business_of(user, found.resource.business.slug)
    resource = get_object_or_404(resources_open_to(user, business), pk=found.resource_id)
    lift(found.pk, by=insider(user, business.pk), now=utc_now())
    messages.success(request, f"The time of {resource} is free again.")
    return _back(business, resource)


def period_for(resource: Resource, asked: Mapping[str, str]) -> Period:
    """What was asked for, as this resource is kept: of rooms that are sold by the night, nights. Raises
    Invalid.
    """
    business = resource.business
    if not is_by_night(resource):
        return period_of(asked, business)
    first, last = _days(asked)
    if not timedelta(0) <= last - first < LONGEST:
        raise Invalid({"last": ["It cannot be before the first, and must be within a year."]})
    each = nights(first, last + A_DAY, business.zone)
    return Period(each[0].start, each[-1].end)


def is_by_night(resource: Resource) -> bool:
    return resource.offerings.filter(by_night=True).exists()


def _seats(resource: Resource, asked: Mapping[str, str]) -> int | None:
    """How many of a pool; None for all that there are. Raises Invalid."""
    said = asked.get("seats", "").strip()
    if not said or not resource.is_pool:
        return None
    if not said.isdecimal() or not 1 <= int(said[:LONGEST_COUNT]) <= resource.capacity:
        raise Invalid({"seats": [f"Write a number: there are {resource.capacity}."]})
    return int(said)


def _days(asked: Mapping[str, str]) -> tuple[date, date]:
    first = day_in(asked.get("first", ""))
    if first is None:
        raise Invalid({"first": ["Please choose a day."]})
    last = day_in(asked["last"]) if asked.get("last") else first
    if last is None:
        raise Invalid({"last": ["There is no such day."]})
    return first, last


def period_of(asked: Mapping[str, str], business: Business) -> Period:
    """From the first day to the last, whole days where no hours were given. Raises Invalid."""
    first, last = _days(asked)
    opens = _clock(asked.get("opens", "") or "00:00", field="opens", wrong="Write it as 14:00.")
    closes = asked.get("closes", "")
    end = _clock(closes, field="closes", wrong="Write it as 18:00.") if closes else None
    start = reached(datetime.combine(first, opens), business.zone)
    until = datetime.combine(last, end) if end else datetime.combine(last, time()) + A_DAY
    finish = reached(until, business.zone)
    if not timedelta(0) < finish - start <= LONGEST:
        raise Invalid({"last": ["It must end after it begins, and within a year."]})
    return Period(start, finish)


def _clock(said: str, *, field: str, wrong: str) -> time:
    try:
        return time.fromisoformat(said)
    except ValueError:
        raise Invalid({field: [wrong]}) from None


def _page(
    request: HttpRequest,
    user: User,
    business: Business,
    resources: Sequence[Resource],
    asked: Mapping[str, str],
    *,
    refused: HoldfastError | None = None,
) -> HttpResponse:
    chosen = _chosen(resources, asked.get("resource", "")) or next(iter(resources), None)
    errors: Mapping[str, Sequence[str]] = refused.fields if isinstance(refused, Invalid) else {}
    now = utc_now()
    shown: dict[str, Any] = {
        "businesses": list(businesses_of(user)),
        "business": business,
        "resources": resources,
        "chosen": chosen,
        "today": now.astimezone(business.zone).date(),
        "said": asked,
        "refused": refused.message if refused else "",
    }
    if chosen is not None:
        shown["blocks"] = standing_blocks(chosen, Period(now, now + BLOCKS_SHOWN_FOR))
        shown["by_night"] = is_by_night(chosen)
    if chosen is not None and asked.get("first") and not errors:
        try:
            shown |= _looked(user, chosen, asked, now=now)
        except Invalid as wrong:
            errors = wrong.fields
    shown["errors"] = errors
    status = status_of(refused) if refused else 200
    response = render(request, "desk/block.html", shown, status=status)
    if isinstance(refused, TooMany):
        response["Retry-After"] = str(refused.retry_after)
    return response


def _looked(user: User, chosen: Resource, asked: Mapping[str, str], *, now: datetime) -> dict[str, Any]:
    """What a block would touch. Of a pool, nothing is in the way while enough of it is free."""
    period, seats = period_for(chosen, asked), _seats(chosen, asked)
    found = in_the_way(chosen, period, now=now)
    free = seats_left(period, capacity=chosen.capacity, kept=[one.period for one in found])
    fits = free >= (seats or chosen.capacity)
    touched = [] if fits else _touched(user, chosen.business, found)
    return {"looked": True, "touched": touched, "free": free}


def standing_blocks(resource: Resource, span: Period) -> list[Standing]:
    """The blocks of a resource that stand in a span, as the desk shows them."""
    zone = resource.business.zone
    return [
        Standing(
            one.pk,
            one.period.lower.astimezone(zone),
            one.period.upper.astimezone(zone),
            one.why,
            one.seats if resource.is_pool else 0,
        )
        for one in blocks_of(resource, span)
    ]


def _touched(user: User, business: Business, found: Sequence[InTheWay]) -> list[Touched]:
    """With names for the bookings that this user may see; of others only that there is one."""
    seen = bookings_open_to(user).filter(reference__in=[one.reference for one in found if one.reference])
    names = {one.reference: f"{one.line.title}, {one.customer}" for one in seen}
    return [
        Touched(
            reference=one.reference if one.reference in names else "",
            what=names.get(one.reference, "a booking" if one.reference else str(one)),
            starts_at=one.period.start.astimezone(business.zone),
            ends_at=one.period.end.astimezone(business.zone),
        )
        for one in found
    ]


def _chosen(resources: Sequence[Resource], said: str) -> Resource | None:
    return next((one for one in resources if one.pk == _id(said)), None)


def _id(said: str) -> UUID | None:
    try:
        return UUID(said)
    except ValueError:
        return None


def _back(business: Business, resource: Resource) -> HttpResponse:
    """To the same page with an empty form, which now shows the block among those that stand, or no more."""
    told = urlencode({"business": business.slug, "resource": str(resource.pk)})
    return HttpResponseRedirect(f"{reverse('desk:block')}?{told}#blocks", status=SEE_OTHER)
