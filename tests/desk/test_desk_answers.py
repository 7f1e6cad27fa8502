"""Accepting and declining at the desk: who may, by which way, and what is said when it cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from holdfast.platform.models import User
from tests.desk.conftest import browser_of
from tests.flows.books import everything
from tests.support.practice import Practice, new_member, new_practice, new_user
from tests.support.sandbox import Sandbox
from tests.support.ways import AUTHORIZE, HOLD, Sold, asked_for, at_the_gateway, waiting

pytestmark = pytest.mark.spec("GEN-2")


def answer(browser: Client, story: Sold, what: str, **said: str) -> Any:
    return browser.post(f"/desk/bookings/{story.booking}/{what}/", said)


@pytest.mark.parametrize("role", ["owner", "manager", "staff"])
def test_whoever_runs_the_business_accepts_and_the_money_is_taken(
    practice: Practice, toy_gateway: Sandbox, role: str
) -> None:
    story, member = waiting(practice, toy_gateway, AUTHORIZE), new_member(practice, role)

    answered = answer(browser_of(member), story, "accept")

    assert (answered.status_code, answered["Location"]) == (303, f"/desk/bookings/{story.booking}/")
    assert story.stands == ("captured", "completed", "confirmed", "taken")
    assert at_the_gateway(toy_gateway, story.checkout.reference) == ("captured", 0)
    assert asked_for("booking", "approve") == [f"staff:{member.pk}"]


def test_whoever_gives_it_declines_and_says_why(
    practice: Practice, toy_gateway: Sandbox, astrologer: User
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)

    answered = answer(browser_of(astrologer), story, "decline", why="  I am ill ")
    page = browser_of(astrologer).get(answered["Location"]).content.decode()

    assert story.stands[1:] == ("canceled", "declined", "released")
    assert "Why: I am ill" in page
    assert "Please answer by" not in page


def test_the_page_asks_for_an_answer_while_one_is_waited_for(
    practice: Practice, toy_gateway: Sandbox, staff: User
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    browser = browser_of(staff)
    waits, front = browser.get(f"/desk/bookings/{story.booking}/"), browser.get("/desk/")

    answer(browser, story, "accept")

    assert f"/desk/bookings/{story.booking}/accept/" in waits.content.decode()
    assert waits["Referrer-Policy"] == "same-origin"  # else a browser sends the form from nowhere
    assert [shown.reference for shown in front.context["to_answer"]] == [story.booking.reference]
    assert "/accept/" not in browser.get(f"/desk/bookings/{story.booking}/").content.decode()
    assert browser.get("/desk/").context["to_answer"] == []


def test_what_can_no_longer_be_answered_is_said_and_nothing_moves(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    story = waiting(practice, sandbox, HOLD)
    story.decline()
    before = everything()

    answered = answer(browser_of(staff), story, "accept")

    assert answered.status_code == 409
    assert "there is nothing to accept" in answered.content.decode()
    assert everything() == before


def test_a_gateway_that_does_not_answer_is_said_and_asked_on(
    practice: Practice, toy_gateway: Sandbox, staff: User
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    toy_gateway.arm("look_up_500_before", only=story.checkout.reference)

    answered = answer(browser_of(staff), story, "accept")

    assert answered.status_code == 202
    assert "has not answered yet" in answered.content.decode()
    assert story.booking.state == "pending_approval"


@pytest.mark.parametrize("what", ["accept", "decline"])
def test_nobody_else_answers(practice: Practice, toy_gateway: Sandbox, what: str) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    elsewhere = new_practice(toy_gateway, slug="other")
    others = {
        "its customer": browser_of(story.user),
        "a stranger": browser_of(new_user()),
        "another provider": browser_of(new_member(practice, "provider")),
        "staff of another business": browser_of(new_member(elsewhere, "owner")),
        "nobody": Client(),
    }
    before = everything()

    answers = {who: answer(browser, story, what).status_code for who, browser in others.items()}

    assert answers == {
        "its customer": 403,
        "a stranger": 403,
        "another provider": 404,
        "staff of another business": 404,
        "nobody": 302,
    }
    assert everything() == before


@pytest.mark.parametrize("what", ["accept", "decline"])
def test_an_answer_takes_a_post_from_our_own_page(
    practice: Practice, toy_gateway: Sandbox, staff: User, what: str
) -> None:
    story = waiting(practice, toy_gateway, AUTHORIZE)
    elsewhere = Client(enforce_csrf_checks=True)
    elsewhere.force_login(staff)
    before = everything()

    opened = browser_of(staff).get(f"/desk/bookings/{story.booking}/{what}/")
    forged = answer(elsewhere, story, what)

    assert (opened.status_code, forged.status_code) == (405, 403)
    assert everything() == before
