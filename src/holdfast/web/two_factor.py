"""Two-factor sign-in: set up an authenticator app, turn it on and off, and codes for when it is lost."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field, StringConstraints

from holdfast.flows import second_factor
from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User

from . import tokens
from .answers import BAD, SIGNED_IN, THROTTLED, Problem, documented
from .auth import signed_in, who
from .fields import Password
from .qr import qr_svg
from .signing_in import ask_for_password, count_a_proof, stay_signed_in
from .throttles import limit

router = Router(tags=["accounts"])

Code = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)]
QR_TITLE = "QR code for an authenticator app"


class Standing(Schema):
    on: bool = Field(description="whether signing in asks for a code")
    recovery_codes_left: int


class Proof(Schema):
    password: Password


class WithCode(Schema):
    """A code that the app shows or, once it is on, a recovery code."""

    code: Code


class FullProof(Proof, WithCode):
    pass


class SetUp(Schema):
    """For the app: by QR code, by link on a phone, or typed by hand."""

    secret: str
    otpauth_url: str
    qr_svg: str


class RecoveryCodes(Schema):
    """Each signs in once in place of the app. They are shown here and never again."""

    recovery_codes: list[str]


class TurnedOn(RecoveryCodes, tokens.Tokens):
    """With new tokens, for all that were signed in with the password alone have ended."""


ANSWERS = (BAD, SIGNED_IN, {409: Problem}, THROTTLED)


@router.get("/", response=documented({200: Standing}, SIGNED_IN, THROTTLED), auth=signed_in)
def standing(request: HttpRequest) -> Standing:
    """Whether it is on."""
    limit(request, "look_up")
    found = second_factor.standing(who(request))
    return Standing(on=found.is_on, recovery_codes_left=found.recovery_codes_left)


@router.post("/", response=documented({200: SetUp}, *ANSWERS), auth=signed_in)
def set_up(request: HttpRequest, body: Proof) -> SetUp:
    """A secret for an authenticator app. Nothing asks for its codes before the first is confirmed."""
    user = who(request)
    ask_for_password(request, user, body.password)
    made = second_factor.set_up(user, now=utc_now())
    return SetUp(
        secret=made.secret,
        otpauth_url=made.otpauth_url,
        qr_svg=qr_svg(made.otpauth_url, title=QR_TITLE),
    )


@router.post("/confirm/", response=documented({200: TurnedOn}, *ANSWERS), auth=signed_in)
def confirm(request: HttpRequest, body: WithCode) -> TurnedOn:
    """Turn it on with a first code of the app."""
    user = who(request)
    count_a_proof(request, user)
    recovery = second_factor.turn_on(user, body.code, now=utc_now())
    stay_signed_in(request, user)
    pair = tokens.issue(user, now=utc_now())
    return TurnedOn(recovery_codes=recovery, access=pair.access, refresh=pair.refresh)


@router.post("/recovery-codes/", response=documented({200: RecoveryCodes}, *ANSWERS), auth=signed_in)
def renew_recovery_codes(request: HttpRequest, body: FullProof) -> RecoveryCodes:
    """Ten new recovery codes; those before are worth nothing."""
    user = _proven(request, body)
    return RecoveryCodes(recovery_codes=second_factor.renew_recovery_codes(user, body.code, now=utc_now()))


@router.post("/off/", response=documented({204: None}, *ANSWERS), auth=signed_in)
def turn_off(request: HttpRequest, body: FullProof) -> Status[None]:
    """Turn it off, with the password and a code."""
    user = _proven(request, body)
    second_factor.turn_off(user, body.code, now=utc_now())
    return Status(204, None)


def _proven(request: HttpRequest, body: FullProof) -> User:
    user = who(request)
    ask_for_password(request, user, body.password)
    return user
