"""Signing in and out with a session, new accounts, and links from the mail."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from holdfast.flows import accounts, second_factor
from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Invalid, NotFound, NotSignedIn, TooMany
from holdfast.web.signing_in import ask_for_code, begin_session, wait_for_code, who_waits
from holdfast.web.throttles import limit

from .account_forms import (
    AccountForm,
    CodeForm,
    EmailForm,
    NewPasswordForm,
    Page,
    RegisterForm,
    answered,
    sent,
)
from .problems import SeeOther, confidential, finished, with_patience

FORM = ["GET", "HEAD", "POST"]


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "No account has this email and password.",
        "inactive": "No account has this email and password.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["username"].label = "Email"
        self.fields["username"].widget.input_type = "email"
        self.fields["username"].widget.attrs |= {"autocomplete": "username"}


class SignIn(LoginView):
    """``next`` is followed only on this site; Django sees to that."""

    authentication_form = SignInForm
    template_name = "holdfast/sign_in.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            limit(request, "sign_in")
        except TooMany as too_many:
            return self._too_many(too_many)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in, or go and ask for the code first where one is needed."""
        user: Any = form.get_user()
        if not second_factor.is_on(user):
            return super().form_valid(form)
        wait_for_code(self.request, user, go_to=self.get_success_url(), now=utc_now())
        return SeeOther(reverse("sign_in_code"))

    def _too_many(self, error: TooMany) -> HttpResponse:
        """The form again, with the reason on it. The password is not even looked at."""
        context = self.get_context_data(form=SignInForm(self.request), refused=error.message)
        return with_patience(self.render_to_response(context, status=429), error)


@require_http_methods(FORM)
@confidential
@finished
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second step, for whoever has just shown the password."""
    try:
        user, go_to = who_waits(request, now=utc_now())
    except NotSignedIn:
        return SeeOther(reverse("sign_in"))

    def act(said: dict[str, Any]) -> HttpResponse:
        limit(request, "sign_in")
        ask_for_code(request, user, said["code"], now=utc_now())
        begin_session(request, user)
        return SeeOther(go_to)

    return answered(request, CODE, CodeForm(sent(request)), act)


@require_http_methods(FORM)
@finished
def register(request: HttpRequest) -> HttpResponse:
    """A new account, signed in at once."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())

    def act(said: dict[str, Any]) -> HttpResponse:
        limit(request, "register")
        user = accounts.register(said["email"], said["password"], name=said["name"], now=utc_now())
        begin_session(request, user)
        return SeeOther(wanted if safe else reverse("account"))

    return answered(request, REGISTER, RegisterForm(sent(request)), act, next=wanted if safe else "")


@require_http_methods(FORM)
@finished
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link to set another password with. What is said then is said for every address."""

    def act(said: dict[str, Any]) -> HttpResponse:
        email = said["email"].lower()
        limit(request, "account_mail", "mail_to_an_hour", recipient=email)
        accounts.ask_to_reset(email, now=utc_now())
        return SeeOther(reverse("account_done", args=["asked"]))

    return answered(request, FORGOTTEN, EmailForm(sent(request)), act)


@require_http_methods(FORM)
@confidential
@finished
def reset(request: HttpRequest, key: str) -> HttpResponse:
    """Behind the mailed link: another password."""
    limit(request, "sign_in")
    try:
        user = accounts.holder_of_reset(key, now=utc_now())
    except Invalid:
        return _stale(request, ask_again=reverse("forgotten"))

    def act(said: dict[str, Any]) -> HttpResponse:
        accounts.reset_password(key, said["password"], now=utc_now())
        return SeeOther(reverse("account_done", args=["reset"]))

    return answered(request, RESET, NewPasswordForm(sent(request)), act, email=user.email)


@require_http_methods(FORM)
@confidential
@finished
def verify(request: HttpRequest, key: str) -> HttpResponse:
    """Behind the mailed link: a button, for programs that read mail follow every link in it."""
    limit(request, "sign_in")
    try:
        user = accounts.holder_of_verification(key, now=utc_now())
    except Invalid:
        return _stale(request, ask_again=reverse("account"))

    def act(said: dict[str, Any]) -> HttpResponse:
        accounts.verify_email(key, now=utc_now())
        return SeeOther(reverse("account_done", args=["verified"]))

    return answered(request, VERIFY, AccountForm(sent(request)), act, email=user.email)


@require_safe
@finished
def done(request: HttpRequest, what: str) -> HttpResponse:
    """What has been done, and where to go from here."""
    if what not in DONE:
        raise NotFound
    title, message = DONE[what]
    return render(request, "holdfast/account/done.html", {"title": title, "message": message})


def _stale(request: HttpRequest, *, ask_again: str) -> HttpResponse:
    return render(request, "holdfast/account/stale_link.html", {"ask_again": ask_again}, status=400)


CODE = Page("One more step", "Sign in", "Two-factor sign-in is on for this account.")
REGISTER = Page("New account", "Make my account", template="holdfast/account/register.html")
FORGOTTEN = Page(
    "Forgot your password?", "Mail me a link", "We mail you a link with which you set another password."
)
RESET = Page("Set a new password", "Set this password", "You are signed out everywhere by it.")
VERIFY = Page("Is this your address?", "Yes, verify my address")
DONE = {
    "asked": (
        "Look into your mail",
        "If there is an account with this address, a link is on its way to it. It works once, for a while.",
    ),
    "reset": ("Your password is set", "Sign in with it now. Everything that was signed in before has ended."),
    "verified": ("Your address is verified", "Mail from us reaches you. Thank you."),
}
