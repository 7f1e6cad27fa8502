"""How often one may ask, and from where."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from holdfast.kernel.clock import utc_now
from holdfast.platform.throttling import throttle


def client_address(request: HttpRequest) -> str | None:
    """The address that a request comes from; what proxies say counts only for those that we trust."""
    trusted = settings.HOLDFAST_TRUSTED_PROXIES
    said = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    if trusted and len(said) >= trusted:
        return said[-trusted]
    return request.META.get("REMOTE_ADDR") or None


def limit(request: HttpRequest, *names: str, user: int | None = None) -> None:
    """Count this request against the named limits, per address or, where they say so, per user.

    Raises TooMany.
    """
    address = client_address(request)
    throttle(
        {
            f"{name}:{user if name.endswith('_by_user') else address}": settings.HOLDFAST_LIMITS[name]
            for name in names
        },
        now=utc_now(),
    )
