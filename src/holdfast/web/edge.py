"""The edge of the API: what is true of every address under it, whichever route answers.

An error is JSON even where no route was reached; a missing slash at the end is forgiven, because a
redirect would lose the body; HEAD is GET without the body; and no answer is kept by a cache that does not
say so itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import is_valid_path

from .answers import private
from .reading import is_text
from .surface import is_api

JSON_TYPE = "application/json; charset=utf-8"
WORDS = {
    400: "This request cannot be read.",
    404: "There is nothing at this address.",
    405: "This address does not answer that method.",
    500: "This went wrong on our side.",
    503: "This cannot be answered just now. Please try again shortly.",
}

View = Callable[[HttpRequest], HttpResponse]


def api_edge(get_response: View) -> View:
    """Answer for the API in JSON, privately, with or without a slash at the end of its addresses."""

    def answer(request: HttpRequest) -> HttpResponse:
        if not is_api(request.path_info):
            return get_response(request)
        if not is_text(request.path_info):
            return private(JsonResponse({"error": WORDS[404]}, status=404))
        _close_with_a_slash(request)
        response = _in_json(_answer_to_head(request, get_response))
        return response if response.has_header("Cache-Control") else private(response)

    return answer


def _close_with_a_slash(request: HttpRequest) -> None:
    if request.path_info.endswith("/") or is_valid_path(request.path_info):
        return
    if is_valid_path(f"{request.path_info}/"):
        request.path_info, request.path = f"{request.path_info}/", f"{request.path}/"


def _answer_to_head(request: HttpRequest, get_response: View) -> HttpResponse:
    if request.method != "HEAD":
        return get_response(request)
    request.method = "GET"
    response = get_response(request)
    response["Content-Length"] = str(len(response.content))
    response.content = b""
    return response


def _in_json(response: HttpResponse) -> HttpResponse:
    """The same answer; Django's own pages for errors are replaced by what a program can read."""
    is_page = not response["Content-Type"].startswith("application/json")
    if response.status_code >= 400 and is_page:
        words = WORDS.get(response.status_code, response.reason_phrase)
        response.content = json.dumps({"error": words}).encode()
        response["Content-Type"] = JSON_TYPE
        response["Content-Length"] = str(len(response.content))
    return response
