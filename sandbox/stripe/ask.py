"""One call to Stripe's API, read: whose it is, what it says, and under which key."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from sandbox.merchants import Merchant
from sandbox.stripe.errors import StripeError
from sandbox.stripe.forms import listed, parse
from sandbox.stripe.ids import new_id
from sandbox.world import World

Json = dict[str, Any]

LONGEST_KEY = 255


@dataclass(frozen=True)
class Ask:
    """``call`` is its name in the table of calls, ``reference`` the merchant's for what it is about."""

    call: str
    merchant: Merchant
    reference: str | None
    id: str
    key: str
    version: str
    path: str
    object_id: str
    params: Json
    base_url: str

    @property
    def expand(self) -> list[str]:
        return [str(path) for path in listed(self.params, "expand")]

    @property
    def fingerprint(self) -> str:
        """The call as one text: under one key it must stay the same."""
        return f"{self.path} {json.dumps(self.params, sort_keys=True)}"


# The call that is being answered, for the events that come of it.
ASKING: ContextVar[Ask | None] = ContextVar("ASKING", default=None)


async def read(request: Request, world: World, *, gateway: str, call: str, reference: str | None) -> Ask:
    """Read a call. Raises StripeError for a key that opens nothing, and for a form that is none."""
    merchant = _merchant(request, world, gateway)
    key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
    if len(key) > LONGEST_KEY:
        raise StripeError(400, f"An idempotency key has at most {LONGEST_KEY} characters.")
    return Ask(
        call=call,
        merchant=merchant,
        reference=reference,
        id=new_id("req_"),
        key=key,
        version=request.headers.get("stripe-version") or merchant["api_version"],
        path=request.url.path,
        object_id=str(request.path_params.get("id", "")),
        params=await params_of(request),
        base_url=str(request.base_url).rstrip("/"),
    )


async def params_of(request: Request) -> Json:
    """The parameters: of a POST in its body, otherwise in the query."""
    if request.method != "POST":
        return parse(request.url.query)
    try:
        return parse((await request.body()).decode())
    except UnicodeDecodeError:
        raise StripeError(400, "The form is not UTF-8.") from None


def _merchant(request: Request, world: World, gateway: str) -> Merchant:
    key = _secret_key(request.headers)
    if not key:
        raise StripeError(401, "You did not provide an API key.")
    for merchant in world.merchants.all():
        if merchant.gateway == gateway and hmac.compare_digest(key.encode(), merchant["secret_key"].encode()):
            return merchant
    raise StripeError(401, f"Invalid API Key provided: {key[:8]}{'*' * 8}{key[-4:]}")


def _secret_key(headers: Mapping[str, str]) -> str:
    """A bearer's key, or the user's name of basic authentication."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme == "Bearer":
        return credentials
    if scheme != "Basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
