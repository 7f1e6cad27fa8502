"""Bookings that are paid for, made the way customers make them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from holdfast.flows.settlement import settle
from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User
from holdfast.web.tokens import issue
from tests.support.practice import NOW, Api, Practice, held, payment_of
from tests.support.sandbox import Sandbox


def booked(
    practice: Practice, sandbox: Sandbox, *, user: User | None = None, now: datetime = NOW, **when: Any
) -> str:
    """Hold a time and pay for it; the reference of the booking."""
    checkout = held(practice, user=user, now=now, **when)
    sandbox.settle(checkout.reference)
    settle(payment_of(checkout).pk, now=now)
    return payment_of(checkout).order.lines.get().booking.reference


def api_of(user: User) -> Api:
    """The API as this user sees it."""
    return Api(issue(user, now=utc_now()).access)
