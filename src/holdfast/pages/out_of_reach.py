"""What is answered when a request has failed in a way that nobody expected."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

TRY_AGAIN = 2  # seconds


def unexpected(request: HttpRequest) -> HttpResponse:
    """A mistake of ours is a 500. That the database cannot be reached, or is full, passes: a 503."""
    if not isinstance(sys.exc_info()[1], InterfaceError | OperationalError):
        return server_error(request)
    # No request is given to the template: who is signed in stands in the database.
    return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": str(TRY_AGAIN)})
