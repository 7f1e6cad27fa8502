"""What a trade's terms say of its mail: the subjects, and whether it brings along a key to the booking."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.core import mail

from holdfast.orders.guest_keys import opens
from holdfast.orders.models import GuestKey
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
    first, second = (str(message.body) for message in mail.outbox if message.to == [CUSTOMER])
    assert "Reserved:  ₹1,999.00" in first  # as it was, though it has been taken since
    assert "Paid:      ₹1,999.00" in second


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


@pytest.mark.spec("HOT-8", "GEN-7", "GEN-13")
def test_each_mail_about_what_is_keyed_brings_a_key_of_its_own_which_nothing_else_holds(
    practice: Practice, toy_gateway: Sandbox
) -> None:
    story = waiting(
        practice, toy_gateway, replace(WORDED, keyed=True, confirmation_address="/stays/{booking}/")
    )
    page = f"http://testserver/stays/{story.booking.reference}/"
    work()
    story.approve()
    work()

    told: list[Any] = [message for message in mail.outbox if message.to == [CUSTOMER]]
    keys = [re.findall(rf"{page}\?key=([a-z2-7]{{32}})\n", message.body) for message in told]
    (first,), (second,) = keys
    assert first != second
    assert all(opens(key, story.order) for key in (first, second))
    assert not set(GuestKey.objects.values_list("digest", flat=True)) & {first, second}
    for message, (key,) in zip(told, keys, strict=True):
        assert f"{page}?key={key}" in str(message.alternatives[0][0])
        assert "may cancel it" in message.body
    (file,) = told[1].attachments
    assert "key=" not in file.get_payload(decode=True).decode().replace("\r\n ", "")


@pytest.mark.spec("GEN-7")
def test_a_mail_to_the_business_makes_no_key(practice: Practice, toy_gateway: Sandbox) -> None:
    waiting(practice, toy_gateway, replace(WORDED, keyed=True))
    practice.business.email = "hello@jyoti.test"
    practice.business.save()

    work()

    assert len(mail.outbox) == 2
    assert GuestKey.objects.count() == 1
