"""What is said of an appointment: it has begun, or nobody came."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from holdfast.booking.models import Booking
from holdfast.catalog.models import Provider
from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.completion import begin_booking, complete_booking, miss_booking
from holdfast.kernel.errors import Conflict, Forbidden, MoveRefused, NotFound
from holdfast.platform.models import User
from tests.flows.books import everything
from tests.support.booked import booked
from tests.support.practice import NOW, Practice, new_member, new_practice, new_user
from tests.support.racing import kinds, race
from tests.support.sandbox import Sandbox
from tests.support.ways import asked_for

pytestmark = pytest.mark.spec("DESK-3")
START = NOW + timedelta(days=1)
EARLY = START - timedelta(minutes=30)
Say = Callable[..., Any]


def said(say: Say, reference: str, *, by: User, now: datetime = START) -> None:
    say(reference, by=by, trade="astrology", now=now)


@pytest.fixture
def reference(practice: Practice, sandbox: Sandbox, customer: User) -> str:
    return booked(practice, sandbox, user=customer)


@pytest.mark.parametrize("role", ["owner", "manager", "staff"])
@pytest.mark.parametrize(("say", "state"), [(begin_booking, "in_progress"), (miss_booking, "no_show")])
def test_who_runs_the_business_says_so(
    practice: Practice, reference: str, role: str, say: Say, state: str
) -> None:
    member = new_member(practice, role)

    said(say, reference, by=member)

    assert Booking.objects.get().state == state
    assert asked_for("booking", "begin") + asked_for("booking", "miss") == [f"staff:{member.pk}"]
    assert look_for_wrongs(now=START) == []


@pytest.mark.parametrize(("say", "state"), [(begin_booking, "in_progress"), (miss_booking, "no_show")])
def test_a_provider_says_so_of_their_own(practice: Practice, reference: str, say: Say, state: str) -> None:
    astrologer, colleague = new_member(practice, "provider"), new_member(practice, "provider")
    Provider.objects.filter(resource=practice.person).update(user=astrologer)

    with pytest.raises(NotFound):
        said(say, reference, by=colleague)
    said(say, reference, by=astrologer)

    assert Booking.objects.get().state == state


@pytest.mark.spec("BC-19")
@pytest.mark.parametrize("say", [begin_booking, miss_booking])
def test_its_customer_may_not_and_others_do_not_find_it(
    practice: Practice, sandbox: Sandbox, customer: User, reference: str, say: Say
) -> None:
    other = new_member(new_practice(sandbox, slug="other"), "owner")
    before = everything()

    with pytest.raises(Forbidden):
        said(say, reference, by=customer)
    for stranger in (new_user(), other):
        with pytest.raises(NotFound):
            said(say, reference, by=stranger)

    assert everything() == before


@pytest.mark.parametrize(("say", "first"), [(begin_booking, EARLY), (miss_booking, START)])
def test_it_is_not_said_too_early_nor_twice(
    practice: Practice, reference: str, say: Say, first: datetime
) -> None:
    owner = new_member(practice, "owner")
    before = everything()

    with pytest.raises(Conflict, match="not begun"):
        said(say, reference, by=owner, now=first - timedelta(seconds=1))
    assert everything() == before
    said(say, reference, by=owner, now=first)
    with pytest.raises(MoveRefused):
        said(say, reference, by=owner, now=START + timedelta(hours=1))


def test_what_began_early_may_be_done_early_and_nobody_can_have_missed_it(
    practice: Practice, reference: str
) -> None:
    owner = new_member(practice, "owner")
    said(begin_booking, reference, by=owner, now=EARLY)

    with pytest.raises(MoveRefused):
        said(miss_booking, reference, by=owner, now=START)
    said(complete_booking, reference, by=owner, now=START - timedelta(minutes=5))

    assert Booking.objects.get().state == "completed"


def test_two_who_say_it_is_done_and_nobody_came_at_once_leave_one_end(
    practice: Practice, reference: str
) -> None:
    owner = new_member(practice, "owner")
    done, missed = (partial(said, say, reference, by=owner) for say in (complete_booking, miss_booking))

    results = race([done, missed] * 3)

    assert kinds(results) == {"MoveRefused": 5, "NoneType": 1}
    assert Booking.objects.get().state in ("completed", "no_show")
    assert look_for_wrongs(now=START) == []
