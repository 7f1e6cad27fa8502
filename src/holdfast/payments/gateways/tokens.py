"""An access token that all processes share and one at a time renews."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from .base import NoToken, NotSent, Token, TokenStore, Unknown
from .reading import Json, moment_of, text_of, whole_of

logger = logging.getLogger(__name__)

UNSAID = timedelta(minutes=10)  # the lifetime of a token that does not say when it expires
WAIT = timedelta(seconds=2)  # for a token that another process is fetching, when there is none at all
GLANCE = timedelta(milliseconds=50)


def usable_token(
    store: TokenStore,
    *,
    fetch: Callable[[], Token],
    now: datetime,
    refused: str | None = None,
) -> str:
    """A token to call with, fetched if need be. ``refused`` is one that the gateway has just turned down.

    A token due for renewal is renewed by whoever gets the claim; everybody else, and the claimant too if
    the renewal fails, goes on with the old one until it expires. Where there is none to go on with, one
    caller fetches it and the others wait for that; if it fails, the next of them tries. Raises NotSent: of
    its kinds, NoToken to those who have waited in vain.
    """
    for _ in range(WAIT // GLANCE):
        held = _living(store, now=now, refused=refused)
        if held is not None and now < held.refresh_at:
            return held.value
        if store.may_refresh(now=now):
            return _renewed(store, fetch=fetch, now=now, refused=refused)
        if held is not None:
            return held.value
        time.sleep(GLANCE.total_seconds())
    raise NoToken("Another process is fetching the access token.", retry_after=WAIT)


def _living(store: TokenStore, *, now: datetime, refused: str | None) -> Token | None:
    """The token in the store, unless it has expired or has just been turned down."""
    held = store.read()
    return None if held is None or held.value == refused or held.expires_at <= now else held


def _renewed(store: TokenStore, *, fetch: Callable[[], Token], now: datetime, refused: str | None) -> str:
    """What the holder of the claim goes on with: a new token, or the old one if none can be had."""
    held = _living(store, now=now, refused=refused)
    if held is not None and now < held.refresh_at:  # written after we looked and before we had the claim
        store.give_up(now=now)
        return held.value
    try:
        fresh = fetch()
    except Unknown as trouble:
        if held is None:
            store.give_up(now=now)
            raise _not_sent(trouble) from trouble
        # The claim is left to lapse, or every call from now on would first try to renew the token.
        logger.warning("An access token could not be renewed; the old one is used on: %s", trouble)
        return held.value
    store.write(fresh)
    return fresh.value


def _not_sent(trouble: Unknown) -> NotSent:
    """Trouble with the token as trouble for the question that was to be sent with it."""
    if isinstance(trouble, NotSent):
        return trouble
    return NotSent(str(trouble), retry_after=trouble.retry_after)


def read_token(payload: Json, *, now: datetime, kind: str) -> Token:
    """The token in an OAuth answer, as the value of an Authorization header. Raises Unknown.

    It is renewed at half of its life. ``expires_at`` is the gateway's clock; where ``issued_at`` is given
    too, the shorter of the two views of its life counts, so that a clock of ours that is slow does no harm.
    """
    secret = text_of(payload, "access_token", longest=8192)
    if secret is None or not secret.isascii():
        raise Unknown("An answer without an access token")
    issued, expires, seconds = (
        moment_of(payload, "issued_at"),
        moment_of(payload, "expires_at"),
        whole_of(payload, "expires_in"),
    )
    lives = [UNSAID] if expires is None and seconds is None else []
    if expires is not None:
        lives += [expires - now] + ([expires - issued] if issued is not None else [])
    elif seconds is not None:
        lives += [timedelta(seconds=min(seconds, 10**7))]
    life = min(lives)
    if life <= timedelta(0):
        raise Unknown("An access token that has already expired")
    kind = text_of(payload, "token_type") or kind
    return Token(f"{kind} {secret}", refresh_at=now + life / 2, expires_at=now + life)
