"""What is not kept for ever: counted windows, what is spent, kept answers, and calls of no gateway."""

from __future__ import annotations

from datetime import datetime, timedelta

from .idempotency import KEPT_FOR as ANSWERS_ARE_KEPT_FOR
from .models import GatewayEvent, IdempotencyKey, RefreshToken, Spent, Throttle

FORGED_ARE_KEPT_FOR = timedelta(days=7)


def tidy_up(*, now: datetime) -> None:
    """Delete what nobody will ask for again. What a gateway really sent stays."""
    an_hour_ago = int((now - timedelta(hours=1)).timestamp()) // 60
    Throttle.objects.filter(window__lt=an_hour_ago).delete()
    RefreshToken.objects.filter(expires_at__lt=now).delete()
    Spent.objects.filter(until__lt=now).delete()
    GatewayEvent.objects.filter(verified=False, received_at__lt=now - FORGED_ARE_KEPT_FOR).delete()
    IdempotencyKey.objects.filter(created_at__lt=now - ANSWERS_ARE_KEPT_FOR, lease_until__lt=now).delete()
