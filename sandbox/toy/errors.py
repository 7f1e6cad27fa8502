"""Toy's refusals: an HTTP status, a word, and a sentence."""

from __future__ import annotations

from starlette.responses import JSONResponse

WORDS = {
    400: "bad_request",
    401: "bad_key",
    404: "not_found",
    429: "too_many_requests",
    500: "internal_error",
}


class ToyError(Exception):
    """An answer that is a refusal. What is not said is the usual word of its HTTP status."""

    def __init__(self, status: int, word: str = "", message: str = "") -> None:
        word = word or WORDS.get(status, WORDS[500 if status >= 500 else 400])
        super().__init__(word)
        self.status = status
        self.body = {"error": word, "message": message or word.replace("_", " ").capitalize() + "."}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body, status_code=self.status)


def refuse(status: int) -> JSONResponse:
    """The usual answer of this HTTP status."""
    return ToyError(status).response()
