"""Stripe's refusals: an HTTP status, and an error with a type, mostly a code, and a sentence."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from sandbox.stripe.ids import new_id

INVALID = "invalid_request_error"

# What is said of an HTTP status when there is nothing more to say: type, code and sentence.
BY_STATUS: dict[int, tuple[str, str | None, str]] = {
    400: (INVALID, None, "The request was unacceptable."),
    401: (INVALID, None, "Invalid API Key provided."),
    402: ("card_error", "card_declined", "Your card was declined."),
    403: (INVALID, None, "The provided key does not have the required permissions for this call."),
    404: (INVALID, "resource_missing", "No such object."),
    409: ("idempotency_error", "idempotency_key_in_use", "Another request with this key is under way."),
    429: (INVALID, "rate_limit", "Too many requests hit the API too quickly. Please try again later."),
    500: ("api_error", None, "An unknown error occurred. Please try again later."),
}


class StripeError(Exception):
    """An answer that is a refusal.

    ``kept``: the call was carried out as far as this, so its idempotency key will answer so again.
    """

    def __init__(
        self, status: int, message: str = "", *, code: str | None = None, kept: bool = False, **more: Any
    ) -> None:
        kind, usual_code, usual_message = BY_STATUS.get(status, BY_STATUS[500 if status >= 500 else 400])
        super().__init__(message or usual_message)
        self.status = status
        self.kept = kept
        code = code or (None if message else usual_code)
        error = {
            "type": kind,
            **({"code": code} if code else {}),
            "message": message or usual_message,
            **more,
        }
        self.body = {"error": error}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body, status_code=self.status, headers={"Request-Id": new_id("req_")})


def refuse(status: int) -> JSONResponse:
    """The usual answer of this HTTP status."""
    return StripeError(status).response()


def bad_parameter(param: str, message: str, *, code: str | None = None) -> StripeError:
    """Something is wrong with what was asked, and nothing has been done."""
    return StripeError(400, message, code=code, param=param)


def no_such(kind: str, wanted: str, *, param: str = "id", status: int = 404) -> StripeError:
    return StripeError(status, f"No such {kind}: '{wanted}'", code="resource_missing", param=param)


def impossible(code: str | None, message: str, **more: Any) -> StripeError:
    """The objects are not in a state for this. The key of the call keeps this answer."""
    return StripeError(400, message, code=code, kept=True, **more)
