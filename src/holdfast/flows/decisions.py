"""What should happen to money, computed from what is known: no database, no clock, no gateway.

The same functions run in production, in tables of tests and in the model checker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from holdfast.catalog.terms import GATEWAY_ANSWERS_WITHIN
from holdfast.kernel.money import Money
from holdfast.payments.gateways.base import Became, Dispute, DisputeBecame, Outcome

# Until then the call that starts a payment may still be under way, or the gateway not yet know of it.
START_TAKES = timedelta(seconds=GATEWAY_ANSWERS_WITHIN)


class Do(StrEnum):
    """What to do about a payment, given what its gateway says of it."""

    NOTHING = "nothing"  # it is settled already
    LOOK_AGAIN = "look_again"
    FREE = "free"  # it cannot be paid any more: end the order, and keep asking
    FAIL = "fail"  # no money: end this attempt, and keep the hold for another
    FAIL_AND_FREE = "fail_and_free"  # no money: end this attempt and the order
    COMPLETE = "complete"  # money, taken or reserved, and the time is held for it
    COMPLETE_IF_FREE = "complete_if_free"  # late money: complete it if the time can be had again
    PAY = "pay"  # money for what an order asked for later: a balance, a difference
    GIVE_BACK = "give_back"  # money, and nothing that it could pay
    QUARANTINE = "quarantine"  # money that does not match: a person must look
    CAPTURED = "captured"  # reserved money has been taken, as we asked
    CAPTURED_OUTSIDE = "captured_outside"  # it has been taken, and not by us: whoever answers still decides
    CAPTURED_INSTEAD = "captured_instead"  # it was to be set free, and has been taken: it goes back
    BACK_TO_PAYMENT = "back_to_payment"  # reserved money cannot be had: the customer is asked to pay anew
    VOIDED = "voided"  # reserved money is free again, as we asked
    VOID_REFUSED = "void_refused"  # it is not, and the gateway will not: it lapses by itself
    REVERSED = "reversed"  # money has left without us, or what had left has come back


@dataclass(frozen=True)
class Known:
    """Everything that a settlement depends on, read under the order's lock."""

    outcome: Outcome
    order_state: str
    payment_state: str
    expected: Money
    reference: str
    gateway_reference: str
    can_be_paid: bool  # we have an address to send the customer to
    another_wins: bool
    still_holds: bool
    failed_payment_frees: bool
    created_at: datetime
    starts_at: datetime
    now: datetime
    comes_later: bool = False  # what is due is a balance or a difference, of an order that has its bookings
    withdrawn: bool = False  # what is due is asked for no more
    under_way: str = ""  # "capture" or "void", if we have asked for that
    refused: bool = False  # the gateway has just refused what is under way
    gone: int = 0  # what we know to have gone back, to be on its way or to have left, but for disputes
    disputes: Mapping[str, DisputeBecame] = field(default_factory=dict)  # what we know of each
    overtaken: bool = False  # the payment has moved since the gateway was asked


@dataclass(frozen=True)
class Decision:
    """``event`` is the payment's, if it moves; ``reason`` is the order's or the refund's."""

    do: Do
    event: str = ""
    reason: str = ""


HAS_MONEY = {Became.CAPTURED: "capture", Became.AUTHORIZED: "authorize"}
NO_MONEY = {Became.FAILED: "fail", Became.CANCELED: "cancel", Became.EXPIRED: "expire"}
UNDECIDED = ("created", "pending")
UNPAID_ENDS = ("expired", "open")
HAD_ITS_MONEY = ("captured", "voided")
REASONS = {Became.FAILED: "declined", Became.CANCELED: "canceled", Became.EXPIRED: "expired"}

