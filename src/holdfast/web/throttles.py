"""How often one may ask, and from where."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

from holdfast.kernel.clock import utc_now
from holdfast.platform.models import User
from holdfast.platform.throttling import A_MINUTE, AN_HOUR, throttle

HOURLY = "_an_hour"
ONE_HOUSEHOLD = 64  # bits of an IPv6 address: whoever has one has the rest of its network as well


def client_address(request: HttpRequest) -> str | None:
    """The address that a request comes from; what proxies say counts only for those that we trust."""
    trusted = settings.HOLDFAST_TRUSTED_PROXIES
    said = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    forwarded = _address(said[-trusted]) if trusted and len(said) >= trusted else None
    found = forwarded or _address(request.META.get("REMOTE_ADDR", ""))
    return str(found) if found else None


def limit(request: HttpRequest, *names: str, user: int | None = None, recipient: str = "") -> None:
    """Count this request against the named limits, a minute's or an hour's.

    They count per address or, where their names say so, per user or per recipient of mail. Raises TooMany.
    """
    now = utc_now()
    whose = {"_by_user": str(user), "_to": _digest(recipient), "": neighborhood(client_address(request))}
    hourly = [name for name in names if name.endswith(HOURLY)]
    for seconds, counted in ((A_MINUTE, set(names).difference(hourly)), (AN_HOUR, hourly)):
        throttle(
            {f"{name}:{_whose(name, whose)}": settings.HOLDFAST_LIMITS[name] for name in counted},
            now=now,
            seconds=seconds,
        )


def limit_starts(request: HttpRequest, user: User | None, *, promo_code: str) -> None:
    """Count a booking by whoever needs no account, and a promo code that is tried with it. Raises TooMany."""
    said = ["promo_by_address"] if promo_code.strip() else []
    known = ["start_by_user"] if user else []
    limit(request, "start_by_address", *known, *said, user=user.pk if user else None)


def _whose(name: str, whose: Mapping[str, str]) -> str:
    """Of those who may be counted, the one whom the limit's name says; the address, if it says nothing."""
    return next(counted for end, counted in whose.items() if name.removesuffix(HOURLY).endswith(end))


def _digest(recipient: str) -> str:
    return hashlib.sha256(recipient.encode()).hexdigest()


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address written there, if it is one; an IPv4 address in IPv6 clothes is that IPv4 address."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def neighborhood(address: str | None) -> str:
    """By what an address is counted: of an IPv6 address, the network that is one household's."""
    if address is None or ":" not in address:
        return address or "unknown"
    return str(ip_network((address, ONE_HOUSEHOLD), strict=False))
