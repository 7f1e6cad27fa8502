"""Keys of links to pay: random, told once, and kept as digests. Whoever holds one may pay its due."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from holdfast.kernel.keys import digest_of, random_key
from holdfast.orders.models import Due

from .models import PayLink


def new_key(due: Due, *, by: str, now: datetime) -> str:
    """A key of 32 letters and digits to pay this due with. Those that were made before are as good."""
    key = random_key()
    PayLink.objects.create(due=due, digest=digest_of(key), made_by=by, created_at=now)
    return key


def due_behind(key: str) -> Due | None:
    """What may be paid with a key, with its order's business and customer; None for what is no key."""
    link = PayLink.objects.select_related("due__order__business", "due__order__customer")
    found = link.filter(digest=digest_of(key)).first()
    return found.due if found else None


def page_of(key: str) -> str:
    """The address under which a key is used."""
    return f"{settings.HOLDFAST_PUBLIC_URL}/pay/{key}/"