# What is news of a dispute, by what we know of it.
GOES_ON: dict[DisputeBecame | None, tuple[DisputeBecame, ...]] = {
    None: (DisputeBecame.OPEN, DisputeBecame.LOST),
    DisputeBecame.OPEN: (DisputeBecame.LOST, DisputeBecame.WON),
    DisputeBecame.LOST: (DisputeBecame.WON,),
    DisputeBecame.WON: (),
}
# What became of reserved money, by what we have asked for and what the gateway says of it now.
RESOLVED = {
    ("capture", Became.CAPTURED): Decision(Do.CAPTURED, "capture"),
    ("capture", Became.AUTHORIZED): Decision(Do.LOOK_AGAIN),
    ("void", Became.CAPTURED): Decision(Do.CAPTURED_INSTEAD, "capture", "captured instead"),
    ("void", Became.AUTHORIZED): Decision(Do.LOOK_AGAIN),
    ("", Became.CAPTURED): Decision(Do.CAPTURED_OUTSIDE, "capture"),
    ("", Became.AUTHORIZED): Decision(Do.NOTHING),
    **{("capture", no): Decision(Do.BACK_TO_PAYMENT, "lapse", REASONS[no]) for no in NO_MONEY},
    **{("void", no): Decision(Do.VOIDED, "void") for no in NO_MONEY},
    **{("", no): Decision(Do.BACK_TO_PAYMENT, "lapse", REASONS[no]) for no in NO_MONEY},
}
# The same, when the gateway has refused what we asked for and the money is reserved as before.
REFUSED = {
    "capture": Decision(Do.BACK_TO_PAYMENT, "", "declined"),
    "void": Decision(Do.VOID_REFUSED),
}


def decide_settlement(known: Known) -> Decision:
    """What a gateway's word on a payment means for the payment, its order and its slot."""
    became = known.outcome.became
    nothing = says_nothing(
        known.outcome, reference=known.reference, gateway_reference=known.gateway_reference
    )
    if known.payment_state in HAD_ITS_MONEY:
        # Nothing overwrites money, a late "no" least of all. It may have left since.
        is_news = not nothing and (has_left(known) or news_of_disputes(known))
        return Decision(Do.REVERSED if is_news else Do.NOTHING)
    if nothing or _is_old_news(known):
        return Decision(Do.LOOK_AGAIN)
    if known.payment_state == "authorized":
        return _reserved(known)
    if became in HAS_MONEY:
        return _with_money(known, HAS_MONEY[became])
    if known.payment_state not in UNDECIDED:
        # We gave it up, and the gateway has not: its customer may be paying.
        return Decision(Do.LOOK_AGAIN if became is Became.PENDING else Do.NOTHING)
    return _still_undecided(known)


def says_unpaid(said: Outcome, *, reference: str, gateway_reference: str) -> bool:
    """Whether an answer is about this payment, and says that no money has come of it so far."""
    nothing = says_nothing(said, reference=reference, gateway_reference=gateway_reference)
    return said.became not in HAS_MONEY and not nothing


def says_nothing(said: Outcome, *, reference: str, gateway_reference: str) -> str:
    """Why an answer tells nothing of this payment; empty when it does.

    Its word is one that we do not know; or a cache or a proxy has answered about another order.
    """
    if said.became is Became.UNRECOGNIZED:
        return "the word is not known"
    if said.reference not in (None, reference):
        return "it names another reference"
    if gateway_reference and said.gateway_reference not in (None, gateway_reference):
        return "it names another order of the gateway's"
    return ""


def _is_old_news(known: Known) -> bool:
    """Whether an answer may be older than what has been written since: a "no" of before the money was
    reserved, a reservation of before it lapsed. That it has been taken is news whenever it comes.
    """
    has_moved = known.overtaken and known.payment_state not in UNDECIDED
    return has_moved and known.outcome.became is not Became.CAPTURED


def mismatch(known: Known) -> str:
    """How money differs from what was asked for, in a word; empty when all of it matches."""
    said = known.outcome
    if said.amount is None or said.amount.currency != known.expected.currency:
        return "currency"
    return "amount" if said.amount.amount != known.expected.amount else ""


def has_left(known: Known) -> bool:
    """Whether more of a payment has gone than we know of: refunded in a dashboard, or charged back."""
    gone = known.outcome.refunded
    return gone is not None and gone.currency == known.expected.currency and gone.amount > known.gone


