"""Keys of mailed links: for one user, one purpose and a time, and good once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.transaction import set_rollback

from holdfast.flows.accounts import reset_password
from holdfast.kernel.errors import Invalid
from holdfast.platform.db import transaction
from holdfast.platform.links import RESET, VERIFY, Purpose, key_for, spend_key, user_of
from holdfast.platform.models import Spent, User
from holdfast.platform.tidying import tidy_up
from tests.support.accounts import meet_at
from tests.support.practice import NOW, new_user
from tests.support.racing import kinds
from tests.support.without import without

pytestmark = pytest.mark.spec("GEN-1")
PURPOSES = pytest.mark.parametrize("purpose", [VERIFY, RESET], ids=lambda purpose: purpose.name)


def spend(key: str, purpose: Purpose, *, now: datetime = NOW) -> User:
    with transaction():
        return spend_key(key, purpose, now=now)


@PURPOSES
def test_a_key_tells_whose_it_is(customer: User, purpose: Purpose) -> None:
    new_user()

    assert user_of(key_for(customer, purpose, now=NOW), purpose, now=NOW) == customer


@PURPOSES
def test_a_key_is_good_once(customer: User, purpose: Purpose) -> None:
    key = key_for(customer, purpose, now=NOW)
    spend(key, purpose)

    with pytest.raises(Invalid) as refused:
        spend(key, purpose)

    assert refused.value.fields == {
        "key": ["This link has been used, or is too old. Please ask for a new one."]
    }


@PURPOSES
def test_what_is_undone_has_not_used_the_key(customer: User, purpose: Purpose) -> None:
    key = key_for(customer, purpose, now=NOW)

    with transaction():
        spend_key(key, purpose, now=NOW)
        set_rollback(True)

    assert spend(key, purpose) == customer


@pytest.mark.parametrize(("purpose", "life"), [(VERIFY, timedelta(days=3)), (RESET, timedelta(hours=1))])
def test_a_key_grows_too_old(customer: User, purpose: Purpose, life: timedelta) -> None:
    key = key_for(customer, purpose, now=NOW)

    assert user_of(key, purpose, now=NOW + life - timedelta(seconds=1)) == customer
    with pytest.raises(Invalid):
        user_of(key, purpose, now=NOW + life)


def _another_password(user: User) -> None:
    user.set_password("another long password")


def _another_address(user: User) -> None:
    user.email = "another@example.com"


def _verified(user: User) -> None:
    user.email_verified_at = NOW


def _closed(user: User) -> None:
    user.is_active = False


@pytest.mark.parametrize(
    ("purpose", "change"),
    [
        (RESET, _another_password),
        (RESET, _another_address),
        (RESET, _closed),
        (VERIFY, _another_address),
        (VERIFY, _verified),
        (VERIFY, _closed),
    ],
)
def test_a_key_dies_with_what_it_was_made_for(
    customer: User, purpose: Purpose, change: Callable[[User], None]
) -> None:
    key = key_for(customer, purpose, now=NOW)

    change(customer)
    customer.save()

    with pytest.raises(Invalid):
        user_of(key, purpose, now=NOW)


@pytest.mark.parametrize(("made", "used"), [(VERIFY, RESET), (RESET, VERIFY)])
def test_a_key_of_one_purpose_is_none_of_another(customer: User, made: Purpose, used: Purpose) -> None:
    with pytest.raises(Invalid):
        user_of(key_for(customer, made, now=NOW), used, now=NOW)


@PURPOSES
@pytest.mark.parametrize(
    "spoil", [lambda key: key[:-1], lambda key: f"x{key}", lambda _: "", lambda _: "a:b"]
)
def test_a_key_that_was_not_made_here_opens_nothing(
    customer: User, purpose: Purpose, spoil: Callable[[str], str]
) -> None:
    with pytest.raises(Invalid):
        user_of(spoil(key_for(customer, purpose, now=NOW)), purpose, now=NOW)


def test_of_many_who_use_one_link_at_once_one_sets_the_password(customer: User) -> None:
    key = key_for(customer, RESET, now=NOW)

    results = meet_at(customer, resets(key))

    assert kinds(results) == {"Invalid": 4, "NoneType": 1}
    customer.refresh_from_db()
    assert customer.check_password(f"a new password, number {results.index(None)}")


def test_without_the_constraint_one_link_would_set_many_passwords(customer: User) -> None:
    key = key_for(customer, RESET, now=NOW)

    with without(Spent, "spent_once"):
        results = meet_at(customer, resets(key))

    assert kinds(results) == {"NoneType": 5}


def resets(key: str) -> list[Callable[[], Any]]:
    def reset(number: int) -> Callable[[], Any]:
        return lambda: reset_password(key, f"a new password, number {number}", now=NOW)

    return [reset(number) for number in range(5)]


def test_a_use_is_forgotten_when_the_key_would_be_too_old_anyway(customer: User) -> None:
    key = key_for(customer, VERIFY, now=NOW)
    spend(key, VERIFY)

    tidy_up(now=NOW + timedelta(days=3) - timedelta(seconds=1))
    kept = Spent.objects.count()
    tidy_up(now=NOW + timedelta(days=3, seconds=1))

    assert (kept, Spent.objects.count()) == (1, 0)
