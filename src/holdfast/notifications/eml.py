"""An email backend that leaves each message as a file that any mail program opens."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    """Writes ``HOLDFAST_MAIL_DIR/{Message-ID}.eml``; a repeat of one message replaces its file."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.HOLDFAST_MAIL_DIR)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            mail = message.message()
            name = str(mail["Message-ID"]).strip("<>").replace("/", "_")
            unfinished = folder / f".{uuid.uuid4().hex}"
            unfinished.write_bytes(mail.as_bytes())
            unfinished.replace(folder / f"{name}.eml")
        return len(email_messages)
