"""Reading what a gateway writes: forgiving about form, never about meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .base import Unknown

Json = dict[str, Any]
LONGEST_ID = 80

# Strings are matched first so that a comma inside one is left alone; the string may be cut off at the
# end, which keeps the search linear.
_STRING_OR_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+(?:"|\\?\Z))|,(?=\s*[}\]])', re.DOTALL)


def read_object(body: bytes) -> Json:
    """A JSON object, forgiving a byte order mark, repeated keys and trailing commas. Raises Unknown.

    Fractions are read as Decimal, so that no amount is ever a float.
    """
    try:
        text = body.decode("utf-8-sig")
        try:
            value = _parse(text)
        except json.JSONDecodeError:
            value = _parse(_STRING_OR_TRAILING_COMMA.sub(r"\1", text))
    except (ValueError, RecursionError):
        raise Unknown(f"{len(body)} bytes that are not JSON") from None
    if not isinstance(value, dict):
        raise Unknown("JSON that is not an object")
    return value


def _parse(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def text_of(payload: Mapping[str, Any], *names: str, longest: int = 1024) -> str | None:
    """The first of these fields that holds a short printable string; anything else counts as absent."""
    for name in names:
        value = payload.get(name)
        if isinstance(value, str) and 0 < len(value) <= longest and value.isprintable():
            return value
    return None


def id_of(payload: Mapping[str, Any], *names: str) -> str | None:
    """The first of these fields that holds an id: a longer text than we keep of one is none."""
    return text_of(payload, *names, longest=LONGEST_ID)


def whole_of(payload: Mapping[str, Any], name: str) -> int | None:
    """The whole number in a field, written as 100, "100" or 100.0; None for anything else."""
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,18}(\.0{1,9})?", value):
        return None
    number = Decimal(value)
    return int(number) if abs(number) < 10**18 and number == number.to_integral_value() else None


def moment_of(payload: Mapping[str, Any], *names: str) -> datetime | None:
    """The first of these fields that holds an epoch time, in seconds or in milliseconds."""
    for name in names:
        epoch = whole_of(payload, name)
        if epoch is not None and 0 < epoch < 10**14:
            # The year 5138 in seconds is March 1973 in milliseconds: nothing we meet is near either.
            return datetime.fromtimestamp(epoch / 1000 if epoch >= 10**11 else epoch, tz=UTC)
    return None
