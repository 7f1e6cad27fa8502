"""Database connections of worker threads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import close_old_connections


@contextmanager
def connections_returned() -> Iterator[None]:
    """Begin with a connection that works, and give it back at the end, as a request does."""
    close_old_connections()
    try:
        yield
    finally:
        close_old_connections()
