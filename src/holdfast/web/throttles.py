"""How often one may ask, and from where."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

from holdfast.kernel.clock import utc_now
from holdfast.platform.throttling import throttle

ONE_HOUSEHOLD = 64  # bits of an IPv6 address: whoever has one has the rest of its network as well


def client_address(request: HttpRequest) -> str | None:
    """The address that a request comes from; what proxies say counts only for those that we trust."""
    trusted = settings.HOLDFAST_TRUSTED_PROXIES
    said = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    forwarded = _address(said[-trusted]) if trusted and len(said) >= trusted else None
    found = forwarded or _address(request.META.get("REMOTE_ADDR", ""))
    return str(found) if found else None


def limit(request: HttpRequest, *names: str, user: int | None = None) -> None:
    """Count this request against the named limits, per address or, where they say so, per user.

    Raises TooMany.
    """
    address = _neighborhood(client_address(request))
    throttle(
        {
            f"{name}:{user if name.endswith('_by_user') else address}": settings.HOLDFAST_LIMITS[name]
            for name in names
        },
        now=utc_now(),
    )


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address written there, if it is one; an IPv4 address in IPv6 clothes is that IPv4 address."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _neighborhood(address: str | None) -> str:
    if address is None or ":" not in address:
        return address or "unknown"
    return str(ip_network((address, ONE_HOUSEHOLD), strict=False))
