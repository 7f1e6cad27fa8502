"""Who handles which message: the one table of everything that follows from a change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from holdfast.notifications import account_mail
from holdfast.notifications.email import deliver

from . import pushing, refunds, resolving, webhooks

Handler = Callable[..., object]

HANDLERS: dict[str, Handler] = {
    "account_mail": lambda *, now, **fact: account_mail.deliver(**fact, now=now),
    "email": lambda *, now, **fact: deliver(**fact, now=now),
    "gateway_event": lambda *, now, event: webhooks.handle(event, now=now),
    "pusher": lambda *, now, transition: pushing.push(transition, now=now),
    "refund": lambda *, now, refund: refunds.pursue(refund, now=now),
    "resolve": lambda *, now, resolve: resolving.resolve(resolve, now=now),
}


def handle(kind: str, payload: dict[str, Any], *, now: datetime) -> None:
    """Deliver one message. Every handler may be called again with the same one."""
    HANDLERS[kind](now=now, **payload)
