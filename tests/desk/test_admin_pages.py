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
from holdfast.flows.refunds import refund_some
from holdfast.kernel.money import Money
from holdfast.orders.models import Order
from holdfast.payments.models import Payment
from holdfast.platform.models import User
from tests.desk.conftest import Books, booked, browser_of
from tests.support.practice import CREDENTIALS, Practice, new_practice, new_user
from tests.support.sandbox import Sandbox
from tests.support.shop import at, bought
from tests.support.statements import count_statements
from tests.support.ways import SOON

PAGES = {model._meta.label: page for model, page in django_admin.site._registry.items()}
READ_ONLY = {label: page for label, page in PAGES.items() if isinstance(page, NothingChanges)}
# What no admin page shows: secrets, counters, and tables that belong to another row's page.
NOT_SHOWN = {"holdfast_platform.Spent", "holdfast_platform.Throttle", "holdfast_payments.GatewayToken"}

pytestmark = pytest.mark.spec("GEN-16")


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_table_of_ours_has_its_page() -> None:
    ours = {model._meta.label for model in apps.get_models() if model._meta.app_label.startswith("holdfast_")}

    assert ours - set(PAGES) == NOT_SHOWN


def test_every_list_and_every_row_opens_and_shows_no_secret(books: Books, admins_browser: Client) -> None:
    for label, page in PAGES.items():
        row = page.model._default_manager.latest("pk")

        answers = [
            admins_browser.get(address(page.model, "changelist")),
            admins_browser.get(address(page.model, "changelist"), {"q": "ASTRO"}),
            admins_browser.get(address(page.model, "change", row.pk)),
        ]

        assert [answer.status_code for answer in answers] == [200] * 3, label
        for secret in (CREDENTIALS["client_secret"], CREDENTIALS["webhook_password"]):
            assert not any(secret in answer.content.decode() for answer in answers), label


def test_the_books_refuse_to_be_edited(books: Books, admins_browser: Client) -> None:
    for label, page in READ_ONLY.items():
        rows = page.model._default_manager
        row = rows.latest("pk")
        before = rows.values().get(pk=row.pk)

        refused = [
            admins_browser.post(address(page.model, "change", row.pk), {"state": "completed"}),
            admins_browser.post(address(page.model, "delete", row.pk), {"post": "yes"}),
            admins_browser.get(address(page.model, "add")),
            admins_browser.post(address(page.model, "add"), {}),
        ]

        assert [answer.status_code for answer in refused] == [403] * 4, label
        assert rows.values().get(pk=row.pk) == before, label


def test_what_flows_write_is_among_what_nobody_edits() -> None:
    money = {"orders.Order", "orders.Line", "orders.Due", "payments.Payment", "payments.Transaction"}
    time = {"booking.Booking", "booking.Rescheduling", "availability.Allocation", "availability.Block"}
    past = {"platform.Transition", "platform.GatewayEvent", "notifications.Email"}

    assert {f"holdfast_{name}" for name in money | time | past} <= set(READ_ONLY)


def test_a_list_costs_as_much_with_three_rows_as_with_one(
    practice: Practice, sandbox: Sandbox, admins_browser: Client
) -> None:
    _another_of_everything(sandbox, "first")
    with_one = {label: _cost(page.model, admins_browser) for label, page in PAGES.items()}
    _another_of_everything(sandbox, "second")
    _another_of_everything(sandbox, "third")

    with_three = {label: _cost(page.model, admins_browser) for label, page in PAGES.items()}

    assert with_three == with_one


def test_a_row_costs_the_same_number_of_statements_whatever_belongs_to_it(
    practice: Practice, sandbox: Sandbox, admins_browser: Client
) -> None:
    little = bought(sandbox, at(practice.offering, "10:00"))
    much = bought(sandbox, *(at(practice.offering, f"{hour}:00") for hour in (11, 12, 13)))
    for _ in range(3):
        refund_some(much.payment.pk, Money(100, "INR"), reason="late start", by="staff:7", now=SOON)

    with_little, with_much = (
        [
            _cost(Order, admins_browser, "change", story.order_id),
            _cost(Payment, admins_browser, "change", story.payment.pk),
        ]
        for story in (little, much)
    )

    assert with_much == with_little


def _cost(model: type[Model], browser: Client, page: str = "changelist", *args: Any) -> int:
    browser.get(address(model, page, *args))
    with count_statements() as statements:
        browser.get(address(model, page, *args))
    return len(statements)


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
