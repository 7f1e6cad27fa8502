"""A stay that is asked for: what its room type says to it, what it costs, and which room types are free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from holdfast.availability.slots import nights
from holdfast.availability.stays import free_each_night, period_of, refused, refused_at_short_notice
from holdfast.catalog.models import Business, Offering
from holdfast.catalog.room_types import RoomType, by_night, room_type, room_types
from holdfast.catalog.stay_rules import Per, StayAsked, Why, times
from holdfast.kernel.errors import Invalid, NotFound
from holdfast.kernel.period import Period
from holdfast.orders.models import PromoCode
from holdfast.orders.pricing import Fee, Quote
from holdfast.orders.queries import quote_of

LONGEST = timedelta(days=366)  # of what can be asked about at once; a room type allows less
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)  # clocks are known to go right between them
NO_SUCH_HOTEL = "There is no such hotel."
REFUSED: dict[Why, tuple[str, str]] = {
    Why.PAST: ("check_in", "It is too late to book for this day."),
    Why.TOO_SOON: ("check_in", "This day is too soon: more notice is needed."),
    Why.TOO_FAR: ("check_in", "This day is too far ahead to be booked yet."),
    Why.TOO_SHORT: ("check_out", "This is shorter than one may stay."),
    Why.TOO_LONG: ("check_out", "This is longer than one may stay."),
    Why.TOO_MANY_GUESTS: ("guests", "These are more guests than a room takes."),
}


@dataclass(frozen=True)
class RoomOffer:
    """A room type for some nights: how many rooms are free in all of them, and what one costs.

    ``quote`` is None where its rules do not allow such a stay; ``why`` says so then, or is "taken" where no
    room is left.
    """

    offering: Offering
    available: int
    quote: Quote | None
    why: str | None


@dataclass(frozen=True)
class StayChosen:
    """A stay that the rules of its room type allow. ``offering`` is sold for its nights."""

    room_type: RoomType
    offering: Offering
    period: Period
    fees: tuple[Fee, ...]


def room_types_of(business: str, *, first: date, last: date) -> list[RoomType]:
    """The room types of a hotel, by its slug, with their seasons between two nights. Raises NotFound."""
    found = room_types(by_night(business), first=first, last=last)
    if not found and not Business.objects.filter(slug=business).exists():
        raise NotFound(NO_SUCH_HOTEL)
    return found


def quote_of_stay(
    offering: Offering, check_in: date, check_out: date, guests: int, *, promo: PromoCode | None = None
) -> Quote:
    """What a stay costs today, line by line, whether or not it can be had. Raises Invalid for its dates, and
    as ``pricing.quote`` does.
    """
    refuse_dates(check_in, check_out, guests)
    found = _room_type(offering, check_in, check_out)
    stay = found.asked(check_in, check_out, guests)
    return quote_of([found.offering.for_nights(stay)], promo=promo, fees=fees_of(found, stay))


def rooms_on_offer(
    business: str, *, check_in: date, check_out: date, guests: int, now: datetime
) -> list[RoomOffer]:
    """Every room type of a hotel, by its slug, for these nights: five queries, however many there are.

    Raises NotFound, and Invalid for dates that are none.
    """
    refuse_dates(check_in, check_out, guests)
    found = room_types_of(business, first=check_in, last=check_out)
    if not found:
        return []
    each = nights(check_in, check_out, found[0].offering.business.zone)
    free = free_each_night([one.pool for one in found], each, now=now)
    return [
        _offer(one, one.asked(check_in, check_out, guests), min(free[one.pool.pk]), now=now) for one in found
    ]


def _offer(room_type: RoomType, stay: StayAsked, available: int, *, now: datetime) -> RoomOffer:
    why = refused(room_type, stay, now=now)
    if why is not None:
        return RoomOffer(room_type.offering, 0, None, why.value)
    quote = quote_of([room_type.offering.for_nights(stay)], fees=fees_of(room_type, stay))
    return RoomOffer(room_type.offering, available, quote, None if available else "taken")


def stay_chosen(
    offering: Offering,
    check_in: date,
    check_out: date,
    guests: int,
    *,
    now: datetime,
    at_short_notice: bool = False,
) -> StayChosen:
    """The stay that a customer asks for. Raises Invalid where the rules of the room type do not allow it;
    whether a room is free is for the claim to say. The business itself may choose one ``at_short_notice``.
    """
    refuse_dates(check_in, check_out, guests)
    found = _room_type(offering, check_in, check_out)
    stay = found.asked(check_in, check_out, guests)
    if why := (refused_at_short_notice if at_short_notice else refused)(found, stay, now=now):
        field, sentence = REFUSED[why]
        raise Invalid({field: [sentence]})
    sold = found.offering.for_nights(stay)
    return StayChosen(found, sold, period_of(stay, found.rules), fees_of(found, stay))


def _room_type(offering: Offering, check_in: date, check_out: date) -> RoomType:
    try:
        return room_type(offering.pk, first=check_in, last=check_out)
    except Offering.DoesNotExist as other:
        raise Invalid({"offering": ["This is not sold by the night."]}) from other


def refuse_dates(check_in: date, check_out: date, guests: int) -> None:
    """Raises Invalid for what nobody can have meant."""
    if not EARLIEST <= check_in <= LATEST:
        raise Invalid({"check_in": ["This is no day that can be booked."]})
    if check_out <= check_in:
        raise Invalid({"check_out": ["This must be after the day of arrival."]})
    if check_out - check_in > LONGEST:
        raise Invalid({"check_out": ["Ask for a year at most."]})
    if guests < 1:
        raise Invalid({"guests": ["Somebody must stay."]})


def fees_of(room_type: RoomType, stay: StayAsked) -> tuple[Fee, ...]:
    """What is charged beside the nights, for the one service that a stay is."""
    return tuple(
        Fee(
            fee.title,
            fee.price * times(Per(fee.per), nights=stay.count, guests=stay.guests),
            of=0,
            tax_rate=fee.tax_rate,
        )
        for fee in room_type.fees
    )
