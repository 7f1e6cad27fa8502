"""What comes of mailed links: a verified address, another password. And what a stranger learns: nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from holdfast.kernel.clock import utc_now
from holdfast.platform.links import RESET, VERIFY, key_for
from holdfast.platform.models import User
from holdfast.web.tokens import issue, user_of
from tests.support.accounts import mailed_key, subjects, with_two_factor
from tests.support.booked import api_of
from tests.support.practice import PASSWORD, Api, new_user
from tests.support.statements import count_statements
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-1")
AUTH = "/api/auth"
NEW = "a quite different password"
STALE = {"key": ["This link has been used, or is too old. Please ask for a new one."]}


def verify(key: str) -> Any:
    return Api().send(f"{AUTH}/verify-email/", {"key": key})


def forgot(email: str) -> Any:
    return Api().send(f"{AUTH}/password/reset/", {"email": email})


def reset(key: str, password: str = NEW) -> Any:
    return Api().send(f"{AUTH}/password/reset/confirm/", {"key": key, "password": password})


def sign_in(email: str, password: str) -> Any:
    return Api().send(f"{AUTH}/token/", {"email": email, "password": password})


def is_verified(user: User) -> bool:
    return bool(api_of(user).get(f"{AUTH}/me/").json()["email_verified"])


# An address that is verified


def test_who_registers_is_mailed_a_link_that_verifies_the_address(db: None, cheap_passwords: None) -> None:
    Api().send(f"{AUTH}/register/", {"email": "new@example.com", "password": PASSWORD, "name": "New"})
    user = User.objects.get()
    before = is_verified(user)

    answer = verify(mailed_key("verify-email"))

    assert answer.status_code == 200
    assert answer.json() == {"email": "new@example.com", "email_verified": True}
    assert (before, is_verified(user)) == (False, True)
    assert mail.outbox[0].to == ["new@example.com"]


def test_a_registration_that_is_refused_mails_nothing(customer: User) -> None:
    Api().send(f"{AUTH}/register/", {"email": customer.email, "password": PASSWORD})

    assert subjects() == []


def test_what_a_stranger_writes_as_a_name_is_in_no_mail(db: None, cheap_passwords: None) -> None:
    bait = "Win at http://evil.example"
    Api().send(f"{AUTH}/register/", {"email": "victim@example.com", "password": PASSWORD, "name": bait})

    work()

    (message,) = mail.outbox
    assert "evil" not in str(message.message())


def test_a_verification_link_works_once(customer: User) -> None:
    key = key_for(customer, VERIFY, now=utc_now())
    verify(key)

    again = verify(key)

    assert (again.status_code, again.json()) == (400, STALE)


def test_the_link_is_mailed_again_to_who_asks_and_is_not_verified(customer: User, api: Api) -> None:
    answer = api.send(f"{AUTH}/verify-email/resend/")

    assert (answer.status_code, answer.json()) == (
        202,
        {"email": customer.email, "email_verified": False},
    )
    assert verify(mailed_key("verify-email")).status_code == 200


def test_the_link_is_not_mailed_to_who_is_verified(customer: User, api: Api) -> None:
    verify(key_for(customer, VERIFY, now=utc_now()))

    answer = api.send(f"{AUTH}/verify-email/resend/")

    assert (answer.status_code, answer.json()["email_verified"]) == (202, True)
    assert subjects() == []


def test_a_mail_that_is_late_is_not_sent_to_who_is_verified_meanwhile(customer: User, api: Api) -> None:
    api.send(f"{AUTH}/verify-email/resend/")
    verify(key_for(customer, VERIFY, now=utc_now()))

    assert subjects() == []


# A password that was forgotten


def test_a_mailed_link_sets_another_password_once(customer: User) -> None:
    forgot("Customer@Example.com")
    key = mailed_key("reset-password")

    first, again = reset(key), reset(key, "yet another password")

    assert (first.status_code, first.content) == (204, b"")
    assert (again.status_code, again.json()) == (400, STALE)
    assert [sign_in(customer.email, word).status_code for word in (PASSWORD, NEW)] == [401, 200]
    assert subjects()[-1] == "Your password was changed"


def test_another_password_ends_every_token_and_session(customer: User) -> None:
    pair, browser = issue(customer, now=utc_now()), Client()
    browser.force_login(customer)

    reset(key_for(customer, RESET, now=utc_now()))

    assert user_of(pair.access) is None
    assert Api().send(f"{AUTH}/token/refresh/", {"refresh": pair.refresh}).status_code == 401
    assert browser.get(f"{AUTH}/me/").status_code == 401


def test_who_reads_the_mail_has_shown_that_the_address_is_theirs(customer: User) -> None:
    reset(key_for(customer, RESET, now=utc_now()))

    assert is_verified(User.objects.get())


def test_a_weak_password_is_refused_and_the_link_is_as_good_as_before(customer: User) -> None:
    pair, key = issue(customer, now=utc_now()), key_for(customer, RESET, now=utc_now())

    refused = reset(key, "short")

    assert refused.status_code == 400
    assert list(refused.json()) == ["password"]
    assert user_of(pair.access) == customer
    assert reset(key).status_code == 204


def test_a_reset_does_not_turn_off_the_second_factor(customer: User) -> None:
    with_two_factor(customer)

    reset(key_for(customer, RESET, now=utc_now()))

    answer = sign_in(customer.email, NEW)
    assert (answer.status_code, answer.json()["code_required"]) == (401, True)


def test_whether_there_is_an_account_shows_in_no_answer_and_in_no_statement(customer: User) -> None:
    new_user("closed@example.com", is_active=False)
    answers, sent = [], []

    for email in (customer.email, "nobody@example.com", "closed@example.com"):
        with count_statements() as statements:
            answers.append(forgot(email))
        sent.append([sql.split()[0] for sql in statements])

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert sent[0] == sent[1] == sent[2]
    work()
    assert [message.to for message in mail.outbox] == [[customer.email]]


def test_no_key_waits_in_the_queue(customer: User) -> None:
    forgot(customer.email)

    key = mailed_key("reset-password")

    assert not ProcrastinateJob.objects.filter(args__icontains=key).exists()
    assert set(ProcrastinateJob.objects.get().args["payload"]) == {"name", "step", "address"}


@pytest.mark.spec("GEN-6")
@pytest.mark.parametrize("email", ["customer@example.com", "nobody@example.com"])
def test_nobodys_mailbox_is_filled(customer: User, settings: Any, email: str) -> None:
    settings.HOLDFAST_LIMITS = settings.HOLDFAST_LIMITS | {"mail_to_an_hour": 2, "account_mail": 0}

    answers = [forgot(email) for _ in range(5)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert answers[0].status_code == 202
    assert refused
    assert 0 < int(refused[0]["Retry-After"]) <= 3600
    assert forgot("somebody@else.example").status_code == 202


# A password that is known


def test_who_knows_the_password_changes_it_and_stays_signed_in_alone(customer: User, api: Api) -> None:
    elsewhere = issue(customer, now=utc_now())

    answer = api.send(f"{AUTH}/password/change/", {"password": PASSWORD, "new_password": NEW})

    assert answer.status_code == 200
    assert Api(answer.json()["access"]).get(f"{AUTH}/me/").status_code == 200
    assert api.get(f"{AUTH}/me/").status_code == 401
    assert user_of(elsewhere.access) is None
    assert sign_in(customer.email, NEW).status_code == 200
    assert subjects() == ["Your password was changed"]


def test_a_browser_that_changes_the_password_keeps_its_session(customer: User) -> None:
    browser, other = Client(), Client()
    for one in (browser, other):
        one.force_login(customer)

    browser.post(
        f"{AUTH}/password/change/",
        {"password": PASSWORD, "new_password": NEW},
        content_type="application/json",
    )

    assert browser.get(f"{AUTH}/me/").status_code == 200
    assert other.get(f"{AUTH}/me/").status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": "wrong", "new_password": NEW}, "password"),
        ({"password": PASSWORD, "new_password": "short"}, "new_password"),
        ({"password": PASSWORD, "new_password": "customer@example.com"}, "new_password"),
        ({"password": PASSWORD}, "new_password"),
    ],
)
def test_a_change_that_cannot_be_is_400_by_field_and_changes_nothing(
    customer: User, api: Api, body: dict[str, str], field: str
) -> None:
    answer = api.send(f"{AUTH}/password/change/", body)

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert api.get(f"{AUTH}/me/").status_code == 200
    assert sign_in(customer.email, PASSWORD).status_code == 200
    assert subjects() == []


@pytest.mark.spec("GEN-6")
def test_a_stolen_token_does_not_try_passwords_for_long(customer: User, api: Api, settings: Any) -> None:
    settings.HOLDFAST_LIMITS = settings.HOLDFAST_LIMITS | {"proof_by_user": 2}

    answers = [
        api.send(f"{AUTH}/password/change/", {"password": "wrong", "new_password": NEW}).status_code
        for _ in range(5)
    ]

    assert answers[0] == 400
    assert 429 in answers


# One kind of key is none of another kind

KEYS: dict[str, Callable[[User], str]] = {
    "to verify": lambda user: key_for(user, VERIFY, now=utc_now()),
    "to reset": lambda user: key_for(user, RESET, now=utc_now()),
    "access": lambda user: issue(user, now=utc_now()).access,
    "refresh": lambda user: issue(user, now=utc_now()).refresh,
}
DOORS: dict[str, Callable[[str], Any]] = {
    "to verify": verify,
    "to reset": reset,
    "access": lambda key: Api(key).get(f"{AUTH}/me/"),
    "refresh": lambda key: Api().send(f"{AUTH}/token/refresh/", {"refresh": key[:200]}),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", KEYS)
def test_a_key_opens_its_own_door_and_no_other(customer: User, kind: str, door: str) -> None:
    answer = DOORS[door](KEYS[kind](customer))

    customer.refresh_from_db()
    if kind == door:
        assert answer.status_code in {200, 204}
    else:
        assert answer.status_code in {400, 401}
        assert customer.email_verified_at is None
        assert customer.check_password(PASSWORD)


@pytest.mark.spec("GEN-4")
def test_a_reset_whose_answer_was_lost_is_answered_again(customer: User) -> None:
    body = {"key": key_for(customer, RESET, now=utc_now()), "password": NEW}
    key = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}

    answers = [Api().send(f"{AUTH}/password/reset/confirm/", body, headers=key) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [204, 204]
    assert subjects() == ["Your password was changed"]
