"""The page of a link to pay, and how a payment by one ended: for whoever holds it, and nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from holdfast.booking.models import Booking
from holdfast.flows.callers import Caller
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.counter import Pays, Wanted, book_at_the_counter
from holdfast.flows.pay_links import link_for
from holdfast.flows.refunds import give_back_what_waits
from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.orders.models import Due, Order
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from holdfast.surfaces.astrology.terms import TERMS
from tests.support.practice import Practice, choice, new_member
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.spec("DESK-4")


@pytest.fixture
def staff(practice: Practice) -> User:
    return new_member(practice, "staff")


@pytest.fixture
def asked(practice: Practice, staff: User) -> Booking:
    return booked_in(practice, staff)


def booked_in(practice: Practice, staff: User, **said: Any) -> Booking:
    day = (utc_now() + timedelta(days=2)).date().isoformat()
    chosen = choice(practice.offering, day=day)
    told: dict[str, Any] = {"pays": Pays.LATER, "terms": TERMS}
    caller = Caller(name="A caller", phone="98765 43210", email="caller@example.com")
    wanted = Wanted(chosen.offering, chosen.starts_at, caller=caller, **(told | said))
    return book_at_the_counter(wanted, by=staff, now=utc_now())


def page_of(booking: Booking, staff: User) -> str:
    """The path of a new link to what the booking asks for first."""
    due = Due.objects.filter(order=booking.line.order_id, withdrawn_at=None).order_by("pk")[0]
    address = link_for(booking.reference, due.pk, by=staff, trade="astrology", now=utc_now())
    return "/" + address.split("/", 3)[3]


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def paid(sandbox: Sandbox, *, outcome: str = "pay") -> Payment:
    payment = Payment.objects.order_by("-pk")[0]
    sandbox.settle(payment.reference, outcome)
    settle(payment.pk, now=utc_now())
    return Payment.objects.get(pk=payment.pk)


def test_whoever_holds_a_link_sees_what_when_and_how_much_and_no_contact(
    asked: Booking, staff: User, client: Client
) -> None:
    answer = client.get(page_of(asked, staff))

    shown = text_of(answer)
    for told in ("Jyoti", "Gemstone Consultation", "₹1,999.00", "10:00–10:30", "The time is kept until"):
        assert told in shown
    assert not any(secret in shown for secret in ("A caller", "caller@example.com", "43210", asked.reference))
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"


def test_going_on_opens_a_payment_and_shows_the_way_to_it(
    asked: Booking, staff: User, client: Client, sandbox: Sandbox
) -> None:
    path = page_of(asked, staff)

    opened = text_of(Client(enforce_csrf_checks=True).post(path))
    payment = Payment.objects.get()
    settled = paid(sandbox)
    back = client.get(f"/pay/return/{payment.reference}/")
    done = text_of(client.get(back["Location"]))

    assert f'href="{payment.payment_url}"' in opened.replace("&amp;", "&")
    assert settled.wins
    assert back["Location"].endswith(f"/pay/done/{payment.reference}/")
    assert "Thank you: it is paid" in done
    assert asked.reference in done
    assert "This has been paid" in text_of(client.get(path))


def test_a_payment_that_fails_leads_back_to_the_link(
    asked: Booking, staff: User, client: Client, sandbox: Sandbox
) -> None:
    path = page_of(asked, staff)
    client.post(path)
    failed = paid(sandbox, outcome="fail")

    back = client.get(f"/pay/return/{failed.reference}/")
    done = text_of(client.get(back["Location"]))
    again = text_of(client.get(path))

    assert "The payment did not go through" in done
    assert "open it again and try once more" in done
    assert "Go on to pay ₹1,999.00" in again


def test_the_page_of_a_payment_under_way_waits(asked: Booking, staff: User, client: Client) -> None:
    client.post(page_of(asked, staff))
    payment = Payment.objects.get()

    answer = client.get(f"/pay/done/{payment.reference}/")

    assert (answer.status_code, answer["Location"]) == (303, f"/pay/return/{payment.reference}/")


def test_what_was_canceled_is_said_kindly_and_takes_nothing(
    asked: Booking, staff: User, client: Client
) -> None:
    path = page_of(asked, staff)
    cancel_booking(asked.reference, by=staff, trade="astrology", now=utc_now())

    shown, refused = client.get(path), client.post(path)

    assert (shown.status_code, refused.status_code) == (200, 409)
    assert "Nothing is to be paid here any more" in text_of(shown)
    assert "Go on to pay" not in text_of(shown)
    assert Payment.objects.count() == 0


def test_money_that_does_not_match_is_looked_into_and_asked_for_no_second_time(
    asked: Booking, staff: User, client: Client, sandbox: Sandbox
) -> None:
    path = page_of(asked, staff)
    client.post(path)
    sandbox.arm("status_amount_in_rupees", only=Payment.objects.get().reference)
    assert paid(sandbox).quarantined

    shown, refused = client.get(path), client.post(path)

    assert "Your payment is being looked into" in text_of(shown)
    assert "Go on to pay" not in text_of(shown)
    assert refused.status_code == 409
    assert Payment.objects.count() == 1

    give_back_what_waits(Payment.objects.get().pk, by=f"staff:{staff.pk}", now=utc_now())

    assert "Go on to pay" in text_of(client.get(path))


def test_a_time_that_has_run_out_is_said_kindly_and_takes_nothing(
    asked: Booking, staff: User, client: Client
) -> None:
    path = page_of(asked, staff)
    Order.objects.update(expires_at=utc_now() - timedelta(minutes=1))

    shown, refused = client.get(path), client.post(path)

    assert (shown.status_code, refused.status_code) == (200, 409)
    assert "The time to pay has run out" in text_of(shown)
    assert Payment.objects.count() == 0


def test_a_balance_says_by_when(practice: Practice, staff: User, client: Client) -> None:
    booking = booked_in(practice, staff, pays=Pays.ON_THE_SPOT)

    shown = text_of(client.get(page_of(booking, staff)))

    assert "Please pay by" in shown
    assert "Go on to pay ₹1,999.00" in shown


def test_a_deposit_is_called_so(practice: Practice, staff: User, client: Client) -> None:
    terms = replace(TERMS, deposit_percent=25, balance_before=3600)
    booking = booked_in(practice, staff, terms=terms)

    shown = text_of(client.get(page_of(booking, staff)))

    assert '<dt>Deposit</dt><dd class="amount">₹499.75</dd>' in shown


def test_a_gateway_that_is_down_is_said_and_the_link_stays_good(
    asked: Booking, staff: User, client: Client, sandbox: Sandbox
) -> None:
    path = page_of(asked, staff)
    sandbox.arm("pay_401", 3)

    refused = client.post(path)

    assert refused.status_code == 503
    assert "cannot be reached just now" in text_of(refused)
    assert text_of(client.get(path)).count("Go on to pay") == 1
    assert Order.objects.get().state == "placed"


@pytest.mark.spec("GEN-9")
@pytest.mark.parametrize("path", ["/pay/" + "a" * 32 + "/", "/pay/done/NOTHING/"])
def test_what_opens_nothing_is_not_there(db: None, client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_links_are_throttled(asked: Booking, staff: User, client: Client, settings: Any) -> None:
    path = page_of(asked, staff)
    settings.HOLDFAST_LIMITS = {**settings.HOLDFAST_LIMITS, "look_up": 2, "start_by_address": 1}

    assert [client.get(path).status_code for _ in range(3)] == [200, 200, 429]


def test_times_are_of_the_businesss_clock(asked: Booking, staff: User, client: Client) -> None:
    local: datetime = asked.starts_at.astimezone(asked.business.zone)

    assert f"{local:%A}, {local.day} {local:%B %Y}" in text_of(client.get(page_of(asked, staff)))
