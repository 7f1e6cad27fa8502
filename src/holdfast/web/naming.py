"""The engine's field errors in the names that a trade's callers use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from holdfast.kernel.errors import Invalid


@contextmanager
def named(fields: Mapping[str, str]) -> Iterator[None]:
    """Whatever is Invalid inside is raised with these names: ``date`` as ``preferred_date``, say."""
    try:
        yield
    except Invalid as invalid:
        raise invalid.called(fields) from None
