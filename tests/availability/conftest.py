"""A room to claim, and the negative controls: constraints that a test may take away for its own length."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import connection

from holdfast.availability.models import Allocation
from holdfast.catalog.models import Business, Resource
from tests.support.database import empty_database
from tests.support.without import without


@pytest.fixture
def business(db: None) -> Business:
    return Business.objects.create(
        slug="jyoti", name="Jyoti", timezone="Asia/Kolkata", country="IN", currency="INR"
    )


@pytest.fixture
def person(business: Business) -> Resource:
    return Resource.objects.create(business=business, kind=Resource.Kind.PERSON, name="Astrologer")


@pytest.fixture
def room(person: Resource) -> Resource:
    return Resource.objects.create(
        business=person.business, kind=Resource.Kind.PLACE, name="Room", keeps_hours=False
    )


@pytest.fixture
def rooms(business: Business) -> Resource:
    """A pool of five like rooms."""
    return Resource.objects.create(
        business=business, kind=Resource.Kind.PLACE, name="Double rooms", capacity=5, keeps_hours=False
    )


@pytest.fixture
def nothing_excludes(db: None) -> Iterator[None]:
    """Allocations without the constraint that makes double booking impossible."""
    with without(Allocation, "no_seat_twice"):
        yield


@pytest.fixture
def no_seat_in_the_constraint(db: None) -> Iterator[None]:
    """Allocations whose constraint excludes by resource and period alone."""
    guard = next(one for one in Allocation._meta.constraints if one.name == "no_seat_twice")
    assert isinstance(guard, ExclusionConstraint)
    _, args, kwargs = guard.deconstruct()
    kwargs["expressions"] = [pair for pair in guard.expressions if pair[0] != "seat"]
    seatless = ExclusionConstraint(*args, **kwargs | {"name": "no_resource_twice"})
    with without(Allocation, "no_seat_twice"):
        with connection.schema_editor() as schema:
            schema.add_constraint(Allocation, seatless)
        yield
        empty_database()
        with connection.schema_editor() as schema:
            schema.remove_constraint(Allocation, seatless)
