"""A trade is one folder and one line: the barber's is tests/support/barber, and nothing else knows of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.booking.models import Booking
from holdfast.catalog.models import Offering
from holdfast.flows.audit import look_for_wrongs
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import Payment
from tests.support.booked import api_of
from tests.support.practice import DAY, Practice, new_member, new_user
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.urls("tests.support.barber.urls")


@pytest.fixture
def cut(practice: Practice) -> Offering:
    offering = Offering.objects.create(
        business=practice.business,
        trade="barber",
        title="A cut",
        price=40_000,
        duration=timedelta(minutes=30),
        horizon=timedelta(days=400),
    )
    offering.resources.add(practice.person)
    return offering


@pytest.mark.spec("GEN-2", "GEN-5")
def test_a_trade_of_one_folder_and_one_line_sells_from_the_hold_to_the_acceptance(
    practice: Practice, sandbox: Sandbox, cut: Offering
) -> None:
    customer, barber = api_of(new_user()), api_of(new_member(practice, "owner"))

    booked = customer.send("/api/barber/cuts/", {"cut": cut.pk, "at": f"{DAY}T10:00"})
    assert (booked.status_code, booked.json()["state"]) == (200, "to pay")
    payment = Payment.objects.get()
    sandbox.settle(payment.reference)
    settle(payment.pk, now=utc_now())
    accept = f"/api/barber/cuts/{booked.json()['booking']}/accept/"
    accepted = barber.send(accept)

    assert booked.json()["payment_url"].startswith(sandbox.url)
    assert (accepted.status_code, accepted.json()) == (200, {"state": "on"})
    assert Booking.objects.get().state == "confirmed"
    assert customer.send(accept).status_code == 403
    assert look_for_wrongs(now=utc_now()) == []


def test_its_field_errors_are_in_its_own_names(practice: Practice, cut: Offering) -> None:
    refused = api_of(new_user()).send("/api/barber/cuts/", {"cut": cut.pk, "at": f"{DAY}T03:00"})

    assert refused.status_code == 400
    assert refused.json() == {"at": ["This is not one of the open times of that day."]}
    assert not Booking.objects.exists()
