"""The mail of what was bought together in a cart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from icalendar import Calendar

from holdfast.booking.models import Booking
from holdfast.catalog.models import Package
from holdfast.flows.ending import expire_orders
from holdfast.notifications.models import Email
from tests.support.carts import HOLD_ENDS, comes_in, filled, three_of, wanted
from tests.support.practice import Practice
from tests.support.sandbox import Sandbox
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-13", "PUJ-5")
LATE = HOLD_ENDS + timedelta(minutes=10)


def sent() -> list[Any]:
    return list(mail.outbox)


def test_each_line_of_a_cart_is_confirmed_at_its_price_with_its_own_file(
    practice: Practice, sandbox: Sandbox
) -> None:
    practice.business.promo_codes.create(code="TENTH", percent=10)
    cart = filled(*three_of(practice))
    cart.cheaper_by("TENTH")
    comes_in(sandbox, cart.place())

    work()

    paid = [line for message in sent() for line in message.body.splitlines() if line.startswith("Paid:")]
    assert [line.split()[-1] for line in paid] == ["₹899.10", "₹1,799.10", "₹450.01"]
    files = [Calendar.from_ical(message.attachments[0].get_payload(decode=True)) for message in sent()]
    named = {str(event["UID"]) for file in files for event in file.walk("VEVENT")}
    assert named == {f"{booking.reference}@localhost" for booking in Booking.objects.all()}


def test_a_package_says_where_it_is(practice: Practice, sandbox: Sandbox) -> None:
    package = Package.objects.create(
        offering=practice.offering, name="At home", price=249_900, location="At your home"
    )
    comes_in(sandbox, filled(wanted(practice.offering, package=package)).place())

    work()

    (message,) = sent()
    assert "Gemstone Consultation (At home) is confirmed." in message.body
    assert "Where:     At your home" in message.body


def test_a_payment_that_failed_leads_to_where_its_cart_can_be_paid_again(
    practice: Practice, sandbox: Sandbox
) -> None:
    checkout = filled(*three_of(practice)).place()
    comes_in(sandbox, checkout, outcome="fail")

    work()

    (message,) = sent()
    assert message.subject.startswith("Not paid yet: ")
    assert message.subject.endswith(" and 2 more")
    assert (
        f"https://yourapp.com/puja-booking-failed?merchant_transaction_id={checkout.reference}"
        in message.body
    )


def test_money_for_what_was_withdrawn_is_explained_by_what_it_was_for(
    practice: Practice, sandbox: Sandbox
) -> None:
    cart = filled(wanted(practice.offering, "10:00"))
    checkout = cart.place()
    expire_orders(now=HOLD_ENDS)
    cart.put(wanted(practice.offering, "15:00"), now=LATE)
    comes_in(sandbox, checkout, now=LATE)

    work()

    (message,) = [one for one in sent() if "goes back to you" in one.subject]
    assert "it was not asked for any more" in message.body
    assert "10:00–10:30" in message.body
    assert "15:00" not in message.body


def test_a_cart_whose_time_has_run_out_is_open_again_and_nobody_is_written_to(practice: Practice) -> None:
    filled(*three_of(practice)).place()
    expire_orders(now=HOLD_ENDS)

    work()

    assert sent() == []
    assert not Email.objects.exists()
