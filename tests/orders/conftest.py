"""A business in Kolkata, and one thing that it sells."""

from __future__ import annotations

import pytest

from holdfast.catalog.models import Business, Offering
from tests.orders.shop import new_business, new_offering


@pytest.fixture
def business(db: None) -> Business:
    return new_business()


@pytest.fixture
def offering(business: Business) -> Offering:
    return new_offering(business, 199_900)
