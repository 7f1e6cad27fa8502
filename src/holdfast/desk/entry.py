"""The desk's door: sign in first; then whoever sits at no desk is told so."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from holdfast.platform.models import User
from holdfast.web.answers import private

from .scope import businesses_of

P = ParamSpec("P")


def at_the_desk(
    view: Callable[Concatenate[HttpRequest, User, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Call a view with the user, if that user sits at a desk: else to the sign-in, or 403."""

    @require_safe
    @wraps(view)
    def enter(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return redirect_to_login(request.get_full_path())
        if not businesses_of(user).exists() and not user.is_superuser:
            return private(render(request, "desk/no_desk.html", status=403))
        return private(view(request, user, *args, **kwargs))

    return enter
