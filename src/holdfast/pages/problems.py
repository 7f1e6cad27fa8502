"""What cannot be shown, said on a finished page; and pages that only who holds a reference may see."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from holdfast.kernel.errors import HoldfastError, TooMany, Unavailable
from holdfast.web.answers import private
from holdfast.web.errors import status_of
from holdfast.web.throttles import limit

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


class SeeOther(HttpResponseRedirect):
    """Go there, with GET, however one came here."""

    status_code = 303


def finished(view: View[P]) -> View[P]:
    """Answer every expected failure of a page with a page."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except HoldfastError as error:
            return problem(request, error)

    return answer


def under_a_reference(view: View[P]) -> View[P]:
    """A page for whoever holds a reference: throttled, kept by no cache, told to no other site."""

    @finished
    @wraps(view)
    def shown(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        limit(request, "look_up")
        return view(request, *args, **kwargs)

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return private(shown(request, *args, **kwargs))

    return answer


def confidential(view: View[P]) -> View[P]:
    """A page whose address or content is a secret: kept by no cache, told to no other site.

    Our own site is told, for a form whose page sends no referrer at all comes from nowhere, to Django.
    """

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = private(view(request, *args, **kwargs))
        response["Referrer-Policy"] = "same-origin"
        return response

    return answer


def leaves_for_a_gateway(view: View[P]) -> View[P]:
    """A page that leads to a gateway, which wants to see which site its visitor comes from."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "strict-origin-when-cross-origin"
        return response

    return answer


def problem(request: HttpRequest, error: HoldfastError) -> HttpResponse:
    """The page of an error, with its status."""
    status = status_of(error)
    response = render(
        request, "holdfast/problem.html", TITLES[status] | {"message": error.message}, status=status
    )
    return with_patience(response, error)


def with_patience(response: HttpResponse, error: HoldfastError) -> HttpResponse:
    """The answer to an error, saying when to try again if the error knows."""
    if isinstance(error, TooMany | Unavailable):
        response["Retry-After"] = str(error.retry_after)
    return response


TITLES = {
    400: {"title": "This request cannot be read"},
    401: {"title": "Please sign in"},
    402: {"title": "This has not been paid"},
    403: {"title": "This is not yours to see"},
    404: {"title": "There is nothing here"},
    409: {"title": "This can no longer be done"},
    429: {"title": "One moment, please"},
    503: {"title": "Not just now"},
}
