"""The one authenticator.

An ``Authorization`` header is judged alone: if it is there and no good, the answer is 401 whatever the
cookies say. Without one a session cookie counts, with CSRF on whatever changes something. Else 401.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from ninja.security.base import AuthBase

from holdfast.kernel.errors import Forbidden, NotSignedIn
from holdfast.platform.models import User

from . import tokens
from .csrf import csrf_failed


class SignedIn(AuthBase):
    """Whoever asks must be signed in, by bearer token or by session."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_bearerFormat = "JWT"  # noqa: N815 - the OpenAPI field is spelled so

    def __call__(self, request: HttpRequest) -> User:
        known = getattr(request, "auth", None)
        if isinstance(known, User):  # found for the idempotency key: signing in costs one look-up
            return known
        if "Authorization" in request.headers:
            return self._by_token(request.headers["Authorization"])
        user = request.user
        if not isinstance(user, User) or not user.is_active:
            raise NotSignedIn
        if csrf_failed(request):
            raise Forbidden("The CSRF token is missing or wrong.")
        return user

    def _by_token(self, header: str) -> User:
        user = tokens.user_of(bearer_token(header))
        if user is None:
            raise NotSignedIn("This token is not good, or no longer. Please sign in.")
        return user


signed_in = SignedIn()


@dataclass(frozen=True)
class Guest:
    """Nobody who has signed in, where nobody needs to."""


class AnybodyWelcome(SignedIn):
    """A guest, who shows nothing; or else whoever is signed in, and what they show must be good."""

    def __call__(self, request: HttpRequest) -> User | Guest:  # type: ignore[override]  # a guest as well
        if "Authorization" not in request.headers and not request.user.is_authenticated:
            return Guest()
        return super().__call__(request)


anybody = AnybodyWelcome()


def bearer_token(header: str) -> str:
    """The token in an Authorization header; empty if it is of another scheme."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def session_user(request: HttpRequest) -> User | None:
    """Who is signed in by session, on a page; Django's middleware has seen to CSRF."""
    return request.user if isinstance(request.user, User) else None


def who(request: HttpRequest) -> User:
    """The user that ``signed_in`` has found."""
    user = getattr(request, "auth", None)
    assert isinstance(user, User), "the route asks for signed_in"
    return user


def who_if_any(request: HttpRequest) -> User | None:
    """The user that ``anybody`` has found; None for a guest."""
    user = getattr(request, "auth", None)
    return user if isinstance(user, User) else None
