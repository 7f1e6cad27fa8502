"""Free slots, asked alike everywhere: ``?date=`` or ``?from=&to=``, closed ones only with ``?all=true``.

With ``?tz=`` the dates are the customer's, and so are the times in the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema, model_validator

from holdfast.availability.slots import Slot
from holdfast.catalog.models import Offering
from holdfast.flows.catalogue import free_slots
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Invalid

from .answers import SlotOut
from .fields import Day

LONGEST = timedelta(days=31)
NO_PLACES = {"Factory", "localtime"}  # they come with the time zone data and name nowhere


@cache
def _zones() -> set[str]:
    return available_timezones() - NO_PLACES


def _zone_of_a_place(said: str) -> str:
    if said not in _zones():
        raise ValueError("Name a time zone such as Asia/Kolkata.")
    return said


ZoneName = Annotated[
    str,
    AfterValidator(_zone_of_a_place),
    WithJsonSchema({"type": "string", "examples": ["Asia/Kolkata"]}),
]


class SlotQuery(Schema):
    """Either one ``date``, or ``from`` and ``to`` (both included, 31 days at most), of the zone ``tz``."""

    model_config = ConfigDict(populate_by_name=True)

    date_: Day | None = Field(None, alias="date")
    from_: Day | None = Field(None, alias="from")
    to: Day | None = None
    tz: ZoneName | None = None
    all: bool = False

    @model_validator(mode="after")
    def one_or_the_other(self) -> Self:
        span = (self.from_, self.to)
        if (self.date_ is None) == (span == (None, None)) or (self.date_ is None and None in span):
            raise Invalid({"date": ["Give a date, or from and to."]})
        if self.last < self.first:
            raise Invalid({"to": ["This is before from."]})
        if self.last - self.first >= LONGEST:
            raise Invalid({"to": ["Ask for 31 days at most."]})
        return self

    @property
    def first(self) -> date:
        day = self.date_ or self.from_
        assert day is not None
        return day

    @property
    def last(self) -> date:
        day = self.date_ or self.to
        assert day is not None
        return day

    @property
    def zone(self) -> ZoneInfo | None:
        """The customer's zone, if that was said."""
        return ZoneInfo(self.tz) if self.tz else None


class DaySlots(Schema):
    date: str
    timezone: str
    slots: list[SlotOut]


class SpanSlots(Schema):
    from_: str = Field(alias="from")
    to: str
    timezone: str
    slots: list[SlotOut]


def slots_answer(
    offering: Offering,
    query: SlotQuery,
    *,
    told: Callable[[Sequence[Slot], ZoneInfo], list[Any]] | None = None,
) -> dict[str, Any]:
    """The slots of an offering as every trade shows them, or each with more, as ``told`` by the trade."""
    zone = query.zone or offering.business.zone
    found = free_slots(offering, first=query.first, last=query.last, now=utc_now(), zone=query.zone)
    shown = [slot for slot in found if query.all or slot.reason is None]
    span = (
        {"date": query.first.isoformat()}
        if query.date_
        else {"from": query.first.isoformat(), "to": query.last.isoformat()}
    )
    return {**span, "timezone": zone.key, "slots": (told or slots_out)(shown, zone)}


def slots_out(slots: Iterable[Slot], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Slots on the wall clock of ``zone``."""
    return [_out(slot, zone) for slot in slots]


def _out(slot: Slot, zone: ZoneInfo) -> dict[str, Any]:
    start, end = slot.period.start.astimezone(zone), slot.period.end.astimezone(zone)
    return {
        "start": start.isoformat(),
        "start_time": start.strftime("%H:%M"),
        "end_time": end.strftime("%H:%M"),
        "available": slot.reason is None,
        "reason": slot.reason,
    }
