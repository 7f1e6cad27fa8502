"""Who owns the transaction: flows open one with ``transaction()``, actions require one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import OperationalError, connection
from django.db.transaction import atomic
from psycopg.errors import DeadlockDetected, SerializationFailure

from holdfast.kernel.errors import Conflict

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def transaction() -> Iterator[None]:
    """Open the transaction of a flow. Flows do not nest: one story, one transaction at a time."""
    with atomic(durable=True):
        yield


@contextmanager
def single_statement() -> Iterator[None]:
    """The transaction of a story that is one statement, which PostgreSQL makes one without being told so."""
    sent = 0

    def count(execute: Callable[..., Any], *asked: Any) -> Any:
        nonlocal sent
        sent += 1
        assert sent == 1, "what takes two statements needs a transaction"
        return execute(*asked)

    assert not connection.in_atomic_block
    alone = _is_alone.set(True)
    try:
        with connection.execute_wrapper(count):
            yield
    finally:
        _is_alone.reset(alone)


_is_alone: ContextVar[bool] = ContextVar("is_alone", default=False)


def transaction_required(action: Callable[P, R]) -> Callable[P, R]:
    """Mark an action that writes only as part of its caller's transaction."""

    @wraps(action)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        assert connection.in_atomic_block or _is_alone.get(), (
            f"{action.__name__} needs its flow's transaction"
        )
        return action(*args, **kwargs)

    return inside


def retried_once(story: Callable[P, R]) -> Callable[P, R]:
    """Run a story again when PostgreSQL broke it off for a deadlock; a second time is a Conflict."""

    @wraps(story)
    def twice(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return story(*args, **kwargs)
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected | SerializationFailure):
                raise
        try:
            return story(*args, **kwargs)
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected | SerializationFailure):
                raise
            raise Conflict from error

    return twice


def no_transaction() -> None:
    """Assert that no transaction is open: the next line calls the network."""
    assert not connection.in_atomic_block, "no network call happens inside a database transaction"
