"""What the desk says of something that it was asked to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from holdfast.flows.asking import StillUnknown
from holdfast.kernel.errors import HoldfastError, Invalid, NotFound, TooMany
from holdfast.platform.models import User
from holdfast.web.errors import status_of
from holdfast.web.throttles import limit

SEE_OTHER = 303
ACCEPTED_FOR_NOW = 202

Shown = Callable[[str, int], HttpResponse]


def answer(
    request: HttpRequest, user: User, do: Callable[[], str], *, then: str, shown: Shown
) -> HttpResponse:
    """Do what a form asks for. Its sentence is said on the page ``then``; why it cannot be, on the page that
    ``shown`` makes of that and a status. What is not there for this user is not there at all.
    """
    try:
        limit(request, "start_by_user", user=user.pk)
        sentence = do()
    except NotFound as nowhere:
        raise Http404 from nowhere
    except StillUnknown as unknown:
        return shown(unknown.message, ACCEPTED_FOR_NOW)
    except HoldfastError as no:
        page = shown(why(no), status_of(no))
        if isinstance(no, TooMany):
            page["Retry-After"] = str(no.retry_after)
        return page
    messages.success(request, sentence)
    return HttpResponseRedirect(then, status=SEE_OTHER)


def why(no: HoldfastError) -> str:
    """A refusal in a sentence or two; of a form, what is wrong with its fields."""
    if isinstance(no, Invalid):
        return " ".join(message for said in no.fields.values() for message in said)
    return no.message


def in_words(moment: datetime) -> str:
    """``Thursday, 26 November, 10:00``, by the clock that the moment carries."""
    return f"{moment:%A}, {moment.day} {moment:%B}, {moment:%H:%M}"
