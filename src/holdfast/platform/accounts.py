"""Accounts: what must follow when a user may do other things than before, and mail about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db.models import F
from django.db.models.functions import Coalesce

from .db import transaction_required
from .models import User
from .outbox import post


@transaction_required
def revoke_tokens(user_ids: Iterable[int]) -> None:
    """Make every token and session of these users worthless, as part of what makes it necessary."""
    User.objects.filter(pk__in=set(user_ids)).update(token_version=F("token_version") + 1)


@transaction_required
def give_password(user: User, password: str) -> None:
    """A new password, which ends every token and session of the user."""
    User.objects.filter(pk=user.pk).update(
        password=make_password(password), token_version=F("token_version") + 1
    )


@transaction_required
def mark_verified(user: User, *, now: datetime) -> None:
    """Mail to the user's address has been read. The first time is what is remembered."""
    User.objects.filter(pk=user.pk).update(email_verified_at=Coalesce("email_verified_at", now))


def mail(name: str, *, now: datetime, **told: Any) -> None:
    """Post the account mail ``name``: see ``notifications.account_mail``. Each one is a fact of its own."""
    post("account_mail", name=name, step=int(now.timestamp() * 1_000_000), **told)
