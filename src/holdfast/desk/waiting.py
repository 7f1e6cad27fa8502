"""What every page of the desk has in its navigation."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from holdfast.platform.models import User

from .scope import bookings_to_answer_for, hotels_run_by


def waiting(request: HttpRequest) -> dict[str, Callable[[], int | bool]]:
    """How many bookings wait for an answer of this user, and whether a hotel is among what they run: asked
    where a page says so, and only there.
    """
    user = getattr(request, "user", None)  # a request that was turned away early has none
    if not isinstance(user, User):
        return {}
    return {
        "count_to_answer": bookings_to_answer_for(user).count,
        "has_hotel": hotels_run_by(user).exists,
    }
