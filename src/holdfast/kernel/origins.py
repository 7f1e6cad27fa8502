"""Where a browser may be sent: addresses on an allowed origin, and nothing that only looks like one."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from .errors import Invalid

DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def return_base(url: str, *, allowed: Iterable[str], field: str) -> str:
    """The address, without a closing slash, if its origin is allowed. Raises Invalid on ``field``."""
    try:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}".lower().removesuffix(DEFAULT_PORTS.get(parts.scheme, ""))
    except ValueError:
        raise Invalid({field: ["This is not an address."]}) from None
    plain = url.isascii() and url.isprintable() and not set(url) & set("\\ ?#")
    if parts.scheme not in ("http", "https") or not plain:
        raise Invalid({field: ["Give a plain http or https address, without a query."]})
    if origin not in {entry.rstrip("/").lower() for entry in allowed}:
        raise Invalid({field: ["This address is not one that the business allows."]})
    return f"{origin}{parts.path}".rstrip("/")
