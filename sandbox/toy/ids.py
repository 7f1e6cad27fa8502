"""Ids in the manner of Toy's own."""

from __future__ import annotations

import secrets


def new_id(prefix: str) -> str:
    """A prefix and twenty digits."""
    return f"{prefix}_{secrets.randbelow(10**20):020d}"
