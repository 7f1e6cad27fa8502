"""Ids in the manner of Stripe's own: a prefix that says what it is, and letters and digits."""

from __future__ import annotations

import secrets
import string

ALPHABET = string.ascii_letters + string.digits
# How long what follows the prefix is, where it is not 24. A Checkout Session's id is by far the longest.
LENGTHS = {"cs_test_": 58, "cs_live_": 58, "req_": 14}


def new_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(LENGTHS.get(prefix, 24)))
