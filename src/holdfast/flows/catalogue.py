"""What customers may look at before they buy."""

from __future__ import annotations

from holdfast.availability.queries import free_slots
from holdfast.catalog.models import Offering
from holdfast.catalog.queries import offering, offerings, on_offer

__all__ = ["Offering", "free_slots", "offering", "offerings", "on_offer"]
