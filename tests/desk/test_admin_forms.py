"""What platform admins may edit, and what the forms refuse."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from holdfast.catalog.models import Business, Offering, Resource
from holdfast.payments.models import GatewayAccount, GatewayToken
from tests.support.practice import CREDENTIALS, Practice, new_practice
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.spec("GEN-16")

TAKEN = 302  # a form that was taken leads on


def business_form(practice: Practice, **over: Any) -> dict[str, Any]:
    business = practice.business
    return {
        "slug": business.slug,
        "name": business.name,
        "timezone": business.timezone,
        "country": business.country,
        "currency": business.currency,
        "return_origins": json.dumps(business.return_origins),
    } | over


def offering_form(practice: Practice, **over: Any) -> dict[str, Any]:
    return {
        "business": practice.business.pk,
        "trade": "astrology",
        "title": "Gemstones",
        "price": 99900,
        "tax_rate": 0,
        "duration": "00:30:00",
        "buffer_before": "00:00:00",
        "buffer_after": "00:00:00",
        "slot_step": "00:30:00",
        "minimum_notice": "00:00:00",
        "horizon": "90 00:00:00",
        "languages": '["Hindi"]',
        "terms": "{}",
        "active": "on",
        "resources": [str(practice.person.pk)],
        "packages-TOTAL_FORMS": 0,
        "packages-INITIAL_FORMS": 0,
        "stay_rules-TOTAL_FORMS": 0,
        "stay_rules-INITIAL_FORMS": 0,
        "seasons-TOTAL_FORMS": 0,
        "seasons-INITIAL_FORMS": 0,
    } | over


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timezone", "Mars/Olympus"),
        ("timezone", "../etc/passwd"),
        ("currency", "XXX"),
        ("country", "I1"),
        ("return_origins", '"https://example.com"'),
        ("return_origins", "[1]"),
        ("return_origins", '["example.com"]'),
        ("return_origins", '["https://example.com/path"]'),
        ("return_origins", '["https://example.com/"]'),
        ("return_origins", '["https://user@example.com"]'),
        ("return_origins", '["javascript://example.com"]'),
        ("return_origins", '["https://example.com:99999"]'),
        ("return_origins", '["https://example.com?x"]'),
        ("return_origins", '["https://"]'),
    ],
)
def test_a_business_is_not_given_what_the_engine_cannot_work_with(
    field: str, value: str, practice: Practice, admins_browser: Client
) -> None:
    page = f"/admin/holdfast_catalog/business/{practice.business.pk}/change/"
    before = Business.objects.values().get()

    answer = admins_browser.post(page, business_form(practice, **{field: value}))

    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert Business.objects.values().get() == before


def test_a_business_is_edited(practice: Practice, admins_browser: Client) -> None:
    page = f"/admin/holdfast_catalog/business/{practice.business.pk}/change/"
    origins = ["https://example.com", "http://127.0.0.1:8000"]
    changed = business_form(practice, timezone="Asia/Kathmandu", return_origins=json.dumps(origins))

    answer = admins_browser.post(page, changed)

    assert answer.status_code == TAKEN
    business = Business.objects.get()
    assert (business.timezone, business.return_origins) == ("Asia/Kathmandu", origins)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("terms", '{"hold": 3}'),
        ("terms", '{"pay_within": "600"}'),
        ("terms", '{"pay_within": true}'),
        ("terms", '{"pay_within": -1}'),
        ("terms", '{"failed_payment_frees": 1}'),
        ("terms", '{"way": "barter"}'),
        ("terms", '{"refund_shares": 100}'),
        ("terms", '{"refund_shares": [[86400]]}'),
        ("terms", '{"refund_shares": [[86400, 101]]}'),
        ("terms", '{"refund_shares": [[-1, 50]]}'),
        ("terms", '{"refund_shares": [[86400, 50.5]]}'),
        ("terms", '{"refund_shares": [[86400, true]]}'),
        ("terms", '{"refund_shares": [[86400, 50], [86400, 60]]}'),
        ("terms", '{"refund_shares": [[604800, 50], [86400, 60]]}'),
        ("terms", '{"may_reschedule": 1}'),
        ("terms", '{"reschedule_notice": "a day"}'),
        ("terms", '{"booking_reference": "ASTRO_{date}"}'),
        ("terms", '{"booking_reference": "ASTRO_{random}_{name}"}'),
        ("terms", '{"booking_reference": "ASTRO_{random"}'),
        ("terms", '{"success_address": "/done?{secret}"}'),
        ("terms", '["way"]'),
        ("languages", '"Hindi"'),
        ("languages", "[1]"),
        ("languages", '[" "]'),
        ("duration", "00:00:00"),
    ],
)
def test_an_offering_is_not_given_terms_that_do_not_exist(
    field: str, value: str, practice: Practice, admins_browser: Client
) -> None:
    answer = admins_browser.post(
        "/admin/holdfast_catalog/offering/add/", offering_form(practice, **{field: value})
    )

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert Offering.objects.count() == 1


def test_an_offering_sets_its_terms_differently(practice: Practice, admins_browser: Client) -> None:
    terms = {
        "way": "hold_then_pay",
        "pay_within": 900,
        "failed_payment_frees": False,
        "refund_shares": [[604800, 100], [0, 25]],
        "reschedule_notice": 3600,
    }

    answer = admins_browser.post(
        "/admin/holdfast_catalog/offering/add/", offering_form(practice, terms=json.dumps(terms))
    )

    assert answer.status_code == TAKEN
    made = Offering.objects.get(title="Gemstones")
    assert (made.terms, made.duration) == (terms, timedelta(minutes=30))


def test_an_offering_needs_resources_of_its_own_business(
    practice: Practice, sandbox: Sandbox, admins_browser: Client
) -> None:
    other = new_practice(sandbox, slug="other")

    answer = admins_browser.post(
        "/admin/holdfast_catalog/offering/add/",
        offering_form(practice, resources=[str(other.person.pk)]),
    )

    assert list(answer.context["adminform"].form.errors) == ["resources"]


@pytest.mark.spec("HOT-1")
def test_a_room_type_has_one_pool_its_rules_and_its_seasons(
    practice: Practice, admins_browser: Client
) -> None:
    pool = Resource.objects.create(
        business=practice.business, kind=Resource.Kind.PLACE, name="Rooms", capacity=9
    )
    season = {"first_night": "2030-06-01", "last_night": "2030-08-31", "price": 15_000}
    rules = {"occupancy": 2, "minimum_stay": 1, "maximum_stay": 30}
    nested: dict[str, list[dict[str, Any]]] = {
        "stay_rules": [rules | {"check_in_from": "15:00", "check_out_until": "11:00"}],
        "seasons": [season, season | {"first_night": "2030-08-31", "last_night": "2030-09-02"}],
    }

    def answered(*resources: Resource, seasons: int) -> Any:
        said = {
            f"{kind}-{number}-{name}": value
            for kind, rows in nested.items()
            for number, row in enumerate(rows)
            for name, value in row.items()
        }
        total = {"stay_rules-TOTAL_FORMS": 1, "seasons-TOTAL_FORMS": seasons, "by_night": "on"}
        needed = {"resources": [str(one.pk) for one in resources]}
        form = offering_form(practice, **said, **total, **needed)
        return admins_browser.post("/admin/holdfast_catalog/offering/add/", form)

    refused = answered(practice.person, pool, seasons=1)
    overlapping = answered(pool, seasons=2)
    taken = answered(pool, seasons=1)

    assert list(refused.context["adminform"].form.errors) == ["resources"]
    assert (overlapping.status_code, taken.status_code) == (200, TAKEN)
    made = Offering.objects.get(by_night=True)
    assert made.stay_rules.occupancy == 2
    assert [one.price for one in made.seasons.all()] == [15_000]


@pytest.mark.spec("GEN-20")
def test_a_credential_left_empty_stays_and_a_new_one_is_kept(
    practice: Practice, admins_browser: Client
) -> None:
    page = f"/admin/holdfast_payments/gatewayaccount/{practice.account.pk}/change/"
    GatewayToken.objects.create(account=practice.account, value="a token of the old secret")
    changed = {"active": "on", "position": 0, "base_urls": "{}", "credential_client_secret": "a new one"}

    answer = admins_browser.post(page, changed)

    assert answer.status_code == TAKEN
    assert GatewayAccount.objects.get().credentials == CREDENTIALS | {"client_secret": "a new one"}
    assert not GatewayToken.objects.exists()
    assert "a new one" not in admins_browser.get(page).content.decode()


@pytest.mark.spec("GEN-20")
def test_a_form_that_is_refused_does_not_show_the_secret_that_was_typed(
    practice: Practice, admins_browser: Client
) -> None:
    page = f"/admin/holdfast_payments/gatewayaccount/{practice.account.pk}/change/"
    wrong = {
        "position": 0,
        "base_urls": '{"pg": "ftp://example.com"}',
        "credential_client_secret": "a new one",
    }

    answer = admins_browser.post(page, wrong)

    assert list(answer.context["adminform"].form.errors) == ["base_urls"]
    assert "a new one" not in answer.content.decode()
    assert GatewayAccount.objects.get().credentials == CREDENTIALS


def test_a_new_gateway_account_takes_no_payments_before_it_has_its_credentials(
    practice: Practice, admins_browser: Client
) -> None:
    new = {"business": practice.business.pk, "gateway": "phonepe", "mode": "live", "position": 1}
    answer = admins_browser.post("/admin/holdfast_payments/gatewayaccount/add/", new | {"base_urls": "{}"})
    account = GatewayAccount.objects.get(mode="live")

    too_soon = admins_browser.post(
        answer["Location"], {"active": "on", "position": 1, "credential_client_id": "M1"}
    )

    assert not account.active
    assert "client_secret" in str(too_soon.context["adminform"].form.non_field_errors())
    account.refresh_from_db()
    assert (account.active, account.credentials) == (False, {})


def test_opening_hours_are_edited_with_their_resource(practice: Practice, admins_browser: Client) -> None:
    person = practice.person
    hours = list(person.weekly_hours.order_by("weekday"))
    form: dict[str, Any] = {
        "business": practice.business.pk,
        "kind": "person",
        "name": "Astrologer",
        "capacity": 1,
        "keeps_hours": "on",
        "weekly_hours-TOTAL_FORMS": len(hours),
        "weekly_hours-INITIAL_FORMS": len(hours),
        "date_overrides-TOTAL_FORMS": 1,
        "date_overrides-INITIAL_FORMS": 0,
        "date_overrides-0-day": "2027-01-26",
    }
    for number, row in enumerate(hours):
        form |= {
            f"weekly_hours-{number}-id": row.pk,
            f"weekly_hours-{number}-resource": str(person.pk),
            f"weekly_hours-{number}-weekday": row.weekday,
            f"weekly_hours-{number}-opens": "10:00",
            f"weekly_hours-{number}-closes": "19:00",
        }

    answer = admins_browser.post(f"/admin/holdfast_catalog/resource/{person.pk}/change/", form)

    assert answer.status_code == TAKEN
    assert {row.opens.hour for row in person.weekly_hours.all()} == {10}
    assert [str(other) for other in person.date_overrides.all()] == ["2027-01-26: closed"]
