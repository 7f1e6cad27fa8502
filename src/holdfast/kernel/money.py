"""Money: whole minor units with a currency. No floats, no bare numbers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

# ISO 4217 minor-unit exponents of the currencies that Holdfast sells in.
EXPONENTS = {"INR": 2, "NPR": 2, "IDR": 2, "EUR": 2, "GBP": 2, "USD": 2, "CHF": 2, "JPY": 0}


@dataclass(frozen=True, order=False)
class Money:
    """An amount in whole minor units (paisa, cents) of one currency (ISO 4217)."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in EXPONENTS:
            raise ValueError(f"{self.currency} is not a currency that Holdfast knows.")

    def __add__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same_currency(other)
        return Money(self.amount - other.amount, self.currency)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __str__(self) -> str:
        return f"{self.currency} {self.decimal}"

    @property
    def decimal(self) -> str:
        """The amount in major units with every minor digit: ``1999.00``."""
        return str(Decimal(self.amount).scaleb(-EXPONENTS[self.currency]))

    def _same_currency(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up.")
