"""What people type into the admin, judged before it is kept: zones, origins, languages, terms.

Each function answers what is wrong, in sentences; an empty list means that nothing is.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, get_type_hints
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

from holdfast.catalog.terms import Shares, Terms, Way
from holdfast.kernel.money import EXPONENTS

# What each template of the terms may, and must, have filled in.
PLACES: Mapping[str, tuple[set[str], set[str]]] = {
    "booking_reference": ({"offering", "date", "random"}, {"random"}),
    "payment_reference": ({"offering", "date", "random"}, {"random"}),
    "success_address": ({"payment", "booking", "reason"}, set()),
    "failed_address": ({"payment", "booking", "reason"}, set()),
    "confirmation_address": ({"booking"}, {"booking"}),
    "payment_title": ({"title", "business", "booking"}, set()),
}


def _are_shares(value: Any) -> bool:
    if not isinstance(value, list) or not all(_is_share(entry) for entry in value):
        return False
    notices, percents = [notice for notice, _ in sorted(value)], [percent for _, percent in sorted(value)]
    return len(set(notices)) == len(notices) and percents == sorted(percents)


def _is_share(entry: Any) -> bool:
    if not isinstance(entry, list) or [type(number) for number in entry] != [int, int]:
        return False
    notice, percent = entry
    return bool(notice >= 0 and 0 <= percent <= 100)


TYPES: Mapping[Any, tuple[Callable[[Any], bool], str]] = {
    str: (lambda value: isinstance(value, str) and bool(value), "a text"),
    int: (lambda value: type(value) is int and value >= 0, "a whole number of seconds, not below 0"),
    bool: (lambda value: type(value) is bool, "true or false"),
    Way: (lambda value: value in set(Way), "one of " + ", ".join(Way)),
    Shares: (
        _are_shares,
        "a list such as [[604800, 100], [86400, 50]]: seconds of notice, each once, and the percentage back, "
        "which is not lower for more notice",
    ),
}


def wrong_zone(name: str) -> list[str]:
    return [] if name in available_timezones() else [f"{name!r} is not a time zone such as Asia/Kolkata."]


def wrong_currency(code: str) -> list[str]:
    known = ", ".join(sorted(EXPONENTS))
    return [] if code in EXPONENTS else [f"{code!r} is not one of {known}."]


def wrong_origins(origins: Any) -> list[str]:
    if not _is_list_of_texts(origins):
        return ['This must be a list of origins, such as ["https://example.com"].']
    return [
        f"{origin!r} is not an origin: only scheme://host or scheme://host:port."
        for origin in origins
        if not _is_origin(origin)
    ]


def wrong_languages(languages: Any) -> list[str]:
    if not _is_list_of_texts(languages) or not all(language.strip() for language in languages):
        return ['This must be a list of languages, such as ["Hindi", "English"].']
    return []


def wrong_addresses(addresses: Any) -> list[str]:
    """Where a gateway answers: names of its parts with http or https addresses."""
    if not isinstance(addresses, dict):
        return ['This must be an object of addresses, such as {"pg": "https://…"}.']
    return [
        f"{name} needs an http or https address."
        for name, address in addresses.items()
        if not isinstance(address, str) or _parts(address) is None
    ]


def wrong_terms(overrides: Any) -> list[str]:
    """What an offering sets differently must be a part of Terms, of its type, with its places."""
    if not isinstance(overrides, dict):
        return ["This must be an object with the parts of the terms to set differently."]
    hints = get_type_hints(Terms)
    known = {field.name: hints[field.name] for field in fields(Terms)}
    return [problem for name, value in overrides.items() for problem in _wrong_term(name, value, known)]


def _wrong_term(name: str, value: Any, known: Mapping[str, Any]) -> list[str]:
    if name not in known:
        return [f"The terms have no {name!r}; they have {', '.join(known)}."]
    fits, described = TYPES[known[name]]
    if not fits(value):
        return [f"{name} must be {described}."]
    return _wrong_places(name, value) if name in PLACES else []


def _wrong_places(name: str, template: str) -> list[str]:
    may, must = PLACES[name]
    try:
        named = {place for _, place, _, _ in string.Formatter().parse(template) if place is not None}
    except ValueError as malformed:
        return [f"{name} is no template: {malformed}."]
    strange = [f"{name} knows no {{{place}}}." for place in sorted(named - may)]
    return strange + [f"{name} needs {{{place}}}." for place in sorted(must - named)]


def _is_origin(text: str) -> bool:
    parts = _parts(text)
    if parts is None or not text.isascii() or "@" in parts.netloc:
        return False
    return text.lower() == f"{parts.scheme}://{parts.netloc}".lower()


def _parts(address: str) -> SplitResult | None:
    """The parts of an http or https address; None if it is none."""
    try:
        parts = urlsplit(address)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    plain = address.isprintable() and " " not in address and "\\" not in address
    return parts if has_host and plain and parts.scheme in ("http", "https") else None


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
