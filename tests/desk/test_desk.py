"""The desk: the day's agenda, a booking, a payment, money that waits; and who may see which."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from holdfast.catalog.models import Member, Provider, Resource
from holdfast.platform.models import User
from tests.desk.conftest import Books, an_open_finding, booked, browser_of, quarantined
from tests.support.practice import DAY, NOW, Practice, new_member, new_practice, new_user, payment_of
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements

TOMORROWS = {"date": DAY}
DAY_AFTER = (NOW + timedelta(days=2)).date().isoformat()


@pytest.mark.parametrize("role", ["owner", "manager", "staff"])
@pytest.mark.spec("GEN-2")
def test_whoever_runs_the_business_sees_its_day(role: str, books: Books) -> None:
    browser = browser_of(new_member(books.practice, role))

    page = browser.get("/desk/", TOMORROWS).content.decode()

    assert books.booking.reference in page
    for shown in ("10:00 – 10:30", "Gemstone Consultation", "user@example.com", "9876543210", "confirmed"):
        assert shown in page


def test_another_day_is_another_list(books: Books, staff: User) -> None:
    page = browser_of(staff).get("/desk/", {"date": DAY_AFTER})

    assert page.context["appointments"] == []
    assert "Nothing is booked" in page.content.decode()


def test_a_day_is_the_businesss_own_not_utcs(practice: Practice, sandbox: Sandbox, staff: User) -> None:
    practice.business.timezone = "Pacific/Auckland"
    practice.business.save()
    practice.offering.business.refresh_from_db()
    early = booked(practice, sandbox, day=DAY, at="09:00")  # 20:00 of the day before, by UTC

    page = browser_of(staff).get("/desk/", TOMORROWS)

    assert [shown.reference for shown in page.context["appointments"]] == [early.reference]
    assert "09:00 – 09:30" in page.content.decode()
    assert "Pacific/Auckland" in page.content.decode()


def test_the_days_are_linked_to_each_other(practice: Practice, staff: User) -> None:
    page = browser_of(staff).get("/desk/", TOMORROWS).content.decode()

    assert f"?business=jyoti&amp;date={DAY_AFTER}" in page
    assert f"?business=jyoti&amp;date={NOW.date().isoformat()}" in page


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30", "0001-01-01", "9999-12-31", "2026-W01-1' --"])
def test_a_day_that_does_not_exist_answers_404(day: str, practice: Practice, staff: User) -> None:
    assert browser_of(staff).get("/desk/", {"date": day}).status_code == 404


@pytest.mark.spec("GEN-14")
def test_a_booking_is_shown_with_its_details_payments_and_timeline(books: Books, staff: User) -> None:
    answer = browser_of(staff).get(f"/desk/bookings/{books.booking.reference}/")

    page = answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    for shown in ("₹1,999.00", "user@example.com", "Language", "Hindi", books.paid.reference):
        assert shown in page
    buyer = books.booking.customer.email
    for told in ("event checkout.order.completed", "gateway:phonepe", "pending → captured", buyer):
        assert told in page


@pytest.mark.spec("GEN-14")
def test_a_payment_without_a_booking_is_shown_with_its_timeline(books: Books, staff: User) -> None:
    page = browser_of(staff).get(f"/desk/payments/{books.too_late.reference}/").content.decode()

    assert "There is none." in page
    assert "refund of INR 1999.00" in page
    assert "Why: slot_lost" in page


@pytest.mark.spec("GEN-2")
@pytest.mark.spec("BC-19")
def test_staff_of_another_business_see_nothing(books: Books, sandbox: Sandbox) -> None:
    other = new_practice(sandbox, slug="other")
    quarantined(books.practice, sandbox, at="15:00")
    browser = browser_of(new_member(other, "owner"))

    front = browser.get("/desk/", TOMORROWS).content.decode()
    refused = [
        browser.get("/desk/", TOMORROWS | {"business": "jyoti"}),
        browser.get(f"/desk/bookings/{books.booking.reference}/"),
        browser.get(f"/desk/payments/{books.paid.reference}/"),
    ]

    assert "ASTRO_" not in front
    assert "Jyoti" not in front
    assert [answer.status_code for answer in refused] == [404, 404, 404]
    assert not any("user@example.com" in answer.content.decode() for answer in refused)


@pytest.mark.spec("GEN-2")
def test_customers_are_told_that_this_is_not_for_them(books: Books, stranger: User) -> None:
    buyer = books.booking.customer.user
    assert buyer is not None

    for user in (stranger, buyer):
        for page in ("/desk/", f"/desk/bookings/{books.booking.reference}/"):
            answer = browser_of(user).get(page)

            assert answer.status_code == 403
            assert books.paid.reference not in answer.content.decode()


@pytest.mark.spec("GEN-2")
def test_who_is_not_signed_in_is_sent_to_the_sign_in_and_back(db: None) -> None:
    front = Client().get("/desk/?date=2026-11-26")
    booking = Client().get("/desk/bookings/ASTRO_BOOK_1/")

    assert front["Location"] == "/sign-in/?next=/desk/%3Fdate%3D2026-11-26"
    assert booking["Location"] == "/sign-in/?next=/desk/bookings/ASTRO_BOOK_1/"


@pytest.mark.spec("GEN-2")
def test_a_provider_sees_only_their_own(practice: Practice, sandbox: Sandbox, astrologer: User) -> None:
    own = booked(practice, sandbox, at="10:00")
    quarantined(practice, sandbox, at="15:00")
    colleague = Resource.objects.create(business=practice.business, kind="person", name="A colleague")
    Provider.objects.create(resource=colleague, user=new_member(practice, "provider"))
    practice.person.weekly_hours.update(resource=colleague)
    practice.offering.resources.set([colleague])
    theirs = booked(practice, sandbox, at="12:00")
    browser = browser_of(astrologer)

    front = browser.get("/desk/", TOMORROWS)

    assert [shown.reference for shown in front.context["appointments"]] == [own.reference]
    assert front.context["waiting"] == []
    assert browser.get(f"/desk/bookings/{own.reference}/").status_code == 200
    assert browser.get(f"/desk/bookings/{theirs.reference}/").status_code == 404
    payment = own.line.order.payments.get()
    assert browser.get(f"/desk/payments/{payment.reference}/").status_code == 404


@pytest.mark.spec("GEN-2")
def test_a_provider_who_is_no_member_any_more_sees_nothing(
    practice: Practice, sandbox: Sandbox, astrologer: User
) -> None:
    own = booked(practice, sandbox)
    Member.objects.filter(user=astrologer).delete()

    answer = browser_of(astrologer).get(f"/desk/bookings/{own.reference}/")

    assert answer.status_code == 403


@pytest.mark.spec("GEN-21")
def test_money_that_waits_on_a_person_is_on_the_front_page_with_why(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    browser = browser_of(staff)
    before = browser.get("/desk/").content.decode()
    checkout = quarantined(practice, sandbox)

    after = browser.get("/desk/").content.decode()

    assert "waits on a person" not in before
    assert "Money that waits on a person" in after
    assert "₹19.99" in after
    assert "What was paid is not what was asked for: amount differs." in after
    assert f"/desk/payments/{checkout.reference}/" in after
    assert payment_of(checkout).quarantined


@pytest.mark.spec("GEN-2")
def test_a_platform_admin_sees_every_business(books: Books, sandbox: Sandbox, admins_browser: Client) -> None:
    other = new_practice(sandbox, slug="other")
    elsewhere = booked(other, sandbox, at="11:00")

    first = admins_browser.get("/desk/", TOMORROWS | {"business": "jyoti"}).content.decode()
    second = admins_browser.get("/desk/", TOMORROWS | {"business": "other"}).content.decode()

    assert books.booking.reference in first
    assert elsewhere.reference in second


@pytest.mark.spec("GEN-21")
def test_what_the_audit_found_is_shown_to_platform_admins_alone(
    practice: Practice, staff: User, admins_browser: Client
) -> None:
    finding = an_open_finding()

    admins = admins_browser.get("/desk/").content.decode()
    members = browser_of(staff).get("/desk/").content.decode()

    assert finding.what in admins
    assert "audit" not in members


def test_an_admin_of_an_empty_platform_is_shown_where_to_begin(admins_browser: Client) -> None:
    assert "/admin/holdfast_catalog/business/add/" in admins_browser.get("/desk/").content.decode()


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_nothing_is_changed_at_the_desk(method: str, practice: Practice, staff: User) -> None:
    assert getattr(browser_of(staff), method)("/desk/").status_code == 405


def test_a_day_costs_as_much_with_three_bookings_as_with_one(
    practice: Practice, sandbox: Sandbox, staff: User
) -> None:
    browser = browser_of(staff)
    booked(practice, sandbox, at="10:00")
    quarantined(practice, sandbox, at="11:00")
    browser.get("/desk/", TOMORROWS)
    with count_statements() as with_one:
        browser.get("/desk/", TOMORROWS)
    for hour in (12, 13):
        booked(practice, sandbox, at=f"{hour}:00", user=new_user())
        quarantined(practice, sandbox, at=f"{hour + 2}:00", user=new_user())

    with count_statements() as with_three:
        page = browser.get("/desk/", TOMORROWS)

    assert len(page.context["appointments"]) == len(page.context["waiting"]) == 3
    assert len(with_three) == len(with_one), with_three
