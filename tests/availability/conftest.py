"""A room to claim, and the negative controls: constraints that a test may take away for its own length."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from holdfast.availability.models import Allocation
from holdfast.catalog.models import Business, Resource
from tests.support.without import without


@pytest.fixture
def person(db: None) -> Resource:
    business = Business.objects.create(
        slug="jyoti", name="Jyoti", timezone="Asia/Kolkata", country="IN", currency="INR"
    )
    return Resource.objects.create(business=business, kind=Resource.Kind.PERSON, name="Astrologer")


@pytest.fixture
def room(person: Resource) -> Resource:
    return Resource.objects.create(
        business=person.business, kind=Resource.Kind.PLACE, name="Room", keeps_hours=False
    )


@pytest.fixture
def nothing_excludes(db: None) -> Iterator[None]:
    """Allocations without the constraint that makes double booking impossible."""
    with without(Allocation, "no_seat_twice"):
        yield
