"""Mail about accounts: links that work once, and what has been changed.

A link's key is made when the mail is, so that neither a queue nor a table ever holds one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.timesince import timesince

from holdfast.platform.links import RESET, VERIFY, Purpose, key_for
from holdfast.platform.models import User

from .sending import Fact, send


def deliver(name: str, *, now: datetime, step: int, **told: Any) -> None:
    """Send the mail ``name`` to a user, by id or by address. Without such a user, nothing is sent."""
    fact = FACTS[name](now=now, **told)
    if fact is not None:
        send(name, fact, now=now, step=step)


def _verify_email(*, user: int, now: datetime) -> Fact | None:
    to = User.objects.filter(pk=user, is_active=True, email_verified_at=None).first()
    return _with_link(to, VERIFY, "Please verify your email address", now=now) if to else None


def _reset_password(*, address: str, now: datetime) -> Fact | None:
    to = User.objects.filter(email=address, is_active=True).first()
    return _with_link(to, RESET, "Set a new password", now=now) if to else None


def _account_changed(*, user: int, what: str, now: datetime) -> Fact:
    subject, said = CHANGES[what]
    return _fact(User.objects.get(pk=user), subject, {"said": said, "page": _page("/reset-password/")})


CHANGES = {
    "password": ("Your password was changed", "The password of your account was changed."),
    "factor_on": (
        "Two-factor sign-in is on",
        "Two-factor sign-in was turned on: signing in now takes a code of an authenticator app.",
    ),
    "factor_off": (
        "Two-factor sign-in is off",
        "Two-factor sign-in was turned off: signing in to your account takes the password alone.",
    ),
    "recovery_codes": (
        "Your recovery codes are new",
        "New recovery codes were made for your account. Those before are worth nothing.",
    ),
    "recovery_code": (
        "A recovery code was used",
        "A recovery code of your account was used, in place of the authenticator app.",
    ),
}

FACTS: dict[str, Callable[..., Fact | None]] = {
    "verify_email": _verify_email,
    "reset_password": _reset_password,
    "account_changed": _account_changed,
}


def _with_link(user: User, purpose: Purpose, subject: str, *, now: datetime) -> Fact:
    key = key_for(user, purpose, now=now)
    life = timesince(now, now + timedelta(seconds=getattr(settings, purpose.life)))
    return _fact(user, subject, {"page": _page(f"/{purpose.name}/{key}/"), "life": life})


def _fact(user: User, subject: str, context: dict[str, Any]) -> Fact:
    return Fact(
        subject_kind="user",
        subject_id=user.pk,
        to=user.email,
        subject=subject,
        # Not the name: whoever registers with another's address would choose what we write there.
        context=context | {"title": subject, "email": user.email},
    )


def _page(path: str) -> str:
    return f"{settings.HOLDFAST_PUBLIC_URL}{path}"
