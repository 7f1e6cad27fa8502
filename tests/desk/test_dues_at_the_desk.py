"""What a booking asks for, on its page at the desk; and links to pay it, shown once or sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.booking.models import Booking
from holdfast.flows.callers import Caller
from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.counter import Pays, Wanted, book_at_the_counter
from holdfast.flows.pay_links import asked_for
from holdfast.flows.timeline import timeline_of
from holdfast.kernel.clock import utc_now
from holdfast.notifications.models import Email
from holdfast.orders.models import Due
from holdfast.payments.models import PayLink
from holdfast.platform.models import User
from holdfast.surfaces.astrology.terms import TERMS
from tests.desk.conftest import browser_of
from tests.support.practice import Practice, choice, new_member, new_practice, new_user
from tests.support.sandbox import Sandbox
from tests.support.worker import work

pytestmark = pytest.mark.spec("DESK-4")


@pytest.fixture
def asked(practice: Practice, staff: User) -> Booking:
    return booked_in(practice, staff, Caller(name="A caller", phone="98765 43210"))


def booked_in(practice: Practice, staff: User, caller: Caller) -> Booking:
    day = (utc_now() + timedelta(days=2)).date().isoformat()
    chosen = choice(practice.offering, day=day)
    wanted = Wanted(chosen.offering, chosen.starts_at, TERMS, caller, Pays.LATER)
    return book_at_the_counter(wanted, by=staff, now=utc_now())


def press(user: User, booking: Booking, what: str, **said: str) -> Any:
    due = Due.objects.get(order=booking.line.order_id)
    return browser_of(user).post(f"/desk/bookings/{booking.reference}/dues/{due.pk}/{what}/", said)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def mails() -> list[dict[str, Any]]:
    jobs = ProcrastinateJob.objects.filter(args__kind="email").order_by("id")
    return [job.args["payload"] for job in jobs]


def test_the_page_of_a_booking_says_what_is_asked_for(asked: Booking, staff: User) -> None:
    page = text_of(browser_of(staff).get(f"/desk/bookings/{asked.reference}/"))

    assert "What is asked for" in page
    assert 'The price <strong class="amount">₹1,999.00</strong>' in page
    assert "not paid" in page
    assert "time kept until" in page
    assert "/link/" in page


def test_a_link_is_shown_to_be_copied_and_opens_what_is_asked_for(asked: Booking, staff: User) -> None:
    shown = press(staff, asked, "link")

    link = str(shown.context["link"])
    assert f'value="{link}"' in text_of(shown)
    assert shown["Cache-Control"] == "no-store"
    assert asked_for(link.split("/")[-2], now=utc_now()).title == "Gemstone Consultation"
    assert PayLink.objects.get().made_by == f"staff:{staff.pk}"


def test_a_link_is_sent_and_no_queue_holds_its_key(practice: Practice, staff: User) -> None:
    booking = booked_in(practice, staff, Caller(name="A caller", email="caller@example.com"))

    sent = press(staff, booking, "mail")

    assert "caller@example.com" in text_of(sent)
    names = [mail["name"] for mail in mails()]
    assert set(names) == {"pay_link"}
    assert all(set(mail) == {"name", "due", "by", "step"} for mail in mails())
    assert PayLink.objects.count() == 0  # it is made when the mail is


@pytest.mark.spec("GEN-14", "DESK-4")
def test_the_story_of_a_booking_tells_of_a_link_that_was_sent_and_sends_it_again(
    practice: Practice, staff: User, mailoutbox: list[Any]
) -> None:
    booking = booked_in(practice, staff, Caller(name="A caller", email="caller@example.com"))
    work()
    email, browser = Email.objects.get(kind="pay_link"), browser_of(staff)

    told = timeline_of(booking.line.order_id)
    browser.post(f"/desk/emails/{email.pk}/again/", {"booking": booking.reference})
    work()

    assert [(entry.what, entry.row) for entry in told if entry.kind == "email"] == [
        ("email “pay_link” sent", email.pk)
    ]
    assert [mail.to for mail in mailoutbox] == [["caller@example.com"]] * 2
    assert PayLink.objects.count() == 2
    assert f"/desk/emails/{email.pk}/again/" in text_of(browser.get(f"/desk/bookings/{booking.reference}/"))


def test_without_an_address_one_is_asked_for_and_kept(asked: Booking, staff: User) -> None:
    page = text_of(browser_of(staff).get(f"/desk/bookings/{asked.reference}/"))

    refused, sent = press(staff, asked, "mail"), press(staff, asked, "mail", email="caller@example.com")

    assert 'type="email" required' in page
    assert refused.status_code == 400
    assert "No address is known" in text_of(refused)
    assert "caller@example.com" in text_of(sent)
    asked.customer.refresh_from_db()
    assert asked.customer.email == "caller@example.com"


def test_an_address_that_is_none_is_refused(asked: Booking, staff: User) -> None:
    refused = press(staff, asked, "mail", email="caller at home")

    asked.customer.refresh_from_db()
    assert refused.status_code == 400
    assert (asked.customer.email, mails()) == ("", [])


def test_nothing_is_asked_for_a_booking_that_has_ended(asked: Booking, staff: User) -> None:
    cancel_booking(asked.reference, by=staff, trade="astrology", now=utc_now())

    page = text_of(browser_of(staff).get(f"/desk/bookings/{asked.reference}/"))
    refused = press(staff, asked, "link")

    assert "Nothing is asked for." in page
    assert refused.status_code == 409
    assert PayLink.objects.count() == 0


@pytest.mark.spec("GEN-2")
@pytest.mark.spec("BC-19")
@pytest.mark.parametrize("what", ["link", "mail"])
def test_nobody_else_makes_a_link(practice: Practice, sandbox: Sandbox, asked: Booking, what: str) -> None:
    elsewhere = new_member(new_practice(sandbox, slug="other"), "owner")
    due = Due.objects.get()

    answers = [press(user, asked, what).status_code for user in (elsewhere, new_member(practice, "provider"))]
    answers += [press(new_user(), asked, what).status_code]
    answers += [Client().post(f"/desk/bookings/{asked.reference}/dues/{due.pk}/{what}/").status_code]

    assert answers == [404, 404, 403, 302]
    assert (PayLink.objects.count(), mails()) == (0, [])
