"""The channel: one event for each move of a booking, through a business's own app at Pusher."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
from pusher import Pusher
from pusher.errors import PusherError
from pusher.http import process_response

from holdfast.platform.db import no_transaction

from .live import EVENT, Update, channel_of
from .models import PusherAccount

PRIVATE = "private-"
TIMEOUT = httpx.Timeout(5, connect=3)


class NotTold(Exception):
    """Pusher has not taken an event: it cannot be reached, or refuses it."""


class OverHttpx:
    """How the library sends: with our certificates and time limits, and without following redirects."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def send_request(self, request: Any) -> Any:
        answer = httpx.request(
            request.method, request.url, headers=request.headers, content=request.body, timeout=TIMEOUT
        )
        return process_response(answer.status_code, answer.text)


def tell(account: PusherAccount, update: Update) -> None:
    """Send the event of a booking's move. Raises NotTold; to be told twice does no harm."""
    no_transaction()
    channel = channel_of(account.business.slug, trade=update.trade)
    try:
        _client(account).trigger(channel if account.is_open else PRIVATE + channel, EVENT, update.data)
    except (httpx.HTTPError, PusherError) as error:
        raise NotTold(str(error)) from error


def permission(account: PusherAccount, channel: str, socket: str) -> dict[str, str]:
    """What lets one browser's socket subscribe to a private channel. Raises ValueError for no socket's id."""
    found: dict[str, str] = _client(account).authenticate(channel, socket)
    return found


def _client(account: PusherAccount) -> Pusher:
    where: dict[str, Any] = {"cluster": account.cluster}
    if account.base_url:
        parts = urlsplit(account.base_url)
        where = {"host": parts.hostname, "port": parts.port, "ssl": parts.scheme == "https"}
    return Pusher(account.app_id, account.key, account.secret, backend=OverHttpx, **where)
