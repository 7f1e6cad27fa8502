"""What every answer carries: the request's id, and on pages what a browser may load and where it may post."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import structlog
from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpRequest, HttpResponse

from .surface import is_api

# Our pages have no script, but where they listen (web.live); one stylesheet; no business in anybody's frame.
POLICY = (
    "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
WITH_A_POLICY_OF_THEIR_OWN = ("/admin/", "/desk/")

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


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Tell browsers to run no script on our pages. The admin, the desk and the API's pages need theirs."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        own = request.path_info.startswith(WITH_A_POLICY_OF_THEIR_OWN) or is_api(request.path_info)
        if not own:
            response.setdefault("Content-Security-Policy", POLICY)
        return response

    return answer


class MessagesOnPages(MessageMiddleware):
    """Django's messages for the next page. The API shows none, and is spared the making of their places."""

    def process_request(self, request: HttpRequest) -> None:
        if not is_api(request.path_info):
            super().process_request(request)
