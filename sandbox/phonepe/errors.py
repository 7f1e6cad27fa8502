"""PhonePe's refusals, in its words."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

BY_STATUS = {
    400: ("BAD_REQUEST", "Please check the inputs you have provided."),
    401: ("AUTHORIZATION_FAILED", "Authorization failed. Please check the credentials you have provided."),
    402: ("PAYMENT_ERROR", "The order is not eligible for a refund."),
    403: ("FORBIDDEN", "You are not allowed to do this."),
    404: ("NOT_FOUND", "No such resource."),
    417: ("INVALID_MERCHANT_ORDER_ID", "Merchant order id has already been used."),
    429: ("TOO_MANY_REQUESTS", "Too many requests. Please try again after some time."),
    500: (
        "INTERNAL_SERVER_ERROR",
        "There is an error trying to process your transaction. Please try again in a while.",
    ),
}


class PhonePeError(Exception):
    """An answer that is a refusal. What is not said is the usual wording of its HTTP status."""

    def __init__(self, status: int, code: str = "", message: str = "", **more: Any) -> None:
        usual_code, usual_message = BY_STATUS.get(status, BY_STATUS[500 if status >= 500 else 400])
        super().__init__(code or usual_code)
        self.status = status
        self.body = {"code": code or usual_code, "message": message or usual_message, **more}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body, status_code=self.status)


def refuse(status: int) -> JSONResponse:
    """The usual answer of this HTTP status."""
    return PhonePeError(status).response()


def bad_field(name: str, problem: str) -> PhonePeError:
    return PhonePeError(400, data=[{"fieldName": name, "message": problem}])


def unknown_order(status: int = 400) -> PhonePeError:
    return PhonePeError(status, "INVALID_MERCHANT_ORDER_ID", "No entry found for given merchant order id")


def invalid_client(status: int) -> PhonePeError:
    return PhonePeError(
        status,
        "INVALID_CLIENT",
        "Bad Request: Invalid Client",
        errorCode="OIM000",
        context={"error_description": "Client authentication failure"},
    )
