"""Errors to responses: one table from each class of ``kernel.errors`` to its HTTP answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from holdfast.kernel import errors

log = structlog.get_logger(__name__)

Body = dict[str, Any]

STATUSES: dict[type[errors.HoldfastError], int] = {
    errors.Invalid: 400,
    errors.NotSignedIn: 401,
    errors.PaymentRequired: 402,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.KeyUsed: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}


def body_of(error: errors.HoldfastError) -> Body:
    """What the answer to an error says."""
    for kind, describe in BODIES.items():
        if isinstance(error, kind):
            return describe(error)
    if error.heading:
        return {"error": error.heading, "details": error.message}
    return {"error": error.message}


def _already_held(error: Any) -> Body:
    return {
        "error": error.message,
        "nearest_slots": [],
        "payment_url": error.payment_url or None,
        "release_url": f"/api/payments/{error.reference}/release/" if error.reference else None,
    }


BODIES: dict[type[errors.HoldfastError], Callable[[Any], Body]] = {
    errors.Invalid: lambda error: error.fields,
    errors.CodeRequired: lambda error: {"error": error.message, "code_required": True},
    errors.SlotTaken: lambda error: {"error": error.message, "nearest_slots": error.nearest},
    errors.AlreadyHeld: _already_held,
}


def status_of(error: errors.HoldfastError) -> int:
    return next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)


def headers_of(error: errors.HoldfastError) -> dict[str, str]:
    """What the answer to an error says to the program that asked."""
    if isinstance(error, errors.TooMany | errors.Unavailable | errors.StillAnswering):
        return {"Retry-After": str(error.retry_after)}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, errors.NotSignedIn) else {}


def answer_errors(api: NinjaAPI) -> None:
    """Have the API answer every expected failure in its own words. What is unexpected stays a 500."""

    @api.exception_handler(errors.HoldfastError)
    def expected(request: HttpRequest, error: errors.HoldfastError) -> HttpResponse:
        response = api.create_response(request, body_of(error), status=status_of(error))
        for name, value in headers_of(error).items():
            response[name] = value
        return response

    @api.exception_handler(ValidationError)
    def wrong_fields(request: HttpRequest, error: ValidationError) -> HttpResponse:
        return api.create_response(request, fields_of(error.errors), status=400)

    @api.exception_handler(HttpError)
    def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
        if isinstance(error.__cause__, errors.HoldfastError):  # what reading the body has found
            return expected(request, error.__cause__)
        return api.create_response(request, {"error": str(error)}, status=error.status_code)

    @api.exception_handler(RawPostDataException)
    def a_form(request: HttpRequest, error: RawPostDataException) -> HttpResponse:
        return api.create_response(request, {"error": "Send JSON, not a form."}, status=400)

    @api.exception_handler(UnreadablePostError)
    def broken_off(request: HttpRequest, error: UnreadablePostError) -> HttpResponse:
        return api.create_response(request, {"error": "The request broke off."}, status=400)

    @api.exception_handler(RequestDataTooBig)
    def too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
        return api.create_response(request, {"error": "The request is too large."}, status=400)


# Pydantic's words that only a programmer would read.
MESSAGES = {
    "missing": "This field is required.",
    "int_parsing": "This is not a whole number.",
    "int_type": "This is not a whole number.",
    "int_parsing_size": "This number is too large.",
    "string_type": "This is not text.",
    "string_too_short": "This field is required.",
    "greater_than_equal": "This number is too small.",
    "less_than_equal": "This number is too large.",
    "bool_parsing": "Say true or false.",
    "date_from_datetime_parsing": "There is no such date.",
    "date_parsing": "There is no such date.",
}
# Where the field's own name stands in a finding: a body is found within the parameter that takes it.
NAMED_FROM = {"body": 2}


def fields_of(problems: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Pydantic's findings as ``{"field": ["message"]}``."""
    fields: dict[str, list[str]] = {}
    for problem in problems:
        source, *_ = problem["loc"]
        place = problem["loc"][NAMED_FROM.get(source, 1) :]
        message = MESSAGES.get(problem["type"]) or str(problem["msg"]).removeprefix("Value error, ")
        fields.setdefault(".".join(map(str, place)) or "non_field_errors", []).append(message)
    return fields
