"""What is asked of a session that is to be opened, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.stripe.errors import StripeError, bad_parameter
from sandbox.stripe.forms import listed
from sandbox.stripe.money import check_amount, check_currency

Json = dict[str, Any]

SHORTEST, LONGEST = 30 * 60, 24 * 3600  # seconds in which a session can be paid
SLACK = 60  # seconds by which the merchant's clock may be behind
CAPTURE_METHODS = ("automatic_async", "automatic", "manual")
BASIL, ENDIVE = "2025-03-31", "2026-09-30"  # from when on a version is of that release, or a later one
HOSTED = {True: "hosted_page", False: "hosted"}  # what ui_mode says of a hosted page, since endive or before

SESSION_PARAMETERS = """
mode line_items success_url cancel_url client_reference_id metadata payment_intent_data expires_at
customer_email locale adaptive_pricing ui_mode submit_type billing_address_collection custom_text
phone_number_collection customer_creation expand
"""
INTENT_DATA = """
capture_method metadata description receipt_email statement_descriptor statement_descriptor_suffix
setup_future_usage
"""


@dataclass(frozen=True)
class Wanted:
    """A session as it was asked for."""

    reference: str
    amount: int
    currency: str
    capture_method: str
    success_url: str
    cancel_url: str
    expires_in: int  # seconds
    email: str
    adaptive: bool
    ui_mode: str
    line_items: Json
    metadata: Json
    intent_metadata: Json


def check_session(params: Json, *, version: str, now: int) -> Wanted:
    """What ``POST /v1/checkout/sessions`` asks for, ``now`` in seconds. Raises StripeError."""
    since_endive = version >= ENDIVE
    _check_methods(params, since_endive=since_endive)
    if text(params, "mode") != "payment":
        raise bad_parameter("mode", "Invalid mode: must be payment")
    ui_mode = text(params, "ui_mode", HOSTED[since_endive])
    if ui_mode != HOSTED[since_endive]:
        raise bad_parameter("ui_mode", f"Invalid ui_mode: must be {HOSTED[since_endive]}")
    data = hash_of(params, "payment_intent_data")
    allow(data, INTENT_DATA.split(), within="payment_intent_data")
    adaptive = hash_of(params, "adaptive_pricing")
    currency, amount = _total(params)
    expires_at = whole(params, "expires_at", now + LONGEST)
    if not SHORTEST - SLACK <= expires_at - now <= LONGEST + SLACK:
        raise bad_parameter(
            "expires_at", "The `expires_at` timestamp must be from 30 minutes to 24 hours from now."
        )
    return Wanted(
        reference=text(params, "client_reference_id", "", most=200),
        amount=amount,
        currency=currency,
        capture_method=one_of(data, "capture_method", CAPTURE_METHODS, within="payment_intent_data"),
        success_url=_url(params, "success_url"),
        cancel_url=_url(params, "cancel_url") if "cancel_url" in params else "",
        expires_in=expires_at - now,
        email=text(params, "customer_email", "", most=512),
        adaptive=adaptive.get("enabled") == "true",
        ui_mode=ui_mode,
        line_items=params["line_items"],
        metadata=metadata(params),
        intent_metadata=metadata(data),
    )


def _check_methods(params: Json, *, since_endive: bool) -> None:
    """Which payment methods may be offered is said in another word since endive, and the old one refused."""
    if since_endive and "payment_method_types" in params:
        raise bad_parameter(
            "payment_method_types",
            "payment_method_types is no longer supported. Use allowed_payment_method_types.",
            code="payment_method_types_no_longer_supported",
        )
    word = "allowed_payment_method_types" if since_endive else "payment_method_types"
    allow(params, [*SESSION_PARAMETERS.split(), word])
    if any(method != "card" for method in listed(params, word)):
        raise bad_parameter(word, f"Invalid {word}: this account takes cards only")


def _total(params: Json) -> tuple[str, int]:
    """The currency, and the sum of all lines."""
    lines = listed(params, "line_items")
    if not 1 <= len(lines) <= 100:
        raise _missing("line_items") if not lines else bad_parameter("line_items", "Too many line items.")
    total, currencies = 0, set()
    for index, line in enumerate(lines):
        within = f"line_items[{index}]"
        price = hash_of(line if isinstance(line, dict) else {}, "price_data")
        if not text(hash_of(price, "product_data"), "name", ""):
            raise _missing(f"{within}[price_data][product_data][name]")
        currency = text(price, "currency", within=f"{within}[price_data]").lower()
        currencies.add(check_currency(currency, param=f"{within}[price_data][currency]"))
        unit = whole(price, "unit_amount", within=f"{within}[price_data]")
        total += unit * whole(line, "quantity", 1, within=within)
    if len(currencies) > 1:
        raise bad_parameter("line_items", "All line items must have the same currency.")
    currency = currencies.pop()
    return currency, check_amount(total, currency, param="line_items[0][price_data][unit_amount]")


# ---- parameters of any call -----------------------------------------------------------------------------


def allow(params: Json, known: Collection[str], *, within: str = "") -> None:
    """Raises StripeError for a parameter that the call does not have."""
    for name in params:
        if name not in known:
            full = _name(name, within)
            raise bad_parameter(full, f"Received unknown parameter: {full}", code="parameter_unknown")


def text(params: Json, name: str, default: str | None = None, *, within: str = "", most: int = 5_000) -> str:
    value = params.get(name, default)
    if value is None or (value == "" and default != ""):
        raise _missing(_name(name, within))
    if not isinstance(value, str) or len(value) > most:
        raise bad_parameter(_name(name, within), f"Invalid string: {_name(name, within)}")
    return value


def whole(params: Json, name: str, default: int | None = None, *, within: str = "") -> int:
    """A whole number, not below nothing."""
    value = params.get(name, default)
    if value is None:
        raise _missing(_name(name, within))
    if isinstance(value, int):
        return value
    if not isinstance(value, str) or not (value.isascii() and value.isdecimal() and len(value) <= 15):
        invalid = f"Invalid integer: {value}"
        raise bad_parameter(_name(name, within), invalid, code="parameter_invalid_integer")
    return int(value)


def one_of(params: Json, name: str, choices: tuple[str, ...], *, within: str = "") -> str:
    """One of these words; the first, if nothing is said."""
    value = params.get(name, choices[0])
    if value not in choices:
        said = f"Invalid {_name(name, within)}: must be one of {', '.join(filter(None, choices))}"
        raise bad_parameter(_name(name, within), said)
    return str(value)


def hash_of(params: Json, name: str) -> Json:
    value = params.get(name, {})
    if not isinstance(value, dict):
        raise bad_parameter(name, f"Invalid object: {name}")
    return value


def metadata(params: Json) -> Json:
    """At most 50 keys of 40 characters, with values of 500."""
    said = hash_of(params, "metadata")
    fits = all(len(k) <= 40 and isinstance(v, str) and len(v) <= 500 for k, v in said.items())
    if len(said) > 50 or not fits:
        raise bad_parameter("metadata", "Metadata can have 50 keys of 40 characters, with values of 500.")
    return said


def _url(params: Json, name: str) -> str:
    url = text(params, name)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise bad_parameter(name, "Not a valid URL", code="url_invalid")
    return url


def _missing(param: str) -> StripeError:
    return bad_parameter(param, f"Missing required param: {param}.", code="parameter_missing")


def _name(name: str, within: str) -> str:
    return f"{within}[{name}]" if within else name
