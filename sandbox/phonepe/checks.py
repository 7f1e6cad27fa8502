"""What PhonePe demands of a request, field by field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from sandbox.phonepe.errors import PhonePeError, bad_field

Json = dict[str, Any]
Check = Callable[[Any], str | None]  # what is wrong with a value, or None

PAYMENT_MODES = {"UPI_INTENT", "UPI_COLLECT", "UPI_QR", "NET_BANKING", "CARD"}
CARD_TYPES = {"DEBIT_CARD", "CREDIT_CARD"}


def text(*, most: int, least: int = 0, letters: str = r"[\s\S]*") -> Check:
    def check(value: Any) -> str | None:
        if not isinstance(value, str) or not least <= len(value) <= most:
            return f"must be a text of {least} to {most} characters"
        return None if re.fullmatch(letters, value) else "has characters that are not allowed"

    return check


def whole(*, least: int, most: int = 2**63 - 1) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return "must be a whole number"
        return None if least <= value <= most else f"must be between {least} and {most}"

    return check


def boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def exactly(word: str) -> Check:
    return lambda value: None if value == word else f"must be {word}"


def web_address(value: Any) -> str | None:
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
    except ValueError:
        return "must be a URL"
    return None if parts.scheme in ("http", "https") and parts.hostname else "must be a URL"


def mode_config(value: Any) -> str | None:
    """Either the modes that are enabled or those that are disabled, never both."""
    if not isinstance(value, dict):
        return "must be an object"
    lists = [value[name] for name in ("enabledPaymentModes", "disabledPaymentModes") if value.get(name)]
    if len(lists) != 1:
        return "must have either enabledPaymentModes or disabledPaymentModes"
    return None if isinstance(lists[0], list) and all(map(_is_mode, lists[0])) else "has an unknown mode"


def _is_mode(mode: Any) -> bool:
    if not isinstance(mode, dict) or mode.get("type") not in PAYMENT_MODES:
        return False
    cards = mode.get("cardTypes") or []
    return isinstance(cards, list) and all(isinstance(card, str) and card in CARD_TYPES for card in cards)


@dataclass(frozen=True)
class Rule:
    """``path`` is dotted. A null counts as absent, because PhonePe's own library sends nulls."""

    path: str
    check: Check
    required: bool = False


OWN_ID = text(least=1, most=63, letters=r"[A-Za-z0-9_-]+")
FREE_FIELDS = tuple(Rule(f"metaInfo.udf{n}", text(most=256)) for n in range(1, 11))
NARROW_FIELDS = tuple(
    Rule(f"metaInfo.udf{n}", text(most=50, letters=r"[A-Za-z0-9_\- @.+]*")) for n in range(11, 16)
)

PAY_RULES = (
    Rule("merchantOrderId", OWN_ID, required=True),
    Rule("amount", whole(least=100), required=True),
    Rule("expireAfter", whole(least=300, most=3600)),
    *FREE_FIELDS,
    *NARROW_FIELDS,
    Rule("paymentFlow.type", exactly("PG_CHECKOUT"), required=True),
    Rule("paymentFlow.message", text(most=1024)),
    Rule("paymentFlow.merchantUrls.redirectUrl", web_address, required=True),
    Rule("paymentFlow.paymentModeConfig", mode_config),
    Rule("paymentFlow.disablePaymentRetry", boolean),
    Rule("disablePaymentRetry", boolean),
    Rule("prefillUserLoginDetails.phoneNumber", text(most=20)),
)

REFUND_RULES = (
    Rule("merchantRefundId", OWN_ID, required=True),
    Rule("originalMerchantOrderId", OWN_ID, required=True),
    Rule("amount", whole(least=100), required=True),
)


async def read_json(request: Request) -> Json:
    """The request's JSON object. Raises 400 for anything else."""
    try:
        body = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise PhonePeError(400) from None
    if not isinstance(body, dict):
        raise PhonePeError(400)
    return body


async def mentioned(request: Request, name: str) -> str | None:
    """The text that a request has in this field, if it can be read at all."""
    try:
        value = (await read_json(request)).get(name)
    except PhonePeError:
        return None
    return value if isinstance(value, str) else None


def check(body: Json, rules: tuple[Rule, ...]) -> None:
    """Raises 400 for the first field that breaks its rule."""
    for rule in rules:
        value = _at(body, rule.path)
        problem = rule.check(value) if value is not None else ("is missing" if rule.required else None)
        if problem:
            raise bad_field(rule.path, problem)


def check_meta_info(body: Json) -> Json:
    """The ``metaInfo`` without its nulls. Raises 400 for a field that PhonePe does not have."""
    meta_info = body.get("metaInfo") or {}
    known = {rule.path.removeprefix("metaInfo.") for rule in (*FREE_FIELDS, *NARROW_FIELDS)}
    if not isinstance(meta_info, dict) or not set(meta_info) <= known:
        raise bad_field("metaInfo", "has unknown fields")
    return {name: value for name, value in meta_info.items() if value is not None}


def is_true(word: str | None) -> bool:
    """A boolean of the query, in anybody's capitals."""
    return (word or "").lower() == "true"


def _at(body: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(body, dict):
            return None
        body = body.get(name)
    return body
