"""What an offering asks of its resources for one slot. Claims and free slots both come from here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from holdfast.kernel.period import Period

from .slots import Rules, nights

ANY_SEAT = 0
# The name that all buffers of a resource share where a business lets them overlap.
BUFFERS = "buffers"


@dataclass(frozen=True, order=True)
class Wanted:
    """One resource seat to keep for one period; ANY_SEAT of a pool is the lowest free one.

    Without a name to share it by, it is its owner's alone.
    """

    resource: UUID
    seat: int
    period: Period
    shared_by: str = ""


class Kept(Enum):
    """How a resource is kept for a slot."""

    WHOLE = "one person or room, with the buffers; shared by a class"
    SEAT = "a seat of a pool, with the buffers"
    PLACE = "a place of a class, for the time that the customer sees"
    NIGHTS = "a room of a pool, for each night"


@dataclass(frozen=True)
class Needs:
    """What an offering needs all at once; ``classes`` is the name of its classes, if it is one."""

    rules: Rules
    resources: tuple[tuple[UUID, Kept], ...]
    classes: str = ""

    def at(self, period: Period) -> list[Wanted]:
        """Everything to keep for the slot of this period."""
        return [wanted for resource, kept in self.resources for wanted in self._of(resource, kept, period)]

    def shared_by(self, period: Period) -> str:
        """The name by which the pupils of one class share coach and room; empty where nothing is shared."""
        return f"{self.classes}{period.start:%Y%m%dT%H%M%SZ}" if self.classes else ""

    def span(self, period: Period) -> Period:
        """From the first moment that anything is kept for the slot of this period to the last."""
        kept = [wanted.period for wanted in self.at(period)]
        return Period(min(one.start for one in kept), max(one.end for one in kept))

    def _nights(self, period: Period) -> list[Period]:
        zone = self.rules.zone
        return nights(period.start.astimezone(zone).date(), period.end.astimezone(zone).date(), zone)

    def _of(self, resource: UUID, kept: Kept, period: Period) -> Iterator[Wanted]:
        if kept is Kept.NIGHTS:
            yield from (Wanted(resource, ANY_SEAT, night) for night in self._nights(period))
        elif kept is Kept.PLACE:
            yield Wanted(resource, ANY_SEAT, period)
        elif kept is Kept.SEAT:
            yield Wanted(resource, ANY_SEAT, self.rules.stored(period))
        elif not self.rules.buffers_may_overlap:
            yield Wanted(resource, 1, self.rules.stored(period), self.shared_by(period))
        else:
            yield Wanted(resource, 1, period, self.shared_by(period))
            yield from (Wanted(resource, 1, buffer, BUFFERS) for buffer in self.rules.buffers(period))
