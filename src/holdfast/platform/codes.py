"""One-time codes: what an authenticator app shows (RFC 6238), and codes to keep for when it is lost."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import UTC, datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

ISSUER = "Holdfast"
DIGITS, SECONDS_A_STEP = 6, 30
# The code before and the code after are good as well: clocks differ, and people type slowly.
DRIFT = 1
RECOVERY_CODES, RECOVERY_BYTES = 10, 10


def new_secret() -> str:
    """160 random bits, as authenticator apps take them."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def otpauth_url(secret: str, *, account: str) -> str:
    """What an app reads from the QR code."""
    return _totp(secret).get_provisioning_uri(account, ISSUER)


def step_of(code: str, secret: str, *, now: datetime) -> int | None:
    """Which of the steps around ``now`` an app's code belongs to; None if to none of them."""
    current = int(now.timestamp()) // SECONDS_A_STEP
    around = range(current - DRIFT, current + DRIFT + 1)
    return next((step for step in around if _is_of(code, secret, step=step)), None)


def end_of(step: int) -> datetime:
    """When the code of a step is refused for its age."""
    return datetime.fromtimestamp((step + DRIFT + 1) * SECONDS_A_STEP, UTC)


def code_at(secret: str, *, now: datetime) -> str:
    """What an app shows now."""
    return _totp(secret).generate(int(now.timestamp())).decode()


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits, written so that one can copy them by hand."""
    made = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode() for _ in range(RECOVERY_CODES)]
    return ["-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in made]


def as_written(code: str) -> str:
    """A code without what people put between its letters."""
    return "".join(letter for letter in code.upper() if letter.isalnum())


def digest(recovery_code: str) -> str:
    """How a recovery code is kept. It has too many bits to be guessed from a plain digest."""
    return hashlib.sha256(as_written(recovery_code).encode()).hexdigest()


def _is_of(code: str, secret: str, *, step: int) -> bool:
    try:
        _totp(secret).verify(code.encode(), step * SECONDS_A_STEP)
    except InvalidToken:
        return False
    return True


def _totp(secret: str) -> TOTP:
    algorithm = SHA1()  # noqa: S303 - what RFC 6238 has, and all that every app knows
    return TOTP(base64.b32decode(secret), DIGITS, algorithm, SECONDS_A_STEP)