def news_of_disputes(known: Known) -> tuple[Dispute, ...]:
    """The disputes of which the gateway tells more than we know.

    They only go forward: an appeal may win one that was lost. One that was won before we heard of it is none.
    """
    told = [said for said in known.outcome.disputes if said.amount.currency == known.expected.currency]
    return tuple(said for said in told if said.became in GOES_ON[known.disputes.get(said.reference)])


def _reserved(known: Known) -> Decision:
    """Money that is reserved has become what it has become; we may have asked for that, or not."""
    became = known.outcome.became
    if became is Became.CAPTURED and (wrong := mismatch(known)):
        return Decision(Do.QUARANTINE, "capture", f"{wrong} differs")
    if became is Became.AUTHORIZED and known.refused:
        return REFUSED[known.under_way]
    return RESOLVED.get((known.under_way, became), Decision(Do.LOOK_AGAIN))


def _still_undecided(known: Known) -> Decision:
    became = known.outcome.became
    if became in NO_MONEY:
        return _without_money(known, NO_MONEY[became], known.outcome.reason or REASONS[became])
    if became is Became.NOT_FOUND:
        return _never_heard_of(known)
    is_lost = became is Became.PENDING and _cannot_be_paid(known)
    return Decision(Do.FREE, reason="error") if is_lost else Decision(Do.LOOK_AGAIN)


def _cannot_be_paid(known: Known) -> bool:
    """The gateway opened it, but its answer was lost, and with it the address of its page."""
    waited = known.now >= known.created_at + START_TAKES
    return waited and not known.can_be_paid and _frees(known)


def _with_money(known: Known, event: str) -> Decision:
    if wrong := mismatch(known):
        return Decision(Do.QUARANTINE, event, f"{wrong} differs")
    if why := _pays_nothing(known):
        return Decision(Do.GIVE_BACK, event, why)
    if known.comes_later:
        return Decision(Do.PAY, event)
    if known.order_state == "placed" and known.still_holds:
        return Decision(Do.COMPLETE, event)
    return Decision(Do.COMPLETE_IF_FREE, event, "slot_lost")


def _pays_nothing(known: Known) -> str:
    """Why money has nothing to pay; empty when it has, or may have if the time is free."""
    is_held = known.still_holds and (known.comes_later or known.order_state == "placed")
    may_be_had = known.order_state in ("placed", *UNPAID_ENDS) and known.starts_at > known.now
    reasons = (
        (known.order_state == "canceled", "canceled"),
        (known.another_wins, "paid twice"),
        (known.withdrawn, "too late"),
        (not is_held and (known.comes_later or not may_be_had), "slot_lost"),
    )
    return next((reason for is_so, reason in reasons if is_so), "")


def _without_money(known: Known, event: str, reason: str) -> Decision:
    return Decision(Do.FAIL_AND_FREE if _frees(known) else Do.FAIL, event, reason)


def _frees(known: Known) -> bool:
    """Whether this attempt's failure is the order's end."""
    is_unpaid = known.order_state == "placed" and not known.another_wins
    is_for_it = not known.comes_later and not known.withdrawn
    return known.failed_payment_frees and is_unpaid and is_for_it


def _never_heard_of(known: Known) -> Decision:
    """Only an attempt whose start was never answered may fail on this: and not at the first miss."""
    if known.payment_state != "created" or known.now < known.created_at + START_TAKES:
        return Decision(Do.LOOK_AGAIN)
    return _without_money(known, "fail", "error")


@dataclass(frozen=True)
class Hold:
    """What is known of a placed order whose hold has come to its end."""

    order_state: str
    expires_at: datetime | None
    now: datetime


def hold_has_run_out(hold: Hold) -> bool:
    """Whether an order must expire: it is placed, unpaid, and its hold is over."""
    return hold.order_state == "placed" and hold.expires_at is not None and hold.expires_at <= hold.now
