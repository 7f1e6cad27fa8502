"""Idempotency keys: a call that comes again under its key is not done again, only answered again."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sandbox.stripe.ask import Ask
from sandbox.stripe.books import Answer, Books
from sandbox.stripe.errors import StripeError
from sandbox.world import World

Json = dict[str, Any]

KEPT_FOR = 24 * 3600 * 1000  # ms
POSTS = ("create_session", "expire_session", "capture", "cancel", "refund")
TROUBLES = {
    "500_stored": "does its work, answers 500, and its key answers so for a day",
    "500_stored_undone": "does nothing, answers 500, and its key answers so for a day",
    "key_in_use": "answers 409, as if another call with its key were under way",
    "lock_timeout": "answers 429 lock_timeout: somebody else has the object",
}
KEY_FAULTS = {
    f"{call}_{trouble}": f"The {call.replace('_', ' ')} call {sentence}."
    for call in POSTS
    for trouble, sentence in TROUBLES.items()
}


@dataclass(frozen=True)
class Given:
    """An answer as it goes out; ``first`` is the request that it was given to, if that was another one."""

    status: int
    body: str
    first: str = ""


class Keys:
    def __init__(self, world: World, books: Books, *, gateway: str) -> None:
        self._world = world
        self._books = books
        self._gateway = gateway
        self._under_way: set[tuple[str, str]] = set()

    async def once(self, ask: Ask, do: Callable[[], Awaitable[Json]]) -> Given:
        """Do it, or answer what was answered to the call with this key. Raises StripeError.

        What is refused before anything was done is forgotten, as at Stripe.
        """
        if not ask.key:
            return await self._done(ask, do)
        who = (ask.merchant.name, ask.key)
        if who in self._under_way:
            raise StripeError(409)
        kept = self._books.answer(*who)
        if kept is not None and kept.created + KEPT_FOR > self._world.clock.now():
            if kept.asked != ask.fingerprint:
                raise _for_another(ask.key)
            return Given(kept.status, kept.body, first=kept.request_id)
        self._under_way.add(who)
        try:
            given = await self._done(ask, do)
        finally:
            self._under_way.discard(who)
        now = self._world.clock.now()
        self._books.save_answer(Answer(*who, ask.fingerprint, given.status, given.body, ask.id, now))
        return given

    async def _done(self, ask: Ask, do: Callable[[], Awaitable[Json]]) -> Given:
        trouble = self._trouble(ask)
        if trouble == "key_in_use":
            raise StripeError(409)
        if trouble == "lock_timeout":
            message = "This object cannot be accessed right now because another request is accessing it."
            raise StripeError(429, message, code="lock_timeout")
        broken = Given(500, json.dumps(StripeError(500).body))
        if trouble == "500_stored_undone":
            return broken
        try:
            given = Given(200, json.dumps(await do()))
        except StripeError as error:
            if not error.kept:
                raise
            given = Given(error.status, json.dumps(error.body))
        return broken if trouble == "500_stored" else given

    def _trouble(self, ask: Ask) -> str | None:
        names = {f"{ask.call}_{trouble}": trouble for trouble in TROUBLES}
        fault = self._world.faults.take(self._gateway, names, ask.reference)
        return names[fault.fault] if fault else None


def _for_another(key: str) -> StripeError:
    error = StripeError(
        400,
        "Keys for idempotent requests can only be used with the same parameters they were first used with."
        f" Try using a key other than '{key}' if you meant to execute a different request.",
    )
    error.body["error"]["type"] = "idempotency_error"
    return error
