"""Passwords and addresses: what comes of a mailed link, and another password for who knows the old one."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import StringConstraints

from holdfast.flows import accounts
from holdfast.kernel.clock import utc_now

from . import tokens
from .answers import BAD, SIGNED_IN, THROTTLED, documented
from .auth import signed_in, who
from .fields import Email, Password
from .signing_in import ask_for_password, stay_signed_in
from .throttles import limit

router = Router(tags=["accounts"])

Key = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)]


class WithKey(Schema):
    """``key`` is the part of the mailed link that is like no other."""

    key: Key


class Forgotten(Schema):
    email: Email


class NewPassword(WithKey):
    password: Password


class Change(Schema):
    """``password`` is the one so far."""

    password: Password
    new_password: Password


class Verification(Schema):
    email: str
    email_verified: bool


class Underway(Schema):
    message: str


MAILED = "If there is an account with this address, a mail is on its way to it."


@router.post("/verify-email/", response=documented({200: Verification}, BAD, THROTTLED), auth=None)
def verify_email(request: HttpRequest, body: WithKey) -> Verification:
    """The key from the mail shows that the address is its user's. It works once."""
    limit(request, "sign_in")
    user = accounts.verify_email(body.key, now=utc_now())
    return Verification(email=user.email, email_verified=True)


@router.post(
    "/verify-email/resend/",
    response=documented({202: Verification}, BAD, SIGNED_IN, THROTTLED),
    auth=signed_in,
)
def resend_verification(request: HttpRequest) -> Status[Verification]:
    """Mail the key again, unless the address is verified."""
    user = who(request)
    limit(request, "account_mail", "mail_to_an_hour", recipient=user.email)
    accounts.ask_to_verify(user, now=utc_now())
    return Status(202, Verification(email=user.email, email_verified=user.email_verified_at is not None))


@router.post("/password/reset/", response=documented({202: Underway}, BAD, THROTTLED), auth=None)
def forgotten(request: HttpRequest, body: Forgotten) -> Status[Underway]:
    """Mail a key to set another password with. The answer is the same whether or not there is an account."""
    email = body.email.lower()
    limit(request, "account_mail", "mail_to_an_hour", recipient=email)
    accounts.ask_to_reset(email, now=utc_now())
    return Status(202, Underway(message=MAILED))


@router.post("/password/reset/confirm/", response=documented({204: None}, BAD, THROTTLED), auth=None)
def reset(request: HttpRequest, body: NewPassword) -> Status[None]:
    """Set another password with the key from the mail. It works once, and ends every token and session."""
    limit(request, "sign_in")
    accounts.reset_password(body.key, body.password, now=utc_now())
    return Status(204, None)


@router.post(
    "/password/change/",
    response=documented({200: tokens.Tokens}, BAD, SIGNED_IN, THROTTLED),
    auth=signed_in,
)
def change(request: HttpRequest, body: Change) -> tokens.Tokens:
    """Set another password. It ends every token and session but the one that asks, and answers new tokens."""
    user = who(request)
    ask_for_password(request, user, body.password)
    accounts.change_password(user, body.new_password, now=utc_now())
    stay_signed_in(request, user)
    return tokens.in_answer(tokens.issue(user, now=utc_now()))
