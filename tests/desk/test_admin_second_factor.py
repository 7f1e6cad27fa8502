"""What a platform admin can do for somebody who can no longer sign in."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from holdfast.flows import second_factor
from holdfast.kernel.clock import utc_now
from holdfast.platform import codes
from holdfast.platform.models import SecondFactor, User
from tests.support.practice import PASSWORD, Api
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-1", "GEN-16")
PAGE = "admin:holdfast_platform_secondfactor"


@pytest.fixture
def locked_out(customer: User) -> User:
    """Somebody with two-factor sign-in who has lost everything but the password."""
    made = second_factor.set_up(customer, now=utc_now())
    second_factor.turn_on(customer, codes.code_at(made.secret, now=utc_now()), now=utc_now())
    return customer


def sign_in(user: User) -> Any:
    return Api().send("/api/auth/token/", {"email": user.email, "password": PASSWORD})


@pytest.mark.parametrize("at_once", [False, True])
def test_an_admin_lets_in_by_password_who_has_lost_app_and_codes(
    locked_out: User, admins_browser: Client, at_once: bool
) -> None:
    factor = SecondFactor.objects.get()
    several = {"action": "delete_selected", "_selected_action": [factor.pk], "post": "yes"}
    before = sign_in(locked_out).status_code

    if at_once:
        admins_browser.post(reverse(f"{PAGE}_changelist"), several)
    else:
        admins_browser.post(reverse(f"{PAGE}_delete", args=[factor.pk]), {"post": "yes"})
    work()

    assert (before, sign_in(locked_out).status_code) == (401, 200)
    assert [message.subject for message in mail.outbox][-1] == "Two-factor sign-in is off"


def test_nobody_else_opens_that_page(locked_out: User, client: Client) -> None:
    client.force_login(locked_out)

    answer = client.post(reverse(f"{PAGE}_delete", args=[SecondFactor.objects.get().pk]), {"post": "yes"})

    assert answer.status_code == 302
    assert SecondFactor.objects.count() == 1


def test_the_page_shows_neither_the_secret_nor_the_codes(locked_out: User, admins_browser: Client) -> None:
    factor = SecondFactor.objects.get()

    shown = admins_browser.get(reverse(f"{PAGE}_change", args=[factor.pk])).content.decode()

    assert locked_out.email in shown
    assert not any(secret in shown for secret in (factor.secret, *factor.recovery))


def test_another_address_is_not_verified_until_its_mail_has_been_read(
    customer: User, admins_browser: Client
) -> None:
    User.objects.filter(pk=customer.pk).update(email_verified_at=utc_now())
    page = reverse("admin:holdfast_platform_user_change", args=[customer.pk])

    admins_browser.post(page, {"email": "other@example.com", "name": "Other", "is_active": "on"})

    customer.refresh_from_db()
    assert (customer.email, customer.email_verified_at) == ("other@example.com", None)
