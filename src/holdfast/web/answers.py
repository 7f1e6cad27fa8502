"""What every route may answer beside its own, so that the OpenAPI document leaves no answer out."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from ninja import Schema

FieldErrors = dict[str, list[str]]


class Problem(Schema):
    error: str


class HeadedProblem(Problem):
    """``error`` says what failed, and ``details`` why."""

    details: str


class CodeProblem(Problem):
    """``code_required``: email and password are right, and a one-time ``code`` is wanted beside them."""

    code_required: bool = False


class SlotOut(Schema):
    """One slot, in the business's time zone (or the one asked for)."""

    start: str
    start_time: str
    end_time: str
    available: bool
    reason: str | None


class SlotProblem(Schema):
    """The time has been taken, or is already held by whoever asks."""

    error: str
    nearest_slots: list[SlotOut] = []
    payment_url: str | None = None
    release_url: str | None = None


class Unanswered(Schema):
    """The gateway has not answered yet: ask again at ``status_url``."""

    status: str
    status_url: str


BAD = {400: FieldErrors | Problem}
SIGNED_IN = {401: Problem, 403: Problem}
THROTTLED = {429: Problem}
MISSING = {404: Problem}


def private(response: HttpResponse) -> HttpResponse:
    """An answer under an unguessable reference: kept by no cache, told to no other site."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def documented(own: dict[int, Any], *also: dict[int, Any]) -> dict[int, Any]:
    """The responses of a route: its own and the common ones it may give."""
    return {code: shape for answers in (own, *also) for code, shape in answers.items()}
