"""The mail server of ``make prove`` speaks enough SMTP for a client to hand over its mail."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

from prove.mailbox import Mailbox


def letter(message_id: str, text: str = "Two lines,\n.one of which begins with a dot.\n") -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = message_id
    message["From"], message["To"] = "us@example.com", "customer@example.com"
    message.set_content(text)
    return message


def test_what_is_taken_is_remembered_by_its_message_id() -> None:
    mailbox = Mailbox()

    with smtplib.SMTP(mailbox.host, mailbox.port) as client:
        for _ in range(2):
            client.send_message(letter("<confirmed.booking.7@example.com>"))
    mailbox.close()

    sent = mailbox.by_id()["confirmed.booking.7"]
    assert [mail.kind for mail in sent] == ["confirmed", "confirmed"]
    assert sent[0].taken_at <= sent[1].taken_at


def test_a_guest_finds_the_latest_key_to_a_booking_in_the_mail() -> None:
    mailbox = Mailbox()

    with smtplib.SMTP(mailbox.host, mailbox.port) as client:
        for key in ("first-key", "second_key"):
            said = f"Your booking: https://inn.example/stays/HB-7K2M/?key={key}\n"
            client.send_message(letter(f"<{key}@example.com>", said))
    mailbox.close()

    assert mailbox.keys == {"HB-7K2M": "second_key"}
