"""Bearer tokens: short access tokens (JWT, HS256), and refresh tokens that work once each.

Both die with the user's ``token_version``: a new password or a new role revokes them all. Signing out
revokes those of one sign-in, its family.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from django.conf import settings
from django.db.models import Exists
from ninja import Schema

from holdfast.kernel.errors import NotSignedIn
from holdfast.platform.db import transaction
from holdfast.platform.models import RefreshToken, User
from holdfast.platform.prepared import Prepared

ALGORITHM = "HS256"
AUDIENCE = "holdfast-api"


@dataclass(frozen=True)
class Pair:
    access: str
    refresh: str


class Tokens(Schema):
    """How a pair is answered."""

    access: str
    refresh: str


def issue(user: User, *, now: datetime, family: uuid.UUID | None = None) -> Pair:
    """A new access token, and a refresh token of a new family or of the one it continues."""
    refresh, family = secrets.token_urlsafe(32), family or uuid.uuid4()
    RefreshToken.objects.create(
        user=user,
        family=family,
        digest=_digest(refresh),
        token_version=user.token_version,
        expires_at=now + timedelta(seconds=settings.HOLDFAST_REFRESH_LIFE),
    )
    claims = {
        "sub": str(user.pk),
        "ver": user.token_version,
        "fam": family.hex,
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + timedelta(seconds=settings.HOLDFAST_ACCESS_LIFE),
        "jti": uuid.uuid4().hex,
    }
    return Pair(jwt.encode(claims, settings.HOLDFAST_TOKEN_KEY, algorithm=ALGORITHM), refresh)


@dataclass(frozen=True)
class Claims:
    """What a good access token says: whose it is, of which version, and of which sign-in."""

    user_id: int
    version: int
    family: uuid.UUID


def user_of(access: str) -> User | None:
    """The active user whose access token this is; None if it is none of ours, too old, or revoked."""
    claims = _claims_of(access)
    if claims is None:
        return None
    return _SIGNED_IN.first(user_id=claims.user_id, version=claims.version, family=claims.family)


_SIGNED_IN = Prepared(
    lambda user_id, version, family: User.objects.filter(
        ~Exists(RefreshToken.objects.filter(family=family, revoked_at__isnull=False)),
        pk=user_id,
        is_active=True,
        token_version=version,
    )
)


def _claims_of(access: str) -> Claims | None:
    """What an access token of ours says, while it is in date."""
    try:
        said = jwt.decode(
            access,
            settings.HOLDFAST_TOKEN_KEY,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            options={"require": ["exp", "iat", "sub", "aud", "ver", "fam"]},
        )
        return Claims(int(said["sub"]), int(said["ver"]), uuid.UUID(said["fam"]))
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
        return None


def in_answer(pair: Pair) -> Tokens:
    return Tokens(access=pair.access, refresh=pair.refresh)


def rotate(refresh: str, *, now: datetime) -> Pair:
    """Exchange a refresh token for a new pair. Raises NotSignedIn.

    A token that comes a second time has been stolen from somebody: its whole family is revoked.
    """
    with transaction():
        token = (
            RefreshToken.objects.select_for_update(of=("self",))
            .select_related("user")
            .filter(digest=_digest(refresh))
            .first()
        )
        is_good = token is not None and _is_good(token, now=now)
        if token is not None and is_good:
            token.used_at = now
            token.save(update_fields=["used_at"])
            return issue(token.user, now=now, family=token.family)
        if token is not None and token.used_at is not None:
            RefreshToken.objects.filter(family=token.family).update(revoked_at=now)
    raise NotSignedIn("This token is no longer good. Please sign in.")


def revoke(refresh: str, *, now: datetime) -> None:
    """Sign out: no token of this family, access or refresh, is good any more."""
    token = RefreshToken.objects.filter(digest=_digest(refresh)).first()
    if token is not None:
        RefreshToken.objects.filter(family=token.family).update(revoked_at=now)


def revoke_bearer(access: str, *, now: datetime) -> None:
    """Sign out by access token. Raises NotSignedIn if it is none of ours."""
    claims = _claims_of(access)
    if claims is None:
        raise NotSignedIn
    RefreshToken.objects.filter(family=claims.family).update(revoked_at=now)


def _is_good(token: RefreshToken, *, now: datetime) -> bool:
    return (
        token.used_at is None
        and token.revoked_at is None
        and token.expires_at > now
        and token.user.is_active
        and token.user.token_version == token.token_version
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
