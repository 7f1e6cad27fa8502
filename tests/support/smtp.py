"""A mail server that speaks SMTP over a socket, and can be told to misbehave."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.sandbox import free_port

TAKEN = "250 OK"
BARE_LF = re.compile(rb"(?<!\r)\n")


@dataclass
class Mailroom:
    """What the server does with the mail that it is sent, and what it has taken.

    ``says`` are its next answers to a whole message: a reply, or None to say nothing at all. When they are
    used up it takes everything.
    """

    says: list[str | None] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    asked: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.asked += 1
        reply = self.says.pop(0) if self.says else TAKEN
        if reply is None:
            await asyncio.sleep(3600)  # until the client has lost patience, and the connection goes
        if reply == TAKEN:
            self.raw.append(cast(bytes, envelope.content))
        return str(reply)

    @property
    def taken(self) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=policy.default) for raw in self.raw]


@pytest.fixture
def mailroom(settings: Any) -> Iterator[Mailroom]:
    """The mail goes to this server, as it goes to a business's own."""
    mailroom = Mailroom()
    server = Controller(mailroom, hostname="127.0.0.1", port=free_port())
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.hostname, server.port
    settings.EMAIL_USE_TLS = False
    settings.EMAIL_TIMEOUT = 2
    yield mailroom
    server.stop()
