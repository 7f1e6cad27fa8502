"""A gateway that says more than it should: no table and no line of the log tells it on.

Whatever it says is looked for in every column of every table afterwards, however it came there, so that a
new place to keep a gateway's words is searched as well.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from holdfast.flows.cancellation import cancel_booking
from holdfast.flows.settlement import settle
from holdfast.flows.webhooks import Call, store_forged
from holdfast.kernel.errors import Unavailable
from holdfast.payments.models import Payment
from holdfast.platform.models import GatewayEvent, IdempotencyKey, User
from tests.flows.door import HASH, deliver
from tests.gateways.raw_server import http, raw_server
from tests.support.booked import api_of
from tests.support.logs import log_printed
from tests.support.practice import CREDENTIALS, NOW, Practice, held, payment_of, request_body
from tests.support.worker import work

pytestmark = pytest.mark.spec("GEN-20")

CARD, SHOWN_CARD = "4111111111111111", "4111 1111 1111 1111"
TOLD = "O-Bearer-of-everything"
SECRETS = (
    CARD,
    SHOWN_CARD,
    "737-the-cvv",
    "payer@upi",
    "ICIC0001234",
    "98765432109",
    TOLD,
    HASH,
    CREDENTIALS["client_secret"],
    CREDENTIALS["webhook_password"],
)
INDISCREET: dict[str, Any] = {
    "message": f"{SHOWN_CARD} of the payer; client_secret={CREDENTIALS['client_secret']}",
    "note": CARD,
    "number": int(CARD),
    "cvv": "737-the-cvv",
    "access_token": TOLD,
    "context": {"cardNumber": CARD, "error": [f"Authorization: Bearer {TOLD}"]},
    "paymentDetails": [
        {
            "transactionId": "OM1",
            "state": "COMPLETED",
            "instrument": {"type": "CARD", "cardNumber": CARD, "holderName": "A payer"},
            "rail": {
                "type": "UPI",
                "vpa": "payer@upi",
                "accountNumber": "98765432109",
                "ifsc": "ICIC0001234",
            },
        }
    ],
}
# The page to pay on is the customer's, token and all: nobody could pay without it.
TOLD_ON_PURPOSE = {("holdfast_payments_payment", "payment_url")}


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """All that is logged from here on, down to the last detail."""
    with log_printed(logging.DEBUG) as lines:
        yield lines


def all_that_is_kept() -> dict[str, str]:
    """Every table as text, but for what is told on purpose."""
    kept: dict[str, str] = {}
    present = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            without = "".join(f" - '{column}'" for named, column in TOLD_ON_PURPOSE if named == table)
            if table in present:
                cursor.execute(
                    f"SELECT coalesce(jsonb_agg(to_jsonb(kept){without}), '[]')::text FROM \"{table}\" kept"
                )
                kept[table] = cursor.fetchone()[0]
    return kept


def told_on(log_lines: io.StringIO) -> dict[str, list[str]]:
    """Where a secret can be read, and which."""
    found = all_that_is_kept() | {"the log": log_lines.getvalue()}
    readable = {
        place: [secret for secret in SECRETS if secret in text or json.dumps(secret)[1:-1] in text]
        for place, text in found.items()
    }
    return {place: secrets for place, secrets in readable.items() if secrets}


def says(status: int, **body: Any) -> bytes:
    return http(status, INDISCREET | body)


def grants_a_token() -> bytes:
    return http(200, {"access_token": TOLD, "token_type": "O-Bearer", "expires_in": 3600})


def opens_an_order() -> bytes:
    page = f"https://pay.example/page?token={TOLD}"
    return says(200, orderId="OMO1", state="PENDING", redirectUrl=page)


def at(practice: Practice, url: str) -> None:
    practice.account.base_urls = {"pg": url}
    practice.account.save()


def test_a_booking_that_is_paid_and_canceled(
    practice: Practice, customer: User, log_lines: io.StringIO
) -> None:
    with raw_server(grants_a_token(), opens_an_order()) as server:
        at(practice, server.url)
        checkout = held(practice, user=customer)
    paid = says(200, state="COMPLETED", amount=199_900, merchantOrderId=checkout.reference, orderId="OMO1")
    with raw_server(paid) as server:
        at(practice, server.url)
        settle(payment_of(checkout).pk, now=NOW)
    booking = payment_of(checkout).order.lines.get().booking
    unheard_of = says(400, code="REFUND_NOT_FOUND")
    with raw_server(unheard_of, says(400, code="REFUND_REFUSED")) as server:
        at(practice, server.url)
        cancel_booking(booking.reference, by=customer, trade="astrology", now=NOW)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL")
        work()

    assert payment_of(checkout).captured == 199_900
    assert told_on(log_lines) == {}


def test_a_start_that_is_refused_and_one_that_is_not_understood(
    practice: Practice, log_lines: io.StringIO
) -> None:
    with raw_server(grants_a_token(), says(400, code="SUSPICIOUS")) as server:
        at(practice, server.url)
        with pytest.raises(Unavailable):
            held(practice)
    with raw_server(says(500)) as server:
        at(practice, server.url)
        lost = held(practice)
    with raw_server(says(200, state="A_NEW_WORD")) as server:
        at(practice, server.url)
        settle(payment_of(lost).pk, now=NOW)

    said = {json.loads(line)["event"] for line in log_lines.getvalue().splitlines()}
    assert {"start_failed", "start_unknown", "answer_says_nothing"} <= said
    assert told_on(log_lines) == {}


def test_a_token_that_is_refused(practice: Practice, log_lines: io.StringIO) -> None:
    with raw_server(says(401, code="INVALID_CLIENT")) as server:
        at(practice, server.url)
        with pytest.raises(Unavailable):
            held(practice)

    assert "start_failed" in log_lines.getvalue()
    assert told_on(log_lines) == {}


def bodies() -> list[bytes]:
    """What a gateway may post: as agreed, without an envelope, and what nobody can read."""
    told = {"event": "checkout.order.completed", "payload": INDISCREET | {"merchantOrderId": "X"}}
    whole = json.dumps(told).encode()
    return [whole, json.dumps(INDISCREET).encode(), whole[:-1], f"paid by {SHOWN_CARD}".encode()]


@pytest.mark.parametrize("body", bodies(), ids=["enveloped", "bare", "broken off", "text"])
def test_a_webhook_whoever_has_sent_it(practice: Practice, log_lines: io.StringIO, body: bytes) -> None:
    sent = {"X-Api-Key": TOLD, "Cookie": f"sessionid={TOLD}"}

    assert deliver(body, {"Authorization": HASH} | sent) == 200
    assert deliver(body, {"Authorization": f"Bearer {TOLD}"} | sent) == 401
    store_forged(Call("phonepe", None, {"authorization": HASH}, body), now=NOW)
    work()

    assert GatewayEvent.objects.count() == 3
    assert told_on(log_lines) == {}


def test_an_answer_that_is_kept_for_a_repeat(
    practice: Practice, customer: User, log_lines: io.StringIO
) -> None:
    with raw_server(grants_a_token(), opens_an_order()) as server:
        at(practice, server.url)
        answer = api_of(customer).send(
            "/api/astrology/bookings/book-with-payment/",
            request_body(practice),
            headers={"Idempotency-Key": "0123456789abcdef"},
        )

    assert TOLD in answer.json()["data"]["payment"]["payment_url"]
    assert TOLD in IdempotencyKey.objects.get().answer["body"]  # encrypted, as the row itself shows
    assert told_on(log_lines) == {}


def test_the_search_finds_what_is_there(practice: Practice, log_lines: io.StringIO) -> None:
    """A control: a secret that does get into a table, and one into the log."""
    checkout = held(practice)
    Payment.objects.filter(reference=checkout.reference).update(reason=CARD)
    logging.getLogger("holdfast").info("said %s", TOLD)

    assert told_on(log_lines) == {"holdfast_payments_payment": [CARD], "the log": [TOLD]}
