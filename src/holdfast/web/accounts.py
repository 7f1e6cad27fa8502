"""Accounts: register, sign in for tokens, renew them, sign out."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import StringConstraints

from holdfast.catalog.models import Member
from holdfast.flows import accounts, second_factor
from holdfast.kernel.clock import utc_now

from . import passwords, tokens, two_factor
from .answers import BAD, SIGNED_IN, THROTTLED, CodeProblem, Problem, documented
from .auth import bearer_token, signed_in, who
from .fields import Email, MayBeNull, Password
from .signing_in import ask_for_code, user_with
from .throttles import limit
from .tokens import Tokens

router = Router(tags=["accounts"])
router.add_router("", passwords.router)
router.add_router("/two-factor", two_factor.router)

Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]


class Registration(Schema):
    email: Email
    password: Password
    name: Name = ""


class Credentials(Schema):
    """``code`` is one of the app or a recovery code. Without two-factor sign-in it says nothing."""

    email: Annotated[str, StringConstraints(max_length=254)]
    password: Password
    code: Annotated[str, MayBeNull, StringConstraints(strip_whitespace=True, max_length=40)] = ""


class Refresh(Schema):
    refresh: Annotated[str, StringConstraints(max_length=200)]


class SignOut(Schema):
    """The refresh token; without it, the bearer token that the request comes with says which sign-in ends."""

    refresh: Annotated[str, StringConstraints(max_length=200)] = ""


class Role(Schema):
    business: str
    role: str


class Account(Schema):
    id: int
    email: str
    name: str
    email_verified: bool
    two_factor: bool
    is_admin: bool
    roles: list[Role]


class Registered(Tokens):
    id: int
    email: str
    name: str


@router.post("/register/", response=documented({201: Registered}, BAD, THROTTLED), auth=None)
def register(request: HttpRequest, body: Registration) -> Status[Registered]:
    """Make an account, sign it in, and mail a link that verifies its address."""
    limit(request, "register")
    user = accounts.register(body.email, body.password, name=body.name, now=utc_now())
    pair = tokens.issue(user, now=utc_now())
    made = Registered(id=user.pk, email=user.email, name=user.name, access=pair.access, refresh=pair.refresh)
    return Status(201, made)


@router.post("/token/", response=documented({200: Tokens, 401: CodeProblem}, BAD, THROTTLED), auth=None)
def token(request: HttpRequest, body: Credentials) -> Tokens:
    """Email and password for a pair of tokens; with a code where two-factor sign-in is on."""
    limit(request, "sign_in")
    user = user_with(body.email, body.password)
    ask_for_code(request, user, body.code, now=utc_now())
    return tokens.in_answer(tokens.issue(user, now=utc_now()))


@router.post("/token/refresh/", response=documented({200: Tokens, 401: Problem}, BAD, THROTTLED), auth=None)
def refresh(request: HttpRequest, body: Refresh) -> Tokens:
    """A refresh token for a new pair. Each works once."""
    limit(request, "sign_in")
    return tokens.in_answer(tokens.rotate(body.refresh, now=utc_now()))


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
        email_verified=user.email_verified_at is not None,
        two_factor=second_factor.is_on(user),
        is_admin=user.is_superuser,
        roles=[Role(business=member.business.slug, role=member.role) for member in roles],
    )
