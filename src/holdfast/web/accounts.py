"""Accounts: register, sign in for tokens, renew them, sign out."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import StringConstraints

from holdfast.catalog.models import Member
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Invalid, NotSignedIn
from holdfast.platform.models import User

from . import tokens
from .answers import BAD, SIGNED_IN, THROTTLED, Problem, documented
from .auth import bearer_token, signed_in, who
from .fields import Email
from .throttles import limit

router = Router(tags=["accounts"])

Password = Annotated[str, StringConstraints(max_length=256)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]


class Registration(Schema):
    email: Email
    password: Password
    name: Name = ""


class Credentials(Schema):
    email: Annotated[str, StringConstraints(max_length=254)]
    password: Password


class Refresh(Schema):
    refresh: Annotated[str, StringConstraints(max_length=200)]


class SignOut(Schema):
    """The refresh token; without it, the bearer token that the request comes with says which sign-in ends."""

    refresh: Annotated[str, StringConstraints(max_length=200)] = ""


class Tokens(Schema):
    access: str
    refresh: str


class Role(Schema):
    business: str
    role: str


class Account(Schema):
    id: int
    email: str
    name: str
    is_admin: bool
    roles: list[Role]


class Registered(Tokens):
    id: int
    email: str
    name: str


@router.post("/register/", response=documented({201: Registered}, BAD, THROTTLED), auth=None)
def register(request: HttpRequest, body: Registration) -> Status[Registered]:
    """Make an account, and sign it in."""
    limit(request, "register")
    user = _new_user(body)
    pair = tokens.issue(user, now=utc_now())
    made = Registered(id=user.pk, email=user.email, name=user.name, access=pair.access, refresh=pair.refresh)
    return Status(201, made)


@router.post("/token/", response=documented({200: Tokens, 401: Problem}, BAD, THROTTLED), auth=None)
def token(request: HttpRequest, body: Credentials) -> Tokens:
    """Email and password for a pair of tokens."""
    limit(request, "sign_in")
    user = User.objects.filter(email=User.objects.normalize(body.email), is_active=True).first()
    # An unknown address takes as long as a wrong password, so that nobody learns who has an account.
    if not check_password(body.password, user.password if user else _some_hash()) or user is None:
        raise NotSignedIn("No account has this email and password.")
    return _as_tokens(tokens.issue(user, now=utc_now()))


@router.post("/token/refresh/", response=documented({200: Tokens, 401: Problem}, BAD, THROTTLED), auth=None)
def refresh(request: HttpRequest, body: Refresh) -> Tokens:
    """A refresh token for a new pair. Each works once."""
    limit(request, "sign_in")
    return _as_tokens(tokens.rotate(body.refresh, now=utc_now()))


@router.post("/logout/", response=documented({204: None, 401: Problem}, BAD, THROTTLED), auth=None)
def logout(request: HttpRequest, body: SignOut | None = None) -> Status[None]:
    """Sign out: no token of this sign-in, access or refresh, is good any more."""
    limit(request, "sign_in")
    if body is not None and body.refresh:
        tokens.revoke(body.refresh, now=utc_now())
    else:
        tokens.revoke_bearer(bearer_token(request.headers.get("Authorization", "")), now=utc_now())
    return Status(204, None)


@router.get("/me/", response=documented({200: Account}, SIGNED_IN), auth=signed_in)
def me(request: HttpRequest) -> Account:
    """Who is signed in."""
    user = who(request)
    roles = Member.objects.filter(user=user).select_related("business")
    return Account(
        id=user.pk,
        email=user.email,
        name=user.name,
        is_admin=user.is_superuser,
        roles=[Role(business=member.business.slug, role=member.role) for member in roles],
    )


def _new_user(body: Registration) -> User:
    try:
        validate_password(body.password, User(email=body.email, name=body.name))
    except ValidationError as weak:
        raise Invalid({"password": weak.messages}) from weak
    try:
        return User.objects.create_user(body.email, body.password, name=body.name)
    except IntegrityError as taken:
        raise Invalid({"email": ["An account with this email exists."]}) from taken


@cache
def _some_hash() -> str:
    """A hash to check against when there is no user: made once, for argon2 takes its time."""
    return make_password("nobody's")


def _as_tokens(pair: tokens.Pair) -> Tokens:
    return Tokens(access=pair.access, refresh=pair.refresh)
