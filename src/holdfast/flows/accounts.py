"""Accounts: made, verified by mail, and given another password.

Nothing here signs anybody in: that is the web's, which asks for the second factor first.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from holdfast.kernel.errors import Invalid
from holdfast.platform.accounts import give_password, mail, mark_verified
from holdfast.platform.db import transaction
from holdfast.platform.links import RESET, VERIFY, spend_key, user_of
from holdfast.platform.models import User

__all__ = [
    "User",
    "ask_to_reset",
    "ask_to_verify",
    "change_password",
    "holder_of_reset",
    "holder_of_verification",
    "register",
    "reset_password",
    "verify_email",
]


def register(email: str, password: str, *, name: str, now: datetime) -> User:
    """Make an account, and mail a link to verify its address. Raises Invalid."""
    _check_strength(password, User(email=email, name=name))
    try:
        with transaction():
            user = User.objects.create_user(email, password, name=name)
            mail("verify_email", user=user.pk, now=now)
    except IntegrityError as taken:
        # Said openly, for who registers is signed in at once: see docs/decisions/0019.
        raise Invalid({"email": ["An account with this email exists."]}) from taken
    return user


def ask_to_verify(user: User, *, now: datetime) -> None:
    """Mail the link once more, unless the address is verified."""
    if user.email_verified_at is None:
        mail("verify_email", user=user.pk, now=now)


def holder_of_verification(key: str, *, now: datetime) -> User:
    """Whose address a link would verify; nothing is done yet. Raises Invalid."""
    return user_of(key, VERIFY, now=now)


def verify_email(key: str, *, now: datetime) -> User:
    """The address is its user's. Raises Invalid for a key that is not good, or no longer."""
    with transaction():
        user = spend_key(key, VERIFY, now=now)
        mark_verified(user, now=now)
    user.refresh_from_db()
    return user


def ask_to_reset(email: str, *, now: datetime) -> None:
    """Have a link mailed to this address, if it is an account's.

    Whether it is one is looked up by the worker alone, so that nothing here takes longer for either.
    """
    mail("reset_password", address=User.objects.normalize(email), now=now)


def holder_of_reset(key: str, *, now: datetime) -> User:
    """Whose password a link would set; nothing is done yet. Raises Invalid."""
    return user_of(key, RESET, now=now)


def reset_password(key: str, password: str, *, now: datetime) -> None:
    """A new password for whoever has the link, which also shows that the address is theirs.

    Every token and session ends, and the next sign-in asks for the second factor where there is one. Raises
    Invalid; a password that is too weak leaves the link as good as it was.
    """
    _check_strength(password, user_of(key, RESET, now=now))
    with transaction():
        user = spend_key(key, RESET, now=now)
        mark_verified(user, now=now)
        _change(user, password, now=now)


def change_password(user: User, password: str, *, now: datetime) -> None:
    """A new password for somebody who has just shown the old one. Raises Invalid.

    Every token and session ends.
    """
    _check_strength(password, user, field="new_password")
    with transaction():
        _change(user, password, now=now)
    user.refresh_from_db()


def _change(user: User, password: str, *, now: datetime) -> None:
    give_password(user, password)
    mail("account_changed", user=user.pk, what="password", now=now)


def _check_strength(password: str, user: User, *, field: str = "password") -> None:
    try:
        validate_password(password, user)
    except ValidationError as weak:
        raise Invalid({field: weak.messages}) from weak
