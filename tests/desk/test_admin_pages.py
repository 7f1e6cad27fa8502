"""Every page of the admin opens, for platform admins alone, and the books cannot be edited there."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin as django_admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from holdfast.desk.admin.common import NothingChanges
from holdfast.platform.models import User
from tests.desk.conftest import Books, booked, browser_of
from tests.support.practice import CREDENTIALS, Practice, new_practice, new_user
from tests.support.sandbox import Sandbox
from tests.support.statements import count_statements

PAGES = {model._meta.label: page for model, page in django_admin.site._registry.items()}
READ_ONLY = {label: page for label, page in PAGES.items() if isinstance(page, NothingChanges)}
# What no admin page shows: secrets, counters, and tables that belong to another row's page.
NOT_SHOWN = {"holdfast_platform.Throttle", "holdfast_payments.GatewayToken"}

pytestmark = pytest.mark.spec("GEN-16")


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_table_of_ours_has_its_page() -> None:
    ours = {model._meta.label for model in apps.get_models() if model._meta.app_label.startswith("holdfast_")}

    assert ours - set(PAGES) == NOT_SHOWN


@pytest.fixture
def model(request: Any) -> type[Model]:
    return PAGES[request.param].model


@pytest.mark.parametrize("model", PAGES, indirect=True)
def test_its_list_and_its_rows_open_and_show_no_secret(
    model: type[Model], books: Books, admins_browser: Client
) -> None:
    row = model._default_manager.latest("pk")

    listed = admins_browser.get(address(model, "changelist"))
    searched = admins_browser.get(address(model, "changelist"), {"q": "ASTRO"})
    shown = admins_browser.get(address(model, "change", row.pk))

    for page in (listed, searched, shown):
        assert page.status_code == 200
        for secret in (CREDENTIALS["client_secret"], CREDENTIALS["webhook_password"]):
            assert secret not in page.content.decode()


@pytest.mark.parametrize("model", READ_ONLY, indirect=True)
def test_the_books_refuse_to_be_edited(model: type[Model], books: Books, admins_browser: Client) -> None:
    row = model._default_manager.latest("pk")
    before = model._default_manager.values().get(pk=row.pk)

    refused = [
        admins_browser.post(address(model, "change", row.pk), {"state": "completed"}),
        admins_browser.post(address(model, "delete", row.pk), {"post": "yes"}),
        admins_browser.get(address(model, "add")),
        admins_browser.post(address(model, "add"), {}),
    ]

    assert [answer.status_code for answer in refused] == [403] * 4
    assert model._default_manager.values().get(pk=row.pk) == before


@pytest.mark.parametrize("name", ["Transition", "Transaction", "Payment", "Order", "Line", "Due"])
def test_the_books_are_among_what_nobody_edits(name: str) -> None:
    assert any(label.endswith(f".{name}") for label in READ_ONLY)


@pytest.mark.parametrize("name", ["Booking", "Allocation", "GatewayEvent", "Email", "ProcrastinateJob"])
def test_what_flows_write_is_among_what_nobody_edits(name: str) -> None:
    assert any(label.endswith(f".{name}") for label in READ_ONLY)


@pytest.mark.parametrize("model", PAGES, indirect=True)
def test_a_list_costs_as_much_with_three_rows_as_with_one(
    model: type[Model], practice: Practice, sandbox: Sandbox, admins_browser: Client
) -> None:
    _another_of_everything(sandbox, "first")
    admins_browser.get(address(model, "changelist"))
    with count_statements() as with_one:
        admins_browser.get(address(model, "changelist"))
    _another_of_everything(sandbox, "second")
    _another_of_everything(sandbox, "third")

    with count_statements() as with_three:
        admins_browser.get(address(model, "changelist"))

    assert len(with_three) == len(with_one), f"{with_one}\n\n{with_three}"


def _another_of_everything(sandbox: Sandbox, slug: str) -> None:
    booked(new_practice(sandbox, slug=slug), sandbox)


@pytest.mark.spec("GEN-2")
@pytest.mark.parametrize(("is_staff", "is_superuser"), [(False, False), (True, False), (False, True)])
def test_nobody_but_platform_admins_comes_in(is_staff: bool, is_superuser: bool, books: Books) -> None:
    browser = browser_of(new_user(is_staff=is_staff, is_superuser=is_superuser))

    for model in (page.model for page in PAGES.values()):
        answer = browser.get(address(model, "changelist"), follow=True)

        assert answer.status_code == 403
        assert books.paid.reference not in answer.content.decode()


def test_who_is_not_signed_in_goes_to_the_one_sign_in(db: None) -> None:
    answer = Client().get("/admin/holdfast_orders/order/", follow=True)

    assert answer.redirect_chain[-1] == ("/sign-in/?next=/admin/holdfast_orders/order/", 302)


def test_a_foreign_address_to_come_back_to_is_dropped(db: None) -> None:
    answer = Client().get("/admin/login/?next=https://evil.example/")

    assert answer["Location"] == "/sign-in/?next=/admin/"


def test_a_booking_is_found_by_its_payments_reference(books: Books, admins_browser: Client) -> None:
    found = admins_browser.get("/admin/holdfast_booking/booking/", {"q": books.paid.reference})
    lost = admins_browser.get("/admin/holdfast_booking/booking/", {"q": books.too_late.reference})

    assert books.booking.reference in found.content.decode()
    assert books.booking.reference not in lost.content.decode()


def test_payments_are_filtered_by_state_and_business(
    books: Books, sandbox: Sandbox, admins_browser: Client
) -> None:
    other = new_practice(sandbox, slug="other")

    captured = admins_browser.get("/admin/holdfast_payments/payment/", {"state": "captured"})
    failed = admins_browser.get("/admin/holdfast_payments/payment/", {"state": "failed"})
    elsewhere = admins_browser.get(
        "/admin/holdfast_payments/payment/", {"order__business__id__exact": other.business.pk}
    )

    assert books.paid.reference in captured.content.decode()
    assert books.paid.reference not in failed.content.decode()
    assert books.paid.reference not in elsewhere.content.decode()


def test_an_admin_without_a_business_opens_every_list(admin: User) -> None:
    browser = browser_of(admin)

    for model in (page.model for page in PAGES.values()):
        assert browser.get(address(model, "changelist")).status_code == 200
