"""What can be read: the catalog, the state of a payment, confirmations, lists of bookings."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from holdfast.catalog.models import Member, Provider
from holdfast.kernel.clock import utc_now
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from tests.support.booked import api_of, booked
from tests.support.practice import DAY, TODAY, Api, Practice, held, new_member, new_practice, new_user
from tests.support.sandbox import Sandbox

BOOKINGS = "/api/astrology/bookings/"
CONFIRMATION = f"{BOOKINGS}confirmation/?astro_book_id="
STATUS = f"{BOOKINGS}status/?merchant_order_id="
HOURS = ("10:00", "11:00", "12:00")


@pytest.mark.spec("AST-1")
def test_the_catalog_is_public_and_says_what_is_sold(practice: Practice) -> None:
    answer = Api().get("/api/astrology/services/")

    service = {
        "id": practice.offering.pk,
        "title": "Gemstone Consultation",
        "description": "",
        "price": "1999.00",
        "currency": "INR",
        "duration": 30,
        "languages": ["Hindi"],
        "image": None,
    }
    assert answer.json() == {"count": 1, "next": None, "previous": None, "results": [service]}
    assert Api().get(f"/api/astrology/services/{practice.offering.pk}/").json() == service


@pytest.mark.spec("AST-1")
def test_a_service_that_is_not_offered_is_404(practice: Practice) -> None:
    practice.offering.active = False
    practice.offering.save()

    assert Api().get("/api/astrology/services/").json()["count"] == 0
    for address in ("", "slots/?date=2026-08-10"):
        assert Api().get(f"/api/astrology/services/{practice.offering.pk}/{address}").status_code == 404


@pytest.mark.spec("AST-1")
def test_the_catalog_is_narrowed_to_one_business(practice: Practice, sandbox: Sandbox) -> None:
    other = new_practice(sandbox, slug="other")

    answer = Api().get("/api/astrology/services/?business=other")

    assert [service["id"] for service in answer.json()["results"]] == [other.offering.pk]


@pytest.mark.spec("AST-4", "AST-6")
def test_a_confirmation_is_public_and_as_documented(practice: Practice, sandbox: Sandbox) -> None:
    reference = booked(practice, sandbox, now=utc_now())

    answer = Api().get(CONFIRMATION + reference)

    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "data": {
            "booking": {
                "astro_book_id": reference,
                "payment_id": str(Payment.objects.get().uuid),
                "service": {"title": "Gemstone Consultation", "price": "1999.00"},
                "preferred_date": DAY,
                "preferred_time": "10:00:00",
                "status": "CONFIRMED",
                "contact_email": "user@example.com",
                "contact_phone": "9876543210",
            }
        },
    }


@pytest.mark.spec("AST-4")
def test_a_booking_is_named_by_the_day_on_which_it_was_made(practice: Practice, sandbox: Sandbox) -> None:
    reference = booked(practice, sandbox)

    assert re.fullmatch(rf"ASTRO_BOOK_{TODAY:%Y%m%d}_[0-9A-Z]{{16}}", reference)


@pytest.mark.spec("GEN-7", "AST-6")
def test_a_confirmation_masks_the_contact_after_a_day(practice: Practice, sandbox: Sandbox) -> None:
    reference = booked(practice, sandbox, now=utc_now() - timedelta(hours=24, minutes=1))

    shown = Api().get(CONFIRMATION + reference).json()["data"]["booking"]

    assert shown["contact_email"] == "u***@example.com"
    assert shown["contact_phone"] == "********10"


@pytest.mark.spec("GEN-7", "AST-6")
def test_a_confirmation_shows_the_contact_for_the_whole_day(practice: Practice, sandbox: Sandbox) -> None:
    reference = booked(practice, sandbox, now=utc_now() - timedelta(hours=23, minutes=50))

    shown = Api().get(CONFIRMATION + reference).json()["data"]["booking"]

    assert shown["contact_email"] == "user@example.com"


@pytest.mark.spec("AST-6")
@pytest.mark.parametrize("unknown", ["ASTRO_BOOK_20260805_3F9Q0W2N8Z6L1VYT", "x", "", "%25", "' OR 1=1 --"])
def test_an_unknown_confirmation_is_404(practice: Practice, unknown: str) -> None:
    answer = Api().get(CONFIRMATION + unknown)

    assert answer.status_code == 404
    assert answer.json() == {"error": "There is no such booking."}


@pytest.mark.spec("AST-7", "AST-4")
def test_the_payer_sees_the_payment_through(
    practice: Practice, api: Api, customer: User, sandbox: Sandbox
) -> None:
    reference = held(practice, user=customer, now=utc_now()).reference
    pending = api.get(STATUS + reference).json()
    sandbox.settle(reference)
    Payment.objects.update(looked_at=None)

    paid = api.get(STATUS + reference).json()

    assert pending == {
        "success": True,
        "data": {
            "merchant_order_id": reference,
            "payment_status": "PENDING",
            "astro_book_id": None,
            "reason": None,
        },
    }
    assert paid["data"]["payment_status"] == "SUCCESS"
    assert paid["data"]["astro_book_id"].startswith("ASTRO_BOOK_")
    assert paid["data"]["reason"] is None


@pytest.mark.spec("AST-7", "BC-19")
def test_a_payment_is_shown_to_its_payer_only(practice: Practice) -> None:
    reference = held(practice).reference

    askers = (new_user(), new_member(practice, "staff"), User.objects.create_superuser("a@b.example", "x"))
    answers = [api_of(user).get(STATUS + reference) for user in askers]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert Api().get(STATUS + reference).status_code == 401


@pytest.mark.spec("AST-7")
def test_a_list_shows_ones_own_bookings_newest_first_page_by_page(
    practice: Practice, api: Api, customer: User, sandbox: Sandbox
) -> None:
    references = [booked(practice, sandbox, user=customer, at=hour) for hour in HOURS]
    booked(practice, sandbox, at="13:00")

    first = api.get(f"{BOOKINGS}?page_size=2").json()
    second = api.get(first["next"].removeprefix("http://testserver")).json()

    assert first["count"] == second["count"] == 3
    assert [row["astro_book_id"] for row in first["results"]] == references[:0:-1]
    assert [row["astro_book_id"] for row in second["results"]] == references[:1]
    assert first["previous"] is second["next"] is None
    assert urlsplit(second["previous"]).query == "page_size=2&page=1"


@pytest.mark.spec("AST-7")
def test_one_booking_is_shown_with_all_that_was_asked(practice: Practice, api: Api, sandbox: Sandbox) -> None:
    payment = api.book(practice).json()["data"]["payment"]["merchant_order_id"]
    sandbox.settle(payment)
    reference = api.get(STATUS + payment).json()["data"]["astro_book_id"]

    answer = api.get(f"{BOOKINGS}{reference}/")

    assert answer.json()["success"] is True
    shown = answer.json()["data"]
    assert shown | {"payment_id": None} == {
        "astro_book_id": reference,
        "payment_id": None,
        "service": {"title": "Gemstone Consultation", "price": "1999.00"},
        "preferred_date": DAY,
        "preferred_time": "10:00:00",
        "status": "CONFIRMED",
        "contact_email": "user@example.com",
        "contact_phone": "9876543210",
        "merchant_order_id": payment,
        "language": "Hindi",
        "birth_place": "Delhi, India",
        "birth_date": "1995-05-15",
        "birth_time": "08:30",
        "gender": "MALE",
        "questions": "Career guidance needed",
    }


@pytest.mark.spec("AST-7", "GEN-2")
@pytest.mark.parametrize(
    ("role", "sees"), [("owner", 2), ("manager", 2), ("staff", 2), ("provider", 0), (None, 0)]
)
def test_who_runs_the_business_sees_all_of_its_bookings_and_no_others(
    practice: Practice, sandbox: Sandbox, role: str | None, sees: int
) -> None:
    other = new_practice(sandbox, slug="other")
    own = [booked(practice, sandbox, at=hour) for hour in HOURS[:2]]
    booked(other, sandbox)
    api = api_of(new_member(practice, role) if role else new_user())

    answer = api.get(BOOKINGS).json()

    assert answer["count"] == sees
    assert {row["astro_book_id"] for row in answer["results"]} == set(own[:sees])


@pytest.mark.spec("AST-7", "GEN-2")
def test_a_platform_admin_sees_every_booking_and_may_narrow_to_one_business(
    practice: Practice, sandbox: Sandbox
) -> None:
    other = new_practice(sandbox, slug="other")
    booked(practice, sandbox)
    theirs = booked(other, sandbox)
    api = api_of(User.objects.create_superuser("admin@example.com", "x"))

    assert api.get(BOOKINGS).json()["count"] == 2
    assert [row["astro_book_id"] for row in api.get(f"{BOOKINGS}?business=other").json()["results"]] == [
        theirs
    ]


@pytest.mark.spec("AST-7")
def test_a_list_costs_the_same_with_one_booking_and_with_three(
    practice: Practice, api: Api, customer: User, sandbox: Sandbox
) -> None:
    booked(practice, sandbox, user=customer, at=HOURS[0])
    with CaptureQueriesContext(connection) as with_one:
        api.get(BOOKINGS)
    for hour in HOURS[1:]:
        booked(practice, sandbox, user=customer, at=hour)

    with CaptureQueriesContext(connection) as with_three:
        answer = api.get(BOOKINGS)

    assert answer.json()["count"] == 3
    assert len(with_three) == len(with_one)


@pytest.mark.spec("AST-7", "GEN-2", "BC-19")
def test_a_provider_sees_what_he_or_she_gives_for_as_long_as_a_member(
    practice: Practice, sandbox: Sandbox
) -> None:
    reference = booked(practice, sandbox)
    user = new_member(practice, "provider")
    Provider.objects.filter(resource=practice.person).update(user=user)

    seen = api_of(user).get(f"/api/astrology/bookings/{reference}/").status_code
    Member.objects.filter(user=user).delete()
    after = api_of(user).get(f"/api/astrology/bookings/{reference}/").status_code
    listed = api_of(user).get("/api/astrology/bookings/").json()["count"]

    assert (seen, after, listed) == (200, 404, 0)
