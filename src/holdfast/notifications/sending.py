"""The channel: one email a fact, with the fact's own Message-ID: written down, sent, and noted as sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from .models import Email

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Fact:
    """What an email is about: a row, whom it concerns, and what its template needs."""

    subject_kind: str
    subject_id: int
    to: str
    subject: str
    context: dict[str, Any]


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
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2]
    which = (f".{step}" if step is not None else "") + (f".again-{again}" if again else "")
    message_id = f"<{name}.{fact.subject_kind}.{fact.subject_id}{which}@{host}>"
    if not fact.to:
        return
    about = {"kind": name, "subject_kind": fact.subject_kind, "subject_id": fact.subject_id, "told": told}
    email, _ = Email.objects.get_or_create(message_id=message_id, defaults=about)
    if email.sent_at is not None:
        return
    mail = EmailMultiAlternatives(
        subject=fact.subject,
        body=render_to_string(f"email/{name}.txt", fact.context),
        to=[fact.to],
        headers={"Message-ID": message_id},
    )
    mail.attach_alternative(render_to_string(f"email/{name}.html", fact.context), "text/html")
    mail.send()
    Email.objects.filter(pk=email.pk).update(sent_at=now)
    log.info("email_sent", message_id=message_id)
