"""Public references: unguessable, readable over the phone, in their trade's format."""

from __future__ import annotations

import secrets
import string
from datetime import date

ALPHABET = string.digits + string.ascii_uppercase
LENGTH = 16  # 16 of 36 letters carry 82.7 random bits


def random_id() -> str:
    """16 random characters of ``[0-9A-Z]``: at least 80 bits."""
    left, letters = secrets.randbelow(len(ALPHABET) ** LENGTH), ""
    for _ in range(LENGTH):
        left, letter = divmod(left, len(ALPHABET))
        letters += ALPHABET[letter]
    return letters


def new_reference(template: str, *, offering: int, day: date) -> str:
    """Fill a reference template: ``{offering}``, ``{date}`` (YYYYMMDD) and ``{random}``.

    >>> new_reference("ASTRO_BOOK_{date}_{random}", offering=5, day=date(2025, 8, 5))  # doctest: +SKIP
    'ASTRO_BOOK_20250805_7K2M4Q9ZT1B8X0CD'
    """
    return template.format(offering=offering, date=day.strftime("%Y%m%d"), random=random_id())
