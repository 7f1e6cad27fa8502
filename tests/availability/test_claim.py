"""Claiming time: who comes second is told so, and nothing of his stays behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from holdfast.availability.actions import Wanted, claim, claim_again, hold_until, release, take
from holdfast.availability.models import Allocation
from holdfast.availability.queries import holds_all
from holdfast.catalog.models import Resource
from holdfast.kernel.errors import SlotTaken
from holdfast.kernel.period import Period
from holdfast.platform.db import transaction

NOW = datetime(2030, 1, 7, 4, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOON = NOW + timedelta(minutes=12)


def period(hour: float = 0, *, hours: float = 1) -> Period:
    start = NOW + timedelta(days=1, hours=hour)
    return Period(start, start + HOUR * hours)


def want(resource: Resource, at: Period | None = None, *, seat: int = 1) -> Wanted:
    return Wanted(resource.id, seat, at or period())


def claimed(owner: str, *wanted: Wanted, until: datetime | None = SOON, now: datetime = NOW) -> None:
    with transaction():
        claim(wanted, owner=owner, until=until, now=now)


def states() -> list[tuple[str, str]]:
    return list(Allocation.objects.order_by("id").values_list("owner", "state"))


@pytest.mark.spec("BC-4")
@pytest.mark.parametrize("until", [SOON, None], ids=["held", "taken"])
def test_what_is_kept_is_refused_to_everybody_else(person: Resource, until: datetime | None) -> None:
    claimed("line:1", want(person), until=until)

    with pytest.raises(SlotTaken):
        claimed("line:2", want(person, period(0.5)))

    assert states() == [("line:1", "held" if until else "taken")]


@pytest.mark.spec("BC-4")
def test_a_hold_and_the_booking_after_it_are_the_same_row(person: Resource) -> None:
    claimed("line:1", want(person))
    held = Allocation.objects.get()

    with transaction():
        take("line:1")

    taken = Allocation.objects.get()
    assert (taken.pk, taken.state, taken.held_until) == (held.pk, "taken", None)


def test_periods_that_only_touch_do_not_meet(person: Resource) -> None:
    claimed("line:1", want(person, period(0)))

    claimed("line:2", want(person, period(1)))
    claimed("line:3", want(person, period(-1)))

    assert [state for _, state in states()] == ["held"] * 3


def test_another_seat_is_free(person: Resource) -> None:
    claimed("line:1", want(person, seat=1))

    claimed("line:2", want(person, seat=2))

    assert states() == [("line:1", "held"), ("line:2", "held")]


def test_those_who_share_a_class_share_its_time_and_nobody_else_does(person: Resource) -> None:
    shared = Wanted(person.id, 1, period(), "class:1")
    claimed("line:1", shared)

    claimed("line:2", shared)
    with pytest.raises(SlotTaken):
        claimed("line:3", want(person))

    assert states() == [("line:1", "held"), ("line:2", "held")]


def test_all_of_it_or_none_of_it_is_had(person: Resource, room: Resource) -> None:
    claimed("line:1", want(room))

    with pytest.raises(SlotTaken):
        claimed("line:2", want(person), want(room))

    assert states() == [("line:1", "held")]


@pytest.mark.spec("BC-5")
def test_a_hold_that_has_run_out_gives_way_to_who_asks_next(person: Resource) -> None:
    claimed("line:1", want(person))

    claimed("line:2", want(person), now=SOON + timedelta(seconds=1))

    assert states() == [("line:1", "released"), ("line:2", "held")]


@pytest.mark.spec("BC-5")
def test_a_hold_is_safe_to_its_last_moment(person: Resource) -> None:
    claimed("line:1", want(person))

    with pytest.raises(SlotTaken):
        claimed("line:2", want(person), now=SOON)

    assert states() == [("line:1", "held")]


@pytest.mark.spec("BC-5")
def test_a_longer_claim_sweeps_away_every_hold_that_has_run_out_but_not_one_that_has_not(
    person: Resource,
) -> None:
    claimed("line:1", want(person, period(0)))
    claimed("line:2", want(person, period(1)), until=NOW + 2 * HOUR)
    late = SOON + timedelta(minutes=1)

    with pytest.raises(SlotTaken):
        claimed("line:3", want(person, period(0, hours=2)), now=late)
    assert states() == [("line:1", "held"), ("line:2", "held")]

    claimed("line:3", want(person, period(0, hours=2)), now=NOW + 3 * HOUR)
    assert states() == [("line:1", "released"), ("line:2", "released"), ("line:3", "held")]


@pytest.mark.spec("BC-5")
def test_what_is_taken_never_runs_out(person: Resource) -> None:
    claimed("line:1", want(person))
    with transaction():
        take("line:1")

    with pytest.raises(SlotTaken):
        claimed("line:2", want(person), now=NOW + timedelta(days=365))

    assert states() == [("line:1", "taken")]


@pytest.mark.spec("BC-6")
def test_releasing_twice_frees_one_place_and_not_two(person: Resource) -> None:
    claimed("line:1", want(person))
    with transaction():
        assert release("line:1") == 1
        assert release("line:1") == 0
    claimed("line:2", want(person))

    with pytest.raises(SlotTaken):
        claimed("line:3", want(person))

    assert states() == [("line:1", "released"), ("line:2", "held")]


@pytest.mark.spec("BC-6")
def test_releasing_what_another_now_keeps_takes_nothing_from_him(person: Resource) -> None:
    claimed("line:1", want(person))
    claimed("line:2", want(person), now=SOON + timedelta(seconds=1))

    with transaction():
        assert release("line:1") == 0

    assert states() == [("line:1", "released"), ("line:2", "held")]


def test_a_hold_moves_further_away_and_never_nearer(person: Resource) -> None:
    claimed("line:1", want(person))

    with transaction():
        hold_until("line:1", until=SOON + HOUR)
        hold_until("line:1", until=NOW)

    assert Allocation.objects.get().held_until == SOON + HOUR


def test_a_hold_of_which_a_part_was_lost_is_not_held(person: Resource, room: Resource) -> None:
    claimed("line:1", want(person), want(room))
    with transaction():
        assert holds_all("line:1")
    claimed("line:2", want(room), now=SOON + timedelta(seconds=1))

    with transaction():
        assert not holds_all("line:1")
        assert not holds_all("line:99")


def test_what_was_lost_is_had_again_where_it_is_free(person: Resource, room: Resource) -> None:
    claimed("line:1", want(person), want(room))
    with transaction():
        release("line:1")

    with transaction():
        assert claim_again("line:1", now=NOW)

    assert states() == [("line:1", "released")] * 2 + [("line:1", "taken")] * 2


def test_what_was_lost_to_another_is_not_had_again_not_even_in_part(person: Resource, room: Resource) -> None:
    claimed("line:1", want(person), want(room))
    claimed("line:2", want(room), until=None, now=SOON + timedelta(seconds=1))

    with transaction():
        assert not claim_again("line:1", now=SOON + timedelta(seconds=2))

    assert states() == [("line:1", "released"), ("line:1", "released"), ("line:2", "taken")]


def test_an_action_outside_of_a_transaction_is_our_own_mistake(person: Resource) -> None:
    with pytest.raises(AssertionError, match="claim needs its flow's transaction"):
        claim([want(person)], owner="line:1", until=SOON, now=NOW)

    assert states() == []


def test_a_claim_is_looked_up_in_the_index_of_its_constraint(person: Resource) -> None:
    """A sequential scan here would make each booking slower than the one before it."""
    rows = Allocation.objects.filter(resource=person, seat=1, state__in=("held", "taken"))
    rows = rows.filter(period__overlap=(period().start, period().end))
    with transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = rows.explain()

    assert "no_seat_twice" in plan
    assert "resource_id =" in plan.partition("Index Cond")[2].partition("\n")[0]
