"""What the account's pages ask for, and how a page with one form is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from holdfast.kernel.errors import CodeRequired, Conflict, HoldfastError, Invalid, TooMany
from holdfast.web.errors import status_of

from .problems import with_patience

GOOD_ENOUGH = "At least 8 characters, and nothing that others use as well."


class AccountForm(forms.Form):
    def refuse(self, error: HoldfastError) -> None:
        """Put what was refused where it belongs: on its field, or above the form."""
        elsewhere = {"code" if isinstance(error, CodeRequired) else "": [error.message]}
        said = error.fields if isinstance(error, Invalid) else elsewhere
        for name, messages in said.items():
            for message in messages:
                self.add_error(name if name in self.fields else None, message)


def _email() -> forms.EmailField:
    return forms.EmailField(max_length=254, widget=forms.EmailInput({"autocomplete": "username"}))


def _password(label: str, *, autocomplete: str, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=256, strip=False, widget=widget, help_text=help_text)


def _code(help_text: str) -> forms.CharField:
    widget = forms.TextInput({"autocomplete": "one-time-code", "autocapitalize": "characters"})
    return forms.CharField(label="Code", max_length=40, widget=widget, help_text=help_text)


class RegisterForm(AccountForm):
    name = forms.CharField(
        label="Your name", max_length=120, required=False, widget=forms.TextInput({"autocomplete": "name"})
    )
    email = _email()
    password = _password("Password", autocomplete="new-password", help_text=GOOD_ENOUGH)


class EmailForm(AccountForm):
    email = _email()


class NewPasswordForm(AccountForm):
    password = _password("New password", autocomplete="new-password", help_text=GOOD_ENOUGH)


class ChangePasswordForm(AccountForm):
    password = _password("Your password so far", autocomplete="current-password")
    new_password = _password("New password", autocomplete="new-password", help_text=GOOD_ENOUGH)


class PasswordForm(AccountForm):
    password = _password("Your password", autocomplete="current-password")


class CodeForm(AccountForm):
    code = _code("The six digits that your authenticator app shows, or one of your recovery codes.")


class FirstCodeForm(AccountForm):
    code = _code("The six digits that your app shows now.")


class ProofForm(AccountForm):
    password = _password("Your password", autocomplete="current-password")
    code = _code("The six digits that your authenticator app shows, or one of your recovery codes.")


@dataclass(frozen=True)
class Page:
    """A page with one form: its words, its template, and what the template shows besides."""

    title: str
    button: str
    intro: str = ""
    template: str = "holdfast/account/form.html"


def answered(
    request: HttpRequest,
    page: Page,
    form: AccountForm,
    act: Callable[[dict[str, Any]], HttpResponse],
    **shown: Any,
) -> HttpResponse:
    """Show the form and, once it is sent and right, do what it is for.

    What is refused stands on the form, with the status of the refusal.
    """
    status, refused = 200, None
    if form.is_bound:
        try:
            if form.is_valid():
                return act(form.cleaned_data)
            status = 400
        except (Invalid, CodeRequired, Conflict, TooMany) as error:
            form.refuse(error)
            status, refused = status_of(error), error
    response = render(request, page.template, {"page": page, "form": form, **shown}, status=status)
    return with_patience(response, refused) if refused else response


def sent(request: HttpRequest) -> Any:
    """What a form was sent with; None before it is sent."""
    return request.POST if request.method == "POST" else None
