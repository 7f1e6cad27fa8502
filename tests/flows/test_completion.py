"""Completion: said by who gives the service or runs the business, once it has begun."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from holdfast.booking.models import Booking
from holdfast.catalog.models import Provider
from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.completion import complete_booking
from holdfast.kernel.errors import Conflict, Forbidden, MoveRefused, NotFound
from holdfast.platform.models import Transition, User
from tests.flows.books import everything
from tests.support.booked import booked
from tests.support.practice import NOW, Practice, new_member, new_practice, new_user
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.spec("AST-9")
START = NOW + timedelta(days=1)


def complete(reference: str, *, by: User, now: datetime = START) -> None:
    complete_booking(reference, by=by, trade="astrology", now=now)


@pytest.fixture
def reference(practice: Practice, sandbox: Sandbox, customer: User) -> str:
    return booked(practice, sandbox, user=customer)


@pytest.mark.parametrize("role", ["owner", "manager", "staff"])
def test_who_runs_the_business_completes_it(practice: Practice, reference: str, role: str) -> None:
    member = new_member(practice, role)

    complete(reference, by=member)

    assert Booking.objects.get().state == "completed"
    assert Transition.objects.filter(subject="booking").latest("seq").actor == f"staff:{member.pk}"
    assert look_for_wrongs(now=START) == []


def test_a_provider_completes_what_is_theirs_to_give(practice: Practice, reference: str) -> None:
    astrologer, colleague = new_member(practice, "provider"), new_member(practice, "provider")
    Provider.objects.filter(resource=practice.person).update(user=astrologer)

    with pytest.raises(NotFound):
        complete(reference, by=colleague)
    complete(reference, by=astrologer)

    assert Booking.objects.get().state == "completed"


@pytest.mark.spec("BC-19")
def test_its_customer_may_not_and_others_do_not_find_it(
    practice: Practice, sandbox: Sandbox, customer: User, reference: str
) -> None:
    other = new_member(new_practice(sandbox, slug="other"), "owner")
    before = everything()

    with pytest.raises(Forbidden):
        complete(reference, by=customer)
    for stranger in (new_user(), other):
        with pytest.raises(NotFound):
            complete(reference, by=stranger)

    assert everything() == before


def test_it_is_not_completed_before_it_begins_nor_twice_nor_canceled(
    practice: Practice, sandbox: Sandbox, customer: User, reference: str
) -> None:
    owner = new_member(practice, "owner")
    canceled = booked(practice, sandbox, user=customer, at="12:00")
    cancel_booking(canceled, by=customer, trade="astrology", now=NOW)

    with pytest.raises(Conflict, match="not begun"):
        complete(reference, by=owner, now=START - timedelta(seconds=1))
    complete(reference, by=owner)
    before = everything()
    for one in (reference, canceled):
        with pytest.raises(MoveRefused):
            complete(one, by=owner, now=START + timedelta(hours=3))

    assert everything() == before


def test_what_is_completed_is_not_canceled_by_anybody(
    practice: Practice, customer: User, reference: str
) -> None:
    owner = new_member(practice, "owner")
    complete(reference, by=owner)

    for who in (customer, owner):
        with pytest.raises(MoveRefused):
            cancel_booking(reference, by=who, trade="astrology", now=START)

    assert Booking.objects.get().state == "completed"
