"""What it means that somebody accepts or declines a booking: pure, as everything that is decided here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Reserved money is set free this long before its gateway would let it lapse: there must be time to do it.
BEFORE_IT_LAPSES = timedelta(hours=1)
# How long before nobody can answer any more the business is warned.
WARNINGS = (timedelta(hours=48), timedelta(hours=24))
ACCEPTED = ("confirmed", "in_progress", "completed")


class Answer(StrEnum):
    """What to do about a booking that waits for approval."""

    NOTHING = "nothing"  # it has been answered so already
    CONFIRM = "confirm"  # its money has been taken
    CAPTURE = "capture"  # its money is reserved: take it, and confirm when it has been taken
    DECLINE = "decline"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Asked:
    """Everything that an answer depends on, read under the order's lock.

    ``has_money`` says that nothing was due yet, or that a payment wins; ``is_reserved`` that its money is
    only reserved, until ``capture_before``; and ``under_way`` is "capture" or "void" while the gateway has
    been asked for that.
    """

    booking_state: str
    has_money: bool
    is_reserved: bool
    under_way: str
    capture_before: datetime | None
    now: datetime


@dataclass(frozen=True)
class Ruling:
    """``why`` is for whoever asked, when it is refused."""

    answer: Answer
    why: str = ""


def decide_approval(asked: Asked) -> Ruling:
    """What accepting a booking means."""
    if asked.booking_state in ACCEPTED:
        return Ruling(Answer.NOTHING)
    if asked.booking_state != "pending_approval":
        return _refuse(f"This booking is {_said(asked.booking_state)}: there is nothing to accept.")
    if why := _cannot_be_had(asked):
        return _refuse(why)
    return Ruling(Answer.CAPTURE if asked.is_reserved else Answer.CONFIRM)


def decide_decline(asked: Asked) -> Ruling:
    """What declining a booking means."""
    if asked.booking_state == "declined":
        return Ruling(Answer.NOTHING)
    if asked.booking_state != "pending_approval":
        return _refuse(f"This booking is {_said(asked.booking_state)}: it can no longer be declined.")
    if asked.under_way:
        return _refuse(IN_FLIGHT[asked.under_way])
    return Ruling(Answer.DECLINE)


def answer_by(
    *, since: datetime, within: timedelta, starts_at: datetime, capture_before: datetime | None
) -> datetime:
    """Until when somebody may answer; then the booking is declined, while its money can still be set free."""
    ends = [since + within, starts_at]
    if capture_before is not None:
        ends.append(capture_before - BEFORE_IT_LAPSES)
    return min(ends)


def warnings_missed(*, since: datetime, until: datetime) -> int:
    """How many of the warnings were due when the business was first asked, so that asking it was enough."""
    return sum(until - before <= since for before in WARNINGS)


IN_FLIGHT = {
    "capture": "It is being accepted at this moment: the gateway has been asked for the money.",
    "void": "Its money is being set free at this moment.",
}


def _cannot_be_had(asked: Asked) -> str:
    """Why a booking's money cannot be had now; empty when it can, or has been."""
    if asked.under_way:
        return IN_FLIGHT[asked.under_way]
    if not asked.has_money:
        return "Nothing pays for this booking at present, so it cannot be accepted."
    if asked.is_reserved and asked.capture_before is not None and asked.capture_before <= asked.now:
        return "The authorization has lapsed: its money can no longer be taken."
    return ""


def _refuse(why: str) -> Ruling:
    return Ruling(Answer.REFUSE, why)


def _said(state: str) -> str:
    return state.replace("_", " ")
