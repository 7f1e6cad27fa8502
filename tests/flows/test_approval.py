"""Who may answer for a business, until when, and how it is reminded that somebody must."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from holdfast.booking.models import Booking
from holdfast.catalog.models import Member, Provider
from holdfast.flows.approval import approve_booking, decline_booking, decline_unanswered, warn_of_deadlines
from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.rescheduling import reschedule_booking
from holdfast.kernel.errors import Conflict, Forbidden, NotFound
from holdfast.platform.models import User
from tests.flows.books import everything
from tests.support.practice import NOW, Practice, new_member, new_practice, new_user
from tests.support.sandbox import Sandbox
from tests.support.ways import (
    AUTHORIZE,
    HOLD,
    SOON,
    TRADE,
    Sold,
    asked_for,
    assert_all_is_well,
    assert_the_money_goes_back,
    reminders,
    waiting,
)

pytestmark = pytest.mark.spec("BC-2", "BC-14", "BC-22")
HOURS, A_MOMENT = timedelta(hours=1), timedelta(microseconds=1)
UNHURRIED = 30 * 86_400
ANSWERS = {"accepting": approve_booking, "declining": decline_booking}


@pytest.fixture
def story(practice: Practice, sandbox: Sandbox) -> Sold:
    """A booking that has been paid for, and waits for its answer."""
    return waiting(practice, sandbox, HOLD)


def giver_of(practice: Practice, story: Sold, *, role: str = Member.Role.PROVIDER) -> User:
    """A member who is also the person that gives the service."""
    user = new_member(practice, role)
    Provider.objects.filter(resource=practice.person).update(user=user)
    return user


@pytest.mark.parametrize("role", ["owner", "manager", "staff"])
@pytest.mark.parametrize("answer", ["accepting", "declining"])
def test_who_runs_the_business_answers_and_is_named(
    practice: Practice, story: Sold, role: str, answer: str
) -> None:
    member = new_member(practice, role)

    ANSWERS[answer](story.booking.reference, by=member, trade=TRADE, now=SOON)

    event = {"accepting": "approve", "declining": "decline"}[answer]
    assert asked_for("booking", event) == [f"staff:{member.pk}"]
    assert_all_is_well()


def test_the_person_who_gives_it_may_accept_it(practice: Practice, story: Sold) -> None:
    giver = giver_of(practice, story)

    story.approve(by=giver)

    assert story.booking.state == "confirmed"
    assert asked_for("booking", "approve") == [f"staff:{giver.pk}"]


@pytest.mark.spec("BC-19")
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_nobody_else_answers_and_the_customer_least_of_all(
    practice: Practice, sandbox: Sandbox, story: Sold, answer: Any
) -> None:
    other = new_practice(sandbox, slug="other")
    strangers = [new_user(), new_member(practice, "provider"), new_member(other, "owner")]
    before = everything()

    for stranger in strangers:
        with pytest.raises(NotFound):
            answer(story.booking.reference, by=stranger, trade=TRADE, now=SOON)
    with pytest.raises(Forbidden):
        answer(story.booking.reference, by=story.user, trade=TRADE, now=SOON)
    with pytest.raises(NotFound):
        answer(story.booking.reference, by=story.owner, trade="puja", now=SOON)
    with pytest.raises(NotFound):
        answer("ASTRO_BOOK_20300101_NONE", by=story.owner, trade=TRADE, now=SOON)

    assert everything() == before


@pytest.mark.spec("BC-19")
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_who_runs_the_business_does_not_answer_for_their_own_booking(
    story: Sold, practice: Practice, answer: Any
) -> None:
    Member.objects.create(business=practice.business, user=story.user, role=Member.Role.OWNER)
    before = everything()

    with pytest.raises(Forbidden):
        answer(story.booking.reference, by=story.user, trade=TRADE, now=SOON)

    assert everything() == before


def test_an_answer_is_given_once_and_the_opposite_one_is_refused(
    practice: Practice, sandbox: Sandbox, story: Sold
) -> None:
    turned_away = waiting(practice, sandbox, HOLD, at="12:00")
    story.approve()
    turned_away.decline()
    books = everything()

    story.approve(now=SOON + HOURS)
    turned_away.decline(now=SOON + HOURS)
    with pytest.raises(Conflict, match="it can no longer be declined"):
        story.decline()
    with pytest.raises(Conflict, match="is declined: there is nothing to accept"):
        turned_away.approve()

    assert everything() == books


def test_nothing_is_accepted_after_it_was_to_be_answered_and_has_been_declined(
    sandbox: Sandbox, story: Sold
) -> None:
    until = story.booking.answer_by
    assert until is not None
    decline_unanswered(now=until)

    with pytest.raises(Conflict, match="is declined"):
        story.approve(now=until)

    assert asked_for("booking", "decline") == ["clock"]
    assert_the_money_goes_back(sandbox, story, now=until)


def test_one_that_cannot_be_declined_does_not_keep_the_others_waiting(
    practice: Practice, sandbox: Sandbox, story: Sold
) -> None:
    later = waiting(practice, sandbox, HOLD, at="12:00")
    story.approve()
    until = later.booking.answer_by
    assert until is not None

    assert decline_unanswered(now=until) == 1

    assert (story.booking.state, later.booking.state) == ("confirmed", "declined")
    assert decline_unanswered(now=until) == 0


# ---- the clock -----------------------------------------------------------------------------------------


def test_who_must_answer_before_the_start_has_no_longer_than_until_then(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = waiting(practice, sandbox, HOLD, day=(NOW + 24 * HOURS).date().isoformat())

    assert story.booking.answer_by == story.booking.starts_at


def test_what_waits_and_is_moved_nearer_is_answered_before_its_new_start(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = waiting(practice, sandbox, replace(HOLD, approve_within=UNHURRIED))
    assert story.booking.answer_by == story.booking.starts_at

    nearer = datetime.combine((NOW + 72 * HOURS).date(), time(12))
    reschedule_booking(story.booking.reference, nearer, by=story.user, trade=TRADE, now=SOON)

    assert story.booking.answer_by == story.booking.starts_at == NOW + 74 * HOURS
    assert decline_unanswered(now=story.booking.starts_at) == 1
    assert_the_money_goes_back(sandbox, story, now=NOW + 74 * HOURS)


def test_reserved_money_is_answered_for_an_hour_before_it_lapses_and_set_free_in_time(
    practice: Practice, reserving: Sandbox
) -> None:
    story = waiting(practice, reserving, replace(AUTHORIZE, approve_within=UNHURRIED))
    lapses = story.payment.capture_before
    assert lapses is not None
    assert story.booking.answer_by == lapses - HOURS

    assert decline_unanswered(now=lapses - HOURS - A_MOMENT) == 0
    assert decline_unanswered(now=lapses - HOURS) == 1

    assert story.stands == ("authorized", "canceled", "declined", "released")
    story.resolve(now=lapses - HOURS)
    assert story.stands[0] == "voided"
    assert_all_is_well(now=lapses)


def test_accepting_after_the_lapse_is_refused_with_the_reason_and_nothing_moves(
    practice: Practice, reserving: Sandbox
) -> None:
    story = waiting(practice, reserving, replace(AUTHORIZE, approve_within=UNHURRIED))
    lapses = story.payment.capture_before
    assert lapses is not None
    before, calls = everything(), reserving.calls()

    with pytest.raises(Conflict, match="The authorization has lapsed: its money can no longer be taken"):
        story.approve(now=lapses)

    assert everything() == before
    assert reserving.calls() == calls
    found = look_for_wrongs(now=lapses)  # somebody is told that no clock has declined it
    assert [wrong.check for wrong in found] == ["approval that nobody has given in time"]


def reminded(*, now: Any) -> int:
    """How many reminders a look at this time sends."""
    before = reminders()
    warn_of_deadlines(now=now)
    return reminders() - before


@pytest.mark.parametrize("terms", [HOLD, AUTHORIZE], ids=["taken", "reserved"])
def test_the_business_is_reminded_two_days_and_one_day_before_and_each_time_once(
    practice: Practice, reserving: Sandbox, terms: Any
) -> None:
    story = waiting(practice, reserving, replace(terms, approve_within=UNHURRIED))
    until = story.booking.answer_by
    assert until is not None

    assert reminded(now=until - 48 * HOURS - A_MOMENT) == 0
    assert reminded(now=until - 48 * HOURS) == 1
    assert reminded(now=until - 47 * HOURS) == 0
    assert reminded(now=until - 24 * HOURS - A_MOMENT) == 0
    assert reminded(now=until - 24 * HOURS) == 1
    assert reminded(now=until - HOURS) == 0
    assert reminded(now=until) == 0


def test_a_business_that_was_asked_with_less_time_than_that_is_not_reminded_at_once(
    practice: Practice, sandbox: Sandbox, story: Sold
) -> None:
    until = story.booking.answer_by
    assert until == SOON + 48 * HOURS
    short = waiting(practice, sandbox, replace(HOLD, approve_within=12 * 3_600), at="12:00")

    assert reminded(now=SOON + timedelta(minutes=5)) == 0
    assert short.booking.warned == 2
    assert reminded(now=SOON + 11 * HOURS) == 0
    assert reminded(now=until - 24 * HOURS) == 1


def test_after_a_pause_the_business_is_reminded_once_and_not_of_what_is_past(
    practice: Practice, sandbox: Sandbox
) -> None:
    story = waiting(practice, sandbox, replace(HOLD, approve_within=96 * 3_600))
    until = story.booking.answer_by
    assert until is not None

    assert reminded(now=until - 20 * HOURS) == 1
    assert reminded(now=until - 19 * HOURS) == 0


@pytest.mark.parametrize("answer", [Sold.approve, Sold.decline], ids=["accepted", "declined"])
def test_nobody_is_reminded_of_what_has_been_answered(
    practice: Practice, sandbox: Sandbox, answer: Any
) -> None:
    story = waiting(practice, sandbox, replace(HOLD, approve_within=96 * 3_600))
    until = story.booking.answer_by
    answer(story)

    assert until is not None
    assert reminded(now=until - 20 * HOURS) == 0
    assert Booking.objects.get().answer_by is None
