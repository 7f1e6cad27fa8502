"""Terms: a trade's rules as data. An order keeps, as JSON, the terms that it was placed under."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any


class Way(StrEnum):
    """The three ways to sell."""

    PAYMENT_FIRST = "payment_first"
    HOLD_THEN_PAY = "hold_then_pay"
    AUTHORIZE_THEN_APPROVE = "authorize_then_approve"


GATEWAY_ANSWERS_WITHIN = 30  # seconds


@dataclass(frozen=True)
class Terms:
    """How one trade sells.

    ``pay_within`` and ``margin`` are seconds: the gateway gets the first, the hold lasts longer by the second.
    References are templates of ``kernel.ids.new_reference``. The addresses are where a browser goes after
    paying, relative to the return origin, with ``{payment}``, ``{booking}`` and ``{reason}`` filled in;
    the confirmation's is our own page of a booking.
    """

    way: Way
    booking_reference: str
    payment_reference: str
    success_address: str
    failed_address: str
    confirmation_address: str
    pay_within: int = 600
    margin: int = 90
    failed_payment_frees: bool = True

    @property
    def hold_for(self) -> timedelta:
        """As long as the customer may pay, a margin, and the while that a gateway may take to begin with.

        The gateway counts from its own answer; with that while, the hold need not be made longer then.
        """
        return timedelta(seconds=self.pay_within + self.margin + GATEWAY_ANSWERS_WITHIN)

    def changed_by(self, overrides: dict[str, Any]) -> Terms:
        """The same terms with what an offering sets differently."""
        return replace(self, **overrides) if overrides else self

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Terms:
        return cls(**{**data, "way": Way(data["way"])})
