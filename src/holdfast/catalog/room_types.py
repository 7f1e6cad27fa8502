"""Questions about room types: each with all that a stay in it depends on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, Q, QuerySet

from .models import Offering, Resource, Season, StayFee, StayRules
from .stay_rules import Rates, StayAsked, price_of


@dataclass(frozen=True)
class RoomType:
    """An offering that is sold by the night, with its pool of rooms, its rules, what its nights cost, and
    what is charged beside them.
    """

    offering: Offering
    pool: Resource
    rules: StayRules
    rates: Rates
    fees: tuple[StayFee, ...]

    def asked(self, check_in: date, check_out: date, guests: int) -> StayAsked:
        """A stay of these nights, at their price."""
        return StayAsked(check_in, check_out, guests, price_of(self.rates, check_in, check_out))


def by_night(business: str) -> QuerySet[Offering]:
    """The active room types of a business, by its slug, with their rules: the cheapest first."""
    found = Offering.objects.filter(business__slug=business, active=True, by_night=True)
    return found.filter(stay_rules__isnull=False).order_by("price", "pk")


def room_types(offerings: QuerySet[Offering], *, first: date, last: date) -> list[RoomType]:
    """These room types with their seasons between two nights: four queries, however many there are.

    One that has not exactly one pool of rooms is not set up yet, and left out.
    """
    found = list(
        offerings.select_related("business", "stay_rules").prefetch_related(
            Prefetch("resources", to_attr="pools"),
            Prefetch("seasons", _seasons(first, last), to_attr="rates"),
        )
    )
    fees = list(StayFee.objects.filter(business__in={one.business_id for one in found}, active=True))
    return [_room_type(one, fees) for one in found if len(one.pools) == 1]


def room_type(offering_id: int, *, first: date, last: date) -> RoomType:
    """One room type, whether or not it is on offer still. Raises Offering.DoesNotExist for anything else."""
    found = room_types(
        Offering.objects.filter(pk=offering_id, by_night=True, stay_rules__isnull=False),
        first=first,
        last=last,
    )
    if not found:
        raise Offering.DoesNotExist
    return found[0]


def _seasons(first: date, last: date) -> QuerySet[Season]:
    return Season.objects.filter(Q(first_night__lte=last) & Q(last_night__gte=first))


def _room_type(offering: Offering, fees: Iterable[StayFee]) -> RoomType:
    pools: list[Resource] = offering.pools  # type: ignore[attr-defined]  # room_types puts them there
    seasons: list[Season] = offering.rates  # type: ignore[attr-defined]  # room_types puts them there
    rules = offering.stay_rules
    rules.offering = offering  # and no query for it
    own = (fee for fee in fees if fee.business_id == offering.business_id)
    return RoomType(
        offering=offering,
        pool=pools[0],
        rules=rules,
        rates=Rates(offering.price, tuple(season.plain for season in seasons)),
        fees=tuple(fee for fee in own if fee.offering_id in (None, offering.pk)),
    )
