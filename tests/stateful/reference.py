"""What should be, told without the books: what each customer was promised, by the answers that were given.

A sale knows its price, what has been promised back, and who has ended it. From that follows what the
business must have of it in the end; nothing of it is computed by the code that is tested.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.stateful.shop import MINUTES, PERCENT_OFF, PRICES, TIMES, begins

SHARES = ((timedelta(days=7), 100), (timedelta(days=1), 50))  # notice given → percent back


@dataclass(frozen=True)
class Place:
    """What is bought and when: an offering, and the number of a time."""

    offering: str
    time: int

    @property
    def begins(self) -> datetime:
        return begins(self.time)

    @property
    def ends(self) -> datetime:
        return self.begins + timedelta(minutes=MINUTES[self.offering])

    @property
    def room(self) -> str:
        return "place" if self.offering == "other reading" else "person"

    def meets(self, other: Place) -> bool:
        """Whether nobody can have both."""
        return self.room == other.room and self.begins < other.ends and other.begins < self.ends

    def __str__(self) -> str:
        return f"{self.offering} at {TIMES[self.time]:%d %H:%M}"


@dataclass(frozen=True)
class Move:
    """A move that waits until ``dearer_by`` has been paid."""

    to: Place
    due: int
    dearer_by: int


@dataclass(eq=False)
class Sale:
    """One order, as its customer would remember it."""

    number: int
    customer: int
    way: str
    place: Place
    promo: bool
    order: int
    worth: int = field(init=False)  # what has been asked for the service itself, with all differences
    costs: int = field(init=False)  # what its time costs by itself, by which the next move is priced
    off: int = field(init=False)
    promised_back: int = 0  # while the booking stands
    cash: int = 0
    handed_back: int = 0
    left_without_us: int = 0
    move: Move | None = None
    ended_by: str = ""
    kept: int = 0  # by the business, of a booking that has been ended
    answered: bool = False
    was_confirmed: bool = False

    def __post_init__(self) -> None:
        self.worth = self.costs = PRICES[self.place.offering]
        self.off = self.worth * PERCENT_OFF // 100 if self.promo else 0

    def __repr__(self) -> str:
        return f"sale {self.number}"

    @property
    def price(self) -> int:
        """What it costs today, with all differences."""
        return self.worth - self.off

    def must_have(self, *, stands: bool) -> int:
        """What the business must have of it once all is settled."""
        if self.ended_by:
            return self.kept
        return max(0, self.price - self.promised_back) if stands else 0

    def back_when_canceled(self, *, by_business: bool, notice: timedelta) -> int:
        """What canceling gives back of a booking that is paid."""
        percent = 100 if by_business else percent_back(notice)
        return min(share_of(self.price, percent), max(0, self.price - self.promised_back))

    def cheaper_by(self, to: Place, *, notice: timedelta) -> int:
        """What a move to a cheaper offering gives back."""
        return share_of(min(max(0, self.costs - PRICES[to.offering]), self.price), percent_back(notice))

    def is_at(self, place: Place) -> None:
        """Its booking has been seen there."""
        if self.move is not None and place == self.move.to and place != self.place:
            self.worth += self.move.dearer_by
            self.costs += self.move.dearer_by
            self.move = None
        self.place = place


def percent_back(notice: timedelta) -> int:
    return next((percent for least, percent in SHARES if notice >= least), 0)


def share_of(amount: int, percent: int) -> int:
    """Half a unit rounded up."""
    return (amount * percent + 50) // 100
