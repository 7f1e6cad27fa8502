"""Amounts as people write them into a form."""

from __future__ import annotations

from decimal import Decimal, DecimalException

from holdfast.kernel.errors import Invalid
from holdfast.kernel.money import EXPONENTS, Money

HIGHEST = Decimal(10) ** 12


def money_from(written: str, currency: str, *, least: int = 1) -> Money:
    """``1999``, ``1999.50`` or ``1,999.50`` as money. Raises Invalid for what is no amount of it, and for
    less than the ``least``, in minor units.
    """
    try:
        minor = Decimal(written.replace(",", "").strip()).scaleb(EXPONENTS[currency])
    except DecimalException:
        raise _no_amount(currency) from None
    if not minor.is_finite() or minor != minor.to_integral_value() or not least <= minor < HIGHEST:
        raise _no_amount(currency)
    return Money(int(minor), currency)


def _no_amount(currency: str) -> Invalid:
    return Invalid({"amount": [f"This is not an amount in {currency}."]})
