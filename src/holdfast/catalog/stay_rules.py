"""What a room type asks of a stay, and what its nights cost: pure functions of dates.

Dates are the business's own. A night belongs to the date on which it begins, and a stay has one for each date
from its arrival to the day before its departure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

ONE_DAY = timedelta(days=1)


class Per(StrEnum):
    """What a fee is charged for: once, or for each night, each guest, or each guest and night."""

    STAY = "stay"
    NIGHT = "night"
    GUEST = "guest"
    GUEST_NIGHT = "guest_night"


@dataclass(frozen=True)
class SeasonRate:
    """From ``first`` to ``last``, both included, a night costs ``price``; and whoever arrives then stays
    ``minimum_stay`` nights at least, where it says so.
    """

    first: date
    last: date
    price: int
    minimum_stay: int | None = None

    def has(self, night: date) -> bool:
        return self.first <= night <= self.last


@dataclass(frozen=True)
class Rates:
    """What the nights of a room type cost: ``price``, but in a season. Two seasons never overlap."""

    price: int
    seasons: Sequence[SeasonRate] = ()

    def season_of(self, night: date) -> SeasonRate | None:
        return next((season for season in self.seasons if season.has(night)), None)

    def of(self, night: date) -> int:
        """What one night costs."""
        season = self.season_of(night)
        return season.price if season else self.price


@dataclass(frozen=True)
class StayAsked:
    """A stay that is asked for, at the price of its nights."""

    check_in: date
    check_out: date
    guests: int
    price: int

    @property
    def count(self) -> int:
        """How many nights it has."""
        return (self.check_out - self.check_in).days


@dataclass(frozen=True)
class Rules:
    """What a room type asks of a stay: how many guests at most, how many nights, how long before."""

    occupancy: int
    minimum_stay: int
    maximum_stay: int
    minimum_notice: timedelta
    horizon: timedelta


def nights_of(check_in: date, check_out: date) -> list[date]:
    """The date of each night of a stay."""
    return [check_in + ONE_DAY * n for n in range((check_out - check_in).days)]


def price_of(rates: Rates, check_in: date, check_out: date) -> int:
    """What the nights of a stay cost together, each by its own season."""
    return sum(rates.of(night) for night in nights_of(check_in, check_out))


def times(per: Per, *, nights: int, guests: int) -> int:
    """How often a fee is charged for a stay."""
    return {Per.STAY: 1, Per.NIGHT: nights, Per.GUEST: guests, Per.GUEST_NIGHT: guests * nights}[per]


class Why(StrEnum):
    """Why a stay cannot be had, whoever else is there."""

    PAST = "past"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_MANY_GUESTS = "too_many_guests"


def why_not(rules: Rules, rates: Rates, stay: StayAsked, *, starts_at: datetime, now: datetime) -> Why | None:
    """Why the rules do not allow this stay, which begins at ``starts_at``; None if they do.

    Until then one may book for the same day; the minimum stay is that of the season in which one arrives.
    """
    season = rates.season_of(stay.check_in)
    at_least = season.minimum_stay if season and season.minimum_stay else rules.minimum_stay
    refusals = (
        (starts_at <= now, Why.PAST),
        (starts_at < now + rules.minimum_notice, Why.TOO_SOON),
        (starts_at > now + rules.horizon, Why.TOO_FAR),
        (stay.count < at_least, Why.TOO_SHORT),
        (stay.count > rules.maximum_stay, Why.TOO_LONG),
        (stay.guests > rules.occupancy, Why.TOO_MANY_GUESTS),
    )
    return next((why for is_so, why in refusals if is_so), None)
