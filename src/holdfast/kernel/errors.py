"""What can go wrong, named so that a customer could read it.

    HoldfastError
    ├── Invalid               400  the request is wrong, field by field
    ├── NotSignedIn           401
    │   └── CodeRequired           … the password is right; a one-time code is wanted as well
    ├── PaymentRequired       402
    ├── Forbidden             403
    ├── NotFound              404
    ├── Conflict              409  the world has moved on
    │   ├── SlotTaken              … with the nearest free slots
    │   ├── AlreadyHeld            … by the same customer, with the way to pay or release it
    │   ├── PromoUsedUp            … a promo code's limit is reached
    │   ├── HoldExpired            … the time is held no longer
    │   ├── CaptureFailed          … reserved money could not be taken
    │   ├── MoveRefused            … a lifecycle has no such move
    │   └── StillAnswering         … the same request is being answered already
    ├── KeyUsed               422  its Idempotency-Key belongs to another request
    ├── TooMany               429  with the seconds to wait
    └── Unavailable           503  a payment method cannot be reached just now
        └── StorageFailed          … files cannot be kept or read: a disk is full, or gone

The docstring is the message; ``web.errors`` maps each class to its HTTP answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class HoldfastError(Exception):
    """Something went wrong."""

    heading = ""  # what a trade says above the message, if its callers expect that

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or " ".join((type(self).__doc__ or "").split()))

    @property
    def message(self) -> str:
        return str(self.args[0])


class Invalid(HoldfastError):
    """Please check what you sent."""

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        self.fields = {field: list(messages) for field, messages in fields.items()}

    def called(self, names: Mapping[str, str]) -> Invalid:
        """The same in a trade's own names. The engine's are date, time, offering and return_url."""
        return Invalid({names.get(field, field): messages for field, messages in self.fields.items()})


class NotSignedIn(HoldfastError):
    """Please sign in."""


class CodeRequired(NotSignedIn):
    """Please enter the code that your authenticator app shows, or a recovery code."""


class PaymentRequired(HoldfastError):
    """This has not been paid."""


class Forbidden(HoldfastError):
    """You may not do this."""


class NotFound(HoldfastError):
    """There is no such thing here."""


class Conflict(HoldfastError):
    """This can no longer be done."""


class SlotTaken(Conflict):
    """This time has just been taken. Please choose another."""

    def __init__(self, nearest: Sequence[Any] = ()) -> None:
        super().__init__()
        self.nearest = list(nearest)


class AlreadyHeld(Conflict):
    """You are already holding this time. Pay for it, or release it."""

    def __init__(self, *, order_id: int, reference: str, payment_url: str) -> None:
        super().__init__()
        self.order_id = order_id
        self.reference = reference
        self.payment_url = payment_url


class PromoUsedUp(Conflict):
    """This code has been used as often as it may be."""


class HoldExpired(Conflict):
    """Your hold on this time has run out. Please pick a time again."""


class CaptureFailed(Conflict):
    """The reserved money could not be taken. Your customer has been asked to pay again."""


class MoveRefused(Conflict):
    """This cannot be done in its present state."""

    def __init__(self, subject: str, state: str, event: str) -> None:
        super().__init__(f"A {subject} that is {state} cannot {event.replace('_', ' ')}.")
        self.subject, self.state, self.event = subject, state, event


class StillAnswering(Conflict):
    """This request is still being answered. Please ask again in a moment."""

    retry_after = 2


class KeyUsed(HoldfastError):
    """This Idempotency-Key has been used for another request. Please take a new one."""


class TooMany(HoldfastError):
    """Too many requests. Please wait a little."""

    def __init__(self, *, retry_after: int, message: str | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(HoldfastError):
    """This payment method cannot be reached just now. Please try again shortly."""

    retry_after = 30


class StorageFailed(Unavailable):
    """Files cannot be kept or read just now, and nothing has been changed. Please try again shortly."""
