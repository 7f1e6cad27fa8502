"""Accounts: what must follow when a user may do other things than before."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F

from .db import transaction_required
from .models import User


@transaction_required
def revoke_tokens(user_ids: Iterable[int]) -> None:
    """Make every token of these users worthless, as part of the change that makes it necessary."""
    User.objects.filter(pk__in=set(user_ids)).update(token_version=F("token_version") + 1)
