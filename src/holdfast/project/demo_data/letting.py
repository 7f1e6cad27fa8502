"""A room type of a demo's hotel is made from its row: its pool, its rooms, and its seasons for some years."""

from __future__ import annotations

from datetime import date, timedelta

from holdfast.catalog.models import Business, Offering, Resource, Room, Season, StayRules
from holdfast.surfaces.hotels.terms import TRADE

from .shop import EveryYear, Lets

HORIZON = timedelta(days=400)


def let(business: Business, one: Lets, *, today: date) -> None:
    pool = Resource.objects.create(
        business=business,
        kind=Resource.Kind.PLACE,
        name=one.title,
        capacity=len(one.rooms),
        keeps_hours=False,
    )
    Room.objects.bulk_create(Room(pool=pool, name=name) for name in one.rooms)
    offering = Offering.objects.create(
        business=business,
        trade=TRADE,
        title=one.title,
        description=one.description,
        price=one.price,
        tax_rate=one.tax_rate,
        duration=timedelta(days=1),
        horizon=HORIZON,
        by_night=True,
    )
    offering.resources.add(pool)
    StayRules.objects.create(offering=offering, occupancy=one.occupancy)
    Season.objects.bulk_create(
        _season(offering, season, year)
        for season in one.seasons
        for year in range(today.year - 1, today.year + 3)
    )


def _season(offering: Offering, one: EveryYear, year: int) -> Season:
    ends = year + (one.last < one.first)
    return Season(
        offering=offering,
        name=one.name,
        first_night=date(year, *one.first),
        last_night=date(ends, *one.last),
        price=one.price,
        minimum_stay=one.minimum_stay,
    )
