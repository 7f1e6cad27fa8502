"""What every page of the desk has in its navigation."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from holdfast.platform.models import User

from .scope import bookings_to_answer_for


def waiting(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """How many bookings wait for an answer of this user: counted where a page says so, and only there."""
    user = getattr(request, "user", None)  # a request that was turned away early has none
    return {"count_to_answer": lambda: bookings_to_answer_for(user).count() if isinstance(user, User) else 0}
