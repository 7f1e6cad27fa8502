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
DAY = 24 * 3600
Shares = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Terms:
    """How one trade sells.

    ``pay_within`` and ``margin`` are seconds: the gateway gets the first, and the hold lasts longer by the
    second. References are templates of ``kernel.ids.new_reference``. The addresses are where a browser goes
    after paying, relative to the return origin, with ``{payment}``, ``{booking}`` and ``{reason}`` filled
    in; the confirmation's is our own page of a booking.

    ``refund_shares`` say what a customer who cancels gets back: seconds of notice given, and the percentage
    from then on; with less notice than the least of them, nothing. A customer who may reschedule may do so
    until ``reschedule_notice`` seconds before the start. An order placed before there was such a term has
    the default.
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
    refund_shares: Shares = ((7 * DAY, 100), (DAY, 50), (0, 0))
    may_reschedule: bool = True
    reschedule_notice: int = DAY

    def __post_init__(self) -> None:
        shares = tuple((notice, percent) for notice, percent in self.refund_shares)  # JSON knows only lists
        object.__setattr__(self, "refund_shares", shares)

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
