"""Every request gets an id, which its log lines and its answer carry."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

GOOD_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def request_context(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Take the caller's X-Request-ID if it is a decent one, else make one."""

    def answer(request: HttpRequest) -> HttpResponse:
        said = request.headers.get("X-Request-ID", "")
        request_id = said if GOOD_ID.fullmatch(said) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = get_response(request)
        response["X-Request-ID"] = request_id
        return response

    return answer
