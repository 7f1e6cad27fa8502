"""Tickets: for who cannot send a cookie to the stream, because it is at another site.

A ticket is good for one channel and some minutes, for it stands in an address. A stream gives out a new one
every minute, but only for so long after somebody has shown who it is for the first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer

from holdfast.kernel.errors import NotSignedIn
from holdfast.platform.models import User

RENEWED_FOR = timedelta(hours=12)


@dataclass(frozen=True)
class Ticket:
    """Who may follow which channel, until when. Of a booking's channel nobody need be known."""

    channel: str
    user: int | None
    version: int | None
    until: datetime
    renewed_until: datetime

    @classmethod
    def to(cls, channel: str, *, user: User | None, now: datetime) -> Ticket:
        """A first one, for a user who has just shown who it is."""
        version = user.token_version if user else None
        return cls(channel, user.pk if user else None, version, now + _life(), now + RENEWED_FOR)

    @classmethod
    def read(cls, text: str, *, channel: str, now: datetime) -> Ticket:
        """The ticket that is written there. Raises NotSignedIn if it is too old, or for elsewhere."""
        try:
            of, user, version, until, renewed_until = _signer().unsign_object(text)
        except (BadSignature, ValueError) as bad:
            raise NotSignedIn(NO_LONGER_GOOD) from bad
        found = cls(of, user, version, _moment(until), _moment(renewed_until))
        if found.channel != channel or found.until <= now:
            raise NotSignedIn(NO_LONGER_GOOD)
        return found

    def renewed(self, *, now: datetime) -> Ticket:
        """The next one. Raises NotSignedIn when whoever has it must show again who they are."""
        if self.renewed_until <= now:
            raise NotSignedIn(NO_LONGER_GOOD)
        until = min(now + _life(), self.renewed_until)
        return Ticket(self.channel, self.user, self.version, until, self.renewed_until)

    def holder(self) -> User | None:
        """Who it is, if anybody. Raises NotSignedIn if they have a new password, or are no longer active."""
        if self.user is None or self.version is None:
            return None
        found = User.objects.filter(pk=self.user, is_active=True, token_version=self.version).first()
        if found is None:
            raise NotSignedIn(NO_LONGER_GOOD)
        return found

    @property
    def text(self) -> str:
        until, renewed_until = int(self.until.timestamp()), int(self.renewed_until.timestamp())
        return _signer().sign_object([self.channel, self.user, self.version, until, renewed_until])

    @property
    def as_json(self) -> str:
        """What a stream says when it gives out a new one."""
        return json.dumps({"ticket": self.text, "expires_at": self.until.isoformat()})


NO_LONGER_GOOD = "This ticket is not good, or no longer. Please ask for a new one."


def _life() -> timedelta:
    return timedelta(seconds=settings.HOLDFAST_TICKET_LIFE)


def _signer() -> Signer:
    return Signer(sep=".", salt="holdfast.live.ticket")


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
