"""Stripe's own package as we use it: over our transport, with one client for each account, in our words.

The package knows the form encoding, the addresses and the versions of the API. It repeats nothing by itself:
whoever asks looks first how things stand, and then asks again under the same key. It sends no telemetry.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Protocol

import stripe

from .base import BadCredentials, GatewayError, Refused, Unclear, Unknown
from .reading import Json, read_object
from .transport import Answer, retry_after, scrub_text, send

# The one that the package was made for; it goes with every request, whatever the account's own is.
VERSION = "2026-10-28.endive"
PUBLISHED = "https://api.stripe.com"
RETRIES = 0  # see above
PAGE = 100  # the most that a list may be asked for
PAGES = 20  # what takes more than these is not read to its end

stripe.enable_telemetry = False
logging.getLogger("stripe").setLevel(logging.WARNING)  # below that it tells of addresses and of what was sent


class StoredError(Unknown):
    """A 5xx that Stripe has kept for this idempotency key, and answers to it for a day."""


class Wire(stripe.HTTPClient):
    """The package's calls over our transport, with its deadlines. Raises Unknown where there is no answer."""

    name = "holdfast"

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        told = {name: value for name, value in (headers or {}).items() if not name.startswith("X-Stripe-")}
        answer = send(method.upper(), url, headers=told | {"User-Agent": "Holdfast"}, content=post_data)
        _check(answer)
        return answer.body.decode("utf-8-sig"), answer.status, answer.headers

    def close(self) -> None:
        """The connections are the process's, and stay."""


def _check(answer: Answer) -> None:
    """Raises Unknown for what the package takes for granted and does not find."""
    wait = retry_after(answer.headers)
    try:
        told = read_object(answer.body)
    except Unknown as unreadable:
        raise Unknown(f"HTTP {answer.status}: {unreadable}", retry_after=wait) from None
    if not answer.good and not isinstance(told.get("error"), dict):
        raise Unknown(f"HTTP {answer.status} without an error", retry_after=wait)


class Page(Protocol):
    """One page of a list of the package's."""

    def to_dict(self) -> Json: ...


@lru_cache(maxsize=64)
def client_of(secret_key: str, address: str) -> stripe.StripeClient:
    """The client of one account; the addresses of an account are all the same one."""
    base = address.rstrip("/")
    return stripe.StripeClient(
        secret_key,
        stripe_version=VERSION,
        base_addresses={"api": base, "connect": base, "files": base, "meter_events": base},
        max_network_retries=RETRIES,
        http_client=Wire(),
    )


@contextmanager
def in_our_words() -> Iterator[None]:
    """What the package raises inside of this is raised as our contract has it."""
    try:
        yield
    except stripe.StripeError as error:
        raise _translated(error) from None


def _translated(error: stripe.StripeError) -> GatewayError:
    """Refused for a definite no, and else Unknown. No text of it quotes what was sent."""
    code = str(error.code or (error.error.type if error.error else None) or "no code")
    said, headers = f"HTTP {error.http_status}, {code}", error.headers or {}
    match error:
        case stripe.AuthenticationError() | stripe.PermissionError():
            return BadCredentials(f"Stripe refuses the key: {said}")
        case stripe.CardError() | stripe.InvalidRequestError():
            return Refused(code, scrub_text(str(error.user_message or ""))[:300])
        case stripe.RateLimitError():
            return Unknown(said, retry_after=retry_after(headers))
        case stripe.IdempotencyError():
            return Unclear(said)  # another call with that key, whose answer may have been lost
    if error.http_status == 409:
        return Unclear(said)  # a call with that key is under way
    stored = headers.get("idempotent-replayed") == "true"
    return StoredError(said) if stored else Unknown(said, retry_after=retry_after(headers))


def all_of(listed: Callable[[Any], Page], **wanted: Any) -> Iterator[Json]:
    """Everything that a list has, page by page. Raises Unknown for what is none, or too long."""
    after: dict[str, Any] = {}
    for _ in range(PAGES):
        try:
            with in_our_words():
                told = listed({**wanted, **after, "limit": PAGE}).to_dict()
        except Refused as no:
            raise Unclear(str(no)) from no  # what is not shown may be there all the same
        data = told.get("data")
        if not isinstance(data, list):
            raise Unknown("A list without what is in it")
        found = [one for one in data if isinstance(one, dict)]
        yield from found
        if told.get("has_more") is not True or not found:
            return
        after = {"starting_after": found[-1].get("id")}
    raise Unknown(f"A list of more than {PAGE * PAGES}")
