"""Mail about money that goes back says whether there is still a booking."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from holdfast.flows.completion import miss_booking
from holdfast.flows.giving_back import preview_refund, refund_booking
from holdfast.kernel.money import Money
from holdfast.platform.models import User
from tests.support.practice import Practice, new_member
from tests.support.sandbox import Sandbox
from tests.support.shop import Story, at, bought
from tests.support.ways import SOON, TRADE
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-11", "GEN-13")


@pytest.fixture
def staff(practice: Practice) -> User:
    return new_member(practice, "staff")


@pytest.fixture
def story(practice: Practice, sandbox: Sandbox) -> Story:
    return bought(sandbox, at(practice.offering, "10:00"))


def given_back(story: Story, amount: Money | None, *, by: User) -> str:
    """What the customer is written about an amount, or about all that can go back."""
    reference = story.booking.reference
    left = preview_refund(reference, by=by, trade=TRADE, now=SOON).all_of_it
    refund_booking(reference, amount or left, left=left, reason="we were late", by=by, trade=TRADE, now=SOON)
    work()
    [said] = [one.body for one in mail.outbox if "goes back to you" in one.subject]
    return str(said)


def test_who_gets_all_of_it_back_and_keeps_the_booking_is_told_so(story: Story, staff: User) -> None:
    said = given_back(story, None, by=staff)

    assert story.booking.state == "confirmed"
    assert "₹1,999.00, all of it" in said
    assert "Your booking stands." in said
    assert "another time" not in said


def test_who_has_not_come_is_not_told_that_the_booking_stands(story: Story, staff: User) -> None:
    after = story.booking.ends_at + timedelta(minutes=1)
    miss_booking(story.booking.reference, by=staff, trade=TRADE, now=after)

    said = given_back(story, Money(50_000, "INR"), by=staff)

    assert "₹500.00" in said
    assert "Your booking stands." not in said
    assert "To choose another time" in said
