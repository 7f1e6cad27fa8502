"""A booking that moves lets time go and claims time: the pools are locked before either."""

from __future__ import annotations

import pytest

from holdfast.catalog.models import Offering, Resource
from holdfast.orders.dues import Kind
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox
from tests.support.shop import Story, another, at, bought, comes_in, kept_for, moved, paying, waiting_moves
from tests.support.statements import Statements, count_statements
from tests.support.ways import PRICE, assert_all_is_well

pytestmark = pytest.mark.spec("BC-25")


@pytest.fixture
def dearer(practice: Practice) -> Offering:
    """It needs one of two studios beside the astrologer."""
    studios = Resource.objects.create(
        business=practice.business, kind=Resource.Kind.PLACE, name="Studios", capacity=2, keeps_hours=False
    )
    offering = another(practice, price=PRICE + 50_000)
    offering.resources.add(studios)
    return offering


@pytest.fixture
def story(practice: Practice, sandbox: Sandbox, dearer: Offering) -> Story:
    """A booking that waits to be moved to it."""
    story = bought(sandbox, at(practice.offering, "10:00"))
    moved(story, "14:00", to=dearer)
    return story


def in_order(statements: Statements) -> list[str]:
    """The locks of pools, and what was done to allocations."""
    told = {
        'FROM "holdfast_catalog_resource" WHERE': "lock",
        'UPDATE "holdfast_availability_allocation"': "release",
        'INSERT INTO "holdfast_availability_allocation"': "claim",
    }
    return [what for sql in statements for part, what in told.items() if part in sql and _writes(sql)]


def _writes(sql: str) -> bool:
    return "FOR NO KEY UPDATE" in sql or not sql.startswith("SELECT")


def test_a_move_that_is_carried_out_locks_them_before_it_lets_go_of_what_was_held_for_it(
    story: Story, sandbox: Sandbox
) -> None:
    difference = paying(story, Kind.DIFFERENCE)

    with count_statements() as statements:
        comes_in(sandbox, difference.reference)

    steps = in_order(statements)
    assert steps[0] == "lock"
    assert steps.index("release") < steps.index("claim")
    assert [state for _, state in story.keeps()] == ["taken", "taken"]
    assert_all_is_well()


def test_another_move_locks_them_before_it_lets_go_of_the_one_that_waits(
    story: Story, dearer: Offering
) -> None:
    with count_statements() as statements:
        moved(story, "15:00", to=dearer)

    steps = in_order(statements)
    assert steps[0] == "lock"
    assert steps.index("release") < steps.index("claim")
    (waits,) = waiting_moves(story)
    assert [state for _, state in kept_for(waits.owner)] == ["held", "held"]
    assert_all_is_well()
