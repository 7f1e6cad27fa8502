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
class Shop:
    """A business of the demo."""

    slug: str
    name: str
    email: str
    phone: str
    members: Mapping[str, str]
    works: tuple[Works, ...]
    sells: tuple[Sells, ...]
    visits: tuple[Visit, ...] = ()
    promos: Mapping[str, int] = field(default_factory=dict)
    return_origins: tuple[str, ...] = ()
