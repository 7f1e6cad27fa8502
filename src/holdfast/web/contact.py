"""Contact details as people write them."""

from __future__ import annotations

import phonenumbers


def check_phone(field: str, number: str, *, country: str) -> dict[str, list[str]]:
    """Field errors: none if this is a possible phone number, read as one of ``country`` without a prefix."""
    try:
        is_good = phonenumbers.is_valid_number(phonenumbers.parse(number, country))
    except phonenumbers.NumberParseException:
        is_good = False
    return {} if is_good else {field: ["This is not a phone number."]}
