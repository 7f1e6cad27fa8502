"""A demo business as data: who works there, what it sells, and who has been there or will be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import Any

MINUTES = {number: timedelta(minutes=number) for number in (30, 45, 60, 75, 90, 120)}
Hours = tuple[tuple[time, time], ...]


@dataclass(frozen=True)
class Works:
    """A person, a room, or the places of a class. Whoever can sign in has an ``email``."""

    name: str
    kind: str = "person"
    hours: Hours = ()
    email: str = ""
    profile: str = ""
    places: int = 1


@dataclass(frozen=True)
class Pack:
    """A package; ``minutes`` only where it takes longer or shorter than its offering does."""

    name: str
    price: int
    location: str = ""
    language: str = ""
    minutes: int | None = None
    description: str = ""


@dataclass(frozen=True)
class Sells:
    """An offering, given by ``by``; ``more`` are other columns of it."""

    trade: str
    title: str
    description: str
    price: int
    minutes: int
    by: tuple[str, ...]
    category: str = ""
    place: str = ""
    packs: tuple[Pack, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Visit:
    """Somebody's booking: of what, on which day from today, at what time, and what became of it.

    ``who`` is the address of somebody who can sign in, or a caller's name. It was booked ``booked`` days
    before. ``end`` is a row of ``history.ENDS``.
    """

    who: str
    title: str
    day: int
    at: str
    end: str = ""
    pack: str = ""
    booked: int = 3
    paid: str = "cash"


@dataclass(frozen=True)
class EveryYear:
    """A season: from one day of the year to another, which may be in the next one."""

    name: str
    first: tuple[int, int]  # month and day
    last: tuple[int, int]
    price: int
    minimum_stay: int | None = None


@dataclass(frozen=True)
class Lets:
    """A room type of a hotel, and its rooms by the names on their doors."""

    title: str
    description: str
    price: int
    rooms: tuple[str, ...]
    occupancy: int = 2
    tax_rate: int = 0
    seasons: tuple[EveryYear, ...] = ()


@dataclass(frozen=True)
class Charges:
    """A fee of a hotel, ``per`` stay, night, guest or guest_night."""

    title: str
    price: int
    per: str


@dataclass(frozen=True)
class Sojourn:
    """Somebody's stay: in what, from which day from today, for how many nights, and what became of it.

    Otherwise as a Visit; ``end`` is a row of ``sojourns.ENDS``.
    """

    who: str
    title: str
    day: int
    nights: int
    end: str = ""
    guests: int = 2
    booked: int = 6
    paid: str = "bank transfer"


@dataclass(frozen=True)
class Shop:
    """A business of the demo. ``gateways`` are rows of ``gateway.ACCOUNTS``, the first one first."""

    slug: str
    name: str
    email: str
    phone: str
    members: Mapping[str, str]
    works: tuple[Works, ...] = ()
    sells: tuple[Sells, ...] = ()
    visits: tuple[Visit, ...] = ()
    promos: Mapping[str, int] = field(default_factory=dict)
    return_origins: tuple[str, ...] = ()
    timezone: str = "Asia/Kolkata"
    country: str = "IN"
    currency: str = "INR"
    tax_name: str = ""
    gateways: tuple[str, ...] = ("phonepe",)
    lets: tuple[Lets, ...] = ()
    charges: tuple[Charges, ...] = ()
    sojourns: tuple[Sojourn, ...] = ()
