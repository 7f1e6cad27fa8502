"""The contract of a gateway: one class in one file, which translates and decides nothing.

A gateway knows no database, no settings and no states of ours. It is given its account's credentials and
a token store, speaks the gateway's protocol, and answers in the words of this file. Three answers are
possible to every question: yes, no, and unknown. Unknown is raised as :class:`Unknown`, never guessed.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol

from holdfast.kernel.money import Money


class Can(StrEnum):
    """What a gateway is able to do beyond ``start`` and ``look_up``."""

    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    READ_WEBHOOK = "read_webhook"


class Became(StrEnum):
    """What a gateway says became of a payment, in our words."""

    NOT_FOUND = "not_found"  # it has never heard of the reference
    PENDING = "pending"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"
    UNRECOGNIZED = "unrecognized"  # a word that we do not know: hold and tell a person


class RefundBecame(StrEnum):
    NOT_FOUND = "not_found"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class DisputeBecame(StrEnum):
    OPEN = "open"  # the money has been withdrawn, and may come back
    WON = "won"
    LOST = "lost"


class GatewayError(Exception):
    """A gateway did not do what it was asked."""


class Unknown(GatewayError):
    """No answer that can be believed: a time-out, a 5xx, a 429, nonsense. Ask again later.

    ``retry_after`` is how long the gateway asked us to wait, if it did.
    """

    def __init__(self, message: str = "", *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unclear(Unknown):
    """Unknown, and no sign of an ill gateway: it answered, but its answer leaves the question open.

    "That reference has been used" is one: perhaps by the very call whose answer was lost. Look it up.
    """


class NotSent(Unknown):
    """Unknown, and certain to have had no effect: the question was never put to the gateway.

    Nothing of it was sent, or it was turned away at the door for its access token, with a 401. Whoever was
    to open a payment may give it up at once; to everybody else it is an Unknown like any other.
    """


class NoToken(NotSent):
    """Somebody else is fetching the access token, and it did not come in time.

    That says nothing of the gateway's health: whoever is fetching it finds that out.
    """


class BadCredentials(NotSent):
    """The gateway refuses our keys, or we have none to show. A person must look."""


class Refused(GatewayError):
    """A definite no: nothing has happened at the gateway. ``code`` is the gateway's own word."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code


class BadSignature(GatewayError):
    """A call that claims to come from the gateway and does not."""


@dataclass(frozen=True)
class Start:
    """What a customer is to pay. ``reference`` is ours, minted before the call and never reused.

    Without ``capture`` the money is only to be reserved, which is asked only of a gateway that can capture.
    """

    reference: str
    amount: Money
    return_url: str
    pay_within: timedelta
    description: str = ""
    capture: bool = True


@dataclass(frozen=True)
class About:
    """The payment that a question is about, as our rows know it. A gateway is asked by what it goes by.

    ``reference`` is ours. ``gateway_reference`` is the gateway's own, and empty where its answer to our start
    was lost; then ``created_at``, when the payment was written down, says around when it was asked to open
    one. ``amount`` is what was asked for. ``pay_until`` is when its customer should have paid: None while
    nobody knows. ``transaction_reference`` is the gateway's name of its money, where a look-up has just told.
    """

    reference: str
    amount: Money
    created_at: datetime
    gateway_reference: str = ""
    pay_until: datetime | None = None
    transaction_reference: str | None = None


@dataclass(frozen=True)
class Redirect:
    """Send the browser to ``url`` with GET, exactly as it is."""

    url: str
    gateway_reference: str
    expires_at: datetime | None


Started = Redirect  # FormPost, Instructions and Nothing join it with the gateways that need them


@dataclass(frozen=True)
class Dispute:
    """A charge that its customer disputes before the bank, which withdraws ``amount`` until it has decided.

    ``reference`` is the gateway's, and stays the same until the dispute is over.
    """

    reference: str
    became: DisputeBecame
    word: str
    amount: Money


@dataclass(frozen=True)
class Outcome:
    """The gateway's own word on one payment, from an authenticated read.

    ``amount`` is what the gateway says was paid or reserved, or None while nothing was. ``reference`` is the
    one the gateway names in its answer (None if it names none). ``reason`` is one of ``declined``,
    ``canceled``, ``expired``, ``error`` when no money came, and ``word`` the gateway's own state, for the
    timeline. ``capture_before`` is when reserved money is set free unless it has been captured. ``refunded``
    is how much of it the gateway says has gone back, by whomever it was sent; None if it does not say. What a
    bank has withdrawn for ``disputes`` is not among it.
    """

    became: Became
    word: str
    amount: Money | None = None
    reference: str | None = None
    gateway_reference: str | None = None
    transaction_reference: str | None = None
    reason: str | None = None
    capture_before: datetime | None = None
    refunded: Money | None = None
    disputes: tuple[Dispute, ...] = ()


@dataclass(frozen=True)
class RefundRequest:
    """``refund_reference`` is ours, minted before the call; a repeat after a failure needs a new one."""

    refund_reference: str
    payment: About
    amount: Money


@dataclass(frozen=True)
class RefundOutcome:
    """The gateway's own word on one refund. ``payment_reference`` is the payment that it says it is of."""

    became: RefundBecame
    word: str
    amount: Money | None = None
    gateway_reference: str | None = None
    payment_reference: str | None = None


