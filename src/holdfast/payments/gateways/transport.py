"""HTTP for the gateways that we speak to ourselves: short of patience, and never guessing.

Whatever is not an answer is raised as Unknown: too slow, too long, a redirect, a 5xx, a 429; and as
NotSent where no connection came about, so that nothing can have been sent. What comes back is the
gateway's word, good or bad, for its adapter to translate. Nothing here logs; no error's text carries a
header, a query or a body.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

from .base import NotSent, Unknown
from .deadline import DeadlineBackend, deadline
from .reading import Json, read_object

CONNECT = 3.0  # seconds
READ = 15.0  # seconds between two pieces of an answer
PATIENCE = timedelta(seconds=20)  # for one call, from the first look for a connection to the last byte
LONGEST = 1 << 20  # bytes of an answer; real ones have a few thousand

# Raised before there is a connection to send anything on, its TLS handshake included; never later.
UNCONNECTED = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.UnsupportedProtocol,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
FAULTS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, with its body as it came; header names in any case."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Json:
        """The JSON object of the body. Raises Unknown if there is none to be read."""
        return read_object(self.body)


def call(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    payload: Mapping[str, Any] | None = None,
    form: Mapping[str, str] | None = None,
) -> Answer:
    """Ask once, with a JSON ``payload`` or a ``form``; a 2xx or a 4xx. Raises Unknown if there is no answer.

    Of these, NotSent is raised where nothing can have been sent.
    """
    answer = send(method, url, headers=headers, query=query, payload=payload, form=form)
    _check_status(answer, f"{method} {_host(url)}")
    return answer


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    payload: Mapping[str, Any] | None = None,
    form: Mapping[str, str] | None = None,
    content: str | None = None,
) -> Answer:
    """The same for who reads every HTTP status: a 5xx comes back as well. ``content`` is a body as it is."""
    client = _client(os.getpid())
    try:
        with (
            deadline(PATIENCE),
            client.stream(
                method,
                url,
                headers=headers,
                params=query or None,
                json=payload,
                data=form,
                content=content,
            ) as response,
        ):
            body = _read(response)
    except FAULTS as fault:
        # The fault's own text may quote what was sent; its name says enough.
        unheard = NotSent if isinstance(fault, UNCONNECTED) else Unknown
        raise unheard(f"{method} {_host(url)}: {type(fault).__name__}") from None
    return Answer(response.status_code, body, response.headers)


def _read(response: httpx.Response) -> bytes:
    """The body, uncompressed as we asked for it, up to the longest that we take."""
    body = bytearray()
    for piece in response.iter_raw():
        body += piece
        if len(body) > LONGEST:
            raise Unknown(f"An answer of more than {LONGEST} bytes is none that we know.")
    return bytes(body)


def _check_status(answer: Answer, asked: str) -> None:
    status = answer.status
    if 200 <= status < 300 or (400 <= status < 500 and status != 429):
        return
    raise Unknown(f"{asked}: HTTP {status}", retry_after=retry_after(answer.headers))


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """What the gateway asks for in seconds, at most a day. The header's date form is not read."""
    wanted = headers.get("retry-after", "")
    return timedelta(seconds=min(int(wanted), 86_400)) if re.fullmatch(r"[0-9]{1,9}", wanted) else None


def _host(url: str) -> str:
    """Scheme, host and port: all of an address that is fit for a log."""
    return "/".join(url.split("/", 3)[:3])


# ---- what may be stored --------------------------------------------------------------------------------

SCRUBBED = "[scrubbed]"
# Whatever a field's name has one of these in is not ours to keep.
_WORDS = (
    "token|secret|password|authorization|card|cvv|account|vpa|ifsc|phone|mobile|email|holder"
    "|billing|shipping|customer_details"
)
_PRIVATE = re.compile(_WORDS)  # of a name that is folded: a tenth of the time that IGNORECASE takes
# The same in the middle of a text, and in an address. Its pieces are bounded, for whoever is turned away may
# write anything.
_SECRET_IN_TEXT = re.compile(
    rf"((?:{_WORDS}|signature|key)\w{{0,20}}+[\"']?\s{{0,3}}[=:]\s{{0,3}}(?:o-)?(?:bearer\s{{1,3}})?"
    r"|\bbearer\s{1,3})(?:\"[^\"]{0,500}+|[^&#\s\"',;]+)",
    re.IGNORECASE,
)
# Without this there is none, and to see that takes a tenth of the time.
_NAMES_SOMETHING = re.compile(r"[=:]|bearer\s", re.IGNORECASE)
# What may be a card's number: 13 to 19 digits, alone or in groups. Its check digit tells.
_DIGITS = re.compile(r"(?<!\w)[0-9](?:[ -]?[0-9]){12,18}(?!\w)")


def scrub(payload: Any) -> Any:
    """The same payload without tokens, secrets, or card, account, UPI, contact and billing details."""
    if isinstance(payload, str):
        return scrub_text(payload)
    if isinstance(payload, Mapping):
        return {
            name: SCRUBBED if _PRIVATE.search(str(name).casefold()) else scrub(value)
            for name, value in payload.items()
        }
    if isinstance(payload, list | tuple):
        return [scrub(value) for value in payload]
    if isinstance(payload, int):
        return SCRUBBED if scrub_text(str(payload)) == SCRUBBED else payload
    return payload


def scrub_text(text: str) -> str:
    """The same text without the secrets that it names and without card numbers."""
    if _NAMES_SOMETHING.search(text):
        text = _SECRET_IN_TEXT.sub(rf"\1{SCRUBBED}", text)
    return _DIGITS.sub(_without_card, text)


def _without_card(found: re.Match[str]) -> str:
    return SCRUBBED if _is_card(found[0]) else found[0]


def _is_card(number: str) -> bool:
    """By Luhn's check digit. No bank's card begins with 1, as the 13 digits of a time in milliseconds do."""
    digits = [int(digit) for digit in reversed(number) if digit.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return digits[-1] != 1 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


# ---- the client ----------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _client(process: int) -> httpx.Client:
    """One client for each process: its connections must not be shared after a fork."""
    return httpx.Client(
        transport=_Transport(),
        timeout=httpx.Timeout(READ, connect=CONNECT, pool=CONNECT),
        follow_redirects=False,
        trust_env=False,
        # One business's cookies must never travel with another's call.
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        headers={"User-Agent": "Holdfast", "Accept": "application/json", "Accept-Encoding": "identity"},
    )


class _Transport(httpx.BaseTransport):
    """httpcore's connection pool, with deadlines."""

    def __init__(self) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=64,
            max_keepalive_connections=16,
            keepalive_expiry=20.0,
            network_backend=DeadlineBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        answered = self._pool.handle_request(asked)
        return httpx.Response(answered.status, headers=answered.headers, stream=_Pieces(answered))

    def close(self) -> None:
        self._pool.close()


class _Pieces(httpx.SyncByteStream):
    def __init__(self, answered: httpcore.Response) -> None:
        self._answered = answered

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answered.iter_stream()

    def close(self) -> None:
        self._answered.close()
