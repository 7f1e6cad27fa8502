"""The subjects of a trade's mail are data of its terms; what they do not name is said as everywhere."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.core import mail

from holdfast.surfaces.hotels.terms import TERMS as OF_HOTELS
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox
from tests.support.ways import AUTHORIZE, waiting
from tests.support.worker import work

CUSTOMER = "user@example.com"
WORDED = replace(AUTHORIZE, subjects=OF_HOTELS.subjects)


def subjects_to(address: str) -> list[str]:
    return [str(message.subject) for message in mail.outbox if message.to == [address]]


@pytest.mark.spec("HOT-7", "GEN-13")
def test_what_was_authorized_and_then_confirmed_is_told_under_the_words_of_the_terms(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = waiting(practice, toy_gateway, WORDED)
    story.approve()
    work()

    name = story.booking.reference
    assert subjects_to(CUSTOMER) == [
        f"Payment authorized — awaiting hotel confirmation ({name})",
        f"Booking Confirmed - {name}",
    ]


@pytest.mark.spec("HOT-7", "GEN-13")
def test_what_was_charged_is_not_called_authorized(practice: Practice, sandbox: Sandbox) -> None:
    story = waiting(practice, sandbox, WORDED)
    story.decline()
    work()

    name = story.booking.reference
    assert subjects_to(CUSTOMER) == [
        f"Payment received — awaiting hotel confirmation ({name})",
        f"Booking Update - {name}",
    ]


@pytest.mark.spec("GEN-13")
def test_terms_that_name_no_subject_and_terms_of_before_there_were_any_say_what_every_trade_says(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = waiting(practice, toy_gateway, WORDED)
    order = story.order
    placed = {name: said for name, said in order.terms_placed.items() if name not in ("subjects", "keyed")}
    type(order).objects.filter(pk=order.pk).update(terms_placed=placed)

    work()

    assert [subject.partition(",")[0] for subject in subjects_to(CUSTOMER)] == [
        "Received: Gemstone Consultation"
    ]
