"""Keys of links that are mailed to a user: signed, for one purpose, for a time, and good once.

Nothing is stored of a key before it is used. It holds a digest of what must still be as it was when it was
made, so that a new password makes every older reset link worthless, and a new address every older check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils.crypto import constant_time_compare, salted_hmac

from holdfast.kernel.errors import Invalid

from .db import transaction_required
from .models import User
from .once import spend


@dataclass(frozen=True)
class Purpose:
    """What a link is for: how long it lives, by a setting, and what it depends on."""

    name: str
    life: str
    depends_on: Callable[[User], tuple[object, ...]]


VERIFY = Purpose(
    "verify-email", life="HOLDFAST_VERIFY_LIFE", depends_on=lambda user: (user.email, user.email_verified_at)
)
RESET = Purpose(
    "reset-password", life="HOLDFAST_RESET_LIFE", depends_on=lambda user: (user.email, user.password)
)


def key_for(user: User, purpose: Purpose, *, now: datetime) -> str:
    """A new key, to be mailed to the user's address and to be told to nobody else."""
    until = now + timedelta(seconds=getattr(settings, purpose.life))
    said = {"user": user.pk, "until": int(until.timestamp()), "state": _state(user, purpose)}
    return _signer(purpose).sign_object(said)


def user_of(key: str, purpose: Purpose, *, now: datetime) -> User:
    """Whose key this is. Raises Invalid if it is none of this purpose, too old, or worth nothing any more."""
    try:
        said = _signer(purpose).unsign_object(key)
    except (BadSignature, ValueError) as bad:
        raise _no_longer_good() from bad
    user = User.objects.filter(pk=said["user"], is_active=True).first()
    in_date = now.timestamp() < said["until"]
    if user is None or not in_date or not constant_time_compare(said["state"], _state(user, purpose)):
        raise _no_longer_good()
    return user


@transaction_required
def spend_key(key: str, purpose: Purpose, *, now: datetime) -> User:
    """Whose key this is, which is worth nothing from now on. Raises Invalid as ``user_of``."""
    user = user_of(key, purpose, now=now)
    until = datetime.fromtimestamp(_signer(purpose).unsign_object(key)["until"], UTC)
    digest = hashlib.sha256(key.encode()).hexdigest()
    spend(f"{purpose.name}:{digest}", until=until, refused=_no_longer_good())
    return user


def _no_longer_good() -> Invalid:
    return Invalid({"key": ["This link has been used, or is too old. Please ask for a new one."]})


def _signer(purpose: Purpose) -> Signer:
    return Signer(sep=".", salt=f"holdfast.link.{purpose.name}")  # nothing that an address would escape


def _state(user: User, purpose: Purpose) -> str:
    depends_on = repr(purpose.depends_on(user))
    return salted_hmac(f"holdfast.link.{purpose.name}", depends_on, algorithm="sha256").hexdigest()[:32]