@dataclass(frozen=True)
class Notice:
    """What a verified webhook is about. It only says where to look: its body moves no money.

    ``reference`` is our payment's (None if the body names none), ``refund_reference`` our refund's, and
    ``gateway_reference`` the gateway's own for the refund, if it is about one, else for the payment.
    ``dedupe_key`` is equal for two deliveries of one event, and for nothing else.
    """

    event: str
    dedupe_key: str
    reference: str | None = None
    refund_reference: str | None = None
    gateway_reference: str | None = None


@dataclass(frozen=True)
class Token:
    value: str = field(repr=False)
    refresh_at: datetime
    expires_at: datetime


class TokenStore(Protocol):
    """Access tokens shared by all processes of one gateway account.

    ``read`` answers None when there is none. ``may_refresh`` is True for one caller at a time, so that a
    stampede becomes one call; no lock is held during it. ``write`` ends the claim, ``give_up`` ends the one
    that was made with the same ``now`` without a token, so that the next caller may try at once; after
    some seconds it lapses by itself.
    """

    def read(self) -> Token | None: ...
    def may_refresh(self, *, now: datetime) -> bool: ...
    def give_up(self, *, now: datetime) -> None: ...
    def write(self, token: Token) -> None: ...


@dataclass(frozen=True)
class Account:
    """One business's account at one gateway: ``credentials`` are the fields that the gateway names."""

    credentials: Mapping[str, str] = field(repr=False)
    live: bool
    tokens: TokenStore = field(repr=False)
    base_urls: Mapping[str, str] = field(default_factory=dict)


class Gateway(ABC):
    """Subclasses set the class attributes and define every method that ``can`` names, and no other."""

    name: ClassVar[str]
    label: ClassVar[str]
    can: ClassVar[frozenset[Can]]
    currencies: ClassVar[frozenset[str]]
    minimum: ClassVar[int]  # minor units
    reference_format: ClassVar[re.Pattern[str]]  # of our references for payments and refunds
    credentials: ClassVar[tuple[str, ...]]  # the fields that an account must fill
    ladder: ClassVar[tuple[tuple[timedelta, timedelta], ...]]  # (until this age, ask every …)
    # At what ages money that we have is looked at once more: it may leave without us. And what has gone back
    # may come back again: a refund fails after it has succeeded.
    sweeps: ClassVar[tuple[timedelta, ...]] = (timedelta(days=1), timedelta(days=7))

    def __init__(self, account: Account) -> None:
        self.account = account

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for ability in Can:
            defined = getattr(cls, ability.value) is not getattr(Gateway, ability.value)
            if defined != (ability in cls.can):
                raise TypeError(f"{cls.__name__} must define {ability.value}() exactly if it says it can.")

    @classmethod
    def can_authorize(cls) -> bool:
        """Whether money can be reserved here, and taken or set free later."""
        return {Can.CAPTURE, Can.VOID} <= cls.can

    @classmethod
    def next_look(cls, *, age: timedelta) -> timedelta:
        """How long to wait before asking again about a payment of this age, by the gateway's ladder."""
        for until, every in cls.ladder:
            if age < until:
                return every
        return timedelta(days=1)

    def must_take(self, reference: str, amount: Money, *, least: int | None = None) -> None:
        """Raise Refused, before anything is sent, for what the gateway is known not to take.

        ``least`` is the smallest amount, where that is not its minimum for a payment.
        """
        if not self.reference_format.fullmatch(reference):
            raise Refused("REFERENCE", f"{self.label} takes no reference like {reference!r}.")
        if amount.currency not in self.currencies:
            raise Refused("CURRENCY", f"{self.label} takes no {amount.currency}.")
        least = self.minimum if least is None else least
        if amount.amount < least:
            smallest = Money(least, amount.currency)
            raise Refused("AMOUNT", f"{self.label} takes no less than {smallest}.")

    def credential(self, field: str) -> str:
        """One of the account's credentials. Raises BadCredentials if it has not been filled in."""
        value = self.account.credentials.get(field, "").strip()
        if not value:
            raise BadCredentials(f"The {self.label} account has no {field}.")
        return value

    @abstractmethod
    def start(self, wanted: Start, *, now: datetime) -> Started:
        """Open a payment at the gateway. Raises Refused or Unknown; of these, NotSent has opened none."""

    @abstractmethod
    def look_up(self, payment: About, *, now: datetime) -> Outcome:
        """Ask for the truth about one payment. Raises Unknown.

        A gateway whose page stays open for longer than ``pay_until`` closes it then, before it answers.
        """

    def capture(self, payment: About, amount: Money, *, key: str, now: datetime) -> Outcome:
        """Take money that is reserved. ``key`` is ours, and the same when the same capture is asked again.

        Raises Refused when it was not taken, and Unknown.
        """
        raise TypeError(f"{self.name} cannot capture.")

    def void(self, payment: About, *, key: str, now: datetime) -> Outcome:
        """Set reserved money free. Raises Refused when it was not, as after a capture, and Unknown."""
        raise TypeError(f"{self.name} cannot void.")

    def refund(self, wanted: RefundRequest, *, now: datetime) -> RefundOutcome:
        """Ask for money to be given back. Raises Refused or Unknown."""
        raise TypeError(f"{self.name} cannot refund.")

    def look_up_refund(self, refund_reference: str, *, of: About, now: datetime) -> RefundOutcome:
        """Ask what became of a refund of that payment. Raises Unknown."""
        raise TypeError(f"{self.name} cannot refund.")

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Check that a call is the gateway's and say what it is about. ``headers`` have lower-case names.

        Raises BadSignature, and Unknown for a body that is the gateway's but cannot be read.
        """
        raise TypeError(f"{self.name} sends no webhooks.")
