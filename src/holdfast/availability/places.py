"""The places of a class: how many are left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from holdfast.catalog.models import Resource
from holdfast.kernel.period import Period

from .queries import as_period, kept_in
from .seats import seats_left


def places_left(needed: Iterable[Resource], periods: Sequence[Period], *, now: datetime) -> dict[Period, int]:
    """How many places a class has left in each of these periods: one query. Empty for what is no class."""
    places = [resource for resource in needed if resource.kind == Resource.Kind.PLACES]
    if not places or not periods:
        return {}
    span = Period(min(one.start for one in periods), max(one.end for one in periods))
    kept: dict[UUID, list[Period]] = defaultdict(list)
    for resource, period in kept_in(places, span, now=now).values_list("resource_id", "period"):
        kept[resource].append(as_period(period))
    return {
        one: min(seats_left(one, capacity=pool.capacity, kept=kept[pool.pk]) for pool in places)
        for one in periods
    }
