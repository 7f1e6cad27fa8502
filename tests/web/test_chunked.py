"""A body in chunks is read like any other."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from holdfast.web.chunked import with_length
from tests.support.practice import PASSWORD

PATH = "/api/auth/token/"


class Dribble(BytesIO):
    """Answers a few bytes at a time, as a socket does."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 7, 7))


def post_in_chunks(body: bytes) -> tuple[str, bytes]:
    environ = RequestFactory().generic("POST", PATH, headers={"Transfer-Encoding": "chunked"}).environ
    environ |= {"wsgi.input": Dribble(body), "CONTENT_LENGTH": ""}
    said: list[str] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        said.append(status)

    answer = b"".join(with_length(WSGIHandler())(environ, start_response))
    return said[0], answer


@pytest.mark.spec("GEN-5")
def test_a_body_in_chunks_is_read_to_its_end(customer: object) -> None:
    status, answer = post_in_chunks(f'{{"email": "customer@example.com", "password": "{PASSWORD}"}}'.encode())

    assert status == "200 OK"
    assert b"access" in answer


@pytest.mark.spec("GEN-5")
def test_a_body_in_chunks_past_the_limit_is_400(customer: object) -> None:
    status, answer = post_in_chunks(b"x" * 300_000)

    assert status == "400 Bad Request"
    assert answer == b'{"error": "The request is too large."}'
