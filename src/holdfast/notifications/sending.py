"""The channel: one email a fact, with the fact's own Message-ID: written down, sent, and noted as sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.mime.text import MIMEText
from email.utils import parseaddr
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from .models import Email

log = structlog.get_logger(__name__)

# Words with letters beyond ASCII, and those between two such words.
BEYOND_ASCII = re.compile(r"\S*[^\x00-\x7f]\S*(?:\s+\S*[^\x00-\x7f]\S*)*")


@dataclass(frozen=True)
class Fact:
    """What an email is about: a row, whom it concerns, and what its template needs.

    ``template`` is the one of another name, where several emails are worded alike.
    """

    subject_kind: str
    subject_id: int
    to: str
    subject: str
    context: dict[str, Any]
    template: str = ""
    attached: tuple[MIMEText, ...] = ()


class Mail(EmailMultiAlternatives):
    """An email of whose subject only those words are encoded that must be.

    Encoded whole, a long one begins on the line below its name, and some programs read a space before it.
    """

    def message(self, **how: Any) -> Any:
        made = super().message(**how)
        del made["Subject"]
        made["Subject"] = BEYOND_ASCII.sub(_encoded, str(self.subject))
        return made


def _encoded(words: re.Match[str]) -> str:
    return Header(words[0], "utf-8").encode().replace("\n", "")


def message_id(
    name: str, *, subject_kind: str, subject_id: int, step: int | str | None, again: int = 0
) -> str:
    """The one name of a fact's email, however often somebody tries to send it."""
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2]
    which = (f".{step}" if step is not None else "") + (f".again-{again}" if again else "")
    return f"<{name}.{subject_kind}.{subject_id}{which}@{host}>"


def send(
    name: str,
    fact: Fact,
    *,
    now: datetime,
    step: int | str | None = None,
    again: int = 0,
    told: dict[str, Any] | None = None,
) -> None:
    """Send the email ``name`` of a fact, unless it has been sent or there is nobody to send it to.

    ``told`` is kept with it, for whoever wants it sent again; ``again`` counts how often that was.
    """
    if not fact.to:
        return
    about: dict[str, Any] = {"subject_kind": fact.subject_kind, "subject_id": fact.subject_id}
    named = message_id(name, **about, step=step, again=again)
    kept = {"kind": name, "told": told, **about}
    email, _ = Email.objects.get_or_create(message_id=named, defaults=kept)
    if email.sent_at is not None:
        return
    template = fact.template or name
    mail = Mail(
        subject=fact.subject,
        body=render_to_string(f"email/{template}.txt", fact.context),
        to=[fact.to],
        headers={"Message-ID": named},
        attachments=fact.attached,
    )
    mail.attach_alternative(render_to_string(f"email/{template}.html", fact.context), "text/html")
    mail.send()
    Email.objects.filter(pk=email.pk).update(sent_at=now)
    log.info("email_sent", message_id=named)
