"""PhonePe's access tokens: asked for with a client's secret, checked on every call, dead after a while."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

from starlette.requests import Request

from sandbox.faults import Armed
from sandbox.merchants import Merchant
from sandbox.phonepe.errors import PhonePeError, invalid_client
from sandbox.world import World

LIFETIME = 624_600  # seconds, as in PhonePe's own sample
SCHEME = "O-Bearer"
GRANT = "client_credentials"

TOKEN_FAULTS = {
    "token_expired_midflow": "A call's token has expired just now: 401, and only a new token will do.",
    "token_already_expired": "A token is issued that expired `seconds` (60) ago: it opens nothing.",
    "token_short_lived": "A token is issued that lives only `seconds` (5).",
    "token_in_milliseconds": "A token is issued whose issued_at and expires_at are in milliseconds.",
}


@dataclass(frozen=True)
class Lease:
    """How long a new token lives, and in what unit that is told."""

    seconds: int = LIFETIME
    unit: int = 1

    @classmethod
    def under(cls, fault: Armed | None) -> Lease:
        """The lease that an armed fault makes of the usual one."""
        if fault is None:
            return cls()
        return {
            "token_already_expired": cls(seconds=-fault.whole("seconds", 60)),
            "token_short_lived": cls(seconds=fault.whole("seconds", 5)),
            "token_in_milliseconds": cls(unit=1000),
        }[fault.fault]


class Tokens:
    def __init__(self, world: World, *, gateway: str) -> None:
        self._world = world
        self._gateway = gateway

    async def issue(self, request: Request) -> dict[str, object]:
        """Answer the token call: a form with the client's id, secret and version."""
        form = await request.form()
        asked = {name: value for name, value in form.items() if isinstance(value, str)}
        merchant = self._client(asked)
        kinds = ("token_already_expired", "token_short_lived", "token_in_milliseconds")
        lease = Lease.under(self._world.faults.take(self._gateway, kinds, merchant.name))
        issued_at = self._world.clock.now() // 1000
        expires_at = issued_at + lease.seconds
        token = secrets.token_urlsafe(48)
        row = {"token": token, "client_id": merchant.name, "issued_at": issued_at, "expires_at": expires_at}
        self._world.database.put("phonepe_tokens", row, key="token")
        return {
            "access_token": token,
            "encrypted_access_token": token,
            "expires_in": None,
            "issued_at": issued_at * lease.unit,
            "expires_at": expires_at * lease.unit,
            "session_expires_at": expires_at * lease.unit,
            "token_type": SCHEME,
        }

    def merchant(self, request: Request, *about: str) -> Merchant:
        """Whose call this is. Raises the 401 that a token which is missing, unknown or expired deserves."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        row = self._world.database.row("SELECT * FROM phonepe_tokens WHERE token = ?", token)
        if scheme != SCHEME or row is None or row["expires_at"] * 1000 <= self._world.clock.now():
            raise PhonePeError(401)
        if self._world.faults.take(self._gateway, "token_expired_midflow", row["client_id"], *about):
            self._world.database.rows("DELETE FROM phonepe_tokens WHERE token = ?", token)
            raise PhonePeError(401)
        merchant = self._world.merchants.find(self._gateway, row["client_id"])
        if merchant is None:
            raise PhonePeError(401)
        return merchant

    def _client(self, asked: dict[str, str]) -> Merchant:
        if asked.get("grant_type") != GRANT or not asked.get("client_version", "").isdecimal():
            raise invalid_client(400)
        merchant = self._world.merchants.find(self._gateway, asked.get("client_id", ""))
        secret = asked.get("client_secret", "").encode()
        if merchant is None or not hmac.compare_digest(secret, merchant["client_secret"].encode()):
            raise invalid_client(401)
        if asked["client_version"] != merchant["client_version"]:
            raise invalid_client(400)
        return merchant
