"""Terms: a trade's rules as data. An order keeps, as JSON, the terms that it was placed under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
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
    second; or as long as ``reserve_for`` where that is more, for those who book first and then pay.
    References are templates of ``kernel.ids.new_reference``. The addresses are where a browser goes after
    paying, relative to the return origin, with ``{payment}``, ``{booking}`` and ``{reason}`` filled in; the
    confirmation's is our own page of a booking, and ``pay_address`` the one on which it is paid, if there is
    such a page, with the booking's number as ``{id}``.

    With ``failed_payment_frees`` a payment that failed ends the order; else the time stays held for another
    attempt until the order's own end. With ``reopens`` an order that ends unpaid is open again, as a cart is,
    and else expired.

    ``needs_approval``: somebody of the business accepts a booking once its money is in or reserved, within
    ``approve_within`` seconds and before it begins; else it is declined, and the money goes back. When a
    capture fails, the customer has ``pay_again_within`` seconds to pay anew.

    ``deposit_percent`` of the price is asked for at once (0: all of it), and the rest ``balance_before``
    seconds before the start. ``on_the_spot``: nothing is asked for before the start; the bookings are there
    at once, and all of the price is a balance that is due then.

    ``refund_shares`` say what a customer who cancels gets back: seconds of notice given, and the percentage
    from then on; with less notice than the least of them, nothing. Money that is only reserved is set free in
    full. A customer who may reschedule may do so until ``reschedule_notice`` seconds before the start; with
    ``reschedule_reprices`` the new time costs what it costs that day, else the same offering keeps its price;
    with ``accept_again`` the business must accept the new time. With ``provider_may_cancel`` whoever gives
    the service may cancel it, as those who run the business may: all of the money goes back.

    ``provider_word`` is what customers call whoever gives the service. ``subjects`` are those of mail to
    customers that differ from what every trade's say: by the mail's name, with the booking's reference as
    ``{booking}``. With ``keyed``, whoever has a booking's reference sees only how it stands, and pays; for
    the rest there is a key, which mail to its customer brings along. ``payment_title`` is what a gateway
    shows a payment as: ``{title}`` is what is sold, ``{business}`` who sells, ``{booking}`` the reference.

    An order placed before there was such a term has the default.
    """

    way: Way
    booking_reference: str
    payment_reference: str
    success_address: str
    failed_address: str
    confirmation_address: str
    pay_within: int = 600
    margin: int = 90
    reserve_for: int = 0
    failed_payment_frees: bool = True
    reopens: bool = False
    needs_approval: bool = False
    approve_within: int = 2 * DAY
    pay_again_within: int = DAY
    deposit_percent: int = 0
    balance_before: int = 7 * DAY
    on_the_spot: bool = False
    refund_shares: Shares = ((7 * DAY, 100), (DAY, 50), (0, 0))
    may_reschedule: bool = True
    reschedule_notice: int = DAY
    reschedule_reprices: bool = False
    accept_again: bool = False
    provider_may_cancel: bool = False
    provider_word: str = "provider"
    pay_address: str = ""
    subjects: Mapping[str, str] = field(default_factory=dict, hash=False)
    keyed: bool = False
    payment_title: str = "{title}"

    def __post_init__(self) -> None:
        shares = tuple((notice, percent) for notice, percent in self.refund_shares)  # JSON knows only lists
        object.__setattr__(self, "refund_shares", shares)
        assert 0 <= self.deposit_percent <= 100

    @property
    def books_at_once(self) -> bool:
        """Whether a booking is there from the checkout on, before its money is."""
        return self.way is not Way.PAYMENT_FIRST

    @property
    def hold_for(self) -> timedelta:
        """As long as the customer may pay, a margin, and the while that a gateway may take to begin with.

        The gateway counts from its own answer; with that while, the hold need not be made longer then.
        """
        while_paying = self.pay_within + self.margin + GATEWAY_ANSWERS_WITHIN
        return timedelta(seconds=max(while_paying, self.reserve_for))

    @property
    def asks_approval(self) -> bool:
        """Whether somebody of the business must accept a booking that has its money."""
        return self.needs_approval or self.way is Way.AUTHORIZE_THEN_APPROVE

    def changed_by(self, overrides: dict[str, Any]) -> Terms:
        """The same terms with what an offering sets differently."""
        return replace(self, **overrides) if overrides else self

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Terms:
        return cls(**{**data, "way": Way(data["way"])})
