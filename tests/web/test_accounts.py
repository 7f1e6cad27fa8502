"""Accounts over HTTP: register, sign in, renew, sign out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from holdfast.kernel.clock import utc_now
from holdfast.platform.accounts import revoke_tokens
from holdfast.platform.db import transaction
from holdfast.platform.models import RefreshToken, User
from holdfast.web.tokens import Pair, issue, revoke, rotate, user_of
from tests.support.practice import PASSWORD, Api, new_user
from tests.support.racing import kinds, race

ME = "/api/auth/me/"
CREDENTIALS = {"email": "customer@example.com", "password": PASSWORD}


def sign_in(email: str = "customer@example.com", password: str = PASSWORD) -> Any:
    return Api().send("/api/auth/token/", {"email": email, "password": password})


def refresh(token: str) -> Any:
    return Api().send("/api/auth/token/refresh/", {"refresh": token})


@pytest.mark.spec("GEN-1")
def test_who_registers_is_signed_in(db: None, cheap_passwords: None) -> None:
    answer = Api().send(
        "/api/auth/register/", {"email": "New@Example.com", "password": PASSWORD, "name": "Somebody New"}
    )

    assert answer.status_code == 201
    said = answer.json()
    assert set(said) == {"id", "email", "name", "access", "refresh"}
    assert (said["email"], said["name"]) == ("new@example.com", "Somebody New")
    assert Api(said["access"]).get(ME).json() == {
        "id": said["id"],
        "email": "new@example.com",
        "name": "Somebody New",
        "email_verified": False,
        "two_factor": False,
        "is_admin": False,
        "roles": [],
    }


@pytest.mark.spec("GEN-1", "GEN-5")
@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"email": "CUSTOMER@example.com"}, "email"),
        ({"email": "not an address"}, "email"),
        ({"email": "Somebody <somebody@example.com>"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "password1234"}, "password"),
        ({"password": "x" * 300}, "password"),
        ({"password": ["a long enough password"]}, "password"),
        ({"name": "n" * 121}, "name"),
    ],
)
def test_a_registration_that_cannot_be_is_400_by_field(
    customer: User, over: dict[str, Any], field: str
) -> None:
    answer = Api().send("/api/auth/register/", {"email": "new@example.com", "password": PASSWORD} | over)

    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert User.objects.count() == 1


@pytest.mark.spec("GEN-1")
def test_passwords_are_kept_as_argon2(db: None) -> None:
    Api().send("/api/auth/register/", CREDENTIALS)

    assert User.objects.get().password.startswith("argon2$argon2id$")


@pytest.mark.spec("GEN-1")
def test_email_and_password_get_a_pair_of_tokens(customer: User) -> None:
    answer = sign_in("Customer@Example.com ")

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh"}
    assert Api(answer.json()["access"]).get(ME).json()["id"] == customer.pk


@pytest.mark.spec("GEN-1")
@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"email": "nobody@example.com"}])
def test_a_wrong_sign_in_does_not_say_what_was_wrong(customer: User, wrong: dict[str, str]) -> None:
    answer = sign_in(**CREDENTIALS | wrong)

    assert answer.status_code == 401
    assert answer.json() == {"error": "No account has this email and password."}


class CountingHasher(MD5PasswordHasher):
    """Django's cheap hasher, which tells how often it was asked."""

    verified = 0

    def verify(self, password: str, encoded: str) -> bool:
        type(self).verified += 1
        return super().verify(password, encoded)


