"""The desk's door: sign in first; then whoever sits at no desk is told so."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from holdfast.platform.models import User
from holdfast.web.answers import private
from holdfast.web.live import that_listens
from holdfast.web.reading import NOT_TEXT, is_text

from .scope import businesses_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
DeskView = Callable[Concatenate[HttpRequest, User, P], HttpResponse]


def at_the_desk(view: DeskView[P]) -> View[P]:
    """Show a view to the user, if that user sits at a desk: else to the sign-in, or 403."""
    return require_safe(_let_in(view))


def acting_at_the_desk(view: DeskView[P]) -> View[P]:
    """The same for what changes something, by POST alone."""
    return require_POST(_let_in(view))


def working_at_the_desk(view: DeskView[P]) -> View[P]:
    """The same for a page that shows by GET what it changes by POST."""
    return require_http_methods(["GET", "HEAD", "POST"])(_let_in(view))


def _let_in(view: DeskView[P]) -> View[P]:
    @wraps(view)
    def enter(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = request.user
        if not isinstance(user, User):
            return redirect_to_login(request.get_full_path())
        if not businesses_of(user).exists() and not user.is_superuser:
            return _kept_here(render(request, "desk/no_desk.html", status=403))
        if not all(is_text(said) for sent in (request.GET, request.POST) for said in sent.dict().values()):
            raise BadRequest(NOT_TEXT)
        return _kept_here(view(request, user, *args, **kwargs))

    return enter


def _kept_here(response: HttpResponse) -> HttpResponse:
    """Kept by no cache, told to no other site. Our own is told: else a form comes from nowhere, to Django."""
    response = that_listens(private(response))
    response["Referrer-Policy"] = "same-origin"
    return response
