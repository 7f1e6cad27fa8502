"""Keys that open something to whoever holds them: random, told once, and kept as digests."""

from __future__ import annotations

import base64
import hashlib
import secrets

RANDOM_BYTES = 20  # 160 bits, too many to be guessed from a plain digest


def random_key() -> str:
    """A key of 32 letters and digits, which goes into an address."""
    return base64.b32encode(secrets.token_bytes(RANDOM_BYTES)).decode().lower()


def digest_of(key: str) -> str:
    """What is kept of a key: the same for the same key, and of no use to whoever reads it."""
    return hashlib.sha256(key.encode()).hexdigest()
