"""Bodies that come in chunks, without saying how long they are: Django alone would read them as empty."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from django.core.handlers.wsgi import WSGIHandler

from .bodies import longest_body


def with_length(application: WSGIHandler) -> Any:
    """The same application, told the length of every body. One past the limit is read no further."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        coding = environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        if "chunked" in coding and not environ.get("CONTENT_LENGTH"):
            body = _read(environ["wsgi.input"], longest_body(environ.get("PATH_INFO", "")) + 1)
            environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return application(environ, start_response)

    return answer


def _read(source: Any, most: int) -> bytes:
    """Up to ``most`` bytes; one read may answer fewer than there are to come."""
    body = bytearray()
    while len(body) < most and (more := source.read(most - len(body))):
        body += more
    return bytes(body)
