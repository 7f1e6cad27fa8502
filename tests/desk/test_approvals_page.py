"""The approvals: who sees what in them, in which order, with which words; and what an answer there says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from holdfast.booking.models import Booking
from holdfast.flows.approval import warn_of_deadlines
from holdfast.platform.models import User
from tests.desk.conftest import browser_of
from tests.flows.books import everything
from tests.support.practice import NOW, Practice, new_member, new_practice, new_user
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements
from tests.support.ways import AUTHORIZE, HOLD, Sold, at_the_gateway, waiting

pytestmark = pytest.mark.spec("WEB-4", "HOT-6")


def queue(user: User, **asked: str) -> Any:
    return browser_of(user).get("/desk/approvals/", asked)


def answer(user: User, story: Sold, what: str, **said: str) -> Any:
    there = {"from": "approvals"} | said
    return browser_of(user).post(f"/desk/bookings/{story.booking}/{what}/", there, follow=True)


def listed(page: Any) -> list[str]:
    return [one.reference for one in page.context["waiting"]]


def in_words(page: Any) -> str:
    """The text of a page's main part, without its markup."""
    main = page.content.decode().partition("<main")[2].partition("</main")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def test_the_nearest_end_comes_first_whatever_was_booked_first(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    first, second, third = (waiting(practice, sandbox, HOLD, at=at) for at in ("10:00", "11:00", "12:00"))
    for story, hours in ((first, 60), (second, 2), (third, 30)):
        Booking.objects.filter(pk=story.booking.pk).update(answer_by=NOW + timedelta(hours=hours))

    page = queue(staff)

    assert listed(page) == [story.booking.reference for story in (second, third, first)]
    assert 'Approvals&nbsp;<span class="count">3<' in page.content.decode()


def test_a_row_says_what_is_reserved_until_when_and_how_long_there_is(
    practice: Practice, reserving: Sandbox, staff: User
) -> None:
    story = waiting(practice, reserving, AUTHORIZE)

    shown = in_words(queue(staff))

    zone, until, by = practice.business.zone, story.payment.capture_before, story.booking.answer_by
    assert until is not None
    assert by is not None
    assert "₹1,999.00 reserved" in shown
    assert f"authorized until {until.astimezone(zone):%-d %B %Y, %H:%M}" in shown
    assert f"Answer by {by.astimezone(zone):%A, %-d %B %Y, %H:%M}" in shown
    assert re.search(r"\d days?(, \d+ hours?)? left", shown)


def test_money_that_has_been_taken_is_called_paid_and_has_no_authorization(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    waiting(practice, sandbox, AUTHORIZE)  # at a gateway that cannot reserve

    shown = in_words(queue(staff))

    assert "₹1,999.00 paid" in shown
    assert "authorized until" not in shown


@pytest.mark.parametrize(("hours", "warned"), [(49, ""), (47, "under 48 hours"), (23, "under 24 hours")])
def test_a_row_says_that_the_business_has_been_warned(
    practice: Practice, reserving: Sandbox, staff: User, hours: int, warned: str
) -> None:
    story = waiting(practice, reserving, replace(AUTHORIZE, approve_within=4 * 86_400))
    assert story.booking.answer_by is not None

    warn_of_deadlines(now=story.booking.answer_by - timedelta(hours=hours))

    assert [one.warned for one in queue(staff).context["waiting"]] == [warned]


def test_whoever_runs_the_business_accepts_there_and_the_money_is_taken(
    practice: Practice, reserving: Sandbox, staff: User
) -> None:
    story = waiting(practice, reserving, AUTHORIZE)

    page = answer(staff, story, "accept")

    assert page.redirect_chain == [("/desk/approvals/", 303)]
    assert "It is accepted, and its customer is told." in in_words(page)
    assert listed(page) == []
    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert at_the_gateway(reserving, story.checkout.reference) == ("captured", 0)


def test_a_decline_there_keeps_its_reason_and_stays_with_the_business_that_was_shown(
    practice: Practice, reserving: Sandbox, staff: User
) -> None:
    story = waiting(practice, reserving, AUTHORIZE)

    page = answer(staff, story, "decline", business=practice.business.slug, why="We are full")

    assert page.redirect_chain == [(f"/desk/approvals/?business={practice.business.slug}", 303)]
    assert story.stands[1:] == ("canceled", "declined", "released")
    assert "Why: We are full" in in_words(browser_of(staff).get(f"/desk/bookings/{story.booking}/"))


def test_whoever_comes_second_is_told_what_the_first_decided_and_nothing_moves(
    practice: Practice, reserving: Sandbox, staff: User
) -> None:
    story = waiting(practice, reserving, AUTHORIZE)
    answer(new_member(practice, "manager"), story, "decline")
    before = everything()

    opposite, same = answer(staff, story, "accept"), answer(staff, story, "decline")

    assert (opposite.status_code, same.status_code) == (409, 200)
    assert "This booking is declined: there is nothing to accept." in in_words(opposite)
    assert listed(opposite) == []
    assert everything() == before


def test_a_decline_while_the_gateway_is_asked_for_the_money_is_refused_and_keeps_what_was_written(
    practice: Practice, reserving: Sandbox, staff: User
) -> None:
    story = waiting(practice, reserving, AUTHORIZE)
    reserving.arm("look_up_500_before", only=story.checkout.reference)

    unknown = answer(staff, story, "accept")
    before = everything()
    refused = answer(staff, story, "decline", answering=story.booking.reference, why="We are full")

    assert (unknown.status_code, refused.status_code) == (202, 409)
    assert "has not answered yet" in in_words(unknown)
    assert "It is being accepted at this moment" in in_words(queue(staff))
    assert [one.may_be_answered for one in queue(staff).context["waiting"]] == [False]
    assert everything() == before


@pytest.mark.spec("HOT-5")
def test_money_that_cannot_be_had_is_said_with_why_and_whom_it_was_asked_of(
    practice: Practice, reserving: Sandbox, staff: User
) -> None:
    story = waiting(practice, reserving, AUTHORIZE)
    reserving.arm("capture_declined", only=story.checkout.reference)

    page = answer(staff, story, "accept")

    assert page.status_code == 409
    shown = in_words(page)
    assert "The reserved money could not be taken. Your customer has been asked to pay again." in shown
    assert "Asked to pay again" in shown
    assert "The gateway would not take what it had reserved. The time is kept until" in shown
    assert (listed(page), [one.appointment.reference for one in page.context["again"]]) == (
        [],
        [story.booking.reference],
    )
    assert story.booking.state == "pending_payment"


@pytest.mark.spec("GEN-2")
@pytest.mark.spec("BC-19")
def test_each_sees_what_is_theirs_to_answer_and_no_other_business_is_there(
    practice: Practice, sandbox: Sandbox, astrologer: User
) -> None:
    own = waiting(practice, sandbox, HOLD)
    elsewhere = new_practice(sandbox, slug="other")
    other = waiting(elsewhere, sandbox, HOLD, at="12:00")
    both = new_member(practice, "staff")
    elsewhere.business.members.create(user=both, role="staff")
    people = {
        "staff": new_member(practice, "staff"),
        "who gives it": astrologer,
        "another provider": new_member(practice, "provider"),
        "staff of the other": new_member(elsewhere, "staff"),
        "staff of both": both,
    }

    seen = {who: sorted(listed(queue(user))) for who, user in people.items()}
    of_one = queue(both, business="other")
    not_theirs = queue(people["staff"], business="other")

    ours, theirs = own.booking.reference, other.booking.reference
    assert seen == {
        "staff": [ours],
        "who gives it": [ours],
        "another provider": [],
        "staff of the other": [theirs],
        "staff of both": sorted([ours, theirs]),
    }
    assert listed(of_one) == [theirs]
    assert not_theirs.status_code == 404
    assert queue(new_user()).status_code == 403


def test_nobody_is_asked_to_answer_what_is_their_own(practice: Practice, sandbox: Sandbox) -> None:
    member = new_member(practice, "staff")
    waiting(practice, sandbox, HOLD, user=member)

    page = queue(member)

    assert "It is your own: somebody else must answer." in in_words(page)
    assert "/accept/" not in page.content.decode()


def test_three_cost_as_many_statements_as_one(practice: Practice, reserving: Sandbox, staff: User) -> None:
    browser = browser_of(staff)
    waiting(practice, reserving, AUTHORIZE)
    browser.get("/desk/approvals/")
    with count_statements() as with_one:
        browser.get("/desk/approvals/")
    for at in ("11:00", "12:00"):
        waiting(practice, reserving, AUTHORIZE, at=at)

    with count_statements() as with_three:
        page = browser.get("/desk/approvals/")

    assert len(listed(page)) == 3
    assert len(with_three) == len(with_one), with_three
