"""The counter's page: what staff are shown step by step, and what comes of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from holdfast.booking.models import Booking
from holdfast.catalog.models import Package
from holdfast.kernel.clock import utc_now
from holdfast.orders.models import Order
from holdfast.payments.models import Payment
from holdfast.platform.models import Customer, User
from tests.desk.conftest import browser_of
from tests.flows.books import everything
from tests.support.booked import api_of, booked
from tests.support.practice import Practice, new_member, new_practice, new_user, request_body
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements

pytestmark = pytest.mark.spec("DESK-1")
DAY = (utc_now() + timedelta(days=2)).date().isoformat()  # pages live by the real clock
SAID = {
    "do": "book",
    "date": DAY,
    "time": "10:00",
    "caller": "new",
    "name": "A caller",
    "phone": "98765 43210",
    "pays": "cash",
    "amount": "1999.00",
}


def send(browser: Client, practice: Practice, **said: str) -> Any:
    return browser.post(
        "/desk/book/",
        {"business": practice.business.slug, "offering": str(practice.offering.pk)} | SAID | said,
    )


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_caller_is_booked_in_and_shown(practice: Practice, staff: User) -> None:
    answer = send(browser_of(staff), practice)

    booking = Booking.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"/desk/bookings/{booking.reference}/")
    assert (booking.state, booking.customer.name, booking.customer.user) == ("confirmed", "A caller", None)
    assert Payment.objects.get().recorded_by == f"staff:{staff.pk}"


def test_the_first_look_shows_what_is_sold_and_todays_times(practice: Practice, staff: User) -> None:
    page = browser_of(staff).get("/desk/book/", {"date": DAY})

    shown = text_of(page)
    assert "Gemstone Consultation, ₹1,999.00, 30 min" in shown
    assert 'value="10:00"' in shown
    assert "Choose a time to see what is to be paid." in shown
    assert page["Cache-Control"] == "no-store"


def test_a_chosen_time_shows_what_is_to_be_paid_and_books_nothing(practice: Practice, staff: User) -> None:
    before = everything()

    page = send(browser_of(staff), practice, do="show")

    assert 'name="amount" value="1999.00"' in text_of(page)
    assert (page.status_code, everything()) == (200, before)


@pytest.mark.spec("DESK-4")
def test_a_deposit_is_named_with_what_is_left(practice: Practice, staff: User) -> None:
    practice.offering.terms = {"deposit_percent": 25, "balance_before": 3600}
    practice.offering.save()

    page = text_of(send(browser_of(staff), practice, do="show"))

    assert '₹1,999.00</strong>, of which <strong class="amount">₹499.75</strong> is to be paid first' in page
    assert "₹1,499.25 later" in page


def test_a_package_is_sold_instead_of_its_offering(practice: Practice, staff: User) -> None:
    package = Package.objects.create(offering=practice.offering, name="At home", price=300_000)
    browser = browser_of(staff)

    page = text_of(browser.get("/desk/book/"))
    answer = send(browser, practice, offering=f"{practice.offering.pk}:{package.pk}", amount="3000.00")

    assert "Gemstone Consultation (At home), ₹3,000.00" in page
    assert "₹1,999.00" not in page
    assert answer.status_code == 303
    assert Booking.objects.get().line.title == "Gemstone Consultation (At home)"


def test_a_price_that_is_not_what_was_shown_is_not_taken(practice: Practice, staff: User) -> None:
    before = everything()

    page = send(browser_of(staff), practice, amount="1500.00")

    assert page.status_code == 400
    assert "Payment amount must be exactly 1999.00." in text_of(page)
    assert 'name="amount" value="1999.00"' in text_of(page)
    assert everything() == before


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"time": ""}, "Please choose a time."),
        ({"time": "10:07"}, "This is not one of the open times of that day."),
        ({"name": ""}, "Please say who it is."),
        ({"phone": ""}, "A phone number or an email address is needed."),
        ({"phone": "12"}, "This is not a phone number."),
        ({"email": "caller at home"}, "This is not an email address."),
        ({"promo_code": "NONE"}, "We do not know this code."),
        ({"pays": "with shells"}, "Please choose how it is paid."),
        ({"amount": "nothing"}, "Please look at the price first."),
        ({"amount": "19.999"}, "Please look at the price first."),
        ({"amount": "Infinity"}, "Please look at the price first."),
        ({"caller": "999999"}, "There is no such customer."),
    ],
)
def test_what_is_wrong_is_said_beside_what_was_written(
    practice: Practice, staff: User, said: dict[str, str], message: str
) -> None:
    page = send(browser_of(staff), practice, **said)

    assert page.status_code in (400, 404)
    assert message in text_of(page)
    assert 'role="alert"' in text_of(page)
    assert Order.objects.count() == Customer.objects.count() == 0


def test_a_time_that_is_taken_shows_the_nearest_and_one_press_chooses_it(
    practice: Practice, staff: User
) -> None:
    browser = browser_of(staff)
    send(browser, practice)

    refused = send(browser, practice, name="Bina")
    chosen = send(browser, practice, do="show", near=f"{DAY}T10:30", name="Bina")

    assert refused.status_code == 409
    assert f'name="near" value="{DAY}T10:30"' in text_of(refused)
    assert 'value="10:30" required checked' in text_of(chosen)
    assert 'value="Bina"' in text_of(chosen)
    assert Booking.objects.count() == 1


def test_a_known_customer_is_found_by_what_staff_remember(
    practice: Practice, staff: User, sandbox: Sandbox
) -> None:
    booked(practice, sandbox, user=new_user("lata@example.com", name="Lata"), now=utc_now())
    known = Customer.objects.get()
    browser = browser_of(staff)

    found = text_of(send(browser, practice, do="find", find="lata"))
    nobody = text_of(send(browser, practice, do="find", find="rekha"))
    answer = send(browser, practice, caller=str(known.pk), name="", phone="", time="11:00")

    assert f'name="caller" value="{known.pk}"' in found
    assert "Nobody here has “rekha”" in nobody
    assert answer.status_code == 303
    assert Booking.objects.order_by("pk").last().customer == known  # type: ignore[union-attr]  # it is there


def test_who_pays_later_is_asked_for_it_by_mail(practice: Practice, staff: User) -> None:
    answer = send(browser_of(staff), practice, pays="link", keep="3", email="caller@example.com")

    assert answer.status_code == 303
    assert Booking.objects.get().state == "pending_payment"
    kept = Order.objects.get()
    assert kept.expires_at is not None
    assert kept.expires_at - kept.created_at == timedelta(hours=3)


def test_whether_a_link_was_mailed_is_said(practice: Practice, staff: User) -> None:
    knows, knows_not = browser_of(staff), browser_of(staff)
    mailed = send(knows, practice, pays="link", email="caller@example.com")
    unmailed = send(knows_not, practice, pays="link", time="15:00", email="")

    assert "A link to pay is on its way by email" in text_of(knows.get(mailed["Location"]))
    assert "a link to pay can be copied or sent." in text_of(knows_not.get(unmailed["Location"]))


def test_who_pays_on_the_spot_is_confirmed(practice: Practice, staff: User) -> None:
    answer = send(browser_of(staff), practice, pays="spot", amount="0.00")

    assert answer.status_code == 303
    booking = Booking.objects.get()
    assert booking.state == "confirmed"
    assert Payment.objects.count() == 0
    story = text_of(browser_of(staff).get(answer["Location"]))
    assert "The booking is confirmed." in story
    assert "has its money" not in story


@pytest.mark.spec("GEN-2")
@pytest.mark.spec("BC-19")
def test_nobody_books_in_for_a_business_that_is_not_theirs(practice: Practice, sandbox: Sandbox) -> None:
    other = new_practice(sandbox, slug="other")
    before = everything()
    answers = {
        "staff of another": send(browser_of(new_member(other, "owner")), practice).status_code,
        "a customer": send(browser_of(new_user()), practice).status_code,
        "nobody": send(Client(), practice).status_code,
        "a provider of nothing": send(browser_of(new_member(practice, "provider")), practice).status_code,
    }

    assert answers == {
        "staff of another": 404,
        "a customer": 403,
        "nobody": 302,
        "a provider of nothing": 200,
    }
    assert everything() == before


@pytest.mark.spec("GEN-2")
def test_booking_in_takes_a_post_from_our_own_page(practice: Practice, staff: User) -> None:
    elsewhere = Client(enforce_csrf_checks=True)
    elsewhere.force_login(staff)

    assert send(elsewhere, practice).status_code == 403
    assert Booking.objects.count() == 0


def test_an_offering_of_another_business_is_not_sold_here(
    practice: Practice, staff: User, sandbox: Sandbox
) -> None:
    other = new_practice(sandbox, slug="other")

    page = send(browser_of(staff), practice, offering=str(other.offering.pk))

    assert page.status_code == 200
    assert "required checked" not in text_of(page)
    assert Order.objects.count() == 0


def test_finding_costs_as_much_for_three_as_for_one(
    practice: Practice, staff: User, sandbox: Sandbox
) -> None:
    browser = browser_of(staff)
    booked(practice, sandbox, user=new_user("lata1@example.com"), at="09:00", now=utc_now())
    send(browser, practice, do="find", find="lata")
    with count_statements() as with_one:
        send(browser, practice, do="find", find="lata")
    for number, at in ((2, "11:00"), (3, "12:00")):
        booked(practice, sandbox, user=new_user(f"lata{number}@example.com"), at=at, now=utc_now())

    with count_statements() as with_three:
        page = send(browser, practice, do="find", find="lata")

    assert len(page.context["found"]) == 3
    assert len(with_three) == len(with_one), with_three


def test_the_times_are_of_the_businesss_clock(practice: Practice, staff: User) -> None:
    send(browser_of(staff), practice)

    booking = Booking.objects.get()
    assert booking.starts_at.astimezone(practice.business.zone).replace(
        tzinfo=None
    ) == datetime.fromisoformat(f"{DAY}T10:00")


def test_a_customer_who_wants_what_staff_keep_for_them_is_told_that_it_is_kept(
    practice: Practice, staff: User, sandbox: Sandbox
) -> None:
    customer = new_user("lata@example.com", name="Lata")
    booked(practice, sandbox, user=customer, now=utc_now())
    known = Customer.objects.get()
    send(browser_of(staff), practice, caller=str(known.pk), time="12:00", pays="link")
    before = everything()

    on_the_page = browser_of(customer).post(
        f"/services/{practice.offering.pk}/",
        request_body(practice, preferred_date=DAY, preferred_time="12:00"),
    )
    over_the_api = api_of(customer).book(practice, preferred_date=DAY, preferred_time="12:00")

    assert (on_the_page.status_code, over_the_api.status_code) == (409, 409)
    assert "You are already holding this time." in text_of(on_the_page)
    assert over_the_api.json()["release_url"] is None
    assert everything() == before
