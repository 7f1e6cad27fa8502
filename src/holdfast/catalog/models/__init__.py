"""The rows of the catalogue: who sells, what it needs, what can be booked, and what a hotel adds to that."""

from __future__ import annotations

from .business import Business, Member, Provider, Resource
from .offering import Offering, Package
from .stays import Room, Season, StayFee, StayRules

__all__ = [
    "Business",
    "Member",
    "Offering",
    "Package",
    "Provider",
    "Resource",
    "Room",
    "Season",
    "StayFee",
    "StayRules",
]
