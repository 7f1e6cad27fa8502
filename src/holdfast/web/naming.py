"""The engine's errors in the names that a trade's callers use, and under the headings that they expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from holdfast.kernel.errors import HoldfastError, Invalid


@contextmanager
def named(fields: Mapping[str, str]) -> Iterator[None]:
    """Whatever is Invalid inside is raised with these names: ``date`` as ``preferred_date``, say."""
    try:
        yield
    except Invalid as invalid:
        raise invalid.called(fields) from None


@contextmanager
def headed(headings: Mapping[type[HoldfastError], str]) -> Iterator[None]:
    """Whatever is raised inside is answered as ``{"error": heading, "details": message}``.

    The heading is that of the first of these classes that it is of. Errors with an answer of their own, as
    field errors and taken times have, keep that.
    """
    try:
        yield
    except HoldfastError as error:
        error.heading = next((said for kind, said in headings.items() if isinstance(error, kind)), "")
        raise
