"""Signing in and out with a session, for whoever uses the pages and the desk."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse

from holdfast.kernel.errors import TooMany
from holdfast.web.throttles import limit

from .problems import with_patience


class SignInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "No account has this email and password.",
        "inactive": "No account has this email and password.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        self.fields["username"].label = "Email"
        self.fields["username"].widget.attrs |= {"type": "email", "autocomplete": "username"}


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

    def _too_many(self, error: TooMany) -> HttpResponse:
        """The form again, with the reason on it. The password is not even looked at."""
        context = self.get_context_data(form=SignInForm(self.request), refused=error.message)
        return with_patience(self.render_to_response(context, status=429), error)