@pytest.mark.spec("GEN-1")
def test_a_sign_in_checks_one_password_whether_or_not_there_is_an_account(
    customer: User, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    closed = new_user("closed@example.com", is_active=False)
    counted = []

    for email in (customer.email, closed.email, "nobody@example.com"):
        before = CountingHasher.verified
        sign_in(email, "wrong")
        counted.append(CountingHasher.verified - before)

    assert counted == [1, 1, 1]


@pytest.mark.spec("GEN-1")
def test_a_refresh_token_is_exchanged_for_a_new_pair(customer: User) -> None:
    first = sign_in().json()

    second = refresh(first["refresh"])

    assert second.status_code == 200
    assert second.json()["refresh"] != first["refresh"]
    assert Api(second.json()["access"]).get(ME).status_code == 200


@pytest.mark.spec("GEN-1")
def test_a_used_refresh_token_revokes_all_that_came_of_it(customer: User) -> None:
    first = sign_in().json()["refresh"]
    second = refresh(first).json()["refresh"]
    elsewhere = sign_in().json()["refresh"]

    assert refresh(first).status_code == 401

    assert refresh(second).status_code == 401
    assert refresh(elsewhere).status_code == 200


@pytest.mark.spec("GEN-1")
def test_an_old_refresh_token_is_refused(customer: User) -> None:
    pair = issue(customer, now=utc_now() - timedelta(days=15))

    assert refresh(pair.refresh).status_code == 401


@pytest.mark.spec("GEN-1")
def test_refresh_tokens_are_kept_as_digests_only(customer: User) -> None:
    pair = issue(customer, now=utc_now())

    assert pair.refresh not in RefreshToken.objects.get().digest
    assert len(RefreshToken.objects.get().digest) == 64


def _new_password(user: User) -> None:
    user.set_password("another long password")
    user.save()


def _deactivate(user: User) -> None:
    user.is_active = False
    user.save()


def _new_role(user: User) -> None:
    with transaction():
        revoke_tokens([user.pk])


@pytest.mark.spec("GEN-1")
@pytest.mark.parametrize("change", [_new_password, _deactivate, _new_role])
def test_tokens_die_with_what_they_were_given_for(customer: User, change: Any) -> None:
    pair = issue(customer, now=utc_now())

    change(customer)

    assert Api(pair.access).get(ME).status_code == 401
    assert refresh(pair.refresh).status_code == 401


@pytest.mark.spec("GEN-1")
def test_who_signs_out_renews_no_more(customer: User) -> None:
    pair = sign_in().json()

    answer = Api().send("/api/auth/logout/", {"refresh": pair["refresh"]})

    assert (answer.status_code, answer.content) == (204, b"")
    assert refresh(pair["refresh"]).status_code == 401


@pytest.mark.spec("GEN-1")
def test_signing_out_with_a_token_of_nobodys_says_nothing_about_it(customer: User) -> None:
    kept = sign_in().json()["refresh"]

    answer = Api().send("/api/auth/logout/", {"refresh": "nonsense"})

    assert answer.status_code == 204
    assert refresh(kept).status_code == 200


@pytest.mark.spec("GEN-1")
def test_an_access_token_is_short_lived(customer: User) -> None:
    claims = jwt.decode(issue(customer, now=utc_now()).access, options={"verify_signature": False})

    assert claims["exp"] - claims["iat"] == 15 * 60


@pytest.mark.spec("GEN-1")
def test_two_pairs_share_a_family_only_by_descent(customer: User) -> None:
    first, other = (issue(customer, now=utc_now()) for _ in range(2))

    rotate(first.refresh, now=utc_now())

    families = RefreshToken.objects.values_list("family", flat=True)
    assert len(families) == 3
    assert len(set(families)) == 2
    assert user_of(other.access) == customer


@pytest.mark.spec("GEN-1")
def test_of_many_who_bring_one_refresh_token_at_once_one_gets_a_pair_and_it_is_worth_nothing(
    customer: User,
) -> None:
    token = issue(customer, now=utc_now()).refresh

    results = race([lambda: rotate(token, now=utc_now())] * 6)

    assert kinds(results) == {"NotSignedIn": 5, "Pair": 1}
    pair = next(result for result in results if isinstance(result, Pair))
    assert refresh(pair.refresh).status_code == 401


@pytest.mark.spec("GEN-1")
def test_signing_out_ends_the_access_token_of_that_sign_in_at_once_and_no_other(customer: User) -> None:
    left, kept = (issue(customer, now=utc_now()) for _ in range(2))

    revoke(left.refresh, now=utc_now())

    assert user_of(left.access) is None
    assert user_of(kept.access) == customer


@pytest.mark.spec("GEN-1")
def test_signing_out_with_the_bearer_token_alone_ends_that_sign_in(customer: User) -> None:
    left, kept = (issue(customer, now=utc_now()) for _ in range(2))

    answer = Api(left.access).send("/api/auth/logout/")

    assert answer.status_code == 204
    assert user_of(left.access) is None
    assert refresh(left.refresh).status_code == 401
    assert user_of(kept.access) == customer


@pytest.mark.spec("GEN-1")
def test_signing_out_without_any_token_is_refused(db: None) -> None:
    assert Api().send("/api/auth/logout/").status_code == 401
