"""The mail about accounts, in text and HTML."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from holdfast.kernel.clock import utc_now
from holdfast.notifications.account_mail import CHANGES
from holdfast.notifications.models import Email
from holdfast.platform.accounts import mail as post_mail
from holdfast.platform.models import User
from tests.support.practice import NOW
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-1")


def the_mail() -> tuple[Any, str, str]:
    """The one mail that was sent, its text and its HTML."""
    (message,) = mail.outbox
    sent: Any = message
    ((html, kind),) = sent.alternatives
    assert kind == "text/html"
    return sent, str(sent.body), str(html)


@pytest.mark.parametrize(
    ("name", "subject", "path", "life"),
    [
        ("verify_email", "Please verify your email address", "verify-email", "3 days"),
        ("reset_password", "Set a new password", "reset-password", "1 hour"),
    ],
)
def test_a_link_is_mailed_with_how_long_it_is_good(
    customer: User, name: str, subject: str, path: str, life: str
) -> None:
    who = {"address": customer.email} if name == "reset_password" else {"user": customer.pk}
    post_mail(name, now=NOW, **who)

    work()

    message, text, html = the_mail()
    assert (message.subject, message.to) == (subject, [customer.email])
    for said in (text, html):
        assert f"http://testserver/{path}/" in said
        assert life in said.replace("\xa0", " ")
    assert f"This mail is about the account of {customer.email}." in html


@pytest.mark.parametrize("what", CHANGES)
def test_every_change_is_told_with_the_way_to_a_new_password(customer: User, what: str) -> None:
    post_mail("account_changed", user=customer.pk, what=what, now=NOW)

    work()

    message, text, html = the_mail()
    subject, said = CHANGES[what]
    assert message.subject == subject
    assert all(said in body and "http://testserver/reset-password/" in body for body in (text, html))


def test_a_fact_told_twice_is_one_mail_and_two_facts_are_two(customer: User) -> None:
    for now in (NOW, NOW, utc_now()):
        post_mail("account_changed", user=customer.pk, what="password", now=now)

    work()

    assert len(mail.outbox) == Email.objects.count() == 2


def test_who_may_no_longer_sign_in_is_mailed_no_link(customer: User) -> None:
    User.objects.update(is_active=False)
    post_mail("reset_password", address=customer.email, now=NOW)
    post_mail("verify_email", user=customer.pk, now=NOW)

    work()

    assert mail.outbox == []
