"""Idempotency-Key: a write that is sent again under its key answers as the first time. docs/api/repeating.md.

One decorator around every operation of the API. It stands between signing in, which tells whose key it is,
and reading the body, so that another body is refused whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from ninja.operation import Operation

from holdfast.kernel.clock import utc_now
from holdfast.kernel.errors import Invalid
from holdfast.platform import idempotency
from holdfast.platform.idempotency import Answer, Asked, Claim
from holdfast.platform.models import User

from .answers import Problem
from .bodies import content_of
from .throttles import client_address, limit

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
PATTERN = "[A-Za-z0-9_.:~+/=-]{16,255}"
GOOD_KEY = re.compile(PATTERN)
BAD_KEY = "Send 16 to 255 letters, digits or any of _ . : ~ + / = -"
# Nothing has come of these, and the next answer may differ: the key is free again. So it is after every 5xx.
NOT_KEPT = {400, 401, 429}

Run = Callable[..., HttpResponse]
View = TypeVar("View", bound=Callable[..., Any])


def takes_no_key(view: View) -> View:
    """Mark a write whose caller has a way of its own to repeat itself: a gateway's webhook."""
    view.takes_no_key = True  # type: ignore[attr-defined]  # functions carry what is put on them
    return view


def answered_once(run: Run) -> Run:
    """Around an operation's ``run`` (django-ninja's mode "view"): a repeat is answered from what is kept."""
    operation: Operation = run.__self__  # type: ignore[attr-defined]  # a bound method, not yet decorated
    if not WRITES & set(operation.methods) or hasattr(operation.view_func, "takes_no_key"):
        return run
    _document(operation)

    @wraps(run)
    def answer(request: HttpRequest, **path: Any) -> HttpResponse:
        if HEADER not in request.headers:
            return run(request, **path)
        try:
            found = idempotency.claim(_asked(operation, request), now=utc_now())
        except Exception as refused:  # answered by web.errors, as run() does; what is unexpected stays a 500
            return operation.api.on_exception(request, refused)
        return _replay(found) if isinstance(found, Answer) else _first(found, lambda: run(request, **path))

    return answer


def _asked(operation: Operation, request: HttpRequest) -> Asked:
    """Who asks for what, under which key. Raises Invalid for a bad key, and what signing in raises."""
    actor = _actor(operation, request)
    key = request.headers[HEADER]
    if not GOOD_KEY.fullmatch(key):
        raise Invalid({HEADER: [BAD_KEY]})
    assert request.resolver_match is not None, "an operation runs at an address"
    return Asked(
        actor=actor,
        route=f"{request.method} /{request.resolver_match.route}",
        key=key,
        fingerprint=_fingerprint(request),
    )


def _actor(operation: Operation, request: HttpRequest) -> str:
    """The user who is signed in or, where nobody needs to be, the address.

    There, what is asked with a key counts as a look-up: nobody shall try bodies on another's key for long.
    """
    for authenticate in operation.auth_callbacks:
        request.auth = authenticate(request)  # type: ignore[attr-defined]  # where django-ninja puts it too
    user = getattr(request, "auth", None)
    if isinstance(user, User):
        return f"user:{user.pk}"
    limit(request, "look_up")
    return f"address:{client_address(request) or 'unknown'}"


def _fingerprint(request: HttpRequest) -> str:
    """What is asked, in 64 letters; keyed, for a bare digest of a password is soon guessed."""
    asked = f"{request.get_full_path()}\n".encode() + content_of(request)
    return salted_hmac("holdfast.idempotency", asked, algorithm="sha256").hexdigest()


def _first(claimed: Claim, run: Callable[[], HttpResponse]) -> HttpResponse:
    """Run the request, and keep its answer or, if nothing came of it, let the key go."""
    kept = None
    try:
        response = run()
        if response.status_code < 500 and response.status_code not in NOT_KEPT:
            kept = Answer(response.status_code, dict(response.items()), response.content)
    finally:
        if kept is None:
            idempotency.let_go(claimed)
    if kept is not None:
        idempotency.keep(claimed, kept)
    return response


def _replay(answer: Answer) -> HttpResponse:
    headers = {**answer.headers, REPLAYED: "true"}
    return HttpResponse(answer.body, status=answer.status, headers=headers)


def _document(operation: Operation) -> None:
    """Add the header, and what it may be answered, to what the OpenAPI document says of the operation."""
    refusals = {409: "Still being answered", 422: "This key came with another request"}
    schema = Problem.model_json_schema()
    operation.openapi_extra = {
        **(operation.openapi_extra or {}),
        "parameters": [
            {
                "in": "header",
                "name": HEADER,
                "required": False,
                "schema": {"type": "string", "pattern": f"^{PATTERN}$"},
                "description": f"The same key and request answer as the first time, with {REPLAYED}: true.",
            }
        ],
        "responses": {
            status: {"description": words, "content": {"application/json": {"schema": schema}}}
            for status, words in refusals.items()
            if status not in operation.response_models
        },
    }
