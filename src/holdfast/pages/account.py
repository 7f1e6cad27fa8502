"""One's own account: the address, the password, and two-factor sign-in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from holdfast.flows import accounts, second_factor
from holdfast.flows.accounts import User
from holdfast.kernel.clock import utc_now
from holdfast.web.auth import session_user
from holdfast.web.qr import qr_svg
from holdfast.web.signing_in import ask_for_password, count_a_proof, stay_signed_in
from holdfast.web.throttles import limit

from .account_forms import ChangePasswordForm, FirstCodeForm, Page, PasswordForm, ProofForm, answered, sent
from .accounts import FORM
from .problems import SeeOther, confidential, finished

P = ParamSpec("P")
QR_TITLE = "QR code for an authenticator app"
# In the session that has begun to set up two-factor sign-in: no other is shown its secret.
SETTING_UP = "sets_up_two_factor"


def for_oneself(
    view: Callable[Concatenate[HttpRequest, User, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A page about whoever is signed in: others sign in first."""

    @confidential
    @finished
    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = session_user(request)
        if user is None:
            return redirect_to_login(request.get_full_path())
        return view(request, user, *args, **kwargs)

    return answer


@require_safe
@for_oneself
def account(request: HttpRequest, user: User) -> HttpResponse:
    """What there is to see and to change."""
    limit(request, "look_up")
    shown = {"factor": second_factor.standing(user), "mailed": "mailed" in request.GET}
    return render(request, "holdfast/account/account.html", shown)


@require_POST
@for_oneself
def resend(request: HttpRequest, user: User) -> HttpResponse:
    """Mail the link that verifies the address once more."""
    limit(request, "account_mail", "mail_to_an_hour", recipient=user.email)
    accounts.ask_to_verify(user, now=utc_now())
    return SeeOther(f"{reverse('account')}?mailed")


@require_http_methods(FORM)
@for_oneself
def password(request: HttpRequest, user: User) -> HttpResponse:
    """Another password, for who knows the one so far."""

    def act(said: dict[str, Any]) -> HttpResponse:
        ask_for_password(request, user, said["password"])
        accounts.change_password(user, said["new_password"], now=utc_now())
        stay_signed_in(request, user)
        return SeeOther(reverse("account"))

    return answered(request, PASSWORD, ChangePasswordForm(sent(request)), act)


@require_http_methods(FORM)
@for_oneself
def set_up(request: HttpRequest, user: User) -> HttpResponse:
    """Begin with two-factor sign-in, with the password."""

    def act(said: dict[str, Any]) -> HttpResponse:
        ask_for_password(request, user, said["password"])
        second_factor.set_up(user, now=utc_now())
        request.session[SETTING_UP] = user.pk
        return SeeOther(reverse("two_factor_confirm"))

    return answered(request, SET_UP, PasswordForm(sent(request)), act)


@require_http_methods(FORM)
@for_oneself
def confirm(request: HttpRequest, user: User) -> HttpResponse:
    """The secret for the app, and a first code of it. Then come the recovery codes, once."""
    begun = second_factor.begun(user) if request.session.get(SETTING_UP) == user.pk else None
    if begun is None:
        return SeeOther(reverse("two_factor_set_up"))

    def act(said: dict[str, Any]) -> HttpResponse:
        count_a_proof(request, user)
        recovery = second_factor.turn_on(user, said["code"], now=utc_now())
        request.session.pop(SETTING_UP)
        stay_signed_in(request, user)
        return _recovery_codes(request, recovery)

    qr = qr_svg(begun.otpauth_url, title=QR_TITLE)
    return answered(request, CONFIRM, FirstCodeForm(sent(request)), act, begun=begun, qr=qr)


@require_http_methods(FORM)
@for_oneself
def renew_recovery_codes(request: HttpRequest, user: User) -> HttpResponse:
    """Ten new recovery codes instead of those that are left."""

    def act(said: dict[str, Any]) -> HttpResponse:
        ask_for_password(request, user, said["password"])
        return _recovery_codes(request, second_factor.renew_recovery_codes(user, said["code"], now=utc_now()))

    return answered(request, RENEW, ProofForm(sent(request)), act)


@require_http_methods(FORM)
@for_oneself
def turn_off(request: HttpRequest, user: User) -> HttpResponse:
    """The password alone signs in again."""

    def act(said: dict[str, Any]) -> HttpResponse:
        ask_for_password(request, user, said["password"])
        second_factor.turn_off(user, said["code"], now=utc_now())
        return SeeOther(reverse("account"))

    return answered(request, TURN_OFF, ProofForm(sent(request)), act)


def _recovery_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Shown as the answer itself, and nowhere else: they are kept as digests only."""
    return render(request, "holdfast/account/recovery_codes.html", {"codes": codes})


PASSWORD = Page("Change your password", "Change my password", "You are signed out everywhere but here.")
SET_UP = Page(
    "Two-factor sign-in",
    "Begin",
    "With it, signing in takes your password and a code that an authenticator app on your phone shows.",
)
CONFIRM = Page("Add this account to your app", "Turn it on", template="holdfast/account/two_factor.html")
RENEW = Page("New recovery codes", "Make new codes", "Those that you have now are worth nothing then.")
TURN_OFF = Page("Turn off two-factor sign-in", "Turn it off", "Your password alone then signs you in.")
